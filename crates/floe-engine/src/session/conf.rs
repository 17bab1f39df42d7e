//! A session's configuration: Spark's keys with Spark's defaults, and our own under `floe.`.
//!
//! The defaults are data recorded from Spark 4.1.4 (`data/spark-conf.tsv`). Keys nobody knows are kept, as Spark keeps
//! them; keys that a running session cannot change are refused with Spark's error.

use std::collections::{BTreeMap, BTreeSet};
use std::str::FromStr;
use std::sync::LazyLock;

use arrow::array::timezone::Tz;
use floe_base::secret::is_secret_key;
use floe_base::{Error, Kind, Result};
use parking_lot::RwLock;

/// The version of Spark whose behaviour this engine gives.
pub const SPARK_VERSION: &str = "4.1.4";

struct Known {
    default: Option<&'static str>,
    modifiable: bool,
}

static KNOWN: LazyLock<BTreeMap<&'static str, Known>> = LazyLock::new(|| {
    let mut known: BTreeMap<&'static str, Known> =
        include_str!("../../data/spark-conf.tsv").lines().filter_map(read_line).collect();
    known.insert("floe.route", Known { default: Some("auto"), modifiable: true });
    known.insert("floe.local.maxBytes", Known { default: None, modifiable: true });
    known.insert("floe.spark", Known { default: None, modifiable: true });
    for key in MACHINE {
        known.insert(key, Known { default: None, modifiable: false });
    }
    known
});

/// Static keys whose values belong to one machine, so that the recorded table leaves them out.
const MACHINE: [&str; 4] = [
    "spark.sql.extensions",
    "spark.sql.warehouse.dir",
    "spark.connect.grpc.binding.port",
    "spark.connect.authenticate.token",
];

/// Keys of a cluster, which no session may change.
static CORE: LazyLock<BTreeSet<&'static str>> = LazyLock::new(|| {
    include_str!("../../data/spark-core-conf.txt").lines().filter(|line| !line.starts_with('#')).collect()
});

fn read_line(line: &'static str) -> Option<(&'static str, Known)> {
    let mut cells = line.split('\t');
    let (key, default, modifiable) = (cells.next()?, cells.next()?, cells.next()?);
    let default = (default != "\\N").then_some(default);
    Some((key, Known { default, modifiable: modifiable == "yes" }))
}

/// The configuration of one session.
#[derive(Debug, Default)]
pub struct Conf {
    set: RwLock<BTreeMap<String, String>>,
    /// What the server sets for every session: `[spark]` of `floe.toml`, the warehouse.
    base: BTreeMap<String, String>,
}

impl Conf {
    pub fn new(base: BTreeMap<String, String>) -> Self {
        Self { set: RwLock::default(), base }
    }

    /// The value in force: set, else the server's, else Spark's default. Secrets print as Spark redacts them.
    pub fn option(&self, key: &str) -> Option<String> {
        let value = self.raw(key)?;
        Some(if is_secret_key(key) && !value.is_empty() { "*********(redacted)".into() } else { value })
    }

    /// The value itself, for us and never for a client.
    pub(crate) fn raw(&self, key: &str) -> Option<String> {
        let set = self.set.read().get(key).cloned();
        set.or_else(|| self.base.get(key).cloned()).or_else(|| default(key).map(Into::into))
    }

    /// The value in force, or Spark's `SQL_CONF_NOT_FOUND`.
    pub fn get(&self, key: &str) -> Result<String> {
        self.option(key)
            .ok_or_else(|| Error::new(Kind::NoSuchElement, "SQL_CONF_NOT_FOUND").with("sqlConf", format!("\"{key}\"")))
    }

    pub fn is_true(&self, key: &str) -> bool {
        self.raw(key).is_some_and(|value| value.trim().eq_ignore_ascii_case("true"))
    }

    /// True where a client may set the key in a running session.
    pub fn is_modifiable(&self, key: &str) -> bool {
        KNOWN.get(key).is_some_and(|known| known.modifiable)
    }

    /// Sets a key. Refused: static keys, other values than the key's type, unknown zones.
    pub fn set(&self, key: &str, value: &str) -> Result<()> {
        if key == "spark.sql.catalogImplementation" {
            // Every Hive-minded client asks for it (`enableHiveSupport`); it changes nothing here.
            return Ok(());
        }
        check_modifiable(key)?;
        check(key, value, default(key))?;
        self.set.write().insert(key.into(), value.into());
        Ok(())
    }

    pub fn unset(&self, key: &str) -> Result<()> {
        check_modifiable(key)?;
        self.set.write().remove(key);
        Ok(())
    }

    /// `RESET`: everything the session set is forgotten.
    pub fn reset(&self) {
        self.set.write().clear();
    }

    /// What is set, by the server or the session, secrets redacted; `all` adds the defaults.
    pub fn entries(&self, all: bool) -> BTreeMap<String, String> {
        let mut keys: Vec<String> = self.base.keys().chain(self.set.read().keys()).cloned().collect();
        if all {
            keys.extend(KNOWN.iter().filter(|(_, known)| known.default.is_some()).map(|(key, _)| (*key).to_string()));
        }
        keys.into_iter().filter_map(|key| Some((key.clone(), self.option(&key)?))).collect()
    }

    /// Everything in force with its real value, for us and never for a client.
    pub(crate) fn snapshot(&self) -> BTreeMap<String, String> {
        let mut all = self.base.clone();
        all.extend(self.set.read().clone());
        all
    }

    /// The same settings for a cloned session.
    pub fn copy(&self) -> Self {
        Self { set: RwLock::new(self.set.read().clone()), base: self.base.clone() }
    }

    pub fn time_zone(&self) -> String {
        self.raw("spark.sql.session.timeZone").unwrap_or_else(|| "UTC".into())
    }
}

fn default(key: &str) -> Option<&'static str> {
    KNOWN.get(key)?.default
}

/// A session changes neither static keys nor the cluster's.
fn check_modifiable(key: &str) -> Result<()> {
    let quoted = format!("\"{key}\"");
    if KNOWN.get(key).is_some_and(|known| !known.modifiable) {
        return Err(Error::analysis("CANNOT_MODIFY_STATIC_CONFIG").with("key", quoted));
    }
    if CORE.contains(key) {
        let error = Error::analysis("CANNOT_MODIFY_CONFIG").with("key", quoted);
        return Err(error.with("docroot", "https://spark.apache.org/docs/latest"));
    }
    Ok(())
}

/// Spark checks values of the keys it knows: the type by the default's look, the zone by its rules.
fn check(key: &str, value: &str, default: Option<&str>) -> Result<()> {
    if key == "spark.sql.session.timeZone" {
        return parse_zone(value).map(drop);
    }
    let mismatch = |kind: &str| {
        Error::new(Kind::IllegalArgument, "INVALID_CONF_VALUE.TYPE_MISMATCH")
            .with("confValue", value)
            .with("confName", key)
            .with("confType", kind)
    };
    match default {
        Some("true" | "false") if !matches!(value.trim().to_ascii_lowercase().as_str(), "true" | "false") => {
            Err(mismatch("boolean"))
        }
        Some(number) if number.parse::<i64>().is_ok() && value.trim().parse::<i64>().is_err() => {
            if floe_base::settings::parse_bytes(value, 0).is_some() {
                Ok(())
            } else {
                Err(mismatch("int"))
            }
        }
        _ => Ok(()),
    }
}

/// A session zone: a region, `UTC`/`GMT`/`Z`, or an offset `+8`, `-07:30`, `GMT+8` (Spark 4.1 `DateTimeUtils.getZoneId`).
pub fn parse_zone(text: &str) -> Result<Tz> {
    let bare = text.trim();
    let offset = bare.strip_prefix("GMT").or_else(|| bare.strip_prefix("UTC")).or_else(|| bare.strip_prefix("UT"));
    let candidate = match offset.unwrap_or(bare) {
        "Z" | "z" => "+00:00".to_string(),
        "" | "0" if offset.is_some() => "+00:00".to_string(),
        signed if signed.starts_with(['+', '-']) => padded(signed).unwrap_or_else(|| signed.into()),
        region => region.into(),
    };
    Tz::from_str(&candidate).map_err(|_| {
        Error::new(Kind::IllegalArgument, "INVALID_CONF_VALUE.TIME_ZONE")
            .with("confValue", text)
            .with("confName", "spark.sql.session.timeZone")
    })
}

/// `+8` as `+08:00`, `-7:30` as `-07:30`; at most 18 hours.
fn padded(signed: &str) -> Option<String> {
    let (sign, digits) = signed.split_at(1);
    let mut parts = digits.split(':');
    let hours: u32 = parts.next()?.parse().ok()?;
    let minutes: u32 = parts.next().map_or(Some(0), |part| part.parse().ok())?;
    (hours <= 18 && minutes < 60).then(|| format!("{sign}{hours:02}:{minutes:02}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_that_clients_read_are_there() -> Result<()> {
        let conf = Conf::default();
        for (key, value) in [
            ("spark.sql.ansi.enabled", "true"),
            ("spark.sql.session.localRelationCacheThreshold", "1048576"),
            ("spark.sql.execution.pandas.structHandlingMode", "legacy"),
            ("spark.connect.session.planCompression.defaultAlgorithm", "ZSTD"),
        ] {
            assert_eq!(conf.get(key)?, value);
        }
        Ok(())
    }

    #[test]
    fn refusals_are_sparks() {
        let conf = Conf::default();
        let condition = |result: Result<()>| result.err().map(|error| error.condition().to_string());
        assert_eq!(
            condition(conf.set("spark.sql.ansi.enabled", "x")).as_deref(),
            Some("INVALID_CONF_VALUE.TYPE_MISMATCH")
        );
        assert_eq!(
            condition(conf.set("spark.sql.session.timeZone", "Mars")).as_deref(),
            Some("INVALID_CONF_VALUE.TIME_ZONE")
        );
        assert_eq!(condition(conf.get("no.such.key").map(drop)).as_deref(), Some("SQL_CONF_NOT_FOUND"));
        assert_eq!(condition(conf.set("my.own", "1")), None);
        assert_eq!(condition(conf.set("spark.executor.memory", "1")).as_deref(), Some("CANNOT_MODIFY_CONFIG"));
        assert_eq!(condition(conf.unset("spark.sql.warehouse.dir")).as_deref(), Some("CANNOT_MODIFY_STATIC_CONFIG"));
    }

    #[test]
    fn secrets_are_redacted() -> Result<()> {
        let conf = Conf::default();
        conf.set("spark.sql.catalog.lake.token", "t0p")?;
        assert_eq!(conf.option("spark.sql.catalog.lake.token").as_deref(), Some("*********(redacted)"));
        assert!(!format!("{:?}", conf.entries(true)).contains("t0p"));
        Ok(())
    }

    #[test]
    fn zones_are_regions_or_offsets() {
        for good in ["UTC", "Z", "Europe/Berlin", "+8", "-07:30", "GMT+1", "UTC+01:00"] {
            assert!(parse_zone(good).is_ok(), "{good}");
        }
        for bad in ["Mars", "+25:00", ""] {
            assert!(parse_zone(bad).is_err(), "{bad}");
        }
    }
}
