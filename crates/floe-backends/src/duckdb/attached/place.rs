//! What a catalog's settings say of its file, and what is told when the file cannot be had.

use std::collections::BTreeMap;
use std::path::PathBuf;

use floe_base::{Error, Kind, Result};

use super::KIND;

/// The properties such a catalog knows, besides those that every one has.
const KNOWN: [&str; 5] = ["type", "path", "read-only", "create", "default-namespace"];

/// Which file, and how it may be used.
#[derive(Clone, Debug)]
pub(in crate::duckdb) struct Place {
    pub(super) name: String,
    pub(super) path: PathBuf,
    pub(super) read_only: bool,
    pub(super) default_namespace: Vec<String>,
}

impl Place {
    /// `path`, `read-only` and `create`. A property that is not known is refused: it may be one that somebody relies on.
    pub(in crate::duckdb) fn read(name: &str, properties: &BTreeMap<String, String>) -> Result<Self> {
        let illegal = |text: String| Error::message(Kind::IllegalArgument, text);
        if let Some(unknown) = properties.keys().find(|key| !KNOWN.contains(&key.as_str())) {
            return Err(illegal(format!(
                "catalog `{name}` of type {KIND} has no property `{unknown}`; it has {}",
                KNOWN.join(", ")
            )));
        }
        let flag = |key: &str| properties.get(key).is_some_and(|value| value.eq_ignore_ascii_case("true"));
        let Some(path) = properties.get("path").filter(|path| !path.is_empty()) else {
            let text = format!("catalog `{name}` has type {KIND} and no file; set spark.sql.catalog.{name}.path");
            return Err(illegal(text));
        };
        let path = PathBuf::from(path.strip_prefix("file://").or_else(|| path.strip_prefix("file:")).unwrap_or(path));
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        let is_there = path.is_file();
        if !is_there && !(flag("create") && !flag("read-only") && folder.is_none_or(|folder| folder.is_dir())) {
            return Err(illegal(format!(
                "catalog `{name}`: there is no file {}; correct spark.sql.catalog.{name}.path, or set \
                 spark.sql.catalog.{name}.create=true to have it made in a folder that is there",
                path.display()
            )));
        }
        // One file has one name, so that it is attached once.
        let path = match is_there {
            true => path.canonicalize(),
            false => std::path::absolute(&path),
        };
        let path = path.map_err(|error| illegal(format!("catalog `{name}`: its file cannot be found: {error}")))?;
        let named = properties.get("default-namespace").map_or(super::MAIN, String::as_str);
        let default_namespace = vec![named.to_string()];
        Ok(Self { name: name.into(), path, read_only: flag("read-only"), default_namespace })
    }

    /// DuckDB's reason, and what can be done.
    pub(super) fn cannot_open(&self, text: &str) -> Error {
        let (name, path) = (&self.name, self.path.display());
        let advice = match text {
            // `… Conflicting lock is held in /usr/bin/python3.11 (PID 1234) …`
            locked if locked.contains("Could not set lock") => {
                let holder = locked.split_once("lock is held in ").map(|(_, rest)| rest);
                let holder = holder.and_then(|rest| rest.split_once(')')).map(|(who, _)| format!(" ({who}))"));
                format!(
                    "the file {path} is open in another process{}. End that one, or have every process only read it: \
                     here with spark.sql.catalog.{name}.read-only=true",
                    holder.unwrap_or_default()
                )
            }
            other => format!("the file {path} cannot be opened as a DuckDB file: {other}"),
        };
        Error::message(Kind::Operation, format!("catalog `{name}`: {advice}"))
    }

    pub(super) fn is_read_only_elsewhere(&self) -> Error {
        let (name, path) = (&self.name, self.path.display());
        let text = format!(
            "catalog `{name}`: the file {path} is open in this server through another catalog that only reads it; set \
             spark.sql.catalog.{name}.read-only=true, or start the server anew without that one"
        );
        Error::message(Kind::IllegalArgument, text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pairs: &[(&str, &str)]) -> Result<Place> {
        let properties = pairs.iter().map(|(key, value)| (key.to_string(), value.to_string())).collect();
        Place::read("duck", &properties)
    }

    #[test]
    fn a_file_that_is_not_there_is_made_only_when_asked_for() -> std::io::Result<()> {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("a.duckdb").display().to_string();
        assert!(read(&[("path", &path)]).is_err_and(|error| error.to_string().contains("create=true")));
        assert!(read(&[("path", &path), ("create", "true")]).is_ok());
        assert!(read(&[("path", &path), ("create", "true"), ("read-only", "true")]).is_err());
        assert!(read(&[("path", &path), ("create", "true"), ("warehouse", "x")]).is_err());
        assert!(read(&[]).is_err_and(|error| error.to_string().contains("spark.sql.catalog.duck.path")));
        Ok(())
    }

    #[test]
    fn a_lock_is_told_with_its_holder_and_a_next_step() -> Result<()> {
        let place = Place { name: "duck".into(), path: "/a".into(), read_only: false, default_namespace: vec![] };
        let text =
            "IO Error: Could not set lock on file \"/a\": Conflicting lock is held in /bin/python3 (PID 12). See";
        let told = place.cannot_open(text).to_string();
        assert!(told.contains("(/bin/python3 (PID 12))") && told.contains("read-only=true"), "{told}");
        Ok(())
    }
}
