//! Arithmetic on whole numbers and floating ones: the loops, and what happens where a result does not fit.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, ArrowPrimitiveType, AsArray, PrimitiveArray, PrimitiveBuilder};
use arrow::datatypes::{DataType, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type};
use datafusion::logical_expr::{BinaryExpr, ColumnarValue, Expr, Operator};
use datafusion::scalar::ScalarValue;
use floe_base::error::Kind;
use floe_base::id::BackendId;
use floe_base::{Error, Result};

use crate::{Arguments, Call, Kernel, Typed};

/// What becomes of a result that is none: too large, or a quotient by zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Overflow {
    Raise,
    Null,
    /// The bits that fit; a quotient by zero is NULL all the same.
    Wrap,
}

/// Why a result is none.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Failure {
    Overflow,
    DivisionByZero,
    RemainderByZero,
    /// A decimal with too many digits: which.
    Decimal(crate::cast::decimal::Decimal),
}

impl Overflow {
    /// As the session has it; `tries` for the `try_` functions.
    pub(crate) fn of(call: &Call<'_>, tries: bool) -> Self {
        match (tries, call.context.ansi) {
            (true, _) => Self::Null,
            (_, true) => Self::Raise,
            _ => Self::Wrap,
        }
    }
}

/// The engine's own operator: what it does on these types is what Spark does.
pub(crate) fn native(left: Typed, operator: Operator, right: Typed) -> Typed {
    let (data_type, nullable) = (left.data_type.clone(), left.nullable || right.nullable);
    let fallible = left.fallible || right.fallible;
    let expr = Expr::BinaryExpr(BinaryExpr::new(Box::new(left.expr), operator, Box::new(right.expr)));
    Typed::new(expr, data_type, nullable).with_fallible(fallible)
}

/// Spark 4.1 `ARITHMETIC_OVERFLOW`; `instead` is the function that gives NULL, or nothing.
pub(crate) fn arithmetic_overflow(what: &str, instead: &str) -> Error {
    let alternative = match instead {
        "" => String::new(),
        function => format!(" Use '{function}' to tolerate overflow and return NULL instead."),
    };
    Error::new(Kind::Arithmetic, "ARITHMETIC_OVERFLOW")
        .with("message", what)
        .with("alternative", alternative)
        .with("config", "\"spark.sql.ansi.enabled\"")
}

pub(crate) fn division_by_zero() -> Error {
    Error::new(Kind::Arithmetic, "DIVIDE_BY_ZERO").with("config", "\"spark.sql.ansi.enabled\"")
}

pub(crate) fn remainder_by_zero() -> Error {
    Error::new(Kind::Arithmetic, "REMAINDER_BY_ZERO").with("config", "\"spark.sql.ansi.enabled\"")
}

/// Spark's name of a whole-number type in its overflow errors.
pub(crate) fn type_name(data_type: &DataType) -> &'static str {
    match data_type {
        DataType::Int8 => "byte",
        DataType::Int16 => "short",
        DataType::Int32 => "integer",
        _ => "long",
    }
}

/// One operation on whole numbers of a type.
pub(crate) trait Whole: ArrowPrimitiveType {
    fn long(value: Self::Native) -> i64;
}

macro_rules! whole {
    ($($data_type:ty),*) => {$(
        impl Whole for $data_type {
            fn long(value: Self::Native) -> i64 {
                i64::from(value)
            }
        }
    )*};
}
whole!(Int8Type, Int16Type, Int32Type, Int64Type);

/// `+`, `-` and `*` on whole numbers with a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sign {
    Plus,
    Minus,
    Times,
}

impl Sign {
    pub(crate) fn symbol(self) -> &'static str {
        match self {
            Self::Plus => "+",
            Self::Minus => "-",
            Self::Times => "*",
        }
    }

    pub(crate) fn instead(self) -> &'static str {
        match self {
            Self::Plus => "try_add",
            Self::Minus => "try_subtract",
            Self::Times => "try_multiply",
        }
    }

    pub(crate) fn operator(self) -> Operator {
        match self {
            Self::Plus => Operator::Plus,
            Self::Minus => Operator::Minus,
            Self::Times => Operator::Multiply,
        }
    }
}

/// The checked operation of two whole-number operands of one type.
pub(crate) fn checked(call: &Call<'_>, sign: Sign, left: Typed, right: Typed, overflow: Overflow) -> Typed {
    if overflow == Overflow::Wrap {
        return native(left, sign.operator(), right);
    }
    let data_type = left.data_type.clone();
    // `try_` functions are declared nullable, for an overflow is NULL.
    let nullable = left.nullable || right.nullable || overflow == Overflow::Null;
    let key = format!("{} {overflow:?}", sign.symbol());
    let kernel = Kernel::new(call.name, key, data_type.clone(), nullable, move |arguments| {
        macro_rules! run {
            ($data_type:ty) => {
                match sign {
                    Sign::Plus => binary::<$data_type>(arguments, overflow, |a, b| a.overflowing_add(b), sign),
                    Sign::Minus => binary::<$data_type>(arguments, overflow, |a, b| a.overflowing_sub(b), sign),
                    Sign::Times => binary::<$data_type>(arguments, overflow, |a, b| a.overflowing_mul(b), sign),
                }
            };
        }
        match data_type {
            DataType::Int8 => run!(Int8Type),
            DataType::Int16 => run!(Int16Type),
            DataType::Int32 => run!(Int32Type),
            _ => run!(Int64Type),
        }
    });
    let kernel = kernel.at(call.origin);
    // DuckDB raises too.
    let kernel = match overflow {
        Overflow::Raise => kernel.fallible().spelled(BackendId::DuckDb, format!("({{0}} {} {{1}})", sign.symbol())),
        _ => kernel,
    };
    kernel.call(vec![left, right])
}

/// What DuckDB says of a quotient or remainder: of floating point it has one by zero too, of whole numbers NULL.
pub(crate) fn in_duckdb(operator: &str, overflow: Overflow, divisor: &Typed) -> String {
    let checked = match overflow {
        _ if harmless(divisor) => "{1}",
        Overflow::Raise => "CASE WHEN {1} = 0 THEN error('division by zero') ELSE {1} END",
        Overflow::Null | Overflow::Wrap => "nullif({1}, 0)",
    };
    format!("({{0}} {operator} {checked})")
}

/// Wrapped results of all rows at once, with one flag whether any overflowed: the common case has no branch per row.
fn binary<T: Whole>(
    arguments: &Arguments<'_>,
    overflow: Overflow,
    operation: impl Fn(T::Native, T::Native) -> (T::Native, bool),
    sign: Sign,
) -> Result<ColumnarValue> {
    let pair = Pair::<T>::of(arguments)?;
    let mut overflowed = false;
    let values: Vec<T::Native> = match (&pair.left, &pair.right) {
        (Side::Array(left), Side::Array(right)) => left
            .values()
            .iter()
            .zip(right.values())
            .map(|(a, b)| {
                let (value, over) = operation(*a, *b);
                overflowed |= over;
                value
            })
            .collect(),
        _ => (0..pair.rows)
            .map(|row| {
                let (value, over) = operation(pair.left.at(row), pair.right.at(row));
                overflowed |= over;
                value
            })
            .collect(),
    };
    let nulls = pair.nulls();
    if !overflowed {
        return pair.finish(PrimitiveArray::<T>::new(values.into(), nulls));
    }
    // What stands behind a NULL may have overflowed: only rows that count do.
    let mut out = PrimitiveBuilder::<T>::with_capacity(pair.rows);
    for row in 0..pair.rows {
        if nulls.as_ref().is_some_and(|nulls| nulls.is_null(row)) {
            out.append_null();
            continue;
        }
        let (a, b) = (pair.left.at(row), pair.right.at(row));
        match operation(a, b) {
            (value, false) => out.append_value(value),
            _ if overflow == Overflow::Null => out.append_null(),
            _ => return Err(overflow_error::<T>(a, b, sign, arguments)),
        }
    }
    pair.finish(out.finish())
}

fn overflow_error<T: Whole>(left: T::Native, right: T::Native, sign: Sign, arguments: &Arguments<'_>) -> Error {
    match T::DATA_TYPE {
        // Bytes and shorts say their values; both print as shorts, and the error has no place.
        DataType::Int8 | DataType::Int16 => Error::new(Kind::Arithmetic, "BINARY_ARITHMETIC_OVERFLOW")
            .with("value1", format!("{}S", T::long(left)))
            .with("symbol", sign.symbol())
            .with("value2", format!("{}S", T::long(right)))
            .with("functionName", format!("`{}`", sign.instead())),
        other => arithmetic_overflow(&format!("{} overflow", type_name(&other)), sign.instead()).at(arguments.origin),
    }
}

/// Two operands, either of which may be one value for all rows.
pub(crate) struct Pair<T: ArrowPrimitiveType> {
    pub(crate) left: Side<T>,
    pub(crate) right: Side<T>,
    pub(crate) rows: usize,
    all_scalar: bool,
}

pub(crate) enum Side<T: ArrowPrimitiveType> {
    Array(PrimitiveArray<T>),
    Constant(PrimitiveArray<T>),
}

impl<T: ArrowPrimitiveType> Side<T> {
    fn of(value: &ColumnarValue) -> Result<Self> {
        match value {
            ColumnarValue::Array(array) => Ok(Self::Array(typed(array)?)),
            ColumnarValue::Scalar(value) => Ok(Self::Constant(typed(&value.to_array()?)?)),
        }
    }

    pub(crate) fn at(&self, row: usize) -> T::Native {
        match self {
            Self::Array(array) => array.value(row),
            Self::Constant(array) => array.value(0),
        }
    }
}

fn typed<T: ArrowPrimitiveType>(array: &ArrayRef) -> Result<PrimitiveArray<T>> {
    let typed = array.as_primitive_opt::<T>().cloned();
    typed.ok_or_else(|| Error::internal(format!("arithmetic on {} as {}", array.data_type(), T::DATA_TYPE)))
}

impl<T: ArrowPrimitiveType> Pair<T> {
    pub(crate) fn of(arguments: &Arguments<'_>) -> Result<Self> {
        let [left, right] = arguments.values else {
            return Err(Error::internal("an operator without two operands"));
        };
        let all_scalar = arguments.all_scalar();
        let rows = if all_scalar { 1 } else { arguments.rows };
        Ok(Self { left: Side::of(left)?, right: Side::of(right)?, rows, all_scalar })
    }

    pub(crate) fn nulls(&self) -> Option<arrow::buffer::NullBuffer> {
        use arrow::buffer::NullBuffer;
        let side = |side: &Side<T>| match side {
            Side::Array(array) => array.nulls().cloned(),
            Side::Constant(array) if array.is_null(0) => Some(NullBuffer::new_null(self.rows)),
            Side::Constant(_) => None,
        };
        NullBuffer::union(side(&self.left).as_ref(), side(&self.right).as_ref())
    }

    pub(crate) fn finish<O: ArrowPrimitiveType>(&self, array: PrimitiveArray<O>) -> Result<ColumnarValue> {
        let array: ArrayRef = Arc::new(array);
        if self.all_scalar {
            return Ok(ColumnarValue::Scalar(ScalarValue::try_from_array(&array, 0)?));
        }
        Ok(ColumnarValue::Array(array))
    }

    /// The operation on every row that has both operands; a failure is raised or NULL.
    pub(crate) fn each<O: ArrowPrimitiveType>(
        &self,
        arguments: &Arguments<'_>,
        overflow: Overflow,
        data_type: &DataType,
        operation: impl Fn(T::Native, T::Native) -> Result<O::Native, Failure>,
        error: impl Fn(Failure) -> Error,
    ) -> Result<ColumnarValue> {
        let nulls = self.nulls();
        let mut out = PrimitiveBuilder::<O>::with_capacity(self.rows).with_data_type(data_type.clone());
        for row in 0..self.rows {
            if nulls.as_ref().is_some_and(|nulls| nulls.is_null(row)) {
                out.append_null();
                continue;
            }
            match operation(self.left.at(row), self.right.at(row)) {
                Ok(value) => out.append_value(value),
                Err(failure) if overflow == Overflow::Raise => return Err(error(failure).at(arguments.origin)),
                Err(_) => out.append_null(),
            }
        }
        self.finish(out.finish())
    }
}

/// A quotient or remainder: two operands of one type, NULL or an error where there is none.
pub(crate) fn failing<T: ArrowPrimitiveType, O: ArrowPrimitiveType>(
    call: &Call<'_>,
    (left, right): (Typed, Typed),
    overflow: Overflow,
    operation: impl Fn(T::Native, T::Native) -> Result<O::Native, Failure> + Send + Sync + 'static,
    error: impl Fn(Failure) -> Error + Send + Sync + 'static,
) -> Typed {
    let key = format!("{} {overflow:?}", T::DATA_TYPE);
    // Declared nullable with ANSI too: `1 / 2` is a nullable DOUBLE.
    let kernel = Kernel::new(call.name, key, O::DATA_TYPE, true, move |arguments| {
        Pair::<T>::of(arguments)?.each::<O>(arguments, overflow, &O::DATA_TYPE, &operation, &error)
    });
    // A divisor that is a number other than zero cannot fail: `x / 2` is safe wherever it stands.
    let raises = overflow == Overflow::Raise && !harmless(&right);
    let kernel = kernel.at(call.origin);
    let kernel = if raises { kernel.fallible() } else { kernel };
    kernel.call(vec![left, right])
}

/// A constant divisor that neither is zero nor makes the least number overflow.
pub(crate) fn harmless(divisor: &Typed) -> bool {
    match divisor.literal() {
        Some(ScalarValue::Float64(Some(value))) => *value != 0.0,
        Some(ScalarValue::Float32(Some(value))) => *value != 0.0,
        Some(ScalarValue::Int8(Some(value))) => !matches!(value, -1 | 0),
        Some(ScalarValue::Int16(Some(value))) => !matches!(value, -1 | 0),
        Some(ScalarValue::Int32(Some(value))) => !matches!(value, -1 | 0),
        Some(ScalarValue::Int64(Some(value))) => !matches!(value, -1 | 0),
        _ => false,
    }
}

/// The unary operation on a number type, by arms for each.
pub(crate) fn is_floating(data_type: &DataType) -> bool {
    data_type == &Float32Type::DATA_TYPE || data_type == &Float64Type::DATA_TYPE
}
