//! What one client sees: its settings, temp views, current schema, kept frames, running operations.

pub mod conf;
mod files;
mod frames;
mod functions;
mod lookup;
mod text;
mod upstream;
mod views;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};

use dashmap::DashMap;
use datafusion::scalar::ScalarValue;
use floe_base::id::{SessionKey, fresh};
use floe_base::{Error, Kind, Result, machine};
use floe_catalog::{Catalog, Table, View};
use floe_functions::Context;
use floe_plan::Variables;
use parking_lot::RwLock;

use crate::kept::Kept;
use crate::operation::Operation;
use crate::operation::Sent;
use crate::system::catalog as system;
use crate::{Answer, Engine, Execution, Request, catalogs, elsewhere, query};
use conf::Conf;

pub use frames::StorageLevel;
pub(crate) use functions::{already_exists, kept as kept_function};
pub(crate) use lookup::{Located, SessionLookup, in_memory};
pub(crate) use upstream::{Folders, ROWS_BYTES_MAX, sweep_staging};
pub(crate) use views::GLOBAL;

/// A session. Cheap to hold; everything that changes is inside.
#[derive(Debug)]
pub struct Session {
    engine: Arc<Engine>,
    key: SessionKey,
    /// Ours: another one after a restart, so that a client notices.
    server_side_id: String,
    conf: Conf,
    /// The current catalog and namespace, once a statement has set them; until then `spark.sql.defaultCatalog` says.
    current: RwLock<Option<(String, Vec<String>)>>,
    /// Temp views by name in lower case.
    views: RwLock<BTreeMap<String, Arc<View>>>,
    functions: RwLock<functions::Functions>,
    /// Variables by name in lower case.
    variables: RwLock<Variables>,
    defaults: RwLock<BTreeMap<String, floe_syntax::Expression>>,
    /// Frames kept by `persist`.
    frames: frames::Frames,
    /// Tables under a relation id: frames of `localCheckpoint` with the rows they hold, and what a statement reads once.
    kept: RwLock<BTreeMap<String, (Table, Option<Kept>)>>,
    upstream: upstream::Elsewhere,
    /// The route that stands in the address its client connected to.
    address_route: RwLock<Option<String>>,
    operations: DashMap<String, Operation>,
    last_used: AtomicI64,
    ended: AtomicBool,
}

impl Session {
    pub(crate) fn new(engine: Arc<Engine>, key: SessionKey) -> Arc<Self> {
        let mut base = engine.settings().spark.clone();
        base.entry("spark.sql.defaultCatalog".into()).or_insert_with(|| catalogs::DEFAULT.into());
        base.insert("spark.sql.warehouse.dir".into(), engine.catalogs().warehouse());
        Self::of(engine, key, Conf::new(base), RwLock::default(), BTreeMap::new())
    }

    pub(crate) fn copy_of(from: &Session, key: SessionKey) -> Arc<Self> {
        let current = RwLock::new(from.current.read().clone());
        let copy = Self::of(from.engine.clone(), key, from.conf.copy(), current, from.views.read().clone());
        copy.functions.write().clone_from(&from.functions.read());
        copy.upstream.copy_functions(&from.upstream);
        copy
    }

    fn of(
        engine: Arc<Engine>,
        key: SessionKey,
        conf: Conf,
        current: RwLock<Option<(String, Vec<String>)>>,
        views: BTreeMap<String, Arc<View>>,
    ) -> Arc<Self> {
        let now = engine.clock().micros();
        Arc::new(Self {
            engine,
            key,
            server_side_id: fresh(),
            conf,
            current,
            views: RwLock::new(views),
            functions: RwLock::default(),
            variables: RwLock::default(),
            defaults: RwLock::default(),
            frames: frames::Frames::default(),
            kept: RwLock::default(),
            upstream: upstream::Elsewhere::default(),
            address_route: RwLock::default(),
            operations: DashMap::new(),
            last_used: AtomicI64::new(now),
            ended: AtomicBool::new(false),
        })
    }

    pub fn key(&self) -> &SessionKey {
        &self.key
    }

    /// The id clients watch to notice that the server forgot them.
    pub fn server_side_id(&self) -> &str {
        &self.server_side_id
    }

    pub fn engine(&self) -> &Arc<Engine> {
        &self.engine
    }

    pub fn conf(&self) -> &Conf {
        &self.conf
    }

    /// Notes the route that came with a request: clients send what stands in their address with each of them.
    pub fn set_address_route(&self, route: Option<String>) {
        if *self.address_route.read() != route {
            *self.address_route.write() = route;
        }
    }

    pub(crate) fn address_route(&self) -> Option<String> {
        self.address_route.read().clone()
    }

    /// Marks the session as used now; every request does.
    pub fn touch(&self) {
        self.last_used.store(self.engine.clock().micros(), Ordering::Relaxed);
    }

    pub(crate) fn last_used(&self) -> i64 {
        self.last_used.load(Ordering::Relaxed)
    }

    pub(crate) fn is_busy(&self) -> bool {
        !self.operations.is_empty()
    }

    /// Runs a statement. A query's rows come as they are computed; a command has done its work on return.
    pub async fn run(self: &Arc<Self>, request: Request) -> Result<Execution> {
        self.answer(request).await?.rows()
    }

    /// Runs what a client sent; it may be forwarded whole.
    pub async fn answer(self: &Arc<Self>, request: Request) -> Result<Answer> {
        if self.ended.load(Ordering::Acquire) {
            let error = Error::new(Kind::Operation, "INVALID_HANDLE.SESSION_CLOSED");
            return Err(error.with("handle", &self.key.session_id));
        }
        self.touch();
        query::run(self.clone(), request).await
    }

    /// The schema a relation would have, without running it.
    pub async fn schema(self: &Arc<Self>, relation: floe_syntax::Relation) -> Result<arrow::datatypes::SchemaRef> {
        query::schema(self.clone(), relation).await
    }

    /// The answer to an analysis that could not be made here, `why`, from a backend that takes the client's message: one
    /// message of the wire's. Without such a backend, `why` is the error.
    pub async fn analyze_elsewhere(self: &Arc<Self>, sent: Sent, why: Error) -> Result<bytes::Bytes> {
        elsewhere::analyze(self.clone(), sent, why).await
    }

    /// True where this session's operations are for a real Spark unless they say otherwise.
    pub fn is_for_spark(&self) -> bool {
        elsewhere::is_asked_for(self)
    }

    /// What the Spark says of a plan: one message of the wire's.
    pub async fn analyze_there(self: &Arc<Self>, sent: Sent) -> Result<bytes::Bytes> {
        elsewhere::analyze_there(self.clone(), sent).await
    }

    /// The files a relation would read by path; tables of catalogs have none.
    pub async fn input_files(self: &Arc<Self>, relation: floe_syntax::Relation) -> Result<Vec<String>> {
        query::input_files(self.clone(), relation).await
    }

    /// Whether two relations give the same rows, whatever their columns are called.
    pub async fn same_semantics(
        self: &Arc<Self>,
        left: floe_syntax::Relation,
        right: floe_syntax::Relation,
    ) -> Result<bool> {
        query::same_semantics(self, left, right).await
    }

    /// A number that is the same for relations of the same semantics.
    pub async fn semantic_hash(self: &Arc<Self>, relation: floe_syntax::Relation) -> Result<i32> {
        Ok(floe_plan::semantic_hash(&query::lower(self, relation).await?.plan))
    }

    /// EXPLAIN's text.
    pub async fn explain(
        self: &Arc<Self>,
        relation: floe_syntax::Relation,
        mode: floe_syntax::command::ExplainMode,
    ) -> Result<String> {
        query::explain(self.clone(), relation, mode).await
    }

    /// Interrupts every running operation; their ids.
    pub fn interrupt_all(&self) -> Vec<String> {
        self.interrupt(|_| true)
    }

    /// Interrupts the operations with a tag; their ids.
    pub fn interrupt_tag(&self, tag: &str) -> Vec<String> {
        self.interrupt(|operation| operation.tags.iter().any(|known| known == tag))
    }

    /// Interrupts one operation; its id, if it was running.
    pub fn interrupt_operation(&self, id: &str) -> Vec<String> {
        self.interrupt(|operation| operation.id == id)
    }

    fn interrupt(&self, meant: impl Fn(&Operation) -> bool) -> Vec<String> {
        let found: Vec<Operation> =
            self.operations.iter().filter(|entry| meant(entry.value())).map(|entry| entry.value().clone()).collect();
        found
            .into_iter()
            .map(|operation| {
                operation.interrupt();
                operation.id
            })
            .collect()
    }

    /// Registers an operation for as long as the guard lives.
    pub(crate) fn begin(self: &Arc<Self>, operation: Operation) -> Running {
        self.operations.insert(operation.id.clone(), operation.clone());
        Running { session: self.clone(), operation }
    }

    pub(crate) fn end(&self) {
        self.ended.store(true, Ordering::Release);
        self.interrupt_all();
        self.views.write().clear();
        self.upstream.end();
        self.kept.write().clear();
        self.frames.clear();
    }

    // The current catalog and schema.

    pub fn current(&self) -> (String, Vec<String>) {
        if let Some(current) = self.current.read().clone() {
            return current;
        }
        let conf = self.conf.snapshot();
        let catalog = conf.get("spark.sql.defaultCatalog").map_or(catalogs::DEFAULT, String::as_str);
        (catalog.to_string(), catalogs::default_namespace(catalog, &conf))
    }

    /// A table's name with the catalog and schema it has when it names none: for people and for rules, without looking
    /// whether it is there.
    pub(crate) fn full_name(&self, name: &[String]) -> String {
        let (catalog, namespace) = self.current();
        let mut parts = match name.len() {
            0 | 1 => [vec![catalog], namespace].concat(),
            2 => vec![catalog],
            _ => Vec::new(),
        };
        parts.extend_from_slice(name);
        parts.join(".")
    }

    pub(crate) fn set_current(&self, catalog: String, namespace: Vec<String>) {
        *self.current.write() = Some((catalog, namespace));
    }

    /// The catalog of a name, as this session's settings and the server's define it.
    pub(crate) async fn catalog(&self, name: &str) -> Result<Option<Arc<dyn Catalog>>> {
        let defined = self.engine.catalogs().get(name, &self.conf.snapshot()).await?;
        if defined.is_none() && name.eq_ignore_ascii_case(system::NAME) {
            return Ok(Some(Arc::new(system::SystemCatalog::new(self.engine.routes().clone()))));
        }
        Ok(defined)
    }

    /// The names of all catalogs the session can name, sorted.
    pub(crate) fn catalog_names(&self) -> Vec<String> {
        self.engine.catalogs().names(&self.conf.snapshot())
    }

    // Variables.

    pub(crate) fn variables(&self) -> Variables {
        self.variables.read().clone()
    }

    /// A variable with its value and the expression its DEFAULT is.
    pub(crate) fn declare_variable(&self, name: String, value: ScalarValue, default: floe_syntax::Expression) {
        self.defaults.write().insert(name.clone(), default);
        self.set_variable(name, value);
    }

    pub(crate) fn variable_default(&self, name: &str) -> Option<floe_syntax::Expression> {
        self.defaults.read().get(name).cloned()
    }

    pub(crate) fn set_variable(&self, name: String, value: ScalarValue) {
        Arc::make_mut(&mut self.variables.write()).insert(name, value);
    }

    /// True where there was one.
    pub(crate) fn drop_variable(&self, name: &str) -> bool {
        Arc::make_mut(&mut self.variables.write()).remove(name).is_some()
    }

    // Kept frames.

    pub(crate) fn frames(&self) -> &frames::Frames {
        &self.frames
    }

    pub(crate) fn keep(&self, table: Table, rows: Option<Kept>) -> String {
        let id = fresh();
        self.kept.write().insert(id.clone(), (table, rows));
        id
    }

    pub(crate) fn kept(&self, relation_id: &str) -> Option<Table> {
        self.kept.read().get(relation_id).map(|(table, _)| table.clone())
    }

    pub(crate) fn forget(&self, relation_id: &str) {
        self.kept.write().remove(relation_id);
    }

    /// The values of some rows as text, column by column: what `show` prints of them.
    pub fn shown(&self, rows: &arrow::array::RecordBatch) -> Result<Vec<arrow::array::StringArray>> {
        let (schema, context) = (rows.schema(), self.context()?);
        let columns = rows.columns().iter().zip(schema.fields());
        columns.map(|(column, field)| floe_functions::cast::show::show(column, field, &context)).collect()
    }

    /// Who asks, as the client says; the user of this process where it does not. Spark 4.1 names its own process's user
    /// whatever the client says, which tells the users of a shared server nothing.
    fn user(&self) -> &str {
        if self.key.user_id.is_empty() { machine::user() } else { &self.key.user_id }
    }

    /// What functions may know of the session, at this moment.
    pub(crate) fn context(&self) -> Result<Context> {
        let zone = self.conf.time_zone();
        let (current_catalog, namespace) = self.current();
        Ok(Context {
            ansi: self.conf.is_true("spark.sql.ansi.enabled"),
            time_zone: conf::parse_zone(&zone)?,
            time_zone_name: zone.into(),
            now: self.engine.clock().micros(),
            current_catalog,
            current_database: namespace.join("."),
            current_user: self.user().into(),
            conf: Arc::new(self.conf.snapshot().into_iter().collect()),
            parse_schema,
        })
    }
}

/// A schema in a function's argument: as JSON, which clients send for a typed schema, or as DDL.
fn parse_schema(text: &str) -> Result<floe_syntax::DataType> {
    let is_json = text.trim_start().starts_with(['{', '"']);
    if is_json { floe_sql::parse_json_type(text) } else { floe_sql::parse_schema(text) }
}

/// An operation while it runs; it leaves the session's list when dropped.
#[derive(Debug)]
pub(crate) struct Running {
    session: Arc<Session>,
    pub(crate) operation: Operation,
}

impl Drop for Running {
    fn drop(&mut self) {
        self.session.operations.remove(&self.operation.id);
        self.session.touch();
    }
}
