//! Nodes that batches go through in a running plan, and the one thing that each kind does about them. Not here: what
//! that is (`lists`, `reserving`, `yielding`).

use std::fmt;
use std::sync::Arc;

use datafusion::arrow::record_batch::RecordBatch;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::common::{Result, internal_err};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{DisplayAs, DisplayFormatType, ExecutionPlan, PhysicalExpr, PlanProperties};
use futures::Stream;

/// What is done about the batches that go through.
pub(super) trait Watch: fmt::Debug + Send + Sync + 'static {
    /// The kind's name in printed plans.
    const NAME: &'static str;

    /// The batches of a partition of `input`, watched.
    fn watch(
        self: Arc<Self>,
        input: &Arc<dyn ExecutionPlan>,
        partition: usize,
        context: Arc<TaskContext>,
    ) -> Result<impl Stream<Item = Result<RecordBatch>> + Send + 'static>;
}

/// A node that gives the batches of its input.
#[derive(Debug)]
pub(super) struct Through<W> {
    input: Arc<dyn ExecutionPlan>,
    watch: Arc<W>,
}

impl<W: Watch> Through<W> {
    pub(super) fn over(input: Arc<dyn ExecutionPlan>, watch: W) -> Arc<dyn ExecutionPlan> {
        Arc::new(Self { input, watch: Arc::new(watch) })
    }
}

impl<W: Watch> DisplayAs for Through<W> {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(W::NAME)
    }
}

impl<W: Watch> ExecutionPlan for Through<W> {
    fn name(&self) -> &'static str {
        W::NAME
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        self.input.properties()
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        vec![&self.input]
    }

    fn apply_expressions(
        &self,
        _: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        Ok(TreeNodeRecursion::Continue)
    }

    fn with_new_children(
        self: Arc<Self>,
        mut children: Vec<Arc<dyn ExecutionPlan>>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        match children.pop() {
            Some(input) => Ok(Arc::new(Self { input, watch: Arc::clone(&self.watch) })),
            None => internal_err!("a plan without its input"),
        }
    }

    fn execute(&self, partition: usize, context: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        let watched = Arc::clone(&self.watch).watch(&self.input, partition, context)?;
        Ok(Box::pin(RecordBatchStreamAdapter::new(self.input.schema(), watched)))
    }
}
