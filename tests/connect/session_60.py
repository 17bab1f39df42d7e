"""One scripted session of sixty calls, as users make them, whose outcomes are written down as JSON.

Here: the calls. They run under any PySpark from 3.5 on; what a version does not know is recorded as absent. Not
here: who is asked and what is expected (`run.py`, `record.py`). Called as `session_60.py <address> <file> [call…]`.

Every outcome is text or plain data that does not change from run to run: no times, no ids, no paths.
"""

import contextlib
import io
import json
import logging
import sys
import tempfile
import threading
import time
import warnings
from pathlib import Path

CALLS = []


def call(function):
    """Add a function to the script; its name is the call's name."""
    CALLS.append(function)
    return function


def printed(action) -> str:
    """Return what an action prints."""
    target = io.StringIO()
    with contextlib.redirect_stdout(target):
        action()
    return target.getvalue()


def rows(frame) -> list:
    """Return a frame's rows as text, in order."""
    return [str(row) for row in frame.collect()]


def raised(action) -> list:
    """Return class, condition and SQLSTATE of the error an action raises."""
    try:
        action()
    except Exception as error:
        condition = getattr(error, "getCondition", None) or getattr(error, "getErrorClass", lambda: None)
        state = getattr(error, "getSqlState", lambda: None)
        return [type(error).__name__, condition(), state()]
    return ["nothing was raised"]


# ---- SQL ----------------------------------------------------------------------------------------------------------

@call
def version(spark, _):
    return spark.version


@call
def sql_constant(spark, _):
    return rows(spark.sql("SELECT 1 AS x, 'a' AS y, CAST(NULL AS INT) AS z"))


@call
def sql_schema(spark, _):
    return spark.sql("SELECT 1 AS a, array(1.5) AS b, map('k', date '2020-01-01') AS c, struct(1 AS x) AS d").schema.json()


@call
def sql_show(spark, _):
    return printed(spark.sql("SELECT id, id * 1.5 AS v, 'a long text that will be cut at twenty' AS t FROM range(3)").show)


@call
def sql_show_vertical(spark, _):
    frame = spark.sql("SELECT NULL AS n, true AS b, array(1, NULL) AS a")
    return [printed(lambda: frame.show(vertical=True)), printed(lambda: frame.show(truncate=False)), printed(lambda: frame.show(1, 3))]


@call
def sql_print_schema(spark, _):
    return printed(spark.sql("SELECT 1 AS a, array(struct(1 AS x, 'q' AS y)) AS b, map(1, 2L) AS c, date '2020-01-01' AS d").printSchema)


@call
def sql_parameters(spark, _):
    return rows(spark.sql("SELECT :a + 1 AS x, :b AS y", args={"a": 5, "b": "o'k"})) + rows(spark.sql("SELECT ? * 2 AS z", args=[21]))


@call
def sql_frame_reference(spark, _):
    return rows(spark.sql("SELECT count(*) AS n FROM {df}", df=spark.range(7)))


@call
def sql_names(spark, _):
    return spark.sql("SELECT 1/2, count(*), max(id)+1, cast('1' as int), upper('x') FROM range(1)").columns


@call
def sql_set(spark, _):
    return rows(spark.sql("SET spark.sql.ansi.enabled")) + [spark.conf.get("spark.sql.ansi.enabled")]


# ---- DataFrame API ------------------------------------------------------------------------------------------------

@call
def frame_range(spark, F):
    return [spark.range(5).count(), spark.range(0).isEmpty(), spark.range(3).isEmpty(), rows(spark.range(1, 10, 4))]


@call
def frame_select(spark, F):
    frame = spark.range(3).select("id", (F.col("id") + 1).alias("next"), F.lit("x"), F.expr("id * 2 AS dbl"))
    return [frame.columns, rows(frame), frame.dtypes]


@call
def frame_filter(spark, F):
    return rows(spark.range(10).filter("id > 6").where(F.col("id") % 2 == 1))


@call
def frame_with_columns(spark, F):
    frame = spark.range(2).withColumn("a", F.lit(1)).withColumns({"b": F.col("id") + 1, "c": F.lit("z")}).withColumnRenamed("a", "aa").drop("c")
    return [frame.columns, rows(frame)]


@call
def frame_group(spark, F):
    frame = spark.range(10).groupBy((F.col("id") % 3).alias("k")).agg(F.sum("id").alias("s"), F.count("*"), F.max("id")).orderBy("k")
    return [frame.columns, rows(frame)]


@call
def frame_rollup_pivot(spark, F):
    data = spark.createDataFrame([("a", "x", 1), ("a", "y", 2), ("b", "x", 3)], "g string, h string, v int")
    return [rows(data.rollup("g").sum("v").orderBy("g")), rows(data.cube("g", "h").count().orderBy("g", "h")),
            rows(data.groupBy("g").pivot("h").sum("v").orderBy("g")), rows(data.groupBy("g").pivot("h", ["x"]).agg(F.max("v")).orderBy("g"))]


@call
def frame_join(spark, F):
    left, right = spark.range(3).withColumn("l", F.lit("L")), spark.range(1, 4).withColumn("r", F.lit("R"))
    return [rows(left.join(right, "id").orderBy("id")), rows(left.join(right, ["id"], "outer").orderBy("id")),
            rows(left.join(right, left.id == right.id, "left").orderBy(left.id)), rows(left.join(right, "id", "anti")), left.crossJoin(right).count()]


@call
def frame_set_operations(spark, F):
    one, two = spark.range(3), spark.range(2, 5)
    return [rows(one.union(two).orderBy("id")), rows(one.intersect(two)), rows(one.subtract(two).orderBy("id")), rows(one.unionByName(two.withColumn("x", F.lit(1)), True).orderBy("id")), rows(one.exceptAll(two).orderBy("id"))]


@call
def frame_order(spark, F):
    data = spark.createDataFrame([(1, "b"), (None, "a"), (2, None)], "a int, b string")
    return [rows(data.orderBy("a")), rows(data.orderBy(F.desc_nulls_first("a"))), rows(data.sort(F.col("b").asc_nulls_last())), rows(data.orderBy("a").limit(1)), rows(data.orderBy("a").offset(2))]


@call
def frame_window(spark, F):
    from pyspark.sql.window import Window

    window = Window.partitionBy(F.col("id") % 2).orderBy("id")
    return rows(spark.range(5).select("id", F.row_number().over(window).alias("rn"), F.sum("id").over(window.rowsBetween(-1, 0)).alias("s"), F.lag("id").over(window).alias("p")).orderBy("id"))


@call
def frame_functions(spark, F):
    frame = spark.createDataFrame([("Ab,c", 5, [3, 1])], "s string, i int, a array<int>")
    return rows(frame.select(F.upper("s"), F.split("s", ","), F.when(F.col("i") > 3, "big").otherwise("small").alias("w"), F.sort_array("a"), F.explode("a").alias("e"), F.to_json(F.struct("i"))))


@call
def frame_lambda(spark, F):
    frame = spark.sql("SELECT array(1, 2, 3) AS a, map('x', 1) AS m")
    return rows(frame.select(F.transform("a", lambda x: x + 1), F.filter("a", lambda x: x > 1), F.aggregate("a", F.lit(0), lambda acc, x: acc + x), F.transform_values("m", lambda k, v: v * 10)))


@call
def frame_struct_fields(spark, F):
    frame = spark.sql("SELECT named_struct('x', 1, 'y', 'q') AS s, array(named_struct('k', 5)) AS l")
    return rows(frame.select("s.x", F.col("s").getField("y"), F.col("s").withField("z", F.lit(9)).alias("w"), F.col("s").dropFields("x").alias("d"), F.col("l")[0]["k"].alias("k")))


@call
def frame_distinct(spark, F):
    data = spark.createDataFrame([(1, "a"), (1, "a"), (1, "b")], "i int, s string")
    return [rows(data.distinct().orderBy("s")), rows(data.dropDuplicates(["i"]).select("i")), data.select("i").distinct().count()]


@call
def frame_take(spark, F):
    frame = spark.range(5).orderBy("id")
    return [str(frame.first()), [str(row) for row in frame.take(2)], [str(row) for row in frame.tail(2)], [str(row) for row in frame.head(1)], str(spark.range(0).first())]


@call
def frame_sample(spark, F):
    return [spark.range(100).sample(0.0).count(), spark.range(100).sample(1.0).count(), spark.range(10).repartition(3).count(), spark.range(10).coalesce(1).count()]


@call
def frame_unpivot(spark, F):
    data = spark.createDataFrame([(1, 10, 20)], "id int, a int, b int")
    return rows(data.unpivot("id", ["a", "b"], "name", "value").orderBy("name"))


@call
def frame_na(spark, F):
    data = spark.createDataFrame([(1, None), (None, "x"), (None, None)], "i int, s string")
    return [rows(data.na.fill(0).orderBy("i", "s")), rows(data.na.drop("all").orderBy("i")), rows(data.fillna({"s": "?"}).orderBy("i", "s")), rows(data.na.replace("x", "y").na.drop(subset=["s"]))]


@call
def frame_stat(spark, F):
    data = spark.createDataFrame([(1, 2.0), (2, 4.0), (3, 6.5)], "a int, b double")
    return [rows(data.describe()), rows(data.summary("count", "min", "max")), round(data.stat.corr("a", "b"), 9), data.stat.cov("a", "b"), data.approxQuantile("a", [0.5], 0.0), rows(data.crosstab("a", "b").orderBy("a_b")), rows(data.freqItems(["a"]).select(F.size("a_freqItems")))]


@call
def frame_to_df(spark, F):
    frame = spark.range(2).toDF("n")
    return [frame.columns, rows(frame.to(spark.sql("SELECT 'x' AS n").schema)), rows(frame.selectExpr("n + 1 AS m", "'k'")), rows(frame.alias("q").select("q.n")), frame.select(frame["n"]).columns]


@call
def frame_col_regex(spark, F):
    frame = spark.createDataFrame([(1, 2, 3)], "a1 int, a2 int, b int")
    return [frame.select(frame.colRegex("`a.*`")).columns, frame.select("*").columns, frame.drop("a1", "nope").columns]


@call
def frame_hint_cache(spark, F):
    frame = spark.range(3).hint("broadcast").cache()
    counted = frame.count()
    level = str(frame.storageLevel)
    frame.unpersist()
    return [counted, level]


@call
def frame_observe(spark, F):
    from pyspark.sql import Observation

    seen = Observation("seen")
    count = spark.range(5).observe(seen, F.count(F.lit(1)).alias("n"), F.max("id").alias("top")).count()
    return [count, seen.get]


@call
def frame_local_checkpoint(spark, F):
    if not hasattr(spark.range(1), "localCheckpoint") or spark.version.startswith("3."):
        return "absent"
    return rows(spark.range(3).localCheckpoint().filter("id > 0"))


@call
def frame_same_semantics(spark, F):
    return [spark.range(3).sameSemantics(spark.range(3)), spark.range(3).sameSemantics(spark.range(4)), spark.range(1).isStreaming, spark.range(1).isLocal() in (True, False), spark.range(3).inputFiles()]


@call
def frame_lateral_generator(spark, F):
    return [rows(spark.sql("SELECT id, x FROM range(2) LATERAL VIEW explode(array(10, 20)) t AS x ORDER BY id, x")), rows(spark.range(1).select(F.posexplode(F.array(F.lit("p"), F.lit("q"))))), rows(spark.range(1).select(F.inline(F.array(F.struct(F.lit(1).alias("a"))))))]


# ---- data in and out ----------------------------------------------------------------------------------------------

@call
def create_kinds(spark, F):
    import pandas
    from pyspark.sql import Row

    return [rows(spark.createDataFrame([(1, "a")], ["x", "y"])), rows(spark.createDataFrame([{"x": 1}, {"x": None}])), rows(spark.createDataFrame([Row(a=1.5, b=[1])])),
            rows(spark.createDataFrame(pandas.DataFrame({"p": [1, 2], "q": ["u", None]}))), rows(spark.createDataFrame([], "z int"))]


@call
def create_types(spark, F):
    import datetime
    import decimal

    frame = spark.createDataFrame([(True, 1, 1.5, decimal.Decimal("2.50"), "s", bytearray(b"\x01"), datetime.date(2020, 1, 1), datetime.datetime(2020, 1, 1, 1, 2, 3), [1, None], {"k": 1}, (1, "x"), datetime.timedelta(days=1))],
                                  "b boolean, i int, d double, n decimal(10,2), s string, x binary, dt date, ts timestamp, a array<int>, m map<string,int>, st struct<p:int,q:string>, iv interval day to second")
    return [frame.dtypes, rows(frame.drop("ts")), rows(frame.select(F.col("ts").cast("string")))]


@call
def create_ten_megabytes(spark, F):
    import pandas

    data = pandas.DataFrame({"i": range(400_000), "s": ["text %08d" % at for at in range(400_000)]})
    frame = spark.createDataFrame(data)
    again = spark.createDataFrame(data)
    return [frame.count(), str(frame.agg(F.sum("i"), F.max("s")).first()), again.filter("i = 399999").count()]


@call
def to_pandas(spark, F):
    frame = spark.sql("SELECT id, id * 1.5D AS d, CAST(id AS STRING) AS s, date '2020-01-01' AS dt, timestamp '2020-01-01 10:00:00' AS ts, array(id) AS a FROM range(2)").toPandas()
    return [[str(kind) for kind in frame.dtypes], json.loads(frame.to_json(orient="split", date_format="iso")), list(spark.range(0).toPandas().columns)]


@call
def to_arrow(spark, F):
    if not hasattr(spark.range(1), "toArrow"):
        return "absent"
    table = spark.sql("SELECT id, 'x' AS s, CAST(1.5 AS DECIMAL(5,2)) AS d, timestamp '2020-01-01 00:00:00' AS t, named_struct('a', 1) AS st FROM range(2)").toArrow()
    return [str(table.schema.remove_metadata()), [str(row) for row in table.drop_columns(["t"]).to_pylist()]]


@call
def large_result(spark, F):
    return [len(spark.range(200_000).toPandas()), sum(1 for _ in spark.range(30_000).toLocalIterator())]


# ---- views, tables and files --------------------------------------------------------------------------------------

@call
def temp_view(spark, F):
    spark.range(3).createOrReplaceTempView("s60_v")
    found = rows(spark.table("s60_v").orderBy("id"))
    return [found, raised(lambda: spark.range(1).createTempView("s60_v")), spark.catalog.dropTempView("s60_v"), spark.catalog.dropTempView("s60_v"), raised(lambda: spark.table("s60_v").collect())]


@call
def global_temp_view(spark, F):
    spark.range(2).createOrReplaceGlobalTempView("s60_g")
    return [rows(spark.sql("SELECT count(*) AS n FROM global_temp.s60_g")), spark.catalog.dropGlobalTempView("s60_g")]


@call
def save_as_table(spark, F):
    spark.sql("CREATE SCHEMA IF NOT EXISTS s60")
    spark.sql("DROP TABLE IF EXISTS s60.t")
    spark.range(3).write.saveAsTable("s60.t")
    again = raised(lambda: spark.range(1).write.saveAsTable("s60.t"))
    spark.range(10, 12).write.mode("append").saveAsTable("s60.t")
    spark.range(5).write.mode("ignore").saveAsTable("s60.t")
    appended = rows(spark.table("s60.t").orderBy("id"))
    spark.range(1).write.mode("overwrite").saveAsTable("s60.t")
    return [again, appended, rows(spark.table("s60.t"))]


@call
def insert_into(spark, F):
    spark.range(100, 102).write.insertInto("s60.t")
    added = rows(spark.table("s60.t").orderBy("id"))
    spark.range(7, 8).write.insertInto("s60.t", overwrite=True)
    return [added, rows(spark.table("s60.t")), raised(lambda: spark.range(1).write.insertInto("s60.nope"))]


@call
def write_to(spark, F):
    spark.sql("DROP TABLE IF EXISTS s60.w")
    frame = spark.range(2).withColumn("g", F.lit("a"))
    frame.writeTo("s60.w").using("iceberg").partitionedBy(F.col("g")).create()
    again = raised(lambda: frame.writeTo("s60.w").create())
    frame.writeTo("s60.w").append()
    count = spark.table("s60.w").count()
    frame.withColumn("g", F.lit("b")).writeTo("s60.w").overwritePartitions()
    both = spark.table("s60.w").count()
    frame.writeTo("s60.w").overwrite(F.col("g") == "b")
    replaced = rows(spark.table("s60.w").groupBy("g").count().orderBy("g"))
    spark.range(1).writeTo("s60.w").using("iceberg").createOrReplace()
    return [again, count, both, replaced, spark.table("s60.w").columns]


@call
def table_sql(spark, F):
    spark.sql("DROP TABLE IF EXISTS s60.m")
    spark.sql("CREATE TABLE s60.m (id INT, v STRING) USING iceberg")
    spark.sql("INSERT INTO s60.m VALUES (1, 'a'), (2, 'b')")
    spark.sql("UPDATE s60.m SET v = 'B' WHERE id = 2")
    spark.sql("DELETE FROM s60.m WHERE id = 1")
    spark.sql("MERGE INTO s60.m t USING (SELECT 2 AS id, 'x' AS v UNION ALL SELECT 3, 'y') s ON t.id = s.id WHEN MATCHED THEN UPDATE SET * WHEN NOT MATCHED THEN INSERT *")
    empty = spark.sql("INSERT INTO s60.m VALUES (9, 'z')")
    return [rows(spark.table("s60.m").orderBy("id")), empty.columns, empty.count()]


@call
def files(spark, F):
    folder = tempfile.mkdtemp(prefix="s60-")
    data = spark.createDataFrame([(1, "a", 1.5), (2, None, 2.5)], "i int, s string, d double")
    found = []
    for kind in ("parquet", "csv", "json"):
        path = f"{folder}/{kind}"
        writer = data.write.format(kind).mode("overwrite")
        (writer.option("header", True) if kind == "csv" else writer).save(path)
        reader = spark.read.format(kind)
        read = (reader.option("header", True).option("inferSchema", True) if kind == "csv" else reader).load(path)
        found.append([sorted(read.dtypes), rows(read.select("i", "s", "d").orderBy("i"))])
    data.write.partitionBy("i").parquet(f"{folder}/parts")
    found.append(rows(spark.read.parquet(f"{folder}/parts").select("i", "s").orderBy("i")))
    found.append(rows(spark.read.schema("i int, s string, d double").csv(f"{folder}/csv", header=True).select("i").orderBy("i")))
    found.append(raised(lambda: data.write.parquet(f"{folder}/parquet")))
    found.append(raised(lambda: spark.read.parquet(f"{folder}/nothing").count()))
    found.append(rows(spark.sql(f"SELECT count(*) AS n FROM parquet.`{folder}/parquet`")))
    Path(f"{folder}/x.txt").write_text("one\ntwo\n")
    found.append(rows(spark.read.text(f"{folder}/x.txt")))
    return found


@call
def catalog(spark, F):
    c = spark.catalog
    return [c.currentCatalog(), c.currentDatabase(), c.databaseExists("s60"), c.databaseExists("nope"), c.tableExists("s60.t"), c.tableExists("s60.nope"),
            sorted(t.name for t in c.listTables("s60")), [col.name for col in c.listColumns("s60.m")], c.functionExists("upper"), c.isCached("s60.t"),
            "s60" in [d.name for d in c.listDatabases()], "spark_catalog" in [x.name for x in c.listCatalogs()], c.getTable("s60.t").tableType]


@call
def current_database(spark, F):
    spark.catalog.setCurrentDatabase("s60")
    now = [spark.catalog.currentDatabase(), rows(spark.sql("SELECT count(*) AS n FROM m")), rows(spark.sql("SELECT current_schema() AS s"))]
    spark.sql("USE default")
    return [now, spark.catalog.currentDatabase(), raised(lambda: spark.catalog.setCurrentDatabase("nope"))]


@call
def metadata_sql(spark, F):
    return [rows(spark.sql("SHOW TABLES IN s60")), rows(spark.sql("DESCRIBE s60.m")), rows(spark.sql("SHOW COLUMNS IN s60.m")), rows(spark.sql("SHOW SCHEMAS LIKE 's60'"))]


@call
def cleanup(spark, F):
    for name in ("t", "w", "m"):
        spark.sql(f"DROP TABLE IF EXISTS s60.{name}")
    spark.sql("DROP SCHEMA s60")
    return spark.catalog.databaseExists("s60")


# ---- settings, errors and the session -----------------------------------------------------------------------------

@call
def settings(spark, F):
    spark.conf.set("spark.sql.session.timeZone", "America/New_York")
    zone = [rows(spark.sql("SELECT CAST(timestamp '2020-01-01 12:00:00Z' AS STRING) AS t")), rows(spark.sql("SELECT current_timezone() AS z"))]
    spark.conf.unset("spark.sql.session.timeZone")
    spark.conf.set("my.own.key", "v")
    return [zone, spark.conf.get("my.own.key"), spark.conf.get("no.such.key", "fallback"), spark.conf.isModifiable("spark.sql.ansi.enabled"), spark.conf.isModifiable("spark.sql.warehouse.dir")]


@call
def settings_errors(spark, F):
    return [raised(lambda: spark.conf.get("no.such.key")), raised(lambda: spark.conf.set("spark.sql.warehouse.dir", "/x")), raised(lambda: spark.conf.set("spark.sql.ansi.enabled", "perhaps")), raised(lambda: spark.conf.set("spark.sql.session.timeZone", "Nowhere"))]


@call
def errors_analysis(spark, F):
    return [raised(lambda: spark.sql("SELEC 1")), raised(lambda: spark.sql("SELECT * FROM nope")), raised(lambda: spark.sql("SELECT nope FROM range(1)")), raised(lambda: spark.range(1).select("nope").collect()), raised(lambda: spark.sql("SELECT id + array(1) FROM range(1)")), raised(lambda: spark.table("a.b.c").schema)]


@call
def errors_runtime(spark, F):
    return [raised(lambda: spark.sql("SELECT 1/0").collect()), raised(lambda: spark.sql("SELECT CAST('x' AS INT)").collect()), raised(lambda: spark.sql("SELECT element_at(array(1), 5)").collect()), raised(lambda: spark.sql("SELECT raise_error('boom')").collect()), raised(lambda: spark.sql("SELECT (SELECT id FROM range(2))").collect()), raised(lambda: spark.sql("SELECT 2147483647 + 1").collect())]


@call
def errors_message(spark, F):
    try:
        spark.sql("SELECT 1 FROM range(1) WHERE idd = 1")
    except Exception as error:
        text = str(error)
        return ["UNRESOLVED_COLUMN.WITH_SUGGESTION" in text, "idd" in text, "`id`" in text, "SQLSTATE: 42703" in text or spark.version.startswith("3.")]


@call
def ansi_off(spark, F):
    spark.conf.set("spark.sql.ansi.enabled", "false")
    found = rows(spark.sql("SELECT 1/0 AS a, CAST('x' AS INT) AS b, 2147483647 + 1 AS c, element_at(array(1), 5) AS d"))
    spark.conf.set("spark.sql.ansi.enabled", "true")
    return found


@call
def interrupt(spark, F):
    outcome = []
    worker = threading.Thread(target=lambda: outcome.append(raised(lambda: spark.sql("SELECT count(*) FROM range(100000000) a CROSS JOIN range(100000) b WHERE a.id % 7 + b.id % 11 = 3").collect())))
    spark.addTag("s60-long")
    worker.start()
    time.sleep(3)
    for _ in range(30):
        stopped = spark.interruptAll()
        worker.join(1)
        if not worker.is_alive():
            break
    spark.removeTag("s60-long")
    return [not worker.is_alive(), [name for name in (outcome or [["none"]])[0][:1]], rows(spark.range(1))]


def run(address: str, names: list[str]) -> dict:
    """Make every call, or those named, in one session and return outcome by name."""
    from pyspark.sql import SparkSession
    from pyspark.sql import functions as F

    warnings.simplefilter("ignore")
    logging.disable(logging.CRITICAL)
    session = SparkSession.builder.remote(address).create()
    outcomes = {}
    for function in CALLS:
        if names and function.__name__ not in names:
            continue
        started = time.monotonic()
        try:
            outcomes[function.__name__] = function(session, F)
        except Exception as error:
            outcomes[function.__name__] = f"failed: {type(error).__name__}: {str(error).split('JVM stacktrace')[0][:300]}"
        print(f"{function.__name__}: {time.monotonic() - started:.2f} s", file=sys.stderr, flush=True)
    session.stop()
    return json.loads(json.dumps(outcomes, default=str))


if __name__ == "__main__":
    Path(sys.argv[2]).write_text(json.dumps(run(sys.argv[1], sys.argv[3:]), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
