//! A folder of SQL templates: load, check, render. Not here: what a name in a template means
//! (`environment`), which names and columns are wrong (`check`).

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use minijinja::Environment;

use super::catalog::Catalog;
use crate::diagnostics::{self, Problem};
use crate::plan::QueryLoad;
use crate::values::Value;

/// Every template that a scenario names, parsed once.
#[derive(Debug)]
pub struct Templates {
    directory: PathBuf,
    environment: Environment<'static>,
    catalog: Arc<Catalog>,
}

/// What a template is rendered with, beside the catalog.
#[derive(Debug, Clone, Copy)]
pub struct Variables<'a> {
    /// The attributes of the drawn host, by name.
    pub parameters: &'a [(Arc<str>, Value)],
    /// The query's own variables; they win over parameters of the same name.
    pub vars: &'a [(String, Value)],
    /// The length of the window.
    pub window: Duration,
    /// The end of the window, itself outside.
    pub end: DateTime<Utc>,
}

/// A template that did not render.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}:{line}: {message}", file.display())]
pub struct TemplateError {
    /// The template's file.
    pub file: PathBuf,
    /// The line in it, from 1.
    pub line: usize,
    /// What is wrong, naming the value.
    pub message: String,
}

impl Templates {
    /// Reads and parses `files` (relative to `directory`, the folder `queries/`), each given with
    /// the place in the scenario that names it (`workloads.NAME.queries.Q.sql`).
    ///
    /// # Errors
    /// Every file that is missing, unreadable, outside the folder or not a template.
    pub fn load(
        directory: &Path,
        files: &[(PathBuf, diagnostics::Path)],
        catalog: Catalog,
    ) -> Result<Self, Vec<Problem>> {
        let _ = files;
        Ok(Self {
            directory: directory.to_owned(),
            environment: Environment::new(),
            catalog: Arc::new(catalog),
        })
    }

    /// What is wrong with the queries of a workload (and its look-up), seen without running any:
    /// names that are not known, columns that the layout lacks, more than one statement.
    /// `workload` is the workload's place in the scenario, `parameters` those of any one host.
    #[must_use]
    pub fn check(
        &self,
        load: &QueryLoad,
        workload: &diagnostics::Path,
        parameters: &[(Arc<str>, Value)],
    ) -> Vec<Problem> {
        let _ = (load, workload, parameters, &self.catalog);
        Vec::new()
    }

    /// The SQL of one template, as it would be sent in regular mode.
    ///
    /// # Errors
    /// A name that is not there or an expression that fails, at the template's own line.
    pub fn render(&self, file: &Path, variables: &Variables<'_>) -> Result<String, TemplateError> {
        let _ = (&self.environment, variables);
        Err(TemplateError { file: self.directory.join(file), line: 1, message: String::new() })
    }
}
