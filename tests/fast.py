"""The fast part of every check with real parts, as `make test` runs it. Usage: fast.py BINARY [NAME…].

Here: which checks there are, and for each the floor that its last line must reach; floors may only rise. Not here: the
checks themselves; each is a tool of its own under this folder, with a verb in the Makefile that runs it whole.
Last line: `N passed, N failed`.
"""

import re
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

import environment
from with_server import Server

HERE = Path(__file__).parent


@dataclass
class Check:
    """A tool, its arguments, and the numbers its last line must show: `least` at least, `most` at most.

    A tool is given the address of a server of its own; one that `starts` servers itself is given the binary. What a check
    `needs` is a program that a machine may lack; there it is left out, and that is said.
    """

    name: str
    tool: str
    arguments: str
    least: dict[str, int]
    most: dict[str, int] = field(default_factory=dict)
    starts: bool = False
    needs: str = ""

    def run(self, binary: str) -> bool:
        """Run the tool, with a server where it wants one."""
        if self.needs and not shutil.which(self.needs):
            print(f"left out {self.name}: there is no {self.needs} here", flush=True)
            return True
        if self.starts:
            return self.judged(binary)
        with Server(binary, "--data", ":memory:") as server:
            return self.judged("--address", server.address)

    def judged(self, *target: str) -> bool:
        """Run the tool on its target; print its last line and, when it is below the floor, everything it said."""
        command = [sys.executable, HERE / self.tool, *target, *self.arguments.split()]
        begun = time.monotonic()
        ended = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
        lines = ended.stdout.strip().splitlines() or [""]
        passed = ended.returncode == 0 and self.holds(lines[-1])
        if not passed:
            print(ended.stdout)
        print(f"{'ok    ' if passed else 'FAILED'} {self.name}: {lines[-1]} ({time.monotonic() - begun:.0f} s)", flush=True)
        return passed

    def holds(self, line: str) -> bool:
        """Say whether every number of the line is on the right side of its floor."""
        return all(number(line, word) >= floor for word, floor in self.least.items()) and all(
            number(line, word) <= ceiling for word, ceiling in self.most.items())


def number(line: str, word: str) -> int:
    """Return the number that follows a word and `=` or `: ` in a line; -1 where there is none."""
    found = re.search(rf"{re.escape(word)}(?:=|: )(\d+)", line)
    return int(found[1]) if found else -1


# Of the checks of `connect/behaviour.py` those that take a few seconds each.
QUICK = [
    "interrupts_mean_whom_they_name", "who_goes_ends_the_work", "a_server_that_is_told_to_stop_stops", "a_new_server_is_noticed",
    "idle_sessions_end", "only_who_has_the_token_comes_in", "nobody_listens_to_the_world_without_a_token", "uploads_arrive",
    "many_sessions_at_once", "a_kept_frame_is_computed_once_and_anew_after_a_write",
]
CHECKS = [
    Check("random queries", "differential/compare.py", "--seed 1 --count 500 --quiet", {"same": 500}),
    Check("a session of 60 calls", "connect/run.py", "--client 4.1.4", {"clients": 60}),
    Check("a real Spark upstream", "connect/upstream.py", "--only one_session_here_and_there --only what_is_unknown_arrives", {"upstream": 2}, starts=True, needs="java"),
    Check("wrong and hostile inputs", "connect/bad_inputs.py", "", {"bad-inputs": 108}),
    Check("what a real client meets", "connect/behaviour.py", " ".join(QUICK), {"behaviour": len(QUICK)}, starts=True),
    Check("TPC-H", "tpc/run.py", "tpch --scale 0.1", {"tpch": 22}),
    Check("TPC-DS", "tpc/run.py", "tpcds --scale 0.01", {"tpcds": 99}),
    Check("random queries on DuckDB", "differential/compare.py", "--seed 2 --count 500 --quiet --route duckdb", {"same": 499}, {"wrong": 1}),
    Check("TPC-H on DuckDB", "tpc/run.py", "tpch --scale 0.1 --route duckdb", {"tpch": 22}),
    Check("TPC-DS on DuckDB", "tpc/run.py", "tpcds --scale 0.01 --route duckdb", {"tpcds": 99}),
    Check("DuckDB's own files", "duckdb/warehouse.py", "", {"duckdb-files": 51}, starts=True),
    Check("DuckDB inside the server", "duckdb/engine.py", "--rows 6000000", {"duckdb-engine": 114}, starts=True),
    Check("object storage through DuckDB's extension", "duckdb/object_storage.py", "", {"duckdb-object-storage": 41}, starts=True),
    # 48 where PostgreSQL is installed.
    Check("databases through DuckDB's extensions", "duckdb/extensions.py", "", {"duckdb-extensions": 29}, starts=True),
    Check("dbt-spark's classes", "dbt/classes.py", "--only TestSimpleMaterializationsSpark", {"dbt-classes": 1}),
    Check("verify, on the demo", "verify.py", "", {"verify": 11}, starts=True),
    Check("writers", "iceberg/writers.py", "--kills 3", {"embedded": 160, "rest": 160}, {"lost": 0, "ghosts": 0}, starts=True),
    Check("the ways to a Spark", "connect/ways.py", "", {"ways": 5}, starts=True, needs="openssl"),
    Check("our REST face", "iceberg/rest_face.py", "--no-spark", {"rest-face": 53}, starts=True),
    Check("Iceberg's kit for REST servers", "iceberg/rest_kit.py", "", {"passed": 145}, {"failed": 0}, starts=True, needs="mvn"),
]


def main() -> None:
    """Run the checks, or those named, each against a server of its own."""
    # Our protocol against the descriptors of the client's own package.
    subprocess.run([environment.ensure(HERE / "requirements-client-4.1.txt"), HERE.parent / "proto" / "check.py"], check=True)
    binary, *wanted = sys.argv[1:]
    passed = failed = 0
    for check in CHECKS:
        if wanted and check.name not in wanted:
            continue
        well = check.run(binary)
        passed, failed = passed + well, failed + (not well)
    print(f"{passed} passed, {failed} failed")
    sys.exit(failed > 0)


if __name__ == "__main__":
    main()
