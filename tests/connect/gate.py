"""A gate before a server that speaks no TLS: who comes in must show a certificate of the right authority.

Here: `gate`, which stands for the proxy that clusters have in front of their Spark; it takes TLS off and passes on what it
is sent. Not here: what is asked through it (`ways.py`).
"""

import contextlib
import socket
import ssl
import threading
from pathlib import Path

CHUNK_BYTES = 1 << 16


@contextlib.contextmanager
def gate(behind: int, folder: Path):
    """Give the port of a gate to the server on port `behind`; `ca.pem`, `cert.pem`, `key.pem` in `folder` are its own."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=folder / "ca.pem")
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    context.set_alpn_protocols(["h2"])
    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=let_in, args=(listener, context, behind), daemon=True).start()
        yield listener.getsockname()[1]


def let_in(listener: socket.socket, context: ssl.SSLContext, behind: int) -> None:
    """Take whoever comes, until the listener is closed."""
    while True:
        try:
            came, _ = listener.accept()
        except OSError:
            return
        threading.Thread(target=pass_on, args=(came, context, behind), daemon=True).start()


def pass_on(came: socket.socket, context: ssl.SSLContext, behind: int) -> None:
    """Check one visitor, and carry what is said both ways until one side ends."""
    with contextlib.suppress(OSError), came, socket.create_connection(("127.0.0.1", behind)) as server:
        # A handshake that fails is an OSError too, and the visitor was told of it.
        with context.wrap_socket(came, server_side=True) as visitor:
            back = threading.Thread(target=carry, args=(server, visitor), daemon=True)
            back.start()
            carry(visitor, server)
            back.join()


def carry(source: socket.socket, target: socket.socket) -> None:
    """Copy until the end of one side, then end the other."""
    with contextlib.suppress(OSError):
        while chunk := source.recv(CHUNK_BYTES):
            target.sendall(chunk)
    with contextlib.suppress(OSError):
        target.shutdown(socket.SHUT_RDWR)
