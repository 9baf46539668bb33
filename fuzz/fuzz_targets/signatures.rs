//! Requests that say who signed them.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| timestream_local::fuzz::signature(input));
