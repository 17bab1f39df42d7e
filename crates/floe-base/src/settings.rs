//! The one table of settings: flags, `FLOE_*` variables, `floe.toml`, `--help` and the reference page come from it.
//!
//! A later source wins: default, `floe.toml`, environment, flag. What belongs to one session (Spark's own
//! configuration) is not here; defaults for sessions stand in `floe.toml` under `[spark]` and are kept in
//! [`Settings::spark`], the Sparks that have a name under `[clusters]` ([`Cluster`]), and the rules of routing under
//! `[[route]]` ([`RouteRule`]).

mod route_rule;

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use crate::error::{Error, Kind, Result};
use crate::secret::Secret;

pub use route_rule::RouteRule;

/// One setting.
#[derive(Clone, Copy, Debug)]
pub struct Setting {
    /// Flag `--name`, variable `FLOE_NAME`, key `name` in `floe.toml` (dashes become underscores in the last two).
    pub name: &'static str,
    pub default: &'static str,
    /// What the value is: `ADDRESS`, `N`, `DIR`, `SIZE`, `TEXT`, `SECONDS`.
    pub value: &'static str,
    pub help: &'static str,
    /// It concerns only a server: the other commands read it and do not offer it as a flag.
    pub serving: bool,
}

/// Every setting of the server, in the order a reader should meet them.
pub const SETTINGS: &[Setting] = &[
    Setting {
        name: "host",
        default: "127.0.0.1",
        value: "ADDRESS",
        help: "Address to listen on; any but loopback needs a token",
        serving: true,
    },
    Setting {
        name: "port",
        default: "15002",
        value: "N",
        help: "Port to listen on; 0 takes any free one",
        serving: true,
    },
    Setting {
        name: "data",
        default: ".floe",
        value: "DIR",
        help: "Folder of the embedded catalog and its tables; `:memory:` leaves nothing on disk",
        serving: false,
    },
    Setting {
        name: "memory-limit",
        default: "75%",
        value: "SIZE",
        help: "Memory for queries: a size such as 2GB, or a share of the machine's (or the cgroup's)",
        serving: false,
    },
    Setting {
        name: "spill-dir",
        default: "",
        value: "DIR",
        help: "Folder for what does not fit in memory; empty: the system's temporary folder",
        serving: false,
    },
    Setting {
        name: "spill-limit",
        default: "100GB",
        value: "SIZE",
        help: "Disk that spilled data may take",
        serving: false,
    },
    Setting {
        name: "copy-limit",
        default: "10GB",
        value: "SIZE",
        help: "Disk (of spill-dir) for copies of files that are read often, decoded and counted; 0: none",
        serving: false,
    },
    Setting {
        name: "duckdb-extensions",
        default: "",
        value: "DIR",
        help: "Folder of DuckDB's extensions, which are never fetched; empty: where DuckDB installs them",
        serving: false,
    },
    Setting {
        name: "threads",
        default: "0",
        value: "N",
        help: "Threads that run queries; 0: one a core",
        serving: false,
    },
    Setting {
        name: "token",
        default: "",
        value: "TEXT",
        help: "Token that clients must send; empty: none (loopback only)",
        serving: true,
    },
    Setting {
        name: "rest",
        default: "",
        value: "N",
        help: "Port for Iceberg's REST protocol over the embedded catalog; 0 takes any free one; empty: none",
        serving: true,
    },
    Setting {
        name: "rest-uri",
        default: "",
        value: "URI",
        help: "Address under which a Spark on another machine reaches that port; empty: the one it listens on",
        serving: true,
    },
    Setting {
        name: "tls-cert",
        default: "",
        value: "FILE",
        help: "Certificate chain (PEM); with tls-key the server speaks TLS",
        serving: true,
    },
    Setting { name: "tls-key", default: "", value: "FILE", help: "Private key (PEM)", serving: true },
    Setting {
        name: "route",
        default: "auto",
        value: "BACKEND",
        help: "Where queries run unless they say otherwise: auto or the name of a backend",
        serving: false,
    },
    Setting {
        name: "local-max-bytes",
        default: "10GB",
        value: "SIZE",
        help: "Bytes a query may scan in process before a larger engine is wanted",
        serving: false,
    },
    Setting {
        name: "max-heavy-queries",
        default: "0",
        value: "N",
        help: "Queries over much data that run at once in process; the others wait; 0: by cores and memory",
        serving: false,
    },
    Setting {
        name: "queue-timeout",
        default: "3600",
        value: "SECONDS",
        help: "Seconds such a query waits for its turn before it fails; 0: as long as it takes",
        serving: false,
    },
    Setting {
        name: "spark",
        default: "",
        value: "ADDRESS",
        help: "A real Spark for what only it can run: sc://host:port/;token=…, the name of one in floe.toml's [clusters], \
               or local to start one; empty: none",
        serving: true,
    },
    Setting {
        name: "spark-idle",
        default: "1800",
        value: "SECONDS",
        help: "Seconds after which an idle Spark that this server started is stopped",
        serving: true,
    },
    Setting {
        name: "spark-memory",
        default: "2g",
        value: "SIZE",
        help: "Memory of a Spark that this server starts, as Java writes it",
        serving: true,
    },
    Setting {
        name: "spark-python",
        default: "",
        value: "FILE",
        help: "Python that has PySpark, for --spark local; empty: PYSPARK_PYTHON, else the one beside this program, \
               else the path's",
        serving: true,
    },
    Setting {
        name: "spark-java",
        default: "",
        value: "DIR",
        help: "Home of the Java (17 or 21) for --spark local; empty: JAVA_HOME, else the path's, else an installed one",
        serving: true,
    },
    Setting {
        name: "spark-jars",
        default: "",
        value: "FILES",
        help: "Jars for --spark local, separated by commas; Iceberg's runtime is also found beside PySpark's own and in \
               ~/.cache/floe-engine/jars",
        serving: true,
    },
    Setting {
        name: "spark-staging",
        default: "",
        value: "DIR",
        help: "Folder that Spark sees under the same path, for tables too large to be sent along; empty: the data \
               folder for a Spark on this machine, none for another",
        serving: true,
    },
    Setting {
        name: "max-message",
        default: "128MiB",
        value: "SIZE",
        help: "Largest message a client may send",
        serving: true,
    },
    Setting { name: "max-sessions", default: "1000", value: "N", help: "Sessions kept at once", serving: true },
    Setting {
        name: "session-idle",
        default: "3600",
        value: "SECONDS",
        help: "Seconds after which an idle session is ended",
        serving: true,
    },
    Setting {
        name: "log",
        default: "warn",
        value: "FILTER",
        help: "What is logged to standard error: a level, or a filter such as floe_engine=debug",
        serving: false,
    },
];

/// A certificate chain and its private key, PEM.
#[derive(Clone, Debug)]
pub struct Tls {
    pub certificate: String,
    pub key: Secret,
}

/// Variables of other programs that say the same as a setting of ours: weaker than anything that is set.
const BORROWED: [(&str, &str); 2] = [("PYSPARK_PYTHON", "spark-python"), ("JAVA_HOME", "spark-java")];

/// The settings in force.
#[derive(Clone, Default)]
pub struct Settings {
    values: BTreeMap<&'static str, String>,
    borrowed: BTreeMap<&'static str, String>,
    /// Spark configuration every session starts with, from `[spark]` in `floe.toml`.
    pub spark: BTreeMap<String, String>,
    /// The Sparks that have a name, from `[clusters]` in `floe.toml`.
    pub clusters: BTreeMap<String, Cluster>,
    /// Where statements go, from `[[route]]` in `floe.toml`; the first rule that matches counts.
    pub rules: Vec<RouteRule>,
}

/// Names alone: some values are secrets.
impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (set, spark): (Vec<_>, Vec<_>) = (self.values.keys().collect(), self.spark.keys().collect());
        f.debug_struct("Settings").field("set", &set).field("spark", &spark).finish_non_exhaustive()
    }
}

/// A Spark that has a name. In `floe.toml` it is an address, or a table of these keys.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cluster {
    /// `sc://host:port/;…`; it may hold a token.
    pub remote: Secret,
    /// Holds the token; read again when the Spark refuses the one in use.
    pub token_file: Option<PathBuf>,
    /// A command line of the system's shell that prints a token; run again when the Spark refuses the one in use.
    pub token_command: Option<String>,
    /// Certificates (PEM) to trust besides the machine's.
    pub ca: Option<PathBuf>,
    /// What we show where the Spark asks who calls: certificate and key (PEM).
    pub cert: Option<PathBuf>,
    pub key: Option<PathBuf>,
    /// The name its certificate must bear, where that is not the host's.
    pub authority: Option<String>,
}

impl Cluster {
    fn read(name: &str, value: &toml::Value) -> Result<Self> {
        let known = "remote, token_file, token_command, ca, cert, key, authority";
        let table = match value {
            toml::Value::String(remote) => return Ok(Self { remote: Secret::new(remote), ..Self::default() }),
            toml::Value::Table(table) => table,
            _ => return Err(invalid(format!("clusters.{name} must be an address or a table of {known}"))),
        };
        let mut cluster = Self::default();
        for (key, value) in table {
            let Some(text) = value.as_str() else {
                return Err(invalid(format!("clusters.{name}.{key} must be a text")));
            };
            match key.as_str() {
                "remote" => cluster.remote = Secret::new(text),
                "token_file" => cluster.token_file = Some(text.into()),
                "token_command" => cluster.token_command = Some(text.into()),
                "ca" => cluster.ca = Some(text.into()),
                "cert" => cluster.cert = Some(text.into()),
                "key" => cluster.key = Some(text.into()),
                "authority" => cluster.authority = Some(text.into()),
                other => return Err(invalid(format!("clusters.{name} has no key `{other}`; it has {known}"))),
            }
        }
        for (is_wrong, what) in [
            (cluster.remote.reveal().is_empty(), "lacks its address, remote"),
            (cluster.token_file.is_some() && cluster.token_command.is_some(), "has two sources of its token"),
            (cluster.cert.is_some() != cluster.key.is_some(), "has one of cert and key without the other"),
        ] {
            if is_wrong {
                return Err(invalid(format!("clusters.{name} {what}")));
            }
        }
        Ok(cluster)
    }
}

impl Settings {
    /// The names that a source gave a value.
    pub fn given(&self) -> impl Iterator<Item = &'static str> + '_ {
        self.values.keys().copied()
    }

    /// Reads the text of `floe.toml`, or of the file in its place. Unknown keys are errors: a misspelt setting must not be
    /// ignored.
    pub fn with_file(mut self, name: &str, text: &str) -> Result<Self> {
        let table: toml::Table = text.parse().map_err(|error| invalid(misread(name, text, &error)))?;
        for (key, value) in table {
            match value {
                toml::Value::Table(inner) if key == "spark" => {
                    flatten("spark", &inner, &mut self.spark);
                    // `spark = "sc://…"` cannot stand beside `[spark]`; inside it, the address has Spark's own name.
                    if let Some(address) = self.spark.remove("spark.remote") {
                        self.set("spark", &address)?;
                    }
                }
                toml::Value::Table(inner) if key == "clusters" => {
                    for (name, value) in &inner {
                        self.clusters.insert(name.clone(), Cluster::read(name, value)?);
                    }
                }
                // `route = "duckdb"` is the setting.
                toml::Value::Array(_) if key == "route" => self.rules = route_rule::read(name, text)?,
                value => self.set(&key.replace('_', "-"), &plain(&value))?,
            }
        }
        Ok(self)
    }

    /// Reads the `FLOE_*` variables among these, and those of other programs that mean the same.
    pub fn with_environment(mut self, variables: impl Iterator<Item = (String, String)>) -> Result<Self> {
        for (name, value) in variables {
            if let Some((_, setting)) = BORROWED.iter().find(|(borrowed, _)| *borrowed == name) {
                self.borrowed.insert(*setting, value.clone());
            }
            if let Some(setting) = SETTINGS.iter().find(|setting| variable(setting.name) == name) {
                self.values.insert(setting.name, value);
            }
        }
        Ok(self)
    }

    /// Sets one by name.
    pub fn set(&mut self, name: &str, value: &str) -> Result<()> {
        let known = SETTINGS.iter().find(|setting| setting.name == name);
        let setting = known
            .ok_or_else(|| invalid(format!("no setting is called `{name}`; `floe-engine serve --help` lists them")))?;
        self.values.insert(setting.name, value.into());
        Ok(())
    }

    /// The value in force, as text.
    pub fn text(&self, name: &str) -> &str {
        let default = || SETTINGS.iter().find(|setting| setting.name == name).map_or("", |setting| setting.default);
        self.values.get(name).or_else(|| self.borrowed.get(name)).map_or_else(default, String::as_str)
    }

    pub fn number(&self, name: &str) -> Result<u64> {
        self.text(name)
            .trim()
            .parse()
            .map_err(|_| invalid(format!("`{name}` must be a whole number, not `{}`", self.text(name))))
    }

    /// A size in bytes; a share such as `75%` is of `whole`.
    pub fn bytes(&self, name: &str, whole: u64) -> Result<u64> {
        parse_bytes(self.text(name), whole).ok_or_else(|| {
            invalid(format!("`{name}` must be a size such as 512MB, 2GB or 75%, not `{}`", self.text(name)))
        })
    }

    pub fn path(&self, name: &str) -> Option<PathBuf> {
        Some(self.text(name)).filter(|path| !path.is_empty()).map(PathBuf::from)
    }

    /// The texts of `tls-cert` and `tls-key`, when the server is to speak TLS.
    ///
    /// # Errors
    /// When a file cannot be read, or one of the two is missing.
    pub fn tls(&self) -> Result<Option<Tls>> {
        let read = |path: &Path| {
            std::fs::read_to_string(path)
                .map_err(|error| invalid(format!("{} cannot be read: {error}", path.display())).caused_by(error))
        };
        match (self.path("tls-cert"), self.path("tls-key")) {
            (None, None) => Ok(None),
            (Some(certificate), Some(key)) => {
                Ok(Some(Tls { certificate: read(&certificate)?, key: Secret::new(read(&key)?) }))
            }
            _ => Err(invalid("tls-cert and tls-key go together; one of them is missing".into())),
        }
    }

    pub fn token(&self) -> Option<Secret> {
        Some(self.text("token")).filter(|token| !token.is_empty()).map(Secret::new)
    }
}

/// The environment variable of a setting.
pub fn variable(name: &str) -> String {
    format!("FLOE_{}", name.replace('-', "_").to_uppercase())
}

/// `2GB`, `512 MiB`, `1048576`, `75%`. Decimal and binary units are both read as powers of 1,024, as Spark does.
pub fn parse_bytes(text: &str, whole: u64) -> Option<u64> {
    let text = text.trim();
    if let Some(share) = text.strip_suffix('%') {
        let share: f64 = share.trim().parse().ok()?;
        return (share > 0.0 && share <= 100.0).then(|| (whole as f64 * share / 100.0) as u64);
    }
    let digits = text.find(|letter: char| !letter.is_ascii_digit() && letter != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let shift = match unit.trim().to_ascii_lowercase().trim_end_matches("ib").trim_end_matches('b') {
        "" => 0,
        "k" => 10,
        "m" => 20,
        "g" => 30,
        "t" => 40,
        _ => return None,
    };
    let number: f64 = number.parse().ok()?;
    Some((number * f64::from(1_u32 << (shift % 30)) * if shift >= 30 { 1_073_741_824.0 } else { 1.0 }) as u64)
}

/// What keeps a file from being read, in one line.
fn misread(name: &str, text: &str, error: &toml::de::Error) -> String {
    let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
    let line = before.matches('\n').count() + 1;
    let what = error.message().replace('\n', ", ");
    format!("{name}: line {line}: {what}; settings are lines such as `port = 15002` or `log = \"info\"`")
}

fn flatten(prefix: &str, table: &toml::Table, into: &mut BTreeMap<String, String>) {
    for (key, value) in table {
        let name = format!("{prefix}.{key}");
        match value {
            toml::Value::Table(inner) => flatten(&name, inner, into),
            value => {
                into.insert(name, plain(value));
            }
        }
    }
}

fn plain(value: &toml::Value) -> String {
    match value {
        toml::Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn invalid(text: String) -> Error {
    Error::message(Kind::IllegalArgument, text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_with_their_units() {
        for (text, bytes) in
            [("0", 0), ("10", 10), ("1k", 1024), ("2GB", 2 << 30), ("1.5 MiB", 3 << 19), ("1TB", 1 << 40)]
        {
            assert_eq!(parse_bytes(text, 0), Some(bytes), "{text}");
        }
        assert_eq!(parse_bytes("50%", 200), Some(100));
        for bad in ["", "x", "2XB", "0%", "120%"] {
            assert_eq!(parse_bytes(bad, 100), None, "{bad}");
        }
    }

    #[test]
    fn a_later_source_wins_and_unknown_keys_are_refused() -> Result<()> {
        let file = "port = 7000\nmemory_limit = \"1GB\"\n[spark.sql.catalog]\nlake = \"x\"\n";
        let mut settings = Settings::default().with_file("floe.toml", file)?;
        assert_eq!(settings.number("port")?, 7000);
        settings = settings.with_environment([("FLOE_PORT".to_string(), "7001".to_string())].into_iter())?;
        settings.set("port", "7002")?;
        assert_eq!(settings.number("port")?, 7002);
        assert_eq!(settings.bytes("memory-limit", 0)?, 1 << 30);
        assert_eq!(settings.spark["spark.sql.catalog.lake"], "x");
        assert!(Settings::default().with_file("floe.toml", "prot = 1").is_err());
        let misread =
            Settings::default().with_file("a.toml", "port = 1\nlog = info\n").expect_err("no TOML").to_string();
        assert!(misread.starts_with("a.toml: line 2: ") && !misread.contains('\n'), "{misread}");
        for file in ["spark = \"local\"", "[spark]\nremote = \"local\"\nsql.ansi.enabled = false\n"] {
            let settings = Settings::default().with_file("floe.toml", file)?;
            assert_eq!(settings.text("spark"), "local");
            assert!(!settings.spark.contains_key("spark.remote"));
        }
        Ok(())
    }

    #[test]
    fn clusters_are_addresses_or_tables_and_show_no_token() -> Result<()> {
        let file =
            "[clusters]\nsmall = \"sc://a:1/;token=t0p\"\n[clusters.big]\nremote = \"sc://b:1\"\nca = \"c.pem\"\n";
        let settings = Settings::default().with_file("floe.toml", file)?;
        assert_eq!(settings.clusters["small"].remote.reveal(), "sc://a:1/;token=t0p");
        assert_eq!(settings.clusters["big"].ca, Some("c.pem".into()));
        assert!(!format!("{settings:?}").contains("t0p"));
        for bad in [
            "x = 1",
            "x = { ca = \"c\" }",
            "x = { remote = \"sc://a\", tokens = \"t\" }",
            "x = { remote = \"sc://a\", cert = \"c\" }",
            "x = { remote = \"sc://a\", token_file = \"f\", token_command = \"c\" }",
        ] {
            assert!(Settings::default().with_file("floe.toml", &format!("[clusters]\n{bad}\n")).is_err(), "{bad}");
        }
        Ok(())
    }

    #[test]
    fn variables_of_other_programs_are_weaker_than_a_file() -> Result<()> {
        let java = || [("JAVA_HOME".to_string(), "/theirs".to_string())].into_iter();
        let settings = Settings::default().with_environment(java())?;
        assert_eq!((settings.text("spark-java"), settings.given().count()), ("/theirs", 0));
        let settings = Settings::default().with_file("f", "spark_java = \"/ours\"")?.with_environment(java())?;
        assert_eq!(settings.text("spark-java"), "/ours");
        Ok(())
    }
}
