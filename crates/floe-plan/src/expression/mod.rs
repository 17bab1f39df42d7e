//! Expressions: names become columns, calls become functions, and every expression gets its type.
//!
//! | file | what |
//! |---|---|
//! | `attribute.rs` | names of columns, struct members, lambda variables, lateral aliases, outer columns |
//! | `literal.rs` | constants |
//! | `star.rs` | `*`, `t.*`, column patterns: one expression becomes several |
//! | `call.rs` | functions and operators |
//! | `aggregate.rs` | the aggregates and windows of an expression, taken out of it |
//! | `window.rs`, `frame.rs` | `OVER`, and the rows it looks at |
//! | `generator.rs` | one row becomes several |
//! | `lambda.rs` | `x -> x + 1` |
//! | `subquery.rs` | scalar subqueries, EXISTS, IN |
//! | `field.rs` | `a[0]`, `s.f`, `withField`, `dropFields` |
//! | `conditional.rs` | CASE |
//! | `printer.rs` | what names show of the scope |
//! | `constant.rs` | expressions that must be known before the query runs |

pub(crate) mod aggregate;
pub(crate) mod attribute;
pub(crate) mod call;
pub(crate) mod conditional;
pub(crate) mod constant;
pub(crate) mod field;
pub(crate) mod frame;
pub(crate) mod generator;
pub(crate) mod lambda;
pub(crate) mod literal;
pub(crate) mod printer;
pub(crate) mod single_value;
pub(crate) mod star;
pub(crate) mod subquery;
pub(crate) mod window;

use std::cell::RefCell;
use std::sync::Arc;

use floe_base::{Error, Origin, Result};
use floe_functions::Typed;
use floe_functions::cast::cast_as;
use floe_syntax::expression::{Attribute, Expression, ExpressionKind, WindowSpec};

use crate::name;
use crate::relation::time_window::{TimeWindow, is_time_window};
use crate::resolver::{Env, Resolver};
use crate::scope::{Column, Id, Scope};
use aggregate::Collector;
use lambda::LambdaScope;
use printer::Printer;

/// Where an expression stands: what it can see and what it may hold.
#[derive(Clone, Copy)]
pub(crate) struct Names<'a> {
    pub(crate) scope: &'a Arc<Scope>,
    /// Where to look for what the scope does not have: ORDER BY and HAVING see the SELECT list and its input.
    pub(crate) fallback: Option<&'a Arc<Scope>>,
    pub(crate) env: &'a Env<'a>,
    pub(crate) clause: Clause,
    /// Takes aggregates, windows and generators, where the clause may hold them.
    pub(crate) collector: Option<&'a Collector>,
    /// Aliases given further left in the same SELECT list.
    pub(crate) laterals: Option<&'a Laterals>,
    pub(crate) lambda: Option<&'a LambdaScope<'a>>,
    pub(crate) windows: &'a [(String, WindowSpec)],
    /// What `window(…)` and `session_window(…)` are here.
    pub(crate) time_window: Option<&'a TimeWindow>,
    /// Columns found below the scope, to be carried up.
    pub(crate) reached: Option<&'a RefCell<Vec<Id>>>,
    pub(crate) inside: Inside,
}

/// What an expression is an argument of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Inside {
    Nothing,
    Aggregate,
    /// The condition behind an aggregate.
    Filter,
    Window,
}

/// The clause an expression stands in; errors name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Clause {
    Select,
    Where,
    GroupBy,
    Having,
    OrderBy,
    Join,
    Other,
}

/// An alias a later expression of the same list may use.
pub(crate) type Laterals = RefCell<Vec<(String, Typed)>>;

impl<'a> Names<'a> {
    pub(crate) fn new(scope: &'a Arc<Scope>, env: &'a Env<'a>, clause: Clause) -> Self {
        Self {
            scope,
            fallback: None,
            env,
            clause,
            collector: None,
            laterals: None,
            lambda: None,
            windows: &[],
            time_window: None,
            reached: None,
            inside: Inside::Nothing,
        }
    }

    #[must_use]
    pub(crate) fn collecting(mut self, collector: &'a Collector) -> Self {
        self.collector = Some(collector);
        self
    }

    /// The scopes in the order they are asked: an aggregate's arguments belong to the rows below it first.
    pub(crate) fn in_order(&self) -> impl Iterator<Item = &'a Arc<Scope>> {
        let (first, second) = match (self.inside, self.fallback) {
            (Inside::Aggregate | Inside::Filter, Some(fallback)) => (fallback, Some(self.scope)),
            (_, fallback) => (self.scope, fallback),
        };
        std::iter::once(first).chain(second)
    }

    #[must_use]
    pub(crate) fn inside(mut self, inside: Inside) -> Self {
        self.inside = inside;
        self
    }
}

impl Resolver<'_> {
    /// An expression's meaning.
    pub(crate) fn expression(&self, expression: &Expression, names: &Names<'_>) -> Result<Typed> {
        stacker::maybe_grow(96 * 1024, 2 * 1024 * 1024, || self.expression_here(expression, names))
    }

    fn expression_here(&self, expression: &Expression, names: &Names<'_>) -> Result<Typed> {
        let origin = &expression.origin;
        match &expression.kind {
            ExpressionKind::Literal(value) => literal::literal(value, origin),
            ExpressionKind::TypedLiteral { type_name, text } => literal::typed(type_name, text, self.context, origin),
            ExpressionKind::Attribute(attribute) => self.attribute(attribute, names, origin),
            ExpressionKind::Star(_) => Err(star::misplaced(names, origin)),
            ExpressionKind::ColumnRegex { pattern, .. } => self.column_regex_alone(pattern, names, origin),
            ExpressionKind::Call(call) => match names.time_window.filter(|_| is_time_window(call)) {
                Some(window) => Ok(window.typed()),
                None => self.call(expression, call, names),
            },
            ExpressionKind::Cast { child, to, mode } => self.cast(child, to, *mode, names, origin),
            ExpressionKind::Alias { child, .. } => self.expression(child, names),
            ExpressionKind::Case { operand, branches, otherwise } => {
                self.case(operand.as_deref(), branches, otherwise.as_deref(), names, origin)
            }
            ExpressionKind::ScalarSubquery(query) => self.scalar_subquery(query, names, origin),
            ExpressionKind::Exists(query) => self.exists(query, names, origin),
            ExpressionKind::InSubquery { values, query } => self.in_subquery(values, query, names, origin),
            ExpressionKind::Window { function, window } => self.window(function, window, names, origin),
            ExpressionKind::Lambda { .. } => {
                Err(Error::analysis("INVALID_LAMBDA_FUNCTION_CALL.UNEXPECTED").with("class", "expression").at(origin))
            }
            ExpressionKind::LambdaVariable(name) => self.lambda_variable(name, names, origin),
            ExpressionKind::ExtractValue { child, key } => self.extract(child, key, names, origin),
            ExpressionKind::UpdateField { child, field, value } => {
                self.update_field(child, field, value.as_deref(), names, origin)
            }
            ExpressionKind::StoreAssignment { value, place, table } => {
                let place_type = self.expression(place, names)?.data_type;
                let column = floe_functions::cast::column_name(&crate::name::pretty(place, &crate::name::Nowhere));
                let value = self.expression(value, names)?;
                let table = floe_base::error::quoted(table);
                floe_functions::cast::store_assignment(value, &place_type, &table, &column, self.context, origin)
            }
            ExpressionKind::NamedParameter(name) => self.expression(names.env.named_parameter(name, origin)?, names),
            ExpressionKind::PositionalParameter(index) => {
                self.expression(names.env.positional_parameter(*index, origin)?, names)
            }
            ExpressionKind::Default => Err(Error::analysis("DEFAULT_PLACEMENT_INVALID").at(origin)),
            ExpressionKind::Identifier { text, arguments } => {
                self.identifier_clause(text, arguments.as_deref(), names, origin)
            }
            ExpressionKind::External(what) => Err(Error::unsupported(what.clone()).at(origin)),
        }
    }

    /// A condition: an expression that must be boolean.
    pub(crate) fn condition(&self, condition: &Expression, names: &Names<'_>, clause: &str) -> Result<Typed> {
        let value = self.expression(condition, names)?;
        match &value.data_type {
            arrow::datatypes::DataType::Boolean => Ok(value),
            arrow::datatypes::DataType::Null if clause == "HAVING" => {
                Ok(Typed::null(&arrow::datatypes::DataType::Boolean))
            }
            _ => Err(Error::analysis(if clause == "JOIN" {
                "JOIN_CONDITION_IS_NOT_BOOLEAN_TYPE"
            } else {
                "DATATYPE_MISMATCH.FILTER_NOT_BOOLEAN"
            })
            .with("sqlExpr", format!("\"{}\"", self.text(condition, names)))
            .with("filter", format!("\"{}\"", self.text(condition, names)))
            .with("joinCondition", format!("\"{}\"", self.text(condition, names)))
            .with("conditionType", format!("\"{}\"", value.spark_type().sql()))
            .with("type", format!("\"{}\"", value.spark_type().sql()))
            .at(&condition.origin)),
        }
    }

    fn cast(
        &self,
        child: &Expression,
        to: &floe_syntax::DataType,
        mode: floe_syntax::expression::CastMode,
        names: &Names<'_>,
        origin: &Origin,
    ) -> Result<Typed> {
        let value = self.expression(child, names)?;
        let text = || self.text(child, names);
        cast_as(value, to, mode, self.context, origin, &text)
    }

    /// `IDENTIFIER('a.b')`, `IDENTIFIER('f')(x)`.
    fn identifier_clause(
        &self,
        text: &Expression,
        arguments: Option<&[Expression]>,
        names: &Names<'_>,
        origin: &Origin,
    ) -> Result<Typed> {
        let parts = self.identifier(text, names.env)?;
        match arguments {
            None => self.attribute(&Attribute { parts, plan_id: None, is_metadata: false }, names, origin),
            Some(arguments) => {
                let mut call = floe_syntax::expression::Call::new("", arguments.to_vec());
                call.name = parts;
                self.expression(&Expression::new(ExpressionKind::Call(Box::new(call)), origin.clone()), names)
            }
        }
    }

    /// The expression as Spark prints it in names and errors.
    pub(crate) fn text(&self, expression: &Expression, names: &Names<'_>) -> String {
        name::pretty(expression, &self.printer(names))
    }

    /// What the printing of names must know of the scope.
    pub(crate) fn printer<'n>(&'n self, names: &'n Names<'n>) -> Printer<'n> {
        Printer { resolver: self, names }
    }

    /// A column for a value, under a fresh id.
    pub(crate) fn column(&self, name: &str, value: &Typed) -> Column {
        Column::new(self.fresh(), crate::rows::field_of(name, value))
    }
}
