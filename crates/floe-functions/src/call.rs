//! What a call site hands to a function: typed arguments, lambdas, the session, and where it stands.

use arrow::datatypes::{DataType, FieldRef};
use datafusion::logical_expr::Expr;
use datafusion::logical_expr::expr::ScalarFunction;
use datafusion::logical_expr::{ColumnarValue, ScalarUDF};
use floe_base::{Error, Origin, Result};
use std::sync::Arc;

use crate::kernel::{Arguments, Kernel};
use crate::{Context, Typed, coerce};

/// One call, its arguments resolved.
#[derive(Clone)]
pub struct Call<'a> {
    /// The name as written, in lower case: an alias may print differently from the function's own name.
    pub name: &'a str,
    /// Arguments in order; a lambda stands as NULL here and is resolved by [`Call::lambda`].
    pub arguments: Vec<Typed>,
    pub distinct: bool,
    /// `IGNORE NULLS` as written.
    pub ignore_nulls: Option<bool>,
    /// `WITHIN GROUP (ORDER BY …)`: expression, ascending, nulls first.
    pub within_group: Vec<(Typed, bool, bool)>,
    pub origin: &'a Origin,
    pub context: &'a Context,
    /// The call, or its nth argument, as Spark prints it in errors: `"abs(a)"` without the quotes.
    pub text: &'a dyn Fn(Option<usize>) -> String,
    /// Resolves the nth argument, a lambda, for parameters of these types.
    pub lambdas: &'a dyn Fn(usize, &[FieldRef]) -> Result<Lambda>,
    /// True where the nth argument is written as a lambda.
    pub is_lambda: &'a dyn Fn(usize) -> bool,
}

/// A resolved lambda. `body` refers to its parameters as columns `parameters[i]`, and to the columns around the call as
/// columns `captured[i].0`; the caller passes `captured[i].1` as further arguments of its kernel.
pub struct Lambda {
    pub parameters: Vec<String>,
    pub captured: Vec<(String, Typed)>,
    pub body: Typed,
}

impl Call<'_> {
    /// Exactly `N` arguments, or Spark's WRONG_NUM_ARGS.
    pub fn exactly<const N: usize>(&self) -> Result<[Typed; N]> {
        self.arguments.clone().try_into().map_err(|_| self.wrong_count(&N.to_string()))
    }

    /// Between `least` and `most` arguments.
    pub fn between(&self, least: usize, most: usize) -> Result<()> {
        if (least..=most).contains(&self.arguments.len()) {
            return Ok(());
        }
        let counts: Vec<String> = (least..=most).map(|count| count.to_string()).collect();
        let expected = if least == most { counts.concat() } else { format!("[{}]", counts.join(", ")) };
        Err(self.wrong_count(&expected))
    }

    /// `least` arguments or more.
    pub fn at_least(&self, least: usize) -> Result<()> {
        if self.arguments.len() >= least {
            return Ok(());
        }
        Err(self.wrong_count(&format!("> {}", least.saturating_sub(1))))
    }

    /// The nth argument.
    pub fn argument(&self, index: usize) -> Result<&Typed> {
        self.arguments.get(index).ok_or_else(|| self.wrong_count(&format!("> {index}")))
    }

    /// Spark 4.1 `WRONG_NUM_ARGS.WITHOUT_SUGGESTION`.
    pub fn wrong_count(&self, expected: &str) -> Error {
        Error::analysis("WRONG_NUM_ARGS.WITHOUT_SUGGESTION")
            .with("functionName", format!("`{}`", self.name))
            .with("expectedNum", expected)
            .with("actualNum", self.arguments.len().to_string())
            .with("docroot", "https://spark.apache.org/docs/latest")
            .at(self.origin)
    }

    /// Spark 4.1 `DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE`; `required` as Spark prints it: `("NUMERIC" or "INTERVAL")`.
    pub fn unexpected_type(&self, index: usize, required: &str) -> Error {
        let found = self.arguments.get(index).map(|argument| argument.spark_type().sql()).unwrap_or_default();
        Error::analysis("DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE")
            .with("sqlExpr", format!("\"{}\"", (self.text)(None)))
            .with("paramIndex", ordinal(index))
            .with("requiredType", required)
            .with("inputSql", format!("\"{}\"", (self.text)(Some(index))))
            .with("inputType", format!("\"{found}\""))
            .at(self.origin)
    }

    /// The nth argument cast unasked to a parameter's type; `required` as Spark names the type in the error: `"STRING"`.
    pub fn coerced(&self, index: usize, to: &DataType, required: &str) -> Result<Typed> {
        let argument = self.argument(index)?.clone();
        coerce::implicit(argument, to, self.context, self.origin)
            .unwrap_or_else(|| Err(self.unexpected_type(index, required)))
    }

    pub fn lambda(&self, index: usize, parameters: &[FieldRef]) -> Result<Lambda> {
        (self.lambdas)(index, parameters)
    }

    /// True when any argument can be NULL.
    pub fn any_nullable(&self) -> bool {
        self.arguments.iter().any(|argument| argument.nullable)
    }

    /// A call of a kernel of ours over these arguments. `key` tells apart kernels of one name: everything `body` has
    /// captured (types, zone, ANSI) must be in it, for two kernels of equal name and key are taken for one.
    pub fn kernel(
        &self,
        key: impl Into<String>,
        arguments: Vec<Typed>,
        data_type: DataType,
        nullable: bool,
        body: impl Fn(&Arguments<'_>) -> Result<ColumnarValue> + Send + Sync + 'static,
    ) -> Typed {
        Kernel::new(self.name, key, data_type, nullable, body).at(self.origin).call(arguments)
    }

    /// The same for a kernel that may raise: conditions around it will guard it.
    pub fn raising(
        &self,
        key: impl Into<String>,
        arguments: Vec<Typed>,
        data_type: DataType,
        nullable: bool,
        body: impl Fn(&Arguments<'_>) -> Result<ColumnarValue> + Send + Sync + 'static,
    ) -> Typed {
        Kernel::new(self.name, key, data_type, nullable, body).at(self.origin).fallible().call(arguments)
    }

    /// A call of a function of DataFusion's (or datafusion-spark's) that is right as it stands for these types.
    pub fn native(&self, udf: Arc<ScalarUDF>, arguments: Vec<Typed>, data_type: DataType, nullable: bool) -> Typed {
        let fallible = arguments.iter().any(|argument| argument.fallible);
        let args = arguments.into_iter().map(|argument| argument.expr).collect();
        let expr = Expr::ScalarFunction(ScalarFunction::new_udf(udf, args));
        Typed::new(expr, data_type, nullable).with_fallible(fallible)
    }
}

/// A place among arguments as Spark writes it: `first`, `second`, …
pub fn ordinal(index: usize) -> &'static str {
    const ORDINALS: [&str; 10] =
        ["first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth"];
    ORDINALS.get(index).unwrap_or(&"next")
}
