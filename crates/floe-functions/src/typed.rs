//! An expression of the engine whose type is known.

use std::sync::Arc;

use arrow::datatypes::DataType;
use datafusion::logical_expr::{Expr, ScalarUDF};
use datafusion::scalar::ScalarValue;
use floe_base::id::BackendId;

use crate::Kernel;

/// A resolved expression: what the engine runs, its Arrow type inside the engine (see `floe_syntax::data_type`), whether
/// it can be NULL, and whether evaluating it can raise (so that conditions guard it).
#[derive(Clone, Debug)]
pub struct Typed {
    pub expr: Expr,
    pub data_type: DataType,
    pub nullable: bool,
    pub fallible: bool,
    /// Spark's type, where Arrow's says less (`char(3)`, `interval day`); `None`: what the Arrow type says.
    pub written: Option<floe_syntax::DataType>,
}

impl Typed {
    pub fn new(expr: Expr, data_type: DataType, nullable: bool) -> Self {
        Self { expr, data_type, nullable, fallible: false, written: None }
    }

    /// A constant; its nullability is whether it is NULL.
    pub fn constant(value: ScalarValue) -> Self {
        let (data_type, nullable) = (value.data_type(), value.is_null());
        Self::new(Expr::Literal(value, None), data_type, nullable)
    }

    /// NULL of a type.
    pub fn null(data_type: &DataType) -> Self {
        Self::constant(ScalarValue::try_from(data_type).unwrap_or(ScalarValue::Null))
    }

    #[must_use]
    pub fn with_fallible(mut self, fallible: bool) -> Self {
        self.fallible = fallible;
        self
    }

    /// Declared nullable where the condition holds, whatever it was.
    #[must_use]
    pub fn or_null_if(mut self, condition: bool) -> Self {
        self.nullable |= condition;
        self
    }

    #[must_use]
    pub fn with_written(mut self, written: Option<floe_syntax::DataType>) -> Self {
        self.written = written;
        self
    }

    /// A backend writes this call of a kernel so, and means the same (see [`crate::spelling`]). What is no such call any
    /// more, being a constant, needs no spelling.
    #[must_use]
    pub(crate) fn spelled(mut self, backend: BackendId, text: impl Into<String>) -> Self {
        if let Expr::ScalarFunction(call) = &mut self.expr
            && let Some(kernel) = call.func.inner().as_any().downcast_ref::<Kernel>()
        {
            call.func = Arc::new(ScalarUDF::new_from_impl(kernel.clone().spelled(backend, text)));
        }
        self
    }

    /// The value, when the expression is a literal.
    pub fn literal(&self) -> Option<&ScalarValue> {
        match &self.expr {
            Expr::Literal(value, _) => Some(value),
            Expr::Alias(alias) => match alias.expr.as_ref() {
                Expr::Literal(value, _) => Some(value),
                _ => None,
            },
            _ => None,
        }
    }

    /// Spark's type of it.
    pub fn spark_type(&self) -> floe_syntax::DataType {
        self.written.clone().unwrap_or_else(|| floe_syntax::DataType::from_arrow(&self.data_type))
    }
}
