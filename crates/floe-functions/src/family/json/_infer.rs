//! The schema that JSON values can be read with (Spark 4.1 `JsonInferSchema`), for `schema_of_json` and for files.

use arrow::array::Array;
use floe_base::{Origin, Result};
use floe_syntax::DataType;
use floe_syntax::data_type::Field;

use super::_json::{Json, is_fraction};
use super::_options::Options;
use super::_read::Values;
use crate::{Context, coerce};

pub(crate) struct Rules {
    texts_only: bool,
    decimals: bool,
    /// How texts are read as timestamps, where they may be found to be some.
    timestamps: Option<Values>,
    context: Context,
}

impl Rules {
    pub(crate) fn of(options: &Options, context: &Context, origin: &Origin) -> Result<Self> {
        let timestamps = options.is_true("inferTimestamp", false);
        Ok(Self {
            texts_only: options.is_true("primitivesAsString", false),
            decimals: options.is_true("prefersDecimal", false),
            timestamps: timestamps.then(|| Values::of(options, context, origin)).transpose()?,
            context: context.clone(),
        })
    }

    /// The type of one value.
    pub(crate) fn infer(&self, json: &Json<'_>) -> Result<DataType> {
        Ok(match json {
            Json::Null => DataType::Null,
            Json::Text(text) if text.is_empty() => DataType::Null,
            Json::Text(text) => self.text(text)?,
            Json::Boolean(_) | Json::Number(_) if self.texts_only => DataType::String,
            Json::Boolean(_) => DataType::Boolean,
            Json::Number(number) => self.number(number),
            Json::Array(elements) => {
                let mut element = DataType::Null;
                for other in elements {
                    element = self.common(element, self.infer(other)?);
                }
                DataType::Array { element: Box::new(element), nullable: true }
            }
            Json::Object(fields) => {
                let member = |(name, value): &(std::borrow::Cow<'_, str>, Json<'_>)| {
                    Ok(Field::new(name.to_string(), self.infer(value)?, true))
                };
                let mut members = fields.iter().map(member).collect::<Result<Vec<Field>>>()?;
                members.sort_by(|left, right| left.name.cmp(&right.name));
                DataType::Struct(members)
            }
        })
    }

    fn text(&self, text: &str) -> Result<DataType> {
        let Some(values) = &self.timestamps else { return Ok(DataType::String) };
        let read = values.of_texts(vec![Some(text)], &DataType::Timestamp)?;
        Ok(if read.is_valid(0) { DataType::Timestamp } else { DataType::String })
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

    /// The type that both values can be read as; text where there is no other (Spark 4.1 `compatibleType`).
    pub(crate) fn common(&self, left: DataType, right: DataType) -> DataType {
        match (left, right) {
            (DataType::Null, other) | (other, DataType::Null) => other,
            (left, right) if left == right => left,
            (DataType::Struct(left), DataType::Struct(right)) => {
                let mut members = left;
                for field in right {
                    match members.iter_mut().find(|member| member.name == field.name) {
                        Some(member) => {
                            let known = std::mem::replace(&mut member.data_type, DataType::Null);
                            member.data_type = self.common(known, field.data_type);
                        }
                        None => members.push(field),
                    }
                }
                members.sort_by(|left, right| left.name.cmp(&right.name));
                DataType::Struct(members)
            }
            (DataType::Array { element: left, .. }, DataType::Array { element: right, .. }) => {
                DataType::Array { element: Box::new(self.common(*left, *right)), nullable: true }
            }
            (
                DataType::Decimal { precision, scale },
                DataType::Decimal { precision: other_precision, scale: other_scale },
            ) => of_decimals((precision, scale), (other_precision, other_scale)),
            (DataType::Long, DataType::Decimal { precision, scale })
            | (DataType::Decimal { precision, scale }, DataType::Long) => of_decimals(LONG, (precision, scale)),
            (DataType::Double, DataType::Decimal { .. }) | (DataType::Decimal { .. }, DataType::Double) => {
                DataType::Double
            }
            (left, right) => match coerce::tightest(&left.to_arrow(), &right.to_arrow(), &self.context) {
                Some(shared) => DataType::from_arrow(&shared),
                None => DataType::String,
            },
        }
    }
}

/// Digits and scale of the decimal that holds every `BIGINT`.
const LONG: (u8, i8) = (20, 0);

/// The decimal that holds both, or a double where none is wide enough.
fn of_decimals(left: (u8, i8), right: (u8, i8)) -> DataType {
    let whole = |(precision, scale): (u8, i8)| i16::from(precision) - i16::from(scale);
    let scale = left.1.max(right.1);
    match u8::try_from(whole(left).max(whole(right)) + i16::from(scale)) {
        Ok(precision) if precision <= 38 => DataType::Decimal { precision, scale },
        _ => DataType::Double,
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

/// What was only ever NULL is text, and structs without members are left out of structs.
pub(crate) fn settled(schema: DataType) -> DataType {
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
