"""Facts grouped into few groups and into about as many as there are keys, the second larger than memory where asked."""

import measure
import tables

NAME = "group-by"

FEW = """SELECT k % 1000 AS g, count(*) AS n, sum(v) AS v, min(s) AS first, max(s) AS last
         FROM facts GROUP BY k % 1000 ORDER BY g"""
# The groups are counted, not sent: what is measured is grouping.
MANY = """SELECT count(*) AS groups, sum(n) AS n, max(n) AS most, max(v) AS v, min(s) AS s
          FROM (SELECT k, count(*) AS n, sum(v) AS v, max(s) AS s FROM facts GROUP BY k) AS grouped"""


def results(engines: dict, options) -> list:
    """Group as many rows as asked for."""
    rows, keys = options.group_rows
    facts = tables.facts(rows, keys)
    result = measure.Run(f"group-by {rows}", f"Big group-by, {rows:,} rows", f"Into 1,000 groups, and by up to {keys:,} keys.")
    with measure.opened(result, engines, lambda engine: engine.open({"facts": facts})) as sessions:
        measure.interleaved(result, sessions, {"1,000 groups": FEW, f"{keys:,} keys": MANY}, options)
    return [result]
