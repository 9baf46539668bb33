//! tsrun in a shell.

use std::path::PathBuf;

use clap::Args;

/// Complete the command line.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  tsrun completions bash > ~/.local/share/bash-completion/completions/tsrun
  tsrun completions zsh > ~/.zfunc/_tsrun
  tsrun completions fish > ~/.config/fish/completions/tsrun.fish

Switching them on: a new Bash (with bash-completion) or Fish finds them there; Zsh needs `fpath+=~/.zfunc; autoload -U compinit; compinit` in ~/.zshrc")]
pub struct Completions {
    /// The shell
    pub shell: clap_complete::Shell,
}

/// Print the manual.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  tsrun man | man -l -
  tsrun man --out ~/.local/share/man/man1")]
pub struct Man {
    /// Write tsrun.1 and a page for each command into this folder
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
}
