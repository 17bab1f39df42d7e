//! Maps as keys of groups. Two maps of the same entries are one key whatever their order, and the group's map has its
//! entries in the order of their keys (Spark 4.1 `InsertMapSortInGroupingExpressions`). The engine groups by no map:
//! within the grouping it is the list of its entries.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, ListArray, MapArray, StructArray, UInt32Array};
use arrow::compute::take;
use arrow::datatypes::{DataType, Field, FieldRef, Fields};
use arrow::row::{RowConverter, SortField};
use datafusion::logical_expr::{ColumnarValue, Expr};
use floe_base::{Error, Result};
use floe_functions::{Arguments, Kernel, Typed};

pub(crate) fn holds_maps(data_type: &DataType) -> bool {
    match data_type {
        DataType::Map(..) => true,
        DataType::List(element) => holds_maps(element.data_type()),
        DataType::Struct(fields) => fields.iter().any(|field| holds_maps(field.data_type())),
        _ => false,
    }
}

/// The value with every map in it as the list of its entries, by key.
pub(crate) fn as_key(value: Typed) -> Typed {
    let (data_type, nullable) = (key_type(&value.data_type), value.nullable);
    let body = |arguments: &Arguments<'_>| -> Result<ColumnarValue> {
        Ok(ColumnarValue::Array(listed(&arguments.array(0)?)?))
    };
    Kernel::new("map_sort", "", data_type, nullable, body).call(vec![value])
}

/// The value of a type back from its key.
pub(crate) fn from_key(key: Expr, to: &DataType) -> Expr {
    let target = to.clone();
    let body = move |arguments: &Arguments<'_>| -> Result<ColumnarValue> {
        Ok(ColumnarValue::Array(mapped(&arguments.array(0)?, &target)?))
    };
    let key = Typed::new(key, key_type(to), true);
    Kernel::new("map_from_key", to.to_string(), to.clone(), true, body).call(vec![key]).expr
}

fn key_type(data_type: &DataType) -> DataType {
    let part = |field: &FieldRef| Arc::new(field.as_ref().clone().with_data_type(key_type(field.data_type())));
    match data_type {
        DataType::Map(entries, _) => {
            DataType::List(Arc::new(Field::new("element", key_type(entries.data_type()), false)))
        }
        DataType::List(element) => DataType::List(part(element)),
        DataType::Struct(fields) => DataType::Struct(fields.iter().map(part).collect()),
        other => other.clone(),
    }
}

fn listed(array: &ArrayRef) -> Result<ArrayRef> {
    if !holds_maps(array.data_type()) {
        return Ok(array.clone());
    }
    match (array.data_type(), key_type(array.data_type())) {
        (DataType::Map(..), DataType::List(element)) => {
            let maps = array.as_map();
            let entries: ArrayRef = Arc::new(maps.entries().clone());
            let entries = take(&listed(&entries)?, &by_key(maps)?, None)?;
            let lists = ListArray::try_new(element, maps.offsets().clone(), entries, maps.nulls().cloned())?;
            Ok(Arc::new(lists))
        }
        (DataType::List(_), DataType::List(element)) => {
            let lists = array.as_list::<i32>();
            let values = listed(lists.values())?;
            Ok(Arc::new(ListArray::try_new(element, lists.offsets().clone(), values, lists.nulls().cloned())?))
        }
        (DataType::Struct(_), DataType::Struct(fields)) => members(array.as_struct(), fields, listed),
        (found, _) => Err(Error::internal(format!("a key of type {found}"))),
    }
}

/// The places of all entries, those of each map by key.
fn by_key(maps: &MapArray) -> Result<UInt32Array> {
    let converter = RowConverter::new(vec![SortField::new(maps.key_type().clone())])?;
    let keys = converter.convert_columns(std::slice::from_ref(maps.keys()))?;
    let mut places: Vec<u32> = (0..u32::try_from(maps.keys().len()).map_err(|_| too_many())?).collect();
    for ends in maps.offsets().windows(2) {
        let at = |index: usize| ends.get(index).and_then(|end| usize::try_from(*end).ok()).unwrap_or(0);
        if let Some(places) = places.get_mut(at(0)..at(1)) {
            places.sort_by(|left, right| keys.row(*left as usize).cmp(&keys.row(*right as usize)));
        }
    }
    Ok(places.into())
}

fn too_many() -> Error {
    Error::internal("a batch of more entries than four bytes count")
}

fn mapped(array: &ArrayRef, to: &DataType) -> Result<ArrayRef> {
    if !holds_maps(to) {
        return Ok(array.clone());
    }
    match to {
        DataType::Map(field, sorted) => {
            let lists = array.as_list::<i32>();
            let entries = mapped(lists.values(), field.data_type())?.as_struct().clone();
            let (offsets, nulls) = (lists.offsets().clone(), lists.nulls().cloned());
            Ok(Arc::new(MapArray::try_new(field.clone(), offsets, entries, nulls, *sorted)?))
        }
        DataType::List(element) => {
            let lists = array.as_list::<i32>();
            let values = mapped(lists.values(), element.data_type())?;
            Ok(Arc::new(ListArray::try_new(element.clone(), lists.offsets().clone(), values, lists.nulls().cloned())?))
        }
        DataType::Struct(fields) => {
            let mut wanted = fields.iter().map(|field| field.data_type().clone());
            members(array.as_struct(), fields.clone(), |column| match wanted.next() {
                Some(to) => mapped(column, &to),
                None => Err(Error::internal("a struct has more members than its type")),
            })
        }
        other => Err(Error::internal(format!("a key of type {other}"))),
    }
}

fn members(structs: &StructArray, fields: Fields, of: impl FnMut(&ArrayRef) -> Result<ArrayRef>) -> Result<ArrayRef> {
    let columns = structs.columns().iter().map(of).collect::<Result<Vec<_>>>()?;
    Ok(Arc::new(StructArray::try_new(fields, columns, structs.nulls().cloned())?))
}
