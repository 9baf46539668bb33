//! An answer: rows in the service's shape, made as they are asked for. Not here: tokens for the
//! next page (`engine::queries`).

use std::collections::VecDeque;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Weak};

use datafusion::arrow::array::{Array, ArrayRef};
use datafusion::arrow::record_batch::RecordBatch;
use datafusion::datasource::memory::MemorySourceConfig;
use datafusion::datasource::source::DataSourceExec;
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_plan::{ExecutionPlan, execute_stream};
use futures::{FutureExt, StreamExt};

use super::bounds::Footprint;
use super::error::SqlError;
use super::insights::{Insights, Scans};
use super::origins::Origin;
use super::parameters::Parameter;
use super::print;
use super::types::{ColumnInfo, Row};

/// What the text of a query tells without being run.
#[derive(Default)]
pub(super) struct Description {
    /// Of the columns; none of them where they are of no table.
    pub(super) origins: Vec<Origin>,
    pub(super) parameters: Vec<Parameter>,
}

/// The answer to one query; dropping it stops the query.
pub(crate) struct Answer {
    columns: Vec<ColumnInfo>,
    /// What its text tells of its columns and parameters.
    description: Description,
    /// What was planned; none where the answer was made without the engine.
    plan: Option<Arc<dyn ExecutionPlan>>,
    /// What it scans.
    scans: Arc<Scans>,
    footprint: Footprint,
    /// Rows handed out, and their bytes as JSON.
    given: (u64, u64),
    /// Of these bytes those of the last call.
    last: usize,
    source: Source,
    /// Columns of the batch being handed out, and how many of its rows have been.
    current: Option<(Vec<ArrayRef>, usize)>,
}

/// How far a query has come; it can be asked while the query runs. It keeps nothing of the query: the plan has the tasks
/// that the engine has started, and they must end with the answer.
pub(crate) struct Progress {
    plan: Option<Weak<dyn ExecutionPlan>>,
    scans: Weak<Scans>,
    /// What was handed out when this was made.
    given: (u64, u64),
}

enum Source {
    /// Not started yet.
    Planned(Arc<TaskContext>),
    Running(SendableRecordBatchStream),
    /// Made without the engine.
    Ready(VecDeque<Row>),
    Ended,
}

impl Answer {
    /// The answer that `plan` will give.
    pub(super) fn planned(
        columns: Vec<ColumnInfo>,
        plan: Arc<dyn ExecutionPlan>,
        context: Arc<TaskContext>,
        scans: Arc<Scans>,
    ) -> Self {
        Self::of(columns, Some(plan), scans, Source::Planned(context))
    }

    /// An answer that is known: metadata.
    pub(super) fn ready(columns: Vec<ColumnInfo>, rows: Vec<Row>) -> Self {
        Self::of(columns, None, Arc::default(), Source::Ready(rows.into()))
    }

    fn of(
        columns: Vec<ColumnInfo>,
        plan: Option<Arc<dyn ExecutionPlan>>,
        scans: Arc<Scans>,
        source: Source,
    ) -> Self {
        let (description, footprint) = (Description::default(), Footprint::default());
        Self { columns, description, plan, scans, footprint, given: (0, 0), last: 0, source, current: None }
    }

    /// With what its text tells.
    pub(super) fn described(self, description: Description) -> Self {
        Self { description, ..self }
    }

    /// With what it holds.
    pub(super) fn holding(self, footprint: Footprint) -> Self {
        Self { footprint, ..self }
    }

    /// Where the columns come from, in order, where that is known.
    pub(crate) fn origins(&self) -> &[Origin] {
        &self.description.origins
    }

    /// The parameters of its text.
    pub(crate) fn parameters(&self) -> &[Parameter] {
        &self.description.parameters
    }

    /// The columns, in order.
    pub(crate) fn columns(&self) -> &[ColumnInfo] {
        &self.columns
    }

    /// Whether it was made without the engine, of what the catalog knows.
    pub(crate) fn is_metadata(&self) -> bool {
        self.plan.is_none()
    }

    /// Up to `max_rows` more rows, which take at most `max_bytes` of JSON together with the columns; empty at the end.
    ///
    /// # Errors
    /// `Execution` where the query fails on its data or its bounds, or a row is too long for any page; the answer is
    /// over then.
    pub(crate) async fn next_rows(
        &mut self,
        max_rows: usize,
        max_bytes: usize,
    ) -> Result<Vec<Row>, SqlError> {
        if let Some(parameter) = self.description.parameters.first() {
            return Err(parameter.refused());
        }
        let _at_work = self.footprint.at_work();
        // A panic inside the engine ends this query, not the process.
        let page = AssertUnwindSafe(self.collect(max_rows, max_bytes)).catch_unwind().await;
        let page = page.unwrap_or_else(|_| Err(self.footprint.panicked()));
        match page {
            Ok(Page { rows, bytes, .. }) => {
                self.given.0 += rows.len() as u64;
                self.given.1 += bytes as u64;
                self.last = bytes;
                Ok(rows)
            }
            Err(error) => {
                self.source = Source::Ended;
                self.current = None;
                Err(error)
            }
        }
    }

    /// The bytes of JSON of the rows that were handed out last.
    pub(crate) fn last_bytes(&self) -> usize {
        self.last
    }

    /// Whether every row has been handed out.
    pub(crate) fn finished(&self) -> bool {
        match &self.source {
            Source::Ended => self.current.is_none(),
            Source::Ready(rows) => rows.is_empty(),
            Source::Planned(_) | Source::Running(_) => false,
        }
    }

    /// What it holds, from now on.
    pub(crate) fn footprint(&self) -> &Footprint {
        &self.footprint
    }

    /// How far it has come, from now on.
    pub(crate) fn progress(&self) -> Progress {
        let plan = self.plan.as_ref().map(Arc::downgrade);
        Progress { plan, scans: Arc::downgrade(&self.scans), given: self.given }
    }

    /// Bytes read so far; nothing before the first `next_rows`.
    pub(crate) fn bytes_scanned(&self) -> u64 {
        match &self.source {
            Source::Planned(_) => 0,
            _ => self.progress().bytes_scanned(),
        }
    }

    async fn collect(&mut self, max_rows: usize, max_bytes: usize) -> Result<Page, SqlError> {
        let max_bytes = max_bytes.saturating_sub(print::json_bytes(&self.columns));
        let mut page = Page { rows: Vec::new(), bytes: 0, max_rows, max_bytes };
        if let Source::Ready(rows) = &mut self.source {
            while let Some(row) = rows.pop_front() {
                if let Some(row) = page.push_ready(row)? {
                    rows.push_front(row);
                    break;
                }
            }
            return Ok(page);
        }
        loop {
            if let Some((columns, next)) = &mut self.current {
                let height = columns.first().map_or(0, Array::len);
                while *next < height && page.push(columns, *next)? {
                    *next += 1;
                }
                if *next < height {
                    return Ok(page);
                }
                self.current = None;
            }
            if page.is_full() {
                self.look_ahead()?;
                return Ok(page);
            }
            match self.next_batch().await? {
                Some(batch) => self.current = Some((normalized(&batch)?, 0)),
                None => return Ok(page),
            }
        }
    }

    /// Learns of the end, where it takes no waiting: then the last full page needs no token.
    fn look_ahead(&mut self) -> Result<(), SqlError> {
        match self.next_batch().now_or_never() {
            Some(Ok(Some(batch))) => self.current = Some((normalized(&batch)?, 0)),
            Some(Err(error)) => return Err(error),
            Some(Ok(None)) | None => {}
        }
        Ok(())
    }

    /// The next batch that has rows.
    async fn next_batch(&mut self) -> Result<Option<RecordBatch>, SqlError> {
        if let (Source::Planned(context), Some(plan)) = (&self.source, &self.plan) {
            let stream = execute_stream(plan.clone(), context.clone());
            self.source = Source::Running(stream.map_err(|error| SqlError::running(&error))?);
        }
        let Source::Running(stream) = &mut self.source else { return Ok(None) };
        while let Some(batch) = stream.next().await {
            let batch = batch.map_err(|error| SqlError::running(&error))?;
            if batch.num_rows() > 0 {
                return Ok(Some(batch));
            }
        }
        self.source = Source::Ended;
        Ok(None)
    }
}

impl Progress {
    /// Bytes read so far by a query that has been started: of Parquet files as they are stored, of memory as it
    /// is held.
    pub(crate) fn bytes_scanned(&self) -> u64 {
        let plan = self.plan.as_ref().and_then(Weak::upgrade);
        plan.map_or(0, |plan| scanned(plan.as_ref()))
    }

    /// What was read so far, and given.
    pub(crate) fn insights(&self) -> Insights {
        let (output_rows, output_bytes) = self.given;
        let scans = self.scans.upgrade().unwrap_or_default();
        Insights { output_rows, output_bytes, ..scans.insights() }
    }
}

fn normalized(batch: &RecordBatch) -> Result<Vec<ArrayRef>, SqlError> {
    let columns = batch.columns().iter().map(print::normalize).collect::<Result<_, _>>();
    columns.map_err(|error| SqlError::Execution(error.to_string()))
}

/// The rows of one call, within its bounds.
struct Page {
    rows: Vec<Row>,
    bytes: usize,
    max_rows: usize,
    max_bytes: usize,
}

impl Page {
    fn is_full(&self) -> bool {
        self.rows.len() >= self.max_rows || self.bytes >= self.max_bytes
    }

    /// Takes a row, unless the page is too full for it.
    fn push(&mut self, columns: &[ArrayRef], row: usize) -> Result<bool, SqlError> {
        if self.is_full() {
            return Ok(false);
        }
        let (row, bytes) = print::row(columns, row, self.max_bytes).map_err(|_| SqlError::long_row())?;
        Ok(self.keep(row, bytes).is_none())
    }

    /// Takes a row that is made already, or gives it back.
    fn push_ready(&mut self, row: Row) -> Result<Option<Row>, SqlError> {
        if self.is_full() {
            return Ok(Some(row));
        }
        let bytes = print::json_bytes(&row) + 1;
        if bytes > self.max_bytes {
            return Err(SqlError::long_row());
        }
        Ok(self.keep(row, bytes))
    }

    /// Gives the row back where it takes more than is left.
    fn keep(&mut self, row: Row, bytes: usize) -> Option<Row> {
        if self.bytes + bytes > self.max_bytes {
            return Some(row);
        }
        self.bytes += bytes;
        self.rows.push(row);
        None
    }
}

/// What the scans beneath `plan` read so far.
fn scanned(plan: &dyn ExecutionPlan) -> u64 {
    let own = plan.downcast_ref::<DataSourceExec>().map_or(0, scan_bytes);
    own + plan.children().into_iter().map(|child| scanned(child.as_ref())).sum::<u64>()
}

/// Files tell what was read of them; rows in memory count once the query has started.
fn scan_bytes(scan: &DataSourceExec) -> u64 {
    let bytes = match scan.data_source().downcast_ref::<MemorySourceConfig>() {
        Some(memory) => {
            let batches = memory.partitions().iter().flatten();
            batches.flat_map(RecordBatch::columns).map(array_bytes).sum()
        }
        None => {
            let metric = scan.metrics().and_then(|metrics| metrics.sum_by_name("bytes_scanned"));
            metric.map_or(0, |bytes| bytes.as_usize())
        }
    };
    bytes as u64
}

fn array_bytes(array: &ArrayRef) -> usize {
    array.to_data().get_slice_memory_size().unwrap_or_else(|_| array.get_array_memory_size())
}
