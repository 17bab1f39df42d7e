"""Databases that DuckDB reads through its extensions, as catalogs: SQLite's files and a real PostgreSQL.

Usage: extensions.py BINARY. Here: what is told where an extension is missing; names, types both ways, answers on both of our
engines, writes, refusals, and that no password is shown; SQLite's part is read again by Python's sqlite3, PostgreSQL's by
its own client. Without PostgreSQL's programs its part is left out and said to be. Last line: `duckdb-extensions: N/M`.
"""

import argparse
import glob
import os
import shutil
import socket
import sqlite3
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TESTS), str(TESTS / "iceberg"), str(TESTS / "duckdb")]
import environment

environment.enter(TESTS / "iceberg" / "requirements-iceberg.txt")

from checks import Checks
from pyspark.sql import SparkSession
from warehouse import ENGINES, error, lines
from with_server import Server

PASSWORD = "it's-Secret-7341"

SQLITE = """
CREATE TABLE people (id INTEGER PRIMARY KEY, name TEXT NOT NULL, height REAL, photo BLOB, born DATE, seen TIMESTAMP, score NUMERIC);
INSERT INTO people VALUES (1, 'ann', 1.5, x'00ff', '1999-12-31', '2024-01-02 03:04:05', 2.5), (2, 'Bob', NULL, NULL, NULL, NULL, NULL),
    (3, 'çigdem', -0.25, x'', '2020-02-29', '1969-12-31 23:59:59', 7);
CREATE VIEW names AS SELECT name FROM people WHERE id < 3;
CREATE TABLE odd (a INTEGER, b TEXT);
INSERT INTO odd VALUES ('no number', 'x');
"""

POSTGRES = """
CREATE TABLE people (id int PRIMARY KEY, name text NOT NULL, paid numeric(10,2), seen timestamptz, made timestamp, born date,
    u uuid, j jsonb, l int[], photo bytea, code char(3), yes boolean, r real, s smallint);
INSERT INTO people VALUES (1, 'ann', 10.50, '2024-06-01 12:00:00+02', '2024-01-02 03:04:05.678901', '1999-12-31',
    '00112233-4455-6677-8899-aabbccddeeff', '{"a": 1}', '{1,NULL,3}', '\\x00ff', 'x', true, 0.5, -7),
    (2, 'Bob', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
CREATE VIEW names AS SELECT name FROM people;
CREATE TABLE refused (t time, i interval);
"""


class Held(Checks):
    """Checks over what is read already."""

    def is_so(self, what: str, found: object, expected: object) -> None:
        """Both must be equal."""
        self.same(what, [str(expected)], lambda: [str(found)])

    def tells(self, what: str, told: str, *parts: str) -> None:
        """A refusal that has all these parts."""
        self.is_so(f"{what} is told: {told.splitlines()[:2]}", [part for part in parts if part not in told], [])


def main() -> None:
    """Run every check and say how many held."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("binary", type=Path)
    arguments = parser.parse_args()
    checks = Held()
    folder = Path(tempfile.mkdtemp(prefix="floe-duckdb-extensions-"))
    try:
        (folder / "none").mkdir()
        extensions = installed(folder / "extensions")
        path = folder / "people.sqlite"
        with sqlite3.connect(path) as theirs:
            theirs.executescript(SQLITE)
        theirs.close()
        with Server(arguments.binary, "--data", ":memory:", "--duckdb-extensions", str(folder / "none")) as server:
            us = session(server, lite={"type": "floe.sqlite", "path": path})
            checks.tells("a missing extension", error(us, "SHOW TABLES IN lite.main"), "sqlite_scanner", str(folder / "none"),
                         "duckdb-extension-sqlite-scanner")
            us.stop()
        with postgres(folder) as connection:
            with Server(arguments.binary, "--data", ":memory:", "--duckdb-extensions", str(extensions)) as server:
                us = session(
                    server, lite={"type": "floe.sqlite", "path": path},
                    reading={"type": "floe.sqlite", "path": path, "read-only": "true"},
                    fresh={"type": "floe.sqlite", "path": folder / "fresh.sqlite", "create": "true"})
                of_sqlite(us, checks)
                if connection:
                    of_postgres(server, connection, checks)
                us.stop()
        sqlite_reads_back(path, folder / "fresh.sqlite", checks)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    print(f"duckdb-extensions: {checks.held}/{checks.made}")
    sys.exit(checks.held != checks.made)


def installed(folder: Path) -> Path:
    """A folder with the extensions, as their packages of PyPI have them."""
    python = environment.ensure(TESTS / "duckdb" / "requirements-extensions.txt")
    folder.mkdir()
    for file in python.parents[1].glob("lib/*/site-packages/duckdb_extension_*/extensions/*/*.duckdb_extension"):
        shutil.copy(file, folder)
    return folder


def session(server: Server, **catalogs: dict[str, object]) -> SparkSession:
    """A session with these catalogs."""
    us = SparkSession.builder.remote(server.address).create()
    for name, properties in catalogs.items():
        for key, value in properties.items():
            us.conf.set(f"spark.sql.catalog.{name}.{key}", str(value))
    return us


def types(us: SparkSession, table: str) -> list[str]:
    """The columns of a table."""
    return [f"{field.name} {field.dataType.simpleString()}{'' if field.nullable else '!'}" for field in us.table(table).schema]


def of_sqlite(us: SparkSession, checks: Held) -> None:
    """Reads, writes and refusals over SQLite."""
    checks.is_so("schemas", lines(us, "SHOW SCHEMAS IN lite"), ["main"])
    checks.is_so("tables", lines(us, "SHOW TABLES IN lite.main"), ["main | odd | False", "main | people | False"])
    checks.is_so("types", types(us, "lite.main.people"), [
        "id bigint", "name string!", "height double", "photo binary", "born date", "seen timestamp_ntz", "score double"])
    for engine in ENGINES:
        us.conf.set("floe.route", engine)
        checks.is_so(f"rows on {engine}", lines(us, "SELECT * FROM lite.main.people WHERE id <> 2"), [
            r"1 | ann | 1.5 | b'\x00\xff' | 1999-12-31 | 2024-01-02 03:04:05 | 2.5",
            "3 | çigdem | -0.25 | b'' | 2020-02-29 | 1969-12-31 23:59:59 | 7.0"])
        checks.is_so(f"a view on {engine}", lines(us, "SELECT * FROM lite.main.names"), ["Bob", "ann"])
        checks.is_so(f"a condition on {engine}", lines(us, "SELECT name FROM lite.main.people WHERE name >= 'a'"), ["ann", "çigdem"])
        checks.tells(f"a value that is not of its column's type on {engine}", error(us, "SELECT * FROM lite.main.odd"), "no number", "integer")
        table = f"lite.main.made_{engine}"
        us.sql(f"CREATE TABLE {table} AS SELECT id, CAST(id AS INT) AS i, name, height, photo FROM lite.main.people")
        us.sql(f"INSERT INTO {table} VALUES (9, NULL, 'it''s', 0.1, X'01')")
        checks.is_so(f"INSERT on {engine}", lines(us, f"SELECT id, i, name FROM {table}"),
                     ["1 | 1 | ann", "2 | 2 | Bob", "3 | 3 | çigdem", "9 | None | it's"])
        us.sql(f"INSERT OVERWRITE {table} SELECT * FROM {table} WHERE id > 2")
        checks.is_so(f"INSERT OVERWRITE on {engine}", lines(us, f"SELECT id FROM {table}"), ["3", "9"])
        told = error(us, f"INSERT INTO {table} SELECT id, CAST(name AS INT), name, height, photo FROM lite.main.people")
        checks.tells(f"a write that raises on {engine}", told, "CAST_INVALID_INPUT")
        checks.is_so(f"and has written nothing on {engine}", lines(us, f"SELECT id FROM {table}"), ["3", "9"])
    for engine in ENGINES:
        us.conf.set("floe.route", engine)
        us.sql(f"INSERT INTO lite.main.people (id, name, born) VALUES ({10 + len(engine)}, '{engine}', DATE'2001-01-01')")
    us.conf.unset("floe.route")
    us.sql("CREATE TABLE fresh.main.t (a BIGINT NOT NULL, b STRING)")
    us.sql("INSERT INTO fresh.main.t SELECT id, 'x' FROM range(5)")
    us.sql("ALTER TABLE fresh.main.t RENAME TO renamed")
    us.sql("CREATE TABLE fresh.main.gone AS SELECT 1 AS a")
    us.sql("DROP TABLE fresh.main.gone")
    checks.is_so("names", lines(us, "SHOW TABLES IN fresh.main"), ["main | renamed | False"])
    us.sql("CREATE TABLE moved AS SELECT * FROM lite.main.people")
    checks.is_so("a join with an Iceberg table", lines(us, "SELECT count(*) FROM moved JOIN lite.main.people USING (id, name)"), ["5"])
    checks.tells("a type that SQLite has not", error(us, "CREATE TABLE lite.main.x AS SELECT 1.25BD AS d"), "SQLite", "`d`", "DECIMAL(3,2)")
    checks.tells("a comment", error(us, "CREATE TABLE lite.main.x (a INT COMMENT 'c')"), "SQLite", "`a`")
    checks.tells("a write where it is only read", error(us, "CREATE TABLE reading.main.x (a INT)"), "read-only")
    checks.tells("DELETE", error(us, "DELETE FROM lite.main.people"), "format sqlite")


def sqlite_reads_back(path: Path, fresh: Path, checks: Held) -> None:
    """What we wrote, as SQLite itself has it."""
    theirs = sqlite3.connect(path)
    checks.is_so("rows of ours in SQLite", theirs.execute("SELECT id, i, name, height, photo FROM made_duckdb ORDER BY id").fetchall(),
                 [(3, 3, "çigdem", -0.25, b""), (9, None, "it's", 0.1, b"\x01")])
    checks.is_so("dates of ours in SQLite", theirs.execute("SELECT DISTINCT born, typeof(born) FROM people WHERE id > 9").fetchall(),
                 [("2001-01-01", "text")])
    theirs.close()
    theirs = sqlite3.connect(fresh)
    checks.is_so("a table of ours in SQLite", theirs.execute("SELECT name, type, \"notnull\" FROM pragma_table_info('renamed')").fetchall(),
                 [("a", "BIGINT", 1), ("b", "VARCHAR", 0)])
    theirs.close()


@contextmanager
def postgres(folder: Path):
    """A PostgreSQL of our own with a table; its connection, or None where its programs are not."""
    found = sorted(glob.glob("/usr/lib/postgresql/*/bin/initdb")) or [shutil.which("initdb")]
    if not found[-1]:
        print("PostgreSQL is not installed here: its part is left out", flush=True)
        yield None
        return
    programs, data = Path(found[-1]).parent, folder / "pg"
    data.mkdir()
    # It refuses to be run by root.
    other = {"user": "postgres"} if os.getuid() == 0 else {}
    if other:
        folder.chmod(0o755)
        shutil.chown(data, "postgres")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    word = folder / "word"
    word.write_text(PASSWORD)
    run = lambda program, *words, **more: subprocess.run(  # noqa: E731
        [programs / program, *words], check=True, capture_output=True, cwd=data, **more)
    run("initdb", "-D", data, "-A", "scram-sha-256", "-U", "ann", f"--pwfile={word}", "-E", "UTF8", **other)
    run("pg_ctl", "-D", data, "-o", f"-p {port} -k {data} -c listen_addresses=127.0.0.1", "-l", data / "log", "-w", "start", **other)
    try:
        ours = {**os.environ, "PGPASSWORD": PASSWORD}
        ask = lambda sql: run("psql", "-h", "127.0.0.1", "-p", str(port), "-U", "ann", "-d", "postgres", "-qAtc", sql, env=ours)  # noqa: E731
        ask(POSTGRES)
        yield f"host=127.0.0.1 port={port} user=ann dbname=postgres", lambda sql: ask(sql).stdout.decode().split("\n")[:-1]
    finally:
        run("pg_ctl", "-D", data, "-m", "immediate", "stop", **other)


def of_postgres(server: Server, reached: tuple, checks: Held) -> None:
    """Reads, writes and refusals over PostgreSQL."""
    connection, ask = reached
    shop = {"type": "floe.postgres", "connection": connection, "password": PASSWORD}
    us = session(server, shop=shop, wrong={**shop, "password": "Not-It-9923"}, bare={**shop, "connection": f"{connection} password={PASSWORD}"})
    told = error(us, "SHOW SCHEMAS IN wrong")
    checks.tells("a wrong password", told, "authentication failed", "PostgreSQL")
    checks.is_so("and is not shown", "Not-It-9923" in told, False)
    told = error(us, "SHOW SCHEMAS IN bare")
    checks.tells("a password in a connection", told, "spark.sql.catalog.bare.password")
    checks.is_so("and it is not shown", PASSWORD in told, False)
    checks.is_so("settings hide it", PASSWORD in str([row for row in lines(us, "SET") if ".shop." in row]), False)
    checks.is_so("schemas of PostgreSQL", lines(us, "SHOW SCHEMAS IN shop"), ["public"])
    checks.is_so("types of PostgreSQL", types(us, "shop.public.people"), [
        "id int!", "name string!", "paid decimal(10,2)", "seen timestamp", "made timestamp_ntz", "born date", "u string", "j string",
        "l array<int>", "photo binary", "code string", "yes boolean", "r float", "s smallint"])
    us.conf.set("spark.sql.session.timeZone", "UTC")
    for engine in ENGINES:
        us.conf.set("floe.route", engine)
        checks.is_so(f"rows of PostgreSQL on {engine}", lines(us, "SELECT * EXCEPT (seen), CAST(seen AS STRING) FROM shop.public.people WHERE id = 1"), [
            "1 | ann | 10.50 | 2024-01-02 03:04:05.678901 | 1999-12-31 | 00112233-4455-6677-8899-aabbccddeeff | {\"a\": 1} | "
            "[1, None, 3] | b'\\x00\\xff' | x | True | 0.5 | -7 | 2024-06-01 10:00:00"])
        checks.is_so(f"texts compare as bytes on {engine}", lines(us, "SELECT name FROM shop.public.names WHERE name < 'a'"), ["Bob"])
        table = f"shop.public.made_{engine}"
        us.sql(f"CREATE TABLE {table} AS SELECT id, name, paid * 2 AS twice, seen, l FROM shop.public.people")
        us.sql(f"INSERT INTO {table} (id, name) VALUES (9, 'it''s')")
        us.sql(f"INSERT OVERWRITE {table} SELECT * FROM {table} WHERE id <> 2")
        checks.is_so(f"writes on {engine}", lines(us, f"SELECT id, name, twice, l FROM {table}"),
                     ["1 | ann | 21.00 | [1, None, 3]", "9 | it's | None | None"])
        checks.is_so(f"PostgreSQL has them from {engine}", ask(f"SELECT id, name, twice, l FROM made_{engine} ORDER BY id"),
                     ["1|ann|21.00|{1,NULL,3}", "9|it's||"])
    us.conf.unset("floe.route")
    ask("CREATE TABLE later AS SELECT 7 AS a")
    checks.is_so("what others make meanwhile", lines(us, "SELECT * FROM shop.public.later"), ["7"])
    us.sql("CREATE SCHEMA shop.mart")
    us.sql("CREATE TABLE shop.mart.t AS SELECT 1 AS a")
    us.sql("ALTER TABLE shop.mart.t RENAME TO u")
    checks.is_so("names in PostgreSQL", ask("SELECT a FROM mart.u"), ["1"])
    us.sql("DROP TABLE shop.mart.u")
    us.sql("DROP SCHEMA shop.mart")
    checks.tells("a type without a counterpart", error(us, "SELECT * FROM shop.public.refused"), "TIME", "`t`")
    checks.tells("a struct", error(us, "CREATE TABLE shop.public.x AS SELECT named_struct('a', 1) AS s"), "PostgreSQL", "`s`")
    us.stop()


if __name__ == "__main__":
    main()
