//! One session upstream, for one session here: made when it is first needed, made again when it is lost.
//!
//! Its id is our own and fresh each time, for a Spark remembers the ids of sessions that ended and refuses them. The
//! server's id is learnt from its first answer and sent along afterwards, so that a restarted Spark refuses instead of
//! running an operation without the state it needs.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use bytes::Bytes;
use floe_base::id::fresh;
use floe_base::{Error, Kind, Result};
use floe_proto::connect as proto;
use floe_proto::connect::command::CommandType;
use floe_proto::connect::config_request as config;
use floe_proto::connect::plan::OpType;
use floe_proto::connect::relation::RelType;
use floe_proto::wire;
use parking_lot::Mutex as Lock;
use prost::Message as _;
use tokio::runtime::Handle;
use tokio::sync::Mutex;
use tonic::Status;

use super::client::Client;
use super::refusal::{self, is_cut_off, is_without_session};
use super::state::{How, State, Step};
use super::{Spark, follow, frames};

/// Pieces a large upload travels in.
const CHUNK_BYTES: usize = 1 << 20;

/// A session upstream.
#[derive(Debug)]
pub struct Upstream {
    spark: Arc<Spark>,
    user_id: String,
    /// What it holds; locked while it is brought up to date, so that operations find it whole.
    held: Mutex<Held>,
    /// The ids in use, for those who only ask.
    ids: Lock<Option<Ids>>,
}

/// The ids of one session upstream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Ids {
    pub(super) session: String,
    /// The server's own; empty until it has answered.
    pub(super) server: String,
}

/// What a session upstream holds already.
#[derive(Debug, Default)]
struct Held {
    ids: Option<Ids>,
    conf: BTreeMap<String, String>,
    made: BTreeMap<String, u64>,
    uploads: BTreeSet<String>,
    current: Option<(String, Vec<String>)>,
}

impl Upstream {
    /// Nothing is asked of the Spark yet.
    pub fn new(spark: Arc<Spark>, user_id: &str) -> Arc<Self> {
        let user_id = spark.user_id().unwrap_or(user_id).to_string();
        Arc::new(Self { spark, user_id, held: Mutex::default(), ids: Lock::default() })
    }

    /// True when there is a session upstream, so that asking it costs a call and nothing more.
    pub fn is_live(&self) -> bool {
        self.ids.lock().is_some()
    }

    /// Notes that an operation has made something there.
    pub async fn holds(&self, key: String, version: u64) {
        self.held.lock().await.made.insert(key, version);
    }

    /// The Spark it is a session of.
    pub fn spark(&self) -> &Arc<Spark> {
        &self.spark
    }

    /// Asks for an analysis: one message answers the client's.
    ///
    /// # Errors
    /// What the Spark refuses, whole; or that it cannot be reached.
    pub async fn analyze(&self, message: &Bytes, state: &State) -> Result<Bytes> {
        let _busy = self.spark.busy();
        for is_last in [false, true] {
            let (client, ids) = self.bring(state).await?;
            let asked = self.addressed(&frames::named(message, "AnalyzePlanRequest", state)?, &ids, 17, &[]);
            match client.unary("AnalyzePlan", asked).await {
                Ok(answer) => return Ok(answer),
                Err(status) if is_without_session(&status) && !is_last => self.forget(&ids).await,
                Err(status) => return Err(self.error(&status)),
            }
        }
        Err(Error::internal("a session upstream ended twice"))
    }

    /// The details of an error the Spark told of; `None` when it does not know the error, or is not there.
    pub async fn error_details(&self, message: &Bytes) -> Option<Bytes> {
        let ids = self.ids.lock().clone()?;
        let client = self.spark.connected().await?;
        client.unary("FetchErrorDetails", self.addressed(message, &ids, 5, &[])).await.ok()
    }

    /// Ends the session upstream, where there is one; nobody waits for it.
    pub fn release(self: &Arc<Self>) {
        let Some(ids) = self.ids.lock().take() else { return };
        let upstream = self.clone();
        let Ok(runtime) = Handle::try_current() else { return };
        runtime.spawn(async move {
            let Some(client) = upstream.spark.connected().await else { return };
            let request = proto::ReleaseSessionRequest {
                session_id: ids.session,
                user_context: upstream.user(),
                ..Default::default()
            };
            if let Err(status) = client.ask::<proto::ReleaseSessionResponse>("ReleaseSession", &request).await {
                tracing::debug!(%status, "the session upstream was not released");
            }
        });
    }

    /// Makes the session hold what it must, itself included.
    ///
    /// # Errors
    /// What the Spark refuses of it; or that it cannot be reached.
    pub(super) async fn bring(&self, state: &State) -> Result<(Client, Ids)> {
        let client = self.spark.client().await?;
        let lacks_iceberg = self.spark.lacks_iceberg().await?;
        if let (Some(name), Some(why)) = (&state.iceberg, &lacks_iceberg) {
            return Err(Error::message(Kind::Unsupported, format!("{name} is an Iceberg table, and {why}")));
        }
        let mut held = self.held.lock().await;
        for is_last in [false, true] {
            let ids = held.ids.get_or_insert_with(|| Ids { session: fresh(), server: String::new() }).clone();
            let session = Session { upstream: self, client: &client, held: &mut held };
            let brought = session.bring(state, lacks_iceberg.is_some()).await;
            match brought {
                Ok(()) => {
                    let ids = held.ids.clone().unwrap_or(ids);
                    *self.ids.lock() = Some(ids.clone());
                    self.spark.is_well();
                    return Ok((client, ids));
                }
                // What a session holds can be made twice: a step that its end has cut off does no harm.
                Err(status) if (is_without_session(&status) || is_cut_off(&status)) && !is_last => {
                    tracing::warn!(spark = self.spark.place(), "the session upstream is gone; it is made again");
                    *held = Held::default();
                }
                Err(status) => return Err(self.error(&status)),
            }
        }
        Err(Error::internal("a session upstream ended twice"))
    }

    /// Notes that the session is not there any more, unless that is known already.
    pub(super) async fn forget(&self, ids: &Ids) {
        let mut held = self.held.lock().await;
        if held.ids.as_ref() == Some(ids) {
            tracing::warn!(spark = self.spark.place(), "the session upstream is gone; it is made again");
            *held = Held::default();
            *self.ids.lock() = None;
        }
    }

    /// A client's message as this session's: the session, what it saw of the server, and whose it is are appended.
    pub(super) fn addressed(&self, message: &Bytes, ids: &Ids, observed: u32, more: &[(u32, &str)]) -> Bytes {
        let mut fields = vec![(1, ids.session.as_str()), (observed, ids.server.as_str())];
        fields.extend_from_slice(more);
        wire::with_nested_text(&wire::with_texts(message, &fields), 2, 1, &self.user_id)
    }

    pub(super) fn user(&self) -> Option<proto::UserContext> {
        Some(proto::UserContext { user_id: self.user_id.clone(), ..Default::default() })
    }

    pub(super) fn error(&self, status: &Status) -> Error {
        self.spark.failed(status);
        refusal::error(status, self.spark.place())
    }
}

/// A session while it is brought up to date.
struct Session<'a> {
    upstream: &'a Upstream,
    client: &'a Client,
    held: &'a mut Held,
}

impl Session<'_> {
    async fn bring(mut self, state: &State, lacks_iceberg: bool) -> Result<(), Status> {
        let is_new = self.held.ids.as_ref().is_none_or(|ids| ids.server.is_empty());
        if is_new {
            self.conf(&state.conf).await?;
        }
        self.drop_absent(state).await?;
        self.files(state).await?;
        for step in &state.steps {
            self.make(step).await?;
        }
        self.conf(&state.conf).await?;
        // Without Iceberg there is no such catalog there; an operation that needs it does not come so far.
        if lacks_iceberg { Ok(()) } else { self.current(state).await }
    }

    /// Sets what differs. What the Spark refuses (keys of a running server) is a warning there, and none here.
    async fn conf(&mut self, wanted: &BTreeMap<String, String>) -> Result<(), Status> {
        let differs = |(key, value): &(&String, &String)| self.held.conf.get(*key) != Some(*value);
        let pair = |(key, value): (&String, &String)| proto::KeyValue { key: key.clone(), value: Some(value.clone()) };
        let pairs: Vec<proto::KeyValue> = wanted.iter().filter(differs).map(pair).collect();
        let keys: Vec<String> = self.held.conf.keys().filter(|key| !wanted.contains_key(*key)).cloned().collect();
        let is_new = self.held.ids.as_ref().is_none_or(|ids| ids.server.is_empty());
        if !pairs.is_empty() || is_new {
            self.configure(config::operation::OpType::Set(config::Set { pairs, silent: Some(true) })).await?;
        }
        if !keys.is_empty() {
            self.configure(config::operation::OpType::Unset(config::Unset { keys })).await?;
        }
        self.held.conf.clone_from(wanted);
        Ok(())
    }

    async fn configure(&mut self, operation: config::operation::OpType) -> Result<(), Status> {
        let request = proto::ConfigRequest {
            session_id: self.session_id(),
            client_observed_server_side_session_id: self.observed(),
            user_context: self.upstream.user(),
            operation: Some(proto::config_request::Operation { op_type: Some(operation) }),
            ..Default::default()
        };
        let answer: proto::ConfigResponse = self.client.ask("Config", &request).await?;
        if let Some(ids) = &mut self.held.ids {
            ids.server = answer.server_side_session_id;
        }
        Ok(())
    }

    /// What this session does not have any more would answer queries that should fail.
    async fn drop_absent(&mut self, state: &State) -> Result<(), Status> {
        let gone: Vec<String> = self.held.made.keys().filter(|key| !state.present.contains(*key)).cloned().collect();
        for key in gone {
            self.drop(&key).await?;
        }
        Ok(())
    }

    async fn drop(&mut self, key: &str) -> Result<(), Status> {
        let call = match key.split_once(' ') {
            Some(("view", name)) => {
                proto::catalog::CatType::DropTempView(proto::DropTempView { view_name: name.into() })
            }
            Some(("global", name)) => {
                proto::catalog::CatType::DropGlobalTempView(proto::DropGlobalTempView { view_name: name.into() })
            }
            Some((kind, name)) => {
                let statement = format!("DROP TEMPORARY {} IF EXISTS {}", kind.to_uppercase(), quoted(name));
                self.sql(&statement).await?;
                self.held.made.remove(key);
                return Ok(());
            }
            None => return Ok(()),
        };
        self.catalog(call).await?;
        self.held.made.remove(key);
        Ok(())
    }

    async fn files(&mut self, state: &State) -> Result<(), Status> {
        let cached = state.cached.iter().map(|hash| format!("cache/{hash}"));
        let wanted: Vec<String> =
            state.wire.files().into_iter().chain(cached).filter(|name| !self.held.uploads.contains(name)).collect();
        for name in wanted {
            let Some(content) = state.wire.upload(&name) else { continue };
            let messages = self.pieces(&name, &content);
            self.client.upload("AddArtifacts", messages).await?;
            self.held.uploads.insert(name);
        }
        Ok(())
    }

    fn pieces(&self, name: &str, content: &Bytes) -> Vec<Bytes> {
        use proto::add_artifacts_request::{ArtifactChunk, BeginChunkedArtifact, Payload};
        let of = |data: Bytes| ArtifactChunk { crc: crc32fast::hash(&data).into(), data };
        let mut pieces: Vec<ArtifactChunk> = (0..content.len().div_ceil(CHUNK_BYTES))
            .map(|at| of(content.slice(at * CHUNK_BYTES..content.len().min((at + 1) * CHUNK_BYTES))))
            .collect();
        let first = if pieces.is_empty() { of(Bytes::new()) } else { pieces.remove(0) };
        let begin = BeginChunkedArtifact {
            name: name.into(),
            total_bytes: i64::try_from(content.len()).unwrap_or(i64::MAX),
            num_chunks: i64::try_from(pieces.len() + 1).unwrap_or(i64::MAX),
            initial_chunk: Some(first),
        };
        let payloads = std::iter::once(Payload::BeginChunk(begin)).chain(pieces.into_iter().map(Payload::Chunk));
        let message = |payload| proto::AddArtifactsRequest {
            session_id: self.session_id(),
            client_observed_server_side_session_id: self.observed(),
            user_context: self.upstream.user(),
            payload: Some(payload),
            ..Default::default()
        };
        payloads.map(|payload| message(payload).encode_to_vec().into()).collect()
    }

    async fn make(&mut self, step: &Step) -> Result<(), Status> {
        let is_there = |key: &str, version: u64| self.held.made.get(key) == Some(&version);
        let is_needless = step.only_for.as_ref().is_some_and(|(key, version)| is_there(key, *version));
        if is_needless || is_there(&step.key, step.version) {
            return Ok(());
        }
        match &step.how {
            How::Message(made) => {
                // It may be one that does not replace what is there.
                if self.held.made.contains_key(&step.key) {
                    self.drop(&step.key).await?;
                }
                self.conf(&made.conf).await?;
                self.run(made.message.bytes.clone()).await?;
            }
            How::Rows { name, is_global, rows } => self.view_of(name, *is_global, rows).await?,
            How::Files { name, is_global, schema, path } => {
                let files = proto::read::DataSource {
                    format: Some("parquet".into()),
                    schema: Some(schema.clone()),
                    paths: vec![path.clone()],
                    ..Default::default()
                };
                let read_type = Some(proto::read::ReadType::DataSource(files));
                let read = RelType::Read(proto::Read { read_type, is_streaming: false });
                self.view(name, *is_global, read).await?;
            }
            How::Variable { name, data_type, rows } => self.variable(name, data_type, rows).await?,
            How::Function { name, text } => {
                self.sql(&format!("CREATE OR REPLACE TEMPORARY FUNCTION {} {text}", quoted(name))).await?;
            }
        }
        self.held.made.insert(step.key.clone(), step.version);
        Ok(())
    }

    async fn view_of(&mut self, name: &str, is_global: bool, rows: &Bytes) -> Result<(), Status> {
        let local = proto::LocalRelation { data: Some(rows.clone()), schema: None };
        self.view(name, is_global, RelType::LocalRelation(local)).await
    }

    async fn view(&mut self, name: &str, is_global: bool, of: RelType) -> Result<(), Status> {
        let input = proto::Relation { common: None, rel_type: Some(of) };
        let view =
            proto::CreateDataFrameViewCommand { input: Some(input), name: quoted(name), is_global, replace: true };
        let command = proto::Command { command_type: Some(CommandType::CreateDataframeView(view)) };
        self.plan(OpType::Command(command)).await
    }

    /// A value of any type has no literal; a view of one row has it.
    async fn variable(&mut self, name: &str, data_type: &str, rows: &Bytes) -> Result<(), Status> {
        const VALUE: &str = "floe_value_of_variable";
        let name = quoted(name);
        self.view_of(VALUE, false, rows).await?;
        self.sql(&format!("DECLARE OR REPLACE VARIABLE {name} {data_type}")).await?;
        self.sql(&format!("SET VARIABLE {name} = (SELECT * FROM {VALUE})")).await?;
        let drop = proto::DropTempView { view_name: VALUE.into() };
        self.catalog(proto::catalog::CatType::DropTempView(drop)).await
    }

    async fn sql(&mut self, statement: &str) -> Result<(), Status> {
        let sql = proto::Sql { query: statement.into(), ..Default::default() };
        let input = Some(proto::Relation { common: None, rel_type: Some(RelType::Sql(sql)) });
        let command = CommandType::SqlCommand(proto::SqlCommand { input, ..Default::default() });
        self.plan(OpType::Command(proto::Command { command_type: Some(command) })).await
    }

    /// Makes the same catalog and namespace current; those that only we know are not among them.
    async fn current(&mut self, state: &State) -> Result<(), Status> {
        // Back from a catalog that Spark shares to one that it does not: its own default, as in a new session.
        let first = || ("spark_catalog".to_string(), vec!["default".to_string()]);
        let wanted = state.current.clone().or_else(|| self.held.current.as_ref().map(|_| first()));
        if self.held.current == wanted {
            return Ok(());
        }
        if let Some((catalog, namespace)) = &wanted {
            let catalog_name = catalog.clone();
            let set = proto::SetCurrentCatalog { catalog_name };
            self.catalog(proto::catalog::CatType::SetCurrentCatalog(set)).await?;
            if !namespace.is_empty() {
                let db_name = namespace.iter().map(|part| quoted(part)).collect::<Vec<_>>().join(".");
                let set = proto::SetCurrentDatabase { db_name };
                self.catalog(proto::catalog::CatType::SetCurrentDatabase(set)).await?;
            }
        }
        self.held.current = wanted;
        Ok(())
    }

    async fn catalog(&mut self, call: proto::catalog::CatType) -> Result<(), Status> {
        let catalog = proto::Catalog { cat_type: Some(call) };
        self.plan(OpType::Root(proto::Relation { common: None, rel_type: Some(RelType::Catalog(catalog)) })).await
    }

    async fn plan(&mut self, asked: OpType) -> Result<(), Status> {
        let plan = Some(proto::Plan { op_type: Some(asked) });
        self.run(proto::ExecutePlanRequest { plan, ..Default::default() }.encode_to_vec().into()).await
    }

    /// Runs an `ExecutePlan` to its end; what it answers is of no interest.
    async fn run(&mut self, message: Bytes) -> Result<(), Status> {
        let Some(ids) = self.held.ids.clone() else { return Err(Status::internal("a session without an id")) };
        let operation = fresh();
        let message = self.upstream.addressed(&message, &ids, 8, &[(6, &operation)]);
        let mut answers = self.client.stream("ExecutePlan", message).await?;
        let ended = loop {
            match answers.message().await {
                Ok(Some(_)) => {}
                Ok(None) => break Ok(()),
                Err(status) => break Err(status),
            }
        };
        follow::release_all(self.client, self.upstream, &ids, &operation).await;
        ended
    }

    fn session_id(&self) -> String {
        self.held.ids.as_ref().map(|ids| ids.session.clone()).unwrap_or_default()
    }

    fn observed(&self) -> Option<String> {
        self.held.ids.as_ref().map(|ids| ids.server.clone()).filter(|id| !id.is_empty())
    }
}

fn quoted(name: &str) -> String {
    floe_base::error::quoted(&[name])
}
