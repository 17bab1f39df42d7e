//! `window(…)` and `session_window(…)` in a SELECT or a condition: a column of the rows below its expressions, under the function's name
//! (Spark 4.1 `TimeWindowing`, `SessionWindowing`). Rows without a time go; windows that overlap make several rows of one;
//! sessions grow over the rows of a group. What one window is: `floe-functions`.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field};
use datafusion::functions_aggregate::expr_fn::{max, min, sum};
use datafusion::logical_expr::expr::WindowFunction;
use datafusion::logical_expr::{
    Expr, SortExpr, WindowFrame, WindowFrameBound, WindowFrameUnits, WindowFunctionDefinition, lit, when,
};
use datafusion::scalar::ScalarValue;
use floe_base::{Error, Origin, Result};
use floe_functions::{Typed, cast, coerce};
use floe_syntax::DataType as SparkType;
use floe_syntax::expression::{Call, CastMode, Expression, ExpressionKind};
use floe_syntax::relation::{GroupBy, GroupingElement};

use super::grouped::Keys;
use super::select::with_windows;
use crate::expression::call::function_name;
use crate::expression::generator::{Generated, spread};
use crate::expression::{Names, frame};
use crate::resolver::Resolver;
use crate::rows::{Rows, field_of};
use crate::scope::{Column, Id, Scope, Visibility, reference, referenced};

/// The window of a SELECT as a column, beside the columns of its input.
pub(crate) struct TimeWindow {
    pub(crate) scope: Arc<Scope>,
    column: Column,
    /// The columns of a session's start and end; its window is made once the keys of its group are known.
    session: Option<(Id, Id)>,
}

impl TimeWindow {
    /// What a call of `window` or `session_window` stands for: there is one window in a SELECT.
    pub(crate) fn typed(&self) -> Typed {
        self.column.typed()
    }
}

/// The calls of `window` and `session_window` in the clauses of a SELECT.
pub(crate) fn calls<'e>(
    values: impl IntoIterator<Item = &'e Expression>,
    group_by: Option<&'e GroupBy>,
) -> Vec<&'e Expression> {
    let mut found = Vec::new();
    values.into_iter().for_each(|value| search(value, &mut found));
    if let Some(GroupBy::Elements(elements)) = group_by {
        elements.iter().for_each(|element| search_element(element, &mut found));
    }
    found
}

fn search_element<'e>(element: &'e GroupingElement, found: &mut Vec<&'e Expression>) {
    match element {
        GroupingElement::Expression(value) => search(value, found),
        GroupingElement::Group(values) => values.iter().for_each(|value| search(value, found)),
        GroupingElement::Rollup(groups) | GroupingElement::Cube(groups) => {
            groups.iter().flatten().for_each(|value| search(value, found));
        }
        GroupingElement::Sets(elements) => elements.iter().for_each(|element| search_element(element, found)),
    }
}

fn search<'e>(value: &'e Expression, found: &mut Vec<&'e Expression>) {
    match &value.kind {
        ExpressionKind::Call(call) if is_time_window(call) => found.push(value),
        ExpressionKind::Call(call) => call.arguments.iter().for_each(|argument| search(&argument.value, found)),
        ExpressionKind::Cast { child, .. }
        | ExpressionKind::Alias { child, .. }
        | ExpressionKind::ExtractValue { child, .. } => search(child, found),
        _ => {}
    }
}

pub(crate) fn is_time_window(call: &Call) -> bool {
    matches!(function_name(call).as_str(), "window" | "session_window") && call.arguments.len() > 1
}

impl Resolver<'_> {
    /// Rows with the window of these calls, which must be one.
    pub(crate) fn with_time_window(
        &self,
        rows: Rows,
        calls: &[&Expression],
        names: &Names<'_>,
    ) -> Result<(Rows, Option<TimeWindow>)> {
        let Some(first) = calls.first() else { return Ok((rows, None)) };
        let text = |call: &Expression| crate::name::pretty(call, &crate::name::Nowhere);
        let written = |call: &Expression| match &call.kind {
            ExpressionKind::Call(call) => call.arguments.iter().map(|argument| text(&argument.value)).collect(),
            _ => Vec::new(),
        };
        if calls.iter().any(|call| written(call) != written(first)) {
            return Err(Error::analysis("_LEGACY_ERROR_TEMP_1039"));
        }
        let ExpressionKind::Call(call) = &first.kind else { return Ok((rows, None)) };
        let is_session = function_name(call) == "session_window";
        let (rows, window) = if is_session {
            self.session_raw(rows, call, names, &first.origin)?
        } else {
            self.tumbling(rows, first, call, names)?
        };
        Ok((rows, Some(window)))
    }

    /// `window`: computed at once.
    fn tumbling(&self, rows: Rows, written: &Expression, call: &Call, names: &Names<'_>) -> Result<(Rows, TimeWindow)> {
        let value = self.bind(written, call, names)?.value;
        let id = self.fresh();
        let (rows, value) = match value.data_type.clone() {
            DataType::List(element) => {
                let data_type = element.data_type().clone();
                let rows = spread(rows, Generated { value, id, outer: false })?;
                (rows, Typed::new(reference(id), data_type, true))
            }
            data_type => {
                let time = call.arguments.first().ok_or_else(|| Error::internal("a window without a time"))?;
                let time = self.expression(&time.value, names)?;
                let rows = if time.nullable { self.filtered_by(rows, time.expr.is_not_null())? } else { rows };
                (rows.extend(vec![(value.expr, id)])?, Typed::new(reference(id), data_type, false))
            }
        };
        Ok(self.named_window(rows, "window", id, &value, None))
    }

    /// `session_window`: what each row opens by itself.
    fn session_raw(&self, rows: Rows, call: &Call, names: &Names<'_>, origin: &Origin) -> Result<(Rows, TimeWindow)> {
        let [time, gap] = call.arguments.as_slice() else {
            return Err(Error::analysis("WRONG_NUM_ARGS.WITHOUT_SUGGESTION")
                .with("functionName", "`session_window`")
                .with("expectedNum", "2")
                .with("actualNum", call.arguments.len().to_string())
                .with("docroot", "https://spark.apache.org/docs/latest")
                .at(origin));
        };
        let time = self.expression(&time.value, names)?;
        let time = match time.data_type {
            DataType::Timestamp(..) => time,
            _ => {
                let found = time.spark_type().sql();
                coerce::implicit(time, &SparkType::Timestamp.to_arrow(), self.context, origin).unwrap_or_else(|| {
                    Err(Error::analysis("DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE")
                        .with("sqlExpr", "\"session_window\"")
                        .with("paramIndex", "first")
                        .with("requiredType", "(\"TIMESTAMP\" or \"TIMESTAMP_NTZ\")")
                        .with("inputSql", "\"time\"")
                        .with("inputType", format!("\"{found}\""))
                        .at(origin))
                })?
            }
        };
        let gap = self.expression(&gap.value, names)?;
        if gap.data_type != DataType::Utf8 {
            return Err(Error::analysis("_LEGACY_ERROR_TEMP_1040").with("dt", gap.spark_type().simple()));
        }
        let gap = cast::cast(gap, &SparkType::CalendarInterval.to_arrow(), CastMode::Try, self.context, origin)?;
        let data_type = time.data_type.clone();
        let end = self.apply("+", vec![time.clone(), gap], "session_window", origin)?;
        let (start_id, end_id, id) = (self.fresh(), self.fresh(), self.fresh());
        let rows = rows.extend(vec![(time.expr, start_id), (end.expr, end_id)])?;
        let rows = rows.filter(reference(end_id).gt(reference(start_id)))?;
        let field = |name: &str| Field::new(name, data_type.clone(), true);
        let window = DataType::Struct(vec![field("start"), field("end")].into());
        let value = Typed::new(reference(id), window, false);
        Ok(self.named_window(rows, "session_window", id, &value, Some((start_id, end_id))))
    }

    fn named_window(
        &self,
        rows: Rows,
        name: &str,
        id: Id,
        value: &Typed,
        session: Option<(Id, Id)>,
    ) -> (Rows, TimeWindow) {
        let mut column = Column::new(id, field_of(name, value));
        column.visibility = Visibility::Metadata;
        let mut columns = rows.scope.columns.clone();
        columns.push(column.clone());
        let scope = Scope::new(columns);
        (rows.with_scope(scope.clone()), TimeWindow { scope, column, session })
    }

    /// The sessions of rows: of each row by itself, or of the rows of a group where the session is one of its keys.
    pub(crate) fn with_sessions(
        &self,
        rows: Rows,
        window: Option<&TimeWindow>,
        keys: Option<&mut Keys>,
    ) -> Result<Rows> {
        let Some(window) = window else { return Ok(rows) };
        let Some((start, end)) = window.session else { return Ok(rows) };
        let is_session = |key: &Typed| referenced(&key.expr) == Some(window.column.id);
        let (rows, start, end) = match keys.filter(|keys| keys.values.iter().any(is_session)) {
            Some(keys) if keys.sets.is_some() => {
                return Err(Error::unsupported("`session_window` in grouping sets"));
            }
            Some(keys) => {
                let mut rows = rows;
                let mut others = Vec::new();
                for key in keys.values.iter_mut().filter(|key| !is_session(key)) {
                    if referenced(&key.expr).is_none() {
                        let id = self.fresh();
                        rows = rows.extend(vec![(key.expr.clone(), id)])?;
                        others.push(reference(id));
                    } else {
                        others.push(key.expr.clone());
                    }
                }
                self.merged(rows, others, start, end)?
            }
            None => (rows, start, end),
        };
        let name = |name: &str| Typed::constant(ScalarValue::from(name));
        let time = |id: Id| Typed::new(reference(id), moment(&window.column), true);
        let members = vec![name("start"), time(start), name("end"), time(end)];
        let whole = self.apply("named_struct", members, "session_window", &Origin::Unknown)?;
        rows.extend(vec![(whole.expr, window.column.id)])
    }

    /// Rows of equal keys whose times are no farther apart than their gaps have one session: a row starts a new one where
    /// it comes after the end of all before it.
    fn merged(&self, rows: Rows, keys: Vec<Expr>, start: Id, end: Id) -> Result<(Rows, Id, Id)> {
        let by_start = vec![SortExpr::new(reference(start), true, true)];
        let unbounded = || WindowFrameBound::Preceding(ScalarValue::UInt64(None));
        let over = |aggregate: Expr, partition_by: Vec<Expr>, order_by: Vec<SortExpr>, frame: WindowFrame| {
            let Expr::AggregateFunction(aggregate) = aggregate else {
                return Err(Error::internal("an aggregate is none"));
            };
            let function = WindowFunctionDefinition::AggregateUDF(aggregate.func);
            let mut window = WindowFunction::new(function, aggregate.params.args);
            window.params.partition_by = partition_by;
            window.params.order_by = order_by;
            window.params.window_frame = frame;
            Ok(Expr::WindowFunction(Box::new(window)))
        };
        let before = WindowFrameBound::Preceding(ScalarValue::UInt64(Some(1)));
        let before = WindowFrame::new_bounds(WindowFrameUnits::Rows, unbounded(), before);
        let until = WindowFrame::new_bounds(WindowFrameUnits::Rows, unbounded(), WindowFrameBound::CurrentRow);
        let (latest, number, opens) = (self.fresh(), self.fresh(), self.fresh());
        let latest_end = over(max(reference(end)), keys.clone(), by_start.clone(), before)?;
        let rows = with_windows(self, rows, vec![(latest_end, latest)])?;
        let is_new = reference(latest).is_null().or(reference(start).gt(reference(latest)));
        let rows = rows.extend(vec![(when(is_new, lit(1_i64)).otherwise(lit(0_i64))?, opens)])?;
        let counted = over(sum(reference(opens)), keys.clone(), by_start, until)?;
        let rows = with_windows(self, rows, vec![(counted, number)])?;
        let session: Vec<Expr> = keys.into_iter().chain([reference(number)]).collect();
        let (first, last) = (self.fresh(), self.fresh());
        let whole = |aggregate: Expr| over(aggregate, session.clone(), Vec::new(), frame::whole());
        let windows = vec![(whole(min(reference(start)))?, first), (whole(max(reference(end)))?, last)];
        Ok((with_windows(self, rows, windows)?, first, last))
    }
}

/// The type of a window's start.
fn moment(window: &Column) -> DataType {
    match window.field.data_type() {
        DataType::Struct(fields) => fields.first().map_or(DataType::Null, |start| start.data_type().clone()),
        _ => DataType::Null,
    }
}
