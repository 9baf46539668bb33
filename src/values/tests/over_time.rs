//! Functions over time: they stay within their bounds, go on from tick to tick as they should, and
//! depend on nothing but the instant.

use proptest::prelude::*;

use super::{TICK, attributes, compile, eval_at};
use crate::values::{Expression, Instant, Value};

const HOUR: i64 = 360 * TICK;

fn number(value: &Value) -> f64 {
    match value {
        Value::Double(value) => *value,
        Value::Bigint(value) | Value::Duration(value) => *value as f64,
        other => panic!("{other} is no number"),
    }
}

/// The expression's numbers at consecutive ticks, from tick 1,000,000 on.
fn ticks(source: &str, key: u64, count: i64) -> Vec<f64> {
    let expression = compile(source);
    (0..count).map(|tick| number(&at(&expression, key, (1_000_000 + tick) * TICK))).collect()
}

fn at(expression: &Expression, key: u64, time: i64) -> Value {
    expression.eval(&Instant { attributes: &attributes(), measures: &[], key, time })
}

fn changes(values: &[f64]) -> Vec<f64> {
    values.windows(2).map(|pair| pair[1] - pair[0]).collect()
}

fn deviation(values: &[f64]) -> f64 {
    (values.iter().map(|value| value * value).sum::<f64>() / values.len() as f64).sqrt()
}

#[test]
fn a_walks_steps_are_as_large_as_they_should_be() {
    for (source, step) in [
        ("walk(0..100 by 1)", 1.0),
        ("walk(-6..6 by 0.2)", 0.2),
        ("walk(0..1000 by 0.5)", 0.5),
        ("walk(cpu_from..cpu_to by 1)", 1.0),
        ("walk(0s..1h by 10s)", 10e9),
    ] {
        let changes = changes(&ticks(source, 3, 50_000));
        let found = deviation(&changes);
        assert!((0.93..1.07).contains(&(found / step)), "{source}: {found}");
        let largest = changes.iter().fold(0.0f64, |most, change| most.max(change.abs()));
        assert!(largest < 6.0 * step, "{source}: {largest}");
        // As often up as down, and no step tells the next: the reflections are few.
        let up = changes.iter().filter(|change| **change > 0.0).count() as f64 / changes.len() as f64;
        assert!((0.48..0.52).contains(&up), "{source}: {up}");
        let turns = changes.windows(2).map(|pair| pair[0] * pair[1]).sum::<f64>() / changes.len() as f64;
        assert!((turns / (step * step)).abs() < 0.05, "{source}: {turns}");
    }
}

#[test]
fn a_walk_comes_as_far_as_a_free_one_and_everywhere() {
    let walk = ticks("walk(0..100 by 1)", 5, 200_000);
    let apart = |ticks: usize| -> Vec<f64> {
        walk.iter().zip(&walk[ticks..]).map(|(early, late)| late - early).collect()
    };
    // The square root of the ticks, while that is little beside the range.
    for ticks in [4usize, 16, 64, 256] {
        let ratio = deviation(&apart(ticks)) / (ticks as f64).sqrt();
        assert!((0.85..1.15).contains(&ratio), "{ticks} ticks: {ratio}");
    }
    for tenth in 0..10 {
        let here = walk.iter().filter(|place| (**place / 10.0) as i64 == tenth).count();
        assert!((8_000..45_000).contains(&here), "{tenth}: {here}");
    }
}

#[test]
fn a_sine_peaks_when_it_should() {
    let sine = |time| number(&eval_at("sine(24h, 15h)", 1, time));
    for day in [-1, 0, 20_000] {
        let midnight = day * 24 * HOUR;
        assert_eq!(sine(midnight + 15 * HOUR), 1.0);
        assert_eq!(sine(midnight + 3 * HOUR), -1.0);
        assert!(sine(midnight + 9 * HOUR).abs() < 1e-15);
        assert!(sine(midnight + 14 * HOUR) < 1.0 && sine(midnight + 14 * HOUR) > sine(midnight + 13 * HOUR));
    }
}

#[test]
fn a_saw_rises_through_its_period() {
    let saw = |time| number(&eval_at("saw(8h, 2h)", 1, time));
    assert_eq!((saw(2 * HOUR), saw(6 * HOUR), saw(8 * HOUR), saw(10 * HOUR)), (0.0, 0.5, 0.75, 0.0));
    assert_eq!(saw(0), 0.75);
}

#[test]
fn what_is_held_changes_with_its_period_alone() {
    let held = compile("hold(1h, uniform(0..1))");
    let shifted = compile("hold(1h, uniform(0..1), 10m)");
    for hour in 0..50 {
        let start = hour * HOUR;
        let value = at(&held, 7, start);
        assert_ne!(value, at(&held, 7, start + HOUR));
        for minute in [1, 30, 59] {
            assert_eq!(value, at(&held, 7, start + minute * 6 * TICK));
        }
        assert_eq!(at(&shifted, 7, start + 60 * TICK), at(&shifted, 7, start + 419 * TICK));
        assert_ne!(at(&shifted, 7, start + 59 * TICK), at(&shifted, 7, start + 60 * TICK));
    }
}

#[test]
fn a_counter_rises_at_its_rate() {
    // 2.5 a second are 25 a tick.
    let counter = ticks("counter(2.5)", 1, 20_000);
    assert!(changes(&counter).iter().all(|change| (1.0..50.0).contains(change)));
    let rate = (counter[19_999] - counter[0]) / 19_999.0;
    assert!((rate - 25.0).abs() < 0.01, "{rate}");
    // One a tick: neither twice the same, nor two further.
    assert!(changes(&ticks("counter(0.1)", 1, 5_000)).iter().all(|change| *change == 1.0));
}

#[test]
fn a_counter_begins_again_once_a_span() {
    let counter = ticks("counter(10, 2h)", 9, 720 * 200);
    let falls: Vec<usize> = (1..counter.len()).filter(|i| counter[*i] < counter[i - 1]).collect();
    assert!((199..=201).contains(&falls.len()), "{}", falls.len());
    assert!(falls.iter().all(|i| counter[*i] < 100.0), "it begins near 0");
    // Not all spans are alike.
    let spans: Vec<usize> = falls.windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert!(spans.iter().any(|span| *span < 360) && spans.iter().any(|span| *span > 1_080));
    // Between falls it counts 100 a tick.
    let steady = changes(&counter).into_iter().filter(|change| *change > 0.0);
    assert!(steady.clone().all(|change| change < 200.0));
    let mean = steady.clone().sum::<f64>() / steady.count() as f64;
    assert!((mean - 100.0).abs() < 0.5, "{mean}");
}

#[test]
fn zipf_has_its_frequencies() {
    const DRAWS: i64 = 50_000;
    for (count, exponent) in [(10, 1.0), (10, 0.0), (6, 2.5), (100, 0.7), (2, 1.0), (1, 1.0)] {
        let zipf = compile(&format!("zipf({count} by {exponent})"));
        let mut found = vec![0.0; count];
        for tick in 0..DRAWS {
            found[number(&at(&zipf, 2, tick * TICK)) as usize - 1] += 1.0;
        }
        let weights: Vec<f64> = (1..=count).map(|k| (k as f64).powf(-exponent)).collect();
        let total: f64 = weights.iter().sum();
        let statistic: f64 = found
            .iter()
            .zip(&weights)
            .map(|(found, weight)| (found, DRAWS as f64 * weight / total))
            .map(|(found, expected)| (found - expected).powi(2) / expected)
            .sum();
        // Mean and deviation of chi-square; more than four deviations are a fault.
        let freedom = (count - 1) as f64;
        assert!(
            statistic <= freedom + 4.0 * (2.0 * freedom).sqrt() + 1e-9,
            "{count} by {exponent}: {statistic}"
        );
    }
    let large = compile("zipf(1000000000 by 1.2)");
    let drawn: Vec<f64> = (0..1_000).map(|tick| number(&at(&large, 2, tick * TICK))).collect();
    assert!(drawn.iter().all(|k| (1.0..=1e9).contains(k)) && drawn.iter().any(|k| *k > 1_000.0));
}

proptest! {
    #[test]
    fn a_walk_stays_within_its_bounds(
        low in -1e9f64..1e9, width in 1e-3f64..1e9, ratio in 1.0f64..1e7, key: u64, time: i64
    ) {
        let (high, step) = (low + width, width / ratio);
        prop_assume!(step > 0.0 && step <= high - low);
        let place = number(&eval_at(&format!("walk({low}..{high} by {step})"), key, time));
        prop_assert!((low..=high).contains(&place), "{place} in {low}..{high}");
    }

    #[test]
    fn neighbours_in_a_walk_are_near(key: u64, tick in -1_000_000_000i64..1_000_000_000) {
        let walk = compile("walk(10..20 by 0.05)");
        let (one, next) = (at(&walk, key, tick * TICK), at(&walk, key, (tick + 1) * TICK));
        prop_assert!((number(&one) - number(&next)).abs() < 0.4, "{one} {next}");
    }

    #[test]
    fn a_counter_never_falls_between_restarts(key: u64, time in 0i64..2_000_000_000_000_000_000, rate in 0.1f64..1e6) {
        let counter = compile(&format!("counter({rate})"));
        prop_assert!(number(&at(&counter, key, time)) < number(&at(&counter, key, time + TICK)));
    }

    #[test]
    fn values_over_time_depend_on_the_instant_alone(key: u64, time: i64) {
        let sources = [
            "walk(0..10 by 0.1)", "hold(7m, choice(1..1000))", "counter(3, 5h)", "sine(1h, 5m)", "saw(3h, 1m)",
            "zipf(1000 by 1)",
        ];
        let forwards: Vec<Value> = sources.iter().map(|source| eval_at(source, key, time)).collect();
        let backwards: Vec<Value> = sources.iter().rev().map(|source| eval_at(source, key, time)).collect();
        prop_assert!(forwards.iter().eq(backwards.iter().rev()));
        let other = sources[..3].iter().map(|source| eval_at(source, key ^ 1, time));
        prop_assert!(other.zip(&forwards).any(|(other, own)| other != *own));
    }
}

/// The bytes that a seed gives are a promise: these values change in no version.
#[test]
fn bytes_stay_the_same() {
    let shown = [
        "walk(0..100 by 1)",
        "walk(-6..6 by 0.2)",
        "sine(24h, 15h)",
        "saw(8h, 2h)",
        "hold(1h, uniform(0..1))",
        "counter(2.5)",
        "counter(2.5, 1d)",
        "zipf(1000 by 1.1)",
    ]
    .map(|source| format!("{source} {}", eval_at(source, 12_345, 1_767_225_610_000_000_000)));
    insta::assert_snapshot!(shown.join("\n"), @"
    walk(0..100 by 1) 64.28986898111191
    walk(-6..6 by 0.2) 3.208687659577313
    sine(24h, 15h) -0.7076208167269182
    saw(8h, 2h) 0.7503472222222223
    hold(1h, uniform(0..1)) 0.39203023075808063
    counter(2.5) 4418064036
    counter(2.5, 1d) 105986
    zipf(1000 by 1.1) 23
    ");
}
