//! `md5`, `sha1`, `sha2`, `crc32`: digests of binary, in hexadecimal (`crc32`: as a number).

use arrow::datatypes::{DataType, Int64Type};
use floe_base::Result;
use md5::{Digest, Md5};
use sha1::Sha1;
use sha2::{Sha224, Sha256, Sha384, Sha512};

use crate::family::string::_text::{binary, int};
use crate::rows::{self, Binaries, Ints};
use crate::{Call, Function, Typed};

pub(crate) const FUNCTIONS: &[Function] = &[
    Function::scalar("md5", with_md5).usage("md5(expr) - Returns the MD5 digest in hexadecimal."),
    Function::scalar("sha1", with_sha1)
        .aliases(&["sha"])
        .usage("sha1(expr) - Returns the SHA-1 digest in hexadecimal."),
    Function::scalar("sha2", with_sha2).usage(
        "sha2(expr, bitLength) - Returns the SHA-2 digest of 224, 256 (also 0), 384 or 512 bits in hexadecimal.",
    ),
    Function::scalar("crc32", with_crc32).usage("crc32(expr) - Returns the cyclic redundancy check."),
];

fn with_md5(call: &Call<'_>) -> Result<Typed> {
    bind(call, |bytes| hex::encode(Md5::digest(bytes)))
}

fn with_sha1(call: &Call<'_>) -> Result<Typed> {
    bind(call, |bytes| hex::encode(Sha1::digest(bytes)))
}

fn bind(call: &Call<'_>, digest: fn(&[u8]) -> String) -> Result<Typed> {
    let [_] = call.exactly()?;
    let value = binary(call, 0)?;
    let nullable = value.nullable;
    Ok(call.kernel("", vec![value], DataType::Utf8, nullable, move |arguments| {
        let values = Binaries::of(arguments, 0)?;
        rows::texts(arguments, |row, out| {
            let Some(value) = values.at(row) else { return Ok(false) };
            out.push_str(&digest(value));
            Ok(true)
        })
    }))
}

/// Any other number of bits is NULL.
fn with_sha2(call: &Call<'_>) -> Result<Typed> {
    let [_, _] = call.exactly()?;
    let (value, bits) = (binary(call, 0)?, int(call, 1)?);
    Ok(call.kernel("", vec![value, bits], DataType::Utf8, true, |arguments| {
        let (values, bits) = (Binaries::of(arguments, 0)?, Ints::of(arguments, 1)?);
        rows::texts(arguments, |row, out| {
            let (Some(value), Some(bits)) = (values.at(row), bits.at(row)) else { return Ok(false) };
            let digest = match bits {
                224 => hex::encode(Sha224::digest(value)),
                0 | 256 => hex::encode(Sha256::digest(value)),
                384 => hex::encode(Sha384::digest(value)),
                512 => hex::encode(Sha512::digest(value)),
                _ => return Ok(false),
            };
            out.push_str(&digest);
            Ok(true)
        })
    }))
}

fn with_crc32(call: &Call<'_>) -> Result<Typed> {
    let [_] = call.exactly()?;
    let value = binary(call, 0)?;
    let nullable = value.nullable;
    Ok(call.kernel("", vec![value], DataType::Int64, nullable, |arguments| {
        let values = Binaries::of(arguments, 0)?;
        rows::numbers::<Int64Type>(arguments, |row| Ok(values.at(row).map(|value| crc32fast::hash(value).into())))
    }))
}
