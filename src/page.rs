//! The page around a report: one HTML file that opens offline, without scripts and without anything from elsewhere,
//! in light, dark and on paper, on a phone and on a desk. Its policy forbids scripts, so whatever a scenario or a
//! store puts into a text stays text.
//!
//! A template makes what is inside; every value in it is escaped, charts are
//! handed over as safe strings (`page::chart`). Not here: what reports say (`report`), charts (`chart`).

use minijinja::syntax::SyntaxConfig;
use minijinja::value::Value;
use minijinja::{AutoEscape, Environment, Error, UndefinedBehavior, context};

use crate::chart::{Chart, Unit};
use crate::units::print_count;

/// A page: its title, and the template of what it shows.
///
/// Filters: `count` (`1,234`), `seconds` (`12.3 ms`), `bytes` (`1.5 GB`), `share` of a fraction (`99.98 %`).
///
/// # Errors
/// A template that does not fit its values; with what this crate brings along that is a fault of its own.
pub fn render(title: &str, template: &str, shows: impl Into<Value>) -> Result<String, Error> {
    let mut pages = Environment::new();
    pages.set_auto_escape_callback(|_| AutoEscape::Html);
    pages.set_undefined_behavior(UndefinedBehavior::Strict);
    pages.set_syntax(SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build()?);
    pages.add_filter("count", print_count);
    pages.add_filter("seconds", |value: f64| Unit::Seconds.print(value));
    pages.add_filter("bytes", |value: f64| Unit::Bytes.print(value));
    pages.add_filter("share", |value: f64| Unit::Share.print(value));
    let body = Value::from_safe_string(pages.render_named_str("report.html", template, shows)?);
    let style = Value::from_safe_string(include_str!("page/style.css").to_owned());
    pages.render_named_str("page.html", include_str!("page/page.html.j2"), context! { title, style, body })
}

/// A chart for a template.
#[must_use]
pub fn chart(chart: &Chart) -> Value {
    Value::from_safe_string(chart.html())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_shows_texts_as_they_are() {
        let name = "<script>alert(1)</script>";
        let page = render(name, "<h1>{{ name }}</h1>{{ 1234 | count }}", context! { name }).unwrap();
        assert!(page.contains("<h1>&lt;script&gt;alert(1)&lt;&#x2f;script&gt;</h1>1,234"), "{page}");
        assert!(!page.contains("<script"), "{page}");
        assert!(page.contains("default-src 'none'"), "{page}");
    }
}
