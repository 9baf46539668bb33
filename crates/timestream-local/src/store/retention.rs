//! How a table's settings end its data. What is past the table's life is not shown from that instant on; its
//! space comes back with the next maintenance, an hour at a time. Not here: which writes are taken (`admission`).

use super::StoreError;
use super::admission::{life, oldest_kept};
use super::compaction::{FileRows, Since};
use super::keys::hour_of;
use super::locks::{lock, read};
use super::table::{Shared, Table};
use crate::model::Retention;

impl Table {
    /// Removes what is past the table's life for good, if `next` would show it again.
    ///
    /// To be called before longer settings are made known: a crash in between leaves nothing to come back.
    pub(crate) fn prepare_retention(&self, next: Retention) -> Result<(), StoreError> {
        let longer = life(next) > life(*lock(&self.shared.retention));
        if longer { self.shared.end_expired() } else { Ok(()) }
    }

    /// Takes new settings. What they end goes with the next maintenance.
    pub(crate) fn set_retention(&self, retention: Retention) {
        *lock(&self.shared.retention) = retention;
        self.shared.common.flusher.wake();
    }
}

impl Shared {
    /// The earliest time that the table keeps now.
    pub(super) fn oldest_kept(&self) -> i64 {
        oldest_kept(self.common.clock.now(), *lock(&self.retention))
    }

    /// Removes the files of hours that are past the table's life.
    pub(super) fn expire(&self) -> Result<(), StoreError> {
        let oldest = self.oldest_kept();
        if !lock(&self.state).hours.has_before(oldest) {
            return Ok(());
        }
        let _turn = self.begin_change()?;
        let mut change = self.change();
        let files = change.expire(oldest);
        self.commit(change, None)?;
        self.told_expiry(files);
        Ok(())
    }

    /// Removes every row that is past the table's life, wherever it is.
    fn end_expired(&self) -> Result<(), StoreError> {
        let oldest = self.oldest_kept();
        // Not only whole memory tables: the log would bring the rest of it back at the next start.
        if lock(&self.state).has_rows_before(oldest) {
            self.flush()?;
        }
        let _turn = self.begin_change()?;
        let mut change = self.change();
        change.expire(oldest);
        let dictionary = read(&self.dictionary).clone();
        let maker = self.maker(&dictionary);
        let schema = maker.schema();
        let hour = hour_of(oldest);
        let cut: Vec<_> =
            change.hours.of(hour).iter().filter(|file| file.times().0 < oldest).cloned().collect();
        for file in cut {
            let rows = Since { rows: FileRows::open(&file, &schema)?, oldest };
            let rest = maker.write(hour, vec![Box::new(rows)], &schema)?;
            change.replace(hour, &[file], rest);
        }
        if change.is_empty() { Ok(()) } else { self.commit(change, None) }
    }
}
