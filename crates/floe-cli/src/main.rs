//! `floe-engine`: the command line. One file per command; what a command means is the engine's business.
//!
//! `flags.rs` reads flags, environment and `floe.toml` (or the file `--config` names) into one [`floe_base::settings::Settings`].

mod allocator;
mod doctor;
mod explain;
mod face;
mod flags;
mod serve;
mod sql;
mod verify;

use std::error::Error as _;
use std::io::ErrorKind;
use std::process::ExitCode;

use floe_base::{Error, Result};

fn main() -> ExitCode {
    allocator::keep_memory();
    let matches = flags::command().get_matches();
    match run(&matches) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) if is_read_no_more(&error) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("floe-engine: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Who reads the output, as `head` does, may stop when it has seen enough.
fn is_read_no_more(error: &Error) -> bool {
    let cause = error.source().and_then(|cause| cause.downcast_ref::<std::io::Error>());
    cause.is_some_and(|cause| cause.kind() == ErrorKind::BrokenPipe)
}

fn run(matches: &clap::ArgMatches) -> Result<()> {
    let (name, matches) = matches.subcommand().unwrap_or(("", matches));
    let settings = flags::settings(matches)?;
    log(settings.text("log"))?;
    for (name, meant) in flags::misspelt(std::env::vars().map(|(name, _)| name)) {
        eprintln!("floe-engine: variable {name} is no setting; {meant} is");
    }
    match name {
        "serve" => serve::run(settings, matches.get_flag("json")),
        "sql" => sql::run(settings, matches),
        "explain" => explain::run(settings, matches),
        "verify" => verify::run(settings, matches),
        "doctor" => doctor::run(settings, flags::file(matches)),
        _ => flags::command().print_help().map_err(flags::io),
    }
}

/// Logs go to standard error, so that standard output stays a protocol.
fn log(filter: &str) -> Result<()> {
    let filter = tracing_subscriber::EnvFilter::try_new(filter)
        .map_err(|error| flags::invalid(format!("`log` is no filter: {error}")))?;
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    Ok(())
}
