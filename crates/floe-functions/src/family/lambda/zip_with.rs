//! `zip_with(a, b, (x, y) -> …)`: the array of what the lambda makes of pairs; the shorter array is filled with NULL.

use std::sync::Arc;

use arrow::array::ListArray;
use arrow::datatypes::{DataType, Field, FieldRef};
use floe_base::Result;

use super::_body::{array, call_with, captured, lambda, parameter};
use crate::family::array::_list::Gather;
use crate::rows::{self, Lists};
use crate::{Call, Function, Typed};

pub(crate) const FUNCTIONS: &[Function] = &[Function::scalar("zip_with", bind)
    .usage("zip_with(left, right, func) - Returns the array of what the function makes of the nth elements.")];

fn bind(call: &Call<'_>) -> Result<Typed> {
    let [_, _, _] = call.exactly()?;
    let ((left, one), (right, other)) = (array(call, 0)?, array(call, 1)?);
    let fields = [parameter("x", one.data_type(), true), parameter("y", other.data_type(), true)];
    let lambda = lambda(call, 2, &[&fields])?;
    let item: FieldRef = Arc::new(Field::new("element", lambda.data_type.clone(), lambda.nullable));
    let nullable = left.nullable || right.nullable;
    let body = lambda.body;
    let arguments = [left, right].into_iter().chain(lambda.captured).collect();
    let data_type = DataType::List(item.clone());
    Ok(call_with(call, lambda.key, lambda.fallible, arguments, data_type, nullable, move |arguments| {
        let (left, right) = (Lists::of(arguments, 0)?, Lists::of(arguments, 1)?);
        let captured = captured(arguments, 2, body.captured())?;
        let rows = rows::count(arguments);
        let mut sides = [&left, &right].map(|lists| Gather::new(vec![lists.array.values().clone()], rows));
        let mut owners = Vec::new();
        for row in 0..rows {
            let (one, other) = (left.range(row), right.range(row));
            let valid = one.is_some() && other.is_some();
            let ranges = [one.unwrap_or(0..0), other.unwrap_or(0..0)];
            let longest = ranges.iter().map(ExactSizeIterator::len).max().unwrap_or(0);
            for (side, range) in sides.iter_mut().zip(ranges) {
                let missing = longest - range.len();
                side.pick_all(0, range);
                (0..missing).for_each(|_| side.pick_null());
                side.end_row(valid)?;
            }
            if valid {
                owners.extend((0..longest).map(|_| row as u64));
            }
        }
        let [one, other] = sides;
        let (ours, offsets, mut validity) = one.values(fields[0].data_type())?;
        let (theirs, _, _) = other.values(fields[1].data_type())?;
        let values = body.evaluate(&[ours, theirs], &owners, &captured)?;
        rows::finish(arguments, Arc::new(ListArray::try_new(item.clone(), offsets, values, validity.finish())?))
    }))
}
