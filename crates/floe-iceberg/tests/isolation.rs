//! What a statement that rewrites rows makes of commits that came in between: the rules of Iceberg's `BaseOverwriteFiles`, by
//! which Spark's copy-on-write statements are judged.

mod support;

use std::collections::HashSet;
use std::sync::Arc;

use datafusion::logical_expr::Expr;
use datafusion::prelude::{col, lit};
use floe_base::{Error, Kind, Result};
use floe_iceberg::catalog::{IcebergCatalog, open};
use floe_iceberg::commit::{self, Change, Isolation};
use floe_iceberg::config::CatalogConfig;
use floe_iceberg::scan::{ScanLog, ScanOptions};
use floe_iceberg::table::{CreateTable, IfExists, Table, create_table};
use floe_iceberg::write::NewFile;
use iceberg::spec::{DataContentType, DataFileBuilder, DataFileFormat, Struct};
use support::*;

/// A table of two files, people 0 to 4 and 10 to 14.
async fn two_files() -> Result<Table> {
    let catalog: Arc<dyn IcebergCatalog> = open(CatalogConfig::in_memory("isolation")).await?;
    let table = create_table(&catalog, &ident("t"), CreateTable::new(people_schema()), IfExists::Fail).await?;
    let table = append(&table, people(0..5)).await?;
    append(&table, people(10..15)).await
}

/// The statement under test: it read `table` where `filter` holds and takes person `id` out of its file.
async fn rewrite(table: &Table, id: i32, filter: Vec<Expr>, isolation: Isolation) -> Result<Table> {
    let path = file_of(table, id).await?;
    let rest = if id < 10 { write(table, people(0..id)).await? } else { write(table, people(10..id)).await? };
    commit::overwrite_files(table, HashSet::from([path]), rest, filter, isolation, None).await
}

fn is_conflict(outcome: Result<Table>) -> bool {
    outcome.is_err_and(|error| error.kind() == Kind::Conflict)
}

#[tokio::test]
async fn appended_rows_conflict_only_where_they_may_match() -> Result<()> {
    for (filter, isolation, conflicts) in [
        (vec![col("id").eq(lit(4))], Isolation::Serializable, false),
        (vec![col("id").gt_eq(lit(4))], Isolation::Serializable, true),
        (vec![], Isolation::Serializable, true),
        (vec![col("id").gt_eq(lit(4))], Isolation::Snapshot, false),
        (vec![], Isolation::Snapshot, false),
    ] {
        let read = two_files().await?;
        append(&read, people(20..25)).await?;
        let outcome = rewrite(&read, 4, filter.clone(), isolation).await;
        match conflicts {
            true => assert!(is_conflict(outcome), "{filter:?} {isolation:?}"),
            false => assert_eq!(count(&outcome?).await?, 14, "{filter:?} {isolation:?}"),
        }
    }
    Ok(())
}

#[tokio::test]
async fn rewrites_of_different_files_meet_under_snapshot_isolation() -> Result<()> {
    let read = two_files().await?;
    rewrite(&read, 14, Vec::new(), Isolation::Snapshot).await?;
    let both = rewrite(&read, 4, Vec::new(), Isolation::Snapshot).await?;
    assert_eq!(count(&both).await?, 8);
    // Under serializable the other's new file may hold rows this one would have read.
    let read = two_files().await?;
    rewrite(&read, 14, Vec::new(), Isolation::Serializable).await?;
    assert!(is_conflict(rewrite(&read, 4, Vec::new(), Isolation::Serializable).await));
    let apart = rewrite(&read, 4, vec![col("id").lt(lit(5))], Isolation::Serializable).await?;
    assert_eq!(count(&apart).await?, 8);
    Ok(())
}

#[tokio::test]
async fn a_file_is_rewritten_once() -> Result<()> {
    for isolation in [Isolation::Snapshot, Isolation::Serializable] {
        let read = two_files().await?;
        let first = rewrite(&read, 3, Vec::new(), isolation).await?;
        assert!(is_conflict(rewrite(&read, 4, vec![col("id").eq(lit(4))], isolation).await));
        assert_eq!(count(&first.refresh().await?).await?, 8);
    }
    Ok(())
}

/// A position delete about one data file, or about a whole partition. Nobody reads it here.
fn position_delete(of: Option<&str>) -> Result<NewFile> {
    let mut builder = DataFileBuilder::default();
    builder
        .content(DataContentType::PositionDeletes)
        .file_path("file:///nowhere/deletes.parquet".into())
        .file_format(DataFileFormat::Parquet)
        .partition(Struct::empty())
        .partition_spec_id(0)
        .record_count(1)
        .file_size_in_bytes(1)
        .referenced_data_file(of.map(str::to_string));
    let file = builder.build().map_err(|error| Error::internal(error.to_string()))?;
    Ok(NewFile { file, spec_id: 0 })
}

#[tokio::test]
async fn rows_deleted_by_position_conflict_where_their_file_is_rewritten() -> Result<()> {
    for isolation in [Isolation::Snapshot, Isolation::Serializable] {
        for (about, conflicts) in [(Some(4), true), (Some(14), false), (None, true)] {
            let read = two_files().await?;
            let path = match about {
                Some(id) => Some(file_of(&read, id).await?),
                None => None,
            };
            let added = vec![position_delete(path.as_deref())?];
            commit::commit(&read, Change { added, ..Change::default() }).await?;
            let outcome = rewrite(&read, 4, Vec::new(), isolation).await;
            assert_eq!(is_conflict(outcome), conflicts, "{about:?} {isolation:?}");
        }
    }
    Ok(())
}

#[tokio::test]
async fn a_scan_tells_what_it_was_asked_for() -> Result<()> {
    let table = two_files().await?;
    let log = ScanLog::default();
    let options = ScanOptions { row_identity: true, log: Some(log.clone()), ..ScanOptions::default() };
    query_with(&table, options.clone(), "SELECT DISTINCT _file FROM t WHERE id = 4 AND _pos >= 0").await?;
    assert_eq!(log.filters().len(), 1, "{:?}", log.filters());
    // A second, different question: no filter speaks for both.
    query_with(&table, options, "SELECT DISTINCT _file FROM t WHERE id = 5").await?;
    assert!(log.filters().is_empty());
    Ok(())
}
