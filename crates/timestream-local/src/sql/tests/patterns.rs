//! LIKE. Not here: what patterns may cost (`bounds::costs`).

use super::Fixture;

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
