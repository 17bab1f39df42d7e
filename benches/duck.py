"""DuckDB's Python package with the extensions that stand in packages of their own: nothing is fetched when it runs."""

from pathlib import Path


def connect(*, extensions: tuple[str, ...] = (), **config: object):
    """Return a connection in UTC with these extensions loaded; time zones need one too."""
    import duckdb

    connection = duckdb.connect(config=config)
    for name in ("icu", *extensions):
        connection.execute(f"LOAD '{extension(name)}'")
    connection.execute("SET TimeZone = 'UTC'")
    return connection


def extension(name: str) -> Path:
    """Return where an extension's package put its file."""
    module = __import__(f"duckdb_extension_{name}")
    return next(Path(module.__path__[0]).rglob(f"{name}.duckdb_extension"))
