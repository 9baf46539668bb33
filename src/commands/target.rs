//! What the command line says about the target, as the rest of the program takes it.

use super::Failure;
use crate::cli::{TargetArgs, TargetKind};
use crate::exit::Exit;
use crate::plan;
use crate::target::Overrides;

/// Puts `--target` in place of what the scenario says.
pub(super) fn apply(args: &TargetArgs, target: &mut plan::TargetPlan) {
    if let Some(kind) = args.target {
        target.kind = match kind {
            TargetKind::Local => plan::TargetKind::Local,
            TargetKind::Timestream => plan::TargetKind::Timestream,
        };
    }
}

/// Refuses faults on a target that makes none.
pub(super) fn can_fail(plan: &plan::Plan) -> Result<(), Failure> {
    if plan.target.kind == plan::TargetKind::Local || plan.phases.iter().all(|phase| phase.faults.is_none()) {
        return Ok(());
    }
    let message = "error: --target timestream: the scenario has `faults`, which only the local target makes; \
                   leave them out of the scenario, or run it locally";
    Err(Failure::new(Exit::Usage, message))
}

pub(super) fn overrides(args: TargetArgs) -> Overrides {
    Overrides {
        profile: args.profile,
        region: args.region,
        endpoint_url: args.endpoint_url,
        data_dir: args.data_dir,
    }
}
