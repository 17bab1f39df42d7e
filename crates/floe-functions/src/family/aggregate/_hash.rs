//! xxHash64 of values as Spark hashes them for sketches (`XxHash64Function`, seed 42).

use arrow::array::{Array, ArrayRef, AsArray};
use arrow::datatypes::{
    DataType, Date32Type, Decimal128Type, DurationMicrosecondType, Float32Type, Float64Type, Int8Type, Int16Type,
    Int32Type, Int64Type, IntervalUnit, IntervalYearMonthType, TimestampMicrosecondType,
};
use floe_base::{Error, Result};
use xxhash_rust::xxh64::xxh64;

const SEED: u64 = 42;

/// The hash of each value; `None` for NULL.
pub(crate) fn hashes(values: &ArrayRef) -> Result<Vec<Option<u64>>> {
    macro_rules! each {
        ($kind:ty, $hash:expr) => {
            values.as_primitive::<$kind>().iter().map(|value| value.map($hash)).collect()
        };
    }
    Ok(match values.data_type() {
        DataType::Boolean => values.as_boolean().iter().map(|value| value.map(|value| int(i32::from(value)))).collect(),
        DataType::Int8 => each!(Int8Type, |value| int(value.into())),
        DataType::Int16 => each!(Int16Type, |value| int(value.into())),
        DataType::Int32 => each!(Int32Type, int),
        DataType::Date32 => each!(Date32Type, int),
        DataType::Interval(IntervalUnit::YearMonth) => each!(IntervalYearMonthType, int),
        DataType::Int64 => each!(Int64Type, long),
        DataType::Timestamp(..) => each!(TimestampMicrosecondType, long),
        DataType::Duration(_) => each!(DurationMicrosecondType, long),
        DataType::Float32 => each!(Float32Type, |value| int((value + 0.0).to_bits() as i32)),
        DataType::Float64 => each!(Float64Type, |value| long((value + 0.0).to_bits() as i64)),
        DataType::Decimal128(precision, _) if *precision <= 18 => each!(Decimal128Type, |value| long(value as i64)),
        DataType::Decimal128(..) => each!(Decimal128Type, |value| xxh64(shortest(&value.to_be_bytes()), SEED)),
        DataType::Utf8 => {
            values.as_string::<i32>().iter().map(|value| value.map(|value| xxh64(value.as_bytes(), SEED))).collect()
        }
        DataType::Binary => {
            values.as_binary::<i32>().iter().map(|value| value.map(|value| xxh64(value, SEED))).collect()
        }
        DataType::Null => vec![None; values.len()],
        other => return Err(Error::unsupported(format!("a sketch over {other}"))),
    })
}

fn int(value: i32) -> u64 {
    xxh64(&value.to_le_bytes(), SEED)
}

fn long(value: i64) -> u64 {
    xxh64(&value.to_le_bytes(), SEED)
}

/// A number's big-endian bytes without those that only repeat the sign, as Java's `BigInteger.toByteArray` gives them.
fn shortest(bytes: &[u8]) -> &[u8] {
    let mut rest = bytes;
    while let [first, second, ..] = rest {
        let repeats = (*first == 0 && *second < 0x80) || (*first == 0xff && *second >= 0x80);
        if !repeats {
            break;
        }
        rest = &rest[1..];
    }
    rest
}
