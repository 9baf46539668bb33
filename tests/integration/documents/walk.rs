//! A document's commands, run in their order by one shell in a scratch copy, as a reader would.
//!
//! Beside what `desk` says: ports are free ones, `/tmp` is the scratch copy's, Amazon Timestream is a local one at an
//! address of its own, and servers that a reader leaves running do not block.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{BufRead as _, BufReader};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use super::desk::Desk;
use super::markdown::{Block, Mark};
use super::rust_client;

/// The address that documents use for the local Timestream.
const USUAL: &str = "127.0.0.1:8086";

/// Stops at the first failure, and says where it was.
const PROLOGUE: &str = "set -eE
trap 'cat .output >&2; echo \"FAILED: $HERE: $BASH_COMMAND\" >&2' ERR
";

/// Does what a document says, top to bottom; without tools, what needs some is left out.
///
/// # Errors
/// What the shell printed, and the place of what failed.
pub(crate) fn walk(document: &Path, blocks: &[Block], with_tools: bool) -> Result<(), String> {
    let desk = Desk::new();
    let mut script = String::from(PROLOGUE);
    let mut ports = Ports::default();
    let mut commands = false;
    // Whether the last commands were run.
    let mut ran = false;
    for (number, block) in blocks.iter().enumerate() {
        let text = ports.replace(&block.text).replace("/tmp/", &format!("{}/tmp/", desk.text("")));
        let saved = desk.save(number, &text);
        let _ = writeln!(script, "HERE='{}:{}'", document.display(), block.line);
        match &block.mark {
            Mark::NotRun(_) => ran = false,
            Mark::Needs(_) if !with_tools => ran = false,
            Mark::File(file) => {
                let _ = writeln!(script, "mkdir -p \"$(dirname {file})\"\ncp {saved} {file}");
                if block.language == "rust" {
                    rust_client::compile(Path::new(&saved), &desk.path("bin/rust-client"))?;
                }
            }
            Mark::Into { file, under } => {
                let _ =
                    writeln!(script, "grep -q '^ *{under}:' {file}\nsed -i '/^ *{under}:/r {saved}' {file}");
            }
            Mark::Output if ran => {
                let _ = writeln!(script, "diff {saved} .output >&2");
            }
            Mark::None | Mark::Needs(_) if block.language == "sh" => {
                (commands, ran) = (true, true);
                let _ = writeln!(script, "{{\n{}}} >.output\ncat .output", foreground(&text));
            }
            Mark::None | Mark::Needs(_) | Mark::Output => {}
        }
    }
    if !commands {
        return Ok(());
    }
    let standin = Server::start(&desk);
    let usual = ports.of(USUAL);
    std::fs::write(desk.path("script.sh"), &script).expect("the desk can be written");
    let shell = Command::new("timeout")
        .args(["600", "bash", "script.sh"])
        .current_dir(desk.path(""))
        .envs(desk.environment())
        .env("USUAL_ADDRESS", usual)
        .env("AWS_ENDPOINT_URL", &standin.url)
        .stdin(Stdio::null())
        .output();
    desk.end_server();
    let shell = shell.map_err(|error| format!("{}: no shell: {error}", document.display()))?;
    let [out, err] = [&shell.stdout, &shell.stderr].map(|bytes| String::from_utf8_lossy(bytes).into_owned());
    let told = format!("{} ended with {}\n{out}\n{err}", document.display(), shell.status);
    if shell.status.success() { Ok(()) } else { Err(told) }
}

/// A reader starts a server with `&` or in another terminal; here the stand-in for `tsrun` returns when it listens.
fn foreground(commands: &str) -> String {
    let line = |line: &str| match line.strip_suffix(" &") {
        Some(rest) if rest.starts_with("tsrun serve") => format!("{rest}\n"),
        _ => format!("{line}\n"),
    };
    Desk::shortened(commands).lines().map(line).collect()
}

/// A free port for each local address that a document names.
#[derive(Default)]
struct Ports(BTreeMap<String, (String, Option<TcpListener>)>);

impl Ports {
    fn of(&mut self, address: &str) -> String {
        let free = || {
            let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
            (listener.local_addr().expect("it is bound").to_string(), Some(listener))
        };
        let (free, held) = self.0.entry(address.to_owned()).or_insert_with(free);
        // Held until all are chosen, so that no two are the same.
        *held = None;
        free.clone()
    }

    fn replace(&mut self, text: &str) -> String {
        const HOST: &str = "127.0.0.1:";
        let mut parts = text.split(HOST);
        let mut replaced = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            let digits = part.len() - part.trim_start_matches(|c: char| c.is_ascii_digit()).len();
            let (port, rest) = part.split_at(digits);
            match port {
                "" | "0" => replaced.push_str(&format!("{HOST}{port}")),
                _ => replaced.push_str(&self.of(&format!("{HOST}{port}"))),
            }
            replaced.push_str(rest);
        }
        replaced
    }
}

/// A local Timestream that stands in for Amazon's.
struct Server {
    process: Child,
    url: String,
}

impl Server {
    fn start(desk: &Desk) -> Self {
        let mut process = Command::new(env!("CARGO_BIN_EXE_tsrun"))
            .args(["serve", "--listen", "127.0.0.1:0", "--data-dir", &desk.text("amazon")])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the binary starts");
        let mut lines = BufReader::new(process.stdout.take().expect("it is piped")).lines();
        let line = lines.next().expect("it says where it listens").expect("lines read");
        let url = line.strip_prefix("listening on ").and_then(|rest| rest.split(' ').next());
        let url = url.expect("its first line begins with its address").to_owned();
        // What else it says is of no interest; reading it keeps the pipe from filling.
        std::thread::spawn(move || lines.for_each(drop));
        Self { process, url }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
