"""A server killed in the middle of writes, again and again: every table stays readable, every answered commit is there.

Here: `run`, for `writers.py`. One client sends INSERT, UPDATE, MERGE, DELETE and CREATE TABLE AS to a server that gets
SIGKILL at a random moment; a second server on the same folder, which nobody kills, must then show every table as it was
after the last answered statement, or as it would be after the one that was not answered. Not here: several writers at once.
"""

import random
import shutil
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path

from pyspark.sql import SparkSession
from with_server import Server

ROWS = 50
KILL_AFTER_SECONDS_MAX = 3.0

Table = dict[int, int]


class Model:
    """What the tables must hold: `t` is rewritten, `copy_N` are made from it."""

    def __init__(self):
        self.tables: dict[str, Table] = {"t": {key: 0 for key in range(ROWS)}}
        self.made = 0

    def next(self, chance: random.Random) -> tuple[str, dict[str, Table]]:
        """A statement, and the tables as they are after it."""
        t = dict(self.tables["t"])
        key, value = chance.randrange(2 * ROWS), chance.randrange(1_000_000)
        match chance.choice(["insert", "update", "merge", "delete", "ctas"]):
            case "insert":
                fresh = max(t, default=0) + 1
                t[fresh] = value
                return f"INSERT INTO t VALUES ({fresh}, {value})", self.tables | {"t": t}
            case "update":
                changed = {old: value if old % 7 == key % 7 else kept for old, kept in t.items()}
                return f"UPDATE t SET v = {value} WHERE k % 7 = {key % 7}", self.tables | {"t": changed}
            case "merge":
                pairs = [(key, value), (key + 1, value)]
                rows = ", ".join(f"({k}, {v})" for k, v in pairs)
                return (f"MERGE INTO t USING (SELECT * FROM VALUES {rows} AS s(k, v)) s ON t.k = s.k "
                        "WHEN MATCHED THEN UPDATE SET v = s.v WHEN NOT MATCHED THEN INSERT *"), self.tables | {"t": t | dict(pairs)}
            case "delete":
                t.pop(key, None)
                return f"DELETE FROM t WHERE k = {key}", self.tables | {"t": t}
            case _:
                self.made += 1
                name = f"copy_{self.made}"
                return f"CREATE TABLE {name} USING iceberg AS SELECT k, v FROM t", self.tables | {name: t}


def run(binary: Path, kills: int, seed: int) -> Counter:
    """Kill that often; what was lost, what differed, what could not be read."""
    folder = Path(tempfile.mkdtemp(prefix="floe-crash-"))
    chance = random.Random(seed)
    model = Model()
    wrong: Counter = Counter()
    answered = 0
    try:
        with Server(binary, "--data", folder) as witness:
            reader = SparkSession.builder.remote(witness.address).create()
            reader.sql("CREATE TABLE t (k INT, v INT) USING iceberg").collect()
            reader.sql(f"INSERT INTO t SELECT CAST(id AS INT), 0 FROM range({ROWS})").collect()
            for _ in range(kills):
                count, pending = write_until_killed(binary, folder, model, chance)
                answered += count
                check(reader, model, pending, wrong)
            reader.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    print(f"killed {kills} times in {answered} answered statements, {len(model.tables)} tables", flush=True)
    return wrong


def write_until_killed(binary: Path, folder: Path, model: Model, chance: random.Random) -> tuple[int, dict[str, Table]]:
    """Send statements until the server is gone; how many were answered, and the tables after the one that was not."""
    answered = 0
    with Server(binary, "--data", folder) as server:
        session = SparkSession.builder.remote(server.address).create()
        session.client.set_retry_policies([])
        killer = threading.Timer(chance.uniform(0, KILL_AFTER_SECONDS_MAX), server.process.kill)
        killer.start()
        while True:
            statement, after = model.next(chance)
            try:
                session.sql(statement).collect()
            except Exception as error:
                killer.join()
                if server.process.wait(timeout=10) != -9:
                    raise RuntimeError(f"{statement}: {error}") from error
                return answered, after
            model.tables = after
            answered += 1


def check(reader: SparkSession, model: Model, pending: dict[str, Table], wrong: Counter) -> None:
    """Compare what is there with the model, which then becomes what is there."""
    names = {row.tableName for row in reader.sql("SHOW TABLES").collect()}
    wrong["lost"] += len(model.tables.keys() - names)
    wrong["ghosts"] += len(names - pending.keys())
    for name in sorted(names & pending.keys()):
        try:
            rows = [(row.k, row.v) for row in reader.table(name).collect()]
        except Exception as error:
            print(f"{name}: {str(error).splitlines()[0]}")
            wrong["unreadable"] += 1
            continue
        found = dict(rows)
        if len(found) < len(rows) or found not in (model.tables.get(name), pending[name]):
            wrong["differing"] += 1
        model.tables[name] = found
