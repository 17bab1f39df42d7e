//! Records of JSON files: the columns they have, and their rows (Spark 4.1 `JsonInferSchema`, `FailureSafeParser`).
//!
//! One record is an object, or an array of objects, which are rows each. Unlike in `from_json`, a record without anything
//! in it is no row. How bytes part into records is `floe-catalog`'s.

use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, RecordBatch, RecordBatchOptions, StringArray};
use arrow::datatypes::Schema;
use floe_base::{Error, Kind, Origin, Result};
use floe_syntax::DataType;
use floe_syntax::data_type::Field;

use super::_infer::{Rules, settled};
use super::_json::{Json, parse};
use super::_options::Options;
use super::_read::{Reader, State};
use super::_schema::malformed;
use crate::Context;

/// What becomes of a malformed record.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mode {
    Permissive,
    Drop,
    FailFast,
}

/// Records under the options of one reader.
pub struct Records {
    reader: Reader,
    rules: Rules,
    mode: Mode,
    /// The column for the text of malformed records, where the schema has it.
    corrupt: String,
}

impl Records {
    /// Under the options of `spark.read`.
    pub fn of_reader(options: &[(String, String)], context: &Context) -> Result<Self> {
        let options = Options::of_reader(options);
        let mode = match options.text("mode").unwrap_or("PERMISSIVE").to_uppercase().as_str() {
            "FAILFAST" => Mode::FailFast,
            "DROPMALFORMED" => Mode::Drop,
            // An unknown mode is read as the permissive one, with a warning in Spark's log.
            _ => Mode::Permissive,
        };
        let corrupt = context.conf("spark.sql.columnNameOfCorruptRecord", "_corrupt_record");
        Ok(Self {
            reader: Reader::of(&options, context, &Origin::Unknown)?,
            rules: Rules::of(&options, context, &Origin::Unknown)?,
            mode,
            corrupt: options.text("columnNameOfCorruptRecord").map_or(corrupt, Into::into),
        })
    }

    /// The columns with one record more; `Null` are those of no record.
    pub fn infer(&self, so_far: DataType, record: &str) -> Result<DataType> {
        let mut found = match parse(record, self.reader.syntax) {
            Ok(None) => return Ok(so_far),
            Ok(Some(json)) => self.rules.infer(&json)?,
            Err(_) => DataType::String,
        };
        while let DataType::Array { element, .. } = found {
            found = *element;
        }
        if !matches!(found, DataType::Struct(_) | DataType::Null) {
            found = match self.mode {
                Mode::Permissive => DataType::Struct(vec![Field::new(self.corrupt.clone(), DataType::String, true)]),
                Mode::Drop => DataType::Null,
                Mode::FailFast => {
                    return Err(Error::new(Kind::Operation, "MALFORMED_RECORD_IN_SCHEMA_INFERENCE")
                        .with("failFastMode", "FAILFAST"));
                }
            };
        }
        Ok(self.rules.common(so_far, found))
    }

    /// The columns of all records.
    pub fn settled(&self, found: DataType) -> DataType {
        match settled(found) {
            columns @ DataType::Struct(_) => columns,
            _ => DataType::Struct(Vec::new()),
        }
    }

    /// Spark 4.1 reads no files for the column of malformed records alone: what is malformed depends on the others.
    pub fn check(&self, columns: &Schema) -> Result<()> {
        match columns.fields().as_ref() {
            [only] if *only.name() == self.corrupt => {
                Err(Error::analysis("UNSUPPORTED_FEATURE.QUERY_ONLY_CORRUPT_RECORD_COLUMN"))
            }
            _ => Ok(()),
        }
    }

    /// The rows of records.
    pub fn rows(&self, records: &StringArray, schema: &Schema) -> Result<RecordBatch> {
        let mut rows = Rows::default();
        for record in records.iter().flatten() {
            rows.add(record, parse(record, self.reader.syntax).map_err(|_| ()));
        }
        let members = schema.fields().iter().map(|field| Field::from_arrow(field)).collect();
        let values: Vec<Option<&Json<'_>>> = rows.values.iter().map(Option::as_ref).collect();
        let (structs, states) = self.reader.column(&DataType::Struct(members), &values)?;
        let mut columns = structs.as_struct().columns().to_vec();
        let is_bad = |row: usize| states.get(row) != Some(&State::Fits) || values.get(row).is_none_or(Option::is_none);
        if let Some(row) = (0..values.len()).find(|row| self.mode == Mode::FailFast && is_bad(*row)) {
            return Err(malformed(rows.texts.get(row).copied().unwrap_or_default()));
        }
        let corrupt = schema
            .fields()
            .iter()
            .position(|field| *field.name() == self.corrupt && *field.data_type() == arrow::datatypes::DataType::Utf8);
        if let Some(column) = corrupt.and_then(|index| columns.get_mut(index)) {
            let texts = rows.texts.iter().enumerate().map(|(row, text)| is_bad(row).then_some(*text));
            *column = Arc::new(texts.collect::<StringArray>()) as ArrayRef;
        }
        let options = RecordBatchOptions::new().with_row_count(Some(values.len()));
        let batch = RecordBatch::try_new_with_options(Arc::new(schema.clone()), columns, &options)?;
        if self.mode != Mode::Drop {
            return Ok(batch);
        }
        let kept = (0..values.len()).map(|row| Some(!is_bad(row))).collect();
        Ok(arrow::compute::filter_record_batch(&batch, &kept)?)
    }
}

/// The values of rows, each with the text of the record it is from; one that is no object is none.
#[derive(Default)]
struct Rows<'a> {
    values: Vec<Option<Json<'a>>>,
    texts: Vec<&'a str>,
}

impl<'a> Rows<'a> {
    fn add(&mut self, record: &'a str, parsed: Result<Option<Json<'a>>, ()>) {
        match parsed {
            Ok(None) => {}
            Ok(Some(Json::Array(elements))) if elements.iter().all(|element| matches!(element, Json::Object(_))) => {
                elements.into_iter().for_each(|element| self.push(record, Some(element)));
            }
            Ok(Some(object @ Json::Object(_))) => self.push(record, Some(object)),
            Ok(Some(_)) | Err(()) => self.push(record, None),
        }
    }

    fn push(&mut self, record: &'a str, value: Option<Json<'a>>) {
        self.values.push(value);
        self.texts.push(record);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(options: &[(&str, &str)], records: &[&str]) -> Result<(DataType, RecordBatch)> {
        let options: Vec<_> = options.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect();
        let reader = Records::of_reader(&options, &Context::default())?;
        let found = records.iter().try_fold(DataType::Null, |so_far, record| reader.infer(so_far, record))?;
        let columns = reader.settled(found);
        let arrow::datatypes::DataType::Struct(fields) = columns.to_arrow() else { panic!("{columns}") };
        let rows = reader.rows(&StringArray::from(records.to_vec()), &Schema::new(fields))?;
        Ok((columns, rows))
    }

    #[test]
    fn records_are_rows_as_their_mode_says() -> Result<()> {
        let records = [r#"{"a":1}"#, "", "{bad", r#"[{"a":2.5},{"b":"x"}]"#];
        let (columns, rows) = read(&[], &records)?;
        assert_eq!(columns.sql(), "STRUCT<_corrupt_record: STRING, a: DOUBLE, b: STRING>");
        assert_eq!((rows.num_rows(), rows.column(0).null_count()), (4, 3));
        assert_eq!(read(&[("mode", "dropMalformed")], &records)?.1.num_rows(), 3);
        assert!(read(&[("mode", "FAILFAST")], &records).is_err());
        Ok(())
    }
}
