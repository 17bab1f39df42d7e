//! `collect_list` (`array_agg`): the values of a group that are not NULL, in the order they come.

use floe_base::Result;

use super::_aggregate::{list_of, own};
use super::_collected::{Collected, End};
use super::_in_order::{Order, depending};
use crate::{Call, Function, Typed};

pub(crate) const FUNCTIONS: &[Function] = &[Function::aggregate("collect_list", bind)
    .aliases(&["array_agg"])
    .usage("collect_list(expr) - Collects and returns a list of non-unique elements.")];

fn bind(call: &Call<'_>) -> Result<Typed> {
    let [value] = call.exactly()?;
    let types = vec![value.data_type.clone()];
    let list = list_of(&value.data_type, false);
    let state = Collected::state(&types);
    let collected = own(call, value.data_type.to_string(), vec![value], (list, false), state, move || {
        Ok(Collected::new(types.clone(), End::List))
    });
    Ok(depending(collected, Order::Gathers))
}
