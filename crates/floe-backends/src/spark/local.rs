//! A Spark of our own: the installed PySpark and Java, started when they are first needed, stopped when nobody needs them.
//!
//! The server runs on loopback under a token that only this process knows, and in a folder of its own. It ends with this
//! process, however that ends: a shell between the two waits for the pipe from here to close.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use floe_base::id::fresh;
use floe_base::settings::Settings;
use floe_base::{Error, Kind, Result, Secret, machine};
use tempfile::TempDir;
use tokio::net::{TcpListener, TcpStream};
use tokio::process::{Child, Command};
use tokio::sync::Mutex;
use tokio::time::{Instant, sleep};

use super::target::Address;
use super::token::Token;

/// The versions whose answers are ours.
const VERSIONS: &str = "4.1.";
/// The versions of Java they run on.
const JAVAS: [&str; 2] = ["17", "21"];
const START_MAX: Duration = Duration::from_secs(120);
const LOOK: Duration = Duration::from_millis(100);
/// How often it is looked whether anybody still needs it.
const IDLE_LOOK: Duration = Duration::from_secs(5);
/// Iceberg for this Spark; what stands between is a version.
const ICEBERG: (&str, &str) = ("iceberg-spark-runtime-4.1_2.13-", ".jar");
const ICEBERG_VERSION: &str = "1.11.0";

/// What a Spark of our own is made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Installation {
    pub python: PathBuf,
    /// The folder that holds `bin/spark-submit` and `jars`.
    pub home: PathBuf,
    pub version: String,
    pub java: PathBuf,
    /// Jars that are not among PySpark's own.
    pub jars: Vec<PathBuf>,
    /// Iceberg's runtime, or why there is none and how to get it.
    pub iceberg: std::result::Result<PathBuf, String>,
}

/// Looks for PySpark, Java and Iceberg's runtime, where the settings say and where they usually are.
///
/// # Errors
/// What is missing, and how to get it. Without Iceberg's runtime there is still a Spark.
pub fn find(settings: &Settings) -> Result<Installation> {
    let (python, home) = pyspark(settings.path("spark-python"))?;
    let version = version(&home)?;
    if !version.starts_with(VERSIONS) {
        let text = format!("pyspark {version} is installed; Spark {VERSIONS}x is wanted: pip install 'pyspark==4.1.4'");
        return Err(missing(text));
    }
    let java = java(settings.path("spark-java"))?;
    let mut jars = jars(settings)?;
    let iceberg = iceberg(&jars, &home);
    if let Ok(found) = &iceberg
        && !jars.contains(found)
        && !found.starts_with(&home)
    {
        jars.push(found.clone());
    }
    Ok(Installation { python, home, version, java, jars, iceberg })
}

/// The first Python that has a whole PySpark: the one that is named, the one this program is installed beside, then those
/// of the path, where an active environment comes first.
fn pyspark(named: Option<PathBuf>) -> Result<(PathBuf, PathBuf)> {
    let beside = std::env::current_exe().ok().and_then(|program| Some(program.parent()?.join("python3")));
    let candidates = named.into_iter().chain(beside).chain(["python3", "python"].map(PathBuf::from));
    const ASK: &str = "import os, sys, pyspark; print(sys.executable); print(os.path.dirname(pyspark.__file__))";
    let mut without_server = false;
    for candidate in candidates {
        let asked = std::process::Command::new(&candidate).args(["-c", ASK]).output();
        let Ok(answer) = asked.map(|output| String::from_utf8_lossy(&output.stdout).into_owned()) else { continue };
        let mut lines = answer.lines();
        let (Some(python), Some(home)) = (lines.next(), lines.next()) else { continue };
        let (python, home) = (PathBuf::from(python), PathBuf::from(home));
        if home.join("bin/spark-submit").exists() && home.join("jars").exists() {
            return Ok((python, home));
        }
        without_server = true;
    }
    Err(missing(if without_server {
        "only a client of Spark is installed; `pip install 'pyspark==4.1.4'` brings the server"
    } else {
        "no Python here has PySpark: pip install 'pyspark==4.1.4', or name a Python that has it with --spark-python"
    }))
}

/// The jars that are named.
fn jars(settings: &Settings) -> Result<Vec<PathBuf>> {
    let named = settings.text("spark-jars").split(',').map(str::trim).filter(|jar| !jar.is_empty());
    let jars: Vec<PathBuf> = named.map(PathBuf::from).collect();
    match jars.iter().find(|jar| !jar.exists()) {
        Some(absent) => Err(missing(format!("{}, a jar of spark-jars, is not there", absent.display()))),
        None => Ok(jars),
    }
}

/// Iceberg's runtime: among the jars that are named, PySpark's own, or those in the cache of this program.
fn iceberg(named: &[PathBuf], home: &Path) -> std::result::Result<PathBuf, String> {
    let is_iceberg = |path: &PathBuf| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        name.starts_with(ICEBERG.0) && name.ends_with(ICEBERG.1)
    };
    let cache = machine::cache().map(|folder| folder.join("jars"));
    let within = |folder: PathBuf| {
        let mut found: Vec<PathBuf> =
            std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
        found.sort();
        found.into_iter().rfind(is_iceberg)
    };
    let found = named.iter().find(|jar| is_iceberg(jar)).cloned();
    found.or_else(|| within(home.join("jars"))).or_else(|| within(cache.clone()?)).ok_or_else(|| {
        let folder = cache.unwrap_or_else(|| home.join("jars"));
        format!(
            "this Spark has no Iceberg; run this and start again: mvn dependency:copy \
             -Dartifact=org.apache.iceberg:{}:{ICEBERG_VERSION} -DoutputDirectory={} (or name the jar with --spark-jars)",
            ICEBERG.0.trim_end_matches('-'),
            folder.display()
        )
    })
}

/// The version in the name of the server's jar.
fn version(home: &Path) -> Result<String> {
    let names = std::fs::read_dir(home.join("jars")).map_err(|error| missing(format!("PySpark's jars: {error}")))?;
    let of = |name: String| Some(name.strip_prefix("spark-connect_2.13-")?.strip_suffix(".jar")?.to_string());
    let mut found = names.flatten().filter_map(|entry| of(entry.file_name().to_string_lossy().into_owned()));
    found.next().ok_or_else(|| missing(format!("{} has no Spark Connect server", home.display())))
}

/// A Java that Spark runs on: the one of the home that is named, that of the path, or one that is installed beside others.
fn java(named: Option<PathBuf>) -> Result<PathBuf> {
    let named = named.map(|home| home.join("bin/java"));
    let mut installed: Vec<PathBuf> = std::fs::read_dir("/usr/lib/jvm")
        .map(|folder| folder.flatten().map(|entry| entry.path().join("bin/java")).collect())
        .unwrap_or_default();
    installed.sort();
    let mut found = Vec::new();
    for candidate in named.into_iter().chain([PathBuf::from("java")]).chain(installed) {
        let Some(version) = java_version(&candidate) else { continue };
        if JAVAS.contains(&version.as_str()) {
            return Ok(candidate);
        }
        found.push(version);
    }
    Err(missing(match found.as_slice() {
        [] => "no Java is installed; Spark runs on Java 17 or 21 (--spark-java names one)".into(),
        found => {
            format!("Java {} is installed; Spark runs on Java 17 or 21 (--spark-java names one)", found.join(", "))
        }
    }))
}

/// `17` of a Java that tells its version: `openjdk version "17.0.12" …`.
fn java_version(java: &Path) -> Option<String> {
    let output = std::process::Command::new(java).arg("-version").output().ok()?;
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    let version = text.split('"').nth(1)?;
    version.split(['.', '-', '+']).next().map(str::to_string)
}

fn missing(what: impl Into<String>) -> Error {
    let text = format!("a local Spark cannot be started: {}", what.into());
    Error::message(Kind::Unsupported, text)
}

/// A Spark that is started when it is needed.
pub(super) struct Local {
    settings: Settings,
    idle: Duration,
    /// What there is to start; once something was found, it stays.
    found: Mutex<Option<Arc<Installation>>>,
    running: Arc<Mutex<Option<Server>>>,
    in_use: Arc<AtomicUsize>,
    /// It holds something that ends with it, such as a streaming query.
    kept: Arc<AtomicBool>,
}

struct Server {
    /// The shell that ends the Spark when this process's end of its pipe goes.
    shell: Child,
    address: Address,
    folder: TempDir,
}

impl Local {
    /// # Errors
    /// When a setting cannot be read.
    pub(super) fn new(settings: &Settings, in_use: Arc<AtomicUsize>) -> Result<Self> {
        let idle = Duration::from_secs(settings.number("spark-idle")?);
        let (settings, found) = (settings.clone(), Mutex::default());
        Ok(Self { settings, idle, found, running: Arc::default(), in_use, kept: Arc::default() })
    }

    /// What is started, or would be.
    pub(super) async fn installation(&self) -> Result<Arc<Installation>> {
        let mut known = self.found.lock().await;
        if let Some(found) = known.as_ref() {
            return Ok(found.clone());
        }
        let settings = self.settings.clone();
        let looked = tokio::task::spawn_blocking(move || find(&settings)).await;
        let found = Arc::new(looked.map_err(|error| Error::internal(error.to_string()))??);
        *known = Some(found.clone());
        Ok(found)
    }

    /// It is not stopped any more for want of use: what a statement left there would go with it.
    pub(super) fn keep(&self) {
        self.kept.store(true, Ordering::Relaxed);
    }

    /// Its address; when it does not run (any more), it is started.
    pub(super) async fn started(&self) -> Result<Address> {
        let mut running = self.running.lock().await;
        if let Some(server) = running.as_mut() {
            let has_ended = !matches!(server.shell.try_wait(), Ok(None));
            if !has_ended && server.listens().await {
                return Ok(server.address.clone());
            }
            *running = None;
        }
        let found = self.installation().await?;
        tracing::warn!(version = found.version, home = %found.home.display(), "a local Spark is started");
        if let Err(why) = &found.iceberg {
            tracing::warn!("{why}");
        }
        let server = Server::start(&found, self.settings.text("spark-memory")).await?;
        self.kept.store(false, Ordering::Relaxed);
        let address = server.address.clone();
        *running = Some(server);
        self.watch();
        Ok(address)
    }

    /// Stops the Spark once nobody has used it for a while.
    fn watch(&self) {
        let (running, in_use, kept, idle) =
            (Arc::downgrade(&self.running), self.in_use.clone(), self.kept.clone(), self.idle);
        tokio::spawn(async move {
            let mut last_used = Instant::now();
            loop {
                sleep(IDLE_LOOK.min(idle)).await;
                let Some(running) = running.upgrade() else { return };
                if in_use.load(Ordering::Relaxed) > 0 || kept.load(Ordering::Relaxed) {
                    last_used = Instant::now();
                }
                let mut running = running.lock().await;
                if running.is_none() {
                    return;
                }
                if last_used.elapsed() >= idle {
                    tracing::warn!("the local Spark is stopped: nobody used it for a while");
                    *running = None;
                    return;
                }
            }
        });
    }
}

/// Runs the command after it, and ends it when standard input does.
const ENDS_WITH_ITS_PIPE: &str =
    r#"exec 3<&0; "$@" </dev/null 3<&- & child=$!; { read -r _ <&3; kill "$child"; } & exec 3<&-; wait "$child""#;

impl Server {
    async fn start(found: &Installation, memory: &str) -> Result<Self> {
        let cannot = |error: std::io::Error| missing(error.to_string());
        let folder = TempDir::with_prefix("floe-spark-").map_err(cannot)?;
        let log = std::fs::File::create(folder.path().join("spark.log")).map_err(cannot)?;
        // Free a moment ago; another process could take it in between, and then the start fails and says so.
        let probe = TcpListener::bind("127.0.0.1:0").await.map_err(cannot)?;
        let port = probe.local_addr().map_err(cannot)?.port();
        drop(probe);
        let token = fresh();
        let mut command = Command::new("sh");
        command.args(["-c", ENDS_WITH_ITS_PIPE, "sh"]).args(arguments(found, folder.path(), port, memory));
        for (name, _) in std::env::vars_os() {
            if name.to_str().is_some_and(|name| name.starts_with("SPARK_") || name.starts_with("PYSPARK_")) {
                command.env_remove(name);
            }
        }
        if let Some(home) = found.java.parent().and_then(Path::parent).filter(|home| home.join("bin/java").exists()) {
            command.env("JAVA_HOME", home);
        }
        let shell = command
            .env("SPARK_HOME", &found.home)
            .env("SPARK_LOCAL_IP", "127.0.0.1")
            .env("SPARK_CONNECT_MODE", "0")
            .env("SPARK_CONNECT_AUTHENTICATE_TOKEN", &token)
            .env("PYSPARK_PYTHON", &found.python)
            .stdin(Stdio::piped())
            .stdout(log.try_clone().map_err(cannot)?)
            .stderr(log)
            .current_dir(folder.path())
            .spawn()
            .map_err(cannot)?;
        let address = Address { token: Some(Token::Fixed(Secret::new(token))), ..Address::loopback(port) };
        let mut server = Self { shell, address, folder };
        server.wait_until_it_listens().await?;
        Ok(server)
    }

    async fn wait_until_it_listens(&mut self) -> Result<()> {
        let deadline = Instant::now() + START_MAX;
        while Instant::now() < deadline {
            if self.listens().await {
                return Ok(());
            }
            if !matches!(self.shell.try_wait(), Ok(None)) {
                return Err(missing(format!("it ended at once: {}", self.last_words())));
            }
            sleep(LOOK).await;
        }
        Err(missing(format!("it did not listen within {} s: {}", START_MAX.as_secs(), self.last_words())))
    }

    async fn listens(&self) -> bool {
        TcpStream::connect((self.address.host.as_str(), self.address.port)).await.is_ok()
    }

    /// The end of its log.
    fn last_words(&self) -> String {
        let log = std::fs::read_to_string(self.folder.path().join("spark.log")).unwrap_or_default();
        let lines: Vec<&str> = log.lines().collect();
        lines[lines.len().saturating_sub(5)..].join("; ")
    }
}

fn arguments(found: &Installation, folder: &Path, port: u16, memory: &str) -> Vec<String> {
    let folder = folder.display();
    let mut settings = vec![
        "spark.connect.grpc.binding.address=127.0.0.1".to_string(),
        format!("spark.connect.grpc.binding.port={port}"),
        "spark.ui.enabled=false".into(),
        format!("spark.sql.warehouse.dir={folder}/warehouse"),
        format!("spark.local.dir={folder}"),
        format!("spark.driver.extraJavaOptions=-XX:+UseSerialGC -Djava.io.tmpdir={folder}"),
        // One machine: as many parts as cores are plenty.
        "spark.sql.shuffle.partitions=4".into(),
    ];
    if !found.jars.is_empty() {
        let jars: Vec<String> = found.jars.iter().map(|jar| jar.display().to_string()).collect();
        settings.push(format!("spark.jars={}", jars.join(",")));
    }
    if found.iceberg.is_ok() {
        // Branches, views and procedures of Iceberg are its own grammar; a running session cannot be given it.
        let extensions = "org.apache.iceberg.spark.extensions.IcebergSparkSessionExtensions";
        settings.push(format!("spark.sql.extensions={extensions}"));
    }
    let submit = found.home.join("bin/spark-submit").display().to_string();
    let fixed = ["--class", "org.apache.spark.sql.connect.service.SparkConnectServer", "--name", "floe-engine"];
    let sized = ["--master", "local[*]", "--driver-memory", memory];
    let mut arguments: Vec<String> = [submit].into_iter().collect();
    arguments.extend(fixed.into_iter().chain(sized).map(str::to_string));
    arguments.extend(settings.into_iter().flat_map(|setting| ["--conf".to_string(), setting]));
    arguments.push("spark-internal".into());
    arguments
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn iceberg_is_found_where_it_is_named_or_beside_the_others() {
        let home = tempfile::tempdir().expect("a folder");
        let jars = home.path().join("jars");
        std::fs::create_dir(&jars).expect("made");
        let named = PathBuf::from("/a/iceberg-spark-runtime-4.1_2.13-1.11.0.jar");
        let other = PathBuf::from("/a/iceberg-spark-runtime-3.5_2.12-1.11.0.jar");
        assert_eq!(iceberg(&[other, named.clone()], home.path()), Ok(named));
        let beside = jars.join("iceberg-spark-runtime-4.1_2.13-1.12.0.jar");
        std::fs::write(&beside, b"").expect("written");
        assert_eq!(iceberg(&[], home.path()), Ok(beside));
    }
}
