//! Starts or joins the local Timestream as a process of its own, and holds a lease on it: a server
//! that a run started ends gracefully once its last lease is gone. Not here: the server.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use super::TargetError;
use super::control::Answer;

/// The region by which the local target is called; requests are signed for it.
pub(super) const REGION: &str = "us-east-1";

/// Where the local server keeps its data unless told otherwise: `$XDG_DATA_HOME/tsrun`, or
/// `~/.local/share/tsrun`, or `tsrun-data` here where there is no home.
#[must_use]
pub fn default_data_dir() -> PathBuf {
    let of = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    of("XDG_DATA_HOME")
        .or_else(|| of("HOME").map(|home| home.join(".local/share")))
        .map_or_else(|| PathBuf::from("tsrun-data"), |share| share.join("tsrun"))
}

/// A connection that the server counts; it ends with this value.
#[derive(Debug)]
pub(super) struct Lease {
    _connection: Answer,
}

#[cfg(not(feature = "local"))]
pub(super) async fn join_or_start(_data_dir: &Path) -> Result<(SocketAddr, Lease), TargetError> {
    Err(TargetError::new(
        super::ErrorKind::Local,
        "this tsrun was built without its local Timestream; use --target timestream, or build it with `--features local`",
    ))
}

/// The address of the server over `data_dir`, started if there is none, and a lease on it.
#[cfg(feature = "local")]
pub(super) async fn join_or_start(data_dir: &Path) -> Result<(SocketAddr, Lease), TargetError> {
    process::join_or_start(data_dir).await
}

#[cfg(feature = "local")]
mod process {
    use std::process::Stdio;
    use std::time::Duration;

    use timestream_local::server::find;
    use tokio::io::{AsyncBufReadExt, BufReader};
    use tokio::process::{Child, Command};
    use tokio::time::{sleep, timeout};

    use super::{Lease, Path, PathBuf, SocketAddr, TargetError};
    use crate::target::{ErrorKind, control};

    /// A server that is going away, or one that another run is just starting, is asked again.
    const ATTEMPTS: u32 = 150;
    const PAUSE: Duration = Duration::from_millis(200);
    /// A large log takes a while to be read again.
    const START_TIMEOUT: Duration = Duration::from_secs(120);
    const READY: &str = "listening on http://";

    pub(super) async fn join_or_start(data_dir: &Path) -> Result<(SocketAddr, Lease), TargetError> {
        std::fs::create_dir_all(data_dir)
            .map_err(|error| failed(data_dir, &format!("cannot make the directory: {error}")))?;
        let mut last = failed(data_dir, "no server answered");
        for _ in 0..ATTEMPTS {
            let found = find(data_dir).map_err(|error| failed(data_dir, &error.to_string()))?;
            let address = match found {
                Some(address) => Ok(address),
                None => start(data_dir).await,
            };
            match address {
                Ok(address) => match lease(address).await {
                    Ok(lease) => return Ok((address, lease)),
                    // Asking again makes nobody known.
                    Err(error) if error.kind() == std::io::ErrorKind::PermissionDenied => {
                        return Err(TargetError::new(ErrorKind::Local, error.to_string()));
                    }
                    Err(error) => last = failed(data_dir, &format!("{address} gives no lease: {error}")),
                },
                // The directory is taken: whoever took it will have written its address shortly.
                Err(Unstarted::Taken(said)) => last = failed(data_dir, &said),
                Err(Unstarted::Failed(said)) => return Err(failed(data_dir, &said)),
            }
            sleep(PAUSE).await;
        }
        Err(last)
    }

    enum Unstarted {
        Taken(String),
        Failed(String),
    }

    async fn start(data_dir: &Path) -> Result<SocketAddr, Unstarted> {
        let log = data_dir.join("server.log");
        let said_before = std::fs::metadata(&log).map_or(0, |file| file.len());
        let mut child = spawn(data_dir, &log).map_err(Unstarted::Failed)?;
        let stdout = child.stdout.take();
        let mut line = String::new();
        let read = async {
            match stdout {
                Some(stdout) => BufReader::new(stdout).read_line(&mut line).await,
                None => Ok(0),
            }
        };
        let answered = timeout(START_TIMEOUT, read).await.is_ok();
        let address = line.strip_prefix(READY).and_then(|rest| rest.split_whitespace().next());
        match address.and_then(|address| address.parse().ok()) {
            Some(address) => Ok(address),
            None => Err(unstarted(&mut child, &log, said_before, answered)),
        }
    }

    /// In a process group of its own, so that Ctrl-C ends the run and not the server under it.
    fn spawn(data_dir: &Path, log: &PathBuf) -> Result<Child, String> {
        let program =
            std::env::current_exe().map_err(|error| format!("cannot find tsrun itself: {error}"))?;
        // Added to, since a server that holds the directory may be writing to it.
        let stderr = std::fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(log)
            .map_err(|error| format!("cannot write {}: {error}", log.display()))?;
        let mut command = std::process::Command::new(&program);
        command
            .args(["serve", "--listen", "127.0.0.1:0", "--while-leased", "--data-dir"])
            .arg(data_dir)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(stderr);
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        Command::from(command).spawn().map_err(|error| format!("cannot start {}: {error}", program.display()))
    }

    fn unstarted(child: &mut Child, log: &Path, said_before: u64, answered: bool) -> Unstarted {
        if !answered {
            // It may hang for good; nobody else knows of it.
            let _ = child.start_kill();
        }
        let said = std::fs::read(log).unwrap_or_default();
        let said = said.get(usize::try_from(said_before).unwrap_or(0)..).unwrap_or_default();
        let said = String::from_utf8_lossy(said);
        let said = said.trim();
        if said.contains(" is in use") {
            return Unstarted::Taken(said.to_owned());
        }
        Unstarted::Failed(match (answered, said) {
            (false, _) => format!(
                "the server was not ready within {} s; see {}",
                START_TIMEOUT.as_secs(),
                log.display()
            ),
            (true, "") => format!("the server ended without a word; see {}", log.display()),
            (true, said) => format!("the server said: {said}"),
        })
    }

    async fn lease(address: SocketAddr) -> std::io::Result<Lease> {
        let answer = control::ask(&address.to_string(), "GET /lease", "").await?;
        match answer.status {
            200 => Ok(Lease { _connection: answer }),
            403 => {
                let stranger = control::stranger(&address.to_string());
                Err(std::io::Error::new(std::io::ErrorKind::PermissionDenied, stranger))
            }
            status => Err(std::io::Error::other(format!("it answered with status {status}"))),
        }
    }

    fn failed(data_dir: &Path, why: &str) -> TargetError {
        let message = format!("the local Timestream over {} did not start: {why}", data_dir.display());
        TargetError::new(ErrorKind::Local, message)
    }
}
