//! `ExecutePlan`: admits an operation, starts it, and attaches the caller to its responses.
//!
//! The work runs in a task of its own on the engine's threads, whose stacks are deep enough to decode and to drop a
//! plan. What the task writes, `stream.rs` keeps and sends.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use arrow::datatypes::Schema;
use bytes::Bytes;
use floe_base::{Error, Result};
use floe_engine::{Answer, Execution, Forwarded, Request, Sent};
use floe_proto::codec::Received;
use floe_proto::connect as proto;
use floe_proto::connect::execute_plan_request::request_option::RequestOption;
use floe_proto::connect::execute_plan_response as response;
use floe_proto::connect::execute_plan_response::ResponseType;
use floe_proto::connect::plan::OpType;
use floe_proto::connect::relation::RelType;
use floe_proto::wire;
use floe_syntax::{DataType, Field, Statement};
use futures::{FutureExt, StreamExt};
use prost::Message;
use tonic::Status;

use crate::decode::{self, Asked};
use crate::encode::arrow_out::Outgoing;
use crate::encode::batches::{Chunking, Cutter};
use crate::encode::metrics;
use crate::operation::{Operation, PlanHash, check_handle, check_tags};
use crate::service::Service;
use crate::session::{Admitted, Session, key};
use crate::stream::Consumer;
use crate::{error, mentions};

/// A larger request is decoded on the engine's threads: the network's have others to answer.
const ADMITTED_HERE_BYTES_MAX: usize = 64 << 10;

/// A plan to be run, and what came with it.
struct Work {
    session: Arc<Session>,
    operation: Arc<Operation>,
    plan: Option<proto::Plan>,
    /// The dbt node the plan's text is for.
    node_id: Option<String>,
    /// The whole request.
    request: Bytes,
    /// The same, for a backend that forwards it, where there is one.
    sent: Option<Sent>,
    chunking: Chunking,
}

pub(crate) async fn handle(
    service: &Service,
    request: Received<proto::ExecutePlanRequest>,
    route: Option<String>,
) -> Result<Consumer, Status> {
    if request.raw().len() <= ADMITTED_HERE_BYTES_MAX {
        return admit(service, &request, route);
    }
    let service = service.clone();
    let threads = service.sessions.engine().clone();
    // The outer result is the task's, the inner one the client's.
    let admitted = threads.threads().run(async move { Ok(admit(&service, &request, route)) }).await;
    admitted.map_err(|error| error::plain(&error))?
}

/// `route`: what the client's address says of it.
fn admit(
    service: &Service,
    received: &Received<proto::ExecutePlanRequest>,
    route: Option<String>,
) -> Result<Consumer, Status> {
    if service.sessions.is_stopping() {
        return Err(error::stopping());
    }
    let request = received.decode().map_err(|error| Status::invalid_argument(error.to_string()))?;
    let key = key(&request.session_id, request.user_context.as_ref());
    let observed = request.client_observed_server_side_session_id.as_deref();
    let session = service.sessions.get_or_create(&key, observed).map_err(|error| error::plain(&error))?;
    session.engine.set_address_route(route);
    start(service, &session, request, received.raw()).map_err(|error| session.errors.status(error))
}

fn start(
    service: &Service,
    session: &Arc<Session>,
    request: proto::ExecutePlanRequest,
    raw: &Bytes,
) -> Result<Consumer> {
    let id = request.operation_id.clone().unwrap_or_else(floe_base::id::fresh);
    check_handle(&id)?;
    check_tags(&request.tags)?;
    let chunking = Chunking::of(&request.request_options);
    let reattachable = is_reattachable(&request.request_options);
    let admitted = session.admit(&id, request.tags, reattachable, PlanHash::of(raw), service.segment)?;
    let operation = match admitted {
        // The client did not hear that its request arrived, and sent it again.
        Admitted::Known(operation) => return operation.log.attach(None),
        Admitted::New(operation) => operation,
    };
    let consumer = operation.log.attach(None)?;
    let work = Work {
        session: session.clone(),
        operation: operation.clone(),
        plan: request.plan,
        node_id: None,
        request: raw.clone(),
        sent: None,
        chunking,
    };
    service.sessions.engine().threads().handle().spawn(run(work));
    if reattachable {
        return Ok(consumer);
    }
    // Nobody can come back for it: with its stream it ends.
    let session = session.clone();
    Ok(consumer.on_drop(move |_| {
        session.release(&operation.id);
    }))
}

fn is_reattachable(options: &[proto::execute_plan_request::RequestOption]) -> bool {
    options.iter().any(|option| match &option.request_option {
        Some(RequestOption::ReattachOptions(reattach)) => reattach.reattachable,
        _ => false,
    })
}

/// Runs the operation to its end, whatever that is.
async fn run(work: Work) {
    let (session, operation) = (work.session.clone(), work.operation.clone());
    let answer = AssertUnwindSafe(answer(work)).catch_unwind();
    let result = tokio::select! {
        biased;
        () = operation.interrupted() => Err(operation.canceled()),
        answered = answer => answered.unwrap_or_else(|_| Err(Error::internal("the operation's task panicked"))),
    };
    match result {
        Ok(()) => operation.finish(Ok(())),
        Err(error) => {
            tracing::debug!(session_id = session.id(), operation_id = operation.id, %error, "operation failed");
            operation.finish(Err(session.errors.status(error)));
        }
    }
}

async fn answer(mut work: Work) -> Result<()> {
    let asked = work.read()?;
    let out = Out { session: work.session.clone(), operation: work.operation.clone() };
    let forwarded = match asked {
        Ok(Asked::Rows(statement)) => rows(&out, &work, statement).await?,
        Ok(Asked::Do(command)) => match work.run(Ok(Statement::Command(Box::new(command)))).await? {
            Answer::Rows(execution) => {
                execution.collect().await?;
                None
            }
            Answer::Forwarded(answers) => Some(answers),
        },
        Ok(Asked::Sql { statement, echo }) => sql(&out, &work, statement, *echo).await?,
        Ok(Asked::Checkpoint(statement)) => checkpoint(&out, &work, statement).await?,
        Ok(Asked::Resources) => {
            out.send(ResponseType::GetResourcesCommandResult(proto::GetResourcesCommandResult::default())).await;
            None
        }
        Ok(Asked::CleanModelCache) => {
            out.send(ResponseType::MlCommandResult(no_models())).await;
            None
        }
        Err(unread) => match work.run(Err(unread)).await? {
            Answer::Forwarded(answers) => Some(answers),
            Answer::Rows(_) => return Err(Error::internal("a request that could not be read was run")),
        },
    };
    if let Some(answers) = forwarded {
        return out.pass(answers).await;
    }
    if work.operation.reattachable {
        out.send(ResponseType::ResultComplete(response::ResultComplete {})).await;
    }
    Ok(())
}

impl Work {
    /// What the plan asks for; `Err` inside is a request that cannot be read here and may be forwarded.
    fn read(&mut self) -> Result<Result<Asked>> {
        let is_compressed =
            matches!(&self.plan, Some(plan) if matches!(plan.op_type, Some(OpType::CompressedOperation(_))));
        let plan = decode::compressed::open(self.plan.take())?;
        self.node_id = decode::whole_text(plan.as_ref()).and_then(floe_engine::system::dbt::node_id);
        let mut message = self.session.engine.engine().forwards().then(|| {
            let opened = plan.as_ref().filter(|_| is_compressed);
            let message = mentions::message(&self.session.engine, "ExecutePlanRequest", &self.request, opened);
            floe_syntax::Message { makes: mentions::makes(plan.as_ref()), ..message }
        });
        let asked = decode::plan(&self.session.scope(), plan);
        if let (Some(message), Ok(asked)) = (&mut message, &asked) {
            mentions::complete(message, asked);
        }
        self.sent = message.map(|message| Sent { message: Arc::new(message), wire: self.session.clone() });
        match asked {
            Err(error) if self.sent.is_none() => Err(error),
            asked => Ok(asked),
        }
    }

    async fn run(&self, statement: Result<Statement>) -> Result<Answer> {
        let request = Request {
            statement,
            sent: self.sent.clone(),
            operation_id: self.operation.id.clone(),
            tags: self.operation.tags.clone(),
            node_id: self.node_id.clone(),
        };
        self.session.engine.answer(request).await
    }

    fn outgoing(&self, schema: &Schema) -> Outgoing {
        Outgoing::new(schema, &self.session.engine.conf().time_zone())
    }
}

/// Sends a query's rows; the first batch brings the schema along, the last one the metrics.
async fn rows(out: &Out, work: &Work, statement: Statement) -> Result<Option<Forwarded>> {
    let mut execution = match work.run(Ok(statement)).await? {
        Answer::Rows(execution) => execution,
        Answer::Forwarded(answers) => return Ok(Some(answers)),
    };
    let mut cutter = Cutter::new(work.outgoing(&execution.schema), work.chunking);
    let mut last = Last { out, schema: Some(message_of(&execution.schema)), held: None, row_count: 0 };
    loop {
        let next = match execution.rows.next().now_or_never() {
            Some(next) => next,
            None => {
                last.let_go().await;
                execution.rows.next().await
            }
        };
        let Some(batch) = next else { break };
        last.follow(cutter.push(batch?)?).await;
    }
    last.follow(cutter.finish()?).await;
    let (held, row_count) = (last.held.unwrap_or_default(), last.row_count);
    out.push(measured(held, &execution, row_count)).await;
    Ok(None)
}

/// The last message of a result so far. It waits, though never longer than the next batch is at hand, to take the
/// metrics along: each message costs a client one more call.
struct Last<'a> {
    out: &'a Out,
    /// Until a message has taken it.
    schema: Option<proto::DataType>,
    held: Option<proto::ExecutePlanResponse>,
    row_count: i64,
}

impl Last<'_> {
    async fn follow(&mut self, batches: Vec<response::ArrowBatch>) {
        for batch in batches {
            self.let_go().await;
            self.row_count += batch.row_count;
            self.held = Some(proto::ExecutePlanResponse {
                response_type: Some(ResponseType::ArrowBatch(batch)),
                schema: self.schema.take(),
                ..Default::default()
            });
        }
    }

    async fn let_go(&mut self) {
        if let Some(response) = self.held.take() {
            self.out.push(response).await;
        }
    }
}

/// A query is analysed and sent back as the client wrote it; a command runs, and its rows go back as local data.
async fn sql(out: &Out, work: &Work, statement: Statement, echo: proto::Relation) -> Result<Option<Forwarded>> {
    let statement = match statement {
        Statement::Query(relation) => match work.session.engine.schema(relation).await {
            Ok(_) => {
                out.sql_result(echo).await;
                return Ok(None);
            }
            // Whoever can run it can analyse it, and then the whole call is theirs.
            Err(error) => Err(error),
        },
        command => Ok(command),
    };
    let execution = match work.run(statement).await? {
        Answer::Rows(execution) => execution,
        Answer::Forwarded(answers) => return Ok(Some(answers)),
    };
    let outgoing = work.outgoing(&execution.schema);
    let batch = execution.collect_one().await?;
    let local = proto::LocalRelation { data: Some(outgoing.stream(&batch)?), schema: None };
    out.sql_result(proto::Relation { common: echo.common, rel_type: Some(RelType::LocalRelation(local)) }).await;
    Ok(None)
}

/// The engine answers a checkpoint with one row: the id of the kept frame.
async fn checkpoint(out: &Out, work: &Work, statement: Statement) -> Result<Option<Forwarded>> {
    use arrow::array::AsArray;
    let batch = match work.run(Ok(statement)).await? {
        Answer::Rows(execution) => execution.collect_one().await?,
        Answer::Forwarded(answers) => return Ok(Some(answers)),
    };
    let ids = batch.columns().first().and_then(|column| column.as_string_opt::<i32>());
    let relation = match ids {
        Some(ids) if batch.num_rows() == 1 => proto::CachedRemoteRelation { relation_id: ids.value(0).into() },
        _ => return Err(Error::internal("a checkpoint has no relation id")),
    };
    let result = proto::CheckpointCommandResult { relation: Some(relation) };
    out.send(ResponseType::CheckpointCommandResult(result)).await;
    Ok(None)
}

/// So many models were forgotten: none.
fn no_models() -> proto::MlCommandResult {
    use proto::expression::literal::LiteralType;
    let none = proto::expression::Literal { literal_type: Some(LiteralType::Integer(0)), data_type: None };
    proto::MlCommandResult { result_type: Some(proto::ml_command_result::ResultType::Param(none)) }
}

/// The message of a result's schema.
pub(crate) fn message_of(schema: &Schema) -> proto::DataType {
    let fields = schema.fields().iter().map(|field| Field::from_arrow(field)).collect();
    decode::data_type::encode(&DataType::Struct(fields))
}

/// Writes the operation's responses.
struct Out {
    session: Arc<Session>,
    operation: Arc<Operation>,
}

impl Out {
    async fn send(&self, kind: ResponseType) {
        self.push(proto::ExecutePlanResponse { response_type: Some(kind), ..Default::default() }).await;
    }

    async fn sql_result(&self, relation: proto::Relation) {
        self.send(ResponseType::SqlCommandResult(response::SqlCommandResult { relation: Some(relation) })).await;
    }

    /// Passes on what another server answered, under this session's and operation's ids: the last value of a field
    /// counts, so they are appended and nothing is taken apart.
    async fn pass(&self, mut answers: Forwarded) -> Result<()> {
        let server_side_id = self.session.server_side_id();
        while let Some(answer) = answers.next().await {
            let answer = answer?;
            let build = |response_id: String| {
                let ids = [(1, self.session.id()), (12, &self.operation.id), (13, &response_id), (15, &server_side_id)];
                wire::with_texts(&answer, &ids)
            };
            self.operation.log.push(build).await;
        }
        Ok(())
    }

    async fn push(&self, response: proto::ExecutePlanResponse) {
        let response = proto::ExecutePlanResponse {
            session_id: self.session.id().into(),
            server_side_session_id: self.session.server_side_id(),
            operation_id: self.operation.id.clone(),
            ..response
        };
        self.operation
            .log
            .push(|response_id| proto::ExecutePlanResponse { response_id, ..response }.encode_to_vec())
            .await;
        // Rows that are always ready would never let an interrupt be seen.
        tokio::task::yield_now().await;
    }
}

/// A message that also says what was measured: the rows, by the name of the backend, and what `observe` asked for.
fn measured(last: proto::ExecutePlanResponse, execution: &Execution, rows: i64) -> proto::ExecutePlanResponse {
    let name = execution.decision.as_ref().map_or("floe", |decision| decision.backend.name());
    let value =
        response::metrics::MetricValue { name: "number of output rows".into(), value: rows, metric_type: "sum".into() };
    let metric = response::metrics::MetricObject {
        name: name.into(),
        execution_metrics: [("numOutputRows".to_string(), value)].into(),
        ..Default::default()
    };
    let observed = execution.observed.iter();
    proto::ExecutePlanResponse {
        metrics: Some(response::Metrics { metrics: vec![metric] }),
        observed_metrics: observed.map(|one| metrics::observed(&one.name, one.plan_id, &one.metrics)).collect(),
        ..last
    }
}
