"""Runs the scripted session of sixty calls with three PySpark versions against a server.

Here: the comparison with what the same calls gave on real Spark. Not here: the calls (`session_60.py`).
Last line: `clients: N/180`.
"""

import argparse
import json

import clients


def main() -> None:
    """Compare every version, or those named."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--address", required=True)
    parser.add_argument("--client", action="append", choices=clients.VERSIONS, help="only this version")
    arguments = parser.parse_args()
    same = total = 0
    for version in arguments.client or clients.VERSIONS:
        expected = json.loads(clients.answers(version).read_text(encoding="utf-8"))
        total += len(expected)
        try:
            found = clients.outcomes(version, arguments.address)
        except Exception as error:
            print(f"{version}: the session died: {error}")
            continue
        for name, outcome in expected.items():
            if found.get(name) == outcome:
                same += 1
                continue
            print(f"{version} {name}\n  ours  {shown(found.get(name))}\n  Spark {shown(outcome)}", flush=True)
    print(f"clients: {same}/{total}")


def shown(outcome) -> str:
    """Return an outcome on one line, cut where nobody reads on."""
    return json.dumps(outcome, ensure_ascii=False)[:1500]


if __name__ == "__main__":
    main()
