//! Buckets: folders that stand for those of S3, where batch loads find their files and reports are put.
//! Not here: what the files hold.
//!
//! The object `reports/day/1.json` of the bucket `fleet` is the file `fleet/reports/day/1.json` below the
//! folder of all buckets. Names come from requests, so each is checked before it becomes a path, and what a
//! link leads to must lie in the bucket, too.

use std::fs::{self, File};
use std::io;
use std::path::{Component, Path, PathBuf};

/// The longest key of S3, in bytes.
const MAX_KEY: usize = 1024;
/// The longest name of a file or folder, on most file systems.
const MAX_NAME: usize = 255;

/// The folder of all buckets.
pub(crate) struct Buckets {
    dir: PathBuf,
}

/// An object of a bucket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Object {
    pub(crate) key: String,
    pub(crate) bytes: u64,
}

/// Why a bucket or an object cannot be had.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BucketError {
    #[error(
        "The bucket name '{0}' is not valid: 3 to 63 lower-case letters, digits, dots and hyphens, the first \
         and the last of them a letter or a digit."
    )]
    BucketName(String),
    #[error(
        "The object key '{0}' is not valid: up to 1024 bytes of names between slashes, none of them '.' or '..' or longer \
         than {MAX_NAME} bytes."
    )]
    Key(String),
    #[error("The bucket {bucket} does not exist; on the local Timestream it is the folder {}.", path.display())]
    NoBucket { bucket: String, path: PathBuf },
    #[error("The object {key} does not exist in the bucket {bucket}.")]
    NoObject { bucket: String, key: String },
    #[error("{}: {source}", path.display())]
    Io { path: PathBuf, source: io::Error },
}

impl Buckets {
    pub(crate) fn new(dir: PathBuf) -> Self {
        Self { dir }
    }

    /// Checks that there could be an object of this key.
    pub(crate) fn check(bucket: &str, key: &str) -> Result<(), BucketError> {
        name(bucket)?;
        relative(key).map(drop)
    }

    /// The objects whose keys begin with `prefix`, by key.
    pub(crate) fn list(&self, bucket: &str, prefix: &str) -> Result<Vec<Object>, BucketError> {
        let root = self.existing(bucket)?;
        let mut objects = Vec::new();
        collect(&root, &mut String::new(), prefix, &mut objects)
            .map_err(|source| BucketError::Io { path: root, source })?;
        objects.sort_by(|a, b| a.key.cmp(&b.key));
        Ok(objects)
    }

    /// An object, for reading.
    pub(crate) fn open(&self, bucket: &str, key: &str) -> Result<File, BucketError> {
        let root = self.existing(bucket)?;
        let path = root.join(relative(key)?);
        let failed = |source: io::Error| match source.kind() {
            // No file can be called so: a part of the key is a file, or longer than names of files are.
            io::ErrorKind::NotFound | io::ErrorKind::NotADirectory | io::ErrorKind::InvalidFilename => {
                BucketError::NoObject { bucket: bucket.to_owned(), key: key.to_owned() }
            }
            _ => BucketError::Io { path: path.clone(), source },
        };
        let there = path.canonicalize().map_err(failed)?;
        if !there.starts_with(&root) || !there.is_file() {
            return Err(BucketError::NoObject { bucket: bucket.to_owned(), key: key.to_owned() });
        }
        File::open(&there).map_err(failed)
    }

    /// Puts an object, whole or not at all; the bucket is made if it is missing.
    pub(crate) fn put(&self, bucket: &str, key: &str, content: &[u8]) -> Result<(), BucketError> {
        let root = self.dir.join(name(bucket)?);
        let path = root.join(relative(key)?);
        let put = || {
            let folder = path.parent().unwrap_or(&root);
            fs::create_dir_all(&root)?;
            let bucket = root.canonicalize()?;
            // Before folders are made, so that none is made elsewhere.
            let there = folder.ancestors().find_map(|folder| folder.canonicalize().ok());
            if !there.is_some_and(|there| there.starts_with(bucket)) {
                return Err(io::Error::new(
                    io::ErrorKind::PermissionDenied,
                    "a link leads out of the bucket",
                ));
            }
            fs::create_dir_all(folder)?;
            let partial = folder.join(format!(".{}.partial", uuid::Uuid::new_v4().simple()));
            fs::write(&partial, content)?;
            fs::rename(&partial, &path)
        };
        put().map_err(|source| BucketError::Io { path: path.clone(), source })
    }

    /// The folder of a bucket, without links.
    fn existing(&self, bucket: &str) -> Result<PathBuf, BucketError> {
        let path = self.dir.join(name(bucket)?);
        path.canonicalize().map_err(|source| match source.kind() {
            io::ErrorKind::NotFound => BucketError::NoBucket { bucket: bucket.to_owned(), path },
            _ => BucketError::Io { path, source },
        })
    }
}

/// Adds the objects below `folder`, whose keys begin with `key`; hidden files are not objects.
fn collect(folder: &Path, key: &mut String, prefix: &str, objects: &mut Vec<Object>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let Ok(name) = entry.file_name().into_string() else { continue };
        if name.starts_with('.') {
            continue;
        }
        let length = key.len();
        key.push_str(&name);
        let kind = entry.file_type()?;
        if kind.is_dir() {
            key.push('/');
            // Folders that hold no such key are not read.
            if key.starts_with(prefix) || prefix.starts_with(key.as_str()) {
                collect(&entry.path(), key, prefix, objects)?;
            }
        } else if kind.is_file() && key.starts_with(prefix) {
            objects.push(Object { key: key.clone(), bytes: entry.metadata()?.len() });
        }
        key.truncate(length);
    }
    Ok(())
}

/// The name of a bucket, where it is one.
fn name(bucket: &str) -> Result<&str, BucketError> {
    let edge = |byte: Option<&u8>| byte.is_some_and(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
    let bytes = bucket.as_bytes();
    let inner = |b: &u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b".-".contains(b);
    if (3..=63).contains(&bytes.len())
        && edge(bytes.first())
        && edge(bytes.last())
        && bytes.iter().all(inner)
        && !bucket.contains("..")
    {
        return Ok(bucket);
    }
    Err(BucketError::BucketName(bucket.to_owned()))
}

/// A key as a path below its bucket.
fn relative(key: &str) -> Result<&Path, BucketError> {
    let path = Path::new(key);
    let names =
        path.components().all(|part| matches!(part, Component::Normal(name) if name.len() <= MAX_NAME));
    let plain = !key.contains(['\0', '\\']) && !key.ends_with('/');
    if names && plain && !key.is_empty() && key.len() <= MAX_KEY {
        return Ok(path);
    }
    Err(BucketError::Key(key.to_owned()))
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;

    fn buckets() -> (tempfile::TempDir, Buckets) {
        let dir = tempfile::tempdir().unwrap();
        let buckets = Buckets::new(dir.path().join("buckets"));
        (dir, buckets)
    }

    #[test]
    fn what_is_put_is_listed_and_read() {
        let (_dir, buckets) = buckets();
        buckets.put("fleet", "in/b.csv", b"two").unwrap();
        buckets.put("fleet", "in/a.csv", b"1").unwrap();
        buckets.put("fleet", "other.csv", b"").unwrap();
        let keys = |prefix| -> Vec<_> {
            let objects = buckets.list("fleet", prefix).unwrap();
            objects.into_iter().map(|object| (object.key, object.bytes)).collect()
        };
        assert_eq!(keys("in/"), [("in/a.csv".to_owned(), 1), ("in/b.csv".to_owned(), 3)]);
        assert_eq!(keys("i").len(), 2);
        assert_eq!(keys("").len(), 3);
        assert_eq!(keys("in/b.csv").len(), 1);
        let mut text = String::new();
        buckets.open("fleet", "in/b.csv").unwrap().read_to_string(&mut text).unwrap();
        assert_eq!(text, "two");
    }

    #[test]
    fn what_is_missing_is_named() {
        let (_dir, buckets) = buckets();
        let told = buckets.list("fleet", "").unwrap_err().to_string();
        assert!(told.starts_with("The bucket fleet does not exist; on the local Timestream it is"), "{told}");
        buckets.put("fleet", "a/b", b"").unwrap();
        // One whose folder is a file is missing as well.
        for key in ["b", "a", "a/b/c"] {
            let told = buckets.open("fleet", key).unwrap_err().to_string();
            assert_eq!(told, format!("The object {key} does not exist in the bucket fleet."));
        }
    }

    #[test]
    fn no_name_leads_out() {
        let (dir, buckets) = buckets();
        fs::write(dir.path().join("secret"), "x").unwrap();
        buckets.put("fleet", "a", b"").unwrap();
        for bucket in ["..", "../x", "a/b", "", "ab", "Fleet", ".abc", "a..b", "fleet/", "abc\0"] {
            assert!(matches!(buckets.put(bucket, "a", b""), Err(BucketError::BucketName(_))), "{bucket}");
            assert!(matches!(buckets.list(bucket, ""), Err(BucketError::BucketName(_))), "{bucket}");
        }
        let long = "x".repeat(MAX_NAME + 1);
        for key in ["..", "../secret", "a/../../secret", "/etc/passwd", "", "./a", "a/", "a\0", "a\\b", &long]
        {
            assert!(matches!(buckets.put("fleet", key, b""), Err(BucketError::Key(_))), "{key}");
            assert!(matches!(buckets.open("fleet", key), Err(BucketError::Key(_))), "{key}");
        }
        #[cfg(unix)]
        {
            std::os::unix::fs::symlink(dir.path(), dir.path().join("buckets/fleet/out")).unwrap();
            assert!(matches!(buckets.open("fleet", "out/secret"), Err(BucketError::NoObject { .. })));
            for key in ["out/new", "out/made/by/us"] {
                assert!(matches!(buckets.put("fleet", key, b""), Err(BucketError::Io { .. })));
            }
            assert!(!dir.path().join("made").exists(), "no folder is made elsewhere");
            std::os::unix::fs::symlink(dir.path().join("nowhere"), dir.path().join("buckets/fleet/loose"))
                .unwrap();
            assert!(matches!(buckets.put("fleet", "loose/a/b", b""), Err(BucketError::Io { .. })));
            assert!(!dir.path().join("nowhere").exists());
            assert_eq!(buckets.list("fleet", "").unwrap().len(), 1);
        }
    }
}
