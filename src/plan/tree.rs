//! The fleet as a tree in text. Not here: what it adds up to (`model_summary`).

use super::outline::{Level, Outline};
use crate::units::print_count;

/// Columns of a level's branch and name at the least, so that counts stand below each other.
const NAMES: usize = 30;

/// A node of the tree: a level, what it belongs to, and what stands below it.
struct Branch<'a> {
    level: &'a Level,
    /// The record, where it is one's own level.
    of: Option<&'a str>,
    below: Vec<Branch<'a>>,
}

/// One line a level, records' own levels among them.
pub(super) fn lines(outline: &Outline) -> Vec<String> {
    let mut root = None;
    for (depth, level) in outline.levels.iter().enumerate().rev() {
        let own = outline.records.iter().filter(|record| record.depth == depth + 1);
        let below = own.filter_map(|record| chain(&record.each, &record.record)).chain(root.take());
        root = Some(Branch { level, of: None, below: below.collect() });
    }
    let mut rows = Vec::new();
    if let Some(root) = &root {
        draw(root, "", "", &mut rows);
    }
    let names = rows.iter().map(|(name, _, _)| name.chars().count()).max().unwrap_or(0).max(NAMES);
    let counts = rows.iter().map(|(_, count, _)| count.len()).max().unwrap_or(0);
    let line = |(name, count, note): (String, String, String)| {
        format!("{name:<names$} {count:>counts$}{note}").trim_end().to_owned()
    };
    rows.into_iter().map(line).collect()
}

/// A record's own levels, one below the other.
fn chain<'a>(levels: &'a [Level], record: &'a str) -> Option<Branch<'a>> {
    let (level, rest) = levels.split_first()?;
    Some(Branch { level, of: Some(record), below: chain(rest, record).into_iter().collect() })
}

fn draw(branch: &Branch<'_>, lead: &str, above: &str, rows: &mut Vec<(String, String, String)>) {
    let top = lead.is_empty();
    rows.push((format!("{lead}{}", branch.level.level), print_count(branch.level.nodes), note(branch, top)));
    for (i, below) in branch.below.iter().enumerate() {
        let last = i + 1 == branch.below.len();
        let (corner, rail) = if last { ("└─ ", "   ") } else { ("├─ ", "│  ") };
        draw(below, &format!("{above}{corner}"), &format!("{above}{rail}"), rows);
    }
}

/// What there is to say of a level beside its count.
fn note(branch: &Branch<'_>, top: bool) -> String {
    let Level { fewest, most, lifetime, drawn, .. } = branch.level;
    let mut notes = Vec::new();
    if !top {
        notes.push(match fewest == most {
            true => format!("{} each", print_count(*most)),
            false => format!("{} to {} each", print_count(*fewest), print_count(*most)),
        });
    }
    notes.extend(lifetime.as_ref().map(|lifetime| format!("replaced after {lifetime}")));
    if !drawn.is_empty() {
        let drawn: Vec<String> = drawn
            .iter()
            .map(|drawn| match drawn.members {
                Some(members) => format!("{} of {members}", drawn.name),
                None => drawn.name.clone(),
            })
            .collect();
        notes.push(format!("draws {}", drawn.join(", ")));
    }
    notes.extend(branch.of.map(|record| format!("in record {record}")));
    if notes.is_empty() { String::new() } else { format!("  {}", notes.join("; ")) }
}
