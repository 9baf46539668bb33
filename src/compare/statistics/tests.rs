//! The promises of comparisons, on samples whose truth is known: how often a difference is told where there is none, and how often
//! one is found.

mod synthetic;

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use proptest::prelude::*;
use synthetic::Store;

use super::difference::{Estimate, Finding};
use super::long_run::LongRun;
use super::*;
use crate::results::latency::histogram;

/// What `figures` allows to be wrong, and the intervals that six queries share it among.
const ERROR: f64 = 0.005 / 24.0;
const QUERIES: usize = 6;

/// A query of a store in which executions of 10 ms follow each other: 20 % dispersion, autocorrelation 0.3.
const STORE: Store = Store { executions: 1_000, rate: 2.0, dispersion: 0.2, correlation: 0.3, slow: 0.0 };

/// What many pairs of samples came to.
#[derive(Debug, Default)]
struct Tally {
    pairs: usize,
    /// Pairs of which anything is told where nothing differs.
    false_alarms: usize,
    /// Pairs whose median is told to be slower where it is, by so much.
    found: usize,
    /// Figures that were judged, by quantile.
    judged: [usize; 3],
}

/// Compares pairs of runs with `QUERIES` queries each that differ in nothing, and one whose median is slower by 10 %.
fn compare(store: Store, pairs: usize) -> Tally {
    let (next, tally) = (AtomicUsize::new(0), Mutex::new(Tally::default()));
    let work = || {
        loop {
            let pair = next.fetch_add(1, Ordering::Relaxed);
            if pair >= pairs {
                return;
            }
            let mut told = false;
            let mut judged = [0; 3];
            for query in 0..QUERIES {
                let seed = (pair * QUERIES + query) as u64;
                let (base, new) = store.pair(seed, 1.0);
                for (which, judged) in judged.iter_mut().enumerate() {
                    if let Finding::Known(of) = quantile(which, &base, &new, ERROR) {
                        *judged += 1;
                        told |= of.low > 0.0 || of.high < 0.0;
                    }
                }
            }
            let (base, slower) = store.pair(!(pair as u64), 1.1);
            let found = matches!(quantile(0, &base, &slower, ERROR), Finding::Known(of) if of.low > 0.0);
            let mut tally = tally.lock().unwrap();
            tally.pairs += 1;
            tally.false_alarms += usize::from(told);
            tally.found += usize::from(found);
            for (sum, judged) in tally.judged.iter_mut().zip(judged) {
                *sum += judged;
            }
        }
    };
    let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(work);
        }
    });
    tally.into_inner().unwrap()
}

#[test]
fn a_thousand_pairs_that_do_not_differ_and_a_thousand_that_do() {
    let tally = compare(STORE, 1_000);
    assert!(tally.false_alarms <= 10, "{tally:?}");
    assert!(tally.found >= 950, "{tally:?}");
    // Medians and 90th percentiles are all judged at a thousand executions, 99th percentiles are not.
    assert_eq!((tally.judged[0], tally.judged[2]), (6_000, 0), "{tally:?}");
}

#[test]
fn p99_tells_no_more_false_differences_than_the_median() {
    let tally = compare(Store { executions: 4_000, rate: 8.0, slow: 0.05, ..STORE }, 100);
    assert!(tally.judged[2] > 500 && tally.false_alarms <= 1, "{tally:?}");
}

/// Stores that are slower or faster by some per cent from run to run.
fn repeated(pairs: usize, repetitions: usize) -> usize {
    let store = Store { executions: 1_000 / repetitions, rate: 10.0, ..STORE };
    let told = |pair: usize| {
        let (base, new) = store.repeated(pair as u64, repetitions, 0.05);
        (0..2).any(|which| matches!(quantile(which, &base, &new, ERROR), Finding::Known(of) if of.low > 0.0 || of.high < 0.0))
    };
    (0..pairs).filter(|pair| told(*pair)).count()
}

#[test]
fn runs_that_differ_by_chance_are_told_apart_from_stores_that_differ_by_repeating_them() {
    assert!(repeated(100, 1) > 10, "{}", repeated(100, 1));
    assert!(repeated(300, 6) <= 3, "{}", repeated(300, 6));
}

/// The table of `docs/compare.md`.
#[test]
#[ignore = "takes minutes: prints how false alarms and power change with the store, for docs/compare.md"]
fn where_power_ends() {
    let rows = [
        ("as promised", STORE),
        ("one a second", Store { rate: 1.0, ..STORE }),
        ("ten a second", Store { rate: 10.0, ..STORE }),
        ("thirty a second", Store { rate: 30.0, ..STORE }),
        ("500 executions", Store { executions: 500, ..STORE }),
        ("200 executions", Store { executions: 200, ..STORE }),
        ("dispersion 0.25", Store { dispersion: 0.25, ..STORE }),
        ("dispersion 0.3", Store { dispersion: 0.3, ..STORE }),
        ("dispersion 0.5", Store { dispersion: 0.5, ..STORE }),
        (
            "dispersion 0.5, 5,000 executions",
            Store { dispersion: 0.5, executions: 5_000, rate: 10.0, ..STORE },
        ),
        ("one in twenty up to 1,000 times slower", Store { slow: 0.05, ..STORE }),
        ("autocorrelation 0.6", Store { correlation: 0.6, ..STORE }),
        ("autocorrelation 0.9", Store { correlation: 0.9, ..STORE }),
        (
            "autocorrelation 0.9, 10,000 executions",
            Store { correlation: 0.9, executions: 10_000, rate: 20.0, ..STORE },
        ),
    ];
    for (name, store) in rows {
        let tally = compare(store, 1_000);
        let share = |count: usize, of: usize| 100.0 * count as f64 / of as f64;
        let judged = tally.judged.map(|judged| format!("{:.0} %", share(judged, QUERIES * tally.pairs)));
        eprintln!(
            "| {name} | {:.1} % | {:.1} % | {} |",
            share(tally.false_alarms, tally.pairs),
            share(tally.found, tally.pairs),
            judged.join(", ")
        );
    }
}

/// Of these latencies in microseconds, so many a second.
fn sample(seconds: &[Vec<u64>], other: &[Vec<u64>]) -> Sample {
    let whole = |seconds: &[Vec<u64>]| {
        let mut all = histogram();
        seconds.iter().flatten().for_each(|latency| all.record(*latency).unwrap());
        Distribution::of(&all)
    };
    let mut sample = Sample::new(whole(seconds));
    for second in seconds {
        let mut latencies = histogram();
        second.iter().for_each(|latency| latencies.record(*latency).unwrap());
        sample.add(&recorded(&latencies), &whole(other));
    }
    sample
}

fn both(base: &[Vec<u64>], new: &[Vec<u64>]) -> (Sample, Sample) {
    (sample(base, new), sample(new, base))
}

#[test]
fn few_executions_are_too_few_however_alike_their_repetitions_are() {
    // One of a hundred takes longer in each: nothing varies from one to the next.
    let repeated = |longer: u64| {
        let seconds: Vec<Vec<u64>> =
            (0..50).map(|second| vec![if second % 10 == 0 { longer } else { 1_000 }; 10]).collect();
        let mut sample = Sample::new(sample(&seconds, &seconds).distribution().clone());
        for second in &seconds {
            if sample.intervals().is_multiple_of(10) {
                sample.repeat();
            }
            let mut latencies = histogram();
            second.iter().for_each(|latency| latencies.record(*latency).unwrap());
            let other = sample.distribution().clone();
            sample.add(&recorded(&latencies), &other);
        }
        assert_eq!(sample.repetitions(), 5);
        sample
    };
    let found = quantile(2, &repeated(20_000), &repeated(30_000), ERROR);
    assert!(matches!(found, Finding::FewExecutions { there: 500, .. }), "{found:?}");
}

#[test]
fn what_a_histogram_does_not_tell_apart_is_no_difference() {
    // All in one microsecond each, and the truth may be a nanosecond apart.
    let (base, new) = both(&vec![vec![1_000; 50]; 40], &vec![vec![1_001; 50]; 40]);
    let Finding::Known(of) = quantile(0, &base, &new, ERROR) else { panic!() };
    assert!(of.low <= 0.0 && of.high < 0.003, "{of:?}");
    // Bins of 2,000 microseconds and more are wider.
    let (base, new) = both(&vec![vec![70_000; 50]; 40], &vec![vec![70_040; 50]; 40]);
    let Finding::Known(of) = quantile(0, &base, &new, ERROR) else { panic!() };
    assert!(of.low <= 0.0 && of.high < 0.003, "{of:?}");
    // What lies bins apart is one, however small.
    let (base, new) = both(&vec![vec![1_000; 50]; 40], &vec![vec![1_010; 50]; 40]);
    let Finding::Known(of) = quantile(0, &base, &new, ERROR) else { panic!() };
    assert!(of.low > 0.0 && of.high < 0.02, "{of:?}");
}

#[test]
fn too_little_is_told_as_too_little() {
    let few = vec![vec![1_000; 50]; LEAST_INTERVALS - 1];
    let (base, new) = both(&few, &vec![vec![1_100; 50]; 100]);
    assert_eq!(quantile(0, &base, &new, ERROR), Finding::FewIntervals(LEAST_INTERVALS - 1));
    assert_eq!(pairs(&base, &new, ERROR), None);
    // A sample with nothing in it is too little, too.
    let (base, new) = both(&[], &few);
    assert_eq!(quantile(2, &base, &new, ERROR), Finding::FewIntervals(0));
    let (base, new) = Store { executions: 300, ..STORE }.pair(1, 1.0);
    let Finding::FewExecutions { there, needed } = quantile(1, &base, &new, ERROR) else { panic!() };
    assert!(there == 300 && (301..2_000).contains(&needed), "{needed}");
}

#[test]
fn sums_of_terms_that_follow_each_other_stray_further() {
    let noise = synthetic::noise(7, 4_000, 0.0);
    let alone = LongRun::of(&noise);
    assert!((alone.variance / 4_000.0 - 1.0).abs() < 0.3, "{alone:?}");
    // Of an AR(1) series by (1 + phi) / (1 - phi): 4 where phi is 0.6.
    let together = LongRun::of(&synthetic::noise(7, 4_000, 0.6));
    assert!((together.variance / 4_000.0 - 4.0).abs() < 1.2, "{together:?}");
    // Longer ones in blocks.
    let long = LongRun::of(&synthetic::noise(7, 100_000, 0.6));
    assert!((long.variance / 100_000.0 - 4.0).abs() < 1.2, "{long:?}");
    assert_eq!(LongRun::of(&[]), LongRun { variance: 0.0, freedom: 0.0 });
}

#[test]
fn pairs_tell_how_often_one_is_the_slower() {
    let slower = vec![vec![10_000, 30_000]; 40];
    let (base, new) = both(&vec![vec![20_000, 20_000]; 40], &slower);
    assert_eq!(pairs(&base, &new, ERROR).unwrap().value, 0.5);
    let (base, new) = both(&vec![vec![10_000]; 40], &slower);
    let Estimate { value, low, high } = pairs(&base, &new, ERROR).unwrap();
    assert!((value - 0.75).abs() < 1e-9 && low <= value && value <= high && high <= 1.0, "{low} {high}");
}

proptest! {
    /// Whatever the samples, bounds hold their value and the other way round is the reverse.
    #[test]
    fn bounds_hold_their_value(
        base in proptest::collection::vec(proptest::collection::vec(1..100_000_000u64, 1..8), 26..60),
        new in proptest::collection::vec(proptest::collection::vec(1..100_000_000u64, 1..8), 26..60),
    ) {
        let (base, new) = both(&base, &new);
        for which in 0..QUANTILES.len() {
            let (there, back) = (quantile(which, &base, &new, 0.05), quantile(which, &new, &base, 0.05));
            if let (Finding::Known(there), Finding::Known(back)) = (there, back) {
                prop_assert!(there.low <= there.value && there.value <= there.high, "{:?}", there);
                prop_assert!((there.value + back.value).abs() < 1e-9 && (there.low + back.high).abs() < 1e-9, "{:?} {:?}", there, back);
            }
        }
        let share = pairs(&base, &new, 0.05).unwrap();
        prop_assert!(0.0 <= share.low && share.low <= share.value && share.value <= share.high && share.high <= 1.0, "{:?}", share);
    }
}
