//! `find_in_set(str, list)`: the place of a text in a list parted by commas, from 1.

use arrow::datatypes::{DataType, Int32Type};
use floe_base::Result;

use super::_text::text;
use crate::rows::{self, Texts};
use crate::{Call, Function, Typed};

pub(crate) const FUNCTIONS: &[Function] = &[Function::scalar("find_in_set", bind).usage(
    "find_in_set(str, str_array) - Returns the place of str in the list, 0 when it is not there or holds a comma.",
)];

fn bind(call: &Call<'_>) -> Result<Typed> {
    let [_, _] = call.exactly()?;
    let arguments = vec![text(call, 0)?, text(call, 1)?];
    Ok(call.kernel("", arguments, DataType::Int32, call.any_nullable(), |arguments| {
        let (values, lists) = (Texts::of(arguments, 0)?, Texts::of(arguments, 1)?);
        rows::numbers::<Int32Type>(arguments, |row| Ok(values.at(row).zip(lists.at(row)).map(place)))
    }))
}

fn place((value, list): (&str, &str)) -> i32 {
    // A text with a comma equals no member, for members have none.
    let found = list.split(',').position(|member| member == value);
    found.map_or(0, |at| i32::try_from(at + 1).unwrap_or(i32::MAX))
}
