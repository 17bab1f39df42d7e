//! Rows of some groups only, told apart by the hashes of their keys. Which groups are wanted when: `in_parts.rs`.

use std::sync::Arc;

use arrow::array::{BooleanArray, RecordBatch};
use arrow::compute::filter_record_batch;
use datafusion::common::Result;
use datafusion::common::hash_utils::create_hashes;
use datafusion::execution::SendableRecordBatchStream;
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_plan::repartition::REPARTITION_RANDOM_STATE;
use futures::{Stream, StreamExt};

use super::watched::Watch;

/// A part of all groups: those whose hash leaves `number` when it is divided by `of`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Part {
    pub(super) number: usize,
    pub(super) of: usize,
}

impl Part {
    pub(super) const ALL: Self = Self { number: 0, of: 1 };

    /// The same groups in two parts.
    pub(super) fn halves(self) -> [Self; 2] {
        let of = self.of * 2;
        [Self { number: self.number, of }, Self { number: self.number + self.of, of }]
    }

    /// Rows are dealt out to threads by the same hash, its lower half so to say: this is the upper one.
    pub(super) fn has(self, hash: u64) -> bool {
        (hash >> 32) % self.of as u64 == self.number as u64
    }
}

/// Keeps the rows of a part.
#[derive(Clone, Debug)]
pub(super) struct OfPart {
    pub(super) keys: Vec<Arc<dyn PhysicalExpr>>,
    pub(super) part: Part,
}

impl OfPart {
    fn rows(&self, batch: &RecordBatch) -> Result<RecordBatch> {
        let value = |key: &Arc<dyn PhysicalExpr>| key.evaluate(batch)?.into_array(batch.num_rows());
        let keys = self.keys.iter().map(value).collect::<Result<Vec<_>>>()?;
        let mut hashes = vec![0; batch.num_rows()];
        create_hashes(&keys, REPARTITION_RANDOM_STATE.random_state(), &mut hashes)?;
        let wanted: BooleanArray = hashes.iter().map(|hash| Some(self.part.has(*hash))).collect();
        Ok(filter_record_batch(batch, &wanted)?)
    }
}

impl Watch for OfPart {
    const NAME: &'static str = "OfPartExec";

    fn over(&self, batches: SendableRecordBatchStream) -> impl Stream<Item = Result<RecordBatch>> + Send + use<> {
        let part = self.clone();
        batches.map(move |batch| part.rows(&batch?))
    }
}
