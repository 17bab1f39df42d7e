"""Runs the examples in PySpark's own documentation against a server, module by module.

Usage: doctests.py --address sc://host:port [MODULE…] compares with what real Spark passes; doctests.py --spark BINARY
does so with a server of ours and a real Spark behind it, tells the share that was answered here, and has what did not
pass run on that Spark directly, in a session with the catalogs that ours has there; doctests.py
--record starts a real Spark and writes down what passes there (`answers/doctests-4.1.txt`).
Here: finding and running the examples. Not here: our own calls (`session_60.py`).

Each module has a process and so a session of its own. An example passes when everything in it prints what its
page says, rows in order; the pages are written for a Spark on one machine, which does not pass all of them either.
"""

import argparse
import doctest
import importlib
import json
import logging
import os
import signal
import subprocess
import sys
import tempfile
import warnings
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
import environment
from real import spark as real
from with_server import Server

REQUIREMENTS = HERE.parent / "requirements-client-4.1.txt"
ANSWERS = HERE / "answers" / "doctests-4.1.txt"
MODULES = {
    "catalog": "pyspark.sql.catalog",
    "column": "pyspark.sql.column",
    "conf": "pyspark.sql.conf",
    "dataframe": "pyspark.sql.dataframe",
    "functions": "pyspark.sql.connect.functions.builtin",
    "group": "pyspark.sql.group",
    "merge": "pyspark.sql.merge",
    "observation": "pyspark.sql.observation",
    "partitioning": "pyspark.sql.connect.functions.partitioning",
    "readwriter": "pyspark.sql.readwriter",
    "session": "pyspark.sql.session",
    "streaming": "pyspark.sql.streaming.readwriter",
    "tvf": "pyspark.sql.tvf",
    "types": "pyspark.sql.types",
    "udf": "pyspark.sql.udf",
    "window": "pyspark.sql.window",
}
FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE | doctest.IGNORE_EXCEPTION_DETAIL
# Names what a module's session is configured with.
CONF = "DOCTESTS_CONF"
SECONDS_MAX = 60
MODULE_SECONDS_MAX = 900


class Runner(doctest.DocTestRunner):
    """Keeps the first thing that went wrong instead of printing all of it."""

    def __init__(self):
        super().__init__(verbose=False, optionflags=FLAGS)
        self.problem = ""

    def report_failure(self, out, test, example, got):
        """Note an example that printed something else."""
        self.problem = self.problem or f"{example.source.strip()}\nwant: {example.want.strip()}\ngot: {got.strip()}"

    def report_unexpected_exception(self, out, test, example, exc_info):
        """Note an example that raised."""
        self.problem = self.problem or f"{example.source.strip()}\nraised: {exc_info[0].__name__}: {exc_info[1]}"


def too_long(*_: object) -> None:
    """End an example that waits for ever."""
    raise TimeoutError(f"took more than {SECONDS_MAX} seconds")


class Forwarded:
    """Counts what a server of ours hands to a real Spark; of another server, nothing."""

    def __init__(self, spark):
        self._spark, self._count = spark, 0
        self._count = self._asked()

    def _asked(self) -> int:
        from pyspark.errors import PySparkException

        if not self._spark.conf.get("floe.route", ""):
            return 0
        # The question itself is for this server, wherever others go.
        question = "SELECT /*+ ROUTE(datafusion) */ count(*) AS n FROM system.routes WHERE backend = 'spark'"
        try:
            return self._spark.sql(question).first().n
        except PySparkException:
            return self._count

    def has_grown(self) -> bool:
        """Return whether anything went there since the last time."""
        before, self._count = self._count, self._asked()
        return self._count > before


def run_module(name: str, address: str, conf: dict) -> dict:
    """Run the examples of one module in this process; return problem, if any, and place by the example's name."""
    from pyspark.sql import SparkSession, functions

    warnings.simplefilter("ignore")
    logging.disable(logging.CRITICAL)
    signal.signal(signal.SIGALRM, too_long)
    spark = SparkSession.builder.remote(address).config(map=conf).getOrCreate()
    forwarded = Forwarded(spark)
    module = importlib.import_module(MODULES[name])
    names = {"sf": functions} | vars(module) | {"spark": spark}
    found = {}
    for test in doctest.DocTestFinder().find(module, globs=names):
        if not test.examples:
            continue
        test.globs = dict(names)
        runner = Runner()
        signal.alarm(SECONDS_MAX)
        try:
            runner.run(test, out=lambda _: None, clear_globs=False)
        except TimeoutError as error:
            runner.problem = runner.problem or str(error)
        finally:
            signal.alarm(0)
        found[test.name] = {"problem": runner.problem, "is_forwarded": forwarded.has_grown()}
        spark.catalog.clearCache()
    spark.stop()
    return found


def outcomes(address: str, modules: list[str], conf: dict | None = None) -> dict:
    """Run modules one after the other, each in a process of its own and an empty folder; `conf` is their sessions'."""
    found = {}
    for name in modules:
        with tempfile.TemporaryDirectory(prefix="doctests-") as folder:
            target = Path(folder) / "outcomes.json"
            clean = {key: value for key, value in os.environ.items() if not key.startswith(("SPARK_", "PYSPARK_"))}
            command = [sys.executable, "-W", "ignore", __file__, name, "--address", address, "--into", target]
            # Tokens go by way of the environment: a command line is everybody's to read.
            subprocess.run(command, check=True, cwd=folder, timeout=MODULE_SECONDS_MAX,
                           env=clean | {"TZ": "UTC", "PYSPARK_PYTHON": sys.executable, CONF: json.dumps(conf or {})})
            of_module = json.loads(target.read_text(encoding="utf-8"))
            found |= {example: outcome | {"module": name} for example, outcome in of_module.items()}
    return found


def record() -> None:
    """Write down which examples real Spark passes."""
    # Without Iceberg's extension, whose tables know none of what the pages show of Spark's own.
    server = real.Spark(catalog="builtin")
    found = outcomes(server.address, list(MODULES))
    server.stop()
    passed = sorted(name for name, outcome in found.items() if not outcome["problem"])
    ANSWERS.write_text("".join(f"{name}\n" for name in passed), encoding="utf-8")
    print(f"recorded: {len(passed)} of {len(found)} examples pass on real Spark")


def compare(address: str, modules: list[str]) -> dict:
    """Tell which of the examples that real Spark passes do not pass here; their outcomes."""
    found = outcomes(address, modules)
    wanted = [name for name in ANSWERS.read_text(encoding="utf-8").split() if name in found or len(modules) == len(MODULES)]
    nothing = {"problem": "did not run", "is_forwarded": False, "module": ""}
    failed = {}
    passed = here = 0
    for name in wanted:
        outcome = found.get(name, nothing)
        passed += not outcome["problem"]
        here += not outcome["problem"] and not outcome["is_forwarded"]
        if outcome["problem"]:
            failed[name] = outcome
            print(f"{name}\n    " + outcome["problem"].replace("\n", "\n    "))
    share = f", {100 * here / passed:.0f} % of them answered without Spark" if here < passed else ""
    print(f"doctests: {passed} of {len(wanted)} that real Spark passes{share}")
    return failed


def compare_with_spark(binary: str, route: str, modules: list[str]) -> None:
    """Compare a server of ours that has a real Spark behind it, which reaches its tables by the REST face."""
    spark = real.Spark(catalog="builtin", conf={"spark.jars": environment.jar(real.ICEBERG)})
    with Server(binary, "--data", ":memory:", "--rest", "0", "--spark", spark.address, "--route", route) as server:
        failed = compare(server.address, modules)
        if failed:
            token = Path(server.ready["rest_token_file"]).read_text(encoding="utf-8").strip()
            directly(spark.address, failed, real.with_our_catalog(server.ready["rest"], token))
    spark.stop()


def directly(address: str, failed: dict, conf: dict) -> None:
    """Tell which examples have, in a session of Spark's own with our catalog, the outcome that they have through us."""
    found = outcomes(address, sorted({outcome["module"] for outcome in failed.values()} - {""}), conf)
    alike = [name for name, outcome in failed.items() if found.get(name, {}).get("problem") == outcome["problem"]]
    print(f"directly on that Spark with our catalog as its default: {len(alike)} of these {len(failed)} have the same outcome")


def main() -> None:
    """Compare, record, or, as its own child, run one module."""
    environment.enter(REQUIREMENTS)
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("modules", nargs="*", choices=[[], *MODULES], help="all where none is named")
    parser.add_argument("--address", help="of the server")
    parser.add_argument("--spark", metavar="BINARY", help="start a server of ours, and a real Spark behind it")
    parser.add_argument("--route", default="auto", choices=["auto", "spark"], help="of that server")
    parser.add_argument("--record", action="store_true", help="start a real Spark and write down what it passes")
    parser.add_argument("--into", type=Path, help=argparse.SUPPRESS)
    told = parser.parse_args()
    if told.record:
        record()
    elif told.spark:
        compare_with_spark(told.spark, told.route, told.modules or list(MODULES))
    elif not told.address:
        parser.error("--address, --spark or --record")
    elif told.into:
        found = run_module(told.modules[0], told.address, json.loads(os.environ[CONF]))
        told.into.write_text(json.dumps(found), encoding="utf-8")
    else:
        compare(told.address, told.modules or list(MODULES))


if __name__ == "__main__":
    main()
