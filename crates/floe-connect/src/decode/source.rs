//! Where rows come from: tables and files, ranges, table functions.

use floe_base::Result;
use floe_proto::connect as proto;
use floe_proto::connect::read::ReadType;
use floe_syntax::relation::{Files, TableName};
use floe_syntax::{Expression, ExpressionKind, Origin, RelationKind};

use super::{Scope, expression, not_set, sorted, text};

pub(super) fn read(scope: &Scope<'_>, read: proto::Read) -> Result<RelationKind> {
    if read.is_streaming {
        scope.streaming.set(true);
        return Ok(RelationKind::Unsupported("a streaming source (readStream)".into()));
    }
    match read.read_type.ok_or_else(|| not_set("spark.connect.Read.read_type"))? {
        ReadType::NamedTable(table) => Ok(RelationKind::Table(TableName {
            parts: text::name(&table.unparsed_identifier)?,
            options: sorted(table.options),
            ..TableName::default()
        })),
        ReadType::DataSource(source) => data_source(source),
    }
}

fn data_source(source: proto::read::DataSource) -> Result<RelationKind> {
    if !source.predicates.is_empty() {
        return Ok(RelationKind::Unsupported("reading with partition predicates (read.jdbc)".into()));
    }
    let schema = match source.schema.as_deref() {
        None | Some("") => None,
        Some(schema) => Some(text::schema_of_text(schema)?),
    };
    Ok(RelationKind::Files(Files {
        format: source.format.filter(|format| !format.is_empty()),
        schema,
        options: sorted(source.options),
        paths: source.paths,
    }))
}

pub(super) fn range(range: &proto::Range) -> Result<RelationKind> {
    Ok(RelationKind::Range {
        start: range.start.unwrap_or(0),
        end: range.end,
        step: range.step,
        partitions: range.num_partitions,
    })
}

pub(super) fn table_function(
    scope: &Scope<'_>,
    function: proto::UnresolvedTableValuedFunction,
) -> Result<RelationKind> {
    let name = text::name(&function.function_name)?;
    let mut call = expression::call(scope, &function.function_name, function.arguments, false)?;
    call.name.clone_from(&name);
    let call = Expression::new(ExpressionKind::Call(Box::new(call)), Origin::Unknown);
    Ok(RelationKind::TableFunction { name, call, with_ordinality: false })
}
