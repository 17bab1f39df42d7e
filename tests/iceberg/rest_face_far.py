"""A Spark elsewhere on the tables of the embedded catalog: files in object storage, the face by TLS and a token.

Usage: rest_face_far.py BINARY. Here: a warehouse in S3 (moto), a server with `--rest` and `--rest-uri`, and behind it a real
Spark that shares no folder with it and has storage keys of its own; both write the same tables, unqualified names mean the
same on both, and who has no token or no address is told so. The Spark listens on 127.0.0.2, which nobody takes for this
machine by its name. Not here: a face without TLS over local files (`rest_face.py`).
Last line: `rest-face-far: N/M`.
"""

import argparse
import os
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TESTS), str(TESTS / "real")]
import environment

environment.enter(Path(__file__).with_name("requirements-iceberg.txt"))

import requests
from certificates import certificates, trusted
from checks import Checks, arrow_rows, rows
from object_store import BUCKET, KEYS, s3
from pyspark.sql import SparkSession
from pyspark.sql.functions import udf
from rest_server import free_port
from spark import ICEBERG, JAVA_OPTIONS, Spark
from with_server import Server

AWS = ICEBERG.replace("iceberg-spark-runtime-4.1_2.13", "iceberg-aws-bundle")
TOKEN = "a-token-of-the-test"
# The name that the certificate is for.
HOST = "localhost"


def main() -> None:
    """Run every check and say how many held."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("binary", type=Path)
    arguments = parser.parse_args()
    checks = Checks()
    with tempfile.TemporaryDirectory(prefix="floe-far-") as folder, s3() as endpoint:
        folder = Path(folder)
        certificates(folder, HOST)
        # Read by gRPC when the first client connects.
        os.environ["GRPC_DEFAULT_SSL_ROOTS_FILE_PATH"] = str(folder / "ca.pem")
        spark = cluster(folder)
        try:
            run(arguments.binary, folder, endpoint, spark, checks)
        finally:
            spark.stop()
    print(f"rest-face-far: {checks.held}/{checks.made}")
    sys.exit(checks.held != checks.made)


def run(binary: Path, folder: Path, endpoint: str, spark: Spark, checks: Checks) -> None:
    """Both engines on the tables of a server whose face Spark can reach, and of one whose face it cannot."""
    port = free_port()
    uri = f"https://{HOST}:{port}"
    with serving(binary, folder, endpoint, spark, port, f'rest_uri = "{uri}"') as session:
        by_both(session, checks)
        who_may_come(uri, folder, checks)
        checks.same("the files are in the bucket", ["yes"], lambda: ["yes" if in_bucket(endpoint) else "no"])
    checks.same("and nowhere else", ["[]"], lambda: [str([path.name for path in folder.rglob("*.parquet")])])
    with serving(binary, folder, endpoint, spark, free_port(), "") as session:
        checks.raises("a face whose address leads nowhere from there is not offered", "--rest-uri",
                      lambda: session.table("default.orders").select(plus()("id")).collect())


def cluster(folder: Path) -> Spark:
    """Return a Spark with keys to the storage and trust in the face, and nothing else of ours."""
    keys = [f"-Daws.accessKeyId={KEYS['s3.access-key-id']}", f"-Daws.secretAccessKey={KEYS['s3.secret-access-key']}"]
    return Spark(host="127.0.0.2", python=Path(sys.executable), catalog="builtin", conf={
        "spark.jars": f"{environment.jar(ICEBERG)},{environment.jar(AWS)}",
        "spark.sql.extensions": "org.apache.iceberg.spark.extensions.IcebergSparkSessionExtensions",
        "spark.driver.extraJavaOptions": " ".join([JAVA_OPTIONS, *trusted(folder), *keys]),
    })


@contextmanager
def serving(binary: Path, folder: Path, endpoint: str, spark: Spark, rest: int, more: str):
    """Give a session of a server before this Spark, its warehouse in the bucket and its face on a port."""
    config = folder / "floe.toml"
    config.write_text(f"""
rest = {rest}
{more}
[spark]
remote = "{spark.address}"
[spark.sql.catalog.spark_catalog]
type = "embedded"
uri = "{folder}/catalog.db"
warehouse = "s3://{BUCKET}/floe"
[spark.sql.catalog.spark_catalog.s3]
endpoint = "{endpoint}"
path-style-access = "true"
region = "{KEYS['client.region']}"
access-key-id = "{KEYS['s3.access-key-id']}"
secret-access-key = "{KEYS['s3.secret-access-key']}"
""")
    tls = ["--tls-cert", f"{folder}/cert.pem", "--tls-key", f"{folder}/key.pem", "--token", TOKEN]
    with Server(binary, "--data", str(folder / "data"), "--config", str(config), *tls) as server:
        port = server.address.rsplit(":", 1)[1]
        session = SparkSession.builder.remote(f"sc://{HOST}:{port}/;use_ssl=true;token={TOKEN}").create()
        try:
            yield session
        finally:
            session.stop()


def plus():
    """Return a function that only Spark can run."""
    return udf(lambda value: value + 1, "bigint")


def by_both(session: SparkSession, checks: Checks) -> None:
    """Tables that both engines make, write and read by their bare names."""
    session.sql("CREATE TABLE orders USING iceberg AS SELECT id, id % 3 AS kind FROM range(9)").collect()
    checks.same("Spark reads ours", rows(session, "SELECT id + 1 AS p, kind FROM orders"),
                lambda: arrow_rows(session.table("default.orders").select(plus()("id").alias("p"), "kind").toArrow()))
    session.table("orders").select(plus()("id").alias("id"), "kind").write.saveAsTable("later")
    checks.same("we read what Spark made", rows(session, "SELECT id + 1 AS id, kind FROM orders"),
                lambda: rows(session, "SELECT id, kind FROM later"))
    session.table("orders").select(plus()("id").alias("id"), "kind").where("kind = 0").write.insertInto("orders")
    checks.same("Spark adds to ours", rows(session, "SELECT id FROM range(9) UNION ALL SELECT id + 1 FROM range(0, 9, 3)"),
                lambda: rows(session, "SELECT id FROM orders"))
    session.sql("""MERGE INTO later USING (SELECT /*+ ROUTE(spark) */ id, 7 AS kind FROM range(5, 20)) AS s ON later.id = s.id
                   WHEN MATCHED THEN UPDATE SET kind = 7 WHEN NOT MATCHED THEN INSERT *""").collect()
    checks.same("one of both merges", rows(session, "SELECT id, if(id < 5, (id - 1) % 3, 7) AS kind FROM range(1, 20)"),
                lambda: rows(session, "SELECT id, bigint(kind) AS kind FROM later"))
    session.sql("DELETE FROM later WHERE id > 15").collect()
    session.conf.set("floe.route", "spark")
    checks.same("Spark sees our delete", ["{\"n\": \"15\"}"], lambda: rows(session, "SELECT count(*) AS n FROM later"))
    session.conf.set("floe.route", "auto")
    went = "SELECT count(*) > 3 AS there FROM system.routes WHERE backend = 'spark'"
    checks.same("both were asked", ["{\"there\": true}"], lambda: rows(session, went))


def who_may_come(uri: str, folder: Path, checks: Checks) -> None:
    """The face speaks TLS alone, and only to who has the token."""
    trusted_by = str(folder / "ca.pem")
    asked = lambda headers: str(requests.get(f"{uri}/v1/config", headers=headers, verify=trusted_by, timeout=30).status_code)
    checks.same("with the token", ["200"], lambda: [asked({"Authorization": f"Bearer {TOKEN}"})])
    checks.same("without it", ["401"], lambda: [asked({})])
    checks.raises("without TLS", "Connection|BadStatusLine", lambda: requests.get(uri.replace("https", "http"), timeout=30))
    checks.raises("who does not trust it", "CERTIFICATE_VERIFY_FAILED", lambda: requests.get(uri, timeout=30))


def in_bucket(endpoint: str) -> bool:
    """Say whether the bucket holds data of both tables."""
    listed = requests.get(f"{endpoint}/{BUCKET}?list-type=2&prefix=floe/", timeout=30).text
    return all(f"/{table}/" in listed and ".parquet" in listed for table in ("orders", "later"))


if __name__ == "__main__":
    main()
