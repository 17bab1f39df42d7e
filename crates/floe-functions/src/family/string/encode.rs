//! `encode(str, charset)` and `decode(bin, charset)`: text to binary and back; and `decode(expr, search, result, …[,
//! default])`, a CASE by equality where NULL equals NULL.

use arrow::datatypes::DataType;
use datafusion::logical_expr::expr::Case;
use datafusion::logical_expr::{BinaryExpr, Expr, Operator};
use floe_base::error::Kind;
use floe_base::{Error, Result};

use super::_text::{binary, text};
use crate::rows::{self, Binaries, Texts};
use crate::{Call, Function, Typed};

pub(crate) const FUNCTIONS: &[Function] = &[
    Function::scalar("encode", encode).usage("encode(str, charset) - Returns the text as binary in the character set."),
    Function::scalar("decode", decode)
        .usage("decode(bin, charset) - Returns the text of the binary. decode(expr, search, result[, …][, default]) - Returns the result of the first search that equals expr."),
];

/// Spark 4.1 `CharsetProvider.VALID_CHARSETS`.
const CHARSETS: &str = "iso-8859-1, us-ascii, utf-16, utf-16be, utf-16le, utf-32, utf-8";

fn encode(call: &Call<'_>) -> Result<Typed> {
    let [_, _] = call.exactly()?;
    let arguments = vec![text(call, 0)?, text(call, 1)?];
    Ok(call.raising("", arguments, DataType::Binary, true, |arguments| {
        let (values, charsets) = (Texts::of(arguments, 0)?, Texts::of(arguments, 1)?);
        rows::binaries(arguments, |row, out| {
            let (Some(value), Some(charset)) = (values.at(row), charsets.at(row)) else { return Ok(false) };
            write(value, charset, out)?.ok_or_else(|| malformed("encode", charset))?;
            Ok(true)
        })
    }))
}

/// `None` where the set has no such character; an empty text has no byte order mark.
fn write(text: &str, charset: &str, out: &mut Vec<u8>) -> Result<Option<()>> {
    let limit = match charset.to_ascii_lowercase().as_str() {
        "utf-8" => {
            out.extend_from_slice(text.as_bytes());
            return Ok(Some(()));
        }
        "utf-16" => {
            if !text.is_empty() {
                out.extend_from_slice(&[0xfe, 0xff]);
            }
            text.encode_utf16().for_each(|unit| out.extend_from_slice(&unit.to_be_bytes()));
            return Ok(Some(()));
        }
        "utf-16be" => {
            text.encode_utf16().for_each(|unit| out.extend_from_slice(&unit.to_be_bytes()));
            return Ok(Some(()));
        }
        "utf-16le" => {
            text.encode_utf16().for_each(|unit| out.extend_from_slice(&unit.to_le_bytes()));
            return Ok(Some(()));
        }
        "utf-32" => {
            text.chars().for_each(|letter| out.extend_from_slice(&u32::from(letter).to_be_bytes()));
            return Ok(Some(()));
        }
        "us-ascii" => 0x7f,
        "iso-8859-1" => 0xff,
        _ => return Err(unknown_charset("encode", charset)),
    };
    for letter in text.chars() {
        match u8::try_from(u32::from(letter)) {
            Ok(byte) if byte <= limit => out.push(byte),
            _ => return Ok(None),
        }
    }
    Ok(Some(()))
}

fn decode(call: &Call<'_>) -> Result<Typed> {
    match call.arguments.len() {
        0 | 1 => Err(call.wrong_count("2")),
        2 => of_bytes(call),
        _ => by_equality(call),
    }
}

fn of_bytes(call: &Call<'_>) -> Result<Typed> {
    let arguments = vec![binary(call, 0)?, text(call, 1)?];
    Ok(call.raising("", arguments, DataType::Utf8, true, |arguments| {
        let (values, charsets) = (Binaries::of(arguments, 0)?, Texts::of(arguments, 1)?);
        rows::texts(arguments, |row, out| {
            let (Some(value), Some(charset)) = (values.at(row), charsets.at(row)) else { return Ok(false) };
            out.push_str(&read(value, charset)?.ok_or_else(|| malformed("decode", charset))?);
            Ok(true)
        })
    }))
}

/// `None` where the bytes are not of the set.
fn read(bytes: &[u8], charset: &str) -> Result<Option<String>> {
    let latin = |limit: u8| {
        let all = bytes.iter().all(|byte| *byte <= limit);
        all.then(|| bytes.iter().map(|byte| char::from(*byte)).collect())
    };
    Ok(match charset.to_ascii_lowercase().as_str() {
        "utf-8" => std::str::from_utf8(bytes).ok().map(str::to_string),
        "us-ascii" => latin(0x7f),
        "iso-8859-1" => latin(0xff),
        "utf-16be" => utf_16(bytes, u16::from_be_bytes),
        "utf-16le" => utf_16(bytes, u16::from_le_bytes),
        "utf-16" => match bytes {
            [0xff, 0xfe, rest @ ..] => utf_16(rest, u16::from_le_bytes),
            [0xfe, 0xff, rest @ ..] => utf_16(rest, u16::from_be_bytes),
            rest => utf_16(rest, u16::from_be_bytes),
        },
        "utf-32" => utf_32(bytes),
        _ => return Err(unknown_charset("decode", charset)),
    })
}

fn utf_16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Option<String> {
    let pairs = bytes.chunks_exact(2);
    if !pairs.remainder().is_empty() {
        return None;
    }
    let units: Vec<u16> = pairs.filter_map(|pair| pair.try_into().ok()).map(unit).collect();
    String::from_utf16(&units).ok()
}

fn utf_32(bytes: &[u8]) -> Option<String> {
    let (bytes, unit): (&[u8], fn([u8; 4]) -> u32) = match bytes {
        [0xff, 0xfe, 0, 0, rest @ ..] => (rest, u32::from_le_bytes),
        [0, 0, 0xfe, 0xff, rest @ ..] => (rest, u32::from_be_bytes),
        rest => (rest, u32::from_be_bytes),
    };
    let words = bytes.chunks_exact(4);
    if !words.remainder().is_empty() {
        return None;
    }
    words.filter_map(|word| word.try_into().ok()).map(|word| char::from_u32(unit(word))).collect()
}

fn unknown_charset(function: &str, charset: &str) -> Error {
    Error::new(Kind::IllegalArgument, "INVALID_PARAMETER_VALUE.CHARSET")
        .with("parameter", "`charset`")
        .with("functionName", format!("`{function}`"))
        .with("charsets", CHARSETS)
        .with("charset", charset)
}

/// Spark 4.1 `MALFORMED_CHARACTER_CODING`.
fn malformed(function: &str, charset: &str) -> Error {
    Error::new(Kind::Runtime, "MALFORMED_CHARACTER_CODING")
        .with("function", format!("`{function}`"))
        .with("charset", charset)
}

/// Spark 4.1 rewrites it to CASE WHEN expr <=> search THEN result … ELSE default END.
fn by_equality(call: &Call<'_>) -> Result<Typed> {
    let pairs = (call.arguments.len() - 1) / 2;
    let mut compared = vec![call.argument(0)?.clone()];
    let mut results = Vec::new();
    for pair in 0..pairs {
        compared.push(call.argument(1 + 2 * pair)?.clone());
        results.push(call.argument(2 + 2 * pair)?.clone());
    }
    results.push(match call.arguments.len() % 2 {
        0 => call.argument(call.arguments.len() - 1)?.clone(),
        // What stands for a default is a text, and so decides the type of the results too.
        _ => Typed::null(&DataType::Utf8),
    });
    let mismatch = || {
        let types: Vec<String> = call.arguments.iter().map(|one| format!("\"{}\"", one.spark_type().sql())).collect();
        Error::analysis("DATATYPE_MISMATCH.DATA_DIFF_TYPES")
            .with("sqlExpr", format!("\"{}\"", (call.text)(None)))
            .with("functionName", "`casewhen`")
            .with("dataType", format!("[{}]", types.join(", ")))
            .at(call.origin)
    };
    let compared = crate::coerce::unify(compared, call.context, call.origin).ok_or_else(mismatch)??;
    let results = crate::coerce::unify(results, call.context, call.origin).ok_or_else(mismatch)??;
    let fallible = compared.iter().chain(&results).any(|value| value.fallible);
    let nullable = results.iter().any(|value| value.nullable);
    let data_type = results.first().map_or(DataType::Null, |result| result.data_type.clone());
    let Some((value, searches)) = compared.split_first() else { return Err(call.wrong_count("2")) };
    let equal = |search: &Typed| {
        let (left, right) = (Box::new(value.expr.clone()), Box::new(search.expr.clone()));
        Box::new(Expr::BinaryExpr(BinaryExpr::new(left, Operator::IsNotDistinctFrom, right)))
    };
    let branches = searches.iter().zip(&results).map(|(search, result)| (equal(search), Box::new(result.expr.clone())));
    let branches: Vec<_> = branches.collect();
    let otherwise = results.last().map(|result| Box::new(result.expr.clone()));
    let case = Expr::Case(Case::new(None, branches, otherwise));
    Ok(Typed::new(case, data_type, nullable).with_fallible(fallible))
}
