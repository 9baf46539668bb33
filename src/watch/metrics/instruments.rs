//! What there is to measure: names by the OpenTelemetry conventions, which make Prometheus's of them. All of them are read
//! from the newest figures; `docs/watching.md` tells each.

use opentelemetry::KeyValue;
use opentelemetry::metrics::Meter;

use crate::feed::{Feed, Figures, Operation, Work, WorkloadFigures};
use crate::results::{SummaryRow, Timing};

/// Something that is measured.
pub(crate) struct Instrument {
    /// Its name for OpenTelemetry.
    pub name: &'static str,
    pub unit: &'static str,
    pub about: &'static str,
    measure: Measure,
}

/// How it is read from figures.
enum Measure {
    /// It only grows.
    Count(fn(&Figures, &mut Tell<'_>)),
    /// It may fall, too.
    Level(fn(&Figures, &mut Tell<'_>)),
}

/// Takes a value and what it is of.
type Tell<'a> = dyn FnMut(f64, &[KeyValue]) + 'a;

/// All of them.
pub(crate) const INSTRUMENTS: &[Instrument] = &[
    Instrument {
        name: "tsrun.records",
        unit: "{record}",
        about: "Records of writes that are done with, by what became of them.",
        measure: Measure::Count(records),
    },
    Instrument {
        name: "tsrun.planned.records",
        unit: "{record}",
        about: "Records that live load had due so far.",
        measure: Measure::Count(|figures, tell| planned(figures, tell, |work| work == Work::Ingest)),
    },
    Instrument {
        name: "tsrun.write.requests",
        unit: "{request}",
        about: "Write requests that are done with.",
        measure: Measure::Count(write_requests),
    },
    Instrument {
        name: "tsrun.queries",
        unit: "{query}",
        about: "Executions of queries that are done with.",
        measure: Measure::Count(queries),
    },
    Instrument {
        name: "tsrun.planned.queries",
        unit: "{query}",
        about: "Executions that loads with a rate had due so far.",
        measure: Measure::Count(|figures, tell| planned(figures, tell, |work| work == Work::Rate)),
    },
    Instrument {
        name: "tsrun.attempts",
        unit: "{attempt}",
        about: "Attempts of write requests and queries, the first ones included.",
        measure: Measure::Count(attempts),
    },
    Instrument {
        name: "tsrun.errors",
        unit: "{error}",
        about: "Failed attempts and rejected records, by kind.",
        measure: Measure::Count(errors),
    },
    Instrument {
        name: "tsrun.query.rows",
        unit: "{row}",
        about: "Rows read.",
        measure: Measure::Count(|figures, tell| of_queries(figures, tell, |row| row.rows as f64)),
    },
    Instrument {
        name: "tsrun.query.empty",
        unit: "{answer}",
        about: "Answers without a row.",
        measure: Measure::Count(|figures, tell| of_queries(figures, tell, |row| row.empty_count as f64)),
    },
    Instrument {
        name: "tsrun.query.metered",
        unit: "By",
        about: "Bytes that the service charges for.",
        measure: Measure::Count(|figures, tell| of_queries(figures, tell, |row| row.bytes_metered as f64)),
    },
    Instrument {
        name: "tsrun.query.duration",
        unit: "s",
        about: "Quantiles of queries' times over the whole phase so far.",
        measure: Measure::Level(|figures, tell| durations(figures, tell, true)),
    },
    Instrument {
        name: "tsrun.query.recent_duration",
        unit: "s",
        about: "Quantiles of queries' service times over the last 5 seconds.",
        measure: Measure::Level(|figures, tell| recent_durations(figures, tell, true)),
    },
    Instrument {
        name: "tsrun.write.duration",
        unit: "s",
        about: "Quantiles of write requests' times over the whole phase so far.",
        measure: Measure::Level(|figures, tell| durations(figures, tell, false)),
    },
    Instrument {
        name: "tsrun.write.recent_duration",
        unit: "s",
        about: "Quantiles of write requests' service times over the last 5 seconds.",
        measure: Measure::Level(|figures, tell| recent_durations(figures, tell, false)),
    },
    Instrument {
        name: "tsrun.lag",
        unit: "s",
        about: "How late the next operation is, of loads that have instants.",
        measure: Measure::Level(lag),
    },
    Instrument {
        name: "tsrun.phase.elapsed",
        unit: "s",
        about: "Time since the phase of now began.",
        measure: Measure::Level(|figures, tell| {
            tell(figures.phase.elapsed(figures.time), &[phase(&figures.phase.name)]);
        }),
    },
    Instrument {
        name: "tsrun.phase.left",
        unit: "s",
        about: "Time until the phase of now ends, where that is known.",
        measure: Measure::Level(|figures, tell| {
            let left = figures.phase.left(figures.time);
            left.into_iter().for_each(|left| tell(left, &[phase(&figures.phase.name)]));
        }),
    },
    Instrument {
        name: "tsrun.cpu.time",
        unit: "s",
        about: "Processor time that the runner took.",
        measure: Measure::Count(|figures, tell| tell(figures.runner.cpu_seconds, &[])),
    },
    Instrument {
        name: "tsrun.recorder.queue",
        unit: "{message}",
        about: "Messages that wait to be recorded.",
        measure: Measure::Level(|figures, tell| tell(figures.runner.queue as f64, &[])),
    },
];

/// Makes all instruments, which read the newest figures whenever somebody asks.
pub(crate) fn register(meter: &Meter, feed: &Feed) {
    for Instrument { name, unit, about, measure } in INSTRUMENTS {
        let feed = feed.clone();
        match measure {
            Measure::Count(read) => {
                let counter = meter.f64_observable_counter(*name).with_unit(*unit).with_description(*about);
                let _ = counter
                    .with_callback(move |observer| {
                        let tell: &mut Tell<'_> = &mut |value, of| observer.observe(value, of);
                        feed.latest().iter().for_each(|figures| read(figures, tell));
                    })
                    .build();
            }
            Measure::Level(read) => {
                let gauge = meter.f64_observable_gauge(*name).with_unit(*unit).with_description(*about);
                let _ = gauge
                    .with_callback(move |observer| {
                        let tell: &mut Tell<'_> = &mut |value, of| observer.observe(value, of);
                        feed.latest().iter().for_each(|figures| read(figures, tell));
                    })
                    .build();
            }
        }
    }
}

fn phase(name: &str) -> KeyValue {
    KeyValue::new("phase", name.to_owned())
}

fn workload(name: &str) -> KeyValue {
    KeyValue::new("workload", name.to_owned())
}

fn query(name: &str) -> KeyValue {
    KeyValue::new("query", name.to_owned())
}

fn outcome(name: &'static str) -> KeyValue {
    KeyValue::new("outcome", name)
}

/// Every operation's row in every phase.
fn rows(figures: &Figures) -> impl Iterator<Item = (&WorkloadFigures, &Operation, &SummaryRow)> {
    figures.workloads.iter().flat_map(|workload| {
        workload.operations.iter().flat_map(move |operation| {
            operation.totals.iter().map(move |total| (workload, operation, &*total.row))
        })
    })
}

fn records(figures: &Figures, tell: &mut Tell<'_>) {
    for (of, _, row) in rows(figures).filter(|(_, operation, _)| operation.query.is_none()) {
        for (what, count) in [
            ("acknowledged", row.acknowledged_records),
            ("rejected", row.rejected_records),
            ("refused", row.refused_records),
            ("unknown", row.unknown_records),
            ("skipped", row.skipped_records),
        ] {
            tell(count as f64, &[phase(&row.phase), workload(&of.name), outcome(what)]);
        }
    }
}

fn planned(figures: &Figures, tell: &mut Tell<'_>, wanted: impl Fn(Work) -> bool) {
    for of in figures.workloads.iter().filter(|workload| wanted(workload.work)) {
        for (number, due) in &of.planned {
            if let Some(name) = figures.phases.get(number - 1) {
                tell(due.round(), &[phase(name), workload(&of.name)]);
            }
        }
    }
}

fn write_requests(figures: &Figures, tell: &mut Tell<'_>) {
    for (of, _, row) in rows(figures).filter(|(_, operation, _)| operation.query.is_none()) {
        for (what, count) in [("ok", row.successful_count), ("failed", row.failed_count)] {
            tell(count as f64, &[phase(&row.phase), workload(&of.name), outcome(what)]);
        }
    }
}

fn queries(figures: &Figures, tell: &mut Tell<'_>) {
    for (of, operation, row) in rows(figures) {
        let Some(name) = &operation.query else { continue };
        for (what, count) in [
            ("ok", row.successful_count),
            ("failed", row.failed_count),
            ("skipped", row.skipped_count),
            ("cancelled", row.cancelled_count),
        ] {
            tell(count as f64, &[phase(&row.phase), workload(&of.name), query(name), outcome(what)]);
        }
    }
}

fn attempts(figures: &Figures, tell: &mut Tell<'_>) {
    for (of, operation, row) in rows(figures) {
        let name = operation.query.as_deref().unwrap_or("write");
        let name = KeyValue::new("operation", name.to_owned());
        tell(row.attempts as f64, &[phase(&row.phase), workload(&of.name), name]);
    }
}

fn errors(figures: &Figures, tell: &mut Tell<'_>) {
    for row in &figures.errors {
        let operation = KeyValue::new("operation", row.operation.clone());
        let kind = KeyValue::new("kind", row.kind.clone());
        tell(row.count as f64, &[phase(&row.phase), workload(&row.workload), operation, kind]);
    }
}

fn of_queries(figures: &Figures, tell: &mut Tell<'_>, figure: impl Fn(&SummaryRow) -> f64) {
    for (of, operation, row) in rows(figures) {
        let Some(name) = &operation.query else { continue };
        tell(figure(row), &[phase(&row.phase), workload(&of.name), query(name)]);
    }
}

/// Of queries or of writes; nothing where nothing was measured.
fn durations(figures: &Figures, tell: &mut Tell<'_>, asked: bool) {
    for (of, operation, row) in rows(figures).filter(|(_, one, _)| one.query.is_some() == asked) {
        for (timing, quantile, seconds) in [
            (Timing::Service, "0.5", row.median),
            (Timing::Service, "0.9", row.p90),
            (Timing::Service, "0.99", row.p99),
            (Timing::Response, "0.5", row.response_median_seconds),
            (Timing::Response, "0.99", row.response_p99_seconds),
        ] {
            if seconds > 0.0 {
                let mut labels = vec![phase(&row.phase), workload(&of.name)];
                labels.extend(operation.query.as_deref().map(query));
                labels.push(KeyValue::new("timing", timing.name()));
                labels.push(KeyValue::new("quantile", quantile));
                tell(seconds, &labels);
            }
        }
    }
}

fn recent_durations(figures: &Figures, tell: &mut Tell<'_>, asked: bool) {
    for of in &figures.workloads {
        for operation in of.operations.iter().filter(|one| one.query.is_some() == asked) {
            for (quantile, seconds) in [("0.5", operation.recent.p50), ("0.99", operation.recent.p99)] {
                if seconds > 0.0 {
                    let mut labels = vec![workload(&of.name)];
                    labels.extend(operation.query.as_deref().map(query));
                    labels.push(KeyValue::new("quantile", quantile));
                    tell(seconds, &labels);
                }
            }
        }
    }
}

fn lag(figures: &Figures, tell: &mut Tell<'_>) {
    for of in &figures.workloads {
        if let Some(lag) = of.lag {
            tell(lag, &[workload(&of.name)]);
        }
    }
}
