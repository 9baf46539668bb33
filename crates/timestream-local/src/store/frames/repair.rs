//! Reads a file of frames at a start, and mends what does not end in a whole frame. Not here: frames that
//! are appended (`frames`).
//!
//! A kill tears the last frame at most. A power cut may take any part of what was not yet synced, and a
//! bad disk any part at all, so whole frames can stand behind a damaged one. They are never cut off silently.

use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};
use std::ops::Range;
use std::path::Path;

use super::header::{HEADER, Header};
use crate::disk;
use crate::store::StoreError;
use crate::store::codec::Malformed;

/// What becomes of whole frames behind a damaged one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::store) enum Rest {
    /// They stay; the damaged ones are left out, and kept in a file beside.
    Keep,
    /// They mean nothing without the ones before, so the file is refused.
    Refuse,
}

/// Shows each frame to `visit` and returns the bytes of all, which is the length of the file from now on.
pub(super) fn open(
    path: &Path,
    rest: Rest,
    mut visit: impl FnMut(&[u8]) -> Result<(), Malformed>,
) -> Result<u64, StoreError> {
    let file = super::open(path).map_err(StoreError::io(path))?;
    let found = file.metadata().map_err(StoreError::io(path))?.len();
    let reader = BufReader::with_capacity(1 << 20, &file);
    let good = good_frames(reader, found, &mut visit).map_err(StoreError::io(path))?;
    if good == found {
        return Ok(good);
    }
    let behind = read_from(&file, good).map_err(StoreError::io(path))?;
    let frames: Vec<Range<usize>> = whole_frames(&behind).collect();
    if rest == Rest::Refuse && !frames.is_empty() {
        let what = format!("at byte {good} it is not what was written, and {} bytes follow", behind.len());
        return Err(StoreError::Damaged { path: path.to_owned(), what });
    }
    let mut kept = frames.clone();
    kept.retain(|frame| visit(&behind[frame.start + HEADER..frame.end]).is_ok());
    if kept.is_empty() {
        let what = if frames.is_empty() { "a write that was torn" } else { "their definitions are lost" };
        tracing::warn!(
            "{}: cut the last {} bytes, from byte {good} on: {what}",
            path.display(),
            found - good
        );
        file.set_len(good).and_then(|()| file.sync_all()).map_err(StoreError::io(path))?;
        return Ok(good);
    }
    leave_out(path, &file, good, &behind, &kept)
}

/// Writes the file anew without what is damaged, and keeps the old one.
fn leave_out(
    path: &Path,
    file: &File,
    good: u64,
    behind: &[u8],
    kept: &[Range<usize>],
) -> Result<u64, StoreError> {
    let mut before = read_from(file, 0).map_err(StoreError::io(path))?;
    before.truncate(good as usize);
    let old = path.with_extension("damaged");
    // From here the old file has two names, until the new one takes the first.
    let link = || match std::fs::hard_link(path, &old) {
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Ok(()),
        other => other,
    };
    link().map_err(StoreError::io(&old))?;
    let mut parts = vec![before.as_slice()];
    parts.extend(kept.iter().map(|frame| &behind[frame.clone()]));
    disk::replace(path, &parts).map_err(StoreError::io(path))?;
    let bytes: usize = kept.iter().map(ExactSizeIterator::len).sum();
    tracing::error!(
        "{}: left out {} damaged bytes from byte {good} on, with the records that were in them; {bytes} bytes \
         behind are kept, and the file as it was is {}",
        path.display(),
        behind.len() - bytes,
        old.display()
    );
    Ok(good + bytes as u64)
}

/// Bytes, of `found`, up to the end of the last frame that is whole and that `visit` understands.
pub(in crate::store) fn good_frames(
    mut reader: impl Read,
    found: u64,
    visit: &mut impl FnMut(&[u8]) -> Result<(), Malformed>,
) -> std::io::Result<u64> {
    let mut payload = Vec::new();
    let mut end = 0;
    while found - end >= HEADER as u64 {
        let mut header = [0; HEADER];
        reader.read_exact(&mut header)?;
        let room = found - end - HEADER as u64;
        let Some(header) = Header::read(&header).filter(|header| header.len() as u64 <= room) else { break };
        payload.resize(header.len(), 0);
        reader.read_exact(&mut payload)?;
        if !header.fits(&payload) || visit(&payload).is_err() {
            break;
        }
        end += (HEADER + header.len()) as u64;
    }
    Ok(end)
}

fn read_from(mut file: &File, start: u64) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    file.seek(SeekFrom::Start(start))?;
    file.read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// All whole frames of `bytes`, with whatever between them.
pub(in crate::store) fn whole_frames(bytes: &[u8]) -> impl Iterator<Item = Range<usize>> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let frame = frame_at(bytes, at).or_else(|| next_frame(bytes, at))?;
        at = frame.end;
        Some(frame)
    })
}

/// The first whole frame behind a bad one at `at`.
fn next_frame(bytes: &[u8], at: usize) -> Option<Range<usize>> {
    // Mostly its header is good, and the next frame stands where that says.
    let stated = stated(bytes, at).and_then(|(end, _)| frame_at(bytes, end));
    stated.or_else(|| (at + 1..bytes.len().saturating_sub(HEADER)).find_map(|at| frame_at(bytes, at)))
}

/// The frame at `at`, if one is there and whole.
fn frame_at(bytes: &[u8], at: usize) -> Option<Range<usize>> {
    let (end, header) = stated(bytes, at)?;
    header.fits(bytes.get(at + HEADER..end)?).then_some(at..end)
}

/// Where a frame at `at` would end, within `bytes`, and its header. No payload is empty.
fn stated(bytes: &[u8], at: usize) -> Option<(usize, Header)> {
    let header = Header::read(bytes.get(at..at.checked_add(HEADER)?)?.try_into().ok()?)?;
    let end = (at + HEADER).checked_add(header.len())?;
    (header.len() > 0 && end <= bytes.len()).then_some((end, header))
}
