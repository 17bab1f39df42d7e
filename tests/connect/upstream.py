"""What a client meets when some of its operations run here and some on a real Spark behind this server.

Usage: upstream.py BINARY [--client VERSION] [--only CHECK]…
Here: checks with a real Spark upstream, which this script starts, kills and starts again; what is expected is what the
same client gets from that Spark directly. Not here: where a query goes by its size
(`floe-route`'s own tests) and servers alone (`behaviour.py`). Each check names what went wrong; the last line is
`upstream: N/N`.
"""

import argparse
import contextlib
import functools
import logging
import os
import re
import signal
import socket
import sys
import tempfile
import threading
import time
import uuid
import warnings
from decimal import Decimal
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
sys.path.insert(0, str(HERE.parent / "real"))
sys.path.insert(0, str(HERE.parent / "iceberg"))
import clients
import dbt_build
import environment
from rest_server import RestServer
from spark import ICEBERG, Spark, free_port
from spark import REQUIREMENTS as SPARK_REQUIREMENTS
from suite import Suite
from with_server import Server

REQUIREMENTS = HERE.parent / "requirements-client-4.1.txt"
# Fewer operations than are forwarded in a session of this length were not alternated.
FORWARDED_LEAST = 20
# Spark 4.1.4 gives this size with a letter behind it, which clients from 4.2 on cannot read.
READABLE = {"spark.sql.session.localRelationSizeLimit": "3221225472"}
# Checks take the binary and what gives a running Spark, and return the parts that went wrong.
SUITE = Suite("upstream")


# A session of PySpark 4.0 that goes in the middle of another's request waits for itself for ever; these never go.
STOPPED: list = []


@contextlib.contextmanager
def client(address: str):
    """Give a session of a server, and stop it."""
    from pyspark.sql import SparkSession

    session = SparkSession.builder.remote(address).create()
    STOPPED.append(session)
    try:
        yield session
    finally:
        with contextlib.suppress(Exception):
            session.stop()


@contextlib.contextmanager
def behind(binary: str, spark: Spark, *flags: str):
    """Give a server of ours with this Spark behind it, and a session of it."""
    with Server(binary, "--data", ":memory:", "--spark", spark.address, *flags) as server, client(server.address) as session:
        yield session


def outcome(action) -> object:
    """Return what an action gives in a form that compares, or the condition and class of its error."""
    try:
        return plain(action())
    except Exception as error:
        # Clients before 4.0 know no condition, but it stands in the text.
        named = re.match(r"\[([A-Z_.]+)\]", str(error))
        condition = getattr(error, "getCondition", lambda: None)() or (named and named[1])
        return f"{type(error).__name__} {condition or str(error).splitlines()[0][:400]}"


def server_side_id(session) -> str | None:
    """Return the server's own id of a session; clients before 4.0 do not look at it."""
    return getattr(session.client, "_server_session_id", None)


def plain(value: object) -> object:
    """Return rows as tuples, sorted, and frames as rows."""
    if hasattr(value, "to_dict"):
        value = [tuple(row) for row in value.itertuples(index=False)]
    if isinstance(value, list):
        return sorted((tuple(row) if isinstance(row, tuple) else row for row in value), key=repr)
    return value


class Background:
    """An action in a thread of its own."""

    def __init__(self, action):
        self._ended = []
        self._worker = threading.Thread(target=lambda: self._ended.append(outcome(action)), daemon=True)
        self._worker.start()

    def outcome(self, seconds: float) -> object:
        """Wait so long for its end, and return its outcome; `None` when it still runs."""
        self._worker.join(seconds)
        return self._ended[0] if self._ended else None


def adder():
    """Return a function that only Spark can run: its argument and one."""
    from pyspark.sql.functions import udf

    return udf(lambda value: value + 1, "bigint")


def sleeper():
    """Return one that is still running whenever it is looked at."""
    from pyspark.sql.functions import udf

    return udf(lambda value: __import__("time").sleep(60) or value, "bigint")


def operations(spark) -> list:
    """Return the operations of one session, more than fifty, in order: a name and what does it."""
    import pandas as pd
    from pyspark.sql import functions as F
    from pyspark.sql.functions import pandas_udf, udf, udtf

    plus = adder()

    @pandas_udf("double")
    def half(values: pd.Series) -> pd.Series:
        return values / 2

    @udtf(returnType="word string, n int")
    class Words:
        def eval(self, text: str):
            for number, word in enumerate(text.split(" ")):
                yield word, number

    def doubled(batches):
        for batch in batches:
            batch["id"] = batch["id"] * 2
            yield batch

    def counted(group: pd.DataFrame) -> pd.DataFrame:
        return pd.DataFrame({"n": [len(group)], "most": [int(group["id"].max())]})

    streams = {}

    def stream_started():
        source = spark.readStream.format("rate").option("rowsPerSecond", 20).load()
        streams["rate"] = source.writeStream.format("memory").queryName("ticks").start()
        return streams["rate"].isActive

    def stream_has_rows():
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            if spark.sql("SELECT count(*) AS n FROM ticks").first().n > 0:
                return True
            time.sleep(0.5)
        return False

    def drop(name):
        return lambda: spark.catalog.dropTempView(name)

    def sql(text):
        return lambda: spark.sql(text).collect()

    return [
        ("a view here", lambda: spark.range(10).createOrReplaceTempView("v")),
        ("sql over it", sql("SELECT sum(id) AS s FROM v")),
        ("a function over it", lambda: spark.table("v").select(plus("id").alias("p")).collect()),
        ("the function's schema", lambda: spark.table("v").select(plus("id").alias("p")).schema.jsonValue()),
        ("sql again", sql("SELECT id % 3 AS k, count(*) AS n FROM v GROUP BY 1")),
        ("register", lambda: spark.udf.register("plus", plus) and None),
        ("the function in sql", sql("SELECT plus(id) AS p FROM v WHERE id > 5")),
        ("the zone", lambda: spark.conf.set("spark.sql.session.timeZone", "Asia/Tokyo")),
        ("the zone here", sql("SELECT date_format(timestamp_seconds(0), 'HH:mm') AS t")),
        ("the zone there", sql("SELECT plus(1) AS p, date_format(timestamp_seconds(0), 'HH:mm') AS t")),
        ("a view over the view", lambda: spark.sql("SELECT id * 10 AS id FROM v").createOrReplaceTempView("w")),
        ("the first view replaced", lambda: spark.range(3).createOrReplaceTempView("v")),
        ("the second view here", sql("SELECT sum(id) AS s FROM w")),
        ("the second view there", lambda: spark.table("w").select(plus("id").alias("p")).collect()),
        ("the first view there", lambda: spark.table("v").select(plus("id").alias("p")).collect()),
        ("a view by sql", sql("CREATE OR REPLACE TEMP VIEW x AS SELECT id, id > 1 AS big FROM v")),
        ("its rows there", sql("SELECT plus(id) AS p, big FROM x")),
        ("its rows here", sql("SELECT count(*) AS n FROM x WHERE big")),
        ("map in pandas", lambda: spark.table("v").mapInPandas(doubled, "id bigint").collect()),
        ("apply in pandas", lambda: spark.table("x").groupBy("big").applyInPandas(counted, "n int, most int").collect()),
        ("pandas function", lambda: spark.range(4).select(half("id").alias("h")).toPandas()),
        ("to pandas here", lambda: spark.table("x").toPandas()),
        ("a view of a function", lambda: spark.table("v").select(plus("id").alias("p")).createOrReplaceTempView("y")),
        ("sql over it, which is there", sql("SELECT sum(p) AS s FROM y")),
        ("joined with one here", sql("SELECT v.id, y.p FROM v JOIN y ON v.id = y.p")),
        ("its columns", lambda: spark.table("y").columns),
        ("ansi off", lambda: spark.conf.set("spark.sql.ansi.enabled", "false")),
        ("not ansi here", sql("SELECT CAST('a' AS INT) AS i")),
        ("not ansi there", sql("SELECT plus(1) AS p, CAST('a' AS INT) AS i")),
        ("ansi on", lambda: spark.conf.unset("spark.sql.ansi.enabled")),
        ("ansi here", sql("SELECT CAST('a' AS INT) AS i")),
        ("ansi there", sql("SELECT plus(1) AS p, CAST('a' AS INT) AS i")),
        ("a stream begins", stream_started),
        ("sql meanwhile", sql("SELECT max(id) AS m FROM range(100)")),
        ("it has rows", stream_has_rows),
        ("is it a stream", lambda: spark.readStream.format("rate").load().isStreaming),
        ("its status", lambda: streams["rate"].isActive),
        ("it ends", lambda: streams["rate"].stop()),
        ("it has ended", lambda: streams["rate"].isActive),
        ("a function that fails", lambda: spark.range(1).select(udf(lambda value: 1 // value, "int")("id")).collect()),
        ("no such table", lambda: spark.table("no_such_table").collect()),
        ("no such column", sql("SELECT nothing FROM v")),
        ("no sql", sql("SELEC 1")),
        ("a table function", lambda: Words(F.lit("a b c")).collect()),
        ("local data", lambda: spark.createDataFrame([(1, "a"), (2, None)], "n int, s string").createOrReplaceTempView("d")),
        ("local data there", lambda: spark.table("d").select(plus("n").alias("p"), "s").collect()),
        ("local data here", sql("SELECT s FROM d WHERE n = 1")),
        ("a variable", sql("DECLARE VARIABLE limit_of_mine DECIMAL(5,2) DEFAULT 1.5")),
        ("the variable there", sql("SELECT plus(1) AS p, limit_of_mine AS l")),
        ("a function of sql", sql("CREATE TEMPORARY FUNCTION twice(x INT) RETURNS INT RETURN x * 2")),
        ("used", sql("SELECT twice(21) AS t")),
        ("dropped", sql("DROP TEMPORARY FUNCTION twice")),
        ("the function is gone", sql("SELECT twice(21) AS t")),
        ("a frame kept there", lambda: spark.range(3).select(plus("id").alias("p")).localCheckpoint().collect()),
        ("a frame kept here", lambda: spark.range(3).localCheckpoint().select(plus("id").alias("p")).collect()),
        ("a view dropped", drop("x")),
        ("it is gone", sql("SELECT plus(id) AS p FROM x")),
        ("a pipe of both", lambda: spark.sql("SELECT id FROM v").select(plus("id").alias("p")).groupBy().sum("p").collect()),
    ]


@SUITE.check
def one_session_here_and_there(binary: str, real) -> list[str]:
    """More than fifty operations in a session that goes back and forth: each has the outcome it has on Spark directly."""
    wrong = []
    spark = real()
    with client(spark.address) as direct:
        expected = [(name, outcome(action)) for name, action in operations(direct)]
    with behind(binary, spark) as session:
        ids = set()
        for (name, action), (_, wanted) in zip(operations(session), expected, strict=True):
            found = outcome(action)
            ids.add(server_side_id(session))
            if found != wanted:
                wrong.append(f"{name}: {found}, and on Spark {wanted}")
        forwarded = session.sql("SELECT count(*) AS n FROM system.routes WHERE backend = 'spark'").first().n
        kept = session.sql("SELECT count(*) AS n FROM system.routes WHERE backend <> 'spark'").first().n
        if len(ids) != 1:
            wrong.append(f"the server-side session id changed: {ids}")
        if min(forwarded, kept) < FORWARDED_LEAST // 2 or forwarded < FORWARDED_LEAST:
            wrong.append(f"{forwarded} operations were forwarded and {kept} were not")
    return wrong


@SUITE.check
def tables_of_ours_go_along_or_are_named(binary: str, real) -> list[str]:
    """Small tables of the embedded catalog are sent along; a name that cannot be is in the refusal."""
    wrong = []
    with behind(binary, real()) as session:
        plus = adder()
        session.sql("CREATE TABLE ours AS SELECT id FROM range(3)")
        found = outcome(lambda: session.table("ours").select(plus("id")).collect())
        if found != [(1,), (2,), (3,)]:
            wrong.append(f"a small table: {found}")
        session.sql("INSERT INTO ours VALUES (10)")
        found = outcome(lambda: session.table("ours").select(plus("id")).collect())
        if found != plain([(1,), (2,), (3,), (11,)]):
            wrong.append(f"after a write: {found}")
        try:
            wrong.append(f"out of reach, and no error: {session.table('default.ours').select(plus('id')).collect()}")
        except Exception as error:
            if "ours" not in str(error) or "REST catalog" not in str(error):
                wrong.append(f"out of reach: {str(error)[:200]}")
        found = outcome(lambda: session.sql("SELECT count(*) AS n FROM ours").collect())
        if found != [(4,)]:
            wrong.append(f"the table afterwards: {found}")
    return wrong


@SUITE.check
def rows_of_spark_are_written_here(binary: str, real) -> list[str]:
    """Where Spark cannot reach a table, it runs the query and this server writes the rows; a query that fails writes none."""
    from pyspark.sql.functions import udf

    def broken(_):
        raise ValueError("on purpose")

    wrong = []
    with behind(binary, real()) as session:
        plus = adder()
        session.udf.register("plus", plus)
        session.udf.register("broken", udf(broken, "bigint"))
        session.sql("CREATE TABLE ours AS SELECT id FROM range(2)")
        one = session.range(1).select(plus("id").alias("id"))
        one.write.insertInto("ours")
        one.write.saveAsTable("saved")
        one.writeTo("default.written").create()
        one.write.mode("append").saveAsTable("default.saved")
        session.sql("INSERT INTO ours SELECT plus(id + 10) FROM ours WHERE id < 0 OR id = 1")
        session.sql("INSERT INTO default.ours SELECT plus(id) FROM ours WHERE id > 1000")
        texts = "array(CAST(plus(id) AS STRING))"
        session.sql(f"""CREATE TABLE typed PARTITIONED BY (k) AS SELECT {texts} a, CAST(plus(id) AS DECIMAL(9, 3)) d,
            TIMESTAMP '2024-05-06 07:08:09' t, CAST(id AS STRING) k FROM range(2)""")
        for action in [
            lambda: session.sql("INSERT INTO ours SELECT broken(id) FROM range(3)"),
            lambda: session.sql("CREATE TABLE never AS SELECT broken(id) AS id FROM range(3)"),
        ]:
            if "PythonException" not in str(found := outcome(action)):
                wrong.append(f"a query that fails: {found}")
        forwarded = lambda: session.sql("SELECT count(*) AS n FROM system.routes WHERE backend = 'spark'").first().n
        before = forwarded()
        session.sql("SET floe.route = spark")
        session.sql("INSERT INTO saved VALUES (7)")
        session.sql("SET floe.route = auto")
        if forwarded() == before:
            wrong.append("a wish for Spark was not met")
        for table, wanted in [
            ("ours", [(0,), (1,), (1,), (12,), (12,)]), ("saved", [(1,), (1,), (7,)]), ("written", [(1,)]),
            ("(SELECT a[0], d, CAST(t AS STRING), k FROM typed)", [
                ("1", Decimal("1.000"), "2024-05-06 07:08:09", "0"), ("2", Decimal("2.000"), "2024-05-06 07:08:09", "1")]),
        ]:
            if (found := outcome(lambda table=table: session.sql(f"SELECT * FROM {table}").collect())) != plain(wanted):
                wrong.append(f"{table}: {found}")
        if session.catalog.tableExists("never"):
            wrong.append("a table was made of rows that never came")
    return wrong


@SUITE.check
def functions_of_users_go_along(binary: str, real) -> list[str]:
    """A function whose body is SQL runs here and on Spark; one of Java's is kept here and made where it can run."""
    wrong = []
    with behind(binary, real()) as session:
        session.sql("CREATE FUNCTION times(x BIGINT, y BIGINT DEFAULT 10) RETURNS BIGINT RETURN x * y")
        session.sql("CREATE FUNCTION hive_upper AS 'org.apache.hadoop.hive.ql.udf.generic.GenericUDFUpper'")
        session.sql("CREATE FUNCTION missing AS 'com.example.Missing'")
        asked = "SELECT times(id) AS a, times(id, 2) AS b FROM range(2)"
        for text, wanted in [
            (asked, [(0, 0), (10, 2)]), (asked.replace("SELECT", "SELECT /*+ ROUTE(spark) */"), [(0, 0), (10, 2)]),
            # Of Hive's functions a Spark without Hive knows that it cannot call them.
            ("SELECT hive_upper('a') AS u", "AnalysisException NO_HANDLER_FOR_UDAF"),
            ("SELECT missing(1)", "AnalysisException CANNOT_LOAD_FUNCTION_CLASS"),
            ("SELECT /*+ ROUTE(spark) */ 1 AS one", [(1,)]),
        ]:
            if (found := outcome(lambda text=text: session.sql(text).collect())) != wanted:
                wrong.append(f"{text}: {found}")
        known = session.catalog.getFunction("missing")
        if (known.catalog, known.namespace, known.className) != ("spark_catalog", ["default"], "com.example.Missing"):
            wrong.append(f"told of: {known}")
    return wrong


@SUITE.check
def large_tables_become_files(binary: str, real) -> list[str]:
    """A table too large to be sent along is read by Spark from files, which are gone when the session is."""
    wrong = []
    with tempfile.TemporaryDirectory(prefix="large-") as data:
        with Server(binary, "--data", data, "--spark", real().address) as server, client(server.address) as session:
            plus = adder()
            session.sql("CREATE TABLE large AS SELECT id, CAST(id AS DECIMAL(20, 2)) AS d FROM range(4000000)")
            few = lambda: outcome(lambda: session.table("large").where("d % 1000000 = 0").select(plus("id"), "d").collect())
            wanted = plain([(id + 1, Decimal(f"{id}.00")) for id in range(0, 4000000, 1000000)])
            if (found := few()) != wanted:
                wrong.append(f"large: {found}")
            session.sql("INSERT INTO large VALUES (-1, 0)")
            if (found := few()) != plain([*wanted, (0, Decimal("0.00"))]):
                wrong.append(f"after a write: {found}")
            there = len(list(Path(data, "staging").glob("staged-*")))
            if there != 1:
                wrong.append(f"{there} folders of files")
        if left := list(Path(data, "staging").iterdir()):
            wrong.append(f"left behind: {left}")
    return wrong


@SUITE.check
def files_of_a_killed_server_are_removed(binary: str, real) -> list[str]:
    """What a killed server left for Spark goes when the next one starts; what a living one keeps stays."""
    wrong = []
    with tempfile.TemporaryDirectory(prefix="killed-") as data:
        there = lambda: len(list(Path(data, "staging").glob("staged-*")))
        with Server(binary, "--data", data, "--spark", real().address) as killed:
            with client(killed.address) as session:
                session.sql("CREATE TABLE large AS SELECT id, CAST(id AS DECIMAL(20, 2)) AS d FROM range(4000000)")
                found = outcome(lambda: session.table("large").where("id = 3").select(adder()("id")).collect())
                if found != [(4,)] or there() != 1:
                    wrong.append(f"{found}, {there()} folders of files")
                with Server(binary, "--data", data):
                    if there() != 1:
                        wrong.append(f"{there()} folders after another server started")
                killed.process.kill()
                killed.process.wait()
                # Else the client asks a server that is gone for minutes.
                session.client._channel.close()
        if there() != 1:
            wrong.append(f"{there()} folders after the kill, so that nothing is seen here")
        with Server(binary, "--data", data):
            if there():
                wrong.append(f"{there()} folders are left")
    return wrong


@SUITE.check
def both_write_one_catalog(binary: str, _) -> list[str]:
    """A Spark of our own and this server read and write the same tables of a REST catalog, under the same names."""
    with RestServer() as rest, tempfile.TemporaryDirectory(prefix="both-") as folder:
        config = Path(folder, "floe.toml")
        config.write_text(f'''[spark.sql.catalog.lake]\ntype = "rest"\nuri = "{rest.uri}"\ncredential = "root:s3cr3t"\n''')
        with with_a_spark_of_its_own(binary, "--config", str(config)) as session:
            return written_by_both(session, "lake.both")


@SUITE.check
def both_write_our_own_catalog(binary: str, _) -> list[str]:
    """The same with the embedded catalog, which the REST face offers to the Spark: no name says where a table stands."""
    with with_a_spark_of_its_own(binary, "--rest", "0") as session:
        wrong = written_by_both(session, "both")
        session.sql("SET floe.route = spark")
        session.sql("INSERT INTO both.here VALUES (7)")
        session.sql("CREATE TABLE both.made AS SELECT id FROM both.here WHERE id > 2")
        # To that Spark the catalog is called `floe`; the session's name for it is asked for.
        found = outcome(lambda: session.sql("SELECT current_catalog() AS c").collect())
        if found != [("spark_catalog",)]:
            wrong.append(f"the session's catalog is called {found}")
        session.sql("SET floe.route = auto")
        found = outcome(lambda: session.table("both.made").collect())
        if found != [(3,), (7,)]:
            wrong.append(f"made by Spark: {found}")
    return wrong


def own_spark(binary: str, *flags: str) -> Server:
    """Return a server of ours that starts its Spark itself."""
    python = environment.ensure(SPARK_REQUIREMENTS)
    local = ["--spark", "local", "--spark-python", str(python), "--spark-jars", str(environment.jar(ICEBERG))]
    return Server(binary, "--data", ":memory:", *local, *flags)


@contextlib.contextmanager
def with_a_spark_of_its_own(binary: str, *flags: str):
    """Give a session of such a server."""
    with own_spark(binary, *flags) as server, client(server.address) as session:
        yield session


def written_by_both(session, schema: str) -> list[str]:
    """Write tables of a new schema here and on the Spark, and return what was not found afterwards."""
    wrong = []
    plus = adder()
    session.sql(f"CREATE SCHEMA {schema}")
    session.sql(f"CREATE TABLE {schema}.here AS SELECT id FROM range(3)")
    session.table(f"{schema}.here").select(plus("id").alias("id")).write.saveAsTable(f"{schema}.there")
    session.table(f"{schema}.here").select(plus("id").alias("id")).write.insertInto(f"{schema}.here")
    for name, wanted in [("here", [0, 1, 1, 2, 2, 3]), ("there", [1, 2, 3])]:
        found = outcome(lambda name=name: session.table(f"{schema}.{name}").collect())
        if found != plain([(id,) for id in wanted]):
            wrong.append(f"{name}: {found}")
    session.sql(f"USE {schema}")
    found = outcome(lambda: session.table("there").select(plus("id")).collect())
    if found != [(2,), (3,), (4,)]:
        wrong.append(f"by its bare name: {found}")
    there = session.sql("SELECT count(*) AS n FROM system.routes WHERE backend = 'spark'").first().n
    if there < 3:
        wrong.append(f"{there} operations were forwarded")
    return wrong


@SUITE.check
def an_interrupt_reaches_spark(binary: str, real) -> list[str]:
    """Interrupt a function that sleeps on Spark: the client hears of it soon, and Spark is free again."""
    wrong = []
    with behind(binary, real()) as session:
        sleeps, plus = sleeper(), adder()
        query = Background(lambda: session.range(4).select(sleeps("id")).collect())
        time.sleep(5)
        begun = time.monotonic()
        if len(session.interruptAll()) != 1:
            wrong.append("nothing was interrupted")
        told = query.outcome(5)
        if "OPERATION_CANCELED" not in str(told):
            wrong.append(f"the client was told {told}")
        found = outcome(lambda: session.range(2).select(plus("id")).collect())
        if found != [(1,), (2,)] or time.monotonic() - begun > 20:
            wrong.append(f"Spark is not free: {found} after {time.monotonic() - begun:.0f} s")
    return wrong


def kill(spark: Spark) -> None:
    """End a Spark as a lost machine does."""
    os.kill(spark.pid, signal.SIGKILL)
    spark.process.wait()


@SUITE.check
def spark_dies_and_comes_back(binary: str, _) -> list[str]:
    """Kill Spark idle, in a query and in a write; start it again: state is there, and what is not known is said."""
    wrong = []
    port = free_port()
    first = Spark(port=port, catalog="builtin")
    with behind(binary, first) as session:
        sleeps = sleeper()
        session.range(3).createOrReplaceTempView("v")
        session.udf.register("plus", adder())
        session.conf.set("spark.sql.session.timeZone", "Asia/Tokyo")
        check_state = lambda: outcome(lambda: session.sql("SELECT plus(id) AS p, current_timezone() AS z FROM v").collect())
        wanted = [(1, "Asia/Tokyo"), (2, "Asia/Tokyo"), (3, "Asia/Tokyo")]
        if (found := check_state()) != wanted:
            wrong.append(f"before: {found}")
        before = server_side_id(session)

        kill(first)
        found = outcome(lambda: session.sql("SELECT count(*) AS n FROM v").collect())
        if found != [(3,)]:
            wrong.append(f"here, while Spark is away: {found}")
        begun = time.monotonic()
        found = check_state()
        if "cannot be reached" not in str(found) and "UNRESOLVED_ROUTINE" not in str(found):
            wrong.append(f"there, while Spark is away: {found}")
        if time.monotonic() - begun > 30:
            wrong.append(f"that was said after {time.monotonic() - begun:.0f} s")
        second = Spark(port=port, catalog="builtin")
        time.sleep(4)
        if (found := check_state()) != wanted:
            wrong.append(f"killed idle, and back: {found}")

        query = Background(lambda: session.range(4).select(sleeps("id")).collect())
        time.sleep(6)
        kill(second)
        found = outcome(lambda: session.sql("SELECT count(*) AS n FROM v").collect())
        if found != [(3,)]:
            wrong.append(f"here, while Spark is away: {found}")
        told = query.outcome(60)
        if "run it again" not in str(told):
            wrong.append(f"killed in a query: {told}")

        third = Spark(port=port, catalog="builtin")
        time.sleep(4)
        if (found := check_state()) != wanted:
            wrong.append(f"back again: {found}")
        write = Background(lambda: session.range(4).select(sleeps("id").alias("id")).write.parquet(f"{third.folder}/written"))
        time.sleep(6)
        kill(third)
        told = write.outcome(60)
        if "unknown" not in str(told):
            wrong.append(f"killed in a write: {told}")
        if server_side_id(session) != before:
            wrong.append("the server-side session id changed")
    return wrong


def forgetful(seconds: int) -> Spark:
    """Start a Spark that ends sessions which nobody called for so long, whatever runs in them."""
    manager = "spark.connect.session.manager"
    conf = {f"{manager}.defaultSessionTimeout": f"{seconds}s", f"{manager}.maintenanceInterval": "1s"}
    return Spark(catalog="builtin", conf=READABLE | conf, master="local[2]")


@SUITE.check
def a_session_that_expired_is_made_again(binary: str, _) -> list[str]:
    """Spark forgets a session that nobody used for a while; the next operation finds everything as it was."""
    wrong = []
    # Long enough for the first Python worker of a busy machine.
    spark = forgetful(20)
    with behind(binary, spark) as session:
        session.range(3).createOrReplaceTempView("v")
        session.udf.register("plus", adder())
        session.conf.set("spark.sql.session.timeZone", "Asia/Tokyo")
        before = server_side_id(session)
        asked = lambda: outcome(lambda: session.sql("SELECT plus(id) AS p, current_timezone() AS z FROM v").collect())
        wanted = [(1, "Asia/Tokyo"), (2, "Asia/Tokyo"), (3, "Asia/Tokyo")]
        if (found := asked()) != wanted:
            wrong.append(f"before: {found}")
        time.sleep(25)
        if "ended" not in (told := ended_sessions(spark)):
            wrong.append(f"Spark has not ended the session: {told}")
        if (found := asked()) != wanted:
            wrong.append(f"afterwards: {found}")
        if server_side_id(session) != before:
            wrong.append("the server-side session id changed")
    spark.stop()
    return wrong


def ended_sessions(spark: Spark) -> str:
    """Return `ended` and how many, when Spark's log tells of sessions that expired."""
    count = len(re.findall(r"Found session .* that expired", spark.log.read_text(errors="replace")))
    return f"ended {count}" if count else "none"


@SUITE.check
def a_session_that_expires_in_an_operation(binary: str, _) -> list[str]:
    """Spark ends a session with what runs in it: a query runs once more or is told soon, of a write nothing is known."""
    from pyspark.sql.functions import udf

    wrong = []
    # The second run has as long, a Python worker's start included.
    spark = forgetful(12)
    with behind(binary, spark) as session, tempfile.TemporaryDirectory(prefix="expires-") as folder:

        def once(value):
            """Sleep where nobody did before."""
            import pathlib
            import time

            mark = pathlib.Path(folder, "slept")
            if not mark.exists():
                mark.touch()
                time.sleep(30)
            return value

        slow = udf(once, "bigint")
        sleeps = sleeper()
        for name, action, wanted in [
            ("a query that is quick the second time", lambda: session.range(1).select(slow("id")).collect(), "[(0,)]"),
            ("a query that is slow each time", lambda: session.range(1).select(sleeps("id")).collect(), "run it again"),
            ("a write", lambda: session.range(1).select(sleeps("id").alias("id")).write.parquet(f"{folder}/out"), "unknown"),
        ]:
            begun = time.monotonic()
            told = Background(action).outcome(90)
            if wanted not in str(told):
                wrong.append(f"{name}: {told} after {time.monotonic() - begun:.0f} s")
    spark.stop()
    return wrong


@SUITE.check
def cheap_calls_call_nobody(binary: str, _) -> list[str]:
    """Versions, settings, types, an interpreter that ends: none of it opens a connection to Spark."""
    calls = []
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0.2)
        over = threading.Event()

        def listen():
            while not over.is_set():
                with contextlib.suppress(TimeoutError):
                    calls.append(listener.accept())

        worker = threading.Thread(target=listen)
        worker.start()
        address = f"sc://127.0.0.1:{listener.getsockname()[1]}"
        with Server(binary, "--data", ":memory:", "--spark", address) as server, client(server.address) as session:
            session.version
            session.conf.set("spark.sql.ansi.enabled", "false")
            session.conf.get("spark.sql.session.timeZone")
            session.createDataFrame([(1,)], "n int").createOrReplaceTempView("v")
            session.sql("SELECT * FROM v").collect()
            session.interruptAll()
            session.client._cleanup_ml_cache() if hasattr(session.client, "_cleanup_ml_cache") else None
        over.set()
        worker.join()
    return [f"{len(calls)} connections"] if calls else []


@SUITE.check
def size_decides_and_a_wish_counts_more(binary: str, real) -> list[str]:
    """A tenth under the limit stays, a tenth over it goes, as EXPLAIN ROUTE said; a hint, a tag and a setting win."""
    wrong = []
    with behind(binary, real()) as session:
        session.sql("CREATE TABLE sized AS SELECT id, id * 2 AS two FROM range(50000)")
        size = session.sql("SELECT sum(file_size_in_bytes) AS n FROM default.sized.files").first().n
        query = "SELECT sum(id) AS s, sum(two) AS t FROM sized"
        wanted = [(1249975000, 2499950000)]

        def where(text: str) -> tuple:
            """Return where it is said to go, its outcome, and where it went."""
            said = next(row.backend for row in session.sql(f"EXPLAIN ROUTE {text}").collect() if row.chosen)
            found = outcome(lambda: session.sql(text).collect())
            # The question itself is for this server, wherever others go.
            last = "SELECT /*+ ROUTE(datafusion) */ max_by(backend, time) AS b FROM system.routes"
            last += " WHERE tables LIKE '%sized%' OR backend = 'spark'"
            return said == "spark", found, session.sql(last).first().b == "spark"

        for share, is_away in [(1.1, False), (0.9, True)]:
            session.conf.set("floe.local.maxBytes", str(int(size * share)))
            if (found := where(query)) != (is_away, wanted, is_away):
                wrong.append(f"a limit of {share} of the size: {found}")
        hinted = query.replace("SELECT", "SELECT /*+ ROUTE(datafusion) */", 1)
        if (found := where(hinted)) != (False, wanted, False):
            wrong.append(f"a hint against the size: {found}")
        session.conf.set("floe.local.maxBytes", str(size * 2))
        session.conf.set("floe.route", "spark")
        if (found := where(query))[1:] != (wanted, True):
            wrong.append(f"a setting against the size: {found}")
        session.conf.set("floe.route", "auto")
        # Clients before 4.0 have tags too, only on Connect.
        session.addTag("floe:route=spark")
        found = outcome(lambda: session.sql(query).collect())
        session.clearTags()
        last = session.sql("SELECT max_by(backend, time) AS b FROM system.routes WHERE reason LIKE '%tag%'").first().b
        if (found, last) != (wanted, "spark"):
            wrong.append(f"a tag against the size: {found} on {last}")
    return wrong


@SUITE.check
def dbt_builds_twice(binary: str, real) -> list[str]:
    """An unmodified dbt-spark on this client, told by SPARK_REMOTE alone: green twice, and the second changes nothing."""
    wrong = []
    version = next((version for version, file in clients.REQUIREMENTS.items()
                    if environment.ensure(file).parent.parent == Path(sys.prefix)), None)
    with Server(binary, "--data", ":memory:", "--spark", real().address) as server:
        built = []
        for _ in range(2):
            if problem := dbt_build.build(server.address, dbt_build.JAFFLE, {"as_of": "2026-03-02"}, version=version):
                return [problem]
            with client(server.address) as session:
                built.append([outcome(lambda name=name: session.table(f"jaffle.{name}").collect())
                              for name in ["fct_orders", "kiosk_days", "menu_ranking", "menu_history"]])
        if built[0] != built[1] or not all(isinstance(rows, list) and rows for rows in built[0]):
            wrong.append(f"{built}"[:500])
    return wrong


def text_field(number: int, value: str) -> bytes:
    """Return an encoded field, which the oldest client's messages need not know."""
    key = number << 3 | 2
    encoded = bytes([key]) if key < 0x80 else bytes([key & 0x7F | 0x80, key >> 7])
    return encoded + bytes([len(value)]) + value.encode()


@SUITE.check
def what_is_unknown_arrives(binary: str, _) -> list[str]:
    """Fields that this server does not know reach Spark as they were sent."""
    import grpc
    from pyspark.sql.connect.proto import base_pb2 as base
    from pyspark.sql.connect.proto import relations_pb2 as relations

    received = []

    class Recorder(grpc.GenericRpcHandler):
        def service(self, details):
            name = details.method.rsplit("/", 1)[1]
            if name == "ExecutePlan":
                return grpc.unary_stream_rpc_method_handler(self.execute)
            return grpc.unary_unary_rpc_method_handler(self.config if name == "Config" else lambda request, _: b"")

        def config(self, request, _):
            session = base.ConfigRequest.FromString(request).session_id
            return base.ConfigResponse(session_id=session).SerializeToString() + text_field(4, "theirs")

        def execute(self, request, _):
            received.append(request)
            yield base.ExecutePlanResponse(session_id="x", response_id="r").SerializeToString() + text_field(15, "theirs")

    from concurrent import futures

    upstream = grpc.server(futures.ThreadPoolExecutor(2), handlers=[Recorder()])
    port = upstream.add_insecure_port("127.0.0.1:0")
    upstream.start()
    wrong = []
    session_id = str(uuid.uuid4())
    relation = relations.Relation()
    relation.map_partitions.input.range.end = 3
    request = base.ExecutePlanRequest(session_id=session_id)
    request.plan.root.CopyFrom(relation)
    unknown = text_field(900, "floe!")
    with Server(binary, "--data", ":memory:", "--spark", f"sc://127.0.0.1:{port}") as server:
        channel = grpc.insecure_channel(server.address.removeprefix("sc://"))
        call = channel.unary_stream("/spark.connect.SparkConnectService/ExecutePlan")
        answers = [base.ExecutePlanResponse.FromString(answer) for answer in call(request.SerializeToString() + unknown)]
        channel.close()
    upstream.stop(None)
    if len(received) != 1 or unknown not in received[0]:
        wrong.append(f"{len(received)} requests arrived, with the field: {[unknown in one for one in received]}")
    else:
        there = base.ExecutePlanRequest.FromString(received[0])
        if there.plan != request.plan or there.session_id == session_id:
            wrong.append("the plan or the session is not as it should be")
    if [answer.session_id for answer in answers] != [session_id] or getattr(answers[0], "server_side_session_id", "") == "theirs":
        wrong.append(f"the answer's ids: {answers}")
    return wrong


def main() -> None:
    """Run every check, or those named, with one Spark for all that do not kill it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("binary")
    parser.add_argument("--client", choices=[*clients.REQUIREMENTS], help="this version of PySpark asks")
    parser.add_argument("--only", action="append", choices=SUITE.names(), help="only this check")
    arguments = parser.parse_args()
    environment.enter(clients.REQUIREMENTS[arguments.client] if arguments.client else REQUIREMENTS)
    warnings.simplefilter("ignore")
    logging.disable(logging.CRITICAL)
    real = functools.cache(lambda: Spark(catalog="builtin", conf=READABLE))
    all_good = SUITE.run(lambda check: check(arguments.binary, real), arguments.only or ())
    sys.exit(not all_good)


if __name__ == "__main__":
    main()
