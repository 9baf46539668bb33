//! Threads of their own for queries: one that computes for long must not hold up those who serve connections.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::runtime::{Builder, Runtime};
use tokio::task::{JoinError, JoinHandle};

use crate::sql::STACK;

/// The threads; none is left waiting when this is dropped.
pub(in crate::engine) struct QueryThreads(Option<Runtime>);

/// Work on these threads. Dropping it stops the work at the next point where it waits.
pub(in crate::engine) struct Task<T>(JoinHandle<T>);

impl QueryThreads {
    pub(in crate::engine) fn start(count: usize) -> io::Result<Self> {
        let mut threads = Builder::new_multi_thread();
        threads.worker_threads(count).thread_name("query").thread_stack_size(STACK).enable_all();
        Ok(Self(Some(threads.build()?)))
    }

    pub(in crate::engine) fn spawn<T: Send + 'static>(
        &self,
        work: impl Future<Output = T> + Send + 'static,
    ) -> Task<T> {
        let runtime = self.0.as_ref().expect("the runtime is taken only when this is dropped");
        Task(runtime.spawn(work))
    }
}

impl Drop for QueryThreads {
    fn drop(&mut self) {
        // Waiting for the threads is not allowed where futures run, and nothing of theirs is worth it.
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}

impl<T> Future for Task<T> {
    type Output = Result<T, JoinError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.0).poll(cx)
    }
}

impl<T> Drop for Task<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}
