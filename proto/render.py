"""Renders the Spark Connect protocol from the descriptors a published client carries.

Every `*_pb2.py` of PySpark holds one serialised `FileDescriptorProto`. This program reads them and writes two things
beside itself: `spark/connect/*.proto`, the protocol as text a person can read and review, and `spark-connect.fds`, a
`FileDescriptorSet` from which `crates/floe-proto` generates its types (no protoc is needed to build). Names, numbers
and types are facts of the protocol; the descriptors carry no comments, so the few comments here are our own.

    python proto/render.py <folder with base_pb2.py …> --source "pyspark 4.3.0"

`check.py` holds both files against the descriptors and against each other. `render_conditions.py` renders Spark's
error conditions and has nothing to do with the wire.
"""

from __future__ import annotations

import argparse
import ast
from pathlib import Path

from google.protobuf import any_pb2, descriptor_pb2, timestamp_pb2

HERE = Path(__file__).resolve().parent
FDS = HERE / "spark-connect.fds"

# Only the plug-in examples of Spark's own tests; no client sends them.
LEFT_OUT = {"spark/connect/example_plugins.proto"}

NOTICE = """\
// Spark Connect, as published in {source} by the Apache Software Foundation (Apache-2.0).
// Rendered by proto/render.py from the descriptors in that package; do not edit by hand.
"""

# What a reader should know about a file before reading it.
ABOUT = {
    "base.proto": "The service, its requests and responses. Start at SparkConnectService at the end.",
    "catalog.proto": "The calls of spark.catalog; each is a relation with a fixed schema.",
    "commands.proto": "What changes something: writes, views, SQL text.",
    "common.proto": "Storage levels, call sites of the client's program.",
    "expressions.proto": "Columns: literals, attributes, calls. Operators are calls by their symbol.",
    "ml.proto": "Machine learning commands; a real Spark answers them.",
    "ml_common.proto": "Parameters of machine learning commands.",
    "pipelines.proto": "Declarative pipelines; a real Spark answers them.",
    "relations.proto": "Tables in, table out. Relation.rel_type names every operator.",
    "types.proto": "Spark's data types.",
}

F = descriptor_pb2.FieldDescriptorProto
SCALARS = {
    F.TYPE_DOUBLE: "double",
    F.TYPE_FLOAT: "float",
    F.TYPE_INT64: "int64",
    F.TYPE_UINT64: "uint64",
    F.TYPE_INT32: "int32",
    F.TYPE_FIXED64: "fixed64",
    F.TYPE_FIXED32: "fixed32",
    F.TYPE_BOOL: "bool",
    F.TYPE_STRING: "string",
    F.TYPE_BYTES: "bytes",
    F.TYPE_UINT32: "uint32",
    F.TYPE_SFIXED32: "sfixed32",
    F.TYPE_SFIXED64: "sfixed64",
    F.TYPE_SINT32: "sint32",
    F.TYPE_SINT64: "sint64",
}


def descriptors(folder: Path) -> list[descriptor_pb2.FileDescriptorProto]:
    """The file descriptors of a folder of `*_pb2.py`, by name, without running any of them."""
    found = []
    for path in sorted(folder.glob("*_pb2.py")):
        file = descriptor_pb2.FileDescriptorProto.FromString(_serialised(path))
        if file.name not in LEFT_OUT:
            found.append(file)
    if not found:
        raise SystemExit(f"no *_pb2.py in {folder}")
    return found


def _serialised(path: Path) -> bytes:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "AddSerializedFile":
            return ast.literal_eval(node.args[0])
    raise SystemExit(f"{path} holds no serialised descriptor")


def file_set(files: list[descriptor_pb2.FileDescriptorProto]) -> descriptor_pb2.FileDescriptorSet:
    """The files and what they import of Google's, imports first, options of other languages removed."""
    result = descriptor_pb2.FileDescriptorSet()
    for module in (any_pb2, timestamp_pb2):
        well_known = result.file.add()
        well_known.ParseFromString(module.DESCRIPTOR.serialized_pb)
        well_known.ClearField("options")
    left = {file.name: file for file in files}
    done = {file.name for file in result.file}
    while left:
        ready = sorted(name for name, file in left.items() if set(file.dependency) <= done)
        if not ready:
            raise SystemExit(f"imports form a circle or are missing: {sorted(left)}")
        for name in ready:
            copy = result.file.add()
            copy.CopyFrom(left.pop(name))
            copy.ClearField("options")
            done.add(name)
    return result


def render(file: descriptor_pb2.FileDescriptorProto, source: str) -> str:
    """One file as text."""
    base = Path(file.name).name
    lines = [NOTICE.format(source=source)]
    if base in ABOUT:
        lines.append(f"// {ABOUT[base]}\n")
    lines.append(f'syntax = "{file.syntax}";\n')
    lines.append(f"package {file.package};\n")
    lines += [f'import "{name}";' for name in file.dependency]
    if file.dependency:
        lines.append("")
    for enum in file.enum_type:
        lines += [*_enum(enum, ""), ""]
    for message in file.message_type:
        lines += [*_message(message, f".{file.package}", ""), ""]
    for service in file.service:
        lines += [*_service(service), ""]
    return "\n".join(lines).rstrip() + "\n"


def _message(message: descriptor_pb2.DescriptorProto, scope: str, indent: str) -> list[str]:
    own = f"{scope}.{message.name}"
    inner = indent + "  "
    maps = {f"{own}.{nested.name}": nested for nested in message.nested_type if nested.options.map_entry}
    lines = [f"{indent}message {message.name} {{"]
    lines += _reserved(message, inner)
    for enum in message.enum_type:
        lines += _enum(enum, inner)
    for nested in message.nested_type:
        if not nested.options.map_entry:
            lines += _message(nested, own, inner)
    shown = set()
    for field in message.field:
        if not field.HasField("oneof_index") or field.proto3_optional:
            lines.append(_field(field, maps, inner))
        elif field.oneof_index not in shown:
            shown.add(field.oneof_index)
            lines += _oneof(message, field.oneof_index, maps, inner)
    if len(lines) == 1:
        return [f"{indent}message {message.name} {{}}"]
    return [*lines, f"{indent}}}"]


def _oneof(message, index: int, maps: dict, indent: str) -> list[str]:
    members = [field for field in message.field if field.HasField("oneof_index") and field.oneof_index == index]
    body = [_field(field, maps, indent + "  ") for field in members]
    return [f"{indent}oneof {message.oneof_decl[index].name} {{", *body, f"{indent}}}"]


def _field(field, maps: dict, indent: str) -> str:
    label = ""
    if field.type_name in maps:
        key, value = maps[field.type_name].field
        kind = f"map<{_type(key)}, {_type(value)}>"
    else:
        kind = _type(field)
        if field.label == F.LABEL_REPEATED:
            label = "repeated "
        elif field.proto3_optional:
            label = "optional "
    deprecated = " [deprecated = true]" if field.options.deprecated else ""
    return f"{indent}{label}{kind} {field.name} = {field.number}{deprecated};"


def _type(field) -> str:
    # Full names with the leading dot: no reader has to know the rules of scopes.
    return SCALARS.get(field.type) or field.type_name


def _reserved(message, indent: str) -> list[str]:
    lines = []
    if message.reserved_range:
        numbers = [str(r.start) if r.end == r.start + 1 else f"{r.start} to {r.end - 1}" for r in message.reserved_range]
        lines.append(f"{indent}reserved {', '.join(numbers)};")
    if message.reserved_name:
        names = ", ".join(f'"{name}"' for name in message.reserved_name)
        lines.append(f"{indent}reserved {names};")
    return lines


def _enum(enum, indent: str) -> list[str]:
    alias = [f"{indent}  option allow_alias = true;"] if enum.options.allow_alias else []
    values = [f"{indent}  {value.name} = {value.number};" for value in enum.value]
    return [f"{indent}enum {enum.name} {{", *alias, *values, f"{indent}}}"]


def _service(service) -> list[str]:
    lines = [f"service {service.name} {{"]
    for method in service.method:
        taken = f"{'stream ' if method.client_streaming else ''}{method.input_type}"
        given = f"{'stream ' if method.server_streaming else ''}{method.output_type}"
        lines.append(f"  rpc {method.name}({taken}) returns ({given});")
    return [*lines, "}"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="the folder that holds base_pb2.py and its neighbours")
    parser.add_argument("--source", required=True, help='what it was taken from, as "pyspark 4.3.0"')
    arguments = parser.parse_args()
    files = descriptors(arguments.folder)
    for file in files:
        target = HERE / file.name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(render(file, arguments.source))
    FDS.write_bytes(file_set(files).SerializeToString(deterministic=True))
    print(f"{len(files)} files and {FDS.name} written from {arguments.source}")


if __name__ == "__main__":
    main()
