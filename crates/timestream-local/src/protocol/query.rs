//! Query, CancelQuery and PrepareQuery.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::insights::{QueryInsights, QueryInsightsResponse};
use super::{Failure, checks};
use crate::engine::{Engine, Page};
use crate::sql::{ColumnInfo, Origin, Row};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Query {
    query_string: Option<String>,
    client_token: Option<String>,
    next_token: Option<String>,
    max_rows: Option<i64>,
    query_insights: Option<QueryInsights>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct CancelQuery {
    query_id: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct PrepareQuery {
    query_string: Option<String>,
    validate_only: Option<bool>,
}

/// A page, written straight from the engine's, with insights where they were asked for.
pub(super) struct QueryAnswer {
    page: Arc<Page>,
    insights: Option<QueryInsightsResponse>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct WirePage<'a> {
    query_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<&'a str>,
    rows: &'a [Row],
    column_info: &'a [ColumnInfo],
    query_status: QueryStatus,
    #[serde(skip_serializing_if = "Option::is_none")]
    query_insights_response: Option<&'a QueryInsightsResponse>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct QueryStatus {
    /// Half-way while pages are left: how many there will be is not known.
    progress_percentage: f64,
    cumulative_bytes_scanned: u64,
    cumulative_bytes_metered: u64,
}

impl Serialize for QueryAnswer {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let page = &*self.page;
        let query_status = QueryStatus {
            progress_percentage: if page.next_token.is_some() { 50.0 } else { 100.0 },
            cumulative_bytes_scanned: page.bytes_scanned,
            cumulative_bytes_metered: page.bytes_metered,
        };
        WirePage {
            query_id: &page.query_id,
            next_token: page.next_token.as_deref(),
            rows: &page.rows,
            column_info: &page.columns,
            query_status,
            query_insights_response: self.insights.as_ref(),
        }
        .serialize(serializer)
    }
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Cancelled {
    cancellation_message: String,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Prepared {
    query_string: String,
    columns: Vec<SelectColumn>,
    parameters: Vec<ColumnInfo>,
}

/// A column of the answer, and of which table it is, where it is of one as it stands.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct SelectColumn {
    #[serde(flatten)]
    info: ColumnInfo,
    #[serde(skip_serializing_if = "Option::is_none")]
    database_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    table_name: Option<String>,
    aliased: bool,
}

impl SelectColumn {
    fn new(info: &ColumnInfo, origin: Option<&Origin>) -> Self {
        let Origin { table, aliased } = origin.cloned().unwrap_or_default();
        let (database_name, table_name) = table.unzip();
        Self { info: info.clone(), database_name, table_name, aliased }
    }
}

/// A Query whose members are what they may be.
struct Checked {
    text: String,
    client_token: Option<String>,
    token: Option<String>,
    max_rows: Option<usize>,
    insights: bool,
}

impl Query {
    fn check(self) -> Result<Checked, Failure> {
        let max_rows = self.max_rows.map(|rows| checks::within("maxRows", rows, 1..=1000)).transpose();
        let (text, client_token, token, max_rows, insights) = checks::all((
            query_string(self.query_string),
            checks::optional("clientToken", self.client_token, 32..=128),
            checks::optional("nextToken", self.next_token, 1..=2048),
            max_rows,
            self.query_insights.map_or(Ok(false), |insights| insights.enabled()),
        ))?;
        let max_rows = max_rows.and_then(|rows| usize::try_from(rows).ok());
        Ok(Checked { text, client_token, token, max_rows, insights })
    }
}

/// Reads and checks the body of a Query, for fuzzing.
pub(super) fn check(body: &[u8]) -> Result<(), Failure> {
    super::parse::<Query>(body)?.check().map(drop)
}

pub(super) async fn query(engine: &Engine, request: Query) -> Result<QueryAnswer, Failure> {
    let Checked { text, client_token, token, max_rows, insights } = request.check()?;
    // SDKs send a client token along with each NextToken, too, where it means nothing.
    let page = match (&token, &client_token) {
        (Some(token), _) => engine.next_page(&text, token, max_rows).await?,
        (None, Some(client_token)) => engine.query_once(client_token, insights, &text, max_rows).await?,
        (None, None) => engine.query(&text, max_rows).await?,
    };
    let insights = insights.then(|| QueryInsightsResponse::new(&page.insights, engine));
    Ok(QueryAnswer { page, insights })
}

pub(super) fn cancel(engine: &Engine, request: CancelQuery) -> Result<Cancelled, Failure> {
    let id = checks::required("queryId", request.query_id)?;
    checks::all((
        checks::length("queryId", &id, 1..=64),
        checks::matches("queryId", &id, &checks::QUERY_ID),
    ))?;
    if !engine.cancel(&id) {
        return Err(Failure::validation(format!("The query {id} is not running.")));
    }
    Ok(Cancelled { cancellation_message: format!("The query {id} was cancelled.") })
}

pub(super) async fn prepare(engine: &Engine, request: PrepareQuery) -> Result<Prepared, Failure> {
    let text = query_string(request.query_string)?;
    if request.validate_only != Some(true) {
        return Err(Failure::validation("Only ValidateOnly=true is supported."));
    }
    let answer = engine.plan(&text).await?;
    let mut origins = answer.origins().iter();
    let columns = answer.columns().iter().map(|info| SelectColumn::new(info, origins.next())).collect();
    let parameters = answer.parameters().iter().map(|parameter| parameter.info.clone()).collect();
    Ok(Prepared { query_string: text, columns, parameters })
}

pub(super) fn query_string(text: Option<String>) -> Result<String, Failure> {
    let text = checks::required("queryString", text)?;
    checks::length("queryString", &text, 1..=262_144)?;
    Ok(text)
}
