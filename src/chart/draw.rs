//! Draws a chart. Not here: scales and ticks (`axis`), colours (the page's stylesheet).
//!
//! The plot is an SVG without a view box, so that its text keeps its size: x positions are per cent of its width,
//! y positions pixels. Shapes are in SVGs of their own inside it, which are stretched. What tells of the y axis lies left of the
//! plot, in its margin.

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
/// Read-outs beyond these would say too little for their size.
const MOST_READOUTS: usize = 600;

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
            HtmlEscape(&self.y.caption())
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
        for mark in &self.marks {
            let (from, to) = (self.x.scale.position(mark.from), self.x.scale.position(mark.to));
            svg.put(format_args!(
                "<rect class=\"mark\" x=\"{}\" width=\"{}\" height=\"{HEIGHT:.0}\"/>\
                 <line class=\"mark\" x1=\"{0}\" x2=\"{0}\" y2=\"{HEIGHT:.0}\"/>",
                Percent(from),
                Percent(to - from)
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
            let path: String = runs(&line.points).map(|run| self.path(&run)).collect();
            if !path.is_empty() {
                svg.put(format_args!("<path class=\"line {}\" d=\"{path}\"/>", line.ink.class()));
            }
        }
        svg.put(format_args!("</svg>"));
    }

    /// A line without gaps; one point alone is a dot.
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
        let (x, y) = (SIDE * self.x.scale.position(x), SIDE * (1.0 - self.y.scale.position(y)));
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

    /// What is at each x, for who points there: a strip as wide as its surroundings, a line and the values.
    fn readouts(&self, svg: &mut Svg) {
        let places = self.places();
        if places.len() > MOST_READOUTS {
            return;
        }
        let positions: Vec<f64> = places.iter().map(|x| self.x.scale.position(*x)).collect();
        svg.put(format_args!("<g class=\"readouts\" aria-hidden=\"true\">"));
        for (index, (x, at)) in places.iter().zip(&positions).enumerate() {
            let before = index.checked_sub(1).map_or(0.0, |before| f64::midpoint(positions[before], *at));
            let after = positions.get(index + 1).map_or(1.0, |after| f64::midpoint(*at, *after));
            let (side, dx) = if *at < 0.5 { ("right", 8) } else { ("left", -8) };
            svg.put(format_args!(
                "<g><rect x=\"{}\" width=\"{}\" height=\"{HEIGHT:.0}\"/><line x1=\"{2}\" x2=\"{2}\" y2=\"{HEIGHT:.0}\"/>\
                 <text class=\"{side}\" y=\"12\">",
                Percent(before),
                Percent(after - before),
                Percent(*at)
            ));
            for (class, text) in self.readout(*x) {
                svg.put(format_args!(
                    "<tspan class=\"{class}\" x=\"{}\" dx=\"{dx}\" dy=\"15\">{}</tspan>",
                    Percent(*at),
                    HtmlEscape(&text)
                ));
            }
            svg.put(format_args!("</text></g>"));
        }
        svg.put(format_args!("</g>"));
    }

    /// Every x that has a value, from left to right.
    fn places(&self) -> Vec<f64> {
        let lines = self.lines.iter().flat_map(|line| line.points.iter());
        let mut places: Vec<f64> = lines.filter(|(_, y)| y.is_some()).map(|(x, _)| *x).collect();
        places.sort_by(f64::total_cmp);
        places.dedup();
        places
    }

    /// What is at an x: class and text of each line.
    fn readout(&self, x: f64) -> Vec<(String, String)> {
        let phases = self.shades.iter().filter(|shade| (shade.from..shade.to).contains(&x));
        let marks = self.marks.iter().filter(|mark| (mark.from..mark.to).contains(&x));
        let names = phases.map(|shade| &shade.name).chain(marks.map(|mark| &mark.name));
        let head = std::iter::once(self.x.print(x)).chain(names.cloned()).collect::<Vec<_>>().join(", ");
        let mut readout = vec![("head".to_owned(), head)];
        readout.extend(self.lines.iter().filter_map(|line| {
            let found = line.points.binary_search_by(|(at, _)| at.total_cmp(&x)).ok()?;
            let value = line.points[found].1?;
            Some((line.ink.class(), format!("{} {}", line.name, self.y.print(value))))
        }));
        readout
    }

    /// Names beside samples of their lines; one line alone needs none, the title names it.
    fn legend(&self, svg: &mut Svg) {
        let lines = self.lines.iter().map(|line| ("line", line.ink.class(), line.name.as_str()));
        let bands = self.bands.iter().map(|band| ("band", band.ink.class(), band.name.as_str()));
        let marks = (!self.marks.is_empty()).then(|| ("mark", String::new(), "incident"));
        let entries: Vec<_> = lines.chain(bands).chain(marks).collect();
        if entries.len() < 2 {
            return;
        }
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

    /// What it shows, for who does not see it.
    fn in_words(&self) -> String {
        let mut words = format!("{}, {} by {}", self.title, self.y.caption(), self.x.label);
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

    /// How far down a value lies, in pixels.
    fn height(&self, value: f64) -> f64 {
        HEIGHT * (1.0 - self.y.scale.position(value))
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
