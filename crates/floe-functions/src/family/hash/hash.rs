//! `hash` and `xxhash64`: Spark's Murmur3 (32 bits) and xxHash (64 bits) of values of any type.
//!
//! The same numbers as Spark's, for its bucketing and users' keys depend on them. Each value is hashed with the hash so
//! far as its seed; NULL leaves it as it is. A number is hashed by its bytes: up to 32 bits as one int, else as a long.

use arrow::array::{Array, ArrayRef, AsArray};
use arrow::datatypes::{
    DataType, Date32Type, Decimal128Type, DurationMicrosecondType, Float32Type, Float64Type, Int8Type, Int16Type,
    Int32Type, Int64Type, IntervalMonthDayNanoType, IntervalUnit, IntervalYearMonthType, Time64NanosecondType,
    TimestampMicrosecondType,
};
use floe_base::{Error, Result};
use xxhash_rust::xxh64::xxh64;

use crate::rows::{self, span};
use crate::{Call, Function, Typed};

pub(crate) const FUNCTIONS: &[Function] = &[
    Function::scalar("hash", murmur3)
        .usage("hash(expr1, expr2, …) - Returns Spark's 32-bit Murmur3 hash of the values."),
    Function::scalar("xxhash64", xxhash)
        .usage("xxhash64(expr1, expr2, …) - Returns Spark's 64-bit xxHash of the values."),
];

/// Both begin with it.
const SEED: i64 = 42;

fn murmur3(call: &Call<'_>) -> Result<Typed> {
    check(call)?;
    Ok(call.kernel("", call.arguments.clone(), DataType::Int32, false, |arguments| {
        let columns = (0..arguments.values.len()).map(|index| rows::any(arguments, index));
        let columns = columns.collect::<Result<Vec<_>>>()?;
        rows::numbers::<Int32Type>(arguments, |row| {
            let mut hash = SEED;
            for column in &columns {
                hash = value_hash::<Murmur3>(&column.array, column.place(row), hash)?;
            }
            Ok(Some(low(hash)))
        })
    }))
}

fn xxhash(call: &Call<'_>) -> Result<Typed> {
    check(call)?;
    Ok(call.kernel("", call.arguments.clone(), DataType::Int64, false, |arguments| {
        let columns = (0..arguments.values.len()).map(|index| rows::any(arguments, index));
        let columns = columns.collect::<Result<Vec<_>>>()?;
        rows::numbers::<Int64Type>(arguments, |row| {
            let mut hash = SEED;
            for column in &columns {
                hash = value_hash::<XxHash>(&column.array, column.place(row), hash)?;
            }
            Ok(Some(hash))
        })
    }))
}

/// Maps have no order, so equal ones may hash differently: Spark refuses them unless told otherwise.
fn check(call: &Call<'_>) -> Result<()> {
    call.at_least(1)?;
    let allowed = call.context.conf("spark.sql.legacy.allowHashOnMapType", "false") == "true";
    if allowed || !call.arguments.iter().any(|argument| has_map(&argument.data_type)) {
        return Ok(());
    }
    Err(Error::analysis("DATATYPE_MISMATCH.HASH_MAP_TYPE")
        .with("sqlExpr", format!("\"{}\"", (call.text)(None)))
        .with("functionName", format!("`{}`", call.name))
        .at(call.origin))
}

fn has_map(data_type: &DataType) -> bool {
    match data_type {
        DataType::Map(..) => true,
        DataType::List(element) => has_map(element.data_type()),
        DataType::Struct(fields) => fields.iter().any(|field| has_map(field.data_type())),
        _ => false,
    }
}

/// One of the two algorithms, over the three shapes every value comes to.
pub(crate) trait Algorithm {
    fn int(value: i32, seed: i64) -> i64;
    fn long(value: i64, seed: i64) -> i64;
    fn bytes(value: &[u8], seed: i64) -> i64;
}

/// Spark 4.1 `HashExpression.computeHash`.
pub(crate) fn value_hash<A: Algorithm>(array: &ArrayRef, row: usize, seed: i64) -> Result<i64> {
    if array.is_null(row) || array.data_type() == &DataType::Null {
        return Ok(seed);
    }
    Ok(match array.data_type() {
        DataType::Boolean => A::int(array.as_boolean().value(row).into(), seed),
        DataType::Int8 => A::int(array.as_primitive::<Int8Type>().value(row).into(), seed),
        DataType::Int16 => A::int(array.as_primitive::<Int16Type>().value(row).into(), seed),
        DataType::Int32 => A::int(array.as_primitive::<Int32Type>().value(row), seed),
        DataType::Date32 => A::int(array.as_primitive::<Date32Type>().value(row), seed),
        DataType::Interval(IntervalUnit::YearMonth) => {
            A::int(array.as_primitive::<IntervalYearMonthType>().value(row), seed)
        }
        DataType::Int64 => A::long(array.as_primitive::<Int64Type>().value(row), seed),
        DataType::Timestamp(..) => A::long(array.as_primitive::<TimestampMicrosecondType>().value(row), seed),
        DataType::Duration(_) => A::long(array.as_primitive::<DurationMicrosecondType>().value(row), seed),
        DataType::Time64(_) => A::long(array.as_primitive::<Time64NanosecondType>().value(row), seed),
        DataType::Float32 => A::int(float_bits(array.as_primitive::<Float32Type>().value(row)), seed),
        DataType::Float64 => A::long(double_bits(array.as_primitive::<Float64Type>().value(row)), seed),
        DataType::Decimal128(precision, _) => {
            let value = array.as_primitive::<Decimal128Type>().value(row);
            match i64::try_from(value) {
                Ok(long) if *precision <= 18 => A::long(long, seed),
                _ => A::bytes(big_integer(&value.to_be_bytes()), seed),
            }
        }
        DataType::Interval(_) => {
            let value = array.as_primitive::<IntervalMonthDayNanoType>().value(row);
            let after_micros = A::long(value.nanoseconds / 1000, seed);
            A::int(value.months, A::int(value.days, after_micros))
        }
        DataType::Utf8 => A::bytes(array.as_string::<i32>().value(row).as_bytes(), seed),
        DataType::Binary => A::bytes(array.as_binary::<i32>().value(row), seed),
        DataType::List(_) => {
            let lists = array.as_list::<i32>();
            let range = span(lists.value_offsets(), row);
            range.into_iter().try_fold(seed, |hash, index| value_hash::<A>(lists.values(), index, hash))?
        }
        DataType::Struct(_) => {
            array.as_struct().columns().iter().try_fold(seed, |hash, member| value_hash::<A>(member, row, hash))?
        }
        DataType::Map(..) => {
            let maps = array.as_map();
            span(maps.value_offsets(), row).into_iter().try_fold(seed, |hash, index| {
                value_hash::<A>(maps.values(), index, value_hash::<A>(maps.keys(), index, hash)?)
            })?
        }
        other => return Err(Error::unsupported(format!("the hash of {other}"))),
    })
}

/// Both zeros hash alike, and all NaNs.
fn float_bits(value: f32) -> i32 {
    if value == 0.0 {
        return 0;
    }
    if value.is_nan() { 0x7fc0_0000 } else { value.to_bits().cast_signed() }
}

fn double_bits(value: f64) -> i64 {
    if value == 0.0 {
        return 0;
    }
    if value.is_nan() { 0x7ff8_0000_0000_0000 } else { value.to_bits().cast_signed() }
}

/// The shortest two's complement form, as Java's `BigInteger.toByteArray` gives it.
fn big_integer(bytes: &[u8; 16]) -> &[u8] {
    let fill = if bytes[0] & 0x80 == 0 { 0x00 } else { 0xff };
    let mut rest: &[u8] = bytes;
    while let [first, next @ ..] = rest
        && let Some(second) = next.first()
        && *first == fill
        && (second ^ fill) & 0x80 == 0
    {
        rest = next;
    }
    rest
}

pub(crate) struct Murmur3;

impl Algorithm for Murmur3 {
    fn int(value: i32, seed: i64) -> i64 {
        finish(mix(low(seed).cast_unsigned(), value.cast_unsigned()), 4)
    }

    fn long(value: i64, seed: i64) -> i64 {
        let value = value.cast_unsigned();
        let (lower, upper) = (value & 0xffff_ffff, value >> 32);
        let part = |part: u64| u32::try_from(part).unwrap_or(0);
        finish(mix(mix(low(seed).cast_unsigned(), part(lower)), part(upper)), 8)
    }

    /// Spark's own variant: the bytes behind the last whole word are mixed one by one, each as a signed int.
    fn bytes(value: &[u8], seed: i64) -> i64 {
        let mut hash = low(seed).cast_unsigned();
        let mut words = value.chunks_exact(4);
        for word in words.by_ref() {
            hash = mix(hash, u32::from_le_bytes(word.try_into().unwrap_or_default()));
        }
        for byte in words.remainder() {
            hash = mix(hash, i32::from(byte.cast_signed()).cast_unsigned());
        }
        finish(hash, u32::try_from(value.len()).unwrap_or(u32::MAX))
    }
}

fn mix(hash: u32, word: u32) -> u32 {
    let word = word.wrapping_mul(0xcc9e_2d51).rotate_left(15).wrapping_mul(0x1b87_3593);
    (hash ^ word).rotate_left(13).wrapping_mul(5).wrapping_add(0xe654_6b64)
}

fn finish(hash: u32, length: u32) -> i64 {
    let mut hash = hash ^ length;
    hash ^= hash >> 16;
    hash = hash.wrapping_mul(0x85eb_ca6b);
    hash ^= hash >> 13;
    hash = hash.wrapping_mul(0xc2b2_ae35);
    hash ^= hash >> 16;
    hash.cast_signed().into()
}

/// The 32-bit hash that a Murmur3 step keeps in its long.
fn low(hash: i64) -> i32 {
    i32::try_from(hash).unwrap_or_default()
}

pub(crate) struct XxHash;

impl Algorithm for XxHash {
    fn int(value: i32, seed: i64) -> i64 {
        xxh64(&value.to_le_bytes(), seed.cast_unsigned()).cast_signed()
    }

    fn long(value: i64, seed: i64) -> i64 {
        xxh64(&value.to_le_bytes(), seed.cast_unsigned()).cast_signed()
    }

    fn bytes(value: &[u8], seed: i64) -> i64 {
        xxh64(value, seed.cast_unsigned()).cast_signed()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{ArrayRef, BooleanArray, Decimal128Array, Float64Array, Int32Array, Int64Array, StringArray};

    use super::{Murmur3, SEED, XxHash, value_hash};

    /// The numbers are real Spark 4.1.4's.
    #[test]
    fn hashes_as_spark_does() {
        let decimal = |value: i128, precision: u8| -> ArrayRef {
            Arc::new(Decimal128Array::from(vec![value]).with_precision_and_scale(precision, 2).expect("it fits"))
        };
        let cases: Vec<(ArrayRef, i64, Option<i64>)> = vec![
            (Arc::new(Int32Array::from(vec![1])), -559_580_957, Some(-6_698_625_589_789_238_999)),
            (Arc::new(Int64Array::from(vec![1])), -1_712_319_331, None),
            (Arc::new(StringArray::from(vec!["a"])), 1_485_273_170, None),
            (Arc::new(StringArray::from(vec!["äö"])), -631_251_692, Some(7_827_106_016_939_348_075)),
            (Arc::new(StringArray::from(vec![""])), 142_593_372, Some(-7_444_071_767_201_028_348)),
            (Arc::new(BooleanArray::from(vec![true])), -559_580_957, Some(-6_698_625_589_789_238_999)),
            (Arc::new(Float64Array::from(vec![1.5])), 1_290_763_749, None),
            (Arc::new(Float64Array::from(vec![-0.0])), -1_670_924_195, None),
            (Arc::new(Float64Array::from(vec![f64::NAN])), -1_281_358_385, None),
            (decimal(150, 10), -2_056_712_946, None),
            (decimal(150, 30), -339_019_914, None),
            (decimal(-150, 30), -690_534_446, Some(-6_659_465_364_316_328_129)),
        ];
        for (array, murmur3, xxhash) in cases {
            assert_eq!(value_hash::<Murmur3>(&array, 0, SEED).ok(), Some(murmur3), "{array:?}");
            if xxhash.is_some() {
                assert_eq!(value_hash::<XxHash>(&array, 0, SEED).ok(), xxhash, "{array:?}");
            }
        }
    }
}
