//! Arrays that are repeated: a join writes one out for each row that it meets, and UNNEST each beside the elements of
//! another, a whole batch at once. What such a batch may take is bounded here, before it is made.
//!
//! Not here: arrays that calls make (`functions::bounded`).

use std::sync::Arc;

use datafusion::arrow::array::{Array, AsArray};
use datafusion::arrow::datatypes::{DataType, SchemaRef};
use datafusion::arrow::record_batch::RecordBatch;
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode};
use datafusion::common::{Result, exec_err};
use datafusion::execution::TaskContext;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::aggregates::AggregateExec;
use datafusion::physical_plan::execution_plan::{CardinalityEffect, replace_children_if_necessary};
use datafusion::physical_plan::unnest::UnnestExec;
use futures::{Stream, StreamExt};

use super::sizes;
use super::through::{Through, Watch};

/// Bytes of arrays in one batch.
const LIMIT: usize = 256 << 20;

/// Rows of a batch.
const ROWS: usize = 8192;

/// The same plan in which arrays are not repeated beyond the bound.
pub(super) fn bounding_lists(plan: Arc<dyn ExecutionPlan>) -> Result<Arc<dyn ExecutionPlan>> {
    plan.transform_up(|node| {
        let children = node.children();
        let is_join =
            children.len() == 2 && node.schema().fields().len() > children[0].schema().fields().len();
        let is_unnest = node.downcast_ref::<UnnestExec>().is_some();
        let least = if is_unnest { 2 } else { 1 };
        if !(is_join || is_unnest) || children.iter().all(|child| lists_in(&child.schema()) < least) {
            return Ok(Transformed::no(node));
        }
        let bounded = (0..children.len()).map(|place| {
            let child = children[place];
            if lists_in(&child.schema()) < least {
                return Arc::clone(child);
            }
            let times = if is_join { Some(rows_of(children[1 - place])) } else { None };
            Through::over(Arc::clone(child), Lists { times })
        });
        let bounded = bounded.collect();
        Ok(Transformed::yes(replace_children_if_necessary(node, bounded)?))
    })
    .data()
}

fn lists_in(schema: &SchemaRef) -> usize {
    schema.fields().iter().filter(|field| field.data_type().is_nested()).count()
}

/// Rows of a batch's that `node` has, where it is known that it is but one.
fn rows_of(node: &Arc<dyn ExecutionPlan>) -> usize {
    if let Some(aggregate) = node.downcast_ref::<AggregateExec>() {
        return if aggregate.group_expr().is_empty() { 1 } else { ROWS };
    }
    let adds_none =
        matches!(node.cardinality_effect(), CardinalityEffect::Equal | CardinalityEffect::LowerEqual);
    match node.children().as_slice() {
        [input] if adds_none => rows_of(input),
        _ => ROWS,
    }
}

/// Refuses batches that would take too much.
#[derive(Debug)]
struct Lists {
    /// How often each array is repeated; as often as the longest of its row has elements, where none.
    times: Option<usize>,
}

impl Watch for Lists {
    const NAME: &'static str = "ListsExec";

    fn watch(
        self: Arc<Self>,
        input: &Arc<dyn ExecutionPlan>,
        partition: usize,
        context: Arc<TaskContext>,
    ) -> Result<impl Stream<Item = Result<RecordBatch>> + Send + 'static> {
        let batches = input.execute(partition, context)?;
        Ok(batches.map(move |batch| batch.and_then(|batch| check(&batch, self.times).map(|()| batch))))
    }
}

fn check(batch: &RecordBatch, times: Option<usize>) -> Result<()> {
    let longest: Vec<(usize, usize)> = batch
        .columns()
        .iter()
        .filter(|column| column.data_type().is_nested())
        .map(|column| longest(column))
        .collect();
    let bytes: usize = longest.iter().map(|(_, bytes)| bytes).sum();
    let times = match times {
        Some(times) => times,
        None => longest.iter().map(|(length, _)| *length).max().unwrap_or(0).saturating_mul(batch.num_rows()),
    };
    if bytes.saturating_mul(times) > LIMIT {
        // Not for want of memory, at which some joins begin again.
        return exec_err!(
            "A join or UNNEST would repeat arrays of {bytes} bytes in {times} rows at once: join before array_agg, \
             or put fewer values into an array"
        );
    }
    Ok(())
}

/// The elements of the longest array, and about the bytes that it takes.
fn longest(column: &dyn Array) -> (usize, usize) {
    let bytes = sizes::of_array(column);
    match column.data_type() {
        DataType::List(_) => {
            let lengths = column.as_list::<i32>().value_offsets().windows(2).map(|ends| ends[1] - ends[0]);
            let lengths: Vec<usize> = lengths.map(|length| usize::try_from(length).unwrap_or(0)).collect();
            let (all, most) = (lengths.iter().sum::<usize>(), lengths.iter().max().copied().unwrap_or(0));
            (most, bytes / all.max(1) * most)
        }
        // Of a record any may be the largest.
        _ => (1, bytes),
    }
}
