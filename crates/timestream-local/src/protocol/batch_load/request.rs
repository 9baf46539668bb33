//! From the wire shapes of CreateBatchLoadTask to what a task is to do: limits and rules. Not here: data models
//! (`model`), how the files are written (`dialect`).

use super::super::databases::KMS_KEY_ID;
use super::super::{Failure, checks};
use super::dialect::read_dialect;
use super::model::Model;
use super::shapes::{CreateBatchLoadTask, WireDataSource, WireReport, WireReportLocation};
use crate::batch_load::{Dialect, Load, ReportLocation};
use crate::buckets::Buckets;

/// What the request asks for, and its token; its data model may be an object of `buckets`.
pub(super) fn read(
    request: CreateBatchLoadTask,
    buckets: &Buckets,
) -> Result<(Load, Option<String>), Failure> {
    let source = checks::required("dataSourceConfiguration", request.data_source_configuration);
    let report = checks::required("reportConfiguration", request.report_configuration);
    let model = checks::required("dataModelConfiguration", request.data_model_configuration);
    let ((database, table), version, (bucket, prefix, dialect), report, model, client_token) =
        checks::all((
            checks::all((
                checks::new_name("targetDatabaseName", request.target_database_name),
                checks::new_name("targetTableName", request.target_table_name),
            )),
            checks::within("recordVersion", request.record_version.unwrap_or(1), 1..=i64::MAX),
            source.and_then(read_source),
            report.and_then(read_report),
            model.and_then(Model::read),
            checks::optional("clientToken", request.client_token, 1..=64),
        ))?;
    let (mapping, time_unit) = model.fetch(buckets)?;
    let load = Load { database, table, version, bucket, prefix, dialect, mapping, time_unit, report };
    Ok((load, client_token))
}

/// Refuses a load of which there is nothing to read.
pub(super) fn find_source(load: &Load, buckets: &Buckets) -> Result<(), Failure> {
    let objects = buckets.list(&load.bucket, &load.prefix)?;
    if objects.is_empty() {
        return Err(Failure::validation(format!(
            "No object of the bucket {} has a key that begins with '{}'; on the local Timestream the objects of a \
             bucket are the files of its folder.",
            load.bucket, load.prefix
        )));
    }
    Ok(())
}

/// The bucket, the beginning of the keys, and how the files are written.
fn read_source(wire: WireDataSource) -> Result<(String, String, Dialect), Failure> {
    let format = checks::required("dataSourceConfiguration.dataFormat", wire.data_format);
    let member = "dataSourceConfiguration.dataSourceS3Configuration";
    let location = checks::required(member, wire.location).and_then(|wire| {
        checks::all((
            checks::bucket(format_args!("{member}.bucketName"), wire.bucket_name),
            checks::key_prefix(format_args!("{member}.objectKeyPrefix"), wire.object_key_prefix, 1_024),
        ))
    });
    let ((), (bucket, prefix), dialect) = checks::all((
        format
            .and_then(|format| checks::one_of("dataSourceConfiguration.dataFormat", &format, &[("CSV", ())])),
        location,
        read_dialect(wire.csv_configuration.unwrap_or_default()),
    ))?;
    Ok((bucket, prefix.unwrap_or_default(), dialect))
}

fn read_report(wire: WireReport) -> Result<Option<ReportLocation>, Failure> {
    wire.location.map(read_report_location).transpose()
}

fn read_report_location(wire: WireReportLocation) -> Result<ReportLocation, Failure> {
    let member = |name: &str| format!("reportConfiguration.reportS3Configuration.{name}");
    let option = wire.encryption_option.as_deref().unwrap_or("SSE_S3");
    let (bucket, prefix, encrypted_by_key, key) = checks::all((
        checks::bucket(member("bucketName"), wire.bucket_name),
        checks::key_prefix(member("objectKeyPrefix"), wire.object_key_prefix, 928),
        checks::one_of(member("encryptionOption"), option, &[("SSE_S3", false), ("SSE_KMS", true)]),
        checks::optional(member("kmsKeyId"), wire.kms_key_id, KMS_KEY_ID),
    ))?;
    if encrypted_by_key && key.is_none() {
        return Err(Failure::validation("The EncryptionOption SSE_KMS needs a KmsKeyId."));
    }
    Ok(ReportLocation { bucket, prefix })
}
