//! What is measured, and what it is held against. Not here: measuring.

/// A row of the table.
pub(crate) struct Row {
    pub name: &'static str,
    pub scenario: &'static str,
    /// Values of the scenario's parameters.
    pub params: &'static [(&'static str, &'static str)],
    pub tls: bool,
    pub figure: Figure,
    /// What the sample by which the project began takes for the same, from its best run to its worst.
    pub seed: Option<(f64, f64)>,
    pub target: f64,
    /// More than was asked for.
    pub beyond: Option<f64>,
}

/// The figure of a run.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Figure {
    /// Processor seconds for a million records.
    SecondsAMillionRecords,
    /// Processor milliseconds for a query.
    MillisecondsAQuery,
    /// The most memory held, in megabytes.
    Megabytes,
}

impl Figure {
    pub(crate) fn unit(self) -> &'static str {
        match self {
            Figure::SecondsAMillionRecords => "CPU-s a million records",
            Figure::MillisecondsAQuery => "CPU-ms a query",
            Figure::Megabytes => "MB at the most",
        }
    }
}

const RECORDS: Row = Row {
    name: "",
    scenario: "single",
    params: &[],
    tls: false,
    figure: Figure::SecondsAMillionRecords,
    // The seed's batch mode; it writes each attribute into each record.
    seed: Some((99.0, 114.0)),
    target: 1.0,
    beyond: Some(0.6),
};

pub(crate) const ROWS: [Row; 6] = [
    Row { name: "single, shared attributes, HTTP", ..RECORDS },
    Row { name: "single, shared attributes, TLS", tls: true, target: 1.25, beyond: None, ..RECORDS },
    Row {
        name: "single, attributes repeated, HTTP",
        params: &[("common_attributes", "false")],
        target: 1.5,
        beyond: Some(1.0),
        ..RECORDS
    },
    Row {
        name: "MULTI of 20 measures, HTTP",
        scenario: "multi",
        seed: Some((284.0, 341.0)),
        target: 3.6,
        beyond: Some(3.0),
        ..RECORDS
    },
    Row {
        name: "query, a page of 60 rows",
        scenario: "query",
        figure: Figure::MillisecondsAQuery,
        seed: Some((3.84, 3.84)),
        target: 0.35,
        beyond: Some(0.25),
        ..RECORDS
    },
    Row {
        name: "memory, 4,000,000 hosts, 64 in flight",
        figure: Figure::Megabytes,
        seed: None,
        target: 100.0,
        beyond: None,
        ..RECORDS
    },
];
