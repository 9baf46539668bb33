//! The binary's allocator, and how long it keeps memory that was freed: the only unsafe code of the project, since
//! mimalloc's options are functions of C. Not here: how much memory is taken (`timestream-local` bounds its own).

use std::ffi::{c_int, c_long};
use std::time::Duration;

use libmimalloc_sys::{mi_option_get, mi_option_set_default};
pub use mimalloc::MiMalloc;

/// `mi_option_purge_delay` of mimalloc 3 (its `mimalloc.h`), in milliseconds; the bindings have no name for it.
const PURGE_DELAY: c_int = 15;

/// What it is where nobody has set it.
const USUAL_DELAY: c_long = 1_000;

/// From now on, memory that is freed goes back to the system after this time, unless it is used again before: memory
/// that comes from the system has to be cleared by it. The environment variable `MIMALLOC_PURGE_DELAY` goes before.
///
/// To be called before there is a second thread. Where another version of mimalloc has another option in that place,
/// everything stays as it is.
pub fn keep_freed_memory(time: Duration) {
    let delay = c_long::try_from(time.as_millis()).unwrap_or(c_long::MAX);
    // SAFETY: both take any number for an option, and change nothing but a table of mimalloc's own. They are not for
    // several threads at once, and there is one.
    unsafe {
        if mi_option_get(PURGE_DELAY) == USUAL_DELAY {
            mi_option_set_default(PURGE_DELAY, delay);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Where this fails, the option has got another place, or another default.
    #[test]
    fn freed_memory_is_kept_for_longer_than_usual() {
        // SAFETY: as above; no other test of this crate knows of options.
        let delay = || unsafe { mi_option_get(PURGE_DELAY) };
        assert_eq!(delay(), USUAL_DELAY);
        keep_freed_memory(Duration::from_secs(7));
        assert_eq!(delay(), 7_000);
    }
}
