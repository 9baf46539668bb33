//! Our own way of writing against the SDK's: the same records, the same errors, a signature that holds.

use aws_sdk_timestreamwrite::config::Credentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4::SigningParams;
use chrono::NaiveDateTime;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use super::super::fake::field;
use super::*;

fn text() -> impl Strategy<Value = Arc<str>> {
    let odd = prop_oneof![
        Just("\"quoted\" \\ and \u{8}\u{c}\n\r\t".to_owned()),
        Just("\u{0}\u{1f}\u{7f}\u{2028}".to_owned()),
        Just("größe 温度 🌡".to_owned()),
        any::<String>(),
        "[a-z0-9.-]{1,12}",
    ];
    odd.prop_map(Arc::from)
}

fn value() -> impl Strategy<Value = Value> {
    prop_oneof![
        any::<f64>().prop_map(Value::Double),
        prop::sample::select(vec![f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 0.0, -0.0, 1e300, 5e-324])
            .prop_map(Value::Double),
        (0.0..100.0f64).prop_map(Value::Double),
        any::<i64>().prop_map(Value::Bigint),
        prop::sample::select(vec![i64::MIN, i64::MAX, 0]).prop_map(Value::Bigint),
        any::<bool>().prop_map(Value::Boolean),
        text().prop_map(Value::Text),
    ]
}

fn dimensions() -> impl Strategy<Value = Vec<(Arc<str>, Arc<str>)>> {
    prop::collection::vec((text(), text()), 0..4)
}

/// Batches as the fleet makes them: the records of a host share one list of dimensions, and MULTI
/// records mostly one list of names.
fn batch() -> impl Strategy<Value = Batch> {
    (any::<i64>(), dimensions(), prop::collection::vec(text(), 1..4)).prop_flat_map(
        |(time, common, names)| {
            let names: Arc<[_]> = names.into();
            let hosts = prop::collection::vec(host(&names), 1..4);
            hosts.prop_map(move |hosts| Batch { time, common: common.clone(), records: hosts.concat() })
        },
    )
}

fn host(names: &Arc<[Arc<str>]>) -> impl Strategy<Value = Vec<Record>> + use<> {
    let records = prop::collection::vec((text(), measures(names)), 1..4);
    (dimensions(), records).prop_map(|(own, measured)| {
        let own: Arc<[_]> = own.into();
        let record =
            |(measure_name, measures)| Record { dimensions: Arc::clone(&own), measure_name, measures };
        measured.into_iter().map(record).collect()
    })
}

fn measures(names: &Arc<[Arc<str>]>) -> impl Strategy<Value = Measures> + use<> {
    let multi = |names: Arc<[Arc<str>]>| {
        let values = prop::collection::vec(value(), names.len());
        values.prop_map(move |values| Measures::Multi { names: Arc::clone(&names), values })
    };
    let others = prop::collection::vec(text(), 1..4).prop_flat_map(move |names| multi(names.into()));
    prop_oneof![value().prop_map(Measures::Single), multi(Arc::clone(names)), others]
}

/// A DOUBLE as the number that it is: of two texts as short that lie as far from it, each way may take
/// another. Whatever else it is stays as written.
fn number(value: &Json, of: &str) -> Json {
    let read = value.as_str().filter(|_| of == "DOUBLE").and_then(|text| text.parse::<f64>().ok());
    read.map_or_else(|| value.clone(), |number| json!(number.to_bits()))
}

/// What the service reads: each record with what it has in common with others, and with the defaults.
fn read(body: &Json) -> Vec<Json> {
    let common = &body["CommonAttributes"];
    let records = body["Records"].as_array().unwrap().iter().map(|record| {
        let either = |name: &str, default: &str| {
            [record, common].into_iter().find_map(|at| at[name].as_str()).unwrap_or(default).to_owned()
        };
        let lists = [common, record].into_iter().filter_map(|at| at["Dimensions"].as_array());
        json!({
            "Dimensions": lists.flatten().collect::<Vec<_>>(),
            "Time": either("Time", "none"),
            "TimeUnit": either("TimeUnit", "MILLISECONDS"),
            "MeasureName": either("MeasureName", "none"),
            "MeasureValue": number(&record["MeasureValue"], &either("MeasureValueType", "DOUBLE")),
            "MeasureValueType": either("MeasureValueType", "DOUBLE"),
            "MeasureValues": record["MeasureValues"].as_array().map(|values| values.iter().map(|value| {
                let of = value["Type"].as_str().unwrap_or("DOUBLE");
                json!([value["Name"], of, number(&value["Value"], of)])
            }).collect::<Vec<_>>()),
        })
    });
    [json!({ "in": [body["DatabaseName"], body["TableName"]] })].into_iter().chain(records).collect()
}

#[test]
fn both_ways_send_the_same_records() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let (fake, seen) = runtime.block_on(watched(|_| None));
    let shared = runtime.block_on(target(&fake));
    let repeated = Target { common_attributes: false, ..runtime.block_on(target(&fake)) };
    let cases = TestRunner::new(Config::with_cases(96)).run(&batch(), |batch| {
        let written = runtime.block_on(async {
            (shared.write_typed(&batch).await, shared.write(&batch).await, repeated.write(&batch).await)
        });
        let (typed, shared, repeated) = (written.0.unwrap(), written.1.unwrap(), written.2.unwrap());
        prop_assert_eq!((shared, repeated), (typed, typed));
        let bodies = std::mem::take(&mut *seen.lock().unwrap());
        prop_assert_eq!(bodies.len(), 3);
        for (_, body) in &bodies[1..] {
            prop_assert_eq!(read(body), read(&bodies[0].1));
        }
        prop_assert!(bodies[2].1.get("CommonAttributes").is_none());
        Ok(())
    });
    cases.unwrap();
}

#[tokio::test]
async fn a_scenario_says_whether_attributes_are_repeated() {
    let (fake, seen) = watched(|_| None).await;
    let file = std::path::Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/benches/scenarios/single.yaml"));
    for (repeated, params) in [(false, vec![]), (true, vec![("common_attributes".into(), "false".into())])] {
        let loaded = crate::scenario::load(file, &params).unwrap();
        let scenario = loaded.scenario.as_ref().unwrap();
        let plan = crate::plan::Plan::resolve(scenario, &loaded.params, file, String::new()).unwrap();
        let endpoint_url = Some(format!("http://{}", fake.address));
        let target =
            connect(&plan.target, &Overrides { endpoint_url, ..Overrides::default() }).await.unwrap();
        let slot = plan.generator.slots_from(0).next().unwrap();
        target.write(&plan.generator.batch(slot, 1.0)).await.unwrap();
        let (_, body) = seen.lock().unwrap().last().unwrap().clone();
        assert_eq!(body.get("CommonAttributes").is_none(), repeated);
    }
    let seen = seen.lock().unwrap();
    assert_eq!(read(&seen[0].1), read(&seen[1].1));
}

fn one_record() -> Batch {
    let measures = Measures::Single(Value::Double(1.5));
    let record = Record { dimensions: [].into(), measure_name: Arc::from("m"), measures };
    Batch { time: 7, common: vec![(Arc::from("host"), Arc::from("h1"))], records: vec![record] }
}

/// What both ways make of a target, which must be the same.
async fn told(target: &Target) -> TargetError {
    let batch = one_record();
    let (typed, own) =
        (target.write_typed(&batch).await.unwrap_err(), target.write(&batch).await.unwrap_err());
    assert_eq!((own.kind, &own.message, &own.rejected), (typed.kind, &typed.message, &typed.rejected));
    own
}

#[tokio::test]
async fn both_ways_tell_errors_alike() {
    let rejected = json!([{ "RecordIndex": 3, "Reason": "too old" }, { "RecordIndex": 0 }]);
    let rejected =
        json!({ "__type": "RejectedRecordsException", "Message": "some", "RejectedRecords": rejected });
    let namespaced = "com.amazonaws.timestream.v20181101#ValidationException:http://amazon.com/";
    for (reply, kind) in [
        (error(429, "ThrottlingException", "slow down"), ErrorKind::Throttled),
        (Reply::Json(419, rejected), ErrorKind::Rejected),
        (error(400, namespaced, "a dimension is empty"), ErrorKind::Validation),
        (error(404, "ResourceNotFoundException", "no table"), ErrorKind::NotFound),
        (error(403, "UnrecognizedClientException", "who?"), ErrorKind::Denied),
        (error(500, "InternalServerException", "oops"), ErrorKind::Server),
        (Reply::Json(503, json!({ "code": "Unavailable" })), ErrorKind::Server),
        (Reply::Json(502, json!("not an object")), ErrorKind::Server),
        (Reply::Reset, ErrorKind::Network),
    ] {
        let reply = Arc::new(reply);
        let (fake, _) = watched(move |_| Some(Reply::clone(&reply))).await;
        assert_eq!(told(&target(&fake).await).await.kind, kind);
    }
}

#[tokio::test]
async fn both_ways_give_up_alike() {
    let (fake, _) = watched(|_| Some(Reply::Stall)).await;
    let mut target = target_within(&fake, Duration::from_millis(200)).await;
    assert_eq!(told(&target).await.kind, ErrorKind::Timeout);
    // A port that was just given back: nobody listens there.
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let nobody = target.write.config().to_builder().endpoint_url(format!("http://{free}"));
    target = Target {
        write: aws_sdk_timestreamwrite::Client::from_conf(nobody.build()),
        ..target_within(&fake, Duration::from_secs(2)).await
    };
    assert_eq!(told(&target).await.kind, ErrorKind::Connect);
    let stranger = aws_sdk_timestreamwrite::Config::builder()
        .behavior_version(aws_config::BehaviorVersion::latest())
        .region(aws_config::Region::from_static("us-east-1"))
        .endpoint_url(format!("http://{}", fake.address));
    target = Target {
        write: aws_sdk_timestreamwrite::Client::from_conf(stranger.build()),
        ..target_within(&fake, Duration::from_secs(2)).await
    };
    assert_eq!(told(&target).await.kind, ErrorKind::NoCredentials);
}

#[tokio::test]
async fn what_is_sent_is_what_was_signed() {
    let kept = Arc::new(Mutex::new(None));
    let keep = Arc::clone(&kept);
    let (fake, _) = watched(move |request| {
        *keep.lock().unwrap() = Some((request.head.clone(), request.text.clone()));
        None
    })
    .await;
    // Credentials that expire come with a token, which is signed too.
    let credentials = Credentials::new("local", "local", Some("token".to_owned()), None, "test");
    let target = target(&fake).await;
    let config = target.write.config().to_builder().credentials_provider(credentials.clone()).build();
    let target = Target { write: aws_sdk_timestreamwrite::Client::from_conf(config), ..target };
    target.write(&one_record()).await.unwrap();
    let (head, body) = kept.lock().unwrap().take().unwrap();
    let header = |name: &str| field(&head, name).unwrap_or_else(|| panic!("no {name} in {head}"));
    let authorization = header("authorization");
    let part = |name: &str| authorization.split_once(name).unwrap().1.split(',').next().unwrap();
    assert!(
        part("Credential=").starts_with("local/")
            && part("Credential=").ends_with("/us-east-1/timestream/aws4_request")
    );
    let time = NaiveDateTime::parse_from_str(header("x-amz-date"), "%Y%m%dT%H%M%SZ").unwrap().and_utc();
    let identity = credentials.into();
    let params = SigningParams::builder()
        .identity(&identity)
        .region("us-east-1")
        .name("timestream")
        .time(time.into())
        .settings(SigningSettings::default())
        .build()
        .unwrap()
        .into();
    assert_eq!(header("x-amz-security-token"), "token");
    // The signer adds these by itself.
    let own = ["host", "x-amz-date", "x-amz-security-token"];
    let signed = part("SignedHeaders=").split(';').filter(|name| !own.contains(name));
    let signed = signed.map(|name| (name, header(name)));
    let url = format!("http://{}/", header("host"));
    let request = SignableRequest::new("POST", url, signed, SignableBody::Bytes(body.as_bytes())).unwrap();
    let (_, signature) = sign(request, &params).unwrap().into_parts();
    assert_eq!(part("Signature="), signature);
    assert_eq!(header("x-amz-target"), "Timestream_20181101.WriteRecords");
    assert!(header("x-amz-user-agent").contains("aws-sdk-rust"), "{head}");
}
