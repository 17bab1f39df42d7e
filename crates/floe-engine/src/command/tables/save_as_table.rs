//! `df.write.saveAsTable(name)` and `df.write.insertInto(name)`.

use std::sync::Arc;

use floe_base::{Error, Kind, Result};
use floe_plan::write::align;
use floe_syntax::Relation;
use floe_syntax::command::{CreateMode, CreateTable, SaveAsTable, SaveMode, Transform, WriteFiles};
use floe_syntax::relation::TableName;

use super::insert::{Over, by_name, overwrite, put};
use super::{Target, create};
use crate::session::Running;
use crate::{Execution, Session, query};

pub(super) async fn run(session: &Arc<Session>, save: SaveAsTable, running: &Running) -> Result<Execution> {
    let name = TableName { parts: save.table.clone(), ..TableName::default() };
    if !save.cluster_by.is_empty() {
        return Err(Error::unsupported("clusterBy of a table"));
    }
    if save.buckets.is_none() && !save.sort_by.is_empty() {
        return Err(Error::message(Kind::Analysis, "sortBy must be used together with bucketBy"));
    }
    let stored = session.stored(&name).await?;
    if save.insert {
        let overwrites = save.mode == SaveMode::Overwrite;
        if let Some(stored) = stored {
            let over = if overwrites { Over::Rows(Vec::new()) } else { Over::Append };
            let planned = query::lower_to_run(session, save.input).await?;
            return stored.by_position(session, planned, over, running).await;
        }
        if let Some(filed) = session.filed(&name).await? {
            if let Some((key, _)) = save.options.first() {
                return Err(Error::unsupported(format!("option `{key}` of insertInto a table over files")));
            }
            return filed.by_position(session, save.input, overwrites, running).await;
        }
        let target = session.target(&name).await?.with_options(&save.options)?;
        return insert_into(session, target, save.input, overwrites, running).await;
    }
    let exists = session.named(&name).await?.is_some();
    match (exists, save.mode, stored) {
        (true, SaveMode::Ignore, _) => Ok(Execution::empty()),
        (true, SaveMode::Append, Some(stored)) => {
            let planned = query::lower_to_run(session, save.input).await?;
            stored.by_name(session, planned, Over::Append, running).await
        }
        (true, SaveMode::Append, None) => {
            let target = session.target(&name).await?.with_options(&save.options)?;
            let planned = query::lower_to_run(session, save.input).await?;
            by_name(session, &target, planned, Over::Append, running).await
        }
        (_, mode, _) => {
            let replaces = mode == SaveMode::Overwrite;
            create::run(session, as_create(save, name, replaces), running).await
        }
    }
}

/// `df.write.format("iceberg").save("db.t")`: the path is a table's name, whose rows change and whose columns do not.
pub(super) async fn by_path(session: &Arc<Session>, write: WriteFiles, running: &Running) -> Result<Execution> {
    let path = write.path.ok_or_else(|| Error::new(Kind::IllegalArgument, "_LEGACY_ERROR_TEMP_2047"))?;
    if path.contains('/') {
        return Err(Error::unsupported(format!("the Iceberg table at {path}; name a table of a catalog")));
    }
    let table = floe_sql::parse_multipart_identifier(&path)?;
    let over = match write.mode {
        SaveMode::Append => Over::Append,
        SaveMode::Overwrite => Over::Rows(Vec::new()),
        mode @ (SaveMode::ErrorIfExists | SaveMode::Ignore) => {
            let save = SaveAsTable {
                input: write.input,
                table,
                insert: false,
                format: write.format,
                mode,
                options: write.options.into_iter().filter(|(key, _)| !key.eq_ignore_ascii_case("path")).collect(),
                partition_by: write.partition_by,
                sort_by: write.sort_by,
                buckets: write.buckets,
                cluster_by: Vec::new(),
            };
            return run(session, save, running).await;
        }
    };
    let target = session.target(&TableName { parts: table, ..TableName::default() }).await?;
    let target = target.with_options(&write.options)?;
    let planned = query::lower_to_run(session, write.input).await?;
    by_name(session, &target, planned, over, running).await
}

/// By position, as Spark's insertInto.
async fn insert_into(
    session: &Arc<Session>,
    target: Target,
    input: Relation,
    overwrites: bool,
    running: &Running,
) -> Result<Execution> {
    let planned = query::lower_to_run(session, input).await?;
    let rows = align(planned, &target.table.schema, None, &target.whole(), &session.context()?)?;
    let over = if overwrites { overwrite(session, &target.iceberg, Vec::new())? } else { Over::Append };
    let added = crate::write::rows(session, &rows, &target.iceberg, &target.files, running).await?;
    put(&target.iceberg, added, over, running).await?;
    Ok(Execution::empty())
}

fn as_create(save: SaveAsTable, name: TableName, replaces: bool) -> CreateTable {
    let identity =
        |column: String| Transform { name: "identity".into(), column: vec![column], argument: None, definition: None };
    // A path is the table's location; `overwriteSchema` is what replacing does anyway.
    let mut options = save.options;
    options.retain(|(key, _)| !key.eq_ignore_ascii_case("overwriteSchema"));
    let path = options.iter().position(|(key, _)| key.eq_ignore_ascii_case("path"));
    let location = path.map(|index| options.remove(index).1);
    CreateTable {
        name,
        if_not_exists: false,
        mode: if replaces { CreateMode::CreateOrReplace } else { CreateMode::Create },
        columns: Vec::new(),
        partitioning: save.partition_by.into_iter().map(identity).collect(),
        buckets: save.buckets.map(|(count, columns)| (columns, save.sort_by, count)),
        cluster_by: Vec::new(),
        provider: save.format,
        options,
        properties: Vec::new(),
        location,
        comment: None,
        external: false,
        query: Some(save.input),
        like: None,
    }
}
