"""What a real client meets when things go wrong or last long: interrupts, lost connections, slow readers, shutdown, tokens.

Usage: behaviour.py BINARY [check…]. Here: checks that need a server of their own and a PySpark 4.1 client. Not here: the
rules of the protocol, row by row, asked with a bare stub (`crates/floe-connect/tests/rules.rs`). Each check names what
went wrong; the last line is `behaviour: N/N`.
"""

import contextlib
import logging
import os
import socket
import subprocess
import sys
import tempfile
import threading
import time
import uuid
import warnings
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
import environment
from suite import Suite
from with_server import Server

REQUIREMENTS = HERE.parent / "requirements-client-4.1.txt"
CANCEL_SECONDS_MAX = 2
STOP_SECONDS_MAX = 5
# Checks take the binary, and return the parts that went wrong.
SUITE = Suite("behaviour")

# Each would run for minutes, in another operator.
LONG = {
    "aggregation": "SELECT count(*), sum(n) FROM (SELECT id % 50000017 AS k, count(*) AS n FROM range(2000000000) GROUP BY 1)",
    "distinct": "SELECT count(DISTINCT id * 7 % 90000049) FROM range(2000000000)",
    "sort": "SELECT max(r) FROM (SELECT row_number() OVER (ORDER BY id * 7919 % 1000003, id) AS r FROM range(300000000))",
    "join": "SELECT count(*) FROM range(30000000) a JOIN range(2000000000) b ON a.id = b.id % 30000001",
    "cross join": "SELECT count(*) FROM range(1000000) a CROSS JOIN range(1000000) b WHERE (a.id + b.id) % 7 = 3",
    "generator": "SELECT sum(x) FROM range(100000000) LATERAL VIEW explode(sequence(1, 1000)) t AS x",
    "text": "SELECT max(length(regexp_replace(repeat(CAST(id AS STRING), 100), '[0-4]', 'x'))) FROM range(2000000000)",
    "array functions": "SELECT sum(size(filter(sequence(1, 100), x -> x % 3 = id % 3))) FROM range(2000000000)",
}


@contextlib.contextmanager
def client(server: Server):
    """Give a session of a running server, and stop it."""
    from pyspark.sql import SparkSession

    session = SparkSession.builder.remote(server.address).create()
    yield session
    session.stop()


def cpu_seconds(pid: int) -> float:
    """Return the CPU time a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def megabytes(pid: int) -> float:
    """Return the resident memory of a process."""
    pages = int(Path(f"/proc/{pid}/statm").read_text(encoding="utf-8").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def outcome(action) -> str:
    """Return the condition of the error an action raises, or its class."""
    try:
        action()
    except Exception as error:
        return getattr(error, "getCondition", lambda: None)() or f"{type(error).__name__}: {error}"[:300]
    return "nothing was raised"


def is_idle(pid: int) -> bool:
    """Say whether a process comes to rest within the time an interrupt may take."""
    deadline = time.monotonic() + CANCEL_SECONDS_MAX
    while time.monotonic() < deadline:
        before = cpu_seconds(pid)
        time.sleep(0.3)
        if cpu_seconds(pid) - before < 0.1:
            return True
    return False


@SUITE.check
def interrupts_end_what_runs(binary: str) -> list[str]:
    """Interrupt every kind of long work: the client hears of it, and the machine rests."""
    wrong = []
    with Server(binary, "--data", ":memory:") as server, client(server) as session:
        late = ("sort, once it has its rows", LONG["sort"], 5)
        for name, sql, seconds in [*((name, sql, 2) for name, sql in LONG.items()), late]:
            ended = []
            worker = threading.Thread(target=lambda sql=sql: ended.append(outcome(lambda: session.sql(sql).collect())), daemon=True)
            worker.start()
            worker.join(seconds)
            begun = time.monotonic()
            session.interruptAll()
            worker.join(CANCEL_SECONDS_MAX)
            if ended != ["OPERATION_CANCELED"]:
                wrong.append(f"{name}: {ended or 'no answer'} {time.monotonic() - begun:.1f} s after the interrupt")
            if not is_idle(server.process.pid):
                wrong.append(f"{name}: runs on after the interrupt")
    return wrong


@SUITE.check
def interrupts_mean_whom_they_name(binary: str) -> list[str]:
    """Interrupt by tag and by id: others run on."""
    wrong = []
    with Server(binary, "--data", ":memory:") as server, client(server) as session:
        ended = {}

        def work(tag):
            session.addTag(tag)
            ended[tag] = outcome(lambda: session.sql(LONG["cross join"]).collect())

        workers = {tag: threading.Thread(target=work, args=(tag,), daemon=True) for tag in ("one", "two")}
        for worker in workers.values():
            worker.start()
        time.sleep(1)
        if session.interruptTag("three"):
            wrong.append("an unknown tag interrupts something")
        first = session.interruptTag("one")
        workers["one"].join(CANCEL_SECONDS_MAX)
        if len(first) != 1 or ended != {"one": "OPERATION_CANCELED"}:
            wrong.append(f"by tag: {first} {ended}")
        if session.interruptOperation(str(uuid.uuid4())) or session.interruptOperation(first[0] if first else ""):
            wrong.append("what does not run is interrupted")
        if len(session.interruptAll()) != 1:
            wrong.append("the other operation does not run any more")
        workers["two"].join(CANCEL_SECONDS_MAX)
        if ended.get("two") != "OPERATION_CANCELED":
            wrong.append(f"all: {ended}")
    return wrong


def plain_request(sql: str) -> bytes:
    """Return an ExecutePlan of a SQL relation that nobody can attach to again."""
    from pyspark.sql.connect.proto import base_pb2, relations_pb2

    relation = relations_pb2.Relation(sql=relations_pb2.SQL(query=sql))
    request = base_pb2.ExecutePlanRequest(session_id=str(uuid.uuid4()), plan=base_pb2.Plan(root=relation))
    request.user_context.user_id = "u"
    return request.SerializeToString()


def raw_stream(server: Server, sql: str):
    """Start a query over a bare channel that reads a little at a time; return channel and call."""
    import grpc

    channel = grpc.insecure_channel(server.address.removeprefix("sc://"), options=[("grpc.max_receive_message_length", -1)])
    return channel, channel.unary_stream("/spark.connect.SparkConnectService/ExecutePlan")(plain_request(sql))


@SUITE.check
def who_goes_ends_the_work(binary: str) -> list[str]:
    """Cancel a stream that nobody can take up again, and lose one with its connection: the machine rests."""
    wrong = []
    with Server(binary, "--data", ":memory:") as server:
        for name in ("cancelled", "connection closed"):
            channel, call = raw_stream(server, LONG["cross join"])
            time.sleep(1)
            call.cancel() if name == "cancelled" else channel.close()
            if not is_idle(server.process.pid):
                wrong.append(f"{name}: runs on")
            channel.close()
    return wrong


@SUITE.check
def slow_readers_hold_the_engine_back(binary: str) -> list[str]:
    """Read a few messages of a result of 80 GB: the server's memory stays small and its threads rest."""
    with Server(binary, "--data", ":memory:") as server:
        channel, call = raw_stream(server, "SELECT id, id + 1 AS b, CAST(id AS STRING) AS s FROM range(4000000000)")
        for _ in range(3):
            next(call)
        time.sleep(5)
        most = megabytes(server.process.pid)
        rests = is_idle(server.process.pid)
        for _ in range(20):
            next(call)
        call.cancel()
        channel.close()
    return [f"{most:.0f} MB for a client that does not read"] * (most > 500) + ["computes ahead without end"] * (not rests)


class Proxy:
    """A TCP relay that cuts every connection after so many bytes from the server."""

    def __init__(self, target: str, bytes_each: int):
        self.target, self.bytes_each, self.cuts = target.removeprefix("sc://").split(":"), bytes_each, 0
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"sc://127.0.0.1:{self.listener.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        with contextlib.suppress(OSError):
            while True:
                near, _ = self.listener.accept()
                far = socket.create_connection((self.target[0], int(self.target[1])))
                threading.Thread(target=self._relay, args=(near, far, None), daemon=True).start()
                threading.Thread(target=self._relay, args=(far, near, self.bytes_each), daemon=True).start()

    def _relay(self, source, sink, left):
        with contextlib.suppress(OSError):
            while part := source.recv(1 << 16):
                sink.sendall(part)
                left = None if left is None else left - len(part)
                if left is not None and left < 0:
                    self.cuts += 1
                    break
        for one in (source, sink):
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
                one.close()


@SUITE.check
def lost_connections_lose_nothing(binary: str) -> list[str]:
    """Read through a relay that cuts the line again and again: every row arrives, once."""
    from pyspark.sql import SparkSession

    with Server(binary, "--data", ":memory:") as server:
        relay = Proxy(server.address, 4_000_000)
        session = SparkSession.builder.remote(relay.address).create()
        found = session.sql("SELECT id, CAST(id AS STRING) AS s FROM range(2000000)").toPandas().sort_values("id")
        session.sql("CREATE TABLE once (id BIGINT)").collect()
        for _ in range(20):
            session.sql("INSERT INTO once VALUES (1)").collect()
        written = session.table("once").count()
        relay.listener.close()
    wrong = []
    if relay.cuts < 3:
        wrong.append(f"the line was cut only {relay.cuts} times")
    if len(found) != 2_000_000 or list(found["id"]) != list(range(2_000_000)):
        wrong.append(f"{len(found)} rows, {found['id'].nunique()} of them different")
    return wrong + [f"20 INSERTs wrote {written} rows"] * (written != 20)


@SUITE.check
def a_server_that_is_told_to_stop_stops(binary: str) -> list[str]:
    """Send SIGTERM at rest and under a query: it ends in time, and the client is told."""
    from pyspark.sql import SparkSession

    wrong = []
    for name in ("at rest", "under a query"):
        with Server(binary, "--data", ":memory:") as server:
            session = SparkSession.builder.remote(server.address).create()
            session.range(1).collect()
            ended = []
            if name != "at rest":
                threading.Thread(target=lambda: ended.append(outcome(lambda: session.sql(LONG["sort"]).collect())), daemon=True).start()
                time.sleep(2)
            begun = time.monotonic()
            server.process.terminate()
            try:
                code = server.process.wait(STOP_SECONDS_MAX)
            except subprocess.TimeoutExpired:
                wrong.append(f"{name}: runs on after {STOP_SECONDS_MAX} s")
                continue
            if code != 0:
                wrong.append(f"{name}: ended with {code} after {time.monotonic() - begun:.1f} s")
            time.sleep(0.5)
            if name != "at rest" and ended != ["OPERATION_CANCELED"]:
                wrong.append(f"{name}: the client heard {ended or 'nothing'}")
    return wrong


@SUITE.check
def a_new_server_is_noticed(binary: str) -> list[str]:
    """Start another server at the same address: the old session is refused, a new one works."""
    from pyspark.sql import SparkSession

    with Server(binary, "--data", ":memory:") as server:
        port = server.address.rsplit(":", 1)[1]
        session = SparkSession.builder.remote(server.address).getOrCreate()
        session.range(1).collect()
    with Server(binary, "--data", ":memory:", "--port", port) as server:
        old = outcome(session.range(1).collect)
        new = outcome(SparkSession.builder.remote(server.address).getOrCreate().range(1).collect)
    return [f"the old session: {old}"] * (old != "INVALID_HANDLE.SESSION_CHANGED") + [f"a new one: {new}"] * (new != "nothing was raised")


@SUITE.check
def idle_sessions_end(binary: str) -> list[str]:
    """Leave a session alone: it ends; one that runs something does not."""
    with Server(binary, "--data", ":memory:", "--session-idle", "1") as server:
        with client(server) as busy, client(server) as idle:
            idle.range(1).collect()
            ended = []
            worker = threading.Thread(target=lambda: ended.append(outcome(lambda: busy.sql(LONG["cross join"]).collect())), daemon=True)
            worker.start()
            time.sleep(4)
            found = outcome(idle.range(1).collect)
            stopped = busy.interruptAll()
            worker.join(CANCEL_SECONDS_MAX)
    return [f"an idle session: {found}"] * (found not in ("INVALID_HANDLE.SESSION_CLOSED", "INVALID_HANDLE.SESSION_CHANGED")) + ["a busy session ended"] * (len(stopped) != 1)


@SUITE.check
def only_who_has_the_token_comes_in(binary: str) -> list[str]:
    """Connect with the token, without one and with another."""
    from pyspark.sql import SparkSession

    wrong = []
    with Server(binary, "--data", ":memory:", "--token", "s3cret") as server:
        at = "sc://localhost:" + server.address.rsplit(":", 1)[1]
        for name, address, expected in [("the token", f"{at}/;token=s3cret", "nothing was raised"), ("another", f"{at}/;token=other", "Invalid authentication token"),
                                        ("none", at, "No authentication token provided")]:
            begun = time.monotonic()
            found = outcome(lambda address=address: SparkSession.builder.remote(address).create().range(1).collect())
            if expected not in found or time.monotonic() - begun > 3:
                wrong.append(f"{name}: {found} after {time.monotonic() - begun:.1f} s")
    return wrong


@SUITE.check
def nobody_listens_to_the_world_without_a_token(binary: str) -> list[str]:
    """Start at an address that others can reach."""
    command = [binary, "serve", "--data", ":memory:", "--port", "0", "--host", "0.0.0.0"]
    refused = subprocess.run(command, capture_output=True, text=True, timeout=10, check=False)
    with Server(binary, "--data", ":memory:", "--host", "0.0.0.0", "--token", "s3cret") as server:
        listens = server.address.startswith("sc://0.0.0.0:")
    return ["it starts"] * (refused.returncode == 0) + [f"it says {refused.stderr!r}"] * ("token" not in refused.stderr) + ["it does not start with a token"] * (not listens)


@SUITE.check
def large_messages_pass(binary: str) -> list[str]:
    """Send a plan of 100 MB and one of 140 MB, and a local relation of 60 MB; the session lives on."""
    import pyarrow

    with Server(binary, "--data", ":memory:") as server, client(server) as session:
        under = session.sql("SELECT length('" + "x" * 100_000_000 + "') AS n").first()[0]
        over = outcome(lambda: session.sql("SELECT length('" + "x" * 140_000_000 + "')").collect())
        data = pyarrow.table({"i": range(3_000_000), "s": [f"text {at:012d}" for at in range(3_000_000)]})
        back = session.createDataFrame(data).toArrow()
        after = session.range(3).count()
    wrong = [f"100 MB: {under}"] * (under != 100_000_000) + [f"140 MB: {over}"] * ("RESOURCE_EXHAUSTED" not in over)
    return wrong + ["60 MB of rows come back changed"] * (not back.equals(data.cast(back.schema))) + ["the session is gone"] * (after != 3)


@SUITE.check
def uploads_arrive(binary: str) -> list[str]:
    """Add files as artifacts, small and in chunks; a name outside the session's folder is refused by the client itself."""
    with Server(binary, "--data", ":memory:") as server, client(server) as session, tempfile.TemporaryDirectory() as folder:
        small, large = Path(folder, "small.py"), Path(folder, "large.zip")
        small.write_text("x = 1\n", encoding="utf-8")
        large.write_bytes(os.urandom(3_000_000))
        found = [outcome(lambda: session.addArtifact(str(small), pyfile=True)), outcome(lambda: session.addArtifact(str(large), pyfile=True)),
                 outcome(lambda: session.addArtifact(str(small), file=True))]
        again = outcome(lambda: session.addArtifact(str(small), pyfile=True))
    return [f"{found} {again}"] * ([*found, again] != ["nothing was raised"] * 4)


@SUITE.check
def files_that_are_read_are_not_written_over(binary: str) -> list[str]:
    """Write a frame over the files it reads, itself or in a subquery: refused before anything is deleted. (Spark 4.1 deletes them.)"""
    wrong = []
    with Server(binary, "--data", ":memory:") as server, client(server) as session, tempfile.TemporaryDirectory() as folder:
        path, link = f"{folder}/rows", f"{folder}/link"
        session.range(10).write.parquet(path)
        os.symlink(path, link)
        frames = {"itself": session.read.parquet(path).where("id > 3"), "a link": session.read.parquet(link),
                  "a subquery": session.range(3).where(f"id IN (SELECT id FROM parquet.`{path}`)")}
        for name, frame in frames.items():
            found = outcome(lambda: frame.write.mode("overwrite").parquet(path))
            wrong += [f"{name}: {found}"] * (found != "UNSUPPORTED_OVERWRITE.PATH")
        found = outcome(lambda: session.read.parquet(path).write.mode("overwrite").parquet(f"{folder}/other"))
        rows = session.read.parquet(path).count(), session.read.parquet(f"{folder}/other").count()
    return [*wrong, *[f"{found} {rows}"] * ((found, rows) != ("nothing was raised", (10, 10)))]


@SUITE.check
def a_kept_frame_is_computed_once_and_anew_after_a_write(binary: str) -> list[str]:
    """Persist frames with random rows, of tables and of files; write below them. What Spark 4.1 does, but for other sessions."""
    from pyspark.sql import functions as F
    from pyspark.storagelevel import StorageLevel

    wrong = []

    def expect(what: str, found, wanted) -> None:
        wrong.extend([f"{what}: {found}, not {wanted}"] * (found != wanted))

    with Server(binary, "--data", ":memory:", "--memory-limit", "256MB") as server, client(server) as session, \
            tempfile.TemporaryDirectory() as folder:
        def total(frame):
            return frame.agg(F.sum("r")).first()[0]

        for level in (StorageLevel.MEMORY_AND_DISK, StorageLevel.DISK_ONLY):
            frame = session.range(10_000).withColumn("r", F.rand()).persist(level)
            first = total(frame)
            expect(f"{level}, once more", total(frame), first)
            expect(f"{level}, as a part", total(frame.where("id >= 0").union(frame.limit(0))), first)
            frame.createOrReplaceTempView("kept")
            expect(f"{level}, in SQL", session.sql("SELECT sum(k.r) FROM kept k").first()[0], first)
            frame.unpersist()
            expect(f"{level}, forgotten", frame.storageLevel, StorageLevel(False, False, False, False, 1))
        # Twice what kept rows may hold in memory: in a file, whole and in order.
        large = session.range(3_000_000).selectExpr("id", "repeat(cast(id % 10 AS STRING), 30) AS s").persist()
        expect("rows in a file", large.agg(F.count("*"), F.sum("id"), F.max("s")).first()[:2], (3_000_000, 4_499_998_500_000))
        expect("their order", [row.id for row in large.offset(2_999_997).collect()], [2_999_997, 2_999_998, 2_999_999])
        large.unpersist()
        session.sql("CREATE TABLE t AS SELECT id AS r FROM range(10)")
        table = session.table("t").where("r > 4").persist()
        expect("of a table", table.count(), 5)
        session.sql("INSERT INTO t VALUES (100)")
        expect("of a table that was written", table.count(), 6)
        session.range(3).write.parquet(f"{folder}/rows")
        files = session.read.parquet(f"{folder}/rows").persist()
        expect("of files", files.count(), 3)
        session.range(4).write.mode("append").parquet(f"{folder}/rows")
        expect("of files that were written", files.count(), 7)
        session.sql(f"CREATE TABLE filed (id BIGINT) USING csv LOCATION '{folder}/csv'")
        session.sql("INSERT INTO filed VALUES (1), (2)")
        filed = session.table("filed").persist()
        expect("of a table over files", filed.count(), 2)
        with open(f"{folder}/csv/more.csv", "w", encoding="utf-8") as more:
            more.write("3\n")
        expect("of files that others write", filed.count(), 2)
        session.catalog.refreshTable("filed")
        expect("after REFRESH TABLE", filed.count(), 3)
        session.catalog.clearCache()
        expect("all forgotten", files.storageLevel.useMemory, False)
    return wrong


@SUITE.check
def many_sessions_at_once(binary: str) -> list[str]:
    """Run 16 sessions with 10 queries each side by side: nobody sees another's view or conf."""
    wrong = []
    with Server(binary, "--data", ":memory:") as server:

        def work(number):
            with client(server) as session:
                session.conf.set("my.number", str(number))
                for at in range(10):
                    session.sql(f"SELECT {number} AS n, {at} AS a").createOrReplaceTempView("mine")
                    row = session.table("mine").first()
                    if list(row) != [number, at] or session.conf.get("my.number") != str(number):
                        wrong.append(f"session {number} sees {row}")

        workers = [threading.Thread(target=work, args=(number,), daemon=True) for number in range(16)]
        deadline = time.monotonic() + 120
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join(max(0, deadline - time.monotonic()))
        wrong += ["a session hangs"] * any(worker.is_alive() for worker in workers)
    return wrong


def forget_sessions() -> None:
    """Have PySpark forget the sessions of the check before, whose server is gone: `getOrCreate` would give them again."""
    from pyspark.sql.connect.session import SparkSession

    SparkSession._default_session = SparkSession._active_session.session = None


def main() -> None:
    """Run every check, or those named."""
    environment.enter(REQUIREMENTS)
    warnings.simplefilter("ignore")
    logging.disable(logging.CRITICAL)
    binary, *names = sys.argv[1:]

    def alone(check) -> list[str]:
        forget_sessions()
        return check(binary)

    all_good = SUITE.run(alone, names)
    # Without waiting for the client's threads, which go on for minutes telling servers that are gone what to release.
    os._exit(not all_good)


if __name__ == "__main__":
    main()
