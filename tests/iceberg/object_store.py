"""An S3 on this machine (moto) with one bucket, for tables whose files are in no folder.

Here: `s3`, its bucket, and how a catalog reaches it. Not here: what is kept in it (`rest_catalog.py`, `rest_face_far.py`).
"""

import socket
import subprocess
import time
import urllib.request
from contextlib import contextmanager
from pathlib import Path

import environment
from rest_server import free_port

KEYS = {"s3.access-key-id": "key", "s3.secret-access-key": "secret", "s3.path-style-access": "true", "client.region": "us-east-1"}
BUCKET = "lake"
START_SECONDS_MAX = 60


@contextmanager
def s3():
    """An S3 with one bucket; gives its address."""
    python = environment.ensure(Path(__file__).with_name("requirements-moto.txt"))
    port = free_port()
    process = subprocess.Popen([python.with_name("moto_server"), "-H", "127.0.0.1", "-p", str(port)],
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + START_SECONDS_MAX
        while time.monotonic() < deadline:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.2)
        endpoint = f"http://127.0.0.1:{port}"
        urllib.request.urlopen(urllib.request.Request(f"{endpoint}/{BUCKET}", method="PUT")).close()
        yield endpoint
    finally:
        process.terminate()
        process.wait()
