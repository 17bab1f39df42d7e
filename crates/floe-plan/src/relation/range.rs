//! `spark.range(…)` and `range(…)`: numbers made while they are read.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Schema};
use datafusion::catalog::TableProvider;
use datafusion::functions_table::generate_series::{GenSeriesArgs, GenerateSeriesTable};
use datafusion::logical_expr::lit;
use floe_base::{Error, Kind, Origin, Result};

use crate::by_partition::layout::{Layout, Range};
use crate::resolver::Resolver;
use crate::rows::{Rows, project};
use crate::scope::{Column, Scope, label, reference};

impl Resolver<'_> {
    /// `partitions` is their number, where the query says it.
    pub(crate) fn range(
        &self,
        start: i64,
        end: i64,
        step: i64,
        partitions: Option<i32>,
        origin: &Origin,
    ) -> Result<Rows> {
        if step == 0 {
            return Err(Error::message(Kind::Analysis, "requirement failed: step (0) cannot be 0").at(origin));
        }
        let column = Column::new(self.fresh(), Field::new("id", DataType::Int64, false));
        let schema = Arc::new(Schema::new(vec![Field::new("id", DataType::Int64, false)]));
        let is_empty = if step > 0 { start >= end } else { start <= end };
        if let Some(partitions) = partitions {
            // Spark 4.1 makes no partitions of nothing, and so does not mind.
            if partitions < 1 && !is_empty {
                return Err(Error::message(Kind::IllegalArgument, "Positive number of partitions required").at(origin));
            }
            self.lie(column.id, Layout::Range(Range::new(start, end, step, partitions)));
        }
        if is_empty {
            return self.memory(vec![column], Vec::new());
        }
        let series = |start, end, step, column| {
            let arguments = GenSeriesArgs::Int64Args { start, end, step, include_end: false, name: "range" };
            let provider: Arc<dyn TableProvider> = Arc::new(GenerateSeriesTable::new(schema, arguments));
            self.scan_provider(&provider, vec![column])
        };
        match counted_past_the_end(start, end, step) {
            None => series(start, end, step, column),
            Some(count) => {
                let place = Column::new(self.fresh(), Field::new("id", DataType::Int64, false));
                let number = lit(start) + reference(place.id) * lit(step);
                let plan = project(series(0, count, 1, place)?.plan, vec![number.alias(label(column.id))])?;
                Ok(Rows::new(plan, Scope::new(vec![column])))
            }
        }
    }
}

/// How many numbers there are, where the one after the last is none of BIGINT's: the engine's series would go on from the
/// other end. They are counted then, and computed from their places; what is too large in between wraps twice.
fn counted_past_the_end(start: i64, end: i64, step: i64) -> Option<i64> {
    let (from, to, by) = (i128::from(start), i128::from(end), i128::from(step));
    let count = (to - from) / by + i128::from((to - from) % by != 0);
    let next = from + count * by;
    i64::try_from(next).is_err().then(|| i64::try_from(count).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use super::counted_past_the_end;

    #[test]
    fn only_a_series_that_would_leave_bigint_is_counted() {
        assert_eq!(counted_past_the_end(0, i64::MAX, 1), None);
        assert_eq!(counted_past_the_end(0, i64::MAX, i64::MAX - 1), Some(2));
        assert_eq!(counted_past_the_end(0, i64::MIN, -3), Some(3_074_457_345_618_258_603));
        assert_eq!(counted_past_the_end(i64::MIN, i64::MAX, 2), Some(i64::MAX));
    }
}
