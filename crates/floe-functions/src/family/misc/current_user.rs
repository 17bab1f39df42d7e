//! `current_user()`, `current_catalog()`, `current_schema()`, `version()`: where and as whom the session is.

use datafusion::scalar::ScalarValue;
use floe_base::Result;

use crate::{Call, Context, Function, Typed};

pub(crate) const FUNCTIONS: &[Function] = &[
    Function::scalar("current_user", user)
        .aliases(&["user", "session_user"])
        .usage("current_user() - Returns the name of the user of the session."),
    Function::scalar("current_catalog", catalog)
        .names_catalog()
        .usage("current_catalog() - Returns the current catalog."),
    Function::scalar("current_schema", schema)
        .aliases(&["current_database"])
        .usage("current_schema() - Returns the current schema."),
    Function::scalar("version", version)
        .usage("version() - Returns the version of Spark that is emulated, and of the server."),
];

fn user(call: &Call<'_>) -> Result<Typed> {
    bind(call, |context| context.current_user.clone())
}

fn catalog(call: &Call<'_>) -> Result<Typed> {
    bind(call, |context| context.current_catalog.clone())
}

fn schema(call: &Call<'_>) -> Result<Typed> {
    bind(call, |context| context.current_database.clone())
}

/// Spark answers with its version and the revision it was built from; the second word is ours.
fn version(call: &Call<'_>) -> Result<Typed> {
    bind(call, |context| {
        format!("{} floe-engine-{}", context.conf("spark.version", "4.1.4"), env!("CARGO_PKG_VERSION"))
    })
}

fn bind(call: &Call<'_>, value: fn(&Context) -> String) -> Result<Typed> {
    let [] = call.exactly()?;
    Ok(Typed::constant(ScalarValue::from(value(call.context).as_str())))
}
