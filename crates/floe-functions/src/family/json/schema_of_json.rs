//! `schema_of_json(json[, options])`: the schema of a constant text, as DDL.

use datafusion::scalar::ScalarValue;
use floe_base::{Error, Result};
use floe_syntax::DataType;
use floe_syntax::data_type::Field;

use super::_json::{Json, is_fraction, parse};
use super::_options::Options;
use super::_read::syntax;
use crate::family::string::_text::text;
use crate::{Call, Function, Typed, coerce};

pub(crate) const FUNCTIONS: &[Function] = &[Function::scalar("schema_of_json", bind)
    .usage("schema_of_json(json[, options]) - Returns the schema of the constant JSON text, as DDL.")];

fn bind(call: &Call<'_>) -> Result<Typed> {
    call.between(1, 2)?;
    let value = text(call, 0)?;
    let sample = match value.literal() {
        Some(ScalarValue::Utf8(Some(sample))) => sample.clone(),
        Some(_) => {
            return Err(Error::analysis("DATATYPE_MISMATCH.UNEXPECTED_NULL")
                .with("sqlExpr", format!("\"{}\"", (call.text)(None)))
                .with("exprName", "json")
                .at(call.origin));
        }
        None => {
            return Err(Error::analysis("DATATYPE_MISMATCH.NON_FOLDABLE_INPUT")
                .with("sqlExpr", format!("\"{}\"", (call.text)(None)))
                .with("inputName", "`json`")
                .with("inputType", "\"STRING\"")
                .with("inputExpr", format!("\"{}\"", (call.text)(Some(0))))
                .at(call.origin));
        }
    };
    let options = Options::of(call, 1)?;
    let rules = Rules {
        texts_only: options.is_true("primitivesAsString", false),
        decimals: options.is_true("prefersDecimal", false),
    };
    let schema = match parse(&sample, syntax(&options)) {
        Ok(Some(json)) => rules.infer(&json, call),
        Ok(None) => DataType::String,
        Err(_) => {
            let kind = floe_base::Kind::Runtime;
            return Err(Error::message(kind, format!("{sample} is no JSON")).at(call.origin));
        }
    };
    let shown = settled(schema).sql();
    Ok(Typed::constant(ScalarValue::from(shown.as_str())))
}

struct Rules {
    texts_only: bool,
    decimals: bool,
}

impl Rules {
    /// Spark 4.1 `JsonInferSchema.inferField`.
    fn infer(&self, json: &Json<'_>, call: &Call<'_>) -> DataType {
        match json {
            Json::Null => DataType::Null,
            Json::Text(text) if text.is_empty() => DataType::Null,
            Json::Text(_) => DataType::String,
            Json::Boolean(_) | Json::Number(_) if self.texts_only => DataType::String,
            Json::Boolean(_) => DataType::Boolean,
            Json::Number(number) => self.number(number),
            Json::Array(elements) => {
                let types = elements.iter().map(|element| self.infer(element, call));
                let element = types.fold(DataType::Null, |one, other| common(one, other, call));
                DataType::Array { element: Box::new(element), nullable: true }
            }
            Json::Object(fields) => {
                let member = |(name, value): &(std::borrow::Cow<'_, str>, Json<'_>)| {
                    Field::new(name.to_string(), self.infer(value, call), true)
                };
                let mut members: Vec<Field> = fields.iter().map(member).collect();
                members.sort_by(|left, right| left.name.cmp(&right.name));
                DataType::Struct(members)
            }
        }
    }

    fn number(&self, number: &str) -> DataType {
        if is_fraction(number) {
            return if self.decimals { decimal(number).unwrap_or(DataType::Double) } else { DataType::Double };
        }
        match number.parse::<i64>() {
            Ok(_) => DataType::Long,
            Err(_) => decimal(number).unwrap_or(DataType::Double),
        }
    }
}

/// The decimal that just holds a number, where one does.
fn decimal(number: &str) -> Option<DataType> {
    if number.contains(['e', 'E', 'N', 'I']) {
        return None;
    }
    let (whole, fraction) =
        number.trim_start_matches('-').split_once('.').unwrap_or((number.trim_start_matches('-'), ""));
    let digits = whole.trim_start_matches('0').len() + fraction.len();
    let (precision, scale) = (digits.max(fraction.len()).max(1), fraction.len());
    let fits = precision <= 38;
    fits.then_some(DataType::Decimal { precision: u8::try_from(precision).ok()?, scale: i8::try_from(scale).ok()? })
}

/// The type that both values can be read as; text where there is no other (Spark 4.1 `compatibleType`).
fn common(left: DataType, right: DataType, call: &Call<'_>) -> DataType {
    match (left, right) {
        (DataType::Null, other) | (other, DataType::Null) => other,
        (left, right) if left == right => left,
        (DataType::Struct(left), DataType::Struct(right)) => {
            let mut members = left;
            for field in right {
                match members.iter_mut().find(|member| member.name == field.name) {
                    Some(member) => {
                        let known = std::mem::replace(&mut member.data_type, DataType::Null);
                        member.data_type = common(known, field.data_type, call);
                    }
                    None => members.push(field),
                }
            }
            members.sort_by(|left, right| left.name.cmp(&right.name));
            DataType::Struct(members)
        }
        (DataType::Array { element: left, .. }, DataType::Array { element: right, .. }) => {
            DataType::Array { element: Box::new(common(*left, *right, call)), nullable: true }
        }
        (DataType::Double, DataType::Decimal { .. }) | (DataType::Decimal { .. }, DataType::Double) => DataType::Double,
        (left, right) => match coerce::tightest(&left.to_arrow(), &right.to_arrow(), call.context) {
            Some(shared) => DataType::from_arrow(&shared),
            None => DataType::String,
        },
    }
}

/// What was only ever NULL is text, and structs without members are left out of structs.
fn settled(schema: DataType) -> DataType {
    match schema {
        DataType::Null => DataType::String,
        DataType::Array { element, nullable } => DataType::Array { element: Box::new(settled(*element)), nullable },
        DataType::Struct(members) => {
            let member = |field: Field| Field { data_type: settled(field.data_type), ..field };
            let kept = members.into_iter().map(member);
            DataType::Struct(kept.filter(|field| field.data_type != DataType::Struct(Vec::new())).collect())
        }
        other => other,
    }
}
