//! Every form of every kind of run.

use super::sample::{Sample, failures, threshold};
use crate::report::{Format, render};
use crate::results::files::{read_csv, replace_csv};
use crate::results::{IncidentRow, State, SummaryRow};

/// A report of a run; where its directory is, is left out.
fn report(sample: Sample, format: Format) -> String {
    let (folder, dir) = sample.write();
    let text = render(dir.path(), format, None).unwrap();
    text.replace(folder.path().to_str().unwrap(), "[RUN]")
}

/// The summary in a terminal of so many columns.
fn terminal(sample: Sample, columns: usize) -> String {
    let (folder, dir) = sample.write();
    let text = plain(&render(dir.path(), Format::Text, Some(columns)).unwrap());
    text.replace(folder.path().to_str().unwrap(), "[RUN]")
}

/// Text as a terminal without colours shows it.
fn plain(text: &str) -> String {
    anstream::adapter::strip_str(text).to_string()
}

fn broken() -> Sample {
    Sample {
        thresholds: vec![
            threshold("ingest.rejected == 0", "0", true),
            threshold("users.do-q1.service.p99 < 20ms", "29.5 ms", false),
            threshold("users.do-q1.failed == 0", "0", true),
        ],
        ..Sample::good()
    }
}

fn invalid() -> Sample {
    let mut sample = Sample::good();
    sample.manifest.validity.valid = false;
    sample.manifest.validity.reasons = vec![
        "phase steady: writes of ingest were sent up to 7.8 s late (99th percentile; the bound is 1 s); CPU ran out: \
         tsrun used 3.90 of 4 cores"
            .to_owned(),
    ];
    sample
}

fn failed() -> Sample {
    let mut sample = Sample::good();
    sample.manifest.state = State::Failed;
    sample.manifest.failure = Some("threshold `ingest.rejected == 0` is broken: 120".to_owned());
    sample.thresholds = vec![threshold("ingest.rejected == 0", "120", false)];
    sample.throttled = 3;
    sample.errors = vec![
        failures("write", "rejected_other", 120, "The record was rejected by the fault plan."),
        failures("do-q1", "server", 2, "InternalServerException (HTTP 500): it broke\nanother message"),
    ];
    sample
}

fn crashed() -> Sample {
    let mut sample = Sample { thresholds: Vec::new(), ..Sample::good() };
    sample.manifest.state = State::Running;
    sample.manifest.ended_utc = None;
    sample.manifest.validity.valid = false;
    sample
}

/// Names and messages that would be something else than text, were they not escaped.
fn odd() -> Sample {
    const ODD: &str = "<script>alert(1)</script> | `x` *y* _z_ {{ 1 }} & \" '";
    let mut sample = Sample::good();
    sample.manifest.scenario = ODD.to_owned();
    sample.manifest.notes = vec![format!("note {ODD}")];
    sample.manifest.phases[1].name = ODD.to_owned();
    sample.queries = Some((ODD.to_owned(), true, vec![ODD.to_owned(), "@all #1".to_owned()]));
    sample.ingest = Some("in/gest, \"x\"".to_owned());
    sample.errors = vec![failures(ODD, "server", 2, "</table><img src=x onerror=alert(1)>\n</script>")];
    sample.thresholds = vec![threshold(&format!("{ODD} < 1"), ODD, true)];
    sample.incidents = vec![IncidentRow {
        incident: ODD.to_owned(),
        level: "host".to_owned(),
        node: format!("host={ODD}"),
        start_utc: "2026-11-13T07:04:30Z".to_owned(),
        end_utc: "2026-11-13T07:04:40Z".to_owned(),
    }];
    sample.yaml = format!("name: \"{ODD}\"\n</pre><script>alert(1)</script>\n");
    sample
}

fn all() -> [(&'static str, Sample); 8] {
    [
        ("good", Sample::good()),
        ("broken", broken()),
        ("invalid", invalid()),
        ("failed", failed()),
        ("crashed", crashed()),
        ("query-only", Sample { ingest: None, thresholds: Vec::new(), ..Sample::good() }),
        ("ingest-only", Sample { queries: None, ..Sample::good() }),
        ("odd", odd()),
    ]
}

#[test]
fn the_summary_in_the_terminal() {
    for (name, sample) in all() {
        insta::assert_snapshot!(format!("text-{name}"), plain(&report(sample, Format::Text)));
    }
}

#[test]
fn the_summary_fits_its_terminal() {
    for (columns, (name, sample)) in
        [80, 110, 160].into_iter().flat_map(|columns| all().map(|of| (columns, of)))
    {
        if name != "odd" {
            let text = terminal(sample, columns);
            for line in text.lines() {
                assert!(line.chars().count() <= columns, "{name} in {columns}: {line}");
            }
        }
    }
    insta::assert_snapshot!("text-failed-80", terminal(failed(), 80));
    insta::assert_snapshot!("text-invalid-80", terminal(invalid(), 80));
}

#[test]
fn first_rows_that_are_later_than_the_whole_are_explained() {
    let (_folder, dir) = Sample::good().write();
    let mut run = crate::results::Run::read(dir.path()).unwrap();
    let explained =
        |run: &_| crate::report::text::text(run, None).contains("empty answers have no first row");
    run.summary.iter_mut().for_each(|row| row.first_row_median_seconds = 0.01);
    assert!(!explained(&run));
    run.summary.iter_mut().for_each(|row| row.empty_count = 3);
    assert!(explained(&run));
}

#[test]
fn tables_of_a_pipe_fit_the_usual_terminal() {
    for (name, sample) in all().into_iter().filter(|(name, _)| *name != "odd") {
        let text = plain(&report(sample, Format::Text));
        let tables =
            text.split("\n\n").filter(|part| part.contains("p50, ms") || part.contains("for instance"));
        for line in tables.flat_map(str::lines).take_while(|line| !line.starts_with("service time")) {
            assert!(line.chars().count() <= 110, "{name}: {line}");
        }
    }
}

#[test]
fn the_summary_of_a_pull_request() {
    for (name, sample) in all() {
        insta::assert_snapshot!(format!("markdown-{name}"), report(sample, Format::Markdown));
    }
}

#[test]
fn the_summary_for_programs() {
    let version = env!("CARGO_PKG_VERSION");
    for (name, sample) in [("good", Sample::good()), ("failed", failed())] {
        let json = report(sample, Format::Json);
        serde_json::from_str::<serde_json::Value>(&json).unwrap();
        insta::assert_snapshot!(format!("json-{name}"), json.replace(version, "[VERSION]"));
    }
    insta::assert_snapshot!("csv-good", report(Sample::good(), Format::Csv));
}

/// A page without its style and its charts, a line an element.
fn skeleton(page: &str) -> String {
    let (head, styled) = page.split_once("<style>").unwrap();
    let mut skeleton = head.to_owned();
    let mut rest = styled.split_once("</style>").unwrap().1;
    while let Some((before, after)) = rest.split_once("<figure") {
        skeleton.push_str(before);
        let (chart, after) = after.split_once("</figure>").unwrap();
        let label = chart.split_once("aria-label=\"").unwrap().1.split_once('"').unwrap().0;
        skeleton.push_str(&format!("[CHART {label}]"));
        rest = after;
    }
    skeleton.push_str(rest);
    let lines = skeleton.replace("><", ">\n<");
    lines.lines().map(str::trim_end).filter(|line| !line.is_empty()).collect::<Vec<_>>().join("\n")
}

#[test]
fn the_page() {
    for (name, sample) in all() {
        insta::assert_snapshot!(format!("html-{name}"), skeleton(&report(sample, Format::Html)));
    }
}

#[test]
fn nothing_of_a_run_becomes_markup() {
    let page = report(odd(), Format::Html);
    assert!(!page.contains("<script") && !page.contains("<img"), "markup of the run is in its page");
    assert!(page.contains("default-src &#x27;none&#x27;") || page.contains("default-src 'none'"));
    // Nothing is loaded from elsewhere, and nothing runs.
    for forbidden in ["src=", "href=\"http", "@import", "url(", "javascript:", " onclick", " onload"] {
        assert!(!page.replace("src=x onerror", "").contains(forbidden), "{forbidden}");
    }
    let markdown = report(odd(), Format::Markdown);
    assert!(!markdown.contains("<script") && !markdown.contains("<img"), "{markdown}");
}

#[test]
fn a_load_that_was_left_out_of_a_run_is_no_reason_to_doubt() {
    let (_folder, dir) = Sample::good().write();
    let mut rows: Vec<SummaryRow> = read_csv(&dir.summary()).unwrap();
    for row in rows.iter_mut().filter(|row| row.kind == "query") {
        let SummaryRow { query_type, kind, workload, phase, .. } = std::mem::take(row);
        *row = SummaryRow { query_type, kind, workload, phase, ..SummaryRow::default() };
    }
    replace_csv(&dir.summary(), &rows).unwrap();
    let text = plain(&render(dir.path(), Format::Text, None).unwrap());
    assert!(text.contains("ingest kept its plan") && !text.contains("quer"), "{text}");
}

#[test]
fn a_directory_that_is_no_run_is_named() {
    let folder = tempfile::tempdir().unwrap();
    for format in [Format::Text, Format::Html, Format::Json, Format::Csv, Format::Markdown] {
        let error = render(folder.path(), format, None).unwrap_err().to_string();
        assert!(error.contains("manifest.json"), "{error}");
    }
}

#[test]
fn a_summary_that_was_cut_short_is_named() {
    let (folder, dir) = Sample::good().write();
    std::fs::write(dir.summary(), "Query type,Total Cou").unwrap();
    let error = render(folder.path(), Format::Text, None).unwrap_err().to_string();
    let path = dir.summary().display().to_string();
    assert_eq!(error, format!("cannot read {path}: it has no column `Total Count`; was it cut short?"));
}

#[test]
fn a_run_that_crashed_before_its_first_second_has_a_report() {
    for format in [Format::Text, Format::Html, Format::Json, Format::Csv, Format::Markdown] {
        let mut sample = Sample { thresholds: Vec::new(), ..Sample::lasting(0) };
        sample.manifest.state = State::Running;
        sample.manifest.ended_utc = None;
        sample.manifest.phases.clear();
        let text = report(sample, format);
        assert!(format == Format::Csv || text.contains("has not ended, or crashed"), "{text}");
    }
}

#[test]
fn a_message_without_end_leaves_room_for_the_rest() {
    let mut sample = failed();
    sample.errors = (0..500).map(|_| failures("do-q1", "server", 1, &"x".repeat(100_000))).collect();
    let text = report(sample, Format::Markdown);
    assert!(text.len() < 65_536 && text.contains("too long for one message"), "{}", text.len());
}

/// Every name of a field in a JSON value.
fn fields(value: &serde_json::Value, into: &mut Vec<String>) {
    match value {
        serde_json::Value::Object(object) => {
            for (name, value) in object {
                into.push(name.clone());
                fields(value, into);
            }
        }
        serde_json::Value::Array(list) => list.iter().for_each(|value| fields(value, into)),
        _ => {}
    }
}

#[test]
fn every_field_is_explained() {
    let docs = concat!(include_str!("../../../docs/reports.md"), include_str!("../../../docs/results.md"));
    let mut sample = odd();
    sample.manifest.target.data_dir = Some("data".into());
    let json: serde_json::Value = serde_json::from_str(&report(sample, Format::Json)).unwrap();
    let mut names = Vec::new();
    fields(&json, &mut names);
    for name in names {
        assert!(docs.contains(&format!("`{name}`")), "no document tells of {name}");
    }
}
