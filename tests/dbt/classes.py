"""Runs dbt-spark's own functional test classes, by an unmodified dbt-spark, against a Spark Connect server.

Here: fetching the tests of the pinned dbt-spark, pointing them at the server, counting classes, and writing down what
became of each (`results.json`, and the page `docs/reference/dbt-spark-classes.md` after a whole run). Not here: why a
class cannot pass, where the first error does not say it: that is written by hand in `reasons.toml`. A class counts when
all its tests pass; a skip is not a pass. The tests ask for Delta tables where Spark needs row-level changes; the word is
changed to Iceberg in their settings and in the SQL they expect, unless `--delta` is set, because Delta is not what this
server stores. Last line: `dbt-classes: N/107`.
"""

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import tomllib
from pathlib import Path
from xml.etree import ElementTree

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
import environment

REQUIREMENTS = HERE / "requirements-dbt.txt"
REASONS = HERE / "reasons.toml"
PAGE = HERE.parents[1] / "docs" / "reference" / "dbt-spark-classes.md"
# Where the tests say Delta and are given Iceberg: a file format in settings, and the clause in SQL they expect.
DELTA = [(r"(file_format['\"]?\s*[=:]\s*['\"]?)delta", r"\1iceberg"), (r"(\n\s*using )delta(?=\n)", r"\1iceberg")]
VERSION = "1.11.0"
PROFILE = '''creds = {
        "connect": lambda: __import__("json").loads(os.environ["DBT_TEST_TARGET"]),'''


def sources() -> Path:
    """Return dbt-spark's unpacked source package, fetched once."""
    folder = environment.CACHE / "dbt-spark"
    unpacked = folder / f"dbt_spark-{VERSION}"
    if not unpacked.exists():
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-binary", "dbt-spark",
                   "--dest", folder, f"dbt-spark=={VERSION}"]
        subprocess.run(command, check=True)
        with tarfile.open(folder / f"dbt_spark-{VERSION}.tar.gz") as archive:
            archive.extractall(folder, filter="data")
    return unpacked


def prepared(delta: bool) -> Path:
    """Return a copy of the tests with a profile for our server, and Iceberg for Delta unless told otherwise."""
    folder = Path(tempfile.mkdtemp(prefix="dbt-classes-"))
    shutil.copytree(sources() / "tests", folder / "tests")
    profiles = folder / "tests" / "functional" / "fixtures" / "profiles.py"
    profiles.write_text(profiles.read_text().replace("creds = {", PROFILE, 1))
    for path in [] if delta else (folder / "tests" / "functional").rglob("*.py"):
        text = path.read_text()
        changed = text
        for delta_text, iceberg_text in DELTA:
            changed = re.sub(delta_text, iceberg_text, changed)
        if changed != text:
            path.write_text(changed)
    return folder


def surroundings(address: str) -> dict[str, str]:
    """Return the environment of the test run; the names of a Databricks account must exist and are not used."""
    target = {"type": "spark", "method": "session", "host": "NA", "server_side_parameters": {"spark.remote": address}}
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("SPARK_", "PYSPARK_"))}
    users = {f"DBT_TEST_USER_{at}": f"user{at}" for at in (1, 2, 3)}
    dummies = {f"DBT_DATABRICKS_{name}": "unused" for name in ("HOST_NAME", "TOKEN", "CLUSTER_NAME", "ENDPOINT", "USER")}
    return clean | users | dummies | {"SPARK_REMOTE": address, "DBT_TEST_TARGET": json.dumps(target), "DBT_SEND_ANONYMOUS_USAGE_STATS": "false"}


def outcomes(report: Path) -> dict[str, dict]:
    """Return per class whether it passed, and the first lines of what stood against it."""
    classes: dict[str, dict] = {}
    for case in ElementTree.parse(report).getroot().iter("testcase"):
        name = case.get("classname", "").removeprefix("tests.functional.adapter.")
        entry = classes.setdefault(name, {"passed": True, "tests": 0, "problems": []})
        entry["tests"] += 1
        for problem in case:
            if problem.tag in ("failure", "error", "skipped"):
                entry["passed"] = False
                entry["problems"].append(f"{case.get('name')}: {problem.tag}: {reason(problem)}")
    return classes


def reason(problem) -> str:
    """Return the line that says most: Spark's condition where there is one."""
    text = (problem.get("message") or "") + "\n" + (problem.text or "")
    found = re.findall(r"\[[A-Z_]+(?:\.[A-Z_]+)*\][^\n]{0,200}", text)
    return (found[0] if found else text.strip().split("\n")[0])[:300]


def page(found: dict[str, dict]) -> str:
    """Return the reference page: every class, whether it passed, and why not."""
    reasons = {name: why["reason"] for why in tomllib.loads(REASONS.read_text())["why"] for name in why["classes"]}
    core = re.search(r"dbt-core==(\S+)", REQUIREMENTS.read_text()).group(1)
    passed = sum(entry["passed"] for entry in found.values())
    lines = [
        "# dbt-spark's functional classes", "",
        "Written by `tests/dbt/classes.py` after a whole run; the reasons come from `tests/dbt/reasons.toml` where a class",
        "has one there, else from its first error. Not edited by hand.", "",
        f"**{passed} of {len(found)} classes pass**, with dbt-spark {VERSION} and dbt-core "
        f"{core}, both unmodified.", "",
        "How they are run: method `session` over Spark Connect, one server for all classes, two at a time. The tests' marks",
        "that skip a class for a profile are for other profiles and skip nothing here; a test that skips itself counts as not",
        "passed. Delta is given as Iceberg: `file_format: delta` in the tests' settings reads `file_format: iceberg`, and",
        "`using delta` in the SQL they expect reads `using iceberg`; a profile for this server is added. Nothing else is changed.", "",
        "| class | tests | passes | why not |", "|---|---|---|---|"]
    for name, entry in sorted(found.items()):
        short = name.rsplit(".", 1)[-1]
        why = "" if entry["passed"] else reasons.get(short) or entry["problems"][0].replace("|", "\\|")
        lines.append(f"| `{name}` | {entry['tests']} | {'yes' if entry['passed'] else 'no'} | {why} |")
    return "\n".join(lines) + "\n"


def main() -> None:
    """Run the classes and write what became of each."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--address", required=True)
    parser.add_argument("--delta", action="store_true", help="leave the tests' Delta tables alone")
    parser.add_argument("--only", help="pytest -k expression")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--timeout", type=int, default=3600, help="seconds for the whole run")
    parser.add_argument("--output", type=Path, default=HERE / "results.json")
    arguments = parser.parse_args()
    python = environment.ensure(REQUIREMENTS)
    folder = prepared(arguments.delta)
    report = folder / "report.xml"
    command = [python, "-m", "pytest", "tests/functional", "--profile", "connect", "-q", "--no-header", "--tb=short", "-p", "no:cacheprovider",
               f"--junitxml={report}", "-n", str(arguments.workers), "--dist", "loadscope", "-W", "ignore"]
    command += ["-k", arguments.only] if arguments.only else []
    try:
        subprocess.run(command, cwd=folder, env=surroundings(arguments.address), timeout=arguments.timeout,
                       stdout=(folder / "output.txt").open("w"), stderr=subprocess.STDOUT)
    except subprocess.TimeoutExpired:
        print("the run was over its time limit")
    if not report.exists():
        print((folder / "output.txt").read_text()[-3000:])
        raise SystemExit("dbt-classes: 0/107")
    found = outcomes(report)
    for name, entry in sorted(found.items()):
        if not entry["passed"]:
            print(f"{name}\n   " + "\n   ".join(entry["problems"][:3]))
    arguments.output.write_text(json.dumps(dict(sorted(found.items())), indent=1) + "\n", encoding="utf-8")
    if not arguments.only and not arguments.delta:
        PAGE.write_text(page(found), encoding="utf-8")
    shutil.rmtree(folder, ignore_errors=True)
    print(f"dbt-classes: {sum(entry['passed'] for entry in found.values())}/{len(found)}")


if __name__ == "__main__":
    main()
