"""Iceberg's own conformance kit for REST servers, run against our REST face.

Usage: rest_kit.py BINARY [--only METHOD]. Here: a server on a scratch folder, and `RESTCompatibilityKitSuite` of Iceberg 1.11.0
in a JVM beside it, whose report is counted. The whole kit always runs: a test that fails and stands in `EXCLUDED` with its
reason counts as excluded, one that stands there and passes is an error, and so is a kit of which too little ran. Not here: the
jars (`kit/pom.xml`); clients other than Java's (`rest_face.py`).
Last line: `rest-kit: passed=N skipped=N excluded=N failed=N of N`.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(TESTS))
import environment
from with_server import Server

SUITE = "org.apache.iceberg.rest.RESTCompatibilityKitSuite"
# The kit of 1.11.0 has more; fewer means that it was not found or did not start.
TESTS_MIN = 120
# What our face is, in the kit's words: namespaces are made before tables, and a commit that lost a race is tried again.
SWITCHES = {
    "rck.local": "false",
    "rck.requires-namespace-create": "true",
    "rck.supports-serverside-retry": "true",
    "rck.overrides-requested-location": "false",
    "rck.supports-names-with-dot": "true",
}
EXCLUDED = {
    "Catalog.testNamespaceWithDot": "the embedded catalog's SQLite tables are JdbcCatalog's, which writes the levels of a namespace "
                                    "with dots between; such a name is refused",
    "Catalog.testLoadTableWithMissingMetadataFile(Path)": "metadata is kept in memory by its location, whose content never changes, "
                                                          "so a file deleted behind the catalog's back is not missed at once",
}


@dataclass
class Case:
    """One test of the kit and how it ended."""

    name: str
    outcome: str
    text: str


def main() -> None:
    """Run the kit, print what did not pass and why, and count."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("binary", type=Path)
    parser.add_argument("--only", help="print the whole report of this test")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="floe-kit-") as scratch:
        folder = Path(scratch)
        with Server(arguments.binary, "--data", folder / "data", "--rest", "0") as server:
            token = Path(server.ready["rest_token_file"]).read_text().strip()
            cases = run(server.ready["rest"], token, folder)
    if arguments.only:
        print(*(case.text for case in cases if case.name == arguments.only), sep="\n")
    failed = report(cases)
    sys.exit(failed != 0 or len(cases) < TESTS_MIN)


def run(uri: str, token: str, folder: Path) -> list[Case]:
    """Every test of the suite, as JUnit's report tells it."""
    jars = environment.jars(Path(__file__).parent / "kit" / "pom.xml")
    command = ["java", "-Xmx1g", *(f"-D{name}={value}" for name, value in SWITCHES.items()), "-cp", f"{jars}/*",
               "org.junit.platform.console.ConsoleLauncher", "execute", "--select-class", SUITE,
               "--details", "none", "--disable-banner", "--reports-dir", folder / "reports"]
    # The token by way of the environment: a command line is everybody's to read.
    surroundings = os.environ | {"CATALOG_URI": uri, "CATALOG_TOKEN": token}
    with (folder / "kit.log").open("wb") as log:
        subprocess.run(command, env=surroundings, stdout=log, stderr=subprocess.STDOUT, check=False)
    reports = list((folder / "reports").glob("*.xml"))
    if not reports:
        raise RuntimeError((folder / "kit.log").read_text()[-3000:])
    return [case(element) for path in reports for element in ElementTree.parse(path).iter("testcase")]


def case(element: ElementTree.Element) -> Case:
    """One `<testcase>` of a report."""
    sort = element.get("classname", "").rsplit(".", 1)[-1].removeprefix("RESTCompatibilityKit").removesuffix("Tests")
    name = f"{sort}.{element.get('name', '').removesuffix('()')}"
    for outcome, tag in (("failed", "failure"), ("failed", "error"), ("skipped", "skipped")):
        found = element.find(tag)
        if found is not None:
            return Case(name, outcome, found.get("message") or found.text or "")
    return Case(name, "passed", "")


def report(cases: list[Case]) -> int:
    """Print what is to be known, and return how many tests count as failed."""
    counts = dict.fromkeys(("passed", "skipped", "excluded", "failed"), 0)
    for one in sorted(cases, key=lambda one: one.name):
        outcome, why = one.outcome, one.text
        if one.name in EXCLUDED:
            outcome, why = ("excluded", EXCLUDED[one.name]) if outcome == "failed" else ("failed", f"excluded, and {outcome}")
        counts[outcome] += 1
        if outcome != "passed":
            print(f"{outcome} {one.name}: {' '.join(why.split()).split(' at java.base/')[0][:400]}")
    for name in EXCLUDED.keys() - {one.name for one in cases}:
        counts["failed"] += 1
        print(f"failed {name}: excluded, and the kit has no such test")
    print("rest-kit:", *(f"{name}={count}" for name, count in counts.items()), f"of {len(cases)}")
    return counts["failed"]


if __name__ == "__main__":
    main()
