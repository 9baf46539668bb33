//! A scheduled query as answers tell it, whole and in lists.

use serde::Serialize;
use serde_json::Value as Json;

use super::super::epoch_seconds;
use super::super::insights::QueryInsightsResponse;
use crate::catalog::scheduled_query_arn;
use crate::engine::Engine;
use crate::scheduled::{
    ErrorReportConfiguration, ExecutionStats, NotificationConfiguration, RunSummary, S3ReportLocation,
    ScheduledQuery, State, Status,
};

/// `ScheduledQueryDescription`.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Description {
    arn: String,
    name: String,
    query_string: String,
    creation_time: f64,
    state: State,
    #[serde(skip_serializing_if = "Option::is_none")]
    previous_invocation_time: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_invocation_time: Option<f64>,
    schedule_configuration: ScheduleConfiguration,
    notification_configuration: NotificationConfiguration,
    #[serde(skip_serializing_if = "Option::is_none")]
    target_configuration: Option<Json>,
    scheduled_query_execution_role_arn: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    kms_key_id: Option<String>,
    error_report_configuration: ErrorReportConfiguration,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_run_summary: Option<WireSummary>,
    recently_failed_runs: Vec<WireSummary>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct ScheduleConfiguration {
    schedule_expression: String,
}

/// `ScheduledQueryRunSummary`.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct WireSummary {
    invocation_time: f64,
    trigger_time: f64,
    run_status: Status,
    execution_stats: ExecutionStats,
    #[serde(skip_serializing_if = "Option::is_none")]
    query_insights_response: Option<QueryInsightsResponse>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error_report_location: Option<ErrorReportLocation>,
    #[serde(skip_serializing_if = "Option::is_none")]
    failure_reason: Option<String>,
}

#[derive(Serialize)]
struct ErrorReportLocation {
    #[serde(rename = "S3ReportLocation")]
    s3: S3ReportLocation,
}

/// `ScheduledQuery`, an entry of a list.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Listed {
    arn: String,
    name: String,
    creation_time: f64,
    state: State,
    #[serde(skip_serializing_if = "Option::is_none")]
    previous_invocation_time: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_invocation_time: Option<f64>,
    error_report_configuration: ErrorReportConfiguration,
    #[serde(skip_serializing_if = "Option::is_none")]
    target_destination: Option<TargetDestination>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_run_status: Option<Status>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct TargetDestination {
    timestream_destination: TimestreamDestination,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct TimestreamDestination {
    database_name: String,
    table_name: String,
}

impl Description {
    pub(super) fn new(engine: &Engine, query: &ScheduledQuery) -> Self {
        let ScheduledQuery { definition, state, created, last_run, failed_runs, .. } = query;
        let id = query.id();
        let summary = |run: &RunSummary| WireSummary::new(engine, run);
        Self {
            arn: scheduled_query_arn(engine.region(), &id),
            name: definition.name.clone(),
            query_string: definition.query_string.clone(),
            creation_time: epoch_seconds(*created),
            state: *state,
            previous_invocation_time: last_run.as_ref().map(|run| epoch_seconds(run.invocation)),
            next_invocation_time: engine.scheduled().next_run(&id).map(epoch_seconds),
            schedule_configuration: ScheduleConfiguration {
                schedule_expression: definition.schedule.text().to_owned(),
            },
            notification_configuration: definition.notifications.clone(),
            target_configuration: definition.target.as_ref().map(|target| target.asked.clone()),
            scheduled_query_execution_role_arn: definition.role_arn.clone(),
            kms_key_id: definition.kms_key_id.clone(),
            error_report_configuration: definition.error_reports.clone(),
            last_run_summary: last_run.as_ref().map(summary),
            recently_failed_runs: failed_runs.iter().map(summary).collect(),
        }
    }
}

impl WireSummary {
    fn new(engine: &Engine, run: &RunSummary) -> Self {
        let insights = run.insights.as_ref();
        Self {
            invocation_time: epoch_seconds(run.invocation),
            trigger_time: epoch_seconds(run.trigger),
            run_status: run.status,
            execution_stats: run.stats,
            query_insights_response: insights.map(|insights| QueryInsightsResponse::new(insights, engine)),
            error_report_location: run.report.clone().map(|s3| ErrorReportLocation { s3 }),
            failure_reason: run.failure.clone(),
        }
    }
}

impl Listed {
    pub(super) fn new(engine: &Engine, query: &ScheduledQuery) -> Self {
        let id = query.id();
        let destination = query.definition.target.as_ref().map(|target| TimestreamDestination {
            database_name: target.database.clone(),
            table_name: target.table.clone(),
        });
        let last_run = query.last_run.as_ref();
        Self {
            arn: scheduled_query_arn(engine.region(), &id),
            name: query.definition.name.clone(),
            creation_time: epoch_seconds(query.created),
            state: query.state,
            previous_invocation_time: last_run.map(|run| epoch_seconds(run.invocation)),
            next_invocation_time: engine.scheduled().next_run(&id).map(epoch_seconds),
            error_report_configuration: query.definition.error_reports.clone(),
            target_destination: destination
                .map(|destination| TargetDestination { timestream_destination: destination }),
            last_run_status: last_run.map(|run| run.status),
        }
    }
}
