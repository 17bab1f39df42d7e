//! `get_json_object(json_txt, path)`: what a path of Hive's (`$.a[0].b[*]`) finds in a text.

use arrow::datatypes::DataType;
use floe_base::Result;

use super::_json::{Json, Syntax, parse};
use crate::family::string::_text::text_only;
use crate::rows::{self, Texts};
use crate::{Call, Function, Typed};

pub(crate) const FUNCTIONS: &[Function] = &[Function::scalar("get_json_object", bind)
    .usage("get_json_object(json_txt, path) - Returns what the path finds in the JSON text, as text.")];

fn bind(call: &Call<'_>) -> Result<Typed> {
    let [_, _] = call.exactly()?;
    let arguments = vec![text_only(call, 0)?, text_only(call, 1)?];
    Ok(call.kernel("", arguments, DataType::Utf8, true, |arguments| {
        let (values, paths) = (Texts::of(arguments, 0)?, Texts::of(arguments, 1)?);
        let mut last: Option<(String, Option<Vec<Step>>)> = None;
        rows::texts(arguments, |row, out| {
            let (Some(value), Some(path)) = (values.at(row), paths.at(row)) else { return Ok(false) };
            if last.as_ref().is_none_or(|(known, _)| known != path) {
                last = Some((path.into(), steps(path)));
            }
            let Some((_, Some(steps))) = &last else { return Ok(false) };
            let Ok(Some(json)) = parse(value, Syntax::PLAIN) else { return Ok(false) };
            let mut found = Found { out: String::new(), needs_comma: false };
            let is_found = find(&json, steps, Style::Raw, &mut found);
            out.push_str(&found.out);
            Ok(is_found)
        })
    }))
}

#[derive(Debug, PartialEq)]
enum Step {
    Name(String),
    Index(usize),
    /// `[*]`
    Every,
    /// `.*` and `['*']`, which Spark 4.1 reads and finds nothing by.
    EveryField,
}

/// `None` where the path is none: it must begin with `$`.
fn steps(path: &str) -> Option<Vec<Step>> {
    let mut rest = path.strip_prefix('$')?;
    let mut steps = Vec::new();
    while !rest.is_empty() {
        let step;
        (step, rest) = if let Some(after) = rest.strip_prefix(".*").or_else(|| rest.strip_prefix("['*']")) {
            (Step::EveryField, after)
        } else if let Some(after) = rest.strip_prefix('.') {
            let end = after.find(['.', '[']).unwrap_or(after.len());
            let name = after.get(..end).filter(|name| !name.is_empty())?;
            (Step::Name(name.into()), after.get(end..)?)
        } else if let Some(after) = rest.strip_prefix("['") {
            let end = after.find('\'').filter(|end| *end > 0)?;
            (Step::Name(after.get(..end)?.into()), after.get(end..)?.strip_prefix("']")?)
        } else {
            let (inside, after) = rest.strip_prefix('[')?.split_once(']')?;
            match inside {
                "*" => (Step::Every, after),
                digits => (Step::Index(digits.parse().ok()?), after),
            }
        };
        steps.push(step);
    }
    Some(steps)
}

/// How what is found is written: a lone text bare, or everything as JSON, or arrays spread into the one around them.
#[derive(Clone, Copy, PartialEq)]
enum Style {
    Raw,
    Quoted,
    Flatten,
}

struct Found {
    out: String,
    needs_comma: bool,
}

impl Found {
    fn value(&mut self, write: impl FnOnce(&mut String)) {
        if self.needs_comma {
            self.out.push(',');
        }
        write(&mut self.out);
        self.needs_comma = true;
    }

    /// An array around what `write` finds.
    fn array(&mut self, write: impl FnOnce(&mut Self) -> usize) -> usize {
        let mut inner = Self { out: String::new(), needs_comma: false };
        let count = write(&mut inner);
        self.value(|out| {
            out.push('[');
            out.push_str(&inner.out);
            out.push(']');
        });
        count
    }
}

/// Spark 4.1 `GetJsonObjectEvaluator.evaluatePath`, case by case.
fn find(json: &Json<'_>, steps: &[Step], style: Style, found: &mut Found) -> bool {
    match (json, steps) {
        (Json::Text(text), []) if style == Style::Raw => {
            found.out.push_str(text);
            true
        }
        (Json::Array(elements), []) if style == Style::Flatten => {
            elements.iter().fold(false, |any, element| find(element, &[], style, found) || any)
        }
        (value, []) => {
            found.value(|out| value.write(out));
            true
        }
        (Json::Object(fields), [Step::Name(name), rest @ ..]) => {
            // The first field of that name in which the rest is found; NULL is nothing.
            let named = fields.iter().filter(|(field, value)| field == name && value != &Json::Null);
            named.into_iter().any(|(_, value)| find(value, rest, style, found))
        }
        (Json::Array(elements), [Step::Every, Step::Every, rest @ ..]) => {
            let count = |found: &mut Found| {
                elements.iter().filter(|element| find(element, rest, Style::Flatten, found)).count()
            };
            found.array(count) > 0
        }
        (Json::Array(elements), [Step::Every, rest @ ..]) if style != Style::Quoted => {
            let inner_style = if style == Style::Raw { Style::Quoted } else { style };
            let mut inner = Found { out: String::new(), needs_comma: false };
            let count = elements.iter().filter(|element| find(element, rest, inner_style, &mut inner)).count();
            match count {
                0 => {}
                // A lone match stands without the array.
                1 => found.value(|out| out.push_str(&inner.out)),
                _ => found.value(|out| {
                    out.push('[');
                    out.push_str(&inner.out);
                    out.push(']');
                }),
            }
            count > 0
        }
        (Json::Array(elements), [Step::Every, rest @ ..]) => {
            found.array(|found| elements.iter().filter(|element| find(element, rest, Style::Quoted, found)).count()) > 0
        }
        (Json::Array(elements), [Step::Index(index), rest @ ..]) => {
            let style = if rest.first() == Some(&Step::Every) { Style::Quoted } else { style };
            elements.get(*index).is_some_and(|element| find(element, rest, style, found))
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::{Found, Style, find, steps};
    use crate::family::json::_json::{Syntax, parse};

    fn get(text: &str, path: &str) -> Option<String> {
        let steps = steps(path)?;
        let json = parse(text, Syntax::PLAIN).ok()??;
        let mut found = Found { out: String::new(), needs_comma: false };
        find(&json, &steps, Style::Raw, &mut found).then_some(found.out)
    }

    /// Real Spark 4.1.4's answers.
    #[test]
    fn finds_what_spark_finds() {
        let cases = [
            (r#"{"a":"b"}"#, "$.a", Some("b")),
            (r#"{"a":[{"b":1},{"b":2}]}"#, "$.a[*].b", Some("[1,2]")),
            (r#"{"a":[1,2]}"#, "$.a[1]", Some("2")),
            (r#"{"a":{"b":null}}"#, "$.a.b", None),
            (r#"{"a":{"b c":1.50}}"#, "$.a['b c']", Some("1.5")),
            (r#"{"a":[1]}"#, "$.a[*]", Some("1")),
            (r#"{"a":"x"}"#, "a", None),
            (r#"{"a":[[1,2],[3]]}"#, "$.a[*][0]", Some("[1,3]")),
            (r#"{"a":true}"#, "$.*", None),
            (r#"[{"a":"x"}]"#, "$[*].a", Some("\"x\"")),
            ("[1.0,1e3]", "$[*]", Some("[1.0,1000.0]")),
            (r#"{"a":[{"b":[1,2]},{"b":[3]}]}"#, "$.a[*].b", Some("[[1,2],[3]]")),
            (r#"{"a":[{"b":[1,2]},{"b":[3]}]}"#, "$.a[*].b[*]", Some("[[1,2],[3]]")),
            (r#"{"a":[{"b":"x"}, {"c":1}, {"b":"y"}]}"#, "$.a[*].b", Some(r#"["x","y"]"#)),
            (r#"{"a":[]}"#, "$.a[*]", None),
            (r#"{"a":[null]}"#, "$.a[0]", Some("null")),
            (r#"{"a":[[1],[2,3]]}"#, "$.a[*][*]", Some("[1,2,3]")),
            (r#"{"a.b":1}"#, "$['a.b']", Some("1")),
            ("[[1,2],[3,4]]", "$[*][1]", Some("[2,4]")),
            (r#"{"a":1}"#, "$.a[0]", None),
            (r#"{"a":1,"a":2}"#, "$.a", Some("1")),
            (r#"{"a b":1}"#, "$.a b", Some("1")),
            (r#"{"a":1}"#, "$.", None),
        ];
        for (text, path, expected) in cases {
            assert_eq!(get(text, path).as_deref(), expected, "{text} {path}");
        }
    }
}
