//! `soundex(str)`: how English sounds a name, as a letter and three digits.

use arrow::datatypes::DataType;
use floe_base::Result;

use super::_text::text_only;
use crate::rows::{self, Texts};
use crate::{Call, Function, Typed};

pub(crate) const FUNCTIONS: &[Function] =
    &[Function::scalar("soundex", bind).usage("soundex(str) - Returns the Soundex code of the text.")];

fn bind(call: &Call<'_>) -> Result<Typed> {
    let [_] = call.exactly()?;
    let value = text_only(call, 0)?;
    let nullable = value.nullable;
    Ok(call.kernel("", vec![value], DataType::Utf8, nullable, |arguments| {
        let values = Texts::of(arguments, 0)?;
        rows::texts(arguments, |row, out| {
            let Some(value) = values.at(row) else { return Ok(false) };
            encode(value, out);
            Ok(true)
        })
    }))
}

/// Text that does not begin with a Latin letter stays as it is. Vowels part equal codes, `h` and `w` do not, and neither
/// does what is no letter end the word (Spark 4.1 `UTF8String.soundex`).
fn encode(text: &str, out: &mut String) {
    let first = text.bytes().next().map(|byte| byte.to_ascii_uppercase()).filter(u8::is_ascii_uppercase);
    let Some(first) = first else { return out.push_str(text) };
    out.push(char::from(first));
    let mut last = code(first);
    let mut digits = 0;
    for byte in text.bytes().skip(1).map(|byte| byte.to_ascii_uppercase()) {
        if digits == 3 {
            break;
        }
        match code(byte) {
            b'7' => {}
            found if (b'1'..=b'6').contains(&found) => {
                if found != last {
                    out.push(char::from(found));
                    digits += 1;
                }
                last = found;
            }
            found => last = found,
        }
    }
    (digits..3).for_each(|_| out.push('0'));
}

/// `7` for the letters that are passed over, `0` for vowels and for what is no letter.
fn code(letter: u8) -> u8 {
    match letter {
        b'B' | b'F' | b'P' | b'V' => b'1',
        b'C' | b'G' | b'J' | b'K' | b'Q' | b'S' | b'X' | b'Z' => b'2',
        b'D' | b'T' => b'3',
        b'L' => b'4',
        b'M' | b'N' => b'5',
        b'R' => b'6',
        b'H' | b'W' => b'7',
        _ => b'0',
    }
}

#[cfg(test)]
mod tests {
    /// Real Spark 4.1.4's answers.
    #[test]
    fn encodes_as_spark_does() {
        let cases = [
            ("Miller", "M460"),
            ("Ähm", "Ähm"),
            ("Tymczak", "T522"),
            ("Pfister", "P236"),
            ("", ""),
            ("a1b", "A100"),
            ("Ashcraft", "A261"),
            ("Wh1te", "W300"),
            ("a-b", "A100"),
            ("Bhf", "B000"),
            ("Baf", "B100"),
            ("bbäcc", "B200"),
        ];
        for (text, expected) in cases {
            let mut out = String::new();
            super::encode(text, &mut out);
            assert_eq!(out, expected, "{text}");
        }
    }
}
