//! Durations, times, shares and counts as people write them: parse and print. Not here: expressions.

use chrono::{DateTime, NaiveDate, Utc};

/// Nanoseconds in a second.
pub const SECOND: i64 = 1_000_000_000;

/// Parses a duration such as `60s`, `15m`, `2h`, `3d`, `500ms` or `1h30m` into nanoseconds.
///
/// # Errors
/// A sentence that names the text and the forms that are understood.
pub fn parse_duration(text: &str) -> Result<i64, String> {
    let refuse = || match meant_duration(text) {
        Some(meant) => format!("`{text}` is not a duration: write {meant}"),
        None => format!("`{text}` is not a duration: write 500ms, 60s, 15m, 2h or 3d"),
    };
    if text.is_empty() || text.contains(char::is_whitespace) {
        return Err(refuse());
    }
    let duration = humantime::parse_duration(text).map_err(|_| refuse())?;
    i64::try_from(duration.as_nanos()).map_err(|_| format!("`{text}` is too long for a duration"))
}

/// The duration that looser words mean, as it is written here: `5 seconds` is `5s`.
#[must_use]
pub fn meant_duration(text: &str) -> Option<String> {
    let meant = humantime::parse_duration(text).ok()?;
    i64::try_from(meant.as_nanos()).ok().map(print_duration)
}

/// Parses a point in time: `2026-01-31T12:00:00Z`, or `2026-01-31`, which is midnight UTC.
///
/// # Errors
/// A sentence that names the text and the forms that are understood.
pub fn parse_time(text: &str) -> Result<DateTime<Utc>, String> {
    if let Ok(time) = DateTime::parse_from_rfc3339(text) {
        return Ok(time.to_utc());
    }
    let day = NaiveDate::parse_from_str(text, "%Y-%m-%d").ok().and_then(|day| day.and_hms_opt(0, 0, 0));
    day.map(|midnight| midnight.and_utc())
        .ok_or_else(|| format!("`{text}` is not a time: write 2026-01-31T12:00:00Z or 2026-01-31"))
}

/// Prints nanoseconds in the largest unit that divides them: `60000000000` is `1m`.
#[must_use]
pub fn print_duration(nanos: i64) -> String {
    const UNITS: [(i64, &str); 5] =
        [(86_400 * SECOND, "d"), (3_600 * SECOND, "h"), (60 * SECOND, "m"), (SECOND, "s"), (1_000_000, "ms")];
    if nanos == 0 {
        return "0s".to_owned();
    }
    match UNITS.iter().find(|(unit, _)| nanos % unit == 0) {
        Some((unit, name)) => format!("{}{name}", nanos / unit),
        None => format!("{nanos}ns"),
    }
}

/// Parses a share such as `50%`, from `0%` to `100%`, as a fraction.
#[must_use]
pub fn parse_share(text: &str) -> Option<f64> {
    let percent: f64 = text.trim().strip_suffix('%')?.trim().parse().ok()?;
    (0.0..=100.0).contains(&percent).then_some(percent / 100.0)
}

/// Parses a rate such as `5/s`, `90/m` or `1000/h`, from 0 on, as a number a second.
#[must_use]
pub fn parse_rate(text: &str) -> Option<f64> {
    let (count, unit) = text.trim().split_once('/')?;
    let seconds = match unit.trim() {
        "s" => 1.0,
        "m" => 60.0,
        "h" => 3_600.0,
        _ => return None,
    };
    let count: f64 = count.trim().parse().ok()?;
    (count.is_finite() && count >= 0.0).then_some(count / seconds)
}

/// Prints a rate a second, in the unit in which it is 1 or more: 0.5 is `30/m`.
#[must_use]
pub fn print_rate(rate: f64) -> String {
    let (count, unit) = match rate {
        rate if rate >= 1.0 || rate <= 0.0 => (rate, "s"),
        rate if rate >= 1.0 / 60.0 => (rate * 60.0, "m"),
        rate => (rate * 3_600.0, "h"),
    };
    format!("{}/{unit}", (count * 1e6).round() / 1e6)
}

/// Prints a count with thousands separated: `1234567` is `1,234,567`.
#[must_use]
pub fn print_count(count: u64) -> String {
    let digits = count.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A number of things: `1 query`, `2 queries`.
pub(crate) fn counted(count: u64, one: &str, many: &str) -> String {
    format!("{} {}", print_count(count), if count == 1 { one } else { many })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_read_and_print() {
        for (text, nanos, printed) in [
            ("60s", 60 * SECOND, "1m"),
            ("500ms", SECOND / 2, "500ms"),
            ("3d", 259_200 * SECOND, "3d"),
            ("1h30m", 5_400 * SECOND, "90m"),
        ] {
            assert_eq!(parse_duration(text), Ok(nanos));
            assert_eq!(print_duration(nanos), printed);
        }
        assert!(parse_duration("60").unwrap_err().contains("`60`"));
        assert!(parse_duration("1 h").unwrap_err().ends_with("write 1h"));
    }

    #[test]
    fn shares_are_per_cent() {
        assert_eq!(parse_share("50%"), Some(0.5));
        assert_eq!(parse_share("0.5%"), Some(0.005));
        for wrong in ["50", "101%", "-1%", "%", "NaN%"] {
            assert_eq!(parse_share(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn rates_read_and_print() {
        for (text, rate, printed) in [
            ("5/s", 5.0, "5/s"),
            ("90/m", 1.5, "1.5/s"),
            ("30/m", 0.5, "30/m"),
            ("10/h", 10.0 / 3_600.0, "10/h"),
            ("0/s", 0.0, "0/s"),
        ] {
            assert_eq!(parse_rate(text), Some(rate));
            assert_eq!(print_rate(rate), printed);
        }
        for wrong in ["5", "5/d", "-1/s", "/s", "NaN/s", "inf/s"] {
            assert_eq!(parse_rate(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn counts_print_in_thousands() {
        assert_eq!(print_count(0), "0");
        assert_eq!(print_count(999), "999");
        assert_eq!(print_count(155_998_800), "155,998,800");
    }
}
