//! A server in a process of its own, and what it takes of the machine. Not here: what it is asked.

use std::collections::HashMap;
use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Instant;

use crate::Failure;

/// Of a second, as `/proc` counts processor time on Linux.
const TICKS: f64 = 100.0;

pub(crate) struct Server {
    child: Child,
    /// Open as long as the server may write to it.
    _output: BufReader<ChildStdout>,
    pub(crate) address: SocketAddr,
    /// Seconds from its start until it listened.
    pub(crate) start: f64,
}

impl Server {
    pub(crate) fn start(tsrun: &Path, durability: &str, data: &Path) -> Result<Self, Failure> {
        let started = Instant::now();
        let mut command = Command::new(tsrun);
        command
            .args(["serve", "--listen", "127.0.0.1:0", "--durability", durability, "--data-dir"])
            .arg(data);
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn()?;
        let mut line = String::new();
        let mut output = BufReader::new(child.stdout.take().ok_or("the server has no output")?);
        output.read_line(&mut line)?;
        let told = line.strip_prefix("listening on http://").and_then(|rest| rest.split(' ').next());
        let address = told.ok_or("the server did not start")?;
        let start = started.elapsed().as_secs_f64();
        Ok(Self { child, address: address.parse()?, _output: output, start })
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Seconds of processor time so far.
    pub(crate) fn cpu(&self) -> Result<f64, Failure> {
        cpu(&format!("/proc/{}/stat", self.id()), 11)
    }

    /// The most memory that it held so far, in megabytes.
    pub(crate) fn peak_memory(&self) -> Result<f64, Failure> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.id()))?;
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kilobytes =
            peak.and_then(|peak| peak.trim().strip_suffix(" kB")).ok_or("the system tells no peak")?;
        Ok(kilobytes.trim().parse::<f64>()? * 1024.0 / 1e6)
    }

    /// Lets it write its tables to files and end; gives the seconds of processor time that it took in its life.
    pub(crate) fn stop(mut self) -> Result<f64, Failure> {
        let before = cpu("/proc/self/stat", 13)?;
        let id = self.id().to_string();
        let told = Command::new("kill").args(["-TERM", &id]).spawn()?.wait()?;
        if !told.success() || !self.child.wait()?.success() {
            return Err("the server did not end well".into());
        }
        Ok(cpu("/proc/self/stat", 13)? - before)
    }

    /// Kills it as `kill -9` does.
    pub(crate) fn kill(mut self) -> Result<(), Failure> {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // One that was stopped is gone already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Two fields of a `stat` file in seconds, counted behind the name in brackets: 11 and 12 are a process's own time, 13 and 14
/// that of children it has waited for.
fn cpu(path: &str, field: usize) -> Result<f64, Failure> {
    let stat = std::fs::read_to_string(path)?;
    let (_, behind) = stat.rsplit_once(')').ok_or("the system tells no processor time")?;
    let fields: Vec<&str> = behind.split_whitespace().collect();
    let [user, system] = fields.get(field..field + 2).ok_or("the system tells no processor time")? else {
        return Err("the system tells no processor time".into());
    };
    Ok((user.parse::<f64>()? + system.parse::<f64>()?) / TICKS)
}

/// Megabytes in a data directory.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Disk {
    pub(crate) all: f64,
    pub(crate) log: f64,
    /// In logs, half-made files, and files of hours beside each hour's largest.
    pub(crate) passing: f64,
    /// The most files that an hour has.
    pub(crate) files: usize,
}

impl Disk {
    pub(crate) fn of(data: &Path) -> Self {
        let mut disk = Self::default();
        let mut hours: HashMap<PathBuf, Vec<f64>> = HashMap::new();
        let mut folders = vec![data.to_owned()];
        while let Some(folder) = folders.pop() {
            // Files come and go while this looks.
            for entry in std::fs::read_dir(&folder).into_iter().flatten().flatten() {
                let (path, Ok(meta)) = (entry.path(), entry.metadata()) else { continue };
                if meta.is_dir() {
                    folders.push(path);
                    continue;
                }
                let megabytes = meta.len() as f64 / 1e6;
                disk.all += megabytes;
                match path.extension().and_then(|extension| extension.to_str()) {
                    Some("parquet") => {
                        let name = path.file_name().unwrap_or_default().to_string_lossy();
                        let hour = name.split('-').next().unwrap_or_default();
                        hours.entry(folder.join(hour)).or_default().push(megabytes);
                    }
                    Some("log") => disk.log += megabytes,
                    Some("tmp") => disk.passing += megabytes,
                    _ => {}
                }
            }
        }
        disk.passing += disk.log;
        for files in hours.into_values() {
            let largest = files.iter().copied().fold(0.0, f64::max);
            disk.passing += files.iter().sum::<f64>() - largest;
            disk.files = disk.files.max(files.len());
        }
        disk
    }
}
