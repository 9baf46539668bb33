//! DescribeEndpoints: where clients that discover their endpoint are sent, which is here.

use serde::Serialize;

/// The answer of DescribeEndpoints.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Endpoints {
    endpoints: [Endpoint; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Endpoint {
    address: String,
    cache_period_in_minutes: u32,
}

/// DescribeEndpoints. Clients differ in what they make of an address, so each kind gets what it takes:
/// boto3 and the AWS CLI put `https://` before an address without a scheme, so theirs has one; the
/// JavaScript SDK keeps its own scheme and port and takes a bare host name.
pub(super) fn describe(user_agent: &str, authority: &str) -> Endpoints {
    let agent = user_agent.to_ascii_lowercase();
    let address = if agent.contains("botocore") || agent.contains("boto3") || agent.contains("aws-cli") {
        format!("http://{authority}")
    } else if agent.contains("aws-sdk-js") {
        host(authority).to_owned()
    } else {
        authority.to_owned()
    };
    Endpoints { endpoints: [Endpoint { address, cache_period_in_minutes: 1440 }] }
}

/// An authority without its port; IPv6 addresses keep their brackets.
fn host(authority: &str) -> &str {
    match authority.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => host,
        _ => authority,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_client_gets_what_it_takes() {
        let address = |agent: &str, authority: &str| {
            let Endpoints { endpoints: [endpoint] } = describe(agent, authority);
            endpoint.address
        };
        let boto = "Boto3/1.34.0 md/Botocore#1.34.0 ua/2.0";
        assert_eq!(address(boto, "127.0.0.1:8000"), "http://127.0.0.1:8000");
        assert_eq!(address("aws-cli/2.15 Python/3.11", "here:1"), "http://here:1");
        assert_eq!(address("aws-sdk-js/3.500.0", "localhost:8000"), "localhost");
        assert_eq!(address("aws-sdk-js/3.500.0", "[::1]:8000"), "[::1]");
        assert_eq!(address("aws-sdk-rust/1.0", "127.0.0.1:8000"), "127.0.0.1:8000");
    }
}
