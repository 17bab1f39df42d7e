"""TPC-DS over Parquet: 99 short queries, where planning and round trips count as much as execution."""

import tpc

NAME = "tpcds"


def results(engines: dict, options) -> list:
    """Run it at the scale asked for."""
    return [tpc.over_parquet("tpcds", "TPC-DS", engines, options, options.tpcds_scale)]
