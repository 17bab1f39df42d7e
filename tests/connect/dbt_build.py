"""Runs an unmodified dbt-spark against a server, on any of the PySpark versions that the client suites run.

Here: `build`. Not here: the projects (`docs/examples/jaffle`, `project/`) and what is asked of their tables.
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
import clients
import environment

JAFFLE = HERE.parents[1] / "docs" / "examples" / "jaffle"
SECONDS_MAX = 300


def build(address: str, project: Path, variables: dict, *, version: str | None = None, command: str = "build") -> str:
    """Run dbt with this version of PySpark, else with the one of its own; return nothing, or the end of what it said.

    The address reaches PySpark as `SPARK_REMOTE`, so that a profile need not know it.
    """
    dbt = environment.ensure(JAFFLE / "requirements-jaffle.txt").with_name("dbt")
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("SPARK_", "PYSPARK_", "DBT_"))}
    surroundings = clean | {"SPARK_REMOTE": address, "FLOE_ADDRESS": address, "TZ": "UTC"}
    if version:
        # Whatever that client needs is of the same pins as dbt's own, so that it may stand before it.
        python = environment.ensure(clients.REQUIREMENTS[version])
        surroundings["PYTHONPATH"] = str(next(python.parent.parent.glob("lib/python*/site-packages")))
    with tempfile.TemporaryDirectory(prefix="dbt-") as folder:
        places = ["--project-dir", project, "--profiles-dir", project, "--target-path", f"{folder}/target",
                  "--log-path", f"{folder}/logs"]
        ended = subprocess.run([dbt, "--no-use-colors", command, *places, "--vars", json.dumps(variables)], text=True,
                               cwd=folder, env=surroundings, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                               timeout=SECONDS_MAX, check=False)
    return "" if ended.returncode == 0 else ended.stdout[-1500:]
