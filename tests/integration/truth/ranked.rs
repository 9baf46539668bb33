//! The two queries that rank by an approximate percentile. Ranks are free among values so close that
//! the percentile does not tell them apart. Not here: the plainer four (`oracle`).

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use super::answer::Direction::{Ascending, Descending};
use super::answer::{Answer, Expected, Key};
use super::question::{DAY, MINUTE, Question, bin, groups, hour_of_day, regroup};
use super::readings::Reading;
use super::tolerance::{Want, deviation, greatest, least, mean, percentile};

/// Hours a day that are told of.
const BUSIEST: usize = 3;

/// In one silo and zone: of the microservice whose 5-minute peaks of memory_used have the highest
/// p95, the instances with the highest p95, and their gc_pause.
pub(super) fn pauses_of_the_hungriest(question: &Question<'_>, answer: &Answer) -> Result<(), String> {
    let place = ["silo", "availability_zone"];
    let instance = |r: &Reading<'_>| vec![r.dimension("microservice_name"), r.dimension("instance_name")];
    let peaks =
        groups(&question.read("memory_used", &place), |r| [instance(r), vec![bin(r, 5 * MINUTE)]].concat());
    let peaks_by = |depth| regroup(&peaks, greatest, depth);
    let microservices = leaders(&peaks_by(1));
    let mut instances = peaks_by(2);
    instances.retain(|key, _| microservices.contains(&key[..1].to_vec()));
    let instances = leaders(&instances);

    let mut pauses = groups(&question.read("gc_pause", &place), instance);
    pauses.retain(|key, _| instances.contains(key));
    let row = |(key, values): (Key, Vec<f64>)| {
        let mut wanted = vec![Want::exactly(least(&values))];
        wanted.extend([mean(&values), deviation(&values)].map(Want::computed));
        wanted.extend([0.50, 0.90, 0.99].map(|p| Want::percentile(&values, p)));
        (key, wanted)
    };
    let expected = Expected {
        columns: &[
            ("microservice_name", "VARCHAR"),
            ("instance_name", "VARCHAR"),
            ("min_gc_pause", "DOUBLE"),
            ("mean_gc_pause", "DOUBLE"),
            ("stddev_gc_pause", "DOUBLE"),
            ("p50_gc_pause", "DOUBLE"),
            ("p90_gc_pause", "DOUBLE"),
            ("p99_gc_pause", "DOUBLE"),
        ],
        order: &[("microservice_name", Ascending), ("instance_name", Ascending)],
        rows: pauses.into_iter().map(row).collect(),
    };
    let keys = expected.part(answer)?;
    match keys.iter().find(|key| key[0] != keys[0][0]) {
        Some(other) => Err(format!("{other:?} is of another microservice")),
        None => Ok(()),
    }
}

/// In one cell: the three busiest hours a day of each microservice, by the p95 of its instances'
/// 15-minute means of cpu_user.
pub(super) fn busiest_hours(question: &Question<'_>, answer: &Answer) -> Result<(), String> {
    let quarter_hours = groups(&question.read("cpu_user", &["region", "cell"]), |r| {
        let hour = vec![r.dimension("microservice_name"), bin(r, DAY), hour_of_day(r)];
        [hour, vec![r.dimension("instance_name"), bin(r, 15 * MINUTE)]].concat()
    });
    let hours = regroup(&quarter_hours, mean, 3);
    let expected = Expected {
        columns: &[
            ("microservice_name", "VARCHAR"),
            ("day_start", "TIMESTAMP"),
            ("hour_of_day", "BIGINT"),
            ("p95", "DOUBLE"),
        ],
        order: &[
            ("microservice_name", Ascending),
            ("day_start", Ascending),
            ("p95", Descending),
            ("hour_of_day", Ascending),
        ],
        rows: hours.iter().map(|(key, means)| (key.clone(), vec![Want::percentile(means, 0.95)])).collect(),
    };
    let chosen = expected.part(answer)?;
    let mut days: BTreeMap<&[String], BTreeMap<&Key, RangeInclusive<f64>>> = BTreeMap::new();
    for (hour, means) in &hours {
        days.entry(&hour[..2]).or_default().insert(hour, percentile(means, 0.95));
    }
    days.iter().try_for_each(|(day, hours)| {
        let (told, untold): (Vec<_>, Vec<_>) = hours.iter().partition(|(hour, _)| chosen.contains(hour));
        if told.len() != BUSIEST.min(hours.len()) {
            return Err(format!("{} hours of {day:?}", told.len()));
        }
        let busier =
            |(_, p95): &(_, &RangeInclusive<f64>)| told.iter().any(|(_, least)| p95.start() > least.end());
        match untold.iter().find(|hour| busier(hour)) {
            Some((hour, _)) => Err(format!("{hour:?} was busier than one of those told of")),
            None => Ok(()),
        }
    })
}

/// The groups that may have the highest p95.
fn leaders(groups: &BTreeMap<Key, Vec<f64>>) -> Vec<Key> {
    let p95s: Vec<_> = groups.iter().map(|(key, values)| (key, percentile(values, 0.95))).collect();
    let highest: Vec<f64> = p95s.iter().map(|(_, p95)| *p95.start()).collect();
    let highest = greatest(&highest);
    p95s.into_iter().filter(|(_, p95)| *p95.end() >= highest).map(|(key, _)| key.clone()).collect()
}
