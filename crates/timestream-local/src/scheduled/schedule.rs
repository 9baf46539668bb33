//! When a scheduled query runs: `rate(5 minutes)` or `cron(0/5 * * * ? *)`. Times are UTC, in nanoseconds since the
//! epoch. Not here: cron's fields (`cron`), running (`scheduler`).
//!
//! A rate starts "from the exact time when the scheduled query is created", says the developer guide ("Schedule
//! expressions for scheduled queries"); its first run is one period later.

use serde::{Deserialize, Serialize};

use super::cron::Cron;

const MINUTE: i64 = 60 * 1_000_000_000;

/// A schedule expression that was read.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) struct Schedule {
    text: String,
    rule: Rule,
}

#[derive(Debug, Clone)]
enum Rule {
    /// Each so many nanoseconds from the creation on.
    Rate(i64),
    Cron(Cron),
}

/// Why an expression is none.
#[derive(Debug, thiserror::Error)]
#[error(
    "The schedule expression '{expression}' is not valid: {reason}. Write rate(5 minutes) or, with minutes, hours, \
     day-of-month, month, day-of-week and year, cron(0/5 * * * ? *)."
)]
pub(crate) struct ScheduleError {
    expression: String,
    reason: String,
}

impl Schedule {
    /// Reads an expression.
    pub(crate) fn parse(text: &str) -> Result<Self, ScheduleError> {
        let inside = |name: &str| text.trim().strip_prefix(name)?.strip_prefix('(')?.strip_suffix(')');
        let rule = match (inside("rate"), inside("cron")) {
            (Some(rate), _) => period(rate).map(Rule::Rate),
            (_, Some(fields)) => Cron::parse(fields).map(Rule::Cron),
            _ => Err("it is neither rate(...) nor cron(...)".to_owned()),
        };
        let expression = || text.to_owned();
        let rule = rule.map_err(|reason| ScheduleError { expression: expression(), reason })?;
        Ok(Self { text: expression(), rule })
    }

    /// Refuses an expression that has no time after `now`.
    pub(crate) fn check_future(&self, now: i64) -> Result<(), ScheduleError> {
        match self.next(now, now) {
            Some(_) => Ok(()),
            None => {
                let reason = "it has no time from now on".to_owned();
                Err(ScheduleError { expression: self.text.clone(), reason })
            }
        }
    }

    /// The expression as it was written.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// The first time after `after`, of a query that was created at `created`; none where there is none any more.
    pub(crate) fn next(&self, created: i64, after: i64) -> Option<i64> {
        match &self.rule {
            Rule::Rate(period) => {
                let periods = (after.saturating_sub(created).div_euclid(*period) + 1).max(1);
                created.checked_add(periods.checked_mul(*period)?)
            }
            Rule::Cron(cron) => cron.next(after.max(created)),
        }
    }

    /// The last time up to `until`, itself included.
    pub(crate) fn last(&self, created: i64, until: i64) -> Option<i64> {
        let last = match &self.rule {
            Rule::Rate(period) => {
                let periods = until.saturating_sub(created).div_euclid(*period);
                created.checked_add(periods.checked_mul(*period)?)
            }
            Rule::Cron(cron) => cron.last(until),
        };
        last.filter(|last| *last > created)
    }
}

impl PartialEq for Schedule {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl TryFrom<String> for Schedule {
    type Error = ScheduleError;

    fn try_from(text: String) -> Result<Self, ScheduleError> {
        Self::parse(&text)
    }
}

impl From<Schedule> for String {
    fn from(schedule: Schedule) -> Self {
        schedule.text
    }
}

/// `5 minutes`, also without the space and whichever of singular and plural, as the service takes them.
fn period(text: &str) -> Result<i64, String> {
    let text = text.trim();
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (value, unit) = text.split_at(end);
    let unit = match unit.trim_start() {
        "minute" | "minutes" => MINUTE,
        "hour" | "hours" => 60 * MINUTE,
        "day" | "days" => 24 * 60 * MINUTE,
        other => return Err(format!("the unit '{other}' is none of minutes, hours and days")),
    };
    match value.parse::<i64>().ok().and_then(|value| value.checked_mul(unit)) {
        Some(period @ 1..) => Ok(period),
        _ => Err(format!("'{value}' is not a number of 1 or more whose time fits into 292 years")),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn rates_count_from_the_creation() {
        let schedule = Schedule::parse("rate(5 minutes)").unwrap();
        let created = 7 * MINUTE + 3;
        assert_eq!(schedule.next(created, created), Some(created + 5 * MINUTE));
        assert_eq!(schedule.next(created, 0), Some(created + 5 * MINUTE));
        assert_eq!(schedule.next(created, created + 5 * MINUTE - 1), Some(created + 5 * MINUTE));
        assert_eq!(schedule.next(created, created + 5 * MINUTE), Some(created + 10 * MINUTE));
        assert_eq!(schedule.last(created, created + 5 * MINUTE - 1), None, "the creation itself is no run");
        assert_eq!(schedule.last(created, created + 14 * MINUTE), Some(created + 10 * MINUTE));
    }

    #[test]
    fn rates_are_spelled_freely() {
        for (text, minutes) in [
            ("rate(1minute)", 1),
            ("rate(5 day)", 5 * 24 * 60),
            ("rate(1 hours)", 60),
            ("rate( 2  hours )", 120),
        ] {
            assert_eq!(Schedule::parse(text).unwrap().next(0, 0), Some(minutes * MINUTE), "{text}");
        }
    }

    #[test]
    fn what_is_no_schedule_says_why() {
        let told = [
            "",
            "5 minutes",
            "rate(5 minutes",
            "rate()",
            "rate(5)",
            "rate(0 minutes)",
            "rate(-5 minutes)",
            "rate(5 seconds)",
            "rate(99999999999 days)",
            "cron(61 * * * ? *)",
            "Rate(5 minutes)",
        ]
        .map(|text| Schedule::parse(text).unwrap_err().to_string());
        insta::assert_snapshot!(told.join("\n"));
    }

    proptest! {
        #[test]
        fn the_next_time_is_the_last_one_when_it_has_come(
            expression in prop_oneof![Just("rate(7 minutes)"), Just("cron(3/17 5 * * ? *)"), Just("cron(0 0 ? * 2#1 *)")],
            created in 0_i64..4_000_000_000_000_000_000, later in 0_i64..40_000_000_000_000_000,
        ) {
            let schedule = Schedule::parse(expression).unwrap();
            let next = schedule.next(created, created + later).unwrap();
            prop_assert!(next > created + later);
            prop_assert_eq!(schedule.last(created, next), Some(next));
            let last = schedule.last(created, next - 1);
            prop_assert!(last.is_none_or(|last| last > created && last <= created + later));
        }
    }
}
