//! `sum` and `try_sum`: the total of the values that are not NULL; NULL when there are none.

use arrow::datatypes::{
    DataType, Decimal128Type, DurationMicrosecondType, Float64Type, Int64Type, IntervalUnit, IntervalYearMonthType,
    TimeUnit,
};
use floe_base::Result;
use floe_base::id::BackendId;
use floe_syntax::expression::CastMode;

use super::_aggregate::spelled;
use super::_sum::{
    Addition, Checked, Floating, Overflow, Sum, Totals, Wrapping, decimal_fits, decimal_overflow, interval_overflow,
    long_overflow,
};
use crate::cast::cast;
use crate::cast::decimal::Decimal;
use crate::spelling::{Spelling, Spellings};
use crate::{Call, Function, Typed};

pub(crate) const FUNCTIONS: &[Function] = &[
    Function::aggregate("sum", bind).usage("sum(expr) - Returns the sum calculated from values of a group."),
    Function::aggregate("try_sum", bind)
        .usage("try_sum(expr) - Returns the sum calculated from values of a group, or NULL on overflow."),
];

fn bind(call: &Call<'_>) -> Result<Typed> {
    let [value] = call.exactly()?;
    let tries = call.name == "try_sum";
    let or_null = |error| if tries { Overflow::Null } else { Overflow::Raise(error) };
    let written = value.written.clone();
    match &value.data_type {
        DataType::Int8 | DataType::Int16 | DataType::Int32 | DataType::Int64 => {
            let value = cast(value, &DataType::Int64, CastMode::Session, call.context, call.origin)?;
            if call.context.ansi || tries {
                return Ok(total::<Int64Type, Checked>(call, value, DataType::Int64, or_null(long_overflow()), any));
            }
            Ok(total::<Int64Type, Wrapping>(call, value, DataType::Int64, Overflow::Null, any))
        }
        DataType::Decimal128(precision, scale) => {
            let sum = DataType::Decimal128(precision.saturating_add(10).min(38), *scale);
            let raises = call.context.ansi && !tries;
            let error = decimal_overflow("try_sum", call.origin);
            let overflow = if raises { Overflow::Raise(error) } else { Overflow::Null };
            Ok(total::<Decimal128Type, Checked>(call, value, sum, overflow, decimal_fits))
        }
        DataType::Interval(IntervalUnit::YearMonth) => {
            let sum = value.data_type.clone();
            let overflow = or_null(interval_overflow());
            Ok(total::<IntervalYearMonthType, Checked>(call, value, sum, overflow, any).with_written(written))
        }
        DataType::Duration(TimeUnit::Microsecond) => {
            let sum = value.data_type.clone();
            let overflow = or_null(interval_overflow());
            Ok(total::<DurationMicrosecondType, Checked>(call, value, sum, overflow, any).with_written(written))
        }
        DataType::Float32 | DataType::Float64 | DataType::Utf8 | DataType::Null => {
            let value = cast(value, &DataType::Float64, CastMode::Session, call.context, call.origin)?;
            Ok(total::<Float64Type, Floating>(call, value, DataType::Float64, Overflow::Null, any))
        }
        _ => Err(call.unexpected_type(0, "(\"NUMERIC\" or \"ANSI INTERVAL\")")),
    }
}

fn any<N>(_: &N, _: &DataType) -> bool {
    true
}

fn total<T: arrow::array::ArrowPrimitiveType, A: Addition<T::Native>>(
    call: &Call<'_>,
    value: Typed,
    sum: DataType,
    overflow: Overflow,
    fits: fn(&T::Native, &DataType) -> bool,
) -> Typed {
    let key = match &overflow {
        Overflow::Null => format!("{} null {}", value.data_type, std::any::type_name::<A>()),
        Overflow::Raise(_) => format!("{} raise", value.data_type),
    };
    let state = Totals::<T, A>::state(&sum);
    let spellings = spellings(&value.data_type, matches!(overflow, Overflow::Null) && call.name == "try_sum");
    spelled(call, key, vec![value], (sum.clone(), true), state, spellings, move || {
        Ok(Sum::<T, A>::new(sum.clone(), overflow.clone(), fits))
    })
}

/// DuckDB adds whole numbers and decimals in 128 bits, and the cast of the total raises where Spark raises or wraps. A
/// total that has 128 bits and yet more than 38 digits it takes for one; so that is asked.
fn spellings(value: &DataType, tries: bool) -> Spellings {
    let total = "sum({distinct}{0}){filter}{over}";
    let text = match value {
        _ if tries => return Spellings::new(),
        DataType::Int64 => format!("CAST({total} AS BIGINT)"),
        DataType::Decimal128(precision, scale) if *precision <= 28 => {
            format!("CAST({total} AS DECIMAL({}, {scale}))", precision + 10)
        }
        DataType::Decimal128(_, scale) => {
            let most = Decimal::new(10i128.pow(38) - 1, *scale).plain();
            let most = format!("CAST('{most}' AS DECIMAL(38, {scale}))");
            format!("CASE WHEN abs({total}) > {most} THEN error('the total has too many digits') ELSE {total} END")
        }
        DataType::Float64 => total.to_string(),
        _ => return Spellings::new(),
    };
    vec![(BackendId::DuckDb, Spelling::of(text))]
}
