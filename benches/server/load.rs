//! A load of writes: as fast as they are answered, or at a rate. Not here: the writes themselves (`fleet`).

use std::cell::Cell;
use std::net::SocketAddr;
use std::time::Duration;

use futures::future::try_join_all;
use hdrhistogram::Histogram;
use tokio::time::Instant;

use crate::Failure;
use crate::client::Connection;
use crate::fleet::Write;

/// Requests in flight, each on a connection of its own.
const IN_FLIGHT: usize = 64;

/// What a load came to.
pub(crate) struct Written {
    pub(crate) records: u64,
    pub(crate) seconds: f64,
    /// Microseconds from when a request was to be sent until its answer.
    pub(crate) latency: Histogram<u64>,
}

impl Written {
    pub(crate) fn rate(&self) -> f64 {
        self.records as f64 / self.seconds
    }
}

/// Sends `writes` again and again, a `lap` (milliseconds) later each time, while `on` says so; at `rate` records a second,
/// or each as soon as an earlier one is answered.
pub(crate) async fn write(
    address: SocketAddr,
    writes: &[Write],
    lap: i64,
    rate: Option<f64>,
    on: impl Fn() -> bool,
) -> Result<Written, Failure> {
    let records: u64 = writes.iter().map(|write| write.records).sum();
    let pause = rate.map(|rate| records as f64 / writes.len() as f64 / rate);
    let connections = try_join_all((0..IN_FLIGHT).map(|_| Connection::open(address))).await?;
    let (next, written, on) = (Cell::new(0), Cell::new(0), &on);
    let start = Instant::now();
    let (next, written) = (&next, &written);
    let workers = connections.into_iter().map(|mut connection| async move {
        let mut latency = Histogram::new(3)?;
        let mut request = Vec::new();
        while on() {
            let number = next.replace(next.get() + 1);
            let lapped = i64::try_from(number / writes.len())?;
            let write = &writes[number % writes.len()];
            write.later(lapped * lap, &mut request);
            let intended = match pause {
                Some(pause) => start + Duration::from_secs_f64(pause * number as f64),
                None => Instant::now(),
            };
            if pause.is_some() {
                tokio::time::sleep_until(intended).await;
            }
            connection.send(&request).await?;
            written.set(written.get() + write.records);
            latency.record(u64::try_from(intended.elapsed().as_micros())?.max(1))?;
        }
        Ok::<_, Failure>(latency)
    });
    let mut latency = Histogram::new(3)?;
    for own in try_join_all(workers).await? {
        latency.add(own)?;
    }
    Ok(Written { records: written.get(), seconds: start.elapsed().as_secs_f64(), latency })
}

/// Goes on for so many seconds.
pub(crate) fn during(seconds: u64) -> impl Fn() -> bool {
    let end = Instant::now() + Duration::from_secs(seconds);
    move || Instant::now() < end
}
