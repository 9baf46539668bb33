//! The queries that have pages left, and what they may hold until somebody asks for them. Not here: how a page is
//! made (`query`).

use std::collections::HashMap;
use std::sync::Arc;

use super::query::Query;

/// How long after its last use a token is good.
const TOKEN_LIFE_NANOS: i64 = 3_600 * 1_000_000_000;
/// Beyond, the query unused for longest is dropped.
const MAX_OPEN: usize = 1_000;

/// The queries by their ids.
pub(super) struct Open {
    queries: HashMap<String, Arc<Query>>,
    /// Rows in memory that they hold: how many of them do, and the bytes, which are there once.
    rows: HashMap<usize, (usize, usize)>,
    row_bytes: usize,
    /// Bytes that they may hold together; beyond, those unused for longest go. Nobody may ever come back for
    /// them, and queries that somebody waits for need the memory.
    limit: usize,
}

impl Open {
    /// None yet; they may hold `limit` bytes together.
    pub(super) fn new(limit: usize) -> Self {
        Self { queries: HashMap::new(), rows: HashMap::new(), row_bytes: 0, limit }
    }

    /// The query of this id, unless nobody has asked for it for too long.
    pub(super) fn get(&self, id: &str, now: i64) -> Option<&Arc<Query>> {
        self.queries.get(id).filter(|query| query.idle(now) <= TOKEN_LIFE_NANOS)
    }

    /// Keeps a query, and drops others where there is no room for it.
    pub(super) fn insert(&mut self, query: Arc<Query>, now: i64) {
        for rows in query.rows() {
            let (holders, _) = self.rows.entry(rows.id).or_insert_with(|| {
                self.row_bytes += rows.bytes;
                (0, rows.bytes)
            });
            *holders += 1;
        }
        let id = query.id.clone();
        self.queries.insert(id.clone(), query);
        self.make_room(&id, now);
    }

    /// Drops the queries unused for longest, but not `but`, for as long as there are too many or they hold too much.
    pub(super) fn make_room(&mut self, but: &str, now: i64) {
        while self.queries.len() > MAX_OPEN || self.held() > self.limit {
            let others = self.queries.values().filter(|query| query.id != but);
            let Some(oldest) = others.max_by_key(|query| query.idle(now)) else { return };
            let id = oldest.id.clone();
            self.remove(&id);
        }
    }

    /// Drops the queries whose tokens have run out.
    pub(super) fn drop_idle(&mut self, now: i64) {
        let idle = self.queries.values().filter(|query| query.idle(now) > TOKEN_LIFE_NANOS);
        let ids: Vec<_> = idle.map(|query| query.id.clone()).collect();
        ids.iter().for_each(|id| self.remove(id));
    }

    /// Bytes that they hold.
    fn held(&self) -> usize {
        self.row_bytes + self.queries.values().map(|query| query.held()).sum::<usize>()
    }

    fn remove(&mut self, id: &str) {
        let Some(query) = self.queries.remove(id) else { return };
        for rows in query.rows() {
            let Some((holders, bytes)) = self.rows.get_mut(&rows.id) else { continue };
            *holders -= 1;
            if *holders == 0 {
                self.row_bytes -= *bytes;
                self.rows.remove(&rows.id);
            }
        }
    }
}
