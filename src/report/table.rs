//! Tables of a report, before they are text, Markdown or HTML. Not here: which ones there are (`tables`).

use serde::Serialize;

use crate::units::print_count;

/// A table.
#[derive(Debug, Clone, Default)]
pub(super) struct Table {
    /// Its heading.
    pub title: &'static str,
    /// Its columns, from left to right.
    pub columns: Vec<Column>,
    /// Its rows, with a cell a column.
    pub rows: Vec<Vec<Cell>>,
}

/// A column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Column {
    /// Its heading: a line, or two.
    pub header: (&'static str, &'static str),
    /// The column of the run's CSV file that it shows.
    pub source: &'static str,
    /// What stands in it.
    pub kind: Kind,
}

/// What stands in a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// What the row is about.
    Key,
    /// Counts.
    Count,
    /// Spans of time.
    Time,
    /// A word at the end.
    Word,
}

/// A cell.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Cell {
    /// A text.
    Text(String),
    /// A number of things.
    Count(u64),
    /// Bytes, shown in millions.
    Megabytes(u64),
    /// Seconds, shown in milliseconds.
    Seconds(f64),
    /// Whether bounds were kept.
    Kept {
        /// How many.
        kept: usize,
        /// Of how many.
        all: usize,
    },
}

/// A cell as templates have it.
#[derive(Debug, Serialize)]
pub(super) struct Shown {
    text: String,
    /// The figure itself, as the CSV file has it.
    value: Option<String>,
    source: &'static str,
    class: &'static str,
}

impl Cell {
    /// Whether it says nothing: a zero, or no text.
    fn is_nothing(&self) -> bool {
        match self {
            Self::Text(text) => text.is_empty(),
            Self::Count(0) | Self::Megabytes(0) | Self::Kept { all: 0, .. } => true,
            Self::Seconds(seconds) => *seconds == 0.0,
            Self::Count(_) | Self::Megabytes(_) | Self::Kept { .. } => false,
        }
    }

    /// As people read it.
    pub(super) fn text(&self) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::Count(count) => print_count(*count),
            Self::Megabytes(bytes) => print_count((bytes + 500_000) / 1_000_000),
            // The shortest that is measured is a microsecond.
            Self::Seconds(seconds) if *seconds == 0.0 => "-".to_owned(),
            Self::Seconds(seconds) => millis(*seconds),
            Self::Kept { all: 0, .. } => String::new(),
            Self::Kept { kept, all: 1 } => if *kept == 1 { "✓" } else { "✗" }.to_owned(),
            Self::Kept { kept, all } if kept == all => format!("✓ {all}"),
            Self::Kept { kept, all } => format!("✗ {} of {all}", all - kept),
        }
    }

    fn value(&self) -> Option<String> {
        match self {
            Self::Text(_) | Self::Kept { .. } => None,
            Self::Count(count) | Self::Megabytes(count) => Some(count.to_string()),
            Self::Seconds(seconds) => Some(seconds.to_string()),
        }
    }

    fn class(&self) -> &'static str {
        match self {
            Self::Text(_) => "text",
            Self::Kept { kept, all } if kept < all => "bad",
            Self::Kept { .. } => "good",
            Self::Count(_) | Self::Megabytes(_) | Self::Seconds(_) => "",
        }
    }
}

impl Table {
    /// Without the columns that say nothing in any row.
    pub(super) fn without_nothings(mut self) -> Self {
        let says: Vec<bool> = (0..self.columns.len())
            .map(|column| {
                self.columns[column].kind == Kind::Key
                    || self.rows.iter().any(|row| !row[column].is_nothing())
            })
            .collect();
        self.keep(|column| says[column]);
        self
    }

    /// The keys with these kinds of columns only.
    pub(super) fn of(&self, kinds: &[Kind]) -> Self {
        let mut part = self.clone();
        part.keep(|column| {
            let kind = self.columns[column].kind;
            kind == Kind::Key || kinds.contains(&kind)
        });
        part
    }

    /// How many columns there are beside the keys.
    pub(super) fn figures(&self) -> usize {
        self.columns.iter().filter(|column| column.kind != Kind::Key).count()
    }

    /// The keys with the first so many figures, and with the rest of them.
    pub(super) fn split(&self, figures: usize) -> (Self, Self) {
        // Keys stand before all figures.
        let keys = self.columns.len() - self.figures();
        let (mut first, mut rest) = (self.clone(), self.clone());
        first.keep(|column| column < keys + figures);
        rest.keep(|column| column < keys || column >= keys + figures);
        (first, rest)
    }

    fn keep(&mut self, kept: impl Fn(usize) -> bool) {
        fn pick<T>(all: &mut Vec<T>, kept: &impl Fn(usize) -> bool) {
            let mut index = 0;
            all.retain(|_| {
                index += 1;
                kept(index - 1)
            });
        }
        pick(&mut self.columns, &kept);
        self.rows.iter_mut().for_each(|row| pick(row, &kept));
    }

    /// The cells as templates have them.
    pub(super) fn shown(&self) -> Vec<Vec<Shown>> {
        let cell = |(cell, column): (&Cell, &Column)| Shown {
            text: cell.text(),
            value: cell.value(),
            source: column.source,
            class: cell.class(),
        };
        self.rows.iter().map(|row| row.iter().zip(&self.columns).map(cell).collect()).collect()
    }
}

/// Seconds as milliseconds, to three digits or the millisecond: `0.85`, `12.3`, `1,234`.
pub(super) fn millis(seconds: f64) -> String {
    let millis = seconds * 1e3;
    match millis.abs() {
        size if size < 9.995 => format!("{millis:.2}"),
        size if size < 99.95 => format!("{millis:.1}"),
        _ => print_count(millis.round().max(0.0) as u64),
    }
}
