//! How figures are written at axes and in read-outs. Not here: counts in tables (`units`).

use crate::units::print_count;

/// What the values of an axis are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// A span of time, in seconds.
    Seconds,
    /// A number of things.
    Count,
    /// Things a second.
    PerSecond,
    /// Bytes.
    Bytes,
    /// A fraction, told in per cent.
    Share,
}

impl Unit {
    /// A value as read-outs tell it: `12.3 ms`, `43,333/s`, `1.5 GB`, `99.98 %`.
    #[must_use]
    pub fn print(self, value: f64) -> String {
        if !value.is_finite() {
            return "-".to_owned();
        }
        match self {
            Self::Seconds => seconds(value),
            Self::Count => whole(value),
            Self::PerSecond => format!("{}/s", whole(value)),
            Self::Bytes => {
                scaled(value, &[(1e12, " TB"), (1e9, " GB"), (1e6, " MB"), (1e3, " kB"), (1.0, " B")])
            }
            Self::Share => {
                format!("{} %", places(100.0 * value, if value < 1.0 && value > 0.99 { 2 } else { 1 }))
            }
        }
    }

    /// A value as an axis tells it: short, and exact since ticks are round.
    pub(super) fn tick(self, value: f64) -> String {
        match self {
            Self::Count | Self::PerSecond => {
                scaled(value, &[(1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k"), (1.0, "")])
            }
            Self::Share => format!("{} %", figure(100.0 * value, 6)),
            Self::Seconds | Self::Bytes => self.print(value),
        }
    }
}

/// A number to so many digits, without zeros at its end: `0.25`, `12.3`, `4567`.
#[must_use]
pub fn figure(value: f64, digits: usize) -> String {
    if value == 0.0 || !value.is_finite() {
        return "0".to_owned();
    }
    let before = value.abs().log10().floor() as i64 + 1;
    let after = usize::try_from(i64::try_from(digits).unwrap_or(3) - before).unwrap_or(0);
    places(value, after.min(9))
}

/// A span since the start: `0`, `90s`, `5m`, `1m 30s`, `2h`, `1d 6h`.
#[must_use]
pub fn elapsed(seconds: f64) -> String {
    let whole = seconds.max(0.0).round() as u64;
    let parts = [(whole / 86_400, "d"), (whole / 3_600 % 24, "h"), (whole / 60 % 60, "m"), (whole % 60, "s")];
    let text: Vec<String> =
        parts.iter().filter(|(count, _)| *count > 0).map(|(count, unit)| format!("{count}{unit}")).collect();
    if text.is_empty() { "0".to_owned() } else { text.join(" ") }
}

fn seconds(value: f64) -> String {
    match value.abs() {
        0.0 => "0".to_owned(),
        // The microseconds of a millisecond are told, those of a second are not.
        size if size < 0.000_999_5 => format!("{} µs", figure(value * 1e6, 3)),
        size if size < 0.999_5 => format!("{} ms", figure(value * 1e3, 3)),
        size if size < 120.0 => format!("{} s", figure(value, 3)),
        _ => elapsed(value),
    }
}

fn whole(value: f64) -> String {
    if value.abs() < 10.0 {
        return figure(value, 2);
    }
    let sign = if value < 0.0 { "-" } else { "" };
    format!("{sign}{}", print_count(value.abs().round() as u64))
}

fn scaled(value: f64, scales: &[(f64, &str)]) -> String {
    let fits = scales.iter().find(|(scale, _)| value.abs() >= *scale * 0.999_5);
    match fits {
        Some((scale, unit)) => format!("{}{unit}", figure(value / scale, 3)),
        None => figure(value, 2),
    }
}

/// So many decimal places at most.
fn places(value: f64, places: usize) -> String {
    if !value.is_finite() {
        return "-".to_owned();
    }
    let text = format!("{value:.places$}");
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}
