//! Pieces of text that fit into a terminal. Not here: what they say (`frame`).

use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

/// Where the text of a line begins, after its label.
const INDENT: usize = 10;

/// How a piece of text looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tone {
    Plain,
    Strong,
    Faint,
    /// Something failed.
    Bad,
    /// Something is behind its plan.
    Late,
}

/// A line, in pieces of one look each.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Line(Vec<(Tone, String)>);

impl Line {
    pub(crate) fn add(&mut self, tone: Tone, text: impl Into<String>) {
        self.0.push((tone, text.into()));
    }

    /// The columns that it takes.
    pub(crate) fn columns(&self) -> usize {
        self.0.iter().map(|(_, text)| text.width()).sum()
    }

    /// Its text, with colours or without.
    pub(crate) fn text(&self, colours: bool) -> String {
        let piece = |(tone, text): &(Tone, String)| {
            let style = console::Style::new().force_styling(true);
            let style = match tone {
                Tone::Plain => return text.clone(),
                Tone::Strong => style.bold(),
                Tone::Faint => style.dim(),
                Tone::Bad => style.red(),
                Tone::Late => style.yellow(),
            };
            if colours { style.apply_to(text).to_string() } else { text.clone() }
        };
        self.0.iter().map(piece).collect()
    }

    /// As much of it as fits.
    pub(crate) fn cut(mut self, width: usize) -> Self {
        let mut left = width;
        for (_, text) in &mut self.0 {
            *text = cut(text, left);
            left -= text.width();
        }
        self
    }
}

/// As much of a text as fits.
fn cut(text: &str, width: usize) -> String {
    let mut left = width;
    let fits = |c: &char| {
        let columns = c.width().unwrap_or(0);
        let fits = columns <= left;
        left = left.saturating_sub(columns);
        fits
    };
    text.chars().take_while(fits).collect()
}

/// A label and pieces after it, on as many lines as they need.
pub(crate) fn flow(label: &str, pieces: &[(Tone, String)], width: usize) -> Vec<Line> {
    flow_by(label, pieces, "  ", width)
}

/// The same with another gap between the pieces.
pub(crate) fn flow_by(label: &str, pieces: &[(Tone, String)], gap: &str, width: usize) -> Vec<Line> {
    let label = cut(label, INDENT.saturating_sub(2));
    let mut line = Line::default();
    line.add(Tone::Faint, format!("{label}{}", " ".repeat(INDENT - label.width())));
    let mut lines = Vec::new();
    for (tone, text) in pieces {
        let begun = line.0.len() > 1;
        if begun && line.columns() + gap.len() + text.width() > width {
            let mut next = Line::default();
            next.add(Tone::Plain, " ".repeat(INDENT));
            lines.push(std::mem::replace(&mut line, next));
        } else if begun {
            line.add(Tone::Plain, gap);
        }
        line.add(*tone, text);
    }
    lines.push(line);
    lines
}

/// A text of exactly so many columns, the last one empty.
pub(crate) fn padded(text: &str, columns: usize) -> String {
    let text = cut(text, columns.saturating_sub(1));
    let gap = columns.saturating_sub(text.width());
    format!("{text}{}", " ".repeat(gap))
}
