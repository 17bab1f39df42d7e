//! CSV files, read as Spark 4.1 reads them: every column a text unless a schema is given or asked to be inferred; a
//! value that does not fit its type is NULL (PERMISSIVE).

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit};
use datafusion::catalog::TableProvider;
use datafusion::datasource::file_format::csv::CsvFormat;
use datafusion::datasource::listing::ListingTableUrl;
use datafusion::execution::session_state::SessionState;
use datafusion::logical_expr::{Expr, ident, try_cast};
use floe_base::{Error, Result};

use super::{first_bytes, flag, listing, only, option, projected};

const OPTIONS: &[&str] = &[
    "header",
    "sep",
    "delimiter",
    "quote",
    "escape",
    "comment",
    "inferSchema",
    "nullValue",
    "multiLine",
    "mode",
    "encoding",
    "charset",
];

/// Bytes read to find names and types where no schema is given.
const SAMPLE_BYTES: u64 = 64 << 20;

/// Bytes read to count the columns where a schema is given.
const WIDTH_BYTES: u64 = 1 << 20;

pub(super) async fn open(
    urls: &[ListingTableUrl],
    schema: Option<SchemaRef>,
    options: &[(String, String)],
    state: &SessionState,
) -> Result<Arc<dyn TableProvider>> {
    only("csv", options, OPTIONS)?;
    if let Some(mode) = option(options, "mode").filter(|mode| !mode.eq_ignore_ascii_case("PERMISSIVE")) {
        return Err(Error::unsupported(format!("mode {mode} of csv files")));
    }
    let wanted = match schema {
        Some(schema) => schema,
        None => found(&first_bytes(urls, state, SAMPLE_BYTES).await?, options)?,
    };
    let null = option(options, "nullValue").unwrap_or_default();
    let format = CsvFormat::default()
        .with_has_header(flag(options, "header"))
        .with_delimiter(separator(options)?)
        .with_quote(letter(options, "quote")?.unwrap_or(b'"'))
        .with_escape(letter(options, "escape")?.or(Some(b'\\')))
        .with_comment(letter(options, "comment")?)
        .with_newlines_in_values(flag(options, "multiLine"))
        .with_truncated_rows(true)
        .with_null_regex(Some(format!("^{}$", escaped(null))));
    let text = |name: &str| Field::new(name, DataType::Utf8, true);
    let mut texts: Vec<Field> = wanted.fields().iter().map(|field| text(field.name())).collect();
    // Spark takes the first columns of a file that has more than the schema.
    for index in texts.len()..width(urls, options, state).await? {
        texts.push(text(&format!("beyond the schema {index}")));
    }
    let width = texts.len();
    let listed = listing(Arc::new(format), urls, Some(Arc::new(Schema::new(texts))), state).await?;
    let partitions = listed.schema().fields().len().saturating_sub(width);
    let mut expressions: Vec<Expr> = wanted.fields().iter().map(typed).collect();
    let all = listed.schema();
    expressions.extend(all.fields().iter().rev().take(partitions).rev().map(|field| ident(field.name())));
    projected(listed, expressions)
}

/// How many columns the files have, by their first rows.
async fn width(urls: &[ListingTableUrl], options: &[(String, String)], state: &SessionState) -> Result<usize> {
    let sample = first_bytes(urls, state, WIDTH_BYTES).await?;
    Ok(found(&sample, options)?.fields().len())
}

/// The column as its type, NULL where the text is none.
fn typed(field: &Arc<Field>) -> Expr {
    match field.data_type() {
        DataType::Utf8 => ident(field.name()),
        other => try_cast(ident(field.name()), other.clone()).alias(field.name()),
    }
}

/// Names from the header (or `_c0`, `_c1`, …), types from the values where `inferSchema` asks for it.
fn found(sample: &[u8], options: &[(String, String)]) -> Result<SchemaRef> {
    let reader = arrow::csv::reader::Format::default()
        .with_header(flag(options, "header"))
        .with_delimiter(separator(options)?)
        .with_quote(letter(options, "quote")?.unwrap_or(b'"'))
        .with_truncated_rows(true);
    let (inferred, _) = reader.infer_schema(sample, None)?;
    let infer = flag(options, "inferSchema");
    let name = |(index, field): (usize, &Arc<Field>)| {
        let name = if flag(options, "header") { field.name().clone() } else { format!("_c{index}") };
        Field::new(name, if infer { spark_type(field.data_type()) } else { DataType::Utf8 }, true)
    };
    Ok(Arc::new(Schema::new(inferred.fields().iter().enumerate().map(name).collect::<Vec<_>>())))
}

/// The type Spark would infer: it has no time of day, and its timestamps are in the session's zone.
fn spark_type(found: &DataType) -> DataType {
    match found {
        DataType::Timestamp(..) => DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
        DataType::Int64 | DataType::Float64 | DataType::Boolean | DataType::Date32 => found.clone(),
        _ => DataType::Utf8,
    }
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

fn escaped(text: &str) -> String {
    text.chars().flat_map(|letter| if letter.is_alphanumeric() { vec![letter] } else { vec!['\\', letter] }).collect()
}
