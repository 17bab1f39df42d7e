//! Statements of every family parse; what they become is checked by the other tests.

use floe_base::origin::SqlSource;

#[test]
fn statements_of_every_family_parse() {
    let texts = [
        "select 1",
        "select a, b as c, d e from t where a > 1 and not b like 'x%' group by a order by b desc nulls last limit 10",
        "with x as (select 1) select * from x",
        "select * except (a, b) from t",
        "((select 1) union all (select 2)) order by 1",
        "select ((select 1) + 1), (select 2)",
        "select * from ((select 1 a) union all (select 2)) t join u using (a) left join lateral (select 1) v on true",
        "select * from values (1, 'a'), (2, 'b') as t (x, y)",
        "insert into t values (1, default)",
        "insert overwrite table t partition (p) select 1",
        "merge into t as d using s as x on d.id = x.id when matched then update set * when not matched then insert *",
        "create or replace table a.b using iceberg partitioned by (days(ts), bucket(4, id)) tblproperties ('k'='v') location 'x' comment 'it\\'s' as select 1",
        "create table if not exists t (a int not null comment 'x', b decimal(10,2) default 1)",
        "create or replace temporary view v as select 1",
        "alter table t add columns `c` int, d string",
        "alter table t change column c comment 'x';",
        "alter table t alter column c type bigint;",
        "set spark.sql.sources.partitionOverwriteMode = DYNAMIC",
        "show table extended in S like '*'",
        "describe extended T",
        "explain route select 1",
        "select /*+ ROUTE(duckdb) */ * from t",
        "from t |> where a > 1 |> aggregate sum(b) as s group by c |> order by s |> limit 1",
        "select interval 3 days 2 hours, interval '1-2' year to month, interval '1' day",
        "select extract(year from d), trim(both 'x' from y), substring(a from 1 for 2), position('a' in b), overlay(a placing b from 1)",
        "select transform(a, x -> x + 1), aggregate(a, 0, (acc, x) -> acc + x), a.b.c[0]['x']::int",
        "select sum(a) filter (where b) over (partition by c order by d rows between 1 preceding and current row)",
        "select cast('1' as int), date '2024-01-01', timestamp '2024-01-01', x'1F', -128Y, 1.5BD, 1e3",
        "select * from t version as of 1 where a in (1, 2) and b in (select 1)",
        "select * from t lateral view outer explode(a) x as y where z",
        "select * from t pivot (sum(a) for b in ('x' as y, 'z'))",
        "select * from t unpivot (v for n in (a, b as c))",
        "call cat.system.rollback_to_snapshot(table => 't', snapshot_id => 1)",
        "drop schema if exists S cascade",
        "describe table extended T as json;",
        "show tblproperties T",
        "alter table A rename to B",
        "alter view A rename to B",
        "truncate table t",
        "create table S.x (`c` bigint, `d` string) using delta location '/r/x' comment 'it\\'s';",
        "insert into S.x values\n  (cast(1 as bigint),cast('a' as string)),\n  (cast(null as bigint),cast('' as string))",
        "alter table T add constraint n check (a > 0);",
        "alter table T change column c set not null ;",
        "create or replace table A shallow clone B",
        "create or replace view V (\n  `c` comment 'x', d\n)\n comment 'y' as\n select 1 as c, 2 as d",
        "select count(*) as failures, count(*) != 0 as should_warn, count(*) != 0 as should_error from (select 1) dbt_internal_test",
        "select * from (select 1) as __dbt_sbq where false limit 0",
        "explain with a as (select 1) select * from a",
        "insert overwrite table t partition (p) select `a`, `p` from tmp",
        "alter table t add columns (`a` int, `b` struct<c: int>)",
        "-- a comment\n/* {\"app\": \"dbt\"} */\nselect 1 as id\n-- and one behind",
    ];
    for text in texts {
        let found = floe_sql::parse_statement(&SqlSource::new(text));
        assert!(found.is_ok(), "{text}\n{}", found.err().map(|error| error.to_string()).unwrap_or_default());
    }
}
