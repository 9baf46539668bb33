//! What is done for a table in the background: flush, expire, compact. Not here: the threads (`worker`), how
//! each of these works (`flush`, `compaction`).

use std::sync::MutexGuard;
use std::sync::atomic::Ordering;
use std::time::Instant;

use super::compaction::{FileRows, crowded};
use super::dictionary::Dictionary;
use super::flush::{Change, FileMaker};
use super::frames::{FrameFile, Rest};
use super::keys::{end_of, hour_of};
use super::locks::{lock, read};
use super::log::segment_path;
use super::manifest::Manifest;
use super::merge::Source;
use super::recovery::needed_segments;
use super::state::Frozen;
use super::table::Shared;
use super::{StoreError, sync_dir};

impl Shared {
    /// The removal of what has expired, and flushes that are due.
    pub(super) fn maintain(&self) -> Result<(), StoreError> {
        // First, and whatever becomes of the rest: on a full disk it makes room for flushes.
        let expired = self.expire();
        self.flush_due()?;
        expired
    }

    fn flush_due(&self) -> Result<(), StoreError> {
        if lock(&self.state).is_dictionary_unusable() {
            self.sync_definitions()?;
        }
        if self.common.is_crowded() || self.has_expired_rows() {
            self.flush_one(&self.begin_change()?)?;
        }
        while self.is_flush_due() {
            self.flush_one(&self.begin_change()?)?;
        }
        Ok(())
    }

    /// Whether the memory table is large enough, or something is left of an earlier flush.
    fn is_flush_due(&self) -> bool {
        let state = lock(&self.state);
        let full = state.memory.len() >= self.common.options.flush_rows;
        state.frozen.is_some() || full || state.is_log_unusable()
    }

    /// Whether an hour of the memory table is past the table's life.
    fn has_expired_rows(&self) -> bool {
        let oldest = self.oldest_kept();
        let memory = lock(&self.state).memory.oldest();
        end_of(hour_of(memory)) <= oldest
    }

    /// Waits for its turn to change the list of files, which ends when the answer is dropped.
    pub(super) fn begin_change(&self) -> Result<MutexGuard<'_, ()>, StoreError> {
        let turn = lock(&self.changing);
        if self.closed.load(Ordering::Acquire) { Err(StoreError::Closed) } else { Ok(turn) }
    }

    /// Writes the memory table to files, after the one that an earlier flush could not write. How many rows that were.
    pub(super) fn flush(&self) -> Result<u64, StoreError> {
        let turn = self.begin_change()?;
        let mut rows = 0;
        if lock(&self.state).frozen.is_some() {
            rows = self.flush_one(&turn)?;
        }
        Ok(rows + self.flush_one(&turn)?)
    }

    /// Writes the frozen memory table to files, the one that takes rows if none is frozen.
    fn flush_one(&self, _turn: &MutexGuard<'_, ()>) -> Result<u64, StoreError> {
        let done = match self.freeze() {
            Ok(None) => Ok(0),
            Ok(Some(frozen)) => self.write_frozen(&frozen).map(|()| frozen.memory.len() as u64),
            Err(error) => Err(error),
        };
        lock(&self.state).flush_failure = done.as_ref().err().map(ToString::to_string);
        self.common.flush_ended();
        done
    }

    /// Freezes the memory table and goes on in a new log segment. One that is already frozen stays.
    fn freeze(&self) -> Result<Option<Frozen>, StoreError> {
        let next = {
            let state = lock(&self.state);
            if state.frozen.is_some() || (state.memory.is_empty() && !state.is_log_unusable()) {
                return Ok(state.frozen.clone());
            }
            state.segment() + 1
        };
        // Made without the lock: on a busy disk that can take a while.
        let log = FrameFile::open(&segment_path(&self.folder.log, next), Rest::Keep, |_| Ok(()))?;
        sync_dir(&self.folder.log)?;
        let mut state = lock(&self.state);
        let sets = read(&self.dictionary).saved_sets();
        Ok(Some(state.freeze(next, log, sets)))
    }

    fn write_frozen(&self, frozen: &Frozen) -> Result<(), StoreError> {
        let began = Instant::now();
        self.sync_definitions()?;
        // A copy, so that writers who bring new dimension sets need not wait for the files.
        let dictionary = read(&self.dictionary).clone();
        let mut change = self.change();
        change.flush(&frozen.memory, self.oldest_kept(), &self.maker(&dictionary))?;
        self.commit(change, Some(frozen))?;
        self.flushes.fetch_add(1, Ordering::Relaxed);
        self.told_flush(frozen.memory.len(), began);
        self.common.compactor.wake();
        needed_segments(&self.folder.log, frozen.next_segment).map(drop)
    }

    /// Merges files until no hour has many of one size. Flushes go on meanwhile.
    pub(super) fn compact(&self) -> Result<(), StoreError> {
        let _compacting = lock(&self.compacting);
        loop {
            let hours = lock(&self.state).hours.clone();
            let Some((hour, files)) = crowded(&hours) else { return Ok(()) };
            if self.closed.load(Ordering::Acquire) {
                return Err(StoreError::Closed);
            }
            let (began, count) = (Instant::now(), files.len());
            let dictionary = read(&self.dictionary).clone();
            let maker = self.maker(&dictionary);
            let schema = maker.schema();
            let open = |file| Ok(Box::new(FileRows::open(file, &schema)?) as Box<dyn Source>);
            let sources = files.iter().map(|file| open(file)).collect::<Result<_, StoreError>>()?;
            let merged = maker.write(hour, sources, &schema)?;
            // Before it is its turn: a flush must not wait for the disk of a merge.
            merged.iter().try_for_each(|file| file.sync())?;
            let _turn = self.begin_change()?;
            let mut change = self.change();
            // Where a flush has replaced one of the files, or they have expired, the merge was for nothing.
            if change.replace(hour, &files, merged) {
                drop((files, hours));
                self.commit(change, None)?;
                self.merges.fetch_add(1, Ordering::Relaxed);
                self.told_compaction(hour, count, began);
            }
        }
    }

    /// A change of the files as they are now.
    pub(super) fn change(&self) -> Change {
        let hours = lock(&self.state).hours.clone();
        Change::new((*hours).clone())
    }

    pub(super) fn maker<'a>(&'a self, dictionary: &'a Dictionary) -> FileMaker<'a> {
        FileMaker {
            table: self.number,
            folder: &self.folder,
            next_file: &self.next_file,
            dictionary,
            cache: &self.common.cache,
            closed: &self.closed,
        }
    }

    /// Makes a change count: on the disk first, then for readers and writers. `written`: the frozen memory
    /// table whose rows it holds.
    pub(super) fn commit(&self, mut change: Change, written: Option<&Frozen>) -> Result<(), StoreError> {
        change.sync()?;
        sync_dir(&self.folder.data)?;
        let (first_segment, sets) = match written {
            Some(frozen) => (frozen.next_segment, frozen.sets),
            None => {
                let state = lock(&self.state);
                (state.first_segment, state.sets)
            }
        };
        change.keep();
        let next_file = self.next_file.load(Ordering::Relaxed);
        let files = change.hours.entries();
        Manifest { first_segment, next_file, sets, files }.store(&self.folder.table)?;
        let mut state = lock(&self.state);
        let before = std::mem::replace(&mut state.hours, change.commit().into());
        (state.first_segment, state.sets) = (first_segment, sets);
        let frozen = written.and_then(|_| state.written());
        drop(state);
        // Files that nothing holds are removed here, and memory is given back, without the lock.
        drop((before, frozen));
        Ok(())
    }
}
