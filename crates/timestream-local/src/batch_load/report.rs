//! The error report of a task, as the service writes it into a bucket. Not here: what goes wrong.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Ranges of lines that a report lists; the others are counted.
const MAX_RANGES: usize = 10_000;
/// Different reasons that it lists: some hold what stood in the file.
const MAX_REASONS: usize = 1_000;

/// What went wrong so far.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Report {
    task: Vec<String>,
    /// By file and reason, the first and the last of lines that follow each other; none for a whole file.
    files: BTreeMap<String, BTreeMap<String, Vec<[u64; 2]>>>,
    reasons: usize,
    ranges: usize,
    /// Lines that are not listed.
    unlisted: u64,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Written<'a> {
    task_id: &'a str,
    task_errors: Vec<TaskError<'a>>,
    file_errors: Vec<FileErrors<'a>>,
}

#[derive(Serialize)]
struct TaskError<'a> {
    reason: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct FileErrors<'a> {
    file_name: &'a str,
    errors: Vec<LineErrors<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct LineErrors<'a> {
    reason: &'a str,
    line_ranges: &'a [[u64; 2]],
}

impl Report {
    /// Notes what is wrong with the whole task.
    pub(super) fn task(&mut self, reason: &str) {
        self.task.push(reason.to_owned());
    }

    /// Forgets what was wrong with the task, which goes on.
    pub(super) fn forget_task(&mut self) {
        self.task.clear();
    }

    /// Notes what is wrong with a whole file.
    pub(super) fn file(&mut self, file: &str, reason: &str) {
        self.reason(file, reason);
    }

    /// Notes what is wrong with a line.
    pub(super) fn line(&mut self, file: &str, line: u64, reason: &str) {
        let full = self.ranges >= MAX_RANGES;
        let Some(ranges) = self.reason(file, reason) else {
            self.unlisted += 1;
            return;
        };
        match ranges.last_mut() {
            Some([_, last]) if *last >= line => {}
            Some([_, last]) if *last + 1 == line => *last = line,
            _ if full => self.unlisted += 1,
            _ => {
                ranges.push([line, line]);
                self.ranges += 1;
            }
        }
    }

    /// The lines of a reason; none where there are too many reasons.
    fn reason(&mut self, file: &str, reason: &str) -> Option<&mut Vec<[u64; 2]>> {
        let known = self.files.get(file).is_some_and(|reasons| reasons.contains_key(reason));
        if !known {
            if self.reasons >= MAX_REASONS {
                return None;
            }
            self.reasons += 1;
            self.files.entry(file.to_owned()).or_default().insert(reason.to_owned(), Vec::new());
        }
        self.files.get_mut(file)?.get_mut(reason)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.task.is_empty() && self.files.is_empty()
    }

    /// The report as it is put into a bucket.
    pub(super) fn to_json(&self, task_id: &str) -> Vec<u8> {
        let unlisted = format!("{} more lines have errors and are not listed.", self.unlisted);
        let mut task_errors: Vec<_> = self.task.iter().map(|reason| TaskError { reason }).collect();
        if self.unlisted > 0 {
            task_errors.push(TaskError { reason: &unlisted });
        }
        let file_errors = self.files.iter().map(|(file_name, reasons)| {
            let mut errors: Vec<_> =
                reasons.iter().map(|(reason, line_ranges)| LineErrors { reason, line_ranges }).collect();
            errors.sort_by_key(|error| error.line_ranges.first().copied());
            FileErrors { file_name, errors }
        });
        let written = Written { task_id, task_errors, file_errors: file_errors.collect() };
        serde_json::to_vec_pretty(&written).expect("texts and numbers are JSON")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json(report: &Report) -> serde_json::Value {
        serde_json::from_slice(&report.to_json("T")).unwrap()
    }

    #[test]
    fn lines_that_follow_each_other_are_one_range() {
        let mut report = Report::default();
        // The last one stands for a line that is read again after a crash.
        for line in [2, 3, 4, 7, 8, 10, 10] {
            report.line("a.csv", line, "late");
        }
        report.line("a.csv", 5, "odd");
        report.file("b.csv", "gone");
        let expected = serde_json::json!({"taskId": "T", "taskErrors": [], "fileErrors": [
            {"fileName": "a.csv", "errors": [
                {"reason": "late", "lineRanges": [[2, 4], [7, 8], [10, 10]]},
                {"reason": "odd", "lineRanges": [[5, 5]]}]},
            {"fileName": "b.csv", "errors": [{"reason": "gone", "lineRanges": []}]}]});
        assert_eq!(json(&report), expected);
    }

    #[test]
    fn a_report_is_bounded_and_says_so() {
        let mut report = Report::default();
        for line in 0..50_000 {
            report.line("a.csv", 2 * line, "every second line");
            report.line("a.csv", line, &format!("reason {line}"));
        }
        let json = json(&report);
        let listed = json["fileErrors"][0]["errors"].as_array().unwrap();
        assert_eq!(listed.len(), MAX_REASONS);
        let unlisted = format!("{} more lines have errors and are not listed.", 100_000 - MAX_RANGES);
        assert_eq!(json["taskErrors"][0]["reason"], unlisted);
    }
}
