"""Measures what a person feels first: time until the server accepts, memory at rest, `select 1` through PySpark.

Usage: start.py BINARY. Prints each figure and, last, `start: accept=… ms, idle=… MB, select 1 p50=… ms`.
"""

import statistics
import sys
import time
from pathlib import Path

import environment

HERE = Path(__file__).parent
ROUNDS = 200


def main() -> None:
    """Start three times and keep the best, then ask."""
    environment.enter(HERE / "requirements-client-4.1.txt")
    from pyspark.sql import SparkSession

    from with_server import Server

    accepts = []
    for _ in range(3):
        begun = time.perf_counter()
        with Server(sys.argv[1], "--data", ":memory:"):
            accepts.append((time.perf_counter() - begun) * 1000)
    with Server(sys.argv[1], "--data", ":memory:") as server:
        time.sleep(1)
        idle = resident_megabytes(server.process.pid)
        spark = SparkSession.builder.remote(server.address).getOrCreate()
        times = []
        for _ in range(ROUNDS):
            begun = time.perf_counter()
            spark.sql("select 1").collect()
            times.append((time.perf_counter() - begun) * 1000)
        spark.stop()
    p50 = statistics.median(times)
    print(f"start: accept={min(accepts):.0f} ms, idle={idle:.0f} MB, select 1 p50={p50:.1f} ms")


def resident_megabytes(pid: int) -> float:
    """Return the resident memory of a process."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    line = next(line for line in status.splitlines() if line.startswith("VmRSS:"))
    return int(line.split()[1]) / 1024


if __name__ == "__main__":
    main()
