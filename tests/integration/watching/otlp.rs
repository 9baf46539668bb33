//! A receiver of what is sent by OTLP over HTTP, and what it got.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, channel};

use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value as OtlpValue;
use opentelemetry_proto::tonic::metrics::v1::{NumberDataPoint, metric, number_data_point};
use prost::Message as _;

/// Takes what is sent by OTLP and gives it on.
pub(super) fn receiver() -> (String, Receiver<(String, ExportMetricsServiceRequest)>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let url = format!("http://{}", listener.local_addr().expect("it has one"));
    let (sender, receiver) = channel();
    // It ends with the test's process.
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let (stream, sender) = (stream.expect("connections come"), sender.clone());
            std::thread::spawn(move || {
                let mut reader = BufReader::new(stream);
                while let Some((head, body)) = request(&mut reader) {
                    let metrics = ExportMetricsServiceRequest::decode(&*body).expect("it is OTLP");
                    let _ = sender.send((head, metrics));
                    let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
                    reader.get_mut().write_all(answer).expect("it is read");
                }
            });
        }
    });
    (url, receiver)
}

/// The next request on a connection: its head and its body.
fn request(reader: &mut BufReader<TcpStream>) -> Option<(String, Vec<u8>)> {
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if reader.read_line(&mut head).ok()? == 0 {
            return None;
        }
    }
    let lower = head.to_ascii_lowercase();
    let length =
        lower.lines().find_map(|line| line.strip_prefix("content-length:")).expect("its length is told");
    let mut body = vec![0; length.trim().parse().expect("it is a number")];
    reader.read_exact(&mut body).ok()?;
    Some((head, body))
}

/// The points of a metric, with their labels sorted.
pub(super) fn points(request: &ExportMetricsServiceRequest, name: &str) -> BTreeMap<String, f64> {
    let scopes = request.resource_metrics.iter().flat_map(|resource| &resource.scope_metrics);
    let found = scopes.flat_map(|scope| &scope.metrics).find(|metric| metric.name == name);
    let data = found.and_then(|metric| metric.data.as_ref());
    let points = match data.unwrap_or_else(|| panic!("no {name}")) {
        metric::Data::Sum(sum) => &sum.data_points,
        metric::Data::Gauge(gauge) => &gauge.data_points,
        other => panic!("{name} is {other:?}"),
    };
    points.iter().map(|point| (labels(point), value(point))).collect()
}

fn labels(point: &NumberDataPoint) -> String {
    let mut labels: Vec<String> = point
        .attributes
        .iter()
        .map(|label| match label.value.as_ref().and_then(|value| value.value.as_ref()) {
            Some(OtlpValue::StringValue(value)) => format!("{}={value}", label.key),
            other => panic!("{} is {other:?}", label.key),
        })
        .collect();
    labels.sort();
    labels.join(",")
}

fn value(point: &NumberDataPoint) -> f64 {
    match point.value.expect("it has one") {
        number_data_point::Value::AsDouble(value) => value,
        number_data_point::Value::AsInt(value) => value as f64,
    }
}
