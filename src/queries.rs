//! What users ask: SQL templates, the names they may use, the weighted mix. Not here: who asks and
//! when (`runner`), what the parameters are drawn from (`fleet`), who answers (`target`).
//!
//! [`Templates`] holds a folder's templates and checks them, [`QuerySet`] is one workload's mix,
//! ready to draw from and to render.

mod catalog;
mod check;
mod columns;
mod counts;
mod environment;
mod literal;
mod mix;
mod quotes;
mod scan;
mod set;
mod templates;
mod variables;

pub use catalog::{Catalog, RecordColumns};
pub use counts::{count_recent, latest_time, row_count};
pub use mix::{Mix, MixError};
pub use set::QuerySet;
pub use templates::{TemplateError, Templates};
pub use variables::Variables;

#[cfg(test)]
mod tests;
