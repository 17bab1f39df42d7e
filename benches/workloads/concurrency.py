"""Many clients, each a small query a second, first alone and then beside heavy queries. Milliseconds, and errors.

The engines take turns here as a whole, for what is measured is an engine that serves many at once.
"""

import threading
import time

import latency
import measure
import tables

NAME = "concurrency"
HEAVY = """SELECT max(n) AS n, max(v) AS v FROM
           (SELECT k, s, count(*) AS n, sum(v) AS v FROM facts GROUP BY k, s) AS grouped"""
PAUSE_SECONDS = 1.0


def results(engines: dict, options) -> list:
    """Serve as many clients as asked for, for as long."""
    clients, seconds = options.clients, options.seconds
    rows, keys = options.join_rows
    found = {"dims": tables.dims(latency.KEYS), "facts": tables.facts(rows, keys)}
    result = measure.Run(
        "concurrency", f"{clients} clients, each a query a second",
        f"Small queries, for {seconds} s alone, then for {seconds} s beside {options.heavy} clients that group {rows:,} rows over and over.", unit="ms")
    items = {label: measure.Item(label) for label in ("alone, median", "alone, 95th", "beside heavy ones, median", "beside heavy ones, 95th")}
    for name, engine in engines.items():
        with measure.opened(result, {name: engine}, lambda engine: engine.open(found)) as sessions:
            if name not in sessions:
                continue
            for when, heavy in (("alone", 0), ("beside heavy ones", options.heavy)):
                crowd = Crowd(engine, found, clients, heavy, seconds)
                crowd.run()
                note(items, when, name, crowd)
    for item in items.values():
        result.items.append(item)
        measure.tell(result, item)
    return [result]


def note(items: dict, when: str, name: str, crowd: "Crowd") -> None:
    """Keep what a crowd met."""
    for word, share in (("median", 0.5), ("95th", 0.95)):
        item = items[f"{when}, {word}"]
        if crowd.errors:
            item.failed[name] = f"{len(crowd.errors)} errors, the first: {crowd.errors[0]}"
        elif crowd.times:
            item.times[name] = [1000 * latency.quantile(crowd.times, share)]
        else:
            item.failed[name] = "no query ended in time"


class Crowd:
    """Clients of one engine, each with a session and a thread of its own."""

    def __init__(self, engine, found: dict, clients: int, heavy: int, seconds: float):
        self.seconds = seconds
        self.times: list[float] = []
        self.errors: list[str] = []
        self.over = threading.Event()
        self.sessions = [engine.open(found) for _ in range(clients + heavy)]
        small = [threading.Thread(target=self.small, args=(at, session)) for at, session in enumerate(self.sessions[heavy:])]
        large = [threading.Thread(target=self.large, args=(session,)) for session in self.sessions[:heavy]]
        self.threads = large + small

    def run(self) -> None:
        """Let them all ask until the time is over; what still runs is interrupted."""
        for thread in self.threads:
            thread.start()
        time.sleep(self.seconds)
        self.over.set()
        for session in self.sessions:
            session.interrupt()
        for thread in self.threads:
            thread.join()
        for session in self.sessions:
            session.close()

    def small(self, number: int, session) -> None:
        """Ask a small query, wait, and again; clients begin at different moments."""
        self.over.wait(PAUSE_SECONDS * number / len(self.threads))
        while not self.over.is_set():
            begun = time.perf_counter()
            text = f"SELECT name, count(*) AS n FROM dims WHERE k BETWEEN {number} AND {number + 500} GROUP BY name"
            if self.asked(session, text):
                self.times.append(time.perf_counter() - begun)
            self.over.wait(max(0.0, PAUSE_SECONDS - (time.perf_counter() - begun)))

    def large(self, session) -> None:
        """Ask the heavy query over and over."""
        while not self.over.is_set() and self.asked(session, HEAVY):
            pass

    def asked(self, session, text: str) -> bool:
        """Ask; an error counts unless the time is over."""
        try:
            session.ask(text)
        except Exception as error:
            if not self.over.is_set():
                self.errors.append(measure.reason(error))
            return False
        return not self.over.is_set()
