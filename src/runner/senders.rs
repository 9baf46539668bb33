//! Threads that send writes, each with a runtime and connections of its own: threads that share a
//! runtime spend a fifth of their time on sharing. Not here: what they send (`write`).

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::JoinHandle;

use tokio::runtime::{Builder, Handle};
use tokio::sync::oneshot;

use super::error::RunError;
use crate::target::Target;

/// Those who send writes.
#[derive(Debug)]
pub(crate) struct Senders {
    senders: Vec<Sender>,
    next: AtomicUsize,
}

#[derive(Debug)]
struct Sender {
    runtime: Handle,
    target: Arc<Target>,
    /// None where it is the run's own.
    _thread: Option<Thread>,
}

#[derive(Debug)]
struct Thread {
    /// Dropped, it ends the thread.
    stop: Option<oneshot::Sender<()>>,
    handle: Option<JoinHandle<()>>,
}

impl Senders {
    /// `count` senders, 1 at the least; a single one is the thread of the run itself.
    ///
    /// # Errors
    /// A target that cannot be connected to again, or a thread that cannot be started.
    pub(crate) async fn start(target: &Arc<Target>, count: usize) -> Result<Self, RunError> {
        let count = count.max(1);
        let mut senders = Vec::with_capacity(count);
        for number in 1..=count {
            senders.push(match count {
                1 => Sender { runtime: Handle::current(), target: Arc::clone(target), _thread: None },
                _ => Sender::start(number, Arc::new(target.another().await?))?,
            });
        }
        Ok(Self { senders, next: AtomicUsize::new(0) })
    }

    /// Has one of them send: all in turn, since writes are much alike.
    pub(crate) fn spawn<F>(&self, send: impl FnOnce(Arc<Target>) -> F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let turn = self.next.fetch_add(1, Ordering::Relaxed) % self.senders.len();
        let Sender { runtime, target, .. } = &self.senders[turn];
        runtime.spawn(send(Arc::clone(target)));
    }
}

impl Sender {
    fn start(number: usize, target: Arc<Target>) -> Result<Self, RunError> {
        let runtime = Builder::new_current_thread().enable_all().build().map_err(RunError::Threads)?;
        let handle = runtime.handle().clone();
        let (stop, stopped) = oneshot::channel::<()>();
        let thread = std::thread::Builder::new().name(format!("sender {number}")).spawn(move || {
            // Either way it is time to end.
            let _ = runtime.block_on(stopped);
        });
        let thread = Thread { stop: Some(stop), handle: Some(thread.map_err(RunError::Threads)?) };
        Ok(Self { runtime: handle, target, _thread: Some(thread) })
    }
}

impl Drop for Thread {
    fn drop(&mut self) {
        drop(self.stop.take());
        // A sender that panicked has told so already.
        let _ = self.handle.take().map(JoinHandle::join);
    }
}
