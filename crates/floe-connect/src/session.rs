//! What the wire knows of sessions: running operations, uploads, errors to be fetched, and which sessions are gone.
//!
//! The session itself (conf, views, current schema) is the engine's; this is what a gRPC client needs besides. Which
//! request may create a session, and what each is told when there is none, are Spark's rules as measured on its server.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::time::Duration;

use arrow::array::RecordBatch;
use bytes::Bytes;
use floe_base::id::SessionKey;
use floe_base::{Error, Kind, Result};
use floe_engine::{Engine, Wire};
use floe_proto::connect::UserContext;
use floe_proto::connect::get_status_response::operation_status::OperationState;
use floe_syntax::Message;
use parking_lot::Mutex;

use crate::artifact::Artifacts;
use crate::decode::Scope;
use crate::encode::arrow_out::Outgoing;
use crate::error::Errors;
use crate::operation::{Operation, PlanHash, check_handle, handle_error};
use crate::source;
use crate::stream::Segment;
use crate::tombstone::Tombstones;

/// Closed sessions remembered, as in Spark.
const CLOSED_MAX: usize = 1_000;
/// Released operations a session remembers.
const RELEASED_MAX: usize = 1_000;
/// Operations a session may have at once, finished ones that nobody released included.
const OPERATIONS_MAX: usize = 1_000;

/// All sessions of the server.
#[derive(Debug)]
pub(crate) struct Sessions {
    engine: Arc<Engine>,
    inner: Mutex<Inner>,
    stopping: AtomicBool,
}

#[derive(Debug)]
struct Inner {
    open: HashMap<SessionKey, Arc<Session>>,
    closed: Tombstones<SessionKey, ()>,
}

/// One session as the wire sees it.
#[derive(Debug)]
pub(crate) struct Session {
    pub(crate) engine: Arc<floe_engine::Session>,
    pub(crate) artifacts: Artifacts,
    pub(crate) errors: Errors,
    operations: Mutex<Operations>,
    last_used: AtomicI64,
}

#[derive(Debug)]
struct Operations {
    live: HashMap<String, Arc<Operation>>,
    released: Tombstones<String, OperationState>,
}

/// Whose session a request names.
pub(crate) fn key(session_id: &str, user: Option<&UserContext>) -> SessionKey {
    SessionKey { user_id: user.map(|user| user.user_id.clone()).unwrap_or_default(), session_id: session_id.into() }
}

impl Sessions {
    pub(crate) fn new(engine: Arc<Engine>) -> Self {
        let inner = Inner { open: HashMap::new(), closed: Tombstones::new(CLOSED_MAX) };
        Self { engine, inner: Mutex::new(inner), stopping: AtomicBool::new(false) }
    }

    pub(crate) fn engine(&self) -> &Arc<Engine> {
        &self.engine
    }

    /// The session of a request that may create one. `observed` is the server-side id the client saw last.
    ///
    /// # Errors
    /// `INVALID_HANDLE`: `.FORMAT`, `.SESSION_CLOSED`, and `.SESSION_CHANGED` when the client has seen another.
    pub(crate) fn get_or_create(&self, key: &SessionKey, observed: Option<&str>) -> Result<Arc<Session>> {
        check_handle(&key.session_id)?;
        let mut inner = self.inner.lock();
        if let Some(session) = inner.open.get(key) {
            return session.clone().used(observed);
        }
        if inner.closed.get(key).is_some() {
            return Err(handle_error("SESSION_CLOSED", &key.session_id));
        }
        if observed.is_some_and(|id| !id.is_empty()) {
            return Err(handle_error("SESSION_CHANGED", &key.session_id));
        }
        let session = Arc::new(Session::new(self.engine.session(key)?));
        inner.open.insert(key.clone(), session.clone());
        drop(inner);
        session.used(None)
    }

    /// The session of a request that needs one.
    ///
    /// # Errors
    /// `INVALID_HANDLE`: `.FORMAT`, `.SESSION_CLOSED`, `.SESSION_NOT_FOUND`, `.SESSION_CHANGED`.
    pub(crate) fn existing(&self, key: &SessionKey, observed: Option<&str>) -> Result<Arc<Session>> {
        check_handle(&key.session_id)?;
        let inner = self.inner.lock();
        match inner.open.get(key) {
            Some(session) => session.clone().used(observed),
            None if inner.closed.get(key).is_some() => Err(handle_error("SESSION_CLOSED", &key.session_id)),
            None => Err(handle_error("SESSION_NOT_FOUND", &key.session_id)),
        }
    }

    /// Ends a session. It is remembered as closed unless the client means to come back.
    pub(crate) fn close(&self, key: &SessionKey, allow_reconnect: bool) -> Option<Arc<Session>> {
        let mut inner = self.inner.lock();
        let session = inner.open.remove(key)?;
        if !allow_reconnect {
            inner.closed.insert(key.clone(), ());
        }
        drop(inner);
        session.end();
        self.engine.release(key);
        Some(session)
    }

    /// A copy of a session under another id.
    ///
    /// # Errors
    /// `INVALID_CLONE_SESSION_REQUEST` when that id is no id, or taken, or was.
    pub(crate) fn clone_session(&self, from: &Session, to: &SessionKey) -> Result<Arc<Session>> {
        let refused = |sub: &str| {
            Error::new(Kind::Operation, format!("INVALID_CLONE_SESSION_REQUEST.{sub}"))
                .with("targetSessionId", &to.session_id)
        };
        check_handle(&to.session_id).map_err(|_| refused("TARGET_SESSION_ID_FORMAT"))?;
        let mut inner = self.inner.lock();
        if inner.closed.get(to).is_some() {
            return Err(refused("TARGET_SESSION_ID_ALREADY_CLOSED"));
        }
        if inner.open.contains_key(to) {
            return Err(refused("TARGET_SESSION_ID_ALREADY_EXISTS"));
        }
        let engine = self.engine.clone_session(&from.engine, to);
        let artifacts = from.artifacts.copy(engine.server_side_id());
        let session = Arc::new(Session { artifacts, ..Session::new(engine) });
        inner.open.insert(to.clone(), session.clone());
        drop(inner);
        session.used(None)
    }

    /// From now on no operation is started: the server is about to end.
    pub(crate) fn admit_no_more(&self) {
        self.stopping.store(true, Ordering::Relaxed);
    }

    pub(crate) fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::Relaxed)
    }

    /// True while any operation runs.
    pub(crate) fn are_busy(&self) -> bool {
        self.inner.lock().open.values().any(|session| session.is_busy())
    }

    /// Stops every running operation; whoever is attached is told.
    pub(crate) fn interrupt_all(&self) {
        let open: Vec<_> = self.inner.lock().open.values().cloned().collect();
        let stopped: usize = open.iter().map(|session| session.interrupt(|_| true).len()).sum();
        tracing::info!(operations = stopped, "running operations stopped");
    }

    /// Ends sessions nobody uses, and gives up operations nobody came back for.
    pub(crate) fn sweep(&self, idle: Duration) {
        let idle_micros = i64::try_from(idle.as_micros()).unwrap_or(i64::MAX);
        let now = self.engine.clock().micros();
        let open: Vec<_> = self.inner.lock().open.iter().map(|(key, session)| (key.clone(), session.clone())).collect();
        for (key, session) in open {
            session.give_up_abandoned();
            let is_idle = now - session.last_used.load(Ordering::Relaxed) > idle_micros;
            if is_idle && !session.is_busy() {
                tracing::info!(session_id = key.session_id, "idle session ended");
                self.close(&key, false);
            }
        }
    }
}

/// For a backend that speaks the wire itself.
impl Wire for Session {
    fn files(&self) -> Vec<String> {
        self.artifacts.files()
    }

    fn upload(&self, name: &str) -> Option<Bytes> {
        self.artifacts.read(name)
    }

    fn rows(&self, rows: &RecordBatch) -> Result<Bytes> {
        Outgoing::new(&rows.schema(), &self.engine.conf().time_zone()).stream(rows)
    }

    fn source(&self, message: &Message) -> Result<Option<Message>> {
        source::source(&self.engine, message)
    }

    fn batch(&self, answer: &Bytes) -> Result<Option<RecordBatch>> {
        source::batch(answer)
    }
}

impl Session {
    fn new(engine: Arc<floe_engine::Session>) -> Self {
        Self {
            artifacts: Artifacts::new(engine.server_side_id()),
            engine,
            errors: Errors::default(),
            operations: Mutex::new(Operations { live: HashMap::new(), released: Tombstones::new(RELEASED_MAX) }),
            last_used: AtomicI64::new(0),
        }
    }

    fn used(self: Arc<Self>, observed: Option<&str>) -> Result<Arc<Self>> {
        if observed.is_some_and(|id| !id.is_empty() && id != self.engine.server_side_id()) {
            return Err(handle_error("SESSION_CHANGED", self.id()));
        }
        self.last_used.store(self.engine.engine().clock().micros(), Ordering::Relaxed);
        Ok(self)
    }

    /// What the plans of a request are decoded with.
    pub(crate) fn scope(&self) -> Scope<'_> {
        Scope::new(&self.artifacts).of(&self.engine)
    }

    pub(crate) fn id(&self) -> &str {
        &self.engine.key().session_id
    }

    pub(crate) fn server_side_id(&self) -> String {
        self.engine.server_side_id().into()
    }

    fn is_busy(&self) -> bool {
        self.operations.lock().live.values().any(|operation| operation.is_running())
    }

    /// Admits an operation: a new one, or the one a client sends again because it did not hear of it.
    ///
    /// # Errors
    /// `INVALID_HANDLE`: `.OPERATION_ALREADY_EXISTS` for another plan under a known id, `.OPERATION_ABANDONED` for an
    /// id that was released.
    pub(crate) fn admit(
        &self,
        id: &str,
        tags: Vec<String>,
        reattachable: bool,
        plan: PlanHash,
        segment: Segment,
    ) -> Result<Admitted> {
        let mut operations = self.operations.lock();
        if let Some(known) = operations.live.get(id) {
            if known.is_of(&plan) && known.reattachable {
                return Ok(Admitted::Known(known.clone()));
            }
            return Err(handle_error("OPERATION_ALREADY_EXISTS", id));
        }
        if operations.released.get(&id.to_string()).is_some() {
            return Err(handle_error("OPERATION_ABANDONED", id));
        }
        if operations.live.len() >= OPERATIONS_MAX {
            let text = format!("the session has {OPERATIONS_MAX} operations at once; wait for some of them");
            return Err(Error::message(Kind::Operation, text));
        }
        let operation = Operation::new(id.into(), tags, reattachable, plan, segment);
        operations.live.insert(id.into(), operation.clone());
        Ok(Admitted::New(operation))
    }

    /// A live operation.
    ///
    /// # Errors
    /// `INVALID_HANDLE`: `.OPERATION_ABANDONED` when it was released, `.OPERATION_NOT_FOUND` when it never was.
    pub(crate) fn operation(&self, id: &str) -> Result<Arc<Operation>> {
        let operations = self.operations.lock();
        match operations.live.get(id) {
            Some(operation) => Ok(operation.clone()),
            None if operations.released.get(&id.to_string()).is_some() => Err(handle_error("OPERATION_ABANDONED", id)),
            None => Err(handle_error("OPERATION_NOT_FOUND", id)),
        }
    }

    /// Lets go of an operation; it stops if it still runs. True when it was there.
    pub(crate) fn release(&self, id: &str) -> bool {
        let mut operations = self.operations.lock();
        let Some(operation) = operations.live.remove(id) else { return false };
        let state = if operation.interrupt() { OperationState::Cancelled } else { operation.state() };
        operations.released.insert(id.into(), state);
        true
    }

    /// Stops the running operations that are meant; their ids.
    pub(crate) fn interrupt(&self, meant: impl Fn(&Operation) -> bool) -> Vec<String> {
        let operations = self.operations.lock();
        let found = operations.live.values().filter(|operation| meant(operation) && operation.interrupt());
        found.map(|operation| operation.id.clone()).collect()
    }

    /// The state of an operation, also for a while after its release.
    pub(crate) fn state(&self, id: &str) -> OperationState {
        let operations = self.operations.lock();
        match operations.live.get(id) {
            Some(operation) => operation.state(),
            None => operations.released.get(&id.to_string()).copied().unwrap_or(OperationState::Unknown),
        }
    }

    /// All operations whose state is known.
    pub(crate) fn states(&self) -> Vec<(String, OperationState)> {
        let operations = self.operations.lock();
        let live = operations.live.iter().map(|(id, operation)| (id.clone(), operation.state()));
        let released = operations.released.iter().map(|(id, state)| (id.clone(), *state));
        live.chain(released).collect()
    }

    fn give_up_abandoned(&self) {
        let abandoned: Vec<String> = {
            let operations = self.operations.lock();
            let live = operations.live.values().filter(|operation| operation.is_abandoned());
            live.map(|operation| operation.id.clone()).collect()
        };
        for id in abandoned {
            tracing::info!(session_id = self.id(), operation_id = id, "operation given up: nobody came back for it");
            self.release(&id);
        }
    }

    fn end(&self) {
        self.interrupt(|_| true);
        let ids: Vec<String> = self.operations.lock().live.keys().cloned().collect();
        for id in ids {
            self.release(&id);
        }
    }
}

/// What came of admitting an operation.
pub(crate) enum Admitted {
    New(Arc<Operation>),
    Known(Arc<Operation>),
}
