//! A rule as it is written, and what is wrong with one. Not here: its values (`written`).

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::act::{Act, Refusal};
use super::flaw::Flaw;
use super::operations::Operations;
use super::window::Window;
use super::written::{Latency, Rate, Share, Span};

/// The widest spread of delays.
const MAX_SIGMA: f64 = 5.0;

/// One thing that goes wrong: where, when, what. Keys are those of the YAML and the JSON.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Fault")]
pub struct Rule {
    /// The operations; any if not given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub on: Option<Operations>,
    /// When it begins, counted from the instant at which the plan is set; at once if not given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<Span>,
    /// How long it lasts; as long as the plan if not given.
    #[serde(rename = "for", skip_serializing_if = "Option::is_none")]
    pub lasts: Option<Span>,
    /// How often it begins again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub every: Option<Span>,
    /// The share of requests that get a ThrottlingException.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub throttle: Option<Share>,
    /// The rate above which requests get a ThrottlingException.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub throttle_above: Option<Rate>,
    /// The share of requests that get an InternalServerException.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<Share>,
    /// The share of requests that get the status 503.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unavailable: Option<Share>,
    /// The share of requests whose connection is reset before they are carried out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reset_before: Option<Share>,
    /// The share of requests whose connection is reset after they are carried out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reset_after: Option<Share>,
    /// The share of records that are rejected; the others of their request are stored.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reject: Option<Share>,
    /// What every answer is delayed by.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub latency: Option<Latency>,
}

impl Rule {
    /// What it does; one thing where nothing is wrong with it.
    pub(super) fn acts(&self) -> Vec<Act> {
        let refuse = |refusal, share: Option<Share>| share.map(|share| Act::Refuse(refusal, share));
        let acts = [
            refuse(Refusal::Throttled, self.throttle),
            self.throttle_above.map(Act::ThrottleAbove),
            refuse(Refusal::Failed, self.error),
            refuse(Refusal::Unavailable, self.unavailable),
            refuse(Refusal::Reset, self.reset_before),
            self.reset_after.map(Act::ResetAfter),
            self.reject.map(Act::Reject),
            self.latency.map(Act::Delay),
        ];
        acts.into_iter().flatten().collect()
    }

    /// The operations it is about.
    pub(super) fn operations(&self) -> Operations {
        if self.reject.is_some() { Operations::WRITES } else { self.on.unwrap_or(Operations::ANY) }
    }

    /// When it applies.
    pub(super) fn window(&self) -> Window {
        Window::new(self.from, self.lasts, self.every)
    }

    /// What is wrong with it, as the rule of this index.
    pub(super) fn flaws(&self, rule: usize) -> Vec<Flaw> {
        let flaw = |key, message: String, help| Flaw { rule, key, message, help };
        let mut flaws = Vec::new();
        match self.acts()[..] {
            [_] => {}
            [] => flaws.push(flaw(None, "the rule does nothing".to_owned(), WHAT)),
            [first, second, ..] => {
                let message = format!("a rule that has `{}` cannot have `{}` too", first.key(), second.key());
                flaws.push(flaw(Some(second.key()), message, "make two rules of it"));
            }
        }
        if let (Some(_), Some(on)) = (self.reject, self.on)
            && ![Operations::ANY, Operations::WRITES].contains(&on)
        {
            let message = format!("`reject` on {on}: only WriteRecords has records");
            flaws.push(flaw(Some("on"), message, "write `on: WriteRecords`"));
        }
        if let Some(Latency::Lognormal { sigma, .. }) = self.latency
            && !(0.0..=MAX_SIGMA).contains(&sigma)
        {
            let message = format!("sigma {sigma} is out of range");
            flaws.push(flaw(
                Some("latency"),
                message,
                "it is the spread of the logarithm: 0 to 5, such as 0.5",
            ));
        }
        for (key, span) in [("for", self.lasts), ("every", self.every)] {
            if span.is_some_and(|span| span.nanos() == 0) {
                flaws.push(flaw(Some(key), format!("`{key}` of 0s"), "give it a duration such as 10s"));
            }
        }
        match (self.lasts, self.every) {
            (None, Some(every)) => {
                let message = format!("`every: {every}` repeats a window that never ends");
                flaws.push(flaw(Some("every"), message, "say how long it lasts, such as `for: 10s`"));
            }
            (Some(lasts), Some(every)) if lasts >= every && every.nanos() > 0 => {
                let message = format!("`every: {every}` is not longer than `for: {lasts}`");
                flaws.push(flaw(Some("every"), message, "make it longer, or leave it out"));
            }
            _ => {}
        }
        flaws
    }
}

const WHAT: &str = "give it one of throttle, throttle_above, error, unavailable, reset_before, reset_after, reject \
                    and latency";

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for act in self.acts() {
            write!(f, "{act} ")?;
        }
        write!(f, "on {}", self.operations())?;
        for (key, span) in [("from", self.from), ("for", self.lasts), ("every", self.every)] {
            if let Some(span) = span {
                write!(f, " {key} {span}")?;
            }
        }
        Ok(())
    }
}
