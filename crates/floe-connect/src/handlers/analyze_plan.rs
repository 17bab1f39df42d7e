//! `AnalyzePlan`: what can be said of a plan without running it.

use std::sync::Arc;

use bytes::Bytes;
use floe_base::{Error, Kind, Result};
use floe_engine::Sent;
use floe_engine::session::StorageLevel;
use floe_proto::codec::Received;
use floe_proto::connect as proto;
use floe_proto::connect::analyze_plan_request::Analyze;
use floe_proto::connect::analyze_plan_request::explain::ExplainMode as ProtoMode;
use floe_proto::connect::analyze_plan_response::{self as response, Result as Answer};
use floe_syntax::command::ExplainMode;
use floe_syntax::{Field, Relation, RelationKind};
use prost::Message as _;
use tonic::Status;

use super::execute_plan::message_of;
use crate::decode;
use crate::encode::ddl;
use crate::service::Service;
use crate::session::{Session, key};
use crate::{error, mentions};

pub(crate) async fn handle(
    service: &Service,
    request: Received<proto::AnalyzePlanRequest>,
) -> Result<proto::AnalyzePlanResponse, Status> {
    let service = service.clone();
    let engine = service.sessions.engine().clone();
    // The outer result is the task's, the inner one the client's.
    let answered = engine.threads().run(async move { Ok(analyze(&service, &request).await) }).await;
    answered.map_err(|error| error::plain(&error))?
}

async fn analyze(
    service: &Service,
    received: &Received<proto::AnalyzePlanRequest>,
) -> Result<proto::AnalyzePlanResponse, Status> {
    let request = received.decode().map_err(|error| Status::invalid_argument(error.to_string()))?;
    let key = key(&request.session_id, request.user_context.as_ref());
    let observed = request.client_observed_server_side_session_id.as_deref();
    let session = service.sessions.get_or_create(&key, observed).map_err(|error| error::plain(&error))?;
    let is_theirs = request.analyze.as_ref().is_some_and(is_about_the_engine) && session.engine.is_for_spark();
    let answered = match is_theirs {
        true => there(&session, received.raw(), None).await,
        false => match answer(&session, request.analyze).await {
            Ok(answer) => Ok(Some(answer)),
            Err(why) => there(&session, received.raw(), Some(why)).await,
        },
    };
    let result = answered.map_err(|error| session.errors.status(error))?;
    Ok(proto::AnalyzePlanResponse {
        session_id: request.session_id,
        server_side_session_id: session.server_side_id(),
        result,
    })
}

/// How a plan would be run, what is kept of it, what it has in common with another: of plans that Spark runs, it knows.
fn is_about_the_engine(analyze: &Analyze) -> bool {
    matches!(
        analyze,
        Analyze::Explain(_)
            | Analyze::SameSemantics(_)
            | Analyze::SemanticHash(_)
            | Analyze::Persist(_)
            | Analyze::Unpersist(_)
            | Analyze::GetStorageLevel(_)
    )
}

/// What a backend says that takes the request whole: because it was asked for, or because `why` it could not be said here.
async fn there(session: &Arc<Session>, request: &Bytes, why: Option<Error>) -> Result<Option<Answer>> {
    if !session.engine.engine().forwards()
        && let Some(why) = why
    {
        return Err(why);
    }
    let message = mentions::message(&session.engine, "AnalyzePlanRequest", request, None);
    let message = floe_syntax::Message { is_query: true, ..message };
    let sent = Sent { message: Arc::new(message), wire: session.clone() };
    let answer = match why {
        Some(why) => session.engine.analyze_elsewhere(sent, why).await?,
        None => session.engine.analyze_there(sent).await?,
    };
    let answer = proto::AnalyzePlanResponse::decode(answer)
        .map_err(|error| Error::internal(format!("an analysis was answered by no message: {error}")))?;
    Ok(answer.result)
}

async fn answer(session: &Arc<Session>, analyze: Option<Analyze>) -> Result<Answer> {
    Ok(match analyze.ok_or_else(nothing_asked)? {
        Analyze::Schema(asked) => {
            let schema = session.engine.schema(root(session, asked.plan)?).await?;
            Answer::Schema(response::Schema { schema: Some(message_of(&schema)) })
        }
        Analyze::Explain(asked) => {
            let mode = explain_mode(asked.explain_mode())?;
            let explain_string = session.engine.explain(root(session, asked.plan)?, mode).await?;
            Answer::Explain(response::Explain { explain_string })
        }
        Analyze::TreeString(asked) => {
            let schema = session.engine.schema(root(session, asked.plan)?).await?;
            let fields: Vec<_> = schema.fields().iter().map(|field| Field::from_arrow(field)).collect();
            let tree_string = floe_syntax::tree_string::tree_string(&fields, asked.level);
            Answer::TreeString(response::TreeString { tree_string })
        }
        Analyze::IsLocal(asked) => {
            let relation = root(session, asked.plan)?;
            Answer::IsLocal(response::IsLocal { is_local: matches!(*relation.kind, RelationKind::Local { .. }) })
        }
        Analyze::IsStreaming(asked) => {
            Answer::IsStreaming(response::IsStreaming { is_streaming: is_streaming(session, asked.plan)? })
        }
        Analyze::InputFiles(asked) => {
            let files = session.engine.input_files(root(session, asked.plan)?).await?;
            Answer::InputFiles(response::InputFiles { files })
        }
        Analyze::SparkVersion(_) => {
            Answer::SparkVersion(response::SparkVersion { version: floe_engine::session::conf::SPARK_VERSION.into() })
        }
        Analyze::DdlParse(asked) => {
            let parsed = decode::data_type::encode(&decode::schema_of_text(&asked.ddl_string)?);
            Answer::DdlParse(response::DdlParse { parsed: Some(parsed) })
        }
        Analyze::JsonToDdl(asked) => {
            let ddl_string = ddl::ddl(&decode::schema_of_text(&asked.json_string)?);
            Answer::JsonToDdl(response::JsonToDdl { ddl_string })
        }
        Analyze::SameSemantics(asked) => {
            let (left, right) = (root(session, asked.target_plan)?, root(session, asked.other_plan)?);
            let result = session.engine.same_semantics(left, right).await?;
            Answer::SameSemantics(response::SameSemantics { result })
        }
        Analyze::SemanticHash(asked) => {
            let result = session.engine.semantic_hash(root(session, asked.plan)?).await?;
            Answer::SemanticHash(response::SemanticHash { result })
        }
        Analyze::Persist(asked) => {
            let frame = relation(session, asked.relation)?;
            session.engine.persist(frame, asked.storage_level.map(level)).await?;
            Answer::Persist(response::Persist {})
        }
        // Whether somebody waits until the rows are gone makes no difference: they go when nobody reads them.
        Analyze::Unpersist(asked) => {
            session.engine.unpersist(relation(session, asked.relation)?).await?;
            Answer::Unpersist(response::Unpersist {})
        }
        Analyze::GetStorageLevel(asked) => {
            let level = session.engine.storage_level(relation(session, asked.relation)?).await?;
            let storage_level = Some(proto::StorageLevel {
                use_disk: level.use_disk,
                use_memory: level.use_memory,
                use_off_heap: level.use_off_heap,
                deserialized: level.deserialized,
                replication: level.replication,
            });
            Answer::GetStorageLevel(response::GetStorageLevel { storage_level })
        }
    })
}

fn level(asked: proto::StorageLevel) -> StorageLevel {
    StorageLevel {
        use_disk: asked.use_disk,
        use_memory: asked.use_memory,
        use_off_heap: asked.use_off_heap,
        deserialized: asked.deserialized,
        replication: asked.replication,
    }
}

fn nothing_asked() -> Error {
    decode::invalid("Unknown Analyze Method ANALYZE_NOT_SET!")
}

fn root(session: &Session, plan: Option<proto::Plan>) -> Result<Relation> {
    decode::root(&session.scope(), decode::compressed::open(plan)?)
}

fn relation(session: &Session, relation: Option<proto::Relation>) -> Result<Relation> {
    let relation = relation.ok_or_else(nothing_asked)?;
    decode::relation::decode(&session.scope(), relation)
}

/// Every `observe` of a client asks this, so nothing is resolved for it: a stream has a streaming source.
fn is_streaming(session: &Session, plan: Option<proto::Plan>) -> Result<bool> {
    let scope = session.scope();
    let relation = decode::root(&scope, decode::compressed::open(plan)?)?;
    if session.engine.reads_elsewhere(&relation) {
        return Err(Error::unsupported("a question about a temp view that Spark made"));
    }
    Ok(scope.has_streaming_source())
}

fn explain_mode(mode: ProtoMode) -> Result<ExplainMode> {
    Ok(match mode {
        ProtoMode::Unspecified => {
            return Err(Error::message(Kind::Unsupported, "Unknown Explain Mode EXPLAIN_MODE_UNSPECIFIED!"));
        }
        ProtoMode::Simple => ExplainMode::Simple,
        ProtoMode::Extended => ExplainMode::Extended,
        ProtoMode::Codegen => ExplainMode::Codegen,
        ProtoMode::Cost => ExplainMode::Cost,
        ProtoMode::Formatted => ExplainMode::Formatted,
    })
}
