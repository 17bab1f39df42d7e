"""Many writers on one Iceberg table, through two or more servers that share a catalog: no commit is lost.

Here: each writer has a session of its own on one of the addresses and appends rows one statement at a time, every
tenth time it rewrites rows of its own by UPDATE; afterwards every address must show exactly what was reported done.
A statement that failed must have left nothing, unless its error says that the outcome is unknown. Not here: what the
commit engine does on faults (`crates/floe-iceberg/tests/faults.rs`).
Last line: `writers: committed=N/M lost=0 ghosts=0 differing=0`; the exit code is 0 only when the three zeros are zeros.
"""

import argparse
import sys
import threading
import uuid
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
import environment

environment.enter(Path(__file__).resolve().parents[1] / "requirements-client-4.1.txt")

from pyspark.sql import SparkSession


@dataclass
class Writer:
    """One session and what it was told about each of its statements."""

    number: int
    address: str
    table: str
    statements: int
    done: dict[int, int] = field(default_factory=dict)
    failed: set[int] = field(default_factory=set)
    unknown: set[int] = field(default_factory=set)
    errors: list[str] = field(default_factory=list)

    def run(self) -> None:
        """Write, and note the outcome of every statement."""
        session = SparkSession.builder.remote(self.address).create()
        try:
            for step in range(self.statements):
                self.insert(session, step)
                if step % 10 == 9:
                    self.update(session, step)
        finally:
            session.stop()

    def insert(self, session: SparkSession, step: int) -> None:
        """Append one row whose value is 0."""
        key = self.number * 1_000_000 + step
        statement = f"INSERT INTO {self.table} VALUES ({self.number}, {key}, 0)"
        if self.tell(session, statement, key):
            self.done[key] = 0

    def update(self, session: SparkSession, step: int) -> None:
        """Set the value of one of the rows that are there."""
        key = self.number * 1_000_000 + step
        if key not in self.done:
            return
        try:
            session.sql(f"UPDATE {self.table} SET value = {step} WHERE key = {key}").collect()
            self.done[key] = step
        except Exception as error:
            self.errors.append(str(error).splitlines()[0])
            if "unknown" in str(error):
                self.unknown.add(key)

    def tell(self, session: SparkSession, statement: str, key: int) -> bool:
        """Run a statement; true when it was reported done."""
        try:
            session.sql(statement).collect()
            return True
        except Exception as error:
            self.errors.append(str(error).splitlines()[0])
            (self.unknown if "unknown" in str(error) else self.failed).add(key)
            return False


def main() -> None:
    """Start the writers, wait, compare."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--address", action="append", required=True, help="repeat for every server")
    parser.add_argument("--writers", type=int, default=8)
    parser.add_argument("--statements", type=int, default=20, help="per writer")
    parser.add_argument("--schema", default="default", help="where the table is made")
    arguments = parser.parse_args()
    table = f"{arguments.schema}.writers_{uuid.uuid4().hex[:8]}"
    admin = SparkSession.builder.remote(arguments.address[0]).create()
    admin.sql(f"CREATE TABLE {table} (writer INT, key BIGINT, value INT) USING iceberg "
              "TBLPROPERTIES ('commit.retry.num-retries'='100', 'commit.retry.min-wait-ms'='10', "
              "'commit.retry.max-wait-ms'='500', 'write.update.isolation-level'='snapshot')").collect()
    writers = [Writer(number, arguments.address[number % len(arguments.address)], table, arguments.statements)
               for number in range(arguments.writers)]
    threads = [threading.Thread(target=writer.run) for writer in writers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    lost = ghosts = differing = 0
    for address in arguments.address:
        session = SparkSession.builder.remote(address).create()
        rows = [(row.key, row.value) for row in session.table(table).collect()]
        session.stop()
        found = dict(rows)
        differing += len(rows) - len(found)
        for writer in writers:
            lost += sum(key not in found for key in writer.done)
            ghosts += sum(key in found for key in writer.failed)
            certain = {key: value for key, value in writer.done.items() if key not in writer.unknown}
            differing += sum(found.get(key, value) != value for key, value in certain.items())
    admin.sql(f"DROP TABLE {table}").collect()
    admin.stop()
    for text in sorted({text for writer in writers for text in writer.errors})[:10]:
        print(text)
    committed = sum(len(writer.done) for writer in writers)
    print(f"writers: committed={committed}/{arguments.writers * arguments.statements} lost={lost} ghosts={ghosts} differing={differing}")
    sys.exit(bool(lost or ghosts or differing))


if __name__ == "__main__":
    main()
