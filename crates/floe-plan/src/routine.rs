//! Functions of users: a call is the body of its function, lowered over what it was called with. Each argument is cast to
//! its parameter's type, the value to the type the function returns (Spark 4.1 `ResolveSQLFunctions`).
//!
//! In the body a parameter is found after every column; inside a query of the body it is a column of the query around.

use std::cell::Cell;
use std::collections::BTreeSet;
use std::rc::Rc;
use std::sync::Arc;

use arrow::datatypes::Field;
use datafusion::common::Column as EngineColumn;
use datafusion::common::tree_node::{Transformed, TreeNode, TreeNodeRecursion};
use datafusion::logical_expr::Expr;
use floe_base::error::quoted;
use floe_base::{Error, Kind, Origin, Result, SqlSource};
use floe_catalog::FoundFunction;
use floe_functions::Typed;
use floe_functions::cast::cast_as;
use floe_syntax::command::ColumnDefinition;
use floe_syntax::expression::{Call, CastMode, Expression, ExpressionKind};
use floe_syntax::relation::{GroupBy, RelationKind, Select};
use floe_syntax::routine::{Routine, RoutineBody};
use floe_syntax::{DataType, Relation};

use crate::expression::call::{declared, function_name, is_builtin};
use crate::expression::{Clause, Names};
use crate::lower::lower_with;
use crate::resolver::{Env, Outer, Resolver};
use crate::rows::{Output, Rows};
use crate::scope::{Column, Scope, id_of, label, referenced};
use crate::snapshot::Need;
use crate::{Lookup, Temporary, Under};

/// Functions within functions; Spark has no limit of its own, its stack ends.
const DEPTH_MAX: usize = 100;
/// What functions may make of one query, in expressions: `f(f(f(x)))` doubles with each call where `f(x)` is `x + x`.
const GROWN_MAX: usize = 500_000;

/// A function that was found, its text read.
pub(crate) struct Known {
    name: Vec<String>,
    routine: Routine,
    under: Under,
    ansi: bool,
}

/// What a function was called with, while its body is lowered.
pub(crate) struct Called {
    /// The function's name, by which a parameter may be qualified.
    name: String,
    arguments: Vec<Given>,
}

/// A parameter and what was given for it.
struct Given {
    name: String,
    value: Typed,
    /// The columns the value uses.
    columns: Vec<Column>,
    /// The value's size, in expressions.
    size: usize,
    uses: Cell<usize>,
}

/// What stands for a parameter: in the call, or where the function was made.
enum Written<'c> {
    Given(&'c Expression),
    Default(&'c Expression),
}

impl<'c> Written<'c> {
    fn expression(&self) -> &'c Expression {
        match self {
            Self::Given(expression) | Self::Default(expression) => expression,
        }
    }
}

impl Known {
    pub(crate) fn read(found: FoundFunction) -> Result<Self> {
        let FoundFunction { name, function, is_temporary } = found;
        let object = Some(("FUNCTION".into(), name.join(".")));
        let source = Arc::new(SqlSource { text: function.text.as_str().into(), object, raw_strings: false });
        let routine = floe_sql::parse_routine(&source).map_err(|error| {
            let text = format!("the text of function {} cannot be read: {error}", name.join("."));
            Error::message(Kind::Analysis, text).at(&Origin::Unknown)
        })?;
        let temporary = if is_temporary { Temporary::Session } else { Temporary::Never };
        let under = Under { catalog: function.catalog, namespace: function.namespace, temporary };
        Ok(Self { name, routine, under, ansi: function.ansi })
    }

    fn last(&self) -> &str {
        self.name.last().map(String::as_str).unwrap_or_default()
    }

    /// It stands where only a function of Spark's may.
    pub(crate) fn misused(&self, place: &str, origin: &Origin) -> Error {
        self.refused_for("UNSUPPORTED_SQL_UDF_USAGE", origin).with("nodeName", place)
    }

    fn refused_for(&self, condition: &str, origin: &Origin) -> Error {
        Error::analysis(condition).with("functionName", quoted(&self.name)).at(origin)
    }
}

impl Resolver<'_> {
    /// The function of a user's that a call means: none of Spark's has its name.
    pub(crate) fn routine(&self, call: &Call, env: &Env<'_>) -> Result<Option<&Known>> {
        if self.is_of_spark(call) {
            return Ok(None);
        }
        let under = env.under.as_deref();
        match self.snapshot.function(&call.name, under) {
            Some(known) => Ok(known),
            None => Err(self.stop(Need::Function(call.name.clone(), under.cloned()))),
        }
    }

    fn is_of_spark(&self, call: &Call) -> bool {
        let name = function_name(call);
        let is_operator = !name.starts_with(|letter: char| letter.is_alphabetic() || letter == '_');
        let is_absent = if call.of_api { floe_functions::is_absent_for_api } else { floe_functions::is_absent };
        is_builtin(&call.name) && (is_operator || declared(call).is_some() || is_absent(&name))
    }

    /// The value of a call.
    pub(crate) fn routine_value(
        &self,
        known: &Known,
        call: &Call,
        names: &Names<'_>,
        origin: &Origin,
    ) -> Result<Typed> {
        let (returns, value) = match &known.routine.body {
            RoutineBody::Value { returns, value } => (returns.as_ref(), value),
            RoutineBody::Rows { .. } => return Err(known.refused_for("NOT_A_SCALAR_FUNCTION", origin)),
            RoutineBody::Class(class) => return Err(needs_jvm(known, class, origin)),
        };
        let arguments = self.given(known, call, names, origin)?;
        self.in_body(known, arguments, names.env, origin, |resolver, env| resolver.returned(known, returns, value, env))
    }

    fn returned(&self, known: &Known, returns: Option<&DataType>, body: &Expression, env: &Env<'_>) -> Result<Typed> {
        let nothing = Scope::new(Vec::new());
        let body = lone_item(body).unwrap_or(body);
        let value = self.expression(body, &Names::new(&nothing, env, Clause::Select))?;
        let Some(returns) = returns else { return Ok(value) };
        let text = || known.last().to_string();
        cast_as(value, returns, CastMode::Session, self.context, &body.origin, &text)
    }

    /// The rows of a call in FROM.
    pub(crate) fn routine_rows(&self, known: &Known, call: &Call, env: &Env<'_>, origin: &Origin) -> Result<Rows> {
        let (columns, query) = match &known.routine.body {
            RoutineBody::Rows { columns, query } => (columns.as_deref(), query),
            RoutineBody::Value { .. } => return Err(known.refused_for("NOT_A_TABLE_FUNCTION", origin)),
            RoutineBody::Class(class) => return Err(needs_jvm(known, class, origin)),
        };
        let nothing = Scope::new(Vec::new());
        let arguments = self.given(known, call, &Names::new(&nothing, env, Clause::Other), origin)?;
        self.in_body(known, arguments, env, origin, |resolver, env| {
            resolver.rows_of(known, columns, query, env, origin)
        })
    }

    fn rows_of(
        &self,
        known: &Known,
        columns: Option<&[ColumnDefinition]>,
        query: &Relation,
        env: &Env<'_>,
        origin: &Origin,
    ) -> Result<Rows> {
        let rows = self.relation(query, env)?;
        let qualifier = [known.last().to_string()];
        let Some(wanted) = columns else { return self.renamed(rows, &[], Some(&qualifier), origin) };
        let found: Vec<Column> = rows.scope.shown().cloned().collect();
        if found.len() != wanted.len() {
            return Err(Error::analysis("USER_DEFINED_FUNCTIONS.RETURN_COLUMN_COUNT_MISMATCH")
                .with("outputSize", found.len().to_string())
                .with("returnParamSize", wanted.len().to_string())
                .with("name", known.last())
                .at(origin));
        }
        let mut outputs = Vec::with_capacity(wanted.len());
        for (column, wanted) in found.iter().zip(wanted) {
            let text = || column.name().to_string();
            let to = &wanted.field.data_type;
            let value = cast_as(column.typed(), to, CastMode::Session, self.context, origin, &text)?;
            outputs.push(Output { column: self.column(&wanted.field.name, &value), value });
        }
        let rows = rows.project_closed(outputs)?;
        self.renamed(rows, &[], Some(&qualifier), origin)
    }

    /// Lowers something of a function's body.
    fn in_body<T>(
        &self,
        known: &Known,
        arguments: Vec<Given>,
        around: &Env<'_>,
        origin: &Origin,
        lower: impl FnOnce(&Resolver<'_>, &Env<'_>) -> Result<T>,
    ) -> Result<T> {
        if around.depth >= DEPTH_MAX {
            let what = format!("function {} within {DEPTH_MAX} others", known.name.join("."));
            return Err(Error::unsupported(what).at(origin));
        }
        self.grow(1, origin)?;
        let called = Rc::new(Called { name: known.last().into(), arguments });
        let env = Env {
            under: Some(Rc::new(known.under.clone())),
            called: Some(called.clone()),
            depth: around.depth + 1,
            ..Env::default()
        };
        let lowered = self.with_ansi(known.ansi, |resolver| lower(resolver, &env))?;
        // The value stands wherever the parameter does: one that is drawn anew each time would be several.
        match called.arguments.iter().find(|given| given.uses.get() > 1 && given.value.expr.is_volatile()) {
            Some(given) => {
                let what = format!(
                    "a value that is not deterministic for parameter `{}` of function {}, which uses it more than once,",
                    given.name,
                    known.name.join(".")
                );
                Err(Error::unsupported(what).at(origin))
            }
            None => Ok(lowered),
        }
    }

    fn grow(&self, by: usize, origin: &Origin) -> Result<()> {
        self.grown.set(self.grown.get().saturating_add(by));
        if self.grown.get() <= GROWN_MAX {
            return Ok(());
        }
        let what = format!("a query that functions of users make {GROWN_MAX} expressions larger");
        Err(Error::unsupported(what).at(origin))
    }

    /// The arguments of a call, in the order of the parameters and in their types.
    fn given(&self, known: &Known, call: &Call, names: &Names<'_>, origin: &Origin) -> Result<Vec<Given>> {
        let mut arguments = Vec::with_capacity(known.routine.parameters.len());
        for (parameter, written) in known.routine.parameters.iter().zip(known.in_order(call, origin)?) {
            let name = &parameter.field.name;
            let value = match written {
                Written::Given(written) => self.expression(written, names)?,
                Written::Default(default) => self.constant(default, &Env::default())?,
            };
            let text = || self.text(written.expression(), names);
            let value = self.with_ansi(known.ansi, |resolver| {
                cast_as(value, &parameter.field.data_type, CastMode::Session, resolver.context, origin, &text)
            })?;
            let columns = self.columns_of(&value, names);
            let size = size_of(&value.expr)?;
            arguments.push(Given { name: name.clone(), value, columns, size, uses: Cell::new(0) });
        }
        Ok(arguments)
    }

    /// The columns a value uses, as far as they belong to what it stands over.
    fn columns_of(&self, value: &Typed, names: &Names<'_>) -> Vec<Column> {
        let column = |found: &&EngineColumn| {
            let node = Expr::Column((*found).clone());
            let typed = self.outside(&found.name, &node, names)?;
            Some(Column::new(referenced(&node)?, crate::rows::field_of(&found.name, &typed)))
        };
        let mut columns: Vec<Column> = value.expr.column_refs().iter().filter_map(column).collect();
        // What was taken out of the expression is in no scope, but the value may be nothing else.
        if let Some(id) = referenced(&value.expr).filter(|_| columns.is_empty()) {
            columns.push(Column::new(id, crate::rows::field_of(&label(id), value)));
        }
        columns
    }

    /// A parameter of the function whose body a name stands in.
    pub(crate) fn parameter(&self, parts: &[String], names: &Names<'_>, origin: &Origin) -> Result<Option<Typed>> {
        let Some(called) = &names.env.called else { return Ok(None) };
        let find = |name: &String| called.arguments.iter().find(|given| self.same_name(&given.name, name));
        let (given, rest) = match parts {
            [function, name, rest @ ..] if self.same_name(&called.name, function) && find(name).is_some() => {
                (find(name), rest)
            }
            [name, rest @ ..] => (find(name), rest),
            [] => (None, parts),
        };
        let Some(given) = given else { return Ok(None) };
        given.uses.set(given.uses.get() + 1);
        self.grow(given.size, origin)?;
        let mut outermost = names.env.outer.clone();
        while let Some(parent) = outermost.as_ref().and_then(|outer| outer.parent.clone()) {
            outermost = Some(parent);
        }
        let value = match outermost {
            Some(outer) => given.within_query(&outer, origin)?,
            None => given.value.clone(),
        };
        self.members(value, rest, origin)
    }

    /// A call as names show it. Defaults that stand behind the last argument do not show.
    pub(crate) fn printed_routine(&self, call: &Call, env: &Env<'_>) -> Option<(String, Vec<Expression>)> {
        if self.is_of_spark(call) {
            return None;
        }
        let known = self.snapshot.function(&call.name, env.under.as_deref()).flatten()?;
        let written = known.in_order(call, &Origin::Unknown).ok()?;
        let is_given = |written: &Written<'_>| matches!(written, Written::Given(_));
        let shown = written.iter().rposition(is_given).map_or(0, |last| last + 1);
        let arguments = written.iter().take(shown).map(|written| written.expression().clone()).collect();
        Some((known.name.join("."), arguments))
    }
}

impl Known {
    /// What a call means for each parameter.
    fn in_order<'c>(&'c self, call: &'c Call, origin: &Origin) -> Result<Vec<Written<'c>>> {
        let parameters = &self.routine.parameters;
        if call.arguments.len() > parameters.len() {
            return Err(self.wrong_number(call, origin));
        }
        let mut given: Vec<Option<&Expression>> = vec![None; parameters.len()];
        for (position, argument) in call.arguments.iter().enumerate() {
            let is = |name: &String| parameters.iter().position(|known| known.field.name.eq_ignore_ascii_case(name));
            let place = match &argument.name {
                None => position,
                Some(name) => is(name).ok_or_else(|| self.unknown_parameter(name, origin))?,
            };
            let by_position = argument.name.is_some() && call.arguments.get(place).is_some_and(|at| at.name.is_none());
            match given.get_mut(place) {
                Some(free @ None) => *free = Some(&argument.value),
                _ => {
                    let sub = if by_position { "BOTH_POSITIONAL_AND_NAMED" } else { "DOUBLE_NAMED_ARGUMENT_REFERENCE" };
                    return Err(Error::analysis(format!("DUPLICATE_ROUTINE_PARAMETER_ASSIGNMENT.{sub}"))
                        .with("routineName", quoted(&self.name))
                        .with("parameterName", quoted(&[argument.name.as_deref().unwrap_or_default()]))
                        .at(origin));
                }
            }
        }
        let written = |(given, parameter): (Option<&'c Expression>, &'c ColumnDefinition)| {
            given.map(Written::Given).or_else(|| parameter.default.as_ref().map(Written::Default))
        };
        let all: Option<Vec<Written<'_>>> = given.into_iter().zip(parameters).map(written).collect();
        all.ok_or_else(|| self.wrong_number(call, origin))
    }

    fn wrong_number(&self, call: &Call, origin: &Origin) -> Error {
        self.refused_for("WRONG_NUM_ARGS.WITHOUT_SUGGESTION", origin)
            .with("expectedNum", self.routine.parameters.len().to_string())
            .with("actualNum", call.arguments.len().to_string())
            .with("docroot", "https://spark.apache.org/docs/latest")
    }

    fn proposal(&self, between: &str) -> String {
        let names = self.routine.parameters.iter().map(|parameter| quoted(&[&parameter.field.name]));
        names.collect::<Vec<_>>().join(between)
    }

    fn unknown_parameter(&self, name: &str, origin: &Origin) -> Error {
        Error::analysis("UNRECOGNIZED_PARAMETER_NAME")
            .with("routineName", quoted(&self.name))
            .with("argumentName", quoted(&[name]))
            .with("proposal", self.proposal(" "))
            .at(origin)
    }
}

impl Given {
    /// The value inside a query of the body, which sees its columns from within.
    fn within_query(&self, outer: &Outer, origin: &Origin) -> Result<Typed> {
        let mut strange = false;
        let expr = self.value.expr.clone().transform_up(|node| {
            let Expr::Column(column) = &node else { return Ok(Transformed::no(node)) };
            let Some(known) = id_of(&column.name).and_then(|id| self.columns.iter().find(|known| known.id == id))
            else {
                strange = true;
                return Ok(Transformed::no(node));
            };
            outer.used.borrow_mut().push(known.clone());
            let field = Field::new(&column.name, known.field.data_type().clone(), known.field.is_nullable());
            Ok(Transformed::yes(Expr::OuterReferenceColumn(Arc::new(field), column.clone())))
        })?;
        if strange {
            let what = format!(
                "an aggregate or window function inside the argument for parameter `{}` of a function whose body is a query",
                self.name
            );
            return Err(Error::unsupported(what).at(origin));
        }
        Ok(Typed { expr: expr.data, ..self.value.clone() })
    }
}

fn size_of(expr: &Expr) -> Result<usize> {
    let mut size = 0;
    expr.apply(|_| {
        size += 1;
        Ok(TreeNodeRecursion::Continue)
    })?;
    Ok(size)
}

/// The item of a body that is `SELECT item` and no more. It is the value itself and not a subquery's: as nullable as the
/// item, and without aggregates (Spark 4.1, `SQLFunction`).
fn lone_item(body: &Expression) -> Option<&Expression> {
    let ExpressionKind::ScalarSubquery(query) = &body.kind else { return None };
    let RelationKind::Select(select) = &*query.kind else { return None };
    let Select { hints, distinct, projection, from, filter, group_by, having, windows } = &**select;
    let is_alone = !distinct && hints.is_empty() && from.is_none() && filter.is_none() && having.is_none();
    match projection.as_slice() {
        [item] if is_alone && windows.is_empty() && matches!(group_by, GroupBy::None) => match &item.kind {
            ExpressionKind::Alias { child, .. } => Some(child),
            _ => Some(item),
        },
        _ => None,
    }
}

fn needs_jvm(known: &Known, class: &str, origin: &Origin) -> Error {
    Error::unsupported(format!("the function {}, which is Java's {class},", known.name.join("."))).at(origin)
}

/// What a function's body must be when it is made. The names it uses are found as the session finds them; which of them
/// are the session's own the lookup has noted then.
///
/// # Errors
/// What the body cannot mean, and what a function of SQL may not do.
pub async fn check_routine(found: FoundFunction, lookup: &dyn Lookup) -> Result<()> {
    let known = Known::read(FoundFunction { is_temporary: true, ..found })?;
    known.check_parameters()?;
    lower_with(&[], lookup, |resolver| resolver.check_body(&known)).await.map_err(|error| known.as_made(error))
}

impl Known {
    fn check_parameters(&self) -> Result<()> {
        let parameters = &self.routine.parameters;
        let mut seen = BTreeSet::new();
        let twice = parameters.iter().find(|parameter| !seen.insert(parameter.field.name.to_lowercase()));
        if let Some(twice) = twice {
            return Err(Error::analysis("DUPLICATE_ROUTINE_PARAMETER_NAMES")
                .with("routineName", self.last())
                .with("names", quoted(&[&twice.field.name.to_lowercase()])));
        }
        if let Some(required) = parameters.iter().find(|parameter| !parameter.field.nullable) {
            return Err(Error::analysis("USER_DEFINED_FUNCTIONS.NOT_NULL_ON_FUNCTION_PARAMETERS")
                .with("input", format!("{} {} NOT NULL", required.field.name, required.field.data_type)));
        }
        let returned = match &self.routine.body {
            RoutineBody::Value { returns: Some(returns), .. } => Some(returns),
            _ => None,
        };
        let mut types = parameters.iter().map(|parameter| &parameter.field.data_type).chain(returned);
        if types.any(|data_type| matches!(data_type, DataType::Char(_) | DataType::Varchar(_))) {
            return Err(Error::analysis("UNSUPPORTED_CHAR_OR_VARCHAR_AS_STRING"));
        }
        let gap = parameters.iter().zip(parameters.iter().skip(1));
        match gap.into_iter().find(|(first, next)| first.default.is_some() && next.default.is_none()) {
            None => Ok(()),
            Some((first, next)) => {
                Err(Error::analysis("USER_DEFINED_FUNCTIONS.NOT_A_VALID_DEFAULT_PARAMETER_POSITION")
                    .with("functionName", self.last())
                    .with("parameterName", &first.field.name)
                    .with("nextParameterName", &next.field.name))
            }
        }
    }

    /// What a body that cannot be is called when its function is made.
    fn as_made(&self, error: Error) -> Error {
        let of = |name: &str| {
            let mut parameters = error.parameters().iter();
            parameters.find(|(known, _)| known == name).map(|(_, value)| value.clone()).unwrap_or_default()
        };
        match error.condition() {
            "UNRESOLVED_COLUMN.WITHOUT_SUGGESTION" if !self.routine.parameters.is_empty() => {
                Error::analysis("UNRESOLVED_COLUMN.WITH_SUGGESTION")
                    .with("objectName", of("objectName"))
                    .with("proposal", self.proposal(", "))
            }
            "UNRESOLVED_ROUTINE" => Error::analysis("ROUTINE_NOT_FOUND").with("routineName", of("routineName")),
            "UNSUPPORTED_EXPR_FOR_OPERATOR" => {
                Error::analysis("USER_DEFINED_FUNCTIONS.CANNOT_CONTAIN_COMPLEX_FUNCTIONS")
                    .with("queryText", of("invalidExprSqls"))
            }
            _ => error,
        }
    }
}

impl Resolver<'_> {
    fn check_body(&self, known: &Known) -> Result<()> {
        let origin = Origin::Unknown;
        let none = |parameter: &ColumnDefinition| {
            let value = Typed::null(&parameter.field.data_type.to_arrow());
            Given { name: parameter.field.name.clone(), value, columns: Vec::new(), size: 1, uses: Cell::new(0) }
        };
        let arguments = known.routine.parameters.iter().map(none).collect();
        self.in_body(known, arguments, &Env::default(), &origin, |resolver, env| match &known.routine.body {
            RoutineBody::Class(_) => Ok(()),
            RoutineBody::Value { returns, value } => resolver.returned(known, returns.as_ref(), value, env).map(drop),
            RoutineBody::Rows { columns, query } => {
                resolver.rows_of(known, columns.as_deref(), query, env, &origin).map(drop)
            }
        })
    }
}
