//! Errors as clients read them: a gRPC status with `ErrorInfo`, and the details a client fetches afterwards.
//!
//! Nowhere else in the house does an error meet gRPC. A client decides which exception to raise by the Java classes in
//! `ErrorInfo`, most specific first, and takes the first it knows; so each [`Kind`] is a line of ancestors here.
//! Clients from 4.0 then fetch the full text, parameters and query context by the error's id; older ones have only what
//! the status holds. The status is kept small: it travels in HTTP/2 trailers, which many parties limit to 8 KiB.

use std::collections::{HashMap, VecDeque};

use floe_base::{Error, Kind, Origin};
use floe_engine::Refusal;
use floe_proto::connect::FetchErrorDetailsResponse;
use floe_proto::connect::fetch_error_details_response as details;
use floe_proto::connect::fetch_error_details_response::query_context::ContextType;
use parking_lot::Mutex;
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt};

/// Spark cuts a status message here; what it costs once percent-encoded is limited apart.
const MESSAGE_CHARS_MAX: usize = 2_048;
const MESSAGE_ENCODED_MAX: usize = 3_072;
/// A metadata entry longer than this is left to the details.
const METADATA_BYTES_MAX: usize = 1_024;
/// Errors whose details wait to be fetched, for each session.
const KEPT_MAX: usize = 20;

/// The newest errors of a session, by id.
#[derive(Debug, Default)]
pub(crate) struct Errors {
    kept: Mutex<VecDeque<(String, Error)>>,
}

impl Errors {
    /// The status of an error, its details kept for the client to fetch.
    pub(crate) fn status(&self, error: Error) -> Status {
        if let Some(refusal) = Refusal::of(&error) {
            return forwarded(refusal);
        }
        let id = floe_base::id::fresh();
        let status = status(&error, Some(&id));
        let mut kept = self.kept.lock();
        if kept.len() >= KEPT_MAX {
            kept.pop_front();
        }
        kept.push_back((id, error));
        status
    }

    /// The details of an error; a second fetch finds nothing, as in Spark.
    pub(crate) fn take(&self, id: &str) -> Option<Error> {
        let mut kept = self.kept.lock();
        let at = kept.iter().position(|(known, _)| known == id)?;
        kept.remove(at).map(|(_, error)| error)
    }
}

/// What another server refused, as it refused it; it has the details.
fn forwarded(refusal: &Refusal) -> Status {
    Status::with_details(Code::from_i32(refusal.code), &refusal.message, refusal.details.clone())
}

/// The status of an error outside any session.
pub(crate) fn plain(error: &Error) -> Status {
    status(error, None)
}

/// What those hear who ask a server for work that is about to end: clients try again, and meet the next one.
pub(crate) fn stopping() -> Status {
    Status::unavailable("the server is stopping")
}

fn status(error: &Error, id: Option<&str>) -> Status {
    let classes = classes(error);
    let mut metadata = HashMap::from([("classes".to_string(), json(&classes))]);
    if let Some(state) = error.sql_state() {
        metadata.insert("sqlState".into(), state.into());
    }
    if !error.condition().is_empty() {
        metadata.insert("errorClass".into(), error.condition().into());
    }
    if let Some(id) = id {
        metadata.insert("errorId".into(), id.into());
    }
    let parameters = json(&parameters(error));
    if !error.parameters().is_empty() && parameters.len() <= METADATA_BYTES_MAX {
        metadata.insert("messageParameters".into(), parameters);
    }
    let reason = classes.first().copied().unwrap_or_default();
    let mut info = ErrorDetails::new();
    info.set_error_info(reason, "org.apache.spark", metadata);
    Status::with_error_details(Code::Internal, abbreviated(&text(error)), info)
}

/// The message of the exception. Spark's parse errors begin on a line of their own (4.1, `ParseException.getMessage`).
fn text(error: &Error) -> String {
    if error.kind() == Kind::Parse { format!("\n{error}") } else { error.to_string() }
}

fn json(value: &impl serde::Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

fn parameters(error: &Error) -> serde_json::Map<String, serde_json::Value> {
    error.parameters().iter().map(|(name, value)| (name.clone(), value.clone().into())).collect()
}

/// The beginning of a text that a status may carry.
fn abbreviated(text: &str) -> String {
    let cost = |letter: char| if letter.is_ascii_graphic() || letter == ' ' { 1 } else { 3 * letter.len_utf8() };
    let mut spent = 0;
    let fits = |letter: char| {
        spent += cost(letter);
        spent <= MESSAGE_ENCODED_MAX
    };
    let kept: String =
        text.chars().take(MESSAGE_CHARS_MAX).scan(fits, |fits, letter| fits(letter).then_some(letter)).collect();
    if kept.len() == text.len() {
        return kept;
    }
    let letters = kept.chars().count().saturating_sub(3);
    kept.chars().take(letters).chain("...".chars()).collect()
}

/// The exception a JVM would have thrown, and its ancestors.
fn classes(error: &Error) -> Vec<&'static str> {
    let condition = error.condition();
    let own: &[&str] = match error.kind() {
        _ if condition.starts_with("INVALID_HANDLE") || condition.starts_with("INVALID_CURSOR") => SQL,
        _ if condition == "OPERATION_CANCELED" || condition.starts_with("CONNECT_INVALID_PLAN") => SQL,
        _ if condition.starts_with("INVALID_PARAMETER_VALUE.INTERRUPT") => SQL,
        _ if condition == "UNSUPPORTED_FEATURE.INTERRUPT_TYPE" => SQL,
        Kind::Parse => &["org.apache.spark.sql.catalyst.parser.ParseException", ANALYSIS],
        Kind::Analysis => &[ANALYSIS],
        Kind::Arithmetic => &["org.apache.spark.SparkArithmeticException", "java.lang.ArithmeticException", RUNTIME],
        Kind::NumberFormat => &[
            "org.apache.spark.SparkNumberFormatException",
            "java.lang.NumberFormatException",
            "java.lang.IllegalArgumentException",
            RUNTIME,
        ],
        Kind::DateTime => &["org.apache.spark.SparkDateTimeException", "java.time.DateTimeException", RUNTIME],
        Kind::IllegalArgument => {
            &["org.apache.spark.SparkIllegalArgumentException", "java.lang.IllegalArgumentException", RUNTIME]
        }
        Kind::ArrayIndex => &[
            "org.apache.spark.SparkArrayIndexOutOfBoundsException",
            "java.lang.ArrayIndexOutOfBoundsException",
            "java.lang.IndexOutOfBoundsException",
            RUNTIME,
        ],
        Kind::NoSuchElement => {
            &["org.apache.spark.SparkNoSuchElementException", "java.util.NoSuchElementException", RUNTIME]
        }
        Kind::Unsupported => {
            &["org.apache.spark.SparkUnsupportedOperationException", "java.lang.UnsupportedOperationException", RUNTIME]
        }
        Kind::Runtime => &["org.apache.spark.SparkRuntimeException", RUNTIME],
        Kind::Conflict => &[
            "org.apache.spark.SparkConcurrentModificationException",
            "java.util.ConcurrentModificationException",
            RUNTIME,
        ],
        Kind::Validation => &["org.apache.iceberg.exceptions.ValidationException", RUNTIME],
        Kind::InvalidPlan => &["org.apache.spark.sql.connect.common.InvalidPlanInput"],
        Kind::Operation | Kind::Internal => &["org.apache.spark.SparkException"],
    };
    // What is not one of Spark's conditions, a JVM throws as the plain Java exception.
    let own = match own {
        [first, plain @ ..]
            if condition.is_empty() && !plain.is_empty() && first.starts_with("org.apache.spark.Spark") =>
        {
            plain
        }
        _ => own,
    };
    own.iter().copied().chain(["java.lang.Exception", "java.lang.Throwable", "java.lang.Object"]).collect()
}

const SQL: &[&str] = &["org.apache.spark.SparkSQLException", "java.sql.SQLException"];
const ANALYSIS: &str = "org.apache.spark.sql.AnalysisException";
const RUNTIME: &str = "java.lang.RuntimeException";

/// What `FetchErrorDetails` tells of an error: the error first, then its causes.
pub(crate) fn fetched(error: &Error) -> FetchErrorDetailsResponse {
    let hierarchy = |classes: Vec<&str>| classes.into_iter().map(str::to_string).collect();
    let mut errors = vec![details::Error {
        error_type_hierarchy: hierarchy(classes(error)),
        message: text(error),
        stack_trace: Vec::new(),
        cause_idx: None,
        spark_throwable: Some(throwable(error)),
    }];
    let mut cause = std::error::Error::source(error);
    while let Some(source) = cause.filter(|_| errors.len() < 10) {
        let index = i32::try_from(errors.len()).ok();
        if let Some(last) = errors.last_mut() {
            last.cause_idx = index;
        }
        errors.push(details::Error {
            error_type_hierarchy: hierarchy(vec![
                RUNTIME,
                "java.lang.Exception",
                "java.lang.Throwable",
                "java.lang.Object",
            ]),
            message: source.to_string(),
            ..Default::default()
        });
        cause = source.source();
    }
    FetchErrorDetailsResponse { root_error_idx: Some(0), errors, ..Default::default() }
}

fn throwable(error: &Error) -> details::SparkThrowable {
    details::SparkThrowable {
        error_class: Some(error.condition()).filter(|condition| !condition.is_empty()).map(Into::into),
        message_parameters: error.parameters().iter().cloned().collect(),
        query_contexts: query_context(error).into_iter().collect(),
        sql_state: error.sql_state().map(Into::into),
        breaking_change_info: None,
    }
}

/// Spark's parse errors carry their place in the text only; all others have a context of its own.
fn query_context(error: &Error) -> Option<details::QueryContext> {
    match error.origin() {
        _ if error.kind() == Kind::Parse => None,
        Origin::Unknown => None,
        Origin::CallSite(call) => Some(details::QueryContext {
            context_type: ContextType::Dataframe.into(),
            fragment: call.fragment.clone(),
            call_site: call.place.clone(),
            summary: error.query_context(),
            ..Default::default()
        }),
        Origin::Sql { source, start, stop } => {
            let (object_type, object_name) = source.object.clone().unwrap_or_default();
            Some(details::QueryContext {
                context_type: ContextType::Sql.into(),
                object_type,
                object_name,
                start_index: index(&source.text, *start),
                // Spark's stop is the last character itself.
                stop_index: index(&source.text, *stop).saturating_sub(1),
                fragment: error.origin().fragment().into(),
                summary: error.query_context(),
                ..Default::default()
            })
        }
    }
}

/// A byte offset as Spark's parser counts: in characters.
fn index(text: &str, offset: u32) -> i32 {
    let before = usize::try_from(offset).ok().and_then(|offset| text.get(..offset)).unwrap_or(text);
    i32::try_from(before.chars().count()).unwrap_or(i32::MAX)
}

#[cfg(test)]
mod tests {
    use floe_base::SqlSource;

    use super::*;

    #[test]
    fn the_status_names_class_state_and_parameters() {
        let error = Error::analysis("TABLE_OR_VIEW_NOT_FOUND").with("relationName", "`t`");
        let status = Errors::default().status(error);
        assert_eq!(status.code(), Code::Internal);
        let info = status.get_details_error_info().expect("ErrorInfo");
        assert_eq!(info.reason, ANALYSIS);
        assert_eq!(info.metadata.get("errorClass").map(String::as_str), Some("TABLE_OR_VIEW_NOT_FOUND"));
        assert_eq!(info.metadata.get("messageParameters").map(String::as_str), Some(r#"{"relationName":"`t`"}"#));
        assert!(info.metadata.contains_key("errorId"));
    }

    #[test]
    fn long_errors_make_short_statuses_and_whole_details() {
        for letter in ["x", "語"] {
            let text = letter.repeat(100_000);
            let errors = Errors::default();
            let status = errors.status(Error::analysis("TABLE_OR_VIEW_NOT_FOUND").with("relationName", &text));
            let percent_encoded: usize =
                status.message().bytes().map(|byte| if byte.is_ascii_graphic() { 1 } else { 3 }).sum();
            assert!(percent_encoded + status.details().len() * 4 / 3 < 8_192, "{}", status.details().len());
            assert!(status.message().ends_with("..."));
            let info = status.get_details_error_info().expect("ErrorInfo");
            let id = info.metadata.get("errorId").expect("an id");
            let fetched = fetched(&errors.take(id).expect("kept"));
            assert!(fetched.errors[0].message.len() > 100_000);
            assert!(errors.take(id).is_none(), "details are told once");
        }
    }

    #[test]
    fn contexts_count_characters() {
        let source = SqlSource::new("SELECT '😀', 1/0");
        let origin = Origin::Sql { source, start: 15, stop: 18 };
        let error = Error::new(Kind::Arithmetic, "DIVIDE_BY_ZERO").at(&origin);
        let context = query_context(&error).expect("a context");
        assert_eq!((context.start_index, context.stop_index), (12, 14));
        assert_eq!(context.fragment, "1/0");
    }
}
