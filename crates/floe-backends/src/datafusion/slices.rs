//! Smaller batches for generators: a few rows with long arrays become very many.
//!
//! A batch is a unit of memory and of patience: nobody can interrupt the work on one. The arrays of 8,192 rows with a
//! thousand elements each are eight million rows at once.

use std::sync::Arc;

use arrow::array::RecordBatch;
use datafusion::common::Result;
use datafusion::execution::SendableRecordBatchStream;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::projection::ProjectionExec;
use datafusion::physical_plan::repartition::RepartitionExec;
use futures::{Stream, StreamExt, stream};

use super::watched::{Watch, Watched};

/// Rows that are generated from at once: few enough for arrays of thousands, and enough to be worth a batch.
const ROWS: usize = 256;

/// A generator's input, whose arrays are made of so many rows at once: below the projections that make them.
pub(super) fn for_generator(input: Arc<dyn ExecutionPlan>) -> Result<Arc<dyn ExecutionPlan>> {
    let passes_rows = input.as_any().is::<ProjectionExec>() || input.as_any().is::<RepartitionExec>();
    match input.children().as_slice() {
        [below] if passes_rows => {
            let below = for_generator((*below).clone())?;
            input.with_new_children(vec![below])
        }
        _ => Ok(Watched::plan(input, Slices)),
    }
}

#[derive(Clone, Debug)]
struct Slices;

impl Watch for Slices {
    const NAME: &'static str = "SlicesExec";

    fn over(&self, batches: SendableRecordBatchStream) -> impl Stream<Item = Result<RecordBatch>> + Send + use<> {
        batches.flat_map(|batch| {
            let slices: Vec<Result<RecordBatch>> = match batch {
                Ok(batch) => starts(&batch).map(|start| Ok(slice(&batch, start))).collect(),
                Err(error) => vec![Err(error)],
            };
            stream::iter(slices)
        })
    }
}

fn starts(batch: &RecordBatch) -> impl Iterator<Item = usize> + use<> {
    (0..batch.num_rows()).step_by(ROWS)
}

fn slice(batch: &RecordBatch, start: usize) -> RecordBatch {
    batch.slice(start, ROWS.min(batch.num_rows() - start))
}
