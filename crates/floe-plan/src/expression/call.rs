//! Functions and operators: the arguments get their types, the function binds to them.

use arrow::datatypes::{DataType, FieldRef};
use datafusion::logical_expr::Expr;
use floe_base::{Error, Origin, Result};
use floe_functions::{Function, FunctionKind, Typed};
use floe_syntax::expression::{Argument, Call, CastMode, Expression, ExpressionKind, SortOrder, WindowSpec};
use floe_syntax::{DataType as SparkType, Literal, expression};

use super::aggregate::Modifiers;
use super::{Clause, Inside, Names};
use crate::name;
use crate::problem;
use crate::resolver::Resolver;

/// What a bound function is, and what stands for it.
pub(crate) struct Bound {
    pub(crate) value: Typed,
    pub(crate) kind: FunctionKind,
}

impl Resolver<'_> {
    pub(crate) fn call(&self, expression: &Expression, call: &Call, names: &Names<'_>) -> Result<Typed> {
        let origin = &expression.origin;
        let name = function_name(call);
        if let Some(special) = self.special(&name, expression, call, names)? {
            return Ok(special);
        }
        if let Some(known) = self.routine(call, names.env)? {
            self.only_for_aggregates(&name, call, origin)?;
            return self.routine_value(known, call, names, origin);
        }
        let bound = self.bind(expression, call, names)?;
        match bound.kind {
            FunctionKind::Scalar => {
                self.only_for_aggregates(&name, call, origin)?;
                Ok(bound.value)
            }
            FunctionKind::Aggregate => {
                let modifiers = self.modifiers(call, names, origin)?;
                let text = self.text(expression, names);
                self.take_aggregates(bound.value, &modifiers, &text, names, origin)
            }
            FunctionKind::Window => Err(Error::analysis("WINDOW_FUNCTION_WITHOUT_OVER_CLAUSE")
                .with("funcName", format!("\"{name}()\""))
                .at(origin)),
            FunctionKind::Generator => Err(self.generator_misplaced(expression, names)),
        }
    }

    /// Rows out of a value where one value is wanted.
    fn generator_misplaced(&self, expression: &Expression, names: &Names<'_>) -> Error {
        let text = self.text(expression, names);
        let operator = match names.clause {
            Clause::Where => "Filter",
            Clause::Having => "UnresolvedHaving",
            Clause::OrderBy => "Sort",
            Clause::Join => "Join",
            Clause::GroupBy => {
                return Error::analysis("UNSUPPORTED_EXPR_FOR_OPERATOR")
                    .with("invalidExprSqls", format!("\"{text}\""))
                    .at(&expression.origin);
            }
            Clause::Select | Clause::Other => {
                return Error::analysis("UNSUPPORTED_GENERATOR.NESTED_IN_EXPRESSIONS")
                    .with("expression", format!("\"{text}\""))
                    .at(&expression.origin);
            }
        };
        Error::analysis("UNSUPPORTED_GENERATOR.OUTSIDE_SELECT").with("plan", format!("'{operator} {text}"))
    }

    /// Calls that are not functions of values.
    fn special(&self, name: &str, expression: &Expression, call: &Call, names: &Names<'_>) -> Result<Option<Typed>> {
        let origin = &expression.origin;
        let values = || call.arguments.iter().map(|argument| &argument.value);
        match name {
            "grouping" | "grouping_id" => {
                let plain = names.inside(Inside::Aggregate);
                let arguments = values().map(|value| self.expression(value, &plain)).collect::<Result<Vec<_>>>()?;
                self.grouping(arguments, name == "grouping", names, origin).map(Some)
            }
            "struct" | "()" => {
                let fields = self.struct_fields(call, names)?;
                let renamed = Expression::call("named_struct", fields, origin.clone());
                self.expression(&renamed, names).map(Some)
            }
            "count" if values().any(is_star) && !call.distinct => self.count_star(call, names, origin).map(Some),
            "in" => self.in_list(call, names, origin),
            "distributed_sequence_id" if call.of_api => self.expression(&row_in_order(origin), names).map(Some),
            "-" if call.arguments.len() == 1 => {
                let negative = Call { name: vec!["negative".into()], ..call.clone() };
                self.bind(expression, &negative, names).map(|bound| Some(bound.value))
            }
            _ => Ok(None),
        }
    }

    /// `count(*)` counts rows.
    fn count_star(&self, call: &Call, names: &Names<'_>, origin: &Origin) -> Result<Typed> {
        if let [Argument { value: Expression { kind: ExpressionKind::Star(star), .. }, .. }] = call.arguments.as_slice()
            && !star.qualifier.is_empty()
            && !self.flag("spark.sql.legacy.allowStarWithSingleTableIdentifierInCount", false)
        {
            return Err(Error::analysis("_LEGACY_ERROR_TEMP_1021").with("targetString", star.qualifier.join(".")));
        }
        let mut one = call.clone();
        one.arguments = vec![Argument { name: None, value: Expression::literal(Literal::Int(1), origin.clone()) }];
        self.expression(&Expression::new(ExpressionKind::Call(Box::new(one)), origin.clone()), names)
    }

    /// `x IN (…)` where a query hides in the list is another expression; the rest is a function.
    fn in_list(&self, call: &Call, names: &Names<'_>, origin: &Origin) -> Result<Option<Typed>> {
        let [value, list] = call.arguments.as_slice() else { return Ok(None) };
        let ExpressionKind::ScalarSubquery(query) = &list.value.kind else { return Ok(None) };
        self.in_subquery(std::slice::from_ref(&value.value), query, names, origin).map(Some)
    }

    /// Names beside values, as `struct(a, b + 1)` gives them: `a`, `col2`.
    fn struct_fields(&self, call: &Call, names: &Names<'_>) -> Result<Vec<Expression>> {
        let mut fields = Vec::with_capacity(call.arguments.len() * 2);
        for value in self.expanded(&call.arguments, names)? {
            let name = name::field(&value, fields.len() / 2);
            fields.push(Expression::literal(Literal::String(name), value.origin.clone()));
            fields.push(value);
        }
        Ok(fields)
    }

    /// The arguments with every `*` written out.
    pub(crate) fn expanded(&self, arguments: &[Argument], names: &Names<'_>) -> Result<Vec<Expression>> {
        let mut values = Vec::with_capacity(arguments.len());
        for argument in arguments {
            match &argument.value.kind {
                ExpressionKind::Star(star) => {
                    for column in self.star_columns(star, names, &argument.value.origin)? {
                        let parts = column.qualifier.iter().cloned().chain([column.name().to_string()]).collect();
                        values.push(Expression::column(parts, argument.value.origin.clone()));
                    }
                }
                _ => values.push(argument.value.clone()),
            }
        }
        Ok(values)
    }

    /// Binds a call's function to its arguments; aggregates are still inside the result.
    pub(crate) fn bind(&self, expression: &Expression, call: &Call, names: &Names<'_>) -> Result<Bound> {
        let origin = &expression.origin;
        let name = function_name(call);
        let function = declared(call).filter(|_| is_builtin(&call.name));
        let Some(function) = function else {
            let is_absent = if call.of_api { floe_functions::is_absent_for_api } else { floe_functions::is_absent };
            if is_builtin(&call.name) && is_absent(&name) {
                return Err(Error::unsupported(format!("the function `{name}`")).at(origin));
            }
            if let Some(known) = self.routine(call, names.env)? {
                return Err(known.misused("Window", origin));
            }
            let context = self.context;
            return Err(problem::routine_not_found(
                &call.name,
                &context.current_catalog,
                &context.current_database,
                origin,
            ));
        };
        self.names_catalog.set(self.names_catalog.get() || function.names_catalog);
        if let Some(named) = call.arguments.iter().find_map(|argument| argument.name.as_ref()) {
            return Err(Error::unsupported(format!("the named argument `{named}` of function `{name}`")).at(origin));
        }
        let has_star = call.arguments.iter().any(|argument| is_star(&argument.value));
        let written: Vec<Expression>;
        let values: Vec<&Expression> = if has_star {
            written = self.expanded(&call.arguments, names)?;
            written.iter().collect()
        } else {
            call.arguments.iter().map(|argument| &argument.value).collect()
        };
        let inner = match function.kind {
            FunctionKind::Aggregate if !matches!(names.inside, Inside::Window | Inside::Filter) => {
                names.inside(Inside::Aggregate)
            }
            _ => *names,
        };
        let arguments = values.iter().map(|value| self.argument(value, &inner)).collect::<Result<Vec<Typed>>>()?;
        let within_group = call
            .within_group
            .iter()
            .map(|order| Ok((self.expression(&order.child, &inner)?, order.ascending, order.nulls_first)))
            .collect::<Result<Vec<_>>>()?;
        let text = |index: Option<usize>| match index {
            None => self.text(expression, names),
            Some(index) => values.get(index).map(|value| self.text(value, names)).unwrap_or_default(),
        };
        let lambdas = |index: usize, parameters: &[FieldRef]| {
            let value = values.get(index).ok_or_else(|| Error::internal("a lambda of no argument"))?;
            self.lambda(value, parameters, &inner)
        };
        let is_lambda =
            |index: usize| values.get(index).is_some_and(|value| matches!(value.kind, ExpressionKind::Lambda { .. }));
        let bound = (function.bind)(&floe_functions::Call {
            name: &name,
            arguments,
            distinct: call.distinct,
            ignore_nulls: call.ignore_nulls,
            within_group,
            origin,
            context: self.context,
            text: &text,
            lambdas: &lambdas,
            is_lambda: &is_lambda,
        });
        Ok(Bound { value: bound.map_err(|error| error.at(origin))?, kind: function.kind })
    }

    /// A function over values that are lowered already; `text` is the call as errors print it.
    pub(crate) fn apply(&self, name: &str, arguments: Vec<Typed>, text: &str, origin: &Origin) -> Result<Typed> {
        let function =
            floe_functions::find(name).ok_or_else(|| Error::unsupported(format!("function `{name}`")).at(origin))?;
        (function.bind)(&floe_functions::Call {
            name: function.name,
            arguments,
            distinct: false,
            ignore_nulls: None,
            within_group: Vec::new(),
            origin,
            context: self.context,
            text: &|_| text.to_string(),
            lambdas: &|_, _| Err(Error::internal("a call over values takes no lambda")),
            is_lambda: &|_| false,
        })
    }

    fn argument(&self, value: &Expression, names: &Names<'_>) -> Result<Typed> {
        match value.kind {
            ExpressionKind::Lambda { .. } => Ok(Typed::null(&DataType::Null)),
            _ => self.expression(value, names),
        }
    }

    /// DISTINCT, FILTER and IGNORE NULLS of a call.
    pub(crate) fn modifiers(&self, call: &Call, names: &Names<'_>, origin: &Origin) -> Result<Modifiers> {
        let filter = call.filter.as_ref().map(|filter| self.aggregate_filter(filter, names, origin)).transpose()?;
        Ok(Modifiers { distinct: call.distinct, filter, ignore_nulls: call.ignore_nulls })
    }

    /// The condition of `FILTER (WHERE …)`: of each row, boolean and not NULL alone, and the same whenever it is asked.
    fn aggregate_filter(&self, filter: &Expression, names: &Names<'_>, origin: &Origin) -> Result<Expr> {
        let text = || format!("\"{}\"", self.text(filter, names));
        let refused = |why: &str| {
            Error::analysis(format!("INVALID_AGGREGATE_FILTER.{why}")).with("filterExpr", text()).at(origin)
        };
        let value = self.expression(filter, &names.inside(Inside::Filter)).map_err(|error| {
            let inside = error.condition().starts_with("INVALID_AGGREGATE_FILTER");
            if inside { error.with("filterExpr", text()) } else { error }
        })?;
        if value.data_type != DataType::Boolean {
            return Err(refused("NOT_BOOLEAN"));
        }
        if value.expr.is_volatile() {
            return Err(refused("NON_DETERMINISTIC"));
        }
        Ok(value.expr)
    }

    fn only_for_aggregates(&self, name: &str, call: &Call, origin: &Origin) -> Result<()> {
        let what = match call {
            expression::Call { distinct: true, .. } => "DISTINCT",
            expression::Call { filter: Some(_), .. } => "FILTER CLAUSE",
            expression::Call { ignore_nulls: Some(true), .. } => "IGNORE NULLS",
            expression::Call { within_group, .. } if !within_group.is_empty() => "WITHIN GROUP (ORDER BY ...)",
            _ => return Ok(()),
        };
        Err(Error::analysis("INVALID_SQL_SYNTAX.FUNCTION_WITH_UNSUPPORTED_SYNTAX")
            .with("prettyName", format!("`{name}`"))
            .with("syntax", what)
            .at(origin))
    }
}

/// The function's name in lower case; a built-in may be written with where it lives.
pub(crate) fn function_name(call: &Call) -> String {
    call.name.last().map(|name| name.to_lowercase()).unwrap_or_default()
}

pub(crate) fn is_builtin(name: &[String]) -> bool {
    match name {
        [_] => true,
        [schema, _] => schema.eq_ignore_ascii_case("builtin"),
        [catalog, schema, _] => catalog.eq_ignore_ascii_case("system") && schema.eq_ignore_ascii_case("builtin"),
        _ => false,
    }
}

pub(crate) fn is_star(value: &Expression) -> bool {
    matches!(value.kind, ExpressionKind::Star(_))
}

/// The function of a call's name, whether it is here under that name or not.
pub(crate) fn declared(call: &Call) -> Option<&'static Function> {
    let name = function_name(call);
    if call.of_api { floe_functions::find_for_api(&name) } else { floe_functions::find(&name) }
}

/// The number of a row from 0, in the order the rows come in, as pandas-on-Spark numbers them.
fn row_in_order(origin: &Origin) -> Expression {
    let of = |kind| Expression::new(kind, origin.clone());
    let number = |number| Expression::literal(Literal::Int(number), origin.clone());
    let order = SortOrder { child: number(1), ascending: true, nulls_first: true };
    let window = WindowSpec { order_by: vec![order], ..WindowSpec::default() };
    let function = Box::new(Expression::call("row_number", Vec::new(), origin.clone()));
    let row = of(ExpressionKind::Window { function, window: Box::new(window) });
    let long = ExpressionKind::Cast { child: Box::new(row), to: SparkType::Long, mode: CastMode::Session };
    Expression::call("-", vec![of(long), number(1)], origin.clone())
}
