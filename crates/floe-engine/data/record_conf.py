"""Prints the keys, defaults and modifiability of a real Spark's configuration, as `spark-conf.tsv` keeps them.

Usage: record_conf.py sc://host:port > spark-conf.tsv. What belongs to one machine is left out. Two defaults are ours:
tables are Iceberg (`spark.sql.sources.default`), and stack traces of a JVM we do not have are off.
"""

import sys

from pyspark.sql import SparkSession

MACHINE = (
    "spark.app.", "spark.driver", "spark.executor", "spark.master", "spark.jars", "spark.sql.catalog.", "spark.submit",
    "spark.repl", "spark.sql.extensions", "spark.connect.grpc.binding", "spark.sql.warehouse", "spark.default.parall",
    "spark.ui", "spark.home", "spark.hadoop", "spark.connect.extensions", "spark.connect.grpc.interceptor",
)  # fmt: skip
OURS = {"spark.sql.sources.default": "iceberg", "spark.sql.connect.serverStacktrace.enabled": "false"}


def main() -> None:
    spark = SparkSession.builder.remote(sys.argv[1]).getOrCreate()
    print("# key\tdefault (\\N: none)\tmay a session set it")
    print("# Recorded from Spark 4.1.4 by record_conf.py; sources.default and serverStacktrace are ours.")
    for row in sorted(spark.sql("SET -v").collect(), key=lambda row: row["key"]):
        key, value = row["key"], OURS.get(row["key"], row["value"])
        if key.startswith(MACHINE):
            continue
        shown = "\\N" if value in (None, "<undefined>") else value
        print(f"{key}\t{shown}\t{'yes' if spark.conf.isModifiable(key) else 'no'}")


if __name__ == "__main__":
    main()
