//! What a table does in the background: sync the log, flush, expire, compact. Not here: how each of them
//! works.

use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Arc, MutexGuard};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::StoreError;
use super::compaction::crowded;
use super::flush::Change;
use super::locks::{lock, read};
use super::manifest::{Manifest, sync_dir};
use super::recovery::needed_segments;
use super::state::Frozen;
use super::table::Shared;

/// How long a written record waits for its sync, and an expired hour for its removal.
const INTERVAL: Duration = Duration::from_secs(1);

/// A background thread. Dropping it waits for the end of what it does.
pub(super) struct Worker {
    wake: Option<SyncSender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Worker {
    /// Starts a thread that does `job` at every interval and when it is woken.
    pub(super) fn start(
        name: &'static str,
        shared: &Arc<Shared>,
        job: fn(&Shared) -> Result<(), StoreError>,
    ) -> Result<Self, StoreError> {
        let (wake, woken) = sync_channel(1);
        let worker_shared = Arc::clone(shared);
        let thread = std::thread::Builder::new()
            .name(name.to_owned())
            .spawn(move || run(&worker_shared, &woken, job))
            .map_err(StoreError::io(&shared.dirs.table))?;
        Ok(Self { wake: Some(wake), thread: Some(thread) })
    }

    /// Lets the thread do its job now.
    pub(super) fn wake(&self) {
        if let Some(wake) = &self.wake {
            // A full channel means that it is about to anyway.
            let _ = wake.try_send(());
        }
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.wake = None;
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the background thread of a table panicked");
        }
    }
}

fn run(shared: &Shared, woken: &Receiver<()>, job: fn(&Shared) -> Result<(), StoreError>) {
    let mut failure = None;
    while woken.recv_timeout(INTERVAL) != Err(RecvTimeoutError::Disconnected) {
        let now = job(shared).err().map(|error| error.to_string());
        // A failure is told once, not every second.
        if now != failure {
            match &now {
                Some(failure) => tracing::error!("{}: {failure}", shared.dirs.table.display()),
                None => tracing::info!("{}: works again", shared.dirs.table.display()),
            }
        }
        failure = now;
    }
}

impl Shared {
    /// Everything that is due.
    pub(super) fn maintain(&self) -> Result<(), StoreError> {
        while self.is_flush_due() {
            self.flush_one(&lock(&self.changing))?;
        }
        self.expire()?;
        self.compact()
    }

    fn is_flush_due(&self) -> bool {
        let state = lock(&self.state);
        state.frozen.is_some() || state.memory.len() >= self.options.flush_rows
    }

    /// Returns when what has been written is on the disk.
    pub(super) fn sync(&self) -> Result<(), StoreError> {
        let _syncing = lock(&self.syncing);
        let files = lock(&self.state).log_files();
        // The dictionary comes first, since rows of the log need it.
        files.iter().try_for_each(|file| {
            let began = Instant::now();
            if file.sync()? {
                self.told_sync(began);
            }
            Ok(())
        })
    }

    /// Writes the memory table to files, after the one that an earlier flush could not write.
    pub(super) fn flush(&self) -> Result<u64, StoreError> {
        let changing = lock(&self.changing);
        let mut rows = 0;
        if lock(&self.state).frozen.is_some() {
            rows = self.flush_one(&changing)?;
        }
        Ok(rows + self.flush_one(&changing)?)
    }

    /// Writes the frozen memory table to files, the one that takes rows if none is frozen.
    fn flush_one(&self, _changing: &MutexGuard<'_, ()>) -> Result<u64, StoreError> {
        let Some(frozen) = lock(&self.state).freeze(&self.dirs.log)? else { return Ok(0) };
        let done = self.write_frozen(&frozen);
        lock(&self.state).flush_failure = done.as_ref().err().map(ToString::to_string);
        self.flushed.notify_all();
        done.map(|()| frozen.memory.len() as u64)
    }

    fn write_frozen(&self, frozen: &Frozen) -> Result<(), StoreError> {
        let began = Instant::now();
        self.sync()?;
        sync_dir(&self.dirs.log)?;
        // A copy, so that writers who bring new dimension sets need not wait for the files.
        let dictionary = read(&self.dictionary).clone();
        let mut change = self.change();
        change.flush(&frozen.memory, self.oldest_kept(), &dictionary, &self.cache)?;
        self.commit(change, Some(frozen))?;
        self.told_flush(frozen.memory.len(), began);
        needed_segments(&self.dirs.log, frozen.next_segment).map(drop)
    }

    /// Removes the files of hours that are past the table's life.
    fn expire(&self) -> Result<(), StoreError> {
        let _changing = lock(&self.changing);
        let mut change = self.change();
        let files = change.expire(self.oldest_kept());
        if files == 0 {
            return Ok(());
        }
        self.commit(change, None)?;
        self.told_expiry(files);
        Ok(())
    }

    /// Merges files until no hour has many of one size.
    fn compact(&self) -> Result<(), StoreError> {
        let _changing = lock(&self.changing);
        loop {
            let mut change = self.change();
            let Some((hour, files)) = crowded(&change.hours) else { return Ok(()) };
            let began = Instant::now();
            let dictionary = read(&self.dictionary).clone();
            change.compact(hour, &files, &dictionary)?;
            let count = files.len();
            drop(files);
            self.commit(change, None)?;
            self.told_compaction(hour, count, began);
        }
    }

    fn change(&self) -> Change {
        let state = lock(&self.state);
        Change::new(self.dirs.data.clone(), state.hours.clone(), state.next_file)
    }

    /// Makes a change count: on the disk first, then for readers and writers. `written`: the frozen memory
    /// table whose rows it holds.
    fn commit(&self, mut change: Change, written: Option<&Frozen>) -> Result<(), StoreError> {
        sync_dir(&self.dirs.data)?;
        let sets = read(&self.dictionary).sets().len();
        let first_segment = {
            let mut state = lock(&self.state);
            state.next_file = change.next_file;
            written.map_or(state.first_segment, |frozen| frozen.next_segment)
        };
        change.keep();
        Manifest::new(first_segment, change.next_file, sets, change.hours.entries())
            .store(&self.dirs.table)?;
        let mut state = lock(&self.state);
        let before = std::mem::replace(&mut state.hours, change.commit());
        state.first_segment = first_segment;
        if written.is_some() {
            state.written();
        }
        drop(state);
        // Files that nothing holds are removed here, without the lock.
        drop(before);
        Ok(())
    }
}
