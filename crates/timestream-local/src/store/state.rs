//! What a table's lock guards: the memory tables, the open files, the list of Parquet files; and the step
//! of a write that needs the lock. Not here: the steps before it (`table`), flushes (`worker`).

use std::ops::Range;
use std::path::Path;
use std::sync::{Arc, Mutex, RwLock};

use foldhash::fast::FixedState;
use hashbrown::HashMap;

use super::admission::{Tier, Verdict, conflict, judge};
use super::dictionary::Dictionary;
use super::frames::{FrameFile, SyncHandle};
use super::hours::Hours;
use super::keys::{Key, Row, Stored};
use super::locks::{lock, read, write};
use super::log::{put_row, segment_path};
use super::lookup::KeyCache;
use super::manifest::Manifest;
use super::memory::{Chunk, Memory};
use super::values::values;
use super::{StoreError, WriteOutcome};
use crate::model::{Record, Rejected};

/// Records of a request that passed what can be checked without the lock.
#[derive(Default)]
pub(super) struct Prepared {
    pub candidates: Vec<Candidate>,
    /// The value columns of all candidates.
    pub columns: Vec<u16>,
    pub rejected: Vec<Rejected>,
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
    /// The segment of `memory`.
    segment: u64,
    log: FrameFile,
    /// The segment of `frozen`, which may still have to be synced.
    frozen_log: Option<SyncHandle>,
    definitions: FrameFile,
    pub hours: Hours,
    /// The number of the next Parquet file.
    pub next_file: u64,
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
    /// The first segment that is needed when its rows are in files.
    pub next_segment: u64,
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
            segment,
            log,
            frozen_log: None,
            definitions,
            hours,
            next_file: manifest.next_file,
            flush_failure: None,
            frame: Vec::new(),
            pending: HashMap::default(),
            found: Vec::new(),
            admitted: Vec::new(),
        }
    }

    /// Stores those of the candidates that the table's rows allow. On an error nothing is stored.
    pub(super) fn store(
        &mut self,
        records: &[Record<'_>],
        prepared: Prepared,
        dictionary: &RwLock<Dictionary>,
        cache: &Mutex<KeyCache>,
    ) -> Result<WriteOutcome, StoreError> {
        let Prepared { candidates, columns, rejected } = prepared;
        let mut outcome = WriteOutcome { rejected, ..WriteOutcome::default() };
        self.admit(records, &candidates, &columns, &mut outcome, &read(dictionary), cache)?;
        self.save_definitions(dictionary)?;
        if !self.frame.is_empty() {
            self.log.append(&self.frame)?;
        }
        let dictionary = read(dictionary);
        for &(at, overwrites) in &self.admitted {
            let Candidate { index, row, columns: range, .. } = &candidates[at];
            let columns = columns[range.clone()].iter().copied();
            let values = columns.zip(values(&records[*index].measures));
            self.memory.insert(*row, values, dictionary.columns(), overwrites);
        }
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
        dictionary: &Dictionary,
        cache: &Mutex<KeyCache>,
    ) -> Result<(), StoreError> {
        self.frame.clear();
        self.pending.clear();
        self.admitted.clear();
        // All at once: each look-up waits for memory, and these wait together.
        let memory = &self.memory;
        self.found.clear();
        self.found.extend(candidates.iter().map(|candidate| memory.find(candidate.row.key)));
        for (at, Candidate { index, row, columns: range, tier }) in candidates.iter().enumerate() {
            let existing = self.existing(row.key, self.found[at], dictionary, cache)?;
            match judge(row.stored, existing.as_ref().map(|(stored, _)| *stored)) {
                Verdict::Conflict(version) => {
                    let existing_version = Some(version);
                    outcome.rejected.push(Rejected { index: *index, reason: conflict(), existing_version });
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
        Ok(())
    }

    /// What is stored of an identity, of which the memory table has what was `found` there.
    fn existing(
        &self,
        key: Key,
        found: Option<Stored>,
        dictionary: &Dictionary,
        cache: &Mutex<KeyCache>,
    ) -> Result<Option<(Stored, Place)>, StoreError> {
        if let Some(stored) = self.pending.get(&key).copied().or(found) {
            return Ok(Some((stored, Place::Here)));
        }
        if let Some(stored) = self.frozen.as_ref().and_then(|frozen| frozen.memory.find(key)) {
            return Ok(Some((stored, Place::Before)));
        }
        for file in self.hours.candidates(key) {
            if let Some(stored) = lock(cache).find(file, key, dictionary)? {
                return Ok(Some((stored, Place::Before)));
            }
        }
        Ok(None)
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

    /// Freezes the memory table and goes on in a new log segment. One that is already frozen stays.
    pub(super) fn freeze(&mut self, dir: &Path) -> Result<Option<Frozen>, StoreError> {
        if self.frozen.is_none() && !self.memory.is_empty() {
            let next_segment = self.segment + 1;
            let log = FrameFile::open(&segment_path(dir, next_segment), |_| Ok(()))?;
            self.frozen_log = Some(std::mem::replace(&mut self.log, log).sync_handle());
            self.segment = next_segment;
            let next = Memory::with_capacity(self.memory.len());
            let mut memory = std::mem::replace(&mut self.memory, next);
            memory.seal();
            self.frozen = Some(Frozen { memory: Arc::new(memory), next_segment });
        }
        Ok(self.frozen.clone())
    }

    /// All rows that are not in files.
    pub(super) fn chunks(&mut self) -> Vec<Arc<Chunk>> {
        let frozen = self.frozen.iter().flat_map(|frozen| frozen.memory.chunks()).cloned();
        let mut chunks: Vec<_> = frozen.collect();
        chunks.extend(self.memory.copy());
        chunks
    }

    /// Whether an identity may stand more than once.
    pub(super) fn overlaps(&self) -> bool {
        self.memory.overlaps() || self.frozen.as_ref().is_some_and(|frozen| frozen.memory.overlaps())
    }

    /// The dictionary and the segments that have rows, in the order in which they are synced.
    pub(super) fn log_files(&self) -> Vec<SyncHandle> {
        let frozen = self.frozen_log.clone();
        [self.definitions.sync_handle()].into_iter().chain(frozen).chain([self.log.sync_handle()]).collect()
    }

    /// Forgets the frozen memory table, whose rows are in files.
    pub(super) fn written(&mut self) {
        self.frozen = None;
        self.frozen_log = None;
    }
}
