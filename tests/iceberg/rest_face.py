"""Our REST face as other engines meet it: real Spark, pyiceberg and DuckDB on the tables of a running server.

Usage: rest_face.py BINARY [--no-spark]. Here: a server on a scratch folder with `--rest 0`, PySpark on its Spark Connect port,
and beside it the others on its REST port: each reads, writes, alters and drops, and all must see what any of them committed;
the protocol's own rules (token, pages, ETags, one commit to several tables, writers at once); and how the server ends. Not
here: Iceberg's conformance kit (`rest_kit.py`); our client of other REST catalogs (`rest_catalog.py`).
Last line: `rest-face: N/M`.
"""

import argparse
import sys
import tempfile
import threading
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TESTS), str(TESTS / "real")]
import environment

environment.enter(Path(__file__).with_name("requirements-iceberg.txt"))

import duckdb
import pyarrow
import requests
from checks import Checks, arrow_rows, rows
from pyiceberg.catalog.rest import RestCatalog
from pyiceberg.exceptions import CommitFailedException, NoSuchTableError
from pyiceberg.types import StringType
from pyspark.sql import SparkSession
from read_back import extension_file, in_turn, shortcuts
from spark import Spark, with_our_catalog
from tables import OURS, THEIRS, pyiceberg_tables
from with_server import Server

# Several at once, each as often: more than a commit tries by itself, so that some must be told and try again.
WRITERS, APPENDS = 4, 6
ATTEMPTS_MAX = 100


class Face:
    """A running server, PySpark on one of its ports and the way to the other."""

    def __init__(self, server: Server):
        self.us = SparkSession.builder.remote(server.address).create()
        self.uri = server.ready["rest"]
        self.token_file = Path(server.ready["rest_token_file"])
        self.token = self.token_file.read_text().strip()

    def pyiceberg(self) -> RestCatalog:
        """A client of pyiceberg's."""
        return RestCatalog("face", uri=self.uri, token=self.token)

    def duckdb(self) -> duckdb.DuckDBPyConnection:
        """A DuckDB that has the catalog as `face`."""
        connection = duckdb.connect()
        for extension in ("avro", "httpfs", "iceberg"):
            connection.execute(f"LOAD '{extension_file(extension)}'")
        connection.execute(f"CREATE SECRET (TYPE iceberg, TOKEN '{self.token}')")
        connection.execute(f"ATTACH 'floe' AS face (TYPE iceberg, ENDPOINT '{self.uri}')")
        return connection

    def ask(self, method: str, path: str, **arguments) -> requests.Response:
        """A bare request."""
        headers = {"Authorization": f"Bearer {self.token}"} | arguments.pop("headers", {})
        return requests.request(method, f"{self.uri}/v1/{path}", headers=headers, timeout=60, **arguments)


def main() -> None:
    """Run every check and say how many held."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("binary", type=Path)
    parser.add_argument("--no-spark", action="store_true", help="leave out what needs a JVM")
    arguments = parser.parse_args()
    checks = Checks()
    with tempfile.TemporaryDirectory(prefix="floe-face-") as folder:
        with Server(arguments.binary, "--data", folder, "--rest", "0") as server:
            face = Face(server)
            ours(face, checks)
            with_pyiceberg(face, checks)
            with_duckdb(face, checks)
            protocol(face, checks)
            at_once(face, checks)
            if not arguments.no_spark:
                with_spark(face, checks)
            face.us.stop()
        holds(checks, "the token is gone with the server", not face.token_file.exists())
    print(f"rest-face: {checks.held}/{checks.made}")
    sys.exit(checks.held != checks.made)


def holds(checks: Checks, what: str, condition: bool, found: object = "") -> None:
    """Count a condition; `found` is told when it does not hold."""
    checks.made += 1
    checks.held += bool(condition)
    if not condition:
        print(f"{what}: {found}", flush=True)


def ours(face: Face, checks: Checks) -> None:
    """Tables of ours, as pyiceberg reads them through the face."""
    face.us.sql("CREATE SCHEMA ours").collect()
    for name, statements in OURS.items():
        for statement in statements:
            face.us.sql(statement.replace("$T", f"ours.{name}")).collect()
        checks.same(f"pyiceberg reads {name}", rows(face.us, f"SELECT * FROM ours.{name}"),
                    lambda: arrow_rows(face.pyiceberg().load_table(f"ours.{name}").scan().to_arrow()))


def with_pyiceberg(face: Face, checks: Checks) -> None:
    """Tables of pyiceberg's: made, altered, renamed and dropped through the face, and changed by us between."""
    catalog = face.pyiceberg()

    def theirs(table: str) -> list[str]:
        return arrow_rows(catalog.load_table(f"py.{table}").scan().to_arrow())

    for name in pyiceberg_tables(catalog):
        checks.same(f"we read pyiceberg's {name}", theirs(name), lambda: rows(face.us, f"SELECT * FROM py.{name}"))
        expected = rows(face.us, f"SELECT * FROM py.{name} WHERE id <> 2")
        face.us.sql(f"DELETE FROM py.{name} WHERE id = 2").collect()
        checks.same(f"pyiceberg sees our delete from {name}", expected, lambda: theirs(name))

    table = catalog.create_table("py.notes", pyarrow.schema([("id", pyarrow.int64()), ("text", pyarrow.string())]))
    table.append(pyarrow.table({"id": [1, 2], "text": ["a", "b"]}))
    with table.update_schema() as change:
        change.add_column("more", StringType())
    with table.transaction() as change:
        change.set_properties({"owner": "py"})
    face.us.sql("INSERT INTO py.notes VALUES (3, 'c', 'ours')").collect()
    expected = rows(face.us, "SELECT * FROM py.notes")
    checks.same("pyiceberg sees our row under its new column", expected, lambda: theirs("notes"))
    stale = catalog.load_table("py.notes")
    face.us.sql("INSERT INTO py.notes VALUES (4, 'd', NULL)").collect()
    stale.append(pyarrow.table({"id": [5], "text": ["e"], "more": ["x"]}))
    checks.same("an append to what is no longer current is made anew by pyiceberg, and both rows are there",
                rows(face.us, "SELECT bigint(id) AS id FROM range(1, 6)"), lambda: rows(face.us, "SELECT id FROM py.notes"))
    catalog.rename_table("py.notes", "py.renamed")
    checks.same("we see the new name", rows(face.us, "SELECT 5 AS n"), lambda: rows(face.us, "SELECT int(count(*)) AS n FROM py.renamed"))
    catalog.drop_table("py.renamed")
    checks.raises("we see the drop", "TABLE_OR_VIEW_NOT_FOUND", lambda: rows(face.us, "SELECT * FROM py.renamed"))
    face.us.sql("CREATE TABLE py.brief AS SELECT 1 AS a").collect()
    face.us.sql("DROP TABLE py.brief").collect()
    checks.raises("pyiceberg sees our drop", NoSuchTableError.__name__ + "|does not exist", lambda: catalog.load_table("py.brief"))
    # pyiceberg takes the REST server's creation in one step, with a first snapshot in it.
    made = catalog.create_table_transaction("py.whole", pyarrow.schema([("id", pyarrow.int64())]))
    made.append(pyarrow.table({"id": [7]}))
    made.commit_transaction()
    checks.same("a table made with its rows in one commit", rows(face.us, "SELECT bigint(7) AS id"),
                lambda: rows(face.us, "SELECT * FROM py.whole"))


def with_duckdb(face: Face, checks: Checks) -> None:
    """DuckDB's extension reads ours, and writes rows we read."""
    connection = face.duckdb()
    for name in OURS:
        checks.same(f"DuckDB reads {name}", rows(face.us, f"SELECT * FROM ours.{name}"),
                    lambda: arrow_rows(connection.execute(f"SELECT * FROM face.ours.{name}").to_arrow_table()))
    face.us.sql("CREATE TABLE ours.from_duck (id BIGINT, name STRING)").collect()

    def inserted() -> list[str]:
        connection.execute("INSERT INTO face.ours.from_duck SELECT range, 'd' || range FROM range(10)")
        return rows(face.us, "SELECT * FROM ours.from_duck")

    checks.same("we read DuckDB's rows", rows(face.us, "SELECT id, concat('d', id) AS name FROM range(10)"), inserted)

    def created() -> list[str]:
        connection.execute("CREATE TABLE face.ours.by_duck AS SELECT range AS id FROM range(5)")
        return rows(face.us, "SELECT * FROM ours.by_duck")

    checks.same("we read DuckDB's table", rows(face.us, "SELECT id FROM range(5)"), created)


def protocol(face: Face, checks: Checks) -> None:
    """What the protocol says beyond what clients use of it."""
    answer = requests.get(f"{face.uri}/v1/config", timeout=60)
    holds(checks, "without a token nobody comes in", answer.status_code == 401 and "code" in answer.json()["error"], answer.text)
    listed, token = [], ""
    while token is not None:
        page = face.ask("GET", "namespaces/ours/tables", params={"pageSize": 5, "pageToken": token}).json()
        listed += [found["name"] for found in page["identifiers"]]
        token = page["next-page-token"]
    expected = [row.tableName for row in face.us.sql("SHOW TABLES IN ours").collect()]
    holds(checks, "pages hold every table once", listed == sorted(expected), listed)
    first = face.ask("GET", "namespaces/ours/tables/types_v2")
    known = {"If-None-Match": first.headers["ETag"]}
    again = face.ask("GET", "namespaces/ours/tables/types_v2", headers=known)
    holds(checks, "an unchanged table is not sent again", again.status_code == 304, again.status_code)
    branches = face.ask("GET", "namespaces/ours/tables/types_v2", params={"snapshots": "refs"})
    kept = len(branches.json()["metadata"]["snapshots"])
    holds(checks, "snapshots=refs leaves out history", (len(first.json()["metadata"]["snapshots"]), kept) == (2, 1), kept)
    face.us.sql("INSERT INTO ours.types_v2 SELECT * FROM ours.types_v2 WHERE id = 1").collect()
    changed = face.ask("GET", "namespaces/ours/tables/types_v2", headers=known)
    holds(checks, "a changed table is", changed.status_code == 200, changed.status_code)

    def change(table: str, uuid: str) -> dict:
        return {"identifier": {"namespace": ["ours"], "name": table},
                "requirements": [{"type": "assert-table-uuid", "uuid": uuid}],
                "updates": [{"action": "set-properties", "updates": {"both": "yes"}}]}

    old = {"type": "assert-ref-snapshot-id", "ref": "main", "snapshot-id": first.json()["metadata"]["current-snapshot-id"]}
    refused = face.ask("POST", "namespaces/ours/tables/types_v2", json={"requirements": [old], "updates": []})
    holds(checks, "what requires an older snapshot is refused",
          (refused.status_code, refused.json().get("error", {}).get("type")) == (409, "CommitFailedException"), refused.text[:300])
    tables = ("types_v1", "types_v3")
    uuids = [face.ask("GET", f"namespaces/ours/tables/{table}").json()["metadata"]["table-uuid"] for table in tables]

    def commit(*uuids: str) -> int:
        changes = [change(table, uuid) for table, uuid in zip(tables, uuids)]
        return face.ask("POST", "transactions/commit", json={"table-changes": changes}).status_code

    def properties() -> list[str | None]:
        shown = [rows(face.us, f"SHOW TBLPROPERTIES ours.{table}") for table in tables]
        return ["both" in str(found) for found in shown]

    status = commit(uuids[0], uuids[0])
    holds(checks, "one change that cannot be keeps back both", (status, properties()) == (409, [False, False]), status)
    status = commit(*uuids)
    holds(checks, "two changes that can be are both made", (status, properties()) == (204, [True, True]), status)


def at_once(face: Face, checks: Checks) -> None:
    """Writers on both ports at once: every row of every one of them is there in the end."""
    face.us.sql("CREATE TABLE ours.crowded (writer STRING, n BIGINT)").collect()
    errors = []

    def by_rest(writer: str) -> None:
        for number in range(APPENDS):
            row = pyarrow.table({"writer": [writer], "n": pyarrow.array([number], pyarrow.int64())})
            for _ in range(ATTEMPTS_MAX):
                try:
                    face.pyiceberg().load_table("ours.crowded").append(row)
                    break
                except CommitFailedException:
                    continue
            else:
                errors.append(f"{writer} did not get row {number} in")

    def by_connect(writer: str) -> None:
        for number in range(APPENDS):
            try:
                face.us.sql(f"INSERT INTO ours.crowded VALUES ('{writer}', {number})").collect()
            except Exception as error:
                errors.append(f"{writer}: {str(error)[:300]}")

    threads = [threading.Thread(target=target, args=(f"{target.__name__}-{number}",))
               for number in range(WRITERS) for target in (by_rest, by_connect)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    holds(checks, "writers at once", not errors, errors[:3])
    expected = rows(face.us, f"SELECT w AS writer, id AS n FROM (SELECT explode(array({writers()})) AS w) "
                             f"CROSS JOIN range({APPENDS})")
    checks.same("no row is lost and none is there twice", expected, lambda: rows(face.us, "SELECT * FROM ours.crowded"))


def writers() -> str:
    """The names of all writers, as SQL lists them."""
    return ", ".join(f"'{kind}-{number}'" for number in range(WRITERS) for kind in ("by_rest", "by_connect"))


# -- with a JVM ----------------------------------------------------------------------------------------------------------


def with_spark(face: Face, checks: Checks) -> None:
    """Real Spark through the face, as its default catalog `floe`."""
    server = Spark(python=Path(sys.executable), conf=with_our_catalog(face.uri, face.token))
    try:
        spark = SparkSession.builder.remote(server.address).create()
        for name in OURS:
            checks.same(f"Spark reads {name}", rows(face.us, f"SELECT * FROM ours.{name}"),
                        lambda: rows(spark, f"SELECT * FROM ours.{name}"))
        spark_writes(face.us, spark, checks)
        spark_changes(face.us, spark, checks)
        in_turn(face.us, spark, checks, "spark_catalog", "floe")
        spark.stop()
    finally:
        server.stop()


def spark_writes(us: SparkSession, spark: SparkSession, checks: Checks) -> None:
    """Tables Spark writes in every way it has, read by us."""
    spark.sql("CREATE SCHEMA theirs").collect()
    for name, statements in THEIRS.items():
        for statement in statements:
            spark.sql(statement.replace("$T", f"theirs.{name}")).collect()
        table = f"theirs.{name}"
        checks.same(f"we read Spark's {name}", rows(spark, f"SELECT * FROM {table}"), lambda: rows(us, f"SELECT * FROM {table}"))
        for query in shortcuts(table, spark.table(table).columns[0]):
            checks.same(f"we answer {query}", rows(spark, query), lambda: rows(us, query))


def spark_changes(us: SparkSession, spark: SparkSession, checks: Checks) -> None:
    """What else a catalog does, by Spark and seen by us, or the other way."""
    both = [(us, spark, "we", "Spark"), (spark, us, "Spark", "we")]
    for actor, other, who, whom in both:
        schema = f"s_{who.lower()}"
        actor.sql(f"CREATE SCHEMA {schema} COMMENT 'made'").collect()
        actor.sql(f"CREATE TABLE {schema}.a USING iceberg AS SELECT id, id % 3 AS part FROM range(9)").collect()
        actor.sql(f"CREATE OR REPLACE TABLE {schema}.a USING iceberg PARTITIONED BY (part) AS SELECT id, id % 2 AS part FROM range(7)").collect()
        checks.same(f"{whom} see a table that {who} replaced", rows(actor, f"SELECT * FROM {schema}.a"),
                    lambda: rows(other, f"SELECT * FROM {schema}.a"))
        checks.same(f"{whom} see its history", rows(actor, f"SELECT snapshot_id, operation FROM {schema}.a.snapshots"),
                    lambda: rows(other, f"SELECT snapshot_id, operation FROM {schema}.a.snapshots"))
        actor.sql(f"ALTER TABLE {schema}.a CREATE TAG before").collect()
        other.sql(f"DELETE FROM {schema}.a WHERE id > 2").collect()
        checks.same(f"{whom} read the tag of {who}", rows(actor, f"SELECT * FROM {schema}.a VERSION AS OF 'before'"),
                    lambda: rows(other, f"SELECT * FROM {schema}.a VERSION AS OF 'before'"))
        actor.sql(f"CREATE VIEW {schema}.v AS SELECT count(*) AS n FROM {schema}.a").collect()
        checks.same(f"{whom} read the view of {who}", rows(actor, f"SELECT * FROM {schema}.v"), lambda: rows(other, f"SELECT * FROM {schema}.v"))
        other.sql(f"CREATE OR REPLACE VIEW {schema}.v AS SELECT max(id) AS n FROM {schema}.a").collect()
        checks.same(f"{who} see it replaced", rows(other, f"SELECT * FROM {schema}.v"), lambda: rows(actor, f"SELECT * FROM {schema}.v"))
        actor.sql(f"ALTER TABLE {schema}.a RENAME TO {schema}.b").collect()
        checks.raises(f"{whom} do not find the old name", "TABLE_OR_VIEW_NOT_FOUND", lambda: rows(other, f"SELECT * FROM {schema}.a"))
        other.sql(f"DROP VIEW {schema}.v").collect()
        checks.raises(f"{who} do not find the dropped view", "TABLE_OR_VIEW_NOT_FOUND", lambda: rows(actor, f"SELECT * FROM {schema}.v"))
        checks.raises(f"{whom} may not drop a full schema", "SCHEMA_NOT_EMPTY|not empty", lambda: other.sql(f"DROP SCHEMA {schema}").collect())
        other.sql(f"DROP TABLE {schema}.b PURGE").collect()
        other.sql(f"DROP SCHEMA {schema}").collect()
        checks.raises(f"{who} do not find the schema", "SCHEMA_NOT_FOUND|does not exist|NOT_FOUND", lambda: actor.sql(f"SHOW TABLES IN {schema}").collect())


if __name__ == "__main__":
    main()
