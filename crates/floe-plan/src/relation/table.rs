//! Tables, views and files by name: a scan whose columns get fresh ids, or the view's query lowered anew.

use std::rc::Rc;
use std::sync::Arc;

use arrow::datatypes::Field;
use datafusion::catalog::TableProvider;
use datafusion::common::{Column as EngineColumn, TableReference};
use datafusion::datasource::provider_as_source;
use datafusion::logical_expr::{Expr, LogicalPlan, TableScan};
use datafusion::scalar::ScalarValue;
use floe_base::{Error, Origin, Result};
use floe_catalog::catalog::Version;
use floe_catalog::{Table, View};
use floe_functions::cast::cast;
use floe_syntax::Relation;
use floe_syntax::expression::CastMode;
use floe_syntax::relation::{Files, TableName, TimeTravel};

use crate::problem;
use crate::resolver::{CteBody, Env, Resolver};
use crate::rows::{Output, Rows, project};
use crate::scope::{Column, Scope, Visibility, label};
use crate::snapshot::{Need, Object, Wanted};

/// Views within views; Spark 4.1 stops at 100 too (`spark.sql.view.maxNestedViewDepth`).
const VIEW_DEPTH_MAX: usize = 100;

impl Resolver<'_> {
    pub(crate) fn table<'t>(&self, name: &'t TableName, env: &Env<'t>, origin: &Origin) -> Result<Rows> {
        let parts = match &name.identifier {
            Some(text) => self.identifier(text, env)?,
            None => name.parts.clone(),
        };
        if let [single] = parts.as_slice()
            && name.time_travel.is_none()
            && let Some(node) = env.cte(single, self.case_sensitive)
        {
            return self.cte(&node, origin);
        }
        let wanted = Wanted {
            version: self.version(name.time_travel.as_ref(), env)?,
            options: name.options.clone(),
            under: env.under.as_deref().cloned(),
            parts,
        };
        let Some(found) = self.snapshot.object(&wanted) else {
            return Err(self.stop(Need::Name(wanted)));
        };
        match found {
            None => Err(problem::table_not_found(&wanted.parts, origin)),
            Some(Object::Table(table)) => self.scan(table, qualifier_of(table, &wanted.parts)),
            Some(Object::View { view, query, under }) => self.view(view, query, under.as_ref(), env, origin),
        }
    }

    /// A name given by WITH: its query lowered anew, under what was visible where it was given.
    fn cte(&self, node: &Rc<crate::resolver::CteNode<'_>>, origin: &Origin) -> Result<Rows> {
        let rows = match &node.body {
            CteBody::Query => self.relation(&node.cte.query, &node.env)?,
            CteBody::Recursive => self.recursive(node, origin)?,
            CteBody::Step(step) => return self.recursive_step(step, &node.cte.name),
        };
        self.renamed(rows, &node.cte.columns, Some(std::slice::from_ref(&node.cte.name)), origin)
    }

    fn version(&self, travel: Option<&TimeTravel>, env: &Env<'_>) -> Result<Option<Version>> {
        match travel {
            None => Ok(None),
            Some(TimeTravel::Version(reference)) => Ok(Some(Version::Reference(reference.clone()))),
            Some(TimeTravel::Timestamp(expression)) => {
                let value = self.constant(expression, env)?;
                let to = floe_syntax::DataType::Timestamp.to_arrow();
                let value = cast(value, &to, CastMode::Session, self.context, &expression.origin)?;
                match crate::expression::constant::fold(&value)? {
                    ScalarValue::TimestampMicrosecond(Some(micros), _) => Ok(Some(Version::Timestamp(micros))),
                    _ => Err(Error::analysis("INVALID_TIME_TRAVEL_TIMESTAMP_EXPR.INPUT")
                        .with("expr", format!("\"{}\"", crate::name::pretty(expression, &crate::name::Nowhere)))
                        .at(&expression.origin)),
                }
            }
        }
    }

    /// The scan of a table: every column under a fresh id.
    pub(crate) fn scan(&self, table: &Table, qualifier: Vec<String>) -> Result<Rows> {
        let qualifier: Arc<[String]> = qualifier.into();
        let shown = table.schema.fields().iter().map(|field| (field, Visibility::Shown));
        let metadata = table.metadata_columns.fields().iter().map(|field| (field, Visibility::Metadata));
        let columns: Vec<Column> = shown
            .chain(metadata)
            .map(|(field, visibility)| Column {
                id: self.fresh(),
                qualifier: qualifier.clone(),
                field: field.clone(),
                visibility,
            })
            .collect();
        self.scan_provider(&table.provider, columns)
    }

    /// The scan of a provider whose columns have the names of these.
    pub(crate) fn scan_provider(&self, provider: &Arc<dyn TableProvider>, columns: Vec<Column>) -> Result<Rows> {
        let relation = TableReference::bare(format!("t{}", self.fresh()));
        let source = provider_as_source(provider.clone());
        let scan = TableScan::try_new(relation.clone(), source, None, Vec::new(), None)?;
        let schema = provider.schema();
        let mut exprs = Vec::with_capacity(columns.len());
        for (position, column) in columns.iter().enumerate() {
            let name = column.name();
            let field = schema
                .fields()
                .get(position)
                .filter(|field| field.name() == name)
                .or_else(|| schema.column_with_name(name).map(|(index, _)| &schema.fields()[index]));
            let field = field.ok_or_else(|| Error::internal(format!("a scan without its column {name}")))?;
            let read = Expr::Column(EngineColumn::new(Some(relation.clone()), name));
            exprs.push(as_declared(read, field, &column.field).alias(label(column.id)));
        }
        let plan = project(LogicalPlan::TableScan(scan), exprs)?;
        Ok(Rows::new(plan, Scope::new(columns)))
    }

    fn view<'t>(
        &self,
        view: &View,
        query: &Relation,
        under: Option<&crate::Under>,
        env: &Env<'t>,
        origin: &Origin,
    ) -> Result<Rows> {
        if env.depth >= VIEW_DEPTH_MAX {
            return Err(Error::analysis("VIEW_EXCEED_MAX_NESTED_DEPTH")
                .with("viewName", view.name.quoted())
                .with("maxNestedDepth", VIEW_DEPTH_MAX.to_string())
                .at(origin));
        }
        let inside = Env { under: under.cloned().map(Rc::new), depth: env.depth + 1, ..Env::default() };
        let rows = self.relation(query, &inside)?;
        let rows = self.checked_view(view, rows, origin)?;
        let names: Vec<String> = view.columns.iter().map(|(name, _)| name.clone()).collect();
        let qualifier: Vec<String> =
            view.name.parts().into_iter().filter(|part| !part.is_empty()).map(String::from).collect();
        self.renamed(rows, &names, Some(&qualifier), origin)
    }

    /// A view keeps the columns it was made with: by name, cast where the type has changed safely.
    fn checked_view(&self, view: &View, rows: Rows, origin: &Origin) -> Result<Rows> {
        let Some(schema) = &view.schema else { return Ok(rows) };
        let has_own_names = !view.columns.is_empty();
        let current: Vec<Column> = rows.scope.shown().cloned().collect();
        let mut outputs = Vec::with_capacity(schema.fields().len());
        for (position, field) in schema.fields().iter().enumerate() {
            let found = if has_own_names {
                current.get(position)
            } else {
                let same = |column: &&Column| self.same_name(column.name(), field.name());
                current.get(position).filter(same).or_else(|| current.iter().find(same))
            };
            let Some(column) = found else {
                return Err(Error::analysis("INCOMPATIBLE_VIEW_SCHEMA_CHANGE")
                    .with("viewName", view.name.quoted())
                    .with("colName", floe_base::error::quoted(&[field.name()]))
                    .with("expectedNum", "1")
                    .with("actualCols", "[]")
                    .with("suggestion", "CREATE OR REPLACE VIEW")
                    .at(origin));
            };
            if column.field.data_type() == field.data_type() {
                outputs.push(Output::pass(column));
                continue;
            }
            let value = cast(column.typed(), field.data_type(), CastMode::Ansi, self.context, origin)?;
            let column = Column { id: self.fresh(), field: field.clone(), ..column.clone() };
            outputs.push(Output { value, column });
        }
        rows.project_closed(outputs)
    }

    pub(crate) fn files(&self, files: &Files, _origin: &Origin) -> Result<Rows> {
        match self.snapshot.files(files) {
            Some(table) => self.scan(table, Vec::new()),
            None => Err(self.stop(Need::Files(files.clone()))),
        }
    }

    pub(crate) fn cached(&self, relation_id: &str) -> Result<Rows> {
        match self.snapshot.cached(relation_id) {
            Some(table) => self.scan(table, Vec::new()),
            None => Err(self.stop(Need::Cached(relation_id.into()))),
        }
    }
}

/// A table's whole name; a file's path has none.
fn qualifier_of(table: &Table, written: &[String]) -> Vec<String> {
    match &table.name {
        Some(name) => name.parts().into_iter().filter(|part| !part.is_empty()).map(String::from).collect(),
        None => written.to_vec(),
    }
}

/// A provider's column as the table declares it: readers give views of text and other zones.
fn as_declared(read: Expr, given: &Field, declared: &Field) -> Expr {
    if given.data_type() == declared.data_type() {
        return read;
    }
    Expr::Cast(datafusion::logical_expr::Cast::new(Box::new(read), declared.data_type().clone()))
}
