//! The fleet as a tree in text. Not here: what it adds up to (`model_summary`).

use super::outline::{Level, Outline};
use super::text::WIDTH;
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

/// A line of the tree before it is laid out.
struct Row {
    name: String,
    /// What stands below the name where the notes need more lines.
    rail: String,
    count: String,
    /// What else there is to say, each with what joins it to the one before.
    notes: Vec<(&'static str, String)>,
}

/// One line a level, records' own levels among them; more where its notes are long.
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
    let names = rows.iter().map(|row| row.name.chars().count()).max().unwrap_or(0).max(NAMES);
    let counts = rows.iter().map(|row| row.count.len()).max().unwrap_or(0);
    let room = WIDTH.saturating_sub(names + counts + 3);
    let mut lines = Vec::new();
    for Row { name, rail, count, notes } in rows {
        let mut notes = fitted(&notes, room).into_iter();
        let first = notes.next().unwrap_or_default();
        lines.push(format!("{name:<names$} {count:>counts$}  {first}").trim_end().to_owned());
        lines.extend(notes.map(|more| format!("{rail:<names$} {:>counts$}  {more}", "")));
    }
    lines
}

/// Notes in lines of so many columns; one that is longer has a line of its own.
fn fitted(notes: &[(&'static str, String)], room: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for (join, note) in notes {
        match lines.last_mut() {
            Some(line) if line.chars().count() + join.len() + note.chars().count() < room => {
                line.push_str(join);
                line.push_str(note);
            }
            Some(line) => {
                line.push_str(join.trim_end());
                lines.push(note.clone());
            }
            None => lines.push(note.clone()),
        }
    }
    lines
}

/// A record's own levels, one below the other.
fn chain<'a>(levels: &'a [Level], record: &'a str) -> Option<Branch<'a>> {
    let (level, rest) = levels.split_first()?;
    Some(Branch { level, of: Some(record), below: chain(rest, record).into_iter().collect() })
}

fn draw(branch: &Branch<'_>, lead: &str, above: &str, rows: &mut Vec<Row>) {
    rows.push(Row {
        name: format!("{lead}{}", branch.level.level),
        rail: if branch.below.is_empty() { above.to_owned() } else { format!("{above}│") },
        count: print_count(branch.level.nodes),
        notes: notes(branch, lead.is_empty()),
    });
    for (i, below) in branch.below.iter().enumerate() {
        let last = i + 1 == branch.below.len();
        let (corner, rail) = if last { ("└─ ", "   ") } else { ("├─ ", "│  ") };
        draw(below, &format!("{above}{corner}"), &format!("{above}{rail}"), rows);
    }
}

/// What there is to say of a level beside its count.
fn notes(branch: &Branch<'_>, top: bool) -> Vec<(&'static str, String)> {
    let Level { fewest, most, lifetime, drawn, .. } = branch.level;
    let mut notes = Vec::new();
    if !top {
        let each = if fewest == most {
            format!("{} each", print_count(*most))
        } else {
            format!("{} to {} each", print_count(*fewest), print_count(*most))
        };
        notes.push(("; ", each));
    }
    notes.extend(lifetime.as_ref().map(|lifetime| ("; ", format!("replaced after {lifetime}"))));
    for (i, drawn) in drawn.iter().enumerate() {
        let what = drawn.members.map_or_else(String::new, |members| format!(" of {members}"));
        let (join, word) = if i == 0 { ("; ", "draws ") } else { (", ", "") };
        notes.push((join, format!("{word}{}{what}", drawn.name)));
    }
    notes.extend(branch.of.map(|record| ("; ", format!("in record {record}"))));
    notes
}
