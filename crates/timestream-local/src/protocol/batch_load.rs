//! Create, describe, list and resume batch load tasks. Not here: the checks of what a task is to do
//! (`request`, `model`, `dialect`), running it (`batch_load` of the crate).

mod dialect;
mod model;
mod request;
mod shapes;

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use super::paging::{after, max_results, token};
use super::{Failure, Kind, Nothing, as_asked, checks, epoch_seconds};
use crate::batch_load::{BatchLoadError, Progress, Status, Task};
use crate::engine::Engine;

pub(super) use shapes::CreateBatchLoadTask;

/// How many a page of tasks may list, and lists where nothing is asked for.
const MAX_RESULTS: i64 = 100;
/// Whose tokens they are.
const LIST: &str = "ListBatchLoadTasks";

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct NamedTask {
    task_id: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct ListBatchLoadTasks {
    next_token: Option<String>,
    max_results: Option<i64>,
    task_status: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Created {
    task_id: String,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct OneTask {
    batch_load_task_description: Description,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct ManyTasks {
    batch_load_tasks: Vec<Summary>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

/// `BatchLoadTaskDescription`. What was asked for is returned as it came.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Description {
    task_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    error_message: Option<String>,
    data_source_configuration: Json,
    progress_report: Progress,
    report_configuration: Json,
    data_model_configuration: Json,
    target_database_name: String,
    target_table_name: String,
    task_status: &'static str,
    record_version: i64,
    creation_time: f64,
    last_updated_time: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    resumable_until: Option<f64>,
}

/// `BatchLoadTask`.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Summary {
    task_id: String,
    task_status: &'static str,
    database_name: String,
    table_name: String,
    creation_time: f64,
    last_updated_time: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    resumable_until: Option<f64>,
}

pub(super) fn create(engine: &Engine, request: CreateBatchLoadTask) -> Result<Created, Failure> {
    let asked = as_asked(&request)?;
    let (load, token) = request::read(request, engine.buckets())?;
    // Both must be there now; they may go while the task waits.
    engine.catalog().read().table(&load.database, &load.table)?;
    request::find_source(&load, engine.buckets())?;
    Ok(Created { task_id: engine.batch_loads().create(load, asked, token)? })
}

pub(super) fn describe(engine: &Engine, request: NamedTask) -> Result<OneTask, Failure> {
    let mut task = engine.batch_loads().describe(&task_id(request)?)?;
    let mut asked = |member: &str| task.asked.get_mut(member).map_or(Json::Null, Json::take);
    let description = Description {
        data_source_configuration: asked("DataSourceConfiguration"),
        report_configuration: asked("ReportConfiguration"),
        data_model_configuration: asked("DataModelConfiguration"),
        resumable_until: task.resumable_until().map(epoch_seconds),
        task_status: task.status.name(),
        progress_report: task.progress,
        record_version: task.load.version,
        creation_time: epoch_seconds(task.created),
        last_updated_time: epoch_seconds(task.updated),
        task_id: task.id,
        error_message: task.error,
        target_database_name: task.load.database,
        target_table_name: task.load.table,
    };
    Ok(OneTask { batch_load_task_description: description })
}

pub(super) fn list(engine: &Engine, request: ListBatchLoadTasks) -> Result<ManyTasks, Failure> {
    let status = request.task_status.as_deref();
    let (most, status) = checks::all((
        max_results(request.max_results, MAX_RESULTS),
        status.map(|status| checks::one_of("taskStatus", status, &Status::ALL)).transpose(),
    ))?;
    // A task's place among all is where the next page begins, whatever the states have become.
    let mut tasks = engine.batch_loads().list(|task| {
        Some((task.id.clone(), status.is_none_or(|status| task.status == status).then(|| Summary::of(task))))
    });
    if let Some(token) = request.next_token {
        let last = after(LIST, &token)?;
        // A task that was forgotten since was older than all that are known.
        let place = tasks.iter().position(|(id, _)| *id == last);
        tasks.drain(..place.map_or(0, |place| place + 1));
    }
    let mut page: Vec<_> = tasks.into_iter().filter_map(|(_, summary)| summary).take(most + 1).collect();
    let more = page.len() > most;
    page.truncate(most);
    let next_token = page.last().filter(|_| more).map(|task| token(LIST, &task.task_id));
    Ok(ManyTasks { batch_load_tasks: page, next_token })
}

pub(super) fn resume(engine: &Engine, request: NamedTask) -> Result<Nothing, Failure> {
    engine.batch_loads().resume(&task_id(request)?)?;
    Ok(Nothing {})
}

fn task_id(request: NamedTask) -> Result<String, Failure> {
    checks::formed("taskId", request.task_id, 3..=32, &checks::TASK_ID)
}

impl Summary {
    fn of(task: &Task) -> Self {
        Self {
            task_id: task.id.clone(),
            task_status: task.status.name(),
            database_name: task.load.database.clone(),
            table_name: task.load.table.clone(),
            creation_time: epoch_seconds(task.created),
            last_updated_time: epoch_seconds(task.updated),
            resumable_until: task.resumable_until().map(epoch_seconds),
        }
    }
}

impl From<BatchLoadError> for Failure {
    fn from(error: BatchLoadError) -> Self {
        let kind = match error {
            BatchLoadError::NoTask(_) => Kind::ResourceNotFound,
            BatchLoadError::TokenUsed(_) => Kind::Conflict,
            BatchLoadError::Quota => Kind::ServiceQuotaExceeded,
            BatchLoadError::NotStopped { .. } | BatchLoadError::TooLate(_) => Kind::Validation,
            BatchLoadError::File(_) => return Self::internal(&error),
        };
        Self::new(kind, error.to_string())
    }
}
