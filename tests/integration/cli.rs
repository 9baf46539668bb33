//! The command line itself: help, completions, manual pages, colour.

#[cfg(feature = "local")]
use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};

use clap::{CommandFactory as _, Parser as _};
use tsrun::cli::Cli;

use super::command::{root, tsrun};

/// The examples of a help text: lines that begin with `tsrun`, below `Examples:`.
fn examples(help: &str) -> Vec<&str> {
    let below = help.split_once("Examples:\n").map_or("", |(_, below)| below);
    below.lines().map(str::trim).take_while(|line| !line.is_empty()).collect()
}

/// The words of a command, as a shell cuts them: up to what is for the shell itself.
fn words(line: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut quoted = false;
    for character in line.chars() {
        match character {
            '\'' => quoted = !quoted,
            '|' | '>' | '#' if !quoted => break,
            ' ' if !quoted => words.push(String::new()),
            other => words.last_mut().expect("it begins with one").push(other),
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

/// A command and all below it, each with its help.
fn helps(mut command: clap::Command) -> Vec<(String, String)> {
    let own = (command.get_name().to_owned(), command.render_long_help().to_string());
    let ours = |below: &&clap::Command| !below.is_hide_set() && below.get_name() != "help";
    let below = command.get_subcommands().filter(ours).cloned().flat_map(helps);
    [own].into_iter().chain(below).collect()
}

#[test]
fn the_help_of_every_command_has_examples_that_parse() {
    for (command, help) in helps(Cli::command()) {
        let examples = examples(&help);
        assert!(examples.len() >= 2, "`tsrun {command} --help` wants two examples:\n{help}");
        for example in examples {
            let parsed = Cli::try_parse_from(words(example));
            assert!(parsed.is_ok(), "`{example}` of `tsrun {command} --help`: {}", parsed.unwrap_err());
        }
    }
}

#[test]
fn every_shell_gets_completions() {
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let completions = tsrun(["completions", shell]);
        assert_eq!(completions.code(), Some(0), "{}", completions.stderr());
        for word in ["plan", "cleanup", "region"] {
            assert!(completions.stdout().contains(word), "{shell} does not know `{word}`");
        }
    }
    let unknown = tsrun(["completions", "tcsh"]);
    assert_eq!(unknown.code(), Some(2));
    assert!(
        unknown.stderr().contains("[possible values: bash, elvish, fish, powershell, zsh]"),
        "{}",
        unknown.stderr()
    );
}

/// What Bash offers after these words.
fn offered(words: &[&str]) -> String {
    let script = format!(
        "{}\nCOMP_WORDS=({}); COMP_CWORD={}; COMP_LINE=\"${{COMP_WORDS[*]}}\"; _tsrun tsrun '{}' '{}'; echo \"${{COMPREPLY[@]}}\"",
        tsrun(["completions", "bash"]).stdout(),
        words.join(" "),
        words.len() - 1,
        words.last().unwrap_or(&""),
        words.get(words.len().wrapping_sub(2)).unwrap_or(&""),
    );
    let bash =
        Command::new("bash").args(["--norc", "-c", &script]).current_dir(root()).output().expect("bash runs");
    assert!(bash.status.success(), "{}", String::from_utf8_lossy(&bash.stderr));
    String::from_utf8_lossy(&bash.stdout).trim().to_owned()
}

#[test]
fn bash_completes_commands_and_flags() {
    assert_eq!(offered(&["tsrun", "pl"]), "plan");
    assert_eq!(offered(&["tsrun", "cleanup", "--forc"]), "--force");
    assert_eq!(offered(&["tsrun", "completions", "fi"]), "fish");
}

#[test]
fn the_manual_has_a_page_for_every_command() {
    let folder = tempfile::TempDir::new().expect("a folder can be made");
    let out = folder.path().join("man1");
    let man = tsrun(["man", "--out", out.to_str().expect("plain names")]);
    assert_eq!(man.code(), Some(0), "{}", man.stderr());
    let page = |name: &str| std::fs::read_to_string(out.join(name)).expect("every command has a page");
    assert_eq!(page("tsrun.1"), tsrun(["man"]).stdout());
    for command in Cli::command().get_subcommands().filter(|command| !command.is_hide_set()) {
        let page = page(&format!("tsrun-{}.1", command.get_name()));
        assert!(page.contains("SH EXAMPLES"), "{page}");
    }
    let compare = page("tsrun-compare.1");
    assert!(compare.contains("<BASE> <NEW>..."), "{compare}");
    std::fs::write(folder.path().join("file"), "").expect("it can be written");
    let onto_a_file = tsrun(["man", "--out", folder.path().join("file").to_str().expect("plain names")]);
    assert_eq!(onto_a_file.code(), Some(1));
    assert!(
        onto_a_file.stderr().starts_with("error: cannot write manual pages to "),
        "{}",
        onto_a_file.stderr()
    );
}

#[test]
#[ignore = "needs man: apt-get install man-db groff; .ci/run runs it"]
fn man_shows_every_page_without_a_warning() {
    let folder = tempfile::TempDir::new().expect("a folder can be made");
    assert_eq!(tsrun(["man", "--out", folder.path().to_str().expect("plain names")]).code(), Some(0));
    for page in std::fs::read_dir(folder.path()).expect("there are pages") {
        let page = page.expect("it reads").path();
        let man = Command::new("man").args(["--warnings", "-l"]).arg(&page).env("MANWIDTH", "80").output();
        let man = man.expect("man runs");
        assert!(
            man.status.success() && man.stderr.is_empty(),
            "{}: {}",
            page.display(),
            String::from_utf8_lossy(&man.stderr)
        );
        assert!(String::from_utf8_lossy(&man.stdout).contains("tsrun"));
    }
}

/// What a command prints when colour is asked for; `NO_COLOR` as given.
fn coloured(arguments: &[&str], no_color: bool) -> Vec<u8> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tsrun"));
    command.args(arguments).current_dir(root()).env_remove("NO_COLOR").env("CLICOLOR_FORCE", "1");
    if no_color {
        command.env("NO_COLOR", "1");
    }
    let output = command.output().expect("the binary starts");
    [output.stdout, output.stderr].concat()
}

#[test]
fn no_color_is_honoured() {
    const ESCAPE: u8 = 0x1b;
    assert!(coloured(&["--help"], false).contains(&ESCAPE), "there is colour to leave out");
    for arguments in [
        &["--help"][..],
        &["plan", "--no-such-flag"],
        &["check", "scenarios/small.yaml"],
        &["check", "tests/bad-scenarios/wrong-types.yaml"],
        &["plan", "scenarios/small.yaml"],
        &["render", "scenarios/small.yaml"],
    ] {
        let printed = String::from_utf8_lossy(&coloured(arguments, true)).into_owned();
        assert!(!printed.as_bytes().contains(&ESCAPE), "{arguments:?}: {printed}");
    }
}

#[test]
#[cfg(feature = "local")]
fn the_servers_log_honours_no_color_too() {
    let data = tempfile::TempDir::new().expect("a folder can be made");
    let mut served = Command::new(env!("CARGO_BIN_EXE_tsrun"))
        .args(["serve", "--listen", "127.0.0.1:0", "--data-dir"])
        .arg(data.path())
        .envs([("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")])
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary starts");
    let mut line = String::new();
    let logged = BufReader::new(served.stderr.take().expect("it is piped")).read_line(&mut line);
    served.kill().and_then(|()| served.wait()).expect("it ends");
    assert!(logged.is_ok() && line.contains("listens") && !line.contains('\u{1b}'), "{line}");
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    for command in ["man", "completions bash", "--help"] {
        let mut child = Command::new(env!("CARGO_BIN_EXE_tsrun"))
            .args(command.split(' '))
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the binary starts");
        drop(child.stdout.take());
        let ended = child.wait_with_output().expect("it ends");
        let printed = String::from_utf8_lossy(&ended.stderr).into_owned();
        assert!(!printed.contains("panicked"), "tsrun {command}: {printed}");
    }
}
