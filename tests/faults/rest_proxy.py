"""A REST catalog that is hard to please: Iceberg's own server behind a proxy that checks and fails on purpose.

Here: the proxy, and as a script the run of floe-iceberg's statement suite through it. It hands out tokens that live three
seconds and refuses every request without a living one (client id, secret and scope are checked, as Polaris does); it
revokes a token now and then (401, 419), asks to come back later (429), fails reads (502, 503, 504), and loses the
answers of commits that were applied (500, 503, a closed connection). Asked to, it lends storage keys that soon end with
every table. Every statement of the suite must succeed all the same. Not here: faults inside our process (`crates/floe-iceberg/tests/faults.rs`), killed servers (`crash.py`).
Last line: `rest-faults: passed=N/M injected=K`.
"""

import argparse
import collections
import http.client
import http.server
import json
import os
import random
import re
import secrets
import socket
import subprocess
import sys
import threading
import time
import urllib.parse
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TESTS), str(TESTS / "iceberg")]
from rest_server import RestServer

CLIENT = {"grant_type": "client_credentials", "client_id": "root", "client_secret": "s3cr3t", "scope": "PRINCIPAL_ROLE:ALL"}
TOKEN_SECONDS = 3
GRACE_SECONDS = 0.5
# Clients ask for new keys five minutes before the old ones end (Iceberg 1.10 `VendedCredentialsProvider`): these at once.
KEYS_SECONDS = 300
COMMIT = re.compile(r"/v1/namespaces/[^/]+/tables/[^/]+$")


class Proxy(http.server.ThreadingHTTPServer):
    """Forwards to `upstream` what it lets through."""

    daemon_threads = True

    def __init__(self, upstream: int, seed: int, lost: float = 0.15, lends: str | None = None):
        super().__init__(("127.0.0.1", 0), Handler)
        self.upstream = upstream
        self.lost = lost
        self.lends = lends
        self.lent_anew = 0
        self.random = random.Random(seed)
        self.tokens: dict[str, float] = {}
        self.injected: collections.Counter = collections.Counter()
        self.issued = 0
        self.lock = threading.Lock()

    def issue(self, seconds: float) -> str:
        """A token that lives that long."""
        token = secrets.token_hex(8)
        self.tokens[f"Bearer {token}"] = time.monotonic() + seconds
        self.issued += 1
        return token

    def keys(self) -> list[dict]:
        """Storage keys for what stands under `lends`, in the form of a table's `storage-credentials`."""
        ends = time.time() + KEYS_SECONDS
        config = {"s3.access-key-id": f"lent{secrets.token_hex(4)}", "s3.secret-access-key": "lent",
                  "s3.session-token": secrets.token_hex(8), "s3.session-token-expires-at-ms": str(int(ends * 1000))}
        return [{"prefix": self.lends, "config": config}]

    def chance(self, name: str, share: float) -> bool:
        """True for a share of calls, counted under a name."""
        with self.lock:
            hit = self.random.random() < share
            self.injected[name] += hit
            return hit


class Handler(http.server.BaseHTTPRequestHandler):
    """One request."""

    protocol_version = "HTTP/1.1"
    server: Proxy

    def answer(self, status: int, body: bytes, headers: dict | None = None) -> None:
        """Send an answer of ours."""
        self.send_response(status)
        for name, value in {"content-type": "application/json", "content-length": str(len(body)), **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def refuse(self, status: int, kind: str, headers: dict | None = None) -> None:
        """Send an error in Iceberg's form."""
        body = {"error": {"message": f"injected {status}", "type": kind, "code": status}}
        self.answer(status, json.dumps(body).encode(), headers)

    def handle_any(self) -> None:
        """Check, perhaps fail, forward, perhaps lose the answer."""
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        if self.path == "/polaris/v1/oauth/tokens":
            return self.token(body)
        if not self.known():
            return self.refuse(401, "NotAuthorizedException")
        if self.may_lose_token() and self.server.chance("revoked", 0.03):
            self.server.tokens.pop(self.headers.get("authorization", ""), None)
            return self.refuse(random.choice([401, 419]), "NotAuthorizedException")
        if self.server.chance("later", 0.03):
            return self.refuse(429, "TooManyRequestsException", {"retry-after": "0"})
        if self.command == "GET" and self.server.chance("read failed", 0.04):
            return self.refuse(random.choice([502, 503, 504]), "ServiceUnavailableException")
        if self.server.lends and self.path.endswith("/credentials"):
            self.server.lent_anew += 1
            return self.answer(200, json.dumps({"storage-credentials": self.server.keys()}).encode())
        status, headers, text = self.forward(body)
        if self.server.lends and status == 200:
            text = self.with_keys(text)
        applied = self.command == "POST" and COMMIT.search(self.path) and status == 200
        if applied and self.server.chance("answer lost", self.server.lost):
            if random.random() < 0.5:
                self.close_connection = True
                self.connection.shutdown(socket.SHUT_RDWR)
                return None
            return self.refuse(random.choice([500, 503]), "ServiceFailureException")
        return self.answer(status, text, headers)

    do_GET = do_POST = do_DELETE = do_HEAD = do_PUT = handle_any

    def with_keys(self, text: bytes) -> bytes:
        """The answer with keys, where it is a table's, or with the place to get new ones, where it is the configuration."""
        answer = json.loads(text or b"{}")
        if "endpoints" in answer:
            answer["endpoints"].append("GET /v1/{prefix}/namespaces/{namespace}/tables/{table}/credentials")
        if "format-version" in answer.get("metadata", {}):
            answer["storage-credentials"] = self.server.keys()
        return json.dumps(answer).encode()

    def token(self, body: bytes) -> None:
        """Check who asks, as a server that knows its clients does."""
        form = dict(urllib.parse.parse_qsl(body.decode()))
        if form != CLIENT:
            return self.answer(401, b'{"error": "invalid_client"}')
        answer = {"access_token": self.server.issue(TOKEN_SECONDS), "token_type": "bearer", "expires_in": TOKEN_SECONDS}
        return self.answer(200, json.dumps(answer).encode())

    def known(self) -> bool:
        """Whether the request carries a token that lives."""
        return self.server.tokens.get(self.headers.get("authorization", ""), 0) > time.monotonic()

    def may_lose_token(self) -> bool:
        """Whether the client can get another: a token given to people stays, and so does one that was granted just now."""
        left = self.server.tokens.get(self.headers.get("authorization", ""), 0) - time.monotonic()
        return left <= TOKEN_SECONDS - GRACE_SECONDS

    def forward(self, body: bytes) -> tuple[int, dict, bytes]:
        """Ask the real server."""
        connection = http.client.HTTPConnection("127.0.0.1", self.server.upstream, timeout=60)
        path = self.path.removeprefix("/polaris")
        headers = {"content-type": "application/json"} if body else {}
        connection.request(self.command, path, body or None, headers)
        answer = connection.getresponse()
        text = answer.read()
        connection.close()
        kind = {"content-type": answer.getheader("content-type") or "application/json"}
        return answer.status, kind, text

    def log_message(self, *arguments) -> None:
        """Keep quiet."""


def main() -> None:
    """Run the suite through the proxy."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--program", type=Path, help="the built suite; cargo runs it when absent")
    arguments = parser.parse_args()
    with RestServer() as catalog:
        proxy = Proxy(catalog.port, arguments.seed)
        threading.Thread(target=proxy.serve_forever, daemon=True).start()
        command = [arguments.program] if arguments.program else ["cargo", "test", "-p", "floe-iceberg", "--test", "statements"]
        uri = f"http://127.0.0.1:{proxy.server_address[1]}/polaris"
        surroundings = os.environ | {
            "FLOE_TEST_REST_URI": uri, "FLOE_TEST_REST_CREDENTIAL": "root:s3cr3t", "FLOE_TEST_REST_SCOPE": "PRINCIPAL_ROLE:ALL"}
        done = subprocess.run(command, cwd=TESTS.parent, env=surroundings, capture_output=True, text=True, check=False)
        lines = re.findall(r"^test \S+ \.\.\. (ok|FAILED)$", done.stdout, re.MULTILINE)
        if done.returncode or not lines:
            print(done.stdout[-6000:], done.stderr[-2000:])
        print(", ".join(f"{name}: {count}" for name, count in sorted(proxy.injected.items())))
        print(f"rest-faults: passed={lines.count('ok')}/{len(lines)} injected={proxy.injected.total()}")
        proxy.shutdown()
    sys.exit(done.returncode)


if __name__ == "__main__":
    main()
