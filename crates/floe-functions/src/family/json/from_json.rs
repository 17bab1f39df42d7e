//! `from_json(jsonStr, schema[, options])`: a text as values of a schema.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, StringArray, StructArray};
use arrow::datatypes::DataType;
use arrow::util::display::{ArrayFormatter, FormatOptions};
use floe_base::{Error, Result};
use floe_syntax::DataType as SparkType;

use super::_json::{Json, parse};
use super::_options::{Mode, Options};
use super::_read::{Reader, State};
use super::_schema::{corrupt_column, malformed, schema};
use crate::family::string::_text::text;
use crate::rows::{self, Texts};
use crate::{Arguments, Call, Function, Typed};

pub(crate) const FUNCTIONS: &[Function] = &[Function::scalar("from_json", bind)
    .usage("from_json(jsonStr, schema[, options]) - Returns the values of the schema that the JSON text holds.")];

fn bind(call: &Call<'_>) -> Result<Typed> {
    call.between(2, 3)?;
    let value = text(call, 0)?;
    let schema = schema(call, 1)?;
    check(call, &schema)?;
    let options = Options::of(call, 2)?;
    let mode = Mode::of(&options, call)?;
    let reader = Reader::of(&options, call.context, call.origin)?;
    let members = match &schema {
        SparkType::Struct(members) => members.as_slice(),
        _ => &[],
    };
    let corrupt = corrupt_column(call, &options, members);
    let data_type = schema.to_arrow();
    let key = format!("{schema} {} {}", options.key(), call.context.time_zone_name);
    let written = (SparkType::from_arrow(&data_type) != schema).then(|| schema.clone());
    let body = move |arguments: &Arguments<'_>| {
        let texts = Texts::of(arguments, 0)?;
        let read = Records::read(arguments, &texts, &schema, &reader)?;
        let array = read.finish(&texts, &schema, mode, corrupt)?;
        rows::finish(arguments, array)
    };
    let typed = match mode {
        Mode::FailFast => call.raising(key, vec![value], data_type, true, body),
        Mode::Permissive => call.kernel(key, vec![value], data_type, true, body),
    };
    Ok(typed.with_written(written))
}

fn check(call: &Call<'_>, schema: &SparkType) -> Result<()> {
    if !matches!(schema, SparkType::Struct(_) | SparkType::Array { .. } | SparkType::Map { .. } | SparkType::Variant) {
        return Err(Error::analysis("DATATYPE_MISMATCH.INVALID_JSON_SCHEMA")
            .with("sqlExpr", format!("\"{}\"", (call.text)(None)))
            .with("schema", format!("\"{}\"", schema.sql()))
            .at(call.origin));
    }
    if let Some(map) = map_of_other_keys(schema) {
        return Err(Error::analysis("DATATYPE_MISMATCH.INVALID_JSON_MAP_KEY_TYPE")
            .with("sqlExpr", format!("\"{}\"", (call.text)(None)))
            .with("schema", format!("\"{}\"", map.sql()))
            .at(call.origin));
    }
    Ok(())
}

/// A map whose keys are no texts, which JSON has not.
fn map_of_other_keys(schema: &SparkType) -> Option<&SparkType> {
    match schema {
        SparkType::Map { key, value, .. } if key.as_ref() == &SparkType::String => map_of_other_keys(value),
        SparkType::Map { .. } => Some(schema),
        SparkType::Array { element, .. } => map_of_other_keys(element),
        SparkType::Struct(fields) => fields.iter().find_map(|field| map_of_other_keys(&field.data_type)),
        _ => None,
    }
}

/// The rows of a batch: the array of what they hold, and how each fared.
struct Records {
    array: ArrayRef,
    states: Vec<State>,
    /// No text, or nothing in it: NULL.
    empty: Vec<bool>,
}

impl Records {
    fn read(arguments: &Arguments<'_>, texts: &Texts, schema: &SparkType, reader: &Reader) -> Result<Self> {
        let (mut values, mut malformed, mut empty) = (Vec::new(), Vec::new(), Vec::new());
        for row in rows::each(arguments) {
            let parsed = texts.at(row?).map(|text| parse(text, reader.syntax));
            malformed.push(matches!(parsed, Some(Err(_))));
            empty.push(matches!(parsed, None | Some(Ok(None))));
            values.push(parsed.and_then(|parsed| parsed.ok().flatten()).map(|value| shaped(value, schema)));
        }
        let values: Vec<Option<&Json<'_>>> = values.iter().map(Option::as_ref).collect();
        let (array, mut states) = reader.column(schema, &values)?;
        for ((state, malformed), value) in states.iter_mut().zip(malformed).zip(values) {
            if malformed || value == Some(&Json::Null) {
                *state = State::Failed;
            }
        }
        Ok(Self { array, states, empty })
    }

    /// Structs that failed are kept, with all members NULL; arrays and maps that failed are NULL.
    fn finish(self, texts: &Texts, schema: &SparkType, mode: Mode, corrupt: Option<usize>) -> Result<ArrayRef> {
        let is_bad = |row: &usize| self.states.get(*row) != Some(&State::Fits);
        if mode == Mode::FailFast
            && let Some(row) = (0..self.states.len()).find(is_bad)
        {
            return Err(malformed(&shown(&self.array, row)));
        }
        if !matches!(schema, SparkType::Struct(_)) {
            return Ok(self.array);
        }
        let (fields, mut columns, nulls) = self.array.as_struct().clone().into_parts();
        let failed = |row: usize| self.states.get(row) == Some(&State::Failed);
        // The members of a struct that failed are NULL already, for nothing was found for them.
        if let Some(column) = corrupt.and_then(|index| columns.get_mut(index)) {
            let text = |row: usize| texts.at(row).filter(|_| is_bad(&row));
            *column = Arc::new((0..self.states.len()).map(text).collect::<StringArray>());
        }
        let present = nulls.map(|nulls| nulls.iter().collect::<Vec<_>>());
        let is_valid = |row: usize| {
            let there = present.as_ref().is_none_or(|present| present.get(row).copied().unwrap_or(false));
            (there || failed(row)) && !self.empty.get(row).copied().unwrap_or(false)
        };
        let nulls = (0..self.states.len()).map(is_valid).collect();
        let structs = StructArray::try_new_with_length(fields, columns, Some(nulls), self.states.len())?;
        Ok(Arc::new(structs))
    }
}

/// An array of structs may be written as one object alone.
fn shaped<'a>(value: Json<'a>, schema: &SparkType) -> Json<'a> {
    let SparkType::Array { element, .. } = schema else { return value };
    match value {
        Json::Object(_) if matches!(element.as_ref(), SparkType::Struct(_)) => Json::Array(vec![value]),
        other => other,
    }
}

/// A record as the error shows it: `[null,2]`.
fn shown(array: &ArrayRef, row: usize) -> String {
    let options = FormatOptions::default().with_null("null");
    let one = |column: &ArrayRef| {
        let shown = ArrayFormatter::try_new(column, &options).map(|formatter| formatter.value(row).to_string());
        shown.unwrap_or_default()
    };
    match array.data_type() {
        DataType::Struct(_) => {
            format!("[{}]", array.as_struct().columns().iter().map(one).collect::<Vec<_>>().join(","))
        }
        _ => format!("[{}]", one(array)),
    }
}
