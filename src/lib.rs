//! `tsrun`: a declarative scenario runner for Amazon Timestream.
//!
//! Data takes one way through the modules, and imports point backwards along it only:
//!
//! ```text
//! scenario.yaml -> scenario -> plan -> schedule -> runner -> target -> recorder -> results -> report
//!                  (written)  (resolved) (when)   (generate,  (AWS SDK)            (files)
//!                                                  render SQL)
//! ```
//!
//! `fleet` and `values` make the data, `queries` the SQL; `units` and `diagnostics` serve everyone;
//! `commands` joins everything and nothing joins `commands`.

pub mod clock;
pub mod diagnostics;
pub mod fleet;
pub mod plan;
pub mod queries;
pub mod recorder;
pub mod results;
pub mod runner;
pub mod scenario;
pub mod schedule;
pub mod target;
pub mod units;
pub mod values;
