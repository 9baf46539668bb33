//! Frames on files that were torn, damaged, or could not be synced.

use super::*;

fn open(path: &Path, rest: Rest) -> (Vec<Vec<u8>>, Result<FrameFile, StoreError>) {
    let mut seen = Vec::new();
    let file = FrameFile::open(path, rest, |payload| {
        seen.push(payload.to_vec());
        Ok(())
    });
    (seen, file)
}

fn frames(path: &Path) -> Vec<Vec<u8>> {
    let (seen, file) = open(path, Rest::Keep);
    file.unwrap();
    seen
}

/// A file of these frames, and where each of them ends.
fn written(path: &Path, payloads: &[&[u8]]) -> Vec<usize> {
    let mut file = open(path, Rest::Keep).1.unwrap();
    let append = |payload: &&[u8]| {
        file.append(payload).unwrap();
        file.len() as usize
    };
    payloads.iter().map(append).collect()
}

#[test]
fn a_frame_cut_at_any_byte_is_dropped_and_the_file_goes_on() {
    for rest in [Rest::Keep, Rest::Refuse] {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("frames");
        let ends = written(&path, &[b"first", b"second"]);
        let whole = std::fs::read(&path).unwrap();
        for cut in ends[0]..whole.len() {
            std::fs::write(&path, &whole[..cut]).unwrap();
            let (seen, file) = open(&path, rest);
            assert_eq!(seen, [b"first"], "cut at {cut}");
            file.unwrap().append(b"third").unwrap();
            assert_eq!(frames(&path), [b"first", b"third"]);
        }
    }
}

#[test]
fn a_flipped_bit_in_the_last_frame_ends_the_file() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("frames");
    let ends = written(&path, &[b"first", b"second"]);
    let whole = std::fs::read(&path).unwrap();
    for at in ends[0]..whole.len() {
        let mut bytes = whole.clone();
        bytes[at] ^= 1;
        std::fs::write(&path, &bytes).unwrap();
        assert_eq!(frames(&path), [b"first"], "flipped at {at}");
    }
}

#[test]
fn whole_frames_behind_a_damaged_one_stay_and_the_damage_is_kept_aside() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("frames");
    let ends = written(&path, &[b"first", b"second", b"third", b"fourth"]);
    let whole = std::fs::read(&path).unwrap();
    for at in ends[0]..ends[1] {
        let mut bytes = whole.clone();
        bytes[at] ^= 0x41;
        // The end is torn as well.
        bytes.extend([1, 2, 3]);
        std::fs::write(&path, &bytes).unwrap();
        for _ in 0..2 {
            assert_eq!(frames(&path), [b"first".as_slice(), b"third", b"fourth"], "flipped at {at}");
        }
        let aside = path.with_extension("damaged");
        assert_eq!(std::fs::read(&aside).unwrap(), bytes);
        std::fs::remove_file(aside).unwrap();
    }
}

#[test]
fn a_hole_of_zeros_is_damage() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("frames");
    let ends = written(&path, &[b"first", b"second", b"third"]);
    let mut bytes = std::fs::read(&path).unwrap();
    bytes[ends[0]..ends[1]].fill(0);
    std::fs::write(&path, &bytes).unwrap();
    assert_eq!(frames(&path), [b"first", b"third"]);
}

#[test]
fn where_frames_need_those_before_them_a_damaged_one_refuses_the_file() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("frames");
    let ends = written(&path, &[b"first", b"second", b"third"]);
    let whole = std::fs::read(&path).unwrap();
    for at in ends[0]..ends[1] {
        let mut bytes = whole.clone();
        bytes[at] ^= 0x41;
        std::fs::write(&path, &bytes).unwrap();
        let error = open(&path, Rest::Refuse).1.err().unwrap().to_string();
        assert!(error.contains("frames is damaged: at byte 21"), "{error}");
        assert_eq!(std::fs::read(&path).unwrap(), bytes, "it is left as it was");
    }
}

#[test]
#[cfg(target_os = "linux")]
fn a_full_disk_that_leaves_half_a_frame_ends_all_writing() {
    let mut file = FrameFile::open(Path::new("/dev/full"), Rest::Keep, |_| Ok(())).unwrap();
    let error = file.append(b"frame").unwrap_err().to_string();
    assert!(error.starts_with("/dev/full: No space left on device"), "{error}");
    let error = file.append(b"frame").unwrap_err().to_string();
    assert!(error.contains("an earlier write failed halfway and could not be undone"), "{error}");
}

#[test]
#[cfg(target_os = "linux")]
fn after_a_failed_sync_no_later_one_is_believed() {
    // The system writes to this file and cannot sync it.
    let mut file = FrameFile::open(Path::new("/dev/null"), Rest::Keep, |_| Ok(())).unwrap();
    file.append(b"frame").unwrap();
    let handle = file.sync_handle();
    let error = handle.sync().unwrap_err().to_string();
    assert!(error.starts_with("/dev/null could not be synced to the disk: Invalid argument"), "{error}");
    assert_eq!(handle.sync().unwrap_err().to_string(), error);
    assert_eq!(file.append(b"frame").unwrap_err().to_string(), error);
    assert!(file.is_unusable());
}

#[test]
fn a_renewed_file_holds_the_same_and_goes_on() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("frames");
    let mut file = open(&path, Rest::Keep).1.unwrap();
    file.append(b"first").unwrap();
    file.renew().unwrap();
    file.append(b"second").unwrap();
    assert_eq!(frames(&path), [b"first".as_slice(), b"second"]);
}
