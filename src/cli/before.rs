//! What is done with a scenario before it runs.

use std::path::PathBuf;

use chrono::{DateTime, Utc};
use clap::{Args, ValueEnum};

use super::run::assignment;
use super::{Overrides, TargetArgs};
use crate::units::parse_time;

/// Write a scenario to start from.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  tsrun new greenhouse
  tsrun new plans/greenhouse")]
pub struct New {
    /// The scenario's name; it is written to NAME.yaml, its query to queries/NAME.sql.j2
    #[arg(value_name = "NAME")]
    pub name: PathBuf,
}

/// Check scenarios.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  tsrun check scenarios/small.yaml
  tsrun check scenarios/small.yaml -P scale=5000 -P layout=multi
  tsrun check scenarios/small.yaml --format github")]
pub struct Check {
    /// The scenarios
    #[arg(value_name = "SCENARIO", required = true)]
    pub scenarios: Vec<PathBuf>,
    /// As what; json and github go to standard output
    #[arg(long, value_enum, default_value = "text")]
    pub format: CheckFormat,
    /// Parameters and seed.
    #[command(flatten)]
    pub overrides: Overrides,
}

/// What problems are printed as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum CheckFormat {
    /// For people: excerpt, caret, help
    Text,
    /// A list of files, each with a list of its problems
    Json,
    /// Annotations of a pull request, as GitHub Actions takes them
    Github,
}

/// Show what a scenario comes to.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  tsrun plan scenarios/small.yaml
  tsrun plan scenarios/large.yaml -P scale=1000 -P interval=60s
  tsrun plan scenarios/large.yaml --format json")]
pub struct Plan {
    /// The scenario
    pub scenario: PathBuf,
    /// As what
    #[arg(long, value_enum, default_value = "text")]
    pub format: PlanFormat,
    /// Parameters and seed.
    #[command(flatten)]
    pub overrides: Overrides,
}

/// What a plan is printed as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum PlanFormat {
    /// For people, with a tree and a chart
    Text,
    /// The same figures for programs
    Json,
}

/// Print SQL.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  tsrun render scenarios/small.yaml
  tsrun render scenarios/small.yaml --query do-q1 --set region=eu-west-1
  tsrun render scenarios/small.yaml --explain")]
pub struct Render {
    /// The scenario
    pub scenario: PathBuf,
    /// This query only
    #[arg(long, value_name = "NAME")]
    pub query: Option<String>,
    /// A value for a parameter of the templates, instead of the drawn host's or the query's own
    #[arg(long, value_name = "NAME=VALUE", value_parser = assignment)]
    pub set: Vec<(String, String)>,
    /// Draw another host: 1, 2, 3, ...
    #[arg(long, value_name = "NUMBER", default_value_t = 0, hide_default_value = true)]
    pub draw: u64,
    /// The end of every window, such as 2026-01-31T12:00:00Z, instead of the scenario's
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    pub end: Option<DateTime<Utc>>,
    /// Run each query once on the target, and say what it scans and what it leaves out
    #[arg(long)]
    pub explain: bool,
    /// Where to run with --explain.
    #[command(flatten)]
    pub target: TargetArgs,
    /// Parameters and seed.
    #[command(flatten)]
    pub overrides: Overrides,
}

/// Print the schema.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  tsrun schema > scenarios/schema.json
  tsrun schema --format markdown")]
pub struct Schema {
    /// As what
    #[arg(long, value_enum, default_value = "json")]
    pub format: SchemaFormat,
}

/// What the schema is printed as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum SchemaFormat {
    /// JSON Schema, which editors read
    Json,
    /// A page with every key, its type, its default and what it is
    Markdown,
}
