//! Bodies of every operation: an operation's name, a new line, the body.
#![no_main]

use std::cell::RefCell;

use libfuzzer_sys::fuzz_target;
use timestream_local::fuzz::Requests;

thread_local! {
    static REQUESTS: RefCell<Requests> = RefCell::new(Requests::open(
        &std::env::temp_dir().join(format!("timestream-local-fuzz-{}", std::process::id())),
    ));
}

fuzz_target!(|input: &[u8]| REQUESTS.with_borrow_mut(|requests| requests.answer(input)));
