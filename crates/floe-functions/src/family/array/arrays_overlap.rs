//! `arrays_overlap(a, b)`: do they share an element that is not NULL; NULL where a NULL leaves it open.

use std::collections::HashSet;

use arrow::array::Array;
use arrow::datatypes::DataType;
use floe_base::Result;

use super::_list::{keys, two_lists};
use crate::rows::{self, Lists};
use crate::{Call, Function, Typed};

pub(crate) const FUNCTIONS: &[Function] =
    &[Function::scalar("arrays_overlap", bind)
        .usage("arrays_overlap(a1, a2) - Returns true where both hold an element.")];

fn bind(call: &Call<'_>) -> Result<Typed> {
    let [(left, one), (right, other)] = two_lists(call)?;
    let nullable = left.nullable || right.nullable || one.is_nullable() || other.is_nullable();
    Ok(call.kernel("", vec![left, right], DataType::Boolean, nullable, |arguments| {
        let (left, right) = (Lists::of(arguments, 0)?, Lists::of(arguments, 1)?);
        let (ours, theirs) = (left.array.values().clone(), right.array.values().clone());
        let keys = keys(&[ours.clone(), theirs.clone()])?;
        let mut set = HashSet::new();
        rows::booleans(arguments, |row| {
            let (Some(one), Some(other)) = (left.range(row), right.range(row)) else { return Ok(None) };
            set.clear();
            set.extend(one.clone().filter(|index| ours.is_valid(*index)).map(|index| keys[0].row(index)));
            let shared = |index: usize| theirs.is_valid(index) && set.contains(&keys[1].row(index));
            if other.clone().any(shared) {
                return Ok(Some(true));
            }
            let both_filled = !one.is_empty() && !other.is_empty();
            let open = one.clone().any(|index| ours.is_null(index)) || other.clone().any(|index| theirs.is_null(index));
            Ok(if both_filled && open { None } else { Some(false) })
        })
    }))
}
