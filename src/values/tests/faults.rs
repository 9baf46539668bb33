//! What faults say, and where.

use super::{Fleet, report};
use crate::values::{Binding, Expression, Scope, SetSource, Text, Value};

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
    insta::assert_snapshot!(found.join("\n"), @r#"
    [] : a value is missing
    [1 +] : a value is missing
    [uniform(1] (: unclosed '('; inside { } a comma ends a value: quote the whole value, or write it outside { }
    [uniform(0..1] (: unclosed '('; inside { } a comma ends a value: quote the whole value, or write it outside { }
    [(1 + 2] (: unclosed '('; inside { } a comma ends a value: quote the whole value, or write it outside { }
    [1 + 2)] ): unexpected `)`
    [1 2] 2: unexpected `2`
    [1..2] ..: unexpected `..`; a range stands in a function's brackets, as in uniform(0..1)
    [1 < host < 3] <: comparisons do not chain; compare twice and join with `and`
    ['it] 'it: unclosed '; a text ends with ', and '' is a quote inside it; inside { } a comma ends a value
    [5x] 5x: `5x` is not a number; the units are ms, s, m, h, d and %
    [1_000] 1_000: `1_000` is not a number; the units are ms, s, m, h, d and %
    [99999999999999999999] 99999999999999999999: `99999999999999999999` is past the range of BIGINT
    [300000d] 300000d: `300000d` is past the range of a duration
    [1e999] 1e999: `1e999` is past the range of DOUBLE
    [1 == 2] ==: unexpected `==`; equality is `=`
    [a && b] &&: unexpected `&&`; write `and`
    [5 % 3] %: unexpected `%`; `%` is per cent and follows a number directly; the remainder is `mod`
    [$scale] $: unexpected `$`; inside a value a parameter is simply its name, without `$`
    [{host}] {: unexpected `{`; placeholders are for texts; inside a value a name stands bare
    [1.] .: unexpected `.`
    [é] é: unexpected `é`
    ["x"] ": unexpected `"`; a text stands in single quotes: 'text'
    [1 + not busy] not: unexpected `not`; put it in brackets: (not a)
    [min(1,, 2)] ,: unexpected `,`
    [uniform(0..1 by 2 3)] 3: unexpected `3`
    "#);
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
        "walk(0..1 by 0)",
        "walk(1..0 by 0.1)",
        "walk(0..1)",
        "walk('a'..'b' by 1)",
        "walk(0..1 by 1s)",
        "walk(0..uniform(1..2) by 0.1)",
        "walk(0..cpu_user by 0.1)",
        "sine(0s, 1h)",
        "sine(24, 15h)",
        "sine(24h)",
        "saw(hold(1h, 2h), 0s)",
        "hold(0s, 1)",
        "hold(1h, cpu_user * 2)",
        "hold(1h)",
        "counter(0)",
        "counter(-1, 1h)",
        "counter(1, 0s)",
        "counter(cpu_user)",
        "counter(5, 5)",
        "before(host)",
        "before(cpu_usr)",
        "changed(cpu_user + 1)",
        "left(host)",
        "zipf(0 by 1)",
        "zipf(10 by -1)",
        "zipf(10)",
        "zipf(1.5 by 1)",
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
        "1e308 * 10",
        "100000d * 2.5",
        "1s / 1e-300",
    ];
    let found: Vec<_> = rows.iter().map(|row| format!("[{row}] {}", faults(row))).collect();
    insta::assert_snapshot!(found.join("\n"), @r#"
    [cpu_usr + 1] cpu_usr: unknown name `cpu_usr`; did you mean `cpu_user`?
    [xyzzy] xyzzy: unknown name `xyzzy`; names are bare, texts quoted: 'xyzzy'
    [uniform] uniform: unknown name `uniform`; a function needs its brackets: uniform(a..b)
    [unifrom(0..1)] unifrom: unknown function `unifrom`; did you mean `uniform`?
    [frobnicate(1)] frobnicate: unknown function `frobnicate`
    [walk(0..1 by 2)] 2: walk: step 2 is larger than its range; uniform(a..b) goes anywhere in its range at every tick
    [walk(0..1 by 0)] 0: walk: step 0 is not above 0
    [walk(1..0 by 0.1)] 1..0: range 1..0 is empty
    [walk(0..1)] walk(0..1): `walk` is written walk(a..b by step)
    [walk('a'..'b' by 1)] 'a'..'b': a range of VARCHAR has no members; bounds are numbers or durations
    [walk(0..1 by 1s)] 1s: BIGINT and a duration do not go together
    [walk(0..uniform(1..2) by 0.1)] 0..uniform(1..2): walk: `0..uniform(1..2)` must not change with time; parameters and attributes stay the same
    [walk(0..cpu_user by 0.1)] 0..cpu_user: walk: `0..cpu_user` must not change with time; parameters and attributes stay the same
    [sine(0s, 1h)] 0s: sine: period 0s is not above 0
    [sine(24, 15h)] 24: `24` is BIGINT, a duration is needed
    [sine(24h)] sine(24h): `sine` is written sine(period, peak)
    [saw(hold(1h, 2h), 0s)] hold(1h, 2h): saw: `hold(1h, 2h)` must not change with time; parameters and attributes stay the same
    [hold(0s, 1)] 0s: hold: period 0s is not above 0
    [hold(1h, cpu_user * 2)] cpu_user: hold: `cpu_user` is known at its own tick only; write the hold where `cpu_user` is given
    [hold(1h)] hold(1h): `hold` is written hold(period, value) or hold(period, value, offset)
    [counter(0)] 0: counter: rate 0 is not above 0
    [counter(-1, 1h)] -1: counter: rate -1 is not above 0
    [counter(1, 0s)] 0s: counter: restart 0s is not above 0
    [counter(cpu_user)] cpu_user: counter: `cpu_user` must not change with time; parameters and attributes stay the same
    [counter(5, 5)] 5: `5` is BIGINT, a duration is needed
    [before(host)] host: `host` is no measure: it is the same a tick before
    [before(cpu_usr)] cpu_usr: unknown name `cpu_usr`; did you mean `cpu_user`?
    [changed(cpu_user + 1)] changed(cpu_user + 1): `changed` is written changed(measure)
    [left(host)] host: `host` is no incident
    [zipf(0 by 1)] 0: zipf: 0 is not 1 or above
    [zipf(10 by -1)] -1: zipf: -1 is not 0 or above
    [zipf(10)] zipf(10): `zipf` is written zipf(n by s)
    [zipf(1.5 by 1)] 1.5: `1.5` is DOUBLE, a whole number is needed
    [a1 + b2 * uniform(5..1)] a1: unknown name `a1`; names are bare, texts quoted: 'a1'
    b2: unknown name `b2`; names are bare, texts quoted: 'b2'
    5..1: range 5..1 is empty
    [uniform(1, 2)] uniform(1, 2): `uniform` is written uniform(a..b)
    [uniform(1..0)] 1..0: range 1..0 is empty
    [uniform('a'..'b')] 'a'..'b': a range of VARCHAR has no members; bounds are numbers or durations
    [uniform(1..5s)] 5s: BIGINT and a duration do not go together
    [choice(0.5..1)] 0.5: `0.5` is DOUBLE, a whole number is needed
    [choice(9..1)] 9..1: range 9..1 is empty
    [choice(scale)] scale: `scale` is not a set; a list's name is, or a range: 1..scale
    [choice(nothing)] nothing: unknown name `nothing`; names are bare, texts quoted: 'nothing'
    [choice('x' 70, 'y')] choice('x' 70, 'y'): some items of the choice have a weight and some have none; give each one, as in choice('x' 70, 'y' 30), or none
    [choice('x' 0, 'y' 0)] choice('x' 0, 'y' 0): weights add up to 0
    [choice('x', 1)] 1: VARCHAR and BIGINT do not go together
    [chance(5)] 5: chance 5 is not between 0 and 1; 5% is 0.05
    [chance('x')] 'x': `'x'` is VARCHAR, a number is needed
    [code(0)] 0: a code has 1 to 64 characters, not 0
    [code(2.5)] 2.5: `2.5` is DOUBLE, a whole number is needed
    [uuid(1)] uuid(1): `uuid` is written uuid()
    [normal(1)] normal(1): `normal` is written normal(mean by deviation)
    [normal(1s by 2)] 2: a duration and BIGINT do not go together
    [clamp(1, 5..0)] 5..0: range 5..0 is empty
    [clamp('x', 0..1)] 0: VARCHAR and BIGINT do not go together
    [min(1)] min(1): `min` is written min(a, b)
    [min('a', 'b')] min('a', 'b'): `min` takes numbers or durations, not VARCHAR
    [round('x')] 'x': `'x'` is VARCHAR, a number is needed
    [if(1, 2, 3)] 1: `1` is BIGINT, a condition is needed
    [if(busy, 1, 'x')] 'x': BIGINT and VARCHAR do not go together
    [1 + 'x'] 1 + 'x': `+` does not take BIGINT and VARCHAR; placeholders join texts, where a text may stand: {a}-{b}
    [interval + 1] interval + 1: `+` does not take a duration and BIGINT; give the number a unit, as in 5s, or divide the duration by one: d / 1s
    [1 / interval] 1 / interval: `/` does not take BIGINT and a duration; give the number a unit, as in 5s, or divide the duration by one: d / 1s
    [not 1] 1: `1` is BIGINT, a condition is needed
    [-region] region: `region` is VARCHAR, a number is needed
    [busy and 1] 1: `1` is BIGINT, a condition is needed
    [1 = 'x'] 1 = 'x': BIGINT and VARCHAR do not compare
    [zones = zones] zones = zones: a list and a list do not compare
    [host / 0] host / 0: `host / 0` divides by 0
    [host mod 0] host mod 0: `host mod 0` divides by 0
    [1 / 0.0] 1 / 0.0: `1 / 0.0` divides by 0
    [9223372036854775807 + 1] 9223372036854775807 + 1: `9223372036854775807 + 1` is too large
    [100000d * 2] 100000d * 2: `100000d * 2` is too large
    [1e308 * 10] 1e308 * 10: `1e308 * 10` is too large
    [100000d * 2.5] 100000d * 2.5: `100000d * 2.5` is too large
    [1s / 1e-300] 1s / 1e-300: `1s / 1e-300` is too large
    "#);
}

/// A scope without ticks: a level's.
struct Once;

impl Scope for Once {
    fn lookup(&self, name: &str) -> Option<Binding> {
        Fleet.lookup(name)
    }

    fn names(&self) -> Vec<String> {
        Fleet.names()
    }

    fn set(&self, name: &str) -> Option<Vec<Value>> {
        Fleet.set(name)
    }
}

#[test]
fn of_time_where_there_is_none() {
    let rows = ["walk(0..1 by 0.1)", "1 + sine(24h, 15h)", "hold(1h, 5)", "counter(5)", "changed(cpu_user)"];
    let fault = |row| {
        Expression::compile(row, &Once)
            .map_or_else(|faults| report(row, &faults), |found| format!("{found:?}"))
    };
    let found: Vec<_> = rows.iter().map(|row| format!("[{row}] {}", fault(row))).collect();
    insta::assert_snapshot!(found.join("\n"), @"
    [walk(0..1 by 0.1)] walk: `walk` follows the time, and this is made once; write it into a record: `measures`, `let`, `when` or `delay`
    [1 + sine(24h, 15h)] sine: `sine` follows the time, and this is made once; write it into a record: `measures`, `let`, `when` or `delay`
    [hold(1h, 5)] hold: `hold` follows the time, and this is made once; write it into a record: `measures`, `let`, `when` or `delay`
    [counter(5)] counter: `counter` follows the time, and this is made once; write it into a record: `measures`, `let`, `when` or `delay`
    [changed(cpu_user)] changed: `changed` follows the time, and this is made once; write it into a record: `measures`, `let`, `when` or `delay`
    ");
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
    insta::assert_snapshot!(found.join("\n"), @r#"
    [{host] {: unclosed `{`; a brace itself is written {{
    [host}] }: unexpected `}`; a brace itself is written }}
    [{}] : a value is missing
    [{it's}] {: unclosed `{`; a brace itself is written {{
    [{host:}] : `` is not a width; after the colon stands a width of 1 to 64, as in {host:8} or {host:08}
    [{host:0}] 0: `0` is not a width; after the colon stands a width of 1 to 64, as in {host:8} or {host:08}
    [{host:x}] x: `x` is not a width; after the colon stands a width of 1 to 64, as in {host:8} or {host:08}
    [{host:99}] 99: `99` is not a width; after the colon stands a width of 1 to 64, as in {host:8} or {host:08}
    [{processes}!] processes: `processes` is a list, which has no place in a text
    [é {hots} {regoin}] hots: unknown name `hots`; did you mean `host`?
    regoin: unknown name `regoin`; did you mean `region`?
    [{host +}] : a value is missing
    "#);
}

#[test]
fn of_sets() {
    let rows = ["5", "1..0", "1..cell", "cohorts", "scale", "0.5..2", "1..2 3", "1..", "host + 1"];
    let fault = |row| {
        SetSource::compile(row, &Fleet).map_or_else(|faults| report(row, &faults), |set| format!("{set:?}"))
    };
    let found: Vec<_> = rows.iter().map(|row| format!("[{row}] {}", fault(row))).collect();
    insta::assert_snapshot!(found.join("\n"), @r#"
    [5] 5: `5` is not a set; write a range such as 1..5, or a list's name
    [1..0] 1..0: range 1..0 is empty
    [1..cell] cell: unknown name `cell`; names are bare, texts quoted: 'cell'
    [cohorts] cohorts: unknown name `cohorts`; names are bare, texts quoted: 'cohorts'
    [scale] scale: `scale` is not a set; a list's name is, or a range: 1..scale
    [0.5..2] 0.5..2: a range of DOUBLE does not say its members; bounds of a set are whole numbers
    [1..2 3] 3: unexpected `3`
    [1..] : a value is missing
    [host + 1] host + 1: `host + 1` is not a set; write a range such as 1..5, or a list's name
    "#);
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
