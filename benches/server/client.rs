//! A connection that sends whole requests and reads whole answers: next to nothing of a client, so that the cores are
//! left to the server. Not here: what is sent (`fleet`), when (`load`).

use std::net::SocketAddr;

use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::Failure;

pub(crate) struct Connection {
    stream: TcpStream,
    answer: Vec<u8>,
}

/// A whole request, head and body.
pub(crate) fn request(operation: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    let head = "POST / HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/x-amz-json-1.0\r\n";
    format!("{head}x-amz-target: Timestream_20181101.{operation}\r\ncontent-length: {length}\r\n\r\n{body}")
        .into_bytes()
}

impl Connection {
    pub(crate) async fn open(address: SocketAddr) -> Result<Self, Failure> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, answer: Vec::with_capacity(1 << 16) })
    }

    /// Sends a request; gives the body of its answer, which must be a good one.
    pub(crate) async fn send(&mut self, request: &[u8]) -> Result<&[u8], Failure> {
        self.stream.write_all(request).await?;
        self.answer.clear();
        let head = loop {
            if self.stream.read_buf(&mut self.answer).await? == 0 {
                return Err("the server closed a connection".into());
            }
            if let Some(end) = self.answer.windows(4).position(|four| four == b"\r\n\r\n") {
                break end + 4;
            }
        };
        let length = content_length(&self.answer[..head]).ok_or("an answer tells no length")?;
        while self.answer.len() < head + length {
            if self.stream.read_buf(&mut self.answer).await? == 0 {
                return Err("the server closed a connection".into());
            }
        }
        let body = &self.answer[head..];
        if self.answer.starts_with(b"HTTP/1.1 200") {
            return Ok(body);
        }
        Err(format!("the server refused: {}", String::from_utf8_lossy(body)).into())
    }

    /// Runs an operation; gives its answer.
    pub(crate) async fn ask(&mut self, operation: &str, body: &Value) -> Result<Value, Failure> {
        Ok(serde_json::from_slice(self.send(&request(operation, &body.to_string())).await?)?)
    }
}

fn content_length(head: &[u8]) -> Option<usize> {
    std::str::from_utf8(head).ok()?.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        if name.eq_ignore_ascii_case("content-length") { value.trim().parse().ok() } else { None }
    })
}
