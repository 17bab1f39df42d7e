//! `from_csv(csvStr, schema[, options])`: a line as a struct of a schema.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, StringArray, StructArray};
use arrow::buffer::NullBuffer;
use floe_base::{Error, Kind, Result};
use floe_syntax::DataType as SparkType;

use super::_fields::Fields;
use super::_record::Format;
use crate::family::json::_options::{Mode, Options};
use crate::family::json::_schema::{corrupt_column, malformed, schema};
use crate::family::string::_text::text;
use crate::rows::{self, Texts};
use crate::{Call, Function, Typed};

pub(crate) const FUNCTIONS: &[Function] = &[Function::scalar("from_csv", bind)
    .usage("from_csv(csvStr, schema[, options]) - Returns the struct of the schema that the line of CSV holds.")];

fn bind(call: &Call<'_>) -> Result<Typed> {
    call.between(2, 3)?;
    let value = text(call, 0)?;
    let schema = schema(call, 1)?;
    let SparkType::Struct(members) = schema.clone() else {
        return Err(Error::analysis("INVALID_SCHEMA.NON_STRUCT_TYPE")
            .with("inputSchema", format!("\"{}\"", (call.text)(Some(1))))
            .with("dataType", format!("\"{}\"", schema.sql()))
            .at(call.origin));
    };
    for member in &members {
        if matches!(
            member.data_type,
            SparkType::Array { .. } | SparkType::Map { .. } | SparkType::Struct(_) | SparkType::Binary
        ) {
            let sql = format!("\"{}\"", member.data_type.sql());
            return Err(Error::new(Kind::Unsupported, "UNSUPPORTED_DATATYPE").with("typeName", sql).at(call.origin));
        }
    }
    let options = Options::of(call, 2)?;
    let mode = Mode::of(&options, call)?;
    let format = Format::of(&options, true)?;
    let values = Fields::of(&options, call.context, call.origin)?;
    let corrupt = corrupt_column(call, &options, &members);
    let (data_type, nullable) = (schema.to_arrow(), value.nullable);
    let arrow::datatypes::DataType::Struct(fields) = data_type.clone() else {
        return Err(Error::internal("a struct is none"));
    };
    let key = format!("{schema} {} {}", options.key(), call.context.time_zone_name);
    let written = (SparkType::from_arrow(&data_type) != schema).then_some(schema);
    let body = move |arguments: &crate::Arguments<'_>| {
        let texts = Texts::of(arguments, 0)?;
        let rows = rows::count(arguments);
        let lines: Vec<Vec<Option<String>>> =
            (0..rows).map(|row| texts.at(row).map(|line| format.split(line)).unwrap_or_default()).collect();
        let in_line = members.len() - usize::from(corrupt.is_some());
        // Too few values or too many make a bad record, though what is there is read.
        let mut bad: Vec<bool> = lines.iter().map(|line| line.len() != in_line).collect();
        let mut columns: Vec<ArrayRef> = Vec::with_capacity(members.len());
        let mut place = 0;
        for (index, member) in members.iter().enumerate() {
            if corrupt == Some(index) {
                columns.push(Arc::new(StringArray::new_null(rows)));
                continue;
            }
            let fields: Vec<Option<&str>> =
                lines.iter().map(|line| line.get(place).and_then(|field| field.as_deref())).collect();
            place += 1;
            let column = values.column(fields.clone(), &member.data_type)?;
            for (row, field) in fields.iter().enumerate() {
                if field.is_some()
                    && column.is_null(row)
                    && let Some(bad) = bad.get_mut(row)
                {
                    *bad = true;
                }
            }
            columns.push(column);
        }
        let is_bad = |row: usize| texts.at(row).is_some() && bad.get(row) == Some(&true);
        if mode == Mode::FailFast && (0..rows).any(is_bad) {
            return Err(malformed("[null]"));
        }
        if let Some(column) = corrupt.and_then(|index| columns.get_mut(index)) {
            *column = Arc::new((0..rows).map(|row| texts.at(row).filter(|_| is_bad(row))).collect::<StringArray>());
        }
        let nulls: NullBuffer = (0..rows).map(|row| texts.at(row).is_some()).collect();
        let structs = StructArray::try_new_with_length(fields.clone(), columns, Some(nulls), rows)?;
        rows::finish(arguments, Arc::new(structs))
    };
    let arrow_type = data_type;
    let typed = match mode {
        Mode::FailFast => call.raising(key, vec![value], arrow_type, nullable, body),
        Mode::Permissive => call.kernel(key, vec![value], arrow_type, nullable, body),
    };
    Ok(typed.with_written(written))
}
