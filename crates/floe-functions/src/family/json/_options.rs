//! The options of `from_json`, `to_csv` and their like: a map of texts written out in the call.

use std::collections::HashMap;

use arrow::array::{Array, AsArray};
use arrow::datatypes::DataType;
use datafusion::logical_expr::Expr;
use datafusion::scalar::ScalarValue;
use floe_base::{Error, Result};

use crate::family::datetime::_pattern::Pattern;
use crate::family::datetime::_zone::Zone;
use crate::{Call, Context};

/// Options by lower-case name. Spark lets a call have options that mean nothing to it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Options(HashMap<String, String>);

impl Options {
    /// The options given as the nth argument, if it is there.
    pub(crate) fn of(call: &Call<'_>, index: usize) -> Result<Self> {
        let Some(argument) = call.arguments.get(index) else { return Ok(Self::default()) };
        if !is_map_of_texts(&argument.data_type) {
            return Err(Error::analysis("INVALID_OPTIONS.NON_STRING_TYPE")
                .with("mapType", format!("\"{}\"", argument.spark_type().sql()))
                .at(call.origin));
        }
        let pairs = constant_pairs(&argument.expr);
        let pairs = pairs.ok_or_else(|| Error::analysis("INVALID_OPTIONS.NON_MAP_FUNCTION").at(call.origin))?;
        let options = Self(pairs.into_iter().map(|(name, value)| (name.to_lowercase(), value)).collect());
        match options.text("locale") {
            Some(locale) if !locale.eq_ignore_ascii_case("en-US") => {
                Err(Error::unsupported(format!("the option locale {locale} of function `{}`", call.name))
                    .at(call.origin))
            }
            _ => Ok(options),
        }
    }

    /// The options given to `spark.read`.
    pub(crate) fn of_reader(options: &[(String, String)]) -> Self {
        Self(options.iter().map(|(name, value)| (name.to_lowercase(), value.clone())).collect())
    }

    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.0.get(&name.to_lowercase()).map(String::as_str)
    }

    /// Is it `true`, or absent and so by default?
    pub(crate) fn is_true(&self, name: &str, default: bool) -> bool {
        self.text(name).map_or(default, |value| value.eq_ignore_ascii_case("true"))
    }

    /// The one character of an option such as `quote`; empty text is none.
    pub(crate) fn character(&self, name: &str, default: char) -> Option<char> {
        self.text(name).map_or(Some(default), |value| value.chars().next())
    }

    /// A pattern of dates or times, where one is given.
    pub(crate) fn pattern(&self, name: &str, parsing: bool) -> Result<Option<Pattern>> {
        self.text(name).map(|pattern| Pattern::compile(pattern, parsing)).transpose()
    }

    /// The zone of times without one.
    pub(crate) fn zone(&self, context: &Context) -> Result<Zone> {
        match self.text("timeZone") {
            Some(name) => Zone::parse(name),
            None => Zone::of_session(context),
        }
    }

    /// In a fixed order: what tells calls with other options apart.
    pub(crate) fn key(&self) -> String {
        let mut pairs: Vec<_> = self.0.iter().collect();
        pairs.sort();
        format!("{pairs:?}")
    }
}

/// What becomes of a malformed record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    Permissive,
    FailFast,
}

impl Mode {
    pub(crate) fn of(options: &Options, call: &Call<'_>) -> Result<Self> {
        match options.text("mode").unwrap_or("PERMISSIVE").to_uppercase().as_str() {
            "FAILFAST" => Ok(Self::FailFast),
            mode @ "DROPMALFORMED" => Err(Error::analysis("PARSE_MODE_UNSUPPORTED")
                .with("funcName", format!("`{}`", call.name))
                .with("mode", mode)
                .at(call.origin)),
            // An unknown mode is read as the permissive one, with a warning in Spark's log.
            _ => Ok(Self::Permissive),
        }
    }
}

fn is_map_of_texts(data_type: &DataType) -> bool {
    let DataType::Map(entries, _) = data_type else { return false };
    let DataType::Struct(fields) = entries.data_type() else { return false };
    fields.iter().all(|field| matches!(field.data_type(), DataType::Utf8 | DataType::Null))
}

/// The entries of a map that is a literal, or a call of `map` over literals (whose kernel takes all keys first).
fn constant_pairs(map: &Expr) -> Option<Vec<(String, String)>> {
    let text = |expr: &Expr| match expr {
        Expr::Literal(ScalarValue::Utf8(Some(text)), _) => Some(text.clone()),
        _ => None,
    };
    match map {
        Expr::Literal(ScalarValue::Map(maps), _) if maps.is_valid(0) => {
            let (keys, values) = (maps.keys().as_string_opt::<i32>()?, maps.values().as_string_opt::<i32>()?);
            let pair = |index: usize| (keys.value(index).to_string(), values.value(index).to_string());
            Some((0..keys.len()).map(pair).collect())
        }
        Expr::ScalarFunction(call) if call.name() == "map" => {
            let (keys, values) = call.args.split_at_checked(call.args.len() / 2)?;
            keys.iter().zip(values).map(|(key, value)| Some((text(key)?, text(value)?))).collect()
        }
        Expr::Alias(alias) => constant_pairs(&alias.expr),
        _ => None,
    }
}
