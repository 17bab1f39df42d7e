//! Functions over the rows around a row, and the frames they look at.

use arrow_schema::DataType;
use datafusion::common::DFSchema;
use datafusion::logical_expr::expr::{NullTreatment, WindowFunction};
use datafusion::logical_expr::{
    ExprSchemable, Window, WindowFrame, WindowFrameBound, WindowFrameUnits, WindowFunctionDefinition,
};

use crate::write::block::Block;
use crate::write::{Refused, Result, Writer, column};

impl Writer<'_> {
    pub(super) fn window(self, window: &Window) -> Result<Block> {
        let input = window.input.schema();
        let mut list = self.columns(input);
        let computed = column::all(&window.schema).into_iter().zip(window.schema.fields()).skip(input.fields().len());
        for (expr, (name, field)) in window.window_expr.iter().zip(computed) {
            list.push(format!("{} AS {name}", self.typed(expr, input, field.data_type())?));
        }
        // A condition over a window is no WHERE of its SELECT; nor is another window.
        let text = self.open(&window.input)?.with_outputs(list).text(Vec::new);
        Ok(Block::query(&text))
    }

    /// `f(…) OVER (PARTITION BY … ORDER BY … ROWS …)`
    pub(in crate::write) fn over(self, call: &WindowFunction, input: &DFSchema) -> Result<String> {
        let params = &call.params;
        if params.distinct {
            return Err(Refused::new(format!("window function {} with DISTINCT", call.fun.name())));
        }
        let ignores_nulls = params.null_treatment == Some(NullTreatment::IgnoreNulls);
        let types = params.args.iter().map(|argument| argument.get_type(input)).collect::<Result<Vec<_>, _>>()?;
        let spelling = match &call.fun {
            // Whether an aggregate ignores NULLs is in its spelling, see `aggregate_call`.
            WindowFunctionDefinition::AggregateUDF(function) => self.dialect.aggregate(function, &types, false),
            WindowFunctionDefinition::WindowUDF(function) => {
                self.dialect.window(function).and_then(|spelling| spelling.with_nulls(ignores_nulls))
            }
        };
        let spelling = spelling.filter(crate::write::Spelling::takes_over);
        let spelling = spelling.ok_or_else(|| Refused::new(format!("window function {}", call.fun.name())))?;
        let mut over = Vec::new();
        if !params.partition_by.is_empty() {
            let keys = params.partition_by.iter().map(|key| self.expression(key, input)).collect::<Result<Vec<_>>>()?;
            over.push(format!("PARTITION BY {}", keys.join(", ")));
        }
        if !params.order_by.is_empty() {
            over.push(format!("ORDER BY {}", self.orders(&params.order_by, input)?));
        }
        if matches!(call.fun, WindowFunctionDefinition::AggregateUDF(_)) || takes_frame(call.fun.name()) {
            let keys = params.order_by.iter().map(|order| order.expr.get_type(input));
            over.push(frame(&params.window_frame, &keys.collect::<Result<Vec<_>, _>>()?)?);
        }
        let over = format!(" OVER ({})", over.join(" "));
        self.spelled(&spelling, &params.args, input, false, params.filter.as_deref(), &over)
    }
}

/// Functions of position look at their frame; the ranking ones and those that step from row to row have their own.
fn takes_frame(name: &str) -> bool {
    matches!(name, "first_value" | "last_value" | "nth_value")
}

fn frame(frame: &WindowFrame, keys: &[DataType]) -> Result<String> {
    let units = match frame.units {
        WindowFrameUnits::Rows => "ROWS",
        WindowFrameUnits::Range => "RANGE",
        WindowFrameUnits::Groups => "GROUPS",
    };
    let distance = |value: &datafusion::scalar::ScalarValue, way: &str| {
        if value.is_null() {
            return Ok(format!("UNBOUNDED {way}"));
        }
        let key_is_plain = matches!(keys, [key] if key.is_integer());
        if units == "RANGE" && !(key_is_plain && value.data_type().is_integer()) {
            return Err(Refused::new("a frame by RANGE over other than whole numbers"));
        }
        Ok(format!("{value} {way}"))
    };
    let bound = |bound: &WindowFrameBound| match bound {
        WindowFrameBound::CurrentRow => Ok("CURRENT ROW".to_string()),
        WindowFrameBound::Preceding(value) => distance(value, "PRECEDING"),
        WindowFrameBound::Following(value) => distance(value, "FOLLOWING"),
    };
    Ok(format!("{units} BETWEEN {} AND {}", bound(&frame.start_bound)?, bound(&frame.end_bound)?))
}
