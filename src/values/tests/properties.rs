//! What holds for every text and every seed.

use proptest::prelude::*;

use super::{Fleet, attributes, compile, eval, eval_at};
use crate::values::{Expression, Instant, SetSource, Text, Value, draw};

/// Pieces of the language, to reach further into the parser than random characters do.
fn pieces() -> impl Strategy<Value = String> {
    const PIECES: [&str; 46] = [
        "1",
        "0",
        "2.5",
        "5%",
        "60s",
        "9223372036854775807",
        "'x'",
        "host",
        "cpu_from",
        "region",
        "processes",
        "busy",
        "tasks",
        "nope",
        "uniform(",
        "choice(",
        "normal(",
        "clamp(",
        "if(",
        "min(",
        "code(",
        "chance(",
        "walk(",
        "sine(",
        "saw(",
        "hold(",
        "counter(",
        "zipf(",
        "before(",
        "changed(",
        "left(",
        "storm",
        "(",
        ")",
        ",",
        "..",
        " by ",
        "+",
        "-",
        "*",
        "/",
        " mod ",
        " not ",
        " and ",
        "<",
        "=",
    ];
    prop::collection::vec(prop::sample::select(&PIECES[..]), 0..24).prop_map(|pieces| pieces.concat())
}

fn check(source: &str) {
    let at = Instant { attributes: &attributes(), measures: &super::MEASURES, key: 3, time: 5 };
    let spans = |faults: Vec<crate::values::Fault>| {
        assert!(!faults.is_empty());
        for fault in faults {
            assert!(source.get(fault.span.clone()).is_some(), "{source:?}: {fault:?}");
        }
    };
    match Expression::compile(source, &Fleet) {
        Ok(expression) => {
            let value = expression.eval(&at);
            assert_eq!(value.value_type(), expression.value_type());
            assert!(!matches!(value, Value::Double(number) if !number.is_finite()), "{source:?}");
            assert!(expression.constant().is_none_or(|constant| constant == value));
        }
        Err(faults) => spans(faults),
    }
    match Text::compile(source, &Fleet) {
        Ok(text) => assert_eq!(text.eval(&at).value_type(), text.value_type()),
        Err(faults) => spans(faults),
    }
    SetSource::compile(source, &Fleet).map_or_else(spans, drop);
}

/// A sum of products of small numbers, as text and by a way of reckoning of its own.
fn sums() -> impl Strategy<Value = (String, i64)> {
    let product = prop::collection::vec((any::<bool>(), 1i64..20), 1..4);
    prop::collection::vec((any::<bool>(), product), 1..6).prop_map(|terms| {
        let (mut text, mut total) = ("0".to_owned(), 0i64);
        for (minus, factors) in terms {
            let mut product = factors[0].1;
            text += if minus { " - " } else { "+" };
            text += &factors[0].1.to_string();
            for (modulo, factor) in &factors[1..] {
                text += &format!("{}{factor}", if *modulo { " mod " } else { "*" });
                product = if *modulo { product % factor } else { product * factor };
            }
            total += if minus { -product } else { product };
        }
        (text, total)
    })
}

proptest! {
    #[test]
    fn any_characters_parse_or_fault(source in ".{0,60}") {
        check(&source);
    }

    #[test]
    fn any_pieces_parse_or_fault(source in pieces()) {
        check(&source);
        check(&format!("{{{source}}}-{{host}}"));
    }

    #[test]
    fn precedence_is_that_of_arithmetic((source, expected) in sums()) {
        prop_assert_eq!(eval(&source), Value::Bigint(expected));
    }

    #[test]
    fn uniform_stays_within_its_bounds(low in -1e12f64..1e12, width in 0f64..1e12, key: u64, time: i64) {
        let high = low + width;
        let Value::Double(drawn) = eval_at(&format!("uniform({low}..{high})"), key, time) else { panic!("a DOUBLE") };
        prop_assert!((low..=high).contains(&drawn));
    }

    #[test]
    fn choice_stays_within_its_range(low: i64, high: i64, bits: u64) {
        let (low, high) = (low.min(high), low.max(high));
        prop_assert!((low..=high).contains(&draw::whole(bits, low, high)));
        prop_assert_eq!(draw::whole(u64::MAX, low, high), high);
        prop_assert_eq!(draw::whole(0, low, high), low);
    }

    #[test]
    fn a_value_depends_on_its_instant_alone(key: u64, time: i64) {
        let source = "uniform(0..1) + normal(0 by 1) + choice(1..6) + if(chance(50%), 1, 2)";
        let once = eval_at(source, key, time);
        prop_assert_eq!(&once, &eval_at(source, key, time));
        prop_assert_ne!(&once, &eval_at(source, key ^ 1, time));
        prop_assert_ne!(&once, &eval_at(source, key, time ^ 1));
        let clone = compile(source).clone();
        prop_assert_eq!(once, clone.eval(&Instant { key, time, ..Instant::default() }));
    }
}
