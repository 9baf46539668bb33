//! What the scans of a query had before them and what they read of it: files, row groups, rows, time. Not here: the
//! protocol's words for it (`protocol::insights`), scanning itself (`table`).

use std::collections::{BTreeSet, HashMap};
use std::ops::RangeInclusive;
use std::sync::{Arc, Mutex, PoisonError};

use datafusion::common::ScalarValue;
use datafusion::logical_expr::{Between, BinaryExpr, Expr, Operator};
use datafusion::physical_plan::metrics::{ExecutionPlanMetricsSet, MetricValue};
use serde::{Deserialize, Serialize};

use super::TableName;
use super::bounds::HeldRows;
use crate::store::{Snapshot, SnapshotFile, SnapshotRows};

/// The column that time is in.
const TIME: &str = "time";

/// What a query scanned.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Insights {
    /// How many tables it names.
    pub(crate) tables: usize,
    /// Its scans; a table that is read twice is scanned twice.
    pub(crate) scans: Vec<ScanInsight>,
    /// Rows handed out so far.
    pub(crate) output_rows: u64,
    /// About their length as JSON.
    pub(crate) output_bytes: u64,
}

/// What one scan read so far.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct ScanInsight {
    pub(crate) database: String,
    pub(crate) table: String,
    /// Files of which some row group was read.
    pub(crate) files: Part,
    pub(crate) row_groups: Part,
    /// Rows of the pages that could hold what was asked for.
    pub(crate) rows: Part,
    /// Rows that are in no file yet and are read: all of the chunks that reach into the time asked for.
    pub(crate) rows_in_memory: u64,
    /// The share of the rows that was read, of the files that reach into the time asked for.
    pub(crate) coverage: f64,
    /// The time from the first to the last instant that was read, within the time asked for; in nanoseconds.
    pub(crate) temporal_range: i64,
}

/// Something read, and how much of it there was.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Part {
    pub(crate) read: u64,
    pub(crate) of: u64,
}

/// The scans of one query, as they are planned.
#[derive(Default)]
pub(super) struct Scans {
    tables: Mutex<BTreeSet<TableName>>,
    scans: Mutex<Vec<Scan>>,
}

/// A scan, what it reads, and where its counts come to stand.
pub(super) struct Scan {
    table: TableName,
    files: Vec<File>,
    memory: Vec<SnapshotRows>,
    /// The instants asked for.
    times: RangeInclusive<i64>,
    /// The engine's counts; none where there are no files.
    metrics: Option<ExecutionPlanMetricsSet>,
}

struct File {
    /// As the engine's counts name it.
    name: String,
    /// A file that is replaced stays for as long as it is held: the engine opens it by its path, when it comes to it.
    file: Arc<SnapshotFile>,
}

impl Scans {
    /// Notes a table that the query names.
    pub(super) fn name(&self, table: TableName) {
        self.tables.lock().unwrap_or_else(PoisonError::into_inner).insert(table);
    }

    /// Notes a scan.
    pub(super) fn add(&self, scan: Scan) {
        self.scans.lock().unwrap_or_else(PoisonError::into_inner).push(scan);
    }

    /// The rows in memory that they read. Rows of one memory table are the same for all that scan it.
    pub(super) fn held_rows(&self) -> Vec<HeldRows> {
        let scans = self.scans.lock().unwrap_or_else(PoisonError::into_inner);
        let held = |rows: &SnapshotRows| HeldRows { id: rows.id(), bytes: rows.bytes() };
        scans.iter().flat_map(|scan| &scan.memory).map(held).collect()
    }

    /// What they have read so far.
    pub(super) fn insights(&self) -> Insights {
        let scans = self.scans.lock().unwrap_or_else(PoisonError::into_inner);
        Insights {
            tables: self.tables.lock().unwrap_or_else(PoisonError::into_inner).len(),
            scans: scans.iter().map(Scan::insight).collect(),
            output_rows: 0,
            output_bytes: 0,
        }
    }
}

impl Scan {
    /// A scan of a snapshot. `names` are the names of its files to the engine.
    pub(super) fn new(
        table: TableName,
        snapshot: &Snapshot,
        names: &[String],
        filters: &[Expr],
        metrics: Option<ExecutionPlanMetricsSet>,
    ) -> Self {
        let file =
            |(file, name): (&Arc<SnapshotFile>, &String)| File { name: name.clone(), file: Arc::clone(file) };
        let times = times(filters);
        Self {
            table,
            files: snapshot.files.iter().zip(names).map(file).collect(),
            memory: snapshot.memory.iter().filter(|rows| rows.reach_into(&times)).cloned().collect(),
            times,
            metrics,
        }
    }

    fn insight(&self) -> ScanInsight {
        let counts = self.metrics.as_ref().map(counts).unwrap_or_default();
        let rows_in_memory: u64 = self.memory.iter().map(|rows| rows.len() as u64).sum();
        let mut insight = ScanInsight {
            database: self.table.0.clone(),
            table: self.table.1.clone(),
            files: Part::default(),
            row_groups: Part::default(),
            rows: Part::default(),
            rows_in_memory,
            coverage: 0.0,
            temporal_range: 0,
        };
        let mut within = rows_in_memory;
        let mut spans: Vec<(i64, i64)> = self.memory.iter().map(SnapshotRows::times).collect();
        for File { name, file } in &self.files {
            let read = counts.get(name).map_or_else(Read::default, |counts| counts.of(file));
            insight.files.add(u64::from(read.row_groups > 0), 1);
            insight.row_groups.add(read.row_groups, file.row_groups());
            insight.rows.add(read.rows, file.rows());
            within += if file.reaches_into(&self.times) { file.rows() } else { 0 };
            if read.row_groups > 0 {
                spans.push(file.times());
            }
        }
        if within > 0 {
            insight.coverage = ((insight.rows.read + rows_in_memory) as f64 / within as f64).min(1.0);
        }
        let first = spans.iter().map(|span| span.0).min().map(|first| first.max(*self.times.start()));
        let last = spans.iter().map(|span| span.1).max().map(|last| last.min(*self.times.end()));
        if let (Some(first), Some(last)) = (first, last) {
            insight.temporal_range = last.saturating_sub(first).max(0);
        }
        insight
    }
}

impl Part {
    fn add(&mut self, read: u64, of: u64) {
        self.read += read;
        self.of += of;
    }
}

/// What was read of a file.
#[derive(Default)]
struct Read {
    row_groups: u64,
    rows: u64,
}

/// The engine's counts for one file.
#[derive(Default)]
struct Counts {
    files: Pruned,
    row_groups: Pruned,
    /// Row groups that were left out later: by a bloom filter, or because there were rows enough.
    left_out: u64,
    rows: Pruned,
}

#[derive(Default)]
struct Pruned {
    pruned: u64,
    matched: u64,
}

impl Counts {
    /// Counts that are all 0 tell that nothing could be left out, for lack of a condition.
    fn of(&self, file: &SnapshotFile) -> Read {
        if self.files.pruned > 0 && self.files.matched == 0 {
            return Read::default();
        }
        let row_groups = match &self.row_groups {
            Pruned { pruned: 0, matched: 0 } => file.row_groups(),
            Pruned { matched, .. } => matched.saturating_sub(self.left_out),
        };
        let rows = match &self.rows {
            Pruned { pruned: 0, matched: 0 } => {
                (row_groups.saturating_mul(file.rows())).div_ceil(file.row_groups().max(1))
            }
            Pruned { matched, .. } => *matched,
        };
        Read { row_groups, rows: if row_groups == 0 { 0 } else { rows.min(file.rows()) } }
    }
}

/// The counts of each file that was opened, by its name.
fn counts(metrics: &ExecutionPlanMetricsSet) -> HashMap<String, Counts> {
    let mut files: HashMap<String, Counts> = HashMap::new();
    for metric in metrics.clone_inner().iter() {
        let Some(name) = metric.labels().iter().find(|label| label.name() == "filename") else { continue };
        let counts = files.entry(name.value().to_owned()).or_default();
        let MetricValue::PruningMetrics { name, pruning_metrics } = metric.value() else { continue };
        let (pruned, matched) = (pruning_metrics.pruned() as u64, pruning_metrics.matched() as u64);
        let counted = match name.as_ref() {
            "files_ranges_pruned_statistics" => &mut counts.files,
            "row_groups_pruned_statistics" => &mut counts.row_groups,
            "page_index_rows_pruned" => &mut counts.rows,
            "row_groups_pruned_bloom_filter" | "limit_pruned_row_groups" => {
                counts.left_out += pruned;
                continue;
            }
            _ => continue,
        };
        counted.pruned += pruned;
        counted.matched += matched;
    }
    files
}

/// The instants that conditions, which all must hold, leave over; others may be left over, too.
pub(super) fn times(conditions: &[Expr]) -> RangeInclusive<i64> {
    let mut bounds = (i64::MIN, i64::MAX);
    conditions.iter().for_each(|condition| narrow(condition, &mut bounds));
    bounds.0..=bounds.1
}

fn narrow(condition: &Expr, bounds: &mut (i64, i64)) {
    match condition {
        Expr::BinaryExpr(BinaryExpr { left, op: Operator::And, right }) => {
            narrow(left, bounds);
            narrow(right, bounds);
        }
        Expr::BinaryExpr(BinaryExpr { left, op, right }) => {
            let (op, time) = match (is_time(left), instant(right), instant(left), is_time(right)) {
                (true, Some(time), _, _) => (Some(*op), time),
                (_, _, Some(time), true) => (op.swap(), time),
                _ => return,
            };
            match op {
                Some(Operator::Gt) => bounds.0 = bounds.0.max(time.saturating_add(1)),
                Some(Operator::GtEq) => bounds.0 = bounds.0.max(time),
                Some(Operator::Lt) => bounds.1 = bounds.1.min(time.saturating_sub(1)),
                Some(Operator::LtEq) => bounds.1 = bounds.1.min(time),
                Some(Operator::Eq) => *bounds = (bounds.0.max(time), bounds.1.min(time)),
                _ => {}
            }
        }
        Expr::Between(Between { expr, negated: false, low, high }) if is_time(expr) => {
            if let (Some(low), Some(high)) = (instant(low), instant(high)) {
                *bounds = (bounds.0.max(low), bounds.1.min(high));
            }
        }
        _ => {}
    }
}

fn is_time(expr: &Expr) -> bool {
    matches!(expr, Expr::Column(column) if column.name == TIME)
}

fn instant(expr: &Expr) -> Option<i64> {
    match expr {
        Expr::Literal(ScalarValue::TimestampNanosecond(time, _), _) => *time,
        _ => None,
    }
}
