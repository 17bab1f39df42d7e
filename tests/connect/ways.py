"""The ways to a Spark behind this server: names, TLS, tokens that change, and one that cannot be reached.

Usage: ways.py BINARY. A second server of ours stands for the Spark, since only the way is looked at here. Not here: what
a real Spark answers (`upstream.py`). Each check names what went wrong; the last line is `ways: N/N`.
"""

import argparse
import contextlib
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
sys.path.insert(0, str(HERE.parent / "real"))
import environment
from spark import free_port
from suite import Suite
from upstream import REQUIREMENTS, client, outcome
from with_server import Server

# Checks take the binary and an empty folder, and return the parts that went wrong.
SUITE = Suite("ways")
ONE = "SELECT 1 AS one"


def certificates(folder: Path) -> None:
    """Make an authority of our own, and what it says of `spark.test`: `ca.pem`, `cert.pem`, `key.pem`."""
    (folder / "names").write_text("subjectAltName=DNS:spark.test\n", encoding="utf-8")
    new = ["openssl", "req", "-newkey", "rsa:2048", "-nodes"]
    for command in [
        [*new, "-x509", "-days", "2", "-subj", "/CN=authority", "-keyout", "ca.key", "-out", "ca.pem"],
        [*new, "-subj", "/CN=spark.test", "-keyout", "key.pem", "-out", "cert.csr"],
        ["openssl", "x509", "-req", "-days", "2", "-in", "cert.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial",
         "-extfile", "names", "-out", "cert.pem"],
    ]:
        subprocess.run(command, cwd=folder, check=True, capture_output=True)


def spark(binary: str, *flags: str) -> Server:
    """Return a server that stands for a Spark."""
    return Server(binary, "--data", ":memory:", *flags)


@contextlib.contextmanager
def before(binary: str, folder: Path, settings: str, *flags: str):
    """Give a session of a server that forwards everything, under these settings."""
    (folder / "floe.toml").write_text(settings, encoding="utf-8")
    config = ["--config", str(folder / "floe.toml")]
    with Server(binary, "--data", ":memory:", "--route", "spark", *config, *flags) as server, client(server.address) as session:
        yield session


def asked(session) -> object:
    """Return what becomes of a query."""
    return outcome(lambda: session.sql(ONE).collect())


@SUITE.check
def a_token_that_changes_on_an_encrypted_way(binary: str, folder: Path) -> list[str]:
    """A token from a file is read again when it is refused; who is not trusted is not talked to."""
    certificates(folder)
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
authority = "spark.test"
ca = "{folder}/ca.pem"
token_file = "{token}"
[clusters.stranger]
remote = "sc://127.0.0.1:{port}/;use_ssl=true;token=first"
[clusters.printed]
remote = "sc://127.0.0.1:{port}"
authority = "spark.test"
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
