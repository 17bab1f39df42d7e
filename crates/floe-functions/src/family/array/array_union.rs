//! `array_union`, `array_intersect`, `array_except`: arrays as sets, in the order of first places; NULL equals NULL.

use std::collections::HashSet;
use std::sync::Arc;

use arrow::datatypes::{DataType, Field};
use floe_base::Result;

use super::_list::{Gather, keys, two_lists};
use crate::rows::{self, Lists};
use crate::{Call, Function, Typed};

pub(crate) const FUNCTIONS: &[Function] = &[
    Function::scalar("array_union", union).usage("array_union(array1, array2) - Returns the elements of either, once."),
    Function::scalar("array_intersect", intersect)
        .usage("array_intersect(array1, array2) - Returns the elements of both, once."),
    Function::scalar("array_except", except)
        .usage("array_except(array1, array2) - Returns the elements of array1 that are not in array2, once."),
];

#[derive(Clone, Copy, PartialEq)]
enum Keep {
    Either,
    Both,
    LeftOnly,
}

fn union(call: &Call<'_>) -> Result<Typed> {
    bind(call, Keep::Either)
}

fn intersect(call: &Call<'_>) -> Result<Typed> {
    bind(call, Keep::Both)
}

fn except(call: &Call<'_>) -> Result<Typed> {
    bind(call, Keep::LeftOnly)
}

fn bind(call: &Call<'_>, keep: Keep) -> Result<Typed> {
    let [(left, one), (right, other)] = two_lists(call)?;
    let element_nullable = match keep {
        Keep::Either => one.is_nullable() || other.is_nullable(),
        Keep::Both => one.is_nullable() && other.is_nullable(),
        Keep::LeftOnly => one.is_nullable(),
    };
    let element = Arc::new(Field::new("element", one.data_type().clone(), element_nullable));
    let nullable = left.nullable || right.nullable;
    Ok(call.kernel("", vec![left, right], DataType::List(element.clone()), nullable, move |arguments| {
        let (left, right) = (Lists::of(arguments, 0)?, Lists::of(arguments, 1)?);
        let sources = vec![left.array.values().clone(), right.array.values().clone()];
        let keys = keys(&sources)?;
        let rows = rows::count(arguments);
        let mut gather = Gather::new(sources, rows);
        let (mut seen, mut others) = (HashSet::new(), HashSet::new());
        for row in 0..rows {
            let (Some(ours), Some(theirs)) = (left.range(row), right.range(row)) else {
                gather.end_row(false)?;
                continue;
            };
            seen.clear();
            others.clear();
            if keep != Keep::Either {
                others.extend(theirs.clone().map(|index| keys[1].row(index)));
            }
            for index in ours {
                let key = keys[0].row(index);
                let wanted = keep == Keep::Either || others.contains(&key) == (keep == Keep::Both);
                if wanted && seen.insert(key) {
                    gather.pick(0, index);
                }
            }
            let theirs = if keep == Keep::Either { theirs } else { 0..0 };
            for index in theirs {
                if seen.insert(keys[1].row(index)) {
                    gather.pick(1, index);
                }
            }
            gather.end_row(true)?;
        }
        rows::finish(arguments, gather.finish(&element)?)
    }))
}
