//! What a catalog's settings say of its database, and what is told when that cannot be had.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

use floe_base::secret::{Secret, is_secret_key};
use floe_base::{Error, Kind, Result};

use super::super::types::text;
use super::AttachedKind;

/// The properties such a catalog knows, besides those that every one has.
const OF_FILES: &[&str] = &["type", "path", "read-only", "create", "default-namespace"];
const OF_SERVERS: &[&str] = &["type", "connection", "password", "read-only", "default-namespace"];

/// How long a server may take to answer at first.
const CONNECT_SECONDS: u32 = 10;

/// Which database, and how it may be used.
#[derive(Clone, Debug)]
pub(in crate::duckdb) struct Place {
    pub(super) name: String,
    pub(in crate::duckdb) kind: AttachedKind,
    pub(in crate::duckdb) location: Location,
    pub(in crate::duckdb) read_only: bool,
    pub(super) default_namespace: Vec<String>,
}

/// Where a database is. One is attached once, by whichever name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::duckdb) enum Location {
    File(PathBuf),
    /// Keys and values as libpq takes them, and the password, which is not among them.
    Server {
        connection: String,
        password: Option<Secret>,
    },
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => path.display().fmt(f),
            Self::Server { connection, .. } => f.write_str(connection),
        }
    }
}

impl Place {
    /// A property that is not known is refused: it may be one that somebody relies on.
    pub(in crate::duckdb) fn read(
        kind: AttachedKind,
        name: &str,
        properties: &BTreeMap<String, String>,
    ) -> Result<Self> {
        let known = if kind == AttachedKind::Postgres { OF_SERVERS } else { OF_FILES };
        if let Some(unknown) = properties.keys().find(|key| !known.contains(&key.as_str())) {
            return Err(illegal(format!(
                "catalog `{name}` of type {} has no property `{unknown}`; it has {}",
                kind.type_name(),
                known.join(", ")
            )));
        }
        let location = match kind {
            AttachedKind::DuckDb | AttachedKind::Sqlite => file(kind, name, properties)?,
            AttachedKind::Postgres => server(name, properties)?,
        };
        let named = properties.get("default-namespace").map_or(kind.main_schema(), String::as_str);
        let default_namespace = vec![named.to_string()];
        Ok(Self { name: name.into(), kind, location, read_only: flag(properties, "read-only"), default_namespace })
    }

    /// The statements that attach it under this name. The password is in a secret of DuckDB's own memory, for DuckDB
    /// repeats the rest of a connection in its errors.
    pub(in crate::duckdb) fn attaching(&self, alias: &str) -> Vec<String> {
        let mode = if self.read_only { ", READ_ONLY" } else { "" };
        let format = self.kind.format();
        let attach =
            |location: &str, more: &str| format!("ATTACH {} AS {alias} (TYPE {format}{mode}{more})", text(location));
        let mut statements: Vec<String> = self.kind.setting().map(str::to_string).into_iter().collect();
        match &self.location {
            Location::File(path) => statements.push(attach(&path.display().to_string(), "")),
            Location::Server { connection, password } => {
                let connection = match connection.contains("connect_timeout") {
                    true => connection.clone(),
                    false => format!("{connection} connect_timeout={CONNECT_SECONDS}"),
                };
                let secret = password.as_ref().map(|password| {
                    let password = text(password.reveal());
                    format!("CREATE OR REPLACE TEMPORARY SECRET {alias} (TYPE postgres, PASSWORD {password})")
                });
                let named = secret.as_ref().map(|_| format!(", SECRET {alias}")).unwrap_or_default();
                statements.extend(secret);
                statements.push(attach(&connection, &named));
            }
        }
        statements
    }

    /// A text of DuckDB's that may be shown.
    pub(in crate::duckdb) fn without_secret(&self, text: &str) -> String {
        match &self.location {
            Location::Server { password: Some(password), .. } if !password.reveal().is_empty() => {
                text.replace(password.reveal(), &password.to_string())
            }
            _ => text.to_string(),
        }
    }

    /// DuckDB's reason, and what can be done.
    pub(super) fn cannot_open(&self, text: &str) -> Error {
        let (name, path) = (&self.name, &self.location);
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
            other => format!("{path} cannot be opened as a database of {}'s: {other}", self.kind.title()),
        };
        Error::message(Kind::Operation, format!("catalog `{name}`: {advice}"))
    }

    pub(super) fn is_read_only_elsewhere(&self) -> Error {
        let (name, path) = (&self.name, &self.location);
        let text = format!(
            "catalog `{name}`: {path} is open in this server through another catalog that only reads it; set \
             spark.sql.catalog.{name}.read-only=true, or start the server anew without that one"
        );
        Error::message(Kind::IllegalArgument, text)
    }
}

fn illegal(text: String) -> Error {
    Error::message(Kind::IllegalArgument, text)
}

fn flag(properties: &BTreeMap<String, String>, key: &str) -> bool {
    properties.get(key).is_some_and(|value| value.eq_ignore_ascii_case("true"))
}

/// `path`, and `create`, which has a file made that is not there.
fn file(kind: AttachedKind, name: &str, properties: &BTreeMap<String, String>) -> Result<Location> {
    let Some(path) = properties.get("path").filter(|path| !path.is_empty()) else {
        let kind = kind.type_name();
        return Err(illegal(format!(
            "catalog `{name}` has type {kind} and no file; set spark.sql.catalog.{name}.path"
        )));
    };
    let path = PathBuf::from(path.strip_prefix("file://").or_else(|| path.strip_prefix("file:")).unwrap_or(path));
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let is_there = path.is_file();
    let may_be_made = flag(properties, "create") && !flag(properties, "read-only");
    if !is_there && !(may_be_made && folder.is_none_or(|folder| folder.is_dir())) {
        return Err(illegal(format!(
            "catalog `{name}`: there is no file {}; correct spark.sql.catalog.{name}.path, or set \
             spark.sql.catalog.{name}.create=true to have it made in a folder that is there",
            path.display()
        )));
    }
    let path = match is_there {
        true => path.canonicalize(),
        false => std::path::absolute(&path),
    };
    let path = path.map_err(|error| illegal(format!("catalog `{name}`: its file cannot be found: {error}")))?;
    Ok(Location::File(path))
}

/// `connection` and `password`. Settings are shown, but for those whose names tell that they are secret; so a password
/// within the connection is refused.
fn server(name: &str, properties: &BTreeMap<String, String>) -> Result<Location> {
    let key = format!("spark.sql.catalog.{name}.connection");
    let Some(connection) = properties.get("connection").filter(|connection| !connection.trim().is_empty()) else {
        let kind = AttachedKind::Postgres.type_name();
        return Err(illegal(format!(
            "catalog `{name}` has type {kind} and no server; set {key}, such as `host=127.0.0.1 dbname=shop user=ann`"
        )));
    };
    if connection.contains("://") || is_secret_key(connection) {
        return Err(illegal(format!(
            "catalog `{name}`: {key} is written as `host=… port=… dbname=… user=…`, without a password, which \
             spark.sql.catalog.{name}.password is for"
        )));
    }
    let password = properties.get("password").map(Secret::new);
    Ok(Location::Server { connection: connection.trim().to_string(), password })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pairs: &[(&str, &str)]) -> Result<Place> {
        let properties = pairs.iter().map(|(key, value)| (key.to_string(), value.to_string())).collect();
        Place::read(AttachedKind::DuckDb, "duck", &properties)
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
        let (name, kind, location) = ("duck".into(), AttachedKind::DuckDb, Location::File("/a".into()));
        let place = Place { name, kind, location, read_only: false, default_namespace: vec![] };
        let text =
            "IO Error: Could not set lock on file \"/a\": Conflicting lock is held in /bin/python3 (PID 12). See";
        let told = place.cannot_open(text).to_string();
        assert!(told.contains("(/bin/python3 (PID 12))") && told.contains("read-only=true"), "{told}");
        Ok(())
    }
    #[test]
    fn a_password_is_a_property_of_its_own_and_is_never_shown() -> Result<()> {
        let server = |pairs: &[(&str, &str)]| {
            let properties = pairs.iter().map(|(key, value)| (key.to_string(), value.to_string())).collect();
            Place::read(AttachedKind::Postgres, "shop", &properties)
        };
        let place = server(&[("connection", "host=h user=it's"), ("password", "p'w")])?;
        assert_eq!(
            place.attaching("a")[1..],
            [
                "CREATE OR REPLACE TEMPORARY SECRET a (TYPE postgres, PASSWORD 'p''w')",
                "ATTACH 'host=h user=it''s connect_timeout=10' AS a (TYPE postgres, SECRET a)",
            ]
        );
        assert!(!format!("{place:?} {}", place.without_secret("at password=p'w")).contains("p'w"));
        for connection in ["host=h password=p'w", "postgresql://ann:p'w@h/db"] {
            let told = server(&[("connection", connection)]).err().map(|error| error.to_string());
            assert!(told.is_some_and(|text| text.contains("spark.sql.catalog.shop.password") && !text.contains("p'w")));
        }
        Ok(())
    }
}
