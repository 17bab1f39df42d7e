"""Virtual environments and jars that the tools under tests/ need, made on first use and kept in one cache folder.

Here: `enter` (run the calling script inside the environment its requirements file describes), `ensure` (make one
and return its Python), `jar` (fetch one Maven artifact) and `jars` (all that a POM names). Not here: what the tools do; starting servers is
`real/spark.py`.

The cache folder is `$FLOE_CACHE`, else `~/.cache/floe-engine`. An environment's folder carries a digest of its
requirements file, so a changed pin makes a new one and an unchanged one costs nothing.
"""

import hashlib
import os
import subprocess
import sys
import venv
from pathlib import Path

CACHE = Path(os.environ.get("FLOE_CACHE") or Path.home() / ".cache" / "floe-engine")
READY = ".ready"


def ensure(requirements: Path, *, deps: bool = True) -> Path:
    """Return the Python of the environment for `requirements`, building it when it is missing or half made.

    With `deps=False` the file must name everything: pip then resolves nothing, which some packages need because a
    dependency of theirs cannot be installed everywhere.
    """
    digest = hashlib.sha256(requirements.read_bytes()).hexdigest()[:10]
    folder = CACHE / "venvs" / f"{requirements.stem.replace('requirements-', '')}-{digest}"
    python = folder / "bin" / "python"
    if (folder / READY).exists():
        return python
    print(f"making {folder} (once)", file=sys.stderr, flush=True)
    venv.EnvBuilder(with_pip=True, clear=True).create(folder)
    command = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", requirements]
    subprocess.run(command + ([] if deps else ["--no-deps"]), check=True)
    (folder / READY).touch()
    return python


def enter(requirements: Path) -> None:
    """Replace this process by the same script under the environment's Python; returns when already there."""
    python = ensure(requirements)
    if Path(sys.prefix).resolve() == python.parent.parent.resolve():
        return
    # The process stays the same: whoever comes here twice would come again.
    if os.environ.get("FLOE_ENTERED") == str(os.getpid()):
        sys.exit(f"{python.parent.parent} is broken; remove it")
    os.environ["FLOE_ENTERED"] = str(os.getpid())
    os.execv(python, [str(python), *sys.argv])


def jar(coordinates: str) -> Path:
    """Return the path of a Maven artifact (`group:artifact:version`), copied into the cache by the Maven client."""
    _, artifact, version = coordinates.split(":")
    folder = CACHE / "jars"
    path = folder / f"{artifact}-{version}.jar"
    if not path.exists():
        command = ["mvn", "-q", "-B", "dependency:copy", f"-Dartifact={coordinates}", f"-DoutputDirectory={folder}"]
        subprocess.run(command, check=True)
    return path


def jars(pom: Path) -> Path:
    """Return the folder of everything a POM depends on, copied into the cache by the Maven client.

    The folder carries a digest of the POM, as environments carry one of their requirements.
    """
    digest = hashlib.sha256(pom.read_bytes()).hexdigest()[:10]
    folder = CACHE / "jars" / f"{pom.parent.name}-{digest}"
    if not (folder / READY).exists():
        print(f"fetching {folder} (once)", file=sys.stderr, flush=True)
        command = ["mvn", "-q", "-B", "-f", pom, "dependency:copy-dependencies", f"-DoutputDirectory={folder}"]
        subprocess.run(command, check=True)
        (folder / READY).touch()
    return folder
