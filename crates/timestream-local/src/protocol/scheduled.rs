//! Create, describe, update, delete, list and execute scheduled queries. Not here: the request that creates one
//! (`create`), the shape of a description (`describe`), running (`crate::scheduled`).

mod create;
mod describe;
mod target;

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::insights::QueryInsights;
use super::paging::{max_results, page};
use super::{Failure, Nothing, checks};
use crate::buckets::Buckets;
use crate::catalog::{scheduled_query_arn, scheduled_query_id};
use crate::engine::Engine;
use crate::scheduled::{BookError, State, Target};

pub(super) use create::CreateScheduledQuery;
use describe::{Description, Listed};

/// How many a page may list, and lists where nothing is asked for.
const MAX_RESULTS: i64 = 1_000;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct NamedScheduledQuery {
    scheduled_query_arn: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct UpdateScheduledQuery {
    scheduled_query_arn: Option<String>,
    state: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct ListScheduledQueries {
    max_results: Option<i64>,
    next_token: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct ExecuteScheduledQuery {
    scheduled_query_arn: Option<String>,
    /// Seconds since the epoch.
    invocation_time: Option<f64>,
    client_token: Option<String>,
    query_insights: Option<QueryInsights>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct CreatedScheduledQuery {
    arn: String,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct OneScheduledQuery {
    scheduled_query: Description,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct ManyScheduledQueries {
    scheduled_queries: Vec<Listed>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

/// CreateScheduledQuery. What could not run now is refused: the query must plan, its columns must fit the mappings,
/// and the target table must be there.
pub(super) async fn create(
    engine: &Arc<Engine>,
    request: CreateScheduledQuery,
) -> Result<CreatedScheduledQuery, Failure> {
    let create::Checked { definition, client_token, tags } = request.check()?;
    definition.schedule.check_future(engine.now())?;
    let answer = engine.plan_scheduled(&definition.query_string, engine.now()).await?;
    // Reports are named after the query; one that cannot be put would be missed only once it is needed.
    let reports = &definition.error_reports.s3_configuration;
    let key = reports.key(&format!("{}-ID", definition.name));
    Buckets::check(&reports.bucket_name, &key).map_err(|error| {
        Failure::validation(format!("No error report of this query could be written. {error}"))
    })?;
    if let Some(target) = &definition.target {
        check_table(engine, target)?;
        target.over(answer.columns())?;
    }
    let created = Arc::clone(engine);
    let created = super::blocking(move || Ok(created.scheduled().create(definition, client_token, tags)?));
    Ok(CreatedScheduledQuery { arn: scheduled_query_arn(engine.region(), &created.await?.id()) })
}

pub(super) fn describe(engine: &Engine, request: NamedScheduledQuery) -> Result<OneScheduledQuery, Failure> {
    let named = Named::read(request.scheduled_query_arn)?;
    let query = named.found(engine.scheduled().get(named.id()))?;
    Ok(OneScheduledQuery { scheduled_query: Description::new(engine, &query) })
}

pub(super) fn update(engine: &Engine, request: UpdateScheduledQuery) -> Result<Nothing, Failure> {
    let states = [("ENABLED", State::Enabled), ("DISABLED", State::Disabled)];
    let state = checks::required("state", request.state);
    let (named, state) = checks::all((
        Named::read(request.scheduled_query_arn),
        state.and_then(|state| checks::one_of("state", &state, &states)),
    ))?;
    named.found(engine.scheduled().set_state(named.id(), state))?;
    Ok(Nothing {})
}

pub(super) fn delete(engine: &Engine, request: NamedScheduledQuery) -> Result<Nothing, Failure> {
    let named = Named::read(request.scheduled_query_arn)?;
    named.found(engine.scheduled().delete(named.id()))?;
    Ok(Nothing {})
}

pub(super) fn list(engine: &Engine, request: ListScheduledQueries) -> Result<ManyScheduledQueries, Failure> {
    let most = max_results(request.max_results, MAX_RESULTS)?;
    let all = engine.scheduled().list().into_iter();
    let (page, next_token) = page("ListScheduledQueries", all, request.next_token, most)?;
    let scheduled_queries = page.iter().map(|(_, query)| Listed::new(engine, query)).collect();
    Ok(ManyScheduledQueries { scheduled_queries, next_token })
}

/// ExecuteScheduledQuery: the run is started, not waited for. The client token is "not used", says the model.
pub(super) fn execute(engine: &Engine, request: ExecuteScheduledQuery) -> Result<Nothing, Failure> {
    let time = checks::required("invocationTime", request.invocation_time);
    let (named, invocation, _, insights) = checks::all((
        Named::read(request.scheduled_query_arn),
        time.and_then(|time| read_time("invocationTime", time)),
        checks::optional("clientToken", request.client_token, 32..=128),
        request.query_insights.map(|insights| insights.enabled()).transpose(),
    ))?;
    named.found(engine.scheduled().ask(named.id(), invocation, insights == Some(true)))?;
    Ok(Nothing {})
}

/// The operation knows no ResourceNotFoundException.
fn check_table(engine: &Engine, target: &Target) -> Result<(), Failure> {
    let found = engine.catalog().read().table(&target.database, &target.table).map(drop);
    found.map_err(|error| {
        let remedy = "The results of a scheduled query need their table: create it first.";
        Failure::validation(format!("{error} {remedy}"))
    })
}

/// A scheduled query's ARN in a request.
struct Named(String);

impl Named {
    fn read(arn: Option<String>) -> Result<Self, Failure> {
        let arn = checks::text("scheduledQueryArn", arn, 1..=2_048)?;
        if scheduled_query_id(&arn).is_none() {
            return Err(Failure::validation(format!("'{arn}' is not the ARN of a scheduled query.")));
        }
        Ok(Self(arn))
    }

    fn id(&self) -> &str {
        scheduled_query_id(&self.0).unwrap_or_default()
    }

    fn found<T>(&self, result: Result<T, BookError>) -> Result<T, Failure> {
        result.map_err(|error| match error {
            BookError::NoQuery(_) => Failure::no_scheduled_query(&self.0),
            other => other.into(),
        })
    }
}

/// Seconds since the epoch, to the millisecond, as nanoseconds.
fn read_time(member: &str, seconds: f64) -> Result<i64, Failure> {
    /// Nanoseconds reach so many seconds, about.
    const MOST: f64 = 9_223_372_036.0;
    if seconds.abs() <= MOST {
        return Ok((seconds * 1_000.0).round() as i64 * 1_000_000);
    }
    Err(checks::constraint(member, seconds, "Member must be a time between the years 1677 and 2262"))
}
