//! The header `Authorization` as Signature Version 4 writes it. Not here: whether it is true.
//!
//! ```text
//! AWS4-HMAC-SHA256 Credential=ID/DAY/REGION/SERVICE/aws4_request, SignedHeaders=a;b, Signature=HEX
//! ```

const ALGORITHM: &str = "AWS4-HMAC-SHA256";

/// What the header says.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Authorization {
    pub(super) access_key_id: String,
    /// Day, region, service and terminator that the signature is for.
    pub(super) scope: [String; 4],
    /// Names in lower case.
    pub(super) signed_headers: Vec<String>,
    pub(super) signature: String,
}

impl Authorization {
    /// Reads the header's value.
    ///
    /// # Errors
    /// What it lacks.
    pub(super) fn read(value: &str) -> Result<Self, String> {
        let (algorithm, rest) = value.trim().split_once(' ').unwrap_or((value, ""));
        if algorithm != ALGORITHM {
            return Err(format!("Unsupported AWS 'algorithm': '{algorithm}'; sign with {ALGORITHM}."));
        }
        let (mut credential, mut signed_headers, mut signature) = (None, None, None);
        for parameter in rest.split(',') {
            let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
            let place = match name.trim() {
                "Credential" => &mut credential,
                "SignedHeaders" => &mut signed_headers,
                "Signature" => &mut signature,
                other => {
                    return Err(format!("'{other}' not a valid key=value pair in Authorization header."));
                }
            };
            if place.replace(value.trim()).is_some() {
                return Err(format!("Authorization header has '{}' twice.", name.trim()));
            }
        }
        let required = |name: &str, value: Option<&str>| {
            let value = value.filter(|value| !value.is_empty()).map(str::to_owned);
            value.ok_or_else(|| format!("Authorization header requires '{name}' parameter."))
        };
        let (access_key_id, scope) = credential_of(&required("Credential", credential)?)?;
        let signed_headers = required("SignedHeaders", signed_headers)?;
        let signed_headers = signed_headers.split(';').map(str::to_ascii_lowercase).collect();
        Ok(Self { access_key_id, scope, signed_headers, signature: required("Signature", signature)? })
    }
}

/// A key and its scope; a key may hold slashes itself.
fn credential_of(text: &str) -> Result<(String, [String; 4]), String> {
    let mut parts = text.rsplitn(5, '/').map(str::to_owned);
    let (terminator, service, region, day) = (parts.next(), parts.next(), parts.next(), parts.next());
    match (parts.next(), day, region, service, terminator) {
        (Some(key), Some(day), Some(region), Some(service), Some(terminator)) => {
            Ok((key, [day, region, service, terminator]))
        }
        _ => Err(format!(
            "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got '{text}'"
        )),
    }
}
