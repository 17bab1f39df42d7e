//! The frame of a window: the rows around a row that its function sees (Spark 4.1 `SpecifiedWindowFrame`).
//!
//! Which functions take a frame at all is `window.rs`' business.

use std::cmp::Ordering;

use arrow::datatypes::DataType;
use datafusion::logical_expr::{WindowFrame, WindowFrameBound, WindowFrameUnits};
use datafusion::scalar::ScalarValue;
use floe_base::{Error, Origin, Result};
use floe_functions::Typed;
use floe_functions::cast::cast;
use floe_syntax::DataType as SparkType;
use floe_syntax::expression::{CastMode, Expression, FrameBound, WindowFrame as WrittenFrame};

use super::Names;
use super::constant::fold;
use crate::name;
use crate::resolver::Resolver;

/// A frame as the engine takes it, and whether it holds no row at all, which the engine has no frame for.
pub(crate) struct Framed {
    pub(crate) frame: WindowFrame,
    pub(crate) is_empty: bool,
}

impl From<WindowFrame> for Framed {
    fn from(frame: WindowFrame) -> Self {
        Self { frame, is_empty: false }
    }
}

/// One end of a frame.
enum Edge {
    First,
    Last,
    Current,
    /// A distance from the row, negative before it.
    At(Distance),
}

struct Distance {
    value: ScalarValue,
    data_type: SparkType,
    text: String,
}

/// Every row of the partition.
pub(crate) fn whole() -> WindowFrame {
    let null = || ScalarValue::UInt64(None);
    WindowFrame::new_bounds(
        WindowFrameUnits::Rows,
        WindowFrameBound::Preceding(null()),
        WindowFrameBound::Following(null()),
    )
}

impl Resolver<'_> {
    /// The frame as written, or Spark's own where there is none.
    pub(super) fn window_frame(
        &self,
        written: Option<&WrittenFrame>,
        orders: &[(Typed, bool, bool)],
        names: &Names<'_>,
        origin: &Origin,
    ) -> Result<Framed> {
        let Some(written) = written else {
            if orders.is_empty() {
                return Ok(whole().into());
            }
            let start = WindowFrameBound::Preceding(ScalarValue::Null);
            return Ok(WindowFrame::new_bounds(WindowFrameUnits::Range, start, WindowFrameBound::CurrentRow).into());
        };
        let text = || name::frame(written, None, &self.printer(names));
        let refused = |why: &str, text: String| {
            Error::analysis(format!("DATATYPE_MISMATCH.{why}")).with("sqlExpr", format!("\"{text}\"")).at(origin)
        };
        let key = orders.first().map(|(order, ..)| &order.data_type).filter(|_| !written.rows);
        let start = self.edge(written, &written.start, key, "lower", names, origin)?;
        let end = self.edge(written, &written.end, key, "upper", names, origin)?;
        if matches!(start, Edge::Last) || matches!(end, Edge::First) {
            return Err(refused("SPECIFIED_WINDOW_FRAME_INVALID_BOUND", text())
                .with("lower", format!("\"{}\"", start.shown()))
                .with("upper", format!("\"{}\"", end.shown())));
        }
        if let (Edge::At(start), Edge::At(end)) = (&start, &end) {
            if start.data_type != end.data_type {
                return Err(refused("SPECIFIED_WINDOW_FRAME_DIFF_TYPES", text())
                    .with("lower", format!("\"{}\"", start.text))
                    .with("upper", format!("\"{}\"", end.text))
                    .with("lowerType", format!("\"{}\"", start.data_type.sql()))
                    .with("upperType", format!("\"{}\"", end.data_type.sql())));
            }
            if start.value.partial_cmp(&end.value) == Some(Ordering::Greater) {
                let comparison = "less than or equal";
                return Err(refused("SPECIFIED_WINDOW_FRAME_WRONG_COMPARISON", text()).with("comparison", comparison));
            }
        }
        if !written.rows {
            let is_whole = matches!((&start, &end), (Edge::First, Edge::Last));
            if orders.is_empty() && !is_whole {
                return Err(refused("RANGE_FRAME_WITHOUT_ORDER", format!("({})", text())));
            }
            let distance = [&start, &end].into_iter().find_map(Edge::distance);
            if let (Some(distance), [(order, ..), others @ ..]) = (distance, orders) {
                if !others.is_empty() {
                    return Err(refused("RANGE_FRAME_MULTI_ORDER", text()).with("orderSpec", "several keys"));
                }
                if !takes(&order.spark_type(), &distance.data_type) {
                    return Err(refused("RANGE_FRAME_INVALID_TYPE", text())
                        .with("orderSpecType", format!("\"{}\"", order.spark_type().sql()))
                        .with("valueBoundaryType", format!("\"{}\"", distance.data_type.sql())));
                }
            }
            if orders.is_empty() {
                return Ok(whole().into());
            }
        }
        let is_empty = start.is_behind(&end)?;
        let units = if written.rows { WindowFrameUnits::Rows } else { WindowFrameUnits::Range };
        if is_empty {
            return Ok(Framed { frame: whole(), is_empty });
        }
        let bound = |edge| bound(edge, written.rows, key);
        Ok(WindowFrame::new_bounds(units, bound(&start)?, bound(&end)?).into())
    }

    fn edge(
        &self,
        frame: &WrittenFrame,
        bound: &FrameBound,
        key: Option<&DataType>,
        location: &str,
        names: &Names<'_>,
        origin: &Origin,
    ) -> Result<Edge> {
        let (written, preceding) = match bound {
            FrameBound::UnboundedPreceding => return Ok(Edge::First),
            FrameBound::UnboundedFollowing => return Ok(Edge::Last),
            FrameBound::CurrentRow => return Ok(Edge::Current),
            FrameBound::Preceding(value) => (value, true),
            FrameBound::Following(value) | FrameBound::Offset(value) => (value, false),
        };
        let distance = self.distance(written, preceding, key, names)?;
        let fits = match frame.rows {
            true => distance.data_type == SparkType::Int,
            false => is_number(&distance.data_type) || is_interval(&distance.data_type),
        };
        if fits {
            return Ok(Edge::At(distance));
        }
        let expected = match frame.rows {
            true => "\"INT\"",
            false => "(\"NUMERIC\" or \"INTERVAL DAY TO SECOND\" or \"INTERVAL YEAR TO MONTH\" or \"INTERVAL\")",
        };
        let key = key.map(SparkType::from_arrow);
        Err(Error::analysis("DATATYPE_MISMATCH.SPECIFIED_WINDOW_FRAME_UNACCEPTED_TYPE")
            .with("sqlExpr", format!("\"{}\"", name::frame(frame, key.as_ref(), &self.printer(names))))
            .with("location", location)
            .with("exprType", format!("\"{}\"", distance.data_type.sql()))
            .with("expectedType", expected)
            .at(origin))
    }

    /// A distance, in the key's type unless that is a date or a time.
    fn distance(
        &self,
        written: &Expression,
        preceding: bool,
        key: Option<&DataType>,
        names: &Names<'_>,
    ) -> Result<Distance> {
        let mut value = self.constant(written, names.env)?;
        let shown = self.text(written, names);
        let text = if preceding { format!("(- {shown})") } else { shown };
        if let Some(key) = key.filter(|key| !matches!(key, DataType::Date32 | DataType::Timestamp(..)))
            && *key != value.data_type
        {
            value = cast(value, key, CastMode::Session, self.context, &written.origin)?;
        }
        let data_type = value.spark_type();
        let constant = fold(&value).map_err(|error| error.at(&written.origin))?;
        let turns = preceding && (is_number(&data_type) || is_interval(&data_type));
        let value = if turns { negated(constant)? } else { constant };
        Ok(Distance { value, data_type, text })
    }
}

impl Edge {
    fn distance(&self) -> Option<&Distance> {
        match self {
            Self::At(distance) => Some(distance),
            _ => None,
        }
    }

    fn shown(&self) -> String {
        match self {
            Self::First => "UNBOUNDED PRECEDING".into(),
            Self::Last => "UNBOUNDED FOLLOWING".into(),
            Self::Current => "CURRENT ROW".into(),
            Self::At(distance) => distance.text.clone(),
        }
    }

    /// From the row itself to a row before it, or from one after it to itself.
    fn is_behind(&self, end: &Self) -> Result<bool> {
        Ok(match (self, end) {
            (Self::Current, Self::At(end)) => sign(&end.value)? == Ordering::Less,
            (Self::At(start), Self::Current) => sign(&start.value)? == Ordering::Greater,
            _ => false,
        })
    }
}

/// Keys that a distance of a type can be added to.
fn takes(key: &SparkType, distance: &SparkType) -> bool {
    match key {
        SparkType::Date => *distance == SparkType::Int || is_interval(distance),
        SparkType::Timestamp | SparkType::TimestampNtz => is_interval(distance),
        _ => key == distance,
    }
}

fn is_number(data_type: &SparkType) -> bool {
    use SparkType::{Byte, Decimal, Double, Float, Int, Long, Short};
    matches!(data_type, Byte | Short | Int | Long | Float | Double | Decimal { .. })
}

fn is_interval(data_type: &SparkType) -> bool {
    use SparkType::{CalendarInterval, DayTimeInterval, YearMonthInterval};
    matches!(data_type, DayTimeInterval(..) | YearMonthInterval(..) | CalendarInterval)
}

fn negated(value: ScalarValue) -> Result<ScalarValue> {
    Ok(match value {
        ScalarValue::DurationMicrosecond(micros) => ScalarValue::DurationMicrosecond(micros.map(i64::wrapping_neg)),
        ScalarValue::IntervalYearMonth(months) => ScalarValue::IntervalYearMonth(months.map(i32::wrapping_neg)),
        other => other.arithmetic_negate()?,
    })
}

fn sign(value: &ScalarValue) -> Result<Ordering> {
    let zero = ScalarValue::new_zero(&value.data_type())?;
    Ok(value.partial_cmp(&zero).unwrap_or(Ordering::Equal))
}

fn bound(edge: &Edge, rows: bool, key: Option<&DataType>) -> Result<WindowFrameBound> {
    let unbounded = || if rows { ScalarValue::UInt64(None) } else { ScalarValue::Null };
    let distance = match edge {
        Edge::First => return Ok(WindowFrameBound::Preceding(unbounded())),
        Edge::Last => return Ok(WindowFrameBound::Following(unbounded())),
        Edge::Current => return Ok(WindowFrameBound::CurrentRow),
        Edge::At(distance) => &distance.value,
    };
    let sign = sign(distance)?;
    let length = if sign == Ordering::Less { negated(distance.clone())? } else { distance.clone() };
    let length = if rows { counted(&length) } else { added(length, key) };
    Ok(match sign {
        Ordering::Less => WindowFrameBound::Preceding(length),
        Ordering::Equal => WindowFrameBound::CurrentRow,
        Ordering::Greater => WindowFrameBound::Following(length),
    })
}

fn counted(length: &ScalarValue) -> ScalarValue {
    match length {
        ScalarValue::Int32(Some(rows)) => ScalarValue::UInt64(Some(u64::from(rows.unsigned_abs()))),
        other => other.clone(),
    }
}

/// A length in the type the engine can add to the key.
fn added(length: ScalarValue, key: Option<&DataType>) -> ScalarValue {
    match (key, length) {
        (Some(DataType::Date32), ScalarValue::Int32(Some(days))) => ScalarValue::new_interval_mdn(0, days, 0),
        (_, ScalarValue::DurationMicrosecond(Some(micros))) => {
            ScalarValue::new_interval_mdn(0, 0, micros.saturating_mul(1000))
        }
        (_, ScalarValue::IntervalYearMonth(Some(months))) => ScalarValue::new_interval_mdn(months, 0, 0),
        (_, length) => length,
    }
}
