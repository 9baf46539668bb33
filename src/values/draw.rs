//! Keys and random bits: every draw is a pure function of (key, call, time). Not here: which
//! distribution the bits are turned into (`functions`).
//!
//! The layout is fixed for ever, since the bytes of every record rest on it:
//! - a key is XXH3-64. The root's is that of the seed's eight little-endian bytes, with seed 0; a
//!   child's is that of the member's UTF-8 bytes, seeded with that of the name's bytes, which is
//!   itself seeded with the parent's key. So no pair of texts can be mistaken for another pair.
//! - bits are SplitMix64: the stream's start is `mix(key + (call + 1) x GOLDEN)`, its position is
//!   the time, and each word is `mix(start + time x GOLDEN)`, `mix` being Stafford's variant 13 of
//!   the MurmurHash3 finalizer. (Steele, Lea, Flood: Fast Splittable Pseudorandom Number Generators.)

use twox_hash::XxHash3_64;

use crate::values::Instant;

/// 2^64 divided by the golden ratio, odd.
const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;

/// The key of the root of everything that `seed` makes.
#[must_use]
pub fn root(seed: u64) -> u64 {
    XxHash3_64::oneshot(&seed.to_le_bytes())
}

/// The key of one member of what `name` names, under the node of `key`.
#[must_use]
pub fn child(key: u64, name: &str, member: &str) -> u64 {
    let name = XxHash3_64::oneshot_with_seed(key, name.as_bytes());
    XxHash3_64::oneshot_with_seed(name, member.as_bytes())
}

/// 64 random bits: those of the `call`-th draw at `time` (nanoseconds) in the stream of `key`.
#[must_use]
pub fn uniform(key: u64, call: u32, time: i64) -> u64 {
    word(stream(key, call), time)
}

/// Where the stream of the `call`-th draw of `key` starts: what a value needs many words of asks once.
pub(super) fn stream(key: u64, call: u32) -> u64 {
    mix(key.wrapping_add((u64::from(call) + 1).wrapping_mul(GOLDEN)))
}

/// 64 random bits: those at a position of a stream.
pub(super) fn word(stream: u64, position: i64) -> u64 {
    mix(stream.wrapping_add(position.cast_unsigned().wrapping_mul(GOLDEN)))
}

/// Bits as a number in \[0, 1), a multiple of 2^-53.
#[must_use]
pub fn unit(bits: u64) -> f64 {
    (bits >> 11) as f64 * (1.0 / (1u64 << 53) as f64)
}

/// Bits as a number in (0, 1), both ends left out: for inverse distribution functions.
pub(super) fn open_unit(bits: u64) -> f64 {
    ((bits >> 12) as f64 + 0.5) * (1.0 / (1u64 << 52) as f64)
}

/// Bits as a whole number from `from` to `to`, both included; `from` where the range is empty.
pub(super) fn whole(bits: u64, from: i64, to: i64) -> i64 {
    let members = i128::from(to) - i128::from(from) + 1;
    let Ok(members) = u128::try_from(members) else { return from };
    let step = (u128::from(bits) * members) >> 64;
    // At most `to`, so neither the cast nor the sum can leave the range of i64.
    from.wrapping_add_unsigned(step as u64)
}

/// The bits of the `call`-th draw where and when `at` says.
pub(super) fn bits(at: &Instant<'_>, call: u32) -> u64 {
    uniform(at.key, call, at.time)
}

/// More words from one draw's bits, for values that need over 64 of them.
pub(super) fn words(bits: u64) -> impl Iterator<Item = u64> {
    (1u64..).map(move |n| mix(bits.wrapping_add(n.wrapping_mul(GOLDEN))))
}

fn mix(mut bits: u64) -> u64 {
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}
