//! A folder of SQL templates: load and render. Not here: what a name in a template means
//! (`environment`, `variables`), which names and columns are wrong (`check`).

use std::path::{Component, Path, PathBuf};
use std::sync::Arc;
use std::{fs, io};

use minijinja::{Environment, Error, ErrorKind, Template};

use super::catalog::Catalog;
use super::counts::without_end;
use super::environment::environment;
use super::variables::Variables;
use crate::diagnostics::{self, Problem};
use crate::plan::{Pick, QueryLoad, Work, Workload};
use crate::values::Value;

/// Every template that a scenario names, parsed once.
#[derive(Debug)]
pub struct Templates {
    directory: PathBuf,
    environment: Environment<'static>,
    catalog: Arc<Catalog>,
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
    /// Reads, parses and checks every template of `directory` (the folder `queries/`) that
    /// `workloads` name. `host` is the attributes of any one host, to check with.
    ///
    /// # Errors
    /// Every problem of every template: files that are missing, unreadable, outside the folder or
    /// not a template, and what [`check`](Self::check) finds in the others.
    pub fn load(
        directory: &Path,
        workloads: &[Workload],
        catalog: Catalog,
        host: &[(Arc<str>, Value)],
    ) -> Result<Self, Vec<Problem>> {
        let catalog = Arc::new(catalog);
        let mut templates =
            Self { directory: directory.to_owned(), environment: environment(&catalog), catalog };
        let mut problems = Vec::new();
        for workload in workloads {
            let Work::Query(load) = &workload.work else { continue };
            let place = diagnostics::Path::root().key("workloads").key(&workload.name);
            for (file, named_at) in files(load, &place) {
                problems.extend(templates.add(file, &named_at).err().map(|problem| *problem));
            }
            problems.extend(templates.check(load, &place, host));
        }
        if problems.is_empty() { Ok(templates) } else { Err(problems) }
    }

    /// The SQL of one template, as it would be sent in regular mode.
    ///
    /// # Errors
    /// A name that is not there or an expression that fails, at the template's own line.
    pub fn render(&self, file: &Path, variables: &Variables<'_>) -> Result<String, TemplateError> {
        let sql = self
            .template(file)
            .and_then(|template| template.render(variables.scope(&self.catalog)))
            .map_err(|error| self.error(file, &error))?;
        Ok(without_end(&sql))
    }

    /// A template that has been loaded.
    pub(crate) fn template(&self, file: &Path) -> Result<Template<'_, '_>, Error> {
        self.environment.get_template(&name(file))
    }

    /// What the templates may name.
    pub(crate) fn catalog(&self) -> &Catalog {
        &self.catalog
    }

    /// The names that every template has, of functions and the language's own.
    pub(crate) fn globals(&self) -> impl Iterator<Item = &str> {
        self.environment.globals().map(|(name, _)| name)
    }

    /// A template's file, as problems name it.
    pub(crate) fn path(&self, file: &Path) -> PathBuf {
        self.directory.join(file)
    }

    fn add(&mut self, file: &Path, named_at: &diagnostics::Path) -> Result<(), Box<Problem>> {
        let name = name(file);
        if self.environment.get_template(&name).is_ok() {
            return Ok(());
        }
        let source = self.read(file).map_err(|message| {
            let problem = Problem::new(named_at, message);
            Box::new(match self.hint(&name) {
                Some(hint) => problem.help(hint),
                None => problem,
            })
        })?;
        self.environment.add_template_owned(name, source).map_err(|error| {
            let TemplateError { file, line, message } = self.error(file, &error);
            Box::new(Problem::new(named_at, message).in_template(file, line))
        })
    }

    fn read(&self, file: &Path) -> Result<String, String> {
        let (shown, folder) = (file.display(), self.directory.display());
        if !file.components().all(|part| matches!(part, Component::Normal(_) | Component::CurDir)) {
            return Err(format!("template `{shown}` is outside the folder {folder}"));
        }
        fs::read_to_string(self.path(file)).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => format!("no template `{shown}` in {folder}"),
            _ => format!("template `{shown}` in {folder} cannot be read: {error}"),
        })
    }

    /// The file of the folder that may have been meant.
    fn hint(&self, name: &str) -> Option<String> {
        let near = diagnostics::nearest_file(&self.directory, name)?;
        Some(format!("did you mean `{near}`?"))
    }

    /// What went wrong in a template, in our words and at its line.
    pub(crate) fn error(&self, file: &Path, error: &Error) -> TemplateError {
        let message = match (error.kind(), error.detail()) {
            // These details say it all.
            (
                ErrorKind::InvalidOperation
                | ErrorKind::UndefinedError
                | ErrorKind::UnknownFilter
                | ErrorKind::UnknownFunction
                | ErrorKind::UnknownTest,
                Some(detail),
            ) => detail.to_owned(),
            (kind, Some(detail)) => format!("{kind}: {detail}"),
            (kind, None) => kind.to_string(),
        };
        TemplateError { file: self.path(file), line: error.line().unwrap_or(1), message }
    }
}

/// The templates of a workload, each with the place that names it.
fn files<'a>(load: &'a QueryLoad, workload: &diagnostics::Path) -> Vec<(&'a Path, diagnostics::Path)> {
    let queries = workload.key("queries");
    let of_queries =
        load.queries.iter().map(|query| (query.sql.as_path(), queries.key(&query.name).key("sql")));
    let look_up = match &load.pick {
        Pick::Table { sql } => Some((sql.as_path(), workload.key("pick").key("table"))),
        Pick::Request | Pick::User | Pick::Fixed(_) => None,
    };
    look_up.into_iter().chain(of_queries).collect()
}

/// A template's name in the environment.
fn name(file: &Path) -> String {
    file.to_string_lossy().into_owned()
}
