//! `stack(n, expr1, …, exprk)`: the expressions over n rows.

use std::sync::Arc;

use arrow::array::{ArrayRef, ListArray, StructArray};
use arrow::datatypes::{DataType, Field, FieldRef, Fields};
use datafusion::scalar::ScalarValue;
use floe_base::{Error, Result};

use crate::family::array::_list::Gather;
use crate::family::string::_text::int;
use crate::rows;
use crate::{Call, Function, Typed};

pub(crate) const FUNCTIONS: &[Function] = &[Function::generator("stack", bind)
    .usage("stack(n, expr1, …, exprk) - Returns the expressions over n rows; columns are col0, col1, …")];

fn bind(call: &Call<'_>) -> Result<Typed> {
    call.at_least(2)?;
    let count = match int(call, 0)?.literal() {
        Some(ScalarValue::Int32(Some(count))) => *count,
        _ => {
            return Err(Error::analysis("DATATYPE_MISMATCH.NON_FOLDABLE_INPUT")
                .with("sqlExpr", format!("\"{}\"", (call.text)(None)))
                .with("inputName", "`n`")
                .with("inputType", "\"INT\"")
                .with("inputExpr", format!("\"{}\"", (call.text)(Some(0))))
                .at(call.origin));
        }
    };
    let Some(rows_out) = usize::try_from(count).ok().filter(|count| *count > 0) else {
        return Err(Error::analysis("DATATYPE_MISMATCH.VALUE_OUT_OF_RANGE")
            .with("sqlExpr", format!("\"{}\"", (call.text)(None)))
            .with("exprName", "`n`")
            .with("valueRange", "(0, 2147483647]")
            .with("currentValue", count.to_string())
            .at(call.origin));
    };
    let values = call.arguments.get(1..).unwrap_or_default().to_vec();
    let width = values.len().div_ceil(rows_out);
    let fields = (0..width).map(|column| member(call, &values, column, width)).collect::<Result<Fields>>()?;
    let element: FieldRef = Arc::new(Field::new("element", DataType::Struct(fields.clone()), false));
    Ok(call.kernel(count.to_string(), values, DataType::List(element.clone()), false, move |arguments| {
        let sources = (0..arguments.values.len()).map(|index| rows::any(arguments, index));
        let sources = sources.collect::<Result<Vec<_>>>()?;
        let rows = rows::count(arguments);
        let mut columns: Vec<ArrayRef> = Vec::with_capacity(width);
        for (column, field) in fields.iter().enumerate() {
            let cells: Vec<_> = sources.iter().skip(column).step_by(width).collect();
            let mut gather = Gather::new(cells.iter().map(|cell| cell.array.clone()).collect(), rows);
            for row in 0..rows {
                for nth in 0..rows_out {
                    match cells.get(nth) {
                        Some(cell) => gather.pick(nth, cell.place(row)),
                        None => gather.pick_null(),
                    }
                }
            }
            columns.push(gather.values(field.data_type())?.0);
        }
        let mut frame = Gather::new(Vec::new(), rows);
        for _ in 0..rows {
            (0..rows_out).for_each(|_| frame.pick_null());
            frame.end_row(true)?;
        }
        let (nothing, offsets, _) = frame.values(&DataType::Null)?;
        let structs = StructArray::try_new_with_length(fields.clone(), columns, None, nothing.len())?;
        rows::finish(arguments, Arc::new(ListArray::try_new(element.clone(), offsets, Arc::new(structs), None)?))
    }))
}

/// The nth column: all its cells are of one type, but for those that are plain NULL. Spark 4.1 declares it nullable.
fn member(call: &Call<'_>, values: &[Typed], column: usize, width: usize) -> Result<Field> {
    let mut data_type = DataType::Null;
    let mut first = column;
    for index in (column..values.len()).step_by(width) {
        let Some(found) = values.get(index).map(|value| &value.data_type) else { continue };
        if data_type == DataType::Null {
            data_type = found.clone();
            first = index;
        } else if found != &DataType::Null && found != &data_type {
            let sql = |data_type: &DataType| format!("\"{}\"", floe_syntax::DataType::from_arrow(data_type).sql());
            return Err(Error::analysis("DATATYPE_MISMATCH.STACK_COLUMN_DIFF_TYPES")
                .with("sqlExpr", format!("\"{}\"", (call.text)(None)))
                .with("columnIndex", column.to_string())
                .with("leftParamIndex", (first + 1).to_string())
                .with("leftType", sql(&data_type))
                .with("rightParamIndex", (index + 1).to_string())
                .with("rightType", sql(found))
                .at(call.origin));
        }
    }
    Ok(Field::new(format!("col{column}"), data_type, true))
}
