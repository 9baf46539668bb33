//! What expressions, texts and sets without draws give.

use super::{Fleet, attributes, compile, eval};
use crate::values::{Expression, Instant, SetSource, Text, Type, Value};

/// The value as `type value`.
fn shown(value: &Value) -> String {
    format!("{} {value}", value.value_type())
}

#[test]
fn operators_keep_precedence_and_types() {
    for (source, expected) in [
        ("1 + 2 * 3", "BIGINT 7"),
        ("(1 + 2) * 3", "BIGINT 9"),
        ("10 - 2 - 3", "BIGINT 5"),
        ("-2 * -3", "BIGINT 6"),
        ("- - 2", "BIGINT 2"),
        ("7 / 2", "DOUBLE 3.5"),
        ("6 / 2", "DOUBLE 3"),
        ("1 + 0.5", "DOUBLE 1.5"),
        ("1e3", "DOUBLE 1000"),
        ("2.5e-1", "DOUBLE 0.25"),
        ("5%", "DOUBLE 0.05"),
        ("-7 mod 3", "BIGINT 2"),
        ("(-7) mod 3", "BIGINT 2"),
        ("7.5 mod 2", "DOUBLE 1.5"),
        ("2 * 7 mod 4", "BIGINT 2"),
        ("host mod 3 + 1", "BIGINT 3"),
        ("0 - 9223372036854775807 - 1", "BIGINT -9223372036854775808"),
        ("host * 9223372036854775807", "BIGINT 9223372036854775807"),
        ("cpu_from * 1e308 / 1.7976931348623157e308", "DOUBLE 1"),
        ("host / (host - 17)", "DOUBLE 0"),
        ("host mod (host - 17)", "BIGINT 0"),
        ("cpu_from mod (host - 17)", "DOUBLE 0"),
        ("100 - cpu_user - tasks", "DOUBLE 50.5"),
        ("cpu_to", "DOUBLE 65"),
    ] {
        assert_eq!(shown(&eval(source)), expected, "{source}");
    }
}

#[test]
fn durations_have_an_arithmetic_of_their_own() {
    for (source, expected) in [
        ("90s", "a duration 90s"),
        ("1h30m", "a duration 90m"),
        ("1.5s", "a duration 1500ms"),
        ("interval / 2", "a duration 30s"),
        ("interval * 3", "a duration 3m"),
        ("1.5 * interval", "a duration 90s"),
        ("interval / 1s", "DOUBLE 60"),
        ("1h mod 25m", "a duration 10m"),
        ("interval - 2m + 30s", "a duration -30s"),
        ("-interval", "a duration -1m"),
        ("host * interval", "a duration 17m"),
        ("interval < 1h", "BOOLEAN true"),
    ] {
        assert_eq!(shown(&eval(source)), expected, "{source}");
    }
}

#[test]
fn conditions_compare_and_combine() {
    for (source, expected) in [
        ("1 < 2", true),
        ("2 <= 1.5", false),
        ("1 = 1.0", true),
        ("region = 'us-east-1'", true),
        ("region != 'it''s'", true),
        ("'a' < 'b'", true),
        ("busy = true", true),
        ("not busy or host > 10", true),
        ("not (busy or host > 10)", false),
        ("not host = 17", false),
        ("true or false and false", true),
        ("not not busy and cpu_user >= 42.5", true),
    ] {
        assert_eq!(eval(source), Value::Boolean(expected), "{source}");
    }
}

#[test]
fn plain_functions() {
    for (source, expected) in [
        ("clamp(host, 0..10)", "BIGINT 10"),
        ("clamp(host, 0..99.5)", "DOUBLE 17"),
        ("clamp(-1, 0..99.5)", "DOUBLE 0"),
        ("clamp(2h, 1m..1h)", "a duration 1h"),
        ("round(2.5)", "BIGINT 3"),
        ("round(-2.5)", "BIGINT -3"),
        ("round(1e300)", "BIGINT 9223372036854775807"),
        ("min(3, 1, 2)", "BIGINT 1"),
        ("max(3, 1.5)", "DOUBLE 3"),
        ("max(interval, 90s)", "a duration 90s"),
        ("abs(-3)", "BIGINT 3"),
        ("abs(-2.5)", "DOUBLE 2.5"),
        ("if(busy, 'on', 'off')", "VARCHAR on"),
        ("if(host > 20, 1, 2.5)", "DOUBLE 2.5"),
        ("if(busy, 1, 2.5)", "DOUBLE 1"),
    ] {
        assert_eq!(shown(&eval(source)), expected, "{source}");
    }
}

#[test]
fn constants_fold_and_slots_are_known() {
    assert_eq!(compile("scale * 10 - 1").constant(), Some(Value::Bigint(999)));
    assert_eq!(compile("if(scale > 5, 1m, 2m)").constant(), Some(Value::Duration(60_000_000_000)));
    for source in ["host", "cpu_user", "uniform(1..1)", "choice(3..3)", "1 + if(busy, 1, 2)"] {
        assert_eq!(compile(source).constant(), None, "{source}");
    }
    let expression = compile("uniform(cpu_from..cpu_to) + host + cpu_user - cpu_from");
    assert!(expression.draws());
    assert_eq!(expression.reads_attributes(), [0, 1, 2]);
    assert_eq!(expression.reads_measures(), [0]);
    assert!(!compile("host + cpu_user").draws());
    assert_eq!(compile("choice(processes)").reads_attributes(), [4]);
}

#[test]
fn a_tick_knows_the_one_before() {
    for (source, expected) in [
        ("before(cpu_user)", "DOUBLE 40"),
        ("cpu_user - before(cpu_user)", "DOUBLE 2.5"),
        ("changed(cpu_user)", "BOOLEAN true"),
        ("changed(tasks)", "BOOLEAN false"),
        ("if(changed(tasks), 1, before(tasks) + 1)", "BIGINT 8"),
        ("left(storm)", "a duration 30s"),
    ] {
        assert_eq!(shown(&eval(source)), expected, "{source}");
    }
    assert_eq!(compile("changed(tasks)").reads_measures(), [1, 3]);
    assert_eq!(compile("before(cpu_user)").reads_measures(), [0, 2]);
}

#[test]
fn names_come_in_order_with_their_places() {
    let names =
        Expression::names("clamp(wind + 3 * gust, 0..most by x) - if(wind > calm, 'quoted', choice(kinds))");
    let names: Vec<_> = names.iter().map(|(name, span)| (name.as_str(), span.start)).collect();
    let expected = [("wind", 6), ("gust", 17), ("most", 26), ("x", 34), ("calm", 49), ("kinds", 72)];
    assert_eq!(names, expected);
    assert_eq!(Expression::names("1 +"), []);
    assert_eq!(
        Text::names("{region}-{host mod n:08}"),
        [("region".to_owned(), 1..7), ("host".to_owned(), 10..14), ("n".to_owned(), 19..20)]
    );
    assert_eq!(SetSource::names("1..cells * n"), [("cells".to_owned(), 3..8), ("n".to_owned(), 11..12)]);
}

#[test]
fn texts_fill_their_placeholders() {
    for (source, expected) in [
        ("us-east", "VARCHAR us-east"),
        ("", "VARCHAR "),
        ("{host}", "BIGINT 17"),
        ("{processes}", "a list [server]"),
        ("{host:08}", "VARCHAR 00000017"),
        ("{host:8}", "VARCHAR       17"),
        ("{host:1}", "VARCHAR 17"),
        ("{-host:06}", "VARCHAR -00017"),
        ("{cpu_user:07}", "VARCHAR 00042.5"),
        ("{region:012}", "VARCHAR 000us-east-1"),
        ("{region}-{host mod 3 + 1}", "VARCHAR us-east-1-3"),
        ("{{{host}}}", "VARCHAR {17}"),
        ("{if(busy, 'a}:', 'b')}!", "VARCHAR a}:!"),
        ("every {interval}", "VARCHAR every 1m"),
        ("é{host}é", "VARCHAR é17é"),
    ] {
        let text = Text::compile(source, &Fleet).unwrap();
        let value =
            text.eval(&Instant { attributes: &attributes(), measures: &super::MEASURES, key: 1, time: 0 });
        assert_eq!(shown(&value), expected, "{source}");
        assert_eq!(text.value_type(), value.value_type(), "{source}");
    }
    let constant = Text::compile("{scale:05}/{{}}", &Fleet).unwrap();
    assert_eq!(constant.constant(), Some(Value::Text("00100/{}".into())));
    let drawn = Text::compile("{region}{code(3)}", &Fleet).unwrap();
    assert_eq!((drawn.draws(), drawn.constant(), drawn.reads_attributes()), (true, None, &[3][..]));
}

#[test]
fn sets_are_ranges_or_names() {
    let SetSource::Range { from, to } = SetSource::compile("0..host * scale - 1", &Fleet).unwrap() else {
        panic!("a range")
    };
    assert_eq!((from.constant(), to.value_type()), (Some(Value::Bigint(0)), Type::Bigint));
    assert_eq!(to.reads_attributes(), [0]);
    let SetSource::Name { name, span } = SetSource::compile(" processes", &Fleet).unwrap() else {
        panic!("a name")
    };
    assert_eq!((name.as_str(), span), ("processes", 1..10));
    assert!(SetSource::compile("cohort", &Fleet).is_ok());
}
