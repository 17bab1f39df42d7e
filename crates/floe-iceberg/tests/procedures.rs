//! What `CALL` procedures leave of a table and of its files.

mod support;

use std::collections::HashSet;
use std::sync::Arc;

use datafusion::prelude::{col, lit};
use floe_base::{Error, Kind, Result};
use floe_iceberg::alter::create_ref;
use floe_iceberg::catalog::{IcebergCatalog, open};
use floe_iceberg::commit::{self, Isolation};
use floe_iceberg::config::CatalogConfig;
use floe_iceberg::procedure::{
    Expire, Expired, ancestors_of, expire_snapshots, fast_forward, rollback_to_snapshot, rollback_to_timestamp,
    set_current,
};
use floe_iceberg::table::{CreateTable, IfExists, Table, create_table};
use iceberg::spec::SnapshotRetention;
use support::*;

/// Far enough in the future that every snapshot is old.
const LATER_MS: i64 = 4_000_000_000_000;

/// People 0 to 4, then 5 to 9 too, then 4 gone again: three snapshots.
async fn three_snapshots() -> Result<Table> {
    let catalog: Arc<dyn IcebergCatalog> = open(CatalogConfig::in_memory("procedures")).await?;
    let table = create_table(&catalog, &ident("t"), CreateTable::new(people_schema()), IfExists::Fail).await?;
    let table = append(&table, people(0..5)).await?;
    let table = append(&table, people(5..10)).await?;
    let path = file_of(&table, 4).await?;
    let rest = write(&table, people(0..4)).await?;
    let filter = vec![col("id").eq(lit(4))];
    commit::overwrite_files(&table, HashSet::from([path]), rest, filter, Isolation::Serializable, None).await
}

fn current(table: &Table) -> Result<i64> {
    table.metadata.current_snapshot_id().ok_or_else(|| Error::internal("no snapshot"))
}

async fn files(table: &Table, suffix: &str) -> Result<usize> {
    let all = table.storage.list(table.metadata.location()).await?;
    Ok(all.iter().filter(|(path, _)| path.ends_with(suffix)).count())
}

fn kind<T>(outcome: Result<T>) -> Option<Kind> {
    outcome.err().map(|error| error.kind())
}

#[tokio::test]
async fn the_current_snapshot_moves_along_its_line_and_anywhere() -> Result<()> {
    let table = three_snapshots().await?;
    let line: Vec<i64> = ancestors_of(&table, None).iter().map(|snapshot| snapshot.snapshot_id()).collect();
    let [last, middle, first] = line.as_slice() else { return Err(Error::internal("not three snapshots")) };
    let moved = rollback_to_snapshot(&table, *first).await?;
    assert_eq!((moved.from, moved.to), (Some(*last), *first));
    let table = table.refresh().await?;
    assert_eq!(count(&table).await?, 5);
    assert_eq!(kind(rollback_to_snapshot(&table, *middle).await), Some(Kind::Validation));
    assert_eq!(kind(rollback_to_snapshot(&table, 1).await), Some(Kind::Validation));
    assert_eq!(kind(rollback_to_timestamp(&table, 0).await), Some(Kind::IllegalArgument));
    set_current(&table, Some(*middle), None).await?;
    let table = table.refresh().await?;
    assert_eq!(count(&table).await?, 10);
    assert_eq!(kind(set_current(&table, None, None).await), Some(Kind::IllegalArgument));
    assert_eq!(kind(set_current(&table, None, Some("nope")).await), Some(Kind::Validation));
    // The history tells of every move.
    assert_eq!(table.metadata.history().len(), 5);
    Ok(())
}

#[tokio::test]
async fn a_branch_is_written_and_main_follows() -> Result<()> {
    let table = three_snapshots().await?;
    let table = create_ref(&table, "dev", None, SnapshotRetention::branch(None, None, None), false).await?;
    let dev = table.on_branch("dev")?;
    append(&dev, people(20..22)).await?;
    let table = table.refresh().await?;
    assert_eq!((count(&table).await?, count(&table.on_branch("dev")?).await?), (9, 11));
    assert_eq!(kind(fast_forward(&table, "main", "nope").await), Some(Kind::IllegalArgument));
    fast_forward(&table, "main", "dev").await?;
    let table = table.refresh().await?;
    assert_eq!(count(&table).await?, 11);
    // Nothing goes backwards.
    append(&table, people(30..31)).await?;
    let table = table.refresh().await?;
    assert_eq!(kind(fast_forward(&table, "main", "dev").await), Some(Kind::IllegalArgument));
    assert_eq!(kind(table.on_branch("nope")), Some(Kind::Validation));
    Ok(())
}

#[tokio::test]
async fn expired_snapshots_take_along_what_only_they_refer_to() -> Result<()> {
    let table = three_snapshots().await?;
    assert_eq!((files(&table, ".parquet").await?, table.metadata.snapshots().len()), (3, 3));
    let young = expire_snapshots(&table, &Expire::default(), table.metadata.last_updated_ms()).await?;
    assert_eq!(young, Expired::default());
    let expired = expire_snapshots(&table, &Expire::default(), LATER_MS).await?;
    assert_eq!((expired.data_files, expired.manifest_lists), (1, 2));
    let table = table.refresh().await?;
    assert_eq!((files(&table, ".parquet").await?, table.metadata.snapshots().len()), (2, 1));
    let left = files(&table, ".avro").await?;
    assert_eq!(left as i64, 7 - expired.manifests - expired.manifest_lists);
    assert_eq!(count(&table).await?, 9);
    Ok(())
}

#[tokio::test]
async fn what_a_ref_holds_does_not_expire() -> Result<()> {
    let table = three_snapshots().await?;
    let line: Vec<i64> = ancestors_of(&table, None).iter().map(|snapshot| snapshot.snapshot_id()).collect();
    let [last, middle, first] = line.as_slice() else { return Err(Error::internal("not three snapshots")) };
    let tag = SnapshotRetention::Tag { max_ref_age_ms: None };
    let table = create_ref(&table, "kept", Some(*first), tag, false).await?;
    let named = Expire { snapshot_ids: vec![*first], ..Expire::default() };
    assert_eq!(kind(expire_snapshots(&table, &named, 0).await), Some(Kind::IllegalArgument));
    let one = Expire { snapshot_ids: vec![*middle], ..Expire::default() };
    let expired = expire_snapshots(&table, &one, 0).await?;
    // The file the tag's snapshot alone refers to stays.
    assert_eq!((expired.data_files, expired.manifest_lists), (0, 1));
    let table = table.refresh().await?;
    let kept: HashSet<i64> = table.metadata.snapshots().map(|snapshot| snapshot.snapshot_id()).collect();
    assert_eq!(kept, HashSet::from([*first, *last]));
    assert_eq!(current(&table)?, *last);
    let two = Expire { retain_last: Some(2), ..Expire::default() };
    assert_eq!(expire_snapshots(&table, &two, LATER_MS).await?, Expired::default());
    Ok(())
}

#[tokio::test]
async fn a_ref_beyond_its_age_goes_with_its_snapshots() -> Result<()> {
    let table = three_snapshots().await?;
    let first = ancestors_of(&table, None).last().map(|snapshot| snapshot.snapshot_id());
    let short = SnapshotRetention::Tag { max_ref_age_ms: Some(1) };
    let table = create_ref(&table, "short", first, short, false).await?;
    expire_snapshots(&table, &Expire::default(), LATER_MS).await?;
    let table = table.refresh().await?;
    assert!(!table.refs().contains_key("short"));
    assert_eq!(table.metadata.snapshots().len(), 1);
    assert_eq!(count(&table).await?, 9);
    Ok(())
}
