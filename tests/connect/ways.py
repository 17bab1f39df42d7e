"""The ways to a Spark behind this server: names, rules, TLS, who calls, tokens that change, and one that cannot be reached.

Usage: ways.py BINARY. A second server of ours stands for the Spark, since only the way is looked at here. Not here: what
a real Spark answers (`upstream.py`). Each check names what went wrong; the last line is `ways: N/N`.
"""

import argparse
import contextlib
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
sys.path.insert(0, str(HERE.parent / "real"))
import environment
from certificates import certificates
from gate import gate
from spark import free_port
from suite import Suite
from upstream import REQUIREMENTS, client, outcome
from with_server import Server

# Checks take the binary and an empty folder, and return the parts that went wrong.
SUITE = Suite("ways")
ONE = "SELECT 1 AS one"
HOST = "spark.test"


def made(folder: Path) -> Path:
    """Return a new folder with certificates."""
    folder.mkdir()
    certificates(folder, HOST)
    return folder


def spark(binary: str, *flags: str) -> Server:
    """Return a server that stands for a Spark."""
    return Server(binary, "--data", ":memory:", *flags)


@contextlib.contextmanager
def before(binary: str, folder: Path, settings: str, route: str = "spark"):
    """Give a session of a server that forwards everything, or what `route` says, under these settings."""
    (folder / "floe.toml").write_text(settings, encoding="utf-8")
    config = ["--config", str(folder / "floe.toml")]
    with Server(binary, "--data", ":memory:", "--route", route, *config) as server, client(server.address) as session:
        yield session


def asked(session) -> object:
    """Return what becomes of a query."""
    return outcome(lambda: session.sql(ONE).collect())


@SUITE.check
def a_token_that_changes_on_an_encrypted_way(binary: str, folder: Path) -> list[str]:
    """A token from a file is read again when it is refused; who is not trusted is not talked to."""
    certificates(folder, HOST)
    wrong = []
    port = str(free_port())
    under = lambda token: spark(binary, "--port", port, "--token", token, "--tls-cert", f"{folder}/cert.pem", "--tls-key",
                                f"{folder}/key.pem")
    token = folder / "token"
    token.write_text("first\n", encoding="utf-8")
    settings = f"""
spark = "far"
[clusters.far]
remote = "sc://127.0.0.1:{port}"
authority = "{HOST}"
ca = "{folder}/ca.pem"
token_file = "{token}"
[clusters.stranger]
remote = "sc://127.0.0.1:{port}/;use_ssl=true;token=first"
[clusters.printed]
remote = "sc://127.0.0.1:{port}"
authority = "{HOST}"
ca = "{folder}/ca.pem"
token_command = "cat {token}"
"""
    with before(binary, folder, settings) as session:
        with under("first"):
            for name in ["far", "printed"]:
                session.conf.set("floe.spark", name)
                if (found := asked(session)) != [(1,)]:
                    wrong.append(f"{name}: {found}")
            session.conf.set("floe.spark", "stranger")
            found = asked(session)
            if "cannot be reached" not in str(found):
                wrong.append(f"a certificate of nobody: {found}")
            session.conf.set("floe.spark", "far")
        with under("second"):
            found = asked(session)
            if found == [(1,)] or "first" in str(found):
                wrong.append(f"an old token: {found}")
            token.write_text("second\n", encoding="utf-8")
            if (found := asked(session)) != [(1,)]:
                wrong.append(f"the new one: {found}")
    return wrong


@SUITE.check
def a_cluster_that_asks_who_calls(binary: str, folder: Path) -> list[str]:
    """A certificate of our own opens the gate; without one, or with one of another authority, nobody comes in."""
    ours, theirs = made(folder / "ours"), made(folder / "theirs")
    wrong = []
    with spark(binary) as server, gate(int(server.address.rsplit(":", 1)[1]), ours) as port:
        cluster = f'remote = "sc://127.0.0.1:{port}/;use_ssl=true"\nauthority = "{HOST}"\nca = "{ours}/ca.pem"\n'
        settings = f"""
spark = "known"
[clusters.known]
{cluster}cert = "{ours}/cert.pem"
key = "{ours}/key.pem"
[clusters.nobody]
{cluster}[clusters.stranger]
{cluster}cert = "{theirs}/cert.pem"
key = "{theirs}/key.pem"
[clusters.keyless]
{cluster}cert = "{ours}/cert.pem"
key = "{ours}/no_such.pem"
"""
        with before(binary, folder, settings) as session:
            for name, wanted in [("known", "[(1,)]"), ("nobody", "cannot be reached"), ("stranger", "cannot be reached"),
                                 ("keyless", "no_such.pem"), ("known", "[(1,)]")]:
                session.conf.set("floe.spark", name)
                if wanted not in str(found := asked(session)):
                    wrong.append(f"{name}: {found}")
    return wrong


@SUITE.check
def rules_send_statements_there(binary: str, folder: Path) -> list[str]:
    """Rules of the server's own file send what they name to a Spark, by user, table, tag and the name of a dbt model."""
    wrong = []
    with spark(binary) as there:
        settings = f"""
spark = "{there.address}"
[[route]]
tag = "nightly"
backend = "spark"
[[route]]
schema = "spark_catalog.raw"
backend = "datafusion"
[[route]]
model = "big_*"
backend = "spark"
[[route]]
table = "small_*"
backend = "spark"
"""
        named = '/* {"app": "dbt", "node_id": "model.shop.big_orders"} */ '
        with before(binary, folder, settings, route="auto") as session:
            session.sql("CREATE TABLE small_ones AS SELECT /*+ ROUTE(datafusion) */ 7 AS n")
            session.sql("CREATE SCHEMA raw")
            session.sql("CREATE TABLE raw.small_ones AS SELECT 8 AS n")
            for name, comment, text, tag, wanted in [
                ("no rule", "", ONE, None, "datafusion"),
                ("by a table", "", "SELECT n FROM small_ones", None, "spark"),
                ("an earlier rule", "", "SELECT n FROM raw.small_ones", None, "datafusion"),
                ("by a model", named, ONE, None, "spark"),
                ("by a tag", "", ONE, "nightly", "spark"),
                ("a hint is stronger", named, "SELECT /*+ ROUTE(datafusion) */ 1 AS one", None, "datafusion"),
            ]:
                if tag:
                    session.addTag(tag)
                said = next(row.backend for row in session.sql(f"{comment}EXPLAIN ROUTE {text}").collect() if row.chosen)
                found = outcome(lambda: session.sql(comment + text).collect())
                session.clearTags()
                went = session.sql("SELECT /*+ ROUTE(datafusion) */ max_by(backend, time) AS b FROM system.routes").first().b
                if (said, went) != (wanted, wanted) or not isinstance(found, list):
                    wrong.append(f"{name}: said to go to {said}, went to {went}, gave {found}")
    return wrong


@SUITE.check
def clusters_have_names(binary: str, folder: Path) -> list[str]:
    """A session uses the usual Spark, or the one it names; a name that nobody has is told with those there are."""
    wrong = []
    with spark(binary) as small, spark(binary) as big:
        settings = f'spark = "small"\n[clusters]\nsmall = "{small.address}"\nbig = "{big.address}"\n'
        with before(binary, folder, settings) as session:
            with client(big.address) as direct:
                direct.sql("CREATE TABLE only_big AS SELECT 2 AS two")
            there = lambda: outcome(lambda: session.table("only_big").collect())
            if "TABLE_OR_VIEW_NOT_FOUND" not in str(there()):
                wrong.append(f"on small: {there()}")
            session.range(3).createOrReplaceTempView("v")
            session.conf.set("floe.spark", "big")
            if there() != [(2,)]:
                wrong.append(f"on big: {there()}")
            found = outcome(lambda: session.sql("SELECT sum(id) AS s FROM v").collect())
            if found != [(3,)]:
                wrong.append(f"a view on big: {found}")
            session.conf.set("floe.spark", "huge")
            found = outcome(lambda: session.sql(ONE).collect())
            if "`huge`" not in str(found) or "big, small" not in str(found):
                wrong.append(f"a name nobody has: {found}")
    return wrong


@SUITE.check
def what_is_away_is_tried_by_one(binary: str, folder: Path) -> list[str]:
    """A Spark that cannot be reached is named, at once the second time, and used again when it is back."""
    wrong = []
    port = free_port()
    with before(binary, folder, f'spark = "sc://127.0.0.1:{port}"\n') as session:
        for _ in range(2):
            begun = time.monotonic()
            found = asked(session)
            if "cannot be reached" not in str(found):
                wrong.append(f"away: {found}")
        if time.monotonic() - begun > 1:
            wrong.append("the second time was not said at once")
        with spark(binary, "--port", str(port)):
            deadline = time.monotonic() + 15
            while asked(session) != [(1,)] and time.monotonic() < deadline:
                time.sleep(0.5)
            if (found := asked(session)) != [(1,)]:
                wrong.append(f"back: {found}")
    return wrong


def main() -> None:
    """Run every check."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("binary")
    arguments = parser.parse_args()
    environment.enter(REQUIREMENTS)

    def in_a_folder(check) -> list[str]:
        with tempfile.TemporaryDirectory(prefix="ways-") as folder:
            return check(arguments.binary, Path(folder))

    sys.exit(not SUITE.run(in_a_folder))


if __name__ == "__main__":
    main()
