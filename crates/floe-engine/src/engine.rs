//! What all sessions share: settings, threads, backends, catalogs, and the sessions themselves.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use dashmap::DashMap;
use floe_backends::Backend;
use floe_backends::datafusion::{Config, DataFusion};
use floe_backends::duckdb::{self, DuckDb};
use floe_backends::memory::Budget;
use floe_backends::spark::{Spark, Sparks};
use floe_base::clock::Clock;
use floe_base::id::{BackendId, SessionKey};
use floe_base::settings::Settings;
use floe_base::{Error, Kind, Result, machine};
use floe_catalog::View;
use floe_route::Capability;
use parking_lot::{Mutex, RwLock};
use tempfile::TempDir;
use tokio::runtime::Handle;

use crate::Session;
use crate::admission::{self, Admission};
use crate::cache::Cache;
use crate::catalogs::Catalogs;
use crate::evidence::Evidence;
use crate::face::Offer;
use crate::kept::KeptBytes;
use crate::session::Folders;
use crate::system::routes::RouteLog;
use crate::threads::Threads;

/// Memory assumed where the machine does not tell: small enough to be safe anywhere.
const MEMORY_WHEN_UNKNOWN: u64 = 2 << 30;

/// Threads that decode, plan and answer; each of it takes milliseconds.
const REQUEST_THREADS: usize = 4;

/// The engine of one process.
#[derive(Debug)]
pub struct Engine {
    settings: Settings,
    clock: Clock,
    threads: Threads,
    workers: Threads,
    datafusion: Arc<DataFusion>,
    duckdb: Arc<DuckDb>,
    sparks: Sparks,
    catalogs: Catalogs,
    /// How a Spark reaches the embedded catalog, once that is served to it.
    offered: OnceLock<Offer>,
    sessions: DashMap<SessionKey, Arc<Session>>,
    /// `global_temp`: temp views that every session sees, by name in lower case.
    global_views: RwLock<BTreeMap<String, Arc<View>>>,
    cache: Cache,
    kept_bytes: KeptBytes,
    routes: Arc<RouteLog>,
    evidence: Arc<Evidence>,
    admission: Admission,
    /// The data folder of an engine that leaves nothing behind.
    temporary: Mutex<Option<TempDir>>,
    /// Folders of rows that a Spark reads.
    staged: Folders,
}

impl Engine {
    /// Opens the engine on the data folder its settings name. Nothing is read until a query asks for it.
    pub fn open(settings: Settings) -> Result<Arc<Self>> {
        let (folder, temporary) = data_folder(&settings)?;
        let threads = Threads::new("floe-request", REQUEST_THREADS)?;
        let workers = Threads::new("floe-query", self::threads(&settings)?)?;
        let budget = Budget::new(memory(&settings)?);
        let config = Config {
            memory: budget.clone(),
            spill_dir: settings.path("spill-dir"),
            spill_bytes: settings.bytes("spill-limit", 0)?,
            threads: self::threads(&settings)?,
        };
        let datafusion = Arc::new(DataFusion::new(&config, workers.handle())?);
        floe_catalog::files::visible::register(&datafusion.runtime());
        let duckdb = Arc::new(DuckDb::new(duckdb_config(&settings, budget)?, datafusion.clone(), workers.handle()));
        let sparks = Sparks::new(&settings)?;
        crate::session::sweep_staging(&settings, &folder);
        let lasts = temporary.is_none();
        let evidence = Arc::new(Evidence::open(lasts.then(|| folder.join("evidence.db"))));
        let admission = self::admission(&settings)?;
        let catalogs = Catalogs::new(folder, duckdb.clone());
        Ok(Arc::new(Self {
            settings,
            clock: Clock::System,
            threads,
            workers,
            datafusion,
            duckdb,
            sparks,
            catalogs,
            offered: OnceLock::new(),
            sessions: DashMap::new(),
            global_views: RwLock::default(),
            cache: Cache::default(),
            kept_bytes: KeptBytes::default(),
            routes: Arc::default(),
            evidence,
            admission,
            temporary: Mutex::new(temporary),
            staged: Folders::default(),
        }))
    }

    /// An engine that leaves nothing on disk once it has ended ([`Engine::end`]): the default of tests.
    pub fn in_memory() -> Result<Arc<Self>> {
        let mut settings = Settings::default();
        settings.set("data", ":memory:")?;
        Self::open(settings)
    }

    /// Ends it: sessions, what they run, files that are open, and every folder that was for it alone. Sessions hold their
    /// engine, so that one that has had any is not dropped by itself. Blocks while files are closed.
    pub fn end(&self) {
        let keys: Vec<SessionKey> = self.sessions.iter().map(|entry| entry.key().clone()).collect();
        for key in keys {
            self.release(&key);
        }
        self.staged.end();
        self.duckdb.end();
        self.datafusion.end();
        // The folder goes with its owner.
        drop(self.temporary.lock().take());
    }

    /// The session of a key, made when it is not there.
    pub fn session(self: &Arc<Self>, key: &SessionKey) -> Result<Arc<Session>> {
        if let Some(found) = self.existing(key) {
            return Ok(found);
        }
        if self.sessions.len() as u64 >= self.settings.number("max-sessions")? {
            let text = "too many sessions are open; end some, or raise --max-sessions";
            return Err(Error::message(Kind::Operation, text));
        }
        let made = || Session::new(self.clone(), key.clone());
        Ok(self.sessions.entry(key.clone()).or_insert_with(made).clone())
    }

    /// The session of a key, if it is there.
    pub fn existing(&self, key: &SessionKey) -> Option<Arc<Session>> {
        self.sessions.get(key).map(|session| session.clone())
    }

    /// A copy of a session (settings, temp views, current schema) under another id.
    pub fn clone_session(self: &Arc<Self>, from: &Session, to: &SessionKey) -> Arc<Session> {
        let copy = Session::copy_of(from, to.clone());
        self.sessions.insert(to.clone(), copy.clone());
        copy
    }

    /// Ends a session: its operations are interrupted, its views and kept frames dropped. True when it was there.
    pub fn release(&self, key: &SessionKey) -> bool {
        let Some((_, session)) = self.sessions.remove(key) else { return false };
        session.end();
        self.cache.forget_session(&key.session_id);
        true
    }

    /// Ends the sessions nobody has used for a while; returns their keys.
    pub fn release_idle(&self, idle_micros: i64) -> Vec<SessionKey> {
        let now = self.clock.micros();
        let idle = |session: &Session| !session.is_busy() && now - session.last_used() > idle_micros;
        let keys: Vec<SessionKey> =
            self.sessions.iter().filter(|entry| idle(entry.value())).map(|entry| entry.key().clone()).collect();
        keys.into_iter().filter(|key| self.release(key)).collect()
    }

    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// The threads that plans run on.
    pub(crate) fn workers(&self) -> Handle {
        self.workers.handle()
    }

    /// The threads requests are answered on; their stacks are deep.
    pub fn threads(&self) -> &Threads {
        &self.threads
    }

    pub fn routes(&self) -> &Arc<RouteLog> {
        &self.routes
    }

    /// What runs took.
    pub(crate) fn evidence(&self) -> &Arc<Evidence> {
        &self.evidence
    }

    /// Who may begin now.
    pub(crate) fn admission(&self) -> &Admission {
        &self.admission
    }

    /// DuckDB, which is opened by the first query that is for it.
    pub fn duckdb(&self) -> &Arc<DuckDb> {
        &self.duckdb
    }

    pub(crate) fn datafusion(&self) -> &Arc<DataFusion> {
        &self.datafusion
    }

    /// True when there is a backend that takes clients' messages whole.
    pub fn forwards(&self) -> bool {
        !self.sparks.is_empty()
    }

    pub(crate) fn sparks(&self) -> &Sparks {
        &self.sparks
    }

    /// Tells every session how a Spark reaches the embedded catalog, as [`catalogs::UPSTREAM`]. The first word counts.
    ///
    /// [`catalogs::UPSTREAM`]: crate::catalogs::UPSTREAM
    pub fn offer_embedded(&self, offer: Offer) {
        if self.offered.set(offer).is_err() {
            tracing::warn!("the embedded catalog is offered to Spark already");
        }
    }

    /// How a Spark reaches the embedded catalog, where that is served.
    pub(crate) fn offered(&self) -> Option<&Offer> {
        self.offered.get()
    }

    pub(crate) fn kept_bytes(&self) -> &KeptBytes {
        &self.kept_bytes
    }

    pub(crate) fn staged(&self) -> &Folders {
        &self.staged
    }

    pub(crate) fn cache(&self) -> &Cache {
        &self.cache
    }

    pub(crate) fn catalogs(&self) -> &Catalogs {
        &self.catalogs
    }

    pub(crate) fn global_views(&self) -> &RwLock<BTreeMap<String, Arc<View>>> {
        &self.global_views
    }

    /// What the router may count on, with the Spark that a session uses; backends that are not there say which setting
    /// would bring them.
    pub(crate) fn capabilities(&self, spark: std::result::Result<&Arc<Spark>, String>) -> Vec<Capability> {
        vec![
            self.datafusion.capability(),
            self.duckdb.capability(),
            match spark {
                Ok(spark) => spark.capability(),
                Err(why) => Capability::absent(BackendId::Spark, why),
            },
            Capability::absent(BackendId::Snowflake, "no Snowflake account is configured"),
        ]
    }

    /// The backend of a decision about a plan; what takes messages is a session's to name.
    pub(crate) fn backend(&self, id: BackendId) -> Result<Arc<dyn Backend>> {
        match id {
            BackendId::DataFusion => Ok(self.datafusion.clone()),
            BackendId::DuckDb => Ok(self.duckdb.clone()),
            other => Err(Error::internal(format!("backend {other} was chosen for a plan and takes none"))),
        }
    }
}

/// The permits for heavy queries: as many as are set, or as the machine can feed.
fn admission(settings: &Settings) -> Result<Admission> {
    let set = usize::try_from(settings.number("max-heavy-queries")?).unwrap_or(usize::MAX);
    let permits = if set == 0 { admission::permits(threads(settings)?, memory(settings)?) } else { set };
    let timeout = Some(settings.number("queue-timeout")?).filter(|seconds| *seconds > 0);
    Ok(Admission::new(permits, timeout.map(Duration::from_secs)))
}

fn duckdb_config(settings: &Settings, memory: Budget) -> Result<duckdb::Config> {
    Ok(duckdb::Config {
        memory,
        spill_dir: settings.path("spill-dir"),
        spill_bytes: settings.bytes("spill-limit", 0)?,
        copies_bytes: settings.bytes("copy-limit", 0)?,
        threads: threads(settings)?,
        extensions: settings.path("duckdb-extensions"),
    })
}

/// The folder of the embedded catalog; a temporary one for `:memory:`.
fn data_folder(settings: &Settings) -> Result<(PathBuf, Option<TempDir>)> {
    let cannot = |error: std::io::Error| {
        Error::message(Kind::Operation, format!("the data folder cannot be made: {error}")).caused_by(error)
    };
    if settings.text("data") == ":memory:" {
        let folder = TempDir::with_prefix("floe-").map_err(cannot)?;
        return Ok((folder.path().to_path_buf(), Some(folder)));
    }
    let folder = std::path::absolute(settings.text("data")).map_err(cannot)?;
    Ok((folder, None))
}

fn threads(settings: &Settings) -> Result<usize> {
    let asked = usize::try_from(settings.number("threads")?).unwrap_or(usize::MAX);
    Ok(if asked == 0 { machine::cores() } else { asked })
}

fn memory(settings: &Settings) -> Result<u64> {
    settings.bytes("memory-limit", machine::memory().unwrap_or(MEMORY_WHEN_UNKNOWN))
}
