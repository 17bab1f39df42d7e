"""Holds the rendered protocol against descriptors, fact by fact.

The text in `spark/connect/*.proto` is read back with a small parser that shares nothing with the renderer, and every
message, field, number, type, label, oneof, enum value and rpc in it is compared with `spark-connect.fds`. With a
folder of `*_pb2.py` as argument (or an installed PySpark) the binary set is compared with that package too, so a new
release of the protocol shows up here first.

    python proto/check.py [folder with base_pb2.py …]

It runs as a test: any difference is printed and the exit code is 1.
"""

from __future__ import annotations

import importlib.util
import re
import sys
from pathlib import Path

from google.protobuf import descriptor_pb2

import render

Facts = set[tuple]


def facts_of_set(files) -> Facts:
    """Every fact of descriptors, as tuples whose first part is the full name."""
    facts: Facts = set()
    for file in files:
        scope = f".{file.package}"
        for enum in file.enum_type:
            facts |= _enum_facts(enum, scope)
        for message in file.message_type:
            facts |= _message_facts(message, scope)
        for service in file.service:
            for rpc in service.method:
                ends = (rpc.client_streaming, rpc.input_type, rpc.server_streaming, rpc.output_type)
                facts.add((f"{scope}.{service.name}", "rpc", rpc.name, *ends))
    return facts


def _enum_facts(enum, scope: str) -> Facts:
    return {(f"{scope}.{enum.name}", "value", value.name, value.number) for value in enum.value}


def _message_facts(message, scope: str) -> Facts:
    own = f"{scope}.{message.name}"
    facts: Facts = {(own, "message")}
    maps = {f"{own}.{nested.name}": nested for nested in message.nested_type if nested.options.map_entry}
    for field in message.field:
        label, kind = "", render.SCALARS.get(field.type) or field.type_name
        if field.type_name in maps:
            key, value = maps[field.type_name].field
            kind = f"map<{render.SCALARS[key.type]}, {render.SCALARS.get(value.type) or value.type_name}>"
        elif field.label == field.LABEL_REPEATED:
            label = "repeated"
        elif field.proto3_optional:
            label = "optional"
        one_of = ""
        if field.HasField("oneof_index") and not field.proto3_optional:
            one_of = message.oneof_decl[field.oneof_index].name
        facts.add((own, "field", field.name, field.number, label, kind, one_of, field.options.deprecated))
    for span in message.reserved_range:
        facts |= {(own, "reserved", number) for number in range(span.start, span.end)}
    for enum in message.enum_type:
        facts |= _enum_facts(enum, own)
    for nested in message.nested_type:
        if not nested.options.map_entry:
            facts |= _message_facts(nested, own)
    return facts


BLOCK = re.compile(r"(message|enum|oneof|service) (\w+) \{(\})?$")
FIELD = re.compile(r"(?:(repeated|optional) )?(map<.+?>|[\w.]+) (\w+) = (\d+)( \[deprecated = true\])?;$")
VALUE = re.compile(r"(\w+) = (-?\d+);$")
RPC = re.compile(r"rpc (\w+)\((stream )?([\w.]+)\) returns \((stream )?([\w.]+)\);$")


def facts_of_text(text: str) -> Facts:
    """The same facts, read from the text."""
    facts: Facts = set()
    blocks: list[tuple[str, str]] = []
    package = ""
    for raw in text.splitlines():
        line = raw.strip()
        if line.startswith("package "):
            package = "." + line.removeprefix("package ").rstrip(";")
        if not line or line.startswith(("//", "syntax", "package", "import", "option ")):
            continue
        own = package + "".join(f".{name}" for kind, name in blocks if kind != "oneof")
        if found := BLOCK.match(line):
            kind, name, closed = found.groups()
            if kind == "message":
                facts.add((f"{own}.{name}", "message"))
            if not closed:
                blocks.append((kind, name))
        elif line == "}":
            blocks.pop()
        elif line.startswith("reserved "):
            facts |= _reserved_facts(own, line)
        elif blocks[-1][0] == "enum":
            name, number = VALUE.match(line).groups()
            facts.add((own, "value", name, int(number)))
        elif blocks[-1][0] == "service":
            name, takes, taken, gives, given = RPC.match(line).groups()
            facts.add((own, "rpc", name, bool(takes), taken, bool(gives), given))
        else:
            label, kind, name, number, deprecated = FIELD.match(line).groups()
            one_of = blocks[-1][1] if blocks[-1][0] == "oneof" else ""
            facts.add((own, "field", name, int(number), label or "", kind, one_of, bool(deprecated)))
    return facts


def _reserved_facts(own: str, line: str) -> Facts:
    facts: Facts = set()
    for part in line.removeprefix("reserved ").rstrip(";").split(", "):
        if not part.startswith('"'):
            first, _, last = part.partition(" to ")
            facts |= {(own, "reserved", number) for number in range(int(first), int(last or first) + 1)}
    return facts


def differences(one: str, left: Facts, other: str, right: Facts) -> list[str]:
    only_left = [f"only in {one}: {fact}" for fact in sorted(left - right, key=str)]
    return only_left + [f"only in {other}: {fact}" for fact in sorted(right - left, key=str)]


def installed() -> Path | None:
    """The folder of an installed PySpark, when there is one."""
    found = importlib.util.find_spec("pyspark")
    if found is None or not found.submodule_search_locations:
        return None
    return Path(found.submodule_search_locations[0]) / "sql/connect/proto"


def unknown_to_us(ours: Facts, theirs: Facts) -> list[str]:
    """What an older or equal release has and we lack; what only we have is a newer protocol, and fine."""
    known = {(fact[0], fact[1], *fact[2:4]) for fact in ours}
    return [f"not in our set: {fact}" for fact in sorted(theirs, key=str) if _missing(fact, known)]


def _missing(fact: tuple, known: set) -> bool:
    return fact[1] in ("field", "value") and (fact[0], fact[1], *fact[2:4]) not in known


def main() -> int:
    ours = descriptor_pb2.FileDescriptorSet.FromString(render.FDS.read_bytes())
    spark = [file for file in ours.file if file.package == "spark.connect"]
    held = facts_of_set(spark)
    text: Facts = set()
    for path in sorted((render.HERE / "spark/connect").glob("*.proto")):
        text |= facts_of_text(path.read_text())
    problems = differences("the text", text, render.FDS.name, held)
    if len(sys.argv) > 1:
        theirs = facts_of_set(render.descriptors(Path(sys.argv[1])))
        problems += differences(render.FDS.name, held, sys.argv[1], theirs)
    elif (folder := installed()) is not None:
        problems += unknown_to_us(held, facts_of_set(render.descriptors(folder)))
    for problem in problems:
        print(problem)
    print(f"{len(held)} facts compared, {len(problems)} differ")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
