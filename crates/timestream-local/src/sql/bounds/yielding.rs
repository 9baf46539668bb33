//! Points at which a running query lets go of its thread, so that it can be stopped and others get their turn.
//!
//! The engine lets go after every so many batches that it has read. A join of small tables reads almost nothing and goes
//! on for days, and a batch can take long. So whatever reads, or gives more batches than it takes, lets go by the clock.

use std::sync::Arc;
use std::task::Poll;
use std::time::{Duration, Instant};

use datafusion::arrow::record_batch::RecordBatch;
use datafusion::common::Result;
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode};
use datafusion::execution::TaskContext;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::execution_plan::CardinalityEffect;
use futures::{Stream, StreamExt, stream};

use super::through::{Through, Watch};

/// How long a query may hold its thread.
const TURN: Duration = Duration::from_millis(10);

/// The same plan with these points in it.
pub(super) fn yielding(plan: Arc<dyn ExecutionPlan>) -> Result<Arc<dyn ExecutionPlan>> {
    plan.transform_up(|node| {
        let multiplies =
            matches!(node.cardinality_effect(), CardinalityEffect::Unknown | CardinalityEffect::GreaterEqual);
        if multiplies || node.children().is_empty() {
            return Ok(Transformed::yes(Through::over(node, Yield)));
        }
        Ok(Transformed::no(node))
    })
    .data()
}

/// Lets go when a turn has lasted long enough.
#[derive(Debug)]
struct Yield;

impl Watch for Yield {
    const NAME: &'static str = "YieldExec";

    fn watch(
        self: Arc<Self>,
        input: &Arc<dyn ExecutionPlan>,
        partition: usize,
        context: Arc<TaskContext>,
    ) -> Result<impl Stream<Item = Result<RecordBatch>> + Send + 'static> {
        let mut batches = input.execute(partition, context)?;
        // When the turn began that still lasts.
        let mut turn: Option<Instant> = None;
        Ok(stream::poll_fn(move |cx| {
            if turn.get_or_insert_with(Instant::now).elapsed() >= TURN {
                turn = None;
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
            let next = batches.poll_next_unpin(cx);
            if next.is_pending() {
                turn = None;
            }
            next
        }))
    }
}
