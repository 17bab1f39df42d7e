"""Records what the client suite sees on a real Spark: every client version, and the bad inputs.

Here: `answers/<version>.json` and `answers/bad_inputs.json`. Not here: the comparison (`run.py`, `bad_inputs.py`).
Like every recorder it takes no address.
"""

import json
import sys

import bad_inputs
import clients
from clients import environment, real


def borrowed(version: str, found: dict) -> dict:
    """Return the server's own client's outcomes for calls that a later version cannot make on a server of 4.1.

    The 4.3 client reads a setting of a 4.1 server as a number and fails ("3221225472b"); our server must not fail.
    What an older client cannot do it says itself, to every server alike.
    """
    reference = clients.VERSIONS[1]
    if clients.VERSIONS.index(version) <= clients.VERSIONS.index(reference) or not clients.answers(reference).exists():
        return {}
    known = json.loads(clients.answers(reference).read_text(encoding="utf-8"))
    return {name: known[name] for name, outcome in found.items() if isinstance(outcome, str) and outcome.startswith("failed:")}


def main() -> None:
    """Record everything, or the parts named on the command line."""
    environment.enter(real.REQUIREMENTS)
    parts = sys.argv[1:] or ["4.1.4", "3.5.9", "4.3.0", "bad_inputs"]
    server = real.Spark()
    # Iceberg 1.11.0's parser for Spark 4.1 loses query parameters; a Spark without it answers that call.
    plain = real.Spark(catalog="builtin")
    failed = 0
    for part in parts:
        if part == "bad_inputs":
            found = bad_inputs.outcomes(server.address)
        else:
            found = clients.outcomes(part, server.address)
            found |= clients.outcomes(part, plain.address, "sql_parameters")
            found |= borrowed(part, found)
        for name, outcome in found.items():
            if isinstance(outcome, str) and outcome.startswith("failed:"):
                failed += 1
                print(f"{part} {name}: {outcome}")
        clients.write(part, found)
        print(f"{part}: {len(found)} outcomes", flush=True)
    server.stop()
    plain.stop()
    print(f"recorded: {len(parts)} parts, {failed} calls failed on Spark itself")


if __name__ == "__main__":
    main()
