//! Lambdas: `x -> x + 1`. The function that takes one says what its parameters are.

use std::collections::HashSet;

use arrow::datatypes::FieldRef;
use datafusion::common::tree_node::{Transformed, TreeNode, TreeNodeRecursion};
use datafusion::logical_expr::Expr;
use floe_base::{Error, Origin, Result};
use floe_functions::{Lambda, Typed};
use floe_syntax::expression::{Expression, ExpressionKind};

use super::Names;
use crate::resolver::Resolver;
use crate::scope::{Column, id_of, label};

/// The variables of a lambda and of those around it.
pub(crate) struct LambdaScope<'a> {
    parent: Option<&'a LambdaScope<'a>>,
    variables: Vec<Column>,
}

impl LambdaScope<'_> {
    fn find(&self, name: &str, case_sensitive: bool) -> Option<&Column> {
        let here =
            self.variables.iter().find(|variable| crate::scope::same_name(variable.name(), name, case_sensitive));
        here.or_else(|| self.parent.and_then(|parent| parent.find(name, case_sensitive)))
    }

    pub(crate) fn finds(&self, name: &str, case_sensitive: bool) -> bool {
        self.find(name, case_sensitive).is_some()
    }

    fn by_id(&self, id: crate::scope::Id) -> Option<&Column> {
        let here = self.variables.iter().find(|variable| variable.id == id);
        here.or_else(|| self.parent.and_then(|parent| parent.by_id(id)))
    }
}

impl Resolver<'_> {
    /// Resolves a lambda for parameters of these types.
    pub(crate) fn lambda(&self, value: &Expression, fields: &[FieldRef], names: &Names<'_>) -> Result<Lambda> {
        let ExpressionKind::Lambda { parameters, body } = &value.kind else {
            return Err(Error::analysis("INVALID_LAMBDA_FUNCTION_CALL.NON_HIGHER_ORDER_FUNCTION")
                .with("class", self.text(value, names))
                .at(&value.origin));
        };
        if parameters.len() != fields.len() {
            return Err(Error::analysis("INVALID_LAMBDA_FUNCTION_CALL.NUM_ARGS_MISMATCH")
                .with("expectedNumArgs", fields.len().to_string())
                .with("actualNumArgs", parameters.len().to_string())
                .at(&value.origin));
        }
        let mut seen = HashSet::new();
        for name in parameters {
            let name = if self.case_sensitive { name.clone() } else { name.to_lowercase() };
            if !seen.insert(name) {
                return Err(Error::analysis("INVALID_LAMBDA_FUNCTION_CALL.DUPLICATE_ARG_NAMES")
                    .with("args", parameters.join(", "))
                    .with("caseSensitiveConfig", "\"spark.sql.caseSensitive\"")
                    .at(&value.origin));
            }
        }
        let variables: Vec<Column> = parameters
            .iter()
            .zip(fields)
            .map(|(name, field)| Column::new(self.fresh(), field.as_ref().clone().with_name(name)))
            .collect();
        let scope = LambdaScope { parent: names.lambda, variables };
        let inner = Names { lambda: Some(&scope), ..*names };
        let body = self.expression(body, &inner)?;
        let parameters: Vec<String> = scope.variables.iter().map(|variable| label(variable.id)).collect();
        let (captured, body) = self.captured(body, &parameters, names, &value.origin)?;
        Ok(Lambda { parameters, captured, body })
    }

    /// The columns from outside that a body uses.
    fn captured(
        &self,
        body: Typed,
        parameters: &[String],
        names: &Names<'_>,
        origin: &Origin,
    ) -> Result<(Vec<(String, Typed)>, Typed)> {
        let mut captured: Vec<(String, Typed)> = Vec::new();
        let mut missing = None;
        let expr = body
            .expr
            .clone()
            .transform_down(|node| {
                let (name, outer) = match &node {
                    Expr::Column(column) => (column.name.clone(), false),
                    Expr::OuterReferenceColumn(_, column) => (column.name.clone(), true),
                    _ => return Ok(Transformed::no(node)),
                };
                if parameters.contains(&name) {
                    return Ok(Transformed::no(node));
                }
                if !captured.iter().any(|(known, _)| *known == name) {
                    match self.outside(&name, &node, names) {
                        Some(value) => captured.push((name.clone(), value)),
                        None => {
                            missing = Some(name.clone());
                            return Ok(Transformed::new(node, false, TreeNodeRecursion::Stop));
                        }
                    }
                }
                if outer {
                    let column = datafusion::common::Column::new_unqualified(name);
                    return Ok(Transformed::yes(Expr::Column(column)));
                }
                Ok(Transformed::no(node))
            })?
            .data;
        if missing.is_some() {
            return Err(Error::unsupported("an aggregate or window function inside a lambda").at(origin));
        }
        Ok((captured, Typed { expr, ..body }))
    }

    /// The value of a column of the plan that an expression among `names` uses.
    pub(crate) fn outside(&self, name: &str, node: &Expr, names: &Names<'_>) -> Option<Typed> {
        let id = id_of(name)?;
        if let Some(variable) = names.lambda.and_then(|lambda| lambda.by_id(id)) {
            return Some(variable.typed());
        }
        if let Expr::OuterReferenceColumn(field, _) = node {
            return Some(Typed::new(node.clone(), field.data_type().clone(), field.is_nullable()));
        }
        let mut next = Some(names.scope).into_iter().chain(names.fallback);
        if let Some(found) = next.find_map(|scope| scope.by_id(id)) {
            return Some(found.typed());
        }
        let mut below = names.scope.below.as_ref();
        while let Some(scope) = below {
            if let Some(found) = scope.by_id(id) {
                return Some(found.typed());
            }
            below = scope.below.as_ref();
        }
        None
    }

    /// A lambda's variable by name, with members of a struct after it.
    pub(crate) fn lambda_attribute(
        &self,
        parts: &[String],
        names: &Names<'_>,
        origin: &Origin,
    ) -> Result<Option<Typed>> {
        let Some((lambda, [first, rest @ ..])) = names.lambda.map(|lambda| (lambda, parts)) else {
            return Ok(None);
        };
        let Some(variable) = lambda.find(first, self.case_sensitive) else { return Ok(None) };
        let mut value = variable.typed();
        for field in rest {
            value = self.member(value, field, origin)?;
        }
        Ok(Some(value))
    }

    pub(crate) fn lambda_variable(&self, name: &str, names: &Names<'_>, origin: &Origin) -> Result<Typed> {
        let found = names.lambda.and_then(|lambda| lambda.find(name, self.case_sensitive)).map(Column::typed);
        found.ok_or_else(|| crate::problem::unresolved_column(&[name.to_string()], names.scope, names.fallback, origin))
    }
}
