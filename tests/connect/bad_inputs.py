"""Sixty wrong inputs whose errors must be Spark's, and hostile ones that a server must answer and survive.

Here: the inputs and both comparisons. The errors were recorded from real Spark (`record.py`); of a hostile input
only two things are asked: an answer within a minute, and a server that still answers afterwards.
Last line: `bad-inputs: N/N`, both together.
"""

import argparse
import json
import logging
import random
import sys
import threading
import uuid
import warnings
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
import clients
from clients import environment, real

SECONDS_MAX = 60

BAD = [
    # Text that does not parse.
    "SELEC 1", "SELECT", "SELECT 1 FROM", "SELECT (1", "SELECT 'abc", "SELECT 1 +", "FROM", "SELECT * FROM t WHERE", "SELECT a b c FROM t",
    "CREATE TABLE", "INSERT INTO", "SELECT CASE WHEN 1 THEN 2", "SELECT 1; SELECT 2", "SELECT CAST(1 INT)", "SELECT x FROM t WHERE x IN ()",
    "SELECT 1 LIMIT 1 LIMIT 2", "\x00", "", "SELECT INTERVAL '1' FOO", "SELECT date '2020-13-01'", "SELECT X'1G'", "SELECT 99999999999999999999999999999999999999999",
    # Names that do not exist.
    "SELECT * FROM nope", "SELECT * FROM nope.t", "SELECT nope", "SELECT nope FROM range(1)", "SELECT t.nope FROM range(1) t", "SELECT nope(1)",
    "SELECT * FROM nope(1)", "USE nope", "DROP TABLE nope", "DROP VIEW nope", "DESCRIBE nope", "INSERT INTO nope VALUES (1)", "SELECT CAST(1 AS NOPE)", "SELECT * FROM range(1) a JOIN range(1) b USING (nope)",
    # Types and arities that do not fit.
    "SELECT id + array(1) FROM range(1)", "SELECT upper()", "SELECT substring('a')", "SELECT sum(array(1))", "SELECT NOT 1", "SELECT 1 WHERE 1", "SELECT year(1)",
    "SELECT CASE WHEN 1 THEN 2 END", "SELECT map('a', 1)[array(1)]", "SELECT 1 UNION SELECT 1, 2", "SELECT (SELECT 1, 2)", "SELECT id, count(*) FROM range(1)", "SELECT id FROM range(1) a, range(1) b", "SELECT 1 GROUP BY 3", "SELECT 1 ORDER BY 2", "SELECT sum(sum(id)) FROM range(1)", "SELECT id FROM range(1) WHERE sum(id) > 1",
    # Values that do not fit.
    "SELECT 1/0", "SELECT CAST('x' AS INT)", "SELECT 2147483647 + 1", "SELECT array(1)[5]", "SELECT CAST(1e20D AS INT)", "SELECT to_date('x', 'yyyy')", "SELECT raise_error('x')",
]


def outcomes(address: str) -> dict:
    """Return class, condition and SQLSTATE of every bad input's error, in one session."""
    from pyspark.sql import SparkSession

    warnings.simplefilter("ignore")
    logging.disable(logging.CRITICAL)
    session = SparkSession.builder.remote(address).create()
    found = {}
    for sql in BAD:
        try:
            session.sql(sql).collect()
            found[sql] = ["nothing was raised"]
        except Exception as error:
            condition = getattr(error, "getCondition", lambda: None)()
            found[sql] = [type(error).__name__, condition, getattr(error, "getSqlState", lambda: None)()]
    session.stop()
    return found


# ---- hostile inputs -----------------------------------------------------------------------------------------------

def varint(value: int) -> bytes:
    """Return a protobuf varint."""
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def nested(number: int, depth: int) -> bytes:
    """Return a message that holds itself in field `number`, `depth` times, built without recursion."""
    parts, size = [], 0
    for _ in range(depth):
        head = varint(number << 3 | 2) + varint(size)
        parts.append(head)
        size += len(head)
    return b"".join(reversed(parts))


def texts() -> dict[str, str]:
    """Return hostile SQL by name."""
    rng = random.Random(7)
    return {
        "20,000 nested parentheses": "SELECT " + "(" * 20_000 + "1" + ")" * 20_000,
        "20,000 open parentheses": "SELECT " + "(" * 20_000,
        "20,000 chained operators": "SELECT " + " + ".join(["1"] * 20_000),
        "20,000 chained ANDs": "SELECT " + " AND ".join(["true"] * 20_000),
        "20,000 NOTs": "SELECT " + "NOT " * 20_000 + "true",
        "20,000 minus signs": "SELECT " + "- " * 20_000 + "1",
        "3,000 UNIONs": " UNION ALL ".join(["SELECT 1"] * 3_000),
        "2,000 nested subqueries": "SELECT * FROM (" * 2_000 + "SELECT 1" + ")" * 2_000,
        "2,000 nested function calls": "SELECT " + "abs(" * 2_000 + "1" + ")" * 2_000,
        "2,000 nested CASEs": "SELECT " + "CASE WHEN true THEN " * 2_000 + "1" + " END" * 2_000,
        "5 MB literal": "SELECT length('" + "x" * 5_000_000 + "')",
        "5 MB identifier": "SELECT 1 AS `" + "x" * 5_000_000 + "`",
        "10,000 columns": "SELECT " + ", ".join(f"{at} AS c{at}" for at in range(10_000)),
        "20,000 rows of VALUES": "SELECT count(*) FROM VALUES " + ", ".join(f"({at}, 'x')" for at in range(20_000)),
        "20,000 IN elements": "SELECT 1 IN (" + ", ".join(map(str, range(20_000))) + ")",
        "open comment": "SELECT 1 /* " + "/* " * 5_000,
        "random letters": "".join(rng.choice("SELECT FROM WHERE()'\"`\\,;*0123456789\n\t") for _ in range(100_000)),
        "random code points": "".join(chr(rng.randrange(1, 0xD7FF)) for _ in range(20_000)),
        "huge repeat": "SELECT length(repeat('x', 2000000000))",
        "huge array": "SELECT size(array_repeat(1, 2000000000))",
        "huge sequence": "SELECT size(sequence(1, 10000000000))",
        "slow pattern": "SELECT 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab' RLIKE '^(a+)+$'",
    }


def timed(action) -> str:
    """Return how an action ended within the time limit: `answered`, or what stands against it."""
    ended: list[str] = []

    def work():
        try:
            action()
            ended.append("answered")
        except Exception as error:
            lost = "UNAVAILABLE" in str(error) or "Socket closed" in str(error)
            ended.append("connection lost" if lost else "answered")

    worker = threading.Thread(target=work, daemon=True)
    worker.start()
    worker.join(SECONDS_MAX)
    return ended[0] if ended else f"no answer in {SECONDS_MAX} s"


def alive(address: str) -> bool:
    """Say whether a new session gets an answer."""
    from pyspark.sql import SparkSession

    def probe():
        session = SparkSession.builder.remote(address).create()
        assert session.sql("SELECT 1 AS x").collect()[0][0] == 1
        session.stop()

    return timed(probe) == "answered"


def hostile(address: str) -> tuple[int, int]:
    """Send every hostile input; return how many were answered by a server that lived on, and how many there are."""
    import grpc
    from pyspark.sql import SparkSession
    from pyspark.sql import functions as F

    channel = grpc.insecure_channel(address.removeprefix("sc://"), options=[("grpc.max_send_message_length", -1)])
    execute = channel.unary_stream("/spark.connect.SparkConnectService/ExecutePlan")
    analyse = channel.unary_unary("/spark.connect.SparkConnectService/AnalyzePlan")

    def raw(payload: bytes):
        return list(execute(payload, timeout=SECONDS_MAX))

    def plan_of(relation: bytes) -> bytes:
        session, user = str(uuid.uuid4()).encode(), b"\x0a\x01u"
        root = b"\x0a" + varint(len(relation)) + relation
        return b"\x0a" + varint(len(session)) + session + b"\x12" + varint(len(user)) + user + b"\x1a" + varint(len(root)) + root

    def chained():
        session = SparkSession.builder.remote(address).create()
        frame = session.range(1)
        for at in range(1_000):
            frame = frame.withColumn(f"c{at % 10}", F.lit(at))
        frame.collect()

    def doubled():
        session = SparkSession.builder.remote(address).create()
        session.sql("CREATE TEMPORARY FUNCTION twice(x BIGINT) RETURNS BIGINT RETURN x + x").collect()
        session.sql("SELECT " + "twice(" * 60 + "id" + ")" * 60 + " FROM range(1)").collect()

    def text(sql: str):
        return lambda: SparkSession.builder.remote(address).create().sql(sql).collect()

    rng = random.Random(11)
    inputs = {name: text(sql) for name, sql in texts().items()}
    inputs["1,000 chained withColumn"] = chained
    inputs["60 functions, each twice its argument"] = doubled
    inputs["plan nested 100,000 deep"] = lambda: raw(plan_of(nested(4, 100_000)))
    inputs["filter nested 100,000 deep"] = lambda: raw(plan_of(nested(8, 100_000)))
    inputs["expression nested 100,000 deep"] = lambda: raw(plan_of(b"\x1a" + varint(len(nested(3, 100_000))) + nested(3, 100_000)))
    for at in range(8):
        inputs[f"random message {at}"] = lambda payload=rng.randbytes(4_000): raw(payload)
        inputs[f"random plan {at}"] = lambda payload=rng.randbytes(400): raw(plan_of(payload))
        inputs[f"random analysis {at}"] = lambda payload=rng.randbytes(400): analyse(plan_of(payload), timeout=SECONDS_MAX)
    inputs["empty message"] = lambda: raw(b"")
    good = 0
    for name, action in inputs.items():
        outcome = timed(action)
        if outcome == "answered" and alive(address):
            good += 1
        else:
            print(f"hostile {name}: {outcome}", flush=True)
            if not alive(address):
                print("the server is gone")
                break
    return good, len(inputs)


def main() -> None:
    """Compare the bad inputs, then send the hostile ones."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--address", required=True)
    parser.add_argument("--skip-hostile", action="store_true")
    arguments = parser.parse_args()
    environment.enter(HERE.parent / "requirements-client-4.1.txt")
    expected = json.loads(clients.answers("bad_inputs").read_text(encoding="utf-8"))
    found = outcomes(arguments.address)
    for sql, outcome in expected.items():
        if found.get(sql) != outcome:
            print(f"{sql!r}\n  ours  {found.get(sql)}\n  Spark {outcome}")
    good, total = (0, 0) if arguments.skip_hostile else hostile(arguments.address)
    same = sum(found.get(sql) == outcome for sql, outcome in expected.items())
    print(f"errors: {same}/{len(expected)}\nhostile: {good}/{total}\nbad-inputs: {same + good}/{len(expected) + total}")


if __name__ == "__main__":
    main()
