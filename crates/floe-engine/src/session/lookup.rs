//! A session as the resolver sees it: names to tables and views.
//!
//! The order is Spark's: a temp view of one part, a global temp view, the current catalog and schema, then a catalog by
//! name. `` parquet.`path` `` is a name too.

use std::collections::BTreeSet;
use std::sync::Arc;

use arrow::array::RecordBatch;
use async_trait::async_trait;
use datafusion::datasource::MemTable;
use floe_base::id::BackendId;
use floe_base::{Error, Result};
use floe_catalog::catalog::Version;
use floe_catalog::{Found, FoundFunction, Statistics, Table};
use floe_functions::Context;
use floe_plan::{Lookup, Planned, Temporary, Under, Variables};
use floe_syntax::relation::Files;
use parking_lot::Mutex;

use super::Session;
use super::views::GLOBAL;
use crate::query;

/// One statement's view of a session; its time and settings stand still.
pub(crate) struct SessionLookup {
    session: Arc<Session>,
    context: Context,
    /// The temp views that were asked for.
    temporary: Mutex<BTreeSet<String>>,
    /// The session's own functions that were asked for.
    functions: Mutex<BTreeSet<String>>,
}

/// A name with its catalog and namespace, as far as they are known to exist.
pub(crate) struct Located {
    pub(crate) catalog: Arc<dyn floe_catalog::Catalog>,
    pub(crate) namespace: Vec<String>,
    pub(crate) name: String,
}

impl Located {
    /// Its whole name in parts, for errors.
    pub(crate) fn whole(&self) -> Vec<String> {
        let mut whole = vec![self.catalog.name().to_string()];
        whole.extend(self.namespace.clone());
        whole.push(self.name.clone());
        whole
    }

    /// The name it is kept under by `CACHE TABLE`.
    pub(crate) fn cache_name(&self) -> String {
        format!("{}.{}.{}", self.catalog.name(), self.namespace.join("."), self.name).to_lowercase()
    }
}

impl SessionLookup {
    pub(crate) fn new(session: Arc<Session>) -> Result<Self> {
        let context = session.context()?;
        Ok(Self { session, context, temporary: Mutex::default(), functions: Mutex::default() })
    }

    /// The temp views the query uses, by name in lower case.
    pub(crate) fn temporary_names(&self) -> Vec<String> {
        self.temporary.lock().iter().cloned().collect()
    }

    /// The session's own functions the query uses, by name in lower case.
    pub(crate) fn temporary_functions(&self) -> Vec<String> {
        self.functions.lock().iter().cloned().collect()
    }
}

#[async_trait]
impl Lookup for SessionLookup {
    fn context(&self) -> &Context {
        &self.context
    }

    async fn find(
        &self,
        name: &[String],
        version: Option<&Version>,
        options: &[(String, String)],
        under: Option<&Under>,
    ) -> Result<Option<Found>> {
        if version.is_none()
            && let Some(found) = self.temporary(name, under.map(|under| &under.temporary))?
        {
            return Ok(Some(found));
        }
        if let [format, path] = name
            && floe_catalog::files::is_format(format)
            && path.contains('/')
        {
            let files = Files { format: Some(format.clone()), paths: vec![path.clone()], ..Files::default() };
            return Ok(Some(Found::Table(Box::new(self.files(&files).await?))));
        }
        let version = version.cloned().or_else(|| version_option(options));
        let under = under.map(Under::place);
        for located in self.session.candidates(name, under).await? {
            if version.is_none()
                && let Some(kept) = self.session.engine().cache().get(&located.cache_name())
            {
                return Ok(Some(Found::Table(Box::new(kept.table()?))));
            }
            if let Some(mut found) = located.catalog.load(&located.namespace, &located.name, version.as_ref()).await? {
                if let Found::Table(table) = &mut found
                    && !table.reachable.contains(&BackendId::Spark)
                    && self.session.name_upstream(located.catalog.as_ref()).is_some()
                {
                    table.reachable.push(BackendId::Spark);
                }
                return Ok(Some(found));
            }
        }
        if version.is_none()
            && let Some((located, files)) = self.session.table_over_files(name, under).await?
        {
            let table = crate::command::open_files(&self.session, &located, &files).await?;
            return Ok(Some(Found::Table(Box::new(table))));
        }
        Ok(None)
    }

    async fn function(&self, name: &[String], under: Option<&Under>) -> Result<Option<FoundFunction>> {
        let found = self.session.function(name, under).await?;
        if let Some(own) = found.as_ref().filter(|found| found.is_temporary) {
            self.functions.lock().extend(own.name.last().cloned());
        }
        Ok(found)
    }

    fn variables(&self) -> Variables {
        self.session.variables()
    }

    async fn files(&self, files: &Files) -> Result<Table> {
        let default = self.session.conf().get("spark.sql.sources.default")?;
        let format = match files.format.clone() {
            Some(format) => format,
            None if default == "iceberg" => "parquet".into(),
            None => default,
        };
        if format.eq_ignore_ascii_case("iceberg") {
            return self.iceberg(files).await;
        }
        self.session.open_files(&format, files, None, &self.context).await
    }

    fn cached(&self, relation_id: &str) -> Result<Table> {
        self.session.kept(relation_id).ok_or_else(|| {
            Error::new(floe_base::Kind::InvalidPlan, "CONNECT_INVALID_PLAN.DATAFRAME_NOT_FOUND")
                .with("key", relation_id)
                .with("sessionId", &self.session.key().session_id)
        })
    }

    async fn collect(&self, planned: Planned) -> Result<Vec<RecordBatch>> {
        query::collect_routed(&self.session, &planned).await
    }
}

impl SessionLookup {
    /// `spark.read.format("iceberg").load("db.t")`: the path is a table's name.
    async fn iceberg(&self, files: &Files) -> Result<Table> {
        let [path] = files.paths.as_slice() else {
            return Err(Error::unsupported("reading an Iceberg table by several paths or none"));
        };
        if path.contains('/') {
            return Err(Error::unsupported(format!("the Iceberg table at {path}; name a table of a catalog")));
        }
        let name = floe_sql::parse_multipart_identifier(path)?;
        match self.find(&name, None, &files.options, None).await? {
            Some(Found::Table(table)) if table.format == "iceberg" => Ok(*table),
            _ => Err(Error::analysis("TABLE_OR_VIEW_NOT_FOUND").with("relationName", floe_base::error::quoted(&name))),
        }
    }

    fn temporary(&self, name: &[String], which: Option<&Temporary>) -> Result<Option<Found>> {
        match which {
            None | Some(Temporary::Session) => {}
            Some(Temporary::Never) => return Ok(None),
            Some(Temporary::Kept(views)) => {
                let view = views.get(&name.join(".").to_lowercase());
                return Ok(view.map(|view| Found::View(Box::new(view.as_ref().clone()))));
            }
        }
        let view = match name {
            [name] => self.session.temp_view(name),
            [schema, name] if schema.eq_ignore_ascii_case(GLOBAL) => self.session.global_view(name),
            _ => None,
        };
        let Some(view) = view else { return Ok(None) };
        self.temporary.lock().insert(name.join(".").to_lowercase());
        let kept = match name {
            [name] => self.session.engine().cache().get(&self.session.temporary_cache_name(name)),
            _ => self.session.engine().cache().get(&name.join(".").to_lowercase()),
        };
        Ok(Some(match kept {
            Some(kept) => Found::Table(Box::new(kept.table()?)),
            None => Found::View(Box::new(view.as_ref().clone())),
        }))
    }
}

impl Session {
    /// The name a temp view is kept under by `CACHE TABLE`.
    pub(crate) fn temporary_cache_name(&self, name: &str) -> String {
        format!("{}/{}", self.key.session_id, name).to_lowercase()
    }

    /// Where a name may live, in the order to try: under the current catalog and namespace (of the session, or of the
    /// view whose text is read), then under the catalog its first part names.
    pub(crate) async fn candidates(&self, name: &[String], under: Option<(&str, &[String])>) -> Result<Vec<Located>> {
        let (catalog, namespace) = match under {
            Some((catalog, namespace)) => (catalog.to_string(), namespace.to_vec()),
            None => self.current(),
        };
        let mut found = Vec::new();
        let Some((last, before)) = name.split_last() else { return Ok(found) };
        if let [first, rest @ ..] = before
            && let Some(catalog) = self.catalog(first).await?
        {
            let namespace = if rest.is_empty() { catalog.default_namespace() } else { rest.to_vec() };
            found.push(Located { catalog, namespace, name: last.clone() });
        }
        if let Some(catalog) = self.catalog(&catalog).await? {
            let namespace = if before.is_empty() { namespace } else { before.to_vec() };
            found.push(Located { catalog, namespace, name: last.clone() });
        }
        Ok(found)
    }

    /// Where a new object of this name goes: a catalog's name first, else the current catalog; else Spark's error.
    pub(crate) async fn locate(&self, name: &[String]) -> Result<Located> {
        let missing =
            || Error::analysis("TABLE_OR_VIEW_NOT_FOUND").with("relationName", floe_base::error::quoted(name));
        self.candidates(name, None).await?.into_iter().next().ok_or_else(missing)
    }

    /// A namespace by name: `catalog.schema`, or a schema of the current catalog.
    pub(crate) async fn locate_namespace(
        &self,
        name: &[String],
    ) -> Result<(Arc<dyn floe_catalog::Catalog>, Vec<String>)> {
        if let [first, rest @ ..] = name
            && !rest.is_empty()
            && let Some(catalog) = self.catalog(first).await?
        {
            return Ok((catalog, rest.to_vec()));
        }
        let (current, namespace) = self.current();
        let catalog = self.catalog(&current).await?;
        let catalog = catalog.ok_or_else(|| crate::command::missing_catalog(&current))?;
        Ok((catalog, if name.is_empty() { namespace } else { name.to_vec() }))
    }
}

/// A batch as a table.
pub(crate) fn in_memory(rows: RecordBatch, format: &str) -> Result<Table> {
    let schema = rows.schema();
    let statistics =
        Statistics { rows: Some(rows.num_rows() as u64), bytes: Some(rows.get_array_memory_size() as u64) };
    Ok(Table::at_hand(Arc::new(MemTable::try_new(schema, vec![vec![rows]])?), statistics, format))
}

/// Iceberg's read options: `snapshot-id`, `branch`, `tag`, `as-of-timestamp` (milliseconds).
fn version_option(options: &[(String, String)]) -> Option<Version> {
    let of =
        |key: &str| options.iter().find(|(name, _)| name.eq_ignore_ascii_case(key)).map(|(_, value)| value.clone());
    let reference =
        ["snapshot-id", "versionAsOf", "branch", "tag"].iter().find_map(|key| of(key)).map(Version::Reference);
    reference.or_else(|| {
        let millis: i64 = of("as-of-timestamp")?.parse().ok()?;
        Some(Version::Timestamp(millis.saturating_mul(1000)))
    })
}
