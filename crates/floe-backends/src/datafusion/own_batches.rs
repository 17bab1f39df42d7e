//! Batches of their own for who keeps the first rows.
//!
//! An aggregate makes one batch of all its groups and gives it away in slices. Who keeps a slice keeps all of it, and who
//! keeps twenty counts it twenty times: by that count the first ten of ten million groups need more memory than there is
//! (`TopK` of DataFusion 53). So a small part of something large is copied.

use std::sync::Arc;

use arrow::array::{Array, RecordBatch, UInt64Array};
use arrow::compute::take_record_batch;
use datafusion::common::Result;
use datafusion::common::utils::memory::get_record_batch_memory_size;
use datafusion::execution::SendableRecordBatchStream;
use datafusion::physical_plan::ExecutionPlan;
use futures::{Stream, StreamExt};

use super::watched::{Watch, Watched};

/// Bytes that a batch may hold on to, whatever its rows have of them.
const LARGE: usize = 1 << 20;
/// So many times its rows' own bytes a large batch may hold on to: buffers have room to grow.
const AMPLE: usize = 4;

/// The input, whose batches hold on to little besides their rows.
pub(super) fn owned(input: Arc<dyn ExecutionPlan>) -> Arc<dyn ExecutionPlan> {
    Watched::plan(input, Own)
}

#[derive(Clone, Debug)]
struct Own;

impl Watch for Own {
    const NAME: &'static str = "OwnExec";

    fn over(&self, batches: SendableRecordBatchStream) -> impl Stream<Item = Result<RecordBatch>> + Send + use<> {
        batches.map(|batch| own(batch?))
    }
}

fn own(batch: RecordBatch) -> Result<RecordBatch> {
    let held = get_record_batch_memory_size(&batch);
    if held <= LARGE || held <= rows_alone(&batch)?.saturating_mul(AMPLE) {
        return Ok(batch);
    }
    let rows = UInt64Array::from_iter_values(0..batch.num_rows() as u64);
    Ok(take_record_batch(&batch, &rows)?)
}

fn rows_alone(batch: &RecordBatch) -> Result<usize> {
    let mut bytes = 0;
    for column in batch.columns() {
        bytes += column.to_data().get_slice_memory_size()?;
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use arrow::array::{ArrayRef, StringArray};

    use super::*;

    fn texts(count: usize) -> RecordBatch {
        let texts = StringArray::from_iter_values((0..count).map(|number| format!("a text of some length {number}")));
        RecordBatch::try_from_iter([("text", Arc::new(texts) as ArrayRef)]).expect("one column")
    }

    #[test]
    fn a_slice_of_something_large_is_copied_and_nothing_else_is() {
        let all = texts(100_000);
        let slice = all.slice(50_000, 100);
        let copied = own(slice.clone()).expect("copied");
        assert_eq!(copied, slice);
        assert!(get_record_batch_memory_size(&copied) < get_record_batch_memory_size(&slice) / 100);
        assert_eq!(pointer(&own(all.clone()).expect("as it is")), pointer(&all));
        let small = texts(1000).slice(500, 1);
        assert_eq!(pointer(&own(small.clone()).expect("as it is")), pointer(&small));
    }

    fn pointer(batch: &RecordBatch) -> *const u8 {
        batch.column(0).to_data().buffers()[1].as_ptr()
    }
}
