//! Files by path, opened under a session's settings: the session's casts say what the fields of CSV and the records of
//! JSON mean.

use std::sync::Arc;

use arrow::array::{RecordBatch, StringArray};
use arrow::datatypes::{DataType, Schema};
use datafusion::logical_expr::Expr;
use floe_base::Result;
use floe_catalog::Table;
use floe_catalog::files::Readers;
use floe_catalog::files::registered::Registered;
use floe_functions::{Context, CsvFields, JsonRecords};
use floe_syntax::relation::Files;

use super::Session;

impl Session {
    /// Opens files of a format as one table: those of a table that a catalog keeps, or files by path.
    pub(crate) async fn open_files(
        &self,
        format: &str,
        files: &Files,
        kept: Option<&Registered>,
        context: &Context,
    ) -> Result<Table> {
        let fields = |options: &[(String, String)]| {
            let fields = Arc::new(CsvFields::of_reader(options, context)?);
            Ok(Arc::new(SessionFields(fields)) as Arc<dyn floe_catalog::files::Fields>)
        };
        let records = |options: &[(String, String)]| {
            let records = SessionRecords(JsonRecords::of_reader(options, context)?);
            Ok(Arc::new(records) as Arc<dyn floe_catalog::files::Records>)
        };
        let merges_schemas = context.conf("spark.sql.parquet.mergeSchema", "false").eq_ignore_ascii_case("true");
        let readers = Readers { fields: &fields, records: &records, merges_schemas };
        let state = self.engine().datafusion().state();
        match kept {
            Some(kept) => floe_catalog::files::table::open(kept, files, state, &readers).await,
            None => floe_catalog::files::open(format, files, state, &readers).await,
        }
    }
}

struct SessionRecords(JsonRecords);

impl floe_catalog::files::Records for SessionRecords {
    fn infer(&self, so_far: floe_syntax::DataType, record: &str) -> Result<floe_syntax::DataType> {
        self.0.infer(so_far, record)
    }

    fn settled(&self, found: floe_syntax::DataType) -> floe_syntax::DataType {
        self.0.settled(found)
    }

    fn check(&self, columns: &Schema) -> Result<()> {
        self.0.check(columns)
    }

    fn rows(&self, records: &StringArray, schema: &Schema) -> Result<RecordBatch> {
        self.0.rows(records, schema)
    }
}

struct SessionFields(Arc<CsvFields>);

impl floe_catalog::files::Fields for SessionFields {
    fn infer(&self, so_far: &floe_syntax::DataType, field: &str) -> Result<floe_syntax::DataType> {
        self.0.infer(so_far, field)
    }

    fn typed(&self, field: Expr, to: &DataType) -> Expr {
        self.0.typed(field, to)
    }
}
