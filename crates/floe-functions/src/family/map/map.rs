//! `map(key, value, …)`: a map of the given entries.

use arrow::array::ArrayRef;
use arrow::datatypes::DataType;
use floe_base::{Error, Result};

use super::_entries::{Entries, Keys, last_wins, map_type};
use crate::rows;
use crate::{Call, Function, Typed, coerce};

pub(crate) const FUNCTIONS: &[Function] =
    &[Function::scalar("map", bind).usage("map(key0, value0, key1, value1, …) - Returns a map of the given entries.")];

fn bind(call: &Call<'_>) -> Result<Typed> {
    if call.arguments.len() % 2 != 0 {
        return Err(call.wrong_count("2n (n > 0)"));
    }
    let every_second = |from: usize| call.arguments.iter().skip(from).step_by(2).cloned().collect::<Vec<Typed>>();
    let keys = unified(call, every_second(0), "keys")?;
    let values = unified(call, every_second(1), "values")?;
    let type_of = |values: &[Typed]| values.first().map_or(DataType::Null, |value| value.data_type.clone());
    let data_type = map_type(&type_of(&keys), &type_of(&values), values.iter().any(|value| value.nullable));
    if matches!(type_of(&keys), DataType::Map(..)) {
        return Err(Error::analysis("DATATYPE_MISMATCH.INVALID_MAP_KEY_TYPE")
            .with("sqlExpr", format!("\"{}\"", (call.text)(None)))
            .with("keyType", format!("\"{}\"", floe_syntax::DataType::from_arrow(&type_of(&keys)).sql()))
            .at(call.origin));
    }
    let (entries, last_wins) = (keys.len(), last_wins(call));
    let arguments = keys.into_iter().chain(values).collect();
    let result = data_type.clone();
    Ok(call.raising(format!("{last_wins}"), arguments, data_type, false, move |arguments| {
        let columns = (0..2 * entries).map(|index| rows::any(arguments, index)).collect::<Result<Vec<_>>>()?;
        let mut sources: Vec<ArrayRef> = columns.iter().map(|column| column.array.clone()).collect();
        let values = sources.split_off(entries);
        let keys = Keys::normal(sources)?;
        let rows = rows::count(arguments);
        let mut maps = Entries::new(&keys, values, rows, last_wins);
        for row in 0..rows {
            for (entry, (key, value)) in columns.iter().zip(columns.iter().skip(entries)).enumerate() {
                maps.push((entry, key.place(row)), Some((entry, value.place(row))))?;
            }
            maps.end_row(true)?;
        }
        rows::finish(arguments, maps.finish(&result)?)
    }))
}

fn unified(call: &Call<'_>, values: Vec<Typed>, what: &str) -> Result<Vec<Typed>> {
    if values.is_empty() {
        return Ok(values);
    }
    let types: Vec<String> = values.iter().map(|value| format!("\"{}\"", value.spark_type().sql())).collect();
    coerce::unify(values, call.context, call.origin).unwrap_or_else(|| {
        let condition = if what == "keys" { "CREATE_MAP_KEY_DIFF_TYPES" } else { "CREATE_MAP_VALUE_DIFF_TYPES" };
        Err(Error::analysis(format!("DATATYPE_MISMATCH.{condition}"))
            .with("sqlExpr", format!("\"{}\"", (call.text)(None)))
            .with("functionName", format!("`{}`", call.name))
            .with("dataType", format!("[{}]", types.join(", ")))
            .at(call.origin))
    })
}
