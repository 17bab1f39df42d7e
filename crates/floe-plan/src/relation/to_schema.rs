//! `df.to(schema)`: columns by name, in the schema's order and types (Spark 4.1 `Project.matchSchema`).

use arrow::datatypes::{DataType, Fields};
use floe_base::error::quoted;
use floe_base::{Error, Origin, Result};
use floe_functions::Typed;
use floe_functions::cast::cast;
use floe_syntax::DataType as SparkType;
use floe_syntax::Relation;
use floe_syntax::expression::CastMode;

use crate::expression::field::{get_field, structure};
use crate::resolver::{Env, Resolver};
use crate::rows::{Output, Rows};
use crate::scope::Column;

impl Resolver<'_> {
    pub(crate) fn to_schema<'t>(
        &self,
        input: &'t Relation,
        schema: &SparkType,
        env: &Env<'t>,
        origin: &Origin,
    ) -> Result<Rows> {
        let rows = self.relation(input, env)?;
        let SparkType::Struct(fields) = schema else {
            return Err(Error::message(floe_base::Kind::InvalidPlan, "a schema that is no struct").at(origin));
        };
        let mut outputs = Vec::with_capacity(fields.len());
        for field in fields {
            let found = rows.scope.find(&field.name, self.case_sensitive);
            let value = match found.as_slice() {
                [one] => self.fitted(one.typed(), field, &[], origin)?,
                [] if field.nullable => Typed::null(&field.data_type.to_arrow()),
                [] => {
                    return Err(crate::problem::unresolved_column(
                        std::slice::from_ref(&field.name),
                        &rows.scope,
                        None,
                        origin,
                    ));
                }
                several => return Err(crate::problem::ambiguous(std::slice::from_ref(&field.name), several, origin)),
            };
            let mut arrow = field.to_arrow();
            arrow.set_nullable(value.nullable);
            outputs.push(Output { value, column: Column::new(self.fresh(), arrow) });
        }
        rows.project(outputs)
    }

    /// A value as a field of the schema wants it.
    fn fitted(&self, value: Typed, field: &floe_syntax::Field, path: &[&str], origin: &Origin) -> Result<Typed> {
        let path: Vec<&str> = path.iter().copied().chain([field.name.as_str()]).collect();
        if value.nullable && !field.nullable {
            return Err(Error::analysis("NULLABLE_COLUMN_OR_FIELD").with("name", quoted(&path)).at(origin));
        }
        if let (DataType::Struct(given), SparkType::Struct(wanted)) = (&value.data_type, &field.data_type) {
            let given = given.clone();
            return self.fitted_struct(value, &given, wanted, &path, origin);
        }
        let to = field.data_type.to_arrow();
        if value.data_type == to {
            return Ok(value);
        }
        if !is_safe(&value.data_type, &to) {
            return Err(Error::analysis("INVALID_COLUMN_OR_FIELD_DATA_TYPE")
                .with("name", quoted(&path))
                .with("type", format!("\"{}\"", value.spark_type().sql()))
                .with("expectedType", format!("\"{}\"", field.data_type.sql()))
                .at(origin));
        }
        cast(value, &to, CastMode::Ansi, self.context, origin)
    }

    fn fitted_struct(
        &self,
        value: Typed,
        given: &Fields,
        wanted: &[floe_syntax::Field],
        path: &[&str],
        origin: &Origin,
    ) -> Result<Typed> {
        let mut members = Vec::with_capacity(wanted.len());
        for field in wanted {
            let index = given.iter().position(|known| self.same_name(known.name(), &field.name));
            let member = match index {
                Some(index) => {
                    let mut member = get_field(value.clone(), given, index)?;
                    member.nullable = given.get(index).is_none_or(|field| field.is_nullable());
                    self.fitted(member, field, path, origin)?
                }
                None if field.nullable => Typed::null(&field.data_type.to_arrow()),
                None => {
                    return Err(Error::analysis("FIELD_NOT_FOUND")
                        .with("fieldName", quoted(&[&field.name]))
                        .at(origin));
                }
            };
            members.push((field.name.clone(), member));
        }
        let like = value.nullable.then_some(value);
        Ok(structure(like, members))
    }
}

/// Spark's `Cast.canANSIStoreAssign` for what a frame may be fitted to: numbers to numbers, anything plain to text.
fn is_safe(from: &DataType, to: &DataType) -> bool {
    match (from, to) {
        (DataType::Null, _) => true,
        (from, to) if from.is_numeric() && to.is_numeric() => true,
        (from, DataType::Utf8) => !from.is_nested() && !matches!(from, DataType::Binary),
        (DataType::Date32, DataType::Timestamp(..)) | (DataType::Timestamp(..), DataType::Date32) => true,
        (DataType::Timestamp(..), DataType::Timestamp(..)) => true,
        (DataType::List(from), DataType::List(to)) => {
            is_same_or_safe(from.data_type(), to.data_type()) && (to.is_nullable() || !from.is_nullable())
        }
        (DataType::Map(..), DataType::Map(..)) => true,
        _ => false,
    }
}

fn is_same_or_safe(from: &DataType, to: &DataType) -> bool {
    from == to || is_safe(from, to)
}
