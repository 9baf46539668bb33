//! Findings for programs: JSON, and annotations for GitHub. Not here: text for people (`text`).

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::{Finding, Findings, Place};

/// A list of files, each with the list of its problems; an empty one for a good file.
#[must_use]
pub fn json(files: &[Findings]) -> String {
    let files: Vec<Value> = files
        .iter()
        .map(|file| {
            let problems: Vec<Value> = file.found.iter().map(|one| object(one, &file.file)).collect();
            json!({ "file": file.file, "problems": problems })
        })
        .collect();
    format!("{:#}", Value::Array(files))
}

/// Lines and columns count from 1, columns in characters; `end_column` is the first after the place.
fn object(one: &Finding, file: &str) -> Value {
    let place = |place: Place| json!({ "line": place.line, "column": place.column, "end_column": place.column + place.length });
    let mut object = json!({
        "severity": one.severity.to_string(),
        "file": file,
        "line": null,
        "column": null,
        "end_column": null,
        "message": one.message,
        "help": one.help,
        "other": one.other.map(place),
        "template": one.template.as_ref().map(|(file, line)| json!({ "file": file.display().to_string(), "line": line })),
        "also": one.also.iter().copied().map(place).collect::<Vec<_>>(),
    });
    if let (Some(at), Value::Object(object)) = (one.place, &mut object)
        && let Value::Object(at) = place(at)
    {
        object.extend(at);
    }
    object
}

/// Workflow commands, which GitHub shows beside the lines of a pull request; nothing for good files.
/// <https://docs.github.com/actions/reference/workflows-and-actions/workflow-commands>
#[must_use]
pub fn github(files: &[Findings]) -> String {
    let mut text = String::new();
    for file in files {
        for one in &file.found {
            // Writing to a text cannot fail.
            let _ = writeln!(text, "{}", annotation(one, &file.file));
        }
    }
    text
}

fn annotation(one: &Finding, file: &str) -> String {
    let mut message = one.message.clone();
    if let Some(help) = &one.help {
        let _ = write!(message, "\nhelp: {help}");
    }
    let place = match (&one.template, one.place) {
        (Some((template, line)), place) => {
            for place in place.iter().chain(&one.also) {
                let _ = write!(message, "\nused by {file}:{}:{}", place.line, place.column);
            }
            format!("file={},line={line}", property(&template.display().to_string()))
        }
        (None, Some(Place { line, column, length })) => {
            format!("file={},line={line},col={column},endColumn={}", property(file), column + length)
        }
        (None, None) => format!("file={}", property(file)),
    };
    if let Some(other) = one.other {
        let _ = write!(message, "\nand here: {file}:{}:{}", other.line, other.column);
    }
    format!("::{} {place},title=tsrun check::{}", one.severity, data(&message))
}

/// A message, with what would end it escaped.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// A property, with what would end it escaped too.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::super::{Path, Problem};
    use super::*;

    /// A file with an odd name that holds one problem of each kind.
    fn files() -> [Findings; 3] {
        let place = |line, column, length| Place { line, column, length };
        let root = Path::root();
        let problem = Problem::new(&root, "50% is,: not\nenough").help("write 100%");
        let template = Problem::new(&root, "unknown name `regoin`").in_template("queries/q.sql.j2".into(), 7);
        let warning = Problem::new(&root, "a long window").warning();
        let found = Findings::new(
            "odd,name:50%.yaml",
            "a: 1\nb: 2\n",
            [
                (&problem, place(2, 4, 1), Some(place(1, 1, 1))),
                (&template, place(1, 4, 1), None),
                (&warning, place(1, 1, 4), None),
            ],
        );
        let good = Findings::new("good.yaml", "", []);
        [found, good, Findings::unreadable("missing.yaml", "cannot read missing.yaml: no such file")]
    }

    #[test]
    fn json_has_a_list_for_each_file() {
        insta::assert_snapshot!(json(&files()));
    }

    #[test]
    fn annotations_escape_what_would_end_them() {
        insta::assert_snapshot!(github(&files()), @r"
        ::warning file=odd%2Cname%3A50%25.yaml,line=1,col=1,endColumn=5,title=tsrun check::a long window
        ::error file=odd%2Cname%3A50%25.yaml,line=2,col=4,endColumn=5,title=tsrun check::50%25 is,: not%0Aenough%0Ahelp: write 100%25%0Aand here: odd,name:50%25.yaml:1:1
        ::error file=queries/q.sql.j2,line=7,title=tsrun check::unknown name `regoin`%0Aused by odd,name:50%25.yaml:1:4
        ::error file=missing.yaml,title=tsrun check::cannot read missing.yaml: no such file
        ");
    }
}
