"""Builds this dbt project twice on a floe-engine of its own, and shows what came out and where each model ran.

Usage: demo.py BINARY. Here: the engine's start and stop, the two builds by an unmodified dbt-spark, and the tables
printed. Not here: the project itself (models/, seeds/, snapshots/, tests/). Everything is written under
`$FLOE_CACHE/demo`, made anew by each run and left there to look at.
"""

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[2] / "tests"))
import environment
from with_server import Server

REQUIREMENTS = HERE / "requirements-jaffle.txt"
FOLDER = environment.CACHE / "demo"
DAYS = ("2026-03-02", "2026-03-03")

ORDERS = "SELECT count(*) AS orders, count_if(status = 'open') AS open, sum(amount) AS amount FROM jaffle.fct_orders"
COMMITS = """SELECT operation, summary['total-records'] AS rows_after, summary['added-data-files'] AS files_written,
                    coalesce(summary['deleted-data-files'], 0) AS files_replaced
             FROM jaffle.fct_orders.snapshots ORDER BY committed_at"""
HISTORY = """SELECT item_code, title, price, discount_percent AS discount,
                    dense_rank() OVER (ORDER BY dbt_valid_from) AS since_build, dbt_valid_to IS NULL AS current
             FROM jaffle.menu_history ORDER BY item_code, dbt_valid_from"""
ROUTES = """SELECT node_id, max_by(backend, time) AS backend, max_by(reason, time) AS reason,
                   max_by(costs, time) AS costs
            FROM system.routes WHERE node_id IS NOT NULL GROUP BY node_id"""


def main() -> None:
    """Run the demo; a failing step ends it with what dbt said."""
    binary = Path(sys.argv[1]).resolve()
    environment.enter(REQUIREMENTS)
    shutil.rmtree(FOLDER, ignore_errors=True)
    with Server(binary, "--data", str(FOLDER / "data")) as server:
        print(f"engine   {server.address}, its tables are Iceberg under {FOLDER / 'data'}")
        session = connect(server.address)
        for number, day in enumerate(DAYS, 1):
            print(f"\ndbt build, {number} of {len(DAYS)}: the books as of {day}")
            nodes = build(server.address, day)
            show(session, ORDERS)
        print("\nfct_orders is incremental: the second build merged the new and the changed orders into it")
        show(session, COMMITS)
        print("\nmenu_history is a snapshot: the second build closed the old prices and added the new ones")
        show(session, HISTORY)
        for mart, order in (("kiosk_days", "kiosk_name, ordered_on"), ("menu_ranking", "place")):
            print(f"\n{mart}")
            show(session, f"SELECT * FROM jaffle.{mart} ORDER BY {order}")
        print("\nwhere each model ran, why, and what it is expected to take on each engine, from system.routes")
        table(("node", "backend", "why", "expected"), routes(session, nodes))
        session.stop()
    print(f"\nThe engine is stopped. To look around: {binary} sql --data {FOLDER / 'data'}")


def connect(address: str):
    """Return a Spark Connect session of our own; settings of a Spark on this machine are none of its business."""
    for name in [name for name in os.environ if name.startswith(("SPARK_", "PYSPARK_"))]:
        del os.environ[name]
    from pyspark.sql import SparkSession

    return SparkSession.builder.remote(address).getOrCreate()


def build(address: str, day: str) -> dict[str, str]:
    """Run `dbt build`, tell each node as it ends, and return how each is materialized, by its id."""
    dbt = Path(sys.executable).with_name("dbt")
    command = [dbt, "--log-format", "json", "build", "--project-dir", HERE, "--profiles-dir", HERE]
    command += ["--vars", json.dumps({"as_of": day}), "--target-path", FOLDER / "target", "--log-path", FOLDER / "logs"]
    started, nodes, tests, problems = time.monotonic(), {}, 0, []
    surroundings = os.environ | {"FLOE_ADDRESS": address}
    with subprocess.Popen(command, env=surroundings, stdout=subprocess.PIPE, text=True) as process:
        for line in process.stdout:
            event = json.loads(line)
            info, node = event["info"], event["data"].get("node_info", {})
            if info["level"] in ("error", "warn"):
                problems.append(info["msg"])
            elif info["name"] == "LogTestResult":
                tests += 1
            elif info["name"] in ("LogSeedResult", "LogModelResult", "LogSnapshotResult"):
                nodes[node["unique_id"]] = node["materialized"]
                print(f"  {node['materialized']:<12} {node['node_name']:<16} {event['data']['execution_time']:5.2f} s", flush=True)
    for problem in problems:
        print(f"  {problem}")
    if process.returncode:
        sys.exit(f"dbt build failed; its log is {FOLDER / 'logs' / 'dbt.log'}")
    print(f"  {tests} tests passed; {time.monotonic() - started:.0f} s with dbt's own start")
    return nodes


def routes(session, nodes: dict[str, str]) -> list[tuple]:
    """Return id, backend, reason and costs of what was built; a view runs where it is read."""
    found = {row.node_id: (row.backend, row.reason, row.costs) for row in session.sql(ROUTES).collect()}
    views = ("", "a view: runs as part of what reads it", "")
    built = sorted(node for node in nodes if not node.startswith("seed."))
    return [(node, *(views if nodes[node] == "view" else found[node])) for node in built]


def show(session, query: str) -> None:
    """Print a query's rows."""
    frame = session.sql(query)
    table(frame.columns, frame.collect())


def table(header, rows) -> None:
    """Print aligned columns, numbers to the right."""
    cells = [["" if value is None else str(value) for value in row] for row in rows]
    widths = [max(len(row[at]) for row in [header, *cells]) for at in range(len(header))]
    right = [all(row[at].replace(".", "").isdigit() or not row[at] for row in cells) for at in range(len(header))]
    for row in [header, *cells]:
        fitted = [text.rjust(width) if number else text.ljust(width) for text, width, number in zip(row, widths, right)]
        print("  " + "  ".join(fitted).rstrip())


if __name__ == "__main__":
    main()
