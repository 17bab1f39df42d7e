//! Aggregates over files with more groups than memory holds, known before they run: whole numbers and dates lie between
//! the smallest and the largest that the files tell of. Of other keys nobody knows.
//!
//! Not here: how such an aggregate runs (`in_parts.rs`), and what it costs where (`floe-route/src/cost.rs`).

use std::sync::Arc;

use arrow::datatypes::DataType;
use datafusion::common::{ColumnStatistics, Result, ScalarValue};
use datafusion::physical_expr::expressions::Column;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::aggregates::{AggregateExec, AggregateInputMode};

use super::in_parts::parted;
use super::row_bytes::{PLACE_BYTES, group_bytes};

/// What groups may take of the memory there is, in parts: a table of hashes that has become too small is copied.
const PARTS: usize = 4;
const HELD: usize = 3;

/// Whether so many rows could make more groups than memory holds.
pub(super) fn may_be(rows: u64, memory: usize) -> bool {
    rows as f64 * PLACE_BYTES as f64 > most(memory)
}

/// Whether a plan has such an aggregate.
pub(super) fn is_crowded(plan: &Arc<dyn ExecutionPlan>, memory: usize) -> Result<bool> {
    for aggregate in parted(plan)? {
        if heaps(aggregate, memory)? > 1 {
            return Ok(true);
        }
    }
    Ok(false)
}

/// How many heaps an aggregate's groups are expected to need, of which memory holds one at a time; 1 where nobody knows.
pub(super) fn heaps(aggregate: &AggregateExec, memory: usize) -> Result<usize> {
    let bytes = groups(aggregate)?.map_or(0.0, |groups| groups * group_bytes(&aggregate.schema()) as f64);
    // As floating point becomes a number: the most there is, where it is more.
    Ok((bytes / most(memory)).ceil().max(1.0) as usize)
}

fn most(memory: usize) -> f64 {
    (memory / PARTS * HELD) as f64
}

/// About how many groups an aggregate will have.
fn groups(aggregate: &AggregateExec) -> Result<Option<f64>> {
    let Some(first) = first(aggregate) else { return Ok(None) };
    let told = first.input().partition_statistics(None)?;
    let Some(rows) = told.num_rows.get_value() else { return Ok(None) };
    let of_column = |key: &Column| span(told.column_statistics.get(key.index())?);
    let spans = first.group_expr().expr().iter().map(|(key, _)| of_column(key.as_any().downcast_ref()?));
    let places: Option<f64> = spans.product();
    Ok(places.map(|places| taken(*rows as f64, places)))
}

/// The step of an aggregate that sees the rows themselves.
fn first(aggregate: &AggregateExec) -> Option<&AggregateExec> {
    let mut found = Some(aggregate);
    while let Some(step) = found.filter(|step| step.mode().input_mode() != AggregateInputMode::Raw) {
        let mut below = step.input();
        while !below.as_any().is::<AggregateExec>() {
            below = below.children().into_iter().next()?;
        }
        found = below.as_any().downcast_ref();
    }
    found
}

/// How many values there are from a column's smallest to its largest.
fn span(column: &ColumnStatistics) -> Option<f64> {
    let number = |value: &ScalarValue| match value.data_type() {
        data_type if data_type.is_integer() || data_type == DataType::Date32 => {
            let ScalarValue::Int64(number) = value.cast_to(&DataType::Int64).ok()? else { return None };
            number.map(|number| number as f64)
        }
        _ => None,
    };
    Some(number(column.max_value.get_value()?)? - number(column.min_value.get_value()?)? + 1.0)
}

/// How many of so many places are taken by rows of which each may fall on any of them.
fn taken(rows: f64, places: f64) -> f64 {
    places * -(-rows / places).exp_m1()
}

#[cfg(test)]
mod tests {
    use arrow::array::{Int64Array, RecordBatch, StringArray};
    use datafusion::dataframe::DataFrameWriteOptions;
    use datafusion::functions_aggregate::expr_fn::count;
    use datafusion::logical_expr::{Expr, col, lit};
    use datafusion::prelude::{ParquetReadOptions, SessionContext};

    use super::*;
    use crate::datafusion::Config;
    use crate::memory::Budget;

    const ROWS: i64 = 10_000;

    #[test]
    fn places_are_taken_as_rows_fall_on_them() {
        let taken = |rows, places| taken(rows, places).round();
        assert_eq!(taken(1e9, 1000.0), 1000.0);
        assert_eq!(taken(1000.0, 1e12), 1000.0);
        assert_eq!(taken(1e6, 1e6), 632_121.0);
    }

    /// Whether a file's rows, grouped by keys, are more than memory holds that has room for half of them.
    async fn crowds(keys: Vec<Expr>) -> bool {
        let memory = ROWS as usize / 2 * (8 + 8 + PLACE_BYTES);
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("t.parquet").display().to_string();
        let config = Config { memory: Budget::new(1 << 30), spill_dir: None, spill_bytes: 0, threads: 2 };
        let context = SessionContext::new_with_state(config.state(config.runtime().expect("a runtime")));
        let numbers = Arc::new(Int64Array::from_iter_values(0..ROWS));
        let texts = Arc::new(StringArray::from_iter_values((0..ROWS).map(|number| number.to_string())));
        let few = Arc::new(Int64Array::from_iter_values((0..ROWS).map(|number| number % 10)));
        let rows =
            RecordBatch::try_from_iter([("k", numbers as _), ("s", texts as _), ("few", few as _)]).expect("rows");
        let written = context.read_batch(rows).expect("rows").write_parquet(&path, DataFrameWriteOptions::new(), None);
        written.await.expect("a file");
        let read = context.read_parquet(path, ParquetReadOptions::default()).await.expect("a table");
        let grouped = read.aggregate(keys, vec![count(lit(1))]).expect("groups");
        is_crowded(&grouped.create_physical_plan().await.expect("a plan"), memory).expect("an answer")
    }

    #[tokio::test]
    async fn files_tell_how_many_groups_there_will_be_or_nobody_does() {
        assert!(crowds(vec![col("k")]).await);
        assert!(crowds(vec![col("k"), col("few")]).await);
        assert!(!crowds(vec![col("few")]).await);
        assert!(!crowds(vec![col("s")]).await, "of texts nobody knows");
        assert!(!crowds(vec![col("k") % lit(10_i64)]).await, "nor of what is computed");
    }

    #[test]
    fn few_rows_are_no_question() {
        assert!(!may_be(1_000, 1 << 20));
        assert!(may_be(100_000, 1 << 20));
    }
}
