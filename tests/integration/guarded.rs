//! A local Timestream that has users: who starts it how, and that runs and commands are let in.

use std::process::{Command, Stdio};

use tempfile::TempDir;

use super::command::{root, tsrun};
use super::served::Served;

const USERS: &str = "
[anna]
aws_access_key_id = AKIDANNA
aws_secret_access_key = anna/secret+
[a-role-that-is-nobody]
role_arn = arn:aws:iam::000000000000:role/nobody
[ben]
aws_access_key_id = AKIDBEN
aws_secret_access_key = ben's
";

/// A server that others could reach, which ends with this value.
struct Guarded {
    url: String,
    _served: Served,
    dir: TempDir,
}

impl Guarded {
    fn start() -> Self {
        let dir = TempDir::new().expect("a folder can be made");
        let file = dir.path().join("users.ini");
        std::fs::write(&file, USERS).expect("it can be written");
        let mut command = Command::new(env!("CARGO_BIN_EXE_tsrun"));
        command.args(["serve", "--listen", "0.0.0.0:0", "--credentials"]).arg(&file);
        command.arg("--data-dir").arg(dir.path().join("data")).stderr(Stdio::null());
        let served = Served::spawn(&mut command);
        let (_, port) = served.address.rsplit_once(':').expect("an address has a port");
        Self { url: format!("http://127.0.0.1:{port}"), _served: served, dir }
    }

    /// `tsrun` with a key: its exit code and what it says on standard error.
    fn asked(&self, key: Option<(&str, &str)>, arguments: &[&str]) -> (Option<i32>, String) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_tsrun"));
        command.current_dir(root()).args(arguments);
        if let Some((id, secret)) = key {
            command.env("TSRUN_ACCESS_KEY_ID", id).env("TSRUN_SECRET_ACCESS_KEY", secret);
        }
        let ended = command.output().expect("the binary starts");
        (ended.status.code(), String::from_utf8_lossy(&ended.stderr).into_owned())
    }
}

#[test]
fn users_are_let_in_and_nobody_else_is() {
    let server = Guarded::start();
    let ben = Some(("AKIDBEN", "ben's"));
    let data = server.dir.path().join("data");
    let data = data.to_str().expect("plain names");
    let cleanup = ["cleanup", "scenarios/small.yaml", "--yes", "--endpoint-url", &server.url];
    let faults = ["faults", "--endpoint-url", &server.url];
    // Joins the server over its folder, and takes a lease on it.
    let join = ["cleanup", "scenarios/small.yaml", "--yes", "--data-dir", data];
    for arguments in [&cleanup[..], &faults, &join] {
        let (code, said) = server.asked(ben, arguments);
        assert_eq!(code, Some(0), "{arguments:?}: {said}");
        let (code, said) = server.asked(None, arguments);
        assert_eq!(code, Some(4), "{arguments:?}: {said}");
    }
    let (_, said) = server.asked(None, &join);
    let remedy = "set TSRUN_ACCESS_KEY_ID and TSRUN_SECRET_ACCESS_KEY to the key of one";
    assert!(said.contains(remedy), "{said}");
}

#[test]
fn what_keeps_a_server_from_knowing_its_users_is_told() {
    let dir = TempDir::new().expect("a folder can be made");
    let path = |name: &str| dir.path().join(name).to_str().expect("plain names").to_owned();
    let (file, data) = (path("users.ini"), path("data"));
    let serve = ["serve", "--listen", "0.0.0.0:0", "--data-dir", &data];
    let mut told = vec![tsrun(serve).stderr()];
    for content in [
        None,
        Some(""),
        Some("aws_access_key_id = outside of a profile"),
        Some("[a]\nrole_arn = b\n"),
        Some("[a]\naws_access_key_id = AKIDANNA\n"),
        Some("[a]\naws_secret_access_key = hush\n"),
        Some("[a]\naws_access_key_id = A\naws_secret_access_key = hush\naws_session_token = t\n"),
    ] {
        if let Some(content) = content {
            std::fs::write(&file, content).expect("it can be written");
        }
        let served = tsrun(serve.into_iter().chain(["--credentials", &file]));
        assert_eq!(served.code(), Some(2), "{}", served.stderr());
        let said = served.stderr();
        assert!(!said.contains("hush"), "{said}");
        told.extend(said.lines().filter(|line| line.starts_with("error")).map(|line| line.to_owned() + "\n"));
    }
    insta::assert_snapshot!(told.concat().replace(&file, "users.ini"));
}
