//! The functions that SQL can call, under the service's names. Most are the engine's own; `bin`, `dates`, `doubles` and
//! `pieces` compute, `extremes` compare, `concat` joins, `text` prints, `bounded` bounds what is made and `patterns` what is
//! looked for, and `spelled` expresses the rest in terms of others. `syntax` is for those that are called in other words.
//!
//! What is not listed here cannot be called.

/// Makes functions of a kind equal where their names are: there is one of a name.
macro_rules! one_of_a_name {
    ($kind:ty) => {
        impl PartialEq for $kind {
            fn eq(&self, other: &Self) -> bool {
                self.name == other.name
            }
        }

        impl Eq for $kind {}

        impl std::hash::Hash for $kind {
            fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
                self.name.hash(state);
            }
        }
    };
}

mod aggregates;
mod bin;
mod bounded;
mod concat;
mod dates;
mod doubles;
mod extremes;
mod patterns;
mod pieces;
mod spelled;
mod syntax;
mod text;

use std::collections::HashMap;
use std::sync::Arc;

use datafusion::execution::SessionStateDefaults;
use datafusion::logical_expr::{AggregateUDF, ScalarUDF, WindowUDF};

pub(super) use self::aggregates::SpelledAggregate;
pub(super) use self::bounded::bounded;
pub(super) use self::concat::joined;
pub(super) use self::patterns::{bounded_pattern, check_like, matching};
pub(super) use self::spelled::Spelled;
pub(super) use self::syntax::Syntax;
pub(super) use self::text::to_varchar;

/// Scalar functions of the engine that do as the service's of that name, or of the second name.
const SCALAR: &[(&str, &str)] = &[
    ("abs", "abs"),
    ("atan", "atan"),
    ("atan2", "atan2"),
    ("cbrt", "cbrt"),
    ("ceil", "ceil"),
    ("ceil", "ceiling"),
    ("chr", "chr"),
    ("coalesce", "coalesce"),
    ("cos", "cos"),
    ("cosh", "cosh"),
    ("current_date", "current_date"),
    ("date_trunc", "date_trunc"),
    ("degrees", "degrees"),
    ("exp", "exp"),
    ("floor", "floor"),
    ("isnan", "is_nan"),
    ("log", "log"),
    ("lower", "lower"),
    ("lpad", "lpad"),
    ("ltrim", "ltrim"),
    ("now", "current_timestamp"),
    ("now", "now"),
    ("nullif", "nullif"),
    ("pi", "pi"),
    ("power", "pow"),
    ("power", "power"),
    ("radians", "radians"),
    ("random", "rand"),
    ("random", "random"),
    ("replace", "replace"),
    ("reverse", "reverse"),
    ("round", "round"),
    ("rpad", "rpad"),
    ("rtrim", "rtrim"),
    ("signum", "sign"),
    ("sin", "sin"),
    ("sinh", "sinh"),
    ("starts_with", "starts_with"),
    ("struct", "row"),
    ("tan", "tan"),
    ("tanh", "tanh"),
    ("translate", "translate"),
    ("btrim", "trim"),
    ("trunc", "truncate"),
    ("upper", "upper"),
];

/// Aggregate functions, in the same way.
const AGGREGATE: &[(&str, &str)] = &[
    ("any_value", "any_value"),
    ("any_value", "arbitrary"),
    ("approx_distinct", "approx_distinct"),
    ("approx_percentile_cont", "approx_percentile"),
    ("array_agg", "array_agg"),
    ("avg", "avg"),
    ("bool_and", "bool_and"),
    ("bool_and", "every"),
    ("bool_or", "bool_or"),
    ("corr", "corr"),
    ("count", "count"),
    ("covar_pop", "covar_pop"),
    ("covar_samp", "covar_samp"),
    // Window functions too, but found here by the engine.
    ("first_value", "first_value"),
    ("last_value", "last_value"),
    ("max", "max"),
    ("min", "min"),
    ("nth_value", "nth_value"),
    ("regr_intercept", "regr_intercept"),
    ("regr_slope", "regr_slope"),
    ("stddev", "stddev"),
    ("stddev", "stddev_samp"),
    ("stddev_pop", "stddev_pop"),
    ("sum", "sum"),
    ("var", "var_samp"),
    ("var", "variance"),
    ("var_pop", "var_pop"),
];

/// Functions by the name that SQL calls them.
pub(super) struct Functions {
    pub scalar: HashMap<String, Arc<ScalarUDF>>,
    pub aggregate: HashMap<String, Arc<AggregateUDF>>,
    pub window: HashMap<String, Arc<WindowUDF>>,
}

impl Functions {
    /// All functions of the service that there are.
    pub(super) fn new() -> Self {
        let scalar = select(&SessionStateDefaults::default_scalar_functions(), SCALAR, |f| f.name());
        let mut scalar: HashMap<_, _> =
            scalar.into_iter().map(|(name, function)| (name, bounded(function))).collect();
        let own = [
            vec![bin::bin(), concat::concat()],
            dates::functions(),
            doubles::functions(),
            extremes::functions(),
            pieces::functions(),
            spelled::functions(),
        ]
        .concat();
        scalar.extend(own.into_iter().map(|function| (function.name().to_owned(), Arc::new(function))));

        let defaults = SessionStateDefaults::default_aggregate_functions();
        let mut aggregate = select(&defaults, AGGREGATE, |f| f.name());
        let own = aggregates::functions();
        aggregate.extend(own.into_iter().map(|function| (function.name().to_owned(), Arc::new(function))));

        let window = SessionStateDefaults::default_window_functions();
        let window = window.into_iter().map(|function| (function.name().to_owned(), function)).collect();
        Self { scalar, aggregate, window }
    }

    /// What the service calls the engine's function `engine`.
    pub(super) fn service_name(engine: &str) -> &str {
        let listed = SCALAR.iter().chain(AGGREGATE);
        let mut names = listed.filter(|(known, _)| *known == engine).map(|(_, service)| *service);
        let first = names.next();
        names.find(|service| *service == engine).or(first).unwrap_or(engine)
    }

    /// Whether there is a function called `name`, in lower case.
    pub(super) fn contains(&self, name: &str) -> bool {
        self.scalar.contains_key(name) || self.aggregate.contains_key(name) || self.window.contains_key(name)
    }
}

fn select<F>(all: &[Arc<F>], wanted: &[(&str, &str)], name: impl Fn(&F) -> &str) -> HashMap<String, Arc<F>> {
    let find = |&(engine, service): &(&str, &str)| {
        let function = all.iter().find(|function| name(function) == engine)?;
        Some((service.to_owned(), function.clone()))
    };
    wanted.iter().filter_map(find).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_listed_function_is_in_the_engine() {
        let functions = Functions::new();
        for (_, name) in SCALAR.iter().chain(AGGREGATE) {
            assert!(functions.contains(name), "{name}");
        }
        for name in ["bin", "ago", "hour", "max_by", "row_number", "lag", "date_diff"] {
            assert!(functions.contains(name), "{name}");
        }
    }
}
