//! Pages that somebody reads on this machine. Without users anybody's requests are answered, and a page of a stranger
//! can reach this server by a name of its own that leads here (DNS rebinding): browsers say whose page it is.

use std::net::IpAddr;

use axum::http::Uri;
use axum::http::header::ORIGIN;
use axum::http::request::Parts;

use crate::failure::{Failure, Kind};

/// Refuses what a page of another machine asks; what is no browser sends no `Origin`.
pub(super) fn refuse_strangers(head: &Parts) -> Result<(), Failure> {
    let Some(origin) = head.headers.get(ORIGIN) else { return Ok(()) };
    let uri = origin.to_str().ok().and_then(|origin| origin.parse::<Uri>().ok());
    if uri.as_ref().and_then(Uri::host).is_some_and(is_this_machine) {
        return Ok(());
    }
    let origin = String::from_utf8_lossy(origin.as_bytes());
    Err(Failure::new(
        Kind::AccessDenied,
        format!("A page of {origin} asks: without users, this server answers pages of this machine alone."),
    ))
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
