//! The arithmetic of comparisons: two samples of latencies, interval by interval, to a difference between bounds. Works on
//! counts alone and knows nothing of runs. `docs/compare.md` says why it is done so. Not here: files, names, verdicts.

mod difference;
mod distribution;
mod long_run;
mod sample;
#[cfg(test)]
mod tests;

pub(super) use difference::{Estimate, Finding, LEAST_INTERVALS, pairs, quantile};
pub(super) use distribution::{Distribution, recorded};
pub(super) use sample::{QUANTILES, Sample};
