//! Texts of queries, up to the plan of what they mean.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    timestream_local::fuzz::sql(input);
});
