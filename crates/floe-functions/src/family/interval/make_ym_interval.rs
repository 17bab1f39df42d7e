//! `make_ym_interval([years [, months]])`: an interval of years and months.

use arrow::datatypes::{DataType, Int32Type, IntervalUnit, IntervalYearMonthType};
use datafusion::scalar::ScalarValue;
use floe_base::Result;

use super::_overflow::interval_overflow;
use crate::family::datetime::_kernel::{raises, two};
use crate::{Call, Function, Typed};

pub(crate) const FUNCTIONS: &[Function] = &[Function::scalar("make_ym_interval", bind)
    .usage("make_ym_interval([years[, months]]) - Make year-month interval from years, months.")];

fn bind(call: &Call<'_>) -> Result<Typed> {
    call.between(0, 2)?;
    let number = |index: usize| match call.arguments.get(index) {
        None => Ok(Typed::constant(ScalarValue::from(0i32))),
        Some(_) => call.coerced(index, &DataType::Int32, "\"INT\""),
    };
    let (years, months) = (number(0)?, number(1)?);
    let result = raises(DataType::Interval(IntervalUnit::YearMonth), years.nullable || months.nullable);
    let origin = call.origin.clone();
    Ok(two::<Int32Type, Int32Type, IntervalYearMonthType>(call, "", [years, months], result, move |years, months| {
        let total = i64::from(years) * 12 + i64::from(months);
        i32::try_from(total).map(Some).map_err(|_| interval_overflow(&origin))
    }))
}
