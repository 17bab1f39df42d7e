//! Flags, made from the one table of settings, and the order in which sources win.

use clap::{Arg, ArgAction, ArgMatches, Command};
use floe_base::settings::{SETTINGS, Settings, variable};
use floe_base::{Error, Kind, Result};

/// The file settings are read from, in the folder the command is run in.
const FILE: &str = "floe.toml";

/// Every command with its flags.
pub(crate) fn command() -> Command {
    let serve = with_settings(Command::new("serve").about("Serves Spark Connect until it is told to stop"))
        .arg(Arg::new("json").long("json").action(ArgAction::SetTrue).help("Prints the ready line as JSON"));
    let sql =
        with_settings(Command::new("sql").about("Runs SQL in this process: interactively, from -c or from a file"))
            .arg(Arg::new("command").short('c').value_name("SQL").help("Runs these statements, separated by `;`"))
            .arg(Arg::new("file").short('f').value_name("FILE").help("Runs the statements of a file"))
            .arg(output());
    let explain = with_settings(Command::new("explain").about("Says where a query would run, and why"))
        .arg(Arg::new("query").required(true).value_name("SQL"));
    let doctor = with_settings(Command::new("doctor").about("Looks for what would keep the engine from working here"));
    Command::new("floe-engine")
        .about("One server for Spark SQL: decides where a query runs, runs it there, streams Arrow back")
        .version(env!("CARGO_PKG_VERSION"))
        .subcommand_required(true)
        .arg_required_else_help(true)
        .subcommands([serve, sql, explain, doctor])
        .subcommand(Command::new("settings").hide(true))
}

fn output() -> Arg {
    Arg::new("output")
        .short('o')
        .long("output")
        .value_name("FORMAT")
        .value_parser(["table", "csv", "json"])
        .default_value("table")
        .help("How rows are printed")
}

fn with_settings(command: Command) -> Command {
    SETTINGS.iter().fold(command, |command, setting| {
        let default =
            if setting.default.is_empty() { String::new() } else { format!(" [default: {}]", setting.default) };
        let help = format!("{}{default} [env: {}]", setting.help, variable(setting.name));
        command.arg(Arg::new(setting.name).long(setting.name).value_name(setting.value).help(help))
    })
}

/// The settings in force: default, file, environment, flag; the last one wins.
pub(crate) fn settings(matches: &ArgMatches) -> Result<Settings> {
    let mut settings = Settings::default();
    match std::fs::read_to_string(FILE) {
        Ok(text) => settings = settings.with_file(&text)?,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
        Err(error) => return Err(io(error)),
    }
    settings = settings.with_environment(std::env::vars())?;
    for setting in SETTINGS {
        if let Ok(Some(value)) = matches.try_get_one::<String>(setting.name) {
            settings.set(setting.name, value)?;
        }
    }
    Ok(settings)
}

pub(crate) fn invalid(text: String) -> Error {
    Error::message(Kind::IllegalArgument, text)
}

pub(crate) fn io(error: std::io::Error) -> Error {
    Error::message(Kind::Operation, error.to_string()).caused_by(error)
}
