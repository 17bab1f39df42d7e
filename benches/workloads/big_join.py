"""Facts joined with dims on a key, and grouped by the name found: the hash table is as large as dims."""

import measure
import tables

NAME = "join"

QUERIES = {
    "count": "SELECT count(*) AS n, sum(f.v) AS v FROM facts f JOIN dims d ON f.k = d.k",
    "names": """SELECT d.name, count(*) AS n, sum(f.v) AS v, min(f.s) AS s
                FROM facts f JOIN dims d ON f.k = d.k GROUP BY d.name ORDER BY d.name""",
}


def results(engines: dict, options) -> list:
    """Join as many rows as asked for."""
    rows, keys = options.join_rows
    found = {"facts": tables.facts(rows, keys), "dims": tables.dims(keys)}
    result = measure.Run(f"join {rows}", f"Big join, {rows:,} with {keys:,} rows", "Every row of facts finds one of dims.")
    with measure.opened(result, engines, lambda engine: engine.open(found)) as sessions:
        measure.interleaved(result, sessions, QUERIES, options)
    return [result]
