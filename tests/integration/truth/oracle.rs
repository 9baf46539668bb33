//! The six queries in plain Rust, from what each is there to tell, over all readings of the fleet.
//! Not here: the two that rank (`ranked`), the SQL that is held against them.

use std::collections::BTreeSet;

use super::answer::Direction::{Ascending, Descending};
use super::answer::{Answer, Expected, Key};
use super::question::{HOUR, MINUTE, Question, bin, groups};
use super::ranked;
use super::readings::Reading;
use super::tolerance::{Want, greatest, mean};

const PLACE: [&str; 5] = ["region", "cell", "silo", "availability_zone", "microservice_name"];

/// Holds the answer to a query against the fleet's readings.
///
/// # Errors
/// The first difference.
pub(super) fn compare(query: &str, question: &Question<'_>, answer: &Answer) -> Result<(), String> {
    match query {
        "do-q1" => memory_by_minute(question).whole(answer),
        "do-q2" => cpu_by_minute(question).whole(answer),
        "do-q3" => full_disks(question).whole(answer),
        "do-q4" => load_by_hour(question).whole(answer),
        "do-q5" => ranked::pauses_of_the_hungriest(question, answer),
        "do-q6" => ranked::busiest_hours(question, answer),
        other => Err(format!("no truth is known of `{other}`")),
    }
}

/// Per minute of one place: instances, and mean and percentiles of memory_used; worst p99 first.
fn memory_by_minute(question: &Question<'_>) -> Expected {
    let readings = question.read("memory_used", &PLACE);
    let minute = |reading: &Reading<'_>| bin(reading, MINUTE);
    let seen: BTreeSet<_> = readings.iter().map(|r| (minute(r), r.dimension("instance_name"))).collect();
    let row = |(key, values): (Key, Vec<f64>)| {
        let instances = seen.iter().filter(|(minute, _)| *minute == key[0]).count();
        let p = |p| Want::percentile(&values, p).rounded();
        let mean = Want::computed(mean(&values)).rounded();
        (key, vec![Want::Count(instances), mean, p(0.90), p(0.95), p(0.99)])
    };
    Expected {
        columns: &[
            ("minute_start", "TIMESTAMP"),
            ("instances", "BIGINT"),
            ("mean", "DOUBLE"),
            ("p90", "DOUBLE"),
            ("p95", "DOUBLE"),
            ("p99", "DOUBLE"),
        ],
        order: &[("p99", Descending), ("minute_start", Ascending)],
        rows: groups(&readings, |r| vec![minute(r)]).into_iter().map(row).collect(),
    }
}

/// Per minute of one kind of instance in one place: mean cpu_user and cpu_system; newest first.
fn cpu_by_minute(question: &Question<'_>) -> Expected {
    let place = [&PLACE[..], &["instance_type", "os_version"]].concat();
    let means = |measure| groups(&question.read(measure, &place), |r| vec![bin(r, MINUTE)]);
    let system = means("cpu_system");
    let row = |(key, user): (Key, Vec<f64>)| {
        let means = [&user, &system[&key]].map(|values| Want::computed(mean(values)));
        (key, means.to_vec())
    };
    Expected {
        columns: &[("minute_start", "TIMESTAMP"), ("mean_cpu_user", "DOUBLE"), ("mean_cpu_system", "DOUBLE")],
        order: &[("minute_start", Descending)],
        rows: means("cpu_user").into_iter().map(row).collect(),
    }
}

/// The instances of a region's microservice whose mean disk_used is more than 20 % above that of
/// their cell; worst first.
fn full_disks(question: &Question<'_>) -> Expected {
    let readings = question.read("disk_used", &["region", "microservice_name"]);
    let cell = |r: &Reading<'_>| vec![r.dimension("cell"), r.dimension("microservice_name")];
    let instance = |r: &Reading<'_>| [cell(r), vec![r.dimension("instance_name")]].concat();
    let cells = groups(&readings, cell);
    let row = |(key, values): (Key, Vec<f64>)| {
        let (own, all) = (mean(&values), mean(&cells[&key[..2]]));
        (own > 1.2 * all).then(|| (key, [own, all, own / all].map(Want::computed).to_vec()))
    };
    Expected {
        columns: &[
            ("cell", "VARCHAR"),
            ("microservice_name", "VARCHAR"),
            ("instance_name", "VARCHAR"),
            ("instance_mean", "DOUBLE"),
            ("cell_mean", "DOUBLE"),
            ("ratio", "DOUBLE"),
        ],
        order: &[("ratio", Descending), ("instance_name", Ascending)],
        rows: groups(&readings, instance).into_iter().filter_map(row).collect(),
    }
}

/// Per hour, region, silo and cell of a microservice: count, mean and maximum of cpu_user and memory_used.
fn load_by_hour(question: &Question<'_>) -> Expected {
    let hour =
        |r: &Reading<'_>| vec![bin(r, HOUR), r.dimension("region"), r.dimension("silo"), r.dimension("cell")];
    let load = |measure| groups(&question.read(measure, &["microservice_name"]), hour);
    let memory = load("memory_used");
    let row = |(key, cpu): (Key, Vec<f64>)| {
        let three = |values: &[f64]| {
            [Want::Count(values.len()), Want::computed(mean(values)), Want::exactly(greatest(values))]
        };
        let wanted = [three(&cpu), three(&memory[&key])].concat();
        (key, wanted)
    };
    Expected {
        columns: &[
            ("hour_start", "TIMESTAMP"),
            ("region", "VARCHAR"),
            ("silo", "VARCHAR"),
            ("cell", "VARCHAR"),
            ("count_cpu_user", "BIGINT"),
            ("mean_cpu_user", "DOUBLE"),
            ("max_cpu_user", "DOUBLE"),
            ("count_memory_used", "BIGINT"),
            ("mean_memory_used", "DOUBLE"),
            ("max_memory_used", "DOUBLE"),
        ],
        order: &[("hour_start", Descending), ("region", Ascending), ("silo", Ascending), ("cell", Ascending)],
        rows: load("cpu_user").into_iter().map(row).collect(),
    }
}
