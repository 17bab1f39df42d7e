//! Evaluating lambdas: the elements of all lists of a batch are made one batch of parameters, the body runs over it once,
//! and the results are parted into lists again.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, Int32Array, RecordBatch, RecordBatchOptions, UInt64Array, new_empty_array};
use arrow::buffer::{NullBuffer, OffsetBuffer, ScalarBuffer};
use arrow::compute::take;
use arrow::datatypes::{DataType, Field, FieldRef, Schema, SchemaRef};
use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::common::{Column as ColumnName, DFSchema};
use datafusion::logical_expr::execution_props::ExecutionProps;
use datafusion::logical_expr::{ColumnarValue, Expr};
use datafusion::physical_expr::{PhysicalExpr, create_physical_expr};
use floe_base::{Error, Result};

use crate::family::array::_list::{list, relabel};
use crate::rows::{self, Column, Lists};
use crate::{Arguments, Call, Kernel, Lambda, Typed};

/// A lambda's body, ready to run.
pub(crate) struct Body {
    expr: Arc<dyn PhysicalExpr>,
    schema: SchemaRef,
    result: DataType,
    parameters: usize,
    captured: usize,
}

/// A lambda as a call takes it: its body, the columns it has captured, and what tells it from others.
pub(crate) struct Bound {
    pub(crate) body: Body,
    pub(crate) captured: Vec<Typed>,
    pub(crate) key: String,
    pub(crate) data_type: DataType,
    pub(crate) nullable: bool,
    pub(crate) fallible: bool,
    pub(crate) written: Option<floe_syntax::DataType>,
}

/// The nth argument, an array; unlike functions without a lambda, these take no bare NULL for one (Spark 4.1 binds the
/// lambda before it casts).
pub(crate) fn array(call: &Call<'_>, index: usize) -> Result<(Typed, FieldRef)> {
    match call.argument(index)?.data_type {
        DataType::List(_) => list(call, index),
        _ => Err(call.unexpected_type(index, "\"ARRAY\"")),
    }
}

/// A lambda that must be a condition; NULL is one.
pub(crate) fn predicate(call: &Call<'_>, index: usize, signatures: &[&[FieldRef]]) -> Result<Bound> {
    let found = lambda(call, index, signatures)?;
    match found.data_type {
        DataType::Boolean => Ok(found),
        DataType::Null => Ok(Bound { body: found.body.never(), data_type: DataType::Boolean, ..found }),
        _ => Err(unexpected_result(call, index, "\"BOOLEAN\"", &found)),
    }
}

/// The nth argument, a lambda over these parameters. Of several signatures the first of the written length is taken:
/// `x -> …` or `(x, i) -> …`.
pub(crate) fn lambda(call: &Call<'_>, index: usize, signatures: &[&[FieldRef]]) -> Result<Bound> {
    let mut last = None;
    for fields in signatures {
        match call.lambda(index, fields) {
            Ok(lambda) => return bound(lambda, fields),
            Err(error) if error.condition() == "INVALID_LAMBDA_FUNCTION_CALL.NUM_ARGS_MISMATCH" => last = Some(error),
            Err(error) => return Err(error),
        }
    }
    Err(last.unwrap_or_else(|| Error::internal("a lambda without a signature")))
}

fn bound(lambda: Lambda, fields: &[FieldRef]) -> Result<Bound> {
    let Lambda { parameters, captured, body } = lambda;
    let known: Vec<&str> = parameters.iter().chain(captured.iter().map(|(name, _)| name)).map(String::as_str).collect();
    let expr = numbered(body.expr, &known)?;
    let key = format!("{} {expr:?}", parameters.len());
    let given = parameters.iter().zip(fields).map(|(_, field)| field.data_type());
    let types = given.chain(captured.iter().map(|(_, value)| &value.data_type));
    let fields = types.enumerate().map(|(place, data_type)| Field::new(variable(place), data_type.clone(), true));
    let schema = Arc::new(Schema::new(fields.collect::<Vec<_>>()));
    let names = DFSchema::try_from(schema.as_ref().clone())?;
    let ready = Body {
        expr: create_physical_expr(&expr, &names, &ExecutionProps::new())?,
        schema,
        result: body.data_type.clone(),
        parameters: parameters.len(),
        captured: captured.len(),
    };
    Ok(Bound {
        body: ready,
        captured: captured.into_iter().map(|(_, value)| value).collect(),
        key,
        data_type: body.data_type,
        nullable: body.nullable,
        fallible: body.fallible,
        written: body.written,
    })
}

/// The body with its variables named by their places: the resolver's names are new at each use of a lambda, and two
/// uses of one lambda must be found equal (`GROUP BY exists(a, x -> x > 2)`).
fn numbered(body: Expr, known: &[&str]) -> Result<Expr> {
    let renamed = body.transform_up(|node| match node {
        Expr::Column(column) => match known.iter().position(|name| *name == column.name) {
            Some(place) => Ok(Transformed::yes(Expr::Column(ColumnName::new_unqualified(variable(place))))),
            None => Ok(Transformed::no(Expr::Column(column))),
        },
        other => Ok(Transformed::no(other)),
    });
    Ok(renamed?.data)
}

fn variable(place: usize) -> String {
    format!("λ{place}")
}

/// A call whose kernel runs lambdas.
pub(crate) fn call_with(
    call: &Call<'_>,
    key: String,
    fallible: bool,
    arguments: Vec<Typed>,
    data_type: DataType,
    nullable: bool,
    body: impl Fn(&Arguments<'_>) -> Result<ColumnarValue> + Send + Sync + 'static,
) -> Typed {
    let kernel = Kernel::new(call.name, key, data_type, nullable, body).at(call.origin);
    if fallible { kernel.fallible().call(arguments) } else { kernel.call(arguments) }
}

/// The captured columns, which are a kernel's arguments from `first` on.
pub(crate) fn captured(arguments: &Arguments<'_>, first: usize, count: usize) -> Result<Vec<Column<ArrayRef>>> {
    (first..first + count).map(|index| rows::any(arguments, index)).collect()
}

impl Body {
    /// A body of type NULL as a condition.
    fn never(self) -> Self {
        Self { result: DataType::Boolean, ..self }
    }

    pub(crate) fn captured(&self) -> usize {
        self.captured
    }

    /// Runs the body over parameters of one length; `owners` says to which row of the batch each of them belongs.
    pub(crate) fn evaluate(
        &self,
        parameters: &[ArrayRef],
        owners: &[u64],
        captured: &[Column<ArrayRef>],
    ) -> Result<ArrayRef> {
        if owners.is_empty() {
            return Ok(new_empty_array(&self.result));
        }
        let fields = self.schema.fields();
        let mut columns = Vec::with_capacity(fields.len());
        for (array, field) in parameters.iter().take(self.parameters).zip(fields) {
            columns.push(relabel(array, field.data_type())?);
        }
        for (column, field) in captured.iter().zip(fields.iter().skip(self.parameters)) {
            let owner = |owner: &u64| if column.constant { 0 } else { *owner };
            let owners: UInt64Array = owners.iter().map(owner).collect::<Vec<_>>().into();
            columns.push(relabel(&take(&column.array, &owners, None)?, field.data_type())?);
        }
        let options = RecordBatchOptions::new().with_row_count(Some(owners.len()));
        let batch = RecordBatch::try_new_with_options(self.schema.clone(), columns, &options)?;
        let result = self.expr.evaluate(&batch)?.into_array(owners.len())?;
        relabel(&result, &self.result)
    }
}

/// The elements of the lists of a batch, NULL lists left out.
pub(crate) struct Elements {
    pub(crate) values: ArrayRef,
    /// To which row each element belongs.
    pub(crate) owners: Vec<u64>,
    /// Where each row's elements stand among `values`.
    pub(crate) offsets: OffsetBuffer<i32>,
    pub(crate) nulls: Option<NullBuffer>,
}

impl Elements {
    pub(crate) fn of(lists: &Lists, rows: usize) -> Result<Self> {
        let ranges: Vec<Option<std::ops::Range<usize>>> = (0..rows).map(|row| lists.range(row)).collect();
        let (mut owners, mut places, mut offsets) = (Vec::new(), Vec::new(), vec![0_i32]);
        for (row, range) in ranges.iter().enumerate() {
            let range = range.clone().unwrap_or(0..0);
            owners.extend(range.clone().map(|_| row as u64));
            places.extend(range.map(|index| index as u64));
            let end = i32::try_from(places.len()).map_err(|_| Error::internal("too many elements in one batch"))?;
            offsets.push(end);
        }
        let values = lists.array.values();
        let is_all =
            places.len() == values.len() && places.iter().enumerate().all(|(index, place)| index as u64 == *place);
        let values = if is_all { values.clone() } else { take(values, &UInt64Array::from(places), None)? };
        let nulls = NullBuffer::from_iter(ranges.iter().map(Option::is_some));
        let nulls = Some(nulls).filter(|nulls| nulls.null_count() > 0);
        Ok(Self { values, owners, offsets: OffsetBuffer::new(ScalarBuffer::from(offsets)), nulls })
    }

    /// The place of each element in its list, from 0.
    pub(crate) fn positions(&self) -> ArrayRef {
        let lengths = self.offsets.lengths();
        let positions = lengths.flat_map(|length| 0..i32::try_from(length).unwrap_or(i32::MAX));
        Arc::new(Int32Array::from_iter_values(positions))
    }

    /// The elements of a row, as a range of `values`; `None` for NULL.
    pub(crate) fn range(&self, row: usize) -> Option<std::ops::Range<usize>> {
        let present = self.nulls.as_ref().is_none_or(|nulls| nulls.is_valid(row));
        present.then(|| rows::span(&self.offsets, row))
    }
}

/// A field for a lambda's parameter.
pub(crate) fn parameter(name: &str, data_type: &DataType, nullable: bool) -> FieldRef {
    Arc::new(Field::new(name, data_type.clone(), nullable))
}

/// Spark 4.1 `DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE` for what a lambda yields.
pub(crate) fn unexpected_result(call: &Call<'_>, index: usize, required: &str, lambda: &Bound) -> Error {
    const ORDINALS: [&str; 4] = ["first", "second", "third", "fourth"];
    let found = lambda.written.clone().unwrap_or_else(|| floe_syntax::DataType::from_arrow(&lambda.data_type));
    Error::analysis("DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE")
        .with("sqlExpr", format!("\"{}\"", (call.text)(None)))
        .with("paramIndex", *ORDINALS.get(index).unwrap_or(&"next"))
        .with("requiredType", required)
        .with("inputSql", format!("\"{}\"", (call.text)(Some(index))))
        .with("inputType", format!("\"{}\"", found.sql()))
        .at(call.origin)
}
