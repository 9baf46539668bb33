//! Charts as pages hold them.

use proptest::prelude::*;

use super::*;

fn labels(axis: &Axis) -> Vec<String> {
    axis.ticks().into_iter().map(|(_, label)| label).collect()
}

fn small() -> Chart {
    let points = vec![(0.0, Some(0.002)), (1.0, Some(0.004)), (2.0, None), (3.0, Some(0.003))];
    let y = Axis::fitting("service time", Unit::Seconds, [0.002, 0.004, 0.010]);
    Chart::new("do-q1 <b>", Axis::elapsed(60.0), y)
        .shades([
            Shade { name: "warm-up".into(), from: 0.0, to: 20.0, quiet: true },
            Shade { name: "steady".into(), from: 20.0, to: 60.0, quiet: false },
        ])
        .marks([Mark { name: "cell down".into(), from: 30.0, to: 35.0 }])
        .bounds([Bound { name: "p99 < 8 ms".into(), at: 0.008, kept: true }])
        .band(
            "95 % of p50",
            Ink::Nth(0),
            points.iter().map(|(x, y)| (*x, y.map(|y| (y * 0.9, y * 1.1)))).collect(),
        )
        .line("p50", Ink::Nth(0), points.clone())
        .line("p99", Ink::Nth(1), points.into_iter().map(|(x, y)| (x, y.map(|y| 2.0 * y))).collect())
}

#[test]
fn a_chart_is_a_figure() {
    insta::assert_snapshot!(small().html().replace("><", ">\n<"));
}

#[test]
fn axes_name_round_values() {
    let latencies = Axis::fitting("", Unit::Seconds, [0.001_2, 0.018]);
    assert_eq!(labels(&latencies), ["0", "5 ms", "10 ms", "15 ms", "20 ms"]);
    let wide = Axis::fitting("", Unit::Seconds, [0.001_2, 9.0]);
    assert_eq!(labels(&wide), ["1 ms", "10 ms", "100 ms", "1 s", "10 s"]);
    assert_eq!(wide.caption(), ", log scale");
    let rates = Axis::from_zero("", Unit::PerSecond, [43_333.0]);
    assert_eq!(labels(&rates), ["0", "10k", "20k", "30k", "40k", "50k"]);
    assert_eq!(labels(&Axis::from_zero("", Unit::Count, [])), ["0", "0.2", "0.4", "0.6", "0.8", "1"]);
    assert_eq!(labels(&Axis::elapsed(90.0)), ["0", "15s", "30s", "45s", "1m", "1m 15s", "1m 30s"]);
    assert_eq!(labels(&Axis::elapsed(259_200.0)), ["0", "12h", "1d", "1d 12h", "2d", "2d 12h", "3d"]);
    assert_eq!(labels(&Axis::percentiles(20_000)), ["0", "90", "99", "99.9", "99.99"]);
}

#[test]
fn a_nine_more_is_as_wide_as_the_one_before() {
    let scale = Scale::Percentile { to: 0.9999 };
    for (quantile, position) in [(0.0, 0.0), (0.9, 0.25), (0.99, 0.5), (0.999, 0.75), (0.9999, 1.0)] {
        assert!((scale.position(quantile) - position).abs() < 1e-9, "{quantile}");
    }
}

#[test]
fn figures_are_told_to_three_digits() {
    for (unit, value, text) in [
        (Unit::Seconds, 0.000_012_34, "12.3 µs"),
        (Unit::Seconds, 0.012_34, "12.3 ms"),
        (Unit::Seconds, 0.999_9, "1 s"),
        (Unit::Seconds, 12.34, "12.3 s"),
        (Unit::Seconds, 3_900.0, "1h 5m"),
        (Unit::PerSecond, 43_333.3, "43,333/s"),
        (Unit::PerSecond, 0.25, "0.25/s"),
        (Unit::Bytes, 1_530_000_000.0, "1.53 GB"),
        (Unit::Share, 0.999_8, "99.98 %"),
        (Unit::Share, 1.0, "100 %"),
        (Unit::Count, f64::NAN, "-"),
    ] {
        assert_eq!(unit.print(value), text);
    }
}

proptest! {
    /// Whatever the figures, what is drawn is numbers in their place.
    #[test]
    fn any_figures_can_be_drawn(points in proptest::collection::vec((any::<f64>(), proptest::option::of(any::<f64>())), 0..40)) {
        let values: Vec<f64> = points.iter().filter_map(|(_, y)| *y).collect();
        let axes = [
            Axis::from_zero("", Unit::Count, values.iter().copied()),
            Axis::fitting("", Unit::Seconds, values.iter().copied()),
            Axis::new("", Unit::Share, Scale::Linear { from: 0.0, to: 0.0 }),
        ];
        for y in axes {
            let html = Chart::new("any", Axis::elapsed(points.len() as f64), y).line("any", Ink::Bad, points.clone()).html();
            prop_assert!(!html.contains("NaN") && !html.contains("inf"), "{}", html);
        }
    }

    /// Every tick lies on its axis, in order, and there are few enough to read.
    #[test]
    fn ticks_lie_on_their_axis(values in proptest::collection::vec(1e-6..1e12f64, 1..5), length in 0.1..1e7f64) {
        for axis in [
            Axis::from_zero("", Unit::Count, values.iter().copied()),
            Axis::fitting("", Unit::Seconds, values.iter().copied()),
            Axis::elapsed(length),
        ] {
            let ticks = axis.ticks();
            prop_assert!((2..=21).contains(&ticks.len()), "{:?}", axis);
            prop_assert!(ticks.windows(2).all(|pair| pair[0].0 < pair[1].0 && pair[0].1 != pair[1].1), "{:?}", ticks);
        }
    }
}
