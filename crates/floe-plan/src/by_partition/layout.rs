//! Which partition of Spark's a row is in, as far as it follows from what a query says.

use arrow::array::{AsArray, Int32Array};
use arrow::datatypes::{DataType, Int32Type, Int64Type};
use datafusion::logical_expr::{ColumnarValue, Expr};
use floe_base::{Error, Result};
use floe_functions::{Arguments, Kernel, Typed};
use std::sync::Arc;

/// How the rows of an operator lie, told of one of its columns.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Layout {
    /// The column has the numbers of a range.
    Range(Range),
    /// The column has the number of the partition; there are so many.
    Numbered(i64),
    /// They were dealt out anew: nobody but Spark knows.
    Unknown,
}

/// A range in partitions: Spark 4.1 gives the i-th of p the elements from `i * n / p` on (`RangeExec`).
#[derive(Clone, Copy, Debug)]
pub(crate) struct Range {
    start: i64,
    step: i64,
    elements: i128,
    partitions: i32,
}

impl Range {
    /// `step` is not 0, and there is a partition.
    pub(crate) fn new(start: i64, end: i64, step: i64, partitions: i32) -> Self {
        let (from, to, by) = (i128::from(start), i128::from(end), i128::from(step));
        let towards = by.signum();
        let elements = ((to - from) * towards + by.abs() - 1).div_euclid(by.abs()).max(0);
        Self { start, step, elements, partitions: partitions.max(1) }
    }

    /// How many partitions there are: none of a range without elements.
    pub(super) fn count(&self) -> i64 {
        if self.elements == 0 { 0 } else { i64::from(self.partitions) }
    }

    /// The partition of an element: the first that does not end before it.
    fn partition(&self, number: i64) -> i32 {
        let element = (i128::from(number) - i128::from(self.start)) / i128::from(self.step);
        let partition = ((element + 1) * i128::from(self.partitions) - 1) / self.elements.max(1);
        i32::try_from(partition).unwrap_or(i32::MAX)
    }

    /// The partition of the number in a column.
    pub(super) fn of(self, number: Expr) -> Expr {
        let body = move |arguments: &Arguments<'_>| {
            let numbers = arguments.array(0)?;
            let numbers = numbers.as_primitive_opt::<Int64Type>().ok_or_else(no_number)?;
            let partitions: Int32Array = numbers.unary(|number| self.partition(number));
            Ok(ColumnarValue::Array(Arc::new(partitions)))
        };
        partition_by("partition_of_range", format!("{self:?}"), number, DataType::Int64, body)
    }
}

/// The partition after `coalesce(count)` of one of so many before: neighbours come together (`DefaultPartitionCoalescer`
/// of Spark 4.1, which knows no places here).
pub(super) fn coalesced(partition: Expr, before: i64, count: i64) -> Expr {
    let body = move |arguments: &Arguments<'_>| {
        let before_each = arguments.array(0)?;
        let before_each = before_each.as_primitive_opt::<Int32Type>().ok_or_else(no_number)?;
        let after: Int32Array = before_each.unary(|number| after(number, before, count));
        Ok(ColumnarValue::Array(Arc::new(after)))
    };
    partition_by("partition_after_coalesce", format!("{before} {count}"), partition, DataType::Int32, body)
}

/// The i-th after takes those from `i * before / count` on.
fn after(partition: i32, before: i64, count: i64) -> i32 {
    let group = ((i64::from(partition) + 1) * count - 1) / before.max(1);
    i32::try_from(group).unwrap_or(i32::MAX)
}

fn partition_by(
    name: &str,
    key: String,
    column: Expr,
    of: DataType,
    body: impl Fn(&Arguments<'_>) -> Result<ColumnarValue> + Send + Sync + 'static,
) -> Expr {
    Kernel::new(name, key, DataType::Int32, false, body).call(vec![Typed::new(column, of, false)]).expr
}

fn no_number() -> Error {
    Error::internal("the column that tells the partition has no numbers")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Spark's own way round: the bounds of each partition, as `RangeExec` reckons them.
    fn by_bounds(range: &Range, element: i128) -> i32 {
        let bound = |partition: i32| i128::from(partition) * range.elements / i128::from(range.partitions);
        let found =
            (0..range.partitions).find(|partition| (bound(*partition)..bound(partition + 1)).contains(&element));
        found.expect("an element is in a partition")
    }

    #[test]
    fn an_element_is_between_the_bounds_of_its_partition() {
        for partitions in 1..9 {
            for end in 1..40 {
                for (start, end, step) in [(0, end, 1), (-7, end, 3), (end, -5, -2), (5, 5 + end * 10, 10)] {
                    let range = Range::new(start, end, step, partitions);
                    for element in 0..range.elements {
                        let number = start + i64::try_from(element).expect("small") * step;
                        assert!(if step > 0 { number < end } else { number > end });
                        assert_eq!(range.partition(number), by_bounds(&range, element), "{range:?} {number}");
                    }
                }
            }
        }
    }

    #[test]
    fn the_widest_range_overflows_nowhere() {
        let range = Range::new(i64::MIN, i64::MAX, 1, i32::MAX);
        assert_eq!(range.partition(i64::MIN), 0);
        assert_eq!(range.partition(i64::MAX - 1), i32::MAX - 1);
        assert_eq!(Range::new(i64::MAX, i64::MIN, i64::MIN, 3).elements, 2);
    }

    #[test]
    fn a_range_without_elements_has_no_partition() {
        assert_eq!(Range::new(5, 5, 1, 3).count(), 0);
        assert_eq!(Range::new(5, 4, 1, 3).count(), 0);
        assert_eq!(Range::new(5, 4, -1, 3).count(), 3);
    }

    #[test]
    fn neighbours_come_together() {
        let groups = |before, count| (0..before).map(|one| after(one, i64::from(before), count)).collect::<Vec<_>>();
        assert_eq!(groups(5, 2), [0, 0, 1, 1, 1]);
        assert_eq!(groups(3, 1), [0, 0, 0]);
        assert_eq!(groups(7, 3), [0, 0, 1, 1, 2, 2, 2]);
    }
}
