"""Renders Spark's published error conditions into crates/floe-base/data/error-conditions.json.

Here: reading `error/error-conditions.json` out of Spark's jars and keeping what an error needs (text, SQLSTATE,
sub-conditions). Not here: how a condition becomes an error, which is crates/floe-base/src/conditions.rs.
Run it with the folder of a PySpark distribution: `render_conditions.py <site-packages/pyspark>`.
"""

import json
import sys
import zipfile
from pathlib import Path

TARGET = Path(__file__).resolve().parents[1] / "crates" / "floe-base" / "data" / "error-conditions.json"
ENTRY = "error/error-conditions.json"


def published(home: Path) -> dict:
    """Return the conditions of the distribution at `home`."""
    for jar in sorted((home / "jars").glob("spark-common-utils_*.jar")):
        with zipfile.ZipFile(jar) as archive:
            return json.loads(archive.read(ENTRY))
    raise SystemExit(f"{home} holds no spark-common-utils jar")


def kept(entry: dict) -> dict:
    """Return the parts of one condition that an error needs."""
    parts = {"message": entry["message"]}
    if "sqlState" in entry:
        parts["sqlState"] = entry["sqlState"]
    if "subClass" in entry:
        parts["subClass"] = {name: {"message": inner["message"]} for name, inner in sorted(entry["subClass"].items())}
    return parts


def main() -> None:
    """Write one condition per line: compact, and a diff between two Spark versions stays readable."""
    if len(sys.argv) != 2:
        raise SystemExit(__doc__)
    conditions = {name: kept(entry) for name, entry in sorted(published(Path(sys.argv[1])).items())}
    lines = [f"{json.dumps(name)}:{json.dumps(entry, ensure_ascii=False, separators=(',', ':'))}"
             for name, entry in conditions.items()]
    TARGET.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")
    subs = sum(len(entry.get("subClass", {})) for entry in conditions.values())
    print(f"conditions: {len(conditions)} and {subs} sub-conditions")


if __name__ == "__main__":
    main()
