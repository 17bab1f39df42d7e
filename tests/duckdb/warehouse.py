"""Files of DuckDB's own as catalogs: what the real `duckdb` package makes, we read and change, and it reads again.

Usage: warehouse.py BINARY. Here: names, types both ways and those that are refused, joins with Iceberg tables, CREATE TABLE
AS, INSERT, DROP, rows that fail half way, files that are locked or missing; each query on both of our engines. And what a
server leaves on disk. Not here: Iceberg tables that DuckDB reads (`../iceberg/read_back.py`). Last line: `duckdb-files: N/M`.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TESTS), str(TESTS / "iceberg")]
import environment

environment.enter(TESTS / "iceberg" / "requirements-iceberg.txt")

import duckdb
from checks import Checks
from pyspark.sql import SparkSession
from with_server import Server

ENGINES = ("datafusion", "duckdb")

# A warehouse as dbt-duckdb leaves one: tables, a view over one of them by its bare name, sums of 128 bits.
MADE = """
CREATE TABLE orders (id INTEGER PRIMARY KEY, customer VARCHAR NOT NULL, amount DECIMAL(12, 2), made TIMESTAMP, seen TIMESTAMPTZ);
COMMENT ON COLUMN orders.amount IS 'in euros';
INSERT INTO orders VALUES (1, 'ann', 10.50, '2024-01-02 03:04:05.678901', '2024-01-02 03:04:05+00'),
    (2, 'bob', NULL, NULL, NULL), (3, 'ann', -0.25, '1969-12-31 23:59:59', '2024-06-01 12:00:00+02');
CREATE VIEW per_customer AS SELECT customer, count(*) AS n, sum(id) AS ids FROM orders GROUP BY customer;
CREATE SCHEMA "Odd Names";
CREATE TABLE "Odd Names"."A Table" ("a ""b" UBIGINT, e ENUM ('x', 'y'), u UUID, l INTEGER[], s STRUCT(a TINYINT, "B b" DATE),
    m MAP(VARCHAR, DOUBLE), f FLOAT, h HUGEINT, bits BLOB, yes BOOLEAN, arr INTEGER[2], ms TIMESTAMP_MS);
INSERT INTO "Odd Names"."A Table" VALUES (18446744073709551615, 'y', '00112233-4455-6677-8899-aabbccddeeff', [1, NULL, 3],
    {'a': 1, 'B b': '2020-02-29'}, MAP {'k': 'nan'::DOUBLE}, 0.5, 99999999999999999999999999999999999999, '\\x00\\xFF', true,
    [7, 8], '2000-01-01 00:00:00.123');
CREATE TABLE refused (t TIME, i INTERVAL);
CREATE TABLE many AS SELECT range AS k, range % 1000 AS g, repeat('x', 20) AS s FROM range(200000);
"""


class Held(Checks):
    """Checks over what is read already."""

    def is_so(self, what: str, found: object, expected: object) -> None:
        """Both must be equal."""
        self.same(what, [str(expected)], lambda: [str(found)])


def main() -> None:
    """Run every check and say how many held."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("binary", type=Path)
    arguments = parser.parse_args()
    checks = Held()
    folder = Path(tempfile.mkdtemp(prefix="floe-duckdb-files-"))
    try:
        path = folder / "warehouse.duckdb"
        with duckdb.connect(str(path)) as theirs:
            theirs.execute(MADE)
        temporary = folder / "tmp"
        temporary.mkdir()
        os.environ["TMPDIR"] = str(temporary)
        with Server(arguments.binary, "--data", ":memory:") as server:
            us = session(server, duck={"path": path}, fresh={"path": folder / "fresh.duckdb", "create": "true"},
                         missing={"path": folder / "missing.duckdb"})
            names(us, checks)
            types(us, checks)
            for engine in ENGINES:
                us.conf.set("floe.route", engine)
                reads(us, checks, engine)
            us.conf.unset("floe.route")
            writes(us, checks)
            refusals(us, checks)
            checks.is_so("the file is this server's while it runs", locked(path), True)
            us.stop()
        reads_back(path, folder / "fresh.duckdb", checks)
        locked_by_others(arguments.binary, path, checks)
        checks.is_so("nothing is left in the temporary folder", sorted(os.listdir(temporary)), [])
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    print(f"duckdb-files: {checks.held}/{checks.made}")
    sys.exit(checks.held != checks.made)


def session(server: Server, **catalogs: dict[str, object]) -> SparkSession:
    """A session with these catalogs."""
    us = SparkSession.builder.remote(server.address).create()
    for name, properties in catalogs.items():
        for key, value in {"type": "floe.duckdb", **properties}.items():
            us.conf.set(f"spark.sql.catalog.{name}.{key}", str(value))
    return us


def lines(us: SparkSession, sql: str) -> list[str]:
    """The rows of a statement as texts, sorted; or its error."""
    try:
        return sorted(" | ".join(str(value) for value in row) for row in us.sql(sql).collect())
    except Exception as raised:  # noqa: BLE001 - compared like any answer
        return [f"{type(raised).__name__}: {str(raised)[:400]}"]


def error(us: SparkSession, sql: str) -> str:
    """What a statement is refused with; empty when it is not."""
    try:
        us.sql(sql).collect()
    except Exception as raised:  # noqa: BLE001 - any error is an answer here
        return str(raised)
    return ""


def names(us: SparkSession, checks: Held) -> None:
    """Schemas, tables, views, columns."""
    checks.is_so("SHOW SCHEMAS", lines(us, "SHOW SCHEMAS IN duck"), ["Odd Names", "main"])
    checks.is_so("SHOW TABLES", lines(us, "SHOW TABLES IN duck.main"),
                ["main | many | False", "main | orders | False", "main | refused | False"])
    checks.is_so("SHOW VIEWS", lines(us, "SHOW VIEWS IN duck.main"), ["main | per_customer | False"])
    us.sql("USE duck")
    checks.is_so("USE starts in main", lines(us, "SELECT count(*) FROM orders"), ["3"])
    us.sql("USE spark_catalog.default")
    checks.is_so("DESCRIBE", lines(us, "DESCRIBE duck.main.orders"), sorted([
        "id | int | None", "customer | string | None", "amount | decimal(12,2) | in euros", "made | timestamp_ntz | None",
        "seen | timestamp | None"]))


def types(us: SparkSession, checks: Held) -> None:
    """DuckDB's types as Spark's."""
    schema = us.table("duck.`Odd Names`.`A Table`").schema
    found = [f"{field.name} {field.dataType.simpleString()}" for field in schema]
    checks.is_so("types", found, [
        'a "b decimal(20,0)', "e string", "u string", "l array<int>", "s struct<a:tinyint,B b:date>", "m map<string,double>",
        "f float", "h decimal(38,0)", "bits binary", "yes boolean", "arr array<int>", "ms timestamp_ntz"])
    checks.is_so("NOT NULL is kept", [field.nullable for field in us.table("duck.main.orders").schema],
                [False, False, True, True, True])


def reads(us: SparkSession, checks: Held, engine: str) -> None:
    """The same answers on both engines."""
    told = lambda what: f"{what} on {engine}"  # noqa: E731
    row = ('18446744073709551615 | y | 00112233-4455-6677-8899-aabbccddeeff | [1, None, 3] | Row(a=1, B b=datetime.date(2020, '
           "2, 29)) | {'k': nan} | 0.5 | 99999999999999999999999999999999999999 | b'\\x00\\xff' | True | [7, 8] | "
           "2000-01-01 00:00:00.123000")
    checks.is_so(told("every type"), lines(us, "SELECT * FROM duck.`odd names`.`a table`"), [row])
    checks.is_so(told("a view of DuckDB's"), lines(us, "SELECT * FROM duck.main.per_customer"), ["ann | 2 | 4", "bob | 1 | 2"])
    checks.is_so(told("conditions and columns"), lines(us, "SELECT id FROM duck.main.orders WHERE amount > 0 AND customer LIKE 'a%'"),
                ["1"])
    checks.is_so(told("no columns"), lines(us, "SELECT count(*) FROM duck.main.many WHERE g = 7"), ["200"])
    checks.is_so(told("a limit"), len(lines(us, "SELECT k FROM duck.main.many LIMIT 5")), 5)
    us.sql("CREATE OR REPLACE TABLE names AS SELECT * FROM VALUES ('ann', 'Ann A.'), ('bob', 'Bob B.') AS t(customer, name)")
    checks.is_so(told("a join with an Iceberg table"), lines(us, """
        SELECT name, count(*), sum(amount) FROM duck.main.orders JOIN names USING (customer) GROUP BY name"""),
        ["Ann A. | 2 | 10.25", "Bob B. | 1 | None"])


def writes(us: SparkSession, checks: Held) -> None:
    """Tables made, filled, filled anew and dropped; a failure leaves nothing."""
    for engine in ENGINES:
        us.conf.set("floe.route", engine)
        table = f"duck.main.made_{engine}"
        us.sql(f"CREATE TABLE {table} AS SELECT id, amount * 2 AS twice, named_struct('a', id, 'b', array(customer)) AS s, "
               "map('k', made) AS m FROM duck.main.orders WHERE amount IS NOT NULL")
        checks.is_so(f"CREATE TABLE AS on {engine}", lines(us, f"SELECT id, twice, s.b FROM {table}"),
                    ["1 | 21.00 | ['ann']", "3 | -0.50 | ['ann']"])
        us.sql(f"INSERT INTO {table} (id, twice) VALUES (9, 0.1)")
        us.sql(f"INSERT INTO {table} SELECT id + 10, twice, s, m FROM {table}")
        checks.is_so(f"INSERT on {engine}", lines(us, f"SELECT id FROM {table}"), ["1", "11", "13", "19", "3", "9"])
        us.sql(f"INSERT OVERWRITE {table} SELECT * FROM {table} WHERE id < 5")
        checks.is_so(f"INSERT OVERWRITE on {engine}", lines(us, f"SELECT id FROM {table}"), ["1", "3"])
        told = error(us, f"INSERT INTO {table} (id) SELECT CAST(s AS INT) FROM duck.main.many")
        checks.is_so(f"rows that raise are Spark's error on {engine}", "CAST_INVALID_INPUT" in told, True)
        told = error(us, f"CREATE TABLE {table}_half AS SELECT CASE WHEN k < 150000 THEN k ELSE CAST(s AS INT) END AS c FROM duck.main.many")
        checks.is_so(f"CREATE TABLE AS that raises leaves no table on {engine}",
                    (bool(told), lines(us, f"SHOW TABLES IN duck.main LIKE 'made_{engine}_half'")), (True, []))
    us.conf.unset("floe.route")
    us.sql("CREATE SCHEMA fresh.mart")
    us.sql("CREATE TABLE fresh.mart.t (a INT NOT NULL COMMENT 'first', b STRING)")
    us.range(3).selectExpr("CAST(id AS INT) AS a", "'x' AS b").write.saveAsTable("fresh.mart.t", mode="append")
    us.range(2).selectExpr("CAST(id AS INT) AS a", "'y' AS b").writeTo("fresh.mart.t").append()
    us.sql("ALTER TABLE fresh.mart.t RENAME TO renamed")
    checks.is_so("frames are written", lines(us, "SELECT b, count(*) FROM fresh.mart.renamed GROUP BY b"), ["x | 3", "y | 2"])
    us.sql("CREATE OR REPLACE TABLE duck.main.copied AS SELECT * FROM fresh.mart.renamed")
    us.sql("CREATE TABLE moved AS SELECT * FROM duck.main.many")
    checks.is_so("a table moves to Iceberg", lines(us, "SELECT count(*), count(DISTINCT g), sum(k) FROM moved"),
                ["200000 | 1000 | 19999900000"])
    us.sql("DROP TABLE duck.main.made_duckdb")
    checks.is_so("DROP TABLE", "made_duckdb" in str(lines(us, "SHOW TABLES IN duck.main")), False)


def refusals(us: SparkSession, checks: Held) -> None:
    """What cannot be done is said by name, with what can."""
    for what, sql, parts in (
        ("a type without a counterpart", "SELECT * FROM duck.main.refused", ["TIME", "`t`"]),
        ("an interval in a table", "CREATE TABLE duck.main.x AS SELECT INTERVAL '1' DAY AS i", ["INTERVAL DAY", "`i`"]),
        ("DELETE", "DELETE FROM duck.main.orders", ["format duckdb"]),
        ("time travel", "SELECT * FROM duck.main.orders VERSION AS OF 1", ["time travel"]),
        ("a stored view", "CREATE VIEW duck.main.v AS SELECT 1 AS a", ["view"]),
        ("partitions", "CREATE TABLE duck.main.x (a INT) PARTITIONED BY (a)", ["PARTITIONED BY"]),
        ("a file that is not there", "SHOW SCHEMAS IN missing", ["missing.duckdb", "spark.sql.catalog.missing.create=true"]),
        ("a table that is there", "CREATE TABLE duck.main.orders (a INT)", ["TABLE_OR_VIEW_ALREADY_EXISTS"]),
        ("a schema that is not", "CREATE TABLE duck.nowhere.t (a INT)", ["SCHEMA_NOT_FOUND"]),
    ):
        told = error(us, sql)
        missing = [part for part in parts if part not in told]
        checks.is_so(f"{what} is refused by name: {told.splitlines()[:1]}", missing, [])


def reads_back(path: Path, fresh: Path, checks: Held) -> None:
    """What we wrote, as the real DuckDB has it."""
    with duckdb.connect(str(path), read_only=True) as theirs:
        told = theirs.execute("SELECT column_name, column_type FROM (DESCRIBE made_datafusion)").fetchall()
        checks.is_so("types of ours in DuckDB", told, [
            ("id", "INTEGER"), ("twice", "DECIMAL(14,2)"), ("s", "STRUCT(a INTEGER, b VARCHAR[])"), ("m", "MAP(VARCHAR, TIMESTAMP)")])
        checks.is_so("rows of ours in DuckDB", theirs.execute("SELECT id, twice::VARCHAR, s.b[1] FROM made_datafusion ORDER BY id").fetchall(),
                    [(1, "21.00", "ann"), (3, "-0.50", "ann")])
        checks.is_so("a copy", theirs.execute("SELECT count(*) FROM copied").fetchall(), [(5,)])
        checks.is_so("what was there is there", theirs.execute("SELECT count(*) FROM orders").fetchall(), [(3,)])
    with duckdb.connect(str(fresh), read_only=True) as theirs:
        told = theirs.execute("SELECT column_name, is_nullable, comment FROM duckdb_columns() WHERE table_name = 'renamed'").fetchall()
        checks.is_so("NOT NULL and comments of ours", told, [("a", False, "first"), ("b", True, None)])


def locked(path: Path) -> bool:
    """Whether another process can write to the file."""
    script = f"import duckdb\ntry:\n    duckdb.connect({str(path)!r})\nexcept duckdb.IOException:\n    print('locked')"
    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return ended.stdout.strip() == "locked"


def locked_by_others(binary: Path, path: Path, checks: Held) -> None:
    """A file that another process writes is told with the next step, and may be read beside one that reads it."""
    held = duckdb.connect(str(path))
    with Server(binary, "--data", ":memory:") as server:
        us = session(server, duck={"path": path}, reading={"path": path, "read-only": "true"})
        told = error(us, "SELECT * FROM duck.main.orders")
        parts = [f"PID {os.getpid()}", "another process", "spark.sql.catalog.duck.read-only=true"]
        checks.is_so(f"a locked file: {told.splitlines()[:1]}", [part for part in parts if part not in told], [])
        held.close()
        with duckdb.connect(str(path), read_only=True):
            checks.is_so("two processes read", lines(us, "SELECT count(*) FROM reading.main.orders"), ["3"])
            told = error(us, "CREATE TABLE reading.main.x (a INT)")
            checks.is_so("and none of them writes", "reading.read-only" in told, True)
        us.stop()


if __name__ == "__main__":
    main()
