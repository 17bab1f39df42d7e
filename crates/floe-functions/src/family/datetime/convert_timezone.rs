//! `convert_timezone([source,] target, timestamp_ntz)`: a clock time of one zone as the clocks of another show it.

use arrow::array::{PrimitiveArray, StringArray};
use arrow::datatypes::{DataType, TimestampMicrosecondType};
use datafusion::scalar::ScalarValue;
use floe_base::Result;

use super::_error::long_overflow;
use super::_kernel::{TIMESTAMP_NTZ, filled, kernel, raises};
use super::_zone::Zone;
use crate::rows::Column;
use crate::{Call, Function, Typed};

pub(crate) const FUNCTIONS: &[Function] = &[Function::scalar("convert_timezone", bind)
    .usage("convert_timezone([sourceTz, ]targetTz, sourceTs) - Converts the timestamp without time zone `sourceTs` from the `sourceTz` time zone to `targetTz`.")];

fn bind(call: &Call<'_>) -> Result<Typed> {
    call.between(2, 3)?;
    let last = call.arguments.len() - 1;
    let time = call.coerced(last, &TIMESTAMP_NTZ, "\"TIMESTAMP_NTZ\"")?;
    let target = call.coerced(last - 1, &DataType::Utf8, "\"STRING\"")?;
    let source = match last {
        1 => Typed::constant(ScalarValue::from(call.context.time_zone_name.as_ref())),
        _ => call.coerced(0, &DataType::Utf8, "\"STRING\"")?,
    };
    let values = vec![source, target, time];
    let result = raises(TIMESTAMP_NTZ, values.iter().any(|value| value.nullable));
    Ok(kernel(call, "", values, result, |arguments| {
        let sources = Column::<StringArray>::of(arguments, 0)?;
        let targets = Column::<StringArray>::of(arguments, 1)?;
        let times = Column::<PrimitiveArray<TimestampMicrosecondType>>::of(arguments, 2)?;
        let constant = |zones: &Column<StringArray>| match zones.constant {
            true => zones.at(0).map(Zone::parse).transpose(),
            false => Ok(None),
        };
        let (source, target) = (constant(&sources)?, constant(&targets)?);
        filled::<TimestampMicrosecondType>(arguments, &TIMESTAMP_NTZ, |row| {
            let (Some(local), Some(from), Some(to)) = (times.at(row), sources.at(row), targets.at(row)) else {
                return Ok(None);
            };
            let source = source.map_or_else(|| Zone::parse(from), Ok)?;
            let target = target.map_or_else(|| Zone::parse(to), Ok)?;
            let instant = source.to_instant(local).ok_or_else(long_overflow)?;
            Ok(Some(target.to_local(instant)))
        })
    }))
}
