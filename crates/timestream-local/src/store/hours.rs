//! The files of a table by hour, with the marks that tell which records cannot be in them. Not here: the
//! look-up itself (`lookup`).

use std::collections::BTreeMap;
use std::sync::Arc;

use super::file::{FileEntry, SnapshotFile};
use super::folder::Folder;
use super::keys::{Key, end_of, hour_of};

/// How many hours keep marks; in the others every record up to the latest time is looked up.
const MARKED_HOURS: usize = 8;

/// All files of a table. Cloned for each change, so that readers need no lock for long.
#[derive(Clone, Default)]
pub(super) struct Hours(BTreeMap<i64, Hour>);

/// The files of one hour. No two of them hold the same identity.
#[derive(Clone, Default)]
struct Hour {
    files: Vec<Arc<SnapshotFile>>,
    /// The latest time in the files of each dimension set.
    marks: Option<Arc<Vec<i64>>>,
}

impl Hours {
    pub(super) fn load(folder: &Arc<Folder>, entries: &[FileEntry]) -> Self {
        let mut hours = Self::default();
        for &entry in entries {
            hours.add(Arc::new(SnapshotFile::new(folder, entry)));
        }
        hours
    }

    pub(super) fn files(&self) -> impl Iterator<Item = &Arc<SnapshotFile>> {
        self.0.values().flat_map(|hour| &hour.files)
    }

    pub(super) fn entries(&self) -> Vec<FileEntry> {
        self.files().map(|file| file.entry).collect()
    }

    /// The files of an hour.
    pub(super) fn of(&self, hour: i64) -> &[Arc<SnapshotFile>] {
        self.0.get(&hour).map_or(&[], |hour| &hour.files)
    }

    /// The hours that have files.
    pub(super) fn hours(&self) -> impl Iterator<Item = i64> {
        self.0.keys().copied()
    }

    /// The files that may hold an identity; none for a record later than all of its dimension set.
    pub(super) fn candidates(&self, key: Key) -> impl Iterator<Item = &Arc<SnapshotFile>> {
        let hour = self.0.get(&hour_of(key.time));
        let hour = hour.filter(|hour| match &hour.marks {
            Some(marks) => marks.get(key.set as usize).is_some_and(|&mark| key.time <= mark),
            None => true,
        });
        let files = hour.map_or([].as_slice(), |hour| &hour.files);
        files.iter().filter(move |file| (file.entry.oldest..=file.entry.newest).contains(&key.time))
    }

    pub(super) fn add(&mut self, file: Arc<SnapshotFile>) {
        self.0.entry(file.entry.hour).or_default().files.push(file);
    }

    /// Takes files out; they are not retired.
    pub(super) fn remove(&mut self, hour: i64, files: &[Arc<SnapshotFile>]) {
        if let Some(there) = self.0.get_mut(&hour) {
            there.files.retain(|file| !files.iter().any(|gone| Arc::ptr_eq(gone, file)));
            if there.files.is_empty() {
                self.0.remove(&hour);
            }
        }
    }

    /// Whether there are files of hours that ended at or before `time`.
    pub(super) fn has_before(&self, time: i64) -> bool {
        self.0.keys().next().is_some_and(|&hour| end_of(hour) <= time)
    }

    /// Takes out all files of the hours that ended at or before `time`.
    pub(super) fn remove_before(&mut self, time: i64) -> Vec<Arc<SnapshotFile>> {
        let expired = self.0.keys().copied().take_while(|&hour| end_of(hour) <= time).collect::<Vec<_>>();
        expired.into_iter().filter_map(|hour| self.0.remove(&hour)).flat_map(|hour| hour.files).collect()
    }

    /// The marks of an hour to which more rows are about to go, for `sets` dimension sets.
    pub(super) fn marks(&self, hour: i64, sets: usize) -> Vec<i64> {
        let (mut marks, otherwise) = match self.0.get(&hour) {
            None => (Vec::new(), i64::MIN),
            Some(Hour { marks: Some(marks), .. }) => (marks.to_vec(), i64::MIN),
            Some(Hour { files, marks: None }) => {
                (Vec::new(), files.iter().map(|file| file.entry.newest).max().unwrap_or(i64::MIN))
            }
        };
        marks.resize(sets.max(marks.len()), otherwise);
        marks
    }

    /// Sets the marks of an hour, and forgets those of the earliest hours where there are too many.
    pub(super) fn set_marks(&mut self, hour: i64, marks: Vec<i64>) {
        if let Some(hour) = self.0.get_mut(&hour) {
            hour.marks = Some(Arc::new(marks));
        }
        let marked = self.0.values_mut().rev().filter(|hour| hour.marks.is_some());
        for hour in marked.skip(MARKED_HOURS) {
            hour.marks = None;
        }
    }
}
