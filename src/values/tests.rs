//! The language as its users meet it: what expressions give, what faults say, what always holds.

mod bounds;
mod draws;
mod faults;
mod over_time;
mod properties;
mod results;

use crate::values::{Binding, Expression, Fault, Instant, Scope, Type, Value};

/// A scope with a name of every sort: attributes in slots 0 to 5, measures in slots 0 and 1, what
/// they were a tick before in 2 and 3, and how long `storm` will be on in 4. Ticks come every 10 s.
struct Fleet;

impl Scope for Fleet {
    fn lookup(&self, name: &str) -> Option<Binding> {
        let attribute = |slot, value_type| Some(Binding::Attribute { slot, value_type });
        match name {
            "scale" => Some(Binding::Constant(Value::Bigint(100))),
            "interval" => Some(Binding::Constant(Value::Duration(60_000_000_000))),
            "zones" => Some(Binding::Constant(list(&["a", "b"]))),
            "host" => attribute(0, Type::Bigint),
            "cpu_from" => attribute(1, Type::Double),
            "cpu_to" => attribute(2, Type::Double),
            "region" => attribute(3, Type::Text),
            "processes" => attribute(4, Type::List),
            "busy" => attribute(5, Type::Boolean),
            "cpu_user" => Some(Binding::Measure { slot: 0, value_type: Type::Double }),
            "tasks" => Some(Binding::Measure { slot: 1, value_type: Type::Bigint }),
            "storm" => Some(Binding::Constant(Value::Boolean(true))),
            "left(storm)" => Some(Binding::Measure { slot: 4, value_type: Type::Duration }),
            _ => None,
        }
    }

    fn names(&self) -> Vec<String> {
        [
            "scale",
            "interval",
            "zones",
            "host",
            "cpu_from",
            "cpu_to",
            "region",
            "processes",
            "busy",
            "cpu_user",
        ]
        .map(str::to_owned)
        .to_vec()
    }

    fn set(&self, name: &str) -> Option<Vec<Value>> {
        let members: &[&str] = match name {
            "processes" => &["server", "host_manager"],
            "cohort" => &["high", "low", "normal"],
            _ => return None,
        };
        Some(members.iter().map(|member| Value::Text((*member).into())).collect())
    }

    fn interval(&self) -> Option<i64> {
        Some(TICK)
    }

    fn before(&self, name: &str) -> Option<Binding> {
        match name {
            "cpu_user" => Some(Binding::Measure { slot: 2, value_type: Type::Double }),
            "tasks" => Some(Binding::Measure { slot: 3, value_type: Type::Bigint }),
            _ => None,
        }
    }

    fn bounds(&self, name: &str) -> Option<(f64, f64)> {
        match name {
            "cpu_from" => Some((0.0, 85.0)),
            "left(storm)" => Some((0.0, 60e9)),
            _ => None,
        }
    }
}

const TICK: i64 = 10_000_000_000;

fn list(members: &[&str]) -> Value {
    Value::List(members.iter().map(|member| Value::Text((*member).into())).collect())
}

fn attributes() -> [Value; 6] {
    [
        Value::Bigint(17),
        Value::Double(35.0),
        Value::Bigint(65),
        Value::Text("us-east-1".into()),
        list(&["server"]),
        Value::Boolean(true),
    ]
}

const MEASURES: [Value; 5] = [
    Value::Double(42.5),
    Value::Bigint(7),
    Value::Double(40.0),
    Value::Bigint(7),
    Value::Duration(30_000_000_000),
];

/// The expression's value for host 17.
fn eval(source: &str) -> Value {
    eval_at(source, 1, 0)
}

fn eval_at(source: &str, key: u64, time: i64) -> Value {
    compile(source).eval(&Instant { attributes: &attributes(), measures: &MEASURES, key, time })
}

fn compile(source: &str) -> Expression {
    Expression::compile(source, &Fleet).unwrap_or_else(|faults| panic!("{source}: {faults:?}"))
}

/// Every fault, each with the text it points at: `text: message; help`.
fn report(source: &str, faults: &[Fault]) -> String {
    let line = |fault: &Fault| {
        let help = fault.help.as_ref().map(|help| format!("; {help}")).unwrap_or_default();
        let place = source.get(fault.span.clone()).expect("a span lies within its source");
        format!("{place}: {}{help}", fault.message)
    };
    faults.iter().map(line).collect::<Vec<_>>().join("\n")
}
