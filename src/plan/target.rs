//! The target, resolved. Not here: connecting to it (`target` at the top level).

use std::time::Duration;

use super::model::{Retention, TargetKind, TargetPlan, Timeouts};
use super::reader::Reader;
use crate::diagnostics::Path;
use crate::scenario::{self, Yaml};

const HOUR: (u64, &str) = (3_600, "hours");
const DAY: (u64, &str) = (86_400, "days");

/// What a table gets where the scenario says nothing: the service's own memory store, a year of
/// magnetic store, and late records taken.
const RETENTION: Retention = Retention { memory_hours: 6, magnetic_days: 365, magnetic_writes: true };

/// What requests get where the scenario says nothing.
const TIMEOUTS: Timeouts = Timeouts {
    connect: Duration::from_secs(3),
    attempt: Duration::from_secs(60),
    operation: Duration::from_secs(120),
};

const CONNECTIONS: u32 = 64;

/// Resolves the target.
pub(super) fn target(wire: &scenario::Target, reader: &mut Reader) -> Option<TargetPlan> {
    let path = Path::root().key("target");
    let database = reader.name(&wire.database, "database", 3, &path.key("database"));
    let table = reader.name(&wire.table, "table", 3, &path.key("table"));
    let retention = retention(wire.retention.as_ref(), &path.key("retention"), reader);
    let timeouts = timeouts(wire.timeouts.as_ref(), &path.key("timeouts"), reader);
    let connections =
        reader.count(wire.connections.unwrap_or(CONNECTIONS), 1..=10_000, &path.key("connections"));
    Some(TargetPlan {
        kind: match wire.kind.unwrap_or(scenario::TargetKind::Local) {
            scenario::TargetKind::Local => TargetKind::Local,
            scenario::TargetKind::Timestream => TargetKind::Timestream,
        },
        database: database?,
        table: table?,
        retention: retention?,
        timeouts: timeouts?,
        connections: connections? as usize,
        common_attributes: wire.common_attributes.unwrap_or(true),
        region: wire.region.clone(),
        profile: wire.profile.clone(),
        endpoint_url: wire.endpoint_url.clone(),
    })
}

fn retention(wire: Option<&scenario::Retention>, path: &Path, reader: &mut Reader) -> Option<Retention> {
    let Some(wire) = wire else { return Some(RETENTION) };
    let memory =
        units(wire.memory.as_ref(), RETENTION.memory_hours, HOUR, 8_766, &path.key("memory"), reader);
    let magnetic =
        units(wire.magnetic.as_ref(), RETENTION.magnetic_days, DAY, 73_000, &path.key("magnetic"), reader);
    Some(Retention {
        memory_hours: memory?,
        magnetic_days: magnetic?,
        magnetic_writes: wire.magnetic_writes.unwrap_or(RETENTION.magnetic_writes),
    })
}

fn units(
    yaml: Option<&Yaml>,
    default: u32,
    unit: (u64, &str),
    most: u32,
    path: &Path,
    reader: &mut Reader,
) -> Option<u32> {
    match yaml {
        Some(yaml) => reader.whole_units(yaml, unit, most, path),
        None => Some(default),
    }
}

fn timeouts(wire: Option<&scenario::Timeouts>, path: &Path, reader: &mut Reader) -> Option<Timeouts> {
    let Some(wire) = wire else { return Some(TIMEOUTS) };
    let mut span = |yaml: &Option<Yaml>, default: Duration, key: &str| match yaml {
        Some(yaml) => reader.span(yaml, &path.key(key)),
        None => Some(default),
    };
    let connect = span(&wire.connect, TIMEOUTS.connect, "connect");
    let attempt = span(&wire.attempt, TIMEOUTS.attempt, "attempt");
    let operation = span(&wire.operation, TIMEOUTS.operation, "operation");
    Some(Timeouts { connect: connect?, attempt: attempt?, operation: operation? })
}
