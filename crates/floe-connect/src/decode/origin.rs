//! Call sites of the client's program become origins, so that an error can say which line of it is to blame.

use std::sync::Arc;

use floe_base::{CallSite, Origin, SqlSource};
use floe_proto::connect as proto;
use floe_proto::connect::origin::Function;

/// Clients before 4.0 send none.
pub(super) fn decode(origin: Option<proto::Origin>) -> Origin {
    match origin.and_then(|origin| origin.function) {
        Some(Function::PythonOrigin(python)) => call_site(python.fragment, python.call_site),
        Some(Function::JvmOrigin(jvm)) => jvm_origin(jvm),
        None => Origin::Unknown,
    }
}

fn jvm_origin(jvm: proto::JvmOrigin) -> Origin {
    if let (Some(text), Some(start), Some(stop)) = (jvm.sql_text, jvm.start_index, jvm.stop_index) {
        let start = u32::try_from(start).unwrap_or_default();
        // The JVM's stop is the last character, ours is one past it.
        let stop = u32::try_from(stop.saturating_add(1)).unwrap_or_default();
        return Origin::Sql { source: SqlSource::new(text), start, stop };
    }
    match jvm.stack_trace.into_iter().next() {
        Some(frame) => {
            let file = frame.file_name.unwrap_or(frame.declaring_class);
            call_site(frame.method_name, format!("{file}:{}", frame.line_number))
        }
        None => Origin::Unknown,
    }
}

fn call_site(fragment: String, place: String) -> Origin {
    if fragment.is_empty() && place.is_empty() {
        return Origin::Unknown;
    }
    Origin::CallSite(Arc::new(CallSite { fragment, place }))
}
