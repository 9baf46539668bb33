//! The phases as a small chart in text: time to scale from left to right, one row a workload. Not here: the phases in
//! words (`outline`).

use super::model::{Load, Pace, Phase, PhaseKind, Plan, Work};
use super::text::WIDTH;
use crate::clock::nanos;
use crate::load::{Curve, Shape, Span, Unit};
use crate::units::{SECOND, print_duration};

/// Columns of a workload's name at the most.
const LABEL: usize = 16;
/// Columns of a phase at the least, where there is room for that.
const LEAST: usize = 5;
/// How much of a load's greatest value: an eighth, two, ... all of it.
const BLOCKS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
/// Stands for history that is written, and for queries that run once.
const HISTORY: char = '«';
const ONCE: char = '1';
/// Ends a phase without an end.
const FOREVER: char = '→';

impl Plan {
    /// The chart's lines; none where there are more phases than fit.
    pub(super) fn timeline(&self) -> Vec<String> {
        let label = self.workloads.iter().map(|workload| workload.name.chars().count()).max().unwrap_or(0);
        let label = label.min(LABEL);
        // A bar before each phase and one at the end.
        let room = WIDTH.saturating_sub(label + 1 + self.phases.len() + 1);
        let widths = self.widths(room);
        if widths.contains(&0) || widths.is_empty() {
            return Vec::new();
        }
        let row = |name: &str, bar: char, cells: Vec<String>| {
            let bar = bar.to_string();
            format!("{:<label$} {bar}{}{bar}", cut(name, label), cells.join(&bar)).trim_end().to_owned()
        };
        let texts = |text: &dyn Fn(&Phase) -> String| -> Vec<String> {
            let fitted = |(phase, width): (&Phase, &usize)| format!("{:<width$}", cut(&text(phase), *width));
            self.phases.iter().zip(&widths).map(fitted).collect()
        };
        let mut lines = vec![
            row("", ' ', texts(&|phase| phase.name.clone())),
            row("", ' ', texts(&|phase| length(&phase.kind))),
        ];
        for (number, workload) in self.workloads.iter().enumerate() {
            let most = self.phases.iter().map(|phase| self.most(number, phase)).fold(0.0, f64::max);
            let cells =
                self.phases.iter().zip(&widths).map(|(phase, width)| self.cell(number, phase, *width, most));
            lines.push(row(&workload.name, '│', cells.collect()));
        }
        lines
    }

    /// The columns of each phase, in proportion to its length, and a few for each that has none; all 0 where they do
    /// not fit.
    fn widths(&self, room: usize) -> Vec<usize> {
        let count = self.phases.len().max(1);
        let least = LEAST.min(room / count);
        let wanted = |phase: &Phase| {
            let text = phase.name.chars().count().max(length(&phase.kind).chars().count());
            if room / count > 2 * LEAST { text.clamp(least, 2 * LEAST) } else { least }
        };
        let least: Vec<usize> = self.phases.iter().map(wanted).collect();
        let seconds: Vec<f64> = self
            .phases
            .iter()
            .map(|phase| match phase.kind {
                PhaseKind::Timed(duration) => duration.as_secs_f64(),
                PhaseKind::Forever | PhaseKind::Once { .. } | PhaseKind::Backfill { .. } => 0.0,
            })
            .collect();
        // Phases too short for their share keep their least; the others share what is left, until all fit.
        let mut to_scale: Vec<bool> = seconds.iter().map(|seconds| *seconds > 0.0).collect();
        loop {
            let kept: usize = (0..least.len()).filter(|i| !to_scale[*i]).map(|i| least[i]).sum();
            let total: f64 = (0..least.len()).filter(|i| to_scale[*i]).map(|i| seconds[i]).sum();
            let columns = |i: usize| room.saturating_sub(kept) as f64 * seconds[i] / total;
            let short = (0..least.len()).find(|i| to_scale[*i] && columns(*i) < least[*i] as f64);
            match short {
                Some(short) => to_scale[short] = false,
                None => {
                    let width = |i: usize| if to_scale[i] { columns(i) as usize } else { least[i] };
                    return (0..least.len()).map(width).collect();
                }
            }
        }
    }

    /// The greatest amount of a workload in a phase: in users or operations a second, of ingest as a share.
    fn most(&self, workload: usize, phase: &Phase) -> f64 {
        phase
            .loads
            .iter()
            .filter(|load| load.workload == workload)
            .map(|load| self.whole(load) * load.amount.shape.most())
            .fold(0.0, f64::max)
    }

    /// What an amount of 1 stands for.
    fn whole(&self, load: &Load) -> f64 {
        match (&self.workloads[load.workload].work, load.amount.unit) {
            (Work::Ingest(_), Unit::Rate) => 1.0 / self.generator.records_per_second(),
            (Work::Query(of), Unit::Share) => match &of.pace {
                Pace::Closed { users, .. } => f64::from(*users),
                Pace::Open { rate, .. } => *rate,
            },
            (_, Unit::Share | Unit::Users | Unit::Rate) => 1.0,
        }
    }

    /// What a workload does in a phase, column by column.
    fn cell(&self, workload: usize, phase: &Phase, width: usize, most: f64) -> String {
        if (PhaseKind::Once { workload }) == phase.kind {
            return ONCE.to_string().repeat(width);
        }
        let Some(load) = phase.loads.iter().find(|load| load.workload == workload) else {
            return " ".repeat(width);
        };
        let length = match phase.kind {
            PhaseKind::Backfill { .. } => return HISTORY.to_string().repeat(width),
            PhaseKind::Timed(duration) => nanos(duration),
            // Of a load that waves one wave is enough to see it.
            PhaseKind::Forever | PhaseKind::Once { .. } => match &load.amount.shape {
                Shape::Sine { period, .. } => nanos(*period),
                _ => 3_600 * SECOND,
            },
        };
        let curve = Curve::new(&load.amount.shape, Span { start: 0, end: Some(length) }, self.whole(load));
        // In the middle of each column.
        let at = |column: usize| (length as f64 * (column as f64 + 0.5) / width as f64) as i64;
        let mut cell: String = (0..width).map(|column| block(curve.at(at(column)), most)).collect();
        if phase.kind == PhaseKind::Forever {
            cell.pop();
            cell.push(FOREVER);
        }
        cell
    }
}

fn block(value: f64, most: f64) -> char {
    if value <= 0.0 || most <= 0.0 {
        return ' ';
    }
    let eighth = (value / most * BLOCKS.len() as f64).round() as usize;
    BLOCKS[eighth.clamp(1, BLOCKS.len()) - 1]
}

/// How long a phase is, in a word or two.
fn length(kind: &PhaseKind) -> String {
    match kind {
        PhaseKind::Timed(duration) => print_duration(nanos(*duration)),
        PhaseKind::Forever => "∞".to_owned(),
        PhaseKind::Once { .. } => "once".to_owned(),
        PhaseKind::Backfill { history, .. } => format!("{HISTORY} {}", print_duration(nanos(*history))),
    }
}

/// A text within so many columns, which a dot says where it is cut.
fn cut(text: &str, width: usize) -> String {
    if text.chars().count() <= width {
        return text.to_owned();
    }
    text.chars().take(width.saturating_sub(1)).chain(['.']).collect()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use proptest::prelude::*;

    use super::*;
    use crate::scenario::load_text;

    fn plan(phases: &str) -> Plan {
        let text = format!(
            "name: chart\nfleet: [ {{ level: site, of: [a, b] }} ]\n\
             metrics: {{ every: 1s, records: {{ r: {{ dimensions: [site], measures: {{ m: 1 }} }} }} }}\n\
             target: {{ database: demo, table: demo }}\n\
             workloads: {{ ingest: {{ kind: ingest }} }}\nphases:\n{phases}"
        );
        let loaded = load_text("chart.yaml", &text, &[]);
        let scenario = loaded.scenario.as_ref().expect("it is well-formed");
        Plan::resolve(scenario, &loaded.params, Path::new("chart.yaml"), String::new()).expect("it is good")
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn the_chart_fits_whatever_the_phases(seconds in proptest::collection::vec(1u64..1_000_000, 1..50)) {
            let phases: String = seconds
                .iter()
                .enumerate()
                .map(|(i, seconds)| format!("  - {{ name: phase-{i}, duration: {seconds}s, load: {{ ingest: 10%..100% }} }}\n"))
                .collect();
            let lines = plan(&phases).timeline();
            prop_assert_eq!(lines.is_empty(), seconds.len() > 36, "{} phases", seconds.len());
            for line in &lines {
                prop_assert!(line.chars().count() <= WIDTH, "{line}");
            }
            // Where there is room, the chart fills it: no more than one column a phase is lost in rounding.
            if let Some(last) = lines.last() {
                prop_assert!(last.chars().count() + seconds.len() >= WIDTH);
            }
        }

        #[test]
        fn longer_phases_are_never_narrower(a in 1u64..100_000, b in 1u64..100_000) {
            let phases: String = [("a", a), ("b", b)]
                .map(|(name, seconds)| format!("  - {{ name: {name}, duration: {seconds}s, load: {{ ingest: 100% }} }}\n"))
                .concat();
            let widths = plan(&phases).widths(70);
            prop_assert!((widths[0] >= widths[1]) == (a >= b) || widths[0] == widths[1], "{widths:?}");
        }
    }
}
