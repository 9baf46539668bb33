//! Pages of lists. Not here: those of a query's rows (`engine::queries`).

use super::{Failure, checks};

/// Checks `MaxResults` of a list whose pages have at most `most` entries, as many as where it is not given.
pub(super) fn max_results(asked: Option<i64>, most: i64) -> Result<usize, Failure> {
    let most = checks::within("maxResults", asked.unwrap_or(most), 1..=most)?;
    Ok(usize::try_from(most).unwrap_or(1))
}

/// The entries after the key `after`, and the token of the next page: the last key of this one.
pub(super) fn page<T>(
    sorted: impl Iterator<Item = (String, T)>,
    after: &str,
    most: usize,
) -> (Vec<(String, T)>, Option<String>) {
    let mut page: Vec<_> = sorted.skip_while(|(key, _)| key.as_str() <= after).take(most + 1).collect();
    if page.len() <= most {
        return (page, None);
    }
    page.truncate(most);
    let token = page.last().map(|(key, _)| key.clone());
    (page, token)
}
