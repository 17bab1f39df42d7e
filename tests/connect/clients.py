"""The PySpark versions that the client suites run, and how one of them is run.

Here: `REQUIREMENTS` of every version, `VERSIONS` (those whose answers are recorded) and `outcomes`. Not here: the calls (`session_60.py`), recording and comparing (`record.py`, `run.py`).
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
import environment
from real import spark as real

REQUIREMENTS = {
    "3.5.9": HERE / "requirements-client-3.5.9.txt",
    "4.0.5": HERE / "requirements-client-4.0.5.txt",
    "4.1.4": real.REQUIREMENTS,
    "4.2.1": HERE / "requirements-client-4.2.1.txt",
    "4.3.0": HERE / "requirements-client-4.3.0.txt",
}
# The others are compared with what they get from a real Spark in the same run (`upstream.py`).
VERSIONS = ["3.5.9", "4.1.4", "4.3.0"]
SECONDS_MAX = 900


def outcomes(version: str, address: str, *calls: str) -> dict:
    """Run the scripted session, or single calls of it, with one client version; return outcome by call."""
    python = environment.ensure(REQUIREMENTS[version])
    with tempfile.TemporaryDirectory(prefix="client-") as folder:
        target = Path(folder) / "outcomes.json"
        clean = {name: value for name, value in os.environ.items() if not name.startswith(("SPARK_", "PYSPARK_"))}
        subprocess.run([python, "-W", "ignore", HERE / "session_60.py", address, target, *calls], check=True, timeout=SECONDS_MAX,
                       cwd=folder, env=clean | {"TZ": "UTC", "PYSPARK_PYTHON": str(python)})
        return json.loads(target.read_text(encoding="utf-8"))


def answers(name: str) -> Path:
    """Return where the recorded outcomes of that name stand."""
    return HERE / "answers" / f"{name}.json"


def write(name: str, found: dict) -> None:
    """Write recorded outcomes."""
    answers(name).parent.mkdir(exist_ok=True)
    answers(name).write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
