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

/// Rules of a plan, each of which is asked about every request.
const MAX_RULES: usize = 1_000;

fn first() -> u64 {
    1
}

impl FaultPlan {
    /// What is wrong with its rules; a plan with flaws cannot be set.
    #[must_use]
    pub fn flaws(&self) -> Vec<Flaw> {
        let rules = self.faults.len();
        if rules > MAX_RULES {
            let message = format!("the plan has {rules} rules");
            return vec![Flaw { rule: MAX_RULES, key: None, message, help: "give it at most 1000" }];
        }
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
    fn a_plan_has_so_many_rules() {
        let rule: Rule = serde_json::from_str(r#"{"error":"1%"}"#).unwrap();
        let plan = |rules| FaultPlan { seed: 1, faults: vec![rule.clone(); rules] };
        assert_eq!(plan(MAX_RULES).flaws(), []);
        let flaws: Vec<_> = plan(MAX_RULES + 1).flaws().iter().map(Flaw::to_string).collect();
        assert_eq!(flaws, ["faults[1000]: the plan has 1001 rules; give it at most 1000"]);
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
