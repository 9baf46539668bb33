//! What the store takes, measured: run with `--ignored --nocapture`, optimised and on a quiet machine.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use super::*;
use crate::model::Dimensions;

const WRITERS: u64 = 2;

/// Dimension sets and measure names; a request has all measures of some sets, about 100 records.
struct Fleet {
    hosts: Vec<String>,
    measures: Vec<String>,
}

impl Fleet {
    fn new(sets: usize, measures: usize) -> Self {
        let hosts = (0..sets).map(|host| format!("host-{host:06}.example")).collect();
        Self { hosts, measures: (0..measures).map(|measure| format!("measure-{measure:02}")).collect() }
    }

    /// The records of a request; requests in order tell of all sets, then of all again a tenth of a second later.
    fn request(&self, number: u64) -> Vec<Record<'_>> {
        let sets = 100 / self.measures.len();
        let first = number as usize * sets;
        let time = NOW + (first / self.hosts.len()) as i64 * 100_000_000;
        let mut records = Vec::with_capacity(100);
        for at in first..first + sets {
            let host = self.hosts[at % self.hosts.len()].as_str();
            let dimensions: Dimensions<'_> =
                [("az", "eu-west-1-a"), ("cell", "cell-3"), ("host", host), ("region", "eu-west-1")].into();
            records.extend(self.measures.iter().map(|name| Record {
                dimensions: Arc::clone(&dimensions),
                measure_name: name,
                measures: Measures::Single(Value::Double(number as f64)),
                time,
                version: 1,
            }));
        }
        records
    }
}

/// Writes requests from `first` on, `rate` a second or as they go; returns the time each took, sorted.
fn load(fixture: &Fixture, fleet: &Fleet, first: u64, count: u64, rate: Option<f64>) -> Vec<Duration> {
    let (next, begun) = (AtomicU64::new(0), Instant::now());
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            // Queries that come and go.
            while !done.load(Ordering::Relaxed) {
                drop(fixture.snapshot());
                std::thread::sleep(Duration::from_millis(100));
            }
        });
        let writers: Vec<_> = (0..WRITERS)
            .map(|_| {
                scope.spawn(|| {
                    let mut took = Vec::new();
                    loop {
                        let number = next.fetch_add(1, Ordering::Relaxed);
                        if number >= count {
                            return took;
                        }
                        let records = fleet.request(first + number);
                        let intended = rate.map(|rate| begun + Duration::from_secs_f64(number as f64 / rate));
                        let intended = intended.unwrap_or_else(Instant::now);
                        std::thread::sleep(intended.saturating_duration_since(Instant::now()));
                        assert!(fixture.write(&records).rejected.is_empty());
                        took.push(intended.elapsed());
                    }
                })
            })
            .collect();
        let mut took: Vec<Duration> = writers.into_iter().flat_map(|writer| writer.join().unwrap()).collect();
        done.store(true, Ordering::Relaxed);
        took.sort_unstable();
        took
    })
}

fn told(what: &str, took: &[Duration]) {
    let at = |share: f64| took[((took.len() - 1) as f64 * share) as usize];
    let (p50, p99, p999) = (at(0.5), at(0.99), at(0.999));
    eprintln!("{what}: p50 {p50:?}, p99 {p99:?}, p99.9 {p999:?}, longest {:?}", at(1.0));
}

#[test]
#[ignore = "measures"]
fn write_latency_at_half_the_sustained_rate() {
    let fixture = Fixture::flushing_at(2_000_000);
    let fleet = Fleet::new(10_000, 25);
    let flat_out = 40_000;
    let begun = Instant::now();
    let took = load(&fixture, &fleet, 0, flat_out, None);
    let rate = flat_out as f64 / begun.elapsed().as_secs_f64();
    told(&format!("flat out, {:.0} records a second", rate * 100.0), &took);
    let took = load(&fixture, &fleet, flat_out, (rate * 10.0) as u64, Some(rate / 2.0));
    told("half of that, from the intended start", &took);
    eprintln!("{:?}", fixture.table().stats());
}

#[tokio::test]
#[ignore = "measures"]
async fn what_it_costs_to_wait_for_the_disk() {
    for durability in [Durability::Process, Durability::Disk] {
        for in_flight in [1, 64] {
            let fixture = Fixture::with(StoreOptions { durability, ..options() });
            let fleet = Fleet::new(10_000, 25);
            let (next, begun) = (AtomicU64::new(0), Instant::now());
            let write = async || {
                while begun.elapsed() < Duration::from_secs(3) {
                    let records = fleet.request(next.fetch_add(1, Ordering::Relaxed));
                    let outcome = fixture.write(&records);
                    fixture.table().settled(outcome.position).await.unwrap();
                    tokio::task::yield_now().await;
                }
            };
            futures::future::join_all((0..in_flight).map(|_| write())).await;
            let (requests, took) = (next.into_inner(), begun.elapsed());
            let rate = requests as f64 / took.as_secs_f64();
            let syncs = fixture.table().stats().syncs;
            eprintln!("{durability:?}, {in_flight} in flight: {rate:.0} requests a second, {syncs} syncs");
        }
    }
}

#[test]
#[ignore = "measures"]
fn restart_with_many_series() {
    let mut fixture = Fixture::flushing_at(4_000_000);
    let fleet = Fleet::new(220_000, 12);
    for number in 0..220_000 / 8 {
        assert!(fixture.write(&fleet.request(number)).rejected.is_empty());
    }
    eprintln!("{:?}", fixture.table().stats());
    for what in ["from the log", "from files"] {
        fixture.table = None;
        let begun = Instant::now();
        fixture.table = Some(fixture.open().unwrap());
        eprintln!("2.6 million series, {what}: open after {:?}", begun.elapsed());
        let begun = Instant::now();
        fixture.flush();
        eprintln!("flushed in {:?}", begun.elapsed());
    }
}
