"""DuckDB inside the server: Iceberg tables whose columns changed, copies of files, work that outgrows its memory or is interrupted.

Usage: engine.py BINARY [--rows N]. Here: what shows only from outside, on a server of its own: which way a table's rows came
(EXPLAIN), what is spilled and where, how long an interrupt takes, what is left on disk. Not here: answers (the truth corpus,
run on DuckDB), DuckDB's own files (`warehouse.py`). Last line: `duckdb-engine: N/M`.
"""

import argparse
import os
import shutil
import sys
import tempfile
import threading
import time
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TESTS), str(TESTS / "iceberg"), str(TESTS / "connect")]
import environment

environment.enter(TESTS / "iceberg" / "requirements-iceberg.txt")

import duckdb
from behaviour import CANCEL_SECONDS_MAX, is_idle, megabytes, outcome
from checks import Checks, rows
from pyspark.sql import SparkSession
from with_server import Server

MEMORY = "512MB"
# What the process may hold beside the memory of its queries.
BESIDE_MB = 700

# Each holds more than DuckDB's share of the memory, in another operator.
LARGE = {
    "sort": "SELECT count(*), sum(r % 7), min(s), max(s) FROM (SELECT s, row_number() OVER (ORDER BY s, k) AS r FROM {facts})",
    "aggregate": "SELECT count(*), sum(n), max(m) FROM (SELECT s, count(*) AS n, max(k) AS m FROM {facts} GROUP BY s)",
    "join": "SELECT count(*), sum(a.k % 11), max(b.s) FROM {facts} a JOIN {facts} b ON a.s = b.s AND a.k = b.k",
}

# Each would run for minutes.
LONG = {
    "cross join": "SELECT count(*) FROM {facts} a CROSS JOIN {facts} b WHERE (a.k + b.k) % 7 = 3",
    "called back": "SELECT max(length(regexp_replace(repeat(a.s, 100), '[0-4]+', 'x'))) FROM {facts} a CROSS JOIN {small} b",
    "streamed rows": "SELECT count(*), sum(a.id + b.id) FROM range(100000000) a CROSS JOIN range(100000) b",
    "sort": "SELECT max(r) FROM (SELECT row_number() OVER (ORDER BY a.s, b.k) AS r FROM {facts} a CROSS JOIN {small} b)",
}


def main() -> None:
    """Run every check and say how many held."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("binary", type=Path)
    parser.add_argument("--rows", type=int, default=10_000_000)
    arguments = parser.parse_args()
    checks = Checks()
    folder = Path(tempfile.mkdtemp(prefix="floe-duckdb-engine-"))
    try:
        tables = data(folder, arguments.rows)
        temporary, spill = folder / "tmp", folder / "spill"
        temporary.mkdir()
        os.environ["TMPDIR"] = str(temporary)
        flags = ("--data", ":memory:", "--memory-limit", MEMORY, "--spill-dir", str(spill), "--copy-limit", "0")
        with Server(arguments.binary, *flags) as server:
            us = SparkSession.builder.remote(server.address).config("floe.route", "duckdb").create()
            us.conf.set("floe.route", "duckdb")
            columns_change(us, checks)
            is_written_once(us, tables, checks)
            are_remainders(us, tables, checks)
            outgrows_its_memory(us, server.process.pid, spill, tables, checks)
            is_interrupted(us, server.process.pid, tables, checks)
            us.stop()
        is_asked_for(arguments.binary, folder, checks)
        are_copied(arguments.binary, folder, spill, checks)
        left = lambda: [str(sorted(file for _, _, files in os.walk(place) for file in files)) for place in (temporary, spill)]  # noqa: E731
        checks.same("a server in memory leaves no file", ["[]", "[]"], left)
        checks.same("nor a folder of its own", ["[]"], lambda: [str(os.listdir(temporary) + os.listdir(spill))])
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    print(f"duckdb-engine: {checks.held}/{checks.made}")
    sys.exit(checks.held != checks.made)


# The model's name is dbt's query comment's; the second rule asks for what this server does not have.
RULES = """
[[route]]
model = "big_*"
backend = "duckdb"

[[route]]
tag = "far"
backend = "spark"
"""
MODEL = '/* {"app": "dbt", "node_id": "model.shop.big_orders"} */ SELECT 1'


def is_asked_for(binary: Path, folder: Path, checks: Checks) -> None:
    """Each way to ask for a route is honoured, the stronger before the weaker, and what cannot be is refused."""
    file = folder / "floe.toml"
    file.write_text(RULES)
    with Server(binary, "--data", ":memory:", "--config", str(file)) as server:
        us = SparkSession.builder.remote(server.address).create()
        checks.same("nobody asks", ["datafusion"], lambda: [route(us, "SELECT 1")[0]])
        checks.same("a rule for a model", ["duckdb", "asked for by route 1 of floe.toml"], lambda: route(us, MODEL))
        us.addTag("far")
        checks.raises("a rule that cannot be met", r"route 2 of floe\.toml.*--spark", lambda: us.sql("SELECT 1").collect())
        us.clearTags()
        there = SparkSession.builder.remote(f"{server.address}/;x-floe-route=duckdb").create()
        checks.same("the address", ["duckdb", "asked for by x-floe-route in the address"], lambda: route(there, "SELECT 1"))
        there.conf.set("floe.route", "datafusion")
        checks.same("the session", ["datafusion", "asked for by conf floe.route"], lambda: route(there, "SELECT 1"))
        hinted = "SELECT /*+ ROUTE(duckdb) */ 1"
        checks.same("a hint", ["duckdb", "asked for by hint"], lambda: route(there, hinted))
        there.addTag("floe:route=datafusion")
        checks.same("a tag", ["datafusion", "asked for by tag"], lambda: route(there, hinted))
        there.stop()
        us.stop()
    with Server(binary, "--data", ":memory:", "--route", "duckdb") as server:
        us = SparkSession.builder.remote(server.address).create()
        checks.same("the server", ["duckdb", "asked for by setting route"], lambda: route(us, "SELECT 1"))
        us.stop()


def route(us: SparkSession, query: str) -> list[str]:
    """Where a query ran and who asked, as the server's log of routes has it."""
    us.sql(query).collect()
    tags = us.getTags()
    us.clearTags()
    told = us.sql("SELECT backend, reason FROM system.routes ORDER BY time").collect()[-1]
    for tag in tags:
        us.addTag(tag)
    return [told.backend, told.reason.split(";")[0]]


def data(folder: Path, count: int) -> dict[str, str]:
    """Parquet files, as tables by path."""
    paths = {"facts": folder / "facts.parquet", "small": folder / "small.parquet"}
    with duckdb.connect() as theirs:
        make = "COPY (SELECT (hash(range) & 1099511627775)::BIGINT AS k, md5(range::VARCHAR) AS s FROM range({count})) TO '{path}'"
        theirs.execute(make.format(count=count, path=paths["facts"]))
        theirs.execute(make.format(count=1000, path=paths["small"]))
    return {name: f"parquet.`{path}`" for name, path in paths.items()}


def way(us: SparkSession, query: str) -> str:
    """How a query's table comes to DuckDB: its files, a copy of them, or a stream."""
    text = us.sql(f"EXPLAIN {query}").collect()[0][0]
    if "floe_copies" in text:
        return "copy"
    return "files" if "read_parquet(" in text else "stream" if "floe_rows(" in text else text[:300]


def columns_change(us: SparkSession, checks: Checks) -> None:
    """Columns are found by id; nested ones come as a stream once their members have changed, and the rows stay right."""
    us.sql("""CREATE TABLE changing (a INT, f FLOAT, d DECIMAL(6, 2), gone STRING, s STRUCT<x: INT, y: STRING>,
              l ARRAY<STRUCT<x: INT>>, m MAP<STRING, STRUCT<x: INT>>)""")
    us.sql("""INSERT INTO changing VALUES (1, 0.5, 1.25, 'gone', named_struct('x', 1, 'y', 'one'),
              array(named_struct('x', 2)), map('k', named_struct('x', 3)))""")
    everything = "SELECT * FROM changing"
    checks.same("nested columns that never changed are read as files", ["files"], lambda: [way(us, everything)])
    both(us, everything, checks)
    for change in ("ALTER TABLE changing RENAME COLUMN a TO b", "ALTER TABLE changing DROP COLUMN gone",
                   "ALTER TABLE changing ALTER COLUMN b TYPE BIGINT", "ALTER TABLE changing ALTER COLUMN f TYPE DOUBLE",
                   "ALTER TABLE changing ALTER COLUMN d TYPE DECIMAL(12, 2)", "ALTER TABLE changing ADD COLUMN gone INT",
                   "ALTER TABLE changing ADD COLUMN a STRING FIRST"):
        us.sql(change)
        checks.same(f"{change}: read as files", ["files"], lambda: [way(us, everything)])
        both(us, everything, checks)
    us.sql("""INSERT INTO changing VALUES ('new', 5000000000, 0.25, 12345.67, named_struct('x', 4, 'y', 'four'), NULL,
              map('n', NULL), 7)""")
    both(us, everything, checks)
    for change in ("ALTER TABLE changing RENAME COLUMN s.x TO z", "ALTER TABLE changing ADD COLUMN s.x STRING",
                   "ALTER TABLE changing ALTER COLUMN l.element.x TYPE BIGINT", "ALTER TABLE changing DROP COLUMN s.y",
                   "ALTER TABLE changing ADD COLUMN m.value.y STRING"):
        us.sql(change)
        checks.same(f"{change}: read as a stream", ["stream"], lambda: [way(us, everything)])
        both(us, everything, checks)
    us.sql("""INSERT INTO changing VALUES ('last', 1, 1, 1, named_struct('z', 8, 'x', 'eight'), array(named_struct('x', 9)),
              map('l', named_struct('x', 10, 'y', 'ten')), 8)""")
    both(us, everything, checks)


# What is grouped is worth a name; of a join the conditions may stand above it, others in each place.
TWICE = {
    "groups": ("WITH g AS (SELECT s, sum(k) AS n FROM {small} GROUP BY s) "
               "SELECT count(*), min(b.n) FROM g a JOIN g b ON a.s = b.s AND a.n <= b.n", "once"),
    "groups of groups": ("WITH g AS (SELECT k % 10 AS d, count(*) AS n FROM {small} GROUP BY 1), h AS (SELECT n, count(*) AS m FROM g GROUP BY n) "
                         "SELECT x.n, x.m, z.d FROM h x JOIN h y USING (n) JOIN g z ON z.n = y.n", "once"),
    "groups of other rows": ("SELECT * FROM (SELECT count(*) AS n FROM {small} WHERE k > 5) a JOIN (SELECT count(*) AS n FROM {small} WHERE k > 6) b "
                             "ON a.n >= b.n", "twice"),
    "a join": ("WITH j AS (SELECT a.k, b.s FROM {small} a JOIN {small} b ON a.s = b.s) "
               "SELECT count(*) FROM j a JOIN j b ON a.k = b.k WHERE a.k > 7", "twice"),
}


def is_written_once(us: SparkSession, tables: dict[str, str], checks: Checks) -> None:
    """What a query has twice DuckDB is told once, where that spares work."""
    for name, (query, expected) in TWICE.items():
        query = query.format(**tables)
        both(us, query, checks)
        told = lambda: ["once" if 'WITH "part0" AS (' in us.sql(f"EXPLAIN {query}").collect()[0][0] else "twice"]  # noqa: B023, E731
        checks.same(f"{name}: told {expected}", [expected], told)


# Keys of groups, the table they are of, and the type in which DuckDB is told to keep them; `None`: their own.
REMAINDERS = [
    ("k % 1000", "facts", "SMALLINT"),
    ("(k - 549755813888) % 32768", "facts", "SMALLINT"),
    ("(k - 549755813888) % 32769", "facts", None),
    ("k % -128", "facts", "TINYINT"),
    ("(k + 0.5D) % 100", "facts", None),
    ("(k * 0.1BD) % 100", "facts", None),
    ("k % 1000", "small", None),
]


def are_remainders(us: SparkSession, tables: dict[str, str], checks: Checks) -> None:
    """Groups by a remainder are right, and kept in as little as they can be where that pays."""
    for key, table, kept in REMAINDERS:
        query = f"SELECT {key} AS g, count(*), min(s), max(s) FROM {tables[table]} GROUP BY {key} ORDER BY g"
        both(us, query, checks)
        text = us.sql(f"EXPLAIN {query}").collect()[0][0]
        found = next((name for name in ("TINYINT", "SMALLINT") if f" AS {name}) AS " in text), None)
        checks.same(f"{key} of {table}: kept as {kept or 'it is'}", [str(kept)], lambda found=found: [str(found)])


# Values that a copy could lose, in a type of each kind.
VALUES = """SELECT i AS k, CASE i % 5 WHEN 0 THEN -0.0 WHEN 1 THEN 'nan'::DOUBLE WHEN 2 THEN 'infinity'::DOUBLE WHEN 3 THEN 1e-310 END AS d,
    (i * 0.1)::FLOAT AS f, (i * 123456789012)::DECIMAL(38, 3) AS w, (i / 7)::DECIMAL(9, 2) AS n, DATE '0001-01-01' + i::INTEGER AS day,
    TIMESTAMP '1883-11-18 12:03:58' + to_microseconds(i * 999999937) AS t, TIMESTAMPTZ '1969-12-31 23:59:59+00' + to_seconds(i) AS z,
    CASE i % 3 WHEN 0 THEN '' WHEN 1 THEN 'Ä' || chr(0) || i END AS s, encode(md5(i::VARCHAR)) AS b, i % 2 = 0 AS is_even,
    {'x': i, 'y': CASE WHEN i % 4 > 0 THEN 'y' END} AS r, CASE WHEN i % 3 > 0 THEN range(i % 6) END AS l, MAP {i: i::VARCHAR} AS m
    FROM range(from, until) AS numbers(i)"""
# A query that reads all of it, and one that leaves it sorted by something else than where its rows are.
READING = ("SELECT * FROM {table} ORDER BY k", "SELECT s, count(*), min(d), max(w), sum(n), min(day), max(z) FROM {table} GROUP BY s ORDER BY s LIMIT 50")
COPIED_SECONDS_MAX = 30


def are_copied(binary: Path, folder: Path, spill: Path, checks: Checks) -> None:
    """What is read again and again is copied; rows stay right, also of what is written anew, and copies stay in their room."""
    flags = ("--data", ":memory:", "--route", "duckdb", "--spill-dir", str(spill))
    with Server(binary, *flags) as server, duckdb.connect() as theirs:
        us = SparkSession.builder.remote(server.address).create()
        path = folder / "read.parquet"
        files, iceberg = f"parquet.`{path}`", "read_often"
        write = lambda start, end: theirs.execute(f"COPY ({values(start, end)}) TO '{path}'")  # noqa: E731
        write(0, 20_000)
        us.sql(f"CREATE TABLE {iceberg} AS SELECT * FROM {files}")
        for table in (files, iceberg):
            is_copied(us, table, checks)
        write(5, 20_005)
        checks.same("files that were written anew are read", ["files"], lambda: [way(us, READING[0].format(table=files))])
        is_copied(us, files, checks)
        us.sql(f"INSERT INTO {iceberg} SELECT * FROM {files} WHERE k > 20000")
        checks.same("a table that was written to is read", ["files"], lambda: [way(us, READING[0].format(table=iceberg))])
        is_copied(us, iceberg, checks)
        us.stop()
    with Server(binary, *flags, "--copy-limit", "3MB") as server:
        us = SparkSession.builder.remote(server.address).create()
        for start in (0, 1, 2, 3):
            path = folder / f"read{start}.parquet"
            duckdb.sql(f"COPY ({values(start, 20_000)}) TO '{path}'")
            is_copied(us, f"parquet.`{path}`", checks)
        taken = size(spill)
        checks.same(f"copies stay in their room ({taken} bytes)", ["True"], lambda: [str(taken < 6_000_000)])
        first = f"parquet.`{folder}/read0.parquet`"
        checks.same("the oldest has gone", ["files"], lambda: [way(us, READING[0].format(table=first))])
        us.stop()
    with Server(binary, *flags, "--copy-limit", "0") as server:
        us = SparkSession.builder.remote(server.address).create()
        for _ in range(6):
            us.sql(READING[0].format(table=first)).collect()
        time.sleep(1)
        checks.same("no room, no copies", ["files"], lambda: [way(us, READING[0].format(table=first))])
        us.stop()


def values(start: int, end: int) -> str:
    """SQL for rows with these keys."""
    return VALUES.replace("from, until", f"{start}, {end}")


def is_copied(us: SparkSession, table: str, checks: Checks) -> None:
    """A table is copied once it was read often, and gives the same rows."""
    queries = [query.format(table=table) for query in READING]
    read = lambda query: us.sql(query).toArrow().to_pylist()  # noqa: E731
    before = [str(read(query)) for query in queries for _ in range(2)][::2]
    wait_for_copy(us, queries[0])
    for query, rows_before in zip(queries, before):
        checks.same(f"copied: {query[:60]}", ["copy"], lambda query=query: [way(us, query)])
        checks.same(f"as before: {query[:60]}", [rows_before], lambda query=query: [str(read(query))])


def wait_for_copy(us: SparkSession, query: str) -> None:
    """Wait until a query's table comes as a copy, or for as long as that may take."""
    deadline = time.monotonic() + COPIED_SECONDS_MAX
    while way(us, query) != "copy" and time.monotonic() < deadline:
        time.sleep(0.1)


def both(us: SparkSession, query: str, checks: Checks) -> None:
    """Both engines give the same rows."""
    us.conf.set("floe.route", "datafusion")
    expected = rows(us, query)
    us.conf.set("floe.route", "duckdb")
    checks.same(query, expected, lambda: rows(us, query))


def outgrows_its_memory(us: SparkSession, pid: int, spill: Path, tables: dict[str, str], checks: Checks) -> None:
    """Sorts, aggregates and joins spill into the engine's folder, answer, and leave nothing there."""
    for name, query in LARGE.items():
        with duckdb.connect() as theirs:
            path = tables["facts"].removeprefix("parquet.`").removesuffix("`")
            expected = [str(tuple(theirs.execute(query.format(facts=f"'{path}'")).fetchone()))]
        peaks = Peaks(pid, spill)
        found = outcome_rows(us, query.format(**tables))
        peaks.stop()
        checks.same(f"{name} beyond memory", expected, lambda: found)
        checks.same(f"{name} spills into the engine's folder ({peaks.spilled >> 20} MB)", ["True"], lambda: [str(peaks.spilled > 0)])
        at_most = int(MEMORY.removesuffix("MB")) + BESIDE_MB
        checks.same(f"{name} stays in its memory ({peaks.resident:.0f} MB)", ["True"], lambda: [str(peaks.resident < at_most)])


def outcome_rows(us: SparkSession, query: str) -> list[str]:
    """The one row of a query, or its error."""
    try:
        return [str(tuple(row)) for row in us.sql(query).collect()]
    except Exception as error:  # noqa: BLE001 - compared like any answer
        return [f"{type(error).__name__}: {str(error)[:300]}"]


class Peaks:
    """The most that a process held, and spilled, while it was watched."""

    def __init__(self, pid: int, spill: Path):
        self.spilled, self.resident, self.over = 0, 0.0, threading.Event()
        self.watcher = threading.Thread(target=self.watch, args=(pid, spill), daemon=True)
        self.watcher.start()

    def watch(self, pid: int, spill: Path) -> None:
        """Look every few milliseconds."""
        while not self.over.wait(0.02):
            self.resident = max(self.resident, megabytes(pid))
            self.spilled = max(self.spilled, size(spill))

    def stop(self) -> None:
        """No more."""
        self.over.set()
        self.watcher.join()


def size(folder: Path) -> int:
    """The bytes of the files below a folder; some may go while they are counted."""
    total = 0
    for place, _, files in os.walk(folder):
        for file in files:
            try:
                total += os.stat(os.path.join(place, file)).st_size
            except FileNotFoundError:
                continue
    return total


def is_interrupted(us: SparkSession, pid: int, tables: dict[str, str], checks: Checks) -> None:
    """Every kind of long work ends within the time an interrupt may take, and the machine rests."""
    for name, query in LONG.items():
        ended = []
        work = lambda query=query: ended.append(outcome(lambda: us.sql(query.format(**tables)).collect()))  # noqa: E731
        worker = threading.Thread(target=work, daemon=True)
        worker.start()
        worker.join(2)
        begun = time.monotonic()
        us.interruptAll()
        worker.join(CANCEL_SECONDS_MAX)
        took = time.monotonic() - begun
        checks.same(f"{name} is interrupted ({took:.1f} s)", ["OPERATION_CANCELED"], lambda ended=ended: ended)
        checks.same(f"{name}: the machine rests", ["True"], lambda: [str(is_idle(pid))])


if __name__ == "__main__":
    main()
