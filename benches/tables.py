"""The Parquet files that the benchmarks write: seeded, the same on every machine, kept in the cache.

Here: `facts(k BIGINT uniform over K, v DOUBLE, s VARCHAR of 8)`, `dims(k BIGINT, name VARCHAR)` and the synthetic `hits`. Not
here: TPC-H and TPC-DS (`tests/tpc/data.py`). Values come from a hash of the row's number and the seed, so that neither
threads nor the order of work changes them.
"""

import shutil
import sys
from pathlib import Path

import places
import duck
import environment

SEED = 20261128
FOLDER = environment.CACHE / "bench"
# 2 ** 53: so many doubles are evenly spread between 0 and 1.
DOUBLES = 9007199254740992
ROWS_A_FILE = 10_000_000
ROWS_A_GROUP = 122_880


def drawn(number: int, column: str = "i") -> str:
    """Return SQL for a random number of a row: the same for the same row, seed and `number`."""
    return f"hash({column} * 64 + {number} + {SEED}::BIGINT * 4294967296)"


def facts(rows: int, keys: int) -> Path:
    """Return the folder of `facts` with so many rows and values of k."""
    return written(f"facts-{rows}-{keys}", rows, f"""
        ({drawn(0)} % {keys})::BIGINT AS k,
        ({drawn(1)} % {DOUBLES})::DOUBLE / {DOUBLES} AS v,
        format('{{:08x}}', {drawn(2)} % 4294967296) AS s""")


def dims(rows: int) -> Path:
    """Return the folder of `dims`: every k below `rows` once, with one of 1,000 names."""
    return written(f"dims-{rows}", rows, f"i AS k, format('name {{:03d}}', {drawn(3)} % 1000) AS name")


def hits(rows: int) -> Path:
    """Return the folder of a made-up log of page views: few sites and many visitors, most of them once, some often."""
    # A product of draws is near zero more often than not: that is the skew of names that few use and many meet.
    skewed = lambda number, most: f"(({drawn(number)} % 65536) * ({drawn(number + 1)} % 65536) * {most} // 4294967296)::BIGINT"
    return written(f"hits-{rows}", rows, f"""
        ({drawn(4)} % 9223372036854775807)::BIGINT AS watch_id,
        TIMESTAMPTZ '2026-03-01 00:00:00+00' + to_seconds(({drawn(5)} % 2678400)::BIGINT) AS event_time,
        DATE '2026-03-01' + ({drawn(5)} % 2678400 // 86400)::INTEGER AS event_date,
        {skewed(6, max(rows // 6, 1))} AS user_id,
        {skewed(8, 5000)}::INTEGER AS site_id,
        ({drawn(10)} % 230)::SMALLINT AS region,
        CASE WHEN {drawn(11)} % 10 < 7 THEN '' ELSE
            format('{{}} {{}}', list_value('cheap', 'best', 'how to', 'buy', 'old', 'map of')[1 + ({drawn(12)} % 6)::BIGINT],
                   {skewed(13, 20000)}) END AS search_phrase,
        format('https://site{{}}.example/{{}}/{{}}', {skewed(8, 5000)},
               list_value('news', 'shop', 'forum', 'video')[1 + ({drawn(15)} % 4)::BIGINT], {skewed(16, 100000)}) AS url,
        format('Page {{}} of the {{}}', {skewed(16, 100000)},
               list_value('news', 'shop', 'forum', 'video')[1 + ({drawn(15)} % 4)::BIGINT]) AS title,
        CASE WHEN {drawn(18)} % 3 = 0 THEN '' ELSE
            format('https://www.ref{{}}.example/?q={{}}', {skewed(19, 300)}, {drawn(21)} % 1000) END AS referer,
        list_value(0, 0, 0, 0, 0, 0, 2, 3)[1 + ({drawn(22)} % 8)::BIGINT]::SMALLINT AS engine_id,
        (768 + ({drawn(23)} % 12) * 160)::SMALLINT AS screen_width,
        ({drawn(24)} % 100 < 3) AS is_mobile,
        ({drawn(25)} % 100 < 9) AS is_refresh,
        ({drawn(26)} % 16384 * ({drawn(27)} % 16384) // 100000)::INTEGER AS load_ms""")


def written(name: str, rows: int, columns: str) -> Path:
    """Return the folder of a table, writing its files when they are missing; a half-written one is written anew."""
    folder = FOLDER / name
    if (folder / ".ready").exists():
        return folder
    print(f"making {folder}", file=sys.stderr, flush=True)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    connection = duck.connect()
    for number, start in enumerate(range(0, rows, ROWS_A_FILE)):
        source = f"SELECT {columns} FROM range({start}, {min(start + ROWS_A_FILE, rows)}) AS numbers(i)"
        connection.execute(f"COPY ({source}) TO '{folder}/{number:04d}.parquet' (FORMAT parquet, ROW_GROUP_SIZE {ROWS_A_GROUP})")
    (folder / ".ready").touch()
    return folder
