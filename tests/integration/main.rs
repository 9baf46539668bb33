//! What users see of `tsrun`, through the binary and the library's face. One binary, so that it is
//! linked once.

mod bad_scenarios;
mod browser;
mod check;
mod cli;
#[cfg(feature = "local")]
mod clients;
mod command;
#[cfg(feature = "local")]
mod compare;
#[cfg(all(feature = "local", unix))]
mod dockerfile;
#[cfg(feature = "local")]
mod documents;
#[cfg(feature = "local")]
mod faults;
mod fingerprints;
mod fleets;
#[cfg(feature = "local")]
mod guarded;
#[cfg(feature = "local")]
mod kills;
#[cfg(feature = "local")]
mod limits;
#[cfg(feature = "local")]
mod live;
mod new;
mod plan;
#[cfg(all(feature = "local", unix))]
mod process;
mod render;
mod reports;
#[cfg(feature = "local")]
mod rights;
mod runs;
#[cfg(feature = "local")]
mod served;
#[cfg(all(feature = "local", target_os = "linux"))]
mod serving;
mod time;
#[cfg(feature = "local")]
mod truth;
#[cfg(feature = "local")]
mod watching;
#[cfg(all(feature = "local", unix))]
mod workflow;
