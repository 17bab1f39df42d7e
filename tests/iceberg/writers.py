"""Many writers on one Iceberg table through two servers that share a catalog, and servers that are killed: nothing is lost.

Usage: writers.py BINARY. Here: eight clients, each with a session of its own on one of two servers, append rows one
statement at a time and now and then rewrite one by UPDATE; afterwards every server must show exactly what was reported
done, and a statement that failed must have left nothing, unless its error says that the outcome is unknown. Once over the
embedded catalog in a shared folder, once over a REST catalog. Then all of them add to the same counters by UPDATE and by
MERGE: most are refused for the conflict, and what was reported done must be what the counters say. Then `crash.py`. Not here: what the commit engine does on
faults inside the process (`crates/floe-iceberg/tests/faults.rs`), REST catalogs that misbehave (`tests/faults/`).
Last line: `writers: embedded=N/M rest=N/M increments=I lost=0 ghosts=0 differing=0 kills=K unreadable=0`; the exit code is
0 only when everything committed and the zeros are zeros.
"""

import argparse
import sys
import tempfile
import threading
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(TESTS))
import environment

environment.enter(TESTS / "requirements-client-4.1.txt")

import crash
from pyspark.sql import SparkSession
from rest_server import RestServer
from with_server import Server

WRITERS = 8
STATEMENTS = 20
UPDATE_EVERY = 10
COUNTERS = 4
COUNTING = threading.Lock()
# Eight writers collide often: they are to wait and try again, not to give up.
PROPERTIES = ("'commit.retry.num-retries'='100', 'commit.retry.min-wait-ms'='10', 'commit.retry.max-wait-ms'='500', "
              "'write.update.isolation-level'='snapshot'")


@dataclass
class Writer:
    """One session and what it was told about each of its statements."""

    number: int
    address: str
    settings: dict[str, str]
    table: str
    done: dict[int, int] = field(default_factory=dict)
    failed: set[int] = field(default_factory=set)
    unknown: set[int] = field(default_factory=set)
    errors: list[str] = field(default_factory=list)

    def run(self) -> None:
        """Write, and note the outcome of every statement."""
        session = connect(self.address, self.settings)
        try:
            for step in range(STATEMENTS):
                self.insert(session, step)
                if step % UPDATE_EVERY == UPDATE_EVERY - 1:
                    self.update(session, step)
        finally:
            session.stop()

    def insert(self, session: SparkSession, step: int) -> None:
        """Append one row whose value is 0."""
        key = self.number * 1_000_000 + step
        try:
            session.sql(f"INSERT INTO {self.table} VALUES ({self.number}, {key}, 0)").collect()
            self.done[key] = 0
        except Exception as error:
            self.errors.append(first_line(error))
            (self.unknown if "unknown" in str(error) else self.failed).add(key)

    def update(self, session: SparkSession, step: int) -> None:
        """Set the value of a row of ours, where it is there."""
        key = self.number * 1_000_000 + step
        if key not in self.done:
            return
        try:
            session.sql(f"UPDATE {self.table} SET value = {step} WHERE key = {key}").collect()
            self.done[key] = step
        except Exception as error:
            self.errors.append(first_line(error))
            if "unknown" in str(error):
                self.unknown.add(key)


def main() -> None:
    """Run all parts and add up."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("binary", type=Path)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    wrong: Counter = Counter()
    embedded = over_embedded(arguments.binary, wrong)
    rest = over_rest(arguments.binary, wrong)
    increments = counters(arguments.binary, wrong)
    wrong += crash.run(arguments.binary, arguments.kills, arguments.seed)
    all_of_them = WRITERS * STATEMENTS
    zeros = {name: wrong[name] for name in ("lost", "ghosts", "differing", "unreadable")}
    print(f"writers: embedded={embedded}/{all_of_them} rest={rest}/{all_of_them} increments={increments} lost={zeros['lost']} "
          f"ghosts={zeros['ghosts']} differing={zeros['differing']} kills={arguments.kills} unreadable={zeros['unreadable']}")
    sys.exit(any(zeros.values()) or embedded + rest < 2 * all_of_them or not increments)


def over_embedded(binary: Path, wrong: Counter) -> int:
    """Two servers on one folder."""
    with tempfile.TemporaryDirectory(prefix="floe-writers-") as folder:
        with Server(binary, "--data", folder) as one, Server(binary, "--data", folder) as two:
            return contend([one.address, two.address], {}, "default", wrong)


def over_rest(binary: Path, wrong: Counter) -> int:
    """Two servers that have nothing in common but a REST catalog."""
    with RestServer() as catalog, Server(binary, "--data", ":memory:") as one, Server(binary, "--data", ":memory:") as two:
        settings = {"spark.sql.catalog.lake": "org.apache.iceberg.spark.SparkCatalog",
                    "spark.sql.catalog.lake.type": "rest", "spark.sql.catalog.lake.uri": catalog.uri}
        admin = connect(one.address, settings)
        admin.sql("CREATE SCHEMA lake.shared").collect()
        admin.stop()
        return contend([one.address, two.address], settings, "lake.shared", wrong)


def counters(binary: Path, wrong: Counter) -> int:
    """Statements that all rewrite one file, under either isolation; returns how many were reported done."""
    done: Counter = Counter()
    with tempfile.TemporaryDirectory(prefix="floe-counters-") as folder:
        with Server(binary, "--data", folder) as one, Server(binary, "--data", folder) as two:
            admin = connect(one.address, {})
            for level in ("serializable", "snapshot"):
                table = f"counters_{level}"
                admin.sql(f"CREATE TABLE {table} (id INT, n INT) USING iceberg TBLPROPERTIES ("
                          f"'write.update.isolation-level'='{level}', 'write.merge.isolation-level'='{level}')").collect()
                admin.sql(f"INSERT INTO {table} SELECT CAST(id AS INT), 0 FROM range({COUNTERS})").collect()
                threads = [threading.Thread(target=increment, args=((one, two)[number % 2].address, table, number, done))
                           for number in range(WRITERS)]
                for thread in threads:
                    thread.start()
                for thread in threads:
                    thread.join()
                counted = admin.sql(f"SELECT sum(n) AS total FROM {table}").collect()[0].total
                wrong["lost"] += max(0, done[table] - counted)
                wrong["ghosts"] += max(0, counted - done[table] - done[f"{table} unknown"])
                print(f"{table}: {counted} of {WRITERS * STATEMENTS} increments, {done[table]} reported", flush=True)
            admin.stop()
    return sum(count for name, count in done.items() if not name.endswith("unknown"))


def increment(address: str, table: str, number: int, done: Counter) -> None:
    """Add 1 to counters in turn, by UPDATE and by MERGE; count what was reported done."""
    session = connect(address, {})
    for step in range(STATEMENTS):
        id = (number + step) % COUNTERS
        update = f"UPDATE {table} SET n = n + 1 WHERE id = {id}"
        merge = (f"MERGE INTO {table} t USING (SELECT {id} AS id) s ON t.id = s.id WHEN MATCHED THEN UPDATE SET n = t.n + 1 "
                 "WHEN NOT MATCHED THEN INSERT VALUES (s.id, 1)")
        try:
            session.sql((update, merge)[step % 2]).collect()
            outcome = table
        except Exception as error:
            if "unknown" not in str(error):
                continue
            outcome = f"{table} unknown"
        with COUNTING:
            done[outcome] += 1
    session.stop()


def contend(addresses: list[str], settings: dict[str, str], schema: str, wrong: Counter) -> int:
    """Let the writers loose on a table of their own; returns the commits, adds what went wrong to `wrong`."""
    table = f"{schema}.contended"
    admin = connect(addresses[0], settings)
    admin.sql(f"CREATE TABLE {table} (writer INT, key BIGINT, value INT) USING iceberg TBLPROPERTIES ({PROPERTIES})").collect()
    writers = [Writer(number, addresses[number % len(addresses)], settings, table) for number in range(WRITERS)]
    threads = [threading.Thread(target=writer.run) for writer in writers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for address in addresses:
        session = connect(address, settings)
        rows = [(row.key, row.value) for row in session.table(table).collect()]
        session.stop()
        compare(rows, writers, wrong)
    admin.stop()
    for text in sorted({text for writer in writers for text in writer.errors})[:10]:
        print(text)
    committed = sum(len(writer.done) for writer in writers)
    print(f"{schema}: {committed} of {WRITERS * STATEMENTS} committed", flush=True)
    return committed


def compare(rows: list[tuple[int, int]], writers: list[Writer], wrong: Counter) -> None:
    """Count what a server shows and should not, and the reverse."""
    found = dict(rows)
    wrong["differing"] += len(rows) - len(found)
    for writer in writers:
        wrong["lost"] += sum(key not in found for key in writer.done)
        wrong["ghosts"] += sum(key in found for key in writer.failed)
        certain = {key: value for key, value in writer.done.items() if key not in writer.unknown}
        wrong["differing"] += sum(found.get(key, value) != value for key, value in certain.items())


def connect(address: str, settings: dict[str, str]) -> SparkSession:
    """A session of its own."""
    session = SparkSession.builder.remote(address).create()
    for name, value in settings.items():
        session.conf.set(name, value)
    return session


def first_line(error: Exception) -> str:
    """What went wrong, in short."""
    return str(error).splitlines()[0]


if __name__ == "__main__":
    main()
