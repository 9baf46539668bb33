//! Append-only files of checksummed frames. Not here: what a frame holds (`log`, `dictionary`).
//!
//! A frame is its payload's length (u32), its payload's XXH3 (u64), and the payload, little endian.

use std::fs::{File, OpenOptions};
use std::io::{BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use twox_hash::XxHash3_64;

use super::StoreError;
use super::codec::Malformed;

const HEADER: usize = 12;

/// A file that grows by whole frames.
pub(super) struct FrameFile {
    path: PathBuf,
    file: Arc<File>,
    /// Bytes of whole frames.
    len: u64,
    /// Whether it has bytes that may not have reached the disk.
    dirty: Arc<AtomicBool>,
    /// Set where a failed append could not be undone: what follows would be unreadable.
    broken: bool,
    scratch: Vec<u8>,
}

impl FrameFile {
    /// Opens the file, which is made if missing, and shows each frame's payload to `visit`.
    ///
    /// The file is cut, with a warning, at the first frame that is torn or that `visit` does not understand.
    pub(super) fn open(
        path: &Path,
        visit: impl FnMut(&[u8]) -> Result<(), Malformed>,
    ) -> Result<Self, StoreError> {
        let open = || -> std::io::Result<(File, u64)> {
            let file = OpenOptions::new().read(true).append(true).create(true).open(path)?;
            let found = file.metadata()?.len();
            let len = whole_frames(&file, found, visit)?;
            if len < found {
                tracing::warn!(
                    "{}: cut the last {} bytes, a write that was torn",
                    path.display(),
                    found - len
                );
                file.set_len(len)?;
                file.sync_data()?;
            }
            Ok((file, len))
        };
        let (file, len) = open().map_err(StoreError::io(path))?;
        let file = Arc::new(file);
        Ok(Self {
            path: path.to_owned(),
            file,
            len,
            dirty: Arc::default(),
            broken: false,
            scratch: Vec::new(),
        })
    }

    /// Appends a frame with `write(2)`; on an error the file is as it was before.
    pub(super) fn append(&mut self, payload: &[u8]) -> Result<(), StoreError> {
        if self.broken {
            let what = "an earlier write failed halfway and could not be undone".to_owned();
            return Err(StoreError::Damaged { path: self.path.clone(), what });
        }
        let len = u32::try_from(payload.len())
            .map_err(|_| StoreError::io(&self.path)(std::io::ErrorKind::FileTooLarge.into()))?;
        self.scratch.clear();
        self.scratch.extend_from_slice(&len.to_le_bytes());
        self.scratch.extend_from_slice(&XxHash3_64::oneshot(payload).to_le_bytes());
        self.scratch.extend_from_slice(payload);
        if let Err(source) = (&*self.file).write_all(&self.scratch) {
            self.broken = self.file.set_len(self.len).is_err();
            return Err(StoreError::io(&self.path)(source));
        }
        self.len += self.scratch.len() as u64;
        self.dirty.store(true, Ordering::Release);
        Ok(())
    }

    /// Bytes of the file.
    pub(super) fn len(&self) -> u64 {
        self.len
    }

    /// What it takes to sync the file without a lock on `self`.
    pub(super) fn sync_handle(&self) -> SyncHandle {
        let (path, file, dirty) = (self.path.clone(), Arc::clone(&self.file), Arc::clone(&self.dirty));
        SyncHandle { path, file, dirty }
    }
}

/// Syncs a file of frames.
#[derive(Clone)]
pub(super) struct SyncHandle {
    path: PathBuf,
    file: Arc<File>,
    dirty: Arc<AtomicBool>,
}

impl SyncHandle {
    /// Returns when the frames appended before the call are on the disk; false where they were already.
    pub(super) fn sync(&self) -> Result<bool, StoreError> {
        if !self.dirty.swap(false, Ordering::AcqRel) {
            return Ok(false);
        }
        self.file.sync_data().map(|()| true).map_err(|error| {
            self.dirty.store(true, Ordering::Release);
            StoreError::io(&self.path)(error)
        })
    }
}

/// Bytes up to the end of the last good frame.
fn whole_frames(
    file: &File,
    found: u64,
    mut visit: impl FnMut(&[u8]) -> Result<(), Malformed>,
) -> std::io::Result<u64> {
    let mut reader = BufReader::with_capacity(1 << 20, file);
    let mut payload = Vec::new();
    let mut end = 0;
    while found - end >= HEADER as u64 {
        let mut header = [0; HEADER];
        reader.read_exact(&mut header)?;
        let (len, checksum) = header.split_at(4);
        let len = len.iter().rev().fold(0_u64, |value, &byte| value << 8 | u64::from(byte));
        let checksum = checksum.iter().rev().fold(0_u64, |value, &byte| value << 8 | u64::from(byte));
        if len > found - end - HEADER as u64 {
            break;
        }
        payload.resize(len as usize, 0);
        reader.read_exact(&mut payload)?;
        if XxHash3_64::oneshot(&payload) != checksum || visit(&payload).is_err() {
            break;
        }
        end += HEADER as u64 + len;
    }
    Ok(end)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frames(path: &Path) -> Vec<Vec<u8>> {
        let mut seen = Vec::new();
        FrameFile::open(path, |payload| {
            seen.push(payload.to_vec());
            Ok(())
        })
        .unwrap();
        seen
    }

    #[test]
    fn a_frame_cut_at_any_byte_is_dropped_and_the_file_goes_on() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("frames");
        let mut file = FrameFile::open(&path, |_| Ok(())).unwrap();
        file.append(b"first").unwrap();
        file.append(b"second").unwrap();
        let whole = std::fs::read(&path).unwrap();
        for cut in HEADER + 5..whole.len() {
            std::fs::write(&path, &whole[..cut]).unwrap();
            assert_eq!(frames(&path), [b"first"], "cut at {cut}");
            FrameFile::open(&path, |_| Ok(())).unwrap().append(b"third").unwrap();
            assert_eq!(frames(&path), [b"first", b"third"]);
        }
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn a_full_disk_that_leaves_half_a_frame_ends_all_writing() {
        let mut file = FrameFile::open(Path::new("/dev/full"), |_| Ok(())).unwrap();
        let error = file.append(b"frame").unwrap_err().to_string();
        assert!(error.starts_with("/dev/full: No space left on device"), "{error}");
        let error = file.append(b"frame").unwrap_err().to_string();
        assert!(error.contains("an earlier write failed halfway and could not be undone"), "{error}");
    }

    #[test]
    fn a_flipped_bit_ends_the_file() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("frames");
        let mut file = FrameFile::open(&path, |_| Ok(())).unwrap();
        file.append(b"first").unwrap();
        file.append(b"second").unwrap();
        let whole = std::fs::read(&path).unwrap();
        for at in HEADER + 5..whole.len() {
            let mut bytes = whole.clone();
            bytes[at] ^= 1;
            std::fs::write(&path, &bytes).unwrap();
            assert_eq!(frames(&path), [b"first"], "flipped at {at}");
        }
    }
}
