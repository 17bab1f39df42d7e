//! What is inside a value: members of structs, elements of arrays, values of maps; `withField` and `dropFields`.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, ListArray, StructArray};
use arrow::datatypes::{DataType, Field, Fields};
use datafusion::logical_expr::expr::ScalarFunction;
use datafusion::logical_expr::{ColumnarValue, Expr};
use datafusion::scalar::ScalarValue;
use floe_base::error::quoted;
use floe_base::{Error, Origin, Result};
use floe_functions::{Arguments, Kernel, Typed};
use floe_syntax::expression::{Expression, ExpressionKind};
use floe_syntax::{DataType as SparkType, Literal};

use super::Names;
use crate::resolver::Resolver;
use crate::scope::written;

impl Resolver<'_> {
    /// `value.field`: of a struct, of every struct in an array, or a map's key.
    pub(crate) fn member(&self, value: Typed, field: &str, origin: &Origin) -> Result<Typed> {
        match value.data_type.clone() {
            DataType::Struct(fields) => {
                let index = self.field_index(&fields, field, origin)?;
                get_field(value, &fields, index)
            }
            DataType::List(element) => match element.data_type() {
                DataType::Struct(fields) => {
                    let index = self.field_index(fields, field, origin)?;
                    field_of_each(value, &element, fields, index)
                }
                _ => Err(cannot_extract(&value, field, origin)),
            },
            DataType::Map(..) => {
                let key = Typed::constant(ScalarValue::Utf8(Some(field.into())));
                self.element(value, key, field, origin)
            }
            _ => Err(cannot_extract(&value, field, origin)),
        }
    }

    fn field_index(&self, fields: &Fields, name: &str, origin: &Origin) -> Result<usize> {
        let mut found = fields.iter().enumerate().filter(|(_, field)| self.same_name(field.name(), name));
        let Some((index, _)) = found.next() else {
            let known: Vec<String> = fields.iter().map(|field| format!("`{}`", field.name())).collect();
            return Err(Error::analysis("FIELD_NOT_FOUND")
                .with("fieldName", quoted(&[name]))
                .with("fields", known.join(", "))
                .at(origin));
        };
        let others = found.count();
        if others > 0 {
            return Err(Error::analysis("AMBIGUOUS_REFERENCE_TO_FIELDS")
                .with("field", quoted(&[name]))
                .with("count", (others + 1).to_string())
                .at(origin));
        }
        Ok(index)
    }

    /// `value[key]`.
    pub(crate) fn extract(
        &self,
        child: &Expression,
        key: &Expression,
        names: &Names<'_>,
        origin: &Origin,
    ) -> Result<Typed> {
        let value = self.expression(child, names)?;
        let into_struct = match &value.data_type {
            DataType::Struct(_) => true,
            DataType::List(element) => matches!(element.data_type(), DataType::Struct(_)),
            _ => false,
        };
        if into_struct && let ExpressionKind::Literal(Literal::String(field)) = &key.kind {
            return self.member(value, field, origin);
        }
        let text = self.text(key, names);
        let key = self.expression(key, names)?;
        self.element(value, key, &text, origin)
    }

    /// An array's element by position, or a map's value by key: a function's work.
    fn element(&self, value: Typed, key: Typed, text: &str, origin: &Origin) -> Result<Typed> {
        if !matches!(value.data_type, DataType::List(_) | DataType::Map(..)) {
            return Err(cannot_extract(&value, text, origin));
        }
        self.apply("[]", vec![value, key], text, origin)
    }

    /// `withField(path, value)`, `dropFields(path)`.
    pub(crate) fn update_field(
        &self,
        child: &Expression,
        field: &str,
        value: Option<&Expression>,
        names: &Names<'_>,
        origin: &Origin,
    ) -> Result<Typed> {
        let input = self.expression(child, names)?;
        let value = value.map(|value| self.expression(value, names)).transpose()?;
        let path = super::constant::parts_of(field)?;
        self.updated(input, &path, value, origin)
    }

    /// The struct with one member replaced, added or dropped; a null struct stays null.
    pub(crate) fn updated(
        &self,
        input: Typed,
        path: &[String],
        value: Option<Typed>,
        origin: &Origin,
    ) -> Result<Typed> {
        let DataType::Struct(fields) = input.data_type.clone() else {
            return Err(Error::analysis("DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE")
                .with("sqlExpr", "\"update_fields\"")
                .with("paramIndex", "first")
                .with("requiredType", "\"STRUCT\"")
                .with("inputSql", "\"struct\"")
                .with("inputType", format!("\"{}\"", input.spark_type().sql()))
                .at(origin));
        };
        let [name, rest @ ..] = path else { return Err(Error::internal("a field without a name")) };
        let mut members: Vec<(String, Typed)> = Vec::with_capacity(fields.len() + 1);
        let mut found = false;
        for (index, field) in fields.iter().enumerate() {
            let member = get_field(input.clone(), &fields, index)?;
            if !self.same_name(field.name(), name) {
                members.push((field.name().clone(), member));
                continue;
            }
            found = true;
            match (rest, &value) {
                ([], None) => {}
                ([], Some(value)) => members.push((name.clone(), value.clone())),
                (rest, value) => {
                    members.push((field.name().clone(), self.updated(member, rest, value.clone(), origin)?));
                }
            }
        }
        if !found && !rest.is_empty() {
            return Err(Error::analysis("FIELD_NOT_FOUND").with("fieldName", quoted(&[name])).at(origin));
        }
        if !found && let Some(value) = value {
            members.push((name.clone(), value));
        }
        if members.is_empty() {
            return Err(Error::analysis("DATATYPE_MISMATCH.CANNOT_DROP_ALL_FIELDS")
                .with("sqlExpr", "\"update_fields\"")
                .at(origin));
        }
        Ok(structure(Some(input), members))
    }
}

/// A struct of these members; null where `like` is.
pub(crate) fn structure(like: Option<Typed>, members: Vec<(String, Typed)>) -> Typed {
    let fields: Fields = members.iter().map(|(name, value)| crate::rows::field_of(name, value)).collect();
    let nullable = like.as_ref().is_some_and(|like| like.nullable);
    let data_type = DataType::Struct(fields.clone());
    let has_mask = like.is_some();
    let arguments = members.into_iter().map(|(_, value)| value).chain(like).collect();
    let body = move |arguments: &Arguments<'_>| -> Result<ColumnarValue> {
        let columns = (0..fields.len()).map(|index| arguments.array(index)).collect::<Result<Vec<ArrayRef>>>()?;
        let nulls = if has_mask { arguments.array(fields.len())?.logical_nulls() } else { None };
        if fields.is_empty() {
            return Ok(ColumnarValue::Array(Arc::new(StructArray::new_empty_fields(arguments.rows, nulls))));
        }
        Ok(ColumnarValue::Array(Arc::new(StructArray::try_new(fields.clone(), columns, nulls)?)))
    };
    Kernel::new("struct", format!("{has_mask}"), data_type, nullable, body).call(arguments)
}

/// A struct's member by position.
pub(crate) fn get_field(value: Typed, fields: &Fields, index: usize) -> Result<Typed> {
    let field = fields.get(index).ok_or_else(|| Error::internal("a struct has fewer members"))?;
    let nullable = value.nullable || field.is_nullable();
    let unique = fields.iter().filter(|other| other.name() == field.name()).count() == 1;
    let (data_type, spark, fallible) = (field.data_type().clone(), written(field), value.fallible);
    if !unique {
        return get_field_here(value, fields, index);
    }
    let name = Expr::Literal(ScalarValue::Utf8(Some(field.name().clone())), None);
    let udf = datafusion::functions::core::get_field();
    let expr = Expr::ScalarFunction(ScalarFunction::new_udf(udf, vec![value.expr, name]));
    Ok(Typed::new(expr, data_type, nullable).with_fallible(fallible).with_written(spark))
}

/// The same, computed where it stands: the engine moves its own `get_field` below an Unnest, where the column is still
/// a list (DataFusion 53.1).
pub(crate) fn get_field_here(value: Typed, fields: &Fields, index: usize) -> Result<Typed> {
    let field = fields.get(index).ok_or_else(|| Error::internal("a struct has fewer members"))?;
    let nullable = value.nullable || field.is_nullable();
    let body = move |arguments: &Arguments<'_>| -> Result<ColumnarValue> {
        let structs = arguments.array(0)?;
        Ok(ColumnarValue::Array(member_of(structs.as_struct(), index)?))
    };
    let kernel = Kernel::new("get_struct_field", index.to_string(), field.data_type().clone(), nullable, body);
    Ok(kernel.call(vec![value]).with_written(written(field)))
}

/// A member with the struct's own nulls laid over it.
fn member_of(structs: &StructArray, index: usize) -> Result<ArrayRef> {
    let member = structs.column(index);
    let Some(nulls) = structs.nulls() else { return Ok(member.clone()) };
    let mask = arrow::array::BooleanArray::new(!nulls.inner(), None);
    Ok(arrow::compute::nullif(member, &mask)?)
}

/// The member of every struct of an array.
fn field_of_each(value: Typed, element: &Arc<Field>, fields: &Fields, index: usize) -> Result<Typed> {
    let field = fields.get(index).ok_or_else(|| Error::internal("a struct has fewer members"))?;
    let nullable_element = element.is_nullable() || field.is_nullable();
    let item = Arc::new(field.as_ref().clone().with_name("element").with_nullable(nullable_element));
    let data_type = DataType::List(item.clone());
    let nullable = value.nullable;
    let body = move |arguments: &Arguments<'_>| -> Result<ColumnarValue> {
        let lists = arguments.array(0)?;
        let lists: &ListArray = lists.as_list();
        let members = member_of(lists.values().as_struct(), index)?;
        let list = ListArray::try_new(item.clone(), lists.offsets().clone(), members, lists.nulls().cloned())?;
        Ok(ColumnarValue::Array(Arc::new(list)))
    };
    Ok(Kernel::new("get_array_struct_fields", index.to_string(), data_type, nullable, body).call(vec![value]))
}

fn cannot_extract(value: &Typed, field: &str, origin: &Origin) -> Error {
    let base = SparkType::sql(&value.spark_type());
    Error::analysis("INVALID_EXTRACT_BASE_FIELD_TYPE")
        .with("base", format!("\"{field}\""))
        .with("other", format!("\"{base}\""))
        .at(origin)
}
