//! What the command line says about the target, as the rest of the program takes it.

use crate::cli::{TargetArgs, TargetKind};
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

pub(super) fn overrides(args: TargetArgs) -> Overrides {
    Overrides {
        profile: args.profile,
        region: args.region,
        endpoint_url: args.endpoint_url,
        data_dir: args.data_dir,
    }
}
