"""CREATE TABLE AS SELECT of lineitem into Iceberg, and the rows counted afterwards.

DuckDB writes Iceberg only through a REST catalog and is left out.
"""

import itertools
import shutil
import tempfile
from pathlib import Path

import measure
import tpc

NAME = "ctas"


def results(engines: dict, options) -> list:
    """Write lineitem of the scale asked for."""
    scale = options.iceberg_scale
    tables = {"lineitem": tpc.files("tpch", scale)["lineitem"]}
    result = measure.Run(f"ctas {scale:g}", f"CTAS of lineitem, scale {scale:g}, into Iceberg", "The table is dropped between rounds, untimed.")
    writers = {name: engine for name, engine in engines.items() if name != measure.REFEREE}
    item = measure.Item("lineitem")
    folder = Path(tempfile.mkdtemp(prefix="bench-ctas-"))
    try:
        with measure.opened(result, writers, lambda engine: engine.open(tables)) as sessions:
            rows = None
            for number in range(options.rounds):
                for name in measure.turned(list(sessions), number):
                    if name in item.failed:
                        continue
                    found = written(sessions[name], name, folder, options.timeout, item)
                    rows = rows or found
                    if found is not None and found != rows:
                        item.wrong.append(name)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    item.is_checked = True
    result.items.append(item)
    measure.tell(result, item)
    return [result]


COUNT = itertools.count(1)


def written(session, name: str, folder: Path, timeout: float, item: measure.Item) -> int | None:
    """Write the table once, timed; return its number of rows, or nothing where it failed."""
    table = f"ctas_{next(COUNT)}"
    # Sail's own catalog keeps nothing; it is told where.
    place = f" USING iceberg LOCATION 'file://{folder / table}'" if name.startswith("Sail") else ""
    if measure.asked(session, f"CREATE TABLE {table}{place} AS SELECT * FROM lineitem", timeout, item, name) is None:
        return None
    try:
        if place and not (folder / table / "metadata").is_dir():
            raise RuntimeError("what was written is no Iceberg table")
        found = session.ask(f"SELECT count(*) AS n FROM {table}").column(0)[0].as_py()
        session.ask(f"DROP TABLE {table}")
        return found
    except Exception as error:
        item.failed[name] = measure.reason(error)
        return None
