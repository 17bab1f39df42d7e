//! `struct(…)` and `named_struct(name, value, …)`.

use std::sync::Arc;

use arrow::array::StructArray;
use arrow::datatypes::{DataType, Field, Fields};
use datafusion::scalar::ScalarValue;
use floe_base::{Error, Result};

use crate::rows;
use crate::{Call, Function, Typed};

pub(crate) const FUNCTIONS: &[Function] = &[
    Function::scalar("struct", with_own_names).usage("struct(col1, col2, …) - Returns a struct of the values."),
    Function::scalar("named_struct", with_given_names)
        .usage("named_struct(name1, val1, …) - Returns a struct of the values under the given names."),
];

/// The resolver turns `struct(a, b)` into `named_struct('a', a, 'b', b)`, for it knows the names; without it they count.
fn with_own_names(call: &Call<'_>) -> Result<Typed> {
    let members = call.arguments.iter().enumerate().map(|(index, value)| (format!("col{}", index + 1), value.clone()));
    Ok(make(call, members.collect()))
}

fn with_given_names(call: &Call<'_>) -> Result<Typed> {
    if call.arguments.len() % 2 != 0 {
        return Err(call.wrong_count("2n (n > 0)"));
    }
    let mut members = Vec::new();
    for pair in call.arguments.chunks_exact(2) {
        let [name, value] = pair else { continue };
        if name.literal().is_some_and(ScalarValue::is_null) {
            return Err(Error::analysis("DATATYPE_MISMATCH.UNEXPECTED_NULL")
                .with("sqlExpr", format!("\"{}\"", (call.text)(None)))
                .with("exprName", format!("[\"{}\"]", (call.text)(Some(members.len() * 2))))
                .at(call.origin));
        }
        let Some(ScalarValue::Utf8(Some(name))) = name.literal() else {
            return Err(Error::analysis("DATATYPE_MISMATCH.CREATE_NAMED_STRUCT_WITHOUT_FOLDABLE_STRING")
                .with("sqlExpr", format!("\"{}\"", (call.text)(None)))
                .with("inputExprs", format!("[\"{}\"]", (call.text)(Some(members.len() * 2))))
                .at(call.origin));
        };
        members.push((name.clone(), value.clone()));
    }
    Ok(make(call, members))
}

fn make(call: &Call<'_>, members: Vec<(String, Typed)>) -> Typed {
    let field = |(name, value): &(String, Typed)| match &value.written {
        Some(written) => Arc::new(written.to_field(name, value.nullable)),
        None => Arc::new(Field::new(name, value.data_type.clone(), value.nullable)),
    };
    let fields: Fields = members.iter().map(field).collect();
    let values = members.into_iter().map(|(_, value)| value).collect();
    call.kernel("", values, DataType::Struct(fields.clone()), false, move |arguments| {
        let rows = rows::count(arguments);
        let columns = arguments.values.iter().map(|value| Ok(value.to_array(rows)?)).collect::<Result<Vec<_>>>()?;
        rows::finish(arguments, Arc::new(StructArray::try_new_with_length(fields.clone(), columns, None, rows)?))
    })
}
