//! A client inside this process: its queries go the way every client's go, with no network between.
//!
//! For commands of ours that must see what a client would see, whichever backend answers: `floe-engine verify`.

use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow_ipc::reader::StreamReader;
use floe_base::id::{SessionKey, fresh};
use floe_base::{Error, Kind, Result, machine};
use floe_engine::{Engine, Session};
use floe_proto::codec::{Encoded, Received};
use floe_proto::connect as proto;
use floe_proto::connect::execute_plan_response::ResponseType;
use floe_proto::connect::plan::OpType;
use floe_proto::connect::relation::RelType;
use floe_syntax::{DataType, Field};
use futures::stream::BoxStream;
use futures::{StreamExt, TryStreamExt, stream};
use prost::Message as _;
use tonic::Status;

use crate::decode::data_type;
use crate::handlers::execute_plan;
use crate::service::Service;
use crate::session::Sessions;
use crate::stream::Segment;

/// A client with a session of its own.
#[derive(Debug)]
pub struct Client {
    service: Service,
    session: Arc<Session>,
}

/// What came of a statement: its columns as Spark names their types, and its rows as they travel. Dropping the rows
/// ends the work behind them.
pub struct Answer {
    pub fields: Vec<Field>,
    pub batches: BoxStream<'static, Result<RecordBatch>>,
}

impl Client {
    /// A client of this engine.
    ///
    /// # Errors
    /// When the engine has too many sessions.
    pub fn new(engine: Arc<Engine>) -> Result<Self> {
        let key = SessionKey { user_id: machine::user().into(), session_id: fresh() };
        let sessions = Arc::new(Sessions::new(engine));
        let session = sessions.get_or_create(&key, None)?.engine.clone();
        Ok(Self { service: Service { sessions, segment: Segment::default() }, session })
    }

    /// The session behind it.
    pub fn session(&self) -> &Arc<Session> {
        &self.session
    }

    /// Runs a SQL text, whatever it is, under these tags.
    ///
    /// # Errors
    /// What a client would be told, in words.
    pub async fn run(&self, text: &str, tags: Vec<String>) -> Result<Answer> {
        let request = Received::new(self.request(text, tags).encode_to_vec().into());
        let request = request.map_err(|refused| Error::message(Kind::Operation, refused.to_string()))?;
        let consumer = execute_plan::handle(&self.service, request, None).await.map_err(told)?;
        let mut responses = consumer.into_stream().boxed();
        let (mut fields, mut first) = (None, None);
        while fields.is_none() && first.is_none() {
            let Some(Encoded(bytes)) = responses.try_next().await.map_err(told)? else { break };
            let response = response(&bytes)?;
            fields = response.schema.map(columns).transpose()?;
            first = batch(response.response_type)?;
        }
        let rest =
            responses.map_err(told).and_then(|Encoded(bytes)| async move { batch(response(&bytes)?.response_type) });
        let rest = rest.try_filter_map(|batch| std::future::ready(Ok(batch)));
        let batches = stream::iter(first.map(Ok)).chain(rest);
        Ok(Answer { fields: fields.unwrap_or_default(), batches: batches.boxed() })
    }

    fn request(&self, text: &str, tags: Vec<String>) -> proto::ExecutePlanRequest {
        let key = self.session.key();
        let sql = proto::Sql { query: text.into(), ..Default::default() };
        let root = proto::Relation { common: None, rel_type: Some(RelType::Sql(sql)) };
        proto::ExecutePlanRequest {
            session_id: key.session_id.clone(),
            user_context: Some(proto::UserContext { user_id: key.user_id.clone(), ..Default::default() }),
            plan: Some(proto::Plan { op_type: Some(OpType::Root(root)) }),
            tags,
            ..Default::default()
        }
    }

    /// Ends the session, here and upstream.
    pub fn close(self) {
        self.service.sessions.close(self.session.key(), false);
    }
}

/// The words of a refusal; the condition stands in them.
fn told(status: Status) -> Error {
    Error::message(Kind::Operation, status.message().trim())
}

pub(crate) fn response(bytes: &[u8]) -> Result<proto::ExecutePlanResponse> {
    proto::ExecutePlanResponse::decode(bytes).map_err(|error| Error::internal(format!("an answer: {error}")))
}

fn columns(schema: proto::DataType) -> Result<Vec<Field>> {
    match data_type::decode(schema)? {
        DataType::Struct(fields) => Ok(fields),
        other => Err(Error::internal(format!("a result is {other} and no struct"))),
    }
}

/// The rows of an answer, if it is one of rows.
pub(crate) fn batch(kind: Option<ResponseType>) -> Result<Option<RecordBatch>> {
    let Some(ResponseType::ArrowBatch(batch)) = kind else { return Ok(None) };
    // Each batch travels as a stream of its own.
    let unread = |error: arrow::error::ArrowError| Error::internal(format!("an answer's rows: {error}"));
    let mut reader = StreamReader::try_new(batch.data.as_ref(), None).map_err(unread)?;
    let rows = reader.next().transpose().map_err(unread)?;
    Ok(rows.or_else(|| Some(RecordBatch::new_empty(reader.schema()))))
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn ask(text: &str) -> Result<(Vec<Field>, usize)> {
        let client = Client::new(Engine::in_memory()?)?;
        let answer = client.run(text, vec!["floe:route=datafusion".into()]).await?;
        let batches: Vec<RecordBatch> = answer.batches.try_collect().await?;
        Ok((answer.fields, batches.iter().map(RecordBatch::num_rows).sum()))
    }

    #[tokio::test]
    async fn a_query_has_columns_and_rows() {
        let (fields, rows) = ask("SELECT id, CAST(id AS STRING) AS s FROM range(100000)").await.expect("an answer");
        assert_eq!(rows, 100_000);
        let shown: Vec<_> = fields.iter().map(|field| (field.name.as_str(), field.data_type.sql())).collect();
        assert_eq!(shown, [("id", "BIGINT".to_string()), ("s", "STRING".to_string())]);
        let (fields, rows) = ask("SELECT id FROM range(0)").await.expect("an answer");
        assert_eq!((fields.len(), rows), (1, 0));
    }

    #[tokio::test]
    async fn a_refusal_is_told_in_a_clients_words() {
        for (text, start) in [("SELECT 1/0", "[DIVIDE_BY_ZERO]"), ("SELEC 1", "[PARSE_SYNTAX_ERROR]")] {
            let told = ask(text).await.expect_err("an error").to_string();
            assert!(told.starts_with(start), "{told}");
        }
    }
}
