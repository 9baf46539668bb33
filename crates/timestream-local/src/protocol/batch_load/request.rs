//! From the wire shapes of CreateBatchLoadTask to what a task is to do: limits and rules. Not here: the rules
//! of data models (`model`).

use std::io::Read;

use super::super::{Failure, checks};
use super::model::read_model;
use super::shapes::{CreateBatchLoadTask, WireCsv, WireDataModel, WireObject, WireReportLocation};
use crate::batch_load::{DataModel, Dialect, Load, ReportLocation};
use crate::buckets::{BucketError, Buckets};

/// Bytes of a data model in a bucket: far more than anybody writes.
const MAX_MODEL: u64 = 1 << 20;

/// What the request asks for; its data model may be an object of `buckets`.
pub(super) fn read(request: CreateBatchLoadTask, buckets: &Buckets) -> Result<Load, Failure> {
    let database = checks::required("targetDatabaseName", request.target_database_name)?;
    let table = checks::required("targetTableName", request.target_table_name)?;
    checks::name("targetDatabaseName", &database)?;
    checks::name("targetTableName", &table)?;
    let version = checks::within("recordVersion", request.record_version.unwrap_or(1), 1..=i64::MAX)?;

    let source = checks::required("dataSourceConfiguration", request.data_source_configuration)?;
    let format = checks::required("dataSourceConfiguration.dataFormat", source.data_format)?;
    checks::one_of("dataSourceConfiguration.dataFormat", &format, &[("CSV", ())])?;
    let member = "dataSourceConfiguration.dataSourceS3Configuration";
    let location = checks::required(member, source.location)?;
    let bucket = bucket(&format!("{member}.bucketName"), location.bucket_name)?;
    if let Some(prefix) = &location.object_key_prefix {
        key(&format!("{member}.objectKeyPrefix"), prefix, 1024)?;
    }
    let report = checks::required("reportConfiguration", request.report_configuration)?;
    let model = checks::required("dataModelConfiguration", request.data_model_configuration)?;
    let model = match (model.data_model, model.object) {
        (Some(model), None) => read_model("dataModelConfiguration.dataModel", model)?,
        (None, Some(object)) => model_in(object, buckets)?,
        _ => {
            return Err(Failure::validation(
                "The DataModelConfiguration must have either a DataModel or a DataModelS3Configuration.",
            ));
        }
    };
    Ok(Load {
        database,
        table,
        version,
        bucket,
        prefix: location.object_key_prefix.unwrap_or_default(),
        dialect: dialect(source.csv_configuration.unwrap_or_default())?,
        model,
        report: report.location.map(report_location).transpose()?,
    })
}

/// Refuses a load of which there is nothing to read.
pub(super) fn find_source(load: &Load, buckets: &Buckets) -> Result<(), Failure> {
    let objects = buckets.list(&load.bucket, &load.prefix).map_err(|error| refused(&error))?;
    if objects.is_empty() {
        return Err(Failure::validation(format!(
            "No object of the bucket {} has a key that begins with '{}'; on the local Timestream the objects of a \
             bucket are the files of its folder.",
            load.bucket, load.prefix
        )));
    }
    Ok(())
}

/// The data model that an object holds as JSON.
fn model_in(object: WireObject, buckets: &Buckets) -> Result<DataModel, Failure> {
    let member = "dataModelConfiguration.dataModelS3Configuration";
    let bucket = bucket(&format!("{member}.bucketName"), object.bucket_name)?;
    let key_member = format!("{member}.objectKey");
    let name = checks::required(&key_member, object.object_key)?;
    key(&key_member, &name, 1024)?;
    let file = buckets.open(&bucket, &name).map_err(|error| refused(&error))?;
    let mut text = Vec::new();
    let unfit = |why: String| {
        Failure::validation(format!("The object {name} of the bucket {bucket} is not a data model: {why}."))
    };
    file.take(MAX_MODEL + 1).read_to_end(&mut text).map_err(|error| unfit(error.to_string()))?;
    if text.len() as u64 > MAX_MODEL {
        return Err(unfit(format!("it has more than {MAX_MODEL} bytes")));
    }
    let model: WireDataModel = serde_json::from_slice(&text).map_err(|error| unfit(error.to_string()))?;
    read_model("dataModel", model)
}

fn report_location(wire: WireReportLocation) -> Result<ReportLocation, Failure> {
    let member = |name: &str| format!("reportConfiguration.reportS3Configuration.{name}");
    let bucket = bucket(&member("bucketName"), wire.bucket_name)?;
    if let Some(prefix) = &wire.object_key_prefix {
        key(&member("objectKeyPrefix"), prefix, 928)?;
    }
    let kms = match &wire.encryption_option {
        None => false,
        Some(option) => {
            checks::one_of(member("encryptionOption"), option, &[("SSE_S3", false), ("SSE_KMS", true)])?
        }
    };
    match &wire.kms_key_id {
        Some(id) => checks::length(member("kmsKeyId"), id, 1..=2048)?,
        None if kms => {
            return Err(Failure::validation("The EncryptionOption SSE_KMS needs a KmsKeyId."));
        }
        None => {}
    }
    Ok(ReportLocation { bucket, prefix: wire.object_key_prefix })
}

fn dialect(wire: WireCsv) -> Result<Dialect, Failure> {
    const SEPARATORS: [(&str, u8); 5] = [(",", b','), ("|", b'|'), (";", b';'), ("\t", b'\t'), (" ", b' ')];
    const QUOTES: [(&str, u8); 2] = [("\"", b'"'), ("'", b'\'')];
    let member = |name: &str| format!("dataSourceConfiguration.csvConfiguration.{name}");
    let one = |name: &str, text: &Option<String>, known: &[(&str, u8)], what: &str| match text {
        None => Ok(None),
        Some(text) => {
            checks::length(member(name), text, 1..=1)?;
            let found = known.iter().find(|(character, _)| character == text).map(|(_, byte)| *byte);
            found.map(Some).ok_or_else(|| checks::constraint(member(name), text, what))
        }
    };
    let usual = Dialect::default();
    let what = "Member must be a comma, a pipe, a semicolon, a tab or a blank";
    let separator = one("columnSeparator", &wire.column_separator, &SEPARATORS, what)?;
    let separator = separator.unwrap_or(usual.separator);
    let what = "Member must be a single or a double quote";
    let quote = one("quoteChar", &wire.quote_char, &QUOTES, what)?.unwrap_or(usual.quote);
    let escape = match &wire.escape_char {
        None => None,
        Some(text) => {
            checks::length(member("escapeChar"), text, 1..=1)?;
            let ascii = |byte: &u8| byte.is_ascii() && !byte.is_ascii_control() && *byte != separator;
            let what = "Member must be a printable ASCII character other than the column separator";
            let byte = text.as_bytes().first().copied().filter(ascii);
            Some(byte.ok_or_else(|| checks::constraint(member("escapeChar"), text, what))?)
        }
    };
    if let Some(null) = &wire.null_value {
        checks::length(member("nullValue"), null, 1..=256)?;
    }
    // A quote that escapes quotes is the doubled one, which is always read.
    let escape = escape.filter(|&escape| escape != quote);
    Ok(Dialect { separator, quote, escape, null: wire.null_value, trim: wire.trim_white_space == Some(true) })
}

/// The name of a bucket.
fn bucket(member: &str, name: Option<String>) -> Result<String, Failure> {
    let name = checks::required(member, name)?;
    checks::length(member, &name, 3..=63)?;
    let edge = |byte: Option<&u8>| byte.is_some_and(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
    let inner = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b".-".contains(&byte);
    if edge(name.as_bytes().first()) && edge(name.as_bytes().last()) && name.bytes().all(inner) {
        return Ok(name);
    }
    let pattern = r"[a-z0-9][\.\-a-z0-9]{1,61}[a-z0-9]";
    let what = format!("Member must satisfy regular expression pattern: {pattern}");
    Err(checks::constraint(member, name, &what))
}

/// A key or the beginning of keys.
fn key(member: &str, text: &str, most: usize) -> Result<(), Failure> {
    checks::length(member, text, 1..=most)?;
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"!-_*'()".contains(&byte);
    let mut bytes = text.bytes();
    let first = bytes.next().is_some_and(|byte| plain(byte) || byte == b'|');
    if first && text.len() > 1 && bytes.all(|byte| plain(byte) || b"/.".contains(&byte)) {
        return Ok(());
    }
    let pattern = r"[a-zA-Z0-9|!\-_*'\(\)]([a-zA-Z0-9]|[!\-_*'\(\)\/.])+";
    let what = format!("Member must satisfy regular expression pattern: {pattern}");
    Err(checks::constraint(member, text, &what))
}

/// What the caller may mend; the rest is ours.
fn refused(error: &BucketError) -> Failure {
    match error {
        BucketError::Io { .. } => Failure::internal(error),
        _ => Failure::validation(error.to_string()),
    }
}
