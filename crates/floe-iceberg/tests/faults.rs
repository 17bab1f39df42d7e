//! A catalog that fails on purpose: what the commit engine does on conflicts, refusals and silence.

mod support;

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use floe_base::{Error, Kind, Result};
use floe_iceberg::alter::alter_properties;
use floe_iceberg::catalog::{CommitError, IcebergCatalog, Ident, Loaded, LoadedView, NewTable, Properties, open};
use floe_iceberg::commit;
use floe_iceberg::config::CatalogConfig;
use floe_iceberg::table::{CreateTable, IfExists, Table, create_table, stage_table};
use floe_iceberg::write::{WriteOptions, write_files};
use futures::StreamExt;
use iceberg::spec::ViewMetadata;
use iceberg::{TableRequirement, TableUpdate};
use parking_lot::Mutex;
use support::*;

/// What happens to one commit.
#[derive(Clone, Copy, Debug)]
enum Fault {
    /// Somebody else is said to have been first; nothing is applied.
    Conflict,
    /// Somebody else really is first: a row of theirs is appended.
    Overtaken,
    /// It is applied, and the answer is lost.
    LostAfter,
    /// It is lost before it is applied.
    LostBefore,
    /// It is refused for good.
    Refused,
}

#[derive(Debug)]
struct Faulty {
    inner: Arc<dyn IcebergCatalog>,
    script: Mutex<VecDeque<Fault>>,
}

impl Faulty {
    async fn new(script: &[Fault]) -> Result<(Arc<Self>, Arc<dyn IcebergCatalog>)> {
        let inner = open(CatalogConfig::in_memory("faulty")).await?;
        let made = Arc::new(Self { inner, script: Mutex::new(script.iter().copied().collect()) });
        let catalog: Arc<dyn IcebergCatalog> = made.clone();
        Ok((made, catalog))
    }

    /// A table of three rows, made before any fault.
    async fn table(&self, catalog: &Arc<dyn IcebergCatalog>, name: &Ident) -> Result<Table> {
        let mut create = CreateTable::new(people_schema());
        for (key, value) in [("commit.retry.min-wait-ms", "1"), ("commit.status-check.min-wait-ms", "1")] {
            create.properties.insert(key.into(), value.into());
        }
        let table = create_table(&self.inner, name, create, IfExists::Fail).await?;
        append(&table, people(0..3)).await?;
        Table::load(catalog, name).await
    }
}

fn silence() -> Error {
    Error::message(Kind::Operation, "connection reset")
}

#[async_trait]
impl IcebergCatalog for Faulty {
    async fn commit(
        &self,
        ident: &Ident,
        requirements: Vec<TableRequirement>,
        updates: Vec<TableUpdate>,
    ) -> Result<Loaded, CommitError> {
        let fault = self.script.lock().pop_front();
        match fault {
            None => self.inner.commit(ident, requirements, updates).await,
            Some(Fault::Conflict) => Err(CommitError::Conflict(Error::message(Kind::Conflict, "scripted"))),
            Some(Fault::Overtaken) => {
                let theirs = Table::load(&self.inner, ident).await?;
                append(&theirs, people(100..101)).await?;
                self.inner.commit(ident, requirements, updates).await
            }
            Some(Fault::LostAfter) => {
                self.inner.commit(ident, requirements, updates).await?;
                Err(CommitError::Unknown(silence()))
            }
            Some(Fault::LostBefore) => Err(CommitError::Unknown(silence())),
            Some(Fault::Refused) => Err(CommitError::Failed(Error::message(Kind::Operation, "forbidden"))),
        }
    }

    fn name(&self) -> &str {
        self.inner.name()
    }
    fn config(&self) -> &CatalogConfig {
        self.inner.config()
    }
    async fn list_namespaces(&self, parent: &[String]) -> Result<Vec<Vec<String>>> {
        self.inner.list_namespaces(parent).await
    }
    async fn namespace(&self, namespace: &[String]) -> Result<Option<Properties>> {
        self.inner.namespace(namespace).await
    }
    async fn create_namespace(&self, namespace: &[String], properties: Properties) -> Result<()> {
        self.inner.create_namespace(namespace, properties).await
    }
    async fn update_namespace(&self, namespace: &[String], set: Properties, remove: &[String]) -> Result<()> {
        self.inner.update_namespace(namespace, set, remove).await
    }
    async fn drop_namespace(&self, namespace: &[String]) -> Result<()> {
        self.inner.drop_namespace(namespace).await
    }
    async fn list_tables(&self, namespace: &[String]) -> Result<Vec<String>> {
        self.inner.list_tables(namespace).await
    }
    async fn load(&self, ident: &Ident) -> Result<Option<Loaded>> {
        self.inner.load(ident).await
    }
    async fn create(&self, ident: &Ident, table: NewTable) -> Result<Loaded> {
        self.inner.create(ident, table).await
    }
    async fn stage(&self, ident: &Ident, table: NewTable) -> Result<Loaded> {
        self.inner.stage(ident, table).await
    }
    async fn rename(&self, from: &Ident, to: &Ident) -> Result<()> {
        self.inner.rename(from, to).await
    }
    async fn drop_table(&self, ident: &Ident, purge: bool) -> Result<()> {
        self.inner.drop_table(ident, purge).await
    }
    async fn register(&self, ident: &Ident, metadata_location: &str) -> Result<Loaded> {
        self.inner.register(ident, metadata_location).await
    }
    async fn list_views(&self, namespace: &[String]) -> Result<Vec<String>> {
        self.inner.list_views(namespace).await
    }
    async fn view_location(&self, ident: &Ident) -> Result<String> {
        self.inner.view_location(ident).await
    }
    async fn load_view(&self, ident: &Ident) -> Result<Option<LoadedView>> {
        self.inner.load_view(ident).await
    }
    async fn put_view(&self, ident: &Ident, new: ViewMetadata, replaces: Option<LoadedView>) -> Result<LoadedView> {
        self.inner.put_view(ident, new, replaces).await
    }
    async fn rename_view(&self, from: &Ident, to: &Ident) -> Result<()> {
        self.inner.rename_view(from, to).await
    }
    async fn drop_view(&self, ident: &Ident) -> Result<()> {
        self.inner.drop_view(ident).await
    }
}

/// Files under a table's location that end with `suffix`.
async fn files(table: &Table, suffix: &str) -> Result<usize> {
    let all = table.storage.list(table.metadata.location()).await?;
    Ok(all.iter().filter(|(path, _)| path.ends_with(suffix)).count())
}

#[tokio::test]
async fn conflicts_are_tried_again_and_leave_nothing_behind() -> Result<()> {
    let (faulty, catalog) = Faulty::new(&[]).await?;
    let table = faulty.table(&catalog, &ident("t")).await?;
    *faulty.script.lock() = [Fault::Conflict, Fault::Overtaken, Fault::Conflict].into();
    let table = append(&table, people(3..5)).await?;
    assert_eq!(count(&table).await?, 6);
    // Three snapshots: a list each, a manifest each, a data file each.
    assert_eq!((files(&table, ".avro").await?, files(&table, ".parquet").await?), (6, 3));
    Ok(())
}

#[tokio::test]
async fn a_conflict_without_end_is_an_error_and_its_files_go() -> Result<()> {
    let (faulty, catalog) = Faulty::new(&[]).await?;
    let table = faulty.table(&catalog, &ident("t")).await?;
    *faulty.script.lock() = [Fault::Conflict; 10].into();
    let lost = append(&table, people(3..5)).await;
    assert_eq!(lost.err().map(|error| error.kind()), Some(Kind::Conflict));
    assert_eq!((files(&table, ".avro").await?, files(&table, ".parquet").await?), (2, 1));
    Ok(())
}

#[tokio::test]
async fn a_lost_answer_is_looked_up() -> Result<()> {
    let (faulty, catalog) = Faulty::new(&[]).await?;
    let table = faulty.table(&catalog, &ident("t")).await?;
    *faulty.script.lock() = [Fault::LostAfter].into();
    let table = append(&table, people(3..5)).await?;
    assert_eq!(count(&table).await?, 5);
    Ok(())
}

#[tokio::test]
async fn an_unknown_outcome_is_said_and_deletes_nothing() -> Result<()> {
    let (faulty, catalog) = Faulty::new(&[]).await?;
    let table = faulty.table(&catalog, &ident("t")).await?;
    *faulty.script.lock() = [Fault::LostBefore].into();
    let lost = append(&table, people(3..5)).await.err().ok_or_else(|| Error::internal("not lost"))?;
    assert!(lost.to_string().contains("is unknown"), "{lost}");
    assert_eq!((files(&table, ".avro").await?, files(&table, ".parquet").await?), (4, 2));
    assert_eq!(count(&table.refresh().await?).await?, 3);
    Ok(())
}

#[tokio::test]
async fn a_refusal_takes_its_files_away() -> Result<()> {
    let (faulty, catalog) = Faulty::new(&[]).await?;
    let table = faulty.table(&catalog, &ident("t")).await?;
    *faulty.script.lock() = [Fault::Refused].into();
    assert!(append(&table, people(3..5)).await.is_err());
    assert_eq!((files(&table, ".avro").await?, files(&table, ".parquet").await?), (2, 1));
    Ok(())
}

#[tokio::test]
async fn a_staged_table_whose_answer_is_lost_exists() -> Result<()> {
    let (faulty, catalog) = Faulty::new(&[]).await?;
    let name = ident("ctas");
    let mut create = CreateTable::new(people_schema());
    create.properties.insert("commit.status-check.min-wait-ms".into(), "1".into());
    let staged = stage_table(&catalog, &name, create.clone(), IfExists::Fail).await?;
    *faulty.script.lock() = [Fault::LostAfter].into();
    let files = write(&staged, people(0..4)).await?;
    let table = commit::append(&staged, files, None).await?;
    assert_eq!(count(&table).await?, 4);
    // Two who create the same table: one of them does, the other one's files go.
    let other = ident("twice");
    let first = stage_table(&catalog, &other, create.clone(), IfExists::Fail).await?;
    let second = stage_table(&catalog, &other, create, IfExists::Fail).await?;
    let (a, b) = (write(&first, people(0..1)).await?, write(&second, people(0..2)).await?);
    let made = commit::append(&first, a, None).await?;
    let late = commit::append(&second, b, None).await;
    assert_eq!(late.err().map(|error| error.condition().to_string()).as_deref(), Some("TABLE_OR_VIEW_ALREADY_EXISTS"));
    assert_eq!(count(&made.refresh().await?).await?, 1);
    Ok(())
}

#[tokio::test]
async fn an_altered_table_whose_answer_is_lost_is_altered() -> Result<()> {
    let (faulty, catalog) = Faulty::new(&[]).await?;
    let table = faulty.table(&catalog, &ident("t")).await?;
    let set = |value: &str| Properties::from([("k".to_string(), value.to_string())]);
    *faulty.script.lock() = [Fault::LostAfter].into();
    let table = alter_properties(&table, set("1"), &[]).await?;
    assert_eq!(table.metadata.properties().get("k").map(String::as_str), Some("1"));
    *faulty.script.lock() = [Fault::LostBefore].into();
    let lost = alter_properties(&table, set("2"), &[]).await.err().ok_or_else(|| Error::internal("not lost"))?;
    assert!(lost.to_string().contains("is unknown"), "{lost}");
    Ok(())
}

#[tokio::test]
async fn a_write_that_is_given_up_leaves_no_file() -> Result<()> {
    let (faulty, catalog) = Faulty::new(&[]).await?;
    let table = faulty.table(&catalog, &ident("t")).await?;
    let endless = futures::stream::iter([Ok(people(3..5)), Ok(people(5..7))]).chain(futures::stream::pending());
    let stream = RecordBatchStreamAdapter::new(Arc::new(people_schema()), endless);
    let options = WriteOptions { target_file_bytes: Some(1), ..WriteOptions::default() };
    let until = async |count: usize| {
        while files(&table, ".parquet").await? != count {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        Ok::<(), Error>(())
    };
    tokio::select! {
        _ = write_files(&table, vec![Box::pin(stream)], &options) => return Err(Error::internal("an endless write ended")),
        seen = until(3) => seen?,
    }
    let gone = tokio::time::timeout(Duration::from_secs(10), until(1)).await;
    gone.map_err(|_| Error::internal("files of a write that was given up stay"))?
}
