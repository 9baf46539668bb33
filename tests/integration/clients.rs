//! Clients of other makers against `tsrun serve`. Their programs are in tests/clients, and know nothing of tsrun
//! but its address. Not here: programs that documents show (`documents`).

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::{SystemTime, UNIX_EPOCH};

use tempfile::TempDir;

use super::command::root;
use super::documents::tool;
use super::truth::service::Service;

/// Runs a program on a server without databases, which it is given as SDKs are: by `AWS_ENDPOINT_URL`, and as its
/// argument. Its bucket `source` has rows, and a data model for them.
fn run(program: &Path, script: &str) {
    let folder = TempDir::new().expect("a folder can be made");
    let data = folder.path().join("data");
    // For those that load it.
    let bucket = data.join("buckets/source");
    fs::create_dir_all(&bucket).expect("a folder can be made");
    for (key, content) in [("rows.csv", rows().as_str()), ("model.json", MODEL)] {
        fs::write(bucket.join(key), content).expect("a file can be written");
    }
    let service = Service::fresh(&data);
    let ran = Command::new(program)
        .arg(root().join("tests/clients").join(script))
        .arg(&service.url)
        .current_dir(folder.path())
        .env("AWS_ENDPOINT_URL", &service.url)
        .env("AWS_DEFAULT_REGION", "us-east-1")
        .env("AWS_REGION", "us-east-1")
        .env("AWS_ACCESS_KEY_ID", "any")
        .env("AWS_SECRET_ACCESS_KEY", "any")
        .env("NODE_PATH", tool("node_modules"))
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .env("PYTHONDONTWRITEBYTECODE", "1")
        // No settings of whoever runs the tests.
        .env("HOME", folder.path())
        .env_remove("AWS_PROFILE")
        .output()
        .unwrap_or_else(|error| panic!("{}: {error}", program.display()));
    let [stdout, stderr] = [&ran.stdout, &ran.stderr].map(|bytes| String::from_utf8_lossy(bytes));
    assert!(ran.status.success(), "{script}\n{stdout}\n{stderr}");
}

/// A data model for `rows`.
const MODEL: &str = r#"{"TimeColumn": "time", "TimeUnit": "SECONDS", "DimensionMappings": [{"SourceColumn": "host"}],
    "MixedMeasureMappings": [{"SourceColumn": "cpu", "MeasureValueType": "DOUBLE"}]}"#;

/// The lines that programs load as a batch.
fn rows() -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("it is after 1970").as_secs();
    format!("time,host,measure_name,cpu\n{now},a,cpu,1.5\n{now},b,cpu,2.5\n")
}

fn python(script: &str) {
    run(&tool("venv/bin/python"), script);
}

#[test]
#[ignore = "needs Python with botocore: .ci/tools installs it, .ci/run runs it"]
fn requests_and_answers_are_those_of_the_service_model() {
    python("conformance.py");
}

#[test]
#[ignore = "needs Python with boto3: .ci/tools installs it, .ci/run runs it"]
fn boto3_works_with_an_endpoint_and_with_discovery() {
    python("with_boto3.py");
}

#[test]
#[ignore = "needs the AWS CLI: .ci/tools installs it, .ci/run runs it"]
fn the_aws_cli_works() {
    python("with_awscli.py");
}

#[test]
#[ignore = "needs Python with awswrangler: .ci/tools installs it, .ci/run runs it"]
fn awswrangler_works() {
    python("with_awswrangler.py");
}

#[test]
#[ignore = "needs Node with the AWS SDK: .ci/tools installs it, .ci/run runs it"]
fn the_javascript_sdk_works() {
    run(Path::new("node"), "with_sdk.mjs");
}
