//! JSON values into columns: type by type, over all rows at once.
//!
//! A value that does not fit its type fails its row in a way that depends on where it stands (Spark 4.1 `JacksonParser`
//! with partial results): in a struct the field alone is NULL and the struct is kept; in an array or map all of it is
//! NULL.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, BinaryArray, BooleanArray, Date32Array, Float32Array, Float64Array, Int8Array, Int16Array,
    Int32Array, Int64Array, ListArray, MapArray, PrimitiveArray, StringArray, StructArray, TimestampMicrosecondArray,
    new_null_array,
};
use arrow::buffer::{NullBuffer, OffsetBuffer};
use arrow::datatypes::{DataType, TimestampMicrosecondType};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use floe_base::{Error, Origin, Result};
use floe_syntax::DataType as SparkType;
use floe_syntax::expression::CastMode;

use super::_json::{Json, Syntax, double_of, is_fraction};
use super::_options::Options;
use crate::Context;
use crate::cast::{Rules, convert};
use crate::family::array::_list::relabel;
use crate::family::datetime::_civil::MICROS_PER_DAY;
use crate::family::datetime::_pattern::Pattern;
use crate::family::datetime::_zone::Zone;

/// How a value fared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum State {
    Fits,
    /// Something within is NULL that was not NULL in the text.
    Partial,
    Failed,
}

/// A column, and the state of each of its values.
pub(crate) type Read = (ArrayRef, Vec<State>);

/// What the options of a call say about values, for JSON and CSV alike.
pub(crate) struct Values {
    pub(crate) rules: Rules,
    pub(crate) zone: Zone,
    pub(crate) date: Option<Pattern>,
    pub(crate) timestamp: Option<Pattern>,
    pub(crate) timestamp_ntz: Option<Pattern>,
}

impl Values {
    pub(crate) fn of(options: &Options, context: &Context, origin: &Origin) -> Result<Self> {
        let mut rules = Rules::new(CastMode::Try, context, origin);
        rules.zone = options.zone(context)?;
        Ok(Self {
            zone: rules.zone,
            rules,
            date: options.pattern("dateFormat", true)?,
            timestamp: options.pattern("timestampFormat", true)?,
            timestamp_ntz: options.pattern("timestampNTZFormat", true)?,
        })
    }

    /// Texts as values of a type by the rules of casts, or by the option's pattern; what does not fit is NULL.
    pub(crate) fn of_texts(&self, texts: Vec<Option<&str>>, to: &SparkType) -> Result<ArrayRef> {
        let read = |pattern: &Pattern, zone: Zone| -> Vec<Option<i64>> {
            let one = |text: &str| {
                let read = pattern.read(text).ok()?;
                read.zone.unwrap_or(zone).to_instant(read.time.micros()?)
            };
            texts.iter().map(|text| text.and_then(one)).collect()
        };
        match (to, &self.date, &self.timestamp, &self.timestamp_ntz) {
            (SparkType::Date, Some(pattern), _, _) => {
                let days = |micros: i64| i32::try_from(micros.div_euclid(MICROS_PER_DAY)).ok();
                let days = read(pattern, Zone::UTC).into_iter().map(|micros| micros.and_then(days));
                Ok(Arc::new(days.collect::<Date32Array>()))
            }
            (SparkType::Timestamp, _, Some(pattern), _) => {
                let times: TimestampMicrosecondArray = read(pattern, self.zone).into_iter().collect();
                Ok(Arc::new(times.with_timezone(floe_syntax::data_type::ZONE)))
            }
            (SparkType::TimestampNtz, _, _, Some(pattern)) => {
                let times: TimestampMicrosecondArray = read(pattern, Zone::UTC).into_iter().collect();
                Ok(Arc::new(times))
            }
            _ => {
                let texts: ArrayRef = Arc::new(StringArray::from(texts));
                convert(&texts, &SparkType::String, to, &to.to_arrow(), &self.rules)
            }
        }
    }
}

/// Reads JSON values.
pub(crate) struct Reader {
    pub(crate) syntax: Syntax,
    pub(crate) values: Values,
}

impl Reader {
    pub(crate) fn of(options: &Options, context: &Context, origin: &Origin) -> Result<Self> {
        Ok(Self { syntax: syntax(options), values: Values::of(options, context, origin)? })
    }

    /// A column of values; a value that is absent is NULL.
    pub(crate) fn column(&self, to: &SparkType, values: &[Option<&Json<'_>>]) -> Result<Read> {
        match to {
            SparkType::Null => plain(values, |_| None::<bool>)
                .map_array(|_: BooleanArray| new_null_array(&DataType::Null, values.len())),
            SparkType::Boolean => plain(values, |value| match value {
                Json::Boolean(value) => Some(*value),
                _ => None,
            })
            .map_array(|array: BooleanArray| Arc::new(array) as ArrayRef),
            // Jackson reads a byte up to 255, and Java keeps its eight bits.
            SparkType::Byte => plain(values, |value| {
                let number = whole(value).filter(|number| (-128..=255).contains(number))?;
                i8::try_from(number).or_else(|_| u8::try_from(number).map(u8::cast_signed)).ok()
            })
            .map_array(|array: Int8Array| Arc::new(array) as ArrayRef),
            SparkType::Short => plain(values, |value| i16::try_from(whole(value)?).ok())
                .map_array(|array: Int16Array| Arc::new(array) as ArrayRef),
            SparkType::Int => plain(values, |value| i32::try_from(whole(value)?).ok())
                .map_array(|array: Int32Array| Arc::new(array) as ArrayRef),
            SparkType::Long => plain(values, whole).map_array(|array: Int64Array| Arc::new(array) as ArrayRef),
            SparkType::Float => plain(values, |value| real(value).map(narrow))
                .map_array(|array: Float32Array| Arc::new(array) as ArrayRef),
            SparkType::Double => plain(values, real).map_array(|array: Float64Array| Arc::new(array) as ArrayRef),
            SparkType::String | SparkType::Char(_) | SparkType::Varchar(_) => plain(values, |value| match value {
                Json::Text(text) => Some(text.to_string()),
                other => {
                    let mut out = String::new();
                    other.write(&mut out);
                    Some(out)
                }
            })
            .map_array(|array: StringArray| Arc::new(array) as ArrayRef),
            SparkType::Binary => plain(values, |value| match value {
                Json::Text(text) => STANDARD.decode(text.as_ref()).ok(),
                _ => None,
            })
            .map_array(|array: BinaryArray| Arc::new(array) as ArrayRef),
            SparkType::Timestamp => self.timestamps(values),
            SparkType::Decimal { .. } => self.by_text(to, values, |value| match value {
                Json::Text(text) => Some(text),
                Json::Number(number) => Some(number),
                _ => None,
            }),
            SparkType::Array { element, .. } => self.arrays(to, element, values),
            SparkType::Map { value, .. } => self.maps(to, value, values),
            SparkType::Struct(_) => self.structs(to, values),
            SparkType::Variant => Err(Error::unsupported("reading JSON as a variant")),
            _ => self.by_text(to, values, |value| match value {
                Json::Text(text) => Some(text),
                _ => None,
            }),
        }
    }

    fn by_text(
        &self,
        to: &SparkType,
        values: &[Option<&Json<'_>>],
        text: for<'a> fn(&'a Json<'_>) -> Option<&'a str>,
    ) -> Result<Read> {
        let texts = values.iter().map(|value| value.and_then(text)).collect();
        let array = self.values.of_texts(texts, to)?;
        let states = states(values, &array);
        Ok((array, states))
    }

    /// A text, or a number of seconds.
    fn timestamps(&self, values: &[Option<&Json<'_>>]) -> Result<Read> {
        let (texts, _) = self.by_text(&SparkType::Timestamp, values, |value| match value {
            Json::Text(text) => Some(text),
            _ => None,
        })?;
        let texts = arrow::array::AsArray::as_primitive::<TimestampMicrosecondType>(&texts).clone();
        let value = |(row, value): (usize, &Option<&Json<'_>>)| match value {
            Some(value @ Json::Number(_)) => whole(value)?.checked_mul(1_000_000),
            _ => texts.is_valid(row).then(|| texts.value(row)),
        };
        let times: PrimitiveArray<TimestampMicrosecondType> = values.iter().enumerate().map(value).collect();
        let array: ArrayRef = Arc::new(times.with_timezone(floe_syntax::data_type::ZONE));
        let states = states(values, &array);
        Ok((array, states))
    }

    fn structs(&self, to: &SparkType, values: &[Option<&Json<'_>>]) -> Result<Read> {
        let (SparkType::Struct(members), DataType::Struct(fields)) = (to, to.to_arrow()) else {
            return Err(Error::internal("a struct is none"));
        };
        let mut all = states_of(values, |value| matches!(value, Json::Object(_)));
        let mut columns = Vec::with_capacity(members.len());
        for (member, field) in members.iter().zip(&fields) {
            let found: Vec<_> = values.iter().map(|value| named(*value, &member.name)).collect();
            let (column, states) = self.column(&member.data_type, &found)?;
            for (state, member) in all.iter_mut().zip(states) {
                if *state == State::Fits && member != State::Fits {
                    *state = State::Partial;
                }
            }
            columns.push(relabel(&column, field.data_type())?);
        }
        let nulls = nulls(values, &all);
        let structs = StructArray::try_new_with_length(fields, columns, nulls, values.len())?;
        Ok((Arc::new(structs), all))
    }

    fn arrays(&self, to: &SparkType, element: &SparkType, values: &[Option<&Json<'_>>]) -> Result<Read> {
        let DataType::List(field) = to.to_arrow() else { return Err(Error::internal("an array is none")) };
        let mut all = states_of(values, |value| matches!(value, Json::Array(_)));
        let elements = |value: &Option<&Json<'_>>| match value {
            Some(Json::Array(elements)) => elements.len(),
            _ => 0,
        };
        let lengths: Vec<usize> = values.iter().map(elements).collect();
        let flat = values.iter().flat_map(|value| match value {
            Some(Json::Array(elements)) => elements.as_slice(),
            _ => &[],
        });
        let flat: Vec<_> = flat.map(Some).collect();
        let (column, states) = self.column(element, &flat)?;
        spread(&mut all, &lengths, &states);
        let column = relabel(&column, field.data_type())?;
        let offsets = OffsetBuffer::from_lengths(lengths);
        let nulls = nulls(values, &all);
        Ok((Arc::new(ListArray::try_new(field, offsets, column, nulls)?), all))
    }

    fn maps(&self, to: &SparkType, value_type: &SparkType, values: &[Option<&Json<'_>>]) -> Result<Read> {
        let DataType::Map(entries, ordered) = to.to_arrow() else { return Err(Error::internal("a map is none")) };
        let DataType::Struct(fields) = entries.data_type().clone() else {
            return Err(Error::internal("a map has no entries"));
        };
        let mut all = states_of(values, |value| matches!(value, Json::Object(_)));
        let members = |value: &Option<&Json<'_>>| match value {
            Some(Json::Object(fields)) => fields.len(),
            _ => 0,
        };
        let lengths: Vec<usize> = values.iter().map(members).collect();
        let (mut keys, mut flat) = (Vec::new(), Vec::new());
        for value in values {
            let Some(Json::Object(fields)) = value else { continue };
            for (name, value) in fields {
                keys.push(name.as_ref());
                flat.push(Some(value));
            }
        }
        let (column, states) = self.column(value_type, &flat)?;
        spread(&mut all, &lengths, &states);
        let keys: ArrayRef = Arc::new(StringArray::from(keys));
        let value_field = fields.get(1).ok_or_else(|| Error::internal("a map has no values"))?;
        let column = relabel(&column, value_field.data_type())?;
        let structs = StructArray::try_new(fields, vec![keys, column], None)?;
        let offsets = OffsetBuffer::from_lengths(lengths);
        let nulls = nulls(values, &all);
        Ok((Arc::new(MapArray::try_new(entries, offsets, structs, nulls, ordered)?), all))
    }
}

/// Of fields of one name the last counts. Names are told apart by case, whatever the session says.
fn named<'a, 'b>(value: Option<&'a Json<'b>>, name: &str) -> Option<&'a Json<'b>> {
    let Some(Json::Object(fields)) = value else { return None };
    fields.iter().rev().find(|(field, _)| field == name).map(|(_, value)| value)
}

pub(crate) fn syntax(options: &Options) -> Syntax {
    Syntax {
        single_quotes: options.is_true("allowSingleQuotes", true),
        unquoted_names: options.is_true("allowUnquotedFieldNames", false),
        comments: options.is_true("allowComments", false),
        leading_zeros: options.is_true("allowNumericLeadingZeros", false),
        non_numeric: options.is_true("allowNonNumericNumbers", true),
        any_escape: options.is_true("allowBackslashEscapingAnyCharacter", false),
        control_characters: options.is_true("allowUnquotedControlChars", false),
    }
}

/// A column of values that are read one by one; what is not read has failed.
struct Plain<T> {
    values: Vec<Option<T>>,
    states: Vec<State>,
}

fn plain<T>(values: &[Option<&Json<'_>>], read: impl Fn(&Json<'_>) -> Option<T>) -> Plain<T> {
    let one = |value: &Option<&Json<'_>>| match value {
        None | Some(Json::Null) => (None, State::Fits),
        Some(value) => match read(value) {
            Some(value) => (Some(value), State::Fits),
            None => (None, State::Failed),
        },
    };
    let (values, states) = values.iter().map(one).unzip();
    Plain { values, states }
}

impl<T> Plain<T> {
    fn map_array<A: FromIterator<Option<T>>>(self, array: impl FnOnce(A) -> ArrayRef) -> Result<Read> {
        Ok((array(self.values.into_iter().collect()), self.states))
    }
}

fn whole(value: &Json<'_>) -> Option<i64> {
    match value {
        Json::Number(number) if !is_fraction(number) => number.parse().ok(),
        _ => None,
    }
}

/// A number, or a text that names one of those that are none.
fn real(value: &Json<'_>) -> Option<f64> {
    match value {
        Json::Number(number) => Some(double_of(number)),
        Json::Text(text) => match text.as_ref() {
            "NaN" | "Infinity" | "+INF" | "INF" | "-Infinity" | "-INF" => Some(double_of(text)),
            _ => None,
        },
        _ => None,
    }
}

#[expect(clippy::cast_possible_truncation, reason = "Java narrows a double to a float just so")]
fn narrow(value: f64) -> f32 {
    value as f32
}

/// The states of values that have become an array: what is NULL only there has failed.
fn states(values: &[Option<&Json<'_>>], array: &ArrayRef) -> Vec<State> {
    let one = |(row, value): (usize, &Option<&Json<'_>>)| match value {
        None | Some(Json::Null) => State::Fits,
        Some(_) if array.is_valid(row) => State::Fits,
        Some(_) => State::Failed,
    };
    values.iter().enumerate().map(one).collect()
}

fn states_of(values: &[Option<&Json<'_>>], fits: fn(&Json<'_>) -> bool) -> Vec<State> {
    let one = |value: &Option<&Json<'_>>| match value {
        None | Some(Json::Null) => State::Fits,
        Some(value) if fits(value) => State::Fits,
        Some(_) => State::Failed,
    };
    values.iter().map(one).collect()
}

/// What became of elements says what becomes of the arrays they are in: the worst of them counts.
fn spread(all: &mut [State], lengths: &[usize], elements: &[State]) {
    let mut rest = elements;
    for (state, length) in all.iter_mut().zip(lengths) {
        let (own, after) = rest.split_at_checked(*length).unwrap_or((rest, &[]));
        rest = after;
        *state = own.iter().copied().fold(*state, State::max);
    }
}

/// Where a column of something nested is not NULL: where there is a value that has not failed.
fn nulls(values: &[Option<&Json<'_>>], states: &[State]) -> Option<NullBuffer> {
    let is_valid = |(value, state): (&Option<&Json<'_>>, &State)| {
        !matches!(value, None | Some(Json::Null)) && *state != State::Failed
    };
    Some(NullBuffer::from_iter(values.iter().zip(states).map(is_valid)))
}
