//! `aes_decrypt(expr, key[, mode[, padding[, aad]]])` and its `try_` form: what `aes_encrypt` has put in cipher.

use arrow::datatypes::DataType;
use floe_base::Result;

use super::_aes::decrypt;
use super::aes_encrypt::{nothing, word};
use crate::family::string::_text::binary;
use crate::rows::{self, Binaries, Texts};
use crate::{Arguments, Call, Function, Typed};

pub(crate) const FUNCTIONS: &[Function] = &[
    Function::scalar("aes_decrypt", aes_decrypt)
        .usage("aes_decrypt(expr, key[, mode[, padding[, aad]]]) - Decrypts what `aes_encrypt` has encrypted."),
    Function::scalar("try_aes_decrypt", try_aes_decrypt)
        .usage("try_aes_decrypt(expr, key[, mode[, padding[, aad]]]) - The same, but NULL where that fails."),
];

fn aes_decrypt(call: &Call<'_>) -> Result<Typed> {
    bind(call, true)
}

fn try_aes_decrypt(call: &Call<'_>) -> Result<Typed> {
    bind(call, false)
}

fn bind(call: &Call<'_>, raises: bool) -> Result<Typed> {
    call.between(2, 5)?;
    let authenticated = if call.arguments.len() > 4 { binary(call, 4)? } else { nothing() };
    let arguments =
        vec![binary(call, 0)?, binary(call, 1)?, word(call, 2, "GCM")?, word(call, 3, "DEFAULT")?, authenticated];
    let body = move |arguments: &Arguments<'_>| {
        let (inputs, keys) = (Binaries::of(arguments, 0)?, Binaries::of(arguments, 1)?);
        let (modes, paddings) = (Texts::of(arguments, 2)?, Texts::of(arguments, 3)?);
        let authenticated = Binaries::of(arguments, 4)?;
        rows::binaries(arguments, |row, out| {
            let (Some(input), Some(key), Some(mode), Some(padding), Some(authenticated)) =
                (inputs.at(row), keys.at(row), modes.at(row), paddings.at(row), authenticated.at(row))
            else {
                return Ok(false);
            };
            match decrypt((mode, padding), key, input, authenticated) {
                Ok(opened) => *out = opened,
                Err(error) if raises => return Err(error),
                Err(_) => return Ok(false),
            }
            Ok(true)
        })
    };
    Ok(match raises {
        true => call.raising("", arguments, DataType::Binary, true, body),
        false => call.kernel("", arguments, DataType::Binary, true, body),
    })
}
