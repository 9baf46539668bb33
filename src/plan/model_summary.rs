//! What a scenario's fleet comes to: series, rates, volumes. The counting is that of the Python
//! sample for Amazon Timestream, so that figures compare. Not here: prices.

use std::fmt;

use serde::Serialize;

use crate::fleet::{Generator, RecordSummary};
use crate::units::print_count;
use crate::values::Type;

/// The model summary.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ModelSummary {
    /// Hosts in the fleet.
    pub hosts: u64,
    /// Sets of dimensions by record name.
    #[serde(skip)]
    pub dimension_sets: Vec<(String, u64)>,
    /// Time series.
    pub series: u64,
    /// Bytes of a row, the mean over all rows.
    pub row_bytes: f64,
    /// Rows a second, rounded.
    pub points_per_second: u64,
    /// Mebibytes a second; this and the volumes below are each made from the rounded one above.
    pub mb_per_second: f64,
    /// Gibibytes an hour.
    pub gb_per_hour: f64,
    /// Gibibytes a day.
    pub gb_per_day: f64,
    /// Tebibytes a year.
    pub tb_per_year: f64,
}

impl ModelSummary {
    /// Adds up a fleet.
    #[must_use]
    pub fn of(generator: &Generator) -> Self {
        let records = generator.records();
        let rate: f64 = records.iter().map(RecordSummary::records_per_second).sum();
        let bytes: f64 = records.iter().map(|record| record.records_per_second() * row_bytes(record)).sum();
        let row_bytes = bytes / rate;
        let points_per_second = rate.round() as u64;
        let mb_per_second = two_places(points_per_second as f64 * row_bytes / f64::from(1 << 20));
        let gb_per_hour = two_places(mb_per_second * 3_600.0 / 1_024.0);
        let gb_per_day = two_places(gb_per_hour * 24.0);
        Self {
            hosts: generator.hosts(),
            dimension_sets: records.iter().map(|r| (r.name.to_string(), r.dimension_sets)).collect(),
            series: records.iter().map(RecordSummary::series).sum(),
            row_bytes,
            points_per_second,
            mb_per_second,
            gb_per_hour,
            gb_per_day,
            tb_per_year: two_places(gb_per_day * 365.0 / 1_024.0),
        }
    }

    /// Rows an hour.
    #[must_use]
    pub fn points_per_hour(&self) -> u64 {
        self.points_per_second * 3_600
    }
}

/// A row's bytes: the dimension values of the first that reports it twice (as if names were as long
/// as values), the measure's name, 8 for the time and 8 a value. The sample counts the values of a
/// MULTI record only where all are DOUBLE.
pub(super) fn row_bytes(record: &RecordSummary) -> f64 {
    let dimensions: usize = record.first_dimensions.iter().map(|(_, value)| 2 * value.len()).sum();
    let names: usize = record.measures.iter().map(|(name, _)| name.len()).sum();
    if !record.multi {
        return dimensions as f64 + names as f64 / record.measures.len() as f64 + 16.0;
    }
    let all_double = record.measures.iter().all(|(_, value_type)| *value_type == Type::Double);
    let values = if all_double { 8 * record.measures.len() } else { 0 };
    (dimensions + record.name.len() + 8 + names + values) as f64
}

fn two_places(value: f64) -> f64 {
    (value * 100.0).round() / 100.0
}

impl fmt::Display for ModelSummary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "hosts: {}", print_count(self.hosts))?;
        for (record, sets) in &self.dimension_sets {
            writeln!(f, "dimension sets of {record}: {}", print_count(*sets))?;
        }
        writeln!(f, "time series: {}", print_count(self.series))?;
        writeln!(f, "mean row size: {:.2} bytes", self.row_bytes)?;
        writeln!(
            f,
            "data points: {} a second, {} an hour",
            print_count(self.points_per_second),
            print_count(self.points_per_hour())
        )?;
        write!(
            f,
            "volume: {} MB/s, {} GB an hour, {} GB a day, {} TB a year",
            decimals(self.mb_per_second),
            decimals(self.gb_per_hour),
            decimals(self.gb_per_day),
            decimals(self.tb_per_year)
        )
    }
}

/// Two places, thousands separated: `21,706.32`.
pub(super) fn decimals(value: f64) -> String {
    let text = format!("{value:.2}");
    let (whole, places) = text.split_once('.').unwrap_or((&text, "00"));
    format!("{}.{places}", whole.parse().map_or_else(|_| whole.to_owned(), print_count))
}
