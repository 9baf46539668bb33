//! Tags between quotes: `cell = '{{ cell }}'`, where the value brings quotes of its own. Not here: other things that
//! are wrong with a rendered query (`columns`).

use minijinja::{OutputSpan, OutputSpanKind};

use super::columns::Finding;
use super::scan::{Kind, tokens};

/// The tags that print a text in quotes inside quotes of the template's own.
pub(super) fn quoted_tags(sql: &str, spans: &[OutputSpan], source: &str) -> Vec<Finding> {
    let printed = |span: &&OutputSpan| {
        let output = sql.get(span.output_range()).unwrap_or_default();
        span.kind() == OutputSpanKind::Expression && output.trim_start_matches('(').starts_with('\'')
    };
    let tags: Vec<&OutputSpan> = spans.iter().filter(printed).collect();
    // What the template's quotes hold is seen where the tags print none.
    let mut plain = sql.to_owned();
    for tag in &tags {
        plain.replace_range(tag.output_range(), &"x".repeat(tag.output_range().len()));
    }
    let quotes: Vec<_> = tokens(&plain)
        .into_iter()
        .filter(|token| matches!(token.kind, Kind::Text | Kind::Quoted))
        .map(|token| token.start + 1..token.start + token.text.len())
        .collect();
    let inside = |tag: &&&OutputSpan| quotes.iter().any(|quoted| quoted.contains(&tag.output_range().start));
    let finding = |tag: &&OutputSpan| Finding {
        start: tag.output_range().start,
        message: format!(
            "`{{{{ {} }}}}` stands between quotes and prints its own: {}",
            source.get(tag.source_range()).unwrap_or_default().trim(),
            &sql[tag.output_range()]
        ),
        help: Some("write no quotes around a tag; texts are joined by ||".to_owned()),
    };
    tags.iter().filter(inside).map(finding).collect()
}
