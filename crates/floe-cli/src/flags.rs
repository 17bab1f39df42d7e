//! Flags, made from the one table of settings, and the order in which sources win.

use clap::{Arg, ArgAction, ArgMatches, Command};
use floe_base::settings::{SETTINGS, Setting, Settings, variable};
use floe_base::{Error, Kind, Result};

/// The file settings are read from, in the folder the command is run in, unless another is named.
const FILE: &str = "floe.toml";

/// The flag that names another file, and the variable that does.
const CONFIG: &str = "config";
const CONFIG_VARIABLE: &str = "FLOE_CONFIG";

/// Where the settings stand in `--help`, and what is said below them.
const HEADING: &str = "Settings (also in floe.toml, and as FLOE_* variables)";

/// Every command with its flags.
pub(crate) fn command() -> Command {
    let serve = Command::new("serve")
        .about("Serves Spark Connect until it is told to stop (SIGTERM, Ctrl-C)")
        .arg(Arg::new("json").long("json").action(ArgAction::SetTrue).help("Prints the ready line as JSON"));
    let sql = Command::new("sql")
        .about("Runs SQL in this process: interactively, from -c, from a file or from standard input")
        .arg(Arg::new("command").short('c').value_name("SQL").help("Runs these statements, separated by `;`"))
        .arg(Arg::new("file").short('f').value_name("FILE").conflicts_with("command").help("Runs a file's statements"))
        .arg(output());
    let explain = Command::new("explain")
        .about("Says where a query would run, and why, without running it")
        .arg(Arg::new("query").required(true).value_name("SQL").help("The query, as one argument"))
        .arg(output());
    let verify = verify();
    let doctor = Command::new("doctor").about("Looks for what would keep the engine from working here");
    Command::new("floe-engine")
        .about("One server for Spark SQL: decides where a query runs, runs it there, streams Arrow back")
        .version(env!("CARGO_PKG_VERSION"))
        .subcommand_required(true)
        .arg_required_else_help(true)
        .subcommand(with_settings(serve, |_| true))
        .subcommand(with_settings(sql, |setting| !setting.serving))
        .subcommand(with_settings(explain, |setting| !setting.serving))
        .subcommand(with_settings(verify, |setting| !setting.serving || setting.name.starts_with("spark")))
        .subcommand(with_settings(doctor, |_| true))
}

fn verify() -> Command {
    let text = |name: &'static str, value: &'static str, default: &'static str, help: &'static str| {
        Arg::new(name).long(name).value_name(value).default_value(default).help(help)
    };
    let flag = |name: &'static str, help: &'static str| Arg::new(name).long(name).action(ArgAction::SetTrue).help(help);
    let models = "Runs the compiled models of a dbt project: DIR/target/manifest.json, or DIR/target/compiled";
    let tolerance = "How far two floats may be apart, relative to the larger; 0: not at all";
    Command::new("verify")
        .about("Runs queries on two backends and says whether their answers are the same")
        .arg(Arg::new("command").short('c').value_name("SQL").help("Runs these queries, separated by `;`"))
        .arg(Arg::new("file").short('f').value_name("FILE").conflicts_with("command").help("Runs a file's queries"))
        .arg(Arg::new("dbt").long("dbt").value_name("DIR").conflicts_with_all(["command", "file"]).help(models))
        .arg(text("on", "A,B", "datafusion,duckdb", "The two backends; auto is what the engine itself chooses"))
        .arg(text("tolerance", "SHARE", "1e-9", tolerance))
        .arg(text("rows", "N", "5", "Differing rows that are shown of each side"))
        .arg(
            Arg::new("conf")
                .long("conf")
                .value_name("KEY=VALUE")
                .action(ArgAction::Append)
                .help("A setting of the session, as spark.sql.ansi.enabled=false; may be given more than once"),
        )
        .arg(flag("allow-refused", "Ends well although a backend refuses a query"))
        .arg(flag("json", "Prints one JSON object a line"))
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

fn with_settings(command: Command, offered: fn(&Setting) -> bool) -> Command {
    let config = Arg::new(CONFIG)
        .long(CONFIG)
        .value_name("FILE")
        .help(format!("File to read settings from (also as {CONFIG_VARIABLE}) [default: {FILE}, if there is one]"))
        .help_heading(HEADING);
    SETTINGS.iter().filter(|setting| offered(setting)).fold(command.arg(config), |command, setting| {
        let default =
            if setting.default.is_empty() { String::new() } else { format!(" [default: {}]", setting.default) };
        let help = format!("{}{default}", setting.help);
        command
            .arg(Arg::new(setting.name).long(setting.name).value_name(setting.value).help(help).help_heading(HEADING))
    })
}

/// The settings in force: default, file, environment, flag; the last one wins.
pub(crate) fn settings(matches: &ArgMatches) -> Result<Settings> {
    let mut settings = Settings::default();
    if let Some(file) = file(matches) {
        let read = std::fs::read_to_string(&file);
        let text = read.map_err(|error| {
            invalid(format!("{file}: {error}; name a file with --{CONFIG} or {CONFIG_VARIABLE}, or leave both out"))
        })?;
        settings = settings.with_file(&file, &text)?;
    }
    settings = settings.with_environment(std::env::vars())?;
    for setting in SETTINGS {
        if let Ok(Some(value)) = matches.try_get_one::<String>(setting.name) {
            settings.set(setting.name, value)?;
        }
    }
    Ok(settings)
}

/// The file settings are read from: the one that is named, or `floe.toml` where there is one.
pub(crate) fn file(matches: &ArgMatches) -> Option<String> {
    let flag = matches.try_get_one::<String>(CONFIG).ok().flatten().cloned();
    let named = flag.or_else(|| std::env::var(CONFIG_VARIABLE).ok()).filter(|file| !file.is_empty());
    named.or_else(|| std::path::Path::new(FILE).exists().then(|| FILE.to_string()))
}

/// `FLOE_*` variables that look like settings and are none, with the setting each may stand for.
pub(crate) fn misspelt(names: impl Iterator<Item = String>) -> Vec<(String, String)> {
    let close = |name: &String| {
        let near = |setting: &&Setting| strsim::damerau_levenshtein(&variable(setting.name), name) == 1;
        Some((name.clone(), variable(SETTINGS.iter().find(near)?.name)))
    };
    names.filter(|name| name.starts_with("FLOE_")).filter_map(|name| close(&name)).collect()
}

pub(crate) fn invalid(text: String) -> Error {
    Error::message(Kind::IllegalArgument, text)
}

pub(crate) fn io(error: std::io::Error) -> Error {
    Error::message(Kind::Operation, error.to_string()).caused_by(error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_is_well_formed() {
        command().debug_assert();
    }

    #[test]
    fn a_letter_too_few_is_noticed_and_other_names_are_left_alone() {
        let names = ["FLOE_PROT", "FLOE_TOKE", "FLOE_PORT", "FLOE_CACHE", "PATH"].map(str::to_string);
        let found = misspelt(names.into_iter());
        let expected = [("FLOE_PROT", "FLOE_PORT"), ("FLOE_TOKE", "FLOE_TOKEN")];
        assert_eq!(found, expected.map(|(name, meant)| (name.to_string(), meant.to_string())));
    }
}
