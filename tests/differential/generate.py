"""Random Spark SQL queries from a seed: the same seed gives the same queries on every machine.

Here: how templates (`functions.py`) are filled and put together into queries over the tables of `tables.sql`. Not
here: asking anybody; `record.py` asks Spark and `compare.py` a server. Nothing random, current or dependent on row
order may be generated, and whether a query's rows are ordered is said beside it.
"""

import argparse
import json
import random
import re
from dataclasses import dataclass, field
from pathlib import Path

import functions

TABLES = (Path(__file__).with_name("tables.sql")).read_text(encoding="utf-8").split("\n;\n")
HOLE = re.compile(r"\{(\w+)\}")
SIMPLE = ["INT", "BIGINT", "DOUBLE", "DECIMAL", "STRING", "BOOLEAN", "DATE", "TIMESTAMP"]
ALL = [*functions.BY_TYPE]


@dataclass
class Query:
    """One query with what a comparison must know about it."""

    sql: str
    ansi: bool
    ordered: bool = False
    approximate: bool = False


@dataclass
class Scope:
    """The columns an expression may use, and how daring it may be."""

    columns: dict[str, list[str]]
    rng: random.Random
    ansi: bool
    approximate: bool = field(default=False)

    def expression(self, kind: str, depth: int = 2) -> str:
        """Return an expression of a type; one that reads no column is thrown away twice before it is taken."""
        for _ in range(2 if self.columns and depth else 0):
            found = self.attempt(kind, depth)
            if any(f"{alias}." in found for alias in ("t", "a", "b")):
                return found
        return self.attempt(kind, depth)

    def kind(self, kinds: list[str]) -> str:
        """Return a type, more often one that the tables have."""
        own = [kind for kind in kinds if kind in self.columns]
        return self.rng.choice(own if own and self.rng.random() < 0.5 else kinds)

    def attempt(self, kind: str, depth: int) -> str:
        """Return a column, a constant or a filled template."""
        choice = self.rng.random()
        own = self.columns.get(kind)
        if own and (depth == 0 or choice < 0.35):
            return self.rng.choice(own)
        if depth == 0 or choice > 0.96:
            return self.rng.choice(functions.CONSTANTS[kind])
        return self.filled(self.template(functions.BY_TYPE[kind]), depth)

    def template(self, templates: list[str]) -> str:
        """Return a template; under ANSI most of those that like to raise are passed over."""
        while True:
            found = self.rng.choice(templates)
            if not found.startswith("!"):
                return found
            if not self.ansi or self.rng.random() < 0.3:
                return found[1:]

    def filled(self, template: str, depth: int) -> str:
        """Return the template with every hole filled; `{same}` repeats the expression before it."""
        if template.startswith("~"):
            self.approximate = True
            template = template[1:]
        last = ""

        def fill(found: re.Match) -> str:
            nonlocal last
            name = found[1]
            if name == "same":
                return last
            if name in functions.LITERALS:
                return self.rng.choice(functions.LITERALS[name])
            last = self.expression(name, depth - 1)
            return last

        return HOLE.sub(fill, template)

    def condition(self) -> str:
        return self.expression("BOOLEAN", self.rng.choice([1, 2]))

    def keys(self, count: int) -> list[str]:
        """Return grouping keys: mostly plain columns."""
        plain = [column for kind in ("STRING", "BOOLEAN", "INT", "DATE") for column in self.columns.get(kind, [])]
        return [self.rng.choice(plain) if self.rng.random() < 0.7 else self.expression(self.rng.choice(["STRING", "BOOLEAN", "INT"]), 1)
                for _ in range(count)]

    def aggregates(self, count: int) -> list[str]:
        return [self.filled(self.template(functions.AGGREGATE_LINES), self.rng.choice([1, 1, 2])) for _ in range(count)]


def scope(rng: random.Random, ansi: bool, **tables: str) -> Scope:
    """Return the scope of one or more tables, each under an alias."""
    columns: dict[str, list[str]] = {}
    for alias, table in tables.items():
        for kind, names in functions.COLUMNS[table].items():
            columns.setdefault(kind, []).extend(f"{alias}.{name}" for name in names)
    return Scope(columns, rng, ansi)


def select_list(expressions: list[str], name: random.Random) -> str:
    """Return the expressions, some named and some left for Spark to name."""
    return ", ".join(f"{expression} AS c{at}" if name.random() < 0.6 else expression for at, expression in enumerate(expressions))


def any_table(rng: random.Random) -> str:
    return rng.choice([*functions.COLUMNS])


def where(inside: Scope, chance: float = 0.4) -> str:
    return f" WHERE {inside.condition()}" if inside.rng.random() < chance else ""


def projection(rng: random.Random, ansi: bool) -> Query:
    """SELECT expressions FROM one table."""
    inside = scope(rng, ansi, t=any_table(rng))
    table = next(name for name, columns in functions.COLUMNS.items() if inside.columns == {k: [f"t.{c}" for c in v] for k, v in columns.items()})
    expressions = [inside.expression(inside.kind(ALL), rng.choice([1, 2, 2, 3])) for _ in range(rng.choice([1, 1, 2, 2, 3]))]
    distinct = "DISTINCT " if rng.random() < 0.1 and not any("map" in e or ".m" in e for e in expressions) else ""
    return Query(f"SELECT {distinct}{select_list(expressions, rng)} FROM {table} AS t{where(inside)}", ansi)


def ordered(rng: random.Random, ansi: bool) -> Query:
    """ORDER BY a unique key last, with LIMIT and OFFSET."""
    table = any_table(rng)
    inside = scope(rng, ansi, t=table)
    expressions = [inside.expression(inside.kind(SIMPLE), 1) for _ in range(rng.choice([1, 2]))]
    direction = rng.choice(["", " DESC", " NULLS LAST", " DESC NULLS FIRST"])
    limit = rng.choice(["", f" LIMIT {rng.randint(0, 8)}", f" LIMIT {rng.randint(1, 5)} OFFSET {rng.randint(0, 4)}"])
    by = inside.expression(inside.kind(SIMPLE), 1)
    if re.fullmatch(r"-?\d+", by):
        by = "t.id"
    return Query(f"SELECT t.id, {select_list(expressions, rng)} FROM {table} AS t{where(inside)} ORDER BY {by}{direction}, t.id{limit}", ansi, ordered=True)


def grouping(rng: random.Random, ansi: bool) -> Query:
    """GROUP BY with keys, ordinals, ROLLUP, CUBE, grouping sets and HAVING."""
    table = any_table(rng)
    inside = scope(rng, ansi, t=table)
    keys = inside.keys(rng.choice([0, 1, 1, 2]))
    totals = inside.aggregates(rng.choice([1, 2, 3]))
    having = f" HAVING {rng.choice(['count(*) > 1', 'max(t.id) > 4', 'min(t.id) < 9'])}" if rng.random() < 0.25 else ""
    if not keys:
        by = ""
    elif rng.random() < 0.2:
        by = " GROUP BY " + ", ".join(str(at + 1) for at in range(len(keys)))
    elif rng.random() < 0.35:
        by = f" GROUP BY {rng.choice(['ROLLUP', 'CUBE'])} ({', '.join(keys)})"
    elif len(keys) == 2 and rng.random() < 0.3:
        by = f" GROUP BY GROUPING SETS (({keys[0]}), ({keys[1]}), ())"
    else:
        by = " GROUP BY " + ", ".join(keys)
    sql = f"SELECT {select_list([*keys, *totals], rng)} FROM {table} AS t{where(inside, 0.3)}{by}{having}"
    return Query(sql, ansi, approximate=inside.approximate)


def joined(rng: random.Random, ansi: bool) -> Query:
    """Two tables joined by key, in every way."""
    left, right = any_table(rng), any_table(rng)
    both = scope(rng, ansi, a=left, b=right)
    kind = rng.choice(["JOIN", "JOIN", "LEFT JOIN", "LEFT JOIN", "RIGHT JOIN", "FULL JOIN", "LEFT SEMI JOIN", "LEFT ANTI JOIN", "CROSS JOIN"])
    visible = scope(rng, ansi, a=left) if "SEMI" in kind or "ANTI" in kind else both
    on = ""
    if kind != "CROSS JOIN":
        if rng.random() < 0.2:
            on = " USING (id)"
        else:
            pair = rng.choice([("INT", "="), ("INT", "="), ("INT", "<=>")])
            one = scope(rng, ansi, a=left).columns[pair[0]]
            two = scope(rng, ansi, b=right).columns[pair[0]]
            on = f" ON {rng.choice(one)} {pair[1]} {rng.choice(two)}" + (f" AND {both.condition()}" if rng.random() < 0.3 else "")
    if rng.random() < 0.25:
        totals = visible.aggregates(2)
        sql = f"SELECT {select_list(totals, rng)} FROM {left} AS a {kind} {right} AS b{on}{where(visible, 0.3)}"
    else:
        expressions = [visible.expression(visible.kind(SIMPLE), 1) for _ in range(rng.choice([1, 2, 3]))]
        sql = f"SELECT {select_list(expressions, rng)} FROM {left} AS a {kind} {right} AS b{on}{where(visible, 0.3)}"
    return Query(sql, ansi, approximate=visible.approximate)


def windowed(rng: random.Random, ansi: bool) -> Query:
    """Window functions over a total order."""
    table = any_table(rng)
    inside = scope(rng, ansi, t=table)
    key = inside.keys(1)[0]
    calls = []
    for _ in range(rng.choice([1, 2, 2])):
        template = rng.choice(functions.WINDOW_LINES).replace("{id}", "t.id").replace("{key}", key)
        calls.append(inside.filled(template, 1))
    return Query(f"SELECT t.id, {select_list(calls, rng)} FROM {table} AS t{where(inside, 0.25)}", ansi)


def setop(rng: random.Random, ansi: bool) -> Query:
    """Two projections put together."""
    kinds = [rng.choice(SIMPLE) for _ in range(rng.choice([1, 2]))]
    parts = []
    for _ in range(2):
        table = any_table(rng)
        inside = scope(rng, ansi, t=table)
        parts.append(f"SELECT {', '.join(inside.expression(kind, 1) for kind in kinds)} FROM {table} AS t{where(inside, 0.2)}")
    word = rng.choice(["UNION", "UNION ALL", "UNION ALL", "INTERSECT", "EXCEPT", "INTERSECT ALL", "EXCEPT ALL"])
    return Query(f"{parts[0]} {word} {parts[1]}", ansi)


def subquery(rng: random.Random, ansi: bool) -> Query:
    """IN, EXISTS and scalar subqueries, correlated on the key."""
    outer, inner = any_table(rng), any_table(rng)
    a, b = scope(rng, ansi, a=outer), scope(rng, ansi, b=inner)
    expressions = select_list([a.expression(a.kind(SIMPLE), 1)], rng)
    outer_key, inner_key = rng.choice(a.columns["INT"]), rng.choice(b.columns["INT"])
    correlated = rng.choice(["", f" WHERE b.id = a.id", f" WHERE b.id = {outer_key}"])
    match rng.randrange(5):
        case 0:
            sql = f"SELECT {expressions} FROM {outer} AS a WHERE {outer_key} {rng.choice(['IN', 'IN', 'NOT IN'])} (SELECT {inner_key} FROM {inner} AS b{where(b, 0.4)})"
        case 1:
            sql = f"SELECT {expressions} FROM {outer} AS a WHERE {rng.choice(['', 'NOT '])}EXISTS (SELECT 1 FROM {inner} AS b{correlated or ' WHERE b.id > 100'})"
        case 2:
            total = rng.choice(["count(*)", "max(b.id)", f"min({inner_key})", f"sum({inner_key} % 10)"])
            sql = f"SELECT a.id, (SELECT {total} FROM {inner} AS b{correlated}) AS s FROM {outer} AS a"
        case 3:
            sql = f"SELECT {expressions} FROM {outer} AS a WHERE a.id > (SELECT {rng.choice(['avg', 'min'])}(b.id) FROM {inner} AS b{correlated})"
        case _:
            sql = f"SELECT x.* FROM (SELECT a.id, {a.expression(a.kind(SIMPLE), 1)} AS v FROM {outer} AS a{where(a)}) AS x WHERE x.v IS NOT NULL"
    return Query(sql, ansi)


def with_clause(rng: random.Random, ansi: bool) -> Query:
    """A common table expression used once or twice."""
    table = any_table(rng)
    inside = scope(rng, ansi, t=table)
    kind = rng.choice(["INT", "STRING", "DECIMAL", "DATE"])
    body = f"SELECT t.id, {inside.expression(kind, 2)} AS v FROM {table} AS t{where(inside)}"
    tail = rng.choice(["SELECT v, count(*) AS n FROM c GROUP BY v", "SELECT x.id, y.v FROM c AS x JOIN c AS y ON x.id = y.id",
                       "SELECT max(v), min(v), count(v) FROM c", "SELECT * FROM c WHERE v IN (SELECT v FROM c WHERE id < 5)",
                       "SELECT id, v, row_number() OVER (PARTITION BY v ORDER BY id) AS rn FROM c", "SELECT * FROM c"])
    return Query(f"WITH c AS ({body}) {tail}", ansi)


def generator(rng: random.Random, ansi: bool) -> Query:
    """explode and its relatives, in the select list and as lateral views."""
    inside = scope(rng, ansi, t="nested")
    kind = rng.choice(["INTS", "STRINGS", "MAP"])
    argument = inside.expression(kind, 1)
    names = "k, v" if kind == "MAP" else "x"
    match rng.randrange(3):
        case 0:
            sql = f"SELECT t.id, {rng.choice(['explode', 'explode_outer', 'posexplode'])}({argument}) FROM nested AS t"
        case 1:
            sql = f"SELECT t.id, e.* FROM nested AS t LATERAL VIEW {rng.choice(['', 'OUTER '])}explode({argument}) e AS {names}{where(inside, 0.3)}"
        case _:
            sql = f"SELECT t.id, e.* FROM nested AS t, LATERAL explode({argument}) AS e({names})"
    return Query(sql, ansi)


def constant(rng: random.Random, ansi: bool) -> Query:
    """Expressions without a table: what the optimiser folds."""
    inside = Scope({}, rng, ansi)
    return Query(f"SELECT {select_list([inside.expression(inside.kind(ALL), rng.choice([1, 2, 2, 3])) for _ in range(rng.choice([1, 2]))], rng)}", ansi)


SHAPES = [(projection, 30), (ordered, 8), (grouping, 16), (joined, 12), (windowed, 8), (setop, 6), (subquery, 8), (with_clause, 5), (generator, 4), (constant, 3)]


def queries(seed: int, count: int) -> list[Query]:
    """Return `count` queries; a longer run begins with the shorter one."""
    makers, weights = zip(*SHAPES)
    found = []
    for at in range(count):
        rng = random.Random(f"floe {seed} {at}")
        found.append(rng.choices(makers, weights)[0](rng, rng.random() < 0.5))
    return found


def main() -> None:
    """Print the queries of a seed as JSON lines."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=20)
    arguments = parser.parse_args()
    for query in queries(arguments.seed, arguments.count):
        print(json.dumps(vars(query), ensure_ascii=False))


if __name__ == "__main__":
    main()
