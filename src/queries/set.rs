//! One workload's mix of queries, ready to draw from and to render. Not here: the templates
//! themselves, and the users.

use std::path::PathBuf;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use rand::Rng;

use super::counts::row_count;
use super::mix::{Mix, MixError};
use super::templates::{TemplateError, Templates};
use super::variables::Variables;
use crate::plan::{Mode, Pick, Query, QueryLoad};
use crate::values::Value;

/// The queries of one workload. Cheap to share between users: rendering takes `&self`.
#[derive(Debug)]
pub struct QuerySet {
    templates: Arc<Templates>,
    queries: Vec<Query>,
    mix: Mix,
    mode: Mode,
    look_up: Option<PathBuf>,
}

impl QuerySet {
    /// The mix of `load`, whose templates are among `templates`.
    ///
    /// # Errors
    /// Weights of which no draw can be made.
    pub fn new(load: &QueryLoad, templates: Arc<Templates>) -> Result<Self, MixError> {
        let weights: Vec<f64> = load.queries.iter().map(|query| query.weight).collect();
        let look_up = match &load.pick {
            Pick::Table { sql } => Some(sql.clone()),
            Pick::Request | Pick::User | Pick::Fixed(_) => None,
        };
        let mix = Mix::new(&weights)?;
        Ok(Self { templates, queries: load.queries.clone(), mix, mode: load.mode, look_up })
    }

    /// The queries, in the scenario's order; indices here are indices into it.
    #[must_use]
    pub fn queries(&self) -> &[Query] {
        &self.queries
    }

    /// A query's index, with a probability in proportion to its weight; one draw of `rng`. A user's
    /// own `Xoshiro256PlusPlus` makes the sequence the same on every run and machine.
    pub fn draw(&self, rng: &mut impl Rng) -> usize {
        self.mix.draw(rng)
    }

    /// The SQL of a query (by index) as it is sent: its window ends at `end`, `parameters` are the
    /// drawn host's attributes, and row-count mode is applied.
    ///
    /// # Errors
    /// A name that is not there or an expression that fails, at the template's own line.
    pub fn render(
        &self,
        query: usize,
        parameters: &[(Arc<str>, Value)],
        end: DateTime<Utc>,
    ) -> Result<String, TemplateError> {
        let query = &self.queries[query];
        let variables = Variables { parameters, vars: &query.vars, window: query.window, end };
        let sql = self.templates.render(&query.sql, &variables)?;
        Ok(match self.mode {
            Mode::Regular => sql,
            Mode::RowCount => row_count(&sql),
        })
    }

    /// The look-up's SQL where the parameters come from the table (`Pick::Table`); the columns of
    /// its first row are then what [`render`](Self::render) takes as `parameters`. `None` elsewhere.
    ///
    /// # Errors
    /// As [`render`](Self::render).
    pub fn render_look_up(&self, end: DateTime<Utc>) -> Option<Result<String, TemplateError>> {
        let file = self.look_up.as_ref()?;
        Some(self.templates.render(file, &Variables::look_up(end)))
    }
}
