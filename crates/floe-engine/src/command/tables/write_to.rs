//! `df.writeTo(name)`: create, replace, append, overwrite.

use std::sync::Arc;

use floe_base::{Error, Result};
use floe_syntax::command::{CreateMode, CreateTable, Transform, WriteTo, WriteToMode};
use floe_syntax::relation::TableName;
use floe_syntax::{Expression, ExpressionKind, Literal};

use super::create;
use super::insert::{Over, by_name};
use crate::session::Running;
use crate::{Execution, Session, query};

pub(super) async fn run(session: &Arc<Session>, write: WriteTo, running: &Running) -> Result<Execution> {
    let name = TableName { parts: write.table.clone(), ..TableName::default() };
    let mode = match &write.mode {
        WriteToMode::Create => CreateMode::Create,
        WriteToMode::Replace => CreateMode::Replace,
        WriteToMode::CreateOrReplace => CreateMode::CreateOrReplace,
        _ => return into(session, write, &name, running).await,
    };
    create::run(session, as_create(write, name, mode)?, running).await
}

async fn into(session: &Arc<Session>, write: WriteTo, name: &TableName, running: &Running) -> Result<Execution> {
    if let Some(stored) = session.stored(name).await? {
        let over = match write.mode {
            WriteToMode::Append => Over::Append,
            _ => return Err(Error::unsupported("overwriting a part of a table that is not Iceberg's")),
        };
        let planned = query::lower_to_run(session, write.input).await?;
        return stored.by_name(session, planned, over, running).await;
    }
    if let Some(filed) = session.filed(name).await? {
        return Err(filed.not_by_name());
    }
    let target = session.target(name).await?.with_options(&write.options)?;
    let over = match write.mode {
        WriteToMode::Overwrite(condition) => Over::Rows(vec![super::condition(session, name, condition).await?]),
        WriteToMode::OverwritePartitions => Over::Partitions,
        _ => Over::Append,
    };
    let planned = query::lower_to_run(session, write.input).await?;
    by_name(session, &target, planned, over, running).await
}

fn as_create(write: WriteTo, name: TableName, mode: CreateMode) -> Result<CreateTable> {
    if !write.cluster_by.is_empty() {
        return Err(Error::unsupported("clusterBy of a table"));
    }
    Ok(CreateTable {
        name,
        if_not_exists: false,
        mode,
        columns: Vec::new(),
        partitioning: write.partitioning.iter().map(transform).collect::<Result<_>>()?,
        buckets: None,
        cluster_by: Vec::new(),
        provider: write.provider,
        options: Vec::new(),
        properties: write.properties.into_iter().chain(write.options).collect(),
        location: None,
        comment: None,
        external: false,
        query: Some(write.input),
        like: None,
    })
}

/// `partitionedBy(col("a"), days("ts"), bucket(8, "id"))` as DDL's transforms.
fn transform(expression: &Expression) -> Result<Transform> {
    let unknown = || Error::unsupported("this expression in partitionedBy").at(&expression.origin);
    let column_of = |expression: &Expression| match &expression.kind {
        ExpressionKind::Attribute(attribute) => Some(attribute.parts.clone()),
        _ => None,
    };
    if let Some(column) = column_of(expression) {
        return Ok(Transform { name: "identity".into(), column, argument: None, definition: None });
    }
    let ExpressionKind::Call(call) = &expression.kind else { return Err(unknown()) };
    let name = call.name.last().cloned().unwrap_or_default();
    let mut transform = Transform { name, column: Vec::new(), argument: None, definition: None };
    for argument in &call.arguments {
        match &argument.value.kind {
            ExpressionKind::Literal(Literal::Int(number)) => transform.argument = Some(i64::from(*number)),
            ExpressionKind::Literal(Literal::Long(number)) => transform.argument = Some(*number),
            _ => transform.column = column_of(&argument.value).ok_or_else(unknown)?,
        }
    }
    Ok(transform)
}
