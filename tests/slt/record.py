"""Writes the expected answers of the SQL truth corpus by asking a real Spark that it starts itself.

Here: reading and rewriting `*.slt` files (format: ../README.md) and `--check`, which reports answers that differ.
Not here: running the corpus against floe-engine, which is crates/floe-engine/tests/slt.rs. There is deliberately no
way to name a server: answers come from Spark or not at all.

    record.py                 record every file
    record.py --new           record only blocks that have no answer yet
    record.py --check PATH…   compare, change nothing; ends with status 1 when something differs
"""

import argparse
import logging
import re
import sys
from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
import environment
from real import spark as real

SHORT_CONF = {"ansi": "spark.sql.ansi.enabled", "tz": "spark.sql.session.timeZone"}
SHORT_VALUE = {"on": "true", "off": "false"}
UNORDERED = re.compile(r"\b(group\s+by|distinct|join|union|intersect|except|over|from\s+\w+\s*,|pivot|lateral|partition\s+by)\b|\(\s*select\b", re.I)
ORDERED = re.compile(r"\border\s+by\b[^()]*$", re.I)


@dataclass
class Block:
    """One case: its comments, its head (`query …` or `statement …`), its SQL and the recorded answer."""

    comments: list[str]
    head: str
    sql: str
    answer: list[str] = field(default_factory=list)

    @property
    def is_query(self) -> bool:
        return self.head.split()[0] == "query"

    @property
    def unordered(self) -> bool:
        return "unordered" in self.head.split()

    def conf(self) -> dict[str, str]:
        """Return the settings named in the head."""
        pairs = (word.split("=", 1) for word in self.head.split()[1:] if "=" in word)
        return {SHORT_CONF.get(name, name): SHORT_VALUE.get(value, value) for name, value in pairs}

    def text(self) -> str:
        """Return the block as it stands in a file."""
        tail = ["----", *self.answer] if self.answer else []
        return "\n".join([*self.comments, *([self.head, self.sql] if self.head else []), *tail])


def read(path: Path) -> list[Block]:
    """Return the blocks of a file; a block of comments only has an empty head."""
    blocks = []
    for chunk in re.split(r"\n(?:[ \t]*\n)+", path.read_text(encoding="utf-8").strip("\n")):
        lines = chunk.split("\n")
        comments = []
        while lines and lines[0].startswith("#"):
            comments.append(lines.pop(0))
        if not lines:
            blocks.append(Block(comments, "", ""))
            continue
        head = lines.pop(0)
        if head.split()[0] not in ("query", "statement"):
            raise SystemExit(f"{path}: a block starts with query or statement, not: {head}")
        cut = lines.index("----") if "----" in lines else len(lines)
        blocks.append(Block(comments, head, "\n".join(lines[:cut]), lines[cut + 1:]))
    return blocks


def run(session, block: Block, folder: Path) -> list[str]:
    """Return the answer of a live session to one block, its settings applied only for it."""
    import rendering

    before = {name: session.conf.get(name) for name in block.conf()}
    for name, value in block.conf().items():
        session.conf.set(name, value)
    try:
        frame = session.sql(block.sql)
        if not block.is_query:
            return []
        schema, *rows = rendering.answer(frame)
        return [schema, *(masked(row, folder) for row in (sorted(rows) if block.unordered else rows))]
    except Exception as error:
        return [rendering.error_line(error)]
    finally:
        for name, value in before.items():
            session.conf.set(name, value)


def masked(row: str, folder: Path) -> str:
    """Return the row with what changes from run to run replaced, by the rules in ../README.md."""
    row = row.replace(f"{folder}/warehouse", "<warehouse>").replace("file:<warehouse>", "<warehouse>")
    row = re.sub(r"\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b", "<uuid>", row)
    row = re.sub(r"\b\d{16,19}\b(?=,|]|'|$)", "<id>", row) if "snapshot" in row else row
    row = re.sub(r"\b\d+ bytes\b", "<n> bytes", row)
    return re.sub(r"^Owner \| [^|]+ \|", "Owner | <owner> |", row)


def empty(session) -> None:
    """Drop everything from the catalog, so that each file starts with the schema `default` and nothing in it."""
    for (schema,) in session.sql("SHOW SCHEMAS").collect():
        for row in session.sql(f"SHOW VIEWS IN `{schema}`").collect():
            if not row["isTemporary"]:
                session.sql(f"DROP VIEW `{schema}`.`{row['viewName']}`")
        for row in session.sql(f"SHOW TABLES IN `{schema}`").collect():
            if not row["isTemporary"]:
                session.sql(f"DROP TABLE `{schema}`.`{row['tableName']}` PURGE")
        if schema != "default":
            session.sql(f"DROP SCHEMA `{schema}` CASCADE")
    for (function,) in session.sql("SHOW USER FUNCTIONS IN default").collect():
        session.sql(f"DROP {'' if '.' in function else 'TEMPORARY '}FUNCTION {function}")


def record(path: Path, server: real.Spark, arguments) -> tuple[int, int]:
    """Record or check one file; return how many cases it has and how many differ from what it said."""
    from pyspark.sql import SparkSession

    blocks = read(path)
    if arguments.new and all(block.answer or not block.is_query for block in blocks if block.head):
        return sum(bool(block.head) for block in blocks), 0
    session = SparkSession.builder.remote(server.address).create()
    differing = 0
    for block in (block for block in blocks if block.head):
        answer = run(session, block, server.folder)
        if block.is_query and len(answer) > 2 and not block.unordered and loose(block.sql):
            block.head += " unordered"
            answer[1:] = sorted(answer[1:])
        if answer != block.answer:
            differing += 1
            if arguments.check:
                print(f"{path}: {block.sql}\n  recorded {block.answer}\n  Spark    {answer}")
        block.answer = answer
    if any("needs: tables" in line for block in blocks for line in block.comments):
        session.sql("USE spark_catalog.default")
        empty(session)
    session.stop()
    if not arguments.check:
        path.write_text("\n\n".join(block.text() for block in blocks) + "\n", encoding="utf-8")
    return sum(bool(block.head) for block in blocks), differing


def loose(sql: str) -> bool:
    """Say whether the row order of a query is Spark's own affair."""
    return bool(UNORDERED.search(sql)) and not ORDERED.search(sql)


def main() -> None:
    """Record or check the named files, or all of them."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("paths", nargs="*", type=Path)
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--new", action="store_true")
    arguments = parser.parse_args()
    environment.enter(real.REQUIREMENTS)
    logging.getLogger("pyspark").setLevel(logging.CRITICAL)
    logging.disable(logging.CRITICAL)
    roots = arguments.paths or [HERE]
    paths = sorted(path for root in roots for path in (root.rglob("*.slt") if root.is_dir() else [root]))
    servers: dict[str, real.Spark] = {}
    cases = differing = 0
    for path in paths:
        catalog = "builtin" if "# needs: builtin" in path.read_text(encoding="utf-8") else "iceberg"
        if catalog not in servers:
            servers[catalog] = real.Spark(catalog=catalog)
        found, changed = record(path, servers[catalog], arguments)
        cases, differing = cases + found, differing + changed
        print(f"{path.relative_to(HERE) if path.is_relative_to(HERE) else path}: {found} cases, {changed} differ", flush=True)
    for server in servers.values():
        server.stop()
    print(f"truth: {cases} cases in {len(paths)} files, {differing} {'differ' if arguments.check else 'rewritten'}")
    if arguments.check and differing:
        sys.exit(1)


if __name__ == "__main__":
    main()
