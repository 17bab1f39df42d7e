"""Timing: every engine in turn, round by round, so that a noisy machine disturbs all alike.

Here: `Run`, which a workload fills with its items, and `interleaved`, which most of them use. The engine that begins
changes with every item and round. An engine that fails at an item is not asked for it again, and the reason is kept; an
answer that is not the expected one is kept as wrong, with its time. What counts of the rounds is their median.
"""

import statistics
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

import places
import data
import run as answers

# Averages of decimals are rounded to six digits by Spark, and are doubles in DuckDB.
AVERAGE = 1e-6
# Whose answer is right where nobody wrote the right one down.
REFEREE = "DuckDB"


@dataclass
class Item:
    """One thing measured: seconds (or what the workload's unit is) by engine, why engines failed, whose answer was wrong."""

    label: str
    times: dict[str, list[float]] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)
    is_checked: bool = False

    def typical(self) -> dict[str, float]:
        """Return the median by engine, of those that were right each time."""
        good = {name: times for name, times in self.times.items() if name not in self.failed and name not in self.wrong}
        return {name: statistics.median(times) for name, times in good.items()}


@dataclass
class Run:
    """One workload's results as they come; `peaks` is the most memory each engine's process had meanwhile."""

    name: str
    title: str
    what: str
    unit: str = "s"
    items: list[Item] = field(default_factory=list)
    peaks: dict[str, int] = field(default_factory=dict)
    absent: dict[str, str] = field(default_factory=dict)


@contextmanager
def opened(result: Run, engines: dict, open_one):
    """Give a session of every engine by its name; one that cannot be opened is absent, and the reason is kept."""
    sessions = {}
    for name, engine in engines.items():
        try:
            sessions[name] = open_one(engine)
            sessions[name].engine = engine
            engine.forget_peak()
        except Exception as error:
            result.absent[name] = reason(error)
    try:
        yield sessions
    finally:
        for name, session in sessions.items():
            result.peaks[name] = engines[name].peak()
            session.close()


def interleaved(result: Run, sessions: dict, queries: dict[str, str], options, expected=None) -> None:
    """Ask every session every query in every round, after those that warm up; `expected(label)` gives the right rows, else
    DuckDB's answer does."""
    for _ in range(options.warm):
        for label, text in queries.items():
            for name in sessions:
                asked(sessions[name], text, options.timeout, Item(label), name)
    for at, (label, text) in enumerate(queries.items()):
        item, given = Item(label), {}
        for number in range(options.rounds):
            for name in turned(list(sessions), at + number):
                table = None if name in item.failed else asked(sessions[name], text, options.timeout, item, name)
                if number == 0 and table is not None:
                    given[name] = plain(table)
        right = expected(label) if expected else given.get(REFEREE)
        item.is_checked = right is not None
        item.wrong = [name for name, rows in given.items() if item.is_checked and not answers.equal(rows, right, AVERAGE)]
        result.items.append(item)
        tell(result, item)


def asked(session, text: str, timeout: float, item: Item, name: str):
    """Ask once, note the time or the failure, and return the answer as an Arrow table."""
    text, late = session.spelled(text), threading.Timer(timeout, session.interrupt)
    session.ready()
    late.start()
    begun = time.perf_counter()
    try:
        table = session.ask(text)
        item.times.setdefault(name, []).append(time.perf_counter() - begun)
        return table
    except Exception as error:
        is_late = time.perf_counter() - begun >= timeout
        item.failed[name] = f"not done in {timeout:g} s" if is_late else reason(error)
        return None
    finally:
        late.cancel()
        # What it does by itself now would be in the next one's way.
        session.engine.rest()


def reason(error: Exception) -> str:
    """Return the first line of what an engine said."""
    text = str(error).split("JVM stacktrace")[0].strip()
    return f"{type(error).__name__}: {text.splitlines()[0] if text else ''}"[:200]


def turned(names: list[str], turn: int) -> list[str]:
    """Return the names in the order of a turn: another is first each time, and none always comes after the same one."""
    by = turn // 2 % len(names)
    order = names[by:] + names[:by]
    return order if turn % 2 == 0 else order[::-1]


def plain(table) -> list[list[str]]:
    """Return an Arrow table's rows as texts that engines agree on."""
    columns = [column.to_pylist() for column in table.columns]
    return [[data.plain(in_utc(value)) for value in row] for row in zip(*columns)]


def in_utc(value):
    """Return a moment as UTC shows it, and any other value as it is."""
    return value.astimezone(UTC) if isinstance(value, datetime) and value.tzinfo else value


def tell(result: Run, item: Item) -> None:
    """Print one line for whoever waits."""
    times = [f"{name} {value:.3f}" for name, value in item.typical().items()]
    times += [f"{name} WRONG" for name in item.wrong]
    times += [f"{name} failed ({why})" for name, why in item.failed.items()]
    print(f"{result.name} {item.label}: {', '.join(times)}", flush=True)
