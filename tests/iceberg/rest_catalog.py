"""REST catalogs and S3 through live PySpark sessions of a running engine.

Usage: rest_catalog.py BINARY. Here: `spark.sql.catalog.<name>` of type rest against a server that knows its clients, grants
short-lived tokens and fails on purpose (`tests/faults/rest_proxy.py` before Iceberg's own server), with client credentials,
scope and token; what it must refuse; names of several levels, USE, `spark.sql.defaultCatalog`, views; tables in S3 (moto),
with the embedded catalog, with a REST catalog and with keys that catalog lends. Not here: the same faults under the crate's own suite (`rest_proxy.py`
as a script).
Last line: `rest-catalog: N/M tokens=T injected=K`.
"""

import argparse
import sys
import threading
import time
from contextlib import contextmanager
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TESTS), str(TESTS / "faults")]
import environment

environment.enter(TESTS / "requirements-client-4.1.txt")

from checks import Checks, rows
from object_store import BUCKET, KEYS, s3
from pyspark.sql import SparkSession
from rest_proxy import CLIENT, TOKEN_SECONDS, Proxy
from rest_server import RestServer
from with_server import Server

CREDENTIAL = f"{CLIENT['client_id']}:{CLIENT['client_secret']}"


def main() -> None:
    """Run every check and say how many held."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("binary", type=Path)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    checks = Checks()
    with Server(arguments.binary, "--data", ":memory:") as engine:
        with RestServer() as catalog:
            proxy = Proxy(catalog.port, arguments.seed, lost=0.4)
            threading.Thread(target=proxy.serve_forever, daemon=True).start()
            uri = f"http://127.0.0.1:{proxy.server_address[1]}/polaris"
            refusals(engine.address, uri, checks)
            statements(engine.address, uri, checks)
            names(engine.address, uri, proxy, checks)
            proxy.shutdown()
        with s3() as endpoint:
            on_s3(engine.address, endpoint, arguments.seed, checks)
    print(", ".join(f"{name}: {count}" for name, count in sorted(proxy.injected.items())))
    print(f"rest-catalog: {checks.held}/{checks.made} tokens={proxy.issued} injected={proxy.injected.total()}")
    sys.exit(checks.held != checks.made)


@contextmanager
def session(address: str, catalog: dict[str, str], **settings: str):
    """A session that knows a catalog `lake` of these properties."""
    made = SparkSession.builder.remote(address).create()
    prefix = "spark.sql.catalog.lake"
    made.conf.set(prefix, "org.apache.iceberg.spark.SparkCatalog")
    for name, value in catalog.items():
        made.conf.set(f"{prefix}.{name}", value)
    for name, value in settings.items():
        made.conf.set(name.replace("_", "."), value)
    try:
        yield made
    finally:
        made.stop()


def known(uri: str) -> dict[str, str]:
    """The properties of a client the server knows."""
    return {"type": "rest", "uri": uri, "credential": CREDENTIAL, "scope": CLIENT["scope"], "warehouse": "quickstart"}


def refusals(address: str, uri: str, checks: Checks) -> None:
    """The server is strict, and what it says is told: without this the other checks would prove little."""
    for what, change in {
        "a wrong secret": {"credential": "root:guess"}, "an unknown client": {"credential": "nobody:s3cr3t"},
        "a wrong scope": {"scope": "catalog"}, "a forged token": {"credential": None, "token": "forged"},
        "no credential": {"credential": None},
    }.items():
        properties = {name: value for name, value in (known(uri) | change).items() if value is not None}
        with session(address, properties) as spark:
            checks.raises(f"{what} is refused", "NotAuthorized|knows? who we are|no token", lambda: rows(spark, "SHOW SCHEMAS IN lake"))
    with session(address, known(uri)) as spark:
        shown = spark.conf.get("spark.sql.catalog.lake.credential")
        checks.same("the credential is not shown", ["*********(redacted)"], lambda: [shown])


def statements(address: str, uri: str, checks: Checks) -> None:
    """What dbt and people send, over the lives of several tokens."""
    with session(address, known(uri)) as spark:
        spark.sql("CREATE SCHEMA lake.sales").collect()
        written(spark, "lake.sales.orders", checks)
        time.sleep(TOKEN_SECONDS + 0.5)
        checks.same("after the token's end", ['{"n": "2"}'], lambda: rows(spark, "SELECT count(*) AS n FROM lake.sales.orders"))
        spark.sql("CREATE TABLE lake.sales.copy USING iceberg PARTITIONED BY (v) AS SELECT * FROM lake.sales.orders").collect()
        spark.sql("ALTER TABLE lake.sales.copy ADD COLUMN extra INT").collect()
        spark.sql("INSERT OVERWRITE lake.sales.copy SELECT id, v, 1 FROM lake.sales.orders").collect()
        checks.same("CTAS, ALTER, INSERT OVERWRITE", ['{"extra": "1", "id": "2", "v": "new"}', '{"extra": "1", "id": "3", "v": "three"}'],
                    lambda: rows(spark, "SELECT * FROM lake.sales.copy"))
        spark.sql("CREATE OR REPLACE TABLE lake.sales.copy USING iceberg AS SELECT 1 AS one").collect()
        checks.same("CREATE OR REPLACE", ['{"one": "1"}'], lambda: rows(spark, "SELECT * FROM lake.sales.copy"))
        spark.sql("ALTER TABLE lake.sales.copy RENAME TO lake.sales.moved").collect()
        checks.same("SHOW TABLES", ["moved", "orders"], lambda: [row.tableName for row in spark.sql("SHOW TABLES IN lake.sales").collect()])
        spark.sql("DROP TABLE lake.sales.moved").collect()


def written(spark: SparkSession, table: str, checks: Checks) -> None:
    """A table made, filled, changed by every statement and read at every version."""
    spark.sql(f"CREATE TABLE {table} (id BIGINT, v STRING) USING iceberg").collect()
    spark.sql(f"INSERT INTO {table} VALUES (1, 'one'), (2, 'two')").collect()
    spark.sql(f"MERGE INTO {table} t USING (SELECT * FROM VALUES (2L, 'new'), (3L, 'three') AS s(id, v)) s ON t.id = s.id "
              "WHEN MATCHED THEN UPDATE SET * WHEN NOT MATCHED THEN INSERT *").collect()
    spark.sql(f"UPDATE {table} SET v = 'first' WHERE id = 1").collect()
    spark.sql(f"DELETE FROM {table} WHERE id = 1").collect()
    checks.same(f"{table} is read", ['{"id": "2", "v": "new"}', '{"id": "3", "v": "three"}'], lambda: rows(spark, f"SELECT * FROM {table}"))
    snapshots = [row.snapshot_id for row in spark.sql(f"SELECT snapshot_id FROM {table}.snapshots ORDER BY committed_at").collect()]
    checks.same(f"{table} has four snapshots", ["4"], lambda: [str(len(snapshots))])
    checks.same(f"{table} is read as it was", ['{"id": "1", "v": "one"}', '{"id": "2", "v": "two"}'],
                lambda: rows(spark, f"SELECT * FROM {table} VERSION AS OF {snapshots[0]}"))


def names(address: str, uri: str, proxy: Proxy, checks: Checks) -> None:
    """Namespaces of several levels, current and default catalogs, views, a token in place of a credential."""
    with session(address, known(uri)) as spark:
        for schema in ("lake.top", "lake.top.middle", "lake.top.middle.low"):
            spark.sql(f"CREATE SCHEMA {schema}").collect()
        spark.sql("CREATE TABLE lake.top.middle.low.t (id INT) USING iceberg").collect()
        spark.sql("INSERT INTO lake.top.middle.low.t VALUES (7)").collect()
        seven = ['{"id": "7"}']
        checks.same("a name of five parts", seven, lambda: rows(spark, "SELECT * FROM lake.top.middle.low.t"))
        checks.same("its columns by the whole name", seven, lambda: rows(spark, "SELECT lake.top.middle.low.t.id FROM lake.top.middle.low.t"))
        checks.same("SHOW SCHEMAS IN lake", ["sales", "top"], lambda: sorted(row.namespace for row in spark.sql("SHOW SCHEMAS IN lake").collect()))
        checks.same("SHOW SCHEMAS below", ["top.middle"], lambda: [row.namespace for row in spark.sql("SHOW SCHEMAS IN lake.top").collect()])
        spark.sql("USE lake").collect()
        checks.same("USE of a catalog", seven, lambda: rows(spark, "SELECT * FROM top.middle.low.t"))
        spark.sql("USE lake.top.middle.low").collect()
        checks.same("USE of a namespace", seven, lambda: rows(spark, "SELECT * FROM t"))
        checks.same("what is current", ["lake", "top.middle.low"],
                    lambda: list(spark.sql("SELECT current_catalog(), current_schema()").collect()[0]))
        spark.sql("CREATE VIEW few AS SELECT id + 1 AS next FROM t").collect()
        spark.sql("USE spark_catalog.default").collect()
        checks.same("a view keeps its place", ['{"next": "8"}'], lambda: rows(spark, "SELECT * FROM lake.top.middle.low.few"))
        spark.sql("CREATE OR REPLACE VIEW lake.top.few AS SELECT * FROM lake.top.middle.low.few").collect()
        spark.sql("CREATE OR REPLACE VIEW lake.top.few AS SELECT next + 1 AS later FROM lake.top.middle.low.few").collect()
        checks.same("a view replaced", ['{"later": "9"}'], lambda: rows(spark, "SELECT * FROM lake.top.few"))
        checks.same("SHOW VIEWS", ["few"], lambda: [row.viewName for row in spark.sql("SHOW VIEWS IN lake.top").collect()])
        spark.sql("DROP VIEW lake.top.few").collect()
        checks.raises("a view dropped", "TABLE_OR_VIEW_NOT_FOUND", lambda: rows(spark, "SELECT * FROM lake.top.few"))
    with session(address, known(uri), spark_sql_defaultCatalog="lake") as spark:
        checks.same("spark.sql.defaultCatalog", seven, lambda: rows(spark, "SELECT * FROM top.middle.low.t"))
    with session(address, known(uri) | {"default-namespace": "top.middle.low"}, spark_sql_defaultCatalog="lake") as spark:
        checks.same("default-namespace", seven, lambda: rows(spark, "SELECT * FROM t"))
    properties = {name: value for name, value in known(uri).items() if name not in ("credential", "scope")}
    with session(address, properties | {"token": proxy.issue(seconds=600)}) as spark:
        checks.same("a token in place of a credential", seven, lambda: rows(spark, "SELECT * FROM lake.top.middle.low.t"))


# -- S3 ------------------------------------------------------------------------------------------------------------------


def on_s3(address: str, endpoint: str, seed: int, checks: Checks) -> None:
    """The same statements on tables whose files are in S3."""
    place = KEYS | {"s3.endpoint": endpoint}
    with session(address, place | {"type": "embedded", "uri": ":memory:", "warehouse": f"s3://{BUCKET}/embedded"}) as spark:
        spark.sql("CREATE SCHEMA lake.files").collect()
        written(spark, "lake.files.embedded", checks)
    with RestServer(f"s3://{BUCKET}/rest", place | {"io-impl": "org.apache.iceberg.aws.s3.S3FileIO"}) as catalog:
        with session(address, place | {"type": "rest", "uri": catalog.uri}) as spark:
            spark.sql("CREATE SCHEMA lake.files").collect()
            written(spark, "lake.files.rest", checks)
        proxy = Proxy(catalog.port, seed, lends=f"s3://{BUCKET}")
        threading.Thread(target=proxy.serve_forever, daemon=True).start()
        # No keys of our own: what is read and written is so with lent ones.
        keyless = {name: value for name, value in place.items() if "access-key" not in name}
        with session(address, keyless | known(f"http://127.0.0.1:{proxy.server_address[1]}/polaris")) as spark:
            written(spark, "lake.files.lent", checks)
            checks.same("keys that end are asked for anew", ["yes"], lambda: ["yes" if proxy.lent_anew else "no"])
        proxy.shutdown()


if __name__ == "__main__":
    main()
