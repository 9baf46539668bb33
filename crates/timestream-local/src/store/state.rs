//! What a table's lock guards: the memory tables, the open files, the list of Parquet files; and the step
//! of a write that needs the lock. Not here: the steps before it (`write`), flushes (`maintenance`).

use std::ops::Range;
use std::sync::{Arc, RwLock};

use foldhash::fast::FixedState;
use hashbrown::HashMap;

use super::admission::{Tier, Verdict, conflict, judge};
use super::chunk::Chunk;
use super::dictionary::Dictionary;
use super::frames::{FrameFile, SyncHandle};
use super::hours::Hours;
use super::keys::{Key, Row, Stored};
use super::locks::{read, write};
use super::log::put_row;
use super::lookup::Known;
use super::manifest::Manifest;
use super::memory::Memory;
use super::sync::Position;
use super::values::values;
use super::{StoreError, TableStats, WriteOutcome};
use crate::model::{Record, Rejected};

/// Records of a request that passed what can be checked without the lock.
#[derive(Default)]
pub(super) struct Prepared {
    pub candidates: Vec<Candidate>,
    /// The value columns of all candidates.
    pub columns: Vec<u16>,
    pub rejected: Vec<Rejected>,
}

impl Prepared {
    /// The identities of the candidates.
    pub(super) fn keys(&self) -> impl Iterator<Item = Key> {
        self.candidates.iter().map(|candidate| candidate.row.key)
    }
}

/// A record with its numbers.
pub(super) struct Candidate {
    /// Its place in the request.
    pub index: usize,
    pub row: Row,
    /// Its part of `Prepared::columns`.
    pub columns: Range<usize>,
    pub tier: Tier,
}

pub(super) struct State {
    pub memory: Memory,
    /// A memory table on its way to files.
    pub frozen: Option<Frozen>,
    /// The first segment whose rows are not in files.
    pub first_segment: u64,
    /// Dimension sets that files may name: those that the dictionary's file had when their rows were frozen.
    pub sets: usize,
    /// The segment of `memory`.
    segment: u64,
    log: FrameFile,
    /// How often something was appended to a log.
    appended: u64,
    definitions: FrameFile,
    /// Shared, so that readers need no lock for long.
    pub hours: Arc<Hours>,
    /// Why the last flush failed.
    pub flush_failure: Option<String>,
    frame: Vec<u8>,
    /// The identities of the request that is being written.
    pending: HashMap<Key, Stored, FixedState>,
    /// What the memory table has of them.
    found: Vec<Option<Stored>>,
    admitted: Vec<(usize, bool)>,
}

/// A memory table that takes no more rows.
#[derive(Clone)]
pub(super) struct Frozen {
    pub memory: Arc<Memory>,
    /// Its segment, which may still have to be synced.
    log: SyncHandle,
    log_bytes: u64,
    /// The first segment that is needed when its rows are in files.
    pub next_segment: u64,
    /// Dimension sets that its rows may name.
    pub sets: usize,
}

/// A table's rows at one moment.
pub(super) struct View {
    /// Those that are not in files.
    pub chunks: Vec<Arc<Chunk>>,
    pub hours: Arc<Hours>,
    /// Whether an identity may stand more than once.
    pub overlaps: bool,
}

/// Where a stored identity is.
#[derive(PartialEq, Eq)]
enum Place {
    /// In the request or the memory table.
    Here,
    /// In the frozen memory table or in files.
    Before,
}

impl State {
    pub(super) fn new(
        memory: Memory,
        (segment, log): (u64, FrameFile),
        definitions: FrameFile,
        hours: Hours,
        manifest: &Manifest,
    ) -> Self {
        Self {
            memory,
            frozen: None,
            first_segment: manifest.first_segment,
            sets: manifest.sets,
            segment,
            log,
            // What was found may not be on the disk.
            appended: 1,
            definitions,
            hours: Arc::new(hours),
            flush_failure: None,
            frame: Vec::new(),
            pending: HashMap::default(),
            found: Vec::new(),
            admitted: Vec::new(),
        }
    }

    /// Stores those of the candidates that the table's rows allow, those in files being as `known`. On an error nothing
    /// is stored.
    pub(super) fn store(
        &mut self,
        records: &[Record<'_>],
        prepared: Prepared,
        dictionary: &RwLock<Dictionary>,
        known: &Known,
    ) -> Result<WriteOutcome, StoreError> {
        let Prepared { candidates, columns, rejected } = prepared;
        let mut outcome = WriteOutcome { rejected, ..WriteOutcome::default() };
        self.admit(records, &candidates, &columns, &mut outcome, known);
        self.save_definitions(dictionary)?;
        if !self.frame.is_empty() {
            self.log.append(&self.frame)?;
            self.appended += 1;
        }
        outcome.position = self.position();
        let dictionary = read(dictionary);
        for &(at, overwrites) in &self.admitted {
            let Candidate { index, row, columns: range, .. } = &candidates[at];
            let columns = columns[range.clone()].iter().copied();
            let values = columns.zip(values(&records[*index].measures));
            self.memory.insert(*row, values, dictionary.columns(), overwrites);
        }
        self.memory.charge_rows();
        outcome.rejected.sort_unstable_by_key(|rejected| rejected.index);
        Ok(outcome)
    }

    /// Judges the candidates and writes those to be stored to the frame.
    fn admit(
        &mut self,
        records: &[Record<'_>],
        candidates: &[Candidate],
        columns: &[u16],
        outcome: &mut WriteOutcome,
        known: &Known,
    ) {
        self.frame.clear();
        self.pending.clear();
        self.admitted.clear();
        // All at once: each look-up waits for memory, and these wait together.
        let memory = &self.memory;
        self.found.clear();
        self.found.extend(candidates.iter().map(|candidate| memory.find(candidate.row.key)));
        for (at, Candidate { index, row, columns: range, tier }) in candidates.iter().enumerate() {
            let existing = self.existing(row.key, self.found[at], known.of(at));
            match judge(row.stored, existing.as_ref().map(|(stored, _)| *stored)) {
                Verdict::Conflict(version) => {
                    let existing_version = Some(version);
                    outcome.rejected.push(Rejected {
                        index: *index,
                        reason: conflict(row.stored.version, version),
                        existing_version,
                    });
                    continue;
                }
                Verdict::Known => {}
                Verdict::Store => {
                    let overwrites = existing.is_some_and(|(_, place)| place == Place::Before);
                    let values = values(&records[*index].measures);
                    put_row(&mut self.frame, row, overwrites, &columns[range.clone()], values);
                    self.pending.insert(row.key, row.stored);
                    self.admitted.push((at, overwrites));
                }
            }
            match tier {
                Tier::Memory => outcome.ingested.memory += 1,
                Tier::Magnetic => outcome.ingested.magnetic += 1,
            }
        }
    }

    /// What is stored of an identity, of which the memory table has what was `found` there, and files have `filed`.
    fn existing(&self, key: Key, found: Option<Stored>, filed: Option<Stored>) -> Option<(Stored, Place)> {
        if let Some(stored) = self.pending.get(&key).copied().or(found) {
            return Some((stored, Place::Here));
        }
        // What is new mostly is later than all that is on its way to files, whose index is cold by now.
        let frozen = self.frozen.as_ref().filter(|frozen| frozen.memory.spans(key.time));
        let frozen = frozen.and_then(|frozen| frozen.memory.find(key));
        frozen.or(filed).map(|stored| (stored, Place::Before))
    }

    /// Writes definitions that rows of the log are about to need.
    fn save_definitions(&mut self, dictionary: &RwLock<Dictionary>) -> Result<(), StoreError> {
        if read(dictionary).unsaved().is_empty() {
            return Ok(());
        }
        let mut dictionary = write(dictionary);
        self.definitions.append(dictionary.unsaved())?;
        dictionary.saved();
        Ok(())
    }

    /// The number of the segment that is written to.
    pub(super) fn segment(&self) -> u64 {
        self.segment
    }

    /// Whether the segment takes no more frames.
    pub(super) fn is_log_unusable(&self) -> bool {
        self.log.is_unusable()
    }

    /// Whether the dictionary's file takes no more definitions.
    pub(super) fn is_dictionary_unusable(&self) -> bool {
        self.definitions.is_unusable()
    }

    /// Freezes the memory table and goes on in an empty segment of this number. `sets`: dimension sets that the
    /// dictionary's file holds.
    pub(super) fn freeze(&mut self, next_segment: u64, log: FrameFile, sets: usize) -> Frozen {
        let log = std::mem::replace(&mut self.log, log);
        self.segment = next_segment;
        let next = self.memory.successor();
        let mut memory = std::mem::replace(&mut self.memory, next);
        memory.seal();
        let (memory, log_bytes) = (Arc::new(memory), log.len());
        let frozen = Frozen { memory, log: log.sync_handle(), log_bytes, next_segment, sets };
        self.frozen = Some(frozen.clone());
        frozen
    }

    /// Whether a row that is not in files is older.
    pub(super) fn has_rows_before(&self, time: i64) -> bool {
        self.memory.oldest() < time
            || self.frozen.as_ref().is_some_and(|frozen| frozen.memory.oldest() < time)
    }

    /// All rows as they are now.
    pub(super) fn view(&mut self) -> View {
        let frozen = self.frozen.iter().flat_map(|frozen| frozen.memory.chunks()).cloned();
        let mut chunks: Vec<_> = frozen.collect();
        chunks.extend(self.memory.copy());
        let overlaps =
            self.memory.overlaps() || self.frozen.as_ref().is_some_and(|frozen| frozen.memory.overlaps());
        View { chunks, hours: Arc::clone(&self.hours), overlaps }
    }

    /// How much the log holds.
    pub(super) fn position(&self) -> Position {
        Position(self.appended)
    }

    /// The dictionary and the segments that have rows, in the order in which they are synced.
    pub(super) fn log_files(&self) -> Vec<SyncHandle> {
        let frozen = self.frozen.iter().map(|frozen| frozen.log.clone());
        [self.definitions()].into_iter().chain(frozen).chain([self.log.sync_handle()]).collect()
    }

    /// The dictionary's file.
    pub(super) fn definitions(&self) -> SyncHandle {
        self.definitions.sync_handle()
    }

    /// Writes the dictionary's file anew if it cannot be written to any more.
    pub(super) fn renew_definitions(&mut self) -> Result<(), StoreError> {
        if self.is_dictionary_unusable() { self.definitions.renew() } else { Ok(()) }
    }

    /// Forgets the frozen memory table, whose rows are in files.
    pub(super) fn written(&mut self) -> Option<Frozen> {
        self.frozen.take()
    }

    /// What is not in files; the rest is left to the caller.
    pub(super) fn stats(&self) -> TableStats {
        let (mut rows, mut bytes, mut log) = (self.memory.len(), self.memory.bytes(), self.log.len());
        if let Some(frozen) = &self.frozen {
            rows += frozen.memory.len();
            bytes += frozen.memory.bytes();
            log += frozen.log_bytes;
        }
        TableStats {
            memory_rows: rows as u64,
            memory_bytes: bytes as u64,
            log_bytes: log,
            ..TableStats::default()
        }
    }
}
