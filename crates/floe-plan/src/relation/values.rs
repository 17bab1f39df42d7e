//! VALUES: cells that share a type by column become Arrow columns in one go.

use arrow::array::{ArrayRef, new_null_array};
use arrow::datatypes::{DataType, Field};
use datafusion::scalar::ScalarValue;
use floe_base::{Error, Origin, Result};
use floe_functions::cast::cast;
use floe_functions::{Typed, coerce};
use floe_syntax::expression::{CastMode, Expression, ExpressionKind};

use crate::expression::constant::fold;
use crate::expression::literal;
use crate::resolver::{Env, Resolver};
use crate::rows::Rows;
use crate::scope::Column;

impl Resolver<'_> {
    pub(crate) fn values(&self, rows: &[Vec<Expression>], env: &Env<'_>, origin: &Origin) -> Result<Rows> {
        let width = rows.first().map_or(0, Vec::len);
        if rows.iter().any(|row| row.len() != width) {
            return Err(Error::analysis("INVALID_INLINE_TABLE.NUM_COLUMNS_MISMATCH")
                .with("expectedNumCols", width.to_string())
                .with("actualNumCols", rows.iter().map(Vec::len).find(|len| *len != width).unwrap_or(0).to_string())
                .with("rowIndex", rows.iter().position(|row| row.len() != width).unwrap_or(0).to_string())
                .at(origin));
        }
        let mut columns = Vec::with_capacity(width);
        let mut arrays = Vec::with_capacity(width);
        for index in 0..width {
            let cells: Vec<&Expression> = rows.iter().filter_map(|row| row.get(index)).collect();
            let (array, field) = self.value_column(&cells, &format!("col{}", index + 1), env, origin)?;
            columns.push(Column::new(self.fresh(), field));
            arrays.push(array);
        }
        self.memory(columns, vec![(arrays, rows.len())])
    }

    fn value_column(
        &self,
        cells: &[&Expression],
        name: &str,
        env: &Env<'_>,
        origin: &Origin,
    ) -> Result<(ArrayRef, Field)> {
        let mut values = Vec::with_capacity(cells.len());
        for cell in cells {
            values.push(self.cell(cell, env)?);
        }
        let mut types: Vec<&DataType> = Vec::new();
        for value in &values {
            if !types.contains(&&value.data_type) {
                types.push(&value.data_type);
            }
        }
        let Some(shared) = coerce::wider_without_text(types, self.context) else {
            return Err(Error::analysis("INVALID_INLINE_TABLE.INCOMPATIBLE_TYPES_IN_INLINE_TABLE")
                .with("colName", format!("`{name}`"))
                .at(origin));
        };
        let spark = coerce::shared_fields(&values, &shared);
        let spark = spark.or_else(|| values.iter().find_map(|value| value.written.clone()));
        let nullable = values.iter().any(|value| value.nullable || value.data_type == DataType::Null);
        let mut scalars = Vec::with_capacity(values.len());
        let null = ScalarValue::try_from(&shared)?;
        for (value, cell) in values.into_iter().zip(cells) {
            scalars.push(self.constant_of(value, &shared, &null, &cell.origin)?);
        }
        let array = if scalars.iter().all(ScalarValue::is_null) {
            new_null_array(&shared, scalars.len())
        } else {
            ScalarValue::iter_to_array(scalars)?
        };
        let array = if array.data_type() == &shared { array } else { arrow::compute::cast(&array, &shared)? };
        let field = match spark {
            Some(spark) if spark.to_arrow() == shared => spark.to_field(name, nullable),
            _ => Field::new(name, shared, nullable),
        };
        Ok((array, field))
    }

    fn cell(&self, cell: &Expression, env: &Env<'_>) -> Result<Typed> {
        match &cell.kind {
            ExpressionKind::Literal(value) => literal::literal(value, &cell.origin),
            ExpressionKind::Alias { child, .. } => self.cell(child, env),
            _ => {
                let value = self.constant(cell, env)?;
                if value.expr.contains_outer() {
                    return Err(Error::analysis("INVALID_INLINE_TABLE.CANNOT_EVALUATE_EXPRESSION_IN_INLINE_TABLE")
                        .with("expr", format!("\"{}\"", crate::name::pretty(cell, &crate::name::Nowhere)))
                        .at(&cell.origin));
                }
                Ok(value)
            }
        }
    }

    fn constant_of(&self, value: Typed, shared: &DataType, null: &ScalarValue, origin: &Origin) -> Result<ScalarValue> {
        if &value.data_type == shared
            && let Some(scalar) = value.literal()
        {
            return Ok(scalar.clone());
        }
        if value.literal().is_some_and(ScalarValue::is_null) {
            return Ok(null.clone());
        }
        let value = cast(value, shared, CastMode::Session, self.context, origin)?;
        fold(&value).map_err(|error| error.at(origin))
    }
}
