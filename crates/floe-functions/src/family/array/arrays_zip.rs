//! `arrays_zip(…)`: arrays side by side as one array of structs, the shorter ones filled with NULL.

use std::sync::Arc;

use arrow::array::{ArrayRef, ListArray, StructArray};
use arrow::datatypes::{DataType, Field, Fields};
use datafusion::logical_expr::Expr;
use datafusion::scalar::ScalarValue;
use floe_base::Result;

use super::_list::{Gather, list};
use crate::rows::{self, Lists};
use crate::{Call, Function, Typed};

pub(crate) const FUNCTIONS: &[Function] = &[Function::scalar("arrays_zip", bind)
    .usage("arrays_zip(a1, a2, …) - Returns an array of structs of the nth elements.")];

fn bind(call: &Call<'_>) -> Result<Typed> {
    let (mut arguments, mut fields) = (Vec::new(), Vec::new());
    for index in 0..call.arguments.len() {
        let name = own_name(call, index).unwrap_or_else(|| index.to_string());
        let (array, element) = list(call, index)?;
        fields.push(Field::new(name, element.data_type().clone(), true));
        arguments.push(array);
    }
    let fields = Fields::from(fields);
    let element = Arc::new(Field::new("element", DataType::Struct(fields.clone()), false));
    let nullable = call.any_nullable();
    Ok(call.kernel("", arguments, DataType::List(element.clone()), nullable, move |arguments| {
        let lists = (0..fields.len()).map(|index| Lists::of(arguments, index)).collect::<Result<Vec<_>>>()?;
        let rows = rows::count(arguments);
        let mut gathers: Vec<Gather> =
            lists.iter().map(|list| Gather::new(vec![list.array.values().clone()], rows)).collect();
        let mut frame = Gather::new(vec![], rows);
        for row in 0..rows {
            let ranges: Option<Vec<_>> = lists.iter().map(|list| list.range(row)).collect();
            let valid = ranges.is_some();
            let ranges = ranges.unwrap_or_default();
            let longest = ranges.iter().map(ExactSizeIterator::len).max().unwrap_or(0);
            for (gather, range) in gathers.iter_mut().zip(ranges) {
                let missing = longest - range.len();
                gather.pick_all(0, range);
                (0..missing).for_each(|_| gather.pick_null());
            }
            (0..longest).for_each(|_| frame.pick_null());
            frame.end_row(valid)?;
        }
        let (frame, offsets, mut validity) = frame.values(&DataType::Null)?;
        let columns = gathers.into_iter().zip(&fields).map(|(gather, field)| Ok(gather.values(field.data_type())?.0));
        let columns = columns.collect::<Result<Vec<ArrayRef>>>()?;
        let structs = StructArray::try_new_with_length(fields.clone(), columns, None, frame.len())?;
        let lists = ListArray::try_new(element.clone(), offsets, Arc::new(structs), validity.finish())?;
        rows::finish(arguments, Arc::new(lists))
    }))
}

/// The nth argument's own name, where it is a column or a member of a struct.
fn own_name(call: &Call<'_>, index: usize) -> Option<String> {
    match &call.arguments.get(index)?.expr {
        Expr::Column(_) => {
            let text = (call.text)(Some(index));
            Some(text.rsplit('.').next().unwrap_or(&text).to_string())
        }
        Expr::ScalarFunction(access) if access.name() == "get_field" => match access.args.last() {
            Some(Expr::Literal(ScalarValue::Utf8(Some(name)), _)) => Some(name.clone()),
            _ => None,
        },
        _ => None,
    }
}
