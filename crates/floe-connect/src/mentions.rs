//! What a request names, found without decoding it: for a backend that takes requests whole.
//!
//! It is wanted most where a plan cannot be decoded to its end (a function over groups hides what is below it), so the
//! bytes are searched for the messages that name something; only SQL texts are parsed.

use bytes::{Bytes, BytesMut};
use floe_engine::Session;
use floe_proto::connect as proto;
use floe_proto::connect::command::CommandType;
use floe_proto::connect::plan::OpType;
use floe_proto::inside::Inside;
use floe_proto::{inside, wire};
use floe_syntax::command::ViewKind;
use floe_syntax::{Command, Makes, Message, RelationKind, Statement};
use prost::Message as _;

use crate::decode::{Asked, whole_text};

/// The messages that name something.
const KINDS: [&str; 13] = [
    "Plan.CompressedOperation",
    "Read.NamedTable",
    "SQL",
    "SqlCommand",
    "CachedLocalRelation",
    "ChunkedCachedLocalRelation",
    "CachedRemoteRelation",
    "WriteOperation.SaveTable",
    "WriteOperationV2",
    "WriteStreamOperationStart",
    "MergeIntoTableCommand",
    "Expression.UnresolvedFunction",
    "CallFunction",
];

/// What a request of kind `call` names, its texts read as the session reads them. `opened` is its plan where it travelled
/// compressed.
pub(crate) fn message(session: &Session, call: &str, request: &Bytes, opened: Option<&proto::Plan>) -> Message {
    let compressed = opened.map(|plan| ("Plan", Bytes::from(plan.encode_to_vec())));
    let (kind, searched) = compressed.unwrap_or_else(|| (call, request.clone()));
    let nothing = Inside { levels: usize::MAX, found: Vec::new() };
    let Inside { levels, found } = inside::look(kind, &searched, &KINDS).unwrap_or(nothing);
    let bytes = if opened.is_none() { without_our_hint(request, &found) } else { request.clone() };
    let mut message = Message { bytes, names: Some(Vec::new()), levels, ..Message::default() };
    for (kind, found) in found {
        let text = |field| wire::text(&found, field).filter(|text| !text.is_empty());
        match KINDS[kind] {
            // A plan that is still closed may name anything.
            "Plan.CompressedOperation" => message.names = None,
            "Read.NamedTable" => name(&mut message, text(1)),
            "SQL" | "SqlCommand" => sql(session, &mut message, text(1)),
            "CachedLocalRelation" => message.uploads.extend(text(3)),
            "ChunkedCachedLocalRelation" => {
                let hashes = [1, 2].into_iter().flat_map(|field| wire::field(&found, field));
                message.uploads.extend(hashes.filter_map(|hash| String::from_utf8(hash.to_vec()).ok()));
            }
            "CachedRemoteRelation" => message.handles.extend(text(1)),
            "WriteOperation.SaveTable" => target(&mut message, text(1), saves_as_table(&found)),
            "WriteOperationV2" => target(&mut message, text(2), !adds(&found)),
            "WriteStreamOperationStart" => target(&mut message, text(12), true),
            "Expression.UnresolvedFunction" | "CallFunction" => {
                let name = text(1).and_then(|text| floe_sql::parse_multipart_identifier(&text).ok());
                calls(&mut message, name.and_then(|mut name| name.pop()).map(|name| name.to_lowercase()));
            }
            _ => target(&mut message, text(1), false),
        }
    }
    message
}

/// The request with texts that do not hint at a route: that was for this server, and Spark stumbles over it inside a MERGE
/// (4.1, Iceberg 1.11). Each text stays as long as it was, so that nothing else in the request changes.
fn without_our_hint(request: &Bytes, found: &[(usize, Bytes)]) -> Bytes {
    let texts = found.iter().filter(|(kind, _)| matches!(KINDS[*kind], "SQL" | "SqlCommand"));
    let mut changed: Option<BytesMut> = None;
    for text in texts.flat_map(|(_, found)| wire::field(found, 1)) {
        let without = std::str::from_utf8(&text).ok().and_then(|text| floe_sql::without_hint(text, "ROUTE"));
        // What was found is a part of the request, not a copy.
        let start = (text.as_ptr() as usize).checked_sub(request.as_ptr() as usize);
        let (Some(without), Some(start)) = (without, start) else { continue };
        let bytes = changed.get_or_insert_with(|| BytesMut::from(request.as_ref()));
        if let Some(place) = bytes.get_mut(start..start + without.len()) {
            place.copy_from_slice(without.as_bytes());
        }
    }
    changed.map_or_else(|| request.clone(), BytesMut::freeze)
}

/// `saveAsTable` makes the table where there is none, `insertInto` does not.
fn saves_as_table(save: &Bytes) -> bool {
    use proto::write_operation::save_table::TableSaveMethod;
    let save = proto::write_operation::SaveTable::decode(save.clone());
    save.is_ok_and(|save| save.save_method() == TableSaveMethod::SaveAsTable)
}

/// True for the modes of `writeTo` that write into a table that is there.
fn adds(write: &Bytes) -> bool {
    use proto::write_operation_v2::Mode;
    const MODE: u32 = 7;
    let adding = [Mode::Append, Mode::Overwrite, Mode::OverwritePartitions];
    wire::number(write, MODE).is_some_and(|mode| adding.iter().any(|adding| *adding as u64 == mode))
}

fn name(message: &mut Message, text: Option<String>) {
    let Some(names) = &mut message.names else { return };
    // A name that is none is refused by whoever reads it.
    names.extend(text.and_then(|text| floe_sql::parse_multipart_identifier(&text).ok()));
}

fn target(message: &mut Message, text: Option<String>, is_made: bool) {
    let parts = text.and_then(|text| floe_sql::parse_multipart_identifier(&text).ok());
    if let Some(names) = &mut message.names {
        names.extend(parts.clone());
    }
    message.creates.extend(parts.clone().filter(|_| is_made));
    message.targets.extend(parts);
}

/// Notes what is called, by last names in lower case.
fn calls(message: &mut Message, names: impl IntoIterator<Item = String>) {
    for name in names {
        if !message.calls.contains(&name) {
            message.calls.push(name);
        }
    }
}

fn sql(session: &Session, message: &mut Message, text: Option<String>) {
    let Some(text) = text else { return };
    calls(message, floe_sql::called(&text));
    match session.source(&text).and_then(|source| floe_sql::parse_statement(&source)) {
        Ok(statement) => {
            let found = floe_engine::elsewhere::names_of(&statement);
            if let Some(names) = &mut message.names {
                names.extend(found.read);
            }
            message.targets.extend(found.written);
            message.creates.extend(found.made);
        }
        Err(_) => {
            message.names = None;
            let made = created(&text).filter(|made| !made.is_temporary && made.kind != "FUNCTION");
            message.creates.extend(made.map(|made| made.name));
        }
    }
}

/// What a command leaves in the session, as far as its message says it.
pub(crate) fn makes(plan: Option<&proto::Plan>) -> Option<Makes> {
    if let Some(text) = whole_text(plan) {
        let made = created(text).filter(|made| made.is_temporary && made.kind == "FUNCTION");
        return made.and_then(|mut made| made.name.pop()).map(Makes::Function);
    }
    let OpType::Command(command) = plan?.op_type.as_ref()? else { return None };
    match command.command_type.as_ref()? {
        CommandType::RegisterFunction(function) => Some(Makes::Function(function.function_name.clone())),
        CommandType::RegisterTableFunction(function) => Some(Makes::Function(function.function_name.clone())),
        CommandType::RegisterDataSource(source) => Some(Makes::Function(source.name.clone())),
        _ => None,
    }
}

/// What a text makes that nobody here parses further.
#[derive(Debug, PartialEq, Eq)]
struct Created {
    is_temporary: bool,
    /// `FUNCTION`, `TABLE` or `VIEW`.
    kind: &'static str,
    name: Vec<String>,
}

/// Reads `CREATE [OR REPLACE] [GLOBAL] [TEMPORARY] [EXTERNAL] FUNCTION|TABLE|VIEW [IF NOT EXISTS] a.b …`.
fn created(text: &str) -> Option<Created> {
    let mut words = text.split_whitespace().peekable();
    let is = |word: &str, wanted: &[&str]| wanted.iter().any(|wanted| word.eq_ignore_ascii_case(wanted));
    words.next().filter(|word| is(word, &["CREATE"]))?;
    let mut is_temporary = false;
    while let Some(word) = words.next_if(|word| is(word, &["OR", "REPLACE", "GLOBAL", "TEMPORARY", "TEMP", "EXTERNAL"]))
    {
        is_temporary |= is(word, &["TEMPORARY", "TEMP"]);
    }
    let kind = words.next()?;
    let kind = ["FUNCTION", "TABLE", "VIEW"].into_iter().find(|known| kind.eq_ignore_ascii_case(known))?;
    while words.next_if(|word| is(word, &["IF", "NOT", "EXISTS"])).is_some() {}
    let name = words.next()?.split(['(', ';']).next().unwrap_or_default();
    Some(Created { is_temporary, kind, name: floe_sql::parse_multipart_identifier(name).ok()? })
}

/// Adds what only the decoded request tells: whether it is a query, and the view it makes.
pub(crate) fn complete(message: &mut Message, asked: &Asked) {
    let statement = match asked {
        Asked::Rows(statement) | Asked::Sql { statement, .. } => statement,
        Asked::Do(command) => return made(message, command),
        _ => return,
    };
    match statement {
        Statement::Query(relation) => message.is_query = !matches!(*relation.kind, RelationKind::Catalog(_)),
        Statement::Command(command) => made(message, command),
    }
}

fn made(message: &mut Message, command: &Command) {
    if let Command::DropFunction { name, .. } = command {
        message.makes = name.last().cloned().map(Makes::NoFunction);
    }
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

    fn of(command: CommandType) -> Message {
        let command = proto::Command { command_type: Some(command) };
        let plan = Some(proto::Plan { op_type: Some(OpType::Command(command)) });
        looked_at(&proto::ExecutePlanRequest { plan, ..Default::default() }.encode_to_vec().into())
    }

    fn found(root: proto::Relation) -> Message {
        looked_at(&request(root))
    }

    fn looked_at(request: &Bytes) -> Message {
        let key = floe_engine::SessionKey { user_id: String::new(), session_id: floe_base::id::fresh() };
        let session = floe_engine::Engine::in_memory().and_then(|engine| engine.session(&key)).expect("a session");
        message(&session, "ExecutePlanRequest", request, None)
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
        let found = found(relation(RelType::MapPartitions(Box::new(map))));
        assert_eq!(found.names, Some(vec![vec!["a".to_string(), "b c".to_string()]]));
        assert_eq!(found.levels, 7);
        let join = proto::Join {
            left: Some(Box::new(text("WITH x AS (SELECT 1) SELECT * FROM x, y"))),
            right: Some(Box::new(relation(RelType::CachedLocalRelation(proto::CachedLocalRelation {
                hash: "h".into(),
            })))),
            ..Default::default()
        };
        let found = self::found(relation(RelType::Join(Box::new(join))));
        assert_eq!(found.names, Some(vec![vec!["y".to_string()]]));
        assert_eq!(found.uploads, ["h"]);
    }

    #[test]
    fn a_hint_for_this_server_goes_no_further() {
        let request = request(text("SELECT /*+ ROUTE(spark) */ 1"));
        let sent = proto::ExecutePlanRequest::decode(looked_at(&request).bytes).expect("a request");
        assert_eq!(sent.encode_to_vec(), self::request(text("SELECT /*  ROUTE(spark) */ 1")));
        let without = self::request(text("SELECT 1"));
        assert_eq!(looked_at(&without).bytes, without);
    }

    #[test]
    fn a_text_that_does_not_parse_may_name_anything() {
        assert_eq!(found(text("selec 1")).names, None);
    }

    #[test]
    fn what_a_text_makes_is_read_from_its_first_words() {
        let shown = |text| created(text).map(|made| format!("{} {} {:?}", made.is_temporary, made.kind, made.name));
        for (text, wanted) in [
            ("CREATE TEMPORARY FUNCTION f(x INT) RETURNS INT RETURN x + 1", Some("true FUNCTION [\"f\"]")),
            ("create or replace temporary function f AS 'a.B'", Some("true FUNCTION [\"f\"]")),
            ("CREATE TEMPORARY FUNCTION IF NOT EXISTS `f` AS 'a.B'", Some("true FUNCTION [\"f\"]")),
            ("CREATE FUNCTION f AS 'a.B'", Some("false FUNCTION [\"f\"]")),
            ("CREATE EXTERNAL TABLE a.t(x INT) STORED AS ORC", Some("false TABLE [\"a\", \"t\"]")),
            ("CREATE GLOBAL TEMP VIEW v AS SELECT 1", Some("true VIEW [\"v\"]")),
            ("CREATE", None),
            ("SELECT 1", None),
        ] {
            assert_eq!(shown(text).as_deref(), wanted, "{text}");
        }
    }

    #[test]
    fn what_is_written_is_a_target_too() {
        let found = found(text("INSERT INTO a.t SELECT * FROM v"));
        assert_eq!(found.targets, [["a", "t"]]);
        assert!(found.creates.is_empty());
        assert!(found.names.is_some_and(|names| names.contains(&vec!["v".to_string()])));
    }

    #[test]
    fn what_is_made_is_told_from_what_is_written() {
        use proto::write_operation::save_table::TableSaveMethod;
        use proto::write_operation::{SaveTable, SaveType};
        for (method, is_made) in [(TableSaveMethod::SaveAsTable, true), (TableSaveMethod::InsertInto, false)] {
            let table = SaveTable { table_name: "a.t".into(), save_method: method.into() };
            let write = proto::WriteOperation { save_type: Some(SaveType::Table(table)), ..Default::default() };
            assert_eq!(!of(CommandType::WriteOperation(write)).creates.is_empty(), is_made);
        }
        use proto::write_operation_v2::Mode;
        for (mode, is_made) in [(Mode::Append, false), (Mode::Create, true), (Mode::CreateOrReplace, true)] {
            let write = proto::WriteOperationV2 { table_name: "t".into(), mode: mode.into(), ..Default::default() };
            assert_eq!(!of(CommandType::WriteOperationV2(write)).creates.is_empty(), is_made);
        }
        let text = "CREATE TABLE t AS SELECT 1";
        assert_eq!(found(self::text(text)).creates, [["t"]]);
    }
}
