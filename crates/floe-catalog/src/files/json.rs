//! JSON files: one object a record, which is a line or, with `multiLine`, the file.
//!
//! What a record means is not known here: [`Records`] is handed in.

use std::sync::Arc;

use arrow::array::{RecordBatch, StringArray};
use arrow::datatypes::{Schema, SchemaRef};
use datafusion::catalog::TableProvider;
use datafusion::execution::session_state::SessionState;
use floe_base::{Error, Result};
use floe_syntax::data_type::DataType;
use futures::TryStreamExt;

use super::lines::{self, Cut, Lines};
use super::listed::Below;
use super::{codec, columns, flag, listing, only, option, utf8_only};

/// What records mean under a reader's options, by the session's casts, which stand above this crate.
pub trait Records: Send + Sync {
    /// The columns with one record more; `Null` are those of no record.
    fn infer(&self, so_far: DataType, record: &str) -> Result<DataType>;

    /// The columns of all records.
    fn settled(&self, found: DataType) -> DataType;

    /// Refuses a scan of these columns alone.
    fn check(&self, columns: &Schema) -> Result<()>;

    /// The rows of records.
    fn rows(&self, records: &StringArray, schema: &Schema) -> Result<RecordBatch>;
}

/// The meaning of records under the options of one reader.
pub type RecordsOf<'a> = &'a (dyn Fn(&[(String, String)]) -> Result<Arc<dyn Records>> + Send + Sync);

const OPTIONS: &[&str] = &[
    "multiLine",
    "lineSep",
    "encoding",
    "charset",
    "samplingRatio",
    "mode",
    "columnNameOfCorruptRecord",
    "dateFormat",
    "timestampFormat",
    "timestampNTZFormat",
    "timeZone",
    "inferTimestamp",
    "prefersDecimal",
    "primitivesAsString",
    "dropFieldIfAllNull",
    "allowSingleQuotes",
    "allowUnquotedFieldNames",
    "allowComments",
    "allowNumericLeadingZeros",
    "allowNonNumericNumbers",
    "allowBackslashEscapingAnyCharacter",
    "allowUnquotedControlChars",
    // Spark 4.1 takes it and does nothing with it: the names of the files say it.
    "compression",
    // The writer's.
    "ignoreNullFields",
];

/// Records looked at together where no schema is given.
const BATCH_ROWS: usize = 8192;

pub(super) async fn open(
    below: &Below,
    schema: Option<SchemaRef>,
    options: &[(String, String)],
    state: &SessionState,
    records: RecordsOf<'_>,
) -> Result<Arc<dyn TableProvider>> {
    only("json", options, OPTIONS)?;
    utf8_only("json", options)?;
    if let Some(ratio) = option(options, "samplingRatio").filter(|ratio| ratio.parse() != Ok(1.0)) {
        return Err(Error::unsupported(format!(
            "samplingRatio {ratio} of json files: types are found from all values"
        )));
    }
    if flag(options, "dropFieldIfAllNull") {
        return Err(Error::unsupported("dropFieldIfAllNull of json files"));
    }
    let cut = Cut::of(options, "multiLine")?;
    let records = records(options)?;
    let schema = match schema {
        Some(schema) => schema,
        None => found(below, &cut, records.as_ref()).await?,
    };
    let format = Lines { name: "json", cut, records: Arc::new(Meant(records)) };
    Ok(listing(Arc::new(format), below, schema, state)?)
}

/// The columns of all records of all files.
async fn found(below: &Below, cut: &Cut, records: &dyn Records) -> Result<SchemaRef> {
    let mut found = DataType::Null;
    for file in below.read() {
        let text = codec::text(file.store.as_ref(), &file.meta.location).await?;
        let mut batches = lines::batches(text, cut.clone(), BATCH_ROWS);
        while let Some(batch) = batches.try_next().await? {
            for record in batch.iter().flatten() {
                found = records.infer(found, record)?;
            }
        }
    }
    columns(&records.settled(found))
}

/// The meaning that was handed in, as the reader of lines asks for it.
struct Meant(Arc<dyn Records>);

impl lines::Records for Meant {
    fn rows(&self, records: &StringArray, schema: &Schema) -> Result<RecordBatch> {
        self.0.rows(records, schema)
    }

    fn check(&self, columns: &Schema) -> Result<()> {
        self.0.check(columns)
    }
}
