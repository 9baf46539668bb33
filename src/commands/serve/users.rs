//! The users of `tsrun serve`: from a file of AWS credentials, and from the environment. Never from the command line,
//! which others can read. Not here: what is done with them (`timestream-local`).

use std::path::Path;

use aws_config::profile::{Profile, load};
use aws_runtime::env_config::file::{EnvConfigFileKind, EnvConfigFiles};
use aws_types::os_shim_internal::{Env, Fs};
use timestream_local::server::Users;

use crate::commands::Failure;
use crate::exit::Exit;
use crate::target::local_key;

/// Those of the profiles in `file`, where one is named, and the one of the environment.
pub(super) async fn read(file: Option<&Path>) -> Result<Users, Failure> {
    let mut users = Users::default();
    if let Some((id, secret)) = local_key().map_err(refused)? {
        users.add(id, secret);
    }
    if let Some(file) = file {
        add_profiles(file, &mut users).await.map_err(|why| refused(format!("{}: {why}", file.display())))?;
    }
    Ok(users)
}

async fn add_profiles(file: &Path, users: &mut Users) -> Result<(), String> {
    // Only to say what keeps it from being read: the library takes a file that is missing for an empty one.
    std::fs::File::open(file).map_err(|error| error.to_string())?;
    warn_of_readers(file);
    let files = EnvConfigFiles::builder().with_file(EnvConfigFileKind::Credentials, file).build();
    let profiles =
        load(&Fs::real(), &Env::from_slice(&[]), &files, None).await.map_err(|error| told(&error))?;
    let before = users.len();
    for profile in profiles.profiles().filter_map(|name| profiles.get_profile(name)) {
        add(profile, users).map_err(|why| format!("profile `{}` {why}", profile.name()))?;
    }
    if users.len() == before {
        return Err("no profile has aws_access_key_id and aws_secret_access_key".to_owned());
    }
    Ok(())
}

/// Adds the user of a profile; one that has no key, such as a role, is none.
fn add(profile: &Profile, users: &mut Users) -> Result<(), String> {
    let set = |name| profile.get(name).map(str::trim).filter(|value| !value.is_empty());
    if set("aws_session_token").is_some() {
        return Err("has a session token, which ends; give the server keys of its own".to_owned());
    }
    match (set("aws_access_key_id"), set("aws_secret_access_key")) {
        (Some(id), Some(secret)) => users.add(id, secret),
        (Some(_), None) => return Err("has no aws_secret_access_key".to_owned()),
        (None, Some(_)) => return Err("has no aws_access_key_id".to_owned()),
        (None, None) => {}
    }
    Ok(())
}

/// Others who can read the file can sign for its users. Secrets that Docker mounts are readable for everybody in the
/// container, so this is no reason not to start.
fn warn_of_readers(file: &Path) {
    #[cfg(unix)]
    if let Ok(metadata) = file.metadata()
        && std::os::unix::fs::PermissionsExt::mode(&metadata.permissions()) & 0o077 != 0
    {
        tracing::warn!(
            "{0}: others on this machine may use these credentials; chmod 600 {0}",
            file.display()
        );
    }
}

/// An error with its causes, of which the outermost says little.
fn told(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

fn refused(why: impl std::fmt::Display) -> Failure {
    Failure::new(Exit::Usage, format!("error: {why}"))
}
