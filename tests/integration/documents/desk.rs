//! A scratch copy of what a reader has in a clone, with a shell's surroundings. Not here: what is typed
//! there (`walk`).
//!
//! What differs from a reader's machine: runs are shortened (`bin/tsrun`), the home folder is the scratch copy's, and
//! Amazon Timestream is a local one.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use super::super::command::root;

/// Where tests find what `.ci/tools` has installed for them: `venv`, `node_modules`, a cache for Go.
const CLIENTS: &str = "TSRUN_TEST_CLIENTS";

/// A scratch copy.
pub(crate) struct Desk(TempDir);

impl Desk {
    /// A copy with the scenarios and queries that come with tsrun.
    pub(crate) fn new() -> Self {
        let desk = Self(TempDir::new().expect("a folder can be made"));
        // As it is, and as two branches of it.
        ["", "base", "head"].iter().for_each(|folder| desk.check_out(folder));
        copy(&root().join("tests/integration/documents/bin"), &desk.path("bin"));
        for folder in [".blocks", "tmp", "home/.aws", "home/share"] {
            std::fs::create_dir_all(desk.path(folder)).expect("the desk can be written");
        }
        let profile = "region = us-east-1\naws_access_key_id = any\naws_secret_access_key = any\n";
        let config = format!("[default]\n{profile}[profile perf]\n{profile}");
        std::fs::write(desk.path("home/.aws/config"), config).expect("the desk can be written");
        #[cfg(unix)]
        if let Some(clients) = clients() {
            let modules = std::os::unix::fs::symlink(clients.join("node_modules"), desk.path("node_modules"));
            modules.expect("the desk can be written");
        }
        desk
    }

    /// The scenarios and queries in a folder of their own.
    fn check_out(&self, folder: &str) {
        for part in ["scenarios", "queries"] {
            copy(&root().join(part), &self.path(folder).join(part));
        }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(crate) fn text(&self, name: &str) -> String {
        let path = self.path(name);
        path.to_str().expect("temporary folders have plain names").trim_end_matches('/').to_owned()
    }

    /// What is typed, with fewer repetitions.
    pub(crate) fn shortened(commands: &str) -> String {
        commands.replace("for i in 1 2 3 4 5;", "for i in 1 2;")
    }

    /// Keeps a block's text, and gives the file.
    pub(super) fn save(&self, number: usize, text: &str) -> String {
        let name = format!(".blocks/{number}");
        std::fs::write(self.path(&name), text).expect("the desk can be written");
        self.text(&name)
    }

    /// What a shell finds around it.
    pub(crate) fn environment(&self) -> Vec<(&'static str, OsString)> {
        let go = clients().unwrap_or_else(|| self.path("tmp")).join("go");
        vec![
            ("PATH", self.search_path()),
            ("HOME", self.path("home").into()),
            ("XDG_DATA_HOME", self.path("home/share").into()),
            ("NO_COLOR", "1".into()),
            ("AWS_EC2_METADATA_DISABLED", "true".into()),
            ("GITHUB_STEP_SUMMARY", self.path("tmp/summary.md").into()),
            // What the stand-ins read.
            ("TSRUN", env!("CARGO_BIN_EXE_tsrun").into()),
            ("DESK", self.path("").into()),
            // The SDK for Go as Debian packages it.
            ("GO111MODULE", "off".into()),
            ("GOPATH", "/usr/share/gocode".into()),
            ("GOCACHE", go.into()),
        ]
    }

    /// The stand-ins first, then what `.ci/tools` installed, then the machine's own.
    fn search_path(&self) -> OsString {
        let own = std::env::var_os("PATH").unwrap_or_default();
        let folders = [self.path("bin")].into_iter().chain(clients().map(|clients| clients.join("venv/bin")));
        std::env::join_paths(folders.chain(std::env::split_paths(&own))).expect("paths have no colons")
    }

    /// Ends the server that was started last, if there is one.
    pub(super) fn end_server(&self) {
        if let Ok(id) = std::fs::read_to_string(self.path("serve.pid")) {
            // It may have ended by itself.
            let _ = Command::new("kill").arg(id.trim()).status();
        }
    }
}

/// What `.ci/tools` has installed, where it was told to tests.
pub(super) fn clients() -> Option<PathBuf> {
    std::env::var_os(CLIENTS).map(PathBuf::from)
}

/// A folder's files, with those of its folders.
fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("the desk can be written");
    for entry in std::fs::read_dir(from).expect("folders read") {
        let entry = entry.expect("entries read");
        let to = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &to);
        } else {
            std::fs::copy(entry.path(), to).expect("the desk can be written");
        }
    }
}
