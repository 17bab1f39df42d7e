//! What every crate of the house may rely on: errors, where things came from, settings, ids, the clock.
//!
//! No IO, no engine, no wire. A new file here needs a page in `docs/decisions/`.

pub mod clock;
pub mod conditions;
pub mod error;
pub mod id;
pub mod machine;
pub mod origin;
pub mod secret;
pub mod settings;

pub use error::{Error, Kind, Result};
pub use origin::{CallSite, Origin, SqlSource};
pub use secret::Secret;
