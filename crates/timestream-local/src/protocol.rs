//! The service's JSON protocol: operations by name, their wire shapes and answers. One file a group of operations.
//! Not here: HTTP (`server`), what the operations do (`engine`), the constraints that requests are checked against
//! (`checks`), records (`records`), errors as clients see them (`failure`).

mod account;
mod batch_load;
mod databases;
mod endpoints;
mod errors;
mod insights;
mod mappings;
mod paging;
mod parse;
mod query;
mod scheduled;
mod tables;
mod tags;
mod write;

use std::sync::Arc;

use axum::body::Bytes;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use parse::parse;

use crate::checks;
use crate::engine::Engine;
use crate::failure::{Failure, Kind};
use crate::faults::Rejects;

/// What every operation's name follows in `X-Amz-Target`; writes and queries share it.
const TARGET_PREFIX: &str = "Timestream_20181101.";

/// The operations that this server has; those with records first.
pub(crate) const OPERATIONS: [&str; 30] = [
    "WriteRecords",
    "Query",
    "CancelQuery",
    "PrepareQuery",
    "DescribeAccountSettings",
    "UpdateAccountSettings",
    "DescribeEndpoints",
    "CreateDatabase",
    "DescribeDatabase",
    "UpdateDatabase",
    "DeleteDatabase",
    "ListDatabases",
    "CreateTable",
    "DescribeTable",
    "UpdateTable",
    "DeleteTable",
    "ListTables",
    "TagResource",
    "UntagResource",
    "ListTagsForResource",
    "CreateScheduledQuery",
    "DescribeScheduledQuery",
    "UpdateScheduledQuery",
    "DeleteScheduledQuery",
    "ListScheduledQueries",
    "ExecuteScheduledQuery",
    "CreateBatchLoadTask",
    "DescribeBatchLoadTask",
    "ListBatchLoadTasks",
    "ResumeBatchLoadTask",
];

/// A request as HTTP brought it.
pub(crate) struct Call<'a> {
    /// The header `X-Amz-Target`.
    pub(crate) target: &'a str,
    /// The header `User-Agent`.
    pub(crate) user_agent: &'a str,
    /// The host and port that the client reached us by.
    pub(crate) authority: &'a str,
    pub(crate) body: Bytes,
    /// The records that are rejected on purpose.
    pub(crate) rejects: Option<Rejects>,
}

impl<'a> Call<'a> {
    /// The operation that it names, known or not.
    pub(crate) fn operation(&self) -> Option<&'a str> {
        self.target.strip_prefix(TARGET_PREFIX)
    }
}

/// The operation that the header `X-Amz-Target` names, where there is such a one here.
pub(crate) fn operation(target: &str) -> &'static str {
    let name = target.strip_prefix(TARGET_PREFIX);
    OPERATIONS.into_iter().find(|operation| Some(*operation) == name).unwrap_or("unknown")
}

/// Operations of the service that this server knows and does not have.
const NOT_HERE: [&str; 2] = ["GetAwsOrganizationsServiceAccess", "EnableAwsOrganizationsServiceAccess"];

/// Runs the operation that `call` names; the answer is JSON.
pub(crate) async fn answer(engine: &Arc<Engine>, call: Call<'_>) -> Result<Vec<u8>, Failure> {
    let Some(operation) = call.operation() else {
        return Err(unknown(call.target));
    };
    let body = call.body;
    // What is in a box is large: every request would carry room for it about, and be copied with it.
    match operation {
        "WriteRecords" => write::write(engine, body, call.rejects).await,
        "Query" => json(&Box::pin(query::query(engine, parse(&body)?)).await?),
        "CancelQuery" => json(&query::cancel(engine, parse(&body)?)?),
        "PrepareQuery" => json(&Box::pin(query::prepare(engine, parse(&body)?)).await?),
        "DescribeAccountSettings" => run(engine, body, account::describe).await,
        "UpdateAccountSettings" => run(engine, body, account::update).await,
        "DescribeEndpoints" => {
            parse::<Nothing>(&body)?;
            json(&endpoints::describe(call.user_agent, call.authority))
        }
        "CreateDatabase" => run(engine, body, databases::create).await,
        "DescribeDatabase" => run(engine, body, databases::describe).await,
        "UpdateDatabase" => run(engine, body, databases::update).await,
        "DeleteDatabase" => run(engine, body, databases::delete).await,
        "ListDatabases" => run(engine, body, databases::list).await,
        "CreateTable" => run(engine, body, tables::create).await,
        "DescribeTable" => run(engine, body, tables::describe).await,
        "UpdateTable" => run(engine, body, tables::update).await,
        "DeleteTable" => run(engine, body, tables::delete).await,
        "ListTables" => run(engine, body, tables::list).await,
        "TagResource" => run(engine, body, tags::tag).await,
        "UntagResource" => run(engine, body, tags::untag).await,
        "ListTagsForResource" => run(engine, body, tags::list).await,
        "CreateScheduledQuery" => json(&Box::pin(scheduled::create(engine, parse(&body)?)).await?),
        "DescribeScheduledQuery" => run(engine, body, scheduled::describe).await,
        "UpdateScheduledQuery" => run(engine, body, scheduled::update).await,
        "DeleteScheduledQuery" => run(engine, body, scheduled::delete).await,
        "ListScheduledQueries" => run(engine, body, scheduled::list).await,
        "ExecuteScheduledQuery" => run(engine, body, scheduled::execute).await,
        "CreateBatchLoadTask" => run(engine, body, batch_load::create).await,
        "DescribeBatchLoadTask" => run(engine, body, batch_load::describe).await,
        "ListBatchLoadTasks" => run(engine, body, batch_load::list).await,
        "ResumeBatchLoadTask" => run(engine, body, batch_load::resume).await,
        other if NOT_HERE.contains(&other) => Err(Failure::validation(format!(
            "{other} is not part of the local Timestream; use Amazon Timestream for it."
        ))),
        other => Err(unknown(other)),
    }
}

/// Reads and checks the body of a Query without running it, for fuzzing.
pub(crate) fn check_query(body: &[u8]) -> bool {
    query::check(body).is_ok()
}

/// Whether the body of WriteRecords is a plain one, for fuzzing.
///
/// # Panics
/// Where what is read of it depends on that.
pub(crate) fn is_plain_write(body: &[u8]) -> bool {
    write::is_plain(body)
}

/// The input of operations that ask for nothing, the answer of those that have nothing to say.
#[derive(Deserialize, Serialize)]
struct Nothing {}

fn unknown(target: &str) -> Failure {
    Failure::new(Kind::UnknownOperation, format!("The operation '{target}' is not known."))
}

/// Runs an operation that may wait for files, off the threads that serve connections.
async fn run<I, O>(
    engine: &Arc<Engine>,
    body: Bytes,
    operation: fn(&Engine, I) -> Result<O, Failure>,
) -> Result<Vec<u8>, Failure>
where
    I: DeserializeOwned + 'static,
    O: Serialize + 'static,
{
    let engine = Arc::clone(engine);
    blocking(move || json(&operation(&engine, parse(&body)?)?)).await
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Failure> + Send + 'static,
) -> Result<T, Failure> {
    let done = tokio::task::spawn_blocking(work).await;
    done.unwrap_or_else(|error| Err(Failure::internal(&error)))
}

fn json<T: Serialize>(answer: &T) -> Result<Vec<u8>, Failure> {
    serde_json::to_vec(answer).map_err(|error| Failure::internal(&error))
}

/// A part of a request as it came, for whoever describes what it made: without the members that it left out.
fn as_asked(wire: &impl Serialize) -> Result<Json, Failure> {
    fn prune(json: &mut Json) {
        match json {
            Json::Object(members) => {
                members.retain(|_, member| !member.is_null());
                members.values_mut().for_each(prune);
            }
            Json::Array(entries) => entries.iter_mut().for_each(prune),
            _ => {}
        }
    }
    let mut json = serde_json::to_value(wire).map_err(|error| Failure::internal(&error))?;
    prune(&mut json);
    Ok(json)
}

/// Nanoseconds as the protocol's epoch seconds, to the millisecond.
fn epoch_seconds(nanos: i64) -> f64 {
    nanos.div_euclid(1_000_000) as f64 / 1_000.0
}
