//! The data directory as a whole: whose it is, and where its server listens. Not here: what is in it.
//!
//! A server holds a lock on the file `lock` for as long as it lives (the system lets go of it when the
//! process ends in whatever way) and writes its address to the file `address`.

use std::fs::{self, File, TryLockError};
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

const LOCK: &str = "lock";
const ADDRESS: &str = "address";

/// A data directory that is ours until this is dropped.
pub(crate) struct DataDir {
    path: PathBuf,
    /// Locked; closing it unlocks.
    _lock: File,
}

/// Why the directory is not ours.
#[derive(Debug)]
pub(crate) enum Unavailable {
    /// Another server holds it; at this address, if it has told already.
    Held(Option<SocketAddr>),
    /// It cannot be made, read or written.
    Io(io::Error),
}

impl From<io::Error> for Unavailable {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl DataDir {
    /// Makes the directory if it is missing, and locks it.
    pub(crate) fn open(path: &Path) -> Result<Self, Unavailable> {
        fs::create_dir_all(path)?;
        // Once and for all without `..` and links, which readers of its files do not follow.
        let path = &fs::canonicalize(path)?;
        let lock = File::options().create(true).truncate(false).write(true).open(path.join(LOCK))?;
        if !locked(&lock)? {
            return Err(Unavailable::Held(read_address(path)?));
        }
        // What a killed server left there is no longer true.
        remove(&path.join(ADDRESS))?;
        Ok(Self { path: path.to_owned(), _lock: lock })
    }

    /// The address of the server that holds the directory, if one does and has told it.
    pub(crate) fn find(path: &Path) -> io::Result<Option<SocketAddr>> {
        let lock = match File::open(path.join(LOCK)) {
            Ok(lock) => lock,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        match lock.try_lock_shared() {
            Ok(()) => Ok(None),
            Err(TryLockError::WouldBlock) => read_address(path),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Tells others where the server listens.
    pub(crate) fn publish(&self, address: SocketAddr) -> io::Result<()> {
        let beside = self.path.join("address.tmp");
        fs::write(&beside, address.to_string())?;
        fs::rename(&beside, self.path.join(ADDRESS))
    }

    /// From now on the server takes no more connections.
    pub(crate) fn withdraw(&self) {
        if let Err(error) = remove(&self.path.join(ADDRESS)) {
            tracing::warn!(path = %self.path.display(), %error, "the address file stays");
        }
    }
}

/// Whether the lock could be had. Asked a few times, since `find` takes it for a moment.
fn locked(lock: &File) -> io::Result<bool> {
    for _ in 0..10 {
        match lock.try_lock() {
            Ok(()) => return Ok(true),
            Err(TryLockError::WouldBlock) => std::thread::sleep(Duration::from_millis(10)),
            Err(TryLockError::Error(error)) => return Err(error),
        }
    }
    Ok(false)
}

fn read_address(path: &Path) -> io::Result<Option<SocketAddr>> {
    match fs::read_to_string(path.join(ADDRESS)) {
        Ok(text) => Ok(text.trim().parse().ok()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_server_at_a_time() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(DataDir::find(dir.path()).unwrap(), None);
        let first = DataDir::open(dir.path()).unwrap();
        assert!(matches!(DataDir::open(dir.path()), Err(Unavailable::Held(None))));

        let address = "127.0.0.1:4711".parse().unwrap();
        first.publish(address).unwrap();
        assert_eq!(DataDir::find(dir.path()).unwrap(), Some(address));
        assert!(matches!(DataDir::open(dir.path()), Err(Unavailable::Held(Some(held))) if held == address));

        drop(first);
        assert_eq!(DataDir::find(dir.path()).unwrap(), None, "a stale address is not believed");
        let second = DataDir::open(dir.path()).unwrap();
        assert_eq!(DataDir::find(dir.path()).unwrap(), None);
        drop(second);
    }
}
