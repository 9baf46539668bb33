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
//! While it goes, the runner and the recorder tell `feed`, and `watch` shows what is told there.
//!
//! `fleet` and `values` make the data, `queries` the SQL, `load` says how much of it; `units` and `diagnostics`
//! serve everyone, `chart` and `page` what reports are drawn with;
//! `commands` joins everything and nothing joins `commands`.

pub mod chart;
pub mod cli;
pub mod clock;
pub mod commands;
pub mod compare;
pub mod diagnostics;
pub mod exit;
pub mod feed;
pub mod fleet;
pub mod load;
pub mod merge;
mod output;
pub mod page;
pub mod plan;
pub mod queries;
pub mod recorder;
pub mod report;
pub mod results;
pub mod runner;
pub mod scenario;
pub mod schedule;
pub mod target;
pub mod units;
pub mod values;
pub mod watch;
