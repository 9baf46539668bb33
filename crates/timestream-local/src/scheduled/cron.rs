//! Cron expressions in AWS's dialect, by croner, which has another. Not here: what runs by them (`schedule`).
//!
//! The fields are minutes, hours, day of month, month, day of week, year, as the developer guide's "Schedule
//! expressions for scheduled queries" has them. What differs from croner: there are no seconds; days of the week
//! are 1 to 7 from Sunday on, and `L` among them is Saturday; one of the two day fields is `?`; `5/15` begins at 5;
//! the years end. So each field is checked and spelled anew before croner reads it.

use std::ops::RangeInclusive;

use chrono::{DateTime, Datelike, Utc};
use croner::Cron as Pattern;
use croner::parser::{CronParser, Seconds, Year};

const NANOS: i64 = 1_000_000_000;
const YEARS: RangeInclusive<u16> = 1970..=2199;

/// When a cron expression applies, in UTC.
#[derive(Debug, Clone)]
pub(super) struct Cron(Box<Pattern>);

/// What a field may hold.
struct Field {
    name: &'static str,
    range: RangeInclusive<u16>,
    /// The first stands for the range's first number.
    names: &'static [&'static str],
}

const MONTHS: [&str; 12] =
    ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];
const DAYS: [&str; 7] = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];

const MINUTES: Field = Field { name: "minutes", range: 0..=59, names: &[] };
const HOURS: Field = Field { name: "hours", range: 0..=23, names: &[] };
const DAY_OF_MONTH: Field = Field { name: "day-of-month", range: 1..=31, names: &[] };
const MONTH: Field = Field { name: "month", range: 1..=12, names: &MONTHS };
const DAY_OF_WEEK: Field = Field { name: "day-of-week", range: 1..=7, names: &DAYS };
const YEAR: Field = Field { name: "year", range: YEARS, names: &[] };

impl Cron {
    /// Reads what stands between `cron(` and `)`; the error says what is wrong with it.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let text = text.to_ascii_uppercase();
        let fields: Vec<&str> = text.split_ascii_whitespace().collect();
        let [minutes, hours, day, month, weekday, year] = fields[..] else {
            return Err(format!(
                "it has {} fields and needs six: minutes, hours, day-of-month, month, day-of-week and year",
                fields.len()
            ));
        };
        if (day == "?") == (weekday == "?") {
            return Err("one of day-of-month and day-of-week must be ?, and the other must not".to_owned());
        }
        let pattern = [
            "0".to_owned(),
            MINUTES.spell(minutes)?,
            HOURS.spell(hours)?,
            day_of_month(day)?,
            MONTH.spell(month)?,
            day_of_week(weekday)?,
            YEAR.spell(year)?,
        ]
        .join(" ");
        let parser = CronParser::builder()
            .seconds(Seconds::Required)
            .year(Year::Required)
            .alternative_weekdays(true)
            .sloppy_ranges(true)
            .build();
        parser.parse(&pattern).map(|pattern| Self(Box::new(pattern))).map_err(|error| error.to_string())
    }

    /// The first time after `after`; none where the years have ended. Times are nanoseconds since the epoch.
    pub(super) fn next(&self, after: i64) -> Option<i64> {
        let from = DateTime::from_timestamp(after.div_euclid(NANOS), 0)?;
        within_years(self.0.find_next_occurrence(&from, false).ok()?)
    }

    /// The last time up to `until`, itself included.
    pub(super) fn last(&self, until: i64) -> Option<i64> {
        let from = DateTime::from_timestamp(until.div_euclid(NANOS), 0)?;
        within_years(self.0.find_previous_occurrence(&from, true).ok()?)
    }
}

fn within_years(time: DateTime<Utc>) -> Option<i64> {
    let year = u16::try_from(time.year()).ok()?;
    YEARS.contains(&year).then(|| time.timestamp_nanos_opt()).flatten()
}

impl Field {
    /// A list of `*`, numbers, ranges and steps, spelled with numbers.
    fn spell(&self, text: &str) -> Result<String, String> {
        self.list(text, |item| self.item(item))
    }

    fn list(&self, text: &str, item: impl Fn(&str) -> Result<String, String>) -> Result<String, String> {
        text.split(',').map(item).collect::<Result<Vec<_>, _>>().map(|items| items.join(","))
    }

    /// `*`, `5`, `5-10`, or one of them with a step: `*/5`, `5/5`, `5-10/5`.
    fn item(&self, text: &str) -> Result<String, String> {
        match text.split_once('/') {
            None => self.span(text),
            Some((span, step)) => match step.parse::<u16>() {
                Ok(step @ 1..) => Ok(format!("{}/{step}", self.span(span)?)),
                _ => Err(format!("the step of '{text}' in the {} field must be 1 or more", self.name)),
            },
        }
    }

    fn span(&self, text: &str) -> Result<String, String> {
        if text == "*" {
            return Ok("*".to_owned());
        }
        let Some((first, last)) = text.split_once('-') else {
            return self.number(text).map(|number| number.to_string());
        };
        let (first, last) = (self.number(first)?, self.number(last)?);
        if first > last {
            return Err(format!(
                "the range '{text}' in the {} field runs backwards; write two ranges with a comma",
                self.name
            ));
        }
        Ok(format!("{first}-{last}"))
    }

    fn number(&self, text: &str) -> Result<u16, String> {
        let (first, last) = (*self.range.start(), *self.range.end());
        let named = self.names.iter().zip(first..).find(|(name, _)| **name == text).map(|(_, number)| number);
        let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let number = named.or_else(|| digits.then(|| text.parse().ok()).flatten());
        number.filter(|number| self.range.contains(number)).ok_or_else(|| {
            let names = match self.names {
                [one, .., other] => format!(" or {one} to {other}"),
                _ => String::new(),
            };
            format!("'{text}' in the {} field is not one of {first} to {last}{names}", self.name)
        })
    }
}

/// Also `?`; `L`, the last day; `LW`, the last weekday; `3W`, the weekday nearest to the 3rd.
fn day_of_month(text: &str) -> Result<String, String> {
    match text {
        "?" => Ok("*".to_owned()),
        "L" | "LW" => Ok(text.to_owned()),
        _ => DAY_OF_MONTH.list(text, |item| match item.strip_suffix('W') {
            Some(day) => DAY_OF_MONTH.number(day).map(|day| format!("{day}W")),
            None => DAY_OF_MONTH.item(item),
        }),
    }
}

/// Also `?`; `L`, Saturday; `6L`, the last Friday of the month; `3#2`, its second Tuesday. There are no steps.
fn day_of_week(text: &str) -> Result<String, String> {
    match text {
        "?" => Ok("*".to_owned()),
        "L" => Ok(DAY_OF_WEEK.range.end().to_string()),
        _ => DAY_OF_WEEK.list(text, |item| {
            if let Some(day) = item.strip_suffix('L') {
                return DAY_OF_WEEK.number(day).map(|day| format!("{day}L"));
            }
            match item.split_once('#') {
                None => DAY_OF_WEEK.span(item),
                Some((day, nth @ ("1" | "2" | "3" | "4" | "5"))) => {
                    DAY_OF_WEEK.number(day).map(|day| format!("{day}#{nth}"))
                }
                Some(_) => {
                    Err(format!("'{item}' in the day-of-week field needs a number from 1 to 5 after the #"))
                }
            }
        }),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn nanos(time: &str) -> i64 {
        time.parse::<DateTime<Utc>>().unwrap().timestamp_nanos_opt().unwrap()
    }

    /// The first `count` times after Thursday, 2026-01-01T00:00:00Z.
    fn times(cron: &str, count: usize) -> String {
        let cron = Cron::parse(cron).unwrap();
        let mut time = nanos("2026-01-01T00:00:00Z");
        let mut times = Vec::new();
        for _ in 0..count {
            let Some(next) = cron.next(time) else { break };
            time = next;
            times.push(DateTime::from_timestamp_nanos(time).format("%a %Y-%m-%d %H:%M").to_string());
        }
        times.join(", ")
    }

    #[test]
    fn expressions_apply_as_aws_says() {
        let expressions = [
            "0/30 * * * ? *",
            "* * * * ? *",
            "5/20 8-10 * * ? *",
            "0 10 * * ? *",
            "15 12 ? * * *",
            "0 18 ? * MON-FRI *",
            "0 18 ? * 2-6 *",
            "0 8 1 * ? *",
            "0 0 ? * 1 *",
            "0 0 ? * 7 *",
            "0 0 ? * sun,tue *",
            "0 0 ? * L *",
            "0 0 ? * 6L *",
            "0 0 ? * FRIL *",
            "0 9 ? * 2#1 *",
            "0 9 ? * 3#2,3#4 *",
            "0 0 ? * 6#5 *",
            "0 0 L * ? *",
            "0 0 LW * ? *",
            "0 0 3W * ? *",
            "0 0 1W,31W * ? *",
            "0 0 10,20-22 * ? *",
            "0 0 10/10 * ? *",
            "0 0 1 JAN,jul ? *",
            "0 0 29 2 ? *",
            "0 0 1 1 ? 2026-2029/2",
            "0 0 1 1 ? 2025,2031",
            "0 0 1 1 ? 2024",
            "0 0 30 2 ? *",
        ];
        let told = expressions.map(|cron| format!("{cron:24} {}", times(cron, 4)));
        insta::assert_snapshot!(told.join("\n"));
    }

    #[test]
    fn what_is_wrong_is_told() {
        let expressions = [
            "",
            "* * * * *",
            "0 0 * * * *",
            "0 0 ? * ? *",
            "0 0 1 * MON *",
            "60 0 * * ? *",
            "0 24 * * ? *",
            "0 0 0 * ? *",
            "0 0 1 13 ? *",
            "0 0 1 JANUARY ? *",
            "0 0 ? * 0 *",
            "0 0 ? * 8 *",
            "0 0 ? * 2/2 *",
            "0 0 ? * 2#6 *",
            "0 0 L-3 * ? *",
            "0 0 W * ? *",
            "0 0 1 1 ? 1969",
            "0 0 1 1 ? 99999999",
            "*/0 * * * ? *",
            "0/ * * * ? *",
            "/5 * * * ? *",
            "22-4 * * * ? *",
            "1,,2 * * * ? *",
            "+5 * * * ? *",
            "@daily * * * ? *",
        ];
        let told = expressions.map(|cron| format!("{cron:20} {}", Cron::parse(cron).unwrap_err()));
        insta::assert_snapshot!(told.join("\n"));
    }

    proptest! {
        /// Fields that are read by hand, at times that are found by croner.
        #[test]
        fn a_time_that_is_found_fits_the_fields(
            minute in 0_u32..60, step in 1_u32..30, hour in 0_u32..24, weekday in 1_u32..8, after in 0_i64..4_000_000_000,
        ) {
            let cron = Cron::parse(&format!("{minute}/{step} {hour} ? * {weekday} *")).unwrap();
            let next = cron.next(after * NANOS).unwrap();
            prop_assert!(next > after * NANOS);
            prop_assert_eq!(cron.last(next), Some(next));
            prop_assert!(cron.last(next - 1).is_none_or(|last| last <= after * NANOS));
            let seconds = next / NANOS;
            let (in_hour, of_day) = (u32::try_from(seconds / 60 % 60).unwrap(), seconds / 3600 % 24);
            prop_assert_eq!(seconds % 60, 0);
            prop_assert!(in_hour >= minute && (in_hour - minute) % step == 0);
            prop_assert_eq!(of_day, i64::from(hour));
            // The epoch was a Thursday, which is 5.
            prop_assert_eq!((seconds / 86_400 + 4) % 7 + 1, i64::from(weekday));
        }

        #[test]
        fn no_text_panics(text in "[-0-9A-Za-z*/,?#LW ]{0,30}") {
            if let Ok(cron) = Cron::parse(&text) {
                let _ = (cron.next(i64::MAX), cron.last(i64::MIN), cron.next(0));
            }
        }
    }
}
