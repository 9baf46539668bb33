//! A plan as it is written, and what is wrong with one.

use serde::{Deserialize, Serialize};

use super::flaw::Flaw;
use super::rule::Rule;

/// What goes wrong.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FaultPlan {
    /// The seed of every draw; 1 if not given.
    #[serde(default = "first")]
    pub seed: u64,
    /// The rules, in the order in which they are asked.
    pub faults: Vec<Rule>,
}

fn first() -> u64 {
    1
}

impl FaultPlan {
    /// What is wrong with its rules; a plan with flaws cannot be set.
    #[must_use]
    pub fn flaws(&self) -> Vec<Flaw> {
        self.faults.iter().enumerate().flat_map(|(index, rule)| rule.flaws(index)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plan_prints_as_it_is_written() {
        let json = r#"{"seed":7,"faults":[{"on":"WriteRecords","from":"10s","for":"2s","every":"1m","throttle":"20%"},{"latency":{"median":"20ms","sigma":0.5}}]}"#;
        let plan: FaultPlan = serde_json::from_str(json).unwrap();
        assert_eq!(serde_json::to_string(&plan).unwrap(), json);
        let rules: Vec<_> = plan.faults.iter().map(Rule::to_string).collect();
        insta::assert_snapshot!(rules.join("\n"), @r"
        throttle 20% on WriteRecords from 10s for 2s every 1m
        latency { median: 20ms, sigma: 0.5 } on any operation
        ");
        assert_eq!(plan.flaws(), []);
    }

    #[test]
    fn flaws_name_the_rule_the_value_and_the_remedy() {
        let plan: FaultPlan = serde_json::from_str(
            r#"{"faults":[
                {"on":"Query"},
                {"throttle":"1%","error":"1%"},
                {"on":["WriteRecords","Query"],"reject":"1%"},
                {"latency":{"median":"1ms","sigma":9}},
                {"error":"1%","for":"0s"},
                {"error":"1%","every":"10s"},
                {"error":"1%","for":"10s","every":"10s"}
            ]}"#,
        )
        .unwrap();
        let flaws: Vec<_> = plan.flaws().iter().map(Flaw::to_string).collect();
        insta::assert_snapshot!(flaws.join("\n"));
    }
}
