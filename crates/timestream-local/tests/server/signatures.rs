//! Signatures: who is let in, and what the others are told.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SignatureLocation, SigningSettings, sign};
use aws_sigv4::sign::v4::SigningParams;
use aws_smithy_runtime_api::client::identity::Identity;
use insta::assert_snapshot;
use timestream_local::clock::ManualClock;
use timestream_local::server::{Config, Server, StartError, Users};

use crate::support::{Local, NOW, NOW_NANOS, config, http};

const LIST: &str = "Timestream_20181101.ListDatabases";

fn users() -> Users {
    let mut users = Users::default();
    users.add("AKIDANNA", "anna's secret");
    users.add("AKIDBEN", "ben's/secret");
    users
}

/// A server that knows Anna and Ben. Its clock is the wall's where the SDK signs, which knows no other.
async fn guarded(now: i64) -> Local {
    let dir = tempfile::tempdir().unwrap();
    Local::start_with(dir, |config| {
        config.users = users();
        config.clock = Arc::new(ManualClock::at(now));
    })
    .await
}

fn wall_clock() -> i64 {
    let since_epoch = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
    i64::try_from(since_epoch.as_nanos()).unwrap()
}

/// A request and how it is signed; right as it is, to be made wrong.
struct Signed<'a> {
    key: &'a str,
    secret: &'a str,
    token: Option<&'a str>,
    region: &'a str,
    service: &'a str,
    time: i64,
    headers: Vec<(&'a str, &'a str)>,
    body: &'a str,
}

impl Default for Signed<'_> {
    fn default() -> Self {
        Self {
            key: "AKIDANNA",
            secret: "anna's secret",
            token: None,
            region: "us-east-1",
            service: "timestream",
            time: NOW,
            headers: vec![("x-amz-target", LIST)],
            body: "{}",
        }
    }
}

impl Signed<'_> {
    /// The headers that it is sent with.
    fn head(&self, local: &Local) -> String {
        let credentials =
            Credentials::new(self.key, self.secret, self.token.map(str::to_owned), None, "test");
        let identity: Identity = credentials.into();
        let params = SigningParams::builder()
            .identity(&identity)
            .region(self.region)
            .name(self.service)
            .time(SystemTime::UNIX_EPOCH + Duration::from_secs(self.time.try_into().unwrap()))
            .settings(SigningSettings::default())
            .build()
            .unwrap()
            .into();
        let url = format!("http://{}/", local.address);
        let body = SignableBody::Bytes(self.body.as_bytes());
        let request = SignableRequest::new("POST", url, self.headers.iter().copied(), body).unwrap();
        let (signed, _) = sign(request, &params).unwrap().into_parts();
        let own = self.headers.iter().map(|(name, value)| format!("{name}: {value}"));
        own.chain(signed.headers().map(|(name, value)| format!("{name}: {value}")))
            .collect::<Vec<_>>()
            .join("\r\n")
    }

    async fn send(&self, local: &Local) -> String {
        send(local, &self.head(local), self.body).await
    }
}

async fn send(local: &Local, head: &str, body: &str) -> String {
    let (status, _, answer) = http(local.address, "POST /", head, body).await;
    format!("{status} {answer}")
}

#[tokio::test]
async fn the_sdk_is_let_in_with_the_right_key_alone() {
    let local = guarded(wall_clock()).await;
    let ben = local.signed_as("AKIDBEN", "ben's/secret");
    ben.create_database().database_name("sea").send().await.unwrap();
    let listed = local.signed_as("AKIDANNA", "anna's secret").list_databases().send().await.unwrap();
    assert_eq!(listed.databases()[0].database_name(), Some("sea"), "users have no data of their own");

    for (key, secret, told) in [
        ("AKIDBEN", "anna's secret", "InvalidSignatureException"),
        ("AKIDCARL", "anna's secret", "UnrecognizedClientException"),
    ] {
        let refused = local.signed_as(key, secret).list_databases().send().await.unwrap_err();
        let refused = refused.into_service_error();
        assert_eq!(refused.meta().code(), Some(told), "{refused:?}");
    }
}

#[tokio::test]
async fn every_way_to_be_wrong_is_told() {
    let local = guarded(NOW_NANOS).await;
    let right = Signed::default();
    let head = right.head(&local);
    assert_snapshot!(send(&local, &head, "{}").await, @r#"200 {"Databases":[]}"#);

    let signed = |change: &dyn Fn(&mut Signed<'_>)| {
        let mut signed = Signed::default();
        change(&mut signed);
        signed.head(&local)
    };
    let requests = [
        ("no signature", format!("x-amz-target: {LIST}")),
        ("another scheme", head.replace("AWS4-HMAC-SHA256", "Basic")),
        ("nothing but the scheme", format!("x-amz-target: {LIST}\r\nauthorization: AWS4-HMAC-SHA256")),
        ("a part twice", head.replace("Signature=", "Signature=0, Signature=")),
        ("a part unknown", head.replace("Signature=", "Seal=")),
        ("a short credential", head.replace("/timestream/aws4_request", "")),
        ("no date", head.replace("x-amz-date", "x-date")),
        ("a date of another form", head.replace("x-amz-date: 2026", "x-amz-date: +2026")),
        ("two signatures", format!("{head}\r\nauthorization: AWS4-HMAC-SHA256")),
        ("an unknown key", signed(&|signed| signed.key = "AKIDCARL")),
        ("a token", signed(&|signed| signed.token = Some("temporary"))),
        ("another secret", signed(&|signed| signed.secret = "a guess")),
        ("another region", signed(&|signed| signed.region = "eu-west-1")),
        ("another service", signed(&|signed| signed.service = "s3")),
        ("another terminator", head.replace("aws4_request", "aws5_request")),
        ("another day's credential", head.replace("/20260101/", "/20251231/")),
        ("too old", signed(&|signed| signed.time -= 15 * 60 + 1)),
        ("too new", signed(&|signed| signed.time += 15 * 60 + 1)),
        ("another date than was signed", head.replace("20260101T000000Z", "20260101T000001Z")),
        ("another operation than was signed", head.replace("ListDatabases", "DescribeEndpoints")),
        (
            "an operation that was not signed",
            signed(&|signed| signed.headers.clear()) + "\r\nx-amz-target: " + LIST,
        ),
        ("more than was signed", format!("{head}\r\nx-amz-extra: 1")),
        ("less than was signed", signed(&|signed| signed.headers.push(("a", "b"))).replace("a: b\r\n", "")),
        ("another host beside, that is no text", head.clone() + "\r\nhost: b\u{fc}ro"),
        ("host not signed", head.replace("SignedHeaders=host;", "SignedHeaders=")),
        (
            "an unsigned payload",
            signed(&|signed| signed.headers.push(("x-amz-content-sha256", "UNSIGNED-PAYLOAD"))),
        ),
        (
            "chunks",
            signed(&|signed| {
                signed.headers.push(("x-amz-content-sha256", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"));
            }),
        ),
        (
            "a hash that is not the body's",
            signed(&|signed| signed.headers.push(("x-amz-content-sha256", NO_BODY))),
        ),
    ];
    let mut answers = Vec::new();
    for (what, head) in requests {
        answers.push(format!("{what}: {}", send(&local, &head, "{}").await));
    }
    answers.push(format!("another body: {}", send(&local, &head, "{ }").await));
    assert_snapshot!(answers.join("\n"));
}

/// The hash of nothing.
const NO_BODY: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

#[tokio::test]
async fn what_clients_may_do_differently_is_accepted() {
    let local = guarded(NOW_NANOS).await;
    let hash = "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a";
    let extra = [
        vec![("x-amz-target", LIST), ("x-amz-content-sha256", hash)],
        vec![("x-amz-target", LIST), ("accept", "a"), ("accept", "b   c")],
        vec![
            ("x-amz-target", LIST),
            ("content-type", "application/x-amz-json-1.0"),
            ("amz-sdk-request", "attempt=1"),
        ],
    ];
    for headers in extra {
        let signed = Signed { headers, ..Signed::default() };
        assert_eq!(signed.send(&local).await, r#"200 {"Databases":[]}"#);
    }
    for time in [NOW - 15 * 60, NOW + 15 * 60] {
        let signed = Signed { time, ..Signed::default() };
        assert_eq!(signed.send(&local).await, r#"200 {"Databases":[]}"#, "fifteen minutes are allowed for");
    }
    // Botocore puts no space behind the commas; others more than one.
    let head = Signed::default().head(&local);
    for separator in [",", ",   "] {
        let head = head.replace(", ", separator);
        assert_eq!(send(&local, &head, "{}").await, r#"200 {"Databases":[]}"#);
    }
}

#[tokio::test]
async fn a_presigned_request_is_refused_by_name() {
    let local = guarded(NOW_NANOS).await;
    let identity: Identity = Credentials::new("AKIDANNA", "anna's secret", None, None, "test").into();
    let mut settings = SigningSettings::default();
    settings.signature_location = SignatureLocation::QueryParams;
    settings.expires_in = Some(Duration::from_secs(60));
    let params = SigningParams::builder()
        .identity(&identity)
        .region("us-east-1")
        .name("timestream")
        .time(SystemTime::UNIX_EPOCH + Duration::from_secs(NOW.try_into().unwrap()))
        .settings(settings)
        .build()
        .unwrap()
        .into();
    let url = format!("http://{}/", local.address);
    let request = SignableRequest::new("POST", url, std::iter::empty(), SignableBody::empty()).unwrap();
    let (instructions, _) = sign(request, &params).unwrap().into_parts();
    let query =
        instructions.params().iter().map(|(name, value)| format!("{name}={}", value.replace('/', "%2F")));
    let what = format!("POST /?{}", query.collect::<Vec<_>>().join("&"));
    let (status, _, body) = http(local.address, &what, &format!("x-amz-target: {LIST}"), "").await;
    assert_snapshot!(format!("{status} {body}"), @r#"403 {"__type":"IncompleteSignatureException","Message":"Signatures in the query string are not supported; sign with the Authorization header."}"#);
}

#[tokio::test]
async fn all_routes_but_the_ping_are_guarded() {
    let local = guarded(NOW_NANOS).await;
    let mut answers = Vec::new();
    for what in [
        "GET /ping",
        "GET /",
        "GET /lease",
        "GET /faults",
        "PUT /faults",
        "PUT /faults/held",
        "DELETE /faults",
    ] {
        answers.push(format!("{what}: {}", http(local.address, what, "a: b", "").await.0));
    }
    assert_snapshot!(answers.join("\n"));
}

#[tokio::test]
async fn without_users_anybody_is_let_in_on_this_machine_and_nowhere_else() {
    let local = Local::start().await;
    let signed = Signed { key: "any", secret: "any", token: Some("any"), ..Signed::default() };
    assert_eq!(signed.send(&local).await, r#"200 {"Databases":[]}"#);

    let clock = Arc::new(ManualClock::at(NOW_NANOS));
    for address in ["0.0.0.0:0", "[::]:0", "192.0.2.1:0", "[::ffff:192.0.2.1]:0"] {
        let dir = tempfile::tempdir().unwrap();
        let open = Config { listen: address.parse().unwrap(), ..config(dir.path(), &clock) };
        let refused = Server::start(open).await.err().unwrap();
        assert!(matches!(refused, StartError::Unguarded(_)), "{address}: {refused}");
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0, "nothing was begun");
    }
    let dir = tempfile::tempdir().unwrap();
    let guarded =
        Config { listen: "0.0.0.0:0".parse().unwrap(), users: users(), ..config(dir.path(), &clock) };
    assert!(Server::start(guarded).await.is_ok());
}

#[test]
fn secrets_are_not_shown() {
    assert_eq!(format!("{:?}", users()), "Users(2)");
}
