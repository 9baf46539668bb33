//! What stands before a payload, 16 bytes, little endian: its length (u32), a check of the length (u32), and its XXH3
//! (u64). Not here: files of frames (`frames`).
//!
//! The length has a check of its own, so that whoever looks for frames behind damage need not hash what follows every
//! byte.

use twox_hash::XxHash3_64;

/// The bytes of a header.
pub(super) const HEADER: usize = 16;

#[derive(Debug, Clone, Copy)]
pub(super) struct Header {
    len: u32,
    checksum: u64,
}

impl Header {
    /// That of a payload, unless it is too long.
    pub(super) fn of(payload: &[u8]) -> Option<Self> {
        let len = u32::try_from(payload.len()).ok()?;
        Some(Self { len, checksum: XxHash3_64::oneshot(payload) })
    }

    /// Reads a header, if these bytes are one.
    pub(super) fn read(bytes: &[u8; HEADER]) -> Option<Self> {
        let number =
            |bytes: &[u8]| bytes.iter().rev().fold(0_u64, |value, &byte| value << 8 | u64::from(byte));
        // Four bytes each.
        let (len, check) = (number(&bytes[..4]) as u32, number(&bytes[4..8]) as u32);
        (check == check_of(len)).then(|| Self { len, checksum: number(&bytes[8..]) })
    }

    pub(super) fn to_bytes(self) -> [u8; HEADER] {
        let mut bytes = [0; HEADER];
        bytes[..4].copy_from_slice(&self.len.to_le_bytes());
        bytes[4..8].copy_from_slice(&check_of(self.len).to_le_bytes());
        bytes[8..].copy_from_slice(&self.checksum.to_le_bytes());
        bytes
    }

    /// The bytes of the payload.
    pub(super) fn len(&self) -> usize {
        self.len as usize
    }

    /// Whether it is this payload's.
    pub(super) fn fits(&self, payload: &[u8]) -> bool {
        XxHash3_64::oneshot(payload) == self.checksum
    }
}

/// Its upper half, since that of small numbers has all bits, too.
fn check_of(len: u32) -> u32 {
    (XxHash3_64::oneshot(&len.to_le_bytes()) >> 32) as u32
}
