//! One run directory made of several runs of one scenario: shards, machines, repetitions. Counts are added and histograms
//! merged, so that every figure is the one that a single run with all their operations would have. Not here: what is
//! made of it (`report`, `compare`).

mod error;
mod histograms;
mod manifest;
mod rows;
mod summary;
#[cfg(test)]
mod tests;
mod timeline;

use std::path::{Path, PathBuf};

pub use error::MergeError;
use histograms::Histograms;

use crate::compare::scenario_differences;
use crate::results::files::replace_csv;
use crate::results::{Part, ResultsError, Run, RunDir, State};

/// Merges runs into a new directory; `force` is whether those of different scenarios are merged, too. Gives what
/// is to be known about it.
///
/// # Errors
/// Runs that do not belong together, or cannot be read; a directory that cannot be written.
pub fn merge(paths: &[PathBuf], out: &Path, force: bool) -> Result<Vec<String>, MergeError> {
    let mut parts = paths.iter().map(|path| Run::read(path)).collect::<Result<Vec<Run>, _>>()?;
    if parts.len() < 2 {
        return Err(MergeError::Few);
    }
    refuse_twice(&parts)?;
    let mut notes = differences(&parts, force)?;
    parts.sort_by(|a, b| a.manifest.started_utc.cmp(&b.manifest.started_utc));
    notes.extend(unfinished(&parts));
    let dir = empty(out)?;
    let filled = fill(&dir, &parts, &notes);
    if filled.is_err() {
        // Half a run would be in the way of the next try. What is there was made just now.
        let _ = std::fs::remove_dir_all(out);
    }
    filled.map(|()| notes)
}

/// Writes the files of a merged run.
fn fill(dir: &RunDir, parts: &[Run], notes: &[String]) -> Result<(), MergeError> {
    let first = parts.first().ok_or(MergeError::Few)?;
    let mut manifest = manifest::of(first, parts);
    let histograms = Histograms::merge(parts, manifest::start(&manifest), dir)?;
    let operations = summary::Operations::of(parts, &histograms);
    replace_csv(&dir.summary(), &operations.rows())?;
    let thresholds = operations.thresholds(parts, &manifest);
    if !thresholds.is_empty() {
        replace_csv(&dir.thresholds(), &thresholds)?;
    }
    timeline::merge(parts, manifest::start(&manifest), &histograms, dir)?;
    rows::queries(parts, dir)?;
    rows::failed_writes(parts, dir)?;
    replace_csv(&dir.errors(), &rows::errors(parts))?;
    let incidents = rows::incidents(parts);
    if !incidents.is_empty() {
        replace_csv(&dir.incidents(), &incidents)?;
    }
    copy_scenario(first, dir)?;
    manifest.notes.extend(notes.iter().cloned());
    manifest.write(dir)?;
    Ok(())
}

/// A run that is merged twice would count twice.
fn refuse_twice(parts: &[Run]) -> Result<(), MergeError> {
    let mut seen = Vec::new();
    for part in parts {
        // Directories can be copied and renamed; one machine begins no two runs at one microsecond.
        let members = manifest::members(part).into_iter();
        let members: Vec<Part> = members.map(|member| Part { run: String::new(), ..member }).collect();
        if members.iter().any(|member| seen.contains(member)) {
            return Err(MergeError::Twice(part.dir.path().to_owned()));
        }
        seen.extend(members);
    }
    Ok(())
}

/// Refuses runs of other scenarios than the first one's; with `force` they are told.
fn differences(parts: &[Run], force: bool) -> Result<Vec<String>, MergeError> {
    let Some((first, others)) = parts.split_first() else { return Ok(Vec::new()) };
    let mut notes = Vec::new();
    for other in others.iter().filter(|other| other.manifest.scenario_hash != first.manifest.scenario_hash) {
        let what = scenario_differences(first, other).join("; ");
        let (first, other) = (first.dir.path().to_owned(), other.dir.path().to_owned());
        let different = MergeError::Different { first, other, what };
        if !force {
            return Err(different);
        }
        notes.push(different.to_string());
    }
    Ok(notes)
}

/// Runs whose files are not whole.
fn unfinished(parts: &[Run]) -> impl Iterator<Item = String> {
    let unfinished = parts.iter().filter(|part| part.manifest.state == State::Running);
    unfinished.map(|part| {
        format!(
            "{} has not ended, or crashed: its summary may lack its last seconds, and its lag is not known",
            part.dir.path().display()
        )
    })
}

fn empty(out: &Path) -> Result<RunDir, MergeError> {
    std::fs::create_dir_all(out).map_err(|error| ResultsError::new("make", out, error))?;
    let mut entries = std::fs::read_dir(out).map_err(|error| ResultsError::new("read", out, error))?;
    if entries.next().is_some() {
        return Err(MergeError::NotEmpty(out.to_owned()));
    }
    Ok(RunDir::open(out))
}

fn copy_scenario(first: &Run, dir: &RunDir) -> Result<(), ResultsError> {
    let (from, to) = (first.dir.scenario(), dir.scenario());
    std::fs::copy(&from, &to).map(drop).map_err(|error| ResultsError::new("read", &from, error))
}
