//! What a table does in the background: sync the log, flush, expire, compact. Not here: how each of them
//! works.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::Duration;

use super::StoreError;
use super::compaction::crowded;
use super::flush::Change;
use super::locks::{lock, read};
use super::manifest::{Manifest, sync_dir};
use super::recovery::needed_segments;
use super::state::Frozen;
use super::table::Shared;

/// The longest time that a written record waits for its sync, and an expired hour for its removal.
const INTERVAL: Duration = Duration::from_secs(1);

/// A table's background thread. Dropping it stops the thread and waits for its end.
pub(super) struct Worker {
    wake: Option<SyncSender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Worker {
    pub(super) fn start(shared: Arc<Shared>) -> std::io::Result<Self> {
        let (wake, woken) = sync_channel(1);
        let thread =
            std::thread::Builder::new().name("store".to_owned()).spawn(move || run(&shared, &woken))?;
        Ok(Self { wake: Some(wake), thread: Some(thread) })
    }

    /// Lets the thread look for work now.
    pub(super) fn wake(&self) {
        if let Some(wake) = &self.wake {
            // A full channel means that it is about to look anyway.
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

fn run(shared: &Shared, woken: &Receiver<()>) {
    let mut failure = None;
    loop {
        let stop = woken.recv_timeout(INTERVAL) == Err(RecvTimeoutError::Disconnected);
        let done = if stop { shared.sync() } else { shared.maintain() };
        let now = done.err().map(|error| error.to_string());
        // A failure is told once, not every second.
        if now != failure {
            match &now {
                Some(failure) => tracing::error!("{}: {failure}", shared.dirs.table.display()),
                None => tracing::info!("{}: written to again", shared.dirs.table.display()),
            }
        }
        failure = now;
        if stop {
            return;
        }
    }
}

impl Shared {
    /// Everything that is due.
    pub(super) fn maintain(&self) -> Result<(), StoreError> {
        self.sync()?;
        let due = {
            let state = lock(&self.state);
            state.frozen.is_some() || state.memory.len() >= self.options.flush_rows
        };
        if due {
            self.flush()?;
        }
        self.expire()?;
        self.compact()
    }

    /// Returns when what has been written is on the disk.
    fn sync(&self) -> Result<(), StoreError> {
        let unsynced = lock(&self.state).unsynced();
        for file in unsynced {
            file.sync()?;
        }
        Ok(())
    }

    /// Writes the memory table to files.
    pub(super) fn flush(&self) -> Result<(), StoreError> {
        let _changing = lock(&self.changing);
        // One that an earlier flush could not write goes first.
        loop {
            let frozen = lock(&self.state).freeze(&self.dirs.log)?;
            let Some(frozen) = frozen else { return Ok(()) };
            let done = self.write_frozen(&frozen);
            lock(&self.state).flush_failure = done.as_ref().err().map(ToString::to_string);
            self.flushed.notify_all();
            done?;
        }
    }

    fn write_frozen(&self, frozen: &Frozen) -> Result<(), StoreError> {
        self.sync()?;
        let mut change = self.change();
        change.flush(&frozen.memory, self.oldest_kept(), &self.dictionary, &self.cache)?;
        self.commit(change, Some(frozen))?;
        needed_segments(&self.dirs.log, frozen.next_segment).map(drop)
    }

    /// Removes the files of hours that are past the table's life.
    fn expire(&self) -> Result<(), StoreError> {
        let _changing = lock(&self.changing);
        let mut change = self.change();
        if !change.expire(self.oldest_kept()) {
            return Ok(());
        }
        self.commit(change, None)
    }

    /// Merges files until no hour has many of one size.
    fn compact(&self) -> Result<(), StoreError> {
        let _changing = lock(&self.changing);
        loop {
            let mut change = self.change();
            let Some((hour, files)) = crowded(&change.hours) else { return Ok(()) };
            change.compact(hour, &files, &self.dictionary)?;
            drop(files);
            self.commit(change, None)?;
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
        state.hours = change.commit();
        state.first_segment = first_segment;
        if written.is_some() {
            state.frozen = None;
        }
        Ok(())
    }
}
