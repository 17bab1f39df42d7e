"""Measures what the way through this server costs an operation that a real Spark runs.

Usage: overhead.py BINARY [--pairs N] [--megabytes N] [--results N]
Here: the same query asked of a real Spark directly and through a server of ours that forwards everything, in turns, so
that what else the machine does touches both alike; medians of each, and their ratios in the last line. Not here: whether
the answers are the same (`upstream.py`).
"""

import argparse
import statistics
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
sys.path.insert(0, str(HERE.parent / "real"))
import environment
from spark import Spark
from with_server import Server

REQUIREMENTS = HERE.parent / "requirements-client-4.1.txt"
# Runs before the first that counts: both Spark and its client are slow at first.
WARM_PAIRS = 20
ROW_BYTES = 64


def seconds(action) -> float:
    """Return how long an action takes."""
    begun = time.perf_counter()
    action()
    return time.perf_counter() - begun


def in_turns(direct, forwarded, pairs: int) -> tuple[float, float]:
    """Return the medians of two actions, each of which goes first in every other pair."""
    taken = {direct: [], forwarded: []}
    for number in range(pairs):
        order = (direct, forwarded) if number % 2 == 0 else (forwarded, direct)
        for action in order:
            taken[action].append(seconds(action))
    return statistics.median(taken[direct]), statistics.median(taken[forwarded])


def small(session):
    """Return what asks for one row."""
    frame = session.sql("SELECT 1")
    return lambda: frame.collect()


def large(session, megabytes: int):
    """Return what asks for so many megabytes; the rows are random, so that nothing makes less of them."""
    rows = megabytes * (1 << 20) // ROW_BYTES
    columns = [f"rand({number}) AS c{number}" for number in range(ROW_BYTES // 8)]
    frame = session.range(0, rows, 1, 64).selectExpr(*columns)

    def ask():
        assert frame.toArrow().num_rows == rows

    return ask


def main() -> None:
    """Measure, and print the ratios last."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("binary")
    parser.add_argument("--pairs", type=int, default=500, help="of the small query")
    parser.add_argument("--megabytes", type=int, default=1024, help="of the large result; 0 leaves it out")
    parser.add_argument("--results", type=int, default=5, help="pairs of the large result")
    arguments = parser.parse_args()
    environment.enter(REQUIREMENTS)
    from pyspark.sql import SparkSession

    told = []
    spark = Spark(catalog="builtin", conf={"spark.driver.maxResultSize": "0"})
    with Server(arguments.binary, "--data", ":memory:", "--spark", spark.address, "--route", "spark") as server:
        direct, forwarded = (SparkSession.builder.remote(address).create() for address in (spark.address, server.address))
        measured = [("select 1", small, (), arguments.pairs, WARM_PAIRS, 1.05)]
        if arguments.megabytes:
            measured.append((f"{arguments.megabytes} MB", large, (arguments.megabytes,), arguments.results, 1, 1.1))
        for name, made, more, pairs, warm, wanted in measured:
            actions = made(direct, *more), made(forwarded, *more)
            in_turns(*actions, warm)
            alone, through = in_turns(*actions, pairs)
            print(f"{name}: {alone * 1000:.2f} ms directly, {through * 1000:.2f} ms forwarded ({pairs} pairs)", flush=True)
            told.append(f"{name} {through / alone:.3f} (wanted: at most {wanted})")
        by_backend = "SELECT /*+ ROUTE(datafusion) */ backend, count(*) AS n FROM system.routes GROUP BY backend"
        routed = {row.backend: row.n for row in forwarded.sql(by_backend).collect()}
        direct.stop()
        forwarded.stop()
    spark.stop()
    if routed.get("spark", 0) < arguments.pairs:
        sys.exit(f"not everything was forwarded: {routed}")
    print(f"overhead: {', '.join(told)}")


if __name__ == "__main__":
    main()
