//! `floe-engine explain`: `EXPLAIN ROUTE` from the shell.

use clap::ArgMatches;
use floe_base::Result;
use floe_base::settings::Settings;

use crate::sql::{Output, Terminal};

pub(crate) fn run(settings: Settings, matches: &ArgMatches) -> Result<()> {
    let query = matches.get_one::<String>("query").map_or("", String::as_str);
    Terminal::open(settings, Output::of(matches))?.statement(&format!("EXPLAIN ROUTE {query}"))?;
    Ok(())
}
