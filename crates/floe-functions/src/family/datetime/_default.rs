//! `spark.sql.timestampType`: what `TIMESTAMP` means where a function does not say.

use arrow::datatypes::DataType;

use super::_kernel::{TIMESTAMP_NTZ, timestamp};
use crate::Context;

pub(crate) fn timestamp_type(context: &Context) -> DataType {
    match context.conf("spark.sql.timestampType", "TIMESTAMP_LTZ").to_uppercase().as_str() {
        "TIMESTAMP_NTZ" => TIMESTAMP_NTZ,
        _ => timestamp(),
    }
}
