//! The local Timestream's own routes, beside those of the service: plain HTTP, one request a
//! connection, signed as those of the service are. Not here: what is asked there (`local`, `faults`).

use std::io;
use std::time::{Duration, SystemTime};

use aws_sdk_timestreamwrite::error::BoxError;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4::SigningParams;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::credentials::{self, ACCESS_KEY_ID, SECRET_ACCESS_KEY};
use super::local::REGION;
use super::send::SERVICE;

const TIMEOUT: Duration = Duration::from_secs(5);

/// An answer of which the head has been read.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    rest: BufReader<TcpStream>,
}

/// Asks the server at `authority` (host and port), as in `GET /lease`.
pub(super) async fn ask(authority: &str, what: &str, body: &str) -> io::Result<Answer> {
    let signature = signature(authority, what, body).map_err(io::Error::other)?;
    within(async {
        let mut stream = TcpStream::connect(authority).await?;
        let length = body.len();
        let request = format!(
            "{what} HTTP/1.1\r\nHost: {authority}\r\nConnection: close\r\n{signature}Content-Length: {length}\r\n\r\n{body}"
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

/// What to say where the server does not know who asks.
pub(super) fn stranger(server: &str) -> String {
    format!(
        "the local Timestream at {server} answers its users alone; \
         set {ACCESS_KEY_ID} and {SECRET_ACCESS_KEY} to the key of one"
    )
}

/// The headers that say who asks.
fn signature(authority: &str, what: &str, body: &str) -> Result<String, BoxError> {
    let identity = credentials::local()?.into();
    let params = SigningParams::builder()
        .identity(&identity)
        .region(REGION)
        .name(SERVICE)
        .time(SystemTime::now())
        .settings(SigningSettings::default())
        .build()?
        .into();
    let (method, path) = what.split_once(' ').unwrap_or((what, "/"));
    let host = std::iter::once(("host", authority));
    let request = SignableRequest::new(method, path, host, SignableBody::Bytes(body.as_bytes()))?;
    let (instructions, _) = sign(request, &params)?.into_parts();
    Ok(instructions.headers().map(|(name, value)| format!("{name}: {value}\r\n")).collect())
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
