//! How a command ends. Not here: when each applies (`commands`, `runner`).

use std::process::ExitCode;

/// The exit codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// All went well.
    Good = 0,
    /// It failed while running.
    Failed = 1,
    /// The scenario or the command line is wrong.
    Usage = 2,
    /// A threshold was not kept.
    Threshold = 3,
    /// The target cannot be reached, or does not allow it.
    Target = 4,
    /// A comparison found a regression.
    Regression = 5,
    /// The load was not the plan's, so the figures do not count.
    Invalid = 6,
    /// Somebody pressed Ctrl-C; everything is still written.
    Interrupted = 130,
}

impl Exit {
    /// Of two, the one to tell: 130 before 4, 1, 6, 5 and 3.
    #[must_use]
    pub fn graver(self, other: Self) -> Self {
        let rank = |exit| match exit {
            Self::Good => 0,
            Self::Threshold => 1,
            Self::Regression => 2,
            Self::Invalid => 3,
            Self::Failed => 4,
            Self::Usage => 5,
            Self::Target => 6,
            Self::Interrupted => 7,
        };
        if rank(other) > rank(self) { other } else { self }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        ExitCode::from(exit as u8)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_several_the_gravest_is_told() {
        let order = [
            Exit::Interrupted,
            Exit::Target,
            Exit::Failed,
            Exit::Invalid,
            Exit::Regression,
            Exit::Threshold,
            Exit::Good,
        ];
        for (rank, graver) in order.iter().enumerate() {
            for lesser in &order[rank..] {
                assert_eq!(graver.graver(*lesser), *graver);
                assert_eq!(lesser.graver(*graver), *graver);
            }
        }
    }
}
