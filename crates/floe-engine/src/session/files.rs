//! Files by path, opened under a session's settings: the session's casts say what the fields of CSV mean.

use std::sync::Arc;

use arrow::datatypes::DataType;
use datafusion::logical_expr::Expr;
use floe_base::Result;
use floe_catalog::Table;
use floe_functions::{Context, CsvFields};
use floe_syntax::relation::Files;

use super::Session;

impl Session {
    /// Opens files of a format as one table.
    pub(crate) async fn open_files(&self, format: &str, files: &Files, context: &Context) -> Result<Table> {
        let fields = |options: &[(String, String)]| {
            let fields = Arc::new(CsvFields::of_reader(options, context)?);
            Ok(Arc::new(SessionFields(fields)) as Arc<dyn floe_catalog::files::Fields>)
        };
        floe_catalog::files::open(format, files, self.engine().datafusion().state(), &fields).await
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
