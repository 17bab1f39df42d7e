//! CSV files, read as Spark 4.1 reads them: every column a text unless a schema is given or asked to be inferred; a
//! value that does not fit its type is NULL (PERMISSIVE).
//!
//! What a field means is not known here: [`Fields`] is handed in.

use std::sync::Arc;

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::catalog::TableProvider;
use datafusion::datasource::file_format::csv::CsvFormat;
use datafusion::datasource::listing::ListingTable;
use datafusion::execution::session_state::SessionState;
use datafusion::functions::expr_fn::nullif;
use datafusion::logical_expr::{Expr, ident, lit};
use datafusion::physical_plan::execute_stream;
use floe_base::{Error, Result};
use floe_syntax::data_type::DataType as SparkType;
use futures::TryStreamExt;

use super::listed::Below;
use super::{codec, first_bytes, flag, listing, only, option, projected, utf8_only};

/// What fields mean under a reader's options, by the session's casts, which stand above this crate.
pub trait Fields: Send + Sync {
    /// The type of a column with one field more; `Null` is the type of a column that had none.
    fn infer(&self, so_far: &SparkType, field: &str) -> Result<SparkType>;

    /// Texts as values of a type, NULL where they are none.
    fn typed(&self, field: Expr, to: &DataType) -> Expr;
}

/// The meaning of fields under the options of one reader.
pub type FieldsOf<'a> = &'a (dyn Fn(&[(String, String)]) -> Result<Arc<dyn Fields>> + Send + Sync);

const OPTIONS: &[&str] = &[
    "header",
    "sep",
    "delimiter",
    "quote",
    "escape",
    "comment",
    "inferSchema",
    "preferDate",
    "dateFormat",
    "timestampFormat",
    "timeZone",
    "samplingRatio",
    "nullValue",
    "multiLine",
    "mode",
    "encoding",
    "charset",
    // Spark 4.1 takes them and does nothing with them: they are the writer's.
    "compression",
    "quoteAll",
];

/// Bytes read to find the columns' names and number.
const HEAD_BYTES: usize = 1 << 20;

pub(super) async fn open(
    below: &Below,
    schema: Option<SchemaRef>,
    options: &[(String, String)],
    state: &SessionState,
    fields: FieldsOf<'_>,
) -> Result<Arc<dyn TableProvider>> {
    only("csv", options, OPTIONS)?;
    if let Some(mode) = option(options, "mode").filter(|mode| !mode.eq_ignore_ascii_case("PERMISSIVE")) {
        return Err(Error::unsupported(format!("mode {mode} of csv files")));
    }
    if let Some(ratio) = option(options, "samplingRatio").filter(|ratio| ratio.parse() != Ok(1.0)) {
        return Err(Error::unsupported(format!("samplingRatio {ratio} of csv files: types are found from all values")));
    }
    utf8_only("csv", options)?;
    let fields = fields(options)?;
    let sample = first_bytes(below, HEAD_BYTES).await?;
    let head = head(&sample, options)?;
    // Spark takes the first fields of records that have more than the schema; the reader must know of all.
    let width = widest(&sample, options)?.max(schema.as_ref().map_or(0, |schema| schema.fields().len()));
    let place = |index: usize| Field::new(format!("_c{index}"), DataType::Utf8, true);
    let texts = Schema::new((0..width).map(place).collect::<Vec<_>>());
    let format = format(options)?.with_file_compression_type(codec::of_all(below)?);
    let listed = listing(Arc::new(format), below, Arc::new(texts), state)?;
    let wanted = match schema {
        Some(schema) => {
            let partitions: Vec<_> =
                listed.schema().fields().iter().skip(width).map(|field| field.name()).cloned().collect();
            super::without(&schema, &partitions).fields().to_vec()
        }
        None => columns(&head, &listed, options, state, fields.as_ref()).await?,
    };
    let typed = |(index, field): (usize, &Arc<Field>)| {
        // A field of nothing is NULL, and so is one of `nullValue`.
        let text = nullif(ident(format!("_c{index}")), lit(option(options, "nullValue").unwrap_or_default()));
        match field.data_type() {
            DataType::Utf8 => text,
            other => fields.typed(text, other),
        }
        .alias(field.name())
    };
    let mut expressions: Vec<Expr> = wanted.iter().enumerate().map(typed).collect();
    expressions.extend(listed.schema().fields().iter().skip(width).map(|field| ident(field.name())));
    projected(listed, expressions)
}

fn format(options: &[(String, String)]) -> Result<CsvFormat> {
    Ok(CsvFormat::default()
        .with_has_header(flag(options, "header"))
        .with_delimiter(separator(options)?)
        .with_quote(letter(options, "quote")?.unwrap_or(b'"'))
        .with_escape(letter(options, "escape")?.or(Some(b'\\')))
        .with_comment(letter(options, "comment")?)
        .with_newlines_in_values(flag(options, "multiLine"))
        .with_truncated_rows(true))
}

/// The fields of the first record.
fn head(sample: &[u8], options: &[(String, String)]) -> Result<Vec<String>> {
    let mut reader = arrow::csv::reader::Format::default()
        .with_header(true)
        .with_delimiter(separator(options)?)
        .with_quote(letter(options, "quote")?.unwrap_or(b'"'))
        .with_escape(letter(options, "escape")?.unwrap_or(b'\\'))
        .with_truncated_rows(true);
    if let Some(comment) = letter(options, "comment")? {
        reader = reader.with_comment(comment);
    }
    let (first, _) = reader.infer_schema(sample, Some(0))?;
    Ok(first.fields().iter().map(|field| field.name().clone()).collect())
}

/// At least as many fields as the longest record has; a separator in quotes counts too.
fn widest(sample: &[u8], options: &[(String, String)]) -> Result<usize> {
    let separator = separator(options)?;
    let fields = |line: &[u8]| line.iter().filter(|letter| **letter == separator).count() + 1;
    Ok(sample.split(|letter| *letter == b'\n').map(fields).max().unwrap_or_default())
}

/// The columns of files without a schema: names from the header (or `_c0`, `_c1`, …), types from all values where
/// `inferSchema` asks for it.
async fn columns(
    head: &[String],
    listed: &Arc<ListingTable>,
    options: &[(String, String)],
    state: &SessionState,
    fields: &dyn Fields,
) -> Result<Vec<Arc<Field>>> {
    let types = if flag(options, "inferSchema") {
        inferred(head, listed, options, state, fields).await?
    } else {
        vec![SparkType::String; head.len()]
    };
    let names = if flag(options, "header") { names(head, option(options, "nullValue")) } else { places(head.len()) };
    let field = |(name, found): (String, SparkType)| Arc::new(Field::new(name, found.to_arrow(), true));
    Ok(names.into_iter().zip(types).map(field).collect())
}

/// The names in a header; one of nothing is its place, and those that occur twice get their places behind them
/// (Spark 4.1 `CSVUtils.makeSafeHeader`).
fn names(head: &[String], null: Option<&str>) -> Vec<String> {
    let occurs = |name: &str| head.iter().filter(|other| other.to_lowercase() == name.to_lowercase()).count();
    let named = |(index, name): (usize, &String)| match name.as_str() {
        nothing if nothing.is_empty() || Some(nothing) == null => format!("_c{index}"),
        name if occurs(name) > 1 => format!("{name}{index}"),
        name => name.into(),
    };
    head.iter().enumerate().map(named).collect()
}

fn places(width: usize) -> Vec<String> {
    (0..width).map(|index| format!("_c{index}")).collect()
}

/// The types of all values. Records that are the header again do not count, as in Spark.
async fn inferred(
    head: &[String],
    listed: &Arc<ListingTable>,
    options: &[(String, String)],
    state: &SessionState,
    fields: &dyn Fields,
) -> Result<Vec<SparkType>> {
    let (has_header, null) = (flag(options, "header"), option(options, "nullValue"));
    let mut types = vec![SparkType::Null; head.len()];
    let plan = listed.scan(state, Some(&(0..head.len()).collect()), &[], None).await?;
    let mut records = execute_stream(plan, state.task_ctx())?;
    while let Some(batch) = records.try_next().await? {
        let counts: Vec<bool> = (0..batch.num_rows()).map(|row| !has_header || !is_header(head, &batch, row)).collect();
        for (column, so_far) in batch.columns().iter().zip(&mut types) {
            for (field, _) in column.as_string::<i32>().iter().zip(&counts).filter(|(_, counts)| **counts) {
                if let Some(field) = field.filter(|field| Some(*field) != null) {
                    *so_far = fields.infer(so_far, field)?;
                }
            }
        }
    }
    let known = |found| if found == SparkType::Null { SparkType::String } else { found };
    Ok(types.into_iter().map(known).collect())
}

fn is_header(head: &[String], batch: &RecordBatch, row: usize) -> bool {
    let is_name = |(name, column): (&String, &Arc<dyn Array>)| {
        let texts = column.as_string::<i32>();
        if texts.is_null(row) { name.is_empty() } else { texts.value(row) == name }
    };
    head.iter().zip(batch.columns()).all(is_name)
}

fn separator(options: &[(String, String)]) -> Result<u8> {
    let written = letter(options, "sep")?.or(letter(options, "delimiter")?);
    Ok(written.unwrap_or(b','))
}

/// An option of one letter; `\t` is a tab.
fn letter(options: &[(String, String)], name: &str) -> Result<Option<u8>> {
    match option(options, name).map(str::as_bytes) {
        None | Some([]) => Ok(None),
        Some([letter]) => Ok(Some(*letter)),
        Some(b"\\t") => Ok(Some(b'\t')),
        Some(_) => Err(Error::unsupported(format!("option `{name}` of csv files with more than one letter"))),
    }
}
