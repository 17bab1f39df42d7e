//! `df.transpose(…)`: rows become columns. The rows are read first: their index column names the new ones.

use arrow::array::{Array, ArrayRef, AsArray, StringArray};
use arrow::datatypes::{DataType, Field};
use floe_base::{Error, Kind, Origin, Result};
use floe_functions::cast::cast;
use floe_functions::coerce;
use floe_syntax::expression::CastMode;
use floe_syntax::{Expression, Relation};
use std::sync::Arc;

use crate::expression::{Clause, Names};
use crate::resolver::{Env, Resolver};
use crate::rows::{Output, Rows};
use crate::scope::{Column, reference, referenced};

impl Resolver<'_> {
    pub(crate) fn transpose<'t>(
        &self,
        input: &'t Relation,
        index: &'t [Expression],
        env: &Env<'t>,
        origin: &Origin,
    ) -> Result<Rows> {
        let rows = self.relation(input, env)?;
        let columns: Vec<Column> = rows.scope.shown().cloned().collect();
        let scope = rows.scope.clone();
        let names = Names::new(&scope, env, Clause::Other);
        let key = match index.first() {
            Some(index) => {
                let id = referenced(&self.expression(index, &names)?.expr);
                columns.iter().find(|column| Some(column.id) == id)
            }
            None => columns.first(),
        };
        let Some(key) = key else { return Ok(rows) };
        let others: Vec<&Column> = columns.iter().filter(|column| column.id != key.id).collect();
        let values = others.iter().map(|column| column.typed()).collect();
        let values = coerce::unify(values, self.context, origin).ok_or_else(|| {
            Error::analysis("TRANSPOSE_NO_LEAST_COMMON_TYPE")
                .with("dt1", others.first().map(|column| column.typed().spark_type().to_string()).unwrap_or_default())
                .with("dt2", others.last().map(|column| column.typed().spark_type().to_string()).unwrap_or_default())
                .at(origin)
        })??;
        let shared = values.first().map_or(DataType::Utf8, |value| value.data_type.clone());
        let most: i64 = self.context.conf("spark.sql.transposeMaxValues", "500").parse().unwrap_or(500);
        let batches = self.ask(|| {
            let text = cast(key.typed(), &DataType::Utf8, CastMode::Session, self.context, origin)?;
            let mut outputs = vec![Output { column: self.column("key", &text), value: text }];
            for value in &values {
                outputs.push(Output { column: self.column("value", value), value: value.clone() });
            }
            let read = rows.clone().project_closed(outputs)?;
            let first: Vec<Column> = read.scope.columns.iter().take(1).cloned().collect();
            let keys = first.iter().map(|column| reference(column.id).sort(true, true)).collect();
            crate::lower::planned_within(read.sort(keys)?.limit(None, Some(most + 1)), self)
        })?;
        let batch = match batches.first() {
            Some(first) => arrow::compute::concat_batches(&first.schema(), &batches)?,
            None => return self.transposed(&others, Vec::new(), &shared),
        };
        if i64::try_from(batch.num_rows()).is_ok_and(|rows| rows > most) {
            return Err(Error::message(
                Kind::Analysis,
                format!("[TRANSPOSE_EXCEED_ROW_LIMIT] Number of rows exceeds the allowed limit of {most} for TRANSPOSE. If this was intended, set spark.sql.transposeMaxValues to at least the current row count."),
            )
            .at(origin));
        }
        let titles = batch.columns().first().and_then(|keys| keys.as_string_opt::<i32>().cloned());
        let titles = titles.ok_or_else(|| Error::internal("a transposed frame without keys"))?;
        let mut made: Vec<(String, ArrayRef)> = Vec::new();
        for row in 0..batch.num_rows() {
            // Rows without a key have no column to go to.
            if titles.is_null(row) {
                continue;
            }
            let cells: Vec<ArrayRef> = batch.columns().iter().skip(1).map(|column| column.slice(row, 1)).collect();
            let parts: Vec<&dyn Array> = cells.iter().map(AsRef::as_ref).collect();
            let cells =
                if parts.is_empty() { arrow::array::new_empty_array(&shared) } else { arrow::compute::concat(&parts)? };
            made.push((titles.value(row).to_string(), cells));
        }
        self.transposed(&others, made, &shared)
    }

    fn transposed(&self, others: &[&Column], made: Vec<(String, ArrayRef)>, shared: &DataType) -> Result<Rows> {
        let names: ArrayRef = Arc::new(StringArray::from_iter_values(others.iter().map(|column| column.name())));
        let mut columns = vec![Column::new(self.fresh(), Field::new("key", DataType::Utf8, false))];
        let mut arrays = vec![names];
        for (title, cells) in made {
            columns.push(Column::new(self.fresh(), Field::new(title, shared.clone(), true)));
            arrays.push(cells);
        }
        self.memory(columns, vec![(arrays, others.len())])
    }
}
