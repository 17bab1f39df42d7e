"""The engines that are measured: how each is started under the same limits, and how it is asked.

Here: `Floe`, `Sail`, `RealSpark` (servers, asked by the same PySpark client) and `DuckDb` (the Python package, in this
process). Not here: what is asked (`workloads/`) and how it is timed (`measure.py`). Every answer is an Arrow table, and
time runs until the whole of it is here. Cores are limited by the caller, whose processor set all of them inherit.
"""

import atexit
import os
import re
import socket
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

import places
import data
import duck
import environment
import spark as real
from with_server import Server

PEER = Path(__file__).with_name("requirements-peer.txt")
START_SECONDS_MAX = 60
# An engine that has been at work for no more than a hundredth of a second in this time rests.
REST_SECONDS = 0.05
REST_SECONDS_MAX = 120


@dataclass(frozen=True)
class Limits:
    """What every engine may use: threads, and bytes of memory for queries."""

    threads: int
    memory: int


class Connected:
    """A session of a Spark Connect server in which tables are temporary views."""

    def __init__(self, address: str, tables: dict[str, Path]):
        from pyspark.sql import SparkSession

        self.spark = SparkSession.builder.remote(address).create()
        self.spark.conf.set("spark.sql.session.timeZone", "UTC")
        for name, path in tables.items():
            self.spark.read.parquet(str(path)).createOrReplaceTempView(name)

    def ready(self) -> None:
        """Do what comes before a question, and is not measured."""

    def spelled(self, text: str) -> str:
        """Return a query with names quoted as Spark quotes them."""
        return data.spelled(text)

    def ask(self, text: str):
        """Return the answer to a query."""
        return self.spark.sql(text).toArrow()

    def interrupt(self) -> None:
        """Stop what runs."""
        self.spark.interruptAll()

    def close(self) -> None:
        self.spark.stop()


class Engine:
    """An engine that runs: `name` in tables, `version`, and the process whose memory is its own."""

    name: str
    version: str
    pid: int
    # True where it reads the catalog that floe writes.
    has_catalog = False

    def open(self, tables: dict[str, Path]):
        """Return a session that knows these Parquet files by name."""
        return Connected(self.address, tables)

    def open_iceberg(self, schema: str, locations: dict[str, str]):
        """Return a session over Iceberg tables that floe wrote into a schema of the catalog: by name, or by their places."""
        session = Connected(self.address, {})
        if self.has_catalog:
            session.spark.sql(f"USE {schema}").collect()
            return session
        for name, place in locations.items():
            session.spark.read.format("iceberg").load(place).createOrReplaceTempView(name)
        return session

    def stop(self) -> None:
        """End it."""

    def rest(self) -> None:
        """Wait until it has nothing to do any more."""
        deadline = time.monotonic() + REST_SECONDS_MAX
        before = self.worked()
        while time.monotonic() < deadline:
            time.sleep(REST_SECONDS)
            now = self.worked()
            if now - before <= 1:
                return
            before = now

    def worked(self) -> int:
        """Return how long its process has been at work, in hundredths of a second."""
        fields = Path(f"/proc/{self.pid}/stat").read_text(encoding="utf-8").rsplit(")", 1)[1].split()
        return int(fields[11]) + int(fields[12])

    def forget_peak(self) -> None:
        """Start the process's high-water mark anew."""
        Path(f"/proc/{self.pid}/clear_refs").write_text("5", encoding="utf-8")

    def peak(self) -> int:
        """Return the most memory the process had since then, in bytes; 0 where it is gone, of which its questions tell."""
        status = Path(f"/proc/{self.pid}/status").read_text(encoding="utf-8")
        most = re.search(r"VmHWM:\s+(\d+)", status)
        return int(most[1]) << 10 if most else 0


# What stands for a route where floe runs with settings of its own: without copies of what is read often, or with a new
# server for each question, which has no evidence of anything.
SETTINGS = {
    "uncopied": {"--copy-limit": "0"},
    "cold": {"--data": ":memory:"},
    "cold-datafusion": {"--data": ":memory:", "--route": "datafusion"},
    "cold-duckdb": {"--data": ":memory:", "--route": "duckdb"},
}


class Floe(Engine):
    """A floe-engine of its own for each route; all of them over one folder of tables."""

    has_catalog = True

    def __init__(self, binary: Path, route: str, limits: Limits, folder: Path):
        self.name = f"floe {route}"
        self.is_cold = route.startswith("cold")
        told = subprocess.run([binary, "--version"], stdout=subprocess.PIPE, text=True, check=True).stdout
        self.version = told.split()[-1]
        settings = {"--data": str(folder), "--threads": str(limits.threads), "--memory-limit": str(limits.memory)}
        settings |= {"--route": "auto"} | SETTINGS.get(route, {"--route": route})
        self.command = [binary, *(word for setting in settings.items() for word in setting)]
        self.begin()
        atexit.register(self.stop)

    def begin(self) -> None:
        """Start the server."""
        self.server = Server(*self.command)
        self.address = self.server.__enter__().address
        self.pid = self.server.process.pid

    def open(self, tables: dict[str, Path]):
        return Cold(self, tables) if self.is_cold else super().open(tables)

    def stop(self) -> None:
        if self.server.process.poll() is None:
            self.server.__exit__()


class Cold(Connected):
    """A session of a server that is started anew before each question."""

    def __init__(self, floe: Floe, tables: dict[str, Path]):
        self.floe, self.tables = floe, tables
        super().__init__(floe.address, tables)

    def ready(self) -> None:
        self.close()
        self.floe.stop()
        self.floe.begin()
        super().__init__(self.floe.address, self.tables)
        # Whatever comes first opens what the process has but once.
        self.ask("SELECT 1")


class Sail(Engine):
    """The nearest peer, as its package starts it; its memory pool is given the limit, which it does not have by itself."""

    def __init__(self, limits: Limits | None = None, name: str = "Sail"):
        self.name = name
        python = environment.ensure(PEER)
        self.version = PEER.read_text(encoding="utf-8").split("pysail==")[1].split()[0]
        port = real.free_port()
        self.address = f"sc://127.0.0.1:{port}"
        command = [python.with_name("sail"), "spark", "server", "--ip", "127.0.0.1", "--port", str(port)]
        self.process = subprocess.Popen(command, env=os.environ | limited(limits), stdout=subprocess.DEVNULL,
                                        stderr=subprocess.DEVNULL)
        self.pid = self.process.pid
        atexit.register(self.stop)
        self._wait_until_listening(port)

    def _wait_until_listening(self, port: int) -> None:
        deadline = time.monotonic() + START_SECONDS_MAX
        while time.monotonic() < deadline and self.process.poll() is None:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    return
            time.sleep(0.1)
        raise SystemExit("Sail did not start")

    def stop(self) -> None:
        if self.process.poll() is None:
            self.process.terminate()
            self.process.wait()


def limited(limits: Limits | None) -> dict[str, str]:
    """Return Sail's settings for the limits; none are its defaults."""
    if limits is None:
        return {}
    return {
        "SAIL_EXECUTION__DEFAULT_PARALLELISM": str(limits.threads),
        "SAIL_RUNTIME__MEMORY_POOL__TYPE": "fair",
        "SAIL_RUNTIME__MEMORY_POOL__FAIR__MAX_SIZE": str(limits.memory),
    }


class RealSpark(Engine):
    """Apache Spark, with the compilers and the collector it has by default; its heap is the limit, its catalog is floe's."""

    name = "Spark"
    version = real.VERSION
    has_catalog = True

    def __init__(self, limits: Limits, folder: Path):
        conf = {
            "spark.sql.catalog.spark_catalog.uri": f"jdbc:sqlite:{folder}/catalog.db",
            "spark.sql.catalog.spark_catalog.warehouse": f"file://{folder}/warehouse",
            "spark.sql.catalog.spark_catalog.cache-enabled": "false",
            "spark.driver.extraJavaOptions": "-Duser.timezone=UTC",
            "spark.sql.shuffle.partitions": 2 * limits.threads,
            "spark.default.parallelism": limits.threads,
        }
        self.server = real.Spark(conf=conf, memory=f"{limits.memory >> 20}m", master=f"local[{limits.threads}]")
        self.address, self.pid = self.server.address, self.server.pid

    def stop(self) -> None:
        self.server.stop()


class DuckDb(Engine):
    """DuckDB's Python package in this process."""

    name = "DuckDB"

    def __init__(self, limits: Limits):
        self.pid = os.getpid()
        self.connection = duck.connect(
            extensions=("avro", "httpfs", "iceberg"), threads=limits.threads, memory_limit=f"{limits.memory >> 20}MiB",
            temp_directory=str(environment.CACHE / "bench" / "duckdb-spill"))
        self.version = self.connection.execute("SELECT version()").fetchone()[0].removeprefix("v")

    def open(self, tables: dict[str, Path]):
        files = {name: f"{path}/*.parquet" if path.is_dir() else path for name, path in tables.items()}
        return InProcess(self.connection.cursor(), {name: f"read_parquet('{path}')" for name, path in files.items()})

    def open_iceberg(self, schema: str, locations: dict[str, str]):
        return InProcess(self.connection.cursor(), {
            name: f"iceberg_scan('{newest_metadata(location)}')" for name, location in locations.items()})

    def stop(self) -> None:
        self.connection.close()


class InProcess:
    """A cursor of DuckDB's with a schema of its own, whose views are the tables."""

    count = 0

    def __init__(self, cursor, tables: dict[str, str]):
        InProcess.count += 1
        self.cursor = cursor
        self.schema = f"session_{InProcess.count}"
        cursor.execute(f"CREATE SCHEMA {self.schema}; USE {self.schema}")
        for name, source in tables.items():
            cursor.execute(f"CREATE VIEW {name} AS SELECT * FROM {source}")

    def ready(self) -> None:
        """Do nothing: a cursor is ready."""

    def spelled(self, text: str) -> str:
        """Return a query as it is."""
        return text

    def ask(self, text: str):
        """Return the answer to a query."""
        return self.cursor.execute(text).to_arrow_table()

    def interrupt(self) -> None:
        """Stop what runs."""
        self.cursor.interrupt()

    def close(self) -> None:
        self.cursor.execute(f"USE memory.main; DROP SCHEMA {self.schema} CASCADE")
        self.cursor.close()


def newest_metadata(location: str) -> Path:
    """Return the newest metadata file of a table on this machine."""
    folder = Path(location.removeprefix("file:").replace("///", "/")) / "metadata"
    return max(folder.glob("*.metadata.json"), key=lambda path: path.stat().st_mtime_ns)
