//! Drops what tsrun made, and nothing else unless told to. Asking people is the command's.

use super::prepare::{TAG_KEY, TAG_VALUE, missing};
use super::{Target, TargetError};

/// What became, or would become, of a database or a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It was dropped (or would be).
    Dropped,
    /// It was not there.
    Missing,
    /// It does not carry tsrun's tag, so it stays; `--force` drops it.
    Untagged,
    /// Other tables are in it, so it stays.
    InUse,
}

/// What cleanup did, or would do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cleaned {
    /// The table's fate.
    pub table: Fate,
    /// The database's fate.
    pub database: Fate,
}

impl Target {
    /// What [`cleanup`](Self::cleanup) would do now.
    ///
    /// # Errors
    /// Whatever the service or the way to it answers.
    pub async fn cleanup_preview(&self, force: bool) -> Result<Cleaned, TargetError> {
        let table = self.table_fate(force).await?;
        let others = self.other_tables(table == Fate::Dropped).await?;
        let database = match others {
            None => Fate::Missing,
            Some(true) => Fate::InUse,
            Some(false) => self.tag_fate(self.database_arn().await?, force).await?,
        };
        Ok(Cleaned { table, database })
    }

    /// Drops the table, then the database if nothing else is in it; what does not carry tsrun's tag
    /// only with `force`.
    ///
    /// # Errors
    /// Whatever the service or the way to it answers.
    pub async fn cleanup(&self, force: bool) -> Result<Cleaned, TargetError> {
        let planned = self.cleanup_preview(force).await?;
        if planned.table == Fate::Dropped {
            let doing = format!("cannot drop table `{}`.`{}`", self.database, self.table);
            let request = self.write.delete_table().database_name(&self.database).table_name(&self.table);
            request.send().await.map_err(|error| TargetError::from(error).context(&doing))?;
        }
        if planned.database == Fate::Dropped {
            let doing = format!("cannot drop database `{}`", self.database);
            let request = self.write.delete_database().database_name(&self.database);
            request.send().await.map_err(|error| TargetError::from(error).context(&doing))?;
        }
        Ok(planned)
    }

    async fn table_fate(&self, force: bool) -> Result<Fate, TargetError> {
        match self.describe_table().await? {
            None => Ok(Fate::Missing),
            Some(table) => self.tag_fate(table.arn().map(ToOwned::to_owned), force).await,
        }
    }

    async fn tag_fate(&self, arn: Option<String>, force: bool) -> Result<Fate, TargetError> {
        let Some(arn) = arn else { return Ok(Fate::Missing) };
        if force {
            return Ok(Fate::Dropped);
        }
        let doing = format!("cannot list the tags of {arn}");
        let tags = self.write.list_tags_for_resource().resource_arn(&arn).send().await;
        let tags = tags.map_err(|error| TargetError::from(error).context(&doing))?;
        let ours = tags.tags().iter().any(|tag| tag.key() == TAG_KEY && tag.value() == TAG_VALUE);
        Ok(if ours { Fate::Dropped } else { Fate::Untagged })
    }

    async fn database_arn(&self) -> Result<Option<String>, TargetError> {
        match self.write.describe_database().database_name(&self.database).send().await {
            Ok(output) => Ok(output.database.and_then(|database| database.arn)),
            Err(error) => missing(error.into()).map(|()| None),
        }
    }

    /// Whether the database holds tables (beside the scenario's own if that one goes); none where
    /// there is no database.
    async fn other_tables(&self, own_goes: bool) -> Result<Option<bool>, TargetError> {
        let mut token = None;
        loop {
            let request = self.write.list_tables().database_name(&self.database).set_next_token(token);
            let page = match request.send().await {
                Ok(page) => page,
                Err(error) => return missing(error.into()).map(|()| None),
            };
            let stays = |name: Option<&str>| !own_goes || name != Some(self.table.as_str());
            if page.tables().iter().any(|table| stays(table.table_name())) {
                return Ok(Some(true));
            }
            token = page.next_token().map(ToOwned::to_owned);
            if token.is_none() {
                return Ok(Some(false));
            }
        }
    }
}
