//! The contract of the command line: arguments in, text out. What SQL means is tested elsewhere.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

/// A run of `floe-engine` in an empty folder of its own.
struct Run {
    folder: TempDir,
    command: Command,
    input: &'static str,
}

impl Run {
    fn new(arguments: &[&str]) -> Self {
        let folder = TempDir::new().expect("a folder");
        let mut command = Command::new(env!("CARGO_BIN_EXE_floe-engine"));
        command.args(arguments).current_dir(folder.path()).stdin(Stdio::piped());
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("FLOE_")) {
            command.env_remove(name);
        }
        Self { folder, command, input: "" }
    }

    fn sql(arguments: &[&str]) -> Self {
        Self::new(&[&["sql", "--data", ":memory:"], arguments].concat())
    }

    fn input(mut self, text: &'static str) -> Self {
        self.input = text;
        self
    }

    fn env(mut self, name: &str, value: &str) -> Self {
        self.command.env(name, value);
        self
    }

    fn file(self, name: &str, text: &str) -> Self {
        std::fs::write(self.folder.path().join(name), text).expect("a file");
        self
    }

    fn output(mut self) -> Output {
        let mut child = self.command.spawn().expect("the program starts");
        child.stdin.take().expect("a pipe").write_all(self.input.as_bytes()).expect("input is read");
        child.wait_with_output().expect("the program ends")
    }

    /// Standard output of a run that must succeed.
    fn text(self) -> String {
        let output = self.output();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).expect("text")
    }

    /// Standard error of a run that must fail with 1.
    fn failure(self) -> String {
        let output = self.output();
        assert_eq!(output.status.code(), Some(1), "{}", String::from_utf8_lossy(&output.stdout));
        String::from_utf8(output.stderr).expect("text")
    }
}

const VALUES: &str = "SELECT 1 AS a, NULL AS b, 'x, \"y\"' AS c, 1.50 AS d, TIMESTAMP '2020-01-02 03:04:05' AS t, \
                      array(1, NULL) AS l, X'0AFF' AS z";

#[test]
fn a_table_shows_values_as_spark_does() {
    let expected = "\
┌───────────────────────────────────────────────────────────────────────────┐
│ a   b      c           d   t                     l           z            │
╞═══════════════════════════════════════════════════════════════════════════╡
│ 1   NULL   x, \"y\"   1.50   2020-01-02 03:04:05   [1, NULL]   [0A FF]      │
└───────────────────────────────────────────────────────────────────────────┘
";
    let words = |text: &str| text.split_whitespace().map(str::to_string).collect::<Vec<_>>();
    let shown = Run::sql(&["-c", VALUES]).text();
    // The frame's width is the library's affair.
    let inside = |text: &str| words(&text.replace(['─', '═', '┌', '┐', '└', '┘', '╞', '╡', '│'], " "));
    assert_eq!(inside(&shown), inside(expected));
}

#[test]
fn csv_has_a_header_quotes_and_empty_cells() {
    let expected = "a,b,c,d,t,l,z\n1,,\"x, \"\"y\"\"\",1.50,2020-01-02 03:04:05,\"[1, NULL]\",[0A FF]\n";
    assert_eq!(Run::sql(&["-o", "csv", "-c", VALUES]).text(), expected);
    assert_eq!(Run::sql(&["-o", "csv", "-c", "SELECT 1 AS a WHERE false"]).text(), "a\n");
}

#[test]
fn json_is_one_object_a_row_with_every_column() {
    let text = Run::sql(&["--output", "json", "-c", "SELECT 1 AS a, CAST(NULL AS INT) AS b, array(1) AS l"]).text();
    assert_eq!(text, "{\"a\":1,\"b\":null,\"l\":[1]}\n");
}

#[test]
fn a_table_ends_where_nobody_reads_on_and_csv_does_not() {
    let table = Run::sql(&["-c", "SELECT id FROM range(1500)"]).text();
    assert!(table.contains(" 999 ") && !table.contains(" 1000 │"), "{table}");
    assert!(table.ends_with("The first 1000 rows; --output csv prints all of them.\n"));
    assert_eq!(Run::sql(&["-o", "csv", "-c", "SELECT id FROM range(1500)"]).text().lines().count(), 1501);
}

#[test]
fn statements_come_from_a_file_or_from_standard_input() {
    let script = "-- two statements; one comment\nCREATE TEMP VIEW v AS SELECT 'a;b' AS s;\nSELECT s FROM v; -- done\n";
    assert_eq!(Run::sql(&["-o", "csv", "-f", "script.sql"]).file("script.sql", script).text(), "s\na;b\n");
    assert_eq!(Run::sql(&["-o", "csv"]).input("SELECT 1 AS a; SELECT 2 AS b").text(), "a\n1\nb\n2\n");
}

#[test]
fn a_script_stops_at_the_first_failure() {
    let output = Run::sql(&["-o", "csv", "-c", "SELECT 1 AS a; SELECT * FROM nowhere; SELECT 2 AS b"]).output();
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(String::from_utf8_lossy(&output.stdout), "a\n1\n");
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(told.starts_with("floe-engine: [TABLE_OR_VIEW_NOT_FOUND] The table or view `nowhere`"), "{told}");
}

#[test]
fn a_later_source_of_a_setting_wins() {
    let port = |run: Run| {
        let text = String::from_utf8(run.file("floe.toml", "port = 41001\n").output().stdout).expect("text");
        text.lines().find_map(|line| line.split("127.0.0.1:").nth(1)?.get(..5).map(str::to_string)).expect(&text)
    };
    assert_eq!(port(Run::new(&["doctor"])), "41001");
    assert_eq!(port(Run::new(&["doctor"]).env("FLOE_PORT", "41002")), "41002");
    assert_eq!(port(Run::new(&["doctor", "--port", "41003"]).env("FLOE_PORT", "41002")), "41003");
    let other = |run: Run| port(run.file("other.toml", "port = 41004\n"));
    assert_eq!(other(Run::new(&["doctor"]).env("FLOE_CONFIG", "other.toml")), "41004");
    assert_eq!(other(Run::new(&["doctor", "--config", "other.toml"]).env("FLOE_CONFIG", "none.toml")), "41004");
}

#[test]
fn spark_settings_of_the_file_are_those_of_every_session() {
    let run = Run::sql(&["-o", "csv", "-c", "SELECT current_timezone() AS zone"]);
    let file = "[spark.sql.session]\ntimeZone = \"Asia/Tokyo\"\n";
    assert_eq!(run.file("floe.toml", file).text(), "zone\nAsia/Tokyo\n");
}

#[test]
fn mistakes_are_told_in_one_line_with_what_to_do() {
    let unknown = Run::new(&["doctor"]).file("floe.toml", "prot = 1\n").failure();
    assert_eq!(unknown, "floe-engine: no setting is called `prot`; `floe-engine serve --help` lists them\n");
    let misread = Run::new(&["doctor"]).file("floe.toml", "port = 1\nlog = info\n").failure();
    assert!(misread.starts_with("floe-engine: floe.toml: line 2: ") && misread.lines().count() == 1, "{misread}");
    let absent = Run::new(&["doctor", "--config", "none.toml"]).failure();
    assert!(absent.contains("none.toml: ") && absent.contains("--config") && absent.lines().count() == 1, "{absent}");
    let size = Run::new(&["sql", "--data", ":memory:", "--memory-limit", "lots", "-c", "SELECT 1"]).failure();
    assert_eq!(size, "floe-engine: `memory-limit` must be a size such as 512MB, 2GB or 75%, not `lots`\n");
    let open = Run::new(&["serve", "--host", "0.0.0.0"]).failure();
    assert!(open.contains("set --token"), "{open}");
    let missing = Run::sql(&["-f", "none.sql"]).failure();
    assert!(missing.starts_with("floe-engine: none.sql: "), "{missing}");
}

#[test]
fn a_misspelt_variable_is_told_and_doctor_leaves_nothing_behind() {
    let mut run = Run::new(&["doctor", "--port", "0"]).env("FLOE_PROT", "1");
    let folder = run.folder.path().to_path_buf();
    let output = run.command.output().expect("the program runs");
    assert_eq!(output.stderr, b"floe-engine: variable FLOE_PROT is no setting; FLOE_PORT is\n");
    let told = String::from_utf8_lossy(&output.stdout);
    assert!(told.contains("ok   query    SELECT 1: 1 rows"), "{told}");
    assert_eq!(entries(&folder), 0);
}

fn entries(folder: &Path) -> usize {
    std::fs::read_dir(folder).expect("the folder is there").count()
}

#[test]
fn explain_says_where_and_why() {
    let told = Run::new(&["explain", "--data", ":memory:", "-o", "csv", "SELECT 1"]).text();
    assert!(told.starts_with("backend,chosen,reason") && told.contains("\ndatafusion,true,runs in process"), "{told}");
}

#[test]
fn verify_ends_well_only_where_answers_are_the_same() {
    let verify = |arguments: &[&str]| Run::new(&[&["verify", "--data", ":memory:"], arguments].concat());
    let told = verify(&["-c", "SELECT 1 AS a"]).text();
    let summary = "verify: same=1 different=0 refused=0 warnings=0 of 1 on datafusion and duckdb";
    assert_eq!(told, format!("same       #1: 1 row\n{summary}\n"));
    for (arguments, why) in [
        (["-c", "SELECT 1/0"].as_slice(), "1 query is not known to be the same"),
        (&["-c", "DROP TABLE t"], "#1 is no query"),
        (&["-c", "/* nothing */"], "there is no query to run"),
        (&["--on", "duckdb", "-c", "SELECT 1"], "--on names two backends"),
        (&["--tolerance", "2", "-c", "SELECT 1"], "--tolerance must be a number"),
        (&["--dbt", "."], "holds no compiled model"),
    ] {
        let told = verify(arguments).failure();
        assert!(told.contains(why) && told.lines().count() == 1, "{told}");
    }
}

#[test]
fn a_server_tells_its_address_and_stops_when_it_is_told_to() {
    let mut run = Run::new(&["serve", "--json", "--port", "0", "--data", ":memory:"]);
    let mut child = run.command.spawn().expect("the program starts");
    let mut line = String::new();
    BufReader::new(child.stdout.take().expect("a pipe")).read_line(&mut line).expect("a line");
    let ready: serde_json::Value = serde_json::from_str(&line).expect("JSON");
    assert_eq!(ready["event"], "ready");
    assert_eq!(ready["pid"], child.id());
    assert!(ready["address"].as_str().is_some_and(|address| address.starts_with("sc://127.0.0.1:")), "{line}");
    let stopped = Command::new("kill").arg(child.id().to_string()).status().expect("kill runs");
    assert!(stopped.success());
    assert!(child.wait().expect("the program ends").success());
}

#[test]
fn the_rest_face_says_where_its_token_is_and_not_what_it_is() {
    let flags = ["serve", "--json", "--port", "0", "--rest", "0", "--data", "data", "--log", "debug"];
    let mut run = Run::new(&flags);
    let mut child = run.command.spawn().expect("the program starts");
    let mut line = String::new();
    BufReader::new(child.stdout.take().expect("a pipe")).read_line(&mut line).expect("a line");
    let ready: serde_json::Value = serde_json::from_str(&line).expect("JSON");
    assert!(ready["rest"].as_str().is_some_and(|address| address.starts_with("http://127.0.0.1:")), "{line}");
    let file = Path::new(ready["rest_token_file"].as_str().expect("a path"));
    let mode = file.metadata().expect("the file is there").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let token = std::fs::read_to_string(file).expect("a token");
    assert!(token.trim().len() >= 32 && !line.contains(token.trim()), "{line}");
    let stopped = Command::new("kill").arg(child.id().to_string()).status().expect("kill runs");
    assert!(stopped.success());
    let output = child.wait_with_output().expect("the program ends");
    assert!(output.status.success());
    assert!(!String::from_utf8_lossy(&output.stderr).contains(token.trim()));
    assert!(!file.exists());
}
