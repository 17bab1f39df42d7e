//! The names in a file: DuckDB's own tables of its schemas, tables and views are asked each time, for the file may be
//! changed by SQL of other catalogs. Names are found in any case, as in DuckDB.

use std::sync::Arc;

use async_trait::async_trait;
use duckdb::Connection;
use floe_base::id::BackendId;
use floe_base::{Error, Result};
use floe_catalog::catalog::{Listed, Namespace, Put, Store, Version};
use floe_catalog::files::registered::Registered;
use floe_catalog::{Catalog, Found, ObjectName, Statistics, Table, View};

use super::super::types::quote;
use super::columns::{Told, from_duckdb};
use super::{Attached, AttachedTable, put, said};

/// Schemas that every file has and nobody made.
const INTERNAL: &str = "schema_name NOT IN ('information_schema', 'pg_catalog', 'pg_toast')";

/// A table or view as DuckDB knows it.
struct Known {
    schema: String,
    name: String,
    is_view: bool,
    rows: Option<u64>,
}

impl Attached {
    fn schema(&self, connection: &Connection, name: &str) -> Result<Option<String>> {
        let found = self.schemas(connection)?.into_iter().find(|schema| schema.eq_ignore_ascii_case(name));
        Ok(found)
    }

    fn schemas(&self, connection: &Connection) -> Result<Vec<String>> {
        let sql = format!(
            "SELECT schema_name FROM duckdb_schemas() WHERE database_name = ? AND {INTERNAL} ORDER BY schema_name"
        );
        let mut asked = connection.prepare(&sql).map_err(said)?;
        let names = asked.query_map([&self.attachment.alias], |row| row.get(0)).map_err(said)?;
        names.collect::<Result<_, _>>().map_err(said)
    }

    /// Has names that others made meanwhile be seen; false where DuckDB looks each time itself.
    fn forget(&self, connection: &Connection) -> Result<bool> {
        let Some(statement) = self.place.kind.forget() else { return Ok(false) };
        connection.execute_batch(statement).map_err(said)?;
        Ok(true)
    }

    fn objects(&self, connection: &Connection, schema: &str) -> Result<Vec<Known>> {
        let sql = "SELECT schema_name, table_name, false, estimated_size FROM duckdb_tables() \
                   WHERE database_name = $1 AND lower(schema_name) = lower($2) AND NOT internal \
                   UNION ALL SELECT schema_name, view_name, true, NULL FROM duckdb_views() \
                   WHERE database_name = $1 AND lower(schema_name) = lower($2) AND NOT internal ORDER BY 2";
        let mut asked = connection.prepare(sql).map_err(said)?;
        let read = |row: &duckdb::Row<'_>| -> duckdb::Result<Known> {
            let rows: Option<i64> = row.get(3)?;
            let rows = rows.and_then(|rows| u64::try_from(rows).ok());
            Ok(Known { schema: row.get(0)?, name: row.get(1)?, is_view: row.get(2)?, rows })
        };
        let found = asked.query_map([self.attachment.alias.as_str(), schema], read).map_err(said)?;
        found.collect::<Result<_, _>>().map_err(said)
    }

    fn object(&self, connection: &Connection, namespace: &[String], name: &str) -> Result<Option<Known>> {
        let [schema] = namespace else { return Ok(None) };
        let find = || {
            let mut objects = self.objects(connection, schema)?.into_iter();
            Ok(objects.find(|known| known.name.eq_ignore_ascii_case(name)))
        };
        match find()? {
            None if self.forget(connection)? => find(),
            found => Ok(found),
        }
    }

    /// An object that has to be there.
    fn existing(&self, connection: &Connection, namespace: &[String], name: &str) -> Result<Known> {
        let missing = || {
            let mut parts = vec![self.place.name.clone()];
            parts.extend(namespace.iter().cloned());
            parts.push(name.into());
            Error::analysis("TABLE_OR_VIEW_NOT_FOUND").with("relationName", floe_base::error::quoted(&parts))
        };
        self.object(connection, namespace, name)?.ok_or_else(missing)
    }

    fn told(&self, connection: &Connection, known: &Known) -> Result<Vec<Told>> {
        let sql = "SELECT column_name, data_type, is_nullable, comment FROM duckdb_columns() \
                   WHERE database_name = ? AND schema_name = ? AND table_name = ? ORDER BY column_index";
        let mut asked = connection.prepare(sql).map_err(said)?;
        let read = |row: &duckdb::Row<'_>| -> duckdb::Result<Told> {
            Ok(Told { name: row.get(0)?, type_name: row.get(1)?, nullable: row.get(2)?, comment: row.get(3)? })
        };
        let of = [self.attachment.alias.as_str(), &known.schema, &known.name];
        asked.query_map(of, read).map_err(said)?.collect::<Result<_, _>>().map_err(said)
    }

    fn table(&self, connection: &Connection, known: Known) -> Result<Table> {
        let whole = self.whole(&known.schema, &known.name);
        let mut asked = connection.prepare(&format!("SELECT * FROM {whole} LIMIT 0")).map_err(said)?;
        let given = asked.query_arrow([]).map_err(said)?.get_schema();
        let schema = from_duckdb(&given, &self.told(connection, &known)?)?;
        let provider = AttachedTable::new(self.clone(), whole, schema.clone(), known.rows);
        Ok(Table {
            name: Some(ObjectName::new(&self.place.name, vec![known.schema], known.name)),
            schema,
            provider: Arc::new(provider),
            statistics: Statistics { rows: known.rows, bytes: None },
            reachable: vec![BackendId::DataFusion, BackendId::DuckDb],
            format: self.place.kind.format().into(),
            iceberg: None,
            metadata_columns: Arc::new(arrow::datatypes::Schema::empty()),
        })
    }

    /// A statement that changes names.
    async fn change(&self, work: impl FnOnce(&Self, &Connection) -> Result<String> + Send + 'static) -> Result<()> {
        self.writable()?;
        self.ask(|file, connection| {
            let sql = work(file, connection)?;
            connection.execute_batch(&sql).map_err(said)
        })
        .await
    }

    fn refused<T>(&self, what: &str) -> Result<T> {
        Err(Error::unsupported(format!(
            "{what} in catalog `{}`, which is {}'s",
            self.place.name,
            self.place.kind.title()
        )))
    }
}

#[async_trait]
impl Catalog for Attached {
    fn name(&self) -> &str {
        &self.place.name
    }

    fn default_namespace(&self) -> Vec<String> {
        self.place.default_namespace.clone()
    }

    async fn namespaces(&self, parent: &[String]) -> Result<Vec<Vec<String>>> {
        if !parent.is_empty() {
            return Ok(Vec::new());
        }
        let names = self.ask(|file, connection| file.forget(connection).and_then(|_| file.schemas(connection))).await?;
        Ok(names.into_iter().map(|name| vec![name]).collect())
    }

    async fn namespace(&self, name: &[String]) -> Result<Option<Namespace>> {
        let [name] = name else { return Ok(None) };
        let name = name.clone();
        let found = self.ask(move |file, connection| file.schema(connection, &name)).await?;
        Ok(found.map(|name| Namespace { name: vec![name], ..Namespace::default() }))
    }

    async fn create_namespace(&self, namespace: Namespace) -> Result<()> {
        let [name] = namespace.name.as_slice() else { return self.refused("a schema inside another") };
        if namespace.comment.is_some() || namespace.location.is_some() || !namespace.properties.is_empty() {
            return self.refused("a schema with a comment, a location or properties");
        }
        let name = quote(name);
        self.change(move |file, _| Ok(format!("CREATE SCHEMA {}.{name}", quote(&file.attachment.alias)))).await
    }

    async fn alter_namespace(&self, _name: &[String], _properties: &[(String, String)]) -> Result<()> {
        self.refused("properties of a schema")
    }

    async fn drop_namespace(&self, name: &[String]) -> Result<()> {
        let [name] = name else { return self.refused("a schema inside another") };
        let name = quote(name);
        self.change(move |file, _| Ok(format!("DROP SCHEMA {}.{name}", quote(&file.attachment.alias)))).await
    }

    async fn list(&self, namespace: &[String]) -> Result<Vec<Listed>> {
        let [schema] = namespace else { return Ok(Vec::new()) };
        let schema = schema.clone();
        let found = self
            .ask(move |file, connection| file.forget(connection).and_then(|_| file.objects(connection, &schema)))
            .await?;
        let listed = |known: Known| Listed { namespace: vec![known.schema], name: known.name, is_view: known.is_view };
        Ok(found.into_iter().map(listed).collect())
    }

    /// Views too are tables here: their text is DuckDB's, which runs it.
    async fn load(&self, namespace: &[String], name: &str, version: Option<&Version>) -> Result<Option<Found>> {
        let (namespace, name) = (namespace.to_vec(), name.to_string());
        let found = self.ask(move |file, connection| {
            let known = file.object(connection, &namespace, &name)?;
            known.map(|known| file.table(connection, known)).transpose()
        });
        match (found.await?, version) {
            (None, _) => Ok(None),
            (Some(_), Some(_)) => self.refused("time travel"),
            (Some(table), None) => Ok(Some(Found::Table(Box::new(table)))),
        }
    }

    async fn files(&self, _namespace: &[String], _name: &str) -> Result<Option<Registered>> {
        Ok(None)
    }

    async fn put_files(&self, _namespace: &[String], _name: &str, _files: Registered) -> Result<()> {
        self.refused("a table over files")
    }

    async fn drop_table(&self, namespace: &[String], name: &str, _purge: bool) -> Result<()> {
        let (namespace, name) = (namespace.to_vec(), name.to_string());
        self.change(move |file, connection| {
            let known = file.existing(connection, &namespace, &name)?;
            let kind = if known.is_view { "VIEW" } else { "TABLE" };
            Ok(format!("DROP {kind} {}", file.whole(&known.schema, &known.name)))
        })
        .await
    }

    async fn rename(&self, namespace: &[String], name: &str, to_namespace: &[String], to: &str) -> Result<()> {
        let stays = match (namespace, to_namespace) {
            ([from], [to]) => from.eq_ignore_ascii_case(to),
            _ => false,
        };
        if !stays {
            return self.refused("renaming into another schema");
        }
        let (namespace, name, to) = (namespace.to_vec(), name.to_string(), quote(to));
        self.change(move |file, connection| {
            let known = file.existing(connection, &namespace, &name)?;
            let kind = if known.is_view { "VIEW" } else { "TABLE" };
            Ok(format!("ALTER {kind} {} RENAME TO {to}", file.whole(&known.schema, &known.name)))
        })
        .await
    }

    async fn put_view(&self, _view: View) -> Result<()> {
        self.refused("a view of Spark's SQL")
    }

    async fn drop_view(&self, namespace: &[String], name: &str) -> Result<()> {
        self.drop_table(namespace, name, false).await
    }

    fn store(&self) -> Option<&dyn Store> {
        Some(self)
    }
}

#[async_trait]
impl Store for Attached {
    fn format(&self) -> &'static str {
        self.place.kind.format()
    }

    async fn put(
        &self,
        namespace: &[String],
        name: &str,
        how: Put,
        rows: datafusion::execution::SendableRecordBatchStream,
    ) -> Result<()> {
        self.writable()?;
        let [schema] = namespace else { return self.refused("a table outside of a schema") };
        let (wanted, of) = (schema.clone(), name.to_string());
        let (schema, known) = self
            .ask(move |file, connection| {
                let schema = file.schema(connection, &wanted)?.unwrap_or(wanted);
                let known = file.object(connection, std::slice::from_ref(&schema), &of)?;
                Ok((schema, known))
            })
            .await?;
        if known.as_ref().is_some_and(|known| known.is_view) {
            return self.refused("writing into a view");
        }
        let name = known.map_or_else(|| name.to_string(), |known| known.name);
        put::run(self, self.whole(&schema, &name), how, rows).await
    }
}
