//! A table's settings, spelled as the service spells them: the same shapes travel on the wire and
//! stand in the catalog file.

use serde::{Deserialize, Serialize};

use crate::model::Retention;

/// All settings of a table.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct TableProperties {
    pub(crate) retention: RetentionProperties,
    pub(crate) magnetic_writes: MagneticStoreWrites,
    pub(crate) schema: Schema,
}

/// `RetentionProperties`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct RetentionProperties {
    #[serde(rename = "MemoryStoreRetentionPeriodInHours")]
    pub(crate) memory_hours: u32,
    #[serde(rename = "MagneticStoreRetentionPeriodInDays")]
    pub(crate) magnetic_days: u32,
}

impl Default for RetentionProperties {
    /// The service's own: 6 hours, then 200 years.
    fn default() -> Self {
        Self { memory_hours: 6, magnetic_days: 73_000 }
    }
}

/// `MagneticStoreWriteProperties`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct MagneticStoreWrites {
    #[serde(rename = "EnableMagneticStoreWrites")]
    pub(crate) enabled: bool,
    /// Kept and returned; nothing is written to S3 here.
    #[serde(rename = "MagneticStoreRejectedDataLocation", default, skip_serializing_if = "Option::is_none")]
    pub(crate) rejected_data: Option<RejectedDataLocation>,
}

/// `MagneticStoreRejectedDataLocation`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct RejectedDataLocation {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) s3_configuration: Option<S3Configuration>,
}

/// `S3Configuration`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct S3Configuration {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) bucket_name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) object_key_prefix: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) encryption_option: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) kms_key_id: Option<String>,
}

/// `Schema`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Schema {
    pub(crate) composite_partition_key: Vec<PartitionKey>,
}

impl Default for Schema {
    /// The service's own: partitioned by measure name.
    fn default() -> Self {
        let key = PartitionKey { kind: PartitionKeyType::Measure, name: None, enforcement_in_record: None };
        Self { composite_partition_key: vec![key] }
    }
}

/// `PartitionKey`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct PartitionKey {
    #[serde(rename = "Type")]
    pub(crate) kind: PartitionKeyType,
    /// The dimension's name; none for `MEASURE`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) enforcement_in_record: Option<Enforcement>,
}

/// What a partition key takes its values from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub(crate) enum PartitionKeyType {
    /// A dimension.
    Dimension,
    /// The measure name.
    Measure,
}

/// Whether each record must carry the partition key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub(crate) enum Enforcement {
    /// A record without it is rejected.
    Required,
    /// It may be missing.
    Optional,
}

/// The settings of an update; what is none stays as it is.
#[derive(Debug, Default)]
pub(crate) struct Change {
    pub(crate) retention: Option<RetentionProperties>,
    pub(crate) magnetic_writes: Option<MagneticStoreWrites>,
    pub(crate) schema: Option<Schema>,
}

impl TableProperties {
    /// What the store must know.
    pub(crate) fn store_retention(&self) -> Retention {
        Retention {
            memory_hours: self.retention.memory_hours,
            magnetic_days: self.retention.magnetic_days,
            magnetic_writes: self.magnetic_writes.enabled,
        }
    }

    /// The dimension that every record must carry, where the table asks for one.
    pub(crate) fn required_dimension(&self) -> Option<&str> {
        let keys = &self.schema.composite_partition_key;
        keys.iter().find_map(|key| match key.enforcement_in_record {
            Some(Enforcement::Required) => key.name.as_deref(),
            _ => None,
        })
    }

    /// Takes the change; false, and nothing is changed, where it would alter the partition key itself.
    pub(super) fn apply(&mut self, change: Change) -> bool {
        if let Some(schema) = change.schema {
            if !same_keys(&self.schema, &schema) {
                return false;
            }
            self.schema = schema;
        }
        if let Some(retention) = change.retention {
            self.retention = retention;
        }
        if let Some(magnetic_writes) = change.magnetic_writes {
            self.magnetic_writes = magnetic_writes;
        }
        true
    }
}

fn same_keys(old: &Schema, new: &Schema) -> bool {
    let (old, new) = (&old.composite_partition_key, &new.composite_partition_key);
    let same = |(a, b): (&PartitionKey, &PartitionKey)| a.kind == b.kind && a.name == b.name;
    old.len() == new.len() && old.iter().zip(new).all(same)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn schema(name: &str, enforcement: Enforcement) -> Schema {
        let key = PartitionKey {
            kind: PartitionKeyType::Dimension,
            name: Some(name.into()),
            enforcement_in_record: Some(enforcement),
        };
        Schema { composite_partition_key: vec![key] }
    }

    #[test]
    fn enforcement_may_change_and_the_key_may_not() {
        let mut table =
            TableProperties { schema: schema("host", Enforcement::Optional), ..TableProperties::default() };
        assert_eq!(table.required_dimension(), None);

        let stricter = Change { schema: Some(schema("host", Enforcement::Required)), ..Change::default() };
        assert!(table.apply(stricter));
        assert_eq!(table.required_dimension(), Some("host"));

        let other = Change {
            schema: Some(schema("zone", Enforcement::Required)),
            retention: Some(RetentionProperties { memory_hours: 1, magnetic_days: 1 }),
            ..Change::default()
        };
        assert!(!table.apply(other));
        assert_eq!(table.retention, RetentionProperties::default(), "nothing of a refused change is kept");
    }
}
