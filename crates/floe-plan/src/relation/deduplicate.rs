//! `df.distinct()`, `df.dropDuplicates(…)`; and when two values count as one.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Float32Array, Float64Array, ListArray, StructArray};
use arrow::datatypes::{DataType, Float32Type, Float64Type};
use datafusion::logical_expr::logical_plan::Distinct;
use datafusion::logical_expr::{ColumnarValue, DistinctOn, LogicalPlan, SortExpr};
use floe_base::{Error, Origin, Result};
use floe_functions::{Arguments, Kernel, Typed};
use floe_syntax::{DataType as SparkType, Relation};

use crate::resolver::{Env, Resolver};
use crate::rows::{Output, Rows};
use crate::scope::{Column, Scope, reference};

impl Resolver<'_> {
    pub(crate) fn deduplicate<'t>(
        &self,
        input: &'t Relation,
        columns: Option<&[String]>,
        env: &Env<'t>,
        origin: &Origin,
    ) -> Result<Rows> {
        let rows = self.relation(input, env)?;
        let Some(names) = columns else { return rows.distinct(self) };
        let rows = rows.aligned(self)?;
        let mut keys = Vec::with_capacity(names.len());
        for name in names {
            let found: Vec<Column> =
                rows.scope.shown().filter(|column| self.same_name(column.name(), name)).cloned().collect();
            if found.is_empty() {
                return Err(crate::problem::unresolved_column(&[name.clone()], &rows.scope, None, origin));
            }
            keys.extend(found.into_iter().map(|column| normal(column.typed()).expr));
        }
        if keys.is_empty() {
            return Ok(rows.limit(None, Some(1)));
        }
        let shown: Vec<Column> = rows.scope.shown().cloned().collect();
        let select = shown.iter().map(|column| reference(column.id)).collect();
        // The first row of each stays, if there is an order.
        let (rows, number) = self.with_order_below(rows)?;
        let order = number.map(|number| {
            let order = keys.iter().cloned().chain([reference(number)]);
            order.map(|key| SortExpr::new(key, true, true)).collect()
        });
        let on = DistinctOn::try_new(keys, select, order, Arc::new(rows.plan))?;
        Ok(Rows::new(LogicalPlan::Distinct(Distinct::On(on)), Scope::new(shown)))
    }
}

/// Rows are compared whole only where every value can be (Spark 4.1 `CheckAnalysis`).
pub(crate) fn must_be_comparable<'c>(columns: impl IntoIterator<Item = &'c Column>) -> Result<()> {
    for column in columns {
        let data_type = column.typed().spark_type();
        if let Some(condition) = incomparable(&data_type) {
            return Err(Error::analysis(condition)
                .with("colName", floe_base::error::quoted(&[column.name()]))
                .with("dataType", format!("\"{}\"", data_type.sql())));
        }
    }
    Ok(())
}

fn incomparable(data_type: &SparkType) -> Option<&'static str> {
    match data_type {
        SparkType::Map { .. } => Some("UNSUPPORTED_FEATURE.SET_OPERATION_ON_MAP_TYPE"),
        SparkType::Variant => Some("UNSUPPORTED_FEATURE.SET_OPERATION_ON_VARIANT_TYPE"),
        SparkType::Array { element, .. } => incomparable(element),
        SparkType::Struct(fields) => fields.iter().find_map(|field| incomparable(&field.data_type)),
        _ => None,
    }
}

/// The shown columns with every number in the form that equals itself.
pub(crate) fn normalised(rows: Rows, resolver: &Resolver<'_>) -> Result<Rows> {
    if rows.scope.shown().all(|column| !holds_floats(column.field.data_type())) {
        return Ok(rows);
    }
    let outputs = rows
        .scope
        .shown()
        .map(|column| {
            if !holds_floats(column.field.data_type()) {
                return Output::pass(column);
            }
            let value = normal(column.typed());
            let mut column = column.clone();
            column.id = resolver.fresh();
            Output { value, column }
        })
        .collect();
    rows.project_closed(outputs)
}

/// A value with -0.0 as 0.0 and one NaN: what Spark groups, joins and sorts by.
pub(crate) fn normal(value: Typed) -> Typed {
    if !holds_floats(&value.data_type) {
        return value;
    }
    let (data_type, nullable, written) = (value.data_type.clone(), value.nullable, value.written.clone());
    let body = |arguments: &Arguments<'_>| -> Result<ColumnarValue> {
        Ok(ColumnarValue::Array(normal_array(&arguments.array(0)?)?))
    };
    let kernel = Kernel::new("normalize_nan_and_zero", "", data_type, nullable, body);
    kernel.call(vec![value]).with_written(written)
}

fn holds_floats(data_type: &DataType) -> bool {
    match data_type {
        DataType::Float32 | DataType::Float64 => true,
        DataType::List(element) => holds_floats(element.data_type()),
        DataType::Struct(fields) => fields.iter().any(|field| holds_floats(field.data_type())),
        _ => false,
    }
}

fn normal_array(array: &ArrayRef) -> Result<ArrayRef> {
    Ok(match array.data_type() {
        DataType::Float64 => {
            let values: Float64Array =
                array.as_primitive::<Float64Type>().unary(|value| if value.is_nan() { f64::NAN } else { value + 0.0 });
            Arc::new(values)
        }
        DataType::Float32 => {
            let values: Float32Array =
                array.as_primitive::<Float32Type>().unary(|value| if value.is_nan() { f32::NAN } else { value + 0.0 });
            Arc::new(values)
        }
        DataType::List(element) => {
            let list: &ListArray = array.as_list();
            let values = normal_array(list.values())?;
            Arc::new(ListArray::try_new(element.clone(), list.offsets().clone(), values, list.nulls().cloned())?)
        }
        DataType::Struct(fields) => {
            let structs = array.as_struct();
            let columns = structs.columns().iter().map(normal_array).collect::<Result<Vec<_>>>()?;
            Arc::new(StructArray::try_new(fields.clone(), columns, structs.nulls().cloned())?)
        }
        _ => array.clone(),
    })
}
