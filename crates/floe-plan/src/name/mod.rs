//! The name Spark gives a column nobody named, printed from the tree as it was written (Spark 4.1 `toPrettySQL`).
//!
//! Casts nobody asked for do not show, qualifiers do not show, text stands without quotes. What a name of several parts
//! shows depends on the scope (`t.a` prints `a`, `s.a` of a struct prints `s.a`), what `d + 1` shows on the type of
//! `d` (`date_add(d, 1)`): the [`Place`] says so.
//!
//! | file | what |
//! |---|---|
//! | `call.rs` | functions and operators, with the arguments Spark adds and the names it prefers |
//! | `arithmetic.rs` | `+ - * /` beside dates, times and intervals, where they are other functions |
//! | `literal.rs` | constants |
//! | `window.rs` | `OVER` |

mod arithmetic;
mod call;
mod literal;
mod window;

use floe_functions::Context;
use floe_syntax::expression::{Argument, Attribute, Call, CastMode, Expression, ExpressionKind, SortOrder};
use floe_syntax::{DataType, Literal, Relation};

pub(crate) use call::field;
pub(crate) use window::{is_own_frame, over, own_frame, written_frame as frame};

/// How an attribute shows.
pub(crate) enum Printed {
    Column(String),
    /// A lambda's variable, with members of a struct after it.
    Variable(Vec<String>),
}

/// What printing must know of the place an expression stands in.
pub(crate) trait Place {
    fn attribute(&self, attribute: &Attribute) -> Printed;

    /// Spark's type of an expression; `None`: unknown, and what hangs on it prints as it is written.
    fn data_type(&self, expression: &Expression) -> Option<DataType>;

    /// Arguments with every `*` written out.
    fn expanded(&self, arguments: &[Argument]) -> Option<Vec<Expression>>;

    /// The columns around a subquery that it uses, in order.
    fn outer(&self, query: &Relation) -> Vec<String>;

    /// The whole name of the user's function a call means, and its arguments in the order of the parameters.
    fn routine(&self, _call: &Call) -> Option<(String, Vec<Expression>)> {
        None
    }

    /// The session, whose zone shows in constants.
    fn context(&self) -> Option<&Context>;
}

/// The place of which nothing is known.
pub(crate) struct Nowhere;

impl Place for Nowhere {
    fn attribute(&self, attribute: &Attribute) -> Printed {
        Printed::Column(attribute.parts.last().cloned().unwrap_or_default())
    }

    fn data_type(&self, _: &Expression) -> Option<DataType> {
        None
    }

    fn expanded(&self, _: &[Argument]) -> Option<Vec<Expression>> {
        None
    }

    fn outer(&self, _: &Relation) -> Vec<String> {
        Vec::new()
    }

    fn context(&self) -> Option<&Context> {
        None
    }
}

/// Inside a lambda: its variables print alike, and their types are not known.
struct InLambda<'a> {
    parameters: &'a [String],
    around: &'a dyn Place,
}

impl InLambda<'_> {
    fn is_variable(&self, attribute: &Attribute) -> bool {
        let first = attribute.parts.first();
        first.is_some_and(|first| self.parameters.iter().any(|name| name.eq_ignore_ascii_case(first)))
    }
}

impl Place for InLambda<'_> {
    fn attribute(&self, attribute: &Attribute) -> Printed {
        match self.is_variable(attribute) {
            true => Printed::Variable(attribute.parts.iter().skip(1).cloned().collect()),
            false => self.around.attribute(attribute),
        }
    }

    fn data_type(&self, expression: &Expression) -> Option<DataType> {
        match &expression.kind {
            ExpressionKind::Attribute(attribute) if self.is_variable(attribute) => None,
            _ => self.around.data_type(expression),
        }
    }

    fn expanded(&self, arguments: &[Argument]) -> Option<Vec<Expression>> {
        self.around.expanded(arguments)
    }

    fn outer(&self, query: &Relation) -> Vec<String> {
        self.around.outer(query)
    }

    fn routine(&self, call: &Call) -> Option<(String, Vec<Expression>)> {
        self.around.routine(call)
    }

    fn context(&self) -> Option<&Context> {
        self.around.context()
    }
}

/// The name a column gets in a SELECT list: an alias, a column's own name, else the expression.
pub(crate) fn output(expression: &Expression, place: &dyn Place) -> String {
    match &expression.kind {
        ExpressionKind::Alias { names, .. } => names.first().cloned().unwrap_or_default(),
        ExpressionKind::Attribute(attribute) => attribute_output(attribute, place),
        ExpressionKind::LambdaVariable(name) => name.clone(),
        // A cast of a column keeps the column's name; a member of a struct is no column.
        ExpressionKind::Cast { child, .. } if is_column(child, place) => output(child, place),
        _ => pretty(expression, place),
    }
}

fn is_column(expression: &Expression, place: &dyn Place) -> bool {
    match &expression.kind {
        ExpressionKind::Alias { .. } => true,
        ExpressionKind::Attribute(attribute) => {
            let last = attribute.parts.last();
            matches!(place.attribute(attribute), Printed::Column(name) if last == Some(&name))
        }
        _ => false,
    }
}

fn attribute_output(attribute: &Attribute, place: &dyn Place) -> String {
    match place.attribute(attribute) {
        // The name of a function written without parentheses.
        Printed::Column(name) if name.ends_with("()") && attribute.parts.len() == 1 => name,
        _ => attribute.parts.last().cloned().unwrap_or_default(),
    }
}

/// What a name that is no column's prints as: of some functions the parentheses may be left out.
pub(crate) fn bare_function(name: &str) -> Option<String> {
    let lower = name.to_lowercase();
    match lower.as_str() {
        "current_date" | "current_timestamp" | "localtimestamp" | "current_time" => Some(format!("{lower}()")),
        "current_user" | "session_user" | "user" => Some("current_user()".into()),
        _ => None,
    }
}

/// The expression as Spark prints it in names and errors.
pub(crate) fn pretty(expression: &Expression, place: &dyn Place) -> String {
    stacker::maybe_grow(96 * 1024, 2 * 1024 * 1024, || pretty_here(expression, place))
}

fn pretty_here(expression: &Expression, place: &dyn Place) -> String {
    let show = |expression: &Expression| pretty(expression, place);
    match &expression.kind {
        ExpressionKind::Literal(value) => literal::literal(value, place),
        ExpressionKind::TypedLiteral { type_name, text } => literal::typed(type_name, text, place),
        ExpressionKind::Attribute(attribute) => match place.attribute(attribute) {
            Printed::Column(name) => name,
            Printed::Variable(members) => {
                members.iter().fold("namedlambdavariable()".into(), |name: String, member| format!("{name}.{member}"))
            }
        },
        ExpressionKind::Star(star) if star.qualifier.is_empty() => "*".into(),
        ExpressionKind::Star(star) => format!("{}.*", star.qualifier.join(".")),
        ExpressionKind::ColumnRegex { pattern, .. } => pattern.clone(),
        ExpressionKind::Call(call) => call::call(call, place),
        // Spark 4.1 writes no cast to a nested type, and knows no lengths of texts (`Cast.sql`).
        ExpressionKind::Cast {
            child, to: DataType::Array { .. } | DataType::Map { .. } | DataType::Struct(_), ..
        } => show(child),
        ExpressionKind::Cast { child, to, mode } => {
            let to = if matches!(to, DataType::Char(_) | DataType::Varchar(_)) { &DataType::String } else { to };
            let function = if *mode == CastMode::Try { "TRY_CAST" } else { "CAST" };
            format!("{function}({} AS {})", show(child), to.sql())
        }
        ExpressionKind::Alias { child, names, .. } => match names.as_slice() {
            [name] => format!("{} AS {name}", show(child)),
            _ => show(child),
        },
        ExpressionKind::Case { operand, branches, otherwise } => {
            case(operand.as_deref(), branches, otherwise.as_deref(), place)
        }
        ExpressionKind::ScalarSubquery(query) => format!("scalarsubquery({})", place.outer(query).join(", ")),
        ExpressionKind::Exists(query) => format!("exists({})", place.outer(query).join(", ")),
        ExpressionKind::InSubquery { values, query } => {
            let compared = match values.as_slice() {
                [value] => show(value),
                values => call::compared_row(values, place),
            };
            format!("({compared} IN (listquery({})))", place.outer(query).join(", "))
        }
        ExpressionKind::Window { function, window } => window::over(function, window, place),
        ExpressionKind::Lambda { parameters, body } => lambda(parameters, body, place),
        ExpressionKind::LambdaVariable(_) => "namedlambdavariable()".into(),
        ExpressionKind::ExtractValue { child, key } => extracted(child, key, place),
        ExpressionKind::UpdateField { child, .. } => {
            format!("update_fields({}, {})", show(child), update(expression, place))
        }
        ExpressionKind::StoreAssignment { value, .. } => show(value),
        ExpressionKind::NamedParameter(name) => format!(":{name}"),
        ExpressionKind::PositionalParameter(_) => "?".into(),
        ExpressionKind::Default => "DEFAULT".into(),
        ExpressionKind::Identifier { text, .. } => match &text.kind {
            ExpressionKind::Literal(Literal::String(name)) => name.rsplit('.').next().unwrap_or(name).to_string(),
            _ => format!("identifier({})", show(text)),
        },
        ExpressionKind::External(what) => what.clone(),
    }
}

fn case(
    operand: Option<&Expression>,
    branches: &[(Expression, Expression)],
    otherwise: Option<&Expression>,
    place: &dyn Place,
) -> String {
    let mut text = "CASE".to_string();
    for (condition, value) in branches {
        let condition = match operand {
            Some(operand) => format!("({} = {})", pretty(operand, place), pretty(condition, place)),
            None => pretty(condition, place),
        };
        text.push_str(&format!(" WHEN {condition} THEN {}", pretty(value, place)));
    }
    if let Some(otherwise) = otherwise {
        text.push_str(&format!(" ELSE {}", pretty(otherwise, place)));
    }
    text + " END"
}

fn update(expression: &Expression, place: &dyn Place) -> String {
    match &expression.kind {
        ExpressionKind::UpdateField { field, value: Some(value), .. } => {
            format!("WithField({field}, {})", pretty(value, place))
        }
        ExpressionKind::UpdateField { field, .. } => format!("DropField({field})"),
        _ => String::new(),
    }
}

/// `s.f` of a struct, or of an array of structs; `a[0]` and `m[k]` of anything else.
fn extracted(child: &Expression, key: &Expression, place: &dyn Place) -> String {
    let base = pretty(child, place);
    match &key.kind {
        ExpressionKind::Literal(Literal::String(field))
            if matches!(place.data_type(child), Some(DataType::Struct(_) | DataType::Array { .. })) =>
        {
            format!("{base}.{field}")
        }
        _ => format!("{base}[{}]", pretty(key, place)),
    }
}

/// `lambdafunction(body, variables)`: every variable prints alike.
fn lambda(parameters: &[String], body: &Expression, place: &dyn Place) -> String {
    let variables = vec!["namedlambdavariable()"; parameters.len()].join(", ");
    format!("lambdafunction({}, {variables})", pretty(body, &InLambda { parameters, around: place }))
}

/// `a ASC NULLS FIRST`.
pub(crate) fn sort_order(order: &SortOrder, place: &dyn Place) -> String {
    let direction = if order.ascending { "ASC" } else { "DESC" };
    let nulls = if order.nulls_first { "NULLS FIRST" } else { "NULLS LAST" };
    format!("{} {direction} {nulls}", pretty(&order.child, place))
}
