//! `size(expr)` and `array_size(array)`: how many elements or entries.

use arrow::datatypes::{DataType, Int32Type};
use floe_base::Result;

use crate::rows::{self, Lists, Maps};
use crate::{Call, Function, Typed};

pub(crate) const FUNCTIONS: &[Function] = &[
    Function::scalar("size", size)
        .aliases(&["cardinality"])
        .usage("size(expr) - Returns the number of elements or entries."),
    Function::scalar("array_size", array_size).usage("array_size(array) - Returns the number of elements."),
];

/// `size(NULL)` is -1 without ANSI, unless `spark.sql.legacy.sizeOfNull` is off (Spark 4.1 `Size`, `legacySizeOfNull`).
fn size(call: &Call<'_>) -> Result<Typed> {
    let legacy = !call.context.ansi && call.context.conf("spark.sql.legacy.sizeOfNull", "true") == "true";
    bind(call, legacy)
}

fn array_size(call: &Call<'_>) -> Result<Typed> {
    let [value] = call.exactly()?;
    if matches!(value.data_type, DataType::Map(..)) {
        return Err(call.unexpected_type(0, "\"ARRAY\""));
    }
    bind(call, false)
}

fn bind(call: &Call<'_>, legacy: bool) -> Result<Typed> {
    let [value] = call.exactly()?;
    let of_null = legacy.then_some(-1);
    let nullable = value.nullable && !legacy;
    let count = move |range: Option<std::ops::Range<usize>>| {
        range.map(|range| i32::try_from(range.len()).unwrap_or(i32::MAX)).or(of_null)
    };
    let key = format!("{legacy}");
    match value.data_type {
        DataType::List(_) => Ok(call.kernel(key, vec![value], DataType::Int32, nullable, move |arguments| {
            let lists = Lists::of(arguments, 0)?;
            rows::numbers::<Int32Type>(arguments, |row| Ok(count(lists.range(row))))
        })),
        DataType::Map(..) => Ok(call.kernel(key, vec![value], DataType::Int32, nullable, move |arguments| {
            let maps = Maps::of(arguments, 0)?;
            rows::numbers::<Int32Type>(arguments, |row| Ok(count(maps.range(row))))
        })),
        DataType::Null => Ok(call.kernel(key, vec![value], DataType::Int32, nullable, move |arguments| {
            rows::numbers::<Int32Type>(arguments, |_| Ok(of_null))
        })),
        _ if call.name == "array_size" => Err(call.unexpected_type(0, "\"ARRAY\"")),
        _ => Err(call.unexpected_type(0, "(\"ARRAY\" or \"MAP\")")),
    }
}
