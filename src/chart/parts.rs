//! What a chart shows. Not here: how it is drawn.

/// A line; where its value is none there is a gap.
#[derive(Debug, Clone)]
pub struct Line {
    /// Its name in the legend.
    pub name: String,
    /// Its colour and dashes.
    pub ink: Ink,
    /// Its points, from left to right.
    pub points: Vec<(f64, Option<f64>)>,
}

/// The area between two values, such as a confidence interval; where there are none there is a gap.
#[derive(Debug, Clone)]
pub struct Band {
    /// Its name in the legend.
    pub name: String,
    /// Its colour.
    pub ink: Ink,
    /// Where, from left to right, and between which values.
    pub points: Vec<(f64, Option<(f64, f64)>)>,
}

/// A span of the x axis that is shaded behind all else, such as a phase.
#[derive(Debug, Clone)]
pub struct Shade {
    /// Its name.
    pub name: String,
    /// Its first value.
    pub from: f64,
    /// Its last value.
    pub to: f64,
    /// Whether what lies in it does not count; it is hatched.
    pub quiet: bool,
}

/// Something that happened at a place of the x axis, such as an incident.
#[derive(Debug, Clone)]
pub struct Mark {
    /// What.
    pub name: String,
    /// When it began.
    pub from: f64,
    /// When it ended.
    pub to: f64,
}

/// A value of the y axis that must not be passed, such as a threshold.
#[derive(Debug, Clone)]
pub struct Bound {
    /// What it is: `p99 < 2 s`.
    pub name: String,
    /// The value.
    pub at: f64,
    /// Whether it was kept.
    pub kept: bool,
}

/// Colour and dashes. Colours are chosen so that those who see fewer of them still tell them apart, and each has dashes
/// of its own, so that paper does without.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ink {
    /// One of the colours of things of equal rank; they begin again after the eighth.
    Nth(usize),
    /// Of what was meant or what is compared with: quiet and dashed.
    Planned,
    /// Of what went wrong.
    Bad,
}

impl Ink {
    /// Its CSS class.
    pub(super) fn class(self) -> String {
        match self {
            Self::Nth(number) => format!("ink{}", number % 8),
            Self::Planned => "ink-planned".to_owned(),
            Self::Bad => "ink-bad".to_owned(),
        }
    }
}
