//! Amounts of load: `100%`, `5/s..50/s`, steps, a day's shape, a curve from a file. Not here: which
//! workloads take which (`phases`), what a shape is at an instant (`load`).

use std::path::Path as FilePath;
use std::time::Duration;

use super::reader::{Reader, plain};
use crate::diagnostics::{Path, Problem};
use crate::load::{Amount, Shape, Unit};
use crate::scenario::Yaml;
use crate::units::{parse_duration, parse_rate, parse_share};

/// Users of a phase at the most, as of a workload.
const MOST_USERS: u32 = 1_000_000;

const FORMS: &str = "write 100%, 10%..100%, [10%, 50%, 100%], 5/s, 5/s..50/s, { users: 5..50 }, \
                     { sine: 20%..100%, period: 24h, peak: 14h } or { curve: FILE.csv }";

/// Reads an amount of load.
pub(super) fn amount(yaml: &Yaml, folder: &FilePath, path: &Path, reader: &mut Reader) -> Option<Amount> {
    let read = match yaml {
        Yaml::String(_) | Yaml::Sequence(_) => steady(yaml, either),
        Yaml::Mapping(map) if map.len() == 1 && map.contains_key("users") => {
            map.get("users").and_then(|users| steady(users, users_of))
        }
        Yaml::Mapping(map) if map.contains_key("sine") => return sine(map, path, reader),
        Yaml::Mapping(map) if map.len() == 1 && map.contains_key("curve") => {
            return curve(&plain(map.get("curve")?), folder, &path.key("curve"), reader);
        }
        _ => None,
    };
    read.or_else(|| {
        let message = format!("`{}` is not an amount of load", plain(yaml));
        reader.problem(Problem::new(path, message).help(FORMS))
    })
}

/// One value, two around `..`, or a list of steps; all of one unit.
fn steady(yaml: &Yaml, parse: impl Fn(&str) -> Option<(Unit, f64)>) -> Option<Amount> {
    if let Yaml::Sequence(items) = yaml {
        let steps: Vec<(Unit, f64)> = items.iter().map(|item| parse(&plain(item))).collect::<Option<_>>()?;
        let (unit, _) = *steps.first()?;
        let same = steps.iter().all(|(other, _)| *other == unit);
        return same.then(|| Amount {
            unit,
            shape: Shape::Steps(steps.into_iter().map(|(_, value)| value).collect()),
        });
    }
    let text = plain(yaml);
    let (from, to) = text.split_once("..").unwrap_or((&text, &text));
    let ((unit, from), (other, to)) = (parse(from)?, parse(to)?);
    (unit == other).then_some(Amount { unit, shape: Shape::Line { from, to } })
}

fn either(text: &str) -> Option<(Unit, f64)> {
    let share = parse_share(text).map(|share| (Unit::Share, share));
    share.or_else(|| parse_rate(text).map(|rate| (Unit::Rate, rate)))
}

fn users_of(text: &str) -> Option<(Unit, f64)> {
    let users = text.trim().parse::<u32>().ok().filter(|users| *users <= MOST_USERS)?;
    Some((Unit::Users, f64::from(users)))
}

/// `{ sine: 20%..100%, period: 24h, peak: 14h }`; a day whose peak is at noon if not given.
fn sine(map: &serde_yaml::Mapping, path: &Path, reader: &mut Reader) -> Option<Amount> {
    reader.known_keys(map, &["sine", "period", "peak"], path)?;
    let ends = map.get("sine").and_then(|range| steady(range, either));
    let Some(Amount { unit, shape: Shape::Line { from: low, to: high } }) = ends else {
        let message = format!("`{}` is not a range of load", map.get("sine").map(plain).unwrap_or_default());
        return reader.problem(Problem::new(&path.key("sine"), message).help("write 20%..100% or 1/s..10/s"));
    };
    let mut span = |key: &str, default: Duration| match map.get(key) {
        Some(yaml) => reader.duration(yaml, &path.key(key)),
        None => Some(default),
    };
    let period = span("period", Duration::from_secs(86_400))?;
    let peak = span("peak", period / 2)?;
    if period.is_zero() {
        return reader.problem(Problem::new(&path.key("period"), "a period above 0 is wanted"));
    }
    Some(Amount { unit, shape: Shape::Sine { low: low.min(high), high: low.max(high), period, peak } })
}

/// A CSV file with the columns `at` (a duration since the phase's start) and `load`.
fn curve(file: &str, folder: &FilePath, path: &Path, reader: &mut Reader) -> Option<Amount> {
    match read_curve(&folder.join(file)) {
        Ok(amount) => Some(amount),
        Err(message) => {
            let help = "a curve has the header `at,load` and rows such as `15m,80%`, in order of time";
            reader.problem(Problem::new(path, format!("{file}: {message}")).help(help))
        }
    }
}

fn read_curve(file: &FilePath) -> Result<Amount, String> {
    let mut rows =
        csv::ReaderBuilder::new().trim(csv::Trim::All).from_path(file).map_err(|error| error.to_string())?;
    let header = rows.headers().map_err(|error| error.to_string())?;
    if header != vec!["at", "load"] {
        return Err("its header is not `at,load`".to_owned());
    }
    let mut points: Vec<(Duration, f64)> = Vec::new();
    let mut unit = None;
    for row in rows.deserialize::<(String, String)>() {
        let (at, load) = row.map_err(|error| error.to_string())?;
        let after = Duration::from_nanos(parse_duration(&at)?.unsigned_abs());
        let (of, value) = either(&load).ok_or_else(|| format!("`{load}` is not a load: write 80% or 5/s"))?;
        if *unit.get_or_insert(of) != of {
            return Err(format!("`{load}` at {at} is of another unit than the loads before"));
        }
        if points.last().is_some_and(|(before, _)| *before > after) {
            return Err(format!("`{at}` is before the row above it"));
        }
        points.push((after, value));
    }
    let unit = unit.ok_or("it has no rows")?;
    Ok(Amount { unit, shape: Shape::Points(points) })
}
