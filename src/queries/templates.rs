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
        let catalog = Arc::new(catalog);
        let mut templates =
            Self { directory: directory.to_owned(), environment: environment(&catalog), catalog };
        let mut problems = Vec::new();
        for (file, named_at) in files {
            if let Err(problem) = templates.add(file, named_at) {
                problems.push(*problem);
            }
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
        let entries = fs::read_dir(&self.directory).ok()?;
        let mut names: Vec<String> =
            entries.flatten().filter_map(|entry| entry.file_name().into_string().ok()).collect();
        names.sort();
        diagnostics::did_you_mean(name, names.iter().map(String::as_str))
    }

    /// What went wrong in a template, in our words and at its line.
    pub(crate) fn error(&self, file: &Path, error: &Error) -> TemplateError {
        let message = match (error.kind(), error.detail()) {
            // Our own functions' messages say it all.
            (ErrorKind::InvalidOperation, Some(detail)) => detail.to_owned(),
            (kind, Some(detail)) => format!("{kind}: {detail}"),
            (kind, None) => kind.to_string(),
        };
        TemplateError { file: self.path(file), line: error.line().unwrap_or(1), message }
    }
}

/// A template's name in the environment.
fn name(file: &Path) -> String {
    file.to_string_lossy().into_owned()
}
