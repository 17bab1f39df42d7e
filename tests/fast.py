"""The fast part of the checks with a real client, as `make test` runs it. Usage: fast.py BINARY.

Here: what must hold on every commit, with floors that may only rise. Not here: the whole checks; each has a verb of
its own in the Makefile. Fails when a figure is worse than its floor.
"""

import re
import subprocess
import sys
from pathlib import Path

from with_server import Server

HERE = Path(__file__).parent
QUERIES = 300
SAME_AT_LEAST = 235
WRONG_AT_MOST = 25


def main() -> None:
    """Compare the first random queries of seed 1 with Spark's recorded answers."""
    with Server(sys.argv[1], "--data", ":memory:") as server:
        command = [sys.executable, HERE / "differential" / "compare.py", "--address", server.address]
        command += ["--seed", "1", "--count", str(QUERIES), "--quiet"]
        told = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout
    last = told.strip().splitlines()[-1]
    print(last)
    same, wrong = (int(re.search(rf"{word}=(\d+)", last).group(1)) for word in ("same", "wrong"))
    well = same >= SAME_AT_LEAST and wrong <= WRONG_AT_MOST
    print(f"{int(well)} passed, {int(not well)} failed")
    sys.exit(not well)


if __name__ == "__main__":
    main()
