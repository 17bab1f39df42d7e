//! `get(array, index)`: the element at an index from 0, NULL where there is none.

use floe_base::Result;

use super::_list::must_be_list;
use super::extract_value::element;
use crate::{Call, Function, Typed};

pub(crate) const FUNCTIONS: &[Function] =
    &[Function::scalar("get", bind).usage("get(array, index) - Returns the element at index (from 0), or NULL.")];

fn bind(call: &Call<'_>) -> Result<Typed> {
    let [_, _] = call.exactly()?;
    must_be_list(call, 0)?;
    let index = crate::family::string::_text::int(call, 1)?;
    element(call, index, false)
}
