//! What fields of CSV mean: the type that reads them, and their values of a type (Spark 4.1 `CSVInferSchema` and
//! `UnivocityParser`). For `from_csv` and `schema_of_csv`, and for files. How a line parts into fields: `_record.rs`.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, BooleanArray, Float32Array, Float64Array};
use datafusion::logical_expr::Expr;
use floe_base::{Origin, Result};
use floe_syntax::DataType;

use crate::cast::parse;
use crate::family::json::_options::Options;
use crate::family::json::_read::Values;
use crate::rows::{self, Texts};
use crate::{Arguments, Context, Kernel, Typed};

/// Patterns of dates whose texts the lenient reader of timestamps takes too.
const LENIENT_DATES: [&str; 7] = ["yyyy-MM-dd", "yyyy-M-d", "yyyy-M-dd", "yyyy-MM-d", "yyyy-MM", "yyyy-M", "yyyy"];

/// The most digits a decimal has.
const DECIMAL_DIGITS: usize = 38;

/// Fields under the options of one reader or call.
pub struct Fields {
    values: Values,
    prefers_date: bool,
    /// A column may mix dates and timestamps, and is one of timestamps then.
    mixes_dates: bool,
    key: String,
}

impl Fields {
    /// Under the options of `spark.read`.
    pub fn of_reader(options: &[(String, String)], context: &Context) -> Result<Self> {
        Self::of(&Options::of_reader(options), context, &Origin::Unknown)
    }

    pub(crate) fn of(options: &Options, context: &Context, origin: &Origin) -> Result<Self> {
        let date = options.text("dateFormat").unwrap_or("yyyy-MM-dd");
        Ok(Self {
            values: Values::of(options, context, origin)?,
            prefers_date: options.is_true("preferDate", true),
            mixes_dates: options.text("timestampFormat").is_none() && LENIENT_DATES.contains(&date),
            key: format!("{} {}", options.key(), context.time_zone_name),
        })
    }

    /// The type of a column with one field more; `Null` is the type of a column that had none.
    pub fn infer(&self, so_far: &DataType, field: &str) -> Result<DataType> {
        let found = match so_far {
            DataType::String => return Ok(DataType::String),
            DataType::Null | DataType::Int => self.from_integer(field)?,
            DataType::Long => self.from_long(field)?,
            DataType::Decimal { .. } => self.from_decimal(field)?,
            DataType::Double => self.from_double(field)?,
            DataType::Date => self.from_date(field)?,
            DataType::Timestamp => self.from_timestamp(field)?,
            _ => from_boolean(field),
        };
        Ok(self.common(so_far, found))
    }

    /// A column of a type; a field that is no value of it is NULL.
    pub(crate) fn column(&self, fields: Vec<Option<&str>>, to: &DataType) -> Result<ArrayRef> {
        Ok(match to {
            DataType::Boolean => {
                Arc::new(fields.into_iter().map(|field| field.and_then(boolean)).collect::<BooleanArray>())
            }
            DataType::Double => {
                Arc::new(fields.into_iter().map(|field| field.and_then(real)).collect::<Float64Array>())
            }
            DataType::Float => {
                #[expect(clippy::cast_possible_truncation, reason = "Java narrows a double to a float just so")]
                let narrow = |field: &str| real(field).map(|value| value as f32);
                Arc::new(fields.into_iter().map(|field| field.and_then(narrow)).collect::<Float32Array>())
            }
            DataType::Byte | DataType::Short | DataType::Int | DataType::Long | DataType::Decimal { .. } => {
                let bare = |field: &&str| parse::trimmed(field) == *field;
                self.values.of_texts(fields.into_iter().map(|field| field.filter(bare)).collect(), to)?
            }
            _ => self.values.of_texts(fields, to)?,
        })
    }

    /// An expression of texts as values of a type.
    pub fn typed(self: &Arc<Self>, field: Expr, to: &arrow::datatypes::DataType) -> Expr {
        let fields = self.clone();
        let spark = DataType::from_arrow(to);
        let body = move |arguments: &Arguments<'_>| {
            let texts = Texts::of(arguments, 0)?;
            let column = fields.column((0..rows::count(arguments)).map(|row| texts.at(row)).collect(), &spark)?;
            rows::finish(arguments, column)
        };
        let text = Typed::new(field, arrow::datatypes::DataType::Utf8, true);
        Kernel::new("csv_field", format!("{to} {}", self.key), to.clone(), true, body).call(vec![text]).expr
    }

    fn from_integer(&self, field: &str) -> Result<DataType> {
        if field.parse::<i32>().is_ok() { Ok(DataType::Int) } else { self.from_long(field) }
    }

    fn from_long(&self, field: &str) -> Result<DataType> {
        if field.parse::<i64>().is_ok() { Ok(DataType::Long) } else { self.from_decimal(field) }
    }

    /// A number without a fraction that fits the widest decimal.
    fn from_decimal(&self, field: &str) -> Result<DataType> {
        match whole_digits(field).and_then(|digits| u8::try_from(digits).ok()) {
            Some(precision) => Ok(DataType::Decimal { precision, scale: 0 }),
            None => self.from_double(field),
        }
    }

    fn from_double(&self, field: &str) -> Result<DataType> {
        match real(field) {
            Some(_) => Ok(DataType::Double),
            None if self.prefers_date => self.from_date(field),
            None => self.from_timestamp(field),
        }
    }

    fn from_date(&self, field: &str) -> Result<DataType> {
        let may_be = self.values.date.is_some() || is_plain_date(field);
        if may_be && self.reads(field, &DataType::Date)? { Ok(DataType::Date) } else { self.from_timestamp(field) }
    }

    fn from_timestamp(&self, field: &str) -> Result<DataType> {
        Ok(if self.reads(field, &DataType::Timestamp)? { DataType::Timestamp } else { from_boolean(field) })
    }

    fn reads(&self, field: &str, to: &DataType) -> Result<bool> {
        Ok(self.values.of_texts(vec![Some(field)], to)?.is_valid(0))
    }

    /// The type of a column that has fields of two.
    fn common(&self, left: &DataType, right: DataType) -> DataType {
        use DataType::{Date, Decimal, Double, Int, Long, Null, String, Timestamp};
        match (left, &right) {
            (Null, _) => right,
            (left, right) if left == right => right.clone(),
            (Int | Long, Int | Long) => Long,
            (Int | Long | Decimal { .. }, Int | Long | Decimal { .. }) => {
                Decimal { precision: digits_of(left).max(digits_of(&right)), scale: 0 }
            }
            (Int | Long | Decimal { .. }, Double) => Double,
            (Date, Timestamp) if self.mixes_dates => Timestamp,
            _ => String,
        }
    }
}

/// Digits of the decimal without a fraction that holds every value of the type (Spark's `DecimalType.forType`).
fn digits_of(number: &DataType) -> u8 {
    match number {
        DataType::Int => 10,
        DataType::Long => 20,
        DataType::Decimal { precision, .. } => *precision,
        _ => 0,
    }
}

/// The precision of a number that Java's `BigDecimal` reads with a scale of nought: `5.` and `1.5e1` are such.
fn whole_digits(field: &str) -> Option<usize> {
    let (mantissa, exponent) = match field.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<usize>().ok()?),
        None => (field, 0),
    };
    let unsigned = mantissa.strip_prefix(['+', '-']).unwrap_or(mantissa);
    let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, ""));
    let mut digits = whole.bytes().chain(fraction.bytes());
    if whole.len() + fraction.len() == 0 || fraction.len() != exponent || !digits.all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    let significant = format!("{whole}{fraction}").trim_start_matches('0').len().max(1);
    (significant <= DECIMAL_DIGITS).then_some(significant)
}

/// A double as Java reads one, and `Inf` and `-Inf` (Spark's `positiveInf` and `negativeInf`). The words have their case.
fn real(field: &str) -> Option<f64> {
    let text = field.trim_matches(|letter: char| letter <= ' ');
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let is_word = match unsigned {
        "NaN" | "Infinity" => true,
        "Inf" => field == "Inf" || field == "-Inf",
        _ => false,
    };
    (is_word || unsigned.starts_with(|letter: char| letter == '.' || letter.is_ascii_digit()))
        .then(|| parse::double(text))
        .flatten()
}

fn boolean(field: &str) -> Option<bool> {
    match field.to_ascii_lowercase().as_str() {
        "true" => Some(true),
        "false" => Some(false),
        _ => None,
    }
}

fn from_boolean(field: &str) -> DataType {
    if boolean(field).is_some() { DataType::Boolean } else { DataType::String }
}

/// `yyyy-MM-dd` and nothing else, though a year before the first has its sign.
fn is_plain_date(field: &str) -> bool {
    let unsigned = field.strip_prefix('-').unwrap_or(field);
    let has_digits =
        |(at, letter): (usize, u8)| if at == 4 || at == 7 { letter == b'-' } else { letter.is_ascii_digit() };
    unsigned.len() == 10 && unsigned.bytes().enumerate().all(has_digits)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn inferred(fields: &[&str]) -> DataType {
        let known = Fields::of_reader(&[], &Context::default()).expect("defaults");
        let more = |so_far: DataType, field: &&str| known.infer(&so_far, field).expect("a type");
        fields.iter().fold(DataType::Null, more)
    }

    /// Real Spark 4.1.4's answers.
    #[test]
    fn a_column_has_the_type_that_reads_all_of_it() {
        let decimal = |precision| DataType::Decimal { precision, scale: 0 };
        for (fields, expected) in [
            (&["1", "2"] as &[&str], DataType::Int),
            (&["007", "2147483648"], DataType::Long),
            (&["1", "9223372036854775808"], decimal(19)),
            (&["5."], decimal(1)),
            (&["1", "1.5"], DataType::Double),
            (&["1e3", "1"], DataType::Double),
            (&[" 5"], DataType::Double),
            (&["9223372036854775808", "1.5"], DataType::Double),
            (&["-Inf", "NaN", "1d"], DataType::Double),
            (&["inf"], DataType::String),
            (&["TRUE", "false"], DataType::Boolean),
            (&["1", "true"], DataType::String),
            (&["2024-01-01"], DataType::Date),
            (&["2024-1-1"], DataType::Timestamp),
            (&["2024-01-01", "2024-01-01 10:00:00"], DataType::Timestamp),
            (&["2024-01-01", "1"], DataType::String),
            (&["2024-02-30"], DataType::String),
            (&["00:00:00"], DataType::Timestamp),
        ] {
            assert_eq!(inferred(fields), expected, "{fields:?}");
        }
    }
}
