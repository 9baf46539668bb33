//! What `tsrun compare` makes of real runs: pairs that differ in nothing, where every difference that it tells is a false one, and
//! pairs whose second store answers later, where it should tell one.
//!
//! ```sh
//! cargo bench --bench compare
//! cargo bench --bench compare -- --pairs 5 --slower 5 --seconds 120
//! ```
//!
//! Every run is a process of its own with a server of its own, over the same data, and is held against the run before it.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use clap::Parser;
use serde::Deserialize;

/// Whatever keeps it from measuring.
type Failure = Box<dyn std::error::Error>;

/// What the store takes in the median beside its work, in microseconds.
const LATENCY: u64 = 60_000;

const SCENARIO: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/scenarios/compare.yaml");

/// Compares pairs of real runs.
#[derive(Debug, Parser)]
struct Options {
    /// Pairs that differ in nothing
    #[arg(long, default_value_t = 20)]
    pairs: u32,
    /// After so many of them a slower store follows
    #[arg(long, default_value_t = 5)]
    slower: u32,
    /// By how much that store's median is slower, in per cent
    #[arg(long, default_value_t = 10.0)]
    percent: f64,
    /// How long a run queries
    #[arg(long, default_value_t = 60)]
    seconds: u32,
    /// Keep the runs here
    #[arg(long)]
    keep: Option<PathBuf>,
    /// Another build of the binary
    #[arg(long, default_value = env!("CARGO_BIN_EXE_tsrun"))]
    tsrun: PathBuf,
    /// What cargo adds
    #[arg(long, hide = true)]
    bench: bool,
}

/// What is read of a comparison's JSON.
#[derive(Debug, Deserialize)]
struct Comparison {
    runs: Vec<Against>,
}

#[derive(Debug, Deserialize)]
struct Against {
    operations: Vec<Operation>,
}

#[derive(Debug, Deserialize)]
struct Operation {
    operation: String,
    quantiles: Vec<Quantile>,
}

#[derive(Debug, Deserialize)]
struct Quantile {
    figure: String,
    base: f64,
    verdict: String,
    difference: Option<Difference>,
}

#[derive(Debug, Deserialize)]
struct Difference {
    value: f64,
    low: f64,
    high: f64,
}

/// How often each verdict was given.
#[derive(Debug, Default)]
struct Verdicts {
    pairs: u32,
    /// Pairs with a difference in any figure, and figures with one.
    told: u32,
    figures: u32,
    known: u32,
    /// Medians, and those found slower.
    medians: u32,
    slower: u32,
    /// Of medians, half the interval.
    widths: Vec<f64>,
}

fn main() -> Result<(), Failure> {
    let options = Options::parse();
    let folder = tempfile::tempdir()?;
    let out = options.keep.clone().unwrap_or_else(|| folder.path().join("results"));
    let desk = Desk { options: &options, data: folder.path().join("data"), out };
    desk.run(&["--phase", "history"])?;
    let mut output = std::io::stdout();
    let (mut alike, mut slower) = (Verdicts::default(), Verdicts::default());
    let mut base = desk.steady(LATENCY)?;
    for pair in 1..=options.pairs {
        let new = desk.steady(LATENCY)?;
        let same = desk.compare(&base, &new)?;
        alike.add(&same);
        writeln!(output, "pair {pair}: {}", told(&same))?;
        if pair <= options.slower {
            let extra = median(&same) * options.percent / 100.0;
            let late = desk.steady(LATENCY + (extra * 1e6).round() as u64)?;
            let late = desk.compare(&new, &late)?;
            slower.add(&late);
            writeln!(output, "pair {pair}, slower by {:.2} ms: {}", extra * 1e3, told(&late))?;
        }
        base = new;
    }
    writeln!(output, "alike: {alike}")?;
    writeln!(output, "a store slower by {} % of the median: {slower}", options.percent)?;
    Ok(())
}

/// The mean of BASE's medians, in seconds.
fn median(of: &Comparison) -> f64 {
    let quantiles = of.runs.iter().flat_map(|run| &run.operations).flat_map(|of| &of.quantiles);
    let medians: Vec<f64> = quantiles.filter(|of| of.figure == "p50").map(|of| of.base).collect();
    medians.iter().sum::<f64>() / medians.len().max(1) as f64
}

/// Where runs are made.
struct Desk<'a> {
    options: &'a Options,
    data: PathBuf,
    out: PathBuf,
}

impl Desk<'_> {
    /// A run of the queries on a store of this latency, in microseconds; its directory.
    fn steady(&self, latency: u64) -> Result<PathBuf, Failure> {
        let (seconds, latency) =
            (format!("seconds={}s", self.options.seconds), format!("latency={latency}us"));
        self.run(&["--phase", "warm-up", "--phase", "steady", "-P", &seconds, "-P", &latency])
    }

    fn run(&self, more: &[&str]) -> Result<PathBuf, Failure> {
        let before = self.runs()?;
        let mut command = Command::new(&self.options.tsrun);
        command.arg(SCENARIO).args(more).arg("--data-dir").arg(&self.data).arg("--out").arg(&self.out);
        let ran = command.stdout(Stdio::null()).stderr(Stdio::piped()).output()?;
        let new = self.runs()?.into_iter().find(|run| !before.contains(run));
        // That the machine was too busy is told by the comparison.
        match (ran.status.code(), new) {
            (Some(0 | 6), Some(run)) => Ok(run),
            _ => Err(String::from_utf8_lossy(&ran.stderr).into()),
        }
    }

    fn runs(&self) -> Result<Vec<PathBuf>, Failure> {
        std::fs::create_dir_all(&self.out)?;
        Ok(std::fs::read_dir(&self.out)?.map(|entry| Ok(entry?.path())).collect::<std::io::Result<_>>()?)
    }

    fn compare(&self, base: &Path, new: &Path) -> Result<Comparison, Failure> {
        let mut command = Command::new(&self.options.tsrun);
        command.arg("compare").args([base, new]).args(["--format", "json", "--fail-on", "never"]);
        let compared = command.stderr(Stdio::inherit()).output()?;
        Ok(serde_json::from_slice(&compared.stdout)?)
    }
}

/// The figures of a comparison, but for those that lack data.
fn figures(of: &Comparison) -> impl Iterator<Item = (&Operation, &Quantile, &Difference)> {
    let operations = of.runs.iter().flat_map(|run| &run.operations);
    operations.flat_map(|of| {
        of.quantiles.iter().filter_map(move |quantile| Some((of, quantile, quantile.difference.as_ref()?)))
    })
}

fn is_told(quantile: &Quantile) -> bool {
    matches!(quantile.verdict.as_str(), "slower" | "faster")
}

fn told(of: &Comparison) -> String {
    let told = figures(of).filter(|(_, quantile, _)| is_told(quantile)).map(|(of, quantile, difference)| {
        let Difference { value, low, high } = difference;
        let [value, low, high] = [value, low, high].map(|share| 100.0 * share);
        format!("{} {} {value:+.1} % ({low:+.1} to {high:+.1})", of.operation, quantile.figure)
    });
    let told: Vec<String> = told.collect();
    let known = figures(of).count();
    match (known, told.is_empty()) {
        (0, _) => "not enough data".to_owned(),
        (_, true) => format!("no difference in {known} figures"),
        _ => told.join(", "),
    }
}

impl Verdicts {
    fn add(&mut self, of: &Comparison) {
        let differences = figures(of).filter(|(_, quantile, _)| is_told(quantile)).count() as u32;
        self.pairs += 1;
        self.told += u32::from(differences > 0);
        self.figures += differences;
        for (_, quantile, difference) in figures(of) {
            self.known += 1;
            if quantile.figure == "p50" {
                self.medians += 1;
                self.slower += u32::from(quantile.verdict == "slower");
                self.widths.push((difference.high - difference.low) / 2.0);
            }
        }
    }
}

impl std::fmt::Display for Verdicts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { pairs, told, figures, known, medians, slower, .. } = self;
        let mut widths = self.widths.clone();
        widths.sort_by(f64::total_cmp);
        let width = widths.get(widths.len() / 2).copied().unwrap_or_default();
        write!(
            f,
            "{told} of {pairs} pairs with a difference, in {figures} of {known} figures; {slower} of {medians} medians slower; half an \
             interval of a median is {:.1} %",
            100.0 * width
        )
    }
}
