//! What a session upstream must hold before one of this session's operations runs there.
//!
//! Temp views are made there by the message that made them here. A view or table that only this process can read is sent
//! along as its rows while it is small, and refused by name when it is not. A frame's view means the views it used when
//! it was made: where one of them was replaced since, the old one is made for it first.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Arc, OnceLock};

use arrow::array::RecordBatch;
use arrow::datatypes::{Field, Schema};
use floe_backends::spark::{How, State, Step, Upstream};
use floe_base::id::BackendId;
use floe_base::{Error, Result};
use floe_catalog::view::{Made, ViewBody};
use floe_catalog::{Found, View};
use floe_iceberg::config::CatalogKind;
use floe_plan::{Lookup, Planned};
use floe_syntax::relation::TableName;
use floe_syntax::{Makes, Message, Origin, Relation, RelationKind};
use futures::TryStreamExt;
use parking_lot::RwLock;

use super::{GLOBAL, Running, Session, SessionLookup};
use crate::operation::Sent;
use crate::{elsewhere, query};

/// Rows that are sent along; more is a table's business.
pub(crate) const ROWS_BYTES_MAX: u64 = 64 << 20;
/// Views within views.
const DEPTH_MAX: usize = 100;
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
    session: OnceLock<Arc<Upstream>>,
    /// Functions and data sources, by name in lower case.
    functions: RwLock<BTreeMap<String, Arc<Made>>>,
}

impl Elsewhere {
    pub(super) fn copy_functions(&self, from: &Self) {
        self.functions.write().clone_from(&from.functions.read());
    }

    pub(super) fn end(&self) {
        if let Some(upstream) = self.session.get() {
            upstream.release();
        }
    }
}

impl Session {
    /// The session upstream; nothing is asked of it yet. `None` where no Spark is configured.
    pub(crate) fn upstream(&self) -> Option<&Arc<Upstream>> {
        let spark = self.engine.spark()?;
        Some(self.upstream.session.get_or_init(|| Upstream::new(spark.clone(), &self.key.user_id)))
    }

    /// The details of an error that a backend forwarded: one message of the wire's, for one of its.
    pub async fn error_details(&self, message: &bytes::Bytes) -> Option<bytes::Bytes> {
        self.upstream.session.get()?.error_details(message).await
    }

    /// True when there is something upstream that this session could ask for.
    pub(crate) fn is_live_upstream(&self) -> bool {
        self.upstream.session.get().is_some_and(|upstream| upstream.is_live())
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
        }
        for key in MEANING {
            if let Some(value) = self.conf.raw(key) {
                conf.insert(key.into(), value);
            }
        }
        conf
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
        if let Some(upstream) = self.upstream.session.get() {
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
        let message = &sent.message;
        if let Some(handle) = message.handles.iter().find(|handle| self.kept(handle).is_some()) {
            return Err(Error::unsupported(format!(
                "a frame kept by localCheckpoint ({handle}) in an operation that Spark must run"
            )));
        }
        let mut needs = Needs::new(self, sent, running)?;
        for made in self.upstream.functions.read().iter() {
            needs.step(function_key(made.0), made.1.version, How::Message(made.1.clone()), None);
        }
        needs.all(message).await?;
        needs.variables()?;
        let mut present = std::mem::take(&mut needs.sent);
        present.extend(self.views.read().keys().map(|name| key(name, false)));
        present.extend(self.engine.global_views().read().keys().map(|name| key(name, true)));
        present.extend(self.upstream.functions.read().keys().map(|name| function_key(name)));
        Ok(State {
            conf: self.spark_conf(),
            present,
            // What was replaced for the sake of an older view is put back.
            steps: needs
                .steps
                .iter()
                .chain(needs.steps.iter().filter(|step| step.only_for.is_none()))
                .cloned()
                .collect(),
            current: self.current_upstream().await?,
            cached: needs.cached.into_iter().collect(),
            wire: sent.wire.clone(),
        })
    }

    /// The current catalog and namespace, where Spark has the catalog too.
    async fn current_upstream(&self) -> Result<Option<(String, Vec<String>)>> {
        let (name, namespace) = self.current();
        let catalog = self.catalog(&name).await?;
        let is_rest = catalog
            .and_then(|catalog| catalog.iceberg().map(|iceberg| iceberg.config().kind == CatalogKind::Rest))
            .unwrap_or(false);
        Ok(is_rest.then_some((name, namespace)))
    }

    /// True when every table of these names lies, or would lie, in a catalog that Spark and this process share.
    pub(crate) async fn are_written_by_all(&self, targets: &[Vec<String>]) -> Result<bool> {
        for target in targets {
            let Ok(located) = self.locate(target).await else { return Ok(false) };
            let kind = located.catalog.iceberg().map(|iceberg| iceberg.config().kind);
            if kind != Some(CatalogKind::Rest) {
                return Ok(false);
            }
        }
        Ok(!targets.is_empty())
    }
}

/// What one operation needs, while it is found out.
struct Needs<'a> {
    session: &'a Arc<Session>,
    sent: BTreeSet<String>,
    wire: &'a Sent,
    running: Option<&'a Running>,
    lookup: SessionLookup,
    steps: Vec<Step>,
    cached: BTreeSet<String>,
    depth: usize,
}

impl<'a> Needs<'a> {
    fn new(session: &'a Arc<Session>, wire: &'a Sent, running: Option<&'a Running>) -> Result<Self> {
        let cached = wire.message.uploads.iter().cloned().collect();
        let lookup = SessionLookup::new(session.clone())?;
        Ok(Self { session, sent: BTreeSet::new(), wire, running, lookup, steps: Vec::new(), cached, depth: 0 })
    }

    fn step(&mut self, key: String, version: u64, how: How, only_for: Option<(String, u64)>) {
        if let How::Message(made) = &how {
            self.cached.extend(made.message.uploads.iter().cloned());
        }
        self.steps.push(Step { key, version, how, only_for });
    }

    async fn all(&mut self, message: &Message) -> Result<()> {
        for target in &message.targets {
            self.target(target).await?;
        }
        if let Some(names) = &message.names {
            for name in names.iter().filter(|name| !message.targets.contains(name)) {
                self.name(name, message.is_query).await?;
            }
            return Ok(());
        }
        // A text nobody here can read may name any of them; what cannot go there is missed only if it does.
        let names: Vec<String> = self.session.views.read().keys().cloned().collect();
        for name in names {
            let name = vec![name];
            if let Err(error) = self.name(&name, true).await {
                tracing::debug!(%error, view = name.join("."), "a temp view was not made upstream");
            }
        }
        Ok(())
    }

    /// The session's variables; one whose value is the same as before is not made again.
    fn variables(&mut self) -> Result<()> {
        for (name, value) in self.session.variables().iter() {
            let field = Field::new("value", value.data_type(), true);
            let data_type = floe_syntax::Field::from_arrow(&field).data_type.sql();
            let schema = Arc::new(Schema::new(vec![field]));
            let rows = self.wire.wire.rows(&RecordBatch::try_new(schema, vec![value.to_array()?])?)?;
            let mut hasher = DefaultHasher::new();
            (value, &data_type).hash(&mut hasher);
            let key = format!("variable {name}");
            self.sent.insert(key.clone());
            self.step(key, hasher.finish(), How::Variable { name: name.clone(), data_type, rows }, None);
        }
        Ok(())
    }

    /// A table that is written must be one that Spark writes where this process reads it.
    async fn target(&mut self, name: &[String]) -> Result<()> {
        match self.found(name).await? {
            Some(Found::Table(table)) if !table.reachable.contains(&BackendId::Spark) => Err(out_of_reach(name)),
            _ => Ok(()),
        }
    }

    /// A name the operation reads.
    async fn name(&mut self, name: &[String], may_be_sent: bool) -> Result<()> {
        if let Some((view, is_global)) = self.session.temporary(name) {
            let last = name.last().cloned().unwrap_or_default();
            return self.view(&last, &view, is_global, None).await;
        }
        let is_path = matches!(name, [format, _] if floe_catalog::files::is_format(format));
        if is_path {
            return Ok(());
        }
        let is_ours = match self.found(name).await? {
            Some(Found::Table(table)) => !table.reachable.contains(&BackendId::Spark),
            Some(Found::View(view)) => !self.is_in_rest_catalog(&view).await?,
            None => false,
        };
        match name {
            _ if !is_ours => Ok(()),
            [single] if may_be_sent => {
                let planned = self.lowered(name).await?;
                self.rows(single, false, &planned).await
            }
            _ => Err(out_of_reach(name)),
        }
    }

    /// A table or stored view of this name; what is not found here may be Spark's.
    async fn found(&self, name: &[String]) -> Result<Option<Found>> {
        match self.lookup.find(name, None, &[], None).await {
            Err(error) if error.condition().is_empty() => Err(error),
            Err(_) => Ok(None),
            found => found,
        }
    }

    async fn is_in_rest_catalog(&self, view: &View) -> Result<bool> {
        let catalog = self.session.catalog(&view.name.catalog).await?;
        Ok(catalog
            .is_some_and(|catalog| catalog.iceberg().is_some_and(|iceberg| iceberg.config().kind == CatalogKind::Rest)))
    }

    /// A temp view, with what it needs itself.
    async fn view(
        &mut self,
        name: &str,
        view: &Arc<View>,
        is_global: bool,
        only_for: Option<(String, u64)>,
    ) -> Result<()> {
        if self.depth >= DEPTH_MAX {
            return Err(Error::unsupported("temp views nested so deep in an operation that Spark must run"));
        }
        self.depth += 1;
        let done = Box::pin(self.view_here(name, view, is_global, only_for)).await;
        self.depth -= 1;
        done
    }

    async fn view_here(
        &mut self,
        name: &str,
        view: &Arc<View>,
        is_global: bool,
        only_for: Option<(String, u64)>,
    ) -> Result<()> {
        let is_current = only_for.is_none();
        let spelled = if is_global { vec![GLOBAL.to_string(), name.to_string()] } else { vec![name.to_string()] };
        let planned = if is_current { self.lowered(&spelled).await.ok() } else { None };
        let is_ours = planned.as_ref().is_some_and(|planned| self.is_out_of_reach(planned));
        let made = match (&view.made, planned) {
            (Some(made), planned) if !is_ours || planned.is_none() => made.clone(),
            (_, Some(planned)) => return self.rows(name, is_global, &planned).await,
            (_, None) => return Err(out_of_reach(&spelled)),
        };
        let key = key(name, is_global);
        for needed in made.message.names.iter().flatten() {
            let kept = match &view.body {
                ViewBody::Frame { views, .. } => views.get(&needed.join(".").to_lowercase()).cloned(),
                _ => None,
            };
            let current = self.session.temporary(needed);
            let is_replaced = match (&kept, &current) {
                (Some(kept), Some((current, _))) => !Arc::ptr_eq(kept, current),
                (Some(_), None) => true,
                _ => false,
            };
            match kept {
                Some(kept) if is_replaced => {
                    let last = needed.last().cloned().unwrap_or_default();
                    self.view(&last, &kept, needed.len() > 1, Some((key.clone(), made.version))).await?;
                }
                _ => self.name(needed, true).await?,
            }
        }
        self.step(key, made.version, How::Message(made), only_for);
        Ok(())
    }

    async fn lowered(&self, name: &[String]) -> Result<Planned> {
        let table = TableName { parts: name.to_vec(), ..TableName::default() };
        query::lower(self.session, Relation::new(RelationKind::Table(table), Origin::Unknown)).await
    }

    /// True when it reads something that only this process can.
    fn is_out_of_reach(&self, planned: &Planned) -> bool {
        planned.tables.iter().any(|table| !elsewhere::is_readable(self.session, &table.facts))
    }

    /// Rows sent along as a temp view, made anew for each operation: what is behind them may have changed.
    async fn rows(&mut self, name: &str, is_global: bool, planned: &Planned) -> Result<()> {
        let schema = planned.schema();
        let stream = query::run_here(self.session, planned).await?;
        let mut bytes = 0;
        let batches = stream.try_fold(Vec::new(), |mut all, batch| {
            bytes += batch.get_array_memory_size() as u64;
            let taken = if bytes > ROWS_BYTES_MAX {
                Err(too_large(name))
            } else {
                all.push(batch);
                Ok(all)
            };
            std::future::ready(taken)
        });
        let batches = match self.running {
            Some(running) => running.operation.unless_interrupted(batches).await?,
            None => batches.await?,
        };
        let rows = arrow::compute::concat_batches(&schema, &batches)?;
        let rows = self.wire.wire.rows(&rows)?;
        let key = key(name, is_global);
        self.sent.insert(key.clone());
        self.step(key, Made::next_version(), How::Rows { name: name.into(), is_global, rows }, None);
        Ok(())
    }
}

fn key(name: &str, is_global: bool) -> String {
    format!("{} {}", if is_global { "global" } else { "view" }, name.to_lowercase())
}

fn function_key(name: &str) -> String {
    format!("function {}", name.to_lowercase())
}

fn out_of_reach(name: &[String]) -> Error {
    let shown = floe_base::error::quoted(name);
    let text = format!(
        "{shown} lives in a catalog of this process, which Spark cannot reach, and this operation needs Spark. Keep it in a \
         REST catalog, or give Spark its rows by a temp view"
    );
    Error::message(floe_base::Kind::Unsupported, text)
}

fn too_large(name: &str) -> Error {
    let text = format!(
        "`{name}` is read by an operation that needs Spark, lives where Spark cannot reach it, and has more than {} to be \
         sent along. Keep it in a REST catalog",
        floe_route::decide::human(ROWS_BYTES_MAX)
    );
    Error::message(floe_base::Kind::Unsupported, text)
}
