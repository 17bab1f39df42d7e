//! `initcap(str)`: each word, as parted by spaces alone, begins in title case and goes on in lower case.

use arrow::datatypes::DataType;
use floe_base::Result;

use super::_text::text;
use crate::rows::{self, Texts};
use crate::{Call, Function, Typed};

pub(crate) const FUNCTIONS: &[Function] = &[Function::scalar("initcap", bind)
    .usage("initcap(str) - Returns the text with the first letter of each word in upper case, the others in lower.")];

fn bind(call: &Call<'_>) -> Result<Typed> {
    let [_] = call.exactly()?;
    let value = text(call, 0)?;
    let nullable = value.nullable;
    Ok(call.kernel("", vec![value], DataType::Utf8, nullable, |arguments| {
        let values = Texts::of(arguments, 0)?;
        rows::texts(arguments, |row, out| {
            let Some(value) = values.at(row) else { return Ok(false) };
            capitalise(value, out);
            Ok(true)
        })
    }))
}

fn capitalise(text: &str, out: &mut String) {
    for (index, word) in text.split(' ').enumerate() {
        if index > 0 {
            out.push(' ');
        }
        let mut letters = word.chars();
        let Some(first) = letters.next() else { continue };
        title(first, out);
        // In the word's own case, so that a last sigma becomes the final one.
        out.push_str(&letters.as_str().to_lowercase());
    }
}

/// Title case differs from upper case for the Latin digraphs, and where upper case is several letters: `ß` is `Ss`.
fn title(letter: char, out: &mut String) {
    match letter {
        'Ǆ' | 'ǅ' | 'ǆ' => out.push('ǅ'),
        'Ǉ' | 'ǈ' | 'ǉ' => out.push('ǈ'),
        'Ǌ' | 'ǋ' | 'ǌ' => out.push('ǋ'),
        'Ǳ' | 'ǲ' | 'ǳ' => out.push('ǲ'),
        _ => {
            let mut upper = letter.to_uppercase();
            out.extend(upper.next());
            upper.for_each(|rest| out.extend(rest.to_lowercase()));
        }
    }
}
