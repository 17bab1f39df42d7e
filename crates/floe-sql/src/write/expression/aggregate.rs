//! Calls of aggregates.

use std::sync::Arc;

use arrow_schema::{DataType, Field};
use datafusion::common::{Column, DFSchema};
use datafusion::logical_expr::expr::{AggregateFunction, ScalarFunction};
use datafusion::logical_expr::{Expr, ExprSchemable, ReturnFieldArgs, ScalarUDF};

use crate::write::dialect::{Argument, Foreign, foreign_column};
use crate::write::{Refused, Result, Writer};

impl Writer<'_> {
    pub(super) fn aggregate_call(self, call: &AggregateFunction, input: &DFSchema) -> Result<String> {
        let params = &call.params;
        let name = call.func.name();
        if !params.order_by.is_empty() {
            return Err(Refused::new(format!("function {name} with an order")));
        }
        // Whether NULLs are ignored is decided where the aggregate is bound, and so is in its spelling.
        let types = params.args.iter().map(|argument| argument.get_type(input)).collect::<Result<Vec<_>, _>>()?;
        let spelling = self.dialect.aggregate(&call.func, &types, params.distinct);
        let spelling = spelling.ok_or_else(|| Refused::new(format!("function {name}")))?;
        self.gathered().spelled(&spelling, &params.args, input, params.distinct, params.filter.as_deref(), "")
    }

    /// What `finish` makes of the parts of an aggregate, whose types are its own arguments' types.
    pub(super) fn finished(self, finish: &Arc<ScalarUDF>, parts: Vec<String>, rows: u64) -> Result<String> {
        let types = part_types(finish)?;
        if types.len() != parts.len() {
            return Err(Refused::new(format!("function {} with other parts than it has", finish.name())));
        }
        let mut arguments = Vec::with_capacity(parts.len());
        for (text, data_type) in parts.into_iter().zip(&types) {
            let text = format!("CAST({text} AS {})", self.dialect.type_name(data_type)?);
            arguments.push(Argument { text, field: Arc::new(Field::new("", data_type.clone(), true)) });
        }
        let columns = (0..types.len()).map(|index| Expr::Column(Column::new_unqualified(foreign_column(index))));
        let expr = Expr::ScalarFunction(ScalarFunction::new_udf(finish.clone(), columns.collect()));
        let fields: Vec<_> = arguments.iter().map(|argument| argument.field.clone()).collect();
        let scalars = vec![None; fields.len()];
        let gives =
            finish.return_field_from_args(ReturnFieldArgs { arg_fields: &fields, scalar_arguments: &scalars })?;
        let foreign = Foreign { expr: &expr, arguments: &arguments, gives, rows };
        self.dialect.foreign(&foreign, Refused::new(format!("function {}", finish.name())))
    }
}

/// The types of the parts that a finishing function takes: its exact signature.
fn part_types(finish: &ScalarUDF) -> Result<Vec<DataType>> {
    use datafusion::logical_expr::TypeSignature;
    match &finish.signature().type_signature {
        TypeSignature::Exact(types) => Ok(types.clone()),
        _ => Err(Refused::new(format!("function {}, whose parts have no exact types", finish.name()))),
    }
}
