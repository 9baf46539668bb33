//! Requests that carry a client token: for five minutes the same one is answered the same page, and for four hours its
//! token is good for no other. Not here: tokens of pages (`super`).
//!
//! The times are those of the service model's documentation. Every SDK makes up a token for each request that has none, so
//! most of them never come again: what is kept is bounded, and the oldest goes first.

use std::collections::hash_map::{Entry, RandomState};
use std::collections::{HashMap, VecDeque};
use std::future::Future;
use std::hash::{BuildHasher, Hash};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::OnceCell;

use super::{Page, QueryError};

const MINUTE: i64 = 60 * 1_000_000_000;
/// How long the same request gets the same page.
const WINDOW: i64 = 5 * MINUTE;
/// How long a token is known.
const LIFE: i64 = 240 * MINUTE;
/// Tokens that are known, at most.
const MAX_KNOWN: usize = 20_000;

/// The client tokens of some hours.
pub(super) struct ClientTokens {
    known: Mutex<Known>,
    hasher: RandomState,
}

struct Known {
    requests: HashMap<String, Request>,
    /// Tokens and when they came, the oldest first: all of them, and those of which there may be pages.
    all: VecDeque<(String, i64)>,
    with_pages: VecDeque<(String, i64)>,
    /// Bytes of all pages that are kept, and how many they may be.
    bytes: usize,
    limit: usize,
}

/// A request whose token is known.
struct Request {
    /// A hash of what else was in it.
    parameters: u64,
    first: i64,
    /// What comes of it; none where that is not kept any more.
    answer: Option<Answer>,
    bytes: usize,
}

/// Those who ask at the same time wait for one page.
type Answer = Arc<OnceCell<Arc<Page>>>;

impl ClientTokens {
    /// None yet. Pages may take `limit` bytes together.
    pub(super) fn new(limit: usize) -> Self {
        let (all, with_pages) = (VecDeque::new(), VecDeque::new());
        let known = Known { requests: HashMap::new(), all, with_pages, bytes: 0, limit };
        Self { known: Mutex::new(known), hasher: RandomState::new() }
    }

    /// The page of the request with this token and these parameters: what `run` gives, unless it was made before and is
    /// of use `still`.
    pub(super) async fn once(
        &self,
        token: &str,
        parameters: impl Hash,
        now: i64,
        still: impl FnOnce(&Page) -> bool,
        run: impl Future<Output = Result<Arc<Page>, QueryError>>,
    ) -> Result<Arc<Page>, QueryError> {
        let parameters = self.hasher.hash_one(parameters);
        let mut answer = self.lock().answer(token, parameters, now)?;
        if answer.get().is_some_and(|page| !still(page)) {
            answer = Answer::default();
        }
        let page = answer.get_or_try_init(|| run).await?;
        self.lock().keep(token, &answer, page.memory());
        Ok(Arc::clone(page))
    }

    fn lock(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Known {
    /// Where the page of this request is, or comes to be.
    fn answer(&mut self, token: &str, parameters: u64, now: i64) -> Result<Answer, QueryError> {
        self.forget(now);
        let request = match self.requests.entry(token.to_owned()) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(new) => {
                self.all.push_back((token.to_owned(), now));
                new.insert(Request { parameters, first: now, answer: None, bytes: 0 })
            }
        };
        if request.parameters != parameters {
            return Err(QueryError::ClientToken("it was sent with another request within the last 4 hours"));
        }
        if now.saturating_sub(request.first) > WINDOW {
            return Err(QueryError::ClientToken("its request was sent first more than 5 minutes ago"));
        }
        if request.answer.is_none() {
            self.with_pages.push_back((token.to_owned(), request.first));
        }
        Ok(Arc::clone(request.answer.get_or_insert_default()))
    }

    /// Takes note of a page that takes so many bytes.
    fn keep(&mut self, token: &str, answer: &Answer, bytes: usize) {
        let Some(request) = self.requests.get_mut(token) else { return };
        // Where the page had to go meanwhile, it is not counted.
        let Some(kept) = &mut request.answer else { return };
        *kept = Arc::clone(answer);
        self.bytes = self.bytes - request.bytes + bytes;
        request.bytes = bytes;
        while self.bytes > self.limit {
            let Some((oldest, _)) = self.with_pages.pop_front() else { return };
            self.drop_page(&oldest);
        }
    }

    /// Forgets what has had its time.
    fn forget(&mut self, now: i64) {
        let older = |first: i64, than| now.saturating_sub(first) > than;
        while let Some((oldest, _)) = self.with_pages.pop_front_if(|(_, first)| older(*first, WINDOW)) {
            self.drop_page(&oldest);
        }
        let mut count = self.all.len();
        while let Some((oldest, _)) =
            self.all.pop_front_if(|(_, first)| older(*first, LIFE) || count > MAX_KNOWN)
        {
            count -= 1;
            self.drop_page(&oldest);
            self.requests.remove(&oldest);
        }
    }

    fn drop_page(&mut self, token: &str) {
        if let Some(request) = self.requests.get_mut(token) {
            self.bytes -= std::mem::take(&mut request.bytes);
            request.answer = None;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;
    use crate::sql::Insights;

    fn page() -> Page {
        Page {
            query_id: "ID".to_owned(),
            columns: Vec::new(),
            rows: Vec::new(),
            bytes: 1_000,
            next_token: None,
            bytes_scanned: 0,
            bytes_metered: 0,
            insights: Insights { tables: 0, scans: Vec::new(), output_rows: 0, output_bytes: 0 },
        }
    }

    /// Whether the request had to be run.
    async fn ran(tokens: &ClientTokens, token: &str, now: i64, still: bool) -> bool {
        let ran = Cell::new(false);
        let run = async {
            ran.set(true);
            Ok(Arc::new(page()))
        };
        tokens.once(token, 0, now, |_| still, run).await.expect("the token is good");
        ran.get()
    }

    #[tokio::test]
    async fn a_request_is_run_again_where_its_page_had_to_go() {
        let tokens = ClientTokens::new(2 * page().memory());
        for token in ["a", "b"] {
            assert!(ran(&tokens, token, 0, true).await);
            assert!(!ran(&tokens, token, 0, true).await);
        }
        assert!(ran(&tokens, "b", 0, false).await, "its query has gone");
        assert!(ran(&tokens, "c", 1, true).await);
        assert!(!ran(&tokens, "b", 1, true).await && !ran(&tokens, "c", 1, true).await);
        assert!(ran(&tokens, "a", 1, true).await, "the oldest had to go");
    }

    #[tokio::test]
    async fn what_is_known_is_bounded() {
        let tokens = ClientTokens::new(10 * page().memory());
        for number in 0..3 * MAX_KNOWN {
            ran(&tokens, &number.to_string(), 0, true).await;
        }
        let counts = || {
            let known = tokens.lock();
            (known.requests.len(), known.all.len(), known.with_pages.len(), known.bytes)
        };
        assert_eq!(counts(), (MAX_KNOWN + 1, MAX_KNOWN + 1, 10, 10 * page().memory()));
        ran(&tokens, "another", LIFE + 1, true).await;
        assert_eq!(counts(), (1, 1, 1, page().memory()));
    }
}
