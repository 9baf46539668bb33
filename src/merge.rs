//! stub
use std::path::{Path, PathBuf};
use crate::exit::Exit;
/// e
#[derive(Debug, thiserror::Error)]
#[error("x")]
pub struct MergeError;
impl MergeError {
    /// e
    pub fn exit(&self) -> Exit { Exit::Failed }
}
/// m
pub fn merge(_r: &[PathBuf], _o: &Path, _f: bool) -> Result<Vec<String>, MergeError> { Err(MergeError) }
