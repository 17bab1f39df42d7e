//! `collect_list` (`array_agg`): the values of a group that are not NULL, in the order they come.

use floe_base::Result;
use floe_base::id::BackendId;

use super::_aggregate::{list_of, spelled};
use super::_collected::{Collected, End};
use super::_in_order::{Order, depending};
use crate::spelling::Spelling;
use crate::{Call, Function, Typed};

pub(crate) const FUNCTIONS: &[Function] = &[Function::aggregate("collect_list", bind)
    .aliases(&["array_agg"])
    .usage("collect_list(expr) - Collects and returns a list of non-unique elements.")];

/// DuckDB's list holds the NULLs too, and is NULL over no rows.
const IN_DUCKDB: &str = "coalesce(list_filter(list({distinct}{0}){filter}{over}, lambda x: x IS NOT NULL), [])";

fn bind(call: &Call<'_>) -> Result<Typed> {
    let [value] = call.exactly()?;
    let types = vec![value.data_type.clone()];
    let list = list_of(&value.data_type, false);
    let (key, state) = (value.data_type.to_string(), Collected::state(&types));
    let spellings = vec![(BackendId::DuckDb, Spelling::of(IN_DUCKDB))];
    let collected = spelled(call, key, vec![value], (list, false), state, spellings, move || {
        Ok(Collected::new(types.clone(), End::List))
    });
    Ok(depending(collected, Order::Gathers))
}
