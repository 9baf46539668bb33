//! The shipped queries over HTTP, one at a time. Not here: their texts (`fleet`), what is written meanwhile (`figures`).

use std::time::Instant;

use chrono::{DateTime, NaiveDateTime, Utc};
use serde_json::{Value, json};

use crate::client::Connection;
use crate::fleet::Fleet;
use crate::server::Server;
use crate::{Failure, Row};

/// How often each text is asked; the first time is told apart.
const TIMES: usize = 5;

/// Milliseconds that each query may take.
const GOALS: [(&str, f64); 6] = [
    ("do-q1", 100.0),
    ("do-q2", 100.0),
    ("do-q3", 100.0),
    ("do-q4", 100.0),
    ("do-q5", 500.0),
    ("do-q6", 300.0),
];

/// What one query took, in milliseconds.
struct Asked {
    name: String,
    /// The longest of those that were the first of their text.
    first: f64,
    again: Vec<f64>,
    /// Of the server's processor, on the average.
    cpu: f64,
}

/// Asks each query of `draws` hosts. `slack`: how many times its goal each may take.
pub(crate) async fn ask_all(
    server: &Server,
    fleet: &Fleet,
    draws: u64,
    slack: f64,
    names: &[&str],
) -> Result<Vec<Row>, Failure> {
    let mut connection = Connection::open(server.address).await?;
    let end = latest(&mut connection, fleet).await?;
    let mut rows = Vec::new();
    for &(name, goal) in GOALS.iter().filter(|(name, _)| names.contains(name)) {
        let asked = ask(&mut connection, server, fleet, end, name, draws).await?;
        rows.push(asked.row(goal * slack, slack > 1.0));
    }
    Ok(rows)
}

async fn ask(
    connection: &mut Connection,
    server: &Server,
    fleet: &Fleet,
    end: DateTime<Utc>,
    name: &str,
    draws: u64,
) -> Result<Asked, Failure> {
    let mut asked = Asked { name: name.to_owned(), first: 0.0, again: Vec::new(), cpu: 0.0 };
    let before = server.cpu()?;
    for draw in 0..draws {
        let texts = fleet.queries(end, draw)?;
        let (_, text) = texts.iter().find(|(other, _)| other == name).ok_or("the scenario lacks a query")?;
        for time in 0..TIMES {
            let start = Instant::now();
            let rows = query(connection, text).await?.len();
            let took = start.elapsed().as_secs_f64() * 1e3;
            if rows == 0 && name != "do-q3" {
                return Err(format!("{name} found nothing:\n{text}").into());
            }
            if time == 0 {
                asked.first = asked.first.max(took);
            } else {
                asked.again.push(took);
            }
        }
    }
    asked.cpu = (server.cpu()? - before) * 1e3 / (draws as f64 * TIMES as f64);
    Ok(asked)
}

impl Asked {
    fn row(mut self, goal: f64, beside: bool) -> Row {
        self.again.sort_by(f64::total_cmp);
        let median = self.again[self.again.len() / 2];
        let longest = self.again.last().copied().unwrap_or_default();
        let (name, cpu) = match beside {
            true => (format!("{} beside writes", self.name), String::new()),
            false => (self.name, format!(", processor {:.0}", self.cpu)),
        };
        let note = format!("longest {longest:.0}, first {:.0}{cpu}", self.first);
        Row::new(name, median, "ms").at_most(goal).noting(note)
    }
}

/// Runs a query to its last page.
pub(crate) async fn query(connection: &mut Connection, text: &str) -> Result<Vec<Value>, Failure> {
    let mut request = json!({ "QueryString": text });
    let mut rows = Vec::new();
    loop {
        let mut page = connection.ask("Query", &request).await?;
        rows.append(page["Rows"].as_array_mut().ok_or("an answer has no rows")?);
        match page["NextToken"].as_str() {
            Some(token) => request["NextToken"] = token.into(),
            None => return Ok(rows),
        }
    }
}

/// The latest time in the fleet's table.
async fn latest(connection: &mut Connection, fleet: &Fleet) -> Result<DateTime<Utc>, Failure> {
    let text = format!(
        r#"SELECT max(time) FROM "{}"."{}" WHERE measure_name = 'cpu_user'"#,
        fleet.database(),
        fleet.table()
    );
    let rows = query(connection, &text).await?;
    let time = rows.first().and_then(|row| row["Data"][0]["ScalarValue"].as_str());
    let time = time.ok_or("there is no data to query: back-fill it first")?;
    Ok(NaiveDateTime::parse_from_str(time, "%Y-%m-%d %H:%M:%S%.f")?.and_utc())
}
