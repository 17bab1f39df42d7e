//! Files in object storage that DuckDB fetches itself, where its extension httpfs is installed. What it must know for that
//! it is told as a secret of its own, in memory alone, for what is below one table's place.
//!
//! Which tables have their files there: `scan/iceberg.rs`. Without the extension their rows come as a stream.

use std::path::PathBuf;

use duckdb::Connection;
use floe_base::Secret;
use floe_iceberg::storage::S3Access;
use parking_lot::Mutex;

use super::extension;
use super::types::text;

/// Places it is told of; rows from further ones come as streams.
const PLACES_MAX: usize = 1000;

/// What a database knows of object storage.
#[derive(Debug)]
pub(super) struct Remote {
    /// Where extensions are.
    extensions: Option<PathBuf>,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// Whether the extension is there; `None`: nobody has needed it yet.
    is_able: Option<bool>,
    /// The places that were told, each with how it is reached; a secret is named by its place here.
    told: Vec<(String, S3Access)>,
}

impl Remote {
    pub(super) fn new(extensions: Option<PathBuf>) -> Self {
        Self { extensions, state: Mutex::default() }
    }

    /// Whether files are fetched at all. The extension is loaded when somebody asks first.
    pub(super) fn is_able(&self, connection: &Connection) -> bool {
        let mut state = self.state.lock();
        *state.is_able.get_or_insert_with(|| {
            let loaded = extension::load(connection, "httpfs", self.extensions.as_deref());
            if let Err(why) = &loaded {
                tracing::info!(why, "files in object storage come to DuckDB as streams");
            }
            loaded.is_ok()
        })
    }

    /// The same where somebody has asked already.
    pub(super) fn is_known_able(&self) -> Option<bool> {
        self.state.lock().is_able
    }

    /// Tells DuckDB how what is below a place is reached. `false`: it is not to fetch that, for it takes the longest place
    /// that fits, whoever asks. So a place has one store, others above or below it have the same, and keys that do not end
    /// are not replaced by others.
    pub(super) fn admits(&self, connection: &Connection, place: &str, access: &S3Access) -> bool {
        if !self.is_able(connection) {
            return false;
        }
        let mut state = self.state.lock();
        let is_near = |told: &str| told != place && (told.starts_with(place) || place.starts_with(told));
        if state.told.iter().any(|(told, with)| is_near(told) && with != access) {
            return false;
        }
        let known = state.told.iter().position(|(told, _)| told == place);
        let number = match known.map(|number| (number, &state.told[number].1)) {
            Some((_, told)) if told == access => return true,
            Some((number, told)) if told.is_same_store(access) && may_end(told) => number,
            Some(_) => return false,
            None if state.told.len() >= PLACES_MAX => return false,
            None => state.told.len(),
        };
        let Some(telling) = telling(number, place, access) else { return false };
        // What DuckDB says of it may hold the statement.
        if connection.execute_batch(telling.reveal()).is_err() {
            tracing::warn!(place, "DuckDB does not take the way to this place; its rows come as a stream");
            return false;
        }
        let told = (place.to_string(), access.clone());
        match known {
            Some(number) => state.told[number] = told,
            None => state.told.push(told),
        }
        true
    }
}

/// Keys that were lent have a token.
fn may_end(access: &S3Access) -> bool {
    access.keys.as_ref().is_some_and(|keys| keys.token.is_some())
}

/// The secret as DuckDB wants it; `None` for an endpoint it cannot be told.
fn telling(number: usize, place: &str, access: &S3Access) -> Option<Secret> {
    let mut options = vec![format!("SCOPE {}", text(place))];
    if let Some(endpoint) = &access.endpoint {
        let (host, is_safe) = match endpoint.split_once("://")? {
            ("http", host) => (host, false),
            ("https", host) => (host, true),
            _ => return None,
        };
        let host = host.trim_end_matches('/');
        if host.contains('/') {
            return None;
        }
        options.push(format!("ENDPOINT {}, USE_SSL {is_safe}", text(host)));
    }
    options.extend(access.region.as_ref().map(|region| format!("REGION {}", text(region))));
    options.push(format!("URL_STYLE '{}'", if access.is_path_style { "path" } else { "vhost" }));
    if let Some(keys) = &access.keys {
        options.push(format!("KEY_ID {}, SECRET {}", text(&keys.id), text(keys.secret.reveal())));
        options.extend(keys.token.as_ref().map(|token| format!("SESSION_TOKEN {}", text(token.reveal()))));
    }
    let options = options.join(", ");
    Some(Secret::new(format!(
        "CREATE OR REPLACE TEMPORARY SECRET floe_place_{number} (TYPE s3, PROVIDER config, {options})"
    )))
}

#[cfg(test)]
mod tests {
    use floe_iceberg::storage::S3Keys;

    use super::*;

    fn access(endpoint: Option<&str>, token: Option<&str>) -> S3Access {
        let keys = S3Keys { id: "it's".into(), secret: Secret::new("s"), token: token.map(Secret::new) };
        let (endpoint, region) = (endpoint.map(str::to_string), Some("eu-west-1".to_string()));
        S3Access { endpoint, region, is_path_style: true, keys: Some(keys) }
    }

    #[test]
    fn a_way_is_told_whole_and_shown_to_nobody() {
        let told = telling(3, "s3://lake/t/", &access(Some("http://127.0.0.1:9000/"), Some("t"))).expect("a statement");
        assert_eq!(
            told.reveal(),
            "CREATE OR REPLACE TEMPORARY SECRET floe_place_3 (TYPE s3, PROVIDER config, SCOPE 's3://lake/t/', ENDPOINT \
             '127.0.0.1:9000', USE_SSL false, REGION 'eu-west-1', URL_STYLE 'path', KEY_ID 'it''s', SECRET 's', \
             SESSION_TOKEN 't')"
        );
        assert_eq!(format!("{told:?}"), "***");
        assert!(!format!("{:?}", access(None, Some("t"))).contains("\"t\""));
    }

    #[test]
    fn an_endpoint_below_a_path_cannot_be_told() {
        assert!(telling(0, "s3://lake/", &access(Some("https://gate/s3"), None)).is_none());
        assert!(telling(0, "s3://lake/", &access(Some("gate"), None)).is_none());
    }

    /// As if the extension were there.
    fn able() -> (Remote, Connection) {
        let state = Mutex::new(State { is_able: Some(true), told: Vec::new() });
        (Remote { extensions: None, state }, Connection::open_in_memory().expect("a connection"))
    }

    #[test]
    fn the_first_who_tells_of_a_place_has_it() {
        let (remote, connection) = able();
        let (ours, lent) = (access(None, None), access(None, Some("t")));
        let elsewhere = access(Some("http://127.0.0.1:1"), None);
        let state = || remote.state.lock().told.clone();
        remote.state.lock().told = vec![("s3://lake/a/".into(), ours.clone()), ("s3://lake/b/".into(), lent.clone())];
        let known = state();
        assert!(remote.admits(&connection, "s3://lake/a/", &ours));
        for (place, with) in [
            ("s3://lake/a/", &elsewhere),
            ("s3://lake/a/", &lent),
            ("s3://lake/a/data/", &elsewhere),
            ("s3://lake/", &elsewhere),
            ("s3://lake/b/data/", &ours),
            ("s3://lake/b/", &elsewhere),
        ] {
            assert!(!remote.admits(&connection, place, with), "{place}");
        }
        assert_eq!(state(), known);
    }

    #[test]
    fn without_the_extension_nothing_is_fetched() {
        let connection = Connection::open_in_memory().expect("a connection");
        let remote = Remote::new(Some("/nowhere".into()));
        assert!(!remote.admits(&connection, "s3://lake/", &access(None, None)));
    }
}
