"""Checks that return the parts that went wrong, run one after the other.

Here: `Suite`, the frame of `behaviour.py`, `upstream.py` and `ways.py`. Not here: any check, and what each is given.
"""

import gc
import time


class Suite:
    """Named checks; each is a function, which its module hands what it needs."""

    def __init__(self, name: str):
        self.name = name
        self.checks = []

    def check(self, function):
        """Add a check."""
        self.checks.append(function)
        return function

    def names(self) -> list[str]:
        """Return what the checks are called."""
        return [one.__name__ for one in self.checks]

    def run(self, call, only=()) -> bool:
        """Run every check, or those named, by `call`; print what each found, and last how many were good.

        The collector runs between checks alone. A session that it ends within another session's call waits for PySpark's
        threads, which wait for that call, under a lock of all sessions: everything hangs (4.1.4; `SparkSession.__del__`).
        """
        gc.disable()
        chosen = [one for one in self.checks if not only or one.__name__ in only]
        good = 0
        for one in chosen:
            gc.collect()
            begun = time.monotonic()
            try:
                wrong = call(one)
            except Exception as error:
                wrong = [f"{type(error).__name__}: {str(error)[:500]}"]
            good += not wrong
            print(f"{one.__name__}: {'; '.join(wrong) or 'good'} ({time.monotonic() - begun:.1f} s)", flush=True)
        print(f"{self.name}: {good}/{len(chosen)}", flush=True)
        return good == len(chosen)
