"""What `floe-engine verify` says of queries that are the same, different or refused, and of the demo's dbt project.

Usage: verify.py BINARY. Here: the program's lines, objects and exit codes over tables that an unmodified dbt-spark built.
Not here: how rows are compared (unit tests in `floe-engine/src/compare`). Last line: `verify: N/M`.
"""

import json
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

MODELS = ["fct_orders", "kiosk_days", "menu_ranking", "stg_kiosks", "stg_menu", "stg_order_lines", "stg_orders"]

# The one way to make two engines differ on purpose: what is drawn anew each time.
CHANCE = "SELECT order_id, rand() AS r FROM jaffle.fct_orders"


def main() -> None:
    """Build the project, verify it and some queries, and say how much was as it should be."""
    binary, folder = Path(sys.argv[1]).resolve(), Path(tempfile.mkdtemp(prefix="floe-verify-"))
    demo.FOLDER = folder
    held = made = 0
    try:
        with Server(binary, "--data", str(folder / "data")) as server:
            demo.build(server.address, demo.DAYS[-1])
            # While a server has the folder open, as people will do it.
            checks = all_checks(Verify(binary, folder))
            for name, well, told in checks:
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

    def __call__(self, *arguments: str) -> tuple[int, list[str]]:
        """Return how it ended, and its lines."""
        ended = subprocess.run([*self.command, *arguments], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
        return ended.returncode, ended.stdout.splitlines()

    def objects(self, *arguments: str) -> tuple[int, list[dict]]:
        """Return how it ended, and its objects."""
        code, lines = self(*arguments, "--json")
        return code, [json.loads(line) for line in lines if line.startswith("{")]


def all_checks(verify: Verify):
    """Give each check's name, whether it held, and what was seen."""
    code, lines = verify("--dbt", str(verify.folder))
    same = sorted(line.split(":")[0].rsplit(".", 1)[1] for line in lines if line.startswith("same"))
    yield "every model of the project is the same", code == 0 and same == MODELS, lines

    manifest = verify.folder / "target" / "manifest.json"
    manifest.rename(manifest.with_suffix(".away"))
    code, lines = verify("--dbt", str(verify.folder))
    yield "so are they as files, and tests are no models", code == 0 and lines[-1].startswith("verify: same=7 different=0 refused=0"), lines

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


if __name__ == "__main__":
    main()
