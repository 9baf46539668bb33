//! How a command ended, as its exit code says.

use std::process::ExitCode;

/// The exit codes of every command.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Exit {
    /// All is well.
    Good = 0,
    /// It failed while running.
    Failed = 1,
    /// The scenario or the command line is wrong.
    Usage = 2,
    /// A threshold failed.
    Threshold = 3,
    /// The target cannot be reached, or does not allow it.
    Unreachable = 4,
    /// A comparison found a regression.
    Regression = 5,
    /// The load was not the plan's: the figures do not count.
    Invalid = 6,
    /// Somebody ended it; everything is written.
    Interrupted = 130,
}

impl Exit {
    /// The code.
    #[must_use]
    pub fn code(self) -> u8 {
        self as u8
    }

    /// Of several, the one to tell: 130, 4, 1, 6, 3, in this order.
    #[must_use]
    pub fn gravest(self, other: Self) -> Self {
        let rank = |exit| match exit {
            Self::Good => 0,
            Self::Threshold => 1,
            Self::Invalid => 2,
            Self::Regression => 3,
            Self::Failed => 4,
            Self::Usage => 5,
            Self::Unreachable => 6,
            Self::Interrupted => 7,
        };
        if rank(other) > rank(self) { other } else { self }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_several_the_gravest_is_told() {
        let order =
            [Exit::Interrupted, Exit::Unreachable, Exit::Failed, Exit::Invalid, Exit::Threshold, Exit::Good];
        for (rank, graver) in order.iter().enumerate() {
            for lesser in &order[rank..] {
                assert_eq!(graver.gravest(*lesser), *graver);
                assert_eq!(lesser.gravest(*graver), *graver);
            }
        }
    }
}
