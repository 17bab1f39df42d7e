//! The rows of some parts of a result, and what is left when those of two results are matched.

use std::collections::{HashMap, HashSet};

use arrow::array::{RecordBatch, StringArray, UInt64Array};
use arrow::compute::take_record_batch;
use floe_base::{Error, Kind, Result};

use super::Tolerance;
use super::digest::{Hashes, Part};
use super::values::{Row, Rows};

/// Memory that kept rows may take.
const KEPT_BYTES_MAX: usize = 256 << 20;
/// Of a cell so many letters are kept: enough to see what it is.
const CELL_LETTERS_MAX: usize = 80;
/// What a row costs besides its values.
const ROW_BYTES: usize = 160;
/// Rows that may be tried for one row before matching is given up.
const TRIES_MAX: usize = 10_000;

/// The rows of some parts of one result.
#[derive(Debug)]
pub struct Sample {
    parts: HashSet<usize>,
    /// By the hash of the whole row.
    kept: HashMap<u128, Kept>,
    bytes: usize,
    rows: u64,
}

/// A row, and how often it came.
#[derive(Clone, Debug)]
struct Kept {
    exact: u128,
    floats: Box<[f64]>,
    count: u64,
    /// Its number when it first came.
    first: u64,
    cells: Box<[String]>,
}

/// A row that only one side has.
#[derive(Clone, Debug, PartialEq)]
pub struct Left {
    pub cells: Vec<String>,
    /// So many more than on the other side.
    pub count: u64,
    first: u64,
}

/// What is left of two samples.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Match {
    pub left: Vec<Left>,
    pub right: Vec<Left>,
}

impl Sample {
    pub fn new(parts: &[Part]) -> Self {
        let parts = parts.iter().map(|part| part.number).collect();
        Self { parts, kept: HashMap::new(), bytes: 0, rows: 0 }
    }

    /// Keeps the rows of a batch that are in the parts; `show` gives the texts of rows, column by column.
    ///
    /// # Errors
    /// When they do not fit.
    pub fn push(
        &mut self,
        batch: &RecordBatch,
        show: impl FnOnce(&RecordBatch) -> Result<Vec<StringArray>>,
    ) -> Result<()> {
        let (rows, mut row, mut new) = (Rows::of(batch)?, Row::default(), Vec::new());
        for at in 0..batch.num_rows() {
            rows.read(at, &mut row);
            let hashes = Hashes::of(&row);
            if !self.parts.contains(&hashes.part()) {
                continue;
            }
            let kept = self.kept.entry(hashes.whole).or_insert_with(|| {
                new.push((at as u64, hashes.whole));
                self.bytes += ROW_BYTES + 8 * row.floats.len();
                let (floats, first) = (row.floats.clone().into(), self.rows + at as u64);
                Kept { exact: hashes.exact, floats, count: 0, first, cells: Box::default() }
            });
            kept.count += 1;
        }
        self.rows += batch.num_rows() as u64;
        if new.is_empty() {
            return Ok(());
        }
        let texts = show(&take_record_batch(batch, &UInt64Array::from_iter_values(new.iter().map(|(at, _)| *at)))?)?;
        for (at, (_, hash)) in new.iter().enumerate() {
            let cells: Box<[String]> = texts.iter().map(|column| shortened(column.value(at))).collect();
            self.bytes += cells.iter().map(|cell| cell.len() + 24).sum::<usize>();
            if let Some(kept) = self.kept.get_mut(hash) {
                kept.cells = cells;
            }
        }
        if self.bytes > KEPT_BYTES_MAX { Err(too_many()) } else { Ok(()) }
    }

    /// What two samples of the same parts do not have in common.
    ///
    /// # Errors
    /// When too many rows are too alike to be matched.
    pub fn matched(self, other: Self, tolerance: Tolerance) -> Result<Match> {
        let (mut left, mut right) = (self.kept, other.kept);
        for (hash, kept) in &mut left {
            if let Some(twin) = right.get_mut(hash) {
                let common = kept.count.min(twin.count);
                kept.count -= common;
                twin.count -= common;
            }
        }
        let mut groups: HashMap<u128, [Vec<Kept>; 2]> = HashMap::new();
        for (side, kept) in [left, right].into_iter().enumerate() {
            for row in kept.into_values().filter(|row| row.count > 0) {
                groups.entry(row.exact).or_default()[side].push(row);
            }
        }
        let mut found = Match::default();
        for [mut left, mut right] in groups.into_values() {
            if !tolerance.is_exact() {
                match_near(&mut left, &mut right, tolerance)?;
            }
            found.left.extend(left.into_iter().filter_map(Left::of));
            found.right.extend(right.into_iter().filter_map(Left::of));
        }
        found.left.sort_by_key(|row| row.first);
        found.right.sort_by_key(|row| row.first);
        Ok(found)
    }
}

impl Left {
    fn of(kept: Kept) -> Option<Self> {
        let Kept { cells, count, first, .. } = kept;
        (count > 0).then(|| Self { cells: cells.into_vec(), count, first })
    }
}

/// Takes away rows that are the same but for floats that are near each other.
fn match_near(left: &mut [Kept], right: &mut [Kept], tolerance: Tolerance) -> Result<()> {
    let by_floats = |one: &Kept, other: &Kept| {
        let first = |row: &Kept| row.floats.first().copied().unwrap_or_default();
        first(one).total_cmp(&first(other))
    };
    left.sort_by(by_floats);
    right.sort_by(by_floats);
    // Rows before this one are too small for any row to come.
    let mut start = 0;
    for row in left {
        let Some(first) = row.floats.first().copied() else { return Ok(()) };
        let is_far = |other: &Kept| !tolerance.allows(first, other.floats[0]);
        while right.get(start).is_some_and(|other| other.floats[0] < first && is_far(other)) {
            start += 1;
        }
        for (tries, other) in right[start..].iter_mut().enumerate() {
            if row.count == 0 || (other.floats[0] > first && is_far(other)) {
                break;
            }
            if tries == TRIES_MAX {
                return Err(too_alike());
            }
            let is_near = row.floats.iter().zip(&other.floats).all(|(one, other)| tolerance.allows(*one, *other));
            if is_near {
                let common = row.count.min(other.count);
                row.count -= common;
                other.count -= common;
            }
        }
    }
    Ok(())
}

fn too_many() -> Error {
    let text = "the rows that may differ take more than 256 MB; round the floats in the query, or compare fewer rows";
    Error::message(Kind::Operation, text)
}

fn too_alike() -> Error {
    let text = "too many rows differ in their floats alone to be matched; round the floats in the query";
    Error::message(Kind::Operation, text)
}

fn shortened(cell: &str) -> String {
    match cell.char_indices().nth(CELL_LETTERS_MAX) {
        Some((end, _)) => format!("{}…", &cell[..end]),
        None => cell.into(),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{ArrayRef, Float64Array, Int64Array};

    use super::super::{Digest, parts};
    use super::*;

    type Table = [(i64, f64)];

    fn batch(rows: &Table) -> RecordBatch {
        let keys = Arc::new(rows.iter().map(|(key, _)| *key).collect::<Int64Array>()) as ArrayRef;
        let floats = Arc::new(rows.iter().map(|(_, float)| *float).collect::<Float64Array>()) as ArrayRef;
        RecordBatch::try_from_iter([("k", keys), ("f", floats)]).expect("a batch")
    }

    fn texts(batch: &RecordBatch) -> Result<Vec<StringArray>> {
        let text = |column: &ArrayRef| {
            let texts = arrow::compute::cast(column, &arrow::datatypes::DataType::Utf8)?;
            Ok(StringArray::from(texts.to_data()))
        };
        batch.columns().iter().map(text).collect()
    }

    fn matched(left: &Table, right: &Table, tolerance: f64) -> Match {
        let [one, other] = [left, right].map(|rows| {
            let mut digest = Digest::new(None);
            digest.push(&batch(rows)).expect("rows");
            digest
        });
        let parts = parts(&one, &other);
        let [one, other] = [left, right].map(|rows| {
            let mut sample = Sample::new(&parts);
            sample.push(&batch(rows), texts).expect("rows");
            sample
        });
        one.matched(other, Tolerance(tolerance)).expect("few rows")
    }

    fn counts(found: &[Left]) -> Vec<(String, u64)> {
        found.iter().map(|row| (row.cells.join(" "), row.count)).collect()
    }

    #[test]
    fn what_is_left_is_shown_with_how_often_it_came() {
        let found = matched(&[(1, 0.5), (2, 0.5), (2, 0.5), (3, 0.5)], &[(2, 0.5), (1, 0.5), (4, 0.5)], 1e-9);
        assert_eq!(counts(&found.left), [("2 0.5".to_string(), 1), ("3 0.5".to_string(), 1)]);
        assert_eq!(counts(&found.right), [("4 0.5".to_string(), 1)]);
    }

    #[test]
    fn floats_that_are_near_are_the_same_unless_they_must_be_exact() {
        let (left, right) = ([(1, 0.3), (1, 7.0), (2, 1.0)], [(1, 7.0 + 1e-12), (1, 0.1 + 0.2), (2, 1.0)]);
        assert_eq!(matched(&left, &right, 1e-9), Match::default());
        assert_eq!(matched(&left, &right, 0.0).left.len(), 2);
        assert_eq!(counts(&matched(&left, &[(1, 0.3), (1, 7.1), (2, 1.0)], 1e-9).right), [("1 7.1".to_string(), 1)]);
    }

    #[test]
    fn a_near_row_stands_for_one_row_only() {
        let found = matched(&[(1, 1.0), (1, 1.0)], &[(1, 1.0 + 1e-12)], 1e-9);
        assert_eq!(counts(&found.left), [("1 1.0".to_string(), 1)]);
        assert!(found.right.is_empty());
    }
}
