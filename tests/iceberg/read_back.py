"""Tables we write, read by others and written on by them; tables others write, read by us and written on.

Usage: read_back.py BINARY. Here: a running engine, pyiceberg, DuckDB and real Spark over the same files, by the same SQLite
catalog and by a REST catalog. What one writes (all types, every transform, format versions 1 to 3, evolved columns and
partitions, deletes by copy and by position) all others must read as the same rows; statements of ours and of Spark's in
turn on one table must leave what Spark alone leaves on a table of its own. Not here: several writers at once (`writers.py`).
Last line: `read-back: N/M`.
"""

import argparse
import shutil
import sys
import tempfile
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TESTS), str(TESTS / "real")]
import environment

environment.enter(Path(__file__).with_name("requirements-iceberg.txt"))

import duckdb
from checks import Checks, arrow_rows, rows
from pyiceberg.catalog.sql import SqlCatalog
from pyspark.sql import SparkSession
from rest_server import RestServer
from spark import Spark
from tables import CONTINUED, DELETED_BY_US, KINDS, OURS, THEIRS, pyiceberg_tables
from with_server import Server

SPARK_CATALOG = "org.apache.iceberg.spark.SparkCatalog"


def main() -> None:
    """Run every check and say how many held."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("binary", type=Path)
    parser.add_argument("--no-spark", action="store_true", help="leave out what needs a JVM")
    arguments = parser.parse_args()
    checks = Checks()
    folder = Path(tempfile.mkdtemp(prefix="floe-read-back-"))
    try:
        with Server(arguments.binary, "--data", ":memory:") as server:
            us = SparkSession.builder.remote(server.address).create()
            lake = Lake(folder, us)
            ours(lake, checks)
            pyiceberg_writes(lake, checks)
            if not arguments.no_spark:
                with_spark(lake, checks)
            us.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    print(f"read-back: {checks.held}/{checks.made}")
    sys.exit(checks.held != checks.made)


class Lake:
    """A SQLite catalog named `floe` in a folder, and our session that has it."""

    def __init__(self, folder: Path, us: SparkSession):
        self.us = us
        self.database = folder / "catalog.db"
        self.warehouse = folder / "warehouse"
        catalog = "spark.sql.catalog.floe"
        for name, value in {catalog: SPARK_CATALOG, f"{catalog}.type": "embedded",
                            f"{catalog}.uri": str(self.database), f"{catalog}.warehouse": str(self.warehouse)}.items():
            us.conf.set(name, value)

    def rows(self, table: str, columns: str = "*") -> list[str]:
        """A table's rows as we read them."""
        return rows(self.us, f"SELECT {columns} FROM {table}")

    def catalog(self) -> SqlCatalog:
        """The same catalog as pyiceberg opens it."""
        return SqlCatalog("floe", uri=f"sqlite:///{self.database}", warehouse=f"file://{self.warehouse}")


def ours(lake: Lake, checks: Checks) -> None:
    """Tables of ours, as pyiceberg and DuckDB read them."""
    lake.us.sql("CREATE SCHEMA floe.ours").collect()
    for name, statements in OURS.items():
        for statement in statements:
            lake.us.sql(statement.replace("$T", f"floe.ours.{name}")).collect()
        expected = lake.rows(f"floe.ours.{name}")
        checks.same(f"pyiceberg reads {name}", expected, lambda: pyiceberg_rows(lake, f"ours.{name}"))
        checks.same(f"DuckDB reads {name}", expected, lambda: duckdb_rows(lake, f"ours.{name}"))


def pyiceberg_writes(lake: Lake, checks: Checks) -> None:
    """Tables of pyiceberg's, as we read them, before and after we change them too."""
    for name in pyiceberg_tables(lake.catalog()):
        checks.same(f"we read pyiceberg's {name}", pyiceberg_rows(lake, f"py.{name}"), lambda: lake.rows(f"floe.py.{name}"))

        table = f"floe.py.{name}"

        def changed() -> list[str]:
            lake.us.sql(f"DELETE FROM {table} WHERE id = 2").collect()
            lake.us.sql(f"INSERT INTO {table} SELECT * FROM {table} WHERE id = 5").collect()
            return pyiceberg_rows(lake, f"py.{name}")

        expected = rows(lake.us, f"SELECT * FROM {table} WHERE id <> 2 UNION ALL SELECT * FROM {table} WHERE id = 5")
        checks.same(f"pyiceberg reads what we changed in {name}", expected, changed)


# -- with a JVM ----------------------------------------------------------------------------------------------------------


def with_spark(lake: Lake, checks: Checks) -> None:
    """Spark on the same SQLite catalog, then Spark and we on a REST catalog."""
    with RestServer() as rest:
        shared = {"spark.sql.catalog.lake": SPARK_CATALOG, "spark.sql.catalog.lake.type": "rest",
                  "spark.sql.catalog.lake.uri": rest.uri}
        for name, value in shared.items():
            lake.us.conf.set(name, value)
        jdbc = "spark.sql.catalog.floe"
        server = Spark(python=Path(sys.executable), conf=shared | {
            "spark.sql.catalog.lake.cache-enabled": "false",
            jdbc: SPARK_CATALOG,
            f"{jdbc}.catalog-impl": "org.apache.iceberg.jdbc.JdbcCatalog",
            f"{jdbc}.uri": f"jdbc:sqlite:{lake.database}",
            f"{jdbc}.jdbc.schema-version": "V1",
            f"{jdbc}.warehouse": f"file://{lake.warehouse}",
            f"{jdbc}.cache-enabled": "false",
        })
        try:
            spark = SparkSession.builder.remote(server.address).create()
            spark_reads(lake, spark, checks)
            spark_writes(lake, spark, checks)
            in_turn(lake.us, spark, checks)
            spark.stop()
        finally:
            server.stop()


def spark_reads(lake: Lake, spark: SparkSession, checks: Checks) -> None:
    """Tables and a view of ours."""
    for name in OURS:
        checks.same(f"Spark reads {name}", lake.rows(f"floe.ours.{name}"), lambda: rows(spark, f"SELECT * FROM floe.ours.{name}"))
    lake.us.sql("CREATE VIEW floe.ours.few AS SELECT id, text FROM floe.ours.types_v2 WHERE id < 3").collect()
    checks.same("Spark reads our view", lake.rows("floe.ours.types_v2 WHERE id < 3", "id, text"),
                lambda: rows(spark, "SELECT * FROM floe.ours.few"))


def spark_writes(lake: Lake, spark: SparkSession, checks: Checks) -> None:
    """Tables and a view of Spark's, and what is left of them after a delete of ours."""
    spark.sql("CREATE SCHEMA floe.theirs").collect()
    for name, statements in THEIRS.items():
        for statement in statements:
            spark.sql(statement.replace("$T", f"floe.theirs.{name}")).collect()
        table = f"floe.theirs.{name}"
        checks.same(f"we read Spark's {name}", rows(spark, f"SELECT * FROM {table}"), lambda: lake.rows(table))
        columns = spark.table(table).columns
        for query in shortcuts(table, columns[0]) + [f"SELECT {columns[0]}, {columns[1]} FROM {table}"]:
            checks.same(f"we answer {query}", rows(spark, query), lambda: rows(lake.us, query))
    spark.sql("CREATE VIEW floe.theirs.some AS SELECT id, upper(name) AS name FROM floe.theirs.plain WHERE id < 3").collect()
    checks.same("we read Spark's view", rows(spark, "SELECT * FROM floe.theirs.some"), lambda: lake.rows("floe.theirs.some"))
    for name in DELETED_BY_US:
        table = f"floe.theirs.{name}"

        def deleted() -> list[str]:
            lake.us.sql(f"DELETE FROM {table} WHERE id = 11").collect()
            return rows(spark, f"SELECT * FROM {table}")

        left = rows(spark, f"SELECT * FROM {table} WHERE id <> 11 OR id IS NULL")
        checks.same(f"Spark sees our delete from {name}", left, deleted)


def shortcuts(table: str, column: str) -> list[str]:
    """Queries an engine may answer from statistics or by reading less, and so wrongly where rows were deleted."""
    return [
        f"SELECT count(*) AS n, count({column}) AS known, min({column}) AS low, max({column}) AS high FROM {table}",
        f"SELECT count(*) AS n FROM (SELECT {column} FROM {table} WHERE {column} IS NOT NULL LIMIT 1000)",
        f"SELECT count(*) AS n FROM (SELECT * FROM {table} LIMIT 1000)",
        f"SELECT {column} FROM {table} WHERE {column} IS NOT NULL ORDER BY {column} LIMIT 3",
    ]


def in_turn(us: SparkSession, spark: SparkSession, checks: Checks, ours: str = "lake", theirs: str = "lake") -> None:
    """Statements by both, one after the other, on tables of one catalog, which we call `ours` and Spark `theirs`."""
    us.sql(f"CREATE SCHEMA {ours}.both").collect()
    for kind, clauses in KINDS.items():
        for first, who in ((us, "we"), (spark, "Spark")):
            name, control = f"both.{kind}_{who}", f"{theirs}.both.{kind}_{who}_control"
            sides = [(us, f"{ours}.{name}"), (spark, f"{theirs}.{name}")]
            if first is spark:
                sides.reverse()
            for session, table in (sides[0], (spark, control)):
                session.sql(f"CREATE TABLE {table} (id BIGINT, day DATE, name STRING, n INT) USING iceberg {clauses}").collect()
            for step, statement in enumerate(CONTINUED):
                def done() -> list[str]:
                    session, table = sides[step % 2]
                    session.sql(statement.replace("$T", table)).collect()
                    return rows(us, f"SELECT * FROM {ours}.{name}")

                spark.sql(statement.replace("$T", control)).collect()
                expected = rows(spark, f"SELECT * FROM {control}")
                checks.same(f"{kind}, {who} first, step {step}, read by us", expected, done)
                checks.same(f"{kind}, {who} first, step {step}, read by Spark", expected,
                            lambda: rows(spark, f"SELECT * FROM {theirs}.{name}"))


# -- the two others -----------------------------------------------------------------------------------------------------


def pyiceberg_rows(lake: Lake, name: str) -> list[str]:
    """The table as pyiceberg reads it."""
    return arrow_rows(lake.catalog().load_table(name).scan().to_arrow())


def duckdb_rows(lake: Lake, name: str) -> list[str]:
    """The table as DuckDB's extension reads it, from its metadata file."""
    location = lake.catalog().load_table(name).metadata_location
    connection = duckdb.connect()
    for extension in ("avro", "httpfs", "iceberg"):
        connection.execute(f"LOAD '{extension_file(extension)}'")
    return arrow_rows(connection.execute(f"SELECT * FROM iceberg_scan('{location}')").to_arrow_table())


def extension_file(name: str) -> Path:
    """Where the extension's wheel put its file."""
    module = __import__(f"duckdb_extension_{name}")
    return next(Path(module.__path__[0]).rglob(f"{name}.duckdb_extension"))


if __name__ == "__main__":
    main()
