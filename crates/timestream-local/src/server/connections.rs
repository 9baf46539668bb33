//! Connections: how many at once, how long they may stand still, and how one is reset on purpose.
//! Not here: what is asked on them (`http`).

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::{Extension, Router};
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::time::{Instant, Sleep, sleep, sleep_until};

use super::bounds::{Bounds, HEAD_BYTES};
use super::pace::Pace;
use crate::metrics::{ConnectionMetrics, Counted};

/// How long nothing is accepted after the system refused, as when the process has no file descriptors left.
const PAUSE: Duration = Duration::from_millis(100);

/// What a client is told for whom there is no room.
const FULL: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\n\
    content-type: application/x-amz-json-1.0\r\ncontent-length: 107\r\nconnection: close\r\nretry-after: 1\r\n\r\n\
    {\"__type\":\"ServiceUnavailableException\",\"Message\":\"The server has no room for more connections right now.\"}";

/// Serves what `listener` accepts until `shutdown` is done, and then what is still open until it is answered.
pub(super) async fn serve(
    listener: TcpListener,
    router: Router,
    bounds: &Bounds,
    metrics: ConnectionMetrics,
    shutdown: impl Future<Output = ()>,
) {
    let most = u32::try_from(bounds.connections).unwrap_or(u32::MAX).max(1);
    let free = Arc::new(Semaphore::new(most as usize));
    let (stop, stopping) = watch::channel(());
    let http = http(bounds);
    let accept = async {
        loop {
            let stream = accept(&listener).await;
            let Ok(permit) = Arc::clone(&free).try_acquire_owned() else {
                turn_away(&stream);
                metrics.refused.inc();
                continue;
            };
            metrics.accepted.inc();
            let open = Counted::new(&metrics.open);
            let connection = Connection::new(stream, bounds.stall);
            let router = router.clone().layer(Extension(connection.breaker.clone()));
            let serving = http.serve_connection(TokioIo::new(connection), TowerToHyperService::new(router));
            let mut stopping = stopping.clone();
            tokio::spawn(async move {
                let _held = (permit, open);
                let mut serving = std::pin::pin!(serving);
                let ended = tokio::select! {
                    ended = &mut serving => ended,
                    // Only ever the end of the sender.
                    _ = stopping.changed() => {
                        serving.as_mut().graceful_shutdown();
                        serving.await
                    }
                };
                if let Err(error) = ended {
                    tracing::debug!(%error, "a connection ended");
                }
            });
        }
    };
    tokio::select! {
        () = accept => {}
        () = shutdown => {}
    }
    drop((listener, stop));
    // All are back when the last connection has ended.
    let _ = free.acquire_many(most).await;
}

fn http(bounds: &Bounds) -> http1::Builder {
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(bounds.head)
        .max_header_size(HEAD_BYTES)
        .max_buf_size(HEAD_BYTES);
    http
}

async fn accept(listener: &TcpListener) -> TcpStream {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                // Requests and answers are single messages: waiting for more to send would only delay them.
                if let Err(error) = stream.set_nodelay(true) {
                    tracing::debug!(%error, "TCP_NODELAY was refused");
                }
                return stream;
            }
            // Those are about one client, who has gone.
            Err(error)
                if matches!(
                    error.kind(),
                    io::ErrorKind::ConnectionAborted
                        | io::ErrorKind::ConnectionReset
                        | io::ErrorKind::ConnectionRefused
                ) => {}
            Err(error) => {
                tracing::warn!(%error, "no connection could be accepted");
                sleep(PAUSE).await;
            }
        }
    }
}

/// Says that there is no room, without waiting for anything.
fn turn_away(stream: &TcpStream) {
    // A socket that is new has room for so little. Who does not get it sees the connection closed.
    let _ = stream.try_write(FULL);
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

/// A connection that may be reset, and is when its client takes nothing, or little, for too long.
struct Connection {
    stream: TcpStream,
    breaker: Breaker,
    pace: Pace,
    /// Runs from when the client took nothing.
    stalled: Option<Pin<Box<Sleep>>>,
}

impl Connection {
    fn new(stream: TcpStream, stall: Duration) -> Self {
        Self { stream, breaker: Breaker::default(), pace: Pace::new(stall), stalled: None }
    }

    /// Writes, unless the connection is to be reset; whoever wanted to write then drops it.
    fn write(
        &mut self,
        cx: &mut Context<'_>,
        write: impl FnOnce(Pin<&mut TcpStream>, &mut Context<'_>) -> Poll<io::Result<usize>>,
    ) -> Poll<io::Result<usize>> {
        if self.breaker.0.load(Ordering::Relaxed) {
            return Poll::Ready(Err(self.reset(io::ErrorKind::ConnectionReset)));
        }
        if let Poll::Ready(written) = write(Pin::new(&mut self.stream), cx) {
            self.stalled = None;
            return Poll::Ready(written.inspect(|bytes| self.pace.took(*bytes)));
        }
        let pace = &mut self.pace;
        let deadline =
            self.stalled.get_or_insert_with(|| Box::pin(sleep_until(pace.deadline(Instant::now()))));
        ready!(deadline.as_mut().poll(cx));
        tracing::debug!("a client took nothing, or too little, for too long");
        Poll::Ready(Err(self.reset(io::ErrorKind::TimedOut)))
    }

    fn reset(&self, why: io::ErrorKind) -> io::Error {
        // Closed without lingering, a connection ends in a reset instead of in order. One that its
        // client has closed already cannot be told, and need not.
        let _ = self.stream.set_zero_linger();
        why.into()
    }
}

impl AsyncRead for Connection {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_read(cx, buf)
    }
}

impl AsyncWrite for Connection {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        self.get_mut().write(cx, |stream, cx| stream.poll_write(cx, buf))
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.get_mut().write(cx, |stream, cx| stream.poll_write_vectored(cx, bufs))
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        // That comes when everything has been written.
        let connection = self.get_mut();
        connection.pace.caught_up();
        Pin::new(&mut connection.stream).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.get_mut().write(cx, |stream, cx| stream.poll_shutdown(cx).map_ok(|()| 0)).map_ok(drop)
    }
}
