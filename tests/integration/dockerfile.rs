//! The Dockerfile, without Docker: its steps up to the final image run in a clean folder. Not here:
//! the base images, which only a registry has.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

use tempfile::TempDir;

use super::command::root;
use super::documents::tool;

/// An instruction, in capitals, and what follows it.
type Instruction = (String, String);

/// The Dockerfile's instructions, lines that go on joined, comments left out.
fn instructions() -> Vec<Instruction> {
    let text = std::fs::read_to_string(root().join("Dockerfile")).expect("it is there");
    let lines = text.lines().filter(|line| !line.trim_start().starts_with('#'));
    let joined = lines.collect::<Vec<_>>().join("\n").replace("\\\n", " ");
    let split =
        |line: &str| line.split_once(' ').map(|(word, rest)| (word.to_owned(), rest.trim().to_owned()));
    joined.lines().filter_map(split).collect()
}

/// The stages, each from its FROM.
fn stages() -> Vec<Vec<Instruction>> {
    let mut stages: Vec<Vec<Instruction>> = Vec::new();
    for instruction in instructions() {
        if instruction.0 == "FROM" {
            stages.push(Vec::new());
        }
        stages.last_mut().expect("it begins with FROM").push(instruction);
    }
    stages
}

/// What a stage copies from the checkout.
fn copied(stage: &[Instruction]) -> Vec<(Vec<&str>, &str)> {
    let copies = stage.iter().filter(|(word, rest)| word == "COPY" && !rest.starts_with("--from"));
    copies
        .map(|(_, rest)| {
            let mut words: Vec<&str> = rest.split_whitespace().collect();
            let to = words.pop().expect("COPY names where to");
            (words, to)
        })
        .collect()
}

#[test]
fn the_dockerfile_copies_what_is_there_and_nothing_is_kept_from_it() {
    let stages = stages();
    let ignore = std::fs::read_to_string(root().join(".dockerignore")).expect("it is there");
    let mut sent: Vec<&str> = ignore.lines().filter_map(|line| line.strip_prefix('!')).collect();
    let mut copied: Vec<&str> = copied(&stages[0]).into_iter().flat_map(|(from, _)| from).collect();
    assert!(copied.iter().all(|path| root().join(path).exists()), "{copied:?}");
    sent.sort_unstable();
    copied.sort_unstable();
    assert_eq!(sent, copied, ".dockerignore lets through what the Dockerfile copies");
}

#[test]
fn the_image_is_built_with_the_version_of_rust_that_the_project_wants() {
    let manifest = std::fs::read_to_string(root().join("Cargo.toml")).expect("it is there");
    let wanted = manifest.split_once("rust-version = \"").and_then(|(_, rest)| rest.split('"').next());
    let image = &stages()[0][0].1;
    assert!(image.starts_with(&format!("rust:{}-", wanted.expect("it names one"))), "{image}");
}

#[test]
fn the_image_runs_as_a_user_who_is_not_root() {
    let last = stages().pop().expect("there is one");
    let user = last.iter().find(|(word, _)| word == "USER").expect("it says who");
    assert!(user.1.parse::<u32>().is_ok_and(|id| id > 0), "{}", user.1);
}

#[test]
#[ignore = "builds tsrun once more, which takes a minute: .ci/run runs it"]
fn the_steps_of_the_dockerfile_make_the_image() {
    let clean = TempDir::new().expect("a folder can be made");
    // Dependencies are built already; what the steps themselves build goes to the clean folder.
    let cache = Path::new(env!("CARGO_BIN_EXE_tsrun")).ancestors().nth(2).expect("cargo has a target folder");
    for (word, rest) in &stages()[0] {
        match word.as_str() {
            "COPY" => {}
            "RUN" => {
                let words = rest.split_whitespace().skip_while(|word| word.starts_with("--"));
                let ran = Command::new("bash")
                    .args(["-euc", &words.collect::<Vec<_>>().join(" ")])
                    .current_dir(clean.path())
                    .env("CARGO_BUILD_BUILD_DIR", cache)
                    .env("CARGO_TARGET_DIR", clean.path().join("target"))
                    // Whether it compiles does not hang on how well.
                    .env("CARGO_PROFILE_RELEASE_OPT_LEVEL", "0")
                    .output()
                    .expect("bash runs");
                assert!(ran.status.success(), "{rest}\n{}", String::from_utf8_lossy(&ran.stderr));
            }
            "FROM" | "WORKDIR" => continue,
            other => panic!("this test does not know what {other} does"),
        }
        for (from, to) in copied(&[(word.clone(), rest.clone())]) {
            let sources = from.iter().map(|path| root().join(path));
            let copy = Command::new("cp").arg("-r").args(sources).arg(clean.path().join(to)).status();
            assert!(copy.expect("cp runs").success(), "{rest}");
        }
    }
    let image = clean.path().join("image");
    for writable in ["results", "data"] {
        let mode = std::fs::metadata(image.join(writable)).expect("the image has it").permissions().mode();
        assert_eq!(mode & 0o7777, 0o1777, "{writable}");
    }
    let checked = Command::new(image.join("usr/local/bin/tsrun"))
        .args(["check", "scenarios/small.yaml", "scenarios/trucks.yaml"])
        .current_dir(&image)
        .output()
        .expect("it runs");
    assert!(checked.status.success(), "{}", String::from_utf8_lossy(&checked.stderr));
}

#[test]
#[ignore = "needs hadolint: .ci/tools installs it, .ci/run runs it"]
fn hadolint_finds_nothing_in_the_dockerfile() {
    let lint = Command::new(tool("venv/bin/hadolint")).arg("Dockerfile").current_dir(root()).output();
    let lint = lint.expect("hadolint runs");
    assert!(lint.status.success(), "{}", String::from_utf8_lossy(&lint.stdout));
}
