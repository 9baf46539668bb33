//! Pages of lists, and the tokens of the next one. Not here: those of a query's rows (`engine::queries`).
//!
//! A token is the key of the last entry that was given, in base64, behind a check over it and its list: so a page begins
//! where the last one ended, whatever has come and gone since, and what no list has given is told from it.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use twox_hash::XxHash3_64;

use super::{Failure, checks};

/// Bytes of the check.
const CHECK: usize = 8;

/// Entries of a list by their keys, and the token of the page that follows.
type Page<T> = (Vec<(String, T)>, Option<String>);

/// Checks `MaxResults` of a list whose pages have at most `most` entries, as many as where it is not given.
pub(super) fn max_results(asked: Option<i64>, most: i64) -> Result<usize, Failure> {
    let most = checks::within("maxResults", asked.unwrap_or(most), 1..=most)?;
    Ok(usize::try_from(most).unwrap_or(1))
}

/// The token of the page of `list` that follows the entry `key`. Lists are told apart by their operation, and by what
/// they are of.
pub(super) fn token(list: &str, key: &str) -> String {
    URL_SAFE_NO_PAD.encode([&check(list, key), key.as_bytes()].concat())
}

/// The key that a `NextToken` of `list` stands for.
pub(super) fn after(list: &str, token: &str) -> Result<String, Failure> {
    let key = || {
        let bytes = URL_SAFE_NO_PAD.decode(token).ok()?;
        let (checked, key) = bytes.split_at_checked(CHECK)?;
        let key = std::str::from_utf8(key).ok()?;
        (checked == check(list, key)).then(|| key.to_owned())
    };
    key().ok_or_else(|| {
        let token = checks::brief(token);
        Failure::validation(format!(
            "The NextToken '{token}' is not valid: no page of this list has given it. Begin without a NextToken."
        ))
    })
}

/// The page of `list` that its `NextToken` stands for; the first where there is none.
pub(super) fn page<T>(
    list: &str,
    sorted: impl Iterator<Item = (String, T)>,
    next_token: Option<String>,
    most: usize,
) -> Result<Page<T>, Failure> {
    let after = next_token.map(|token| after(list, &token)).transpose()?;
    let behind = sorted.skip_while(|(key, _)| after.as_ref().is_some_and(|after| key <= after));
    let mut page: Vec<_> = behind.take(most + 1).collect();
    if page.len() <= most {
        return Ok((page, None));
    }
    page.truncate(most);
    let next_token = page.last().map(|(key, _)| token(list, key));
    Ok((page, next_token))
}

fn check(list: &str, key: &str) -> [u8; CHECK] {
    XxHash3_64::oneshot(format!("{list}\0{key}").as_bytes()).to_be_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_of_its_list_alone() {
        let given = token("ListTables of fleet", "caf\u{e9}");
        assert_eq!(after("ListTables of fleet", &given).ok().as_deref(), Some("caf\u{e9}"));
        assert!(after("ListTables of other", &given).is_err());
        for made_up in ["", "zzzz!", "a", "fleet", &given[1..], &given[..given.len() - 1]] {
            assert!(after("ListTables of fleet", made_up).is_err(), "{made_up}");
        }
    }
}
