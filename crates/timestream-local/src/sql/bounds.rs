//! What one query may take of a server that others use as well. The engine has few bounds of its own.
//!
//! ```text
//! text -> complexity what the parser, the planner and the optimiser make of it
//! plan -> costs      what a call's arguments make it cost
//! run  -> lists      arrays that are repeated
//!      -> reserving  what window functions hold
//!      -> yielding   how long a thread is held
//!      -> footprint  what the whole query holds
//! ```
//!
//! What looks at batches of a running plan goes `through`; `sizes` tells what values take. Not here: what functions make
//! of their arguments (`functions::bounded`, `functions::patterns`), how many queries run (`engine`).

mod complexity;
mod costs;
mod footprint;
mod lists;
mod reserving;
pub(super) mod sizes;
mod through;
mod yielding;

use std::sync::Arc;

use datafusion::common::Result;
use datafusion::physical_plan::ExecutionPlan;

pub(crate) use self::complexity::STACK;
pub(super) use self::complexity::{WrittenOut, check_tokens, check_tree};
pub(super) use self::costs::Costs;
pub(super) use self::footprint::OwnPool;
pub(crate) use self::footprint::{Footprint, HeldRows};

/// The same plan, which keeps within its bounds where it runs.
pub(super) fn within_bounds(plan: Arc<dyn ExecutionPlan>) -> Result<Arc<dyn ExecutionPlan>> {
    yielding::yielding(reserving::reserving(lists::bounding_lists(plan)?)?)
}
