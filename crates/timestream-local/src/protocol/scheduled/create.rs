//! The request that creates a scheduled query, and its checks. Not here: whether the query runs (`super`), the target
//! configuration (`target`).

use serde::Deserialize;

use super::super::databases::KMS_KEY_ID;
use super::super::query::query_string;
use super::super::tags::{WireTag, read_tags};
use super::super::{Failure, checks};
use super::target::WireTargetConfiguration;
use crate::catalog::Tags;
use crate::scheduled::{
    Definition, Encryption, ErrorReportConfiguration, NotificationConfiguration, S3Configuration, Schedule,
    SnsConfiguration,
};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(in super::super) struct CreateScheduledQuery {
    name: Option<String>,
    query_string: Option<String>,
    schedule_configuration: Option<WireScheduleConfiguration>,
    notification_configuration: Option<WireNotificationConfiguration>,
    target_configuration: Option<WireTargetConfiguration>,
    client_token: Option<String>,
    scheduled_query_execution_role_arn: Option<String>,
    tags: Option<Vec<WireTag>>,
    kms_key_id: Option<String>,
    error_report_configuration: Option<WireErrorReportConfiguration>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct WireScheduleConfiguration {
    schedule_expression: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct WireNotificationConfiguration {
    sns_configuration: Option<WireSnsConfiguration>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct WireSnsConfiguration {
    topic_arn: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct WireErrorReportConfiguration {
    s3_configuration: Option<WireS3Configuration>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct WireS3Configuration {
    bucket_name: Option<String>,
    object_key_prefix: Option<String>,
    encryption_option: Option<String>,
}

/// What a request asks for.
pub(super) struct Checked {
    pub(super) definition: Definition,
    pub(super) client_token: Option<String>,
    pub(super) tags: Tags,
}

impl CreateScheduledQuery {
    /// Checks all that can be checked without the data.
    pub(super) fn check(self) -> Result<Checked, Failure> {
        let role_arn = self.scheduled_query_execution_role_arn;
        let (
            (name, query_string, schedule),
            (role_arn, notifications, error_reports),
            target,
            (kms_key_id, client_token),
            tags,
        ) = checks::all((
            checks::all((
                checks::formed("name", self.name, 1..=64, &checks::OBJECT_KEY),
                query_string(self.query_string),
                read_schedule(self.schedule_configuration),
            )),
            checks::all((
                checks::text("scheduledQueryExecutionRoleArn", role_arn, 1..=2_048),
                read_notifications(self.notification_configuration),
                read_error_reports(self.error_report_configuration),
            )),
            self.target_configuration.map(WireTargetConfiguration::check).transpose(),
            checks::all((
                checks::optional("kmsKeyId", self.kms_key_id, KMS_KEY_ID),
                checks::optional("clientToken", self.client_token, 32..=128),
            )),
            read_tags(self.tags.unwrap_or_default()),
        ))?;
        // No constraint of the model, so it is told once those hold.
        let schedule = Schedule::parse(&schedule)?;
        let definition = Definition {
            name,
            query_string,
            schedule,
            target,
            error_reports,
            notifications,
            role_arn,
            kms_key_id,
        };
        Ok(Checked { definition, client_token, tags })
    }
}

fn read_schedule(wire: Option<WireScheduleConfiguration>) -> Result<String, Failure> {
    let wire = checks::required("scheduleConfiguration", wire)?;
    checks::text("scheduleConfiguration.scheduleExpression", wire.schedule_expression, 1..=256)
}

fn read_notifications(
    wire: Option<WireNotificationConfiguration>,
) -> Result<NotificationConfiguration, Failure> {
    let wire = checks::required("notificationConfiguration", wire)?;
    let sns = checks::required("notificationConfiguration.snsConfiguration", wire.sns_configuration)?;
    let topic_arn =
        checks::text("notificationConfiguration.snsConfiguration.topicArn", sns.topic_arn, 1..=2_048)?;
    Ok(NotificationConfiguration { sns_configuration: SnsConfiguration { topic_arn } })
}

fn read_error_reports(
    wire: Option<WireErrorReportConfiguration>,
) -> Result<ErrorReportConfiguration, Failure> {
    let wire = checks::required("errorReportConfiguration", wire)?;
    let s3 = checks::required("errorReportConfiguration.s3Configuration", wire.s3_configuration)?;
    let options = [("SSE_S3", Encryption::SseS3), ("SSE_KMS", Encryption::SseKms)];
    let option = s3.encryption_option.as_deref().unwrap_or("SSE_S3");
    let (bucket_name, object_key_prefix, encryption_option) = checks::all((
        checks::bucket("errorReportConfiguration.s3Configuration.bucketName", s3.bucket_name),
        checks::key_prefix(
            "errorReportConfiguration.s3Configuration.objectKeyPrefix",
            s3.object_key_prefix,
            896,
        ),
        checks::one_of("errorReportConfiguration.s3Configuration.encryptionOption", option, &options),
    ))?;
    let s3_configuration = S3Configuration { bucket_name, object_key_prefix, encryption_option };
    Ok(ErrorReportConfiguration { s3_configuration })
}
