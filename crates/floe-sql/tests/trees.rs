//! What texts become: statement in, compact S-expressions out. The printer is in `trees/printer.rs`.

#[path = "trees/printer.rs"]
mod printer;

use floe_base::origin::SqlSource;

#[track_caller]
fn expression(text: &str, expected: &str) {
    let found = floe_sql::parse_expression(&SqlSource::new(text)).map(|found| printer::expression(&found));
    assert_eq!(found.unwrap_or_else(|error| error.to_string()), expected, "\n{text}");
}

#[track_caller]
fn statement(text: &str, expected: &str) {
    let found = floe_sql::parse_statement(&SqlSource::new(text)).map(|found| printer::statement(&found));
    assert_eq!(found.unwrap_or_else(|error| error.to_string()), expected, "\n{text}");
}

#[test]
fn operators_bind_as_in_spark() {
    expression("1 + 2 * 3", "(+ 1 (* 2 3))");
    expression("a or b and not c = d", "(or a (and b (not (= c d))))");
    expression("not a = b and c", "(and (not (= a b)) c)");
    expression("a | b ^ c & d << 1 + 2", "(| a (^ b (& c (<< d (+ 1 2)))))");
    expression("a || b = c", "(= (|| a b) c)");
    expression("-a * b", "(* (- a) b)");
    expression("- - 1", "(- -1)");
    expression("2 -1", "(- 2 1)");
    expression("-1::string", "(cast -1 string)");
    expression("-a::string", "(- (cast a string))");
    expression("a and b and c and d", "(and (and a b) (and c d))");
    expression("!a", "(not a)");
    expression("a <> b", "(!= a b)");
    expression("a div b", "(div a b)");
    expression("a >> b >>> c", "(>>> (>> a b) c)");
}

#[test]
fn predicates_take_one_value_each() {
    expression("a between 1 and 2 and c", "(and (between a 1 2) c)");
    expression("a not in (1, 2)", "(not (in a 1 2))");
    expression("a like 'x' escape '!'", "(like a 'x' '!')");
    expression("a not like any ('x', 'y')", "(not_like_any a 'x' 'y')");
    expression("a ilike all ('x')", "(ilike_all a 'x')");
    expression("a is distinct from b", "(not (<=> a b))");
    expression("a is not distinct from b", "(<=> a b)");
    expression("a is true", "(<=> a true)");
    expression("a is not false", "(not (<=> a false))");
    expression("a is not null", "(isnotnull a)");
    expression("a regexp 'x'", "(rlike a 'x')");
    expression("a in (select 1)", "(in-query [a] (select [1]))");
    expression("(a, b) not in (select 1, 2)", "(not (in-query [a b] (select [1 2])))");
    expression("exists (select 1) and b", "(and (exists (select [1])) b)");
    expression("exists(a, x -> x)", "(exists a (-> [x] x))");
}

#[test]
fn literals_have_sparks_types() {
    expression("1", "1");
    expression("2147483648", "2147483648L");
    expression("-9223372036854775808", "-9223372036854775808L");
    expression("9223372036854775808", "9223372036854775808:decimal(19,0)");
    expression("-128Y", "-128Y");
    expression("1.50", "150:decimal(3,2)");
    expression(".5", "5:decimal(1,1)");
    expression("1e3", "1000.0D");
    expression("1.5F", "1.5F");
    expression("1.5BD", "15:decimal(2,1)");
    expression("'a' 'b' \"c\"", "'abc'");
    expression(r"'\%\n' ", "'\\%\n'");
    expression("X'1F'", "x1f");
    expression("date '2024-01-01'", "(DATE '2024-01-01')");
    expression("timestamp_ntz 'x'", "(TIMESTAMP_NTZ 'x')");
    expression("null", "null");
    expression("interval 3 days 2 hours", "266400000000:interval day to hour");
    expression("interval '1-2' year to month", "14:interval year to month");
    expression("interval -'1 02:03:04.5' day to second", "-93784500000:interval day to second");
    expression("interval '1 week 1 day'", "691200000000:interval day");
    expression("interval 1 month", "1:interval month");
    expression("interval 1.5 seconds", "1500000:interval second");
    expression(":x + ?", "(+ :x ?0)");
    expression("f(?, substring(?), ?)", "(f ?0 (substring ?1) ?2)");
    expression("a = not b", "(as (= a not) b)");
    expression("r'it''s'", "'its'");
}

#[test]
fn names_calls_and_fields_are_told_apart() {
    expression("a.b.c[0]['x'].y", "(get (get (get a.b.c 0) 'x') 'y')");
    expression("(a).b", "a.b");
    expression("f(a).b", "(get (f a) 'b')");
    expression("`a b`.`c``d`", "a b.c`d");
    expression("count(*)", "(count 1)");
    expression("count(distinct *)", "(count distinct *)");
    expression("t.*", "t.*");
    expression("* except (a, b.c)", "(* except a b.c)");
    expression("f(x => 1)", "(f x=>1)");
    expression("(x, y) -> x + y", "(-> [x y] (+ x y))");
    expression("a as b", "(as a b)");
    expression("f(a) as (b, c)", "(as (f a) b c)");
    expression("(1, 2)", "(() 1 2)");
    expression("struct(1 as a, b)", "(struct (as 1 a) b)");
    expression("cast(a as decimal(10,2))", "(cast a decimal(10,2))");
    expression("try_cast(a as int)", "(try_cast a int)");
    expression("case a when 1 then 2 else 3 end", "(case a [1 2] 3)");
    expression("case when a then b end", "(case [a b])");
    expression("current_date", "current_date");
    expression("v:a.b[0]", "(variant_get v '$.a.b[0]' 'variant')");
    expression("identifier('a.b')", "a.b");
    expression("identifier('f')(1)", "(f 1)");
    expression("identifier('a' || 'b')", "(identifier (|| 'a' 'b'))");
    expression("a collate utf8_lcase", "(collate a 'utf8_lcase')");
}

#[test]
fn functions_with_words_become_plain_calls() {
    expression("extract(year from d)", "(extract 'year' d)");
    expression("trim(both 'x' from a)", "(trim 'x' a)");
    expression("trim(leading from a)", "(ltrim a)");
    expression("trim(a)", "(trim a)");
    expression("substring(a from 1 for 2)", "(substring a 1 2)");
    expression("substring(a, 2)", "(substring a 2)");
    expression("substr(a from 2)", "(substring a 2)");
    expression("position('a' in b)", "(locate 'a' b)");
    expression("overlay(a placing b from 1)", "(overlay a b 1)");
    expression("dateadd(day, 1, d)", "(timestampadd 'day' 1 d)");
    expression("date_add(d, 1)", "(date_add d 1)");
    expression("datediff(a, b)", "(datediff a b)");
    expression("first(a ignore nulls)", "(first a ignore-nulls)");
    expression("lag(a) respect nulls over w", "(over (lag a respect-nulls) w)");
    expression(
        "sum(a) filter (where b) over (partition by c order by d desc rows between 1 preceding and current row)",
        "(over (sum a filter b) [c] [d desc nulls-last] rows 1-preceding current)",
    );
    expression("listagg(a, ',') within group (order by b)", "(listagg a ',' within [b asc nulls-first])");
}

#[test]
fn queries_keep_their_shape() {
    statement("select 1", "(select [1])");
    statement(
        "select distinct a b from t as u where c group by a having d order by e limit 1 offset 2",
        "(query (select distinct [(as a b)] (alias (table t) u) where c group [a] having d) order [e asc nulls-first] limit 1 offset 2)",
    );
    statement(
        "select 1 union select 2 intersect select 3",
        "(union (select [1]) (intersect (select [2]) (select [3])))",
    );
    statement(
        "select 1 union all select 2 except select 3",
        "(except (union-all (select [1]) (select [2])) (select [3]))",
    );
    statement("with a as (select 1) table a", "(query with a=(select [1]) (table a))");
    statement("((select 1) union all (select 2)) limit 3", "(query (union-all (select [1]) (select [2])) limit 3)");
    statement("select ((select 1) + 1)", "(select [(+ (query (select [1])) 1)])");
    statement("select * from a, b", "(select [*] (cross (table a) (table b)))");
    statement(
        "select * from a join b on c left join d using (e)",
        "(select [*] (left-outer (inner (table a) (table b) on c) (table d) using e))",
    );
    statement("select * from (a join b) x", "(select [*] (alias (inner (table a) (table b)) x))");
    statement("select * from ((select 1) x join u)", "(select [*] (inner (alias (select [1]) x) (table u)))");
    statement("values (1, 2), (3, default)", "(values [1 2] [3 default])");
    statement("from t select a limit 1", "(query (select [a] (table t)) limit 1)");
    statement("from t |> where a |> select b", "(select [b] (filter (table t) a))");
    statement("from t |> aggregate sum(a) s group by b", "(aggregate (table t) group [b] [(as (sum a) s)])");
    statement("select a from t group by rollup(a, (b, c)), d", "(select [a] (table t) group [(rollup [a] [b c]) d])");
    statement("select a from t group by all", "(select [a] (table t) group all)");
    statement("select a from t order by all desc", "(query (select [a] (table t)) order all desc nulls-last)");
    statement("select /*+ ROUTE(duckdb) */ 1", "(select hint ROUTE(duckdb) [1])");
    statement(
        "select * from t lateral view outer explode(a) x as y",
        "(select [*] (lateral-view outer (table t) (explode a) x y))",
    );
    statement(
        "select * from t version as of 1 tablesample (10 percent) x",
        "(select [*] (alias (sample (table t version 1) 0..0.1) x))",
    );
    statement("select * from range(1, 2) r", "(select [*] (alias (function (range 1 2)) r))");
    statement(
        "select * from t pivot (sum(a) for b in (1 as x))",
        "(select [*] (pivot (table t) [(sum a)] for [b] in 1=x))",
    );
    statement("select * from t unpivot (v for n in (a, b as c))", "(select [*] (unpivot (table t) v for n in a b=c))");
}

#[test]
fn statements_of_dbt_are_read_whole() {
    statement(
        "/* {\"app\": \"dbt\"} */ create or replace table a.b using iceberg options (k \"v\") tblproperties ('x' = 'y') partitioned by (days(ts), c) location 'l' comment 'it\\'s' as select 1;",
        "(create-table CreateOrReplace a.b using iceberg options k=v properties x=y partitioned days(ts) identity(c) location l comment it's as (select [1]))",
    );
    statement(
        "insert overwrite table t partition (p = 1, q) select a",
        "(insert overwrite t partition p=1 q (select [a]))",
    );
    statement(
        "with c as (select 1) insert into t (a) select * from c",
        "(insert t columns a (query with c=(select [1]) (select [*] (table c))))",
    );
    statement(
        "merge into t as x using s as y on x.i = y.i when matched and a then update set * when not matched then insert (i) values (y.i)",
        "(merge t x using (table s) y on (= x.i y.i) matched if a update-all not-matched insert i=y.i)",
    );
    statement(
        "set spark.sql.sources.partitionOverwriteMode = DYNAMIC",
        "(set spark.sql.sources.partitionOverwriteMode DYNAMIC)",
    );
    statement(
        "create or replace temporary view v as select 1 as a;",
        "(create-view Temporary v replace `select 1 as a`)",
    );
    statement(
        "alter table t change column c comment 'x';",
        "(alter-table t AlterColumn { column: [\"c\"], changes: [Comment(\"x\")] })",
    );
    statement("explain route select 1", "(explain Route (select [1]))");
}
