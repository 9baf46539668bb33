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

pub mod cli;
pub mod commands;
pub mod diagnostics;
pub mod exit;
pub mod fleet;
mod output;
pub mod plan;
pub mod queries;
pub mod scenario;
pub mod units;
pub mod values;
