//! Whether an identity is in a file, and with which version and values. Not here: which files may hold it
//! (`hours`).
//!
//! A file knows the first identity of each row group, so a look-up reads one row group at the most. Its
//! identities then stay in a bounded cache: late records come in swarms.

use std::sync::{Arc, Mutex, RwLock};

use foldhash::fast::FixedState;
use hashbrown::HashMap;

use super::StoreError;
use super::dictionary::Dictionary;
use super::file::SnapshotFile;
use super::hours::Hours;
use super::keys::{Key, Stored};
use super::locks::{lock, read};
use super::merge::SortedRows;
use super::values::add_digests;

/// Identities of the row groups that were looked up last, in the files of all tables.
pub(super) struct KeyCache {
    /// Bytes that it may hold.
    bound: usize,
    groups: Mutex<Groups>,
}

/// A row group: the number of its table, that of its file, its place there.
type GroupId = (u64, u64, usize);

#[derive(Default)]
struct Groups {
    by_id: HashMap<GroupId, (Arc<RowGroup>, u64), FixedState>,
    bytes: usize,
    /// Counts look-ups; the row group with the lowest count goes first.
    clock: u64,
}

/// The identities of a row group. Rows of a series are a run in ascending order of time.
struct RowGroup {
    runs: HashMap<(u16, u32), (u32, u32), FixedState>,
    times: Vec<i64>,
    stored: Vec<Stored>,
}

impl KeyCache {
    /// An empty cache that holds `bound` bytes at the most, and one row group at the least.
    pub(super) fn new(bound: usize) -> Self {
        Self { bound, groups: Mutex::default() }
    }

    /// What a file of the table with this number holds of an identity; none where it would have to be read.
    fn cached(
        &self,
        table: u64,
        file: &SnapshotFile,
        key: Key,
        dictionary: &Dictionary,
    ) -> Option<Option<Stored>> {
        match file.known_index()?.row_group(key, dictionary) {
            None => Some(None),
            Some(group) => {
                lock(&self.groups).get((table, file.entry.number, group)).map(|rows| rows.find(key))
            }
        }
    }

    /// What a file of the table with this number holds of an identity.
    pub(super) fn find(
        &self,
        table: u64,
        file: &SnapshotFile,
        key: Key,
        dictionary: &Dictionary,
    ) -> Result<Option<Stored>, StoreError> {
        let Some(group) = file.index()?.row_group(key, dictionary) else {
            return Ok(None);
        };
        let id = (table, file.entry.number, group);
        if let Some(rows) = lock(&self.groups).get(id) {
            return Ok(rows.find(key));
        }
        // Read without the lock, for those who ask for others; two may read the same, which does no harm.
        let rows = Arc::new(RowGroup::read(file, group, dictionary)?);
        let found = rows.find(key);
        lock(&self.groups).put(id, rows, self.bound);
        Ok(found)
    }
}

/// Looks identities up in the files of one table.
pub(super) struct Lookup<'a> {
    /// The table's number.
    pub table: u64,
    pub cache: &'a KeyCache,
    /// The files.
    pub hours: Arc<Hours>,
    /// Locked for each identity anew: one that takes a while must not hold up those who define names.
    pub dictionary: &'a RwLock<Dictionary>,
}

impl Lookup<'_> {
    /// What the files hold of identities.
    pub(super) fn read(self, keys: impl Iterator<Item = Key>) -> Result<Known, StoreError> {
        let Self { table, cache, hours, dictionary } = self;
        Known::find(hours, keys, |file, key| cache.find(table, file, key, &read(dictionary)))
    }

    /// The same; none where a file would have to be read.
    pub(super) fn cached(self, keys: impl Iterator<Item = Key>) -> Option<Known> {
        let Self { table, cache, hours, dictionary } = self;
        let cached = |file: &SnapshotFile, key| cache.cached(table, file, key, &read(dictionary)).ok_or(());
        Known::find(hours, keys, cached).ok()
    }
}

/// What the files of a table hold of some identities.
pub(super) struct Known {
    /// The files.
    hours: Arc<Hours>,
    /// In the order of the identities, up to the last one that is there.
    stored: Vec<Option<Stored>>,
}

impl Known {
    fn find<E>(
        hours: Arc<Hours>,
        keys: impl Iterator<Item = Key>,
        mut find: impl FnMut(&SnapshotFile, Key) -> Result<Option<Stored>, E>,
    ) -> Result<Self, E> {
        let mut stored = Vec::new();
        for (at, key) in keys.enumerate() {
            for file in hours.candidates(key) {
                if let found @ Some(_) = find(file, key)? {
                    stored.resize(at, None);
                    stored.push(found);
                    break;
                }
            }
        }
        Ok(Self { hours, stored })
    }

    /// Whether it is about these files, and so about all there are.
    pub(super) fn is_of(&self, hours: &Arc<Hours>) -> bool {
        Arc::ptr_eq(&self.hours, hours)
    }

    /// What they hold of the identity at this place.
    pub(super) fn of(&self, at: usize) -> Option<Stored> {
        self.stored.get(at).copied().flatten()
    }
}

impl Groups {
    fn get(&mut self, id: GroupId) -> Option<Arc<RowGroup>> {
        self.clock += 1;
        let (rows, used) = self.by_id.get_mut(&id)?;
        *used = self.clock;
        Some(Arc::clone(rows))
    }

    /// Adds a row group, and drops what was looked up longest ago until the rest fits.
    fn put(&mut self, id: GroupId, rows: Arc<RowGroup>, bound: usize) {
        self.bytes += rows.bytes();
        if let Some((same, _)) = self.by_id.insert(id, (rows, self.clock)) {
            self.bytes -= same.bytes();
        }
        while self.bytes > bound && self.by_id.len() > 1 {
            let oldest = self.by_id.iter().min_by_key(|(_, (_, used))| *used).map(|(id, _)| *id);
            let Some((rows, _)) = oldest.and_then(|id| self.by_id.remove(&id)) else {
                return;
            };
            self.bytes -= rows.bytes();
        }
    }
}

impl RowGroup {
    fn read(file: &SnapshotFile, group: usize, dictionary: &Dictionary) -> Result<Self, StoreError> {
        let is_dimension = |name: &str| dictionary.sets().has_dimension(name);
        let reader = file.reader(|name| !is_dimension(name))?.with_row_groups(vec![group]).build();
        let mut read = Self { runs: HashMap::default(), times: Vec::new(), stored: Vec::new() };
        for batch in reader.map_err(StoreError::parquet(&file.path))? {
            let batch = batch?;
            let damaged = |what| StoreError::Damaged { path: file.path.clone(), what };
            let rows = SortedRows::of(&batch, dictionary).map_err(damaged)?;
            let mut digests = vec![0; rows.len()];
            for (id, column) in (0..).zip(dictionary.columns()) {
                if let Some(array) = batch.column_by_name(&column.name) {
                    add_digests(id, column.kind, array, &mut digests);
                }
            }
            read.append(&rows, &digests);
        }
        Ok(read)
    }

    fn append(&mut self, rows: &SortedRows, digests: &[u64]) {
        for (row, &digest) in digests.iter().enumerate() {
            // A row group has fewer rows than a u32 counts.
            let at = self.times.len() as u32;
            let key = rows.key(row);
            self.runs.entry((key.measure, key.set)).or_insert((at, at)).1 = at + 1;
            self.times.push(key.time);
            self.stored.push(Stored { version: rows.version(row), digest });
        }
    }

    /// Bytes held, about.
    fn bytes(&self) -> usize {
        const RUN: usize = size_of::<((u16, u32), (u32, u32))>() + 1;
        let row = size_of::<i64>() + size_of::<Stored>();
        self.times.capacity() * row + self.runs.capacity() * RUN
    }

    fn find(&self, key: Key) -> Option<Stored> {
        let &(start, end) = self.runs.get(&(key.measure, key.set))?;
        let (start, end) = (start as usize, end as usize);
        let at = self.times[start..end].binary_search(&key.time).ok()?;
        Some(self.stored[start + at])
    }
}
