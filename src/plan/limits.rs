//! What a run is judged by: bounds on the runner itself, thresholds, what it may cost. Not here: what
//! thresholds say (`thresholds`), price files (`prices`).

use std::path::Path as FilePath;
use std::time::Duration;

use super::model::{Bounds, Limits, Phase, Workload};
use super::prices::Prices;
use super::reader::Reader;
use super::thresholds;
use crate::diagnostics::{Path, Problem};
use crate::scenario::{self, Scenario};

/// What the runner may use where the scenario says nothing.
const BOUNDS: Bounds = Bounds { lag: Duration::from_secs(1), cpu: 0.95, queue: 100_000 };

/// Resolves a scenario's limits; `folder` is its own, where price files are looked up.
pub(super) fn limits(
    scenario: &Scenario,
    workloads: &[Workload],
    phases: &[Phase],
    folder: &FilePath,
    reader: &mut Reader,
) -> Option<Limits> {
    let bounds = bounds(&scenario.validity.clone().unwrap_or_default(), reader);
    let thresholds =
        thresholds::thresholds(&scenario.thresholds, &scenario.workloads, workloads, phases, reader);
    let prices = prices(scenario.target.prices.as_deref(), folder, reader);
    let max_cost = scenario.max_cost;
    if max_cost.is_some_and(|cost| !(cost.is_finite() && cost > 0.0)) {
        return reader.problem(Problem::new(&Path::root().key("max_cost"), "an amount above 0 is wanted"));
    }
    Some(Limits { bounds: bounds?, thresholds, prices: prices?, max_cost })
}

fn bounds(wire: &scenario::Validity, reader: &mut Reader) -> Option<Bounds> {
    let path = Path::root().key("validity");
    let lag = match &wire.lag {
        Some(lag) => reader.span(lag, &path.key("lag")),
        None => Some(BOUNDS.lag),
    };
    let cpu = match &wire.cpu {
        Some(cpu) => reader.share(cpu, &path.key("cpu")),
        None => Some(BOUNDS.cpu),
    };
    Some(Bounds { lag: lag?, cpu: cpu?, queue: wire.queue.unwrap_or(BOUNDS.queue) })
}

fn prices(file: Option<&str>, folder: &FilePath, reader: &mut Reader) -> Option<Prices> {
    let path = Path::root().key("target").key("prices");
    let read = match file {
        Some(file) => Prices::read(&folder.join(file), &path),
        None => Prices::shipped().map_err(|message| vec![Problem::new(&path, message)]),
    };
    match read {
        Ok(prices) => Some(prices),
        Err(problems) => {
            reader.problems.extend(problems);
            None
        }
    }
}
