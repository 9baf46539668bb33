//! Runs one task: file by file, batch by batch, from where it had come to. Not here: whose turn it is
//! (`batch_load`), what a line becomes (`mapping` of the crate).

use std::borrow::Cow;
use std::sync::Arc;

use csv::StringRecord;

use super::lines::{Line, Lines, Place};
use super::task::{Reached, Task};
use crate::buckets::{BucketError, Buckets, Object};
use crate::engine::databases::Databases;
use crate::engine::error::EngineError;
use crate::mapping::{Mapping, Row};
use crate::metrics::RecordMetrics;
use crate::records::{WireRecord, record_alone};

/// Lines that become one write, and their bytes, about.
const BATCH_LINES: usize = 1_000;
const BATCH_BYTES: usize = 4 << 20;
/// Records after which it is saved how far a task is.
const SAVE_EVERY: u64 = 100_000;

/// What loads read from and write to.
pub(super) struct World {
    pub(super) databases: Arc<Databases>,
    pub(super) buckets: Arc<Buckets>,
    pub(super) metrics: RecordMetrics,
}

/// How a run ended.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum End {
    /// Everything is read.
    Done,
    /// It was told to stop.
    Interrupted,
}

/// Why a task cannot go on for now.
#[derive(Debug, thiserror::Error)]
pub(super) enum Trouble {
    #[error(transparent)]
    Bucket(#[from] BucketError),
    #[error("{0}")]
    Engine(#[from] EngineError),
    #[error("No object of the bucket {bucket} has a key that begins with '{prefix}'.")]
    Nothing { bucket: String, prefix: String },
}

/// A run of a task.
pub(super) struct Run<'a> {
    pub(super) world: &'a World,
    pub(super) task: &'a mut Task,
    /// Asked between batches.
    pub(super) stopping: &'a dyn Fn() -> bool,
    /// Keeps the task as it is now.
    pub(super) save: &'a dyn Fn(&Task) -> Result<(), EngineError>,
}

impl Run<'_> {
    /// Goes on until the end, or until it is told to stop.
    pub(super) fn run(&mut self) -> Result<End, Trouble> {
        let load = &self.task.load;
        let report = load.report.as_ref().filter(|report| report.bucket == load.bucket);
        let report = report.map(|location| self.task.report_key(location));
        let mut objects = self.world.buckets.list(&load.bucket, &load.prefix)?;
        objects.retain(|object| Some(&object.key) != report.as_ref());
        if objects.is_empty() {
            return Err(Trouble::Nothing { bucket: load.bucket.clone(), prefix: load.prefix.clone() });
        }
        for object in objects {
            let place = match &self.task.reached {
                Some(reached) if object.key < reached.key => continue,
                Some(Reached { key, place }) if *key == object.key => match place {
                    Some(place) => Some(*place),
                    None => continue,
                },
                _ => None,
            };
            if (self.stopping)() || self.file(&object, place)? == End::Interrupted {
                return Ok(End::Interrupted);
            }
            self.task.reached = Some(Reached { key: object.key, place: None });
            (self.save)(self.task)?;
        }
        Ok(End::Done)
    }

    /// Reads a file from `place` on; what is wrong with the file as a whole is noted.
    fn file(&mut self, object: &Object, place: Option<Place>) -> Result<End, Trouble> {
        self.lines(object, place).unwrap_or_else(|reason| {
            self.task.progress.file_failures += 1;
            self.task.report.file(&object.key, &reason);
            Ok(End::Done)
        })
    }

    /// The outer error is the file's, the inner one the task's.
    fn lines(&mut self, object: &Object, place: Option<Place>) -> Result<Result<End, Trouble>, String> {
        let load = &self.task.load;
        let file = self.world.buckets.open(&load.bucket, &object.key).map_err(|error| error.to_string())?;
        let mut lines = Lines::open(file, load.dialect.clone())?;
        let mapping = load.mapping.find(|name, _| lines.column(name))?;
        if let Some(place) = place {
            lines.seek(place)?;
        }
        let mut unsaved = 0;
        loop {
            if (self.stopping)() {
                return Ok((self.save)(self.task).map(|()| End::Interrupted).map_err(Trouble::from));
            }
            let (batch, failure) = read_batch(&mut lines);
            let processed = self.task.progress.records_processed;
            if let Err(trouble) = self.batch(&object.key, &lines, &mapping, &batch) {
                return Ok(Err(trouble));
            }
            let before = match &self.task.reached {
                Some(Reached { key, place: Some(place) }) if *key == object.key => place.byte,
                _ => 0,
            };
            let mut place = lines.place();
            // The end of the last line may be one that the file lacks.
            place.byte = place.byte.min(object.bytes.max(before));
            self.task.progress.bytes_metered += place.byte - before;
            self.task.reached = Some(Reached { key: object.key.clone(), place: Some(place) });
            if let Some(reason) = failure {
                return Err(reason);
            }
            if batch.is_empty() {
                return Ok(Ok(End::Done));
            }
            unsaved += self.task.progress.records_processed - processed;
            if unsaved >= SAVE_EVERY {
                unsaved = 0;
                if let Err(error) = (self.save)(self.task) {
                    return Ok(Err(error.into()));
                }
            }
        }
    }

    /// Writes the records of some lines.
    fn batch(
        &mut self,
        file: &str,
        lines: &Lines,
        mapping: &Mapping<usize>,
        batch: &[Line],
    ) -> Result<(), Trouble> {
        let Task { load, progress, report, .. } = &mut *self.task;
        let table = self.world.databases.table(&load.database, &load.table).map_err(EngineError::from)?;
        let mut wires = Vec::with_capacity(batch.len());
        let mut numbers = Vec::with_capacity(batch.len());
        for Line { number, texts } in batch {
            let mapped = texts.as_ref().map_err(Clone::clone).and_then(|texts: &StringRecord| {
                let row = Texts { lines, texts };
                mapping.records(row, &load.time_unit, load.version, &mut wires)
            });
            if let Err(reason) = mapped {
                progress.records_processed += 1;
                progress.parse_failures += 1;
                report.line(file, *number, &reason);
            }
            numbers.resize(wires.len(), *number);
        }
        progress.records_processed += wires.len() as u64;
        let required = table.required_dimension();
        let mut records = Vec::with_capacity(wires.len());
        let mut places = Vec::with_capacity(wires.len());
        for (wire, &number) in wires.iter().zip(&numbers) {
            let wire: &WireRecord<'_> = wire;
            match record_alone(wire, required.as_deref()) {
                Ok(record) => {
                    records.push(record);
                    places.push(number);
                }
                Err(reason) => {
                    self.world.metrics.count_rejected();
                    progress.parse_failures += 1;
                    report.line(file, number, &reason);
                }
            }
        }
        if records.is_empty() {
            return Ok(());
        }
        let outcome = table.load(&records)?;
        // What is counted, and skipped after a restart, must be there then.
        table.settle()?;
        self.world.metrics.count(outcome.ingested, outcome.rejected.len());
        progress.records_ingested += outcome.ingested.memory + outcome.ingested.magnetic;
        progress.record_ingestion_failures += outcome.rejected.len() as u64;
        for rejected in outcome.rejected {
            report.line(file, places.get(rejected.index).copied().unwrap_or(0), &rejected.reason);
        }
        Ok(())
    }
}

/// The next lines, none at the end; and why there are no more, where the file cannot be read on.
fn read_batch(lines: &mut Lines) -> (Vec<Line>, Option<String>) {
    let mut batch = Vec::with_capacity(BATCH_LINES);
    let mut bytes = 0;
    while batch.len() < BATCH_LINES && bytes < BATCH_BYTES {
        match lines.next() {
            Ok(Some(line)) => {
                bytes += line.texts.as_ref().map_or(0, |texts| texts.as_slice().len());
                batch.push(line);
            }
            Ok(None) => break,
            Err(reason) => return (batch, Some(reason)),
        }
    }
    (batch, None)
}

/// The texts of a line, by its columns.
#[derive(Clone, Copy)]
struct Texts<'a> {
    lines: &'a Lines,
    texts: &'a StringRecord,
}

impl<'a> Row<'a> for Texts<'a> {
    fn text(self, column: usize) -> Option<&'a str> {
        self.lines.text(self.texts, column)
    }

    /// Times are written as numbers; the checks of records tell those that are not.
    fn time(self, text: &'a str) -> Result<Cow<'a, str>, String> {
        Ok(Cow::Borrowed(text))
    }
}
