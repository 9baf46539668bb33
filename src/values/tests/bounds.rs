//! The least and the greatest that an expression can give: never less than what it does give.

use proptest::prelude::*;

use super::{Fleet, MEASURES, attributes, compile};
use crate::values::{Expression, Instant, Value};

const NEVER: f64 = f64::INFINITY;

#[test]
fn are_those_of_the_parts() {
    for (source, expected) in [
        ("5", (5.0, 5.0)),
        ("scale * 2 - 1", (199.0, 199.0)),
        ("uniform(0..10) - 4", (-4.0, 6.0)),
        ("-uniform(1..2)", (-2.0, -1.0)),
        ("uniform(-1..2) * uniform(-3..5)", (-6.0, 10.0)),
        ("10 / uniform(2..5)", (2.0, 5.0)),
        ("10 / uniform(-1..1)", (-NEVER, NEVER)),
        ("host mod 3", (0.0, 3.0)),
        ("if(busy, uniform(5..6), choice(1 50, 9 50))", (1.0, 9.0)),
        ("choice(3..8)", (3.0, 8.0)),
        ("choice(zones)", (-NEVER, NEVER)),
        ("clamp(normal(5 by 1), 0..7)", (0.0, 7.0)),
        ("max(normal(0 by 1), 0)", (0.0, 8.3)),
        ("min(host, 3)", (-NEVER, 3.0)),
        ("abs(uniform(-5..2))", (0.0, 5.0)),
        ("round(uniform(0.4..2.6))", (0.0, 3.0)),
        ("cpu_from", (0.0, 85.0)),
        ("cpu_user", (-NEVER, NEVER)),
        ("walk(-6..6 by 0.2)", (-6.0, 6.0)),
        ("10 * sine(24h, 0s)", (-10.0, 10.0)),
        ("15m - 15m * saw(15m, 0s)", (0.0, 900e9)),
        ("hold(1h, uniform(1s..9s))", (1e9, 9e9)),
        ("left(storm)", (0.0, 60e9)),
        ("zipf(50 by 1.1)", (1.0, 50.0)),
        ("counter(5, 1h)", (0.0, NEVER)),
        ("counter(5, 1h) - counter(5, 1h)", (-NEVER, NEVER)),
        ("counter(5)", (-NEVER, NEVER)),
        ("code(5)", (-NEVER, NEVER)),
        ("1 +", (-NEVER, NEVER)),
    ] {
        assert_eq!(Expression::bounds(source, &Fleet), expected, "{source}");
    }
}

proptest! {
    #[test]
    fn hold_what_comes(key: u64, time: i64) {
        for source in [
            "exponential(1m)",
            "normal(10 by 3) * uniform(-2..3)",
            "lognormal(2 by 0.5) - 1",
            "if(chance(2%), uniform(1m..30m), 0s)",
            "clamp(exponential(1h), 1s..5m) / 2",
            "zipf(9 by 2) mod 4",
            "walk(-1..1 by 0.01) * 3 - saw(7s, 2s)",
            "round(lognormal(1 by 1)) * 1s",
        ] {
            let at = Instant { attributes: &attributes(), measures: &MEASURES, key, time };
            let value = match compile(source).eval(&at) {
                Value::Bigint(value) | Value::Duration(value) => value as f64,
                Value::Double(value) => value,
                other => panic!("{other} is no number"),
            };
            let (least, greatest) = Expression::bounds(source, &Fleet);
            prop_assert!(least <= value && value <= greatest, "{source}: {value} in {least}..{greatest}");
        }
    }
}
