"""Small queries one after another: what a dashboard or a person at a prompt waits for. Milliseconds, median and 95th percentile."""

import statistics

import measure
import tables

NAME = "latency"
KEYS = 100_000

QUERIES = {
    "SELECT 1": "SELECT 1 AS one",
    "one row": "SELECT name FROM dims WHERE k = 4711",
    "small group-by": "SELECT name, count(*) AS n FROM dims WHERE k < 2000 GROUP BY name ORDER BY name LIMIT 20",
}


def results(engines: dict, options) -> list:
    """Ask each query as often as asked for, all engines in turn."""
    result = measure.Run("latency", "Small queries", f"{options.repeats} times each, one client; dims has {KEYS:,} rows.", unit="ms")
    dims = tables.dims(KEYS)
    with measure.opened(result, engines, lambda engine: engine.open({"dims": dims})) as sessions:
        for label, text in QUERIES.items():
            asked = measure.Item(label)
            for number in range(options.repeats):
                for name in measure.turned(list(sessions), number):
                    if name not in asked.failed:
                        measure.asked(sessions[name], text, options.timeout, asked, name)
            for share, word in ((0.5, "median"), (0.95, "95th")):
                times = {name: [1000 * quantile(found, share)] for name, found in asked.times.items()}
                item = measure.Item(f"{label}, {word}", times, asked.failed)
                result.items.append(item)
                measure.tell(result, item)
    return [result]


def quantile(times: list[float], share: float) -> float:
    """Return what so large a share of the times stays below."""
    return times[0] if len(times) < 2 else statistics.quantiles(times, n=100, method="inclusive")[round(share * 100) - 1]
