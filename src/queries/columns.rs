//! What is wrong with a rendered query, as far as its tokens tell: columns that the layout lacks,
//! more than one statement, quotes without an end. Not here: where that stands in the template.

use std::collections::HashSet;

use super::catalog::{Catalog, column_type};
use super::scan::{Kind, Token, tokens};
use crate::plan::Layout;

/// The service's limit of a query's text, in characters.
const LONGEST_QUERY: usize = 262_144;

/// Something wrong with an SQL text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Finding {
    /// The byte it stands at.
    pub(crate) start: usize,
    /// What is wrong.
    pub(crate) message: String,
    /// The remedy.
    pub(crate) help: Option<String>,
}

/// What is wrong with `sql`, in order; each wrong column once.
pub(crate) fn findings(sql: &str, catalog: &Catalog) -> Vec<Finding> {
    let tokens = tokens(sql);
    let mut findings = form(sql, &tokens);
    let mut seen = HashSet::new();
    findings.extend(
        match catalog.layout {
            Layout::Single => single(&tokens, catalog),
            Layout::Multi => multi(&tokens),
        }
        .into_iter()
        .filter(|finding| seen.insert(finding.message.clone())),
    );
    findings
}

/// What no statement may be.
fn form(sql: &str, tokens: &[Token<'_>]) -> Vec<Finding> {
    let finding = |start, message: String| Finding { start, message, help: None };
    let mut findings = Vec::new();
    if tokens.is_empty() {
        findings.push(finding(0, "the template gives no SQL".to_owned()));
    }
    let length = sql.chars().count();
    if length > LONGEST_QUERY {
        findings.push(finding(
            0,
            format!("the query has {length} characters, the service takes {LONGEST_QUERY} at the most"),
        ));
    }
    let open = tokens.iter().filter(|token| token.kind == Kind::Unclosed);
    findings.extend(open.map(|token| {
        let opening = if token.text.starts_with('/') { "/*" } else { &token.text[..1] };
        finding(token.start, format!("what {opening} opens is not closed"))
    }));
    let second = tokens.windows(2).find(|pair| pair[0].is_symbol(";") && !pair[1].is_symbol(";"));
    findings.extend(second.map(|pair| {
        finding(pair[1].start, format!("a query is one statement, `{}` begins a second one", pair[1].text))
    }));
    findings
}

/// The MULTI layout has no `measure_value` columns.
fn multi(tokens: &[Token<'_>]) -> Vec<Finding> {
    measure_values(tokens)
        .map(|(start, of)| Finding {
            start,
            message: format!("layout multi has no column measure_value::{of}"),
            help: Some("every measure is a column of its own: write {{ column(\"MEASURE\") }}".to_owned()),
        })
        .collect()
}

/// The single layout has a `measure_value` column for each type of its measures, and none named
/// after a measure.
fn single(tokens: &[Token<'_>], catalog: &Catalog) -> Vec<Finding> {
    let types: HashSet<&str> = catalog.measures().map(|(_, of)| column_type(of)).collect();
    let lacking =
        measure_values(tokens).filter(|(_, of)| !types.contains(of.as_str())).map(|(start, of)| Finding {
            start,
            message: format!("no measure is a {of}: there is no column measure_value::{of}"),
            help: Some(format!("its measures are of type {}", sorted(&types))),
        });
    let bare = bare_measures(tokens, catalog).map(|(start, measure)| Finding {
        start,
        message: format!("layout single has no column `{measure}`"),
        help: Some(format!(
            "write {{{{ column(\"{measure}\") }}}}, with {{{{ rows(\"{measure}\") }}}} in WHERE"
        )),
    });
    let mut findings: Vec<Finding> = lacking.chain(bare).collect();
    findings.sort_by_key(|finding| finding.start);
    findings
}

fn sorted(names: &HashSet<&str>) -> String {
    let mut names: Vec<&str> = names.iter().copied().collect();
    names.sort_unstable();
    names.join(", ")
}

/// Where `measure_value::TYPE` stands, bare or quoted, and its TYPE in lower case.
fn measure_values<'a>(tokens: &'a [Token<'a>]) -> impl Iterator<Item = (usize, String)> + 'a {
    tokens.iter().enumerate().filter_map(|(i, token)| {
        let quoted = token.name()?.strip_prefix("measure_value::").map(str::to_ascii_lowercase);
        let bare = || match tokens.get(i + 1..i + 3)? {
            [cast, of] if token.is_word("measure_value") && cast.is_symbol("::") => of.name(),
            _ => None,
        };
        Some((token.start, quoted.or_else(bare)?))
    })
}

/// Where a measure's name stands as a column though the text itself does not define it.
fn bare_measures<'a>(
    tokens: &'a [Token<'a>],
    catalog: &'a Catalog,
) -> impl Iterator<Item = (usize, &'a str)> + 'a {
    let defined = defined(tokens);
    tokens.iter().enumerate().filter_map(move |(i, token)| {
        let name = token.name()?;
        let next = tokens.get(i + 1);
        // `max(` calls a function, `m.` is a table, `date '...'` is a literal.
        if next.is_some_and(|next| next.is_symbol("(") || next.is_symbol(".") || next.kind == Kind::Text) {
            return None;
        }
        let same = |measure: &str| match token.kind {
            Kind::Word => measure.eq_ignore_ascii_case(&name),
            _ => measure == name,
        };
        let (measure, _) = catalog.measures().find(|(measure, _)| same(measure))?;
        (!defined.contains(&name) && !catalog.has_dimension(measure)).then_some((token.start, measure))
    })
}

/// Names that the text gives to columns and tables itself.
fn defined(tokens: &[Token<'_>]) -> HashSet<String> {
    let mut names = HashSet::new();
    for (i, token) in tokens.iter().enumerate() {
        let after_expression = i > 0 && ends_expression(&tokens[i - 1]);
        let names_a_query = matches!(tokens.get(i + 1..i + 3), Some([r#as, open]) if r#as.is_word("as") && open.is_symbol("("));
        if after_expression || names_a_query {
            names.extend(token.name());
        }
        if token.is_symbol("(") && is_column_list(tokens, i) {
            names.extend(tokens[i..].iter().take_while(|t| !t.is_symbol(")")).filter_map(Token::name));
        }
    }
    names
}

/// Whether a name right after `token` is an alias.
fn ends_expression(token: &Token<'_>) -> bool {
    /// Keywords after which an expression begins.
    const BEFORE_EXPRESSION: [&str; 27] = [
        "all",
        "and",
        "between",
        "by",
        "case",
        "distinct",
        "else",
        "escape",
        "except",
        "filter",
        "from",
        "having",
        "in",
        "intersect",
        "is",
        "join",
        "like",
        "limit",
        "not",
        "on",
        "or",
        "over",
        "select",
        "then",
        "union",
        "when",
        "where",
    ];
    match token.kind {
        Kind::Word => !BEFORE_EXPRESSION.iter().any(|keyword| token.is_word(keyword)),
        Kind::Quoted | Kind::Text | Kind::Number => true,
        Kind::Symbol => token.text == ")",
        Kind::Unclosed => false,
    }
}

/// Whether the bracket at `open` holds the column names of a table: `AS t (a, b)`, `t (a, b) AS (`.
fn is_column_list(tokens: &[Token<'_>], open: usize) -> bool {
    let after_alias = open >= 2 && tokens[open - 2].is_word("as");
    let before_query = tokens[open..].iter().position(|token| token.is_symbol(")")).is_some_and(|length| {
        let close = open + length;
        matches!(tokens.get(close + 1..close + 3), Some([r#as, next]) if r#as.is_word("as") && next.is_symbol("("))
    });
    after_alias || before_query
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::queries::catalog::tests::catalog;

    fn messages(layout: Layout, sql: &str) -> Vec<String> {
        findings(sql, &catalog(layout)).into_iter().map(|finding| finding.message).collect()
    }

    #[test]
    fn single_layout_has_no_column_of_a_measure() {
        let found = findings("SELECT AVG(cpu_user) FROM t", &catalog(Layout::Single));
        assert_eq!(found[0].message, "layout single has no column `cpu_user`");
        assert_eq!(found[0].start, "SELECT AVG(".len());
        assert_eq!(
            messages(Layout::Single, r#"SELECT m."gc_pause", M.CPU_USER FROM t m"#),
            ["layout single has no column `gc_pause`", "layout single has no column `cpu_user`"]
        );
    }

    #[test]
    fn what_the_text_defines_is_a_column() {
        for sql in [
            "SELECT cpu_user FROM (SELECT measure_value::double AS cpu_user FROM t)",
            "SELECT cpu_user FROM (SELECT avg(measure_value::double) cpu_user FROM t)",
            "SELECT cpu_user FROM (SELECT measure_value::double \"cpu_user\" FROM t)",
            "WITH a (x, cpu_user) AS (SELECT 1, 2) SELECT cpu_user FROM a",
            "SELECT cpu_user FROM (VALUES (1)) AS v (cpu_user)",
            "WITH cpu_user AS (SELECT 1) SELECT * FROM cpu_user",
            "SELECT 'cpu_user' -- cpu_user",
        ] {
            assert_eq!(messages(Layout::Single, sql), [""; 0], "{sql}");
        }
    }

    #[test]
    fn measure_values_must_be_there() {
        let sql = "SELECT b.measure_value::BOOLEAN, \"measure_value::double\" FROM t b";
        assert_eq!(
            messages(Layout::Single, sql),
            ["no measure is a boolean: there is no column measure_value::boolean"]
        );
        assert_eq!(
            messages(Layout::Multi, sql),
            [
                "layout multi has no column measure_value::boolean",
                "layout multi has no column measure_value::double"
            ]
        );
        assert_eq!(messages(Layout::Multi, "SELECT cpu_user FROM t"), [""; 0]);
    }

    #[test]
    fn a_query_is_one_whole_statement() {
        assert_eq!(messages(Layout::Multi, "-- nothing"), ["the template gives no SQL"]);
        assert_eq!(messages(Layout::Multi, "SELECT 1; ; -- end"), [""; 0]);
        assert_eq!(
            messages(Layout::Multi, "SELECT 1; DROP TABLE t"),
            ["a query is one statement, `DROP` begins a second one"]
        );
        assert_eq!(messages(Layout::Multi, "SELECT 'a"), ["what ' opens is not closed"]);
        let long = format!("SELECT 1 {}", " ".repeat(LONGEST_QUERY));
        assert_eq!(messages(Layout::Multi, &long).len(), 1);
    }
}
