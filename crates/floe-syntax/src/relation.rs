//! Relations as written: where rows come from and what is done to them.
//!
//! SQL's SELECT stays one node ([`Select`]), because its clauses see each other's names; the DataFrame's operators are
//! nodes of their own, named after the Connect messages they come from.

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use floe_base::Origin;

use crate::expression::{Attribute, Expression, SortOrder, WindowSpec};
use crate::{DataType, Literal};

/// A relation, where it stands, and the plan id under which a client's columns refer to it.
#[derive(Clone, Debug)]
pub struct Relation {
    pub kind: Box<RelationKind>,
    pub plan_id: Option<i64>,
    pub origin: Origin,
}

impl Relation {
    pub fn new(kind: RelationKind, origin: Origin) -> Self {
        Self { kind: Box::new(kind), plan_id: None, origin }
    }
}

#[derive(Clone, Debug)]
pub enum RelationKind {
    // Sources.
    Table(TableName),
    Files(Files),
    Values {
        rows: Vec<Vec<Expression>>,
    },
    /// A client's own data. `schema` overrides the names and types of the batches.
    Local {
        schema: Option<DataType>,
        arrow_schema: SchemaRef,
        batches: Vec<RecordBatch>,
    },
    Range {
        start: i64,
        end: i64,
        step: i64,
        partitions: Option<i32>,
    },
    /// SELECT without FROM.
    OneRow,
    TableFunction {
        name: Vec<String>,
        call: Expression,
        with_ordinality: bool,
    },
    /// A frame kept by the server: `localCheckpoint`.
    Cached {
        relation_id: String,
    },
    Catalog(Box<crate::command::CatalogCall>),

    // SQL's own shapes.
    Query(Box<Query>),
    Select(Box<Select>),
    /// `t LATERAL VIEW [OUTER] f(x) v AS a, b`.
    LateralView {
        input: Relation,
        generator: Expression,
        outer: bool,
        table: Option<String>,
        columns: Vec<String>,
    },
    Pivot(Box<Pivot>),
    Unpivot(Box<Unpivot>),
    /// A text's parameters, bound.
    Parameters {
        input: Relation,
        named: Vec<(String, Expression)>,
        positional: Vec<Expression>,
    },

    // Operators.
    Project {
        input: Relation,
        expressions: Vec<Expression>,
    },
    Filter {
        input: Relation,
        condition: Expression,
    },
    Aggregate(Box<Aggregate>),
    Join(Box<Join>),
    SetOperation {
        left: Relation,
        right: Relation,
        operator: SetOperator,
        all: bool,
        by_name: bool,
        allow_missing: bool,
    },
    /// `global` false is `sortWithinPartitions`.
    Sort {
        input: Relation,
        orders: Vec<SortOrder>,
        global: bool,
    },
    Limit {
        input: Relation,
        limit: Expression,
    },
    Offset {
        input: Relation,
        offset: Expression,
    },
    Tail {
        input: Relation,
        limit: Expression,
    },
    /// `columns` of `None` is all of them.
    Deduplicate {
        input: Relation,
        columns: Option<Vec<String>>,
        within_watermark: bool,
    },
    Alias {
        input: Relation,
        name: Vec<String>,
        columns: Vec<String>,
    },
    Sample(Sample),
    /// Placement only; rows are the same. `COALESCE`, `REPARTITION`, `DISTRIBUTE BY`.
    Repartition {
        input: Relation,
        count: Option<u32>,
        expressions: Vec<Expression>,
        shuffle: bool,
    },
    Hint {
        input: Relation,
        name: String,
        parameters: Vec<Expression>,
    },
    WithColumns {
        input: Relation,
        columns: Vec<(String, Expression, Option<String>)>,
    },
    WithColumnsRenamed {
        input: Relation,
        renames: Vec<(String, String)>,
    },
    Drop {
        input: Relation,
        columns: Vec<Expression>,
        names: Vec<String>,
    },
    ToDf {
        input: Relation,
        names: Vec<String>,
    },
    ToSchema {
        input: Relation,
        schema: DataType,
    },
    Transpose {
        input: Relation,
        index: Vec<Expression>,
    },
    AsOfJoin {
        name: String,
    },
    CollectMetrics {
        input: Relation,
        name: String,
        metrics: Vec<Expression>,
    },

    // Rows as text.
    ShowString {
        input: Relation,
        rows: i32,
        truncate: i32,
        vertical: bool,
    },
    HtmlString {
        input: Relation,
        rows: i32,
        truncate: i32,
    },

    // DataFrame.na and DataFrame.stat.
    FillNa {
        input: Relation,
        columns: Vec<String>,
        values: Vec<Literal>,
    },
    DropNa {
        input: Relation,
        columns: Vec<String>,
        min_non_nulls: Option<i32>,
    },
    ReplaceNa {
        input: Relation,
        columns: Vec<String>,
        replacements: Vec<(Literal, Literal)>,
    },
    Summary {
        input: Relation,
        statistics: Vec<String>,
    },
    Describe {
        input: Relation,
        columns: Vec<String>,
    },
    Crosstab {
        input: Relation,
        first: String,
        second: String,
    },
    Cov {
        input: Relation,
        first: String,
        second: String,
    },
    Corr {
        input: Relation,
        first: String,
        second: String,
        method: String,
    },
    ApproxQuantile {
        input: Relation,
        columns: Vec<String>,
        probabilities: Vec<f64>,
        relative_error: f64,
    },
    FreqItems {
        input: Relation,
        columns: Vec<String>,
        support: f64,
    },
    SampleBy {
        input: Relation,
        column: Expression,
        fractions: Vec<(Literal, f64)>,
        seed: i64,
    },

    /// What we know by name only; the text says what: "streaming relation", "relation AsOfJoin".
    Unsupported(String),
}

/// A table, view or `format.`/path`` by name.
#[derive(Clone, Debug, Default)]
pub struct TableName {
    pub parts: Vec<String>,
    /// `IDENTIFIER(<constant text>)`; `parts` is then empty.
    pub identifier: Option<Box<Expression>>,
    pub time_travel: Option<TimeTravel>,
    pub options: Vec<(String, String)>,
    /// Where a statement names it, for errors that the name alone is to blame for.
    pub origin: Origin,
}

#[derive(Clone, Debug)]
pub enum TimeTravel {
    /// `VERSION AS OF`: a snapshot id, or the name of a branch or tag.
    Version(String),
    /// `TIMESTAMP AS OF <constant expression>`.
    Timestamp(Box<Expression>),
}

/// Files by path: `spark.read.format(f).load(paths)`.
#[derive(Clone, Debug, Default)]
pub struct Files {
    /// `None`: `spark.sql.sources.default`.
    pub format: Option<String>,
    pub schema: Option<DataType>,
    pub options: Vec<(String, String)>,
    pub paths: Vec<String>,
}

/// A query with what stands around its body.
#[derive(Clone, Debug)]
pub struct Query {
    pub with: Vec<Cte>,
    pub recursive: bool,
    pub body: Relation,
    pub order_by: Vec<SortOrder>,
    /// `ORDER BY ALL`: the direction and null order; `order_by` is then empty.
    pub order_by_all: Option<(bool, bool)>,
    pub sort_by: Vec<SortOrder>,
    pub distribute_by: Vec<Expression>,
    pub cluster_by: Vec<Expression>,
    /// `WINDOW w AS (…)` after the body.
    pub windows: Vec<(String, WindowSpec)>,
    /// `LIMIT ALL` is `None`.
    pub limit: Option<Expression>,
    pub offset: Option<Expression>,
}

impl Query {
    pub fn of(body: Relation) -> Self {
        Self {
            with: Vec::new(),
            recursive: false,
            body,
            order_by: Vec::new(),
            order_by_all: None,
            sort_by: Vec::new(),
            distribute_by: Vec::new(),
            cluster_by: Vec::new(),
            windows: Vec::new(),
            limit: None,
            offset: None,
        }
    }
}

#[derive(Clone, Debug)]
pub struct Cte {
    pub name: String,
    pub columns: Vec<String>,
    pub query: Relation,
    /// `MAX RECURSION LEVEL`.
    pub max_level: Option<u32>,
    pub origin: Origin,
}

/// One SELECT. `from` of `None` is one row without columns; several tables by comma are cross joins already.
#[derive(Clone, Debug)]
pub struct Select {
    pub hints: Vec<Hint>,
    pub distinct: bool,
    pub projection: Vec<Expression>,
    pub from: Option<Relation>,
    pub filter: Option<Expression>,
    pub group_by: GroupBy,
    pub having: Option<Expression>,
    pub windows: Vec<(String, WindowSpec)>,
}

#[derive(Clone, Debug)]
pub struct Hint {
    pub name: String,
    pub parameters: Vec<Expression>,
}

#[derive(Clone, Debug, Default)]
pub enum GroupBy {
    /// No GROUP BY; an aggregate in the projection still makes one group of all rows.
    #[default]
    None,
    /// `GROUP BY ALL`.
    All,
    /// Expressions and `ROLLUP`, `CUBE`, `GROUPING SETS` mixed; their cross product counts.
    Elements(Vec<GroupingElement>),
}

#[derive(Clone, Debug)]
pub enum GroupingElement {
    Expression(Expression),
    /// Each inner list is one composite element: `ROLLUP (a, (b, c))`.
    Rollup(Vec<Vec<Expression>>),
    Cube(Vec<Vec<Expression>>),
    Sets(Vec<GroupingElement>),
    /// A parenthesised list inside GROUPING SETS, or `()`.
    Group(Vec<Expression>),
}

/// The DataFrame's `groupBy().agg()`.
#[derive(Clone, Debug)]
pub struct Aggregate {
    pub input: Relation,
    pub group_by: GroupBy,
    /// `groupBy(…).pivot(column, values)`.
    pub pivot: Option<(Expression, Vec<Literal>)>,
    /// Without the grouping columns, which come first in the result.
    pub aggregates: Vec<Expression>,
}

#[derive(Clone, Debug)]
pub struct Join {
    pub left: Relation,
    pub right: Relation,
    pub kind: JoinKind,
    pub constraint: JoinConstraint,
    /// The right side sees the left's columns: `LATERAL`.
    pub lateral: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum JoinKind {
    Inner,
    Cross,
    LeftOuter,
    RightOuter,
    FullOuter,
    LeftSemi,
    LeftAnti,
}

#[derive(Clone, Debug)]
pub enum JoinConstraint {
    None,
    On(Expression),
    Using(Vec<String>),
    Natural,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SetOperator {
    Union,
    Intersect,
    Except,
}

#[derive(Clone, Debug)]
pub struct Sample {
    pub input: Relation,
    pub with_replacement: bool,
    pub seed: Option<i64>,
    pub method: SampleMethod,
}

#[derive(Clone, Debug)]
pub enum SampleMethod {
    /// Between two fractions of 1.
    Fraction {
        lower: f64,
        upper: f64,
    },
    Rows(Expression),
    Bucket {
        numerator: u32,
        denominator: u32,
    },
}

/// SQL's `PIVOT (aggregates FOR columns IN (values))`.
#[derive(Clone, Debug)]
pub struct Pivot {
    pub input: Relation,
    pub aggregates: Vec<Expression>,
    pub columns: Vec<Expression>,
    /// Each value is one expression, or a row constructor for several columns, with an optional alias.
    pub values: Vec<(Expression, Option<String>)>,
}

/// SQL's `UNPIVOT` and the DataFrame's `unpivot`/`melt`.
#[derive(Clone, Debug)]
pub struct Unpivot {
    pub input: Relation,
    /// The DataFrame names the id columns; in SQL they are all the others (`None`).
    pub ids: Option<Vec<Expression>>,
    /// Groups of columns that become one row each, with the name the row gets. `None`: all that are not ids.
    pub groups: Option<Vec<(Vec<Expression>, Option<String>)>>,
    pub variable: String,
    pub values: Vec<String>,
    pub include_nulls: bool,
}

impl From<Attribute> for Expression {
    fn from(attribute: Attribute) -> Self {
        Expression::new(crate::ExpressionKind::Attribute(attribute), Origin::Unknown)
    }
}
