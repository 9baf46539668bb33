//! Draws a chart. Not here: scales and ticks (`axis`), colours (the page's stylesheet).
//!
//! The plot is an SVG without a view box, so that its text keeps its size: x positions are per cent of its width,
//! y positions pixels. Shapes are in SVGs of their own inside it, which are stretched. What tells of the y axis lies left of the
//! plot, in its margin.

mod legend;
mod readouts;

use std::fmt::Write as _;

use minijinja::HtmlEscape;

use super::axis::Axis;
use super::parts::{Band, Bound, Ink, Line, Mark, Shade};

/// The height of a plot, in pixels.
const HEIGHT: f64 = 190.0;
/// The sides of the view box of shapes.
const SIDE: f64 = 1000.0;
/// Widths of a plot on a phone and on a desk, and of a letter, in pixels: what decides which names are shown.
const NARROW: f64 = 270.0;
const BROAD: f64 = 620.0;
const LETTER: f64 = 6.6;
/// The height of the strip of marks, in pixels, and the share of a chart up to which the ground above them is marked.
const STRIP: f64 = 5.0;
/// The height above the values for the names of shades, in pixels.
const HEADROOM: f64 = 18.0;
const MOST_MARKED: f64 = 0.4;

/// A chart.
#[derive(Debug, Clone)]
pub struct Chart {
    title: String,
    x: Axis,
    y: Axis,
    shades: Vec<Shade>,
    marks: Vec<Mark>,
    bands: Vec<Band>,
    bounds: Vec<Bound>,
    lines: Vec<Line>,
}

impl Chart {
    /// An empty chart.
    #[must_use]
    pub fn new(title: &str, x: Axis, y: Axis) -> Self {
        Self {
            title: title.to_owned(),
            x,
            y,
            shades: Vec::new(),
            marks: Vec::new(),
            bands: Vec::new(),
            bounds: Vec::new(),
            lines: Vec::new(),
        }
    }

    /// Shades spans, such as phases.
    #[must_use]
    pub fn shades(mut self, shades: impl IntoIterator<Item = Shade>) -> Self {
        self.shades.extend(shades);
        self
    }

    /// Marks what happened, such as incidents.
    #[must_use]
    pub fn marks(mut self, marks: impl IntoIterator<Item = Mark>) -> Self {
        self.marks.extend(marks);
        self
    }

    /// Adds a band, behind the lines.
    #[must_use]
    pub fn band(mut self, name: &str, ink: Ink, points: Vec<(f64, Option<(f64, f64)>)>) -> Self {
        self.bands.push(Band { name: name.to_owned(), ink, points });
        self
    }

    /// Adds values that must not be passed.
    #[must_use]
    pub fn bounds(mut self, bounds: impl IntoIterator<Item = Bound>) -> Self {
        self.bounds.extend(bounds);
        self
    }

    /// Adds a line.
    #[must_use]
    pub fn line(mut self, name: &str, ink: Ink, points: Vec<(f64, Option<f64>)>) -> Self {
        self.lines.push(Line { name: name.to_owned(), ink, points });
        self
    }

    /// The chart as a `<figure>`; every text is escaped.
    #[must_use]
    pub fn html(&self) -> String {
        let mut svg = Svg::default();
        svg.put(format_args!(
            "<figure class=\"chart\"><figcaption>{} <small>{}</small></figcaption>",
            HtmlEscape(&self.title),
            HtmlEscape(&self.caption())
        ));
        self.legend(&mut svg);
        svg.put(format_args!(
            "<svg class=\"plot\" role=\"img\" height=\"{HEIGHT:.0}\" aria-label=\"{}\">",
            HtmlEscape(&self.in_words())
        ));
        self.background(&mut svg);
        self.grid(&mut svg);
        self.shapes(&mut svg);
        self.limits(&mut svg);
        self.readouts(&mut svg);
        svg.put(format_args!("</svg></figure>\n"));
        svg.0
    }

    /// Shaded spans and marks.
    fn background(&self, svg: &mut Svg) {
        for (index, shade) in self.shades.iter().enumerate() {
            let (from, to) = (self.x.scale.position(shade.from), self.x.scale.position(shade.to));
            let class = match (shade.quiet, index % 2) {
                (true, _) => "shade quiet",
                (false, 0) => "shade",
                (false, _) => "shade odd",
            };
            svg.put(format_args!(
                "<rect class=\"{class}\" x=\"{}\" width=\"{}\" height=\"{HEIGHT:.0}\"/>",
                Percent(from),
                Percent(to - from)
            ));
            if let Some(class) = shown(&shade.name, to - from, "name") {
                svg.put(format_args!(
                    "<text class=\"{class}\" x=\"{}\" y=\"12\">{}</text>",
                    Percent(f64::midpoint(from, to)),
                    HtmlEscape(&shade.name)
                ));
            }
        }
        self.marked(svg);
    }

    /// Marks: a strip along the x axis; the ground above it too, where they are few enough to tell it from.
    fn marked(&self, svg: &mut Svg) {
        let position = |value| self.x.scale.position(value);
        let covered: f64 = self.marks.iter().map(|mark| position(mark.to) - position(mark.from)).sum();
        for mark in &self.marks {
            let (from, to) = (position(mark.from), position(mark.to));
            if covered < MOST_MARKED {
                svg.put(format_args!(
                    "<rect class=\"marked\" x=\"{}\" width=\"{}\" height=\"{HEIGHT:.0}\"/>",
                    Percent(from),
                    Percent(to - from)
                ));
            }
            svg.put(format_args!(
                "<rect class=\"mark\" x=\"{}\" width=\"{}\" y=\"{:.0}\" height=\"{STRIP:.0}\"/>",
                Percent(from),
                // The shortest are seen, too.
                Percent((to - from).max(0.003)),
                HEIGHT - STRIP
            ));
        }
    }

    /// Lines at the named values, and their names.
    fn grid(&self, svg: &mut Svg) {
        svg.put(format_args!("<g class=\"grid\">"));
        for (value, name) in self.y.ticks() {
            let y = self.height(value);
            svg.put(format_args!(
                "<line x2=\"100%\" y1=\"{y:.1}\" y2=\"{y:.1}\"/><text class=\"y\" x=\"-6\" y=\"{:.1}\">{}</text>",
                y + 4.0,
                HtmlEscape(&name)
            ));
        }
        let ticks = self.x.ticks();
        for (index, (value, name)) in ticks.iter().enumerate() {
            let at = self.x.scale.position(*value);
            let side = match at {
                at if at < 0.02 => " first",
                at if at > 0.98 => " last",
                _ => "",
            };
            // On a phone every other one has room.
            let wide = if index % 2 == 1 && self.x.is_crowded(ticks.len()) { " wide" } else { "" };
            svg.put(format_args!(
                "<line class=\"tick\" x1=\"{0}\" x2=\"{0}\" y1=\"{HEIGHT:.0}\" y2=\"{1:.0}\"/>\
                 <text class=\"x{side}{wide}\" x=\"{0}\" y=\"{2:.0}\">{3}</text>",
                Percent(at),
                HEIGHT + 4.0,
                HEIGHT + 17.0,
                HtmlEscape(name)
            ));
        }
        svg.put(format_args!("</g>"));
    }

    /// Bands and lines.
    fn shapes(&self, svg: &mut Svg) {
        svg.put(format_args!(
            "<svg class=\"shapes\" width=\"100%\" height=\"{HEIGHT:.0}\" viewBox=\"0 0 {SIDE:.0} {SIDE:.0}\" \
             preserveAspectRatio=\"none\">"
        ));
        for band in &self.bands {
            let path: String = runs(&band.points).map(|run| self.area(&run)).collect();
            if !path.is_empty() {
                svg.put(format_args!("<path class=\"band {}\" d=\"{path}\"/>", band.ink.class()));
            }
        }
        for line in &self.lines {
            let (dots, runs): (Vec<_>, Vec<_>) = runs(&line.points).partition(|run| run.len() == 1);
            for (class, runs) in [("line", runs), ("line dot", dots)] {
                let path: String = runs.iter().map(|run| self.path(run)).collect();
                if !path.is_empty() {
                    svg.put(format_args!("<path class=\"{class} {}\" d=\"{path}\"/>", line.ink.class()));
                }
            }
        }
        svg.put(format_args!("</svg>"));
    }

    /// A line without gaps; a point alone is one without length, which round ends make a dot.
    fn path(&self, run: &[(f64, f64)]) -> String {
        let mut path = String::new();
        for (index, (x, y)) in run.iter().enumerate() {
            self.point(&mut path, if index == 0 { 'M' } else { 'L' }, *x, *y);
        }
        if run.len() == 1 {
            path.push_str("h0");
        }
        path
    }

    /// A band without gaps: along its upper edge and back along its lower one.
    fn area(&self, run: &[(f64, (f64, f64))]) -> String {
        let mut path = String::new();
        for (index, (x, (_, high))) in run.iter().enumerate() {
            self.point(&mut path, if index == 0 { 'M' } else { 'L' }, *x, *high);
        }
        for (x, (low, _)) in run.iter().rev() {
            self.point(&mut path, 'L', *x, *low);
        }
        path.push('Z');
        path
    }

    fn point(&self, path: &mut String, command: char, x: f64, y: f64) {
        let (x, y) = (SIDE * self.x.scale.position(x), SIDE * self.height(y) / HEIGHT);
        // Writing to a string cannot fail.
        let _ = write!(path, "{command}{} {}", Short(x), Short(y));
    }

    /// Values that must not be passed; one beyond the axis is not drawn, since it is far from being reached.
    fn limits(&self, svg: &mut Svg) {
        for bound in self.bounds.iter().filter(|bound| self.contains(bound.at)) {
            let (y, class) = (self.height(bound.at), if bound.kept { "bound" } else { "bound broken" });
            svg.put(format_args!(
                "<line class=\"{class}\" x2=\"100%\" y1=\"{y:.1}\" y2=\"{y:.1}\"/>\
                 <text class=\"{class}\" x=\"100%\" y=\"{:.1}\">{}</text>",
                if y < 24.0 { y + 13.0 } else { y - 4.0 },
                HtmlEscape(&bound.name)
            ));
        }
    }

    fn contains(&self, value: f64) -> bool {
        use super::axis::Scale::{Elapsed, Linear, Log, Percentile};
        match self.y.scale {
            Linear { from, to } | Log { from, to } => (from..=to).contains(&value),
            Elapsed { to } | Percentile { to } => (0.0..=to).contains(&value),
        }
    }

    /// How far down a value lies, in pixels.
    fn height(&self, value: f64) -> f64 {
        let top = if self.shades.is_empty() { 0.0 } else { HEADROOM };
        HEIGHT - (HEIGHT - top) * self.y.scale.position(value)
    }
}

/// The class of a name in the middle of a span: always shown, shown where there is room, or none where there never is.
fn shown(name: &str, share: f64, class: &'static str) -> Option<String> {
    let needs = name.chars().count() as f64 * LETTER + 6.0;
    match share {
        share if share * NARROW >= needs => Some(class.to_owned()),
        share if share * BROAD >= needs => Some(format!("{class} wide")),
        _ => None,
    }
}

/// The parts of a line that have no gap.
fn runs<V: Copy>(points: &[(f64, Option<V>)]) -> impl Iterator<Item = Vec<(f64, V)>> {
    points
        .split(|(_, value)| value.is_none())
        .map(|run| run.iter().filter_map(|(x, value)| value.map(|value| (*x, value))).collect::<Vec<_>>())
        .filter(|run| !run.is_empty())
}

/// Text that grows.
#[derive(Default)]
struct Svg(String);

impl Svg {
    fn put(&mut self, text: std::fmt::Arguments<'_>) {
        // Writing to a string cannot fail.
        let _ = self.0.write_fmt(text);
    }
}

/// A share as a length: `12.34%`.
struct Percent(f64);

impl std::fmt::Display for Percent {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}%", (1e4 * self.0).round() / 100.0)
    }
}

/// A place in the view box of shapes, to a tenth.
struct Short(f64);

impl std::fmt::Display for Short {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", (10.0 * self.0).round() / 10.0)
    }
}
