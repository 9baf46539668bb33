//! Regression gates: which differences are too much. Not here: finding differences (`figures`).

use std::fmt;
use std::str::FromStr;

use serde::Serialize;

use super::CompareError;
use super::figures::NAMES;
use super::model::{Against, CountFigure, Verdict};
use crate::results::Timing;

/// The gates of a comparison that names none.
pub const DEFAULT_GATES: [&str; 8] = [
    "p50 < +5%",
    "p90 < +5%",
    "p99 < +5%",
    "response.p50 < +5%",
    "response.p90 < +5%",
    "response.p99 < +5%",
    "failed_share < +1%",
    "kept > -1%",
];

const FORM: &str = "write `users.do-q1.p50 < +10%`, `p99 < +20%`, `failed_share < +1%` or `rate > -5%`";

/// A bound on a difference, such as `users.do-q1.p50 < +10%`.
#[derive(Debug, Clone, PartialEq)]
pub struct Gate {
    text: String,
    /// A workload, or one of its queries; all where there is none.
    operation: Option<String>,
    figure: Figure,
    side: Bound,
    /// The difference as a fraction, of shares in themselves.
    bound: f64,
}

/// A figure that is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Figure {
    Quantile(Timing, &'static str),
    Count(CountFigure),
}

/// On which side of the bound differences are to stay.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Bound {
    Below,
    Above,
}

/// How a gate came out for one operation in one phase.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Outcome {
    pub(super) gate: String,
    pub(super) operation: String,
    pub(super) phase: String,
    pub(super) state: State,
    /// The difference, of shares in themselves.
    pub(super) difference: Option<f64>,
    /// Whether that is one of shares, told in percentage points.
    #[serde(skip)]
    pub(super) is_of_shares: bool,
}

/// Whether it is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum State {
    /// It is, or there is no telling a difference.
    Kept,
    /// It is not, beyond doubt.
    Broken,
    /// There is not enough data.
    Undecided,
}

impl Outcome {
    /// Whether it is a regression; `undecided` is whether not to know is one.
    pub(super) fn fails(&self, undecided: bool) -> bool {
        self.state == State::Broken || (undecided && self.state == State::Undecided)
    }
}

impl Gate {
    /// The gates of a comparison that names none.
    #[must_use]
    pub fn defaults() -> Vec<Self> {
        DEFAULT_GATES.iter().filter_map(|text| text.parse().ok()).collect()
    }

    /// How it comes out, for everything that it is about.
    pub(super) fn judge(&self, run: &Against) -> Vec<Outcome> {
        let outcome = |operation: &str, phase: &str, state, difference| Outcome {
            gate: self.text.clone(),
            operation: operation.to_owned(),
            phase: phase.to_owned(),
            state,
            difference,
            is_of_shares: matches!(self.figure, Figure::Count(count) if count.is_share()),
        };
        match self.figure {
            Figure::Quantile(timing, name) => {
                let of =
                    run.operations.iter().filter(|of| of.timing == timing && self.is_about(&of.operation));
                of.filter_map(|of| {
                    let verdict = of.quantiles.iter().find(|quantile| quantile.figure == name)?.verdict;
                    let difference = verdict.difference().map(|difference| difference.value);
                    Some(outcome(&of.operation, &of.phase, self.state(verdict), difference))
                })
                .collect()
            }
            Figure::Count(figure) => {
                let of = run.counts.iter().filter(|of| self.is_about(&of.operation));
                of.filter_map(|of| {
                    if of.lacking.contains(&figure) {
                        return Some(outcome(&of.operation, &of.phase, State::Undecided, None));
                    }
                    let count = of.figures.iter().find(|count| count.figure == figure)?;
                    let difference = count.difference();
                    let is_kept = difference.is_none_or(|difference| self.holds(difference));
                    let state = if is_kept { State::Kept } else { State::Broken };
                    Some(outcome(&of.operation, &of.phase, state, difference))
                })
                .collect()
            }
        }
    }

    /// A latency's gate is broken where its difference is past the bound, and is one beyond doubt.
    fn state(&self, verdict: Verdict) -> State {
        match verdict {
            Verdict::Slower { difference } | Verdict::Faster { difference }
                if !self.holds(difference.value) =>
            {
                State::Broken
            }
            Verdict::NotEnoughData { .. } => State::Undecided,
            _ => State::Kept,
        }
    }

    /// A difference at the bound is not past it.
    fn holds(&self, difference: f64) -> bool {
        match self.side {
            Bound::Below => difference <= self.bound,
            Bound::Above => difference >= self.bound,
        }
    }

    fn is_about(&self, operation: &str) -> bool {
        self.operation.as_ref().is_none_or(|wanted| {
            operation
                .strip_prefix(wanted.as_str())
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        })
    }
}

/// Refuses gates that are about nothing, which would never be broken.
pub(super) fn check(gates: &[Gate], runs: &[Against]) -> Result<(), CompareError> {
    for gate in gates {
        let Some(operation) = &gate.operation else { continue };
        let mut outcomes = runs.iter().flat_map(|run| &run.gates);
        if !outcomes.any(|outcome| outcome.gate == gate.text) {
            let known = runs.iter().flat_map(|run| &run.counts).map(|of| of.operation.as_str());
            let known: Vec<&str> = known.collect();
            return Err(if known.iter().any(|known| gate.is_about(known)) {
                CompareError::Unknown(format!(
                    "the gate `{gate}` is about nothing that the runs have: {operation} has no such figure"
                ))
            } else {
                CompareError::unknown("operation", operation, known)
            });
        }
    }
    Ok(())
}

impl fmt::Display for Gate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl FromStr for Gate {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parts = [('<', Bound::Below), ('>', Bound::Above)];
        let split = parts
            .iter()
            .find_map(|(sign, side)| text.split_once(*sign).map(|(name, bound)| (name, *side, bound)));
        let (name, side, bound) = split.ok_or_else(|| format!("`{text}` compares nothing; {FORM}"))?;
        let (operation, figure) = figure(name.trim())?;
        let percent = bound.trim().strip_suffix('%').map(str::trim);
        let percent = percent.filter(|bound| bound.starts_with(['+', '-']));
        let bound = percent.and_then(|bound| bound.parse::<f64>().ok()).filter(|bound| bound.is_finite());
        let bound = bound.ok_or_else(|| {
            format!("`{text}` bounds no difference; write it with its sign, such as +10% or -5%")
        })?;
        // One spelling, so that reports line up.
        let sign = if side == Bound::Below { '<' } else { '>' };
        let text = format!("{} {sign} {bound:+}%", name.trim());
        Ok(Self { text, operation, figure, side, bound: bound / 100.0 })
    }
}

/// The operation that a name begins with, and the figure that it ends with.
fn figure(name: &str) -> Result<(Option<String>, Figure), String> {
    let mut words: Vec<&str> = name.split('.').collect();
    let last = words.pop().unwrap_or_default();
    let figure = if let Some(count) = CountFigure::ALL.into_iter().find(|count| count.name() == last) {
        Figure::Count(count)
    } else if let Some(quantile) = NAMES.into_iter().find(|quantile| *quantile == last) {
        let timings = [Timing::Service, Timing::Response];
        let named = timings.into_iter().find(|timing| words.last() == Some(&timing.name()));
        if named.is_some() {
            words.pop();
        }
        Figure::Quantile(named.unwrap_or(Timing::Service), quantile)
    } else {
        let figures = NAMES.into_iter().chain(CountFigure::ALL.map(CountFigure::name));
        let figures: Vec<&str> = figures.collect();
        return Err(format!(
            "`{name}` ends with no figure that is compared; they are {}",
            figures.join(", ")
        ));
    };
    Ok(((!words.is_empty()).then(|| words.join(".")), figure))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gates_read_and_print() {
        for (text, printed, figure) in [
            ("users.do-q1.p50<+10 %", "users.do-q1.p50 < +10%", Figure::Quantile(Timing::Service, "p50")),
            ("response.p99 < +7.5%", "response.p99 < +7.5%", Figure::Quantile(Timing::Response, "p99")),
            (
                "ingest.service.p90 < +5%",
                "ingest.service.p90 < +5%",
                Figure::Quantile(Timing::Service, "p90"),
            ),
            ("ingest.kept > -1%", "ingest.kept > -1%", Figure::Count(CountFigure::Kept)),
        ] {
            let gate: Gate = text.parse().unwrap();
            assert_eq!((gate.to_string().as_str(), gate.figure), (printed, figure));
        }
        let of = |text: &str| text.parse::<Gate>().unwrap().operation;
        assert_eq!(of("users.do-q1.response.p50 < +1%").as_deref(), Some("users.do-q1"));
        assert_eq!(of("p50 < +1%"), None);
        assert_eq!(Gate::defaults().len(), DEFAULT_GATES.len());
    }

    #[test]
    fn what_is_no_gate_is_told_how_to_be_one() {
        let told = |text: &str| text.parse::<Gate>().unwrap_err();
        insta::assert_snapshot!(["p50", "p50 < 10%", "p50 < +10", "p50 < +x%", "users.median < +10%", "< +10%"].map(told).join("
"), @r"
        `p50` compares nothing; write `users.do-q1.p50 < +10%`, `p99 < +20%`, `failed_share < +1%` or `rate > -5%`
        `p50 < 10%` bounds no difference; write it with its sign, such as +10% or -5%
        `p50 < +10` bounds no difference; write it with its sign, such as +10% or -5%
        `p50 < +x%` bounds no difference; write it with its sign, such as +10% or -5%
        `users.median` ends with no figure that is compared; they are p50, p90, p99, rate, failed_share, throttled_share, kept
        `` ends with no figure that is compared; they are p50, p90, p99, rate, failed_share, throttled_share, kept
        ");
    }

    #[test]
    fn a_gate_of_a_workload_is_about_all_its_queries() {
        let gate: Gate = "users.p50 < +1%".parse().unwrap();
        assert!(gate.is_about("users.do-q1") && gate.is_about("users"));
        assert!(!gate.is_about("users2") && !gate.is_about("ingest"));
    }
}
