"""Starts an engine that keeps nothing on disk, runs another tool against it, stops it.

Usage: with_server.py BINARY TOOL [ARGUMENTS…]; the tool gets `--address sc://…` after its own arguments.
Here: `Server`, which the other tools of this folder use too. Not here: real Spark (`real/spark.py`).
"""

import json
import subprocess
import sys
from pathlib import Path


class Server:
    """A running `floe-engine serve` as a context manager, on a free port unless a flag names one.

    `ready` is its ready line, `address` what clients of Spark Connect are given. What it logs goes to the file `log`, if any.
    """

    def __init__(self, binary: str | Path, *flags: str, log=None):
        port = [] if "--port" in flags else ["--port", "0"]
        self.log = log
        self.command = [str(binary), "serve", "--json", *port, *flags]

    def __enter__(self) -> "Server":
        self.process = subprocess.Popen(self.command, stdout=subprocess.PIPE, stderr=self.log, text=True)
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"the server ended before it was ready: {self.command}")
        self.ready = json.loads(line)
        self.address = self.ready["address"]
        return self

    def __exit__(self, *_: object) -> None:
        self.process.terminate()
        self.process.wait(timeout=10)


def main() -> None:
    """Run the tool and pass on how it ended."""
    binary, tool, *arguments = sys.argv[1:]
    with Server(binary, "--data", ":memory:") as server:
        ended = subprocess.run([sys.executable, tool, *arguments, "--address", server.address], check=False)
    sys.exit(ended.returncode)


if __name__ == "__main__":
    main()
