//! LIKE, and regular expressions that are none. Not here: what patterns may cost (`costs`).

use super::Fixture;
use crate::sql::SqlError;

fn fixture() -> Fixture {
    Fixture::new()
        .memory("t", "host | measure_name | time | v:double\na_b | m | 01:00 | 1\naxb | m | 02:00 | 2")
}

#[test]
fn like_escapes_with_the_given_character_alone() {
    let fixture = fixture();
    for (condition, hosts) in [
        ("host LIKE 'a_b'", &["a_b", "axb"][..]),
        ("host LIKE 'a#_b' ESCAPE '#'", &["a_b"]),
        ("host LIKE 'a\\_b' ESCAPE '\\'", &["a_b"]),
        ("host NOT LIKE 'a!_%' ESCAPE '!'", &["axb"]),
        ("host LIKE 'a\\_b'", &[]),
        ("'a\\b' LIKE 'a\\_'", &["a_b", "axb"]),
    ] {
        let text = format!("SELECT host FROM db.t WHERE {condition} ORDER BY host");
        assert_eq!(fixture.rows(&text), hosts, "{condition}");
    }
    let told = fixture.error("SELECT host LIKE 'a#b' ESCAPE '#' FROM db.t").to_string();
    assert!(
        told.ends_with("Escape character must be followed by '%', '_' or the escape character itself"),
        "{told}"
    );
}

#[test]
fn a_bad_regular_expression_is_told_where_it_stands() {
    let fixture = fixture();
    for (text, message) in [
        ("SELECT regexp_like('a', '(')", "line 1:25: '(' is not a regular expression: unclosed group"),
        ("SELECT 'a' ~ '('", "line 1:14: '(' is not a regular expression: unclosed group"),
        (
            "SELECT regexp_like(host, '(?=a)') FROM db.t",
            "line 1:26: '(?=a)' is not a regular expression: look-around, including look-ahead and look-behind, \
             is not supported",
        ),
    ] {
        assert_eq!(fixture.error(text), SqlError::Validation(message.to_owned()), "{text}");
    }
}
