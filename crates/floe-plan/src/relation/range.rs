//! `spark.range(…)` and `range(…)`: numbers made while they are read.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Schema};
use datafusion::catalog::TableProvider;
use datafusion::functions_table::generate_series::{GenSeriesArgs, GenerateSeriesTable};
use floe_base::{Error, Kind, Origin, Result};

use crate::by_partition::layout::{Layout, Range};
use crate::resolver::Resolver;
use crate::rows::Rows;
use crate::scope::Column;

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
        let arguments = GenSeriesArgs::Int64Args { start, end, step, include_end: false, name: "range" };
        let provider: Arc<dyn TableProvider> = Arc::new(GenerateSeriesTable::new(schema, arguments));
        self.scan_provider(&provider, vec![column])
    }
}
