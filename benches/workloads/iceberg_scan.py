"""TPC-H over Iceberg tables that floe wrote: what the table format costs, beside the same data as Parquet.

Every engine reads the same files: floe and Spark by the catalog, DuckDB by its Iceberg extension, Sail by the place.
"""

import places
import measure
import run as answers
import tpc

NAME = "iceberg"


def results(engines: dict, options) -> list:
    """Run it at the scale asked for."""
    scale = options.iceberg_scale
    texts = tpc.labelled("tpch")
    result = measure.Run(f"iceberg {scale:g}", f"TPC-H, scale {scale:g}, Iceberg", f"{len(texts)} queries over tables that floe wrote.")
    schema = f"tpch_{scale:g}".replace(".", "_")
    locations = written(next(engine for name, engine in engines.items() if name.startswith("floe")), schema, scale)
    with measure.opened(result, engines, lambda engine: engine.open_iceberg(schema, locations)) as sessions:
        measure.interleaved(result, sessions, texts, options, tpc.expected("tpch", scale))
    return [result]


def written(floe, schema: str, scale: float) -> dict[str, str]:
    """Write the files into tables, unless they are there, and return where each is."""
    tables = tpc.files("tpch", scale)
    session = floe.open(tables)
    # The codec of the Parquet files beside: what is compared is the table format.
    session.spark.conf.set("spark.sql.iceberg.compression-codec", "snappy")
    answers.move_to_catalog(session.spark, tpc.data.prepare("tpch", scale), schema)
    locations = {name: answers.location(session.spark, f"{schema}.{name}") for name in tables}
    session.close()
    return locations
