//! What the people in charge want: the server's settings, the session's, the query's own.

use floe_base::id::BackendId;
use floe_base::{Error, Kind, Result};

/// A route asked for, and who asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wish {
    pub backend: BackendId,
    /// `hint`, `tag`, `conf floe.route`, `setting route`: printed in the reasons.
    pub asked_by: String,
}

/// The rules of one decision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// Routes asked for, strongest first; the first one counts.
    pub wishes: Vec<Wish>,
    /// Bytes a query may scan in process before a larger engine is wanted.
    pub local_max_bytes: u64,
}

/// Reads a route's name; `auto` is no wish.
pub fn parse_wish(text: &str, asked_by: &str) -> Result<Option<Wish>> {
    if text.trim().eq_ignore_ascii_case("auto") {
        return Ok(None);
    }
    let names = BackendId::ALL.map(BackendId::name).join(", ");
    let unknown = || {
        let text = format!("no route is called `{text}`; there are auto, {names}");
        Error::message(Kind::IllegalArgument, text)
    };
    let backend = BackendId::parse(text.trim()).ok_or_else(unknown)?;
    Ok(Some(Wish { backend, asked_by: asked_by.into() }))
}
