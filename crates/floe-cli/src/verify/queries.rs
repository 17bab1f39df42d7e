//! Where the queries come from: `-c`, a file, or the compiled models of a dbt project.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::ArgMatches;
use floe_base::Result;
use floe_engine::{Request, Session, query};
use floe_syntax::command::ViewKind;
use floe_syntax::{Command, RelationKind, Statement};

use crate::flags::invalid;
use crate::sql;

/// A query and what it is called.
pub(super) struct Query {
    pub(super) name: String,
    pub(super) text: String,
}

pub(super) enum Step {
    /// Something a session remembers, as SET or a temp view: later queries see it.
    Prepare(String),
    Check(Query),
}

/// The session's settings: those of `--conf`, after what dbt-spark itself sets for a project.
pub(super) fn settings(matches: &ArgMatches) -> Result<Vec<(String, String)>> {
    // dbt-spark 1.11 turns ANSI off in the sessions it makes, so its models mean what they mean then.
    let dbt = matches.get_one::<String>("dbt").map(|_| ("spark.sql.ansi.enabled".to_string(), "false".to_string()));
    let given = matches.get_many::<String>("conf").into_iter().flatten().map(|text| match text.split_once('=') {
        Some((key, value)) => Ok((key.trim().to_string(), value.trim().to_string())),
        None => Err(invalid(format!("--conf takes key=value, not `{text}`"))),
    });
    dbt.map(Ok).into_iter().chain(given).collect()
}

/// Everything to be done, in order. Nothing has run when one of the statements is refused.
pub(super) fn steps(session: &Arc<Session>, matches: &ArgMatches) -> Result<Vec<Step>> {
    let steps = match matches.get_one::<String>("dbt") {
        Some(folder) => models(Path::new(folder))?.into_iter().map(Step::Check).collect(),
        None => {
            let text = sql::script(matches)?
                .ok_or_else(|| invalid("name what to run: -c SQL, -f FILE or --dbt DIR".into()))?;
            script(session, matches.get_one::<String>("file").map_or("", String::as_str), &text)?
        }
    };
    if !steps.iter().any(|step| matches!(step, Step::Check(_))) {
        return Err(invalid("there is no query to run".into()));
    }
    Ok(steps)
}

/// The statements of a script, each called by its file and its number.
fn script(session: &Arc<Session>, file: &str, text: &str) -> Result<Vec<Step>> {
    let statements = query::statements(text);
    let step = |(at, text): (usize, String)| {
        let name = format!("{file}#{}", at + 1);
        match Request::sql(session, &text).and_then(|request| request.statement) {
            Ok(Statement::Command(command)) if is_of_session(&command) => Ok(Step::Prepare(text)),
            Ok(Statement::Query(relation)) if !matches!(*relation.kind, RelationKind::Catalog(_)) => {
                Ok(Step::Check(Query { name, text }))
            }
            Ok(_) => Err(invalid(format!("{name} is no query; verify runs each statement twice, so it only reads"))),
            // It may be a Spark's own; both sides will say.
            Err(_) => Ok(Step::Check(Query { name, text })),
        }
    };
    statements.into_iter().enumerate().map(step).collect()
}

fn is_of_session(command: &Command) -> bool {
    match command {
        Command::Use { .. }
        | Command::Set { .. }
        | Command::Reset { .. }
        | Command::SetTimeZone { .. }
        | Command::DeclareVariable { .. }
        | Command::SetVariable { .. }
        | Command::DropVariable { .. } => true,
        Command::CreateView(view) => view.kind != ViewKind::Persistent,
        _ => false,
    }
}

/// The compiled models of a dbt project, by their unique ids; those of the manifest, where it has them.
fn models(folder: &Path) -> Result<Vec<Query>> {
    let target = folder.join("target");
    let mut found = match std::fs::read_to_string(target.join("manifest.json")) {
        Ok(text) => of_manifest(&text)?,
        Err(_) => Vec::new(),
    };
    if found.is_empty() {
        found = of_files(&target.join("compiled"))?;
    }
    if found.is_empty() {
        let place = target.display();
        return Err(invalid(format!("{place} holds no compiled model; run `dbt compile` or `dbt build` first")));
    }
    found.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(found)
}

/// Nodes that are models in SQL and were compiled.
fn of_manifest(text: &str) -> Result<Vec<Query>> {
    let manifest: serde_json::Value =
        serde_json::from_str(text).map_err(|error| invalid(format!("manifest.json is no JSON: {error}")))?;
    let nodes = manifest["nodes"].as_object().into_iter().flatten();
    let models = nodes.filter(|(_, node)| node["resource_type"] == "model" && node["language"] != "python");
    let compiled = models.filter_map(|(id, node)| {
        let text = node["compiled_code"].as_str().filter(|text| !text.trim().is_empty())?;
        Some(Query { name: id.clone(), text: text.into() })
    });
    Ok(compiled.collect())
}

/// `target/compiled/<project>/models/**.sql`; a test of a model stands in a folder that is called after its YAML file.
fn of_files(compiled: &Path) -> Result<Vec<Query>> {
    let mut files = Vec::new();
    for project in folders(compiled) {
        walk(&project.join("models"), &mut files);
    }
    let read = |path: PathBuf| {
        let name = path.strip_prefix(compiled).unwrap_or(&path).display().to_string();
        let text = std::fs::read_to_string(&path).map_err(|error| invalid(format!("{}: {error}", path.display())))?;
        Ok(Query { name, text })
    };
    files.into_iter().map(read).collect()
}

fn walk(folder: &Path, files: &mut Vec<PathBuf>) {
    let ends =
        |path: &Path, endings: &[&str]| path.extension().is_some_and(|end| endings.iter().any(|one| end == *one));
    for path in entries(folder) {
        if path.is_dir() && !ends(&path, &["yml", "yaml"]) {
            walk(&path, files);
        } else if path.is_file() && ends(&path, &["sql"]) {
            files.push(path);
        }
    }
}

fn folders(folder: &Path) -> impl Iterator<Item = PathBuf> {
    entries(folder).filter(|path| path.is_dir())
}

/// A folder that is not there has no entries.
fn entries(folder: &Path) -> impl Iterator<Item = PathBuf> {
    std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path())
}

#[cfg(test)]
mod tests {
    use floe_base::id::{SessionKey, fresh};
    use floe_engine::Engine;

    use super::*;

    fn told(text: &str) -> Result<Vec<String>> {
        let key = SessionKey { user_id: "u".into(), session_id: fresh() };
        let steps = script(&Engine::in_memory()?.session(&key)?, "q.sql", text)?;
        let told = |step| match step {
            Step::Prepare(text) => format!("prepare {}", text.trim()),
            Step::Check(query) => format!("{} {}", query.name, query.text.trim()),
        };
        Ok(steps.into_iter().map(told).collect())
    }

    #[test]
    fn a_script_prepares_and_asks_and_never_writes() {
        let found = told("SET a.b = 1; CREATE TEMP VIEW v AS SELECT 1; SELECT * FROM v; SELEC 1").expect("only reads");
        let expected = [
            "prepare SET a.b = 1",
            "prepare CREATE TEMP VIEW v AS SELECT 1",
            "q.sql#3 SELECT * FROM v",
            "q.sql#4 SELEC 1",
        ];
        assert_eq!(found, expected);
        for text in ["SELECT 1; DROP TABLE t", "CREATE VIEW v AS SELECT 1", "INSERT INTO t SELECT 1", "SHOW TABLES"] {
            assert!(told(text).is_err_and(|error| error.to_string().contains("is no query")), "{text}");
        }
    }

    #[test]
    fn a_manifest_has_compiled_models_and_much_else() {
        let manifest = r#"{"nodes": {
            "model.shop.b": {"resource_type": "model", "language": "sql", "compiled_code": "SELECT 2"},
            "model.shop.p": {"resource_type": "model", "language": "python", "compiled_code": "def model(): pass"},
            "model.shop.n": {"resource_type": "model", "language": "sql"},
            "test.shop.t": {"resource_type": "test", "language": "sql", "compiled_code": "SELECT 3"}}}"#;
        let found = of_manifest(manifest).expect("JSON");
        assert_eq!(found.iter().map(|query| query.name.as_str()).collect::<Vec<_>>(), ["model.shop.b"]);
        assert!(of_manifest("{").is_err());
    }

    #[test]
    fn compiled_files_are_models_and_not_their_tests() {
        let folder = tempfile::TempDir::new().expect("a folder");
        let models = folder.path().join("target/compiled/shop/models/marts");
        std::fs::create_dir_all(models.join("marts.yml")).expect("folders");
        for (path, text) in [("a.sql", "SELECT 1"), ("marts.yml/unique_a.sql", "SELECT 2"), ("a.py", "x")] {
            std::fs::write(models.join(path), text).expect("a file");
        }
        let found = self::models(folder.path()).expect("models");
        assert_eq!(found.iter().map(|query| query.name.as_str()).collect::<Vec<_>>(), ["shop/models/marts/a.sql"]);
        assert!(self::models(&models).is_err_and(|error| error.to_string().contains("dbt compile")));
    }
}
