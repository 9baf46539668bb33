//! Append-only files of checksummed frames. Not here: what a frame holds (`log`, `dictionary`), what a start
//! makes of a file that does not end in a whole frame (`frames::repair`).
//!
//! A frame is a header and a payload (`frames::header`).

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use super::StoreError;
use super::codec::Malformed;
use crate::disk;
use header::Header;

mod header;
mod repair;
#[cfg(test)]
mod tests;

pub(super) use repair::{Rest, good_frames, whole_frames};

/// A file that grows by whole frames.
pub(super) struct FrameFile {
    disk: Arc<Disk>,
    /// Bytes of whole frames.
    len: u64,
    /// Set where a failed append could not be undone: what follows would be unreadable.
    broken: bool,
    scratch: Vec<u8>,
}

/// The file, and how far it is on its way to the disk.
struct Disk {
    path: PathBuf,
    file: File,
    /// Whether it has bytes that may not have reached the disk.
    dirty: AtomicBool,
    /// Why a sync failed. After that the system may have dropped what was not on the disk, and a later sync
    /// would succeed for nothing: no sync of this file is believed any more.
    failure: OnceLock<String>,
}

impl FrameFile {
    /// Opens the file, which is made if missing, and shows each frame's payload to `visit`.
    ///
    /// A torn end is cut, with a warning; `rest` says what becomes of whole frames behind a damaged one.
    pub(super) fn open(
        path: &Path,
        rest: Rest,
        visit: impl FnMut(&[u8]) -> Result<(), Malformed>,
    ) -> Result<Self, StoreError> {
        let len = repair::open(path, rest, visit)?;
        Self::open_whole(path, len)
    }

    /// Opens a file of which `len` bytes of whole frames are known to be all there is.
    fn open_whole(path: &Path, len: u64) -> Result<Self, StoreError> {
        let file = open(path).map_err(StoreError::io(path))?;
        // Where the file comes from a killed server, its end may not be on the disk.
        let dirty = AtomicBool::new(len > 0);
        let disk = Arc::new(Disk { path: path.to_owned(), file, dirty, failure: OnceLock::new() });
        Ok(Self { disk, len, broken: false, scratch: Vec::new() })
    }

    /// Bytes of whole frames.
    pub(super) fn len(&self) -> u64 {
        self.len
    }

    /// Appends a frame with `write(2)`; on an error the file is as it was before.
    pub(super) fn append(&mut self, payload: &[u8]) -> Result<(), StoreError> {
        let path = &self.disk.path;
        if let Some(failure) = self.disk.failure.get() {
            return Err(StoreError::Unsynced { path: path.clone(), why: failure.clone() });
        }
        if self.broken {
            let what = "an earlier write failed halfway and could not be undone".to_owned();
            return Err(StoreError::Damaged { path: path.clone(), what });
        }
        let too_large = || StoreError::io(path)(std::io::ErrorKind::FileTooLarge.into());
        let header = Header::of(payload).ok_or_else(too_large)?;
        self.scratch.clear();
        self.scratch.extend_from_slice(&header.to_bytes());
        self.scratch.extend_from_slice(payload);
        if let Err(source) = (&self.disk.file).write_all(&self.scratch) {
            self.broken = self.disk.file.set_len(self.len).is_err();
            return Err(StoreError::io(path)(source));
        }
        self.len += self.scratch.len() as u64;
        self.disk.dirty.store(true, Ordering::Release);
        Ok(())
    }

    /// What it takes to sync the file without a lock on `self`.
    pub(super) fn sync_handle(&self) -> SyncHandle {
        SyncHandle(Arc::clone(&self.disk))
    }

    /// Whether it takes no more frames, after a sync or an append that failed.
    pub(super) fn is_unusable(&self) -> bool {
        self.broken || self.disk.failure.get().is_some()
    }

    /// Writes the file anew, out of what the system still holds of it, and goes on in the copy. This is what
    /// helps after a failed sync, when the disk is well again.
    pub(super) fn renew(&mut self) -> Result<(), StoreError> {
        let path = &self.disk.path;
        let mut bytes = std::fs::read(path).map_err(StoreError::io(path))?;
        bytes.truncate(self.len as usize);
        if repair::whole_frames(&bytes).map(|frame| frame.len()).sum::<usize>() as u64 != self.len {
            let what = "it was lost in part when a sync of it failed".to_owned();
            return Err(StoreError::Damaged { path: path.clone(), what });
        }
        disk::replace(path, &[&bytes]).map_err(StoreError::io(path))?;
        let (path, len) = (path.clone(), self.len);
        *self = Self::open_whole(&path, len)?;
        Ok(())
    }
}

/// Syncs a file of frames.
#[derive(Clone)]
pub(super) struct SyncHandle(Arc<Disk>);

impl SyncHandle {
    /// Returns when the frames appended before the call are on the disk. One call at a time.
    pub(super) fn sync(&self) -> Result<(), StoreError> {
        let Disk { path, file, dirty, failure } = &*self.0;
        if failure.get().is_none()
            && dirty.swap(false, Ordering::AcqRel)
            && let Err(error) = file.sync_data()
        {
            failure.get_or_init(|| error.to_string());
        }
        match failure.get() {
            Some(why) => Err(StoreError::Unsynced { path: path.clone(), why: why.clone() }),
            None => Ok(()),
        }
    }
}

fn open(path: &Path) -> std::io::Result<File> {
    OpenOptions::new().read(true).append(true).create(true).open(path)
}
