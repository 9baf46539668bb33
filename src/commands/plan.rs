//! `tsrun plan`: what a scenario comes to; nothing is run.

use super::{Failure, load};
use crate::cli::{self, PlanFormat};
use crate::exit::Exit;
use crate::output::say;

pub(super) fn run(args: &cli::Plan) -> Result<Exit, Failure> {
    let plan = load::plan(&args.scenario, &args.overrides)?;
    match args.format {
        PlanFormat::Text => say(plan.text().trim_end()),
        PlanFormat::Json => {
            let json = serde_json::to_string_pretty(&plan.outline());
            say(json.map_err(|error| Failure::new(Exit::Failed, format!("error: {error}")))?);
        }
    }
    Ok(Exit::Good)
}
