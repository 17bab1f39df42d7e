//! Expressions: the 22 kinds.

use floe_base::{Error, Result};
use floe_proto::connect as proto;
use floe_proto::connect::expression::ExprType;
use floe_proto::connect::expression::cast::{CastToType, EvalMode};
use floe_syntax::expression::{Argument, Attribute, Call, CastMode, Star};
use floe_syntax::{Expression, ExpressionKind, Origin};

use super::{Scope, data_type, invalid, literal, missing, name, not_set, origin, subquery, text, window};

pub(crate) fn decode(scope: &Scope<'_>, expression: proto::Expression) -> Result<Expression> {
    scope.deeper(|| {
        let origin = origin::decode(expression.common.and_then(|common| common.origin));
        let kind = expression.expr_type.ok_or_else(|| not_set("spark.connect.Expression.expr_type"));
        let decoded = kind.and_then(|kind| decode_kind(scope, kind, &origin));
        decoded.map_err(|error| error.at(&origin))
    })
}

pub(super) fn list(scope: &Scope<'_>, expressions: Vec<proto::Expression>) -> Result<Vec<Expression>> {
    expressions.into_iter().map(|expression| decode(scope, expression)).collect()
}

/// An expression that must be there; `whose` names the field for the error.
pub(super) fn required(
    scope: &Scope<'_>,
    expression: Option<proto::Expression>,
    whose: &'static str,
) -> Result<Expression> {
    match expression {
        Some(expression) => decode(scope, expression),
        None => Err(missing(whose)),
    }
}

pub(super) fn boxed(
    scope: &Scope<'_>,
    expression: Option<Box<proto::Expression>>,
    whose: &'static str,
) -> Result<Expression> {
    required(scope, expression.map(|expression| *expression), whose)
}

fn decode_kind(scope: &Scope<'_>, kind: ExprType, origin: &Origin) -> Result<Expression> {
    let kind = match kind {
        ExprType::Literal(value) => return literal::expression(value, origin.clone()),
        ExprType::ExpressionString(written) => return expression_string(&written.expression, origin),
        ExprType::UnresolvedAttribute(attribute) => self::attribute(attribute)?,
        ExprType::UnresolvedStar(star) => self::star(star)?,
        ExprType::UnresolvedRegex(regex) => column_regex(regex)?,
        ExprType::UnresolvedFunction(function) => unresolved_function(scope, function)?,
        ExprType::CallFunction(function) => {
            let mut call = call(scope, &function.function_name, function.arguments, false)?;
            call.name = text::name(&function.function_name)?;
            ExpressionKind::Call(Box::new(call))
        }
        ExprType::Alias(alias) => ExpressionKind::Alias {
            child: Box::new(boxed(scope, alias.expr, "Alias.expr")?),
            names: alias.name,
            metadata: alias.metadata.filter(|json| !json.is_empty()),
        },
        ExprType::Cast(cast) => self::cast(scope, *cast)?,
        ExprType::LambdaFunction(lambda) => ExpressionKind::Lambda {
            parameters: lambda.arguments.into_iter().map(lambda_variable).collect(),
            body: Box::new(boxed(scope, lambda.function, "LambdaFunction.function")?),
        },
        ExprType::UnresolvedNamedLambdaVariable(variable) => ExpressionKind::LambdaVariable(lambda_variable(variable)),
        ExprType::Window(window) => window::decode(scope, *window)?,
        ExprType::UnresolvedExtractValue(extract) => ExpressionKind::ExtractValue {
            child: Box::new(boxed(scope, extract.child, "UnresolvedExtractValue.child")?),
            key: Box::new(boxed(scope, extract.extraction, "UnresolvedExtractValue.extraction")?),
        },
        ExprType::UpdateFields(update) => ExpressionKind::UpdateField {
            child: Box::new(boxed(scope, update.struct_expression, "UpdateFields.struct_expression")?),
            field: update.field_name,
            value: match update.value_expression {
                Some(value) => Some(Box::new(decode(scope, *value)?)),
                None => None,
            },
        },
        ExprType::SubqueryExpression(subquery) => subquery::decode(scope, subquery)?,
        ExprType::CommonInlineUserDefinedFunction(function) => ExpressionKind::External(user_function(&function)),
        ExprType::TypedAggregateExpression(_) => ExpressionKind::External("a typed aggregate of Scala".into()),
        ExprType::DirectShufflePartitionId(_) => {
            ExpressionKind::External("a partition id outside repartitionById".into())
        }
        ExprType::Extension(any) => ExpressionKind::External(format!("expression extension {}", any.type_url)),
        ExprType::SortOrder(_) => return Err(misplaced("a sort order")),
        ExprType::NamedArgumentExpression(_) => return Err(misplaced("a named argument")),
        ExprType::MergeAction(_) => return Err(misplaced("an action of MERGE")),
    };
    Ok(Expression::new(kind, origin.clone()))
}

fn misplaced(what: &str) -> Error {
    invalid(format!("{what} cannot stand here"))
}

/// `expr("a + 1 AS b")`. The text has an origin of its own, which is closer than the call's.
fn expression_string(written: &str, origin: &Origin) -> Result<Expression> {
    let mut parsed = text::expression(written)?;
    if matches!(parsed.origin, Origin::Unknown) {
        parsed.origin = origin.clone();
    }
    Ok(parsed)
}

fn attribute(attribute: proto::expression::UnresolvedAttribute) -> Result<ExpressionKind> {
    Ok(ExpressionKind::Attribute(Attribute {
        parts: name::column(&attribute.unparsed_identifier)?,
        plan_id: attribute.plan_id,
        is_metadata: attribute.is_metadata_column.unwrap_or(false),
    }))
}

fn star(star: proto::expression::UnresolvedStar) -> Result<ExpressionKind> {
    let qualifier = match star.unparsed_target.as_deref() {
        None | Some("" | "*") => Vec::new(),
        Some(target) => match target.strip_suffix(".*") {
            Some(qualifier) => name::column(qualifier)?,
            None => {
                return Err(invalid(format!(
                    "UnresolvedStar requires a unparsed target ending with '.*', but got {target}."
                )));
            }
        },
    };
    Ok(ExpressionKind::Star(Star { qualifier, plan_id: star.plan_id, except: Vec::new() }))
}

/// `` df.colRegex("`a.*`") ``; without back-ticks it is a plain name.
fn column_regex(regex: proto::expression::UnresolvedRegex) -> Result<ExpressionKind> {
    let ticked = regex.col_name.strip_prefix('`').and_then(|rest| rest.strip_suffix('`'));
    match ticked {
        Some(pattern) if !pattern.is_empty() => {
            Ok(ExpressionKind::ColumnRegex { pattern: pattern.into(), plan_id: regex.plan_id })
        }
        _ => Ok(ExpressionKind::Attribute(Attribute {
            parts: name::column(&regex.col_name)?,
            plan_id: regex.plan_id,
            is_metadata: false,
        })),
    }
}

fn unresolved_function(scope: &Scope<'_>, function: proto::expression::UnresolvedFunction) -> Result<ExpressionKind> {
    let mut call = call(scope, &function.function_name, function.arguments, function.is_distinct)?;
    if function.is_user_defined_function {
        call.name = text::name(&function.function_name)?;
    }
    call.of_api = !function.is_user_defined_function;
    if function.function_name.eq_ignore_ascii_case("when") {
        return case(call.arguments);
    }
    Ok(ExpressionKind::Call(Box::new(call)))
}

/// A call by plain name, its arguments positional or named.
pub(super) fn call(scope: &Scope<'_>, name: &str, arguments: Vec<proto::Expression>, distinct: bool) -> Result<Call> {
    let arguments = arguments.into_iter().map(|argument| self::argument(scope, argument));
    let mut call = Call::new(name, Vec::new());
    call.arguments = arguments.collect::<Result<Vec<_>>>()?;
    call.distinct = distinct;
    Ok(call)
}

fn argument(scope: &Scope<'_>, argument: proto::Expression) -> Result<Argument> {
    match argument.expr_type {
        Some(ExprType::NamedArgumentExpression(named)) => {
            let value = boxed(scope, named.value, "NamedArgumentExpression.value")?;
            Ok(Argument { name: Some(named.key), value })
        }
        expr_type => Ok(Argument { name: None, value: decode(scope, proto::Expression { expr_type, ..argument })? }),
    }
}

/// `when(c, v).when(c, v).otherwise(v)` arrives as one call: pairs, and perhaps a last one alone.
fn case(arguments: Vec<Argument>) -> Result<ExpressionKind> {
    let mut branches = Vec::with_capacity(arguments.len() / 2);
    let mut otherwise = None;
    let mut values = arguments.into_iter().map(|argument| argument.value);
    while let Some(first) = values.next() {
        match values.next() {
            Some(second) => branches.push((first, second)),
            None => otherwise = Some(Box::new(first)),
        }
    }
    if branches.is_empty() {
        return Err(missing("a branch of when()"));
    }
    Ok(ExpressionKind::Case { operand: None, branches, otherwise })
}

fn cast(scope: &Scope<'_>, cast: proto::expression::Cast) -> Result<ExpressionKind> {
    let mode = match cast.eval_mode() {
        EvalMode::Unspecified => CastMode::Session,
        EvalMode::Legacy => CastMode::Legacy,
        EvalMode::Ansi => CastMode::Ansi,
        EvalMode::Try => CastMode::Try,
    };
    let to = match cast.cast_to_type.ok_or_else(|| not_set("spark.connect.Expression.Cast.cast_to_type"))? {
        CastToType::Type(data_type) => data_type::decode(data_type)?,
        CastToType::TypeStr(written) => text::data_type_of_text(&written)?,
    };
    Ok(ExpressionKind::Cast { child: Box::new(boxed(scope, cast.expr, "Cast.expr")?), to, mode })
}

fn lambda_variable(variable: proto::expression::UnresolvedNamedLambdaVariable) -> String {
    variable.name_parts.join(".")
}

fn user_function(function: &proto::CommonInlineUserDefinedFunction) -> String {
    use proto::common_inline_user_defined_function::Function;
    match &function.function {
        Some(Function::PythonUdf(_)) => format!("Python function `{}`", function.function_name),
        Some(Function::ScalarScalaUdf(_)) => format!("Scala function `{}`", function.function_name),
        Some(Function::JavaUdf(java)) => format!("Java function `{}`", java.class_name),
        None => format!("user-defined function `{}`", function.function_name),
    }
}
