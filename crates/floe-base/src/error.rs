//! The one error of the house: Spark's condition, its parameters, and where in the query it happened.
//!
//! Callers match on [`Kind`] or on the condition, never on text. The texts of the conditions are data
//! (`conditions.rs`); how an error travels to a client (gRPC status, ErrorInfo) is `floe-connect`'s business alone.

use std::fmt::{self, Write as _};
use std::sync::Arc;

use crate::conditions;
use crate::origin::Origin;

pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What sort of failure it is: which exception a Spark client raises for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// The text is not Spark SQL (`ParseException`).
    Parse,
    /// The query does not mean anything (`AnalysisException`).
    Analysis,
    /// Overflow, division by zero (`SparkArithmeticException`).
    Arithmetic,
    /// A text is not the number it should be (`SparkNumberFormatException`).
    NumberFormat,
    /// A date or time out of its range (`SparkDateTimeException`).
    DateTime,
    /// An argument out of its range (`SparkIllegalArgumentException`).
    IllegalArgument,
    /// An index outside an array (`SparkArrayIndexOutOfBoundsException`).
    ArrayIndex,
    /// A key that is not there, as a missing conf (`SparkNoSuchElementException`).
    NoSuchElement,
    /// Not supported here (`SparkUnsupportedOperationException`).
    Unsupported,
    /// Any other failure while running (`SparkRuntimeException`).
    Runtime,
    /// Cancelled, out of memory, lost files and other failures of the operation as a whole (`SparkException`).
    Operation,
    /// A concurrent change won (`SparkConcurrentModificationException`); trying again may help.
    Conflict,
    /// What a table's format refuses (Iceberg's own `ValidationException`).
    Validation,
    /// The message itself is not a plan (`InvalidPlanInput`).
    InvalidPlan,
    /// A mistake of ours (`SparkException` with `INTERNAL_ERROR`).
    Internal,
}

/// An error with Spark's condition name. Cheap to move: one pointer.
#[derive(Clone)]
pub struct Error(Box<Inner>);

#[derive(Clone)]
struct Inner {
    kind: Kind,
    condition: String,
    parameters: Vec<(String, String)>,
    /// Takes the place of the condition's template, where Spark itself has no condition for it.
    text: Option<String>,
    origin: Origin,
    source: Option<Arc<dyn std::error::Error + Send + Sync>>,
}

impl Error {
    /// An error of a condition of Spark's, such as `TABLE_OR_VIEW_NOT_FOUND` or `CAST_INVALID_INPUT`.
    pub fn new(kind: Kind, condition: impl Into<String>) -> Self {
        Self(Box::new(Inner {
            kind,
            condition: condition.into(),
            parameters: Vec::new(),
            text: None,
            origin: Origin::Unknown,
            source: None,
        }))
    }

    pub fn analysis(condition: impl Into<String>) -> Self {
        Self::new(Kind::Analysis, condition)
    }

    /// Something we do not do yet, by name: "function `xpath`", "relation AsOfJoin".
    pub fn unsupported(what: impl Into<String>) -> Self {
        let mut error = Self::new(Kind::Unsupported, "UNSUPPORTED_FEATURE.FLOE");
        error.0.text = Some(format!(
            "{} is not supported by the engines of this server. A real Spark would run it; none is configured: start \
             the server with `--spark local`, or `--spark sc://host:port`.",
            what.into()
        ));
        error
    }

    /// Memory that the limit does not leave (Spark 4.1 has a text of two numbers for it); `why` says who wanted how much.
    pub fn out_of_memory(why: impl fmt::Display) -> Self {
        let mut error = Self::new(Kind::Operation, "UNABLE_TO_ACQUIRE_MEMORY");
        error.0.text = Some(format!("{why}. Raise --memory-limit, or send the query to a larger engine."));
        error
    }

    /// Values of one column that no batch can hold: Arrow counts up to 2 GB. In batches of fewer rows they may fit.
    pub fn batch_too_large() -> Self {
        let mut error = Self::new(Kind::Operation, "BATCH_TOO_LARGE");
        let what = "the values of one column come to more than 2 GB in one batch of rows";
        error.0.text =
            Some(format!("{what}. A real Spark has them one by one: start the server with `--spark local`."));
        error
    }

    /// A disk that has no room for what is spilled or written; `why` is the system's word.
    pub fn out_of_disk(why: impl fmt::Display) -> Self {
        let next = "Free some of it, or name another folder for what does not fit in memory with --spill-dir.";
        Self::message(Kind::Operation, format!("a disk is full ({why}). {next}"))
    }

    /// A mistake of ours; the text is for the person who mends it.
    pub fn internal(text: impl Into<String>) -> Self {
        let text = text.into();
        Self::new(Kind::Internal, "INTERNAL_ERROR").with("message", text)
    }

    /// An error outside Spark's list: the text says what and what to do next.
    pub fn message(kind: Kind, text: impl Into<String>) -> Self {
        let mut error = Self::new(kind, "");
        error.0.text = Some(text.into());
        error
    }

    /// Adds a parameter of the condition's text, as it shall print (identifiers come quoted: see [`quoted`]).
    #[must_use]
    pub fn with(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.0.parameters.push((name.into(), value.into()));
        self
    }

    /// Says where in the query it happened, unless a place closer by is known already.
    #[must_use]
    pub fn at(mut self, origin: &Origin) -> Self {
        if matches!(self.0.origin, Origin::Unknown) {
            self.0.origin = origin.clone();
        }
        self
    }

    #[must_use]
    pub fn caused_by(mut self, source: impl std::error::Error + Send + Sync + 'static) -> Self {
        self.0.source = Some(Arc::new(source));
        self
    }

    pub fn kind(&self) -> Kind {
        self.0.kind
    }

    /// Spark's condition, `CLASS` or `CLASS.SUBCLASS`; empty when Spark has none for it.
    pub fn condition(&self) -> &str {
        &self.0.condition
    }

    pub fn parameters(&self) -> &[(String, String)] {
        &self.0.parameters
    }

    pub fn origin(&self) -> &Origin {
        &self.0.origin
    }

    /// The five letters of the SQL standard, where the condition has them.
    pub fn sql_state(&self) -> Option<&'static str> {
        conditions::sql_state(&self.0.condition)
    }

    /// Where it happened, with the piece of the query that stands there; empty when unknown.
    pub fn query_context(&self) -> String {
        summary(&self.0.origin)
    }

    /// The sentence without class, state or context: the template with its parameters filled in.
    pub fn sentence(&self) -> String {
        match &self.0.text {
            Some(text) => text.clone(),
            None => conditions::render(&self.0.condition, &self.0.parameters),
        }
    }
}

impl fmt::Display for Error {
    /// `[CONDITION] sentence SQLSTATE: 42P01` and the query context, as Spark prints it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Conditions that Spark has not named yet do not show.
        if !self.0.condition.is_empty() && !self.0.condition.starts_with("_LEGACY_ERROR_") {
            write!(f, "[{}] ", self.0.condition)?;
        }
        f.write_str(&self.sentence())?;
        if let Some(state) = self.sql_state() {
            write!(f, " SQLSTATE: {state}")?;
        }
        f.write_str(&place(&self.0.origin, self.0.kind))
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")?;
        match &self.0.source {
            Some(source) => write!(f, "\ncaused by: {source}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.source.as_deref().map(|source| source as _)
    }
}

/// What an error's message says of the place (Spark 4.1 `AnalysisException.getMessage`, `ParseException.getMessage`).
fn place(origin: &Origin, kind: Kind) -> String {
    match origin {
        Origin::Unknown => String::new(),
        Origin::Sql { source, start, .. } if kind == Kind::Parse => parse_context(&source.text, *start),
        Origin::Sql { source, start, .. } if matches!(kind, Kind::Analysis | Kind::Unsupported) => {
            let (line, column) = position(&source.text, *start as usize);
            format!("; line {line} pos {column}")
        }
        Origin::CallSite(_) if matches!(kind, Kind::Analysis | Kind::Unsupported) => String::new(),
        _ => format!("\n{}", summary(origin)),
    }
}

/// The place with the piece of the query that stands there (Spark 4.1 `QueryContext.summary`).
fn summary(origin: &Origin) -> String {
    match origin {
        Origin::Unknown => String::new(),
        Origin::CallSite(call) => format!("== DataFrame ==\n\"{}\" was called from\n{}\n", call.fragment, call.place),
        Origin::Sql { source, start, stop } => {
            let object = source.object.as_ref().map(|(kind, name)| format!(" of {kind} {name}")).unwrap_or_default();
            sql_context(&source.text, *start as usize, *stop as usize, &object)
        }
    }
}

/// A parse error shows the whole text, with a ruler under the offending line.
fn parse_context(text: &str, start: u32) -> String {
    let (line, column) = position(text, start as usize);
    let mut out = format!(" (line {line}, pos {column})\n\n== SQL ==\n");
    for (index, row) in text.split('\n').enumerate() {
        let _ = writeln!(out, "{row}");
        if index + 1 == line {
            let _ = writeln!(out, "{}^^^", "-".repeat(column));
        }
    }
    out
}

/// The fragment underlined, in its lines; of what else stands in them no more than 32 characters on either side.
fn sql_context(text: &str, start: usize, stop: usize, object: &str) -> String {
    let stop = stop.min(text.len()).max(start);
    let (line, column) = position(text, start);
    let before = text.get(..start).and_then(|before| before.rsplit('\n').next()).unwrap_or_default();
    let after = text.get(stop..).and_then(|after| after.split('\n').next()).unwrap_or_default();
    let (head, tail) = (last_of(before), first_of(after));
    let mut out = format!("== SQL{object} (line {line}, position {}) ==\n", column + 1);
    let mut rows = text.get(start..stop).unwrap_or_default().split('\n').peekable();
    let mut head = Some(head);
    while let Some(row) = rows.next() {
        let head = head.take().unwrap_or_default();
        let tail = if rows.peek().is_none() { tail.as_str() } else { "" };
        let _ = writeln!(out, "{head}{row}{tail}");
        let _ = writeln!(out, "{}{}", " ".repeat(head.chars().count()), "^".repeat(row.chars().count()));
    }
    out
}

/// Characters shown on either side of a fragment. Spark cuts already where there are as many, and then cuts nothing.
const BESIDE_MAX: usize = 32;

fn last_of(before: &str) -> String {
    let letters = before.chars().count();
    let kept = before.chars().skip(letters.saturating_sub(BESIDE_MAX));
    if letters < BESIDE_MAX { before.into() } else { "...".chars().chain(kept).collect() }
}

fn first_of(after: &str) -> String {
    let kept = after.chars().take(BESIDE_MAX);
    if after.chars().count() < BESIDE_MAX { after.into() } else { kept.chain("...".chars()).collect() }
}

/// Line (from 1) and column in characters (from 0) of a byte offset.
pub fn position(text: &str, offset: usize) -> (usize, usize) {
    let mut offset = offset.min(text.len());
    while !text.is_char_boundary(offset) {
        offset -= 1;
    }
    let before = &text[..offset];
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or("").chars().count();
    (line, column)
}

/// An identifier as Spark prints it in errors: every part in back-ticks, `` `a`.`b` ``.
pub fn quoted<S: AsRef<str>>(parts: &[S]) -> String {
    let quote = |part: &S| format!("`{}`", part.as_ref().replace('`', "``"));
    parts.iter().map(quote).collect::<Vec<_>>().join(".")
}

#[cfg(feature = "datafusion")]
mod datafusion {
    //! The engine below carries our errors as external ones; they come back whole.

    use super::Error;
    use arrow_schema::ArrowError;
    use datafusion_common::DataFusionError;

    impl From<Error> for DataFusionError {
        fn from(error: Error) -> Self {
            DataFusionError::External(Box::new(error))
        }
    }

    impl From<Error> for ArrowError {
        fn from(error: Error) -> Self {
            ArrowError::ExternalError(Box::new(error))
        }
    }

    impl From<DataFusionError> for Error {
        fn from(error: DataFusionError) -> Self {
            if let Some(ours) = ours(&error) {
                return ours.clone();
            }
            match error.find_root() {
                DataFusionError::ResourcesExhausted(text) => Error::out_of_memory(text),
                DataFusionError::NotImplemented(text) => Error::unsupported(text.clone()),
                root if is_batch_too_large(root) => Error::batch_too_large(),
                root if is_disk_full(root) => Error::out_of_disk(root.strip_backtrace()),
                root => Error::internal(root.strip_backtrace()),
            }
        }
    }

    impl From<ArrowError> for Error {
        fn from(error: ArrowError) -> Self {
            Error::from(DataFusionError::from(error))
        }
    }

    fn is_batch_too_large(error: &DataFusionError) -> bool {
        match error {
            DataFusionError::ArrowError(arrow, _) if matches!(**arrow, ArrowError::OffsetOverflowError(_)) => true,
            // Of a page of Parquet there is nothing but the text (parquet 58).
            _ => error.strip_backtrace().ends_with("index overflow decoding byte array"),
        }
    }

    fn is_disk_full(error: &DataFusionError) -> bool {
        let io = match error {
            DataFusionError::IoError(io) => io,
            DataFusionError::ArrowError(arrow, _) => match arrow.as_ref() {
                ArrowError::IoError(_, io) => io,
                _ => return false,
            },
            _ => return false,
        };
        io.kind() == std::io::ErrorKind::StorageFull
    }

    /// Our own error, however deep the engine wrapped it.
    fn ours<'a>(error: &'a (dyn std::error::Error + 'static)) -> Option<&'a Error> {
        let mut next = Some(error);
        while let Some(error) = next {
            if let Some(ours) = error.downcast_ref::<Error>() {
                return Some(ours);
            }
            if let Some(DataFusionError::External(inner)) = error.downcast_ref::<DataFusionError>() {
                next = Some(inner.as_ref());
                continue;
            }
            if let Some(ArrowError::ExternalError(inner)) = error.downcast_ref::<ArrowError>() {
                next = Some(inner.as_ref());
                continue;
            }
            next = error.source();
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SqlSource;

    fn error(kind: Kind, text: &str, fragment: &str) -> Error {
        let start = text.find(fragment).expect("a fragment of the text");
        let place = |at: usize| u32::try_from(at).expect("a short text");
        let source = SqlSource::new(text);
        let origin = Origin::Sql { source, start: place(start), stop: place(start + fragment.len()) };
        Error::message(kind, "no").at(&origin)
    }

    #[cfg(feature = "datafusion")]
    #[test]
    fn a_full_disk_is_no_mistake_of_ours() {
        use arrow_schema::ArrowError;
        use datafusion_common::DataFusionError;

        let full = || std::io::Error::from(std::io::ErrorKind::StorageFull);
        let of_arrow = ArrowError::IoError("written".into(), full());
        for told in [DataFusionError::IoError(full()), DataFusionError::from(of_arrow)] {
            let told = Error::from(told.context("while spilling")).sentence();
            assert!(told.starts_with("a disk is full") && told.contains("--spill-dir"), "{told}");
        }
    }

    #[cfg(feature = "datafusion")]
    #[test]
    fn a_batch_that_cannot_hold_its_values_is_told_by_name() {
        use arrow_schema::ArrowError;
        use datafusion_common::DataFusionError;

        let of_a_page = ArrowError::ParquetError("Parquet error: index overflow decoding byte array".into());
        for told in [ArrowError::OffsetOverflowError(1 << 31), of_a_page] {
            let told = Error::from(DataFusionError::from(told).context("while reading"));
            assert_eq!((told.condition(), told.sql_state()), ("BATCH_TOO_LARGE", Some("54000")));
        }
    }

    #[test]
    fn a_sentence_about_names_ends_with_the_place_and_its_context_shows_it() {
        let error = error(Kind::Analysis, "SELECT\n  nope", "nope");
        assert_eq!(error.to_string(), "no; line 2 pos 2");
        assert_eq!(error.query_context(), "== SQL (line 2, position 3) ==\n  nope\n  ^^^^\n");
    }

    #[test]
    fn long_lines_are_cut_on_either_side() {
        let text = format!("{} 1/0 {}", "x".repeat(31), "y".repeat(31));
        let shown = format!("...{} 1/0 {}...", "x".repeat(31), "y".repeat(31));
        let marks = format!("{}^^^", " ".repeat(35));
        let context = format!("== SQL (line 1, position 33) ==\n{shown}\n{marks}\n");
        assert_eq!(error(Kind::Arithmetic, &text, "1/0").to_string(), format!("no\n{context}"));
        let short = error(Kind::Arithmetic, &text[1..text.len() - 1], "1/0");
        assert!(!short.query_context().contains("..."));
    }

    #[test]
    fn a_fragment_over_lines_is_underlined_in_each() {
        let context = error(Kind::Arithmetic, "a f(\n\n1) b", "f(\n\n1)").query_context();
        assert_eq!(context, "== SQL (line 1, position 3) ==\na f(\n  ^^\n\n\n1) b\n^^\n");
    }
}
