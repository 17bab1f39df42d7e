"""Iceberg's own REST catalog server on a free loopback port, for the tools that need a REST catalog.

Here: `RestServer`, a context manager over the reference server that Iceberg publishes for tests (1.10.1, the last one
that is a runnable jar): `uri` is its address, `folder` holds its SQLite file and its warehouse. It takes any credential;
who wants it stricter puts `tests/faults/rest_proxy.py` in front. Not here: what is asked of it.
"""

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
import environment

JAR = "org.apache.iceberg:iceberg-open-api:1.10.1"
START_SECONDS_MAX = 60


class RestServer:
    """A running server; settings are its catalog's properties, such as `{"io-impl": …}`."""

    def __init__(self, warehouse: str | None = None, settings: dict[str, str] | None = None):
        self.folder = Path(tempfile.mkdtemp(prefix="iceberg-rest-"))
        (self.folder / "warehouse").mkdir()
        properties = {
            "warehouse": warehouse or f"file://{self.folder}/warehouse",
            "uri": f"jdbc:sqlite:{self.folder}/catalog.db",
            "catalog-impl": "org.apache.iceberg.jdbc.JdbcCatalog",
            "jdbc.schema-version": "V1",
        } | (settings or {})
        self.port = free_port()
        self.uri = f"http://127.0.0.1:{self.port}"
        self.surroundings = {variable(name): value for name, value in properties.items()}
        self.surroundings["CATALOG_REST_PORT"] = str(self.port)

    def __enter__(self) -> "RestServer":
        with (self.folder / "server.log").open("wb") as log:
            command = ["java", "-Xmx512m", "-jar", environment.jar(JAR)]
            self.process = subprocess.Popen(command, env=os.environ | self.surroundings, stdout=log, stderr=subprocess.STDOUT)
        deadline = time.monotonic() + START_SECONDS_MAX
        while time.monotonic() < deadline and self.process.poll() is None:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return self
            time.sleep(0.2)
        self.process.kill()
        raise RuntimeError((self.folder / "server.log").read_text()[-2000:])

    def __exit__(self, *_: object) -> None:
        self.process.terminate()
        self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)


def variable(name: str) -> str:
    """The variable that stands for a catalog property: dots and dashes as the server's own reader undoes them."""
    return "CATALOG_" + name.upper().replace("-", "__").replace(".", "_")


def free_port() -> int:
    """Return a port that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
