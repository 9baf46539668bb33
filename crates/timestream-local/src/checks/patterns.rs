//! The regular expressions of the service model, each with the test that it stands for.

/// A regular expression of the model, and whether a text matches it.
pub(crate) struct Pattern {
    pub(super) spelled: &'static str,
    pub(super) matches: fn(&str) -> bool,
}

/// Of the names of new databases and tables.
pub(crate) const NEW_NAME: Pattern = Pattern {
    spelled: "[a-zA-Z0-9_.-]+",
    matches: |text| text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte)),
};

/// Of query ids.
pub(crate) const QUERY_ID: Pattern = Pattern {
    spelled: "[a-zA-Z0-9]+",
    matches: |text| text.bytes().all(|byte| byte.is_ascii_alphanumeric()),
};

/// Of the ids of batch load tasks.
pub(crate) const TASK_ID: Pattern = Pattern {
    spelled: "[A-Z0-9]+",
    matches: |text| text.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit()),
};

/// Of the names of S3 buckets.
pub(crate) const BUCKET: Pattern = Pattern {
    spelled: r"[a-z0-9][\.\-a-z0-9]{1,61}[a-z0-9]",
    matches: |text| {
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
        match text.as_bytes() {
            [first, middle @ .., last] => {
                plain(*first)
                    && plain(*last)
                    && (1..=61).contains(&middle.len())
                    && middle.iter().all(|&byte| plain(byte) || b".-".contains(&byte))
            }
            _ => false,
        }
    },
};

/// Of the names of S3 objects and what they begin with; two characters at the least.
pub(crate) const OBJECT_KEY: Pattern = Pattern {
    spelled: r"[a-zA-Z0-9|!\-_*'\(\)]([a-zA-Z0-9]|[!\-_*'\(\)\/.])+",
    matches: |text| {
        let either = |byte: u8| byte.is_ascii_alphanumeric() || b"!-_*'()".contains(&byte);
        match text.as_bytes() {
            [first, rest @ ..] => {
                (either(*first) || *first == b'|')
                    && !rest.is_empty()
                    && rest.iter().all(|&byte| either(byte) || b"/.".contains(&byte))
            }
            [] => false,
        }
    },
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_what_they_spell() {
        for (pattern, good, bad) in [
            (&NEW_NAME, &["a", "A-z_0.9"][..], &["a b", "é", "a/b"][..]),
            (&QUERY_ID, &["AZ09az"], &["a-b", "a."]),
            (&TASK_ID, &["AZ09"], &["a", "A-B"]),
            (&BUCKET, &["abc", "a.b-c", "0a9"], &["ab", "-ab", "ab-", "aBc", "", "a_c"]),
            (&OBJECT_KEY, &["ab", "|a", "a/b.c", "(*)'!-_"], &["a", "", "/a", "a|", "a b", ".a"]),
        ] {
            for text in good {
                assert!((pattern.matches)(text), "{text} {}", pattern.spelled);
            }
            for text in bad {
                assert!(!(pattern.matches)(text), "{text} {}", pattern.spelled);
            }
        }
    }
}
