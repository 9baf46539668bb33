//! `tsrun new`: a commented scenario to start from, and the query template that it names. Not here: the texts themselves
//! (`new/starter.yaml`, `new/starter.sql.j2`).

use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use super::Failure;
use crate::cli;
use crate::exit::Exit;
use crate::output::say;
use crate::plan::template_folders;

const SCENARIO: &str = include_str!("new/starter.yaml");
const TEMPLATE: &str = include_str!("new/starter.sql.j2");
/// What the scenario's folder may have for editors.
const SCHEMA: &str = "schema.json";

pub(super) fn run(args: &cli::New) -> Result<Exit, Failure> {
    let (file, name) = named(&args.name)?;
    let [beside, above] = template_folders(&file);
    let queries = if !beside.is_dir() && above.is_dir() { above } else { beside };
    let template = queries.join(format!("{name}.sql.j2"));
    let has_schema = file.with_file_name(SCHEMA).is_file();
    write(&file, &scenario(&name, &file, has_schema)).map_err(|error| refused(&file, &error))?;
    say(format!("wrote {}", file.display()));
    match write(&template, TEMPLATE) {
        Ok(()) => say(format!("wrote {}", template.display())),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            say(format!("{} is there already and stays", template.display()));
        }
        Err(error) => return Err(refused(&template, &error)),
    }
    say(next(&file, has_schema));
    Ok(Exit::Good)
}

/// The file and the name of a scenario: `NAME`, `FOLDER/NAME` or `FOLDER/NAME.yaml`.
fn named(text: &Path) -> Result<(PathBuf, String), Failure> {
    let file = if text.extension().is_some_and(|extension| extension == "yaml") {
        text.to_owned()
    } else {
        PathBuf::from(format!("{}.yaml", text.display()))
    };
    let name = file.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default().to_owned();
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-');
    if (3..=200).contains(&name.len()) && name.chars().all(allowed) && !name.starts_with(['.', '-']) {
        return Ok((file, name));
    }
    let message = format!(
        "error: `{}` cannot name a scenario and its table: 3 to 200 letters, digits, `_`, `.` or `-`",
        text.display()
    );
    Err(Failure::new(Exit::Usage, message))
}

fn scenario(name: &str, file: &Path, has_schema: bool) -> String {
    let text = SCENARIO.replace("NAME", name).replace("FILE", &file.display().to_string());
    if has_schema { format!("# yaml-language-server: $schema={SCHEMA}\n{text}") } else { text }
}

/// Writes a file that is not there yet, and its folder where that is missing.
fn write(file: &Path, text: &str) -> io::Result<()> {
    if let Some(folder) = file.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        fs::create_dir_all(folder)?;
    }
    OpenOptions::new().write(true).create_new(true).open(file)?.write_all(text.as_bytes())
}

fn refused(file: &Path, error: &io::Error) -> Failure {
    let file = file.display();
    if error.kind() == io::ErrorKind::AlreadyExists {
        let message = format!("error: {file} is there already; take another name, or remove it first");
        return Failure::new(Exit::Usage, message);
    }
    Failure::new(Exit::Failed, format!("error: cannot write {file}: {error}"))
}

fn next(file: &Path, has_schema: bool) -> String {
    let (folder, shown) = (file.with_file_name(SCHEMA), file.display());
    let schema = (
        format!("tsrun schema > {}", folder.display()),
        format!("for editors, with `# yaml-language-server: $schema={SCHEMA}` as the first line"),
    );
    let own = [
        ("check ", "its problems, if you change it"),
        ("plan ", "what it comes to"),
        ("render ", "the SQL of its queries"),
        ("", "run it, about half a minute"),
    ];
    let own = own.map(|(verb, what)| (format!("tsrun {verb}{shown}"), what.to_owned()));
    let commands: Vec<_> = own.into_iter().chain((!has_schema).then_some(schema)).collect();
    let width = commands.iter().map(|(command, _)| command.chars().count()).max().unwrap_or(0);
    let line = |(command, what): &(String, String)| format!("\n  {command:width$}   # {what}");
    format!("next:{}", commands.iter().map(line).collect::<String>())
}
