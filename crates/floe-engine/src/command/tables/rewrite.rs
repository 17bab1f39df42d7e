//! DELETE, UPDATE, MERGE as copy-on-write: the touched files are found, their rows written anew, and one commit puts the
//! new files in the place of the old.

use std::collections::HashSet;
use std::sync::Arc;

use arrow::array::RecordBatch;
use async_trait::async_trait;
use datafusion::logical_expr::Expr;
use floe_base::{Error, Kind, Result};
use floe_catalog::catalog::Version;
use floe_catalog::{Found, Table};
use floe_functions::Context;
use floe_iceberg::commit::{self, RowLevel};
use floe_iceberg::scan::{ScanLog, ScanOptions};
use floe_plan::write::{self, Rewrite, TargetTable, align};
use floe_plan::{Lookup, Planned, Under, Variables, lower_query};
use floe_syntax::Expression;
use floe_syntax::command::{Assignment, Merge};
use floe_syntax::relation::{Files, TableName};

use super::Target;
use crate::session::{Running, SessionLookup};
use crate::{Execution, Session, query};

pub(super) async fn delete(
    session: &Arc<Session>,
    name: &TableName,
    alias: Option<&str>,
    condition: Option<Expression>,
    running: &Running,
) -> Result<Execution> {
    let target = session.target(name).await?;
    let Some(condition) = condition else {
        commit::delete_all(&target.iceberg, Some(running.operation.id.clone())).await?;
        return Ok(Execution::empty());
    };
    if let Some(filter) = whole_files(session, name, &condition).await {
        let operation = Some(running.operation.id.clone());
        if commit::delete_files_where(&target.iceberg, vec![filter], operation).await?.is_some() {
            return Ok(Execution::empty());
        }
    }
    run(session, target, write::delete(&marked(name), alias, condition), RowLevel::Delete, running).await
}

/// The condition as one that files can be asked about without reading them; `None` where it is more than that. What is wrong
/// with it, the query that reads the rows will say.
async fn whole_files(session: &Arc<Session>, name: &TableName, condition: &Expression) -> Option<Expr> {
    super::condition(session, name, condition.clone()).await.ok().filter(|filter| !filter.is_volatile())
}

pub(super) async fn update(
    session: &Arc<Session>,
    name: &TableName,
    alias: Option<&str>,
    assignments: &[Assignment],
    condition: Option<Expression>,
    running: &Running,
) -> Result<Execution> {
    let target = session.target(name).await?;
    let (whole, columns) = (target.whole(), columns(&target));
    let of = TargetTable { name: &whole, columns: &columns };
    let rewrite = write::update(&marked(name), alias, assignments, condition, &of)?;
    run(session, target, rewrite, RowLevel::Update, running).await
}

pub(super) async fn merge(session: &Arc<Session>, mut merge: Merge, running: &Running) -> Result<Execution> {
    if merge.schema_evolution {
        return Err(Error::unsupported("MERGE WITH SCHEMA EVOLUTION"));
    }
    let target = session.target(&merge.target).await?;
    merge.target = marked(&merge.target);
    let source = query::lower(session, merge.source.clone()).await?;
    let source_columns: Vec<String> = source.fields.iter().map(|field| field.name().clone()).collect();
    let (name, columns) = (target.whole(), columns(&target));
    let of = TargetTable { name: &name, columns: &columns };
    let rewrite = write::merge(&merge, &of, &source_columns)?;
    run(session, target, rewrite, RowLevel::Merge, running).await
}

/// The read option that tells the rewritten table from another mention of it: a source may read the target too.
const MARK: &str = "floe.rewrite";

fn marked(name: &TableName) -> TableName {
    let mut name = name.clone();
    name.options.push((MARK.into(), "target".into()));
    name
}

fn columns(target: &Target) -> Vec<String> {
    target.table.schema.fields().iter().map(|field| field.name().clone()).collect()
}

async fn run(
    session: &Arc<Session>,
    target: Target,
    rewrite: Rewrite,
    statement: RowLevel,
    running: &Running,
) -> Result<Execution> {
    let pinned = |files: Option<HashSet<String>>| Pinned::new(session, &target, files, None);
    if let Some(violations) = rewrite.violations {
        let planned = lower_query(violations, &pinned(None)?).await?;
        let rows: usize = query::collect(session, &planned).await?.iter().map(RecordBatch::num_rows).sum();
        if rows > 0 {
            return Err(Error::new(Kind::Runtime, "MERGE_CARDINALITY_VIOLATION"));
        }
    }
    let log = ScanLog::default();
    let planned = lower_query(rewrite.touched, &Pinned::new(session, &target, None, Some(log.clone()))?).await?;
    let touched = crate::write::touched(session, &planned).await?;
    let lookup = pinned(Some(touched.clone()))?;
    let rows = lower_query(rewrite.rows, &lookup).await?;
    let rows = align(rows, &target.table.schema, None, &target.whole(), lookup.context())?;
    // A statement that changes nothing makes a snapshot too, as Spark's does, but has no rows to look for.
    let added = match touched.is_empty() && !rewrite.inserts {
        true => Vec::new(),
        false => crate::write::rows(session, &rows, &target.iceberg, &target.files, running).await?,
    };
    let isolation = commit::isolation(&target.iceberg, statement)?;
    let operation = Some(running.operation.id.clone());
    commit::overwrite_files(&target.iceberg, touched, added, log.filters(), isolation, operation).await?;
    Ok(Execution::empty())
}

/// A session as the statement sees it: its target stands still at one version, with the columns that tell rows apart, and
/// in the second pass what is rewritten is only the touched files. Other mentions of the target see all of it.
struct Pinned {
    inner: SessionLookup,
    session: Arc<Session>,
    /// The target's place, to know its other mentions by.
    key: String,
    rewritten: Table,
    whole: Table,
}

impl Pinned {
    fn new(
        session: &Arc<Session>,
        target: &Target,
        files: Option<HashSet<String>>,
        log: Option<ScanLog>,
    ) -> Result<Self> {
        let read = |files: Option<HashSet<String>>, log: Option<ScanLog>| {
            let files = files.map(Arc::new);
            let options = ScanOptions { row_identity: true, files, log, ..ScanOptions::default() };
            Ok::<Table, Error>(Table { provider: target.iceberg.provider(options)?, ..target.table.clone() })
        };
        Ok(Self {
            inner: SessionLookup::new(session.clone())?,
            session: session.clone(),
            key: target.located.cache_name(),
            rewritten: read(files, log)?,
            whole: read(None, None)?,
        })
    }
}

#[async_trait]
impl Lookup for Pinned {
    fn context(&self) -> &Context {
        self.inner.context()
    }

    async fn find(
        &self,
        name: &[String],
        version: Option<&Version>,
        options: &[(String, String)],
        under: Option<&Under>,
    ) -> Result<Option<Found>> {
        if options.iter().any(|(key, _)| key == MARK) {
            return Ok(Some(Found::Table(Box::new(self.rewritten.clone()))));
        }
        let found = self.inner.find(name, version, options, under).await?;
        if version.is_none() && options.is_empty() && matches!(found, Some(Found::Table(_))) {
            let places = self.session.candidates(name, under.map(Under::place)).await?;
            if places.iter().any(|place| place.cache_name() == self.key) {
                return Ok(Some(Found::Table(Box::new(self.whole.clone()))));
            }
        }
        Ok(found)
    }

    fn variables(&self) -> Variables {
        self.inner.variables()
    }

    async fn files(&self, files: &Files) -> Result<Table> {
        self.inner.files(files).await
    }

    fn cached(&self, relation_id: &str) -> Result<Table> {
        self.inner.cached(relation_id)
    }

    async fn collect(&self, planned: Planned) -> Result<Vec<RecordBatch>> {
        self.inner.collect(planned).await
    }
}
