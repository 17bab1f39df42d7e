//! `bitmap_bit_position`, `bitmap_bucket_number`, `bitmap_count`: the parts of counting distinct numbers by bitmaps of
//! 4096 bytes.

use arrow::datatypes::{DataType, Int64Type};
use floe_base::Result;

use crate::rows::{self, Binaries, Longs};
use crate::{Call, Function, Typed};

pub(crate) const FUNCTIONS: &[Function] = &[
    Function::scalar("bitmap_bit_position", position)
        .usage("bitmap_bit_position(child) - Returns the place of the number's bit in its bitmap, from 0."),
    Function::scalar("bitmap_bucket_number", bucket)
        .usage("bitmap_bucket_number(child) - Returns the number of the bitmap that holds the number."),
    Function::scalar("bitmap_count", count).usage("bitmap_count(child) - Returns the number of set bits."),
];

/// Bits of one bitmap.
const BITS: i64 = 8 * 4096;

fn position(call: &Call<'_>) -> Result<Typed> {
    bind(call, |value| if value > 0 { (value - 1) % BITS } else { value.wrapping_neg() % BITS })
}

fn bucket(call: &Call<'_>) -> Result<Typed> {
    bind(call, |value| if value > 0 { 1 + (value - 1) / BITS } else { value / BITS })
}

fn bind(call: &Call<'_>, part: fn(i64) -> i64) -> Result<Typed> {
    let [_] = call.exactly()?;
    let value = call.coerced(0, &DataType::Int64, "\"BIGINT\"")?;
    let nullable = value.nullable;
    Ok(call.kernel("", vec![value], DataType::Int64, nullable, move |arguments| {
        let values = Longs::of(arguments, 0)?;
        rows::numbers::<Int64Type>(arguments, |row| Ok(values.at(row).map(part)))
    }))
}

fn count(call: &Call<'_>) -> Result<Typed> {
    let [bitmap] = call.exactly()?;
    if bitmap.data_type != DataType::Binary {
        return Err(call.unexpected_type(0, "\"BINARY\""));
    }
    let nullable = bitmap.nullable;
    Ok(call.kernel("", vec![bitmap], DataType::Int64, nullable, |arguments| {
        let bitmaps = Binaries::of(arguments, 0)?;
        let ones = |bytes: &[u8]| bytes.iter().map(|byte| i64::from(byte.count_ones())).sum();
        rows::numbers::<Int64Type>(arguments, |row| Ok(bitmaps.at(row).map(ones)))
    }))
}
