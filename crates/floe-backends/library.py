"""Fetches the DuckDB library that this crate links, once, and leaves it where cargo looks for it: `.duckdb` at the top.

Usage: library.py CACHE. Here: which library, and where it goes. Not here: how programs find it (`build.rs`).

npm's packages of DuckDB for Node.js carry the library as its makers built it; nothing of Node.js is used. Where there is
no npm, or no package for the platform, nothing is fetched and cargo has to be asked for the feature `bundled`.
"""

import base64
import hashlib
import os
import platform
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

VERSION = "1.5.5-r.1"
"""DuckDB's version, which the crate `duckdb` in Cargo.toml names too (1.10505), and the packagers' own."""
PLATFORMS = {
    ("Linux", "x86_64"): "linux-x64",
    ("Linux", "aarch64"): "linux-arm64",
    ("Darwin", "x86_64"): "darwin-x64",
    ("Darwin", "arm64"): "darwin-arm64",
}
DIGESTS = {"linux-x64": "zuhH2VduUs1N//Tch+M5Y3RYUd5rNiafnBJpsz0z7eQ/x/8WRDVuMleSRPYdkvHTbllAGc/8ZUjC4FvqScxwoA=="}
"""The packages' SHA-512, of those that were tried; of the others npm knows it itself."""
TOP = Path(__file__).resolve().parents[2]


def main() -> None:
    """Fetch the library into the cache unless it is there, and have `.duckdb` lead to it."""
    cache = Path(sys.argv[1])
    name = PLATFORMS.get((platform.system(), platform.machine()))
    npm = shutil.which("npm")
    folder = cache / "duckdb" / f"{VERSION}-{name}"
    library = folder / ("libduckdb.dylib" if platform.system() == "Darwin" else "libduckdb.so")
    if not library.exists():
        if not npm or not name:
            print("no npm, or no package for this platform: DuckDB is built from source, which takes a while")
            return
        fetch(npm, name, library)
    link = TOP / ".duckdb"
    if link.is_symlink() and link.resolve() == folder.resolve():
        return
    if link.is_symlink() or link.is_file():
        link.unlink()
    elif link.exists():
        shutil.rmtree(link)
    link.symlink_to(folder.resolve(), target_is_directory=True)


def fetch(npm: str, name: str, library: Path) -> None:
    """Take the library out of its package, and put it in its place in one step."""
    library.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=library.parent) as scratch:
        package = f"@duckdb/node-bindings-{name}@{VERSION}"
        print(f"fetching {package}", flush=True)
        subprocess.run([npm, "pack", package, "--silent"], cwd=scratch, check=True, stdout=subprocess.DEVNULL)
        archive = next(Path(scratch).glob("*.tgz"))
        check(name, archive)
        with tarfile.open(archive) as packed, packed.extractfile(f"package/{library.name}") as source:
            staged = Path(scratch) / library.name
            with staged.open("wb") as target:
                shutil.copyfileobj(source, target)
        os.replace(staged, library)


def check(name: str, archive: Path) -> None:
    """Fail unless the package is the one that was tried."""
    digest = base64.b64encode(hashlib.sha512(archive.read_bytes()).digest()).decode()
    if DIGESTS.get(name, digest) != digest:
        raise SystemExit(f"{archive.name} is not the package this was tried with: {digest}")


if __name__ == "__main__":
    main()
