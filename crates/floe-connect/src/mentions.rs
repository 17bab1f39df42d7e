//! What a request names, found without decoding it: for a backend that takes requests whole.
//!
//! It is wanted most where a plan cannot be decoded to its end (a function over groups hides what is below it), so the
//! bytes are searched for the messages that name something; only SQL texts are parsed.

use bytes::Bytes;
use floe_base::SqlSource;
use floe_proto::connect as proto;
use floe_proto::connect::command::CommandType;
use floe_proto::connect::plan::OpType;
use floe_proto::{depth, inside, wire};
use floe_syntax::command::ViewKind;
use floe_syntax::{Command, Makes, Message, RelationKind, Statement};
use prost::Message as _;

use crate::decode::Asked;

/// The messages that name something.
const KINDS: [&str; 9] = [
    "Read.NamedTable",
    "SQL",
    "SqlCommand",
    "CachedLocalRelation",
    "ChunkedCachedLocalRelation",
    "CachedRemoteRelation",
    "WriteOperation.SaveTable",
    "WriteOperationV2",
    "MergeIntoTableCommand",
];

/// What a request of kind `call` names. `opened` is its plan where it travelled compressed.
pub(crate) fn message(call: &str, request: &Bytes, opened: Option<&proto::Plan>) -> Message {
    let compressed = opened.map(|plan| ("Plan", Bytes::from(plan.encode_to_vec())));
    let (kind, searched) = compressed.unwrap_or_else(|| (call, request.clone()));
    let mut message = Message {
        bytes: request.clone(),
        names: Some(Vec::new()),
        levels: depth::levels(kind, &searched).unwrap_or(usize::MAX),
        ..Message::default()
    };
    for (kind, found) in inside::find(kind, &searched, &KINDS).unwrap_or_default() {
        let text = |field| wire::text(&found, field).filter(|text| !text.is_empty());
        match KINDS[kind] {
            "Read.NamedTable" => name(&mut message, text(1)),
            "SQL" | "SqlCommand" => sql(&mut message, text(1)),
            "CachedLocalRelation" => message.uploads.extend(text(3)),
            "ChunkedCachedLocalRelation" => {
                let hashes = [1, 2].into_iter().flat_map(|field| wire::field(&found, field));
                message.uploads.extend(hashes.filter_map(|hash| String::from_utf8(hash.to_vec()).ok()));
            }
            "CachedRemoteRelation" => message.handles.extend(text(1)),
            "WriteOperationV2" => target(&mut message, text(2)),
            _ => target(&mut message, text(1)),
        }
    }
    message
}

fn name(message: &mut Message, text: Option<String>) {
    let Some(names) = &mut message.names else { return };
    // A name that is none is refused by whoever reads it.
    names.extend(text.and_then(|text| floe_sql::parse_multipart_identifier(&text).ok()));
}

fn target(message: &mut Message, text: Option<String>) {
    let parts = text.and_then(|text| floe_sql::parse_multipart_identifier(&text).ok());
    if let Some(names) = &mut message.names {
        names.extend(parts.clone());
    }
    message.targets.extend(parts);
}

fn sql(message: &mut Message, text: Option<String>) {
    let Some(text) = text else { return };
    match floe_sql::parse_statement(&SqlSource::new(text)) {
        Ok(statement) => {
            let (read, written) = floe_engine::elsewhere::names_of(&statement);
            if let Some(names) = &mut message.names {
                names.extend(read);
            }
            message.targets.extend(written);
        }
        Err(_) => message.names = None,
    }
}

/// What a command leaves in the session, as far as its message says it.
pub(crate) fn makes(plan: Option<&proto::Plan>) -> Option<Makes> {
    let OpType::Command(command) = plan?.op_type.as_ref()? else { return None };
    match command.command_type.as_ref()? {
        CommandType::RegisterFunction(function) => Some(Makes::Function(function.function_name.clone())),
        CommandType::RegisterTableFunction(function) => Some(Makes::Function(function.function_name.clone())),
        CommandType::RegisterDataSource(source) => Some(Makes::Function(source.name.clone())),
        _ => None,
    }
}

/// Adds what only the decoded request tells: whether it is a query, and the view it makes.
pub(crate) fn complete(message: &mut Message, asked: &Asked) {
    let statement = match asked {
        Asked::Rows(statement) | Asked::Sql { statement, .. } => statement,
        Asked::Do(command) => return made_view(message, command),
        _ => return,
    };
    match statement {
        Statement::Query(relation) => message.is_query = !matches!(*relation.kind, RelationKind::Catalog(_)),
        Statement::Command(command) => made_view(message, command),
    }
}

fn made_view(message: &mut Message, command: &Command) {
    let Command::CreateView(view) = command else { return };
    let Some(name) = view.name.parts.last().cloned().filter(|_| view.kind != ViewKind::Persistent) else { return };
    message.makes = Some(Makes::TempView { name, is_global: view.kind == ViewKind::GlobalTemporary });
}

#[cfg(test)]
mod tests {
    use floe_proto::connect::relation::RelType;

    use super::*;

    fn relation(rel_type: RelType) -> proto::Relation {
        proto::Relation { common: None, rel_type: Some(rel_type) }
    }

    fn table(name: &str) -> proto::Relation {
        let named = proto::read::NamedTable { unparsed_identifier: name.into(), ..Default::default() };
        let read_type = Some(proto::read::ReadType::NamedTable(named));
        relation(RelType::Read(proto::Read { read_type, ..Default::default() }))
    }

    fn request(root: proto::Relation) -> Bytes {
        let plan = Some(proto::Plan { op_type: Some(OpType::Root(root)) });
        proto::ExecutePlanRequest { plan, ..Default::default() }.encode_to_vec().into()
    }

    fn text(sql: &str) -> proto::Relation {
        relation(RelType::Sql(proto::Sql { query: sql.into(), ..Default::default() }))
    }

    #[test]
    fn tables_are_named_below_what_cannot_be_decoded_and_inside_texts() {
        let map = proto::MapPartitions { input: Some(Box::new(table("a.`b c`"))), ..Default::default() };
        let found = message("ExecutePlanRequest", &request(relation(RelType::MapPartitions(Box::new(map)))), None);
        assert_eq!(found.names, Some(vec![vec!["a".to_string(), "b c".to_string()]]));
        assert_eq!(found.levels, 7);
        let join = proto::Join {
            left: Some(Box::new(text("WITH x AS (SELECT 1) SELECT * FROM x, y"))),
            right: Some(Box::new(relation(RelType::CachedLocalRelation(proto::CachedLocalRelation {
                hash: "h".into(),
            })))),
            ..Default::default()
        };
        let found = message("ExecutePlanRequest", &request(relation(RelType::Join(Box::new(join)))), None);
        assert_eq!(found.names, Some(vec![vec!["y".to_string()]]));
        assert_eq!(found.uploads, ["h"]);
    }

    #[test]
    fn a_text_that_does_not_parse_may_name_anything() {
        assert_eq!(message("ExecutePlanRequest", &request(text("selec 1")), None).names, None);
    }

    #[test]
    fn what_is_written_is_a_target_too() {
        let found = message("ExecutePlanRequest", &request(text("INSERT INTO a.t SELECT * FROM v")), None);
        assert_eq!(found.targets, [["a", "t"]]);
        assert!(found.names.is_some_and(|names| names.contains(&vec!["v".to_string()])));
    }
}
