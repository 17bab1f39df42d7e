"""What `floe-engine verify` says of queries that are the same, different or refused, and of the demo's dbt project.

Usage: verify.py BINARY [--spark]. Here: the program's lines, objects and exit codes over tables that an unmodified
dbt-spark built; with `--spark` also against a real Spark, which the program starts.
Not here: how rows are compared (unit tests in `floe-engine/src/compare`). Last line: `verify: N/M`.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import environment
from with_server import Server

JAFFLE = Path(__file__).resolve().parents[1] / "docs" / "examples" / "jaffle"
environment.enter(JAFFLE / "requirements-jaffle.txt")
sys.path.insert(0, str(JAFFLE))
import demo

MODELS = 7

# The one way to make two engines differ on purpose: what is drawn anew each time.
CHANCE = "SELECT order_id, rand() AS r FROM jaffle.fct_orders"


def main() -> None:
    """Build the project, verify it and some queries, and say how much was as it should be."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("binary", type=Path)
    parser.add_argument("--spark", action="store_true", help="compare with a real Spark too, which needs Java")
    arguments = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="floe-verify-"))
    demo.FOLDER = folder
    held = made = 0
    try:
        with Server(arguments.binary, "--data", str(folder / "data")) as server:
            for day in demo.DAYS:
                demo.build(server.address, day)
            # While a server has the folder open, as people will do it.
            verify = Verify(arguments.binary.resolve(), folder)
            for name, well, told in [*in_process(verify), *(with_spark(verify) if arguments.spark else [])]:
                made, held = made + 1, held + well
                print(f"{'ok' if well else 'WRONG'} {name}" + ("" if well else f"\n{told}"), flush=True)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    print(f"verify: {held}/{made}")
    sys.exit(held != made)


class Verify:
    """The program over the project's data."""

    def __init__(self, binary: Path, folder: Path):
        self.command = [binary, "verify", "--data", folder / "data"]
        self.folder = folder
        self.surroundings = dict(os.environ)

    def __call__(self, *arguments: str) -> tuple[int, list[str]]:
        """Return how it ended, and its lines."""
        ended = subprocess.run([*self.command, *arguments], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                               env=self.surroundings, check=False)
        return ended.returncode, ended.stdout.splitlines()

    def objects(self, *arguments: str) -> tuple[int, list[dict]]:
        """Return how it ended, and its objects."""
        code, lines = self(*arguments, "--json")
        return code, [json.loads(line) for line in lines if line.startswith("{")]


def in_process(verify: Verify):
    """Give each check's name, whether it held, and what was seen."""
    code, found = verify.objects("--dbt", str(verify.folder))
    names = {one["name"]: one["verdict"] for one in found if one["event"] == "query"}
    well = len(names) == MODELS and names["model.jaffle.kiosk_days"] == "same" and "different" not in names.values()
    yield "no model of the project is different", well and code == int("refused" in names.values()), found

    manifest = verify.folder / "target" / "manifest.json"
    manifest.rename(manifest.with_suffix(".away"))
    as_files = verify.objects("--dbt", str(verify.folder))[1]
    verdicts = sorted(one["verdict"] for one in as_files if one["event"] == "query")
    yield "as files they are the same models, and tests are none", verdicts == sorted(names.values()), as_files
    manifest.with_suffix(".away").rename(manifest)

    code, lines = verify("-c", "SELECT order_id, amount FROM jaffle.fct_orders ORDER BY amount DESC, 1; SELECT 1 AS a")
    yield "a script has a line for each query and a summary", code == 0 and [line[:10] for line in lines] == [
        "same      ", "same      ", "verify: sa"], lines

    code, lines = verify("-c", CHANCE, "--on", "auto,datafusion", "--rows", "2")
    shown = [line for line in lines if line.startswith(("           - ", "           + "))]
    well = code == 1 and lines[0].startswith("different  #1: ") and "each time it is asked" in lines[0] and len(shown) == 4
    yield "chance is different, shown and told apart", well, lines

    code, found = verify.objects("-c", CHANCE, "--on", "auto,datafusion", "--rows", "1")
    only = found[0].get("only", {})
    well = code == 1 and [len(only.get(side, [])) for side in ("auto", "datafusion")] == [1, 1] and found[-1]["different"] == 1
    yield "as objects too", well, found

    recursive = "WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t WHERE n < 5) SELECT n FROM t"
    code, lines = verify("-c", recursive)
    yield "who cannot says so and why", code == 1 and lines[0].startswith("refused    #1: by duckdb: ") and "route" in lines[0], lines
    code, lines = verify("-c", recursive, "--allow-refused")
    yield "which may be allowed", code == 0 and "refused=1" in lines[-1], lines

    code, lines = verify("-c", "SELECT 1/0 AS a")
    well = code == 1 and lines[0].count("[DIVIDE_BY_ZERO]") == 2
    yield "an error on both sides is no answer", well, lines
    code, lines = verify("-c", "SET spark.sql.ansi.enabled=false; SELECT 1/0 AS a")
    yield "what the session remembers holds for both", code == 0 and lines[0] == "same       #2: 1 row", lines

    code, lines = verify("-c", "SELECT 1 AS a; DROP TABLE jaffle.fct_orders")
    untouched = verify("-c", "SELECT * FROM jaffle.fct_orders")[0] == 0
    yield "nothing is written and nothing has run", code == 1 and len(lines) == 1 and "is no query" in lines[0] and untouched, lines

    code, lines = verify("-c", "SELECT 1 AS a", "--on", "datafusion,spark")
    yield "a Spark that is not configured is told of", code == 1 and "no Spark is configured" in lines[0], lines


def with_spark(verify: Verify):
    """Give the checks that need a real Spark, as `in_process` gives the others."""
    python = environment.ensure(Path(__file__).parent / "real" / "requirements-spark.txt")
    verify.surroundings["PATH"] = f"{python.parent}{os.pathsep}{verify.surroundings['PATH']}"
    spark = ("--on", "datafusion,spark", "--spark", "local")

    # By their schema's name a Spark does not reach tables of the embedded catalog; by their bare ones they go along.
    code, lines = verify("--dbt", str(verify.folder), *spark, "--allow-refused")
    yield "no model of the project is different on Spark", code == 0 and "different=0" in lines[-1], lines

    code, lines = verify("-c", "USE jaffle; SELECT * FROM fct_orders ORDER BY amount DESC, order_id", *spark)
    yield "a table goes along and is the same there", code == 0 and "same=1 different=0" in lines[-1], lines

    code, lines = verify("-f", str(written(verify.folder)), *spark)
    yield "so are values of every type", code == 0 and "same=2 different=0" in lines[-1], lines

    code, lines = verify("-c", "SELECT java_method('java.lang.Math', 'abs', -3) AS three", *spark)
    yield "what only Spark knows is refused by the other", code == 1 and lines[-3].startswith("refused    #1: by datafusion: "), lines


def written(folder: Path) -> Path:
    """Return a file with a query over a view, and one with a value of each type."""
    path = folder / "types.sql"
    path.write_text("""
        CREATE TEMP VIEW v AS SELECT id, id % 3 AS g, CAST(id AS DOUBLE) / 7 AS f FROM range(1000);
        SELECT g, sum(f) AS s, count(*) AS n FROM v GROUP BY g ORDER BY g;
        SELECT map('a', 1.0D) AS m, array(struct(1 AS x)) AS l, DATE'2020-01-01' AS d, TIMESTAMP'2020-01-01 00:00:00' AS t,
               TIMESTAMP_NTZ'2020-01-01 00:00:00' AS u, INTERVAL '1' DAY AS i, INTERVAL '2' YEAR AS y, X'0A' AS b,
               1.5BD AS c, 1.5F AS f, true AS z, NULL AS n""", encoding="utf-8")
    return path


if __name__ == "__main__":
    main()
