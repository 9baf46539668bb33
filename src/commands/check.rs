//! `tsrun check`: every problem of every scenario, and what a reader of a good one should know; nothing is run.

use super::{Failure, load};
use crate::cli::{self, CheckFormat};
use crate::diagnostics::{Findings, Severity, github, json};
use crate::exit::Exit;
use crate::output::{remark, say};

pub(super) fn run(args: &cli::Check) -> Result<Exit, Failure> {
    let files: Vec<Findings> =
        args.scenarios.iter().map(|file| load::examine(file, &args.overrides).findings).collect();
    let good = files.iter().all(|file| file.count(Severity::Error) == 0);
    match args.format {
        CheckFormat::Text => tell(&files),
        CheckFormat::Json => say(json(&files)),
        CheckFormat::Github => print(&github(&files)),
    }
    Ok(if good { Exit::Good } else { Exit::Usage })
}

/// Verdicts on standard output, problems and warnings on standard error.
fn tell(files: &[Findings]) {
    for file in files {
        if file.count(Severity::Error) == 0 {
            let warnings = match file.count(Severity::Warning) {
                0 => String::new(),
                1 => ", 1 warning".to_owned(),
                many => format!(", {many} warnings"),
            };
            say(format!("{}: good{warnings}", file.file));
        }
    }
    let told: Vec<String> = files.iter().map(Findings::styled).filter(|text| !text.is_empty()).collect();
    if !told.is_empty() {
        remark(told.iter().map(|text| text.trim_end()).collect::<Vec<_>>().join("\n\n"));
    }
}

fn print(lines: &str) {
    if !lines.is_empty() {
        say(lines.trim_end());
    }
}
