//! What is known of a file's inside: the first identity of each row group, which the file keeps itself. Not here:
//! looking up what is in a row group (`lookup`).

use std::fs::File;
use std::path::Path;

use datafusion::parquet::arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions};
use datafusion::parquet::file::metadata::KeyValue;

use crate::store::StoreError;
use crate::store::dictionary::Dictionary;
use crate::store::keys::Key;

/// The name that a file keeps the first identities under.
const FIRST_KEYS: &str = "timestream-local.first-keys";

/// What is read of a file once, when one of its rows is looked up.
#[derive(Debug)]
pub(in crate::store) struct FileIndex {
    first_keys: Vec<Key>,
}

impl FileIndex {
    /// Reads it of a file that is whole.
    ///
    /// # Errors
    /// `Damaged` where it is not there for each row group.
    pub(super) fn read(path: &Path) -> Result<Self, StoreError> {
        let (_, metadata) = open(path)?;
        let kept = metadata.metadata().file_metadata().key_value_metadata();
        let groups = metadata.metadata().num_row_groups();
        let first_keys = kept.and_then(|kept| read_first_keys(kept)).filter(|keys| keys.len() == groups);
        let damaged = || StoreError::Damaged {
            path: path.to_owned(),
            what: "the index of row groups is missing".to_owned(),
        };
        Ok(Self { first_keys: first_keys.ok_or_else(damaged)? })
    }

    /// The row group that holds an identity if any does.
    pub(in crate::store) fn row_group(&self, key: Key, dictionary: &Dictionary) -> Option<usize> {
        let behind = self.first_keys.partition_point(|first| dictionary.compare(*first, key).is_le());
        behind.checked_sub(1)
    }
}

/// A file and its layout, which is not kept: it takes some kilobytes a row group.
pub(super) fn open(path: &Path) -> Result<(File, ArrowReaderMetadata), StoreError> {
    let file = File::open(path).map_err(StoreError::io(path))?;
    let metadata = ArrowReaderMetadata::load(&file, ArrowReaderOptions::new());
    Ok((file, metadata.map_err(StoreError::parquet(path))?))
}

/// The first identities as a file keeps them.
pub(super) fn first_keys(keys: &[Key]) -> serde_json::Result<KeyValue> {
    let keys: Vec<_> = keys.iter().map(|key| (key.measure, key.set, key.time)).collect();
    Ok(KeyValue::new(FIRST_KEYS.to_owned(), serde_json::to_string(&keys)?))
}

fn read_first_keys(kept: &[KeyValue]) -> Option<Vec<Key>> {
    let entry = kept.iter().find(|entry| entry.key == FIRST_KEYS)?;
    let keys: Vec<(u16, u32, i64)> = serde_json::from_str(entry.value.as_deref()?).ok()?;
    Some(keys.into_iter().map(|(measure, set, time)| Key { time, set, measure }).collect())
}
