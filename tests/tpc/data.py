"""TPC-H and TPC-DS data as Parquet, their queries in Spark's spelling, and DuckDB's answers.

Here: `prepare`, which makes the data of one scale factor once per cache, and `queries`. Not here: asking a server
(`run.py`) and timing several of them (`benches/`). Both benchmarks come from DuckDB's own extensions, so nothing is
downloaded but their packages.
"""

import re
import shutil
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
import environment

REQUIREMENTS = HERE / "requirements-tpc.txt"
COUNTS = {"tpch": 22, "tpcds": 99}
QUOTED = re.compile(r"'(?:[^']|'')*'|\"([^\"]+)\"")


def connect(benchmark: str):
    """Return a DuckDB connection with the benchmark's extension loaded from its package."""
    import importlib

    import duckdb

    package = importlib.import_module(f"duckdb_extension_{benchmark}")
    extension = next(Path(package.__file__).parent.rglob("*.duckdb_extension"))
    connection = duckdb.connect(config={"threads": 2})
    connection.execute(f"LOAD '{extension}'")
    return connection


def prepare(benchmark: str, scale: float) -> Path:
    """Return the folder of one scale factor, a Parquet file per table, making it when it is missing."""
    folder = environment.CACHE / "tpc" / f"{benchmark}-{scale:g}"
    if (folder / ".ready").exists():
        return folder
    print(f"making {folder}", file=sys.stderr, flush=True)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    connection = connect(benchmark)
    generate = "dbgen" if benchmark == "tpch" else "dsdgen"
    connection.execute(f"CALL {generate}(sf = {scale})")
    for (table,) in connection.execute("SHOW TABLES").fetchall():
        columns = connection.execute(f"SELECT column_name, data_type FROM information_schema.columns WHERE table_name = '{table}' ORDER BY ordinal_position").fetchall()
        shown = ", ".join(f'CAST("{name}" AS TIMESTAMP) AS "{name}"' if kind == "TIME" else f'"{name}"' for name, kind in columns)
        connection.execute(f"COPY (SELECT {shown} FROM {table}) TO '{folder}/{table}.parquet' (FORMAT parquet, ROW_GROUP_SIZE 122880)")
    (folder / ".ready").touch()
    return folder


def texts(benchmark: str) -> dict[int, str]:
    """Return the queries by number, as DuckDB spells them."""
    return dict(connect(benchmark).execute(f"SELECT query_nr, query FROM {benchmark}_queries()").fetchall())


def queries(benchmark: str) -> dict[int, str]:
    """Return the queries by number, as Spark reads them."""
    return {number: spelled(text) for number, text in texts(benchmark).items()}


def spelled(text: str) -> str:
    """Return a query with double-quoted names in back-ticks; strings are left alone."""
    text = QUOTED.sub(lambda found: f"`{found[1]}`" if found[1] else found[0], text)
    return text.strip().rstrip(";")


def answers(benchmark: str, folder: Path, number: int) -> list[list[str]]:
    """Return DuckDB's rows of one query over the same files."""
    connection = connect(benchmark)
    for path in sorted(folder.glob("*.parquet")):
        connection.execute(f"CREATE VIEW {path.stem} AS SELECT * FROM '{path}'")
    rows = connection.execute(texts(benchmark)[number]).fetchall()
    return [[plain(value) for value in row] for row in rows]


def plain(value) -> str:
    """Return a value as text that two engines agree on: numbers to nine digits, dates as ISO, null as NULL."""
    import decimal

    if value is None:
        return "NULL"
    if isinstance(value, bool):
        return str(value)
    if isinstance(value, (int, float, decimal.Decimal)):
        return f"{float(value):.9g}" if value else "0"
    return str(value).rstrip()
