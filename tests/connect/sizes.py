"""The size policy from end to end: one dbt model, on Spark while it reads too much and here once it reads little.

Usage: sizes.py BINARY [--only CHECK]…
Here: an incremental model of an unmodified dbt-spark over a partitioned Iceberg table three times as large as what may be
read here, in Iceberg's own REST catalog and in the embedded one behind our REST face; what `EXPLAIN ROUTE` said before
each run against what became of it. Not here: how a decision is made (`floe-route`), and the ways back and forth
(`upstream.py`). Each check names what went wrong; the last line is `sizes: N/N`.
"""

import argparse
import logging
import sys
import tempfile
import warnings
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
sys.path.insert(0, str(HERE.parent / "iceberg"))
import dbt_build
import environment
from rest_server import RestServer
from suite import Suite
from upstream import REQUIREMENTS, client, outcome, own_spark

PROJECT = HERE / "project"
DAYS = [f"2026-03-{day:02}" for day in range(1, 10)]
ROWS_A_DAY = 20_000
# How often what may be read here goes into the table.
TIMES = 3
SUITE = Suite("sizes")


@SUITE.check
def by_a_rest_catalog(binary: str) -> list[str]:
    """Both engines reach the table by Iceberg's own REST server."""
    with RestServer() as rest, tempfile.TemporaryDirectory(prefix="sizes-") as folder:
        config = Path(folder, "floe.toml")
        lake = f'type = "rest"\nuri = "{rest.uri}"\ncredential = "root:s3cr3t"\n'
        config.write_text(f'[spark.sql]\ndefaultCatalog = "lake"\n[spark.sql.catalog.lake]\n{lake}')
        with own_spark(binary, "--config", str(config)) as server:
            return large_then_small(server.address)


@SUITE.check
def by_our_own_face(binary: str) -> list[str]:
    """The table stays in the embedded catalog; Spark reaches it by the REST face."""
    with own_spark(binary, "--rest", "0") as server:
        return large_then_small(server.address)


def large_then_small(address: str) -> list[str]:
    """Run the model over everything and then for one more day, and return what was not as it should be."""
    wrong = []
    with client(address) as session:
        schema = "shop"
        session.sql(f"CREATE SCHEMA {schema}")
        source, model = f"{schema}.events", f"{schema}.daily"
        session.sql(f"CREATE TABLE {source} (id BIGINT, amount BIGINT, day DATE) USING iceberg PARTITIONED BY (day)")
        for number, day in enumerate(DAYS[:-1]):
            add_day(session, source, number, day)
        size = session.sql(f"SELECT sum(file_size_in_bytes) AS n FROM {source}.files").first().n
        variables = {"source": source, "schema": schema, "limit": size // TIMES, "day": DAYS[-1]}
        session.conf.set("floe.local.maxBytes", size // TIMES)
        query = f"SELECT day, count(*), sum(amount), max(id) FROM {source}"
        whole, one = f"{query} GROUP BY day", f"{query} WHERE day = date'{DAYS[-1]}' GROUP BY day"
        seen = 0
        for name, asked, backend in [("all of it", whole, "spark"), ("one day", one, "here")]:
            told = predicted(session, asked)
            if told != backend:
                wrong.append(f"{name}: EXPLAIN ROUTE says {told}")
            if problem := dbt_build.build(address, PROJECT, variables, command="run"):
                return [*wrong, f"{name}: dbt failed: {problem}"]
            routes = session.sql(f"{ROUTES} ORDER BY time").collect()
            went = {place(row.backend) for row in routes[seen:]}
            if backend not in went or (backend == "here" and "spark" in went):
                wrong.append(f"{name}: went {[(row.backend, row.reason) for row in routes[seen:]]}")
            seen = len(routes)
            found = outcome(lambda: session.table(model).collect())
            if found != (wanted := outcome(lambda: session.sql(f"/* all */ {query} GROUP BY day").collect())):
                wrong.append(f"{name}: {found}, and wanted {wanted}")
            if name == "all of it":
                add_day(session, source, len(DAYS) - 1, DAYS[-1])
        commits = session.sql(f"SELECT count(*) AS n FROM {model}.snapshots").first().n
        if commits != 2:
            wrong.append(f"{commits} commits to {model}")
    return wrong


ROUTES = "SELECT backend, reason, time FROM system.routes WHERE node_id = 'model.sizes.daily'"


def add_day(session, table: str, number: int, day: str) -> None:
    """Write the rows of one day."""
    first = number * ROWS_A_DAY
    session.sql(f"INSERT INTO {table} SELECT id, pmod(hash(id), 100000) AS amount, date'{day}' FROM range({first}, {first + ROWS_A_DAY})")


def predicted(session, query: str) -> str:
    """Return where `EXPLAIN ROUTE` says that a query goes."""
    return next(place(row.backend) for row in session.sql(f"EXPLAIN ROUTE {query}").collect() if row.chosen)


def place(backend: str) -> str:
    """Return `here` for the engines of our own process."""
    return backend if backend == "spark" else "here"


def main() -> None:
    """Run every check, or those named."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("binary")
    parser.add_argument("--only", action="append", choices=SUITE.names(), help="only this check")
    arguments = parser.parse_args()
    environment.enter(REQUIREMENTS)
    warnings.simplefilter("ignore")
    logging.disable(logging.CRITICAL)
    sys.exit(not SUITE.run(lambda check: check(arguments.binary), arguments.only or ()))


if __name__ == "__main__":
    main()
