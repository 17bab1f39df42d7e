//! Spark's type coercion: which type two expressions share, and which casts happen unasked. ANSI and not.
//!
//! The names in brackets are those of Spark 4.1's `TypeCoercion` (ANSI off) and `AnsiTypeCoercion` (ANSI on), whose
//! rules these are. What a cast itself does is in `cast/`; what an operator does with its operands in its own file.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Fields, IntervalUnit, TimeUnit};
use floe_base::{Origin, Result};
use floe_syntax::DataType as SparkType;
use floe_syntax::data_type::{ZONE, map_of};
use floe_syntax::expression::CastMode;

use crate::cast::{self, cast};
use crate::{Context, Typed};

/// The digits a decimal can have.
pub const MAX_PRECISION: u8 = 38;

/// The type both can be read as without losing anything (Spark's `findTightestCommonType`).
pub fn tightest(left: &DataType, right: &DataType, context: &Context) -> Option<DataType> {
    if left == right {
        return Some(left.clone());
    }
    match (left, right) {
        (DataType::Null, other) | (other, DataType::Null) => Some(other.clone()),
        (DataType::Decimal128(..), other) | (other, DataType::Decimal128(..)) if is_integral(other) => {
            let decimal = if is_integral(left) { right } else { left };
            is_wider_decimal(decimal, other).then(|| decimal.clone())
        }
        (left, right) if is_plain_number(left) && is_plain_number(right) => Some(wider_number(left, right, context)),
        (left, right) if is_datetime(left) && is_datetime(right) => Some(wider_datetime(left, right)),
        _ => complex(left, right, context, tightest),
    }
}

/// The type both are cast to in a set operation, CASE, COALESCE, IN, … (`findWiderTypeForTwo`, or ANSI's).
pub fn wider(left: &DataType, right: &DataType, context: &Context) -> Option<DataType> {
    tightest(left, right, context)
        .or_else(|| wider_decimal(left, right))
        .or_else(|| wider_string(left, right, context))
        .or_else(|| complex(left, right, context, wider))
}

/// The type all share (`findWiderCommonType`). Without ANSI texts come first, so that the order of the arguments does
/// not decide whether there is one.
pub fn wider_of<'a>(types: impl IntoIterator<Item = &'a DataType>, context: &Context) -> Option<DataType> {
    let mut types: Vec<&DataType> = types.into_iter().collect();
    if !context.ansi {
        types.sort_by_key(|data_type| !has_text(data_type));
    }
    types.into_iter().try_fold(DataType::Null, |shared, next| wider(&shared, next, context))
}

/// The type all share where no text has to be read or written for it (`findWiderTypeWithoutStringPromotion`):
/// inline tables, UNPIVOT, `greatest`, `least`.
pub fn wider_without_text<'a>(types: impl IntoIterator<Item = &'a DataType>, context: &Context) -> Option<DataType> {
    fn of_two(left: &DataType, right: &DataType, context: &Context) -> Option<DataType> {
        tightest(left, right, context)
            .or_else(|| wider_decimal(left, right))
            .or_else(|| complex(left, right, context, of_two))
    }
    types.into_iter().try_fold(DataType::Null, |shared, next| of_two(&shared, next, context))
}

/// The values cast to the type they share by [`wider_without_text`].
pub fn unify_without_text(values: Vec<Typed>, context: &Context, origin: &Origin) -> Option<Result<Vec<Typed>>> {
    let shared = wider_without_text(values.iter().map(|value| &value.data_type), context)?;
    Some(cast_alike(values, &shared, context, origin))
}

/// The values cast to the one type they share; `None` where there is none.
pub fn unify(values: Vec<Typed>, context: &Context, origin: &Origin) -> Option<Result<Vec<Typed>>> {
    let shared = wider_of(values.iter().map(|value| &value.data_type), context)?;
    Some(cast_alike(values, &shared, context, origin))
}

/// The values cast to a type they share; intervals then span the fields of all of them.
pub fn cast_alike(values: Vec<Typed>, shared: &DataType, context: &Context, origin: &Origin) -> Result<Vec<Typed>> {
    let fields = shared_fields(&values, shared);
    let cast_one = |value| {
        let value = cast(value, shared, CastMode::Session, context, origin)?;
        Ok(if fields.is_some() { value.with_written(fields.clone()) } else { value })
    };
    values.into_iter().map(cast_one).collect()
}

/// `INTERVAL DAY TO SECOND` of `INTERVAL DAY` and `INTERVAL HOUR TO SECOND`; `None` where what they share is no interval.
pub fn shared_fields(values: &[Typed], shared: &DataType) -> Option<SparkType> {
    if !is_ansi_interval(shared) {
        return None;
    }
    let intervals = values.iter().filter(|value| value.data_type != DataType::Null).map(Typed::spark_type);
    intervals.reduce(|left, right| match (left, right) {
        (SparkType::DayTimeInterval(from, to), SparkType::DayTimeInterval(other_from, other_to)) => {
            SparkType::DayTimeInterval(from.min(other_from), to.max(other_to))
        }
        (SparkType::YearMonthInterval(from, to), SparkType::YearMonthInterval(other_from, other_to)) => {
            SparkType::YearMonthInterval(from.min(other_from), to.max(other_to))
        }
        (left, _) => left,
    })
}

/// The value as a function's parameter of this type takes it unasked (`implicitCast`); `None` where it does not.
pub fn implicit(value: Typed, to: &DataType, context: &Context, origin: &Origin) -> Option<Result<Typed>> {
    accepts(&value.data_type, to, context).then(|| cast(value, to, CastMode::Session, context, origin))
}

/// Whether a parameter of type `to` takes a value of type `from` unasked (`implicitCast`).
pub fn accepts(from: &DataType, to: &DataType, context: &Context) -> bool {
    if same(from, to) || matches!(from, DataType::Null) {
        return true;
    }
    match context.ansi {
        true => (is_text(from) && is_atomic(to)) || cast::storable(from, to),
        false => accepts_legacy(from, to),
    }
}

/// A numeric parameter: what is no number but can be read as one (text, NULL) becomes a double.
pub fn numeric(value: Typed, context: &Context, origin: &Origin) -> Option<Result<Typed>> {
    match &value.data_type {
        data_type if is_numeric(data_type) => Some(Ok(value)),
        DataType::Utf8 | DataType::Null => Some(cast(value, &DataType::Float64, CastMode::Session, context, origin)),
        _ => None,
    }
}

/// A whole-number parameter of any width: `None` for what is not taken unasked.
pub fn integral(value: Typed, context: &Context, origin: &Origin) -> Option<Result<Typed>> {
    if is_integral(&value.data_type) {
        return Some(Ok(value));
    }
    implicit(value, &DataType::Int32, context, origin)
}

/// Both operands of a binary operator, made alike as far as Spark makes them (`PromoteStrings`, `DecimalPrecision`,
/// `ImplicitTypeCasts` of binary operators). They may still differ: the operator then raises BINARY_OP_DIFF_TYPES.
pub fn operands(left: Typed, right: Typed, context: &Context, origin: &Origin) -> Result<(Typed, Typed)> {
    let (left_type, right_type) = (left.data_type.clone(), right.data_type.clone());
    if left_type == right_type {
        return Ok((left, right));
    }
    let to = |value: Typed, to: &DataType| cast(value, to, CastMode::Session, context, origin);
    if let Some((left_to, right_to)) = beside_decimal(&left, &right) {
        return Ok((to(left, &left_to)?, to(right, &right_to)?));
    }
    let shared = match context.ansi {
        true => wider_string(&left_type, &right_type, context).or_else(|| tightest(&left_type, &right_type, context)),
        false => tightest(&left_type, &right_type, context),
    };
    match shared {
        Some(shared) => Ok((to(left, &shared)?, to(right, &shared)?)),
        None => Ok((left, right)),
    }
}

/// Both operands of a comparison, as far as Spark makes them alike; without ANSI a text becomes what it is compared to.
pub fn comparands(left: Typed, right: Typed, context: &Context, origin: &Origin) -> Result<(Typed, Typed)> {
    let to = |value: Typed, to: &DataType| cast(value, to, CastMode::Session, context, origin);
    let (left_type, right_type) = (left.data_type.clone(), right.data_type.clone());
    if !context.ansi {
        if let Some(shared) = promoted_comparison(&left_type, &right_type) {
            return Ok((to(left, &shared)?, to(right, &shared)?));
        }
    }
    let (left, right) = operands(left, right, context, origin)?;
    let shared = match (&left.data_type, &right.data_type) {
        (DataType::Decimal128(..), DataType::Decimal128(..)) => wider_decimal(&left.data_type, &right.data_type),
        (left, right) if left != right => wider_decimal(left, right).or_else(|| tightest(left, right, context)),
        _ => None,
    };
    match shared {
        Some(shared) => Ok((to(left, &shared)?, to(right, &shared)?)),
        None => Ok((left, right)),
    }
}

/// Equal but for what may be NULL inside and for the names of a list's or map's parts (`DataType.sameType`).
pub fn same(left: &DataType, right: &DataType) -> bool {
    match (left, right) {
        (DataType::List(left), DataType::List(right)) => same(left.data_type(), right.data_type()),
        (DataType::Map(left, _), DataType::Map(right, _)) => same(left.data_type(), right.data_type()),
        (DataType::Struct(left), DataType::Struct(right)) => {
            left.len() == right.len()
                && left
                    .iter()
                    .zip(right)
                    .all(|(left, right)| left.name() == right.name() && same(left.data_type(), right.data_type()))
        }
        _ => left == right,
    }
}

pub fn is_text(data_type: &DataType) -> bool {
    matches!(data_type, DataType::Utf8)
}

pub fn is_integral(data_type: &DataType) -> bool {
    matches!(data_type, DataType::Int8 | DataType::Int16 | DataType::Int32 | DataType::Int64)
}

pub fn is_floating(data_type: &DataType) -> bool {
    matches!(data_type, DataType::Float32 | DataType::Float64)
}

pub fn is_decimal(data_type: &DataType) -> bool {
    matches!(data_type, DataType::Decimal128(..))
}

pub fn is_numeric(data_type: &DataType) -> bool {
    is_integral(data_type) || is_floating(data_type) || is_decimal(data_type)
}

pub fn is_timestamp(data_type: &DataType) -> bool {
    matches!(data_type, DataType::Timestamp(..))
}

pub fn is_datetime(data_type: &DataType) -> bool {
    matches!(data_type, DataType::Date32 | DataType::Timestamp(..))
}

/// A year-month or day-time interval.
pub fn is_ansi_interval(data_type: &DataType) -> bool {
    matches!(data_type, DataType::Interval(IntervalUnit::YearMonth) | DataType::Duration(_))
}

pub fn is_interval(data_type: &DataType) -> bool {
    matches!(data_type, DataType::Interval(_) | DataType::Duration(_))
}

/// Neither nested nor NULL nor a calendar interval (`AtomicType`).
pub fn is_atomic(data_type: &DataType) -> bool {
    !matches!(data_type, DataType::Null | DataType::Interval(IntervalUnit::MonthDayNano)) && !data_type.is_nested()
}

/// Spark's timestamp with local time zone inside the engine.
pub fn timestamp() -> DataType {
    DataType::Timestamp(TimeUnit::Microsecond, Some(ZONE.into()))
}

pub fn timestamp_ntz() -> DataType {
    DataType::Timestamp(TimeUnit::Microsecond, None)
}

/// The decimal that holds every value of a number type (`DecimalType.forType`).
pub fn decimal_for(data_type: &DataType) -> Option<(u8, i8)> {
    match data_type {
        DataType::Int8 => Some((3, 0)),
        DataType::Int16 => Some((5, 0)),
        DataType::Int32 => Some((10, 0)),
        DataType::Int64 => Some((20, 0)),
        DataType::Float32 => Some((14, 7)),
        DataType::Float64 => Some((30, 15)),
        DataType::Decimal128(precision, scale) => Some((*precision, *scale)),
        _ => None,
    }
}

/// Whether every value of `other` fits a decimal type (`DecimalType.isWiderThan`); never so for doubles.
pub fn is_wider_decimal(decimal: &DataType, other: &DataType) -> bool {
    let DataType::Decimal128(precision, scale) = decimal else { return false };
    if is_floating(other) {
        return false;
    }
    decimal_for(other).is_some_and(|(other_precision, other_scale)| {
        whole_digits(*precision, *scale) >= whole_digits(other_precision, other_scale) && *scale >= other_scale
    })
}

/// The decimal type of so many digits, which keeps the whole part where both do not fit
/// (`DecimalType.boundedPreferIntegralDigits`).
pub fn bounded_decimal(precision: i32, scale: i32) -> DataType {
    let max = i32::from(MAX_PRECISION);
    if precision <= max {
        return DataType::Decimal128(precision as u8, scale as i8);
    }
    DataType::Decimal128(MAX_PRECISION, (scale - (precision - max)).max(0) as i8)
}

/// The decimal type that holds two (`DecimalPrecision.widerDecimalType`).
pub fn widest_decimal(left: (u8, i8), right: (u8, i8)) -> DataType {
    let scale = left.1.max(right.1);
    let whole = whole_digits(left.0, left.1).max(whole_digits(right.0, right.1));
    bounded_decimal(whole + i32::from(scale), i32::from(scale))
}

fn whole_digits(precision: u8, scale: i8) -> i32 {
    i32::from(precision) - i32::from(scale)
}

/// A number that is no decimal.
pub fn is_plain_number(data_type: &DataType) -> bool {
    is_integral(data_type) || is_floating(data_type)
}

/// A number that can have a fraction.
pub fn is_fractional(data_type: &DataType) -> bool {
    is_floating(data_type) || is_decimal(data_type)
}

/// Whether every value of a decimal type fits another of so many digits (`DecimalType.isTighterThan`).
pub fn is_narrower_decimal(decimal: &DataType, precision: u8, scale: i8) -> bool {
    let DataType::Decimal128(own_precision, own_scale) = decimal else { return false };
    whole_digits(*own_precision, *own_scale) <= whole_digits(precision, scale) && *own_scale <= scale
}

/// The place of a number type among byte, short, int, long, float, double (`numericPrecedence`).
pub fn number_rank(data_type: &DataType) -> Option<usize> {
    const ORDER: [DataType; 6] =
        [DataType::Int8, DataType::Int16, DataType::Int32, DataType::Int64, DataType::Float32, DataType::Float64];
    ORDER.iter().position(|known| known == data_type)
}

/// The later of two in byte, short, int, long, float, double; under ANSI a whole number beside a float is a double, for
/// a float would lose digits of it.
fn wider_number(left: &DataType, right: &DataType, context: &Context) -> DataType {
    let widest = if number_rank(left) >= number_rank(right) { left } else { right };
    if context.ansi && *widest == DataType::Float32 && (is_integral(left) || is_integral(right)) {
        return DataType::Float64;
    }
    widest.clone()
}

/// Dates become timestamps; a timestamp with local time zone wins over one without.
fn wider_datetime(left: &DataType, right: &DataType) -> DataType {
    match (left, right) {
        (DataType::Timestamp(_, Some(_)), _) | (_, DataType::Timestamp(_, Some(_))) => timestamp(),
        (DataType::Date32, DataType::Date32) => DataType::Date32,
        _ => timestamp_ntz(),
    }
}

/// `findWiderTypeForDecimal`.
fn wider_decimal(left: &DataType, right: &DataType) -> Option<DataType> {
    if !is_decimal(left) && !is_decimal(right) {
        return None;
    }
    if is_floating(left) || is_floating(right) {
        return Some(DataType::Float64);
    }
    Some(widest_decimal(decimal_for(left)?, decimal_for(right)?))
}

/// `findWiderTypeForString` under ANSI: the text is read as the other; `stringPromotion` without: the other is written.
fn wider_string(left: &DataType, right: &DataType, context: &Context) -> Option<DataType> {
    let other = match (is_text(left), is_text(right)) {
        (true, false) => right,
        (false, true) => left,
        _ => return None,
    };
    if !context.ansi {
        let writes = is_atomic(other) && !matches!(other, DataType::Binary | DataType::Boolean);
        return writes.then_some(DataType::Utf8);
    }
    match other {
        DataType::Null => Some(DataType::Utf8),
        other if is_integral(other) => Some(DataType::Int64),
        other if is_numeric(other) => Some(DataType::Float64),
        other if is_ansi_interval(other) => None,
        other => is_atomic(other).then(|| other.clone()),
    }
}

/// What a text is compared as without ANSI (`findCommonTypeForBinaryComparison`).
fn promoted_comparison(left: &DataType, right: &DataType) -> Option<DataType> {
    let other = match (left, right) {
        (DataType::Utf8, other) | (other, DataType::Utf8) if !is_text(left) || !is_text(right) => other,
        _ => return None,
    };
    match other {
        DataType::Null => Some(DataType::Utf8),
        DataType::Decimal128(..) => Some(DataType::Float64),
        other => (is_atomic(other) && !is_interval(other)).then(|| other.clone()),
    }
}

/// `implicitCast` without ANSI.
fn accepts_legacy(from: &DataType, to: &DataType) -> bool {
    match (from, to) {
        (from, to) if is_numeric(from) && is_numeric(to) => true,
        (from, to) if is_datetime(from) && is_datetime(to) => true,
        (DataType::Utf8, to) => is_numeric(to) || is_datetime(to) || matches!(to, DataType::Binary),
        (from, DataType::Utf8) => is_atomic(from),
        (DataType::List(from), DataType::List(to)) => {
            (to.is_nullable() || (!from.is_nullable() && !cast::may_turn_null(from.data_type(), to.data_type())))
                && (same(from.data_type(), to.data_type()) || accepts_legacy(from.data_type(), to.data_type()))
        }
        (DataType::Map(from, _), DataType::Map(to, _)) => match (from.data_type(), to.data_type()) {
            (DataType::Struct(from), DataType::Struct(to)) => from.iter().zip(to).all(|(from, to)| {
                (to.is_nullable() || (!from.is_nullable() && !cast::may_turn_null(from.data_type(), to.data_type())))
                    && (same(from.data_type(), to.data_type()) || accepts_legacy(from.data_type(), to.data_type()))
            }),
            _ => false,
        },
        _ => false,
    }
}

/// The types of a decimal and a number of another kind beside it in one operator (`DecimalPrecision`): whole numbers
/// become decimals, a literal of exactly its own digits; beside a double the decimal becomes one.
fn beside_decimal(left: &Typed, right: &Typed) -> Option<(DataType, DataType)> {
    let decimal_of = |value: &Typed| {
        let (precision, scale) = literal_digits(value).or_else(|| decimal_for(&value.data_type))?;
        Some(DataType::Decimal128(precision, scale))
    };
    match (&left.data_type, &right.data_type) {
        (DataType::Decimal128(..), other) if is_integral(other) => Some((left.data_type.clone(), decimal_of(right)?)),
        (other, DataType::Decimal128(..)) if is_integral(other) => Some((decimal_of(left)?, right.data_type.clone())),
        (DataType::Decimal128(..), other) if is_floating(other) => Some((DataType::Float64, DataType::Float64)),
        (other, DataType::Decimal128(..)) if is_floating(other) => Some((DataType::Float64, DataType::Float64)),
        _ => None,
    }
}

/// The digits a whole-number literal needs (`DecimalType.fromLiteral`, which leaves out bytes).
fn literal_digits(value: &Typed) -> Option<(u8, i8)> {
    use datafusion::scalar::ScalarValue;
    let number = match value.literal()? {
        ScalarValue::Int16(Some(number)) => i64::from(*number),
        ScalarValue::Int32(Some(number)) => i64::from(*number),
        ScalarValue::Int64(Some(number)) => *number,
        _ => return None,
    };
    Some((number.unsigned_abs().checked_ilog10().unwrap_or(0) as u8 + 1, 0))
}

fn has_text(data_type: &DataType) -> bool {
    match data_type {
        DataType::Utf8 => true,
        DataType::List(element) => has_text(element.data_type()),
        _ => false,
    }
}

/// Lists, maps and structs, part by part (`findTypeForComplex`).
fn complex(
    left: &DataType,
    right: &DataType,
    context: &Context,
    shared: fn(&DataType, &DataType, &Context) -> Option<DataType>,
) -> Option<DataType> {
    let part = |left: &Arc<Field>, right: &Arc<Field>| {
        let data_type = shared(left.data_type(), right.data_type(), context)?;
        let turns = |from: &DataType| cast::may_turn_null(from, &data_type);
        let nullable = left.is_nullable() || right.is_nullable() || turns(left.data_type()) || turns(right.data_type());
        Some(Field::new(left.name(), data_type, nullable).with_metadata(left.metadata().clone()))
    };
    match (left, right) {
        (DataType::List(left), DataType::List(right)) => Some(DataType::List(Arc::new(part(left, right)?))),
        (DataType::Map(left, _), DataType::Map(right, _)) => match (left.data_type(), right.data_type()) {
            (DataType::Struct(left), DataType::Struct(right)) => {
                let key = part(left.first()?, right.first()?)?;
                let value = part(left.get(1)?, right.get(1)?)?;
                (!key.is_nullable()).then(|| map_of(key, value))
            }
            _ => None,
        },
        (DataType::Struct(left), DataType::Struct(right)) if left.len() == right.len() => {
            let named = |(left, right): (&Arc<Field>, &Arc<Field>)| {
                left.name().eq_ignore_ascii_case(right.name()).then(|| part(left, right)).flatten()
            };
            let fields: Option<Vec<Field>> = left.iter().zip(right).map(named).collect();
            Some(DataType::Struct(Fields::from(fields?)))
        }
        _ => None,
    }
}
