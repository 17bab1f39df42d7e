//! `INSERT INTO`, `INSERT OVERWRITE`, static and dynamic, by position and by name.

use std::sync::Arc;

use arrow::datatypes::Schema;
use datafusion::logical_expr::Expr;
use floe_base::{Error, Result};
use floe_iceberg::commit;
use floe_iceberg::table::Table;
use floe_iceberg::write::NewFile;
use floe_plan::Planned;
use floe_plan::write::{align, align_by_name};
use floe_syntax::command::Insert;
use floe_syntax::expression::ExpressionKind;
use floe_syntax::{DataType, Expression, Literal, Origin, Relation, RelationKind};

use super::{Target, stored};
use crate::session::Running;
use crate::{Execution, Session, query};

/// What an insert does to the rows that are there.
pub(super) enum Over {
    Append,
    /// All rows, or those of a static partition or condition.
    Rows(Vec<Expr>),
    /// The partitions that are written to.
    Partitions,
}

pub(super) async fn run(session: &Arc<Session>, insert: Insert, running: &Running) -> Result<Execution> {
    if insert.schema_evolution {
        return Err(Error::unsupported("INSERT WITH SCHEMA EVOLUTION"));
    }
    if let Some(stored) = session.stored(&insert.table).await? {
        return stored::insert(session, stored, insert, running).await;
    }
    if let Some(filed) = session.filed(&insert.table).await? {
        return filed.insert(session, insert, running).await;
    }
    let target = session.target(&insert.table).await?;
    let fixed = fixed_partitions(session, &insert, &target).await?;
    let over = over(session, &insert, &target, &fixed).await?;
    let mut source = insert.source;
    null_defaults(&mut source);
    let source = with_fixed(source, &insert.partition, &target.table.schema, insert.columns.as_deref())?;
    let planned = query::lower_to_run(session, source).await?;
    let context = session.context()?;
    let rows = if insert.by_name {
        align_by_name(planned, &target.table.schema, &target.whole(), &context)?
    } else {
        align(planned, &target.table.schema, insert.columns.as_deref(), &target.whole(), &context)?
    };
    let added = crate::write::rows(session, &rows, &target.iceberg, &target.files, running).await?;
    put(&target.iceberg, added, over, running).await?;
    Ok(Execution::empty())
}

/// `VALUES (1, DEFAULT)`: Iceberg's tables have no other default than NULL in Spark 4.1.
pub(super) fn null_defaults(source: &mut Relation) {
    match source.kind.as_mut() {
        RelationKind::Query(query) => null_defaults(&mut query.body),
        RelationKind::Values { rows } => {
            for value in rows.iter_mut().flatten().filter(|value| matches!(value.kind, ExpressionKind::Default)) {
                value.kind = ExpressionKind::Literal(Literal::Null(DataType::Null));
            }
        }
        _ => {}
    }
}

/// Commits rows that are written.
pub(super) async fn put(table: &Table, added: Vec<NewFile>, over: Over, running: &Running) -> Result<Table> {
    let operation = Some(running.operation.id.clone());
    match over {
        Over::Append => commit::append(table, added, operation).await,
        Over::Rows(filter) => commit::overwrite_where(table, filter, added, operation).await,
        Over::Partitions if added.is_empty() => Ok(table.clone()),
        Over::Partitions => commit::overwrite_partitions(table, added, operation).await,
    }
}

/// Rows by name from a frame, appended or over what is there.
pub(super) async fn by_name(
    session: &Arc<Session>,
    target: &Target,
    planned: Planned,
    over: Over,
    running: &Running,
) -> Result<Execution> {
    let rows = align_by_name(planned, &target.table.schema, &target.whole(), &session.context()?)?;
    let added = crate::write::rows(session, &rows, &target.iceberg, &target.files, running).await?;
    put(&target.iceberg, added, over, running).await?;
    Ok(Execution::empty())
}

/// `partitionOverwriteMode`: in dynamic mode only the partitions that get rows are replaced.
pub(super) fn overwrite(session: &Session, table: &Table, filter: Vec<Expr>) -> Result<Over> {
    let mode = session.conf().get("spark.sql.sources.partitionOverwriteMode")?;
    let partitioned = !table.metadata.default_partition_spec().is_unpartitioned();
    Ok(if mode.eq_ignore_ascii_case("dynamic") && partitioned { Over::Partitions } else { Over::Rows(filter) })
}

async fn over(session: &Arc<Session>, insert: &Insert, target: &Target, fixed: &[Expr]) -> Result<Over> {
    if let Some(condition) = &insert.replace_where {
        let filter = super::condition(session, &insert.table, condition.clone()).await?;
        return Ok(Over::Rows(vec![filter]));
    }
    if !insert.overwrite {
        return Ok(Over::Append);
    }
    if insert.if_not_exists {
        return Err(Error::unsupported("INSERT OVERWRITE … IF NOT EXISTS"));
    }
    overwrite(session, &target.iceberg, fixed.to_vec())
}

/// The values of `PARTITION (a = 1)` as conditions on the table.
async fn fixed_partitions(session: &Arc<Session>, insert: &Insert, target: &Target) -> Result<Vec<Expr>> {
    let mut filters = Vec::new();
    for (name, value) in &insert.partition {
        if target.table.schema.fields().iter().all(|field| !field.name().eq_ignore_ascii_case(name)) {
            return Err(Error::analysis("NON_PARTITION_COLUMN").with("columnName", format!("`{name}`")));
        }
        if let Some(value) = value {
            let column = Expression::column(vec![name.clone()], Origin::Unknown);
            let equal = Expression::call("<=>", vec![column, value.clone()], Origin::Unknown);
            filters.push(super::condition(session, &insert.table, equal).await?);
        }
    }
    Ok(filters)
}

/// The source with its static partition values put where the table has those columns.
fn with_fixed(
    source: Relation,
    partition: &[(String, Option<Expression>)],
    schema: &Schema,
    columns: Option<&[String]>,
) -> Result<Relation> {
    let fixed: Vec<&(String, Option<Expression>)> = partition.iter().filter(|(_, value)| value.is_some()).collect();
    if fixed.is_empty() {
        return Ok(source);
    }
    if columns.is_some() {
        return Err(Error::unsupported("INSERT with both a column list and static partition values"));
    }
    let is_fixed = |name: &str| fixed.iter().find(|(column, _)| column.eq_ignore_ascii_case(name));
    let names: Vec<String> = schema
        .fields()
        .iter()
        .filter(|field| is_fixed(field.name()).is_none())
        .map(|field| field.name().clone())
        .collect();
    let renamed = RelationKind::ToDf { input: source, names };
    let projection = schema.fields().iter().map(|field| {
        let name = field.name();
        let expression = match is_fixed(name) {
            Some((_, Some(value))) => value.clone(),
            _ => Expression::column(vec![name.clone()], Origin::Unknown),
        };
        let kind = ExpressionKind::Alias { child: Box::new(expression), names: vec![name.clone()], metadata: None };
        Expression::new(kind, Origin::Unknown)
    });
    let expressions = projection.collect();
    let input = Relation::new(renamed, Origin::Unknown);
    Ok(Relation::new(RelationKind::Project { input, expressions }, Origin::Unknown))
}
