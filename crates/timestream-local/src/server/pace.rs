//! How fast clients must take what is written to them. Not here: the writing (`connections`), how much may lie there
//! until then (`answers`).

use std::time::Duration;

use tokio::time::Instant;

/// Bytes a second that a client must take in the long run.
const RATE: u64 = 64 << 10;

/// How one client takes what is written to it.
pub(super) struct Pace {
    /// How long it may take nothing, and how far it may be behind `RATE`.
    patience: Duration,
    /// None as long as it has never been waited for, which is the common case and costs nothing.
    behind: Option<Behind>,
}

/// Since it was first waited for.
struct Behind {
    since: Instant,
    taken: u64,
}

impl Pace {
    pub(super) fn new(patience: Duration) -> Self {
        Self { patience, behind: None }
    }

    /// It has taken all.
    pub(super) fn caught_up(&mut self) {
        self.behind = None;
    }

    pub(super) fn took(&mut self, bytes: usize) {
        if let Some(behind) = &mut self.behind {
            behind.taken = behind.taken.saturating_add(bytes as u64);
        }
    }

    /// It takes nothing at the moment; by when it must.
    pub(super) fn deadline(&mut self, now: Instant) -> Instant {
        let behind = self.behind.get_or_insert(Behind { since: now, taken: 0 });
        let earned = Duration::from_secs(behind.taken / RATE);
        now.min(behind.since + earned) + self.patience
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn who_takes_nothing_is_waited_for_once() {
        let (start, mut pace) = (Instant::now(), Pace::new(60 * SECOND));
        assert_eq!(pace.deadline(start), start + 60 * SECOND);
        // Having taken much before does not make it longer.
        pace.took(1 << 30);
        assert_eq!(pace.deadline(start + 10 * SECOND), start + 70 * SECOND);
    }

    #[test]
    fn who_takes_a_little_at_a_time_is_waited_for_as_long_as_that_is_worth() {
        let (start, mut pace) = (Instant::now(), Pace::new(60 * SECOND));
        let mut now = start;
        loop {
            let deadline = pace.deadline(now);
            now += 30 * SECOND;
            if now > deadline {
                break;
            }
            pace.took(128 << 10);
        }
        // Every half minute it has taken what two seconds are for.
        assert_eq!(now, start + 90 * SECOND);
        pace.caught_up();
        assert_eq!(pace.deadline(now), now + 60 * SECOND);
    }
}
