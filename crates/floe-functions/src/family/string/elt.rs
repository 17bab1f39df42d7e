//! `elt(n, …)`: the nth of its further arguments.

use arrow::datatypes::DataType;
use floe_base::Result;

use super::_text::{int, text};
use crate::family::array::_list::invalid_index;
use crate::rows::{self, Binaries, Ints, Texts};
use crate::{Call, Function, Typed};

pub(crate) const FUNCTIONS: &[Function] =
    &[Function::scalar("elt", bind).usage("elt(n, input1, input2, …) - Returns the nth input.")];

/// All inputs binary: binary; else all are text.
fn bind(call: &Call<'_>) -> Result<Typed> {
    call.at_least(2)?;
    let inputs = call.arguments.get(1..).unwrap_or_default();
    let binary = inputs.iter().all(|input| input.data_type == DataType::Binary);
    let mut arguments = vec![int(call, 0)?];
    for (index, input) in inputs.iter().enumerate() {
        arguments.push(if binary { input.clone() } else { text(call, index + 1)? });
    }
    let data_type = if binary { DataType::Binary } else { DataType::Utf8 };
    let (ansi, inputs) = (call.context.ansi, inputs.len());
    let key = format!("{ansi}");
    let body = move |arguments: &crate::Arguments<'_>| {
        let numbers = Ints::of(arguments, 0)?;
        let chosen = |row| match numbers.at(row) {
            None => Ok(None),
            Some(number) => match usize::try_from(number).ok().filter(|number| (1..=inputs).contains(number)) {
                Some(number) => Ok(Some(number - 1)),
                None if ansi => Err(invalid_index(number, inputs)),
                None => Ok(None),
            },
        };
        if binary {
            let columns = (0..inputs).map(|index| Binaries::of(arguments, index + 1)).collect::<Result<Vec<_>>>()?;
            return rows::binaries(arguments, |row, out| {
                let value = chosen(row)?.and_then(|index| columns.get(index)).and_then(|column| column.at(row));
                out.extend_from_slice(value.unwrap_or_default());
                Ok(value.is_some())
            });
        }
        let columns = (0..inputs).map(|index| Texts::of(arguments, index + 1)).collect::<Result<Vec<_>>>()?;
        rows::texts(arguments, |row, out| {
            let value = chosen(row)?.and_then(|index| columns.get(index)).and_then(|column| column.at(row));
            out.push_str(value.unwrap_or_default());
            Ok(value.is_some())
        })
    };
    Ok(match ansi {
        true => call.raising(key, arguments, data_type, true, body),
        false => call.kernel(key, arguments, data_type, true, body),
    })
}
