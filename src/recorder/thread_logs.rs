//! A directory a user, as the sample that this project grew from leaves them:
//! `PREFIX-YYYY-MM-DD-HH-MM-SS-P-T/` with `NAME.sql`, `NAME.log`, `NAME.err` and a summary. Made of
//! the same attempts as `queries.csv`. Files are opened only to be added to, whatever their number.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};

use super::event::{QueryAttempt, QueryResult};
use crate::results::files::{append, replace};
use crate::results::{Latencies, ResultsError, THREAD_SUMMARY_HEADER, plain, round, seconds, utc};

/// Bytes that wait for a file before it is written out of turn.
const LARGE: usize = 64 * 1024;

/// The directories of a run's users.
#[derive(Debug)]
pub(crate) struct ThreadLogs {
    /// `RUN/PREFIX-time-P-`; a thread's number follows.
    stem: PathBuf,
    queries: Vec<Vec<String>>,
    threads: BTreeMap<u32, Thread>,
    waiting: HashMap<PathBuf, Vec<u8>>,
}

#[derive(Debug)]
struct Thread {
    workload: usize,
    queries: Vec<Figures>,
}

#[derive(Debug, Default, Clone)]
struct Figures {
    total: u64,
    latencies: Latencies,
}

impl ThreadLogs {
    /// Directories named `stem` and the thread's number; `queries` are the names by workload.
    pub(crate) fn new(stem: PathBuf, queries: Vec<Vec<String>>) -> Self {
        Self { stem, queries, threads: BTreeMap::new(), waiting: HashMap::new() }
    }

    /// Notes an attempt in its user's files.
    pub(crate) fn add(&mut self, attempt: &QueryAttempt) -> Result<(), ResultsError> {
        let directory = self.directory(attempt.thread);
        if !self.threads.contains_key(&attempt.thread) {
            std::fs::create_dir_all(&directory).map_err(|e| ResultsError::new("make", &directory, e))?;
            let figures = vec![Figures::default(); self.queries[attempt.workload].len()];
            self.threads.insert(attempt.thread, Thread { workload: attempt.workload, queries: figures });
        }
        let Some(thread) = self.threads.get_mut(&attempt.thread) else { return Ok(()) };
        let figures = &mut thread.queries[attempt.query];
        if attempt.attempt == 1 {
            figures.total += 1;
        }
        if let QueryResult::Answered { .. } = attempt.result {
            figures.latencies.record(attempt.end - attempt.start);
        }
        let number = figures.total;
        let stem = directory.join(plain(&self.queries[attempt.workload][attempt.query]));
        let start = utc(attempt.start);
        if attempt.attempt == 1 {
            let text = format!("-- execution {number}, {start}\n{}\n\n", attempt.sql.trim_end());
            self.wait(&stem.with_added_extension("sql"), &text)?;
        }
        let (extension, line) = match &attempt.result {
            QueryResult::Answered { query_id, first_row, rows, bytes_metered } => {
                ("log", log_line(attempt, number, query_id, *first_row, *rows, *bytes_metered))
            }
            QueryResult::Failed { query_id, kind, message } => {
                let id = if query_id.is_empty() { "-" } else { query_id };
                ("err", format!("{number}, {start}, attempt {}, {id}, {kind}: {message}\n", attempt.attempt))
            }
            QueryResult::Cancelled => {
                ("err", format!("{number}, {start}, attempt {}, cancelled: the run ended\n", attempt.attempt))
            }
        };
        self.wait(&stem.with_added_extension(extension), &line)
    }

    fn directory(&self, thread: u32) -> PathBuf {
        let mut name = self.stem.clone().into_os_string();
        name.push(thread.to_string());
        PathBuf::from(name)
    }

    fn wait(&mut self, path: &Path, text: &str) -> Result<(), ResultsError> {
        let bytes = self.waiting.entry(path.to_owned()).or_default();
        bytes.extend_from_slice(text.as_bytes());
        if bytes.len() < LARGE {
            return Ok(());
        }
        append(path, bytes)?;
        self.waiting.remove(path);
        Ok(())
    }

    /// Writes what waits. After an error the rest waits on.
    pub(crate) fn flush(&mut self) -> Result<(), ResultsError> {
        while let Some(path) = self.waiting.keys().next().cloned() {
            append(&path, &self.waiting[&path])?;
            self.waiting.remove(&path);
        }
        Ok(())
    }

    /// Writes each thread's summary, named as its directory.
    pub(crate) fn summarise(&self) -> Result<(), ResultsError> {
        for (number, thread) in &self.threads {
            let directory = self.directory(*number);
            let mut name = directory.file_name().unwrap_or_default().to_os_string();
            name.push("-summary.csv");
            replace(&directory.join(name), self.summary(thread).as_bytes())?;
        }
        Ok(())
    }

    /// The header to the letter, a row a query, with zeros where none ran.
    fn summary(&self, thread: &Thread) -> String {
        let mut text = THREAD_SUMMARY_HEADER.join(", ") + "\n";
        for (name, Figures { total, latencies }) in self.queries[thread.workload].iter().zip(&thread.queries)
        {
            let figures = [
                latencies.mean(),
                latencies.standard_deviation(),
                latencies.quantile(0.5),
                latencies.quantile(0.9),
                latencies.quantile(0.99),
                latencies.geometric_mean(),
            ];
            let figures = figures.map(|figure| round(figure).to_string()).join(", ");
            text.push_str(&format!("{name}, {total}, {}, {figures}\n", latencies.count()));
        }
        text
    }
}

fn log_line(
    attempt: &QueryAttempt,
    number: u64,
    id: &str,
    first: Option<i64>,
    rows: u64,
    bytes: u64,
) -> String {
    let total = seconds(attempt.end - attempt.start);
    let (to_first, to_read) = match first {
        Some(first) => (seconds(first - attempt.start), seconds(attempt.end - first)),
        None => (total, 0.0),
    };
    format!(
        "{number}, {}, {id}, {total} s, {rows} rows, first result {to_first} s, read {to_read} s, {bytes} bytes metered\n",
        utc(attempt.start)
    )
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    fn attempt(query: usize, result: QueryResult) -> QueryAttempt {
        QueryAttempt {
            phase: 0,
            workload: 0,
            query,
            user: 1,
            thread: 1,
            attempt: 1,
            last: true,
            intended: 0,
            begun: 0,
            wait: crate::recorder::event::WindowWait::default(),
            start: 0,
            end: 1_500_000_000,
            sql: Arc::from("SELECT 1"),
            result,
        }
    }

    #[test]
    fn a_user_leaves_the_files_of_the_sample() {
        let run = tempfile::tempdir().unwrap();
        let names = vec![vec!["do-q1".to_owned(), "do-q2".to_owned(), "never".to_owned()]];
        let mut logs = ThreadLogs::new(run.path().join("local-2020-11-13-07-04-19-1-"), names);
        let answered = QueryResult::Answered {
            query_id: "Q1".into(),
            first_row: Some(500_000_000),
            rows: 60,
            bytes_metered: 10_000_000,
        };
        logs.add(&attempt(0, answered)).unwrap();
        logs.add(&attempt(
            1,
            QueryResult::Failed {
                query_id: String::new(),
                kind: "validation",
                message: "line 1:1: no".into(),
            },
        ))
        .unwrap();
        logs.flush().unwrap();
        logs.summarise().unwrap();

        let read = |name: &str| {
            std::fs::read_to_string(run.path().join("local-2020-11-13-07-04-19-1-1").join(name)).unwrap()
        };
        assert_eq!(read("do-q1.sql"), "-- execution 1, 1970-01-01T00:00:00.000000Z\nSELECT 1\n\n");
        assert_eq!(
            read("do-q1.log"),
            "1, 1970-01-01T00:00:00.000000Z, Q1, 1.5 s, 60 rows, first result 0.5 s, read 1 s, 10000000 bytes metered\n"
        );
        assert_eq!(
            read("do-q2.err"),
            "1, 1970-01-01T00:00:00.000000Z, attempt 1, -, validation: line 1:1: no\n"
        );
        let summary = read("local-2020-11-13-07-04-19-1-1-summary.csv");
        let lines: Vec<&str> = summary.lines().collect();
        assert_eq!(
            lines[0],
            "Query type, Total Count, Successful Count, Avg. latency (in secs), Std dev latency (in secs), Median, 90th perc (in secs), 99th Perc (in secs), Geo Mean (in secs)"
        );
        assert!(lines[1].starts_with("do-q1, 1, 1, 1.5, 0, 1.5"), "{}", lines[1]);
        assert_eq!(lines[2], "do-q2, 1, 0, 0, 0, 0, 0, 0, 0");
        assert_eq!(lines[3], "never, 0, 0, 0, 0, 0, 0, 0, 0");
    }
}
