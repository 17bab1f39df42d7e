//! `a[0]` and `m['k']`: what the resolver calls `[]`. Members of structs are the resolver's own work.

use std::sync::Arc;

use arrow::array::{Array, ListArray, MapArray, UInt64Array};
use arrow::compute::take;
use arrow::datatypes::{DataType, Field};
use datafusion::logical_expr::Expr;
use datafusion::scalar::ScalarValue;
use floe_base::{Error, Result};

use super::_list::{equal_elements, invalid_index, list, to};
use crate::family::map::_entries::entry_fields;
use crate::rows::{self, Column, Lists, Longs, Maps};
use crate::{Call, Function, Typed, coerce};

pub(crate) const FUNCTIONS: &[Function] =
    &[Function::scalar("[]", bind).usage("expr[key] - Returns the element at an index from 0, or the value of a key.")];

fn bind(call: &Call<'_>) -> Result<Typed> {
    let [value, key] = call.exactly()?;
    match &value.data_type {
        DataType::List(_) if key.data_type.is_signed_integer() || key.data_type == DataType::Null => {
            element(call, key, call.context.ansi)
        }
        DataType::List(_) => Err(call.unexpected_type(1, "\"INTEGRAL\"")),
        DataType::Map(..) => value_of_key(call, value, key),
        _ => Err(Error::analysis("INVALID_EXTRACT_BASE_FIELD_TYPE")
            .with("base", format!("\"{}\"", (call.text)(Some(0))))
            .with("other", format!("\"{}\"", value.spark_type().sql()))
            .at(call.origin)),
    }
}

/// The element at an index from 0. Beyond the ends: INVALID_ARRAY_INDEX, or NULL.
pub(crate) fn element(call: &Call<'_>, index: Typed, raises: bool) -> Result<Typed> {
    let (array, element) = list(call, 0)?;
    let index = to(call, index, &DataType::Int64)?;
    let nullable = match index_is_safe(&array, &index, false) {
        Some(safe) => !safe,
        None => !raises || element.is_nullable() || array.nullable || index.nullable,
    };
    let data_type = element.data_type().clone();
    let body = move |arguments: &crate::Arguments<'_>| {
        let (lists, indices) = (Lists::of(arguments, 0)?, Longs::of(arguments, 1)?);
        let pick = |row: usize| {
            let (Some(range), Some(index)) = (lists.range(row), indices.at(row)) else { return Ok(None) };
            match usize::try_from(index).ok().filter(|index| *index < range.len()) {
                Some(index) => Ok(Some((range.start + index) as u64)),
                None if raises => Err(invalid_index(i32::try_from(index).unwrap_or(i32::MAX), range.len())),
                None => Ok(None),
            }
        };
        let picks: UInt64Array = (0..rows::count(arguments)).map(pick).collect::<Result<_>>()?;
        rows::finish(arguments, take(lists.array.values(), &picks, None)?)
    };
    let key = format!("{raises}");
    Ok(match raises {
        true => call.raising(key, vec![array, index], data_type, nullable, body),
        false => call.kernel(key, vec![array, index], data_type, nullable, body),
    })
}

/// Where the index is constant: does it surely name an element that is not NULL? Spark 4.1 knows only for arrays that
/// are written out (`computeNullabilityFromArray`).
pub(crate) fn index_is_safe(array: &Typed, index: &Typed, from_one: bool) -> Option<bool> {
    let index = match index.literal()? {
        ScalarValue::Int32(index) => i64::from((*index)?),
        ScalarValue::Int64(index) => (*index)?,
        _ => return None,
    };
    let (Expr::ScalarFunction(created), DataType::List(element)) = (&array.expr, &array.data_type) else {
        return Some(false);
    };
    // Members of the structs of an array that is written out.
    if let ("get_array_struct_fields", [Expr::ScalarFunction(created)]) = (created.name(), created.args.as_slice()) {
        let known = created.name() == "array" && usize::try_from(index).is_ok_and(|at| at < created.args.len());
        return Some(known && !element.is_nullable());
    }
    if created.name() != "array" {
        return Some(false);
    }
    let size = i64::try_from(created.args.len()).unwrap_or(i64::MAX);
    let at = match (from_one, index) {
        (false, index) => index,
        (true, index) if index > 0 => index - 1,
        (true, 0) => return Some(false),
        (true, index) => size + index,
    };
    let Some(chosen) = usize::try_from(at).ok().and_then(|at| created.args.get(at)) else { return Some(false) };
    let not_null = matches!(chosen, Expr::Literal(value, _) if !value.is_null());
    Some(not_null || !element.is_nullable())
}

/// The value of a key, NULL where the map has none.
pub(crate) fn value_of_key(call: &Call<'_>, map: Typed, key: Typed) -> Result<Typed> {
    let (key_field, value_field) = entry_fields(&map.data_type)?;
    let key = coerce::implicit(key, key_field.data_type(), call.context, call.origin).unwrap_or_else(|| {
        Err(call.unexpected_type(1, &format!("\"{}\"", floe_syntax::DataType::from_field(&key_field).sql())))
    })?;
    let data_type = value_field.data_type().clone();
    Ok(call.kernel("map", vec![map, key], data_type, true, |arguments| {
        let (maps, keys) = (Maps::of(arguments, 0)?, rows::any(arguments, 1)?);
        let lists = Column { array: keys_of(&maps.array)?, constant: maps.constant };
        let equal = equal_elements(&lists, &keys, arguments)?;
        let found = |row: usize| Some(lists.range(row)?.find(|index| equal.value(*index))? as u64);
        let picks: UInt64Array = (0..rows::count(arguments)).map(found).collect();
        rows::finish(arguments, take(maps.array.values(), &picks, None)?)
    }))
}

/// The keys of maps as lists.
pub(crate) fn keys_of(maps: &MapArray) -> Result<ListArray> {
    let element = Arc::new(Field::new("element", maps.key_type().clone(), false));
    Ok(ListArray::try_new(element, maps.offsets().clone(), maps.keys().clone(), maps.nulls().cloned())?)
}
