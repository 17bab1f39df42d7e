"""Measures floe-engine beside DuckDB, Sail and Spark, and writes the page `docs/benchmarks.md` with its chart.

Usage: bench.py BINARY [--size small|medium|full] [--only WORKLOAD…] [--spark] … All engines run under the same limits on
the same cores, and take turns query by query. Here: which sizes there are, and the order of work; what is measured stands
in `workloads/`, one file each. The figures are kept in `results.json` beside the chart: `--page-only` writes the page anew
from it. Last line: `bench: N measured, N failed, N wrong`.
"""

import argparse
import importlib
import json
import os
import platform
import shutil
import signal
import sys
import tempfile
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

import places
import engines as kinds
import environment
import page

REQUIREMENTS = Path(__file__).with_name("requirements-bench.txt")
# In the order of the page.
WORKLOADS = ["tpch", "tpcds", "hits", "big_join", "big_group_by", "iceberg_scan", "iceberg_ctas", "latency", "concurrency"]
ENGINES = ["floe auto", "floe uncopied", "floe datafusion", "floe duckdb", "DuckDB", "Sail", "Spark"]
# Only where they are asked for: a server for each question, and Sail as it comes, which knows no limit.
COLD, UNLIMITED = ["floe cold", "floe cold-datafusion", "floe cold-duckdb"], "Sail unlimited"
# Rows and the values that their key has.
SIZES = {
    "tiny": {"rounds": 1, "tpch_scale": 0.01, "tpcds_scale": 0.01, "hits_rows": 10_000, "join_rows": (20_000, 2_000),
             "group_rows": (20_000, 2_000), "iceberg_scale": 0.01, "repeats": 5, "clients": 4, "heavy": 1, "seconds": 3},
    "small": {"rounds": 3, "tpch_scale": 0.3, "tpcds_scale": 0.01, "hits_rows": 1_000_000, "join_rows": (5_000_000, 500_000),
              "group_rows": (5_000_000, 500_000), "iceberg_scale": 0.1, "repeats": 30, "clients": 16, "heavy": 2, "seconds": 5},
    "medium": {"rounds": 3, "tpch_scale": 1.0, "tpcds_scale": 1.0, "hits_rows": 10_000_000, "join_rows": (20_000_000, 2_000_000),
               "group_rows": (50_000_000, 10_000_000), "iceberg_scale": 1.0, "repeats": 100, "clients": 64, "heavy": 4, "seconds": 20},
    "full": {"rounds": 5, "tpch_scale": 10.0, "tpcds_scale": 1.0, "hits_rows": 30_000_000, "join_rows": (100_000_000, 10_000_000),
             "group_rows": (1_000_000_000, 100_000_000), "iceberg_scale": 1.0, "repeats": 200, "clients": 64, "heavy": 4, "seconds": 30},
}


def main() -> None:
    """Measure what was asked for, then write the page."""
    options = parsed()
    environment.enter(REQUIREMENTS)
    results = options.output / "benchmarks" / "results.json"
    if not options.page_only:
        results.parent.mkdir(parents=True, exist_ok=True)
        results.write_text(json.dumps(measured(options), ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    found = json.loads(results.read_text(encoding="utf-8"))
    page.write(found, options.output)
    items = [item for workload in found["workloads"] for item in workload["items"]]
    failed, wrong = (sum(len(item[what]) for item in items) for what in ("failed", "wrong"))
    print(f"bench: {sum(len(item['times']) for item in items)} measured, {failed} failed, {wrong} wrong")


def parsed() -> argparse.Namespace:
    """Return what was asked for: the numbers of the size, each of which a flag may change."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("binary", type=Path)
    parser.add_argument("--size", choices=[*SIZES], default="small")
    parser.add_argument("--only", nargs="+", choices=WORKLOADS, default=WORKLOADS)
    parser.add_argument("--engines", nargs="+", choices=[*ENGINES, *COLD, UNLIMITED], default=ENGINES[:-1])
    parser.add_argument("--warm", type=int, default=0, help="rounds that do not count, before those that do")
    parser.add_argument("--spark", action="store_true", help="measure real Spark too, where there is Java")
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--memory", type=int, default=4096, help="MiB for queries of each engine")
    parser.add_argument("--timeout", type=float, default=900, help="seconds after which a query is given up")
    parser.add_argument("--output", type=Path, default=places.ROOT / "docs", help="where benchmarks.md and benchmarks/ go")
    parser.add_argument("--page-only", action="store_true", help="write the page from the figures of the last run")
    for name, number in SIZES["full"].items():
        pair = isinstance(number, tuple)
        parser.add_argument(f"--{name.replace('_', '-')}", type=int if pair else type(number), nargs=2 if pair else None,
                            metavar=("ROWS", "KEYS") if pair else None)
    options = parser.parse_args()
    for name, number in SIZES[options.size].items():
        if getattr(options, name) is None:
            setattr(options, name, number)
    if options.spark and "Spark" not in options.engines:
        options.engines.append("Spark")
    return options


def measured(options: argparse.Namespace) -> dict:
    """Start the engines, run the workloads one after another, and return all there is to tell."""
    # The engines must end with this process, however it ends.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("stopped"))
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: options.threads])
    folder = Path(tempfile.mkdtemp(prefix="bench-data-"))
    engines = {}
    try:
        for name in options.engines:
            engines[name] = started(name, options, folder)
        runs = []
        for name in options.only:
            runs += importlib.import_module(name).results(engines, options)
        return told(options, engines, runs)
    finally:
        for engine in engines.values():
            engine.stop()
        shutil.rmtree(folder, ignore_errors=True)


def started(name: str, options: argparse.Namespace, folder: Path):
    """Return the engine of a name, running."""
    limits = kinds.Limits(options.threads, options.memory << 20)
    if name.startswith("floe"):
        return kinds.Floe(options.binary.resolve(), name.split()[1], limits, folder)
    if name == "Spark":
        return kinds.RealSpark(limits, folder)
    if name == UNLIMITED:
        return kinds.Sail(None, name)
    return {"DuckDB": kinds.DuckDb, "Sail": kinds.Sail}[name](limits)


def told(options: argparse.Namespace, engines: dict, runs: list) -> dict:
    """Return the results with what they depend on."""
    return {
        "when": datetime.now(UTC).strftime("%Y-%m-%d"),
        "machine": {"processor": processor(), "system": f"{platform.system()} {platform.release()}",
                    "cores": os.cpu_count(), "memory": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")},
        "limits": {"threads": options.threads, "memory": options.memory << 20},
        "rounds": options.rounds, "size": options.size,
        "versions": {name: engine.version for name, engine in engines.items()},
        "workloads": [asdict(run) | {"items": [asdict(item) | {"typical": item.typical()} for item in run.items]} for run in runs],
    }


def processor() -> str:
    """Return the processor's name, as the system tells it."""
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    named = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return named[0] if named else platform.machine()


if __name__ == "__main__":
    main()
