//! What statements need, on every catalog: create, append, CTAS, overwrite, alter, views, read back through DataFusion.
//!
//! The REST catalog takes part when `FLOE_TEST_REST_URI` names a server (Iceberg's own fixture will do).

mod support;

use std::collections::HashSet;
use std::sync::Arc;

use arrow_schema::{DataType, Field};
use datafusion::prelude::{col, lit};
use floe_base::Result;
use floe_iceberg::alter::{ColumnChange, PartitionChange, Place, alter_columns, alter_partitioning, alter_properties};
use floe_iceberg::catalog::IcebergCatalog;
use floe_iceberg::catalog::Properties;
use floe_iceberg::commit::{self, Isolation, RowLevel, isolation};
use floe_iceberg::config::CatalogConfig;
use floe_iceberg::scan::ScanOptions;
use floe_iceberg::table::{CreateTable, IfExists, PartitionBy, Table, create_table, stage_table};
use floe_iceberg::time_travel::Version;
use floe_iceberg::view::{NewView, View, create_view};
use iceberg::spec::Transform;
use support::*;

#[tokio::test]
async fn rows_come_back_as_they_were_written() -> Result<()> {
    for catalog in catalogs().await? {
        rows_come_back_as_they_were_written_in(catalog).await?;
    }
    Ok(())
}

async fn rows_come_back_as_they_were_written_in(catalog: Arc<dyn IcebergCatalog>) -> Result<()> {
    let table = create_table(&catalog, &ident("t"), CreateTable::new(people_schema()), IfExists::Fail).await?;
    let table = append(&table, people(0..10)).await?;
    let table = append(&table, people(10..15)).await?;
    assert_eq!(count(&table).await?, 15);
    let shown =
        query(&table, "SELECT id, name, born, seen, price, tags FROM t WHERE id IN (3, 12) ORDER BY id").await?;
    assert!(shown.contains("| 3  | name 3  | 1970-01-04 | 1970-01-01T00:00:00.003Z | 0.03  | [a, b3]  |"), "{shown}");
    assert!(shown.contains("| 12 | name 12 | 1970-01-13 | 1970-01-01T00:00:00.012Z | 0.12  | [a, b12] |"), "{shown}");
    Ok(())
}

#[tokio::test]
async fn create_table_as_is_seen_whole_or_not_at_all() -> Result<()> {
    for catalog in catalogs().await? {
        create_table_as_is_seen_whole_or_not_at_all_in(catalog).await?;
    }
    Ok(())
}

async fn create_table_as_is_seen_whole_or_not_at_all_in(catalog: Arc<dyn IcebergCatalog>) -> Result<()> {
    let name = ident("ctas");
    let staged = stage_table(&catalog, &name, CreateTable::new(people_schema()), IfExists::Fail).await?;
    let files = write(&staged, people(0..7)).await?;
    assert!(Table::find(&catalog, &name).await?.is_none());
    let table = commit::append(&staged, files, Some("op-1".into())).await?;
    assert_eq!(count(&table).await?, 7);
    let summary = table.snapshot().map(|snapshot| snapshot.summary().additional_properties.clone()).unwrap_or_default();
    assert_eq!(summary.get(commit::OPERATION_ID).map(String::as_str), Some("op-1"));
    let again = stage_table(&catalog, &name, CreateTable::new(people_schema()), IfExists::Fail).await;
    assert_eq!(again.err().map(|error| error.condition().to_string()).as_deref(), Some("TABLE_OR_VIEW_ALREADY_EXISTS"));
    Ok(())
}

#[tokio::test]
async fn replace_keeps_history_and_ids_of_columns_that_return() -> Result<()> {
    for catalog in catalogs().await? {
        replace_keeps_history_and_ids_of_columns_that_return_in(catalog).await?;
    }
    Ok(())
}

async fn replace_keeps_history_and_ids_of_columns_that_return_in(catalog: Arc<dyn IcebergCatalog>) -> Result<()> {
    let name = ident("r");
    let first = create_table(&catalog, &name, CreateTable::new(people_schema()), IfExists::Fail).await?;
    let first = append(&first, people(0..5)).await?;
    let narrow = people_schema().project(&[1, 0]).map_err(floe_base::Error::from)?;
    let staged = stage_table(&catalog, &name, CreateTable::new(narrow), IfExists::Replace).await?;
    let batch = people(50..52).project(&[1, 0]).map_err(floe_base::Error::from)?;
    let files = write(&staged, batch).await?;
    assert_eq!(count(&Table::load(&catalog, &name).await?).await?, 5);
    let second = commit::append(&staged, files, None).await?;
    assert_eq!(second.metadata.uuid(), first.metadata.uuid());
    assert_eq!(second.metadata.current_schema().field_id_by_name("id"), Some(1));
    assert_eq!(query(&second, "SELECT * FROM t ORDER BY id").await?.lines().count(), 6);
    let old = first.snapshot().map(|snapshot| snapshot.snapshot_id()).unwrap_or_default();
    let options = ScanOptions { version: Some(Version::Snapshot(old)), ..ScanOptions::default() };
    assert_eq!(count_with(&second, options).await?, 5);
    Ok(())
}

#[tokio::test]
async fn partitions_prune_and_are_overwritten_dynamically() -> Result<()> {
    for catalog in catalogs().await? {
        partitions_prune_and_are_overwritten_dynamically_in(catalog).await?;
    }
    Ok(())
}

async fn partitions_prune_and_are_overwritten_dynamically_in(catalog: Arc<dyn IcebergCatalog>) -> Result<()> {
    let mut create = CreateTable::new(people_schema());
    create.partitioning = vec![
        PartitionBy { column: "born".into(), transform: Transform::Month, name: None },
        PartitionBy { column: "id".into(), transform: Transform::Bucket(4), name: None },
    ];
    let table = create_table(&catalog, &ident("p"), create, IfExists::Fail).await?;
    let table = append(&table, people(0..100)).await?;
    let all = table.estimate(None, &[]).await?;
    assert!(all.files > 8, "{all:?}");
    let one = table.estimate(None, &[col("id").eq(lit(3)), col("born").eq(lit(date(3)))]).await?;
    assert_eq!(one.files, 1, "{one:?}");
    assert!(query(&table, "SELECT count(*) FROM t WHERE born < DATE '1970-02-01'").await?.contains("31"));
    // Days 0 to 9 lie in January: only its buckets that are written to go.
    let files = write(&table, people(0..1)).await?;
    let table = commit::overwrite_partitions(&table, files, None).await?;
    let left = count(&table).await?;
    assert!(left < 100 && left > 69, "{left}");
    Ok(())
}

#[tokio::test]
async fn copy_on_write_replaces_files_and_sees_conflicts() -> Result<()> {
    for catalog in catalogs().await? {
        copy_on_write_replaces_files_and_sees_conflicts_in(catalog).await?;
    }
    Ok(())
}

async fn copy_on_write_replaces_files_and_sees_conflicts_in(catalog: Arc<dyn IcebergCatalog>) -> Result<()> {
    let table = create_table(&catalog, &ident("cow"), CreateTable::new(people_schema()), IfExists::Fail).await?;
    let table = append(&table, people(0..5)).await?;
    let table = append(&table, people(5..10)).await?;
    let options = ScanOptions { row_identity: true, ..ScanOptions::default() };
    let shown = query_with(&table, options, "SELECT _file, max(_pos) FROM t GROUP BY _file").await?;
    assert_eq!(shown.matches(" | 4 ").count(), 2, "{shown}");
    let touched = file_of(&table, 7).await?;
    let files = write(&table, people(5..7)).await?;
    let level = isolation(&table, RowLevel::Delete)?;
    assert_eq!(level, Isolation::Serializable);
    let filter = vec![col("id").gt_eq(lit(7))];
    let paths: HashSet<String> = [touched].into();
    let done = commit::overwrite_files(&table, paths.clone(), files, filter.clone(), level, None).await?;
    assert_eq!(count(&done).await?, 7);
    // The same statement again, from the old version: its file is gone.
    let files = write(&table, people(5..7)).await?;
    let lost = commit::overwrite_files(&table, paths, files, filter, level, None).await;
    assert_eq!(lost.err().map(|error| error.kind()), Some(floe_base::Kind::Conflict));
    assert_eq!(count(&done.refresh().await?).await?, 7);
    Ok(())
}

#[tokio::test]
async fn truncate_and_delete_by_partition_touch_metadata_alone() -> Result<()> {
    for catalog in catalogs().await? {
        truncate_and_delete_by_partition_touch_metadata_alone_in(catalog).await?;
    }
    Ok(())
}

async fn truncate_and_delete_by_partition_touch_metadata_alone_in(catalog: Arc<dyn IcebergCatalog>) -> Result<()> {
    let mut create = CreateTable::new(people_schema());
    create.partitioning = vec![PartitionBy { column: "name".into(), transform: Transform::Identity, name: None }];
    let table = create_table(&catalog, &ident("d"), create, IfExists::Fail).await?;
    let table = append(&table, people(0..4)).await?;
    let table = commit::delete_files_where(&table, vec![col("name").eq(lit("name 2"))], None).await?;
    let table = table.ok_or_else(|| floe_base::Error::internal("a partition filter decides whole files"))?;
    assert_eq!(count(&table).await?, 3);
    assert!(commit::delete_files_where(&table, vec![(col("id") % lit(2)).eq(lit(0))], None).await?.is_none());
    let table = commit::delete_all(&table, None).await?;
    assert_eq!(count(&table).await?, 0);
    Ok(())
}

#[tokio::test]
async fn no_commit_of_many_writers_on_one_file_is_lost() -> Result<()> {
    let directory = tempfile::tempdir().map_err(|error| floe_base::Error::internal(error.to_string()))?;
    let config = CatalogConfig::embedded("shared", directory.path());
    let first = floe_iceberg::catalog::open(config.clone()).await?;
    let second = floe_iceberg::catalog::open(config).await?;
    let mut create = CreateTable::new(people_schema());
    create.properties.insert("commit.retry.num-retries".into(), "1000".into());
    create.properties.insert("commit.retry.min-wait-ms".into(), "5".into());
    create.properties.insert("commit.retry.max-wait-ms".into(), "100".into());
    create_table(&first, &ident("busy"), create, IfExists::Fail).await?;
    let mut writers = tokio::task::JoinSet::new();
    for writer in 0..8 {
        let catalog = if writer % 2 == 0 { Arc::clone(&first) } else { Arc::clone(&second) };
        writers.spawn(async move {
            for round in 0..20 {
                let table = Table::load(&catalog, &ident("busy")).await?;
                let row = writer * 20 + round;
                append(&table, people(row..row + 1)).await?;
            }
            Ok::<_, floe_base::Error>(())
        });
    }
    while let Some(done) = writers.join_next().await {
        done.map_err(|error| floe_base::Error::internal(error.to_string()))??;
    }
    let table = Table::load(&second, &ident("busy")).await?;
    let shown = query(&table, "SELECT count(*) AS n, count(DISTINCT id) AS ids FROM t").await?;
    assert!(shown.contains("| 160 | 160 |"), "{shown}");
    // Lost attempts leave nothing behind.
    let metadata = format!("{}/metadata", table.metadata.location());
    let lists = table.storage.list(&metadata).await?.into_iter().filter(|(path, _)| path.contains("/snap-")).count();
    assert_eq!(lists, 160);
    Ok(())
}

#[tokio::test]
async fn columns_change_under_rows_that_are_there() -> Result<()> {
    for catalog in catalogs().await? {
        columns_change_in(catalog).await?;
    }
    Ok(())
}

async fn columns_change_in(catalog: Arc<dyn IcebergCatalog>) -> Result<()> {
    let table = create_table(&catalog, &ident("alter"), CreateTable::new(people_schema()), IfExists::Fail).await?;
    let table = append(&table, people(0..3)).await?;
    let path = |name: &str| vec![name.to_string()];
    let changes = [
        ColumnChange::Rename { path: path("name"), to: "title".into() },
        ColumnChange::Retype { path: path("id"), data_type: DataType::Int64 },
        ColumnChange::Drop { path: path("price") },
        ColumnChange::Add {
            path: path("name"),
            data_type: DataType::Struct(vec![Field::new("a", DataType::Int32, true)].into()),
            nullable: true,
            comment: Some("anew".into()),
            place: Some(Place::After("id".into())),
        },
        ColumnChange::Add {
            path: vec!["name".into(), "b".into()],
            data_type: DataType::Utf8,
            nullable: true,
            comment: None,
            place: Some(Place::First),
        },
        ColumnChange::Move { path: path("tags"), place: Place::First },
    ];
    let table = alter_columns(&table, &changes).await?;
    let names: Vec<String> = table.schema().fields().iter().map(|field| field.name().clone()).collect();
    assert_eq!(names, ["tags", "id", "name", "title", "born", "seen"]);
    let shown = query(&table, "SELECT id, name, title FROM t WHERE id = 1").await?;
    assert!(shown.contains("| 1  |      | name 1 |"), "{shown}");
    assert!(query(&table, "SELECT count(*) FROM t WHERE title > 'name 0' AND name IS NULL").await?.contains("| 2 "));
    // The old version is read with its own columns.
    let first = table.snapshot().map(|snapshot| snapshot.snapshot_id()).unwrap_or_default();
    let options = ScanOptions { version: Some(Version::Snapshot(first)), row_identity: true, ..ScanOptions::default() };
    let shown = query_with(&table, options, "SELECT name, price, _pos FROM t WHERE id = 2").await?;
    assert!(shown.contains("| name 2 | 0.02  | 2    |"), "{shown}");
    let wrong =
        alter_columns(&table, &[ColumnChange::Retype { path: path("title"), data_type: DataType::Int32 }]).await;
    assert_eq!(wrong.err().map(|error| error.condition().to_string()).as_deref(), Some("NOT_SUPPORTED_CHANGE_COLUMN"));
    let missing = alter_columns(&table, &[ColumnChange::Drop { path: path("nope") }]).await;
    assert!(missing.is_err());
    Ok(())
}

#[tokio::test]
async fn partitioning_and_properties_change() -> Result<()> {
    for catalog in catalogs().await? {
        let table = create_table(&catalog, &ident("spec"), CreateTable::new(people_schema()), IfExists::Fail).await?;
        let table = append(&table, people(0..40)).await?;
        let day = PartitionBy { column: "born".into(), transform: Transform::Month, name: None };
        let table = alter_partitioning(&table, &[PartitionChange::Add(day)]).await?;
        let table = append(&table, people(40..80)).await?;
        assert_eq!(count(&table).await?, 80);
        let few = table.estimate(None, &[col("born").gt(lit(date(62)))]).await?;
        assert_eq!(few.files, 1, "{few:?}");
        let set = Properties::from([("a.b".to_string(), "1".to_string())]);
        let table = alter_properties(&table, set, &[]).await?;
        assert_eq!(table.metadata.properties().get("a.b").map(String::as_str), Some("1"));
        let table = alter_properties(&table, Properties::new(), &["a.b".to_string()]).await?;
        assert!(!table.metadata.properties().contains_key("a.b"));
        catalog.drop_table(&table.ident, true).await?;
        assert!(Table::find(&catalog, &table.ident).await?.is_none());
    }
    Ok(())
}

#[tokio::test]
async fn views_are_created_replaced_and_dropped() -> Result<()> {
    for catalog in catalogs().await? {
        let name = ident("v");
        let view = |sql: &str| NewView {
            sql: sql.into(),
            schema: people_schema(),
            query_columns: vec!["id".into()],
            default_catalog: Some("spark_catalog".into()),
            default_namespace: vec!["default".into()],
            comment: Some("all".into()),
            properties: Properties::from([("k".to_string(), "v".to_string())]),
        };
        create_view(&catalog, &name, view("SELECT 1"), false).await?;
        assert!(create_view(&catalog, &name, view("SELECT 2"), false).await.is_err());
        create_view(&catalog, &name, view("SELECT 2"), true).await?;
        let found = View::find(&catalog, &name).await?.ok_or_else(|| floe_base::Error::internal("no view"))?;
        assert_eq!(found.sql()?, "SELECT 2");
        assert_eq!(found.default_namespace(), ["default"]);
        assert_eq!(found.properties(), Properties::from([("k".to_string(), "v".to_string())]));
        assert_eq!(found.schema().as_ref(), &people_schema());
        assert!(catalog.list_views(&name.namespace).await?.contains(&name.name));
        assert!(!catalog.list_tables(&name.namespace).await?.contains(&name.name));
        let other = ident("v2");
        catalog.rename_view(&name, &other).await?;
        catalog.drop_view(&other).await?;
        assert!(View::find(&catalog, &other).await?.is_none());
        let gone = catalog.drop_view(&other).await.err().map(|error| error.condition().to_string());
        assert_eq!(gone.as_deref(), Some("VIEW_NOT_FOUND"));
    }
    Ok(())
}

#[tokio::test]
async fn namespaces_and_names_answer_as_spark_does() -> Result<()> {
    for catalog in catalogs().await? {
        let space = vec![ident("space").name];
        let set = Properties::from([("comment".to_string(), "mine".to_string())]);
        catalog.create_namespace(&space, set.clone()).await?;
        let taken = catalog.create_namespace(&space, set).await.err().map(|error| error.condition().to_string());
        assert_eq!(taken.as_deref(), Some("SCHEMA_ALREADY_EXISTS"));
        let properties = catalog.namespace(&space).await?.unwrap_or_default();
        assert_eq!(properties.get("comment").map(String::as_str), Some("mine"));
        assert!(catalog.list_namespaces(&[]).await?.contains(&space));
        let name = floe_iceberg::catalog::Ident { namespace: space.clone(), name: "a b/c%".into() };
        create_table(&catalog, &name, CreateTable::new(people_schema()), IfExists::Fail).await?;
        assert_eq!(catalog.list_tables(&space).await?, ["a b/c%"]);
        let full = catalog.drop_namespace(&space).await.err().map(|error| error.condition().to_string());
        assert_eq!(full.as_deref(), Some("SCHEMA_NOT_EMPTY"));
        let to = floe_iceberg::catalog::Ident { namespace: space.clone(), name: "d".into() };
        catalog.rename(&name, &to).await?;
        let table = append(&Table::load(&catalog, &to).await?, people(0..2)).await?;
        assert_eq!(count(&table).await?, 2);
        let missing = Table::load(&catalog, &name).await.err().map(|error| error.condition().to_string());
        assert_eq!(missing.as_deref(), Some("TABLE_OR_VIEW_NOT_FOUND"));
        catalog.drop_table(&to, false).await?;
        catalog.drop_namespace(&space).await?;
        let gone = catalog.drop_namespace(&space).await.err().map(|error| error.condition().to_string());
        assert_eq!(gone.as_deref(), Some("SCHEMA_NOT_FOUND"));
    }
    Ok(())
}

#[tokio::test]
async fn metadata_tables_tell_what_happened() -> Result<()> {
    for catalog in catalogs().await? {
        let mut create = CreateTable::new(people_schema());
        create.partitioning = vec![PartitionBy { column: "born".into(), transform: Transform::Month, name: None }];
        let table = create_table(&catalog, &ident("meta"), create, IfExists::Fail).await?;
        let table = append(&table, people(0..40)).await?;
        let table = append(&table, people(40..50)).await?;
        let rows = |which: &'static str, sql: &'static str| inspected(&table, which, sql);
        assert!(rows("snapshots", "SELECT count(*), max(operation) FROM t").await?.contains("| 2        | append"));
        assert!(rows("history", "SELECT count(*) FROM t WHERE is_current_ancestor").await?.contains("| 2 "));
        assert!(rows("refs", "SELECT name, type FROM t").await?.contains("| main | BRANCH |"));
        assert!(rows("metadata_log_entries", "SELECT count(latest_snapshot_id) FROM t").await?.contains("| 2 "));
        assert!(rows("manifests", "SELECT sum(added_data_files_count) FROM t").await?.contains("| 3 "));
        let summaries = rows("manifests", "SELECT partition_summaries FROM t").await?;
        assert!(summaries.contains("lower_bound: 1970-01, upper_bound: 1970-02"), "{summaries}");
        let files =
            rows("files", "SELECT partition, record_count, readable_metrics FROM t ORDER BY record_count").await?;
        assert!(files.contains("{born_month: 0}"), "{files}");
        assert!(files.contains("upper_bound: name 9}"), "{files}");
        assert!(rows("entries", "SELECT count(*) FROM t WHERE status = 1").await?.contains("| 3 "));
        assert!(rows("delete_files", "SELECT count(*) FROM t").await?.contains("| 0 "));
        let partitions = rows("partitions", "SELECT partition, record_count, file_count FROM t ORDER BY 2").await?;
        assert!(partitions.contains("| {born_month: 0} | 31           | 1          |"), "{partitions}");
        assert!(partitions.contains("| {born_month: 1} | 19           | 2          |"), "{partitions}");
    }
    Ok(())
}
