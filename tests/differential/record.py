"""Records what a real Spark answers to the random queries of a seed.

Here: `answers/seed-<S>.jsonl.zst`, one JSON array per query: SQL, ANSI, ordered, approximate, answer lines. Not here:
the queries (`generate.py`) and the comparison (`compare.py`). Like every recorder it takes no address.
"""

import argparse
import json
import logging
import sys
import warnings
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
import environment
from real import spark as real

ANSWERS = HERE / "answers"


def ask(session, query, ansi_now: list) -> list[str]:
    """Return schema and row lines, or the error line; rows are sorted unless their order is settled."""
    import rendering

    if ansi_now[:] != [query.ansi]:
        session.conf.set("spark.sql.ansi.enabled", str(query.ansi).lower())
        ansi_now[:] = [query.ansi]
    try:
        schema, *rows = rendering.answer(session.sql(query.sql))
        return [schema, *(rows if query.ordered else sorted(rows))]
    except Exception as error:
        return [rendering.error_line(error)]


def main() -> None:
    """Record one seed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--count", type=int, required=True)
    arguments = parser.parse_args()
    environment.enter(real.REQUIREMENTS)
    logging.disable(logging.CRITICAL)
    warnings.simplefilter("ignore")
    import zstandard
    from pyspark.sql import SparkSession

    import generate

    server = real.Spark()
    session = SparkSession.builder.remote(server.address).create()
    for table in generate.TABLES:
        session.sql(table)
    ansi_now: list = []
    lines, rows = [], 0
    for at, query in enumerate(generate.queries(arguments.seed, arguments.count)):
        answer = ask(session, query, ansi_now)
        rows += not answer[0].startswith("error")
        lines.append(json.dumps([query.sql, query.ansi, query.ordered, query.approximate, answer], ensure_ascii=False))
        if at % 100 == 99:
            print(f"{at + 1} asked, {rows} with rows", flush=True)
    ANSWERS.mkdir(exist_ok=True)
    target = ANSWERS / f"seed-{arguments.seed}.jsonl.zst"
    target.write_bytes(zstandard.ZstdCompressor(level=19).compress("\n".join(lines).encode()))
    server.stop()
    print(f"recorded: {rows} with rows of {len(lines)}, {target.stat().st_size} bytes")


if __name__ == "__main__":
    main()
