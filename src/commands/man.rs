//! `tsrun man`: the manual, from the same words as `--help`.

use std::io::{self, Write as _};
use std::path::Path;

use clap::CommandFactory as _;
use clap_mangen::Man;
use clap_mangen::roff::{Roff, roman};

use super::Failure;
use crate::cli::{self, Cli};
use crate::exit::Exit;
use crate::output::say;

pub(super) fn run(args: &cli::Man) -> Result<Exit, Failure> {
    match &args.out {
        Some(folder) => write(folder).map_err(|error| {
            failed(&format!("cannot write manual pages to {}: {error}", folder.display()))
        })?,
        None => {
            let page = page(&command()).map_err(|error| failed(&format!("cannot make the page: {error}")))?;
            say(String::from_utf8_lossy(&page).trim_end());
        }
    }
    Ok(Exit::Good)
}

/// The command line, with the full names of commands and without `help`, which has no page.
fn command() -> clap::Command {
    let mut command = Cli::command().disable_help_subcommand(true);
    command.build();
    command
}

/// A page for tsrun, and one for each command.
fn write(folder: &Path) -> io::Result<()> {
    std::fs::create_dir_all(folder)?;
    let all = command();
    let visible = all.get_subcommands().filter(|command| !command.is_hide_set());
    for command in [&all].into_iter().chain(visible) {
        let file = folder.join(Man::new(command.clone()).get_filename());
        std::fs::write(file, page(command)?)?;
    }
    say(format!("the manual is in {}", folder.display()));
    Ok(())
}

fn page(command: &clap::Command) -> io::Result<Vec<u8>> {
    // The usage of `--help`: the library's own leaves out what is repeated and the values of options.
    let usage = command.clone().render_usage().to_string();
    let usage = usage.trim_start_matches("Usage:").lines().map(str::trim).collect::<Vec<_>>().join("\n");
    let man =
        Man::new(command.clone().override_usage(usage)).source(concat!("tsrun ", env!("CARGO_PKG_VERSION")));
    let mut page = Vec::new();
    man.render_title(&mut page)?;
    man.render_name_section(&mut page)?;
    man.render_synopsis_section(&mut page)?;
    // What there is to say in a line stands beside the name.
    if command.get_long_about().is_some() {
        man.render_description_section(&mut page)?;
    }
    man.render_options_section(&mut page)?;
    if command.has_subcommands() {
        man.render_subcommands_section(&mut page)?;
    }
    if let Some(after) = command.get_after_help() {
        page.write_all(sections(&after.to_string()).as_bytes())?;
    }
    Ok(page)
}

/// What stands below the options in `--help`: each paragraph begins with its title and a colon, and is a section
/// here. Lines below a title stay lines, as examples must.
fn sections(text: &str) -> String {
    let mut roff = Roff::new();
    for paragraph in text.split("\n\n") {
        let (title, body) = paragraph.split_once(':').unwrap_or(("Notes", paragraph));
        roff.control("SH", [title.to_uppercase().as_str()]);
        if body.starts_with('\n') {
            roff.control("nf", []);
            body.lines().skip(1).for_each(|line| {
                roff.text([roman(line.trim())]);
            });
            roff.control("fi", []);
        } else {
            roff.text([roman(body.trim())]);
        }
    }
    roff.render()
}

fn failed(message: &str) -> Failure {
    Failure::new(Exit::Failed, format!("error: {message}"))
}
