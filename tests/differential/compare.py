"""Runs the recorded random queries against a server and says how often its answer is Spark's.

Here: the comparison and its classes. Not here: the queries (`generate.py`) and Spark's answers (`record.py`).

    same     equal schema line (names, types, nullability) and equal rows, or the same error condition
    wrong    other rows, other types, other names, rows instead of an error; the reason is printed with each
    refused  the server said that it does not support something; what it named is counted
    other    any other error, a lost connection or a query over the time limit
"""

import argparse
import collections
import json
import logging
import math
import re
import signal
import sys
import warnings
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
import environment

REQUIREMENTS = HERE.parent / "requirements-client-4.1.txt"
REFUSAL = re.compile(r"unsupported|not supported|not implemented|unimplemented|not lowered|does not support|"
                     r"UNRESOLVED_ROUTINE|unknown function|no function|cannot be found.*function", re.I)
NUMBER = re.compile(r"(?<![\w.'-])-?\d+\.\d+(?:e[+-]\d+)?(?![\w.])")
SECONDS_MAX = 30


def recorded(seed: int) -> list[list]:
    """Return the recorded queries of a seed."""
    import zstandard

    data = zstandard.ZstdDecompressor().decompress((HERE / "answers" / f"seed-{seed}.jsonl.zst").read_bytes())
    return [json.loads(line) for line in data.decode().split("\n")]


def rounded(row: str) -> str:
    """Return the row with its fractions cut to six digits: the sort key that survives a last digit."""
    return NUMBER.sub(lambda found: f"{float(found[0]):.6g}", row)


def close(ours: str, theirs: str) -> bool:
    """Say whether two rows are equal but for the last digits of fractions."""
    if ours == theirs:
        return True
    if NUMBER.sub("#", ours) != NUMBER.sub("#", theirs):
        return rounded(ours) == rounded(theirs)
    return all(math.isclose(float(a), float(b), rel_tol=1e-9, abs_tol=1e-12)
               for a, b in zip(NUMBER.findall(ours), NUMBER.findall(theirs)))


def bare(schema: str) -> str:
    """Return a schema line without nullability."""
    return schema.replace(" NOT NULL", "")


def judge(answer: list[str], message: str, expected: list[str], ordered: bool, approximate: bool) -> tuple[str, str]:
    """Return the class of an answer and, unless it is the same, the reason."""
    if answer[0].startswith("error"):
        if answer[0] == expected[0]:
            return "same", ""
        if REFUSAL.search(f"{answer[0]} {message}"):
            return "refused", message
        kind = "other" if not expected[0].startswith("error") else "wrong"
        return kind, f"{answer[0]} {message[:200]}"
    if expected[0].startswith("error"):
        return "wrong", f"rows where Spark says {expected[0]}"
    ours, theirs = answer[1:], expected[1:]
    if not ordered:
        ours, theirs = (sorted(rows, key=rounded) if approximate else sorted(rows) for rows in (ours, theirs))
    if reason := difference(ours, theirs, approximate):
        return "wrong", reason
    if bare(answer[0]) != bare(expected[0]):
        return "wrong", f"schema {answer[0]}\n           Spark  {expected[0]}"
    if answer[0] != expected[0]:
        return "wrong", f"nullability {answer[0]}\n           Spark  {expected[0]}"
    return "same", ""


def difference(ours: list[str], theirs: list[str], approximate: bool) -> str:
    """Return how two lists of rows in the same order differ, or nothing."""
    if len(ours) != len(theirs):
        return f"count  {len(ours)} rows, Spark {len(theirs)}"
    for mine, spark in zip(ours, theirs):
        if mine != spark and not (approximate and close(mine, spark)):
            return f"row    {mine}\n           Spark  {spark}"
    return ""


def missing(message: str) -> str:
    """Return what a refusal names, without what changes from query to query."""
    first = message.split("\n")[0]
    return re.sub(r"\s+", " ", re.sub(r"#\d+|\d{2,}", "N", first))[:140]


class Slow(Exception):
    """A query over the time limit."""


def ask(session, sql: str) -> tuple[list[str], str]:
    """Return the answer lines of a server and the message of an error."""
    import rendering

    def late(*_):
        raise Slow(f"no answer in {SECONDS_MAX} s")

    signal.signal(signal.SIGALRM, late)
    signal.alarm(SECONDS_MAX)
    try:
        return rendering.answer(session.sql(sql)), ""
    except Exception as error:
        return [rendering.error_line(error)], str(error).split("JVM stacktrace")[0]
    finally:
        signal.alarm(0)


def main() -> None:
    """Compare one seed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--address", required=True)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--route", default="auto", help="the backend that all queries are for")
    parser.add_argument("--count", type=int, help="only the first so many")
    parser.add_argument("--start", type=int, default=0, help="skip so many first")
    parser.add_argument("--loose-nullability", action="store_true", help="do not count a difference in nullability alone")
    parser.add_argument("--quiet", action="store_true", help="print no single queries")
    arguments = parser.parse_args()
    environment.enter(REQUIREMENTS)
    logging.disable(logging.CRITICAL)
    warnings.simplefilter("ignore")
    from pyspark.sql import SparkSession

    session = SparkSession.builder.remote(arguments.address).create()
    session.conf.set("floe.route", arguments.route)
    for table in (HERE / "tables.sql").read_text(encoding="utf-8").split("\n;\n"):
        try:
            session.sql(table)
        except Exception as error:
            print(f"a table cannot be made, its queries will fail: {str(error)[:200]}")
    counts, named, reasons = collections.Counter(), collections.Counter(), collections.Counter()
    everything = recorded(arguments.seed)[arguments.start:][: arguments.count]
    ansi_now = None
    for at, (sql, ansi, ordered, approximate, expected) in enumerate(everything, arguments.start):
        if ansi != ansi_now:
            session.conf.set("spark.sql.ansi.enabled", str(ansi).lower())
            ansi_now = ansi
        answer, message = ask(session, sql)
        verdict, reason = judge(answer, message, expected, ordered, approximate)
        if reason.startswith("nullability") and arguments.loose_nullability:
            verdict = "same"
        counts[verdict] += 1
        if verdict == "refused":
            named[missing(message)] += 1
        if verdict in ("wrong", "other"):
            reasons[reason.split(" ")[0]] += 1
            if not arguments.quiet:
                print(f"{verdict} {at} ansi={'on' if ansi else 'off'}: {sql}\n           {reason}", flush=True)
    print("\nrefused, by what is missing:" if named else "")
    for what, times in named.most_common(40):
        print(f"{times:5} {what}")
    if reasons:
        print("wrong or other, by reason: " + ", ".join(f"{what}={times}" for what, times in reasons.most_common(15)))
    only_schema = reasons["schema"] + reasons["nullability"]
    print(f"equal rows under another schema line (names, types or nullability): {only_schema}")
    print(f"differential: same={counts['same']} wrong={counts['wrong']} refused={counts['refused']} "
          f"other={counts['other']} of {len(everything)}")


if __name__ == "__main__":
    main()
