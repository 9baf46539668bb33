//! Values with a grammar of their own, as far as a schema can tell them: what they are, examples, the
//! types that are allowed. Stand-ins for raw YAML in the wire types; nothing is ever read into them.
//! Not here: the grammars themselves (`units`, `values`, `plan`).

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use super::super::Threshold;

#[cfg(feature = "local")]
pub(in crate::scenario) use timestream_local::faults::Rule as Fault;

/// A text that is exactly `$name`.
pub(super) const PARAMETER: &str = r"^\$[A-Za-z_][A-Za-z0-9_]*$";
/// A duration, or a parameter.
const DURATION: &str = r"^(\$[A-Za-z_][A-Za-z0-9_]*|[0-9][0-9.]*[A-Za-zµ]+([0-9][0-9.]*[A-Za-zµ]+)*)$";
/// A duration, `forever`, or a parameter.
const PHASE_LENGTH: &str =
    r"^(\$[A-Za-z_][A-Za-z0-9_]*|forever|[0-9][0-9.]*[A-Za-zµ]+([0-9][0-9.]*[A-Za-zµ]+)*)$";
/// A share, or a parameter.
const SHARE: &str = r"^(\$[A-Za-z_][A-Za-z0-9_]*|\s*[0-9.]+\s*%\s*)$";
/// A rate, or a parameter.
const RATE: &str = r"^(\$[A-Za-z_][A-Za-z0-9_]*|\s*[0-9.]+\s*/\s*[smh]\s*)$";

/// A stand-in: its name, what people read of it, and its schema.
macro_rules! form {
    ($($(#[doc = $doc:literal])+ $name:ident = $schema:tt;)+) => {$(
        $(#[doc = $doc])+
        pub(in crate::scenario) struct $name;

        impl JsonSchema for $name {
            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                let mut schema = json_schema!($schema);
                let lines = [$($doc),+].map(str::trim).join(" ");
                schema.insert("description".to_owned(), lines.into());
                schema
            }
        }
    )+};
}

form! {
    /// A span of time: a number and `ms`, `s`, `m`, `h` or `d`, or several of them.
    Duration = { "type": "string", "pattern": DURATION, "examples": ["500ms", "60s", "15m", "1h30m", "3d"] };

    /// A span of time, or `forever`: then Ctrl-C is the normal end. Only the last phase can last forever.
    PhaseLength = { "type": "string", "pattern": PHASE_LENGTH, "examples": ["60s", "3d", "forever"] };

    /// A share in per cent, 0% to 100%.
    Share = { "type": "string", "pattern": SHARE, "examples": ["50%", "0.5%"] };

    /// A number a second, a minute or an hour.
    Rate = { "type": "string", "pattern": RATE, "examples": ["5/s", "90/m", "1000/h"] };

    /// A point in time; a day alone is its midnight in UTC.
    Time = { "type": "string", "examples": ["2026-01-31T12:00:00Z", "2026-01-31"] };

    /// A number, a duration, a text, or true or false.
    Scalar = { "type": ["string", "number", "boolean"], "examples": [100, "60s", "single", true] };

    /// A number, a duration, a text, true or false, or a list of them.
    Constant = { "type": ["string", "number", "boolean", "array"], "examples": ["memory_used", 85, "15m"] };

    /// A value in the language of values: parameters and attributes by name, durations such as `10s`,
    /// draws such as `uniform(5s..30s)`.
    Expression = {
        "type": ["string", "number", "boolean"],
        "examples": ["60s", "interval", "uniform(5s..30s)", "if(chance(2%), uniform(1m..10m), 0s)", "changed(state)"],
    };

    /// A measure's value, made anew at each tick: an expression, or a list or a map of which one item is
    /// drawn (of a map by weight). Other measures stand for their values of the same tick.
    Value = {
        "type": ["string", "number", "boolean", "array", "object"],
        "examples": [
            "uniform(0..100)", "100 - cpu_user", "walk(-6..6 by 0.2)", "hold(10m, choice('running' 92, 'idle' 8))",
            { "OK": 95, "FAILED": 5 },
        ],
    };

    /// A literal with values in braces: `{value}`, `{value:08}` with zeros in front; `{{` and `}}` are braces.
    Text = { "type": ["string", "number", "boolean"], "examples": ["{region}-{host:04}", "{code(8)}", "{uuid()}"] };

    /// Members: a range with both ends, a list, the name of a list attribute, or a map from member to its
    /// weight or to its attributes (among them `weight`).
    Set = {
        "type": ["string", "array", "object"],
        "items": { "type": ["string", "number", "boolean"] },
        "additionalProperties": {
            "type": ["object", "number", "string", "null"],
            "additionalProperties": { "type": ["string", "number", "boolean", "array"] },
        },
        "examples": [
            "1..100", "0..hosts * scale - 1", ["a", "b"], "processes",
            { "us-east-1": { "cells": 15 }, "eu-west-1": { "cells": 10 } }, { "large": 20, "small": 80 },
        ],
    };

    /// How much of a workload runs over a phase: a share, a ramp, a list of steps of equal length, a rate,
    /// users, a sine, or a curve from a CSV file.
    Amount = {
        "anyOf": [
            { "type": "string", "description": "A share, a rate, or a ramp from one to another.",
              "pattern": r"^(\$[A-Za-z_][A-Za-z0-9_]*|[0-9.\s]+(%|/\s*[smh])\s*(\.\.\s*[0-9.\s]+(%|/\s*[smh])\s*)?)$" },
            { "type": "array", "items": { "type": "string" }, "minItems": 1,
              "description": "Steps of equal length." },
            { "type": "object", "required": ["users"], "additionalProperties": false,
              "properties": { "users": { "type": ["integer", "string", "array"],
                                         "description": "Users, or a ramp: 5..50." } } },
            { "type": "object", "required": ["sine"], "additionalProperties": false,
              "properties": {
                  "sine": { "type": "string", "description": "The least and the most: 20%..100%." },
                  "period": { "type": "string", "pattern": DURATION, "default": "24h",
                              "description": "From one peak to the next, counted from the Unix epoch." },
                  "peak": { "type": "string", "pattern": DURATION,
                            "description": "When in a period it is highest; half of it if not given." } } },
            { "type": "object", "required": ["curve"], "additionalProperties": false,
              "properties": { "curve": { "type": "string",
                  "description": "A CSV file beside the scenario: `at,load` and rows such as `15m,80%`." } } },
        ],
        "examples": ["100%", "10%..100%", ["10%", "50%", "100%"], "5/s..50/s", { "users": "5..50" },
                     { "sine": "20%..100%", "period": "24h", "peak": "14h" }, { "curve": "day.csv" }],
    };

    /// What becomes of operations that are late: all are sent (`catch_up`), those later than a span are
    /// counted as skipped, or the run ends with exit code 6.
    Behind = {
        "anyOf": [
            { "type": "string", "pattern": r"^(\$[A-Za-z_][A-Za-z0-9_]*|catch_up)$" },
            { "type": "object", "required": ["skip_after"], "additionalProperties": false,
              "properties": { "skip_after": { "type": "string", "pattern": DURATION } } },
            { "type": "object", "required": ["stop_after"], "additionalProperties": false,
              "properties": { "stop_after": { "type": "string", "pattern": DURATION } } },
        ],
        "examples": ["catch_up", { "skip_after": "30s" }, { "stop_after": "30s" }],
    };

    /// The end of a window: `now`, `latest` (the newest time in the table as the phase begins), or a time.
    End = { "type": "string", "examples": ["now", "latest", "2026-01-31T12:00:00Z"] };

    /// Where parameters come from: a host drawn for each `request` or for each `user`, a row of the table,
    /// or fixed values.
    Pick = {
        "anyOf": [
            { "type": "string", "pattern": r"^(\$[A-Za-z_][A-Za-z0-9_]*|request|user)$" },
            { "type": "object", "required": ["table"], "additionalProperties": false,
              "properties": { "table": { "type": "string",
                  "description": "The template in `queries/` whose first row has them." } } },
            { "type": "object", "required": ["fixed"], "additionalProperties": false,
              "properties": { "fixed": { "type": "object", "description": "Values by name." } } },
        ],
        "examples": ["request", "user", { "table": "pick-host.sql.j2" }, { "fixed": { "region": "us-east-1" } }],
    };
}

/// How arrivals follow each other.
#[derive(JsonSchema)]
#[schemars(rename_all = "snake_case")]
#[expect(dead_code, reason = "the words are read in `plan`")]
pub(in crate::scenario) enum Arrivals {
    /// Evenly spaced.
    Even,
    /// At random, as those of many independent users.
    Poisson,
}

/// What is asked of each query.
#[derive(JsonSchema)]
#[schemars(rename_all = "snake_case")]
#[expect(dead_code, reason = "the words are read in `plan`")]
pub(in crate::scenario) enum Mode {
    /// The query itself.
    Regular,
    /// `SELECT COUNT(*)` over it.
    RowCount,
}

/// A bound on a figure.
pub(in crate::scenario) struct Bound;

impl JsonSchema for Bound {
    fn schema_name() -> Cow<'static, str> {
        "Bound".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "A bound on a figure: a workload, one of its queries, a figure, a comparison, a \
                            value; or the same as `check` with a phase or an early end.",
            "anyOf": [{ "type": "string" }, generator.subschema_for::<Threshold>()],
            "examples": ["ingest.rejected == 0", "users.do-q1.service.p99 < 2s",
                         { "check": "users.failed_share < 1%", "abort_after": "30s" }],
        })
    }
}

/// A rule of a fault plan, of which this build knows nothing.
#[cfg(not(feature = "local"))]
pub(in crate::scenario) struct Fault;

#[cfg(not(feature = "local"))]
impl JsonSchema for Fault {
    fn schema_name() -> Cow<'static, str> {
        "Fault".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "object", "description": "A rule of a fault plan." })
    }
}
