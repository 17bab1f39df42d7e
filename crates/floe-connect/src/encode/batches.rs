//! How a result is cut into messages.
//!
//! Each message costs a client one `ReleaseExecute`, so batches are joined to about 4 MiB; the first leaves as it is,
//! so that a reader sees rows early. What does not fit a message is cut by rows, and a single row that does not fit is
//! cut into chunks, for clients that allow it (4.1).

use arrow::array::RecordBatch;
use arrow::compute::concat_batches;
use bytes::Bytes;
use floe_base::{Error, Kind, Result};
use floe_proto::connect as proto;
use floe_proto::connect::execute_plan_response::ArrowBatch;

use super::arrow_out::{Outgoing, sliced_bytes};

/// What a message should hold.
const TARGET_BYTES: usize = 4 << 20;
const TARGET_ROWS: usize = 64 * 1024;
/// The first message comes early.
const FIRST_ROWS: usize = 10_000;
/// gRPC messages stop at 128 MiB in most clients; Spark fills 70 % of it.
const MESSAGE_BYTES_MAX: usize = 90 << 20;

/// May a batch be sent in pieces, and how large may they be.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Chunking {
    piece_bytes: Option<usize>,
}

impl Chunking {
    pub(crate) fn of(options: &[proto::execute_plan_request::RequestOption]) -> Self {
        use proto::execute_plan_request::request_option::RequestOption;
        for option in options {
            if let Some(RequestOption::ResultChunkingOptions(chunking)) = &option.request_option
                && chunking.allow_arrow_batch_chunking
            {
                let preferred = chunking.preferred_arrow_chunk_size.and_then(|size| usize::try_from(size).ok());
                let piece = preferred.filter(|size| *size > 0).unwrap_or(MESSAGE_BYTES_MAX);
                return Self { piece_bytes: Some(piece.min(MESSAGE_BYTES_MAX)) };
            }
        }
        Self::default()
    }
}

/// Cuts and joins one result's batches.
pub(crate) struct Cutter {
    outgoing: Outgoing,
    chunking: Chunking,
    waiting: Vec<RecordBatch>,
    waiting_rows: usize,
    waiting_bytes: usize,
    /// Rows sent so far: where the next batch starts.
    offset: i64,
    is_first: bool,
}

impl Cutter {
    pub(crate) fn new(outgoing: Outgoing, chunking: Chunking) -> Self {
        Self { outgoing, chunking, waiting: Vec::new(), waiting_rows: 0, waiting_bytes: 0, offset: 0, is_first: true }
    }

    /// Takes a batch; gives back the messages that are due.
    ///
    /// # Errors
    /// When a row fits no message.
    pub(crate) fn push(&mut self, batch: RecordBatch) -> Result<Vec<ArrowBatch>> {
        if batch.num_rows() == 0 {
            return Ok(Vec::new());
        }
        self.waiting_rows += batch.num_rows();
        self.waiting_bytes += sliced_bytes(&batch);
        self.waiting.push(batch);
        if self.is_first || self.waiting_rows >= TARGET_ROWS || self.waiting_bytes >= TARGET_BYTES {
            return self.flush();
        }
        Ok(Vec::new())
    }

    /// The rest; a result without rows still sends one batch, which clients insist on.
    ///
    /// # Errors
    /// As [`Cutter::push`].
    pub(crate) fn finish(&mut self) -> Result<Vec<ArrowBatch>> {
        if self.is_first && self.waiting.is_empty() {
            let data = self.outgoing.empty()?;
            return Ok(vec![ArrowBatch { row_count: 0, data, start_offset: Some(0), ..Default::default() }]);
        }
        self.flush()
    }

    fn flush(&mut self) -> Result<Vec<ArrowBatch>> {
        let batches = std::mem::take(&mut self.waiting);
        let (rows, bytes) = (self.waiting_rows, self.waiting_bytes);
        (self.waiting_rows, self.waiting_bytes) = (0, 0);
        let joined = match batches.as_slice() {
            [] => return Ok(Vec::new()),
            [single] => single.clone(),
            [first, ..] => concat_batches(&first.schema(), &batches)
                .map_err(|error| Error::internal(format!("batches of one result differ: {error}")))?,
        };
        let step = (rows * TARGET_BYTES).checked_div(bytes).unwrap_or(rows).clamp(1, TARGET_ROWS);
        let mut messages = Vec::new();
        let mut start = 0;
        while start < rows {
            let most = if self.is_first { FIRST_ROWS.min(step) } else { step };
            self.is_first = false;
            let length = most.min(rows - start);
            self.encode(&joined.slice(start, length), &mut messages)?;
            start += length;
        }
        Ok(messages)
    }

    /// One batch, in halves as long as it does not fit.
    fn encode(&mut self, batch: &RecordBatch, messages: &mut Vec<ArrowBatch>) -> Result<()> {
        let rows = batch.num_rows();
        let data = self.outgoing.stream(batch)?;
        if data.len() > MESSAGE_BYTES_MAX && rows > 1 {
            let half = rows / 2;
            self.encode(&batch.slice(0, half), messages)?;
            return self.encode(&batch.slice(half, rows - half), messages);
        }
        let row_count = i64::try_from(rows).unwrap_or(i64::MAX);
        let start_offset = Some(self.offset);
        self.offset += row_count;
        match self.chunking.piece_bytes {
            Some(piece) if data.len() > piece => chunks(row_count, start_offset, &data, piece, messages),
            None if data.len() > MESSAGE_BYTES_MAX => return Err(too_large(data.len())),
            _ => messages.push(ArrowBatch { row_count, data, start_offset, ..Default::default() }),
        }
        Ok(())
    }
}

fn chunks(row_count: i64, start_offset: Option<i64>, data: &Bytes, piece: usize, messages: &mut Vec<ArrowBatch>) {
    let count = i64::try_from(data.len().div_ceil(piece)).unwrap_or(i64::MAX);
    for (index, start) in (0_i64..).zip((0..data.len()).step_by(piece)) {
        let data = data.slice(start..(start + piece).min(data.len()));
        let (chunk_index, num_chunks_in_batch) = (Some(index), Some(count));
        messages.push(ArrowBatch { row_count, data, start_offset, chunk_index, num_chunks_in_batch });
    }
}

fn too_large(bytes: usize) -> Error {
    Error::message(
        Kind::Operation,
        format!("one row takes {bytes} bytes, more than a message to this client can hold; clients from 4.1 take it"),
    )
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{ArrayRef, Int64Array, StringArray};

    use super::*;

    fn numbers(rows: i64) -> RecordBatch {
        let values = Int64Array::from_iter_values(0..rows);
        RecordBatch::try_from_iter([("a", Arc::new(values) as ArrayRef)]).expect("a batch")
    }

    fn cutter(batch: &RecordBatch, chunking: Chunking) -> Cutter {
        Cutter::new(Outgoing::new(&batch.schema(), "UTC"), chunking)
    }

    #[test]
    fn offsets_follow_the_rows_and_small_batches_are_joined() {
        let mut cutter = cutter(&numbers(1), Chunking::default());
        let mut messages = Vec::new();
        for _ in 0..100 {
            messages.extend(cutter.push(numbers(7)).expect("fits"));
        }
        messages.extend(cutter.finish().expect("fits"));
        let counts: Vec<_> = messages.iter().map(|message| (message.row_count, message.start_offset)).collect();
        assert_eq!(counts, [(7, Some(0)), (693, Some(7))]);
    }

    #[test]
    fn the_first_message_comes_early_and_none_is_too_long() {
        let batch = numbers(1_000_000);
        let mut cutter = cutter(&batch, Chunking::default());
        let messages = cutter.push(batch).expect("fits");
        assert_eq!(messages.first().map(|message| message.row_count), Some(10_000));
        assert_eq!(messages.iter().map(|message| message.row_count).sum::<i64>(), 1_000_000);
    }

    #[test]
    fn no_rows_is_one_batch_of_none() {
        let mut cutter = cutter(&numbers(1), Chunking::default());
        assert!(cutter.push(numbers(0)).expect("fits").is_empty());
        let messages = cutter.finish().expect("fits");
        assert_eq!(messages.iter().map(|message| message.row_count).collect::<Vec<_>>(), [0]);
    }

    #[test]
    fn a_row_too_long_for_a_piece_is_cut_where_the_client_allows_it() {
        let text = StringArray::from(vec!["x".repeat(1000)]);
        let batch = RecordBatch::try_from_iter([("s", Arc::new(text) as ArrayRef)]).expect("a batch");
        let mut cutter = cutter(&batch, Chunking { piece_bytes: Some(400) });
        let messages = cutter.push(batch).expect("fits");
        let count = i64::try_from(messages.len()).expect("few");
        assert!(count > 1);
        for (index, message) in (0..).zip(&messages) {
            assert_eq!((message.chunk_index, message.num_chunks_in_batch), (Some(index), Some(count)));
            assert_eq!((message.row_count, message.start_offset), (1, Some(0)));
        }
    }
}
