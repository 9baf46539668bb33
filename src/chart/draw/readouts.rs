//! What is at an instant, for who points there: strips side by side, each of which shows its own when a pointer or a
//! finger is on it. CSS does so; there is no script.

use minijinja::HtmlEscape;

use super::{Chart, HEIGHT, LETTER, Percent, Svg};

/// Read-outs beyond these would say too little for their size.
const MOST_READOUTS: usize = 600;

impl Chart {
    /// What is at each x, for who points there: a strip as wide as its surroundings, a line and the values.
    pub(super) fn readouts(&self, svg: &mut Svg) {
        let places = self.places();
        if places.len() > MOST_READOUTS {
            return;
        }
        let positions: Vec<f64> = places.iter().map(|x| self.x.scale.position(*x)).collect();
        svg.put(format_args!("<g class=\"readouts\" aria-hidden=\"true\">"));
        for (index, (x, at)) in places.iter().zip(&positions).enumerate() {
            let before = index.checked_sub(1).map_or(0.0, |before| f64::midpoint(positions[before], *at));
            let after = positions.get(index + 1).map_or(1.0, |after| f64::midpoint(*at, *after));
            let (side, dx) = if *at < 0.5 { ("right", 10) } else { ("left", -10) };
            let readout = self.readout(*x);
            let longest = readout.iter().map(|(_, text)| text.chars().count()).max().unwrap_or(0);
            svg.put(format_args!(
                "<g><rect x=\"{}\" width=\"{}\" height=\"{HEIGHT:.0}\"/><line x1=\"{2}\" x2=\"{2}\" y2=\"{HEIGHT:.0}\"/>\
                 <rect class=\"box {side}\" x=\"{2}\" y=\"14\" width=\"{3:.0}\" height=\"{4}\" rx=\"4\"/>\
                 <text class=\"{side}\" y=\"15\">",
                Percent(before),
                Percent(after - before),
                Percent(*at),
                longest as f64 * LETTER + 12.0,
                readout.len() * 15 + 6
            ));
            for (class, text) in readout {
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
}
