//! A result in a fixed number of bytes: how many rows, and in each of many parts the sum of the rows' hashes.
//!
//! A sum does not know in which order its rows came, and knows how often. A row's part is that of its values without
//! the floats, so that rows that differ only there meet in one part. Hashes have 128 bits: that two different multisets
//! of rows have the same sums by chance will not happen.

use arrow::array::RecordBatch;
use floe_base::Result;
use xxhash_rust::xxh3::{Xxh3, xxh3_128};

use super::order::{Order, Watch};
use super::values::{Row, Rows};

/// Parts of a result. More of them tell better where two results differ.
const PARTS: usize = 1 << 16;

/// A row's hashes: of its values without the floats, and of all of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Hashes {
    pub(super) exact: u128,
    pub(super) whole: u128,
}

impl Hashes {
    pub(super) fn of(row: &Row) -> Self {
        let exact = xxh3_128(&row.exact);
        if row.floats.is_empty() {
            return Self { exact, whole: exact };
        }
        let mut whole = Xxh3::new();
        whole.update(&exact.to_le_bytes());
        row.float_bits().for_each(|bits| whole.update(&bits.to_le_bytes()));
        Self { exact, whole: whole.digest128() }
    }

    pub(super) fn part(self) -> usize {
        // The low bits of a good hash.
        (self.exact % PARTS as u128) as usize
    }
}

/// What is known of the rows of one part.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Sum {
    rows: u64,
    hashes: u128,
}

/// A result, folded.
#[derive(Clone, Debug)]
pub struct Digest {
    rows: u64,
    sums: Vec<Sum>,
    /// The sum of all rows' hashes without their floats.
    exact: u128,
    /// The hash of all rows as they came.
    sequence: u128,
    watch: Option<Watch>,
}

/// A part in which two results differ, and how many rows they have there together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part {
    pub(super) number: usize,
    pub rows: u64,
}

impl Digest {
    /// Nothing so far. `order` is what the rows must come in, where they must.
    pub fn new(order: Option<&Order>) -> Self {
        Self { rows: 0, sums: vec![Sum::default(); PARTS], exact: 0, sequence: 0, watch: order.and_then(Order::watch) }
    }

    /// Adds the rows of a batch.
    ///
    /// # Errors
    /// When a column is of a type that does not travel to clients.
    pub fn push(&mut self, batch: &RecordBatch) -> Result<()> {
        if let Some(watch) = &mut self.watch {
            watch.push(batch)?;
        }
        let (rows, mut row) = (Rows::of(batch)?, Row::default());
        for at in 0..batch.num_rows() {
            rows.read(at, &mut row);
            self.add(Hashes::of(&row));
        }
        Ok(())
    }

    fn add(&mut self, hashes: Hashes) {
        self.rows += 1;
        self.exact = self.exact.wrapping_add(hashes.exact);
        let sum = &mut self.sums[hashes.part()];
        sum.rows += 1;
        sum.hashes = sum.hashes.wrapping_add(hashes.whole);
        let mut pair = [0; 32];
        pair[..16].copy_from_slice(&self.sequence.to_le_bytes());
        pair[16..].copy_from_slice(&hashes.whole.to_le_bytes());
        self.sequence = xxh3_128(&pair);
    }

    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// The same rows, each as often.
    pub fn has_rows_of(&self, other: &Self) -> bool {
        self.sums == other.sums
    }

    /// The same rows, each as often, but for what their floats are.
    pub fn has_rows_but_floats_of(&self, other: &Self) -> bool {
        self.rows == other.rows && self.exact == other.exact
    }

    /// The same rows one after another.
    pub fn has_sequence_of(&self, other: &Self) -> bool {
        self.rows == other.rows && self.sequence == other.sequence
    }

    /// The number of the first row, from 1, that should have stood before the one it follows; `None` when all stand
    /// right or nobody can tell.
    pub fn misplaced(&self) -> Option<u64> {
        self.watch.as_ref().and_then(Watch::misplaced)
    }
}

/// The parts in which two results differ.
pub fn parts(left: &Digest, right: &Digest) -> Vec<Part> {
    let differing = left.sums.iter().zip(&right.sums).enumerate().filter(|(_, (left, right))| left != right);
    differing.map(|(number, (left, right))| Part { number, rows: left.rows + right.rows }).collect()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{ArrayRef, Float64Array, Int64Array};

    use super::*;

    fn digest(keys: &[i64]) -> Digest {
        let mut digest = Digest::new(None);
        for chunk in keys.chunks(2) {
            let keys = Arc::new(Int64Array::from(chunk.to_vec())) as ArrayRef;
            digest.push(&RecordBatch::try_from_iter([("k", keys)]).expect("a batch")).expect("integers");
        }
        digest
    }

    #[test]
    fn rows_are_a_multiset_and_a_sequence() {
        let one = digest(&[1, 2, 2, 3]);
        assert!(one.has_rows_of(&digest(&[2, 3, 2, 1])) && !one.has_sequence_of(&digest(&[2, 3, 2, 1])));
        assert!(one.has_sequence_of(&digest(&[1, 2, 2, 3])));
        assert!(!one.has_rows_of(&digest(&[1, 2, 3, 3])) && !one.has_rows_of(&digest(&[1, 2, 3])));
        assert!(!digest(&[]).has_rows_of(&one) && one.rows() == 4);
    }

    #[test]
    fn the_parts_that_differ_are_few() {
        let many: Vec<i64> = (0..5_000).collect();
        let mut other = many.clone();
        other[77] = -1;
        let found = parts(&digest(&many), &digest(&other));
        assert!(!found.is_empty() && found.len() <= 2 && found.iter().all(|part| part.rows < 20), "{found:?}");
    }

    #[test]
    fn rows_that_differ_in_floats_meet_in_one_part() {
        let of = |float: f64| {
            let mut row = Row { exact: vec![1, 2], floats: vec![float] };
            let first = Hashes::of(&row);
            row.floats.push(0.0);
            (first, Hashes::of(&row))
        };
        let ((one, longer), (other, _)) = (of(1.0), of(1.0 + 1e-12));
        assert_eq!((one.part(), one.exact), (other.part(), other.exact));
        assert!(one.whole != other.whole && one.whole != longer.whole);
    }

    #[test]
    fn rows_may_be_the_same_but_for_their_floats() {
        let digest = |floats: [Option<f64>; 2]| {
            let floats = Arc::new(Float64Array::from(floats.to_vec())) as ArrayRef;
            let mut digest = Digest::new(None);
            digest.push(&RecordBatch::try_from_iter([("f", floats)]).expect("a batch")).expect("floats");
            digest
        };
        let (one, other) = (digest([Some(0.5), None]), digest([None, Some(0.75)]));
        assert!(one.rows() == 2 && !one.has_rows_of(&other) && one.has_rows_but_floats_of(&other));
        assert!(!one.has_rows_but_floats_of(&digest([None, None])));
    }
}
