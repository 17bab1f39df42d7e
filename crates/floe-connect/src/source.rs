//! The rows a command writes, asked for by themselves: the request whose plan is the command's input.

use arrow::array::RecordBatch;
use bytes::Bytes;
use floe_base::{Error, Result};
use floe_engine::Session;
use floe_proto::connect as proto;
use floe_proto::connect::command::CommandType;
use floe_proto::connect::plan::OpType;
use floe_proto::connect::relation::RelType;
use floe_syntax::{Command, Message, Relation, Statement};
use prost::Message as _;

use crate::{embedded, mentions};

/// The request for the rows alone; `None` where the command has no query of its own.
pub(crate) fn source(session: &Session, message: &Message) -> Result<Option<Message>> {
    let mut request = proto::ExecutePlanRequest::decode(message.bytes.clone())
        .map_err(|error| Error::internal(format!("a request that was read once cannot be read again: {error}")))?;
    let Some(root) = request.plan.take().and_then(|plan| input(session, plan.op_type?)) else { return Ok(None) };
    request.plan = Some(proto::Plan { op_type: Some(OpType::Root(root)) });
    // How its client wants answers is no concern of who reads these.
    request.request_options.clear();
    let request = request.encode_to_vec().into();
    let message = mentions::message(session, "ExecutePlanRequest", &request, None);
    Ok(Some(Message { is_query: true, ..message }))
}

fn input(session: &Session, plan: OpType) -> Option<proto::Relation> {
    match plan {
        OpType::Root(root) => of_text(session, root),
        OpType::Command(command) => match command.command_type? {
            CommandType::WriteOperation(write) => write.input,
            CommandType::WriteOperationV2(write) => write.input,
            CommandType::SqlCommand(command) => of_text(session, text_of(command)?),
            _ => None,
        },
        OpType::CompressedOperation(_) => None,
    }
}

#[expect(deprecated, reason = "what 3.5 clients send")]
fn text_of(command: proto::SqlCommand) -> Option<proto::Relation> {
    let proto::SqlCommand { sql: query, args, pos_args, named_arguments, pos_arguments, input } = command;
    let sql = proto::Sql { query, args, pos_args, named_arguments, pos_arguments };
    input.or_else(|| Some(proto::Relation { common: None, rel_type: Some(RelType::Sql(sql)) }))
}

/// The query inside a statement's text, under what stands around the text.
fn of_text(session: &Session, relation: proto::Relation) -> Option<proto::Relation> {
    let rel_type = match relation.rel_type? {
        RelType::Sql(sql) => RelType::Sql(proto::Sql { query: written(session, &sql.query)?, ..sql }),
        RelType::WithRelations(with) => {
            let root = of_text(session, *with.root?)?;
            RelType::WithRelations(Box::new(proto::WithRelations { root: Some(Box::new(root)), ..*with }))
        }
        _ => return None,
    };
    Some(proto::Relation { rel_type: Some(rel_type), ..relation })
}

/// The text of the query whose rows a statement writes.
fn written(session: &Session, text: &str) -> Option<String> {
    let statement = floe_sql::parse_statement(&session.source(text).ok()?).ok()?;
    let Statement::Command(command) = statement else { return None };
    let source: &Relation = match command.as_ref() {
        Command::Insert(insert) => &insert.source,
        Command::CreateTable(create) => create.query.as_ref()?,
        _ => return None,
    };
    let query = source.origin.fragment();
    // WITH before INSERT stands apart from its query.
    floe_sql::parse_query(&session.source(query).ok()?).ok()?;
    Some(query.to_string())
}

/// The rows in one of Spark's answers.
pub(crate) fn batch(answer: &Bytes) -> Result<Option<RecordBatch>> {
    embedded::batch(embedded::response(answer)?.response_type)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(text: &str) -> Option<String> {
        let key = floe_engine::SessionKey { user_id: String::new(), session_id: floe_base::id::fresh() };
        let session = floe_engine::Engine::in_memory().and_then(|engine| engine.session(&key)).expect("a session");
        written(&session, text)
    }

    #[test]
    fn the_query_of_a_statement_is_found_in_its_text() {
        for (text, query) in [
            ("INSERT INTO t SELECT f(a) FROM s WHERE a > 1", Some("SELECT f(a) FROM s WHERE a > 1")),
            ("INSERT OVERWRITE t PARTITION (d = 1) VALUES (1), (2)", Some("VALUES (1), (2)")),
            (
                "CREATE TABLE t USING iceberg AS WITH w AS (SELECT 1) SELECT * FROM w;",
                Some("WITH w AS (SELECT 1) SELECT * FROM w"),
            ),
            ("INSERT INTO t TABLE s", Some("TABLE s")),
            ("CREATE TABLE t (a INT)", None),
            ("DELETE FROM t", None),
            ("SELECT 1", None),
        ] {
            assert_eq!(asked(text).as_deref(), query, "{text}");
        }
    }
}
