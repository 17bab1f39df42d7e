"""Records real Spark's rows for the benchmark queries whose answer differs from DuckDB's.

Here: `answers/<benchmark>-<scale>.json`, query number to rows; averages of decimals (six digits in Spark) are the
usual reason. Not here: the comparison (`run.py`). Like every recorder it takes no address.
"""

import argparse
import json
import logging
import sys
import warnings
from pathlib import Path

import data
import run

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from real import spark as real


def main() -> None:
    """Record one benchmark at one scale."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("benchmark", choices=[*data.COUNTS])
    parser.add_argument("--scale", type=float, default=0.1)
    arguments = parser.parse_args()
    data.environment.enter(data.REQUIREMENTS)
    logging.disable(logging.CRITICAL)
    warnings.simplefilter("ignore")
    folder = data.prepare(arguments.benchmark, arguments.scale)
    server = real.Spark(catalog="builtin", memory="3g")
    session = run.session_over(server.address, folder)
    differing = {}
    for number, text in sorted(data.queries(arguments.benchmark).items()):
        try:
            rows, seconds = run.ask(session, text)
        except Exception as error:
            print(f"q{number}: Spark refuses it: {str(error).split('JVM stacktrace')[0][:300]}", flush=True)
            differing[str(number)] = "refused"
            continue
        differs = not run.equal(rows, data.answers(arguments.benchmark, folder, number))
        print(f"q{number}: {seconds:.2f} s{' differs' if differs else ''}", flush=True)
        if differs:
            differing[str(number)] = rows
    target = run.spark_answers(arguments.benchmark, arguments.scale)
    target.parent.mkdir(exist_ok=True)
    target.write_text(json.dumps(differing, ensure_ascii=False, indent=0) + "\n", encoding="utf-8")
    server.stop()
    print(f"{arguments.benchmark}: Spark differs from DuckDB in {len(differing)} queries")


if __name__ == "__main__":
    main()
