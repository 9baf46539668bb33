//! What memory tables take, counted as they grow. Not here: what happens when it is too much (`common`).

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// The bytes of one memory table, which are part of the sum of all until this is dropped.
pub(super) struct Charge {
    own: AtomicUsize,
    sum: Arc<AtomicUsize>,
}

impl Charge {
    /// Nothing yet.
    pub(super) fn new(sum: &Arc<AtomicUsize>) -> Self {
        Self { own: AtomicUsize::new(0), sum: Arc::clone(sum) }
    }

    /// The sum that it is part of.
    pub(super) fn sum(&self) -> &Arc<AtomicUsize> {
        &self.sum
    }

    pub(super) fn bytes(&self) -> usize {
        self.own.load(Ordering::Relaxed)
    }

    pub(super) fn add(&self, bytes: usize) {
        self.own.fetch_add(bytes, Ordering::Relaxed);
        self.sum.fetch_add(bytes, Ordering::Relaxed);
    }
}

impl Drop for Charge {
    fn drop(&mut self) {
        self.sum.fetch_sub(*self.own.get_mut(), Ordering::Relaxed);
    }
}
