"""Iceberg tables in object storage (moto) on DuckDB: fetched by its extension httpfs where that is installed, else streamed.

Usage: object_storage.py BINARY. Here: which way rows come, that they are the same on both engines and after every change, keys
that are wrong, one bucket's name in two stores, copies of what is fetched often, and that no key is shown. Not here: local
tables (`engine.py`), what REST catalogs lend (`iceberg/rest_catalog.py`). Last line: `duckdb-object-storage: N/M`.
"""

import argparse
import shutil
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TESTS), str(TESTS / "iceberg"), str(TESTS / "connect"), str(TESTS / "duckdb")]
import environment

environment.enter(TESTS / "iceberg" / "requirements-iceberg.txt")

from checks import Checks
from engine import both, wait_for_copy
from extensions import installed
from object_store import BUCKET, KEYS, s3
from pyspark.sql import SparkSession
from with_server import Server

SECRET = KEYS["s3.secret-access-key"]
QUERIES = [
    "SELECT * FROM {table} ORDER BY id",
    "SELECT name, count(*), sum(price), max(seen) FROM {table} GROUP BY name ORDER BY name",
    "SELECT count(*) FROM {table} a JOIN {table} b ON a.id = b.id + 1 WHERE a.name <> b.name",
]


def main() -> None:
    """Run every check and say how many held."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("binary", type=Path)
    arguments = parser.parse_args()
    checks = Checks()
    folder = Path(tempfile.mkdtemp(prefix="floe-duckdb-object-storage-"))
    try:
        extensions = installed(folder / "extensions")
        (folder / "none").mkdir()
        with s3() as one, s3() as other:
            with serving(arguments.binary, folder, extensions, {"near": one, "far": other}) as us:
                are_fetched(us, checks)
                have_their_own_store(us, checks)
                are_copied(us, checks)
                checks.same("no key is shown", ["False"], lambda: [str(SECRET in str(us.sql("SELECT * FROM system.routes").collect()))])
            with serving(arguments.binary, folder, folder / "none", {"near": one}) as us:
                checks.same("without the extension", ["stream"], lambda: [way(us, "SELECT * FROM near.made.t")])
                same_on_both(us, "near.made.t", checks)
        log = (folder / "log").read_text()
        checks.same("no key is logged", ["False"], lambda: [str(SECRET in log)])
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    print(f"duckdb-object-storage: {checks.held}/{checks.made}")
    sys.exit(checks.held != checks.made)


@contextmanager
def serving(binary: Path, folder: Path, extensions: Path, stores: dict[str, str]):
    """A session of a server whose catalogs keep their tables in these stores, each under the bucket's one name."""
    config = folder / "floe.toml"
    config.write_text("".join(f"""
[spark.sql.catalog.{name}]
type = "embedded"
uri = "{folder}/{name}.db"
warehouse = "s3://{BUCKET}/floe"
[spark.sql.catalog.{name}.s3]
endpoint = "{endpoint}"
path-style-access = "true"
region = "{KEYS['client.region']}"
access-key-id = "{KEYS['s3.access-key-id']}"
secret-access-key = "{SECRET}"
""" for name, endpoint in stores.items()))
    flags = ("--data", str(folder / "data"), "--config", str(config), "--duckdb-extensions", str(extensions), "--log", "debug")
    with (folder / "log").open("a") as log, Server(binary, *flags, log=log) as server:
        us = SparkSession.builder.remote(server.address).create()
        us.conf.set("floe.route", "duckdb")
        try:
            yield us
        finally:
            us.stop()


def way(us: SparkSession, query: str) -> str:
    """How a query's table comes to DuckDB: fetched, as a copy, or as a stream."""
    text = us.sql(f"EXPLAIN {query}").collect()[0][0]
    return "copy" if "floe_copies" in text else "fetched" if "read_parquet(['s3://" in text else "stream" if "floe_rows(" in text else text[:300]


def same_on_both(us: SparkSession, table: str, checks: Checks) -> None:
    """Both engines give the same rows."""
    for query in QUERIES:
        both(us, query.format(table=table), checks)


def are_fetched(us: SparkSession, checks: Checks) -> None:
    """A table of several files, its columns renamed, its rows changed."""
    us.sql("CREATE SCHEMA near.made")
    us.sql("CREATE TABLE near.made.t (id BIGINT, name STRING, price DECIMAL(9, 2), seen TIMESTAMP, odd STRING)")
    for start in (0, 1000):
        us.sql(f"""INSERT INTO near.made.t SELECT id, concat('n', id % 7), id / 4, timestamp_seconds(id * 7919), 'it''s'
                   FROM range({start}, {start + 1000})""")
    checks.same("files of a store are fetched", ["fetched"], lambda: [way(us, "SELECT * FROM near.made.t")])
    same_on_both(us, "near.made.t", checks)
    us.sql("ALTER TABLE near.made.t RENAME COLUMN odd TO even")
    checks.same("with a column renamed", ["fetched"], lambda: [way(us, "SELECT even FROM near.made.t")])
    same_on_both(us, "near.made.t", checks)
    us.sql("DELETE FROM near.made.t WHERE id % 100 = 5")
    same_on_both(us, "near.made.t", checks)
    us.sql("CREATE TABLE near.made.named USING iceberg PARTITIONED BY (name) AS SELECT * FROM near.made.t WHERE id < 20")
    same_on_both(us, "near.made.named", checks)
    told = us.sql("EXPLAIN ROUTE SELECT name, count(*) FROM near.made.t GROUP BY name").collect()
    checks.same("no key in a route", ["False"], lambda: [str(SECRET in str(told))])


def have_their_own_store(us: SparkSession, checks: Checks) -> None:
    """The same place in another store has other rows: the second comes as a stream, whatever the first was told."""
    us.sql("CREATE SCHEMA far.made")
    us.sql("CREATE TABLE far.made.t AS SELECT id + 5 AS id, 'far' AS name, 1.25BD AS price, timestamp_seconds(id) AS seen FROM range(10)")
    places = [us.sql(f"DESCRIBE EXTENDED {table}").where("col_name = 'Location'").collect()[0][1] for table in ("near.made.t", "far.made.t")]
    expected = ["fetched" if places[0] != places[1] else "stream"]
    checks.same(f"a place in two stores {places}", expected, lambda: [way(us, "SELECT * FROM far.made.t")])
    for table in ("far.made.t", "near.made.t"):
        same_on_both(us, table, checks)


def are_copied(us: SparkSession, checks: Checks) -> None:
    """What is fetched again and again is fetched no more."""
    us.sql("CREATE TABLE near.made.often AS SELECT id, concat('n', id % 7) AS name, id / 4 AS price, timestamp_seconds(id) AS seen FROM range(5000)")
    for _ in range(3):
        same_on_both(us, "near.made.often", checks)
    wait_for_copy(us, QUERIES[0].format(table="near.made.often"))
    checks.same("copied", ["copy"], lambda: [way(us, QUERIES[0].format(table="near.made.often"))])
    same_on_both(us, "near.made.often", checks)


if __name__ == "__main__":
    main()
