"""A real Apache Spark Connect server on a free loopback port: the one source of expected answers.

Here: `Spark`, which starts the server in a process of its own with Iceberg tables available, and ends it; run as a
script it keeps one running until interrupted. Not here: what is asked of it (`slt/record.py`,
`differential/record.py`, `connect/record.py`).

With `catalog="iceberg"` (the default) `spark_catalog` itself is an Iceberg catalog over SQLite, so that unqualified
names are Iceberg tables and views, as they are in floe-engine; with `catalog="builtin"` it stays Spark's own in-memory
one with Parquet tables. Hive's metastore is not used: its embedded form waits minutes for its own locks. The session
time zone is UTC unless a session says otherwise, and the server never sees this machine's zone.
"""

import argparse
import atexit
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
import environment

VERSION = "4.1.4"
REQUIREMENTS = Path(__file__).with_name("requirements-spark.txt")
SQLITE = "org.xerial:sqlite-jdbc:3.50.3.0"
ICEBERG = "org.apache.iceberg:iceberg-spark-runtime-4.1_2.13:1.11.0"
START_SECONDS_MAX = 120
# For `spark.driver.extraJavaOptions`; who sets that adds to these.
JAVA_OPTIONS = "-XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Duser.timezone=UTC"


class Spark:
    """A running server: `address` is what a client dials, `pid` is the JVM's, `stop()` ends it."""

    def __init__(self, *, host: str = "127.0.0.1", port: int = 0, python: Path | None = None, catalog: str = "iceberg",
                 conf: dict | None = None, memory: str = "2g", folder: Path | None = None, master: str = "local[1]"):
        """Start and wait until it listens; `catalog` says what `spark_catalog` is, `master` how many threads run tasks.

        A `host` such as 127.0.0.2 is this machine, and is taken for another one by who goes by the name.
        """
        self.python = python or environment.ensure(REQUIREMENTS)
        self.port = port or free_port()
        self.host, self.address = host, f"sc://{host}:{self.port}"
        self.folder = folder or Path(tempfile.mkdtemp(prefix="real-spark-"))
        self._keep_folder = folder is not None
        self.folder.mkdir(parents=True, exist_ok=True)
        self.log = self.folder / "server.log"
        home = spark_home(self.python)
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                command(home, host, self.port, self.folder, catalog, memory, master, conf or {}), cwd=self.folder,
                env=surroundings(home, self.python), stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT,
                start_new_session=True)
        self.pid = self.process.pid
        atexit.register(self.stop)
        self._wait_until_listening()
        if catalog == "iceberg":
            subprocess.run([self.python, "-c", CREATE_DEFAULT, self.address], check=True, cwd=self.folder)

    def _wait_until_listening(self) -> None:
        deadline = time.monotonic() + START_SECONDS_MAX
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                raise RuntimeError(f"Spark ended while starting:\n{self.log.read_text()[-4000:]}")
            with socket.socket() as probe:
                if probe.connect_ex((self.host, self.port)) == 0:
                    return
            time.sleep(0.2)
        self.stop()
        raise RuntimeError(f"Spark did not listen within {START_SECONDS_MAX} s, see {self.log}")

    def stop(self) -> None:
        """End the server and remove its folder; harmless when called twice."""
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(15)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        if not self._keep_folder:
            shutil.rmtree(self.folder, ignore_errors=True)


def free_port() -> int:
    """Return a port that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def spark_home(python: Path) -> Path:
    """Return the folder of the PySpark distribution that belongs to `python`."""
    return next(python.parent.parent.glob("lib/python*/site-packages/pyspark"))


def java_home() -> str | None:
    """Return a Java 17 where one is installed beside others: Spark 4.1 is tested with 17 and 21."""
    found = sorted(Path("/usr/lib/jvm").glob("*17*/bin/java")) if Path("/usr/lib/jvm").exists() else []
    return str(found[0].parent.parent) if found else os.environ.get("JAVA_HOME")


def surroundings(home: Path, python: Path) -> dict[str, str]:
    """Return the server's environment: nothing of the caller's Spark, zone or locale reaches it."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("SPARK_", "PYSPARK_"))}
    java = java_home()
    return kept | ({"JAVA_HOME": java} if java else {}) | {
        "SPARK_HOME": str(home), "SPARK_LOCAL_IP": "127.0.0.1", "PYSPARK_PYTHON": str(python),
        "SPARK_CONNECT_MODE": "0", "TZ": "UTC", "LC_ALL": "C.UTF-8"}


def command(home: Path, host: str, port: int, folder: Path, catalog: str, memory: str, master: str, conf: dict) -> list[str]:
    """Return the command line; spark-submit replaces itself by the JVM, so its pid is the server's."""
    settings = {
        "spark.connect.grpc.binding.address": host,
        "spark.connect.grpc.binding.port": port,
        "spark.ui.enabled": "false",
        "spark.sql.shuffle.partitions": 1,
        "spark.default.parallelism": 1,
        "spark.sql.session.timeZone": "UTC",
        "spark.sql.warehouse.dir": folder / "warehouse",
        "spark.driver.extraJavaOptions": JAVA_OPTIONS,
    } | (iceberg(folder) if catalog == "iceberg" else {}) | conf
    line = [str(home / "bin" / "spark-submit"), "--class", "org.apache.spark.sql.connect.service.SparkConnectServer",
            "--name", "real-spark", "--master", master, "--driver-memory", memory]
    for name, value in settings.items():
        line += ["--conf", f"{name}={value}"]
    return [*line, "spark-internal"]


def iceberg(folder: Path) -> dict:
    """Return the settings that make `spark_catalog` an Iceberg catalog in `folder`."""
    catalog = "spark.sql.catalog.spark_catalog"
    return {
        "spark.jars": f"{environment.jar(ICEBERG)},{environment.jar(SQLITE)}",
        "spark.sql.extensions": "org.apache.iceberg.spark.extensions.IcebergSparkSessionExtensions",
        "spark.sql.sources.default": "iceberg",
        catalog: "org.apache.iceberg.spark.SparkCatalog",
        f"{catalog}.catalog-impl": "org.apache.iceberg.jdbc.JdbcCatalog",
        f"{catalog}.uri": f"jdbc:sqlite:{folder}/catalog.db",
        f"{catalog}.jdbc.schema-version": "V1",
        f"{catalog}.warehouse": folder / "warehouse",
    }


def with_our_catalog(uri: str, token: str) -> dict[str, str]:
    """Return what a Spark, or a session of it, is told of the catalog behind our REST face: its default, named `floe`."""
    floe = "spark.sql.catalog.floe"
    return {
        floe: "org.apache.iceberg.spark.SparkCatalog", f"{floe}.type": "rest", f"{floe}.uri": uri, f"{floe}.token": token,
        f"{floe}.default-namespace": "default", f"{floe}.cache-enabled": "false", "spark.sql.defaultCatalog": "floe",
    }


CREATE_DEFAULT = """
import sys
from pyspark.sql import SparkSession
session = SparkSession.builder.remote(sys.argv[1]).create()
session.sql("CREATE SCHEMA IF NOT EXISTS default")
session.stop()
"""


def main() -> None:
    """Start one server and wait."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--python", type=Path, help="Python of an environment that holds PySpark; made when absent")
    parser.add_argument("--catalog", default="iceberg", choices=["iceberg", "builtin"])
    parser.add_argument("--memory", default="2g")
    parser.add_argument("--folder", type=Path, help="keep warehouse and log here")
    arguments = parser.parse_args()
    server = Spark(**vars(arguments))
    print(f"Spark {VERSION} at {server.address}, pid {server.pid}, log {server.log}", flush=True)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        server.process.wait()
    except KeyboardInterrupt:
        pass


if __name__ == "__main__":
    main()
