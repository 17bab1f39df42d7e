//! `map_concat(…)`: the entries of all maps in one.

use arrow::datatypes::DataType;
use floe_base::{Error, Result};

use super::_entries::{Entries, Keys, entry_fields, last_wins, map_of, map_type};
use crate::family::array::_list::unified;
use crate::rows::{self, Maps};
use crate::{Call, Function, Typed};

pub(crate) const FUNCTIONS: &[Function] =
    &[Function::scalar("map_concat", bind).usage("map_concat(map, …) - Returns a map of the entries of all.")];

fn bind(call: &Call<'_>) -> Result<Typed> {
    if call.arguments.iter().any(|argument| !matches!(argument.data_type, DataType::Map(..))) {
        let types = call.arguments.iter().map(|argument| format!("\"{}\"", argument.spark_type().sql()));
        return Err(Error::analysis("DATATYPE_MISMATCH.MAP_CONCAT_DIFF_TYPES")
            .with("sqlExpr", format!("\"{}\"", (call.text)(None)))
            .with("functionName", format!("`{}`", call.name))
            .with("dataType", format!("[{}]", types.collect::<Vec<_>>().join(", ")))
            .at(call.origin));
    }
    let arguments = unified(call, call.arguments.clone())?;
    let mut data_type = map_type(&DataType::Utf8, &DataType::Utf8, true);
    for (index, argument) in arguments.iter().enumerate() {
        let (key, value) = entry_fields(&argument.data_type)?;
        let known = index > 0 && entry_fields(&data_type)?.1.is_nullable();
        data_type = map_of(&key, &value, known || value.is_nullable());
    }
    let (count, last_wins, result) = (arguments.len(), last_wins(call), data_type.clone());
    Ok(call.raising(format!("{last_wins}"), arguments, data_type, call.any_nullable(), move |arguments| {
        let columns = (0..count).map(|index| Maps::of(arguments, index)).collect::<Result<Vec<_>>>()?;
        let keys = Keys::normal(columns.iter().map(|column| column.array.keys().clone()).collect())?;
        let values = columns.iter().map(|column| column.array.values().clone()).collect();
        let rows = rows::count(arguments);
        let mut maps = Entries::new(&keys, values, rows, last_wins);
        for row in 0..rows {
            let ranges: Option<Vec<_>> = columns.iter().map(|column| column.range(row)).collect();
            let valid = ranges.is_some();
            for (source, range) in ranges.into_iter().flatten().enumerate() {
                for index in range {
                    maps.push((source, index), Some((source, index)))?;
                }
            }
            maps.end_row(valid)?;
        }
        rows::finish(arguments, maps.finish(&result)?)
    }))
}
