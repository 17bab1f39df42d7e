//! Expressions as written: names, calls, literals; nothing resolved.
//!
//! Operators are calls of the function with the operator's name (`+`, `=`, `and`, `isnull`, `in`, `like`, `between`),
//! exactly as Spark Connect sends them; so the resolver knows one form. The names are listed at [`Call`].

use floe_base::Origin;

use crate::relation::Relation;
use crate::{DataType, Literal};

/// An expression and where it stands.
#[derive(Clone, Debug)]
pub struct Expression {
    pub kind: ExpressionKind,
    pub origin: Origin,
}

impl Expression {
    pub fn new(kind: ExpressionKind, origin: Origin) -> Self {
        Self { kind, origin }
    }

    pub fn literal(literal: Literal, origin: Origin) -> Self {
        Self::new(ExpressionKind::Literal(literal), origin)
    }

    pub fn column(parts: Vec<String>, origin: Origin) -> Self {
        Self::new(ExpressionKind::Attribute(Attribute { parts, plan_id: None, is_metadata: false }), origin)
    }

    /// A call by plain name with positional arguments.
    pub fn call(name: &str, arguments: Vec<Expression>, origin: Origin) -> Self {
        Self::new(ExpressionKind::Call(Box::new(Call::new(name, arguments))), origin)
    }
}

#[derive(Clone, Debug)]
pub enum ExpressionKind {
    Literal(Literal),
    /// `DATE '2024-01-01'`, `TIMESTAMP '…'`, `TIMESTAMP_LTZ '…'`, `TIMESTAMP_NTZ '…'`, `TIME '…'`: the type's name in upper case and the text.
    TypedLiteral {
        type_name: String,
        text: String,
    },
    Attribute(Attribute),
    Star(Star),
    /// `` df.colRegex("`a.*`") `` and back-ticked names under `spark.sql.parser.quotedRegexColumnNames`.
    ColumnRegex {
        pattern: String,
        plan_id: Option<i64>,
    },
    Call(Box<Call>),
    Cast {
        child: Box<Expression>,
        to: DataType,
        mode: CastMode,
    },
    /// Several names only for generators and structs that yield several columns.
    Alias {
        child: Box<Expression>,
        names: Vec<String>,
        metadata: Option<String>,
    },
    Case {
        operand: Option<Box<Expression>>,
        branches: Vec<(Expression, Expression)>,
        otherwise: Option<Box<Expression>>,
    },
    ScalarSubquery(Box<Relation>),
    Exists(Box<Relation>),
    InSubquery {
        values: Vec<Expression>,
        query: Box<Relation>,
    },
    /// The function (a `Call`) over a window.
    Window {
        function: Box<Expression>,
        window: Box<WindowSpec>,
    },
    Lambda {
        parameters: Vec<String>,
        body: Box<Expression>,
    },
    /// A lambda's parameter as Connect names it; in SQL it is an `Attribute` that the resolver finds in scope.
    LambdaVariable(String),
    /// `a[0]`, `m['k']`, and `(expr).field` (the key is then a string literal).
    ExtractValue {
        child: Box<Expression>,
        key: Box<Expression>,
    },
    /// `withField` (a value) and `dropFields` (none).
    UpdateField {
        child: Box<Expression>,
        field: String,
        value: Option<Box<Expression>>,
    },
    /// A value as a column of a table takes it (`SET c = value`): cast to the column's type by Spark's rules for storing.
    StoreAssignment {
        value: Box<Expression>,
        /// The column, or a member of it.
        place: Box<Expression>,
        /// The table's whole name, for errors.
        table: Vec<String>,
    },
    /// `:name` in a text with parameters.
    NamedParameter(String),
    /// `?`, counted from 0 in the order of the text.
    PositionalParameter(usize),
    /// `DEFAULT` in VALUES of an INSERT and in SET of an UPDATE.
    Default,
    /// `IDENTIFIER(<constant text>)` in the place of a column or function name.
    Identifier {
        text: Box<Expression>,
        arguments: Option<Vec<Expression>>,
    },
    /// What only a JVM or a Python worker can run; the text names it: "Python function `f`".
    External(String),
}

/// A name of one or more parts.
#[derive(Clone, Debug)]
pub struct Attribute {
    pub parts: Vec<String>,
    /// The frame it belongs to (`df["a"]`): it resolves inside the relation with this plan id.
    pub plan_id: Option<i64>,
    pub is_metadata: bool,
}

/// `*`, `t.*`, `* EXCEPT (a, b.c)`.
#[derive(Clone, Debug, Default)]
pub struct Star {
    pub qualifier: Vec<String>,
    pub plan_id: Option<i64>,
    pub except: Vec<Vec<String>>,
}

/// A function call. Operators by these names: `+ - * / % div` (`-` of one argument is the sign, unary plus is `positive`),
/// `= == <=> != < <= > >=`, `and or not`, `& | ^ ~ << >> >>>`, `||` (`concat`), `isnull isnotnull`, `is unknown` and `is not unknown`, `in` (value, list…),
/// `like ilike` (value, pattern[, escape]), `rlike`, `like_any like_all not_like_any not_like_all ilike_any …`
/// (value, patterns…), `between` (value, low, high), `extract` is `date_part`-like: (`extract`, field text, value),
/// `trim`/`ltrim`/`rtrim`/`btrim` as functions, `position`, `overlay`, `substring` as functions,
/// `()` for the row constructor `(a, b)`.
#[derive(Clone, Debug)]
pub struct Call {
    /// One part for built-ins; more for functions of a catalog.
    pub name: Vec<String>,
    pub arguments: Vec<Argument>,
    pub distinct: bool,
    pub filter: Option<Expression>,
    /// `IGNORE NULLS` is `Some(true)`, `RESPECT NULLS` `Some(false)`.
    pub ignore_nulls: Option<bool>,
    /// `WITHIN GROUP (ORDER BY …)`.
    pub within_group: Vec<SortOrder>,
    /// A message of the DataFrame API, which knows functions that SQL has no word for.
    pub of_api: bool,
}

#[derive(Clone, Debug)]
pub struct Argument {
    /// `name => value`.
    pub name: Option<String>,
    pub value: Expression,
}

impl Call {
    pub fn new(name: &str, arguments: Vec<Expression>) -> Self {
        let arguments = arguments.into_iter().map(|value| Argument { name: None, value }).collect();
        Self {
            name: vec![name.into()],
            arguments,
            distinct: false,
            filter: None,
            ignore_nulls: None,
            within_group: Vec::new(),
            of_api: false,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CastMode {
    /// As `spark.sql.ansi.enabled` says.
    Session,
    Legacy,
    Ansi,
    /// NULL instead of an error: `try_cast`.
    Try,
}

#[derive(Clone, Debug)]
pub struct SortOrder {
    pub child: Expression,
    pub ascending: bool,
    /// Spark's default: first when ascending, last when descending; filled in by whoever builds the node.
    pub nulls_first: bool,
}

#[derive(Clone, Debug, Default)]
pub struct WindowSpec {
    /// `OVER w`, or `OVER (w …)`.
    pub base: Option<String>,
    pub partition_by: Vec<Expression>,
    pub order_by: Vec<SortOrder>,
    pub frame: Option<WindowFrame>,
}

#[derive(Clone, Debug)]
pub struct WindowFrame {
    pub rows: bool,
    pub start: FrameBound,
    pub end: FrameBound,
}

#[derive(Clone, Debug)]
pub enum FrameBound {
    UnboundedPreceding,
    CurrentRow,
    UnboundedFollowing,
    /// `n PRECEDING`.
    Preceding(Box<Expression>),
    /// `n FOLLOWING`.
    Following(Box<Expression>),
    /// A signed offset, as the DataFrame API gives it: negative is preceding.
    Offset(Box<Expression>),
}
