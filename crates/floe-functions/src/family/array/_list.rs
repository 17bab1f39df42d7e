//! What the functions on arrays share: their parameters, building lists by picking elements, equality and order.

use std::ops::Range;
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, BooleanBufferBuilder, Float32Array, Float64Array, ListArray, MapArray,
    NullBufferBuilder, StructArray, UInt64Array, new_null_array,
};
use arrow::buffer::{BooleanBuffer, NullBuffer, OffsetBuffer, ScalarBuffer};
use arrow::compute::kernels::cmp;
use arrow::compute::{interleave, nullif, take};
use arrow::datatypes::{DataType, Field, FieldRef, Float32Type, Float64Type};
use arrow::row::{RowConverter, Rows, SortField};
use floe_base::error::Kind;
use floe_base::{Error, Result};
use floe_syntax::expression::CastMode;

use crate::cast::cast;
use crate::rows::{self, Column, Lists};
use crate::{Arguments, Call, Typed, coerce};

/// The type of a list of these elements.
pub(crate) fn list_of(element: &DataType, nullable: bool) -> DataType {
    DataType::List(Arc::new(Field::new("element", element.clone(), nullable)))
}

/// The nth argument, an array, and its element.
pub(crate) fn list(call: &Call<'_>, index: usize) -> Result<(Typed, FieldRef)> {
    let argument = call.argument(index)?.clone();
    match &argument.data_type {
        DataType::List(element) => {
            let element = element.clone();
            Ok((argument, element))
        }
        DataType::Null => {
            let element = Arc::new(Field::new("element", DataType::Null, true));
            Ok((Typed::null(&DataType::List(element.clone())), element))
        }
        _ => Err(call.unexpected_type(index, "\"ARRAY\"")),
    }
}

/// The error of functions that look at their array before they look at the value beside it; NULL is no array.
pub(crate) fn must_be_list(call: &Call<'_>, index: usize) -> Result<()> {
    match call.argument(index)?.data_type {
        DataType::List(_) => Ok(()),
        _ => Err(call.unexpected_type(index, "\"ARRAY\"")),
    }
}

/// Spark 4.1 `DATATYPE_MISMATCH.NULL_TYPE`.
pub(crate) fn null_type(call: &Call<'_>) -> Error {
    Error::analysis("DATATYPE_MISMATCH.NULL_TYPE")
        .with("sqlExpr", format!("\"{}\"", (call.text)(None)))
        .with("functionName", format!("`{}`", call.name))
        .at(call.origin)
}

/// An array and a value of its elements' type, both cast to the wider of the two types; text and other types are not
/// mixed (Spark 4.1 `findWiderTypeWithoutStringPromotionForTwo`).
pub(crate) fn list_and_value(call: &Call<'_>, list_at: usize, value_at: usize) -> Result<(Typed, Typed, FieldRef)> {
    let mismatch = || {
        let types = [list_at, value_at].map(|index| {
            let found = call.arguments.get(index).map(|argument| argument.spark_type().sql());
            format!("\"{}\"", found.unwrap_or_default())
        });
        Error::analysis("DATATYPE_MISMATCH.ARRAY_FUNCTION_DIFF_TYPES")
            .with("sqlExpr", format!("\"{}\"", (call.text)(None)))
            .with("functionName", format!("`{}`", call.name))
            .with("dataType", "\"ARRAY\"")
            .with("leftType", types[0].clone())
            .with("rightType", types[1].clone())
            .at(call.origin)
    };
    let (array, value) = (call.argument(list_at)?.clone(), call.argument(value_at)?.clone());
    let element = match &array.data_type {
        DataType::List(element) => element.clone(),
        _ => return Err(mismatch()),
    };
    let shared = wider_but_text(call, element.data_type(), &value.data_type).ok_or_else(mismatch)?;
    let element = Arc::new(element.as_ref().clone().with_data_type(shared.clone()));
    let array = to(call, array, &DataType::List(element.clone()))?;
    Ok((array, to(call, value, &shared)?, element))
}

/// The type both share, unless one is text and the other is not.
pub(crate) fn wider_but_text(call: &Call<'_>, left: &DataType, right: &DataType) -> Option<DataType> {
    let is_null = |data_type: &DataType| data_type == &DataType::Null;
    if !is_null(left) && !is_null(right) && (left == &DataType::Utf8) != (right == &DataType::Utf8) {
        return None;
    }
    if left == right { Some(left.clone()) } else { coerce::wider(left, right, call.context) }
}

/// A cast as the session makes it.
pub(crate) fn to(call: &Call<'_>, value: Typed, data_type: &DataType) -> Result<Typed> {
    cast(value, data_type, CastMode::Session, call.context, call.origin)
}

/// The values cast to the one type they share, or Spark's DATA_DIFF_TYPES.
pub(crate) fn unified(call: &Call<'_>, values: Vec<Typed>) -> Result<Vec<Typed>> {
    if values.is_empty() {
        return Ok(values);
    }
    let types = values.iter().map(|value| format!("\"{}\"", value.spark_type().sql())).collect::<Vec<_>>();
    coerce::unify(values, call.context, call.origin).unwrap_or_else(|| {
        Err(Error::analysis("DATATYPE_MISMATCH.DATA_DIFF_TYPES")
            .with("sqlExpr", format!("\"{}\"", (call.text)(None)))
            .with("functionName", format!("`{}`", call.name))
            .with("dataType", format!("({})", types.join(" or ")))
            .at(call.origin))
    })
}

/// Two arrays of one element type, or Spark's BINARY_ARRAY_DIFF_TYPES.
pub(crate) fn two_lists(call: &Call<'_>) -> Result<[(Typed, FieldRef); 2]> {
    let [left, right] = call.exactly()?;
    let mismatch = || {
        Error::analysis("DATATYPE_MISMATCH.BINARY_ARRAY_DIFF_TYPES")
            .with("sqlExpr", format!("\"{}\"", (call.text)(None)))
            .with("functionName", format!("`{}`", call.name))
            .with("arrayType", "\"ARRAY\"")
            .with("leftType", format!("\"{}\"", left.spark_type().sql()))
            .with("rightType", format!("\"{}\"", right.spark_type().sql()))
            .at(call.origin)
    };
    let (DataType::List(one), DataType::List(other)) = (&left.data_type, &right.data_type) else {
        return Err(mismatch());
    };
    let shared = wider_but_text(call, one.data_type(), other.data_type()).ok_or_else(mismatch)?;
    let cast_one = |value: &Typed, element: &Field| -> Result<(Typed, FieldRef)> {
        let element = Arc::new(Field::new("element", shared.clone(), element.is_nullable()));
        Ok((to(call, value.clone(), &DataType::List(element.clone()))?, element))
    };
    Ok([cast_one(&left, one)?, cast_one(&right, other)?])
}

/// Spark 4.1 `INVALID_ARRAY_INDEX`.
pub(crate) fn invalid_index(index: i32, size: usize) -> Error {
    Error::new(Kind::ArrayIndex, "INVALID_ARRAY_INDEX")
        .with("indexValue", index.to_string())
        .with("arraySize", size.to_string())
}

/// Elements that the arrays of one batch may hold where a number in the query says how many.
pub(crate) const ELEMENTS_MAX: usize = 1 << 27;

/// Spark would run out of memory here.
pub(crate) fn too_many(elements: usize) -> Error {
    let text = format!("arrays of {elements} elements are more than a batch may hold, {ELEMENTS_MAX}");
    Error::message(Kind::Operation, text)
}

/// Builds lists by naming, row by row, which elements of which arrays they hold; the elements are copied once at the end.
pub(crate) struct Gather {
    sources: Vec<ArrayRef>,
    picks: Vec<(usize, usize)>,
    offsets: Vec<i32>,
    validity: NullBufferBuilder,
}

impl Gather {
    /// The sources are arrays of elements, all of one type (but for what is nullable within).
    pub(crate) fn new(sources: Vec<ArrayRef>, rows: usize) -> Self {
        let mut offsets = Vec::with_capacity(rows + 1);
        offsets.push(0);
        Self { sources, picks: Vec::new(), offsets, validity: NullBufferBuilder::new(rows) }
    }

    pub(crate) fn pick(&mut self, source: usize, index: usize) {
        self.picks.push((source, index));
    }

    /// One element again and again.
    ///
    /// # Errors
    /// More than [`ELEMENTS_MAX`] elements: a number in a query must not fill the machine.
    pub(crate) fn pick_times(&mut self, source: usize, index: usize, times: usize) -> Result<()> {
        let all = self.picks.len().saturating_add(times);
        if all > ELEMENTS_MAX {
            return Err(too_many(all));
        }
        self.picks.extend(std::iter::repeat_n((source, index), times));
        Ok(())
    }

    pub(crate) fn pick_all(&mut self, source: usize, range: Range<usize>) {
        self.picks.extend(range.map(|index| (source, index)));
    }

    /// An element that is NULL.
    pub(crate) fn pick_null(&mut self) {
        self.picks.push((usize::MAX, 0));
    }

    /// Ends a row; one that is not valid is NULL.
    pub(crate) fn end_row(&mut self, valid: bool) -> Result<()> {
        if !valid {
            self.picks.truncate(self.offsets.last().and_then(|last| usize::try_from(*last).ok()).unwrap_or(0));
        }
        let end = i32::try_from(self.picks.len()).map_err(|_| too_large(self.picks.len()))?;
        self.offsets.push(end);
        self.validity.append(valid);
        Ok(())
    }

    /// The elements alone.
    pub(crate) fn values(mut self, data_type: &DataType) -> Result<(ArrayRef, OffsetBuffer<i32>, NullBufferBuilder)> {
        for source in &mut self.sources {
            *source = relabel(source, data_type)?;
        }
        let values = match self.sources.as_slice() {
            [] => new_null_array(data_type, self.picks.len()),
            [source] => {
                let pick = |(source, index): (usize, usize)| (source != usize::MAX).then_some(index as u64);
                let indices: UInt64Array = self.picks.into_iter().map(pick).collect();
                take(source, &indices, None)?
            }
            sources => {
                let nulls = new_null_array(data_type, 1);
                let null = sources.len();
                let all: Vec<&dyn Array> = sources.iter().chain([&nulls]).map(AsRef::as_ref).collect();
                let picks: Vec<_> = self.picks.iter().map(|(source, index)| (*source.min(&null), *index)).collect();
                interleave(&all, &picks)?
            }
        };
        Ok((values, OffsetBuffer::new(ScalarBuffer::from(self.offsets)), self.validity))
    }

    /// The lists.
    pub(crate) fn finish(self, element: &FieldRef) -> Result<ArrayRef> {
        let (values, offsets, mut validity) = self.values(element.data_type())?;
        Ok(Arc::new(ListArray::try_new(element.clone(), offsets, values, validity.finish())?))
    }
}

fn too_large(size: usize) -> Error {
    Error::new(Kind::Runtime, "COLLECTION_SIZE_LIMIT_EXCEEDED.PARAMETER")
        .with("numberOfElements", size.to_string())
        .with("functionName", "`array`")
        .with("parameter", "`count`")
        .with("maxRoundedArrayLength", i32::MAX.to_string())
}

/// The same values under a type that differs only in what is nullable and in names within.
pub(crate) fn relabel(array: &ArrayRef, to: &DataType) -> Result<ArrayRef> {
    if array.data_type() == to {
        return Ok(array.clone());
    }
    match (array.data_type(), to) {
        (DataType::Null, _) => Ok(new_null_array(to, array.len())),
        (DataType::List(_), DataType::List(element)) => {
            let (_, offsets, values, nulls) = array.as_list::<i32>().clone().into_parts();
            Ok(Arc::new(ListArray::try_new(element.clone(), offsets, relabel(&values, element.data_type())?, nulls)?))
        }
        (DataType::Struct(found), DataType::Struct(fields)) if found.len() == fields.len() => {
            let (_, columns, nulls) = array.as_struct().clone().into_parts();
            let columns = columns.iter().zip(fields).map(|(column, field)| relabel(column, field.data_type()));
            let columns = columns.collect::<Result<Vec<_>>>()?;
            Ok(Arc::new(StructArray::try_new_with_length(fields.clone(), columns, nulls, array.len())?))
        }
        (DataType::Map(..), DataType::Map(field, ordered)) => {
            let (_, offsets, entries, nulls, _) = array.as_map().clone().into_parts();
            let entries = relabel(&(Arc::new(entries) as ArrayRef), field.data_type())?.as_struct().clone();
            Ok(Arc::new(MapArray::try_new(field.clone(), offsets, entries, nulls, *ordered)?))
        }
        (found, to) => Err(Error::internal(format!("values of {found} are not {to}"))),
    }
}

/// The values in a form that compares as Spark does: NaN equals NaN and is above all, -0.0 equals 0.0, NULL is below.
pub(crate) fn keys(values: &[ArrayRef]) -> Result<Vec<Rows>> {
    let Some(first) = values.first() else { return Ok(Vec::new()) };
    let converter = RowConverter::new(vec![SortField::new(first.data_type().clone())])?;
    let convert =
        |array: &ArrayRef| Ok(converter.convert_columns(&[normalised(&relabel(array, first.data_type())?)?])?);
    values.iter().map(convert).collect()
}

/// One NaN, one zero.
pub(crate) fn normalised(array: &ArrayRef) -> Result<ArrayRef> {
    Ok(match array.data_type() {
        DataType::Float32 => {
            let one = |value: f32| if value.is_nan() { f32::NAN } else { value + 0.0 };
            let array: Float32Array = array.as_primitive::<Float32Type>().unary(one);
            Arc::new(array)
        }
        DataType::Float64 => {
            let one = |value: f64| if value.is_nan() { f64::NAN } else { value + 0.0 };
            let array: Float64Array = array.as_primitive::<Float64Type>().unary(one);
            Arc::new(array)
        }
        DataType::List(element) => {
            let (_, offsets, values, nulls) = array.as_list::<i32>().clone().into_parts();
            Arc::new(ListArray::try_new(element.clone(), offsets, normalised(&values)?, nulls)?)
        }
        DataType::Struct(fields) => {
            let (_, columns, nulls) = array.as_struct().clone().into_parts();
            let columns = columns.iter().map(normalised).collect::<Result<Vec<_>>>()?;
            Arc::new(StructArray::try_new_with_length(fields.clone(), columns, nulls, array.len())?)
        }
        _ => array.clone(),
    })
}

/// For each element of the lists, whether it equals its row's value; elements and values that are NULL equal nothing.
pub(crate) fn equal_elements(
    lists: &Lists,
    values: &Column<ArrayRef>,
    arguments: &Arguments<'_>,
) -> Result<BooleanBuffer> {
    let elements = lists.array.values();
    let plain = !elements.data_type().is_nested() && elements.data_type() != &DataType::Null;
    if values.constant && plain {
        let value = relabel(&values.array, elements.data_type())?;
        let (elements, value) = (normalised(elements)?, normalised(&value)?);
        let equal = cmp::eq(&elements, &arrow::array::Scalar::new(value))?;
        let (equal, nulls) = equal.into_parts();
        return Ok(match nulls {
            Some(nulls) => &equal & nulls.inner(),
            None => equal,
        });
    }
    let sides = keys(&[elements.clone(), values.array.clone()])?;
    let mut equal = BooleanBufferBuilder::new(elements.len());
    equal.append_n(elements.len(), false);
    for row in 0..rows::count(arguments) {
        let at = values.place(row);
        let (Some(range), true) = (lists.range(row), values.array.is_valid(at)) else { continue };
        for index in range.filter(|index| elements.is_valid(*index)) {
            equal.set_bit(index, sides[0].row(index) == sides[1].row(at));
        }
    }
    Ok(equal.finish())
}

/// Is a value NULL? Arrow holds no mask for an array of nothing but NULLs, and says no of it.
pub(crate) fn is_null(array: &ArrayRef, row: usize) -> bool {
    array.data_type() == &DataType::Null || array.is_null(row)
}

/// A member of structs with the structs' own NULLs laid over it, whatever it holds there itself.
pub(crate) fn normal_member(member: &ArrayRef, parent: Option<&NullBuffer>) -> Result<ArrayRef> {
    let Some(parent) = parent else { return Ok(member.clone()) };
    let absent = BooleanArray::new(!parent.inner(), None);
    Ok(nullif(member, &absent)?)
}
