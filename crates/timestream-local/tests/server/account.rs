//! The account's settings of queries.

use insta::assert_snapshot;

use crate::support::Local;

const PROVISIONED: &str = r#"{"QueryCompute":{"ComputeMode":"PROVISIONED","ProvisionedCapacity":{"TargetQueryTCU":8,
    "NotificationConfiguration":{"RoleArn":"role","SnsConfiguration":{"TopicArn":"topic"}}}}}"#;

#[tokio::test]
async fn settings_change_one_by_one_and_survive_a_restart() {
    let local = Local::start().await;
    let update = |body: &'static str| local.posted("UpdateAccountSettings", body);
    let steps = [
        update("{}").await,
        update(r#"{"MaxQueryTCU":1000}"#).await,
        update(PROVISIONED).await,
        update(r#"{"QueryCompute":{"ComputeMode":"PROVISIONED"}}"#).await,
        update(
            r#"{"QueryCompute":{"ProvisionedCapacity":{"TargetQueryTCU":16,
            "NotificationConfiguration":{"RoleArn":"role"}}}}"#,
        )
        .await,
        update(r#"{"MaxQueryTCU":4,"QueryPricingModel":"COMPUTE_UNITS"}"#).await,
    ];
    assert_snapshot!(steps.join("\n"), @r#"
    200 {"MaxQueryTCU":200,"QueryCompute":{"ComputeMode":"ON_DEMAND"},"QueryPricingModel":"BYTES_SCANNED"}
    200 {"MaxQueryTCU":1000,"QueryCompute":{"ComputeMode":"ON_DEMAND"},"QueryPricingModel":"COMPUTE_UNITS"}
    200 {"MaxQueryTCU":1000,"QueryCompute":{"ComputeMode":"PROVISIONED","ProvisionedCapacity":{"ActiveQueryTCU":8,"LastUpdate":{"Status":"SUCCEEDED","TargetQueryTCU":8},"NotificationConfiguration":{"RoleArn":"role","SnsConfiguration":{"TopicArn":"topic"}}}},"QueryPricingModel":"COMPUTE_UNITS"}
    200 {"MaxQueryTCU":1000,"QueryCompute":{"ComputeMode":"PROVISIONED","ProvisionedCapacity":{"ActiveQueryTCU":8,"LastUpdate":{"Status":"SUCCEEDED","TargetQueryTCU":8},"NotificationConfiguration":{"RoleArn":"role","SnsConfiguration":{"TopicArn":"topic"}}}},"QueryPricingModel":"COMPUTE_UNITS"}
    200 {"MaxQueryTCU":1000,"QueryCompute":{"ComputeMode":"PROVISIONED","ProvisionedCapacity":{"ActiveQueryTCU":16,"LastUpdate":{"Status":"SUCCEEDED","TargetQueryTCU":16}}},"QueryPricingModel":"COMPUTE_UNITS"}
    200 {"MaxQueryTCU":4,"QueryCompute":{"ComputeMode":"PROVISIONED","ProvisionedCapacity":{"ActiveQueryTCU":16,"LastUpdate":{"Status":"SUCCEEDED","TargetQueryTCU":16}}},"QueryPricingModel":"COMPUTE_UNITS"}
    "#);

    let local = Local::start_on(local.stop().await).await;
    assert_eq!(local.posted("DescribeAccountSettings", "{}").await, steps[5]);
    let on_demand =
        local.posted("UpdateAccountSettings", r#"{"QueryCompute":{"ComputeMode":"ON_DEMAND"}}"#).await;
    assert_snapshot!(on_demand, @r#"200 {"MaxQueryTCU":4,"QueryCompute":{"ComputeMode":"ON_DEMAND"},"QueryPricingModel":"COMPUTE_UNITS"}"#);
}

#[tokio::test]
async fn settings_that_the_service_does_not_have_are_refused() {
    let local = Local::start().await;
    let mut answers = Vec::new();
    for body in [
        r#"{"MaxQueryTCU":6,"QueryPricingModel":"FREE"}"#,
        r#"{"MaxQueryTCU":0}"#,
        r#"{"MaxQueryTCU":1004}"#,
        r#"{"QueryPricingModel":"BYTES_SCANNED"}"#,
        r#"{"QueryCompute":{"ComputeMode":"PROVISIONED"}}"#,
        r#"{"QueryCompute":{"ProvisionedCapacity":{"TargetQueryTCU":4}}}"#,
        r#"{"QueryCompute":{"ComputeMode":"PROVISIONED","ProvisionedCapacity":{"NotificationConfiguration":{}}}}"#,
    ] {
        let (status, answer) = local.post("UpdateAccountSettings", body).await;
        answers.push(format!("{status} {}", answer["Message"].as_str().unwrap()));
    }
    assert_snapshot!(answers.join("\n"), @r"
    400 2 validation errors detected: Value '6' at 'maxQueryTCU' failed to satisfy constraint: Member must be a multiple of 4; Value 'FREE' at 'queryPricingModel' failed to satisfy constraint: Member must satisfy enum value set: [BYTES_SCANNED, COMPUTE_UNITS]
    400 1 validation error detected: Value '0' at 'maxQueryTCU' failed to satisfy constraint: Member must have value greater than or equal to 4
    400 1 validation error detected: Value '1004' at 'maxQueryTCU' failed to satisfy constraint: Member must have value less than or equal to 1000
    400 The QueryPricingModel can only be changed to COMPUTE_UNITS.
    400 The ComputeMode PROVISIONED needs a ProvisionedCapacity with its TargetQueryTCU.
    400 A ProvisionedCapacity needs the ComputeMode PROVISIONED.
    400 2 validation errors detected: Value null at 'queryCompute.provisionedCapacity.targetQueryTCU' failed to satisfy constraint: Member must not be null; Value null at 'queryCompute.provisionedCapacity.notificationConfiguration.roleArn' failed to satisfy constraint: Member must not be null
    ");
    let (_, settings) = local.post("DescribeAccountSettings", "{}").await;
    assert_eq!(settings["QueryPricingModel"], "BYTES_SCANNED", "a refused change changes nothing");
}
