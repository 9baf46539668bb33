//! The difference between two samples: of a quantile, and over all pairs of latencies. Not here: what a difference is called
//! (`figures`).

use serde::Serialize;
use statrs::distribution::{ContinuousCDF as _, StudentsT};

use super::distribution::Distribution;
use super::sample::{QUANTILES, Sample, Spread};

/// A figure and its bounds.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(crate) struct Estimate {
    pub(crate) value: f64,
    pub(crate) low: f64,
    pub(crate) high: f64,
}

impl Estimate {
    /// The same on another scale, which rises with this one.
    pub(crate) fn map(self, scale: impl Fn(f64) -> f64) -> Self {
        Self { value: scale(self.value), low: scale(self.low), high: scale(self.high) }
    }
}

/// What two samples say of a quantile, or what they lack to say it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Finding {
    /// The logarithm of the second over the first.
    Known(Estimate),
    /// Intervals that there are; `LEAST_INTERVALS` are needed.
    FewIntervals(usize),
    /// Executions that there are, and about how many are needed.
    FewExecutions { there: u64, needed: u64 },
}

/// Intervals below which nothing is said: four cosines follow their variance, and with fewer Student's critical values are
/// so far out that nothing would be found.
pub(crate) const LEAST_INTERVALS: usize = 26;

/// How much of the tail beyond a quantile its interval may take up: further out there are too few latencies for their number to
/// be close to normal.
const TAIL: f64 = 0.8;

/// The difference of a quantile (its place in `QUANTILES`), wrong at most in a share `error` of cases.
///
/// Each sample's interval is Woodruff's: bounds of the share of latencies below the quantile, read off the distribution. The two
/// become one of their difference by MOVER (Zou and Donner, Statistics in Medicine 27, 2008), which keeps them lopsided
/// where latencies are. By the width of its bins a histogram may be wrong, and that is added.
pub(crate) fn quantile(which: usize, base: &Sample, new: &Sample, error: f64) -> Finding {
    let intervals = base.intervals().min(new.intervals());
    if intervals < LEAST_INTERVALS {
        return Finding::FewIntervals(intervals);
    }
    let sides =
        [base, new].map(|sample| Side { sample, share: QUANTILES[which], spread: sample.spread(which) });
    let critical = critical(error, freedom(sides.map(|side| side.slope())));
    let few = sides.iter().filter_map(|side| side.few(critical)).max_by_key(|(_, needed)| *needed);
    if let Some((there, needed)) = few {
        return Finding::FewExecutions { there, needed };
    }
    let [base, new] = sides.map(|side| side.estimate(critical));
    let blur = sides.map(|side| side.blur()).iter().sum::<f64>();
    let value = new.value - base.value;
    Finding::Known(Estimate {
        value,
        low: value - (new.value - new.low).hypot(base.high - base.value) - blur,
        high: value + (new.high - new.value).hypot(base.value - base.low) + blur,
    })
}

/// The share of pairs, one latency of each sample, in which the second's is the longer one; of equal ones one half.
pub(crate) fn pairs(base: &Sample, new: &Sample, error: f64) -> Option<Estimate> {
    if base.intervals().min(new.intervals()) < LEAST_INTERVALS {
        return None;
    }
    let ((_, of_base), (value, of_new)) = (base.above(), new.above());
    let reach = critical(error, freedom([of_base, of_new])) * of_base.error.hypot(of_new.error);
    Some(Estimate { value, low: (value - reach).max(0.0), high: (value + reach).min(1.0) })
}

/// A sample and one of its quantiles.
#[derive(Debug, Clone, Copy)]
struct Side<'a> {
    sample: &'a Sample,
    /// The quantile.
    share: f64,
    /// How far the share of latencies below it may be from it.
    spread: Spread,
}

impl Side<'_> {
    fn distribution(&self) -> &Distribution {
        self.sample.distribution()
    }

    /// The logarithm of the latency below which a share of them lies.
    fn at(&self, share: f64) -> f64 {
        self.distribution().place(share.clamp(0.0, 1.0)).map_or(0.0, |place| place.logarithm())
    }

    fn estimate(&self, critical: f64) -> Estimate {
        let reach = critical * self.spread.error;
        Estimate {
            value: self.at(self.share),
            low: self.at(self.share - reach),
            high: self.at(self.share + reach),
        }
    }

    /// The spread of the logarithm.
    fn slope(&self) -> Spread {
        let Estimate { low, high, .. } = self.estimate(1.0);
        Spread { error: (high - low) / 2.0, ..self.spread }
    }

    /// By how much the histogram may be wrong.
    fn blur(&self) -> f64 {
        self.distribution().place(self.share).map_or(0.0, |place| place.width())
    }

    /// The executions that there are and those that are needed, where they are too few: an interval that is shorter by half needs
    /// four times as many.
    fn few(&self, critical: f64) -> Option<(u64, u64)> {
        let room = TAIL * self.share.min(1.0 - self.share);
        let excess = critical * self.spread.error / room;
        let there = self.distribution().count();
        (excess > 1.0).then(|| (there, (there as f64 * excess * excess).ceil() as u64))
    }
}

/// How many standard errors a figure may be off by, either way, in all but a share `error` of cases.
fn critical(error: f64, freedom: f64) -> f64 {
    StudentsT::new(0.0, 1.0, freedom).map_or(f64::INFINITY, |student| student.inverse_cdf(1.0 - error / 2.0))
}

/// The degrees of freedom of a difference (Welch and Satterthwaite).
fn freedom(spreads: [Spread; 2]) -> f64 {
    let variances = spreads.map(|spread| spread.error * spread.error);
    let sum: f64 = variances.iter().sum();
    let parts = variances.iter().zip(spreads).map(|(variance, spread)| variance * variance / spread.freedom);
    let parts: f64 = parts.sum();
    if parts > 0.0 { sum * sum / parts } else { spreads.iter().map(|spread| spread.freedom).sum() }
}
