//! Expressions that must be known before the query runs: LIMIT, VALUES, times to travel to, names in IDENTIFIER.

use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::Schema;
use arrow::record_batch::RecordBatchOptions;
use datafusion::common::DFSchema;
use datafusion::execution::context::ExecutionProps;
use datafusion::logical_expr::ColumnarValue;
use datafusion::physical_expr::create_physical_expr;
use datafusion::scalar::ScalarValue;
use floe_base::{Error, Result};
use floe_functions::Typed;
use floe_syntax::Expression;

use super::{Clause, Names};
use crate::resolver::{Env, Resolver};
use crate::scope::Scope;

/// The value of an expression without columns.
pub fn fold(value: &Typed) -> Result<ScalarValue> {
    if let Some(literal) = value.literal() {
        return Ok(literal.clone());
    }
    let physical = create_physical_expr(&value.expr, &DFSchema::empty(), &ExecutionProps::new())?;
    let options = RecordBatchOptions::new().with_row_count(Some(1));
    let one_row = RecordBatch::try_new_with_options(Arc::new(Schema::empty()), Vec::new(), &options)?;
    match physical.evaluate(&one_row)? {
        ColumnarValue::Scalar(scalar) => Ok(scalar),
        ColumnarValue::Array(array) => Ok(ScalarValue::try_from_array(&array, 0)?),
    }
}

impl Resolver<'_> {
    /// A constant expression's meaning; it may use parameters, but no columns.
    pub(crate) fn constant(&self, expression: &Expression, env: &Env<'_>) -> Result<Typed> {
        let nothing = Scope::new(Vec::new());
        self.expression(expression, &Names::new(&nothing, env, Clause::Other))
    }

    /// A constant expression's value.
    pub(crate) fn constant_value(&self, expression: &Expression, env: &Env<'_>) -> Result<ScalarValue> {
        let value = self.constant(expression, env)?;
        fold(&value).map_err(|error| error.at(&expression.origin))
    }

    /// The name an IDENTIFIER clause spells.
    pub(crate) fn identifier(&self, text: &Expression, env: &Env<'_>) -> Result<Vec<String>> {
        match self.constant_value(text, env)? {
            ScalarValue::Utf8(Some(name)) => parts_of(&name),
            other => Err(Error::analysis(if other.is_null() {
                "NOT_A_CONSTANT_STRING.NULL"
            } else {
                "NOT_A_CONSTANT_STRING.WRONG_TYPE"
            })
            .with("name", "IDENTIFIER")
            .with("expr", format!("\"{}\"", crate::name::pretty(text, &crate::name::Nowhere)))
            .with("dataType", floe_syntax::DataType::from_arrow(&other.data_type()).to_string())
            .at(&text.origin)),
        }
    }
}

/// The parts of a name written in one text, with back-ticks where it needs them.
pub(crate) fn parts_of(name: &str) -> Result<Vec<String>> {
    let mut parts = vec![String::new()];
    let mut quoted = false;
    let mut letters = name.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '`' if quoted && letters.peek() == Some(&'`') => {
                letters.next();
                push(&mut parts, '`');
            }
            '`' => quoted = !quoted,
            '.' if !quoted => parts.push(String::new()),
            other => push(&mut parts, other),
        }
    }
    if quoted || parts.iter().any(String::is_empty) {
        return Err(Error::analysis("INVALID_ATTRIBUTE_NAME_SYNTAX").with("name", format!("`{name}`")));
    }
    Ok(parts)
}

fn push(parts: &mut [String], letter: char) {
    if let Some(last) = parts.last_mut() {
        last.push(letter);
    }
}
