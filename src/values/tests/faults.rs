//! What faults say, and where.

use super::{Fleet, report};
use crate::values::{Expression, SetSource, Text};

fn faults(source: &str) -> String {
    Expression::compile(source, &Fleet)
        .map_or_else(|faults| report(source, &faults), |found| format!("{found:?}"))
}

#[test]
fn of_form() {
    let rows = [
        "",
        "1 +",
        "uniform(1",
        "uniform(0..1",
        "(1 + 2",
        "1 + 2)",
        "1 2",
        "1..2",
        "1 < host < 3",
        "'it",
        "5x",
        "1_000",
        "99999999999999999999",
        "300000d",
        "1e999",
        "1 == 2",
        "a && b",
        "5 % 3",
        "$scale",
        "{host}",
        "1.",
        "é",
        "\"x\"",
        "1 + not busy",
        "min(1,, 2)",
        "uniform(0..1 by 2 3)",
    ];
    let found: Vec<_> = rows.iter().map(|row| format!("[{row}] {}", faults(row))).collect();
    insta::assert_snapshot!(found.join("\n"), @"");
}

#[test]
fn of_meaning() {
    let rows = [
        "cpu_usr + 1",
        "xyzzy",
        "uniform",
        "unifrom(0..1)",
        "frobnicate(1)",
        "walk(0..1 by 2)",
        "a1 + b2 * uniform(5..1)",
        "uniform(1, 2)",
        "uniform(1..0)",
        "uniform('a'..'b')",
        "uniform(1..5s)",
        "choice(0.5..1)",
        "choice(9..1)",
        "choice(scale)",
        "choice(nothing)",
        "choice('x' 70, 'y')",
        "choice('x' 0, 'y' 0)",
        "choice('x', 1)",
        "chance(5)",
        "chance('x')",
        "code(0)",
        "code(2.5)",
        "uuid(1)",
        "normal(1)",
        "normal(1s by 2)",
        "clamp(1, 5..0)",
        "clamp('x', 0..1)",
        "min(1)",
        "min('a', 'b')",
        "round('x')",
        "if(1, 2, 3)",
        "if(busy, 1, 'x')",
        "1 + 'x'",
        "interval + 1",
        "1 / interval",
        "not 1",
        "-region",
        "busy and 1",
        "1 = 'x'",
        "zones = zones",
        "host / 0",
        "host mod 0",
        "1 / 0.0",
        "9223372036854775807 + 1",
        "100000d * 2",
        "1e308 * 10.0",
    ];
    let found: Vec<_> = rows.iter().map(|row| format!("[{row}] {}", faults(row))).collect();
    insta::assert_snapshot!(found.join("\n"), @"");
}

#[test]
fn of_texts() {
    let rows = [
        "{host",
        "host}",
        "{}",
        "{it's}",
        "{host:}",
        "{host:0}",
        "{host:x}",
        "{host:99}",
        "{processes}!",
        "é {hots} {regoin}",
        "{host +}",
    ];
    let fault = |row| {
        Text::compile(row, &Fleet).map_or_else(|faults| report(row, &faults), |text| format!("{text:?}"))
    };
    let found: Vec<_> = rows.iter().map(|row| format!("[{row}] {}", fault(row))).collect();
    insta::assert_snapshot!(found.join("\n"), @"");
}

#[test]
fn of_sets() {
    let rows = ["5", "1..0", "1..cell", "cohorts", "scale", "0.5..2", "1..2 3", "1..", "host + 1"];
    let fault = |row| {
        SetSource::compile(row, &Fleet).map_or_else(|faults| report(row, &faults), |set| format!("{set:?}"))
    };
    let found: Vec<_> = rows.iter().map(|row| format!("[{row}] {}", fault(row))).collect();
    insta::assert_snapshot!(found.join("\n"), @"");
}

#[test]
fn only_unknown_names_may_follow_from_others() {
    let follows = |source| {
        Expression::compile(source, &Fleet).unwrap_err().iter().map(|f| f.follows).collect::<Vec<_>>()
    };
    assert_eq!(follows("nope + uniform(1..0)"), [true, false]);
}

#[test]
fn nesting_ends_in_a_message() {
    for source in [
        "(".repeat(100_000),
        "-".repeat(100_000) + "1",
        "not ".repeat(100_000) + "true",
        "1+".repeat(100_000) + "1",
        "min(1,".repeat(100_000),
        "a and ".repeat(100_000) + "a",
    ] {
        let message = &Expression::compile(&source, &Fleet).unwrap_err()[0].message;
        assert_eq!(message, "more than 100 values inside one another");
    }
}
