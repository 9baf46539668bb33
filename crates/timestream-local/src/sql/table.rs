//! A snapshot as the engine scans it: Parquet files, then the rows still in memory. Files of other times are not
//! opened, nor are columns made of rows of other times. Filters go into the others, where the statistics of row groups
//! and pages prune what cannot match.
//!
//! Not here: how the files come about (`store`); what a scan read in the end (`answer`).

use std::ops::RangeInclusive;
use std::sync::Arc;

use async_trait::async_trait;
use datafusion::arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit};
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::DataFusionError::External;
use datafusion::common::{Column as ColumnName, DFSchema, Result, ScalarValue};
use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::memory::MemorySourceConfig;
use datafusion::datasource::object_store::ObjectStoreUrl;
use datafusion::datasource::physical_plan::parquet::CachedParquetFileReaderFactory;
use datafusion::datasource::physical_plan::{
    FileGroup, FileScanConfigBuilder, FileSource as _, ParquetSource,
};
use datafusion::datasource::source::DataSourceExec;
use datafusion::datasource::{TableType, provider_as_source};
use datafusion::functions_window::row_number::row_number_udwf;
use datafusion::logical_expr::expr::WindowFunction;
use datafusion::logical_expr::utils::conjunction;
use datafusion::logical_expr::{
    Expr, ExprFunctionExt, LogicalPlan, LogicalPlanBuilder, TableProviderFilterPushDown, TableSource, lit,
};
use datafusion::object_store::path::Path;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::empty::EmptyExec;
use datafusion::physical_plan::union::UnionExec;

use super::TableName;
use super::insights::{Scan, Scans, times};
use crate::model::{Column, ColumnKind, MeasureType};
use crate::store::{Snapshot, SnapshotFile, SnapshotRows, VERSION_COLUMN};

/// What SQL sees of a snapshot of the table `name`; its scans are noted in `scans`.
///
/// # Errors
/// Where the engine refuses the columns, as when two have one name.
pub(super) fn source(
    snapshot: Snapshot,
    name: TableName,
    scans: &Arc<Scans>,
) -> Result<Arc<dyn TableSource>> {
    let (columns, overlaps, oldest) = (snapshot.columns.clone(), snapshot.overlaps, snapshot.oldest);
    let scan = provider_as_source(Arc::new(SnapshotScan::new(snapshot, overlaps, name, scans)));
    if !overlaps && oldest.is_none() {
        return Ok(scan);
    }
    let mut rows = LogicalPlanBuilder::scan("rows", scan, None)?;
    if let Some(oldest) = oldest {
        let oldest = ScalarValue::TimestampNanosecond(Some(oldest), None);
        rows = rows.filter(Expr::Column(ColumnName::new_unqualified("time")).gt_eq(lit(oldest)))?;
    }
    let plan = if overlaps { highest_versions(rows, &columns)? } else { rows.build()? };
    let view = datafusion::catalog::view::ViewTable::new(plan, None);
    Ok(provider_as_source(Arc::new(view)))
}

/// Of the rows of each identity the one with the highest version.
fn highest_versions(rows: LogicalPlanBuilder, columns: &[Column]) -> Result<LogicalPlan> {
    let column = |name: &str| Expr::Column(ColumnName::new_unqualified(name));
    let is_identity = |column: &&Column| {
        matches!(column.kind, ColumnKind::Dimension | ColumnKind::MeasureName | ColumnKind::Time)
    };
    let identity = columns.iter().filter(is_identity).map(|c| column(&c.name)).collect();
    let rank = Expr::WindowFunction(Box::new(WindowFunction::new(row_number_udwf(), vec![])))
        .partition_by(identity)
        .order_by(vec![column(VERSION_COLUMN).sort(false, false)])
        .build()?
        .alias("__rank");
    rows.window(vec![rank])?
        .filter(column("__rank").eq(lit(1_u64)))?
        .project(columns.iter().map(|c| column(&c.name)))?
        .build()
}

/// The Arrow type of a column.
pub(super) fn data_type(kind: ColumnKind) -> DataType {
    match kind {
        ColumnKind::Dimension | ColumnKind::MeasureName => DataType::Utf8View,
        ColumnKind::Time => DataType::Timestamp(TimeUnit::Nanosecond, None),
        ColumnKind::MeasureValue(measure) | ColumnKind::Multi(measure) => match measure {
            MeasureType::Double => DataType::Float64,
            MeasureType::Bigint => DataType::Int64,
            MeasureType::Boolean => DataType::Boolean,
            MeasureType::Varchar => DataType::Utf8View,
            MeasureType::Timestamp => DataType::Timestamp(TimeUnit::Nanosecond, None),
        },
    }
}

/// All rows of a snapshot.
struct SnapshotScan {
    snapshot: Snapshot,
    name: TableName,
    scans: Arc<Scans>,
    schema: SchemaRef,
}

impl std::fmt::Debug for SnapshotScan {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (files, chunks) = (self.snapshot.files.len(), self.snapshot.memory.len());
        write!(f, "SnapshotScan({files} files, {chunks} chunks)")
    }
}

impl SnapshotScan {
    fn new(snapshot: Snapshot, with_version: bool, name: TableName, scans: &Arc<Scans>) -> Self {
        let field = |column: &Column| Field::new(&column.name, data_type(column.kind), true);
        let mut fields: Vec<Field> = snapshot.columns.iter().map(field).collect();
        if with_version {
            fields.push(Field::new(VERSION_COLUMN, DataType::Int64, true));
        }
        Self { snapshot, name, scans: Arc::clone(scans), schema: Arc::new(Schema::new(fields)) }
    }

    fn scan_files(
        &self,
        state: &dyn Session,
        projection: &[usize],
        filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let url = ObjectStoreUrl::local_filesystem();
        let runtime = state.runtime_env();
        let reader = CachedParquetFileReaderFactory::new(
            runtime.object_store(&url)?,
            runtime.cache_manager.get_file_metadata_cache(),
        );
        let mut source = ParquetSource::new(self.schema.clone())
            .with_table_parquet_options(state.default_table_options().parquet)
            .with_pushdown_filters(true)
            .with_reorder_filters(true)
            .with_parquet_file_reader_factory(Arc::new(reader));
        if let Some(filter) = conjunction(filters.to_vec()) {
            let schema = DFSchema::try_from(self.schema.as_ref().clone())?;
            source = source.with_predicate(state.create_physical_expr(filter, &schema)?);
        }
        let locations = self.locations()?;
        let names: Vec<String> = locations.iter().map(ToString::to_string).collect();
        let metrics = Some(source.metrics().clone());
        self.scans.add(Scan::new(self.name.clone(), &self.snapshot, &names, filters, metrics));
        let times = times(filters);
        let files = self.snapshot.files.iter().zip(locations);
        let wanted = files.filter(|(file, _)| file.reaches_into(&times));
        let config = FileScanConfigBuilder::new(url, Arc::new(source))
            .with_file_groups(dealt(wanted.collect(), state.config().target_partitions()))
            .with_projection_indices(Some(projection.to_vec()))?
            .with_limit(limit)
            .build();
        Ok(DataSourceExec::from_data_source(config))
    }

    /// Where the engine finds the files. Said as paths and not as texts: in texts `%` and letters beyond ASCII mean
    /// something else.
    fn locations(&self) -> Result<Vec<Path>> {
        let location = |path| Ok(Path::from_absolute_path(std::path::absolute(path)?)?);
        self.snapshot.files.iter().map(|file| location(&file.path)).collect()
    }

    /// The rows in memory that may be of these times, with exactly the columns of `projection`.
    fn scan_memory(
        &self,
        projection: &[usize],
        times: &RangeInclusive<i64>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let schema = Arc::new(self.schema.project(projection)?);
        let wanted = self.snapshot.memory.iter().filter(|rows| rows.reach_into(times));
        let batch = |rows: &SnapshotRows| rows.batch(&schema).map_err(|error| External(Box::new(error)));
        let batches = wanted.map(batch).collect::<Result<Vec<_>>>()?;
        let exec = MemorySourceConfig::try_new_exec(&[batches], Arc::clone(&schema), None)?;
        Ok(exec)
    }
}

/// Files dealt out like cards: neighbours in time, which one query reads, go to different cores.
fn dealt(files: Vec<(&Arc<SnapshotFile>, Path)>, groups: usize) -> Vec<FileGroup> {
    let mut dealt = vec![Vec::new(); groups.clamp(1, files.len().max(1))];
    let count = dealt.len();
    for (i, (file, location)) in files.into_iter().enumerate() {
        let mut partitioned = PartitionedFile::new("", file.bytes());
        partitioned.object_meta.location = location;
        dealt[i % count].push(partitioned);
    }
    dealt.into_iter().map(FileGroup::new).collect()
}

#[async_trait]
impl TableProvider for SnapshotScan {
    fn schema(&self) -> SchemaRef {
        self.schema.clone()
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    /// Files prune by the filters; the engine applies them to what is left.
    fn supports_filters_pushdown(&self, filters: &[&Expr]) -> Result<Vec<TableProviderFilterPushDown>> {
        Ok(vec![TableProviderFilterPushDown::Inexact; filters.len()])
    }

    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let everything = (0..self.schema.fields().len()).collect();
        let projection = projection.unwrap_or(&everything);
        let mut parts = Vec::with_capacity(2);
        if !self.snapshot.files.is_empty() {
            parts.push(self.scan_files(state, projection, filters, limit)?);
        } else {
            self.scans.add(Scan::new(self.name.clone(), &self.snapshot, &[], filters, None));
        }
        if !self.snapshot.memory.is_empty() {
            parts.push(self.scan_memory(projection, &times(filters))?);
        }
        if parts.len() > 1 {
            return UnionExec::try_new(parts);
        }
        match parts.pop() {
            Some(part) => Ok(part),
            None => Ok(Arc::new(EmptyExec::new(Arc::new(self.schema.project(projection)?)))),
        }
    }
}
