//! `tsrun report`: a run in one of the forms of reports, from its files.

use std::path::{Path, PathBuf};

use super::Failure;
use crate::cli;
use crate::exit::Exit;
use crate::output::{columns, remark, say};
use crate::report;
use crate::results::newest_run;

/// Where runs are made unless `--out` says otherwise.
const RESULTS: &str = "results";

pub(super) fn run(args: &cli::Report) -> Result<Exit, Failure> {
    let run = args.run.clone().map_or_else(newest, Ok)?;
    let columns = args.out.is_none().then(columns).flatten();
    let report = report::render(&run, args.format, columns).map_err(|error| usage(&error))?;
    match &args.out {
        None => say(report.trim_end()),
        Some(path) => {
            std::fs::write(path, report).map_err(|error| {
                Failure::new(Exit::Failed, format!("error: cannot write {}: {error}", path.display()))
            })?;
            say(format!("report: {}", path.display()));
        }
    }
    Ok(Exit::Good)
}

/// The newest run, said.
fn newest() -> Result<PathBuf, Failure> {
    let found = newest_run(Path::new(RESULTS)).map_err(|error| usage(&error))?;
    let run = found.ok_or_else(|| {
        usage(&format!("there is no run under {RESULTS}: name its directory, as in `tsrun report DIR`"))
    })?;
    remark(format!("the newest run: {}", run.display()));
    Ok(run)
}

fn usage(error: &dyn std::fmt::Display) -> Failure {
    Failure::new(Exit::Usage, format!("error: {error}"))
}
