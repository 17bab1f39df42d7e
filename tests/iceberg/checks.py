"""Rows that several engines read, made comparable, and a count of what held.

Here: `Checks`, `rows` (a query over Spark Connect) and `arrow_rows`. Not here: what is compared with what.
"""

import datetime
import decimal
import json
import math
import re

import pyarrow
from pyspark.sql import SparkSession

UTC = datetime.timezone.utc


class Checks:
    """Counts what held, and prints what did not."""

    def __init__(self):
        self.made = self.held = 0

    def same(self, what: str, expected: list[str], read) -> None:
        """Compare rows; `read` may raise."""
        self.made += 1
        try:
            found = read()
        except Exception as error:
            print(f"{what}: {type(error).__name__}: {str(error)[:600]}", flush=True)
            return
        if found == expected and found:
            self.held += 1
            return
        missing = [row for row in expected if row not in found][:2]
        beyond = [row for row in found if row not in expected][:2]
        print(f"{what}: {len(expected)} rows expected, {len(found)} found\n  missing {missing}\n  beyond  {beyond}", flush=True)


    def raises(self, what: str, pattern: str, read) -> None:
        """`read` must raise an error whose text has the pattern."""
        self.made += 1
        try:
            found = read()
        except Exception as error:
            if re.search(pattern, str(error)):
                self.held += 1
                return
            found = f"{type(error).__name__}: {str(error)[:600]}"
        print(f"{what}: {found}", flush=True)


def canonical(value) -> str:
    """One text for a row, whoever read it: nulls left out, numbers and times in one form."""
    return json.dumps(plain(value), sort_keys=True, ensure_ascii=False)


def plain(value):
    """A value as JSON has it."""
    match value:
        case dict():
            kept = {key: plain(inner) for key, inner in value.items()}
            return {key: inner for key, inner in kept.items() if inner not in (None, {})}
        case [(str(), _), *_]:
            return plain(dict(value))
        case list() | tuple():
            return [plain(inner) for inner in value]
        case bool() | None:
            return value
        case bytes() | bytearray():
            return bytes(value).hex()
        case float() if not math.isfinite(value):
            return str(value)
        case int() | float() | decimal.Decimal():
            return format(decimal.Decimal(value).normalize(), "f")
        case datetime.datetime() if value.tzinfo:
            return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        case datetime.datetime():
            return value.strftime("%Y-%m-%dT%H:%M:%S.%f")
        case datetime.date():
            return value.isoformat()
        case _:
            return value


def rows(session: SparkSession, query: str) -> list[str]:
    """A query's rows over Spark Connect."""
    return arrow_rows(session.sql(query).toArrow())


def arrow_rows(table: pyarrow.Table) -> list[str]:
    """Rows of an Arrow table, in canonical form and order."""
    return sorted(canonical(row) for row in table.to_pylist())
