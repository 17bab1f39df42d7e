"""TPC-H over Parquet: 22 queries with joins and aggregates, answers checked."""

import tpc

NAME = "tpch"


def results(engines: dict, options) -> list:
    """Run it at the scale asked for."""
    return [tpc.over_parquet("tpch", "TPC-H", engines, options, options.tpch_scale)]
