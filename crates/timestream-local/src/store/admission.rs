//! The rules of a write: the window of times that a table takes, and what becomes of a record whose
//! identity is already stored. Not here: how a stored record is found (`state`).

use chrono::{DateTime, SecondsFormat};

use super::keys::Stored;
use crate::model::Retention;

const MINUTE: i64 = 60_000_000_000;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// How far ahead of the clock a record may be.
const AHEAD: i64 = 15 * MINUTE;

/// The service's words for a record that is already there.
const EXISTS: &str = "A record already exists with the same time, dimensions, measure name, and record version. \
                      A higher record version must be specified in order to update the measure value.";

/// Those for a record of a batch load that the table would not keep.
const OUTSIDE_LOAD: &str = "The record timestamp is outside the time range of the data ingestion window.";

/// The times that a table takes now.
#[derive(Debug, Clone, Copy)]
pub(super) struct Window {
    memory_from: i64,
    magnetic_from: i64,
    until: i64,
    magnetic_writes: bool,
    load: bool,
}

/// Where a record goes by its time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tier {
    Memory,
    Magnetic,
}

impl Window {
    pub(super) fn at(now: i64, retention: Retention) -> Self {
        let memory_from = now.saturating_sub(i64::from(retention.memory_hours).saturating_mul(HOUR));
        Self {
            memory_from,
            // Writes begin with the epoch, by the developer guide.
            magnetic_from: oldest_kept(now, retention).max(0),
            until: now.saturating_add(AHEAD),
            magnetic_writes: retention.magnetic_writes,
            load: false,
        }
    }

    /// That of a batch load: whatever the table keeps goes to the magnetic store.
    pub(super) fn of_load(now: i64, retention: Retention) -> Self {
        Self { load: true, ..Self::at(now, retention) }
    }

    /// Where a record of this time goes; otherwise the reason why nowhere.
    pub(super) fn tier(&self, time: i64) -> Result<Tier, String> {
        if self.load {
            let inside = (self.magnetic_from..self.until).contains(&time);
            return if inside { Ok(Tier::Magnetic) } else { Err(OUTSIDE_LOAD.to_owned()) };
        }
        if (self.memory_from..self.until).contains(&time) {
            return Ok(Tier::Memory);
        }
        if self.magnetic_writes && (self.magnetic_from..self.memory_from).contains(&time) {
            return Ok(Tier::Magnetic);
        }
        let from = if self.magnetic_writes { self.magnetic_from } else { self.memory_from };
        Err(format!(
            "The record timestamp is outside the time range [{}, {}) of the memory store.",
            instant(from),
            instant(self.until)
        ))
    }
}

/// The earliest time that a table keeps.
pub(super) fn oldest_kept(now: i64, retention: Retention) -> i64 {
    now.saturating_sub(life(retention))
}

/// How long a table keeps a row, in nanoseconds: in the memory store, then in the magnetic store.
pub(super) fn life(retention: Retention) -> i64 {
    let memory = i64::from(retention.memory_hours).saturating_mul(HOUR);
    let magnetic = i64::from(retention.magnetic_days).saturating_mul(DAY);
    memory.saturating_add(magnetic)
}

fn instant(nanos: i64) -> String {
    DateTime::from_timestamp_nanos(nanos).to_rfc3339_opts(SecondsFormat::Millis, true)
}

/// What becomes of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It is stored.
    Store,
    /// It says nothing new: an idempotent retry.
    Known,
    /// It is rejected in favour of the stored version.
    Conflict(i64),
}

/// Judges a record by what is stored of its identity.
pub(super) fn judge(new: Stored, existing: Option<Stored>) -> Verdict {
    match existing {
        None => Verdict::Store,
        Some(existing) if new.version > existing.version => Verdict::Store,
        Some(existing) if new.digest == existing.digest => Verdict::Known,
        Some(existing) => Verdict::Conflict(existing.version),
    }
}

/// Why a record of version `new` is rejected in favour of the `existing` one, in the words of the service.
pub(super) fn conflict(new: i64, existing: i64) -> String {
    if new < existing {
        return format!(
            "The record version {new} is lower than the existing version {existing}. A higher version is required \
             to update the measure value."
        );
    }
    EXISTS.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    const RETENTION: Retention = Retention { memory_hours: 2, magnetic_days: 1, magnetic_writes: false };

    #[test]
    fn a_record_outside_the_window_is_told_the_window() {
        let window = Window::at(3 * HOUR, RETENTION);
        assert_eq!(window.tier(HOUR), Ok(Tier::Memory));
        assert_eq!(
            window.tier(HOUR - 1).unwrap_err(),
            "The record timestamp is outside the time range [1970-01-01T01:00:00.000Z, 1970-01-01T03:15:00.000Z) \
             of the memory store."
        );
        assert_eq!(window.tier(3 * HOUR + AHEAD - 1), Ok(Tier::Memory));
        assert!(window.tier(3 * HOUR + AHEAD).is_err());
    }

    #[test]
    fn magnetic_writes_take_late_records_until_the_end_of_the_tables_life() {
        let window = Window::at(3 * DAY, Retention { magnetic_writes: true, ..RETENTION });
        let memory_from = 3 * DAY - 2 * HOUR;
        assert_eq!(window.tier(memory_from - 1), Ok(Tier::Magnetic));
        assert_eq!(window.tier(memory_from - DAY), Ok(Tier::Magnetic));
        assert!(window.tier(memory_from - DAY - 1).is_err());
    }

    #[test]
    fn no_table_takes_what_was_before_the_epoch() {
        let retention = Retention { memory_hours: 1, magnetic_days: 73_000, magnetic_writes: true };
        let window = Window::at(20_000 * DAY, retention);
        assert_eq!(window.tier(0), Ok(Tier::Magnetic));
        assert!(window.tier(-1).unwrap_err().contains("[1970-01-01T00:00:00.000Z, "));
    }

    #[test]
    fn a_load_goes_to_the_magnetic_store_within_the_tables_life() {
        let now = 10 * DAY;
        let (window, memory_from) = (Window::of_load(now, RETENTION), now - 2 * HOUR);
        for time in [memory_from - DAY, memory_from - 1, memory_from, now, now + AHEAD - 1] {
            assert_eq!(window.tier(time), Ok(Tier::Magnetic));
        }
        for time in [memory_from - DAY - 1, now + AHEAD] {
            assert_eq!(window.tier(time), Err(OUTSIDE_LOAD.to_owned()));
        }
    }

    #[test]
    fn only_a_higher_version_overwrites() {
        let stored = |version, digest| Stored { version, digest };
        assert_eq!(judge(stored(1, 7), None), Verdict::Store);
        assert_eq!(judge(stored(1, 7), Some(stored(2, 7))), Verdict::Known);
        assert_eq!(judge(stored(2, 8), Some(stored(2, 7))), Verdict::Conflict(2));
        assert_eq!(judge(stored(3, 8), Some(stored(2, 7))), Verdict::Store);
    }
}
