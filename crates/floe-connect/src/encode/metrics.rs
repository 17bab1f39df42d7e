//! One row of Arrow as literals: what `observe` measured.

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use arrow::datatypes::{
    DataType as ArrowType, Date32Type, Decimal128Type, DurationMicrosecondType, Float32Type, Float64Type, Int8Type,
    Int16Type, Int32Type, Int64Type, IntervalYearMonthType, TimeUnit, TimestampMicrosecondType,
};
use floe_proto::connect::execute_plan_response::ObservedMetrics;
use floe_syntax::data_type::{DataType, DayTimeField, YearMonthField};
use floe_syntax::{Field, Literal};

use crate::decode::literal;

/// The message of one observation.
pub(crate) fn observed(name: &str, plan_id: Option<i64>, metrics: &RecordBatch) -> ObservedMetrics {
    let schema = metrics.schema();
    let fields = schema.fields().iter().zip(metrics.columns());
    ObservedMetrics {
        name: name.into(),
        keys: schema.fields().iter().map(|field| field.name().clone()).collect(),
        values: fields
            .map(|(field, column)| literal::encode(&value(column, 0, &Field::from_arrow(field).data_type)))
            .collect(),
        plan_id: plan_id.unwrap_or(0),
        ..Default::default()
    }
}

/// A cell as a literal; what no literal can say (there is nothing such among metrics) is NULL of its type.
fn value(column: &ArrayRef, row: usize, data_type: &DataType) -> Literal {
    if column.len() <= row || column.is_null(row) {
        return Literal::Null(data_type.clone());
    }
    match column.data_type() {
        ArrowType::Boolean => Literal::Boolean(column.as_boolean().value(row)),
        ArrowType::Int8 => Literal::Byte(column.as_primitive::<Int8Type>().value(row)),
        ArrowType::Int16 => Literal::Short(column.as_primitive::<Int16Type>().value(row)),
        ArrowType::Int32 => Literal::Int(column.as_primitive::<Int32Type>().value(row)),
        ArrowType::Int64 => Literal::Long(column.as_primitive::<Int64Type>().value(row)),
        ArrowType::Float32 => Literal::Float(column.as_primitive::<Float32Type>().value(row)),
        ArrowType::Float64 => Literal::Double(column.as_primitive::<Float64Type>().value(row)),
        ArrowType::Decimal128(precision, scale) => Literal::Decimal {
            unscaled: column.as_primitive::<Decimal128Type>().value(row),
            precision: *precision,
            scale: *scale,
        },
        ArrowType::Utf8 => Literal::String(column.as_string::<i32>().value(row).into()),
        ArrowType::Utf8View => Literal::String(column.as_string_view().value(row).into()),
        ArrowType::Binary => Literal::Binary(column.as_binary::<i32>().value(row).into()),
        ArrowType::Date32 => Literal::Date(column.as_primitive::<Date32Type>().value(row)),
        ArrowType::Timestamp(TimeUnit::Microsecond, zone) => {
            let micros = column.as_primitive::<TimestampMicrosecondType>().value(row);
            if zone.is_some() { Literal::Timestamp(micros) } else { Literal::TimestampNtz(micros) }
        }
        ArrowType::Duration(TimeUnit::Microsecond) => Literal::DayTimeInterval {
            micros: column.as_primitive::<DurationMicrosecondType>().value(row),
            from: DayTimeField::Day,
            to: DayTimeField::Second,
        },
        ArrowType::Interval(arrow::datatypes::IntervalUnit::YearMonth) => Literal::YearMonthInterval {
            months: column.as_primitive::<IntervalYearMonthType>().value(row),
            from: YearMonthField::Year,
            to: YearMonthField::Month,
        },
        ArrowType::List(_) => list(column, row, data_type),
        ArrowType::Map(..) => map(column, row, data_type),
        ArrowType::Struct(_) => structure(column, row, data_type),
        _ => Literal::Null(data_type.clone()),
    }
}

fn list(column: &ArrayRef, row: usize, data_type: &DataType) -> Literal {
    let DataType::Array { element, .. } = data_type else { return Literal::Null(data_type.clone()) };
    let values = column.as_list::<i32>().value(row);
    let values = (0..values.len()).map(|index| value(&values, index, element)).collect();
    Literal::Array { element: element.as_ref().clone(), values }
}

fn map(column: &ArrayRef, row: usize, data_type: &DataType) -> Literal {
    let DataType::Map { key, value: inner, .. } = data_type else { return Literal::Null(data_type.clone()) };
    let pairs = column.as_map().value(row);
    let entries = (0..pairs.len())
        .map(|index| (value(pairs.column(0), index, key), value(pairs.column(1), index, inner)))
        .collect();
    Literal::Map { key: key.as_ref().clone(), value: inner.as_ref().clone(), entries }
}

fn structure(column: &ArrayRef, row: usize, data_type: &DataType) -> Literal {
    let DataType::Struct(fields) = data_type else { return Literal::Null(data_type.clone()) };
    let members = column.as_struct();
    let values = fields.iter().zip(members.columns()).map(|(field, member)| value(member, row, &field.data_type));
    Literal::Struct { data_type: data_type.clone(), values: values.collect() }
}
