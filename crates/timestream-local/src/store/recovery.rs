//! A table's directory into a table: what the manifest names, what the log holds, and the removal of what
//! an interrupted flush left. Not here: the formats of the files.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;

use super::batch;
use super::codec::Malformed;
use super::dictionary::Dictionary;
use super::file::FileEntry;
use super::folder::Folder;
use super::frames::{FrameFile, Rest, good_frames, whole_frames};
use super::hours::Hours;
use super::log::{rows, segment_number, segment_path};
use super::manifest::Manifest;
use super::memory::Memory;
use super::state::State;
use super::{StoreError, sync_dir};

/// A table as its directory says.
pub(super) struct Opened {
    pub folder: Arc<Folder>,
    pub dictionary: Dictionary,
    pub state: State,
    /// The number of the next Parquet file.
    pub next_file: u64,
}

/// Opens what is in `dir`, an empty table if there is nothing.
pub(super) fn open(dir: &Path, in_memory: &Arc<AtomicUsize>) -> Result<Opened, StoreError> {
    let folder = Arc::new(Folder::open(dir)?);
    let manifest = match Manifest::load(dir)? {
        Some(manifest) => manifest,
        None => new_table(&folder)?,
    };
    let mut dictionary = Dictionary::default();
    let path = dir.join("dictionary");
    let definitions = FrameFile::open(&path, Rest::Refuse, |frame| dictionary.restore(frame))?;
    if dictionary.sets().len() < manifest.sets {
        let what =
            format!("it has {} dimension sets and files need {}", dictionary.sets().len(), manifest.sets);
        return Err(StoreError::Damaged { path, what });
    }
    remove_leftovers(&folder.data, &manifest.files)?;
    let segments = needed_segments(&folder.log, manifest.first_segment)?;
    let mut memory = Memory::new(in_memory, 0);
    let (mut segment, mut log) = (manifest.first_segment, None::<FrameFile>);
    for next in segments {
        let earlier = log.replace(replay(&segment_path(&folder.log, next), &dictionary, &mut memory)?);
        segment = next;
        // Nobody writes to it any more, so nobody would bring its end to the disk.
        earlier.map_or(Ok(()), |earlier| earlier.sync_handle().sync())?;
    }
    let log = match log {
        Some(log) => log,
        None => FrameFile::open(&segment_path(&folder.log, segment), Rest::Keep, |_| Ok(()))?,
    };
    sync_dir(&folder.log)?;
    sync_dir(&folder.table)?;
    dir.parent().map_or(Ok(()), sync_dir)?;
    let hours = Hours::load(&folder, &manifest.files);
    let state = State::new(memory, (segment, log), definitions, hours, &manifest);
    Ok(Opened { folder, dictionary, state, next_file: manifest.next_file })
}

/// The manifest of a table that has written no file yet, so that its first segment is there.
fn new_table(folder: &Folder) -> Result<Manifest, StoreError> {
    let manifest = Manifest::empty();
    let first = segment_path(&folder.log, manifest.first_segment);
    let is_new = first.exists() || (list(&folder.log)?.is_empty() && list(&folder.data)?.is_empty());
    if is_new {
        return Ok(manifest);
    }
    let what = "it is missing, and there are rows that only it can tell of".to_owned();
    Err(StoreError::Damaged { path: Manifest::path(&folder.table), what })
}

/// Inserts the rows of a segment.
fn replay(path: &Path, dictionary: &Dictionary, memory: &mut Memory) -> Result<FrameFile, StoreError> {
    FrameFile::open(path, Rest::Keep, |frame| insert(frame, dictionary, memory))
}

/// Inserts the rows of a frame.
fn insert(frame: &[u8], dictionary: &Dictionary, memory: &mut Memory) -> Result<(), Malformed> {
    for logged in rows(frame, dictionary)? {
        let values = logged.columns.into_iter().zip(logged.values);
        memory.insert(logged.row, values, dictionary.columns(), logged.overwrites);
    }
    memory.charge_rows();
    Ok(())
}

/// Reads `bytes` as a dictionary's file, for fuzzing.
pub(crate) fn recover_frames(bytes: &[u8]) {
    let mut dictionary = Dictionary::default();
    let read = good_frames(bytes, bytes.len() as u64, &mut |frame| dictionary.restore(frame));
    let good = read.ok().and_then(|good| usize::try_from(good).ok());
    let behind =
        good.and_then(|good| bytes.get(good..)).expect("a slice is read without errors, to its end at most");
    for frame in whole_frames(behind) {
        assert!(behind.get(frame).is_some(), "a frame is within the bytes");
    }
}

/// Reads the content of a dictionary's frame and of a log's, and what a query would see of them, for fuzzing.
pub(crate) fn recover_rows(definitions: &[u8], rows: &[u8]) {
    let (mut dictionary, mut memory) = (Dictionary::default(), Memory::new(&Arc::default(), 0));
    if dictionary.restore(definitions).is_ok() && insert(rows, &dictionary, &mut memory).is_ok() {
        let (schema, dictionary) = (Arc::clone(&dictionary.layout().schema), dictionary.into());
        for chunk in memory.copy() {
            // A column that no query could read is an error then, and not a panic.
            let _ = batch::of_chunk(&chunk, &schema, &dictionary);
        }
    }
}

/// Removes files that the manifest does not name.
fn remove_leftovers(dir: &Path, named: &[FileEntry]) -> Result<(), StoreError> {
    let names: hashbrown::HashSet<String, foldhash::fast::FixedState> =
        named.iter().map(FileEntry::name).collect();
    for path in list(dir)? {
        let known = path.file_name().and_then(|name| name.to_str()).is_some_and(|name| names.contains(name));
        if !known {
            std::fs::remove_file(&path).map_err(StoreError::io(&path))?;
        }
    }
    Ok(())
}

/// The segments from `first` on, in order; earlier ones are removed.
pub(super) fn needed_segments(dir: &Path, first: u64) -> Result<Vec<u64>, StoreError> {
    let mut needed = Vec::new();
    for path in list(dir)? {
        match segment_number(&path) {
            Some(number) if number >= first => needed.push(number),
            Some(_) => std::fs::remove_file(&path).map_err(StoreError::io(&path))?,
            None => {}
        }
    }
    needed.sort_unstable();
    Ok(needed)
}

fn list(dir: &Path) -> Result<Vec<PathBuf>, StoreError> {
    let list = || std::fs::read_dir(dir)?.map(|entry| Ok(entry?.path())).collect::<std::io::Result<_>>();
    list().map_err(StoreError::io(dir))
}
