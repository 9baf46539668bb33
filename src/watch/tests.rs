//! What people and programs see of runs that never were.

use std::sync::{Arc, Mutex};

use super::frame::Size;
use super::json::Json;
use super::lines::Lines;
use super::live::Live;
use super::made_up::{START, crowded, late, pictured, steady};
use super::*;
use crate::clock::FakeClock;
use crate::feed::{Extent, Figures, Remark};
use crate::results::{Accounts, Validity};
use crate::units::SECOND;

/// Text that a view writes and a test reads.
#[derive(Debug, Clone, Default)]
struct Paper(Arc<Mutex<Vec<u8>>>);

impl Paper {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

impl std::io::Write for Paper {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// A phase with all that a view is told of it.
fn news() -> Vec<News> {
    let at = |figures: Figures, seconds: i64| Arc::new(Figures { time: START + seconds * SECOND, ..figures });
    let mut over = steady();
    over.phase.ended = Some(START + 100 * SECOND);
    let over = at(over, 100);
    let mut last = (*over).clone();
    last.last = true;
    vec![
        News::Remark(Remark::info("target: local, us-east-1")),
        News::Remark(Remark::warning("phase `steady`: the windows of do-q6 are longer than the data")),
        News::PhaseBegan(at(steady(), 40)),
        News::Figures(at(steady(), 41)),
        News::Figures(at(steady(), 45)),
        News::Figures(at(late(), 75)),
        News::PhaseEnded(Arc::clone(&over)),
        News::Figures(at(Figures::clone(&over), 104)),
        News::Figures(at(last, 106)),
        News::Result(Arc::new(RunResult {
            time: START + 107 * SECOND,
            exit: Exit::Invalid,
            run_dir: "results/small-2026-11-23-06-00-00".to_owned(),
            failure: None,
            records: Accounts { planned: 100, acknowledged: 99, unknown: 1, ..Accounts::default() },
            validity: Validity { valid: false, reasons: vec!["phase steady: CPU ran out".to_owned()] },
        })),
    ]
}

#[test]
fn the_live_view_fits_80_columns() {
    insta::assert_snapshot!("live_80", pictured(&steady(), 80, 24));
    insta::assert_snapshot!("live_80_late", pictured(&late(), 80, 24));
    insta::assert_snapshot!("live_80_crowded", pictured(&crowded(), 80, 24));
}

#[test]
fn the_live_view_fits_60_columns_and_fewer() {
    insta::assert_snapshot!("live_60", pictured(&steady(), 60, 20));
    insta::assert_snapshot!("live_60_late", pictured(&late(), 60, 20));
    insta::assert_snapshot!("live_40_crowded", pictured(&crowded(), 40, 12));
}

#[test]
fn the_live_view_fits_whatever_the_window_is() {
    for figures in [steady(), late(), crowded()] {
        for width in 1..100 {
            for height in 1..30 {
                let lines = pictured(&figures, width, height).lines().count();
                assert!(lines < height.max(1) || lines == 0, "{lines} lines in {height}");
            }
        }
    }
}

#[test]
fn each_way_to_end_is_told() {
    let heads = [
        Extent::Forever,
        Extent::Until(START + 4_000 * SECOND),
        Extent::History(0.4321),
        Extent::Once { done: 3, of: 6 },
    ];
    let heads = heads.map(|extent| {
        let mut figures = steady();
        figures.phase.extent = extent;
        pictured(&figures, 80, 24).lines().next().unwrap().to_owned()
    });
    insta::assert_snapshot!("live_heads", heads.join("\n"));
}

#[test]
fn lines_are_plain() {
    let paper = Paper::default();
    let mut lines = Lines::new(paper.clone());
    news().iter().for_each(|news| lines.show(news));
    insta::assert_snapshot!("lines", paper.text());
}

#[test]
fn lines_tell_of_history_and_rates() {
    let paper = Paper::default();
    let mut lines = Lines::new(paper.clone());
    let mut figures = crowded();
    figures.phase.extent = Extent::History(0.4321);
    figures.workloads[0].recent_planned = 0.0;
    figures.workloads[2].operations.truncate(2);
    figures.workloads[2].lag = Some(1.25);
    figures.workloads[2].advice = Some("8 requests in flight are too few".to_owned());
    lines.show(&News::Figures(Arc::new(figures.clone())));
    // Nothing is told of a plan that the requests under way are still a part of.
    figures.phase.ended = Some(figures.time);
    lines.show(&News::PhaseEnded(Arc::new(figures)));
    insta::assert_snapshot!("lines_of_history", paper.text());
}

#[test]
fn json_lines_tell_everything() {
    let paper = Paper::default();
    let clock = Arc::new(FakeClock::at(START + 1_500_000));
    let mut json = Json::new(paper.clone(), clock);
    news().iter().for_each(|news| json.show(news));
    let text = paper.text() + &json::failure(START, Exit::Failed, "error: no space is left");
    let lines: Vec<serde_json::Value> =
        text.lines().map(|line| serde_json::from_str(line).expect("each line is JSON")).collect();
    insta::assert_snapshot!(
        "json_short",
        text.lines().map(|line| shortened(line) + "\n").collect::<String>()
    );
    let figures = lines.iter().find(|line| line["kind"] == "figures" && !line["errors"][0].is_null());
    insta::assert_snapshot!("json_figures", serde_json::to_string_pretty(figures.unwrap()).unwrap());

    let docs = include_str!("../../docs/watching.md");
    for key in lines.iter().flat_map(keys) {
        assert!(docs.contains(&format!("`{key}`")), "docs/watching.md does not tell of {key}");
    }
}

/// The beginning of a line.
fn shortened(line: &str) -> String {
    line.char_indices().nth(300).map_or_else(|| line.to_owned(), |(end, _)| format!("{}...", &line[..end]))
}

/// The keys of a JSON value, at any depth.
fn keys(value: &serde_json::Value) -> Vec<String> {
    match value {
        serde_json::Value::Object(fields) => {
            fields.iter().flat_map(|(key, value)| [vec![key.clone()], keys(value)].concat()).collect()
        }
        serde_json::Value::Array(values) => values.iter().flat_map(keys).collect(),
        _ => Vec::new(),
    }
}

#[test]
fn every_metric_is_told_of() {
    let docs = include_str!("../../docs/watching.md");
    for instrument in metrics::INSTRUMENTS {
        assert!(docs.contains(&format!("`{}`", instrument.name)), "no {} in docs", instrument.name);
        assert!(!instrument.about.is_empty() && !instrument.unit.is_empty());
    }
}

fn live(paper: &Paper, width: usize) -> Live<Paper> {
    let clock = Arc::new(FakeClock::at(START + 75 * SECOND));
    let size = Box::new(move || Size { width, height: 24 });
    Live::new(paper.clone(), "small".to_owned(), clock, size, false)
}

#[test]
fn the_live_view_draws_only_what_changes_and_leaves_what_was_said() {
    let paper = Paper::default();
    let mut live = live(&paper, 80);
    live.show(&News::Remark(Remark::info("target: local")));
    live.show(&News::PhaseBegan(Arc::new(steady())));
    let drawn = paper.text().len();
    live.tick();
    live.show(&News::Figures(Arc::new(steady())));
    assert_eq!(paper.text().len(), drawn, "nothing has changed");
    news().iter().for_each(|news| live.show(news));
    live.end();
    let text = paper.text();
    // What is drawn and cleared again is no part of what stays.
    let mut stays: Vec<&str> = Vec::new();
    for line in text.lines() {
        let (_, said) = line.rsplit_once("\x1b[J").unwrap_or(("", line));
        if ["target", "warning", "steady over"].iter().any(|begin| said.starts_with(begin)) {
            stays.push(said);
        }
    }
    insta::assert_snapshot!("live_stays", stays.join("\n"));
    assert!(text.ends_with("\x1b[J"), "a clean screen");
}

/// A view that does not come back from showing anything until it is let go.
struct Stuck(std::sync::mpsc::Receiver<()>);

impl View for Stuck {
    fn show(&mut self, _: &News) {
        let _ = self.0.recv();
    }
}

#[test]
fn a_view_that_is_stuck_holds_up_nobody() {
    let (feed, (hold, held)) = (Feed::watched(), std::sync::mpsc::channel());
    let news = feed.clone();
    let thread = std::thread::spawn(move || watch(&news, &mut Stuck(held)));
    // More than any pipe takes; all but the newest give way.
    for time in 0..100_000 {
        feed.tell(News::Figures(Arc::new(Figures { time, ..Figures::default() })));
    }
    assert_eq!(feed.latest().map(|figures| figures.time), Some(99_999));
    feed.close();
    drop(hold);
    thread.join().expect("it ends");
}

#[test]
fn metrics_are_the_figures() {
    let feed = Feed::watched();
    let text = metrics::exposition(&feed, &Subject { scenario: "small".to_owned(), seed: 7 });
    assert!(!text.contains("tsrun_records"), "nothing to tell before the first phase");
    feed.tell(News::Figures(Arc::new(late())));
    let text = metrics::exposition(&feed, &Subject { scenario: "small".to_owned(), seed: 7 });
    insta::assert_snapshot!("metrics", text);
}

#[test]
fn many_queries_keep_their_own_metrics() {
    let mut figures = crowded();
    let panels = &mut figures.workloads[2].operations;
    let panel = panels[0].clone();
    *panels = (0..4_000)
        .map(|number| crate::feed::Operation { query: Some(format!("panel-{number}")), ..panel.clone() })
        .collect();
    let feed = Feed::watched();
    feed.tell(News::Figures(Arc::new(figures)));
    let text = metrics::exposition(&feed, &Subject::default());
    assert!(!text.contains("overflow") && text.contains("query=\"panel-3999\""));
}
