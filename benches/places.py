"""Where the tools under `tests/` are that the benchmarks use too: importing this makes them importable."""

import sys
from pathlib import Path

BENCHES = Path(__file__).resolve().parent
ROOT = BENCHES.parent
TESTS = ROOT / "tests"

sys.path[:0] = [str(BENCHES), str(BENCHES / "workloads"), str(TESTS), str(TESTS / "tpc"), str(TESTS / "real")]
