"""Certificates for tests that speak TLS: an authority of our own, and what it says of a name.

Here: `certificates` (files for openssl's readers) and `trusted` (the authority as Java reads it). Not here: who uses them.
"""

import subprocess
from pathlib import Path

from spark import java_home

PASSWORD = "changeit"


def certificates(folder: Path, name: str) -> None:
    """Make an authority, and what it says of a host's name: `ca.pem`, `cert.pem`, `key.pem`."""
    (folder / "names").write_text(f"subjectAltName=DNS:{name}\n", encoding="utf-8")
    new = ["openssl", "req", "-newkey", "rsa:2048", "-nodes"]
    for command in [
        [*new, "-x509", "-days", "2", "-subj", "/CN=authority", "-keyout", "ca.key", "-out", "ca.pem"],
        [*new, "-subj", f"/CN={name}", "-keyout", "key.pem", "-out", "cert.csr"],
        ["openssl", "x509", "-req", "-days", "2", "-in", "cert.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial",
         "-extfile", "names", "-out", "cert.pem"],
    ]:
        subprocess.run(command, cwd=folder, check=True, capture_output=True)


def trusted(folder: Path) -> list[str]:
    """Return the options under which a Java program trusts the authority of a folder, and it alone."""
    keytool = f"{java_home()}/bin/keytool" if java_home() else "keytool"
    subprocess.run([keytool, "-importcert", "-noprompt", "-alias", "authority", "-file", "ca.pem", "-keystore", "trust.p12",
                    "-storetype", "PKCS12", "-storepass", PASSWORD], cwd=folder, check=True, capture_output=True)
    return [f"-Djavax.net.ssl.trustStore={folder}/trust.p12", f"-Djavax.net.ssl.trustStorePassword={PASSWORD}"]
