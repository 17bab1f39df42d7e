"""Queries of a dashboard over one wide log of page views: counts, top lists, distinct users, text search.

In the manner of ClickBench, over data and with texts of our own. Every ORDER BY has keys enough to leave no ties.
"""

import measure
import tables

NAME = "hits"

QUERIES = [
    "SELECT count(*) AS n FROM hits",
    "SELECT count(*) AS n FROM hits WHERE engine_id <> 0",
    "SELECT sum(engine_id) AS engines, count(*) AS n, avg(screen_width) AS width FROM hits",
    "SELECT avg(user_id) AS mean FROM hits",
    "SELECT count(DISTINCT user_id) AS users FROM hits",
    "SELECT count(DISTINCT search_phrase) AS phrases FROM hits",
    "SELECT min(event_date) AS first, max(event_date) AS last, min(event_time) AS start FROM hits",
    "SELECT engine_id, count(*) AS n FROM hits WHERE engine_id <> 0 GROUP BY engine_id ORDER BY n DESC, engine_id",
    "SELECT region, count(DISTINCT user_id) AS users FROM hits GROUP BY region ORDER BY users DESC, region LIMIT 10",
    """SELECT region, sum(engine_id) AS engines, count(*) AS n, avg(screen_width) AS width, count(DISTINCT user_id) AS users
       FROM hits GROUP BY region ORDER BY n DESC, region LIMIT 10""",
    """SELECT search_phrase, count(*) AS n FROM hits WHERE search_phrase <> ''
       GROUP BY search_phrase ORDER BY n DESC, search_phrase LIMIT 10""",
    """SELECT search_phrase, count(DISTINCT user_id) AS users FROM hits WHERE search_phrase <> ''
       GROUP BY search_phrase ORDER BY users DESC, search_phrase LIMIT 10""",
    """SELECT engine_id, search_phrase, count(*) AS n FROM hits WHERE search_phrase <> ''
       GROUP BY engine_id, search_phrase ORDER BY n DESC, engine_id, search_phrase LIMIT 10""",
    "SELECT user_id, count(*) AS n FROM hits GROUP BY user_id ORDER BY n DESC, user_id LIMIT 10",
    """SELECT user_id, search_phrase, count(*) AS n FROM hits
       GROUP BY user_id, search_phrase ORDER BY n DESC, user_id, search_phrase LIMIT 10""",
    """SELECT user_id, extract(minute FROM event_time) AS m, search_phrase, count(*) AS n FROM hits
       GROUP BY user_id, extract(minute FROM event_time), search_phrase ORDER BY n DESC, user_id, m, search_phrase LIMIT 10""",
    "SELECT watch_id FROM hits WHERE user_id = 4711 ORDER BY watch_id",
    "SELECT count(*) AS n FROM hits WHERE url LIKE '%/shop/7%'",
    """SELECT search_phrase, min(url) AS url, count(*) AS n FROM hits WHERE url LIKE '%shop%' AND search_phrase <> ''
       GROUP BY search_phrase ORDER BY n DESC, search_phrase LIMIT 10""",
    """SELECT search_phrase, min(title) AS title, count(*) AS n, count(DISTINCT user_id) AS users FROM hits
       WHERE title LIKE '%of the forum' AND url NOT LIKE '%.example/forum/1%' AND search_phrase <> ''
       GROUP BY search_phrase ORDER BY n DESC, search_phrase LIMIT 10""",
    "SELECT * FROM hits WHERE url LIKE '%video/99%' ORDER BY event_time, watch_id LIMIT 10",
    "SELECT search_phrase FROM hits WHERE search_phrase <> '' ORDER BY event_time, watch_id LIMIT 10",
    """SELECT site_id, avg(length(url)) AS long, count(*) AS n FROM hits WHERE url <> ''
       GROUP BY site_id HAVING count(*) > 100 ORDER BY long DESC, site_id LIMIT 25""",
    """SELECT split_part(referer, '/', 3) AS host, count(*) AS n, min(referer) AS first, avg(length(referer)) AS long
       FROM hits WHERE referer <> '' GROUP BY split_part(referer, '/', 3)
       HAVING count(*) > 100 ORDER BY n DESC, host LIMIT 25""",
    "SELECT " + ", ".join(f"sum(screen_width + {more}) AS s{more}" for more in range(40)) + " FROM hits",
    """SELECT watch_id, user_id, count(*) AS n, sum(CAST(is_refresh AS INT)) AS refreshed, avg(screen_width) AS width FROM hits
       GROUP BY watch_id, user_id ORDER BY n DESC, watch_id, user_id LIMIT 10""",
    "SELECT url, count(*) AS n FROM hits GROUP BY url ORDER BY n DESC, url LIMIT 10",
    """SELECT CASE WHEN is_mobile THEN 'mobile' ELSE referer END AS source, url, count(*) AS n FROM hits
       WHERE event_date BETWEEN DATE '2026-03-05' AND DATE '2026-03-12'
       GROUP BY CASE WHEN is_mobile THEN 'mobile' ELSE referer END, url ORDER BY n DESC, source, url LIMIT 10""",
    """SELECT title, count(*) AS n FROM hits WHERE site_id = 62 AND event_date >= DATE '2026-03-10' AND NOT is_refresh
       GROUP BY title ORDER BY n DESC, title LIMIT 10""",
    """SELECT date_trunc('hour', event_time) AS hour, count(*) AS n, max(load_ms) AS slowest FROM hits
       WHERE site_id < 50 GROUP BY date_trunc('hour', event_time) ORDER BY hour LIMIT 48""",
]


def results(engines: dict, options) -> list:
    """Run the queries over as many rows as asked for."""
    rows = options.hits_rows
    folder = tables.hits(rows)
    result = measure.Run(f"hits {rows}", f"Page views, {rows:,} rows, Parquet",
                         f"{len(QUERIES)} queries in the manner of ClickBench, over made-up data.")
    with measure.opened(result, engines, lambda engine: engine.open({"hits": folder})) as sessions:
        measure.interleaved(result, sessions, {f"q{at}": text for at, text in enumerate(QUERIES, 1)}, options)
    return [result]
