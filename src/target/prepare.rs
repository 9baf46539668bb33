//! Makes the database and the table where they are missing. Never changes what is there.

use aws_sdk_timestreamwrite::error::BuildError;
use aws_sdk_timestreamwrite::types::{MagneticStoreWriteProperties, RetentionProperties, Table, Tag};

use super::{ErrorKind, Target, TargetError};
use crate::plan::Retention;

/// The tag that marks what tsrun made; cleanup drops nothing without it unless told to.
pub(super) const TAG_KEY: &str = "tsrun:created-by";
pub(super) const TAG_VALUE: &str = "tsrun";
const TAG_SCENARIO: &str = "tsrun:scenario";

/// What preparing found and did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Prepared {
    /// Whether the database was made.
    pub database_created: bool,
    /// Whether the table was made.
    pub table_created: bool,
    /// A table that was there with another retention than the scenario's, which it keeps.
    pub retention_differs: Option<RetentionDiffers>,
}

/// Two retentions of one table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RetentionDiffers {
    /// What the table has.
    pub table: Retention,
    /// What the scenario says.
    pub scenario: Retention,
}

impl Target {
    /// Makes the database and the table where they are missing, tagged with the scenario's name.
    ///
    /// # Errors
    /// Whatever the service or the way to it answers.
    pub async fn prepare(&self, retention: Retention, scenario: &str) -> Result<Prepared, TargetError> {
        let tags = tags(scenario)?;
        let database_created = self.make_database(&tags).await.map_err(|error| self.located(error))?;
        let found = if database_created { None } else { self.describe_table().await? };
        if let Some(table) = found {
            return Ok(Prepared {
                database_created,
                table_created: false,
                retention_differs: differs(&table, retention),
            });
        }
        let table_created = self.make_table(retention, &tags).await?;
        Ok(Prepared { database_created, table_created, retention_differs: None })
    }

    /// The error with the target's place, where the way to it is the trouble.
    fn located(&self, error: TargetError) -> TargetError {
        if error.kind.is_unreachable() { error.context(&self.place.to_string()) } else { error }
    }

    /// True where it was made here; false where it is there.
    async fn make_database(&self, tags: &[Tag]) -> Result<bool, TargetError> {
        let doing = format!("cannot describe database `{}`", self.database);
        match self.write.describe_database().database_name(&self.database).send().await {
            Ok(_) => return Ok(false),
            Err(error) => missing(error.into()).map_err(|error| error.context(&doing))?,
        }
        let created = self
            .write
            .create_database()
            .database_name(&self.database)
            .set_tags(Some(tags.to_vec()))
            .send()
            .await;
        made(created.map_err(Into::into))
            .map_err(|error| error.context(&format!("cannot create database `{}`", self.database)))
    }

    async fn make_table(&self, retention: Retention, tags: &[Tag]) -> Result<bool, TargetError> {
        let created = self
            .write
            .create_table()
            .database_name(&self.database)
            .table_name(&self.table)
            .retention_properties(
                RetentionProperties::builder()
                    .memory_store_retention_period_in_hours(i64::from(retention.memory_hours))
                    .magnetic_store_retention_period_in_days(i64::from(retention.magnetic_days))
                    .build()
                    .map_err(incomplete)?,
            )
            .magnetic_store_write_properties(
                MagneticStoreWriteProperties::builder()
                    .enable_magnetic_store_writes(retention.magnetic_writes)
                    .build()
                    .map_err(incomplete)?,
            )
            .set_tags(Some(tags.to_vec()))
            .send()
            .await;
        made(created.map_err(Into::into)).map_err(|error| {
            error.context(&format!("cannot create table `{}`.`{}`", self.database, self.table))
        })
    }

    /// The table as it is; none where there is none.
    pub(super) async fn describe_table(&self) -> Result<Option<Table>, TargetError> {
        let request = self.write.describe_table().database_name(&self.database).table_name(&self.table);
        match request.send().await {
            Ok(output) => Ok(output.table),
            Err(error) => match missing(error.into()) {
                Ok(()) => Ok(None),
                Err(error) => {
                    Err(error.context(&format!("cannot describe table `{}`.`{}`", self.database, self.table)))
                }
            },
        }
    }
}

/// Good where the error says that there is no such thing.
pub(super) fn missing(error: TargetError) -> Result<(), TargetError> {
    if error.kind == ErrorKind::NotFound { Ok(()) } else { Err(error) }
}

/// Whether something was made; another run may have been quicker.
fn made<T>(created: Result<T, TargetError>) -> Result<bool, TargetError> {
    match created {
        Ok(_) => Ok(true),
        Err(error) if error.kind == ErrorKind::Conflict => Ok(false),
        Err(error) => Err(error),
    }
}

fn differs(table: &Table, scenario: Retention) -> Option<RetentionDiffers> {
    let periods = table.retention_properties()?;
    let table = Retention {
        memory_hours: u32::try_from(periods.memory_store_retention_period_in_hours()).unwrap_or(u32::MAX),
        magnetic_days: u32::try_from(periods.magnetic_store_retention_period_in_days()).unwrap_or(u32::MAX),
        magnetic_writes: table
            .magnetic_store_write_properties()
            .is_some_and(MagneticStoreWriteProperties::enable_magnetic_store_writes),
    };
    (table != scenario).then_some(RetentionDiffers { table, scenario })
}

fn tags(scenario: &str) -> Result<Vec<Tag>, TargetError> {
    [(TAG_KEY, TAG_VALUE), (TAG_SCENARIO, scenario)]
        .into_iter()
        .map(|(key, value)| Tag::builder().key(key).value(value).build().map_err(incomplete))
        .collect()
}

#[expect(clippy::needless_pass_by_value, reason = "the form that map_err takes")]
fn incomplete(error: BuildError) -> TargetError {
    TargetError::new(ErrorKind::Validation, error.to_string())
}
