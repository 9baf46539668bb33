//! An answer as a client reads it, and how it is held against what was expected. Not here: what to
//! expect (`oracle`).

use std::cmp::Ordering;
use std::collections::BTreeMap;

use super::tolerance::Want;

/// The columns and all rows of an answer, every cell as the service prints it.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Answer {
    /// Name and scalar type.
    pub columns: Vec<(String, String)>,
    pub rows: Vec<Vec<String>>,
}

/// The cells of a row's first columns, which tell it from all others.
pub(super) type Key = Vec<String>;

/// What a query should answer.
pub(super) struct Expected {
    /// Name and scalar type.
    pub columns: &'static [(&'static str, &'static str)],
    /// What to order by, first things first.
    pub order: &'static [(&'static str, Direction)],
    /// What follows the key, for every row there is or may be.
    pub rows: BTreeMap<Key, Vec<Want>>,
}

/// Which way a column is ordered.
#[derive(Clone, Copy)]
pub(super) enum Direction {
    Ascending,
    Descending,
}

impl Answer {
    /// The cells of a column by its name.
    pub(super) fn column(&self, name: &str) -> Option<Vec<&str>> {
        let index = self.columns.iter().position(|(column, _)| column == name)?;
        Some(self.rows.iter().map(|row| row[index].as_str()).collect())
    }

    fn is_ordered_by(&self, order: &[(&str, Direction)]) -> bool {
        let columns: Vec<(usize, Direction)> = order
            .iter()
            .filter_map(|(name, way)| {
                Some((self.columns.iter().position(|(column, _)| column == name)?, *way))
            })
            .collect();
        let compare = |a: &[String], b: &[String]| {
            columns.iter().fold(Ordering::Equal, |order, &(index, way)| {
                order.then_with(|| match way {
                    Direction::Ascending => compare_cells(&a[index], &b[index]),
                    Direction::Descending => compare_cells(&b[index], &a[index]),
                })
            })
        };
        self.rows.is_sorted_by(|a, b| compare(a, b).is_le())
    }
}

impl Expected {
    /// Holds an answer against this: it has every row, and no other.
    pub(super) fn whole(&self, answer: &Answer) -> Result<(), String> {
        let keys = self.part(answer)?;
        match self.rows.keys().find(|key| !keys.contains(key)) {
            Some(missing) => Err(format!("no row for {missing:?}")),
            None => Ok(()),
        }
    }

    /// The same for an answer that has a part of the rows; gives their keys.
    pub(super) fn part(&self, answer: &Answer) -> Result<Vec<Key>, String> {
        if answer.rows.is_empty() {
            return Err("no rows".to_owned());
        }
        let columns: Vec<(&str, &str)> =
            answer.columns.iter().map(|(name, of)| (name.as_str(), of.as_str())).collect();
        if columns != self.columns {
            return Err(format!("columns {columns:?}, not {:?}", self.columns));
        }
        let mut keys: Vec<Key> = Vec::new();
        for row in &answer.rows {
            keys.push(self.row(row)?);
        }
        let mut distinct = keys.clone();
        distinct.sort();
        distinct.dedup();
        if distinct.len() < keys.len() {
            return Err(format!("a key comes twice: {keys:?}"));
        }
        if !answer.is_ordered_by(self.order) {
            return Err("the rows are out of order".to_owned());
        }
        Ok(keys)
    }

    fn row(&self, row: &[String]) -> Result<Key, String> {
        let width = self.rows.values().next().map_or(0, Vec::len);
        let (key, cells) = row.split_at(row.len().saturating_sub(width));
        let Some(wanted) = self.rows.get(key) else { return Err(format!("a row for {key:?}")) };
        let names = self.columns.iter().skip(key.len()).map(|(name, _)| name);
        for ((want, cell), name) in wanted.iter().zip(cells).zip(names) {
            if !want.is_met_by(cell) {
                return Err(format!("{name} of {key:?} is {cell}, not {want:?}"));
            }
        }
        Ok(key.to_vec())
    }
}

/// Numbers by their size, other cells as texts.
fn compare_cells(a: &str, b: &str) -> Ordering {
    match (a.parse::<f64>(), b.parse::<f64>()) {
        (Ok(a), Ok(b)) => a.total_cmp(&b),
        _ => a.cmp(b),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const COLUMNS: &[(&str, &str)] = &[("name", "VARCHAR"), ("instances", "BIGINT")];

    fn expected() -> Expected {
        let row = |name: &str, count| (vec![name.to_owned()], vec![Want::Count(count)]);
        Expected {
            columns: COLUMNS,
            order: &[("instances", Direction::Descending), ("name", Direction::Ascending)],
            rows: BTreeMap::from([row("a", 9), row("b", 10), row("c", 9)]),
        }
    }

    fn judged(rows: &[(&str, &str)]) -> Result<(), String> {
        let columns = COLUMNS.iter().map(|(name, of)| ((*name).to_owned(), (*of).to_owned())).collect();
        let rows = rows.iter().map(|(name, count)| vec![(*name).to_owned(), (*count).to_owned()]).collect();
        expected().whole(&Answer { columns, rows })
    }

    #[test]
    fn an_answer_has_the_rows_the_cells_and_the_order() {
        assert_eq!(judged(&[("b", "10"), ("a", "9"), ("c", "9")]), Ok(()));
        let refused = |rows: &[(&str, &str)]| judged(rows).unwrap_err();
        assert_eq!(refused(&[]), "no rows");
        assert_eq!(refused(&[("b", "10"), ("a", "9")]), r#"no row for ["c"]"#);
        assert_eq!(refused(&[("b", "10"), ("d", "9")]), r#"a row for ["d"]"#);
        assert_eq!(refused(&[("b", "11")]), r#"instances of ["b"] is 11, not Count(10)"#);
        assert_eq!(refused(&[("b", "10"), ("c", "9"), ("a", "9")]), "the rows are out of order");
        assert!(refused(&[("b", "10"), ("b", "10")]).starts_with("a key comes twice"));
    }

    #[test]
    fn an_answer_has_typed_columns() {
        let columns =
            vec![("name".to_owned(), "VARCHAR".to_owned()), ("instances".to_owned(), "DOUBLE".to_owned())];
        let answer = Answer { columns, rows: vec![vec!["b".to_owned(), "10".to_owned()]] };
        assert!(expected().part(&answer).unwrap_err().starts_with("columns "));
    }
}
