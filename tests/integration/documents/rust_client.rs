//! Compiles a program that a document shows, with the crates that tsrun itself was built with. Not
//! here: running it (`walk`).

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// The crates that such programs use, as the compiler calls them.
const CRATES: [&str; 4] = ["aws_config", "aws_sdk_timestreamquery", "aws_sdk_timestreamwrite", "tokio"];

/// Compiles `source` into `program`.
///
/// # Errors
/// What the compiler said.
pub(crate) fn compile(source: &Path, program: &Path) -> Result<(), String> {
    let libraries = libraries()?;
    let folder = libraries[0].1.parent().ok_or("libraries lie in a folder")?;
    let compiled = Command::new("rustc")
        .args(["--edition", "2024", "--crate-name", "client", "-D", "warnings", "-o"])
        .args([program, source])
        .arg("-L")
        .arg(format!("dependency={}", folder.display()))
        .args(
            libraries
                .iter()
                .flat_map(|(name, path)| ["--extern".to_owned(), format!("{name}={}", path.display())]),
        )
        .output()
        .map_err(|error| format!("no compiler: {error}"))?;
    if compiled.status.success() {
        Ok(())
    } else {
        Err(String::from_utf8_lossy(&compiled.stderr).into_owned())
    }
}

/// Where cargo keeps them. It has just built them for these tests, so it only tells.
fn libraries() -> Result<Vec<(String, PathBuf)>, String> {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["build", "--workspace", "--locked", "--message-format", "json"]);
    if env!("CARGO_BIN_EXE_tsrun").contains("/release/") {
        cargo.arg("--release");
    }
    let built = cargo.current_dir(env!("CARGO_MANIFEST_DIR")).output().map_err(|error| error.to_string())?;
    let artifacts = String::from_utf8_lossy(&built.stdout).into_owned();
    let library = |name: &str| {
        let artifact = artifacts
            .lines()
            .filter_map(|line| serde_json::from_str::<Value>(line).ok())
            .find(|message| message["reason"] == "compiler-artifact" && message["target"]["name"] == name)?;
        let files = artifact["filenames"].as_array()?.iter().filter_map(Value::as_str);
        files.into_iter().find(|file| file.ends_with(".rlib")).map(PathBuf::from)
    };
    let found = CRATES.map(|name| library(name).map(|path| (name.to_owned(), path)));
    found
        .into_iter()
        .collect::<Option<Vec<_>>>()
        .ok_or_else(|| String::from_utf8_lossy(&built.stderr).into_owned())
}
