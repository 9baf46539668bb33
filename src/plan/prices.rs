//! What Amazon Timestream charges, from a price file. Not here: how much of it a run uses (`cost`).

use std::path::Path as FilePath;

use serde::Deserialize;

/// The prices that come with tsrun.
const SHIPPED: &str = include_str!("../../scenarios/prices/us-east-1.yaml");

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

    /// Those of a file.
    ///
    /// # Errors
    /// A file that cannot be read, or is not a price file.
    pub(super) fn read(file: &FilePath) -> Result<Self, String> {
        let text = std::fs::read_to_string(file).map_err(|error| error.to_string())?;
        serde_yaml::from_str(&text).map_err(|error| error.to_string())
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
