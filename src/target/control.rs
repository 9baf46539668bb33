//! The local Timestream's own routes, beside those of the service: plain HTTP, one request a
//! connection. Not here: what is asked there (`local`, `faults`).

use std::io;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::time::timeout;

const TIMEOUT: Duration = Duration::from_secs(5);

/// An answer of which the head has been read.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    rest: BufReader<TcpStream>,
}

/// Asks the server at `authority` (host and port), as in `GET /lease`.
pub(super) async fn ask(authority: &str, what: &str, body: &str) -> io::Result<Answer> {
    within(async {
        let mut stream = TcpStream::connect(authority).await?;
        let length = body.len();
        let request = format!(
            "{what} HTTP/1.1\r\nHost: {authority}\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n{body}"
        );
        stream.write_all(request.as_bytes()).await?;
        let mut rest = BufReader::new(stream);
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            if rest.read_line(&mut head).await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok());
        let status = status.ok_or_else(|| io::Error::other("the answer is not HTTP"))?;
        Ok(Answer { status, rest })
    })
    .await
}

impl Answer {
    /// The body.
    pub(super) async fn text(mut self) -> io::Result<String> {
        let mut text = String::new();
        within(async {
            self.rest.read_to_string(&mut text).await?;
            Ok(text)
        })
        .await
    }

    /// Ends an answer that lasts as long as its connection, and waits until the server has seen it.
    pub(super) async fn end(mut self) -> io::Result<()> {
        within(async {
            self.rest.get_mut().shutdown().await?;
            self.rest.read_to_end(&mut Vec::new()).await.map(drop)
        })
        .await
    }
}

async fn within<T>(work: impl Future<Output = io::Result<T>>) -> io::Result<T> {
    timeout(TIMEOUT, work).await.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
}
