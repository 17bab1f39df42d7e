//! The columns of a projection, found by their names at once.
//!
//! DataFusion's own way (`projection_schema`) looks for each column among all of the input's, and spells every name to
//! find out what depends on what, where mostly nothing does: for tables of thirty columns that is a good part of lowering.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::datatypes::FieldRef;
use datafusion::common::{Column, DFSchema, DFSchemaRef, ExprSchema, Result, TableReference};
use datafusion::logical_expr::logical_plan::projection_schema;
use datafusion::logical_expr::{Expr, ExprSchemable, LogicalPlan};

/// The schema of these expressions over a plan.
pub(crate) fn schema(input: &LogicalPlan, exprs: &[Expr]) -> Result<DFSchemaRef> {
    let below: &DFSchema = input.schema();
    if !below.functional_dependencies().is_empty() {
        return projection_schema(input, exprs);
    }
    let columns = Columns::of(below);
    let fields = exprs.iter().map(|expr| expr.to_field(&columns)).collect::<Result<_>>()?;
    Ok(Arc::new(DFSchema::new_with_metadata(fields, below.metadata().clone())?))
}

/// A schema's columns by name.
#[derive(Debug)]
struct Columns<'s> {
    schema: &'s DFSchema,
    /// The first of each name.
    by_name: HashMap<&'s str, (Option<&'s TableReference>, &'s FieldRef)>,
}

impl<'s> Columns<'s> {
    fn of(schema: &'s DFSchema) -> Self {
        let mut by_name = HashMap::with_capacity(schema.fields().len());
        for position in 0..schema.fields().len() {
            let (qualifier, field) = (schema.qualified_field(position).0, &schema.fields()[position]);
            by_name.entry(field.name().as_str()).or_insert((qualifier, field));
        }
        Self { schema, by_name }
    }
}

impl ExprSchema for Columns<'_> {
    fn field_from_column(&self, column: &Column) -> Result<&FieldRef> {
        match self.by_name.get(column.name.as_str()) {
            Some((qualifier, field)) if *qualifier == column.relation.as_ref() => Ok(field),
            _ => self.schema.field_from_column(column),
        }
    }
}
