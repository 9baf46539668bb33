//! The binary, as tests call it.

use std::path::Path;
use std::process::{Command, Output};

/// `tsrun` with these arguments, from the repository's root.
pub(crate) fn tsrun<'a>(arguments: impl IntoIterator<Item = &'a str>) -> Finished {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tsrun"));
    command.current_dir(root()).args(arguments);
    Finished(command.output().expect("the binary starts"))
}

/// The repository's root.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// A command that has ended.
pub(crate) struct Finished(Output);

impl Finished {
    /// The exit code.
    pub(crate) fn code(&self) -> Option<i32> {
        self.0.status.code()
    }

    /// Standard output.
    pub(crate) fn stdout(&self) -> String {
        String::from_utf8_lossy(&self.0.stdout).into_owned()
    }

    /// Standard error.
    pub(crate) fn stderr(&self) -> String {
        String::from_utf8_lossy(&self.0.stderr).into_owned()
    }
}
