//! What the SQL may name: the table, its dimensions and its measures; how each layout writes a
//! measure. Not here: how a fleet comes to them (`fleet`).

use super::literal;
use crate::diagnostics;
use crate::plan::Layout;
use crate::values::Type;

/// The table that templates ask, as data.
#[derive(Debug, Clone)]
pub struct Catalog {
    /// The database's name.
    pub database: String,
    /// The table's name.
    pub table: String,
    /// One record a measure, or one MULTI record for all.
    pub layout: Layout,
    /// The records written to it.
    pub records: Vec<RecordColumns>,
}

/// One record of the metric catalog.
#[derive(Debug, Clone)]
pub struct RecordColumns {
    /// Its name; the MULTI layout's `measure_name`.
    pub name: String,
    /// Its dimensions.
    pub dimensions: Vec<String>,
    /// Its measures and their types.
    pub measures: Vec<(String, Type)>,
}

impl Catalog {
    /// Every measure with its type; one that two records have comes twice.
    pub(crate) fn measures(&self) -> impl Iterator<Item = (&str, Type)> {
        self.records
            .iter()
            .flat_map(|record| &record.measures)
            .map(|(name, measure_type)| (name.as_str(), *measure_type))
    }

    /// Whether any record has a dimension of this name.
    pub(crate) fn has_dimension(&self, name: &str) -> bool {
        self.records.iter().any(|record| record.dimensions.iter().any(|dimension| dimension == name))
    }

    /// The column that holds a measure: `measure_value::double` or `"memory_used"`.
    pub(crate) fn column(&self, measure: &str) -> Result<String, String> {
        let measure_type = self.measure_type(measure)?;
        Ok(match self.layout {
            Layout::Single => format!("measure_value::{}", column_type(measure_type)),
            Layout::Multi => literal::identifier(measure),
        })
    }

    /// The measure where the row is of that measure, NULL elsewhere.
    pub(crate) fn value(&self, measure: &str) -> Result<String, String> {
        let column = self.column(measure)?;
        Ok(match self.layout {
            Layout::Single => {
                format!("CASE WHEN measure_name = {} THEN {column} END", literal::text(measure))
            }
            Layout::Multi => column,
        })
    }

    /// The condition for the rows that hold any of the measures.
    pub(crate) fn rows(&self, measures: &[String]) -> Result<String, String> {
        for measure in measures {
            self.measure_type(measure)?;
        }
        let mut names: Vec<&str> = Vec::new();
        let wanted = measures.iter().flat_map(|measure| self.measure_names(measure));
        for name in wanted {
            if !names.contains(&name) {
                names.push(name);
            }
        }
        let texts: Vec<String> = names.iter().map(|name| literal::text(name)).collect();
        match texts.as_slice() {
            [] => Err("rows() wants a measure at least, as in rows(\"cpu_user\")".to_owned()),
            [name] => Ok(format!("measure_name = {name}")),
            _ => Ok(format!("measure_name IN ({})", texts.join(", "))),
        }
    }

    /// What stands in the column `measure_name` of the rows that hold `measure`.
    fn measure_names<'a>(&'a self, measure: &'a str) -> Vec<&'a str> {
        match self.layout {
            Layout::Single => vec![measure],
            Layout::Multi => self
                .records
                .iter()
                .filter(|record| record.measures.iter().any(|(name, _)| name == measure))
                .map(|record| record.name.as_str())
                .collect(),
        }
    }

    fn measure_type(&self, measure: &str) -> Result<Type, String> {
        self.measures().find(|(name, _)| *name == measure).map(|(_, measure_type)| measure_type).ok_or_else(
            || {
                let hint = diagnostics::did_you_mean(measure, self.measures().map(|(name, _)| name));
                let unknown = format!("no record has a measure `{measure}`");
                hint.map_or(unknown.clone(), |hint| format!("{unknown}, {hint}"))
            },
        )
    }
}

/// The TYPE of `measure_value::TYPE`.
pub(crate) fn column_type(measure_type: Type) -> &'static str {
    match measure_type {
        Type::Boolean => "boolean",
        Type::Bigint => "bigint",
        Type::Double => "double",
        // Durations and lists are no measures: no record of a checked plan has one.
        Type::Text | Type::Duration | Type::List => "varchar",
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A catalog in small: `memory_free` is a measure of both records.
    pub(crate) fn catalog(layout: Layout) -> Catalog {
        let record = |name: &str, dimensions: &[&str], measures: &[(&str, Type)]| RecordColumns {
            name: name.to_owned(),
            dimensions: dimensions.iter().map(|&name| name.to_owned()).collect(),
            measures: measures.iter().map(|&(name, of)| (name.to_owned(), of)).collect(),
        };
        let place = ["region", "cell", "silo", "availability_zone", "microservice_name"];
        let metrics = [&place[..], &["instance_type", "os_version", "instance_name"]].concat();
        let events = [&place[..], &["instance_name", "process_name", "jdk_version"]].concat();
        let doubles = ["cpu_user", "cpu_system", "memory_free", "memory_used", "disk_used"];
        Catalog {
            database: "perf_scale".to_owned(),
            table: "small".to_owned(),
            layout,
            records: vec![
                record("metrics", &metrics, &doubles.map(|name| (name, Type::Double))),
                record(
                    "events",
                    &events,
                    &[
                        ("task_completed", Type::Bigint),
                        ("task_end_state", Type::Text),
                        ("gc_pause", Type::Double),
                        ("memory_free", Type::Double),
                    ],
                ),
            ],
        }
    }

    #[test]
    fn each_layout_writes_a_measure_in_its_way() {
        let (single, multi) = (catalog(Layout::Single), catalog(Layout::Multi));
        assert_eq!(single.column("task_completed").unwrap(), "measure_value::bigint");
        assert_eq!(multi.column("task_completed").unwrap(), r#""task_completed""#);
        assert_eq!(
            single.value("cpu_user").unwrap(),
            "CASE WHEN measure_name = 'cpu_user' THEN measure_value::double END"
        );
        assert_eq!(multi.value("cpu_user").unwrap(), r#""cpu_user""#);
    }

    #[test]
    fn rows_are_those_of_the_measures_or_of_their_records() {
        let rows = |layout, measures: &[&str]| {
            let measures: Vec<String> = measures.iter().map(|&name| name.to_owned()).collect();
            catalog(layout).rows(&measures)
        };
        let (single, multi) = (Layout::Single, Layout::Multi);
        assert_eq!(rows(single, &["cpu_user"]).unwrap(), "measure_name = 'cpu_user'");
        assert_eq!(
            rows(single, &["cpu_user", "gc_pause"]).unwrap(),
            "measure_name IN ('cpu_user', 'gc_pause')"
        );
        assert_eq!(rows(multi, &["cpu_user", "cpu_system"]).unwrap(), "measure_name = 'metrics'");
        assert_eq!(rows(multi, &["memory_free"]).unwrap(), "measure_name IN ('metrics', 'events')");
        assert!(rows(single, &[]).unwrap_err().contains("rows() wants a measure"));
    }

    #[test]
    fn an_unknown_measure_is_named_with_the_nearest() {
        assert_eq!(
            catalog(Layout::Multi).column("memory_usd").unwrap_err(),
            "no record has a measure `memory_usd`, did you mean `memory_used`?"
        );
        assert_eq!(
            catalog(Layout::Single).value("altitude").unwrap_err(),
            "no record has a measure `altitude`"
        );
    }
}
