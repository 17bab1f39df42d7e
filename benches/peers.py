"""The same benchmark on two servers, interleaved query by query, and the ratio of their times.

Here: the measuring, quick, and against a server that runs already. Not here: starting the peer (`engines.py`), data and
queries (`tests/tpc`); more engines and more than TPC (`bench.py`). Every query is run on both servers in turn, so that a
noisy machine disturbs both alike; the best of the rounds counts. With `--iceberg` both read the same Iceberg tables, which
we write.
Last line: `tpch over parquet: ours …s, peer …s, our time by the peer's …` (of the queries both could answer).
"""

import argparse
import logging
import math
import warnings
from pathlib import Path

import places
import data
import engines
import run


def main() -> None:
    """Measure one benchmark."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("benchmark", choices=[*data.COUNTS])
    parser.add_argument("--address", required=True)
    parser.add_argument("--peer", help="address of a running peer; started when absent")
    parser.add_argument("--scale", type=float, default=1.0)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--query", type=int, action="append")
    parser.add_argument("--iceberg", action="store_true", help="read Iceberg tables that we write first, not the Parquet files")
    arguments = parser.parse_args()
    data.environment.enter(data.REQUIREMENTS)
    logging.disable(logging.CRITICAL)
    warnings.simplefilter("ignore")
    folder = data.prepare(arguments.benchmark, arguments.scale)
    sessions = {"ours": run.session_over(arguments.address, folder), "peer": run.session_over(arguments.peer or engines.Sail().address, folder)}
    if arguments.iceberg:
        to_iceberg(folder, **sessions)
    texts = data.queries(arguments.benchmark)
    ratios, totals = [], {"ours": 0.0, "peer": 0.0}
    for number in arguments.query or sorted(texts):
        best = {}
        for _ in range(arguments.rounds):
            for name, session in sessions.items():
                try:
                    _, seconds = run.ask(session, texts[number])
                except Exception as error:
                    print(f"q{number} {name}: failed: {str(error)[:160]}", flush=True)
                    continue
                best[name] = min(seconds, best.get(name, seconds))
        if len(best) < 2:
            continue
        ratios.append(best["peer"] / best["ours"])
        totals = {name: totals[name] + seconds for name, seconds in best.items()}
        print(f"q{number}: ours {best['ours']:.3f} s, peer {best['peer']:.3f} s, ratio {ratios[-1]:.2f}", flush=True)
    mean = math.exp(sum(map(math.log, ratios)) / len(ratios)) if ratios else 0.0
    what = "iceberg" if arguments.iceberg else "parquet"
    print(f"{arguments.benchmark} over {what}: geometric mean of the peer's time by ours {mean:.3f}")
    print(f"{arguments.benchmark} over {what}: ours {totals['ours']:.2f}s, peer {totals['peer']:.2f}s over {len(ratios)} queries, "
          f"our time by the peer's {totals['ours'] / max(totals['peer'], 1e-9):.3f}")


def to_iceberg(folder: Path, ours, peer) -> None:
    """Write the files into Iceberg tables with our server, and have both read those under the files' names."""
    run.move_to_catalog(ours, folder, "measured")
    for path in sorted(folder.glob("*.parquet")):
        peer.read.format("iceberg").load(run.location(ours, f"measured.{path.stem}")).createOrReplaceTempView(path.stem)


if __name__ == "__main__":
    main()
