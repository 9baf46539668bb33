//! What a run costs the machine that makes it: whole runs of the real binary, with all that a run has
//! (generation, schedule, histograms, logs, signing), against a sink that answers at once.
//!
//! ```sh
//! cargo bench --bench load
//! cargo bench --bench load -- --runs 9 --row TLS
//! ```
//!
//! Each figure is the median over interleaved runs of what the run's manifest says of its own process.

mod rows;
mod sink;

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use clap::Parser;
use comfy_table::{CellAlignment, Table, presets};
use rows::{Figure, ROWS, Row};
use sink::Sink;
use tsrun::results::{Manifest, RunDir, SummaryRow};

/// Whatever keeps it from measuring.
type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Measures what a run costs.
#[derive(Debug, Parser)]
struct Options {
    /// Runs of each row
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..))]
    runs: u32,
    /// Rows whose name holds this text only
    #[arg(long, default_value = "")]
    row: String,
    /// Another build of the binary
    #[arg(long, default_value = env!("CARGO_BIN_EXE_tsrun"))]
    tsrun: PathBuf,
    /// What cargo adds
    #[arg(long, hide = true)]
    bench: bool,
}

fn main() -> Result<(), Failure> {
    let arguments: Vec<_> = std::env::args_os().collect();
    match arguments.as_slice() {
        [_, word, certificate] if word == "sink" => sink::serve(Path::new(certificate)),
        _ => measure_all(&Options::parse()),
    }
}

fn measure_all(options: &Options) -> Result<(), Failure> {
    let folder = tempfile::tempdir()?;
    let sink = Sink::start(folder.path())?;
    let rows: Vec<&Row> = ROWS.iter().filter(|row| row.name.contains(&options.row)).collect();
    if rows.is_empty() {
        return Err(format!("no row's name holds `{}`", options.row).into());
    }
    let mut measured = vec![Vec::new(); rows.len()];
    let before = load();
    for run in 1..=options.runs {
        for (row, figures) in rows.iter().zip(&mut measured) {
            let figure = measure(row, &sink, options, folder.path())?;
            say(
                &mut std::io::stderr(),
                &format!("run {run} of {}: {figure:.3} {}", row.name, row.figure.unit()),
            )?;
            figures.push(figure);
        }
    }
    let mut table = Table::new();
    table.load_preset(presets::ASCII_MARKDOWN);
    table.set_header(["", "median", "lowest to highest", "", "the sample", "ratio", "target", "beyond it"]);
    for (row, figures) in rows.iter().zip(&mut measured) {
        figures.sort_by(f64::total_cmp);
        table.add_row(cells(row, figures));
    }
    for column in [1, 2, 4, 5, 6, 7] {
        if let Some(column) = table.column_mut(column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    let mut output = std::io::stdout();
    say(&mut output, &table.to_string())?;
    let (cores, runs) = (std::thread::available_parallelism()?, options.runs);
    say(
        &mut output,
        &format!("medians of {runs} interleaved runs; {cores} cores; load {before} before, {} after", load()),
    )
}

/// One run of a row's scenario; gives its figure.
fn measure(row: &Row, sink: &Sink, options: &Options, folder: &Path) -> Result<f64, Failure> {
    let out = tempfile::tempdir_in(folder)?;
    let mut command = Command::new(&options.tsrun);
    command.arg(format!("benches/scenarios/{}.yaml", row.scenario)).arg("--out").arg(out.path());
    command.arg("--endpoint-url").arg(if row.tls { &sink.https } else { &sink.http });
    for (name, value) in row.params {
        command.arg("-P").arg(format!("{name}={value}"));
    }
    // What the client trusts: the sink alone.
    command.env("SSL_CERT_FILE", &sink.certificate).current_dir(env!("CARGO_MANIFEST_DIR"));
    let finished = command.stdin(Stdio::null()).output()?;
    if !finished.status.success() {
        let said = String::from_utf8_lossy(&finished.stderr);
        return Err(format!("the run of `{}` failed with {}: {said}", row.name, finished.status).into());
    }
    let run = std::fs::read_dir(out.path())?.next().ok_or("the run left no directory")??.path();
    figure(row.figure, &RunDir::open(&run))
}

fn figure(figure: Figure, run: &RunDir) -> Result<f64, Failure> {
    let manifest = Manifest::read(run)?;
    let count = match figure {
        Figure::SecondsAMillionRecords => manifest.records.acknowledged as f64 / 1e6,
        Figure::MillisecondsAQuery => queries(run)? as f64 / 1e3,
        Figure::Megabytes => {
            let bytes = manifest.usage.peak_memory_bytes.ok_or("the system does not tell the memory used")?;
            return Ok(bytes as f64 / 1e6);
        }
    };
    if count > 0.0 { Ok(manifest.usage.cpu_seconds / count) } else { Err("nothing was done".into()) }
}

/// Queries that were answered over the whole run.
fn queries(run: &RunDir) -> Result<u64, Failure> {
    let mut all = 0;
    for row in csv::Reader::from_path(run.summary())?.deserialize() {
        let row: SummaryRow = row?;
        if row.phase == "all" && row.kind == "query" {
            all += row.successful_count;
        }
    }
    Ok(all)
}

fn cells(row: &Row, sorted: &[f64]) -> Vec<String> {
    let (first, last) = (sorted[0], sorted[sorted.len() - 1]);
    let median = f64::midpoint(sorted[(sorted.len() - 1) / 2], sorted[sorted.len() / 2]);
    let range = |from: f64, to: f64, digits: usize| {
        let (from, to) = (format!("{from:.digits$}"), format!("{to:.digits$}"));
        if from == to { from } else { format!("{from} to {to}") }
    };
    let (seed, ratio) = row.seed.map_or_else(Default::default, |(from, to)| {
        (
            range(from, to, if from < 10.0 { 2 } else { 0 }),
            format!("1 : {}", range(from / median, to / median, 0)),
        )
    });
    vec![
        row.name.to_owned(),
        format!("{median:.2}"),
        range(first, last, 2),
        row.figure.unit().to_owned(),
        seed,
        ratio,
        row.target.to_string(),
        row.beyond.map_or_else(String::new, |beyond| beyond.to_string()),
    ]
}

/// What else the machine was doing.
fn load() -> String {
    let text = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split(' ').next().unwrap_or_default().to_owned()
}

fn say(output: &mut impl std::io::Write, line: &str) -> Result<(), Failure> {
    Ok(writeln!(output, "{line}")?)
}
