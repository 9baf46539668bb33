//! Draws: their distributions, their independence, and the bytes that never change.

use std::collections::BTreeMap;

use super::{compile, eval_at};
use crate::values::{Instant, Value, draw};

const MINUTE: i64 = 60_000_000_000;

/// Pearson's statistic of counts against what was expected.
fn chi_square(counts: impl IntoIterator<Item = (f64, f64)>) -> f64 {
    counts.into_iter().map(|(count, expected)| (count - expected).powi(2) / expected).sum()
}

/// That of units over 64 buckets; 63 degrees of freedom, so above 103.4 once in a thousand times.
fn evenness(units: impl Iterator<Item = f64>) -> f64 {
    let (mut buckets, mut total) = ([0.0; 64], 0.0);
    for unit in units {
        buckets[(unit * 64.0) as usize] += 1.0;
        total += 1.0;
    }
    chi_square(buckets.map(|count| (count, total / 64.0)))
}

/// The mean and standard deviation of an expression's draws.
fn moments(source: &str) -> (f64, f64) {
    let expression = compile(source);
    let drawn: Vec<f64> = (0..50_000)
        .map(|tick| match expression.eval(&Instant { key: 9, time: tick * MINUTE, ..Instant::default() }) {
            Value::Double(value) => value,
            Value::Bigint(value) | Value::Duration(value) => value as f64,
            Value::Boolean(value) => f64::from(u8::from(value)),
            other => panic!("{other} is no number"),
        })
        .collect();
    let mean = drawn.iter().sum::<f64>() / drawn.len() as f64;
    let variance = drawn.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / drawn.len() as f64;
    (mean, variance.sqrt())
}

#[test]
fn bits_are_even_along_every_axis() {
    let root = draw::root(12_345);
    let unit = |key, call, time| draw::unit(draw::uniform(key, call, time));
    let key = draw::child(root, "host", "1");
    assert!(evenness((0..64_000).map(|tick| unit(key, 0, tick * MINUTE))) < 104.0);
    assert!(evenness((0..64_000).map(|call| unit(key, call, MINUTE))) < 104.0);
    assert!(
        evenness((0..64_000).map(|n| unit(draw::child(root, "host", &n.to_string()), 0, MINUTE))) < 104.0
    );
    assert!(evenness((0..64_000).map(|n| unit(n, 0, 0))) < 104.0);
}

#[test]
fn neighbours_are_independent() {
    let key = |n: i64| draw::child(7, "host", &n.to_string());
    let unit = |key, call, time| draw::unit(draw::uniform(key, call, time));
    let pairs: [&dyn Fn(i64) -> (f64, f64); 3] = [
        &|n| (unit(1, 0, n * MINUTE), unit(1, 0, (n + 1) * MINUTE)),
        &|n| (unit(1, 0, n * MINUTE), unit(1, 1, n * MINUTE)),
        &|n| (unit(key(n), 0, MINUTE), unit(key(n + 1), 0, MINUTE)),
    ];
    for pair in pairs {
        let cell = |n| {
            let (one, other) = pair(n);
            ((one * 8.0).floor() * 8.0 + (other * 8.0).floor()) / 64.0
        };
        assert!(evenness((0..64_000).map(cell)) < 104.0);
    }
}

#[test]
fn keys_come_from_names() {
    let root = draw::root(1);
    assert_ne!(root, draw::root(2));
    let keys = [
        draw::child(root, "ab", "c"),
        draw::child(root, "a", "bc"),
        draw::child(root, "abc", ""),
        draw::child(root, "", "abc"),
        draw::child(draw::child(root, "a", "b"), "c", ""),
        draw::child(draw::root(2), "ab", "c"),
    ];
    for (i, key) in keys.iter().enumerate() {
        assert!(!keys[..i].contains(key));
    }
}

#[test]
fn weighted_choices_follow_their_weights() {
    let choice = compile("choice('a' 20, 'b' 70, 'c' 1, 'd' 7, 'e' 1, 'f' 0, 'g' 1)");
    let mut counts = BTreeMap::new();
    for tick in 0..50_000 {
        let drawn = choice.eval(&Instant { key: 4, time: tick * MINUTE, ..Instant::default() });
        *counts.entry(drawn.to_string()).or_insert(0.0) += 1.0;
    }
    let weights = [("a", 20.0), ("b", 70.0), ("c", 1.0), ("d", 7.0), ("e", 1.0), ("g", 1.0)];
    assert_eq!(counts.len(), weights.len(), "{counts:?}");
    // 5 degrees of freedom: above 20.5 once in a thousand times.
    assert!(chi_square(weights.map(|(name, weight)| (counts[name], weight * 500.0))) < 20.5, "{counts:?}");
}

#[test]
fn distributions_have_their_moments() {
    for (source, mean, deviation) in [
        ("uniform(0..100)", 50.0, 28.87),
        ("uniform(5s..30s)", 17.5e9, 7.217e9),
        ("normal(10 by 2)", 10.0, 2.0),
        ("normal(10s by 2s)", 10e9, 2e9),
        ("exponential(4)", 4.0, 4.0),
        ("lognormal(10 by 0.5)", 11.33, 6.04),
        ("choice(0..500)", 250.0, 144.6),
        ("chance(5%)", 0.05, 0.2179),
        ("if(chance(50%), 1, 0)", 0.5, 0.5),
    ] {
        let (found_mean, found_deviation) = moments(source);
        assert!((found_mean / mean - 1.0).abs() < 0.03, "{source}: mean {found_mean}");
        assert!((found_deviation / deviation - 1.0).abs() < 0.03, "{source}: deviation {found_deviation}");
    }
}

#[test]
fn sets_and_codes_have_their_form() {
    for tick in 0..200 {
        // The host's own list has one member, though others have two.
        assert_eq!(eval_at("choice(processes)", 1, tick), Value::Text("server".into()));
        assert!(["a", "b"].contains(&eval_at("choice(zones)", 1, tick).to_string().as_str()));
        assert!(["high", "low", "normal"].contains(&eval_at("choice(cohort)", 1, tick).to_string().as_str()));
        let code = eval_at("code(20)", 1, tick).to_string();
        assert!(
            code.len() == 20 && code.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit()),
            "{code}"
        );
        let id = uuid::Uuid::parse_str(&eval_at("uuid()", 1, tick).to_string()).unwrap();
        assert_eq!((id.get_version_num(), id.get_variant()), (4, uuid::Variant::RFC4122));
    }
}

#[test]
fn streams_of_one_expression_differ() {
    let Value::Double(difference) = eval_at("uniform(0..1) - uniform(0..1)", 1, 0) else {
        panic!("a DOUBLE")
    };
    assert_ne!(difference, 0.0);
}

/// The bytes that a seed gives are a promise: these values change in no version.
#[test]
fn bytes_stay_the_same() {
    let key = draw::child(draw::root(12_345), "region", "us-east-1");
    let shown = [
        "uniform(0..1)",
        "uniform(5s..30s)",
        "normal(0 by 1)",
        "exponential(1)",
        "lognormal(1 by 1)",
        "choice(0..500)",
        "choice('a' 20, 'b' 70, 'c' 10)",
        "chance(50%)",
        "code(8)",
        "uuid()",
    ]
    .map(|source| format!("{source} {}", eval_at(source, key, MINUTE)));
    insta::assert_snapshot!(format!("{key:016x}\n{}", shown.join("\n")), @r#"
    7becaf117477953b
    uniform(0..1) 0.3504250462296129
    uniform(5s..30s) 13760626156ns
    normal(0 by 1) -0.38417318368189235
    exponential(1) 1.04860844350861
    lognormal(1 by 1) 0.681013476544993
    choice(0..500) 175
    choice('a' 20, 'b' 70, 'c' 10) b
    chance(50%) true
    code(8) 8rctg2mz
    uuid() 59b574b1-4166-4816-b4ce-12ea3258ed0c
    "#);
}
