//! One execution of a query: rendered, sent, sent again where that may help, every attempt told.

use std::sync::Arc;

use rand::RngExt;

use super::user::{Turn, User};
use crate::recorder::event::{Event, QueryAttempt, QueryResult};
use crate::target::{ErrorKind, QueryFailure, TargetError};

/// An execution that is under way.
struct Execution {
    phase: usize,
    query: usize,
    turn: Turn,
    /// When its turn had come; its parameters may have to be read first.
    begun: i64,
    /// When its first attempt began.
    first: i64,
    attempt: u32,
    sql: Arc<str>,
}

impl User {
    /// Runs a query of the mix; tells whether it could be sent.
    pub(crate) async fn ask(&mut self, phase: usize, query: usize, turn: Turn) -> bool {
        let context = Arc::clone(&self.crew.context);
        let begun = context.clock.now();
        let sql = match self.parameters().await {
            Ok(parameters) => {
                let rendered = self.crew.queries.render(query, &parameters, self.crew.window_end());
                rendered.map_err(|error| ("template", error.to_string()))
            }
            Err(failed) => Err(failed),
        };
        let first = context.clock.now();
        let mut execution = Execution { phase, query, turn, begun, first, attempt: 1, sql: Arc::from("") };
        match sql {
            Ok(sql) => execution.sql = Arc::from(sql),
            Err((kind, message)) => {
                let result = QueryResult::Failed { query_id: String::new(), kind, message };
                self.tell(&execution, first, true, result);
                return false;
            }
        }
        while let Some(after) = self.attempt(&execution).await {
            tokio::select! {
                () = context.clock.sleep_until(after) => {}
                () = context.stop.asked() => {
                    self.tell(&execution, context.clock.now(), true, QueryResult::Cancelled);
                    break;
                }
            }
            execution.attempt += 1;
        }
        true
    }

    /// Makes one attempt; gives the instant of the next, where there is to be one.
    async fn attempt(&mut self, execution: &Execution) -> Option<i64> {
        let context = Arc::clone(&self.crew.context);
        let start = context.clock.now();
        let deadline = execution.first.saturating_add(context.retry.operation);
        let answer = tokio::select! {
            answer = context.target.query(&execution.sql, &*context.clock) => answer,
            () = context.clock.sleep_until(deadline) => Err(too_long(context.retry.operation)),
            () = context.stop.asked() => {
                self.tell(execution, start, true, QueryResult::Cancelled);
                return None;
            }
        };
        match answer {
            Ok(answer) => {
                context.health.answered(context.clock.now());
                let result = QueryResult::Answered {
                    query_id: answer.query_id,
                    first_row: answer.first_row,
                    rows: answer.rows,
                    bytes_metered: answer.bytes_metered,
                };
                self.tell(execution, start, true, result);
                None
            }
            Err(QueryFailure { query_id, error }) => {
                // A slow query says nothing about the target; a connection that fails does.
                if error.kind != ErrorKind::Timeout {
                    context.failed(&error);
                }
                let end = context.clock.now();
                let unit = self.rng.random();
                let delay = context.retry.delay(error.kind, execution.attempt, end - execution.first, unit);
                let delay = delay.filter(|_| !context.stop.is_asked());
                let result =
                    QueryResult::Failed { query_id, kind: error.kind.name(), message: error.message };
                self.tell(execution, start, delay.is_none(), result);
                delay.map(|delay| end + delay)
            }
        }
    }

    fn tell(&self, execution: &Execution, start: i64, last: bool, result: QueryResult) {
        self.crew.context.tell(Event::Query(Box::new(QueryAttempt {
            phase: execution.phase,
            workload: self.crew.workload,
            query: execution.query,
            user: self.number,
            thread: self.thread(),
            attempt: execution.attempt,
            last,
            intended: execution.turn.intended,
            begun: execution.begun,
            wait: execution.turn.wait,
            start,
            end: self.crew.context.clock.now(),
            sql: Arc::clone(&execution.sql),
            result,
        })));
    }
}

fn too_long(operation: i64) -> QueryFailure {
    let message = format!(
        "not read to its end within {}, the operation timeout",
        crate::units::print_duration(operation)
    );
    QueryFailure { query_id: String::new(), error: TargetError::new(ErrorKind::Timeout, message) }
}
