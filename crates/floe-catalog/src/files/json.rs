//! JSON files, one object a line; columns in the order of their names, as Spark infers them.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::catalog::TableProvider;
use datafusion::datasource::file_format::json::JsonFormat;
use datafusion::datasource::listing::ListingTableUrl;
use datafusion::execution::session_state::SessionState;
use floe_base::{Error, Result};

use super::{first_bytes, flag, listing, only};

/// Bytes read to find names and types where no schema is given.
const SAMPLE_BYTES: u64 = 64 << 20;

pub(super) async fn open(
    urls: &[ListingTableUrl],
    schema: Option<SchemaRef>,
    options: &[(String, String)],
    state: &SessionState,
) -> Result<Arc<dyn TableProvider>> {
    only("json", options, &["multiLine"])?;
    if flag(options, "multiLine") {
        return Err(Error::unsupported("json files of several lines an object (multiLine)"));
    }
    let schema = match schema {
        Some(schema) => schema,
        None => found(&first_bytes(urls, state, SAMPLE_BYTES).await?)?,
    };
    Ok(listing(Arc::new(JsonFormat::default()), urls, Some(schema), state).await?)
}

fn found(sample: &[u8]) -> Result<SchemaRef> {
    let (inferred, _) = arrow::json::reader::infer_json_schema(sample, None)?;
    Ok(Arc::new(Schema::new(sorted(inferred.fields().iter()))))
}

/// Members by name at every level; what has no type yet is a text.
fn sorted<'a>(fields: impl Iterator<Item = &'a Arc<Field>>) -> Vec<Field> {
    let mut fields: Vec<Field> =
        fields.map(|field| Field::new(field.name(), spark_type(field.data_type()), true)).collect();
    fields.sort_by(|left, right| left.name().cmp(right.name()));
    fields
}

fn spark_type(found: &DataType) -> DataType {
    match found {
        DataType::Struct(fields) => DataType::Struct(sorted(fields.iter()).into()),
        DataType::List(element) => {
            DataType::List(Arc::new(Field::new("element", spark_type(element.data_type()), true)))
        }
        DataType::Null => DataType::Utf8,
        other => other.clone(),
    }
}
