//! Who this is to a local Timestream: what requests to one are signed with. One that has users holds the signatures
//! against them. Not here: the credentials for Amazon Timestream, which the SDK finds by itself.

use aws_sdk_timestreamwrite::config::Credentials;

use super::{ErrorKind, TargetError};

/// The variable with a key that servers and runs have in common.
pub const ACCESS_KEY_ID: &str = "TSRUN_ACCESS_KEY_ID";
/// The variable with its secret.
pub const SECRET_ACCESS_KEY: &str = "TSRUN_SECRET_ACCESS_KEY";
/// Key and secret where nothing is set; any will do for a server without users.
const USUAL: &str = "local";

/// The key of the environment, and its secret.
///
/// # Errors
/// One of the two without the other.
pub fn local_key() -> Result<Option<(String, String)>, TargetError> {
    let set = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
    let lacking = |set: &str, other: &str| {
        TargetError::new(ErrorKind::Local, format!("{set} is set and {other} is not; set both or none"))
    };
    match (set(ACCESS_KEY_ID), set(SECRET_ACCESS_KEY)) {
        (Some(id), Some(secret)) => Ok(Some((id, secret))),
        (None, None) => Ok(None),
        (Some(_), None) => Err(lacking(ACCESS_KEY_ID, SECRET_ACCESS_KEY)),
        (None, Some(_)) => Err(lacking(SECRET_ACCESS_KEY, ACCESS_KEY_ID)),
    }
}

/// What requests to a local Timestream are signed with.
pub(super) fn local() -> Result<Credentials, TargetError> {
    let (id, secret) = local_key()?.unwrap_or_else(|| (USUAL.to_owned(), USUAL.to_owned()));
    Ok(Credentials::new(id, secret, None, None, "tsrun local target"))
}
