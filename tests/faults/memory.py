"""Queries that want more memory than there is, on each engine: a right answer or Spark's error, and a living server.

Here: the cases, the answers they must have (by arithmetic), what the log must tell of them, and the server's peak of
resident memory, which must stay under 1.5 times its limit. Not here: how long they take (`benches/`). `--scale 1` goes
with a limit of 512 MB; both grow together, unless `--limit` says otherwise. Last line: `memory: passed=N/M`.
"""

import argparse
import sys
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(TESTS))
import environment
from with_server import Server

LIMIT_MB = 512
PEAK = 1.5
ENGINES = ["datafusion", "duckdb"]
# What an engine's log must have told of a case: otherwise it has not met what it is here for.
TOLD = {("datafusion", "groups of files"): "groups take more memory than there is"}
ROWS_WRITTEN = 1_000_000
DOCUMENT_BYTES = 300_000
SMALL = ("SELECT count(*), max(n) FROM (SELECT id % 7 k, count(*) n FROM range(1000) GROUP BY id % 7)", (7, 143))


def cases(n: int, files: Path, documents: Path) -> list[tuple[str, str, tuple]]:
    """Name, query, and its only row over so many facts; `written` and `documented` put them where the paths say."""
    total = n * (n - 1) // 2
    # Of the longest numbers the smallest: padded with letters, it comes last of all when the order is descending.
    smallest = 10 ** (len(str(n - 1)) - 1)
    facts = f"(SELECT id k, lpad(CAST(id AS STRING), 64, 'x') s FROM range({n}))"
    return [
        ("join", f"SELECT count(*), sum(a.k), min(length(concat(a.s, b.s))) FROM {facts} a JOIN {facts} b ON a.s = b.s", (n, total, 128)),
        ("groups", f"SELECT count(*), sum(c), sum(k), sum(length(s)) FROM (SELECT k, max(right(s, 8)) s, count(*) c FROM {facts} GROUP BY k)", (n, n, total, n * 8)),
        ("groups of files", f"SELECT count(*), sum(c), sum(k), sum(length(s)) FROM (SELECT k, max(right(s, 32)) s, count(*) c FROM parquet.`{files}` GROUP BY k)", (n, n, total, n * 32)),
        ("sort", f"SELECT count(*), sum(k), max(length(s)) FROM (SELECT k, s FROM {facts} ORDER BY s DESC LIMIT {n - 1})", (n - 1, total - smallest, 64)),
        ("window", f"SELECT count(*), max(r) FROM (SELECT s, row_number() OVER (ORDER BY s) r FROM {facts})", (n, n)),
        ("collect", f"SELECT size(collect_list(s)) FROM {facts}", (n,)),
        ("cross", f"SELECT count(*), max(a.id + b.id) FROM range(20000) a CROSS JOIN range({n // 1000}) b", (20000 * (n // 1000), 19999 + n // 1000 - 1)),
        ("text", f"SELECT sum(length(repeat('x', 1000000 + CAST(id % 2 AS INT)))) FROM range({n // 1000})", (n // 1000 * 1000000 + n // 2000,)),
        ("documents", f"SELECT count(*), sum(length(upper(s))), max(right(s, 8)) FROM parquet.`{documents}`", (n // 500, n // 500 * DOCUMENT_BYTES, f"{n // 500 - 1:08d}")),
        ("explode", f"SELECT count(*), sum(x) FROM (SELECT explode(sequence(0, {n * 5 - 1})) x)", (n * 5, n * 5 * (n * 5 - 1) // 2)),
        ("deep", "SELECT " + "(" * 400 + "id" + " + 1)" * 400 + " FROM range(1)", (400,)),
    ]


def written(n: int, folder: Path) -> None:
    """Write so many facts into Parquet files."""
    import pyarrow as arrow
    from pyarrow import parquet

    for start in range(0, n, ROWS_WRITTEN):
        keys = range(start, min(n, start + ROWS_WRITTEN))
        facts = {"k": arrow.array(keys, arrow.int64()), "s": arrow.array([str(key).rjust(64, "x") for key in keys])}
        parquet.write_table(arrow.table(facts), folder / f"{start}.parquet")


def documented(n: int, file: Path) -> None:
    """Write a document for each 500 facts into one row group; they end with their numbers, and take little on disk."""
    import pyarrow as arrow
    from pyarrow import parquet

    schema = arrow.schema({"s": arrow.string()})
    with parquet.ParquetWriter(file, schema, use_dictionary=False, compression="zstd") as writer:
        for start in range(0, n // 500, 100):
            texts = [f"{key:08d}".rjust(DOCUMENT_BYTES, "x") for key in range(start, min(n // 500, start + 100))]
            writer.write_batch(arrow.record_batch([texts], schema), row_group_size=n)


class Run:
    """One server with one engine forced."""

    def __init__(self, server: Server, engine: str):
        from pyspark.sql import SparkSession

        self.pid = server.process.pid
        self.address = server.address
        self.make = SparkSession.builder
        self.engine = engine

    def ask(self, query: str) -> tuple:
        """The query's only row, asked in a session of its own."""
        session = self.make.remote(self.address).create()
        try:
            session.conf.set("floe.route", self.engine)
            return tuple(session.sql(query).collect()[0])
        finally:
            session.stop()

    def judge(self, query: str, expected: tuple) -> str:
        """`right`, `refused: CLASS`, `refused: route`, or what is wrong after `WRONG`."""
        from pyspark.errors import PySparkException

        try:
            row = self.ask(query)
        except PySparkException as error:
            name = error.getCondition() or ("route" if "is not possible: " in str(error) else None)
            return f"refused: {name}" if name else f"WRONG: no error class: {str(error)[:200]}"
        except Exception as error:  # A connection that was lost is what this looks for, whatever its type.
            return f"WRONG: {type(error).__name__}: {str(error)[:200]}"
        return "right" if row == expected else f"WRONG: {row} instead of {expected}"

    def together(self, query: str, expected: tuple, small: int = 0) -> str:
        """The same four times at once, beside so many who ask small things over and over; the worst of what came of all."""
        found: list[str] = []
        over = threading.Event()

        def ask_small() -> None:
            while not over.is_set():
                found.append(self.judge(*SMALL))

        large = [threading.Thread(target=lambda: found.append(self.judge(query, expected))) for _ in range(4)]
        beside = [threading.Thread(target=ask_small) for _ in range(small)]
        for thread in beside + large:
            thread.start()
        for thread in large:
            thread.join()
        over.set()
        for thread in beside:
            thread.join()
        return min(found, key=lambda one: (not one.startswith("WRONG"), one == "right"))

    def peak_mb(self) -> int:
        """The most the server has held, in MB."""
        lines = Path(f"/proc/{self.pid}/status").read_text().splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) // 1024


def main() -> None:
    """Run every case on each engine, each on a server of its own, so that a peak is that case's."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("binary")
    parser.add_argument("--scale", type=float, default=1)
    parser.add_argument("--limit", type=int, help="the server's, in MB")
    parser.add_argument("--engine", choices=ENGINES, action="append")
    parser.add_argument("--only", action="append", help="names of cases")
    options = parser.parse_args()
    environment.enter(TESTS / "requirements-client-4.1.txt")
    limit = options.limit or int(LIMIT_MB * options.scale)
    with tempfile.TemporaryDirectory(prefix="memory-") as folder:
        judged = list(all_judged(options, limit, Path(folder)))
    print(f"memory: passed={sum(judged)}/{len(judged)}")
    sys.exit(not all(judged))


def all_judged(options: argparse.Namespace, limit: int, folder: Path) -> Iterator[bool]:
    """Run what was asked for, each on a server of its own, and say of each whether it went well."""
    files = folder / "facts"
    files.mkdir()
    facts = int(2_000_000 * options.scale) * 2
    documents = folder / "documents.parquet"
    listed = cases(facts, files, documents)
    crowds = {"four at once": 0, "beside small ones": 32}
    groups = next(asked for name, *asked in listed if name == "groups")
    listed += [(name, *groups) for name in crowds]
    listed = [case for case in listed if not options.only or case[0] in options.only]
    if any(str(files) in query for _, query, _ in listed):
        written(facts, files)
    if any(str(documents) in query for _, query, _ in listed):
        documented(facts, documents)
    for engine in options.engine or ENGINES:
        for name, query, expected in listed:
            log = folder / "log"
            with log.open("w") as told, Server(
                options.binary, "--data", ":memory:", "--memory-limit", f"{limit}MB", "--log", "info", log=told
            ) as server:
                run = Run(server, engine)
                found = run.together(query, expected, crowds[name]) if name in crowds else run.judge(query, expected)
                dead = server.process.poll() is not None
                lives = not dead and run.judge("SELECT 1 + 1", (2,)) == "right"
                peak = 0 if dead else run.peak_mb()
            if found == "right" and (words := TOLD.get((engine, name), "")) not in log.read_text():
                found = f"WRONG: the log does not tell that {words}"
            good = lives and not found.startswith("WRONG") and peak < limit * PEAK
            state = "lives" if lives else "DEAD"
            print(f"{'ok  ' if good else 'FAIL'} {engine} {name}: {found}; server {state}, peak {peak} of {limit} MB", flush=True)
            yield good


if __name__ == "__main__":
    main()
