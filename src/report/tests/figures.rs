//! Figures of a page are those of the files, whatever the length of the run.

use std::collections::HashMap;

use super::sample::Sample;
use crate::report::over_time::{self, Timeline};
use crate::report::{Format, render};
use crate::results::Run;

/// The rows of a page's tables: name, phase, and the figures by their column of `summary.csv`.
fn rows(page: &str) -> Vec<HashMap<String, String>> {
    let attribute = |cell: &str, name: &str| {
        Some(cell.split_once(&format!("{name}=\""))?.1.split_once('"')?.0.to_owned())
    };
    let tables = page.split("<section data-table").skip(1);
    let rows = tables.flat_map(|table| table.split("</section>").next().unwrap().split("<tr").skip(2));
    let cells = |row: &str| {
        let cells = row.split("<td").skip(1).filter_map(|cell| {
            let text = cell.split_once('>')?.1.split_once("</td>")?.0.to_owned();
            Some((attribute(cell, "data-column")?, attribute(cell, "data-value").unwrap_or(text)))
        });
        cells.collect()
    };
    rows.map(cells).collect()
}

#[test]
fn figures_are_those_of_the_files() {
    let (_folder, dir) = Sample::good().write();
    let page = render(dir.path(), Format::Html, None).unwrap();
    let shown = rows(&page);
    let mut reader = csv::Reader::from_path(dir.summary()).unwrap();
    let headers = reader.headers().unwrap().clone();
    let mut compared = 0;
    for row in reader.records() {
        let row: HashMap<&str, String> =
            headers.iter().zip(row.unwrap().iter().map(ToOwned::to_owned).collect::<Vec<_>>()).collect();
        let same = |shown: &&HashMap<String, String>| {
            shown["Query type"] == row["Query type"] && shown["phase"] == row["phase"]
        };
        let shown = shown.iter().find(same).unwrap_or_else(|| panic!("no row of {row:?}"));
        for (column, value) in
            shown.iter().filter(|(column, _)| !["Query type", "phase"].contains(&column.as_str()))
        {
            let (shown, written): (f64, f64) =
                (value.parse().unwrap(), row[column.as_str()].parse().unwrap());
            assert_eq!(shown, written, "{column}");
            compared += 1;
        }
    }
    assert!(compared > 60, "{compared}");
}

#[test]
fn what_is_drawn_adds_up_to_the_summary() {
    let (_folder, dir) = Sample::lasting(3_000).write();
    let run = Run::read(dir.path()).unwrap();
    let timeline = Timeline::read(&run).unwrap();
    assert!((100..=240).contains(&timeline.steps.len()), "{}", timeline.steps.len());
    // 200 records in each second, whatever the length of a step.
    assert!(timeline.steps.iter().all(|step| (step.written_records - 200.0).abs() < 1e-6));
    for operation in over_time::read(&run, &timeline).unwrap() {
        assert_eq!(operation.service.whole.len(), operation.row.successful_count);
        let p99 = operation.service.whole.value_at_quantile(0.99) as f64 / 1e6;
        assert!((p99 - operation.row.p99).abs() < 1e-9, "{p99} {}", operation.row.p99);
        assert!((100..=240).contains(&operation.service.steps.len()));
        assert!(operation.service.steps.iter().all(|(_, quantiles)| quantiles.is_some()));
    }
}

#[test]
fn the_curve_of_percentiles_ends_with_the_slowest() {
    let (_folder, dir) = Sample::good().write();
    let run = Run::read(dir.path()).unwrap();
    let timeline = Timeline::read(&run).unwrap();
    for operation in over_time::read(&run, &timeline).unwrap() {
        let curve = operation.service.percentiles();
        let (quantile, slowest) = *curve.last().unwrap();
        assert!((slowest.unwrap() - operation.row.max_seconds).abs() < 1e-9, "{slowest:?}");
        assert!((quantile - 0.99).abs() < 1e-9, "of a hundred the slowest ends at {quantile}");
        assert!(curve.windows(2).all(|pair| pair[0].0 < pair[1].0));
    }
}

#[test]
fn seconds_between_writes_are_no_outage() {
    let sample = Sample { a_second: 50, every: 5, ..Sample::lasting(240) };
    let (_folder, dir) = sample.write();
    let run = Run::read(dir.path()).unwrap();
    let timeline = Timeline::read(&run).unwrap();
    for operation in over_time::read(&run, &timeline).unwrap() {
        let steps = operation.service.steps;
        assert!(steps.len() > 40 && steps.iter().all(|(_, quantiles)| quantiles.is_some()), "{steps:?}");
    }
}

#[test]
fn history_does_not_hide_the_load_after_it() {
    let (_folder, dir) = Sample::good().write();
    let linear = render(dir.path(), Format::Html, None).unwrap();
    let timeline = std::fs::read_to_string(dir.timeline()).unwrap();
    let history = |(number, line): (usize, &str)| match number {
        1..=5 => line.replacen(",200,200,", ",0,30000,", 1) + "\n",
        _ => format!("{line}\n"),
    };
    std::fs::write(dir.timeline(), timeline.lines().enumerate().map(history).collect::<String>()).unwrap();
    let page = render(dir.path(), Format::Html, None).unwrap();
    let caption = |page: &str| {
        page.split_once("<figcaption>Records a second")
            .unwrap()
            .1
            .split_once("</figcaption>")
            .unwrap()
            .0
            .to_owned()
    };
    assert!(!caption(&linear).contains("log scale"), "{}", caption(&linear));
    assert!(caption(&page).contains("log scale"), "{}", caption(&page));
}

#[test]
fn nothing_is_made_up_for_the_time_between_merged_runs() {
    let (_folder, dir) = Sample::good().write();
    // A second half that ran an hour later.
    let timeline = std::fs::read_to_string(dir.timeline()).unwrap();
    let later = timeline.lines().skip(31).map(|line| line.replacen("T07:", "T08:", 1) + "\n");
    let earlier = timeline.lines().take(31).map(|line| format!("{line}\n"));
    std::fs::write(dir.timeline(), earlier.chain(later).collect::<String>()).unwrap();
    let mut run = Run::read(dir.path()).unwrap();
    run.manifest.ended_utc = Some("2026-11-13T08:05:19Z".to_owned());
    let timeline = Timeline::read(&run).unwrap();
    assert_eq!(timeline.steps.iter().filter(|step| step.after_silence).count(), 1);
    assert!(timeline.steps.iter().all(|step| (step.written_records - 200.0).abs() < 1e-6));
}

#[test]
fn a_run_without_an_end_has_phases_from_its_timeline() {
    let mut sample = Sample::good();
    sample.manifest.state = crate::results::State::Running;
    sample.manifest.ended_utc = None;
    let (_folder, dir) = sample.write();
    let mut run = Run::read(dir.path()).unwrap();
    run.manifest.phases.clear();
    // What a crash cut short.
    let timeline = std::fs::read_to_string(dir.timeline()).unwrap();
    std::fs::write(dir.timeline(), &timeline[..timeline.len() - 30]).unwrap();
    let timeline = Timeline::read(&run).unwrap();
    let phases: Vec<_> =
        timeline.phases.iter().map(|phase| (phase.name.as_str(), phase.from, phase.record)).collect();
    assert_eq!(phases, [("warm-up", 0.0, false), ("steady", 10.0, true)]);
    assert!((58.0..=60.0).contains(&timeline.lasted), "{}", timeline.lasted);
}

#[test]
fn the_page_of_a_longer_run_is_no_larger() {
    let (_folder, dir) = Sample::lasting(3_600).write();
    let page = render(dir.path(), Format::Html, None).unwrap();
    assert!(page.len() < 1_000_000, "{} bytes", page.len());
}

#[test]
fn the_page_of_many_queries_is_small() {
    let names = (0..60).map(|number| format!("query-{number}")).collect();
    let sample =
        Sample { queries: Some(("users".to_owned(), true, names)), a_second: 4, ..Sample::lasting(300) };
    let (_folder, dir) = sample.write();
    let page = render(dir.path(), Format::Html, None).unwrap();
    assert!(page.len() < 5_000_000, "{} bytes", page.len());
}

#[test]
#[ignore = "makes the files of three days, which takes minutes: cargo test --release -- --ignored three_days"]
fn a_run_of_three_days_is_one_small_page() {
    let (_folder, dir) = Sample { throttled: 1, ..Sample::lasting(259_200) }.write();
    let started = std::time::Instant::now();
    let page = render(dir.path(), Format::Html, None).unwrap();
    eprintln!("{} bytes in {:.1} s", page.len(), started.elapsed().as_secs_f64());
    assert!(page.len() < 5_000_000, "{} bytes", page.len());
}
