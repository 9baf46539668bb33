//! Connections: how many at once, without delay for small packets, and how one is reset on purpose.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use axum::extract::connect_info::Connected;
use axum::serve::{IncomingStream, Listener};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::metrics::{ConnectionMetrics, Counted};

/// Connections served at once; more wait in the system's queue.
const MAX_CONNECTIONS: usize = 4_096;

/// A listener that takes a bounded number of connections.
pub(super) struct Connections {
    listener: TcpListener,
    free: Arc<Semaphore>,
    metrics: ConnectionMetrics,
}

impl Connections {
    pub(super) fn new(listener: TcpListener, metrics: ConnectionMetrics) -> Self {
        Self { listener, free: Arc::new(Semaphore::new(MAX_CONNECTIONS)), metrics }
    }
}

impl Listener for Connections {
    type Io = Connection;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Connection, SocketAddr) {
        if self.free.available_permits() == 0 {
            tracing::warn!(
                connections = MAX_CONNECTIONS,
                "no more connections are taken until one is closed"
            );
        }
        let permit = Arc::clone(&self.free).acquire_owned().await.expect("the semaphore is never closed");
        let (stream, address) = Listener::accept(&mut self.listener).await;
        // Requests and answers are single messages: waiting for more to send would only delay them.
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "TCP_NODELAY was refused");
        }
        self.metrics.accepted.inc();
        let open = Counted::new(&self.metrics.open);
        (Connection { stream, breaker: Breaker::default(), _permit: permit, _open: open }, address)
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }
}

/// Resets a connection from within one of its requests.
#[derive(Clone, Default)]
pub(super) struct Breaker(Arc<AtomicBool>);

impl Breaker {
    /// From now on nothing is sent on the connection but its reset.
    pub(super) fn trip(&self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

impl Connected<IncomingStream<'_, Connections>> for Breaker {
    fn connect_info(stream: IncomingStream<'_, Connections>) -> Self {
        stream.io().breaker.clone()
    }
}

/// A connection that counts until it is closed.
pub(super) struct Connection {
    stream: TcpStream,
    breaker: Breaker,
    _permit: OwnedSemaphorePermit,
    _open: Counted,
}

impl Connection {
    /// Fails where the connection is to be reset; whoever wanted to send then drops it.
    fn check(&self) -> io::Result<()> {
        if !self.breaker.0.load(Ordering::Relaxed) {
            return Ok(());
        }
        // Closed without lingering, a connection ends in a reset instead of in order. One that its
        // client has closed already cannot be told, and need not.
        let _ = self.stream.set_zero_linger();
        Err(io::ErrorKind::ConnectionReset.into())
    }
}

impl AsyncRead for Connection {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_read(cx, buf)
    }
}

impl AsyncWrite for Connection {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        self.check()?;
        Pin::new(&mut self.get_mut().stream).poll_write(cx, buf)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.check()?;
        Pin::new(&mut self.get_mut().stream).poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.check()?;
        Pin::new(&mut self.get_mut().stream).poll_shutdown(cx)
    }
}
