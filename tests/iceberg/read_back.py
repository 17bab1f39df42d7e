"""Tables we write, read by others; tables others write, read by us.

Here: every table `exchange make` writes (all types, every transform, format versions 1 to 3, copy-on-write, evolved
columns) is read by pyiceberg, DuckDB and real Spark from the same files and the same SQLite catalog, and compared row by
row; then Spark writes tables of its own into that catalog (merge-on-read with position deletes and with deletion
vectors, evolved and partitioned) and we read them. Not here: servers and several writers (`writers.py`).
Last line: `read-back: N/M`.
"""

import argparse
import datetime
import decimal
import json
import math
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TESTS), str(TESTS / "real")]
import environment

environment.enter(Path(__file__).with_name("requirements-iceberg.txt"))

import duckdb
import pyarrow
from pyiceberg.catalog.sql import SqlCatalog
from spark import Spark

UTC = datetime.timezone.utc


def main() -> None:
    """Run every check and say how many held."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--exchange", type=Path, help="the example program; built when absent")
    parser.add_argument("--no-spark", action="store_true", help="leave out what needs a JVM")
    arguments = parser.parse_args()
    exchange = Exchange(arguments.exchange or built())
    try:
        exchange.run("make")
        checks = Checks()
        names = exchange.tables()
        for name in names:
            ours = exchange.rows(f"floe.{name}")
            checks.same(f"pyiceberg reads {name}", ours, lambda: pyiceberg_rows(exchange, name))
            checks.same(f"DuckDB reads {name}", ours, lambda: duckdb_rows(exchange, name))
        if not arguments.no_spark:
            with_spark(exchange, names, checks)
        print(f"read-back: {checks.held}/{checks.made}")
        sys.exit(checks.held != checks.made)
    finally:
        exchange.close()


def built() -> Path:
    """Build the example program and return its path."""
    command = ["cargo", "build", "-q", "-p", "floe-iceberg", "--example", "exchange", "--message-format=json"]
    lines = subprocess.run(command, cwd=TESTS.parent, check=True, capture_output=True, text=True).stdout.splitlines()
    paths = [json.loads(line).get("executable") for line in lines]
    return Path(next(path for path in reversed(paths) if path))


class Exchange:
    """Our side: a catalog in a folder of its own, and the program that works on it."""

    def __init__(self, program: Path):
        self.program = program
        self.folder = Path(tempfile.mkdtemp(prefix="floe-read-back-"))
        self.database = self.folder / "catalog.db"
        self.warehouse = self.folder / "warehouse"

    def run(self, word: str, *rest: str) -> str:
        """Run the program on the catalog and return what it prints."""
        command = [self.program, word, self.database, self.warehouse, *rest]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(done.stderr.strip())
        return done.stdout

    def tables(self) -> list[str]:
        """Names of the tables in our namespace."""
        return [name for _, name in self.catalog().list_tables("floe")]

    def rows(self, table: str, columns: str = "*") -> list[str]:
        """The table's rows as we read them."""
        lines = self.run("show", table, columns).splitlines()
        return sorted(canonical(json.loads(line, parse_float=decimal.Decimal)) for line in lines)

    def catalog(self) -> SqlCatalog:
        """The same catalog as pyiceberg opens it."""
        return SqlCatalog("floe", uri=f"sqlite:///{self.database}", warehouse=f"file://{self.warehouse}")

    def close(self) -> None:
        """Remove the folder."""
        shutil.rmtree(self.folder, ignore_errors=True)


class Checks:
    """Counts what held, and prints what did not."""

    def __init__(self):
        self.made = self.held = 0

    def same(self, what: str, expected: list[str], read) -> None:
        """Compare rows; `read` may raise."""
        self.made += 1
        try:
            found = read()
        except Exception as error:
            print(f"{what}: {type(error).__name__}: {str(error)[:600]}", flush=True)
            return
        if found == expected:
            self.held += 1
            return
        missing = [row for row in expected if row not in found][:2]
        beyond = [row for row in found if row not in expected][:2]
        print(f"{what}: {len(expected)} rows expected, {len(found)} found\n  missing {missing}\n  beyond  {beyond}", flush=True)

    def holds(self, what: str, check) -> None:
        """A check that raises when it does not hold."""
        self.same(what, [], lambda: check() or [])


def canonical(value) -> str:
    """One text for a row, whoever read it: nulls left out, numbers and times in one form."""
    return json.dumps(plain(value), sort_keys=True, ensure_ascii=False)


def plain(value):
    """A value in the form our JSON has it."""
    match value:
        case dict():
            return {key: plain(inner) for key, inner in value.items() if plain(inner) not in (None, {})}
        case [(str(), _), *_]:
            return plain(dict(value))
        case list() | tuple():
            return [plain(inner) for inner in value]
        case bool() | None:
            return value
        case bytes() | bytearray():
            return bytes(value).hex()
        case float() if math.isnan(value):
            return None
        case int() | float() | decimal.Decimal():
            return format(decimal.Decimal(value).normalize(), "f")
        case datetime.datetime() if value.tzinfo:
            return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        case datetime.datetime():
            return value.strftime("%Y-%m-%dT%H:%M:%S.%f")
        case datetime.date():
            return value.isoformat()
        case str() if len(value) > 10 and value[4:5] == "-" and value[10:11] == "T":
            zone = "Z" if value.endswith("Z") else ""
            whole, _, part = value.removesuffix("Z").partition(".")
            return f"{whole}.{part:0<6}{zone}"
        case _:
            return value


def arrow_rows(table: pyarrow.Table) -> list[str]:
    """Rows of an Arrow table, in canonical form and order."""
    return sorted(canonical(row) for row in table.to_pylist())


def pyiceberg_rows(exchange: Exchange, name: str) -> list[str]:
    """The table as pyiceberg reads it."""
    return arrow_rows(exchange.catalog().load_table(f"floe.{name}").scan().to_arrow())


def duckdb_rows(exchange: Exchange, name: str) -> list[str]:
    """The table as DuckDB's extension reads it, from its metadata file."""
    location = exchange.catalog().load_table(f"floe.{name}").metadata_location
    connection = duckdb.connect()
    for extension in ("avro", "httpfs", "iceberg"):
        connection.execute(f"LOAD '{extension_file(extension)}'")
    return arrow_rows(connection.execute(f"SELECT * FROM iceberg_scan('{location}')").to_arrow_table())


def extension_file(name: str) -> Path:
    """Where the extension's wheel put its file."""
    module = __import__(f"duckdb_extension_{name}")
    return next(Path(module.__path__[0]).rglob(f"{name}.duckdb_extension"))


# -- with a JVM ----------------------------------------------------------------------------------------------------------


def with_spark(exchange: Exchange, names: list[str], checks: Checks) -> None:
    """Spark reads ours, then writes tables for us to read."""
    ours = "spark.sql.catalog.floe"
    server = Spark(python=Path(sys.executable), conf={
        ours: "org.apache.iceberg.spark.SparkCatalog",
        f"{ours}.catalog-impl": "org.apache.iceberg.jdbc.JdbcCatalog",
        f"{ours}.uri": f"jdbc:sqlite:{exchange.database}",
        f"{ours}.jdbc.schema-version": "V1",
        f"{ours}.warehouse": f"file://{exchange.warehouse}",
        f"{ours}.cache-enabled": "false",
    })
    try:
        from pyspark.sql import SparkSession
        session = SparkSession.builder.remote(server.address).create()
        for name in names:
            checks.same(f"Spark reads {name}", exchange.rows(f"floe.{name}"),
                        lambda: arrow_rows(session.table(f"floe.floe.{name}").toArrow()))
        checks.same("Spark reads our view", exchange.rows("floe.types_v2", "id,text")[:0] + sorted(
            canonical(row) for row in [{"id": 0, "text": "t0-ä😀 0"}, {"id": 1, "text": "t1-ä😀 1"}, {"id": 2, "text": "t2-ä😀 2"}]),
            lambda: arrow_rows(session.table("floe.floe.few").toArrow()))
        for name, statements in THEIRS.items():
            for statement in statements:
                session.sql(statement.replace("$T", f"floe.theirs.{name}"))
            expected = arrow_rows(session.table(f"floe.theirs.{name}").toArrow())
            checks.same(f"we read Spark's {name}", expected, lambda: exchange.rows(f"theirs.{name}"))
            columns = ",".join(session.table(f"floe.theirs.{name}").columns[:2])
            first = arrow_rows(session.sql(f"SELECT {columns} FROM floe.theirs.{name}").toArrow())
            checks.same(f"we read two columns of Spark's {name}", first, lambda: exchange.rows(f"theirs.{name}", columns))
        for name in ("deletes_v2", "vectors_v3", "partitioned"):
            exchange_delete(exchange, session, name, checks)
        session.stop()
    finally:
        server.stop()


def exchange_delete(exchange: Exchange, session, name: str, checks: Checks) -> None:
    """We delete a row from a table of Spark's; Spark sees that row gone and no other come back."""
    def read() -> list[str]:
        exchange.run("delete", f"theirs.{name}", "11")
        return arrow_rows(session.table(f"floe.theirs.{name}").toArrow())

    expected = arrow_rows(session.sql(f"SELECT * FROM floe.theirs.{name} WHERE id <> 11 OR id IS NULL").toArrow())
    checks.same(f"Spark sees our delete from {name}", expected, read)


MERGE_ON_READ = ("'write.delete.mode'='merge-on-read', 'write.update.mode'='merge-on-read', "
                 "'write.merge.mode'='merge-on-read'")

THEIRS = {
    "plain": [
        "CREATE SCHEMA IF NOT EXISTS floe.theirs",
        "CREATE TABLE $T (id BIGINT, name STRING, price DECIMAL(9,2), at TIMESTAMP, day DATE, m MAP<STRING,INT>, "
        "s STRUCT<a: INT, b: ARRAY<STRUCT<c: STRING>>>) USING iceberg",
        "INSERT INTO $T SELECT id, concat('n', id), id / 4, timestamp_millis(id * 1000), date_from_unix_date(cast(id AS INT)), "
        "map('k', cast(id AS INT)), named_struct('a', cast(id AS INT), 'b', array(named_struct('c', concat('x', id)))) FROM range(100)",
    ],
    "deletes_v2": [
        f"CREATE TABLE $T (id BIGINT, name STRING) USING iceberg TBLPROPERTIES ('format-version'='2', {MERGE_ON_READ})",
        "INSERT INTO $T SELECT id, concat('n', id) FROM range(0, 200, 1, 2)",
        "INSERT INTO $T SELECT id, concat('n', id) FROM range(200, 300)",
        "DELETE FROM $T WHERE id % 7 = 0",
        "UPDATE $T SET name = 'changed' WHERE id BETWEEN 190 AND 210",
        "DELETE FROM $T WHERE id IN (3, 4, 5, 250)",
    ],
    "vectors_v3": [
        f"CREATE TABLE $T (id BIGINT, name STRING) USING iceberg TBLPROPERTIES ('format-version'='3', {MERGE_ON_READ})",
        "INSERT INTO $T SELECT id, concat('n', id) FROM range(0, 200, 1, 2)",
        "INSERT INTO $T SELECT id, concat('n', id) FROM range(200, 300)",
        "DELETE FROM $T WHERE id % 7 = 0",
        "UPDATE $T SET name = 'changed' WHERE id BETWEEN 190 AND 210",
        "DELETE FROM $T WHERE id IN (3, 4, 5, 250)",
    ],
    "upgraded": [
        f"CREATE TABLE $T (id BIGINT, name STRING) USING iceberg TBLPROPERTIES ('format-version'='1')",
        "INSERT INTO $T SELECT id, concat('n', id) FROM range(50)",
        f"ALTER TABLE $T SET TBLPROPERTIES ('format-version'='2', {MERGE_ON_READ})",
        "DELETE FROM $T WHERE id < 5",
        "ALTER TABLE $T SET TBLPROPERTIES ('format-version'='3')",
        "DELETE FROM $T WHERE id > 45",
    ],
    "partitioned": [
        f"CREATE TABLE $T (id BIGINT, day DATE, name STRING) USING iceberg PARTITIONED BY (days(day), bucket(3, id)) "
        f"TBLPROPERTIES ({MERGE_ON_READ})",
        "INSERT INTO $T SELECT id, date_from_unix_date(cast(id % 3 AS INT)), concat('n', id) FROM range(60)",
        "ALTER TABLE $T DROP PARTITION FIELD days(day)",
        "INSERT INTO $T SELECT id, date_from_unix_date(cast(id % 3 AS INT)), concat('n', id) FROM range(60, 120)",
        "ALTER TABLE $T ADD PARTITION FIELD truncate(2, name)",
        "DELETE FROM $T WHERE id % 10 = 0",
    ],
    "evolved": [
        "CREATE TABLE $T (a INT, b STRING, c STRUCT<x: INT, y: FLOAT>, d ARRAY<STRUCT<e: INT>>) USING iceberg",
        "INSERT INTO $T VALUES (1, 'one', named_struct('x', 1, 'y', 1.5F), array(named_struct('e', 1)))",
        "ALTER TABLE $T RENAME COLUMN a TO z",
        "ALTER TABLE $T ALTER COLUMN z TYPE BIGINT",
        "ALTER TABLE $T RENAME COLUMN b TO a",
        "ALTER TABLE $T ADD COLUMN b INT FIRST",
        "ALTER TABLE $T ALTER COLUMN c.y TYPE DOUBLE",
        "ALTER TABLE $T ADD COLUMN c.w STRING FIRST",
        "ALTER TABLE $T RENAME COLUMN c.x TO v",
        "ALTER TABLE $T ADD COLUMN d.element.f STRING",
        "INSERT INTO $T VALUES (7, 2, 'two', named_struct('w', 'w', 'v', 2, 'y', 2.5D), array(named_struct('e', 2, 'f', 'f')))",
        "ALTER TABLE $T DROP COLUMN c.v",
    ],
}


if __name__ == "__main__":
    main()
