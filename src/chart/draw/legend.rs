//! What a chart says in words: its legend, its axes, and all of it for who does not see it.

use std::fmt::Write as _;

use minijinja::HtmlEscape;

use super::{Chart, Svg};

impl Chart {
    /// Names beside samples of their lines.
    pub(super) fn legend(&self, svg: &mut Svg) {
        let lines = self.lines.iter().map(|line| ("line", line.ink.class(), line.name.as_str()));
        let bands = self.bands.iter().map(|band| ("band", band.ink.class(), band.name.as_str()));
        let marks = (!self.marks.is_empty()).then(|| ("mark", String::new(), "incidents"));
        let entries: Vec<_> = lines.chain(bands).chain(marks).collect();
        svg.put(format_args!("<ul class=\"legend\">"));
        for (shape, ink, name) in entries {
            let sample = if shape == "line" {
                format!("<line class=\"line {ink}\" x2=\"26\" y1=\"6\" y2=\"6\"/>")
            } else {
                format!("<rect class=\"{shape} {ink}\" width=\"26\" height=\"12\"/>")
            };
            svg.put(format_args!(
                "<li><svg width=\"26\" height=\"12\" aria-hidden=\"true\">{sample}</svg>{}</li>",
                HtmlEscape(name)
            ));
        }
        svg.put(format_args!("</ul>"));
    }

    /// What its axes measure: `service time over time, log scale`.
    pub(super) fn caption(&self) -> String {
        let log = if self.y.is_log() { ", log scale" } else { "" };
        format!("{} {}{log}", self.y.label, self.x.label).trim_start().to_owned()
    }

    /// What it shows, for who does not see it.
    pub(super) fn in_words(&self) -> String {
        let mut words = format!("{}, {}", self.title, self.caption());
        for line in &self.lines {
            let values: Vec<f64> =
                line.points.iter().filter_map(|(_, y)| *y).filter(|y| y.is_finite()).collect();
            let least = values.iter().copied().fold(f64::INFINITY, f64::min);
            let most = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            let _ = match values.last() {
                None => write!(words, "; {}: no values", line.name),
                Some(last) => write!(
                    words,
                    "; {}: between {} and {}, at the end {}",
                    line.name,
                    self.y.print(least),
                    self.y.print(most),
                    self.y.print(*last)
                ),
            };
        }
        words
    }
}
