//! What Amazon Timestream charges, from a price file. Not here: how much of it a run uses (`cost`).

use std::path::Path as FilePath;

use serde::Deserialize;

use crate::diagnostics::{Finding, Path, Problem};
use crate::scenario::{LoadedAs, Unreadable, load_as};

/// The prices that come with tsrun.
const SHIPPED: &str = include_str!("../../scenarios/prices/us-east-1.yaml");

const HELP: &str = "scenarios/prices/us-east-1.yaml shows the form";

/// Prices of a region.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Prices {
    /// Which prices they are, for people.
    pub name: String,
    /// Their currency.
    pub currency: String,
    /// A million write units of 1 KiB.
    pub million_writes: f64,
    /// A GB in the memory store for an hour.
    pub memory_gb_hour: f64,
    /// A GB in the magnetic store for a month.
    pub magnetic_gb_month: f64,
    /// Queries.
    pub queries: QueryPrice,
}

/// What queries cost, by what they scan.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QueryPrice {
    /// A GB scanned.
    pub gb_scanned: f64,
    /// Bytes that a query scans at the least.
    pub least_bytes: u64,
}

impl Prices {
    /// Those that come with tsrun.
    ///
    /// # Errors
    /// None: a test reads them.
    pub(super) fn shipped() -> Result<Self, String> {
        serde_yaml::from_str(SHIPPED).map_err(|error| error.to_string())
    }

    /// Those of a file, which `place` in the scenario names.
    ///
    /// # Errors
    /// A file that cannot be read, and everything in it that is no price.
    pub(super) fn read(file: &FilePath, place: &Path) -> Result<Self, Vec<Problem>> {
        let unreadable = |error: Unreadable| vec![Problem::new(place, error.to_string()).help(HELP)];
        let LoadedAs { value, document, mut problems } =
            load_as::<Self>(file, "the price file").map_err(unreadable)?;
        if let (Some(prices), true) = (value, problems.is_empty()) {
            problems = prices.flaws();
            if problems.is_empty() {
                return Ok(prices);
            }
        }
        let there = |found: Finding| {
            let line = found.place.map_or(1, |place| place.line);
            let help = found.help.unwrap_or_else(|| HELP.to_owned());
            Problem::new(place, found.message).help(help).in_template(file.to_owned(), line)
        };
        Err(document.findings(&problems).found.into_iter().map(there).collect())
    }

    /// Prices that are none.
    fn flaws(&self) -> Vec<Problem> {
        let root = Path::root();
        let prices = [
            (root.key("million_writes"), self.million_writes),
            (root.key("memory_gb_hour"), self.memory_gb_hour),
            (root.key("magnetic_gb_month"), self.magnetic_gb_month),
            (root.key("queries").key("gb_scanned"), self.queries.gb_scanned),
        ];
        let bad = prices.into_iter().filter(|(_, price)| !(price.is_finite() && *price >= 0.0));
        bad.map(|(path, price)| Problem::new(&path, format!("{price} is no price: a number of 0 or more")))
            .collect()
    }

    /// What so many write units cost.
    #[must_use]
    pub fn writes(&self, units: u64) -> f64 {
        units as f64 / 1e6 * self.million_writes
    }

    /// What so many metered bytes of queries cost.
    #[must_use]
    pub fn scanned(&self, bytes: u64) -> f64 {
        bytes as f64 / 1e9 * self.queries.gb_scanned
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shipped_prices_can_be_read() {
        let prices = Prices::shipped().unwrap();
        assert!((prices.writes(4_665_600) - 2.3328).abs() < 1e-9);
        assert!((prices.scanned(prices.queries.least_bytes) - 0.0001).abs() < 1e-12);
    }
}
