//! `tsrun schema`: the JSON Schema of a scenario, or its keys as a page. Not here: how they are made
//! (`scenario::schema`).

use super::Failure;
use crate::cli;
use crate::exit::Exit;
use crate::output::say;
use crate::scenario;

pub(super) fn run(args: &cli::Schema) -> Result<Exit, Failure> {
    let schema = scenario::schema();
    say(match args.format {
        cli::SchemaFormat::Json => format!("{schema:#}"),
        cli::SchemaFormat::Markdown => scenario::keys(&schema).trim_end().to_owned(),
    });
    Ok(Exit::Good)
}
