//! Fits a query's columns to a table's: which goes where, cast as a column takes it, NULL where a column is left out.

use std::sync::Arc;

use arrow::array::Array;
use arrow::datatypes::{Field, Schema};
use datafusion::logical_expr::{ColumnarValue, Expr, LogicalPlan, Projection};
use floe_base::error::quoted;
use floe_base::{Error, Kind, Origin, Result};
use floe_functions::cast::{column_name, store_assignment};
use floe_functions::{Context, Kernel, Typed};

use crate::Planned;

/// The table's columns a query writes, by position; `None`: all of them.
pub type Columns<'a> = Option<&'a [String]>;

/// The query's columns by position as rows of the table: of all its columns, or of those an INSERT lists.
///
/// `table` is its whole name, for errors.
pub fn align(
    source: Planned,
    target: &Schema,
    listed: Columns<'_>,
    table: &[String],
    context: &Context,
) -> Result<Planned> {
    let places = match listed {
        None => (0..target.fields().len()).collect::<Vec<_>>(),
        Some(names) => listed_places(target, names)?,
    };
    if places.len() != source.fields.len() {
        return Err(arity(&places, target, &source, table));
    }
    let of = |column: usize| places.iter().position(|place| *place == column);
    project(source, target, of, table, context)
}

/// The query's columns by name as rows of the table: `INSERT … BY NAME`, `df.writeTo(t).append()`, `saveAsTable`.
pub fn align_by_name(source: Planned, target: &Schema, table: &[String], context: &Context) -> Result<Planned> {
    let names: Vec<String> = source.fields.iter().map(|field| field.name().to_lowercase()).collect();
    let known = |name: &str| target.fields().iter().any(|field| field.name().eq_ignore_ascii_case(name));
    let extra: Vec<&str> =
        source.fields.iter().map(|field| field.name().as_str()).filter(|name| !known(name)).collect();
    if !extra.is_empty() {
        return Err(Error::analysis("INCOMPATIBLE_DATA_FOR_TABLE.EXTRA_COLUMNS")
            .with("tableName", quoted(table))
            .with("extraColumns", extra.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")));
    }
    let missing = |column: &Field| !names.contains(&column.name().to_lowercase()) && !column.is_nullable();
    if let Some(column) = target.fields().iter().find(|field| missing(field)) {
        return Err(Error::analysis("INCOMPATIBLE_DATA_FOR_TABLE.CANNOT_FIND_DATA")
            .with("tableName", quoted(table))
            .with("colName", format!("`{}`", column.name())));
    }
    let of = |column: usize| {
        let wanted = target.field(column).name().to_lowercase();
        names.iter().position(|name| *name == wanted)
    };
    project(source, target, of, table, context)
}

/// Where the columns an INSERT lists stand; each may be listed once.
fn listed_places(target: &Schema, names: &[String]) -> Result<Vec<usize>> {
    let mut places = Vec::with_capacity(names.len());
    for name in names {
        let place = position(target, name)?;
        if places.contains(&place) {
            return Err(Error::analysis("COLUMN_ALREADY_EXISTS").with("columnName", format!("`{name}`")));
        }
        places.push(place);
    }
    Ok(places)
}

fn position(target: &Schema, name: &str) -> Result<usize> {
    let found = target.fields().iter().position(|field| field.name().eq_ignore_ascii_case(name));
    found.ok_or_else(|| {
        let proposal = target.fields().iter().map(|field| format!("`{}`", field.name())).collect::<Vec<_>>();
        Error::analysis("UNRESOLVED_COLUMN.WITH_SUGGESTION")
            .with("objectName", format!("`{name}`"))
            .with("proposal", proposal.join(", "))
    })
}

/// Each of the table's columns from the query's column `of` names, or NULL.
fn project(
    source: Planned,
    target: &Schema,
    of: impl Fn(usize) -> Option<usize>,
    table: &[String],
    context: &Context,
) -> Result<Planned> {
    let labels: Vec<String> = source.plan.schema().fields().iter().map(|field| field.name().clone()).collect();
    let mut expressions = Vec::with_capacity(target.fields().len());
    let mut fields = Vec::with_capacity(target.fields().len());
    for (index, column) in target.fields().iter().enumerate() {
        let value = match of(index) {
            Some(place) => stored(&source, &labels, place, column, table, context)?,
            None => required(Typed::null(column.data_type()), column),
        };
        expressions.push(value.expr.alias(format!("column{index}")));
        fields.push(column.clone());
    }
    let plan = LogicalPlan::Projection(Projection::try_new(expressions, Arc::new(source.plan.clone()))?);
    Ok(Planned { plan, fields, ..source })
}

/// The query's column as the table's column takes it.
fn stored(
    source: &Planned,
    labels: &[String],
    place: usize,
    column: &Field,
    table: &[String],
    context: &Context,
) -> Result<Typed> {
    let lost = || Error::internal("a column to write is not in the plan");
    let (label, field) = labels.get(place).zip(source.fields.get(place)).ok_or_else(lost)?;
    let expr = Expr::Column(datafusion::common::Column::new_unqualified(label));
    let value = Typed::new(expr, field.data_type().clone(), field.is_nullable());
    let name = column_name(column.name());
    let cast = store_assignment(value, column.data_type(), &quoted(table), &name, context, &Origin::Unknown)?;
    Ok(required(cast, column))
}

/// A NULL for a column that takes none raises when it is met.
fn required(value: Typed, column: &Field) -> Typed {
    if column.is_nullable() || !value.nullable {
        return value;
    }
    let name = column.name().clone();
    let check = move |arguments: &floe_functions::Arguments<'_>| {
        let array = arguments.array(0)?;
        if array.null_count() > 0 {
            let path = format!("\n{name}\n");
            return Err(Error::new(Kind::Runtime, "NOT_NULL_ASSERT_VIOLATION").with("walkedTypePath", path));
        }
        Ok(ColumnarValue::Array(array))
    };
    let data_type = value.data_type.clone();
    Kernel::new("assert_not_null", column.name(), data_type, false, check).fallible().call(vec![value])
}

fn arity(places: &[usize], target: &Schema, source: &Planned, table: &[String]) -> Error {
    let condition = if places.len() > source.fields.len() {
        "INSERT_COLUMN_ARITY_MISMATCH.NOT_ENOUGH_DATA_COLUMNS"
    } else {
        "INSERT_COLUMN_ARITY_MISMATCH.TOO_MANY_DATA_COLUMNS"
    };
    let shown = |names: Vec<&str>| names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    let columns = places.iter().filter_map(|place| target.fields().get(*place)).map(|field| field.name().as_str());
    Error::analysis(condition)
        .with("tableName", quoted(table))
        .with("tableColumns", shown(columns.collect()))
        .with("dataColumns", shown(source.fields.iter().map(|field| field.name().as_str()).collect()))
}
