"""Runs TPC-H or TPC-DS through PySpark Connect against a server, checks the answers, prints the times.

Here: `ask` and the comparison with DuckDB's answers over the same files, or real Spark's where they differ
(recorded for the default scale). Not here: data and query texts (`data.py`). Last line: `tpch: 22/22 …s` or `tpcds: 99/99 …s`.
"""

import argparse
import json
import logging
import math
import time
import warnings
from pathlib import Path

import data

HERE = Path(__file__).resolve().parent


def spark_answers(benchmark: str, scale: float) -> Path:
    """Return where real Spark's rows stand for the queries in which it differs from DuckDB (`record.py`)."""
    return HERE / "answers" / f"{benchmark}-{scale:g}.json"


def expected_rows(benchmark: str, scale: float, folder: Path, number: int) -> list[list[str]]:
    """Return the rows a query must give: Spark's where they were recorded, else DuckDB's."""
    path = spark_answers(benchmark, scale)
    recorded = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    found = recorded.get(str(number))
    return found if isinstance(found, list) else data.answers(benchmark, folder, number)


def session_over(address: str, folder: Path):
    """Return a session in which every table of the benchmark is a temporary view of its Parquet file."""
    from pyspark.sql import SparkSession

    session = SparkSession.builder.remote(address).create()
    for path in sorted(folder.glob("*.parquet")):
        session.read.parquet(str(path)).createOrReplaceTempView(path.stem)
    return session


def ask(session, text: str) -> tuple[list[list[str]], float]:
    """Return the rows of a query and the seconds until the last one was here."""
    started = time.perf_counter()
    rows = session.sql(text).collect()
    seconds = time.perf_counter() - started
    return [[data.plain(value) for value in row] for row in rows], seconds


def equal(ours: list[list[str]], theirs: list[list[str]], apart: float = 1e-9) -> bool:
    """Say whether two results are the same rows, in any order, numbers to a relative 1e-6 or to `apart`."""
    if len(ours) != len(theirs):
        return False
    key = lambda row: [coarse(value) for value in row]
    return all(len(a) == len(b) and all(same(x, y, apart) for x, y in zip(a, b))
               for a, b in zip(sorted(ours, key=key), sorted(theirs, key=key)))


def coarse(value: str) -> str:
    """Return a sort key that a last digit does not move."""
    try:
        return f"{float(value):.5g}"
    except ValueError:
        return value


def same(ours: str, theirs: str, apart: float = 1e-9) -> bool:
    if ours == theirs:
        return True
    try:
        return math.isclose(float(ours), float(theirs), rel_tol=1e-6, abs_tol=apart)
    except ValueError:
        return False


def main() -> None:
    """Run one benchmark."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("benchmark", choices=[*data.COUNTS])
    parser.add_argument("--address", required=True)
    parser.add_argument("--scale", type=float, default=0.1)
    parser.add_argument("--query", type=int, action="append")
    parser.add_argument("--catalog-tables", action="store_true", help="read tables of the server's default catalog, made from the files when missing")
    parser.add_argument("--route", default="auto", help="the backend that all queries are for")
    arguments = parser.parse_args()
    data.environment.enter(data.REQUIREMENTS)
    logging.disable(logging.CRITICAL)
    warnings.simplefilter("ignore")
    folder = data.prepare(arguments.benchmark, arguments.scale)
    session = session_over(arguments.address, folder)
    if arguments.catalog_tables:
        move_to_catalog(session, folder, f"{arguments.benchmark}_{arguments.scale:g}".replace(".", "_"))
    session.conf.set("floe.route", arguments.route)
    texts = data.queries(arguments.benchmark)
    good, total, wanted = 0, 0.0, arguments.query or sorted(texts)
    for number in wanted:
        try:
            rows, seconds = ask(session, texts[number])
        except Exception as error:
            print(f"q{number}: failed: {type(error).__name__}: {str(error).split('JVM stacktrace')[0][:300]}", flush=True)
            continue
        expected = expected_rows(arguments.benchmark, arguments.scale, folder, number)
        right = equal(rows, expected)
        good, total = good + right, total + seconds
        print(f"q{number}: {seconds:.3f} s{'' if right else f'  WRONG ({len(rows)} rows, expected {len(expected)})'}", flush=True)
        if not right:
            for mine, theirs in [(a, b) for a, b in zip(sorted(rows), sorted(expected)) if a != b][:2]:
                print(f"   ours     {mine}\n   expected {theirs}")
    print(f"{arguments.benchmark}: {good}/{len(wanted)} {total:.2f}s")


def move_to_catalog(session, folder: Path, schema: str) -> None:
    """Make catalog tables from the files and let the views' names mean them."""
    session.sql(f"CREATE SCHEMA IF NOT EXISTS {schema}")
    for path in sorted(folder.glob("*.parquet")):
        session.sql(f"CREATE TABLE IF NOT EXISTS {schema}.{path.stem} AS SELECT * FROM {path.stem}")
        session.catalog.dropTempView(path.stem)
    session.sql(f"USE {schema}")


def location(session, table: str) -> str:
    """Return where a table of the catalog is."""
    described = session.sql(f"DESCRIBE EXTENDED {table}").collect()
    return next(row.data_type for row in described if row.col_name == "Location")


if __name__ == "__main__":
    main()
