"""The tables that engines exchange: how each comes to be, `$T` standing for its name.

Here: `OURS`, written by us; `THEIRS`, written by Spark; `pyiceberg_tables`, written by pyiceberg; `KINDS` and `CONTINUED`,
written by Spark and us in turn. Not here: who reads what, and the comparison (`read_back.py`).
"""

import datetime
import decimal

import pyarrow
from pyiceberg.catalog import Catalog
from pyiceberg.table import Table
from pyiceberg.transforms import IdentityTransform

# Every type an Iceberg table holds before format version 3, and a value of it that follows from the row's `id`.
COLUMNS = {
    "small": ("INT", "CAST(id * 3 AS INT)"),
    "flag": ("BOOLEAN", "id % 2 = 1"),
    "text": ("STRING", "concat('t', id % 5, '-ä😀 ', id)"),
    "raw": ("BINARY", "encode(CAST(id AS STRING), 'UTF-8')"),
    "single": ("FLOAT", "CAST(id / 4D AS FLOAT)"),
    "real": ("DOUBLE", "CASE WHEN id = 3 THEN double('NaN') ELSE id / 8D END"),
    "amount": ("DECIMAL(12,3)", "CAST(id * 1.001 - 20 AS DECIMAL(12,3))"),
    "wide": ("DECIMAL(38,10)", "CAST(concat(id - 30, '0000000000000000.5') AS DECIMAL(38,10))"),
    "day": ("DATE", "date_from_unix_date(CAST(id * 17 - 300 AS INT))"),
    "instant": ("TIMESTAMP", "timestamp_micros(id * 3600000001 - 50000000000)"),
    "local": ("TIMESTAMP_NTZ", "CAST(timestamp_micros(id * 1800000000 + 1) AS TIMESTAMP_NTZ)"),
    "tags": ("ARRAY<STRING>", "transform(sequence(1, CAST(id % 3 AS INT) + 1), n -> concat('tag ', n))"),
    "counts": ("MAP<STRING, INT>", "map('a', CAST(id AS INT), 'b', NULL)"),
    "point": ("STRUCT<x: DOUBLE, y: INT>", "named_struct('x', id / 4D, 'y', CAST(id AS INT))"),
    "deep": ("ARRAY<STRUCT<m: MAP<STRING, ARRAY<INT>>>>", "array(named_struct('m', map('k', array(CAST(id AS INT)))))"),
}
DEFINITION = "id BIGINT, " + ", ".join(f"{name} {kind}" for name, (kind, _) in COLUMNS.items())


def rows_of(start: int, end: int) -> str:
    """A query for rows of all types; every seventh has NULL in place of values.

    `deep` always has one: pyiceberg 0.12.0 reads a NULL list of structs as an empty list.
    """
    given = {name: value if name == "deep" else f"IF(id % 7 = 6, NULL, {value})" for name, (_, value) in COLUMNS.items()}
    values = ", ".join(f"CAST({given[name]} AS {kind}) AS {name}" for name, (kind, _) in COLUMNS.items())
    return f"SELECT id, {values} FROM range({start}, {end})"


def by_version(version: int) -> list[str]:
    """All types, once by CREATE TABLE AS and once by INSERT."""
    return [
        f"CREATE TABLE $T USING iceberg TBLPROPERTIES ('format-version'='{version}') AS {rows_of(0, 50)}",
        f"INSERT INTO $T {rows_of(50, 70)}",
    ]


def partitioned_by(transform: str) -> list[str]:
    """All types under a transform, and a partition's rows overwritten."""
    return [
        f"CREATE TABLE $T ({DEFINITION}) USING iceberg PARTITIONED BY ({transform})",
        f"INSERT INTO $T {rows_of(0, 60)}",
        "DELETE FROM $T WHERE id IN (5, 6, 7)",
    ]


def changed(version: int) -> list[str]:
    """Rows rewritten by every statement, columns that came, went, moved and changed."""
    return [
        f"CREATE TABLE $T ({DEFINITION}) USING iceberg TBLPROPERTIES ('format-version'='{version}')",
        f"INSERT INTO $T {rows_of(0, 10)}",
        f"INSERT INTO $T {rows_of(10, 20)}",
        "DELETE FROM $T WHERE id = 7",
        "UPDATE $T SET text = 'changed', point = named_struct('x', 0.5D, 'y', 1) WHERE id BETWEEN 8 AND 11",
        "MERGE INTO $T t USING (SELECT id, 'merged' AS text FROM range(18, 23)) s ON t.id = s.id WHEN MATCHED THEN "
        "UPDATE SET text = s.text WHEN NOT MATCHED THEN INSERT (id, text, deep) VALUES (s.id, s.text, array())",
        "ALTER TABLE $T RENAME COLUMN text TO label",
        "ALTER TABLE $T ALTER COLUMN small TYPE BIGINT",
        "ALTER TABLE $T DROP COLUMN raw",
        "ALTER TABLE $T ADD COLUMN added STRING FIRST",
        "ALTER TABLE $T ADD COLUMN point.z INT",
        "INSERT INTO $T (id, added, label, deep) VALUES (100, 'new', 'row', array())",
        "UPDATE $T SET added = 'late' WHERE id = 3",
    ]


OURS = {
    **{f"types_v{version}": by_version(version) for version in (1, 2, 3)},
    "by_bucket": partitioned_by("bucket(4, id)"),
    "by_text": partitioned_by("truncate(2, text)"),
    "by_amount": partitioned_by("truncate(10, amount)"),
    "by_year": partitioned_by("years(day)"),
    "by_month": partitioned_by("months(day)"),
    "by_day": partitioned_by("days(instant)"),
    "by_hour": partitioned_by("hours(local)"),
    "by_flag_and_day": partitioned_by("flag, day"),
    "changed_v2": changed(2),
    "changed_v3": changed(3),
    "repartitioned": [
        "CREATE TABLE $T (id BIGINT, day DATE, text STRING) USING iceberg PARTITIONED BY (days(day))",
        "INSERT INTO $T SELECT id, date_from_unix_date(CAST(id % 3 AS INT)), concat('t', id) FROM range(30)",
        "ALTER TABLE $T DROP PARTITION FIELD days(day)",
        "INSERT INTO $T SELECT id, date_from_unix_date(CAST(id % 3 AS INT)), concat('t', id) FROM range(30, 60)",
        "ALTER TABLE $T ADD PARTITION FIELD bucket(2, id)",
        "INSERT INTO $T SELECT id, date_from_unix_date(CAST(id % 3 AS INT)), concat('t', id) FROM range(60, 90)",
        "UPDATE $T SET text = 'x' WHERE id % 10 = 0",
    ],
}

MERGE_ON_READ = ("'write.delete.mode'='merge-on-read', 'write.update.mode'='merge-on-read', "
                 "'write.merge.mode'='merge-on-read'")

THEIRS = {
    "plain": [
        "CREATE TABLE $T (id BIGINT, name STRING, price DECIMAL(9,2), at TIMESTAMP, day DATE, m MAP<STRING,INT>, "
        "s STRUCT<a: INT, b: ARRAY<STRUCT<c: STRING>>>) USING iceberg",
        "INSERT INTO $T SELECT id, concat('n', id), id / 4, timestamp_millis(id * 1000), date_from_unix_date(cast(id AS INT)), "
        "map('k', cast(id AS INT)), named_struct('a', cast(id AS INT), 'b', array(named_struct('c', concat('x', id)))) FROM range(100)",
    ],
    "deletes_v2": [
        f"CREATE TABLE $T (id BIGINT, name STRING) USING iceberg TBLPROPERTIES ('format-version'='2', {MERGE_ON_READ})",
        "INSERT INTO $T SELECT id, concat('n', id) FROM range(0, 200, 1, 2)",
        "INSERT INTO $T SELECT id, concat('n', id) FROM range(200, 300)",
        "DELETE FROM $T WHERE id % 7 = 0",
        "UPDATE $T SET name = 'changed' WHERE id BETWEEN 190 AND 210",
        "DELETE FROM $T WHERE id IN (3, 4, 5, 250)",
    ],
    "vectors_v3": [
        f"CREATE TABLE $T (id BIGINT, name STRING) USING iceberg TBLPROPERTIES ('format-version'='3', {MERGE_ON_READ})",
        "INSERT INTO $T SELECT id, concat('n', id) FROM range(0, 200, 1, 2)",
        "INSERT INTO $T SELECT id, concat('n', id) FROM range(200, 300)",
        "DELETE FROM $T WHERE id % 7 = 0",
        "UPDATE $T SET name = 'changed' WHERE id BETWEEN 190 AND 210",
        "DELETE FROM $T WHERE id IN (3, 4, 5, 250)",
    ],
    "upgraded": [
        f"CREATE TABLE $T (id BIGINT, name STRING) USING iceberg TBLPROPERTIES ('format-version'='1')",
        "INSERT INTO $T SELECT id, concat('n', id) FROM range(50)",
        f"ALTER TABLE $T SET TBLPROPERTIES ('format-version'='2', {MERGE_ON_READ})",
        "DELETE FROM $T WHERE id < 5",
        "ALTER TABLE $T SET TBLPROPERTIES ('format-version'='3')",
        "DELETE FROM $T WHERE id > 45",
    ],
    "partitioned": [
        f"CREATE TABLE $T (id BIGINT, day DATE, name STRING) USING iceberg PARTITIONED BY (days(day), bucket(3, id)) "
        f"TBLPROPERTIES ({MERGE_ON_READ})",
        "INSERT INTO $T SELECT id, date_from_unix_date(cast(id % 3 AS INT)), concat('n', id) FROM range(60)",
        "ALTER TABLE $T DROP PARTITION FIELD days(day)",
        "INSERT INTO $T SELECT id, date_from_unix_date(cast(id % 3 AS INT)), concat('n', id) FROM range(60, 120)",
        "ALTER TABLE $T ADD PARTITION FIELD truncate(2, name)",
        "DELETE FROM $T WHERE id % 10 = 0",
    ],
    "evolved": [
        "CREATE TABLE $T (a INT, b STRING, c STRUCT<x: INT, y: FLOAT>, d ARRAY<STRUCT<e: INT>>) USING iceberg",
        "INSERT INTO $T VALUES (1, 'one', named_struct('x', 1, 'y', 1.5F), array(named_struct('e', 1)))",
        "ALTER TABLE $T RENAME COLUMN a TO z",
        "ALTER TABLE $T ALTER COLUMN z TYPE BIGINT",
        "ALTER TABLE $T RENAME COLUMN b TO a",
        "ALTER TABLE $T ADD COLUMN b INT FIRST",
        "ALTER TABLE $T ALTER COLUMN c.y TYPE DOUBLE",
        "ALTER TABLE $T ADD COLUMN c.w STRING FIRST",
        "ALTER TABLE $T RENAME COLUMN c.x TO v",
        "ALTER TABLE $T ADD COLUMN d.element.f STRING",
        "INSERT INTO $T VALUES (7, 2, 'two', named_struct('w', 'w', 'v', 2, 'y', 2.5D), array(named_struct('e', 2, 'f', 'f')))",
        "ALTER TABLE $T DROP COLUMN c.v",
    ],
}


# Tables of Spark's from which we delete the row whose `id` is 11.
DELETED_BY_US = ["deletes_v2", "vectors_v3", "partitioned"]

# What stands after the columns (id, day, name, n) of a table that Spark and we write in turn.
KINDS = {
    "plain": "",
    "partitioned": "PARTITIONED BY (days(day), bucket(2, id))",
    "deletes": f"TBLPROPERTIES ('format-version'='2', {MERGE_ON_READ})",
    "vectors": f"TBLPROPERTIES ('format-version'='3', {MERGE_ON_READ})",
}

NUMBERED = "id, date_from_unix_date(CAST(id % 3 AS INT)) AS day, concat('n', id) AS name, CAST(id AS INT) AS n"

CONTINUED = [
    f"INSERT INTO $T SELECT {NUMBERED} FROM range(0, 30)",
    f"INSERT INTO $T SELECT {NUMBERED} FROM range(30, 50)",
    "DELETE FROM $T WHERE id % 7 = 0",
    "DELETE FROM $T WHERE id % 11 = 1",
    "UPDATE $T SET n = n + 100 WHERE id BETWEEN 5 AND 20",
    "UPDATE $T SET name = 'later' WHERE id BETWEEN 15 AND 35",
    f"MERGE INTO $T t USING (SELECT {NUMBERED} FROM range(40, 60)) s ON t.id = s.id "
    "WHEN MATCHED AND s.id % 2 = 0 THEN DELETE WHEN MATCHED THEN UPDATE SET n = -1 WHEN NOT MATCHED THEN INSERT *",
    f"MERGE INTO $T t USING (SELECT {NUMBERED} FROM range(0, 10)) s ON t.id = s.id "
    "WHEN MATCHED THEN UPDATE SET * WHEN NOT MATCHED THEN INSERT * WHEN NOT MATCHED BY SOURCE AND t.id > 50 THEN DELETE",
    "ALTER TABLE $T ADD COLUMN extra STRING",
    "UPDATE $T SET extra = concat('e', id) WHERE id % 3 = 0",
    "DELETE FROM $T WHERE extra IS NULL",
    f"INSERT INTO $T SELECT {NUMBERED}, NULL FROM range(100, 110)",
]


def pyiceberg_tables(catalog: Catalog) -> list[str]:
    """Write pyiceberg's tables; their names."""
    catalog.create_namespace("py")
    plain = catalog.create_table("py.plain", schema=pyiceberg_rows(0, 1).schema)
    plain.append(pyiceberg_rows(0, 20))
    plain.append(pyiceberg_rows(20, 30))
    plain.delete("id = 3")
    partitioned = catalog.create_table("py.partitioned", schema=pyiceberg_rows(0, 1).schema)
    with partitioned.update_spec() as update:
        update.add_field("text", IdentityTransform())
        update.add_field("day", IdentityTransform())
    partitioned.append(pyiceberg_rows(0, 20))
    evolved = catalog.create_table("py.evolved", schema=pyiceberg_rows(0, 1).schema, properties={"format-version": "2"})
    evolved.append(pyiceberg_rows(0, 10))
    evolve(evolved)
    return ["plain", "partitioned", "evolved"]


def evolve(table: Table) -> None:
    """Columns renamed, added and dropped, rows before and after it."""
    with table.update_schema() as update:
        update.rename_column("text", "label")
        update.delete_column("raw")
        update.add_column("extra", table.schema().find_type("id"))
    rows = pyiceberg_rows(10, 20).drop_columns(["raw"]).rename_columns({"text": "label"})
    table.append(rows.append_column("extra", rows["id"]))


def pyiceberg_rows(start: int, end: int) -> pyarrow.Table:
    """Rows of pyiceberg's tables."""
    zone = datetime.timezone.utc
    numbers = range(start, end)
    return pyarrow.table({
        "id": pyarrow.array(numbers, pyarrow.int64()),
        "text": [None if number % 6 == 4 else f"p{number % 4}" for number in numbers],
        "raw": [bytes([number]) for number in numbers],
        "price": pyarrow.array([decimal.Decimal(number) / 4 for number in numbers], pyarrow.decimal128(9, 2)),
        "at": [datetime.datetime(2024, 1, 1 + number % 5, number % 24, tzinfo=zone) for number in numbers],
        "local": [datetime.datetime(2024, 1, 1, number % 24) for number in numbers],
        "day": [datetime.date(1969, 12, 20) + datetime.timedelta(days=number) for number in numbers],
        "list": pyarrow.array([[number, None] for number in numbers], pyarrow.list_(pyarrow.int32())),
        "pair": [{"a": number, "b": str(number)} for number in numbers],
    })
