//! Values into text as `show` prints them (Spark 4.1 `ToPrettyString`): NULL in capitals, bytes as `[61 62]`.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, StringArray};
use arrow::datatypes::Field;
use floe_base::Result;
use floe_syntax::DataType as SparkType;

use super::format::{Style, Writer};
use crate::Context;
use crate::family::datetime::_zone::Zone;

/// The text of every value of an array; `field` is the column's, whose metadata tells types apart that Arrow does not.
/// No text is NULL: `show` prints the word.
pub fn show(array: &ArrayRef, field: &Field, context: &Context) -> Result<StringArray> {
    let data_type = SparkType::from_field(field);
    let style = Style { zone: Zone::of_session(context)?, null: "NULL", plain_decimals: true, show: true };
    let writer = Writer::new(array, &data_type, style)?;
    let mut text = String::new();
    let texts = (0..array.len()).map(|row| {
        text.clear();
        if writer.is_null(row) {
            text.push_str("NULL");
        } else {
            writer.write(row, &mut text);
        }
        text.clone()
    });
    Ok(StringArray::from_iter_values(texts))
}

/// The text of one value.
pub fn format_value(array: &ArrayRef, field: &Field, row: usize, context: &Context) -> Result<String> {
    let one = show(&array.slice(row, 1), field, context)?;
    Ok(one.value(0).into())
}

/// The same as an array.
pub fn show_array(array: &ArrayRef, field: &Field, context: &Context) -> Result<ArrayRef> {
    Ok(Arc::new(show(array, field, context)?))
}
