//! `concat(…)` and `||`: texts, binaries or arrays in one.

use std::sync::Arc;

use arrow::array::ArrayRef;
use arrow::datatypes::{DataType, Field};
use datafusion::scalar::ScalarValue;
use floe_base::Result;
use floe_base::id::BackendId;

use super::_text::text;
use crate::family::array::_list::{Gather, unified};
use crate::rows::{self, Binaries, Lists, Texts};
use crate::{Call, Function, Typed};

pub(crate) const FUNCTIONS: &[Function] = &[Function::scalar("concat", bind).aliases(&["||"]).usage(
    "concat(col1, col2, …) - Returns the texts, binaries or arrays one after the other; NULL where one is NULL.",
)];

/// Arrays where one is an array, binary where all are binary, else text.
fn bind(call: &Call<'_>) -> Result<Typed> {
    if call.arguments.is_empty() {
        return Ok(Typed::constant(ScalarValue::from("")));
    }
    if call.arguments.iter().any(|argument| matches!(argument.data_type, DataType::List(_))) {
        return arrays(call);
    }
    if call.arguments.iter().all(|argument| argument.data_type == DataType::Binary) {
        return Ok(binaries(call));
    }
    let arguments = (0..call.arguments.len()).map(|index| text(call, index)).collect::<Result<Vec<_>>>()?;
    // Its `concat` leaves NULLs out; its `||` does not.
    let places: Vec<String> = (0..arguments.len()).map(|index| format!("{{{index}}}")).collect();
    let spelling = format!("({})", places.join(" || "));
    let whole = call.kernel("text", arguments, DataType::Utf8, call.any_nullable(), |arguments| {
        let columns = (0..arguments.values.len()).map(|index| Texts::of(arguments, index));
        let columns = columns.collect::<Result<Vec<_>>>()?;
        rows::texts(arguments, |row, out| {
            for column in &columns {
                let Some(part) = column.at(row) else { return Ok(false) };
                out.push_str(part);
            }
            Ok(true)
        })
    });
    Ok(whole.spelled(BackendId::DuckDb, spelling))
}

fn binaries(call: &Call<'_>) -> Typed {
    call.kernel("binary", call.arguments.clone(), DataType::Binary, call.any_nullable(), |arguments| {
        let columns = (0..arguments.values.len()).map(|index| Binaries::of(arguments, index));
        let columns = columns.collect::<Result<Vec<_>>>()?;
        rows::binaries(arguments, |row, out| {
            for column in &columns {
                let Some(part) = column.at(row) else { return Ok(false) };
                out.extend_from_slice(part);
            }
            Ok(true)
        })
    })
}

fn arrays(call: &Call<'_>) -> Result<Typed> {
    // Spark 4.1 makes a bare NULL a text before it looks at the arrays beside it.
    let arguments = call.arguments.iter().map(|argument| match argument.data_type {
        DataType::Null => Typed::null(&DataType::Utf8),
        _ => argument.clone(),
    });
    let arguments = unified(call, arguments.collect())?;
    let mut element = Arc::new(Field::new("element", DataType::Null, false));
    for argument in &arguments {
        if let DataType::List(found) = &argument.data_type {
            let nullable = element.is_nullable() || found.is_nullable();
            element = Arc::new(found.as_ref().clone().with_nullable(nullable));
        }
    }
    Ok(call.kernel("array", arguments, DataType::List(element.clone()), call.any_nullable(), move |arguments| {
        let columns = (0..arguments.values.len()).map(|index| Lists::of(arguments, index));
        let columns = columns.collect::<Result<Vec<_>>>()?;
        let sources: Vec<ArrayRef> = columns.iter().map(|column| column.array.values().clone()).collect();
        let rows = rows::count(arguments);
        let mut gather = Gather::new(sources, rows);
        for row in 0..rows {
            let ranges: Option<Vec<_>> = columns.iter().map(|column| column.range(row)).collect();
            let valid = ranges.is_some();
            for (source, range) in ranges.into_iter().flatten().enumerate() {
                gather.pick_all(source, range);
            }
            gather.end_row(valid)?;
        }
        rows::finish(arguments, gather.finish(&element)?)
    }))
}
