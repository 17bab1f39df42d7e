//! `aes_encrypt(expr, key[, mode[, padding[, iv[, aad]]]])`: bytes in cipher.

use arrow::datatypes::DataType;
use datafusion::scalar::ScalarValue;
use floe_base::Result;
use rand::rngs::StdRng;
use rand::{RngCore, SeedableRng};

use super::_aes::encrypt;
use crate::family::string::_text::{binary, text};
use crate::rows::{self, Binaries, Texts};
use crate::{Call, Function, Kernel, Typed};

pub(crate) const FUNCTIONS: &[Function] = &[Function::scalar("aes_encrypt", bind).usage(
    "aes_encrypt(expr, key[, mode[, padding[, iv[, aad]]]]) - Encrypts with AES in mode GCM, CBC or ECB; the iv stands before the result.",
)];

/// Without a vector of the caller's, one is drawn for each row.
fn bind(call: &Call<'_>) -> Result<Typed> {
    call.between(2, 6)?;
    let given = |index: usize| call.arguments.len() > index;
    let bytes = |index: usize| if given(index) { binary(call, index) } else { Ok(nothing()) };
    let arguments = vec![
        binary(call, 0)?,
        binary(call, 1)?,
        word(call, 2, "GCM")?,
        word(call, 3, "DEFAULT")?,
        bytes(4)?,
        bytes(5)?,
    ];
    let kernel = Kernel::new(call.name, "", DataType::Binary, true, |arguments| {
        let columns = [0, 1, 4, 5].map(|index| Binaries::of(arguments, index));
        let [inputs, keys, vectors, authenticated] = columns;
        let (inputs, keys, vectors, authenticated) = (inputs?, keys?, vectors?, authenticated?);
        let (modes, paddings) = (Texts::of(arguments, 2)?, Texts::of(arguments, 3)?);
        let mut random = StdRng::from_os_rng();
        rows::binaries(arguments, |row, out| {
            let (Some(input), Some(key), Some(mode), Some(padding), Some(vector), Some(authenticated)) =
                (inputs.at(row), keys.at(row), modes.at(row), paddings.at(row), vectors.at(row), authenticated.at(row))
            else {
                return Ok(false);
            };
            *out = encrypt((mode, padding), key, input, vector, authenticated, |vector| random.fill_bytes(vector))?;
            Ok(true)
        })
    });
    let repeats = given(4)
        || matches!(arguments.get(2).and_then(Typed::literal), Some(ScalarValue::Utf8(Some(mode))) if mode.eq_ignore_ascii_case("ECB"));
    let kernel = kernel.at(call.origin).fallible();
    Ok(if repeats { kernel.call(arguments) } else { kernel.volatile().call(arguments) })
}

/// An optional text and what stands for it.
pub(crate) fn word(call: &Call<'_>, index: usize, default: &str) -> Result<Typed> {
    if call.arguments.len() > index { text(call, index) } else { Ok(Typed::constant(ScalarValue::from(default))) }
}

/// No bytes.
pub(crate) fn nothing() -> Typed {
    Typed::constant(ScalarValue::Binary(Some(Vec::new())))
}
