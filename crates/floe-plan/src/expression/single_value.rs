//! The aggregate that stands for a scalar subquery: the one value there is, NULL where there is none, an error for more.

use std::any::Any;
use std::sync::Arc;
use std::sync::LazyLock;

use arrow::array::{ArrayRef, AsArray};
use arrow::datatypes::{DataType, Field, FieldRef, Int64Type};
use datafusion::common::Result as EngineResult;
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::{Accumulator, AggregateUDF, AggregateUDFImpl, Expr, Signature, Volatility};
use datafusion::scalar::ScalarValue;
use floe_base::{Error, Kind};

static SINGLE_VALUE: LazyLock<Arc<AggregateUDF>> =
    LazyLock::new(|| Arc::new(AggregateUDF::new_from_impl(SingleValue::new())));

/// The single value of an expression.
pub(crate) fn single_value(value: Expr) -> Expr {
    SINGLE_VALUE.call(vec![value])
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct SingleValue {
    signature: Signature,
}

impl SingleValue {
    fn new() -> Self {
        Self { signature: Signature::any(1, Volatility::Immutable) }
    }
}

impl AggregateUDFImpl for SingleValue {
    fn as_any(&self) -> &dyn Any {
        self
    }

    fn name(&self) -> &str {
        "single_value"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, types: &[DataType]) -> EngineResult<DataType> {
        Ok(types.first().cloned().unwrap_or(DataType::Null))
    }

    fn accumulator(&self, arguments: AccumulatorArgs<'_>) -> EngineResult<Box<dyn Accumulator>> {
        let empty = ScalarValue::try_from(arguments.return_field.data_type())?;
        Ok(Box::new(Single { value: empty, rows: 0 }))
    }

    fn state_fields(&self, arguments: StateFieldsArgs<'_>) -> EngineResult<Vec<FieldRef>> {
        let value = Field::new(format!("{}[value]", arguments.name), arguments.return_field.data_type().clone(), true);
        let rows = Field::new(format!("{}[rows]", arguments.name), DataType::Int64, false);
        Ok(vec![Arc::new(value), Arc::new(rows)])
    }
}

#[derive(Debug)]
struct Single {
    value: ScalarValue,
    rows: i64,
}

impl Single {
    fn add(&mut self, values: &ArrayRef, row: usize, rows: i64) -> EngineResult<()> {
        if self.rows + rows > 1 {
            return Err(Error::new(Kind::Operation, "SCALAR_SUBQUERY_TOO_MANY_ROWS").into());
        }
        if rows == 1 {
            self.value = ScalarValue::try_from_array(values, row)?;
            self.rows = 1;
        }
        Ok(())
    }
}

impl Accumulator for Single {
    fn update_batch(&mut self, values: &[ArrayRef]) -> EngineResult<()> {
        let Some(values) = values.first() else { return Ok(()) };
        (0..values.len()).try_for_each(|row| self.add(values, row, 1))
    }

    fn evaluate(&mut self) -> EngineResult<ScalarValue> {
        Ok(self.value.clone())
    }

    fn size(&self) -> usize {
        size_of_val(self) + self.value.size()
    }

    fn state(&mut self) -> EngineResult<Vec<ScalarValue>> {
        Ok(vec![self.value.clone(), ScalarValue::Int64(Some(self.rows))])
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> EngineResult<()> {
        let [values, counts] = states else { return Ok(()) };
        let counts = counts.as_primitive::<Int64Type>();
        (0..values.len()).try_for_each(|row| self.add(values, row, counts.value(row)))
    }
}
