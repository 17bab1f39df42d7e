//! What a session upstream must hold before one of this session's operations runs there.
//!
//! Settings, functions, variables, temp views, the current schema; what an operation needs of them is found out in
//! `needs.rs`, and tables too large to be sent along become files in `staging.rs`.

mod needs;
mod staging;

use std::any::Any;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use floe_backends::spark::{How, Spark, State, Upstream};
use floe_base::{Error, Kind, Result};
use floe_catalog::view::{Made, ViewBody};
use floe_catalog::{Catalog, View};
use floe_iceberg::config::CatalogKind;
use floe_syntax::{Makes, Message, Relation};
use parking_lot::RwLock;

use self::needs::Needs;
use self::staging::Staged;
pub(crate) use self::staging::{Folders, sweep_staging};
use super::{Running, Session};
use crate::catalogs;
use crate::operation::Sent;

/// Rows that are sent along; more becomes files.
pub(crate) const ROWS_BYTES_MAX: u64 = 64 << 20;
/// Settings that decide what a query means: a Spark with other defaults must not answer otherwise.
const MEANING: [&str; 5] = [
    "spark.sql.session.timeZone",
    "spark.sql.ansi.enabled",
    "spark.sql.caseSensitive",
    "spark.sql.timestampType",
    "spark.sql.storeAssignmentPolicy",
];
/// Settings that mean something else upstream.
const OURS: [&str; 4] = [
    "spark.sql.defaultCatalog",
    "spark.sql.warehouse.dir",
    "spark.sql.catalogImplementation",
    "spark.sql.sources.default",
];

/// What a session has upstream.
#[derive(Debug, Default)]
pub(super) struct Elsewhere {
    /// One for each Spark that was asked for anything.
    sessions: RwLock<Vec<Arc<Upstream>>>,
    /// Functions and data sources, by name in lower case.
    functions: RwLock<BTreeMap<String, Arc<Made>>>,
    /// Files that were made for a Spark to read, by what they are read as.
    staged: RwLock<BTreeMap<String, Arc<Staged>>>,
}

impl Elsewhere {
    pub(super) fn copy_functions(&self, from: &Self) {
        self.functions.write().clone_from(&from.functions.read());
    }

    pub(super) fn end(&self) {
        for upstream in self.sessions.write().drain(..) {
            upstream.release();
        }
        self.staged.write().clear();
    }

    fn of(&self, spark: &Arc<Spark>) -> Option<Arc<Upstream>> {
        self.sessions.read().iter().find(|upstream| Arc::ptr_eq(upstream.spark(), spark)).cloned()
    }
}

impl Session {
    /// The Spark this session uses: the one `floe.spark` names, or the server's usual one; else why there is none.
    pub(crate) fn spark(&self) -> std::result::Result<&Arc<Spark>, String> {
        self.engine.sparks().get(self.conf.raw("floe.spark").as_deref())
    }

    /// The session upstream; nothing is asked of it yet.
    ///
    /// # Errors
    /// When no Spark is configured.
    pub(crate) fn upstream(&self) -> Result<Arc<Upstream>> {
        let spark = self.spark().map_err(|why| Error::message(Kind::Unsupported, why))?;
        if let Some(found) = self.upstream.of(spark) {
            return Ok(found);
        }
        let mut sessions = self.upstream.sessions.write();
        if let Some(found) = sessions.iter().find(|upstream| Arc::ptr_eq(upstream.spark(), spark)) {
            return Ok(found.clone());
        }
        let made = Upstream::new(spark.clone(), &self.key.user_id);
        sessions.push(made.clone());
        Ok(made)
    }

    /// The details of an error that a backend forwarded: one message of the wire's, for one of its.
    pub async fn error_details(&self, message: &bytes::Bytes) -> Option<bytes::Bytes> {
        let sessions = self.upstream.sessions.read().clone();
        for upstream in sessions {
            if let Some(details) = upstream.error_details(message).await {
                return Some(details);
            }
        }
        None
    }

    /// True when there is something upstream that this session could ask for.
    pub(crate) fn is_live_upstream(&self) -> bool {
        self.upstream.sessions.read().iter().any(|upstream| upstream.is_live())
    }

    /// True when a function of this name was made upstream.
    pub(crate) fn has_function_upstream(&self, name: &str) -> bool {
        self.upstream.functions.read().contains_key(&name.to_lowercase())
    }

    /// The settings a Spark must have to answer as this session would: what was set, by server and session, catalogs that
    /// it can reach, and what decides the meaning of a query.
    pub(crate) fn spark_conf(&self) -> BTreeMap<String, String> {
        let all = self.conf.snapshot();
        let catalog_of = |key: &str| {
            key.strip_prefix("spark.sql.catalog.").map(|rest| rest.split('.').next().unwrap_or(rest).to_string())
        };
        let is_rest = |name: &str| {
            let of = |key: &str| all.get(&format!("spark.sql.catalog.{name}.{key}")).map(String::as_str);
            of("type") == Some("rest") || of("catalog-impl").is_some_and(|class| class.ends_with(".RESTCatalog"))
        };
        let is_for_spark = |key: &str| {
            let is_set = key.starts_with("spark.") && !OURS.contains(&key);
            is_set && catalog_of(key).is_none_or(|name| is_rest(&name))
        };
        let mut conf: BTreeMap<String, String> =
            all.iter().filter(|(key, _)| is_for_spark(key)).map(|(key, value)| (key.clone(), value.clone())).collect();
        let names: BTreeSet<String> =
            all.keys().filter_map(|key| catalog_of(key)).filter(|name| is_rest(name)).collect();
        for name in names {
            // Here a catalog needs no class; there it does.
            conf.entry(format!("spark.sql.catalog.{name}"))
                .or_insert_with(|| "org.apache.iceberg.spark.SparkCatalog".into());
            // Iceberg 1.11 keeps a table for 30 s, which would hide what was committed here meanwhile.
            conf.entry(format!("spark.sql.catalog.{name}.cache-enabled")).or_insert_with(|| "false".into());
        }
        for key in MEANING {
            if let Some(value) = self.conf.raw(key) {
                conf.insert(key.into(), value);
            }
        }
        if let Some(offered) = self.offered() {
            conf.extend(offered.clone());
            conf.insert("spark.sql.defaultCatalog".into(), catalogs::UPSTREAM.into());
        }
        conf
    }

    /// The settings under which this session's Spark reaches the embedded catalog, where it does.
    fn offered(&self) -> Option<&BTreeMap<String, String>> {
        let is_near = self.spark().is_ok_and(|spark| spark.is_on_this_machine());
        self.engine.offered()?.settings(is_near)
    }

    /// Notes what an operation left upstream, once it has run.
    pub(crate) async fn made_elsewhere(&self, message: &Arc<Message>) -> Result<()> {
        let made = Made::new(message.clone(), self.spark_conf());
        let is_there = match &message.makes {
            None => return Ok(()),
            Some(Makes::Function(name)) => function_key(name),
            Some(Makes::NoFunction(name)) => {
                self.upstream.functions.write().remove(&name.to_lowercase());
                return Ok(());
            }
            Some(Makes::TempView { name, is_global }) => key(name, *is_global),
        };
        if let Some(upstream) = self.spark().ok().and_then(|spark| self.upstream.of(spark)) {
            upstream.holds(is_there, made.version).await;
        }
        match &message.makes {
            None | Some(Makes::NoFunction(_)) => Ok(()),
            Some(Makes::Function(name)) => {
                self.upstream.functions.write().insert(name.to_lowercase(), made);
                Ok(())
            }
            Some(Makes::TempView { name, is_global }) => {
                let view = View {
                    name: floe_catalog::ObjectName::new("", Vec::new(), name.clone()),
                    body: ViewBody::Elsewhere,
                    columns: Vec::new(),
                    schema: None,
                    is_temporary: true,
                    comment: None,
                    properties: Vec::new(),
                    reserved: Vec::new(),
                    made: Some(made),
                };
                self.put_temp_view(view, *is_global, true)
            }
        }
    }

    /// True when a relation names a temp view that can only be read upstream.
    pub fn reads_elsewhere(&self, relation: &Relation) -> bool {
        floe_plan::tables_named(&[relation])
            .iter()
            .any(|name| self.temporary(name).is_some_and(|(view, _)| matches!(view.body, ViewBody::Elsewhere)))
    }

    /// What an operation needs upstream.
    ///
    /// # Errors
    /// When it names something that only this process can read and that cannot be sent along.
    pub(crate) async fn state_for(self: &Arc<Self>, sent: &Sent, running: Option<&Running>) -> Result<State> {
        let mut needs = Needs::new(self, sent, running)?;
        for made in self.upstream.functions.read().iter() {
            needs.step(function_key(made.0), made.1.version, How::Message(made.1.clone()), None);
        }
        needs.all(&sent.message).await?;
        needs.variables()?;
        let found = needs.found_out();
        let mut present = found.sent;
        present.extend(self.views.read().keys().map(|name| key(name, false)));
        present.extend(self.engine.global_views().read().keys().map(|name| key(name, true)));
        present.extend(self.upstream.functions.read().keys().map(|name| function_key(name)));
        // What was replaced for the sake of an older view is put back.
        let lasting = found.steps.iter().filter(|step| step.only_for.is_none());
        Ok(State {
            conf: self.spark_conf(),
            present,
            steps: found.steps.iter().chain(lasting).cloned().collect(),
            frames: found.frames,
            current: self.current_upstream().await?,
            iceberg: found.iceberg,
            cached: found.cached.into_iter().collect(),
            files: found.files.into_iter().map(|files| files as Arc<dyn Any + Send + Sync>).collect(),
            wire: sent.wire.clone(),
        })
    }

    /// The name under which a Spark has a catalog of ours; `None` where only this process has it.
    pub(super) fn name_upstream(&self, catalog: &dyn Catalog) -> Option<String> {
        let kind = catalog.iceberg()?.config().kind;
        let is_offered = catalog.name() == catalogs::DEFAULT && self.offered().is_some();
        match kind {
            CatalogKind::Rest => Some(catalog.name().into()),
            CatalogKind::Embedded if is_offered => Some(catalogs::UPSTREAM.into()),
            CatalogKind::Embedded => None,
        }
    }

    /// The current catalog and namespace, where Spark has the catalog too.
    async fn current_upstream(&self) -> Result<Option<(String, Vec<String>)>> {
        let (name, namespace) = self.current();
        let catalog = self.catalog(&name).await?;
        let there = catalog.and_then(|catalog| self.name_upstream(catalog.as_ref()));
        Ok(there.map(|name| (name, namespace)))
    }

    /// True when every table of these names lies, or would lie, in a catalog that Spark and this process share.
    pub(crate) async fn are_written_by_all(&self, targets: &[Vec<String>]) -> Result<bool> {
        for target in targets {
            let Ok(located) = self.locate(target).await else { return Ok(false) };
            if self.name_upstream(located.catalog.as_ref()).is_none() {
                return Ok(false);
            }
        }
        Ok(!targets.is_empty())
    }
}

fn key(name: &str, is_global: bool) -> String {
    format!("{} {}", if is_global { "global" } else { "view" }, name.to_lowercase())
}

fn function_key(name: &str) -> String {
    format!("function {}", name.to_lowercase())
}

#[cfg(test)]
mod tests {
    use floe_base::Secret;
    use floe_base::id::{SessionKey, fresh};
    use floe_base::settings::Settings;

    use super::*;
    use crate::Engine;
    use crate::face::Offer;

    fn session(file: &str) -> Arc<Session> {
        let mut settings = Settings::default().with_file("floe.toml", file).expect("settings");
        settings.set("data", ":memory:").expect("a setting");
        let key = SessionKey { user_id: String::new(), session_id: fresh() };
        Engine::open(settings).and_then(|engine| engine.session(&key)).expect("a session")
    }

    #[test]
    fn catalogs_that_spark_reaches_go_along_and_others_stay() {
        let file = "[spark.sql.catalog.lake]\ntype = \"rest\"\nuri = \"http://h\"\n[spark.sql.catalog.mine]\ntype = \"embedded\"\n";
        let conf = session(file).spark_conf();
        assert_eq!(conf["spark.sql.catalog.lake"], "org.apache.iceberg.spark.SparkCatalog");
        assert_eq!(conf["spark.sql.catalog.lake.uri"], "http://h");
        assert_eq!(conf["spark.sql.catalog.lake.cache-enabled"], "false");
        assert!(!conf.keys().any(|key| key.starts_with("spark.sql.catalog.mine") || key.ends_with("defaultCatalog")));
    }

    /// An engine must not end inside a runtime, as it has its own.
    fn now<T>(work: impl Future<Output = Result<T>>) -> T {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(work).expect("no error")
    }

    #[test]
    fn the_embedded_catalog_is_the_usual_one_there_once_it_is_offered() {
        let session = session("[spark]\nremote = \"sc://127.0.0.1:1\"\n[clusters]\nfar = \"sc://far:1\"\n");
        let target = [vec!["t".to_string()]];
        assert_eq!(now(session.current_upstream()), None);
        assert!(!now(session.are_written_by_all(&target)));
        session.engine.offer_embedded(Offer::new("http://127.0.0.1:2", &Secret::new("t"), true));
        let conf = session.spark_conf();
        assert_eq!(
            (conf["spark.sql.catalog.floe.type"].as_str(), conf["spark.sql.defaultCatalog"].as_str()),
            ("rest", "floe")
        );
        assert_eq!(now(session.current_upstream()), Some(("floe".into(), vec!["default".into()])));
        assert!(now(session.are_written_by_all(&target)));
        session.conf.set("floe.spark", "far").expect("a setting");
        assert_eq!(now(session.current_upstream()), None, "another machine finds nothing at this address");
    }
}
