//! `array_sort(array[, (a, b) -> …])`: by the natural order with NULLs last, or by a comparison.

use arrow::array::{Array, ArrayRef, AsArray, UInt64Array};
use arrow::compute::take;
use arrow::datatypes::{DataType, Int32Type};
use arrow::util::display::{ArrayFormatter, FormatOptions};
use floe_base::error::Kind;
use floe_base::{Error, Result};

use super::_body::{Elements, array, call_with, captured, lambda};
use crate::family::array::_list::{Gather, keys};
use crate::rows::{self, Lists};
use crate::{Call, Function, Typed};

pub(crate) const FUNCTIONS: &[Function] = &[Function::scalar("array_sort", bind)
    .usage("array_sort(expr[, func]) - Sorts the array, NULLs last, or as the function compares two elements.")];

fn bind(call: &Call<'_>) -> Result<Typed> {
    call.between(1, 2)?;
    match call.arguments.len() {
        1 => natural(call),
        _ => compared(call),
    }
}

fn natural(call: &Call<'_>) -> Result<Typed> {
    let (array, element) = array(call, 0)?;
    let (nullable, data_type) = (array.nullable, array.data_type.clone());
    Ok(call.kernel("", vec![array], data_type, nullable, move |arguments| {
        let lists = Lists::of(arguments, 0)?;
        let elements = lists.array.values().clone();
        let keys = keys(std::slice::from_ref(&elements))?;
        let rows = rows::count(arguments);
        let mut gather = Gather::new(vec![elements.clone()], rows);
        for row in 0..rows {
            let range = lists.range(row);
            let valid = range.is_some();
            let mut indices: Vec<usize> = range.into_iter().flatten().collect();
            indices.sort_by_key(|index| (elements.is_null(*index), keys[0].row(*index)));
            indices.into_iter().for_each(|index| gather.pick(0, index));
            gather.end_row(valid)?;
        }
        rows::finish(arguments, gather.finish(&element)?)
    }))
}

/// Sorts all lists in step, by merging runs of 1, 2, 4, … elements: each round asks the lambda for one comparison of
/// every pair of runs, so that it runs over batches and not over pairs.
fn compared(call: &Call<'_>) -> Result<Typed> {
    let (array, element) = array(call, 0)?;
    let lambda = lambda(call, 1, &[&[element.clone(), element.clone()]])?;
    if lambda.data_type != DataType::Int32 {
        let found = floe_syntax::DataType::from_arrow(&lambda.data_type);
        return Err(Error::analysis("DATATYPE_MISMATCH.UNEXPECTED_RETURN_TYPE")
            .with("sqlExpr", format!("\"{}\"", (call.text)(None)))
            .with("functionName", "`lambdafunction`")
            .with("expectedType", "\"INT\"")
            .with("actualType", format!("\"{}\"", found.sql()))
            .at(call.origin));
    }
    let (nullable, data_type, body) = (array.nullable, array.data_type.clone(), lambda.body);
    let arguments = [array].into_iter().chain(lambda.captured).collect();
    Ok(call_with(call, lambda.key, true, arguments, data_type, nullable, move |arguments| {
        let rows = rows::count(arguments);
        let elements = Elements::of(&Lists::of(arguments, 0)?, rows)?;
        let captured = captured(arguments, 1, body.captured())?;
        let compare = |pairs: &[(usize, usize)]| -> Result<Vec<bool>> {
            let side = |side: fn(&(usize, usize)) -> usize| {
                take(&elements.values, &UInt64Array::from_iter_values(pairs.iter().map(|pair| side(pair) as u64)), None)
            };
            let owners: Vec<u64> = pairs.iter().filter_map(|pair| elements.owners.get(pair.0).copied()).collect();
            let order = body.evaluate(&[side(|pair| pair.0)?, side(|pair| pair.1)?], &owners, &captured)?;
            if order.null_count() > 0 {
                return Err(incomparable(&elements.values, &order, pairs));
            }
            Ok(order.as_primitive::<Int32Type>().values().iter().map(|order| *order > 0).collect())
        };
        let lists = (0..rows).map(|row| elements.range(row).into_iter().flatten().collect()).collect();
        let sorted = merge_sort(lists, compare)?;
        let mut gather = Gather::new(vec![elements.values.clone()], rows);
        for (row, indices) in sorted.into_iter().enumerate() {
            indices.into_iter().for_each(|index| gather.pick(0, index));
            gather.end_row(elements.range(row).is_some())?;
        }
        rows::finish(arguments, gather.finish(&element)?)
    }))
}

/// Two runs being merged.
struct Merge {
    list: usize,
    left: std::ops::Range<usize>,
    right: std::ops::Range<usize>,
    merged: Vec<usize>,
}

/// Stable, as Java's sort is. `after` says of each pair whether its first comes after its second.
fn merge_sort(
    mut lists: Vec<Vec<usize>>,
    after: impl Fn(&[(usize, usize)]) -> Result<Vec<bool>>,
) -> Result<Vec<Vec<usize>>> {
    let longest = lists.iter().map(Vec::len).max().unwrap_or(0);
    let mut width = 1;
    while width < longest {
        let mut merges = Vec::new();
        for (list, indices) in lists.iter().enumerate() {
            for start in (0..indices.len()).step_by(2 * width) {
                let middle = (start + width).min(indices.len());
                let end = (start + 2 * width).min(indices.len());
                merges.push(Merge { list, left: start..middle, right: middle..end, merged: Vec::new() });
            }
        }
        loop {
            let open = |merge: &&mut Merge| !merge.left.is_empty() && !merge.right.is_empty();
            let mut active: Vec<&mut Merge> = merges.iter_mut().filter(open).collect();
            if active.is_empty() {
                break;
            }
            let pair = |merge: &&mut Merge| {
                let list = lists.get(merge.list)?;
                Some((*list.get(merge.left.start)?, *list.get(merge.right.start)?))
            };
            let pairs: Vec<(usize, usize)> = active.iter().filter_map(pair).collect();
            let answers = after(&pairs)?;
            for ((merge, (left, right)), takes_right) in active.iter_mut().zip(pairs).zip(answers) {
                if takes_right {
                    merge.merged.push(right);
                    merge.right.start += 1;
                } else {
                    merge.merged.push(left);
                    merge.left.start += 1;
                }
            }
        }
        let mut merged: Vec<Vec<usize>> = lists.iter().map(|list| Vec::with_capacity(list.len())).collect();
        for merge in merges {
            let (Some(out), Some(list)) = (merged.get_mut(merge.list), lists.get(merge.list)) else { continue };
            out.extend(merge.merged);
            out.extend(list.get(merge.left).unwrap_or_default());
            out.extend(list.get(merge.right).unwrap_or_default());
        }
        lists = merged;
        width *= 2;
    }
    Ok(lists)
}

/// Spark 4.1 `COMPARATOR_RETURNS_NULL`.
fn incomparable(elements: &ArrayRef, order: &ArrayRef, pairs: &[(usize, usize)]) -> Error {
    let pair = (0..order.len()).find(|index| order.is_null(*index)).and_then(|index| pairs.get(index));
    let formatter = ArrayFormatter::try_new(elements, &FormatOptions::default());
    let shown = |index: Option<usize>| match (&formatter, index) {
        (Ok(formatter), Some(index)) => formatter.value(index).to_string(),
        _ => String::new(),
    };
    Error::new(Kind::Operation, "COMPARATOR_RETURNS_NULL")
        .with("firstValue", shown(pair.map(|pair| pair.0)))
        .with("secondValue", shown(pair.map(|pair| pair.1)))
}
