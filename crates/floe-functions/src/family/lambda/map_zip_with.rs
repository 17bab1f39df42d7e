//! `map_zip_with(map1, map2, (k, v1, v2) -> …)`: one map of the keys of both, its values made by the lambda.

use std::collections::HashMap;

use arrow::datatypes::DataType;
use floe_base::{Error, Result};

use super::_body::{call_with, captured, lambda, parameter};
use crate::family::array::_list::{Gather, keys, to};
use crate::family::map::_entries::{Entries, Keys, entry_fields, map_of, map_type};
use crate::rows::{self, Maps};
use crate::{Call, Function, Typed, coerce};

pub(crate) const FUNCTIONS: &[Function] = &[Function::scalar("map_zip_with", bind)
    .usage("map_zip_with(map1, map2, func) - Returns the map of all keys with the values the function makes of both.")];

fn bind(call: &Call<'_>) -> Result<Typed> {
    let [left, right, _] = call.exactly()?;
    for (index, map) in [&left, &right].into_iter().enumerate() {
        if !matches!(map.data_type, DataType::Map(..)) {
            return Err(call.unexpected_type(index, "\"MAP\""));
        }
    }
    let ((key, one), (other_key, other)) = (entry_fields(&left.data_type)?, entry_fields(&right.data_type)?);
    let shared = coerce::wider(key.data_type(), other_key.data_type(), call.context).ok_or_else(|| {
        Error::analysis("DATATYPE_MISMATCH.MAP_ZIP_WITH_DIFF_TYPES")
            .with("sqlExpr", format!("\"{}\"", (call.text)(None)))
            .with("functionName", format!("`{}`", call.name))
            .with("leftType", format!("\"{}\"", left.spark_type().sql()))
            .with("rightType", format!("\"{}\"", right.spark_type().sql()))
            .at(call.origin)
    })?;
    let shared_key = key.as_ref().clone().with_data_type(shared.clone());
    let left = to(call, left, &map_of(&shared_key, &one, one.is_nullable()))?;
    let right = to(call, right, &map_of(&shared_key, &other, other.is_nullable()))?;
    let fields = [
        parameter("k", &shared, false),
        parameter("v1", one.data_type(), true),
        parameter("v2", other.data_type(), true),
    ];
    let lambda = lambda(call, 2, &[&fields])?;
    let data_type = map_type(&shared, &lambda.data_type, lambda.nullable);
    let (nullable, body, result) = (left.nullable || right.nullable, lambda.body, data_type.clone());
    let arguments = [left, right].into_iter().chain(lambda.captured).collect();
    Ok(call_with(call, lambda.key, lambda.fallible, arguments, data_type, nullable, move |arguments| {
        let (left, right) = (Maps::of(arguments, 0)?, Maps::of(arguments, 1)?);
        let captured = captured(arguments, 2, body.captured())?;
        let sources = vec![left.array.keys().clone(), right.array.keys().clone()];
        let comparable = keys(&sources)?;
        let rows = rows::count(arguments);
        let mut all_keys = Gather::new(sources, rows);
        let mut ours = Gather::new(vec![left.array.values().clone()], rows);
        let mut theirs = Gather::new(vec![right.array.values().clone()], rows);
        let (mut owners, mut ends) = (Vec::new(), Vec::new());
        let mut place_of = HashMap::new();
        for row in 0..rows {
            let (Some(one), Some(other)) = (left.range(row), right.range(row)) else {
                ends.push(None);
                continue;
            };
            place_of.clear();
            place_of.extend(other.clone().map(|index| (comparable[1].row(index), index)));
            for index in one.clone() {
                all_keys.pick(0, index);
                ours.pick(0, index);
                match place_of.get(&comparable[0].row(index)) {
                    Some(found) => theirs.pick(0, *found),
                    None => theirs.pick_null(),
                }
                owners.push(row as u64);
            }
            place_of.clear();
            place_of.extend(one.map(|index| (comparable[0].row(index), index)));
            for index in other.filter(|index| !place_of.contains_key(&comparable[1].row(*index))) {
                all_keys.pick(1, index);
                ours.pick_null();
                theirs.pick(0, index);
                owners.push(row as u64);
            }
            ends.push(Some(owners.len()));
        }
        let key_values = all_keys.values(fields[0].data_type())?.0;
        let parameters =
            [key_values.clone(), ours.values(fields[1].data_type())?.0, theirs.values(fields[2].data_type())?.0];
        let made = body.evaluate(&parameters, &owners, &captured)?;
        let keys = Keys::new(vec![key_values])?;
        let mut maps = Entries::new(&keys, vec![made], rows, false);
        let mut start = 0;
        for end in ends {
            for index in start..end.unwrap_or(start) {
                maps.push((0, index), Some((0, index)))?;
            }
            start = end.unwrap_or(start);
            maps.end_row(end.is_some())?;
        }
        rows::finish(arguments, maps.finish(&result)?)
    }))
}
