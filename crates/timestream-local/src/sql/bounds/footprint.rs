//! What a query holds of the memory that all share, also while nobody asks for its next page. Not here: how much
//! there is (`session`), and who has to give way (`engine`).

use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use datafusion::common::Result;
use datafusion::execution::TaskContext;
use datafusion::execution::memory_pool::{MemoryConsumer, MemoryLimit, MemoryPool, MemoryReservation};
use datafusion::execution::runtime_env::RuntimeEnv;

use crate::sql::error::SqlError;

/// What one query holds.
#[derive(Clone, Default)]
pub(crate) struct Footprint {
    own: Option<Arc<OwnPool>>,
    rows: Arc<[HeldRows]>,
}

/// Rows in memory that a query will read or has read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct HeldRows {
    /// The same where queries hold the same rows.
    pub(crate) id: usize,
    pub(crate) bytes: usize,
}

impl Footprint {
    /// That of a query with this pool and these rows.
    pub(in crate::sql) fn new(own: Arc<OwnPool>, rows: Vec<HeldRows>) -> Self {
        Self { own: Some(own), rows: rows.into() }
    }

    /// Says that the query is at work, until the answer is dropped: then it has its part of the memory.
    pub(in crate::sql) fn at_work(&self) -> AtWork {
        if let Some(own) = &self.own {
            own.set_at_work(true);
        }
        AtWork(self.own.clone())
    }

    /// Why a query has ended whose engine panicked: some of the engine's parts do where they have been refused memory.
    pub(in crate::sql) fn panicked(&self) -> SqlError {
        match &self.own {
            Some(own) if own.refused.load(Ordering::Relaxed) => SqlError::memory(),
            _ => SqlError::Internal("the query failed unexpectedly".to_owned()),
        }
    }

    /// Bytes that it has reserved for its work, now.
    pub(crate) fn reserved(&self) -> usize {
        self.own.as_ref().map_or(0, |own| own.reserved.load(Ordering::Relaxed))
    }

    /// The rows that it keeps from going, which others may hold as well.
    pub(crate) fn rows(&self) -> &[HeldRows] {
        &self.rows
    }
}

/// A query at work.
pub(in crate::sql) struct AtWork(Option<Arc<OwnPool>>);

impl Drop for AtWork {
    fn drop(&mut self) {
        if let Some(own) = &self.0 {
            own.set_at_work(false);
        }
    }
}

/// The pool of all queries as one of them sees it: what goes through here is its own.
///
/// The pool gives each consumer that can spill an equal part, whether it needs it or not. So they are registered
/// with it only while their query is at work: a thousand queries between two pages would leave the others nothing.
#[derive(Debug)]
pub(in crate::sql) struct OwnPool {
    all: Arc<dyn MemoryPool>,
    reserved: AtomicUsize,
    /// Whether it ever asked for more than there was.
    refused: AtomicBool,
    consumers: Mutex<Consumers>,
}

#[derive(Debug, Default)]
struct Consumers {
    at_work: bool,
    /// Those that can spill.
    spilling: usize,
}

impl OwnPool {
    /// A context to run one query in, and its pool.
    pub(in crate::sql) fn context(context: TaskContext) -> (Arc<TaskContext>, Arc<Self>) {
        let all = Arc::clone(context.memory_pool());
        let own = Arc::new(Self {
            all,
            reserved: AtomicUsize::new(0),
            refused: AtomicBool::new(false),
            consumers: Mutex::default(),
        });
        let mut runtime = RuntimeEnv::clone(&context.runtime_env());
        runtime.memory_pool = Arc::clone(&own) as Arc<dyn MemoryPool>;
        (Arc::new(context.with_runtime(Arc::new(runtime))), own)
    }

    /// Whether the query is at work from now on; it is not at first.
    fn set_at_work(&self, at_work: bool) {
        let mut consumers = self.consumers();
        if consumers.at_work == at_work {
            return;
        }
        consumers.at_work = at_work;
        // The pool only counts them.
        let any = MemoryConsumer::new("any of a query's").with_can_spill(true);
        for _ in 0..consumers.spilling {
            if at_work { self.all.register(&any) } else { self.all.unregister(&any) }
        }
    }

    fn consumers(&self) -> MutexGuard<'_, Consumers> {
        self.consumers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Display for OwnPool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.all.fmt(f)
    }
}

impl MemoryPool for OwnPool {
    fn name(&self) -> &str {
        self.all.name()
    }

    fn register(&self, consumer: &MemoryConsumer) {
        let mut consumers = self.consumers();
        consumers.spilling += usize::from(consumer.can_spill());
        if consumers.at_work {
            self.all.register(consumer);
        }
    }

    fn unregister(&self, consumer: &MemoryConsumer) {
        let mut consumers = self.consumers();
        consumers.spilling -= usize::from(consumer.can_spill());
        if consumers.at_work {
            self.all.unregister(consumer);
        }
    }

    fn grow(&self, reservation: &MemoryReservation, additional: usize) {
        self.all.grow(reservation, additional);
        self.reserved.fetch_add(additional, Ordering::Relaxed);
    }

    fn shrink(&self, reservation: &MemoryReservation, shrink: usize) {
        self.all.shrink(reservation, shrink);
        self.reserved.fetch_sub(shrink, Ordering::Relaxed);
    }

    fn try_grow(&self, reservation: &MemoryReservation, additional: usize) -> Result<()> {
        let grown = self.all.try_grow(reservation, additional);
        grown.inspect_err(|_| self.refused.store(true, Ordering::Relaxed))?;
        self.reserved.fetch_add(additional, Ordering::Relaxed);
        Ok(())
    }

    fn reserved(&self) -> usize {
        self.all.reserved()
    }

    fn memory_limit(&self) -> MemoryLimit {
        self.all.memory_limit()
    }
}
