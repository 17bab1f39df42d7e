"""What the workloads over TPC data share: their files as tables, their texts, the right answers."""

from pathlib import Path

import places
import data
import measure
import run as answers


def files(benchmark: str, scale: float) -> dict[str, Path]:
    """Return a benchmark's Parquet files by table, made when they are missing."""
    return {path.stem: path for path in sorted(data.prepare(benchmark, scale).glob("*.parquet"))}


def labelled(benchmark: str) -> dict[str, str]:
    """Return the queries as DuckDB spells them; engines spell them on."""
    return {f"q{number}": text for number, text in sorted(data.texts(benchmark).items())}


def expected(benchmark: str, scale: float):
    """Return the function from a query's label to its right rows."""
    folder = data.prepare(benchmark, scale)
    return lambda label: answers.expected_rows(benchmark, scale, folder, int(label[1:]))


def over_parquet(benchmark: str, title: str, engines: dict, options, scale: float) -> measure.Run:
    """Measure a benchmark over its Parquet files."""
    tables = files(benchmark, scale)
    texts = labelled(benchmark)
    result = measure.Run(f"{benchmark} {scale:g}", f"{title}, scale {scale:g}, Parquet",
                         f"{len(texts)} queries; answers are checked against DuckDB's own, or Spark's where it differs.")
    with measure.opened(result, engines, lambda engine: engine.open(tables)) as sessions:
        measure.interleaved(result, sessions, texts, options, expected(benchmark, scale))
    return result
