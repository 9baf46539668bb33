//! What documents tell their readers to type is typed here, and what they show is checked.

mod desk;
mod markdown;
mod rust_client;
mod walk;

use std::path::{Path, PathBuf};

use clap::Parser as _;
use clap::error::ErrorKind;
use tsrun::cli::Cli;

use super::command::{root, tsrun};
pub(crate) use desk::Desk;
use markdown::{Block, Mark, blocks};
use walk::walk;

/// The languages of programs; each such block is a file that some command of its document runs.
const PROGRAMS: [&str; 4] = ["python", "javascript", "rust", "go"];

/// Every page that readers are sent to, relative to the root.
fn documents() -> Vec<PathBuf> {
    let folder = std::fs::read_dir(root().join("docs")).expect("there are documents");
    let mut found: Vec<PathBuf> = folder
        .map(|entry| entry.expect("it reads").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "md"))
        .map(|path| path.strip_prefix(root()).expect("it is below").to_owned())
        .collect();
    found.extend(["README.md", "queries/README.md", "results/README.md"].map(PathBuf::from));
    found.sort();
    found
}

fn read(document: &Path) -> Vec<Block> {
    blocks(&std::fs::read_to_string(root().join(document)).expect("documents read"))
}

/// The block that a reader of a document saves as `file`.
pub(crate) fn saved(document: &str, file: &str) -> String {
    let is_it = |block: &Block| block.mark == Mark::File(file.to_owned());
    read(Path::new(document)).into_iter().find(is_it).expect("the document has it").text
}

/// A tool that `.ci/tools` has installed, or the machine's own of that name.
pub(crate) fn tool(path: &str) -> PathBuf {
    let installed = desk::clients().map(|clients| clients.join(path));
    let own = Path::new(path).file_name().map(PathBuf::from).unwrap_or_default();
    installed.filter(|tool| tool.exists()).unwrap_or(own)
}

/// Walks documents side by side; tells all that went wrong.
fn walk_all(documents: &[PathBuf], with_tools: bool) {
    let failures: Vec<String> = std::thread::scope(|scope| {
        let walks: Vec<_> = documents
            .iter()
            .map(|document| scope.spawn(move || walk(document, &read(document), with_tools)))
            .collect();
        walks.into_iter().filter_map(|walk| walk.join().expect("walks end").err()).collect()
    });
    assert!(failures.is_empty(), "{}", failures.join("\n\n"));
}

fn needs_tools(document: &Path) -> bool {
    read(document).iter().any(|block| matches!(block.mark, Mark::Needs(_)))
}

#[test]
fn every_command_of_the_documents_runs() {
    walk_all(&documents(), false);
}

#[test]
#[ignore = "needs curl, jq, Python with boto3 and awscli, Node with the SDK, Go with the SDK: .ci/run installs and runs them"]
fn every_command_of_the_documents_that_needs_tools_runs() {
    let documents: Vec<PathBuf> = documents().into_iter().filter(|document| needs_tools(document)).collect();
    walk_all(&documents, true);
}

/// Commands in the midst of a sentence are not run; they have to be possible.
#[test]
fn commands_in_sentences_parse() {
    for document in documents() {
        let text = std::fs::read_to_string(root().join(&document)).expect("documents read");
        let prose = text.split("```").step_by(2).collect::<String>();
        for span in prose.split('`').skip(1).step_by(2).filter(|span| span.starts_with("tsrun ")) {
            let Err(error) = Cli::try_parse_from(span.split_whitespace()) else { continue };
            // Named, but not written out.
            let short =
                [ErrorKind::MissingRequiredArgument, ErrorKind::DisplayHelp, ErrorKind::DisplayVersion];
            assert!(short.contains(&error.kind()), "{}: `{span}`: {error}", document.display());
        }
    }
}

/// A list that people read when it changes: a command that is never run may be wrong.
#[test]
fn commands_that_are_not_run_say_why() {
    let mut left_out = String::new();
    for document in documents() {
        for block in read(&document) {
            let Mark::NotRun(why) = &block.mark else { continue };
            let first = block.text.lines().next().unwrap_or_default();
            left_out.push_str(&format!("{}: {first}\n    {why}\n", document.display()));
        }
    }
    insta::assert_snapshot!(left_out);
}

#[test]
fn scenarios_json_and_programs_in_documents_are_good() {
    for document in documents() {
        for block in read(&document) {
            let place = format!("{}:{}", document.display(), block.line);
            match block.language.as_str() {
                "json" => {
                    let json = serde_json::from_str::<serde_json::Value>(&block.text);
                    assert!(json.is_ok(), "{place}: {json:?}");
                }
                "yaml" if is_scenario(&block.text) => {
                    let folder = tempfile::TempDir::new().expect("a folder can be made");
                    let file = folder.path().join("scenario.yaml");
                    std::fs::write(&file, &block.text).expect("it can be written");
                    let checked = tsrun(["check", file.to_str().expect("plain names")]);
                    assert_eq!(checked.code(), Some(0), "{place}: {}", checked.stderr());
                }
                language if PROGRAMS.contains(&language) => {
                    let stands = matches!(block.mark, Mark::File(_) | Mark::NotRun(_));
                    assert!(
                        stands,
                        "{place}: say what file it is, <!-- file: NAME -->, or why it is not run"
                    );
                }
                _ => {}
            }
        }
    }
}

/// A whole one; documents show parts, too.
fn is_scenario(yaml: &str) -> bool {
    ["fleet:", "metrics:", "workloads:", "phases:"]
        .iter()
        .all(|key| yaml.lines().any(|line| line.starts_with(key)))
}

#[test]
fn links_between_documents_lead_somewhere() {
    let mut broken = Vec::new();
    for document in documents() {
        let text = std::fs::read_to_string(root().join(&document)).expect("documents read");
        for link in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let (path, anchor) = link.split_once('#').unwrap_or((link, ""));
            if path.contains("://") {
                continue;
            }
            let target = if path.is_empty() {
                root().join(&document)
            } else {
                root().join(&document).parent().expect("documents have a folder").join(path)
            };
            if !target.exists() || !(anchor.is_empty() || has_heading(&target, anchor)) {
                broken.push(format!("{}: {link}", document.display()));
            }
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

fn has_heading(document: &Path, anchor: &str) -> bool {
    let text = std::fs::read_to_string(document).expect("documents read");
    let anchor_of = |heading: &str| -> String {
        let kept = heading.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
        kept.collect::<String>().to_lowercase().replace(' ', "-")
    };
    text.lines()
        .filter(|line| line.starts_with('#'))
        .any(|line| anchor_of(line.trim_start_matches('#').trim()) == anchor)
}
