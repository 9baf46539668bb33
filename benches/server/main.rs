//! How fast the local Timestream is: `tsrun serve` in a process of its own, measured from outside by its
//! processor time, its memory, its files and the clock, each figure beside its goal.
//!
//! ```sh
//! cargo bench --workspace --bench server                               # all but small: about 5 minutes
//! cargo bench --workspace --bench server -- rate latency
//! cargo bench --workspace --bench server -- backfill queries --days 0.25
//! cargo bench --workspace --bench server -- backfill --data DIR        # keeps what is written,
//! cargo bench --workspace --bench server -- queries --data DIR         # and asks it again later
//! cargo bench --workspace --bench server -- rate --durability disk     # what waiting for the disk costs
//! cargo bench --workspace --bench server -- small                      # 100,000 hosts: 6 minutes
//! ```
//!
//! | figure | what is done |
//! |---|---|
//! | rate | requests rendered beforehand, in which only the time is set, over 64 connections of one thread, for `--seconds` and as fast as they are answered; the server's processor time counts to its end, the files of what was written included |
//! | latency | the same at half the rate that was sustained, each request at its intended time, from which its latency counts |
//! | backfill | the real runner with `benches/scenarios/server.yaml`, both on this machine's cores; then the bytes on the disk, and the most that stood in logs and unmerged files meanwhile |
//! | queries | the six shipped queries over what was back-filled, over HTTP: alone, then while 43,333 records a second go into another table |
//! | restart | kill -9 after a load, and the time until the next server listens |
//! | small | all that for 100,000 hosts (220,000 dimension sets, 2.6 million series) over an hour |
//!
//! A profile of the same work: `--hold` tells the server's process id and waits for Enter before each
//! load, for `perf record -g -p PID`. Not here: what a run costs its own machine (`load`).

mod client;
mod figures;
mod fleet;
mod load;
mod queries;
mod server;

use std::path::PathBuf;

use clap::{Parser, ValueEnum};
use comfy_table::{CellAlignment, Table, presets};

/// Whatever keeps it from measuring.
type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Measures how fast the local Timestream is.
#[derive(Debug, Parser)]
struct Options {
    /// What to measure; everything but `small` if nothing is named
    figures: Vec<Figure>,
    /// Hosts, in thousands of them
    #[arg(long, default_value_t = 1_000, value_parser = clap::value_parser!(u64).range(1_000..))]
    hosts: u64,
    /// Days of history that are back-filled
    #[arg(long, default_value_t = 3.0)]
    days: f64,
    /// How long loads go on
    #[arg(long, default_value_t = 20)]
    seconds: u64,
    /// Hosts of which each query is asked
    #[arg(long, default_value_t = 7)]
    draws: u64,
    /// Keeps the back-filled data here; `queries` alone asks what is there
    #[arg(long)]
    data: Option<PathBuf>,
    /// What an answered write survives: as `tsrun serve` has it
    #[arg(long, default_value = "process")]
    durability: String,
    /// Waits before each load, for a profiler
    #[arg(long)]
    hold: bool,
    /// Another build of the binary
    #[arg(long, default_value = env!("CARGO_BIN_EXE_tsrun"))]
    tsrun: PathBuf,
    /// What cargo adds
    #[arg(long, hide = true)]
    bench: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Figure {
    Rate,
    Latency,
    Backfill,
    Disk,
    Queries,
    Restart,
    Small,
}

/// A figure beside its goal.
struct Row {
    name: String,
    figure: f64,
    unit: &'static str,
    goal: Option<Goal>,
    /// What else was seen.
    note: String,
}

#[derive(Debug, Clone, Copy)]
enum Goal {
    AtLeast(f64),
    AtMost(f64),
}

impl Row {
    fn new(name: impl Into<String>, figure: f64, unit: &'static str) -> Self {
        Self { name: name.into(), figure, unit, goal: None, note: String::new() }
    }

    fn at_least(self, goal: f64) -> Self {
        Self { goal: Some(Goal::AtLeast(goal)), ..self }
    }

    fn at_most(self, goal: f64) -> Self {
        Self { goal: Some(Goal::AtMost(goal)), ..self }
    }

    fn noting(self, note: String) -> Self {
        Self { note, ..self }
    }

    fn cells(&self) -> [String; 6] {
        let (goal, met) = match self.goal {
            None => Default::default(),
            Some(Goal::AtLeast(goal)) => (format!(">= {}", number(goal)), self.figure >= goal),
            Some(Goal::AtMost(goal)) => (format!("<= {}", number(goal)), self.figure <= goal),
        };
        let met = match (self.goal.is_some(), met) {
            (false, _) => "",
            (true, true) => "yes",
            (true, false) => "NO",
        };
        let (figure, unit) = (number(self.figure), self.unit.to_owned());
        [self.name.clone(), figure, unit, goal, met.to_owned(), self.note.clone()]
    }
}

fn main() -> Result<(), Failure> {
    let options = Options::parse();
    let before = machine_load();
    let mut table = Table::new();
    table.load_preset(presets::ASCII_MARKDOWN);
    table.set_header(["", "figure", "", "goal", "met", ""]);
    for row in figures::measure(&options)? {
        table.add_row(row.cells());
    }
    for column in [1, 3] {
        if let Some(column) = table.column_mut(column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    let mut output = std::io::stdout();
    say(&mut output, &table.to_string())?;
    let cores = std::thread::available_parallelism()?;
    say(&mut output, &format!("{cores} cores; load {before} before, {} after", machine_load()))
}

/// Three digits that count, and thousands apart.
fn number(value: f64) -> String {
    let digits = if value >= 100.0 {
        0
    } else if value >= 10.0 {
        1
    } else {
        2
    };
    let text = format!("{value:.digits$}");
    let (whole, rest) = text.split_at(text.find('.').unwrap_or(text.len()));
    let mut out = String::new();
    for (at, digit) in whole.chars().enumerate() {
        if at > 0 && (whole.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out + rest
}

/// What else the machine was doing.
fn machine_load() -> String {
    let text = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split(' ').next().unwrap_or_default().to_owned()
}

fn say(output: &mut impl std::io::Write, line: &str) -> Result<(), Failure> {
    Ok(writeln!(output, "{line}")?)
}

/// How far it has come, for whoever waits.
fn tell(line: &str) -> Result<(), Failure> {
    say(&mut std::io::stderr(), line)
}
