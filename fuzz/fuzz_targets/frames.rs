//! The files of a table that are read again at the start.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| timestream_local::fuzz::frames(input));
