//! Pages that somebody reads on this machine. Without users anybody's requests are answered, and a page of a stranger
//! can reach this server by a name of its own that leads here (DNS rebinding): browsers say which name that is, and for
//! what changes something also whose page it is.

use std::net::IpAddr;

use axum::http::header::{HOST, ORIGIN};
use axum::http::request::Parts;
use axum::http::uri::Authority;
use axum::http::{HeaderValue, Uri};

use crate::failure::{Failure, Kind};

/// Refuses what a page of another machine asks; what is no browser sends no `Origin`, and calls this machine as it is
/// called.
pub(super) fn refuse_strangers(head: &Parts) -> Result<(), Failure> {
    let (host, origin) = (head.headers.get(HOST), head.headers.get(ORIGIN));
    if !host.is_some_and(|host| read::<Authority>(host).is_some_and(|host| is_this_machine(host.host()))) {
        let host = host.map_or_else(|| "no host".into(), |host| String::from_utf8_lossy(host.as_bytes()));
        return Err(Failure::new(
            Kind::AccessDenied,
            format!(
                "The request is for {host}: without users, this server is asked as localhost or 127.0.0.1 alone."
            ),
        ));
    }
    match origin {
        Some(origin) if !read::<Uri>(origin).is_some_and(|uri| uri.host().is_some_and(is_this_machine)) => {
            let origin = String::from_utf8_lossy(origin.as_bytes());
            let told = format!(
                "A page of {origin} asks: without users, this server answers pages of this machine alone."
            );
            Err(Failure::new(Kind::AccessDenied, told))
        }
        _ => Ok(()),
    }
}

fn read<T: std::str::FromStr>(header: &HeaderValue) -> Option<T> {
    header.to_str().ok()?.parse().ok()
}

fn is_this_machine(host: &str) -> bool {
    let address = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    address.map_or_else(
        |_| host.eq_ignore_ascii_case("localhost") || host.to_ascii_lowercase().ends_with(".localhost"),
        |address| address.is_loopback(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machine_is_this_machine() {
        for (host, is) in [
            ("localhost", true),
            ("LocalHost", true),
            ("app.localhost", true),
            ("127.0.0.1", true),
            ("[::1]", true),
            ("evil.example", false),
            ("localhost.evil.example", false),
            ("127.0.0.1.evil.example", false),
            ("192.168.0.7", false),
            ("", false),
        ] {
            assert_eq!(is_this_machine(host), is, "{host}");
        }
    }
}
