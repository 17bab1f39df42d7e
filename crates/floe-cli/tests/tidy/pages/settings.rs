//! `settings.md`, from the one table of settings.

use std::fmt::Write as _;

use floe_base::settings::{SETTINGS, variable};

use super::{cell, head};

pub(super) fn page() -> String {
    let mut page = head(
        "Settings",
        "A later source wins: default, `floe.toml` in the folder the command is run in, environment, flag.\n\
         `--config FILE` or `FLOE_CONFIG` names another file in its place.\n\
         Under `[spark]` in `floe.toml` stand the Spark settings that every session starts with.\n\
         Under `[clusters]` stand the Sparks that have a name ([guide](../guides/scale-out.md)).\n\
         Under each `[[route]]` stands a rule of where statements run ([guide](../guides/routing.md#policy)).\n",
    );
    page += "| flag | environment | `floe.toml` | default | meaning |\n|---|---|---|---|---|\n";
    for setting in SETTINGS {
        let default = if setting.default.is_empty() { "none".into() } else { format!("`{}`", setting.default) };
        let (flag, value, help) = (setting.name, setting.value, cell(setting.help));
        let (variable, key) = (variable(setting.name), setting.name.replace('-', "_"));
        let _ = writeln!(page, "| `--{flag} {value}` | `{variable}` | `{key}` | {default} | {help} |");
    }
    page
}
