//! What clients upload: local data by its hash, and files for a Spark to come (jars, Python files).
//!
//! Uploads lie in a folder of the session's own and go with it. `cache/<hash>` is read by decoding; everything else is
//! kept for the day the session's plans go to a real Spark.

use std::collections::HashMap;
use std::fs;
use std::path::{Component, Path};
use std::sync::Arc;

use bytes::Bytes;
use floe_base::{Error, Kind, Result};
use parking_lot::Mutex;
use tempfile::TempDir;

use crate::decode;

/// What one session may upload.
const QUOTA_BYTES: u64 = 4 << 30;
const CACHE: &str = "cache/";

/// The uploads of one session. A clone shares what was uploaded so far and its folder.
#[derive(Debug)]
pub(crate) struct Artifacts {
    /// The server-side id of the session.
    session: String,
    inner: Mutex<Inner>,
}

#[derive(Clone, Debug, Default)]
struct Inner {
    folder: Option<Arc<TempDir>>,
    /// Name to the file's name in the folder, and its size.
    files: HashMap<String, (String, u64)>,
    bytes: u64,
}

impl Artifacts {
    pub(crate) fn new(session: &str) -> Self {
        Self { session: session.into(), inner: Mutex::default() }
    }

    /// The same uploads for a cloned session.
    pub(crate) fn copy(&self, session: &str) -> Self {
        Self { session: session.into(), inner: Mutex::new(self.inner.lock().clone()) }
    }

    pub(crate) fn exists(&self, name: &str) -> bool {
        self.inner.lock().files.contains_key(name)
    }

    /// The names of what code may need; data by its hash is not among them.
    pub(crate) fn files(&self) -> Vec<String> {
        let inner = self.inner.lock();
        let mut names: Vec<String> = inner.files.keys().filter(|name| !name.starts_with(CACHE)).cloned().collect();
        names.sort();
        names
    }

    /// The content of an upload.
    pub(crate) fn read(&self, name: &str) -> Option<Bytes> {
        let inner = self.inner.lock();
        let (file, _) = inner.files.get(name)?;
        let path = inner.folder.as_ref()?.path().join(file);
        drop(inner);
        fs::read(path).ok().map(Bytes::from)
    }

    /// Keeps an upload. The same name again replaces it, except for `cache/`, whose content is its name.
    ///
    /// # Errors
    /// When the quota is spent or the disk refuses.
    pub(crate) fn put(&self, name: &str, content: &[u8]) -> Result<()> {
        let mut inner = self.inner.lock();
        if name.starts_with(CACHE) && inner.files.contains_key(name) {
            return Ok(());
        }
        let length = content.len() as u64;
        if inner.bytes + length > QUOTA_BYTES {
            let text = format!("the session's uploads would exceed {QUOTA_BYTES} bytes; end the session to free them");
            return Err(Error::message(Kind::Operation, text));
        }
        let folder = match &inner.folder {
            Some(folder) => folder.clone(),
            None => inner.folder.insert(Arc::new(TempDir::with_prefix("floe-artifacts-").map_err(disk)?)).clone(),
        };
        // Clones share the folder, so a file's name is not the upload's.
        let file = floe_base::id::fresh();
        fs::write(folder.path().join(&file), content).map_err(disk)?;
        if let Some((_, replaced)) = inner.files.insert(name.into(), (file, length)) {
            inner.bytes -= replaced;
        }
        inner.bytes += length;
        Ok(())
    }
}

impl decode::Artifacts for Artifacts {
    fn cached(&self, hash: &str) -> Option<Bytes> {
        self.read(&format!("{CACHE}{hash}"))
    }

    fn session(&self) -> &str {
        &self.session
    }
}

/// Names are relative and stay below the session's folder.
///
/// # Errors
/// `INVALID_ARTIFACT_PATH`.
pub(crate) fn check_name(name: &str) -> Result<()> {
    let is_plain = Path::new(name).components().all(|component| matches!(component, Component::Normal(_)));
    if is_plain && !name.is_empty() && !name.contains('\\') {
        return Ok(());
    }
    Err(Error::new(Kind::Runtime, "INVALID_ARTIFACT_PATH").with("name", name))
}

fn disk(error: std::io::Error) -> Error {
    Error::message(Kind::Operation, format!("the upload cannot be written: {error}")).caused_by(error)
}

#[cfg(test)]
mod tests {
    use super::*;
    use decode::Artifacts as _;

    #[test]
    fn what_was_uploaded_is_found_and_clones_part_ways() {
        let first = Artifacts::new("one");
        first.put("cache/a", b"one").expect("kept");
        let second = first.copy("two");
        second.put("cache/b", b"two").expect("kept");
        drop(first);
        assert_eq!(second.cached("a").as_deref(), Some(b"one".as_slice()));
        assert!(second.exists("cache/b"));
        assert!(second.cached("c").is_none());
    }

    #[test]
    fn names_stay_inside() {
        assert!(check_name("pyfiles/a.py").is_ok());
        for bad in ["", "/etc/passwd", "../a", "a/../../b", "a\\..\\b"] {
            assert!(check_name(bad).is_err(), "{bad}");
        }
    }
}
