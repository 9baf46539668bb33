//! `tsrun serve` as a process: started, asked, ended. Not here: what tests expect of it; queries with all their
//! pages (`truth::service`).

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// A server that is killed when this is dropped.
pub(crate) struct Served {
    process: Child,
    /// The line that it said at its start.
    pub(crate) line: String,
    /// Host and port.
    pub(crate) address: String,
}

impl Served {
    /// A server over `data_dir`, on any free port of this machine.
    pub(crate) fn start(data_dir: &Path, arguments: &[&str]) -> Self {
        Self::spawn(&mut Self::command(data_dir, arguments))
    }

    /// How such a one is started, for tests that add to it.
    pub(crate) fn command(data_dir: &Path, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_tsrun"));
        command.args(["serve", "--listen", "127.0.0.1:0", "--data-dir"]).arg(data_dir).args(arguments);
        // A log that nobody reads would stop it in the end.
        command.stderr(Stdio::null()).env_remove("RUST_LOG");
        command
    }

    /// Starts what `command` says.
    pub(crate) fn spawn(command: &mut Command) -> Self {
        let mut process = command.stdout(Stdio::piped()).spawn().expect("the binary starts");
        let mut line = String::new();
        let stdout = process.stdout.take().expect("it is piped");
        BufReader::new(stdout).read_line(&mut line).expect("its output reads");
        let address = line.strip_prefix("listening on http://").and_then(|rest| rest.split(' ').next());
        let address = address.unwrap_or_else(|| panic!("no server: `{line}`")).to_owned();
        Self { process, line, address }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The number of the process.
    pub(crate) fn id(&self) -> u32 {
        self.process.id()
    }

    /// Sends a request; its answer is read from what is returned.
    pub(crate) fn send(&self, operation: &str, body: &str) -> TcpStream {
        let (address, length) = (&self.address, body.len());
        let mut stream = TcpStream::connect(address).expect("it listens");
        write!(
            stream,
            "POST / HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\nContent-Length: {length}\r\n\
             X-Amz-Target: Timestream_20181101.{operation}\r\n\r\n{body}"
        )
        .expect("it reads");
        stream
    }

    /// The whole answer to a request.
    pub(crate) fn post(&self, operation: &str, body: &str) -> String {
        let mut answer = String::new();
        self.send(operation, body).read_to_string(&mut answer).expect("it answers");
        answer
    }

    pub(crate) fn signal(&self, name: &str) {
        let sent = Command::new("kill").args([name, &self.id().to_string()]).status();
        assert!(sent.expect("kill is there").success());
    }

    pub(crate) fn kill(&mut self) {
        self.process.kill().and_then(|()| self.process.wait()).expect("it runs");
    }

    /// Its exit code and, where that is piped, what it logged.
    pub(crate) fn end(mut self) -> (Option<i32>, String) {
        let mut log = String::new();
        if let Some(mut stderr) = self.process.stderr.take() {
            stderr.read_to_string(&mut log).expect("it is text");
        }
        (self.process.wait().expect("it ends").code(), log)
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        // Where it has ended already there is nothing left to end.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
