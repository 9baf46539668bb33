//! What window functions hold counts against the memory that all queries share: the engine's operators keep rows and
//! tell nobody. Here whatever goes into one of them is reserved, until it comes out or the query ends.
//!
//! Not here: what sorts, joins and aggregates hold, which the engine counts itself; how far lag looks back (`costs`).

use std::sync::{Arc, Mutex, PoisonError};

use datafusion::arrow::record_batch::RecordBatch;
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode};
use datafusion::common::{Result, ScalarValue};
use datafusion::execution::TaskContext;
use datafusion::execution::memory_pool::{MemoryConsumer, MemoryReservation};
use datafusion::logical_expr::{WindowFrameBound, WindowFrameUnits};
use datafusion::physical_plan::windows::{BoundedWindowAggExec, WindowAggExec};
use datafusion::physical_plan::{ExecutionPlan, replace_children_if_necessary};
use futures::{Stream, StreamExt};

use super::sizes;
use super::through::{Through, Watch};

/// Bytes of a value that a window function makes, a text's own left out: it is that of its input.
const VALUE: usize = 16;

/// Rows before the current one that a frame may keep uncounted.
const KEPT: u64 = 10_000;

/// The same plan in which window functions reserve what they hold.
pub(super) fn reserving(plan: Arc<dyn ExecutionPlan>) -> Result<Arc<dyn ExecutionPlan>> {
    plan.transform_up(|node| {
        // What it makes of a row, and whether it gives rows on before it has read all.
        let (made, gives) = if let Some(window) = node.downcast_ref::<WindowAggExec>() {
            (window.window_expr().len() * VALUE, false)
        } else if let Some(window) = node.downcast_ref::<BoundedWindowAggExec>() {
            let gives = window.window_expr().iter().all(|window| {
                let frame = window.get_window_frame();
                keeps_few(frame.units, &frame.start_bound)
            });
            (window.window_expr().len() * VALUE, gives)
        } else {
            return Ok(Transformed::no(node));
        };
        let held = Arc::new(Held::default());
        let into = |input: &Arc<dyn ExecutionPlan>| {
            let end = End::Into { made, twice: !gives };
            Through::over(Arc::clone(input), Reserve { held: Arc::clone(&held), end })
        };
        let inputs = node.children().into_iter().map(into).collect();
        let node = replace_children_if_necessary(node, inputs)?;
        Ok(Transformed::yes(match gives {
            true => Through::over(node, Reserve { held, end: End::OutOf }),
            false => node,
        }))
    })
    .data()
}

/// Whether a frame that begins there needs few of the rows that have gone by.
fn keeps_few(units: WindowFrameUnits, start: &WindowFrameBound) -> bool {
    match start {
        // What is before the first row of all is summed up.
        WindowFrameBound::Preceding(rows) if rows.is_null() => true,
        WindowFrameBound::Preceding(ScalarValue::UInt64(Some(rows))) => {
            units == WindowFrameUnits::Rows && *rows <= KEPT
        }
        WindowFrameBound::Preceding(_) => false,
        WindowFrameBound::CurrentRow | WindowFrameBound::Following(_) => true,
    }
}

/// What the partitions of one window operator hold, by their numbers. What is not taken stays until the plan goes: an
/// operator that gives nothing before the end computes when its input is gone.
#[derive(Debug, Default)]
struct Held(Mutex<Vec<Option<Arc<Rows>>>>);

impl Held {
    fn put(&self, partition: usize, rows: &Arc<Rows>) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() <= partition {
            all.resize(partition + 1, None);
        }
        all[partition] = Some(Arc::clone(rows));
    }

    fn take(&self, partition: usize) -> Option<Arc<Rows>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get_mut(partition)?.take()
    }
}

/// Rows that are held, and their bytes.
#[derive(Debug)]
struct Rows {
    reservation: MemoryReservation,
    count: Mutex<usize>,
}

impl Rows {
    fn came(&self, rows: usize, bytes: usize) -> Result<()> {
        self.reservation.try_grow(bytes)?;
        *self.count.lock().unwrap_or_else(PoisonError::into_inner) += rows;
        Ok(())
    }

    /// Rows that go take their part of the bytes.
    fn went(&self, rows: usize) {
        let mut count = self.count.lock().unwrap_or_else(PoisonError::into_inner);
        let rows = rows.min(*count);
        if rows > 0 {
            let bytes = self.reservation.size() / *count * rows;
            *count -= rows;
            self.reservation.shrink(bytes);
        }
    }
}

/// One end of a window operator.
#[derive(Debug)]
struct Reserve {
    held: Arc<Held>,
    end: End,
}

#[derive(Debug, Clone, Copy)]
enum End {
    /// With the bytes that are made of a row, and whether all rows are put together in the end, which copies them.
    Into {
        made: usize,
        twice: bool,
    },
    OutOf,
}

impl Watch for Reserve {
    const NAME: &'static str = "ReserveExec";

    fn watch(
        self: Arc<Self>,
        input: &Arc<dyn ExecutionPlan>,
        partition: usize,
        context: Arc<TaskContext>,
    ) -> Result<impl Stream<Item = Result<RecordBatch>> + Send + 'static> {
        // The end that rows come out of starts the other, which is within.
        let rows = match self.end {
            End::Into { .. } => {
                let consumer = MemoryConsumer::new("window functions");
                let reservation = consumer.register(context.memory_pool());
                let rows = Arc::new(Rows { reservation, count: Mutex::default() });
                self.held.put(partition, &rows);
                Some(rows)
            }
            End::OutOf => None,
        };
        let batches = input.execute(partition, context)?;
        let rows = rows.or_else(|| self.held.take(partition));
        Ok(batches.map(move |batch| {
            let batch = batch?;
            match (&rows, self.end) {
                (Some(rows), End::Into { made, twice }) => {
                    let bytes = sizes::of_batch(&batch) * if twice { 2 } else { 1 };
                    rows.came(batch.num_rows(), bytes + batch.num_rows() * made)?;
                }
                (Some(rows), End::OutOf) => rows.went(batch.num_rows()),
                (None, _) => {}
            }
            Ok(batch)
        }))
    }
}
