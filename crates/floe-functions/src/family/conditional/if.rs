//! `if`: one of two values, the other not evaluated where it could raise.

use floe_base::{Error, Result};

use arrow::datatypes::DataType;

use crate::{Call, Function, Typed, coerce, condition};

pub(crate) const FUNCTIONS: &[Function] = &[Function::scalar("if", bind)
    .usage("if(expr1, expr2, expr3) - If `expr1` evaluates to true, then returns `expr2`; otherwise returns `expr3`.")];

fn bind(call: &Call<'_>) -> Result<Typed> {
    let [test, value, otherwise] = call.exactly()?;
    if !matches!(test.data_type, DataType::Boolean | DataType::Null) {
        return Err(call.unexpected_type(0, "\"BOOLEAN\""));
    }
    let types = [value.spark_type().sql(), otherwise.spark_type().sql()];
    let Some(values) = coerce::unify(vec![value, otherwise], call.context, call.origin) else {
        return Err(Error::analysis("DATATYPE_MISMATCH.DATA_DIFF_TYPES")
            .with("sqlExpr", format!("\"{}\"", (call.text)(None)))
            .with("functionName", "`if`")
            .with("dataType", format!("[\"{}\", \"{}\"]", types[0], types[1]))
            .at(call.origin));
    };
    let values: [Typed; 2] = values?.try_into().map_err(|_| call.wrong_count("3"))?;
    let [value, otherwise] = values;
    let test = call.coerced(0, &DataType::Boolean, "\"BOOLEAN\"")?;
    // Unlike CASE, it is not decided by a constant (Spark 4.1 `If.nullable`).
    let nullable = value.nullable || otherwise.nullable;
    Ok(condition::choose_if(test, value, otherwise).or_null_if(nullable))
}
