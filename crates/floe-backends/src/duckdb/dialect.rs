//! DuckDB's SQL: what of it gives Spark's answers.
//!
//! Functions of ours say themselves how they are written here (`floe_functions::spelling`). What is named in this file
//! are the engine's own operators and functions, which the resolver takes where they mean what Spark means.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::datatypes::{DataType, Schema};
use datafusion::common::DFSchema;
use datafusion::logical_expr::{AggregateUDF, Expr, Filter, Operator, ScalarUDF, TableScan, WindowUDF};
use datafusion::physical_expr::create_physical_expr;
use datafusion::scalar::ScalarValue;
use floe_base::id::BackendId;
use floe_functions::loosen::loosened;
use floe_functions::spelling;
use floe_sql::write::{Argument, Dialect, Foreign, Refused, Spelling};
use parking_lot::Mutex;

use super::callback::Call;
use super::database::Database;
use super::scan::Source;
use super::statement::{Opened, Purpose};
use super::{literal, types};

/// The dialect of one statement: it opens the foreign expressions of the plan while that is written.
pub(super) struct DuckDbSql<'a> {
    pub(super) database: &'a Arc<Database>,
    /// Where the plan's tables are, by the name of their scan.
    pub(super) sources: &'a HashMap<String, Source>,
    /// About how many rows their scans give, where that is of interest.
    pub(super) counts: &'a HashMap<String, u64>,
    pub(super) purpose: Purpose,
    pub(super) opened: Mutex<Opened>,
}

impl Dialect for DuckDbSql<'_> {
    fn type_name(&self, data_type: &DataType) -> Result<String, Refused> {
        types::name(data_type)
    }

    fn literal(&self, value: &ScalarValue) -> Result<String, Refused> {
        if !literal::is_plain(&value.data_type()) {
            return Err(Refused::new(format!("constant of type {}", value.data_type())));
        }
        literal::literal(value)
    }

    fn rows(&self, scan: &TableScan) -> Option<String> {
        self.sources.get(scan.table_name.table())?.rows()
    }

    fn row_count(&self, scan: &TableScan) -> u64 {
        self.counts.get(scan.table_name.table()).copied().unwrap_or(0)
    }

    fn scan(&self, scan: &TableScan, columns: &[(usize, String)]) -> Result<String, Refused> {
        let name = scan.table_name.table();
        let source = self.sources.get(name).ok_or_else(|| Refused::new(format!("table {name}, which is not there")))?;
        source.query(&scan.projected_schema, columns, self.purpose, &mut self.opened.lock())
    }

    fn loosened(&self, filter: &Filter) -> Option<Expr> {
        loosened(&filter.predicate, &filter.input)
    }

    fn correlates(&self) -> bool {
        true
    }

    fn cast(&self, value: &str, from: &DataType, to: &DataType) -> Option<String> {
        use DataType::{Binary, Boolean, Decimal128, Float32, Float64, Int8, Int16, Int32, Int64, UInt64, Utf8};
        let same = match (from, to) {
            (Int8, Int16 | Int32 | Int64 | Float32 | Float64)
            | (Int16, Int32 | Int64 | Float32 | Float64)
            | (Int32, Int64 | Float32 | Float64)
            | (Int64, Float32 | Float64)
            | (Float32, Float64)
            | (Int8 | Int16 | Int32 | Int64, Utf8 | Decimal128(..))
            | (Boolean, Int8)
            | (Int8, Boolean)
            | (UInt64, Int64 | Int32) => true,
            (DataType::UInt8 | DataType::UInt16 | DataType::UInt32, UInt64) => true,
            (Decimal128(p, s), Decimal128(q, t)) => {
                s <= t && i16::from(*p) - i16::from(*s) <= i16::from(*q) - i16::from(*t)
            }
            (Utf8, Binary) => return Some(format!("encode({value})")),
            _ => false,
        };
        if !same {
            return None;
        }
        Some(format!("CAST({value} AS {})", types::name(to).ok()?))
    }

    fn operator(
        &self,
        operator: Operator,
        left: Argument,
        right: Argument,
        gives: &DataType,
        narrow: bool,
    ) -> Option<String> {
        let (a, b) = (left.field.data_type().clone(), right.field.data_type().clone());
        let (left, right) = (left.text, right.text);
        let alike = a == b || matches!((&a, &b), (DataType::Decimal128(..), DataType::Decimal128(..)));
        if !alike || a.is_nested() || types::carried(&a).is_none() {
            return None;
        }
        let symbol = match operator {
            Operator::Eq => "=",
            Operator::NotEq => "<>",
            Operator::Lt => "<",
            Operator::LtEq => "<=",
            Operator::Gt => ">",
            Operator::GtEq => ">=",
            Operator::IsDistinctFrom => "IS DISTINCT FROM",
            Operator::IsNotDistinctFrom => "IS NOT DISTINCT FROM",
            Operator::Plus | Operator::Minus | Operator::Multiply => {
                return arithmetic(operator, (&left, &a), (&right, &b), gives, narrow);
            }
            // Whole numbers: the mask of a grouping set, taken apart.
            Operator::Divide if matches!(a, DataType::Int64) => return Some(format!("({left} // {right})")),
            Operator::Modulo if matches!(a, DataType::Int64) => return Some(format!("({left} % {right})")),
            _ => return None,
        };
        Some(format!("({left} {symbol} {right})"))
    }

    fn function(&self, function: &ScalarUDF) -> Option<Spelling> {
        let known = spelling::of_scalar(function, BackendId::DuckDb)?;
        self.opened.lock().ways().written(function.name());
        Some(ours(known))
    }

    fn aggregate(&self, function: &AggregateUDF, arguments: &[DataType], distinct: bool) -> Option<Spelling> {
        self.opened.lock().ways().written(function.name());
        if let Some(known) = spelling::of_aggregate(function, BackendId::DuckDb) {
            return Some(ours(known));
        }
        if let Some(gathered) = spelling::gathered_in_duckdb(function, arguments, distinct) {
            return Some(ours(gathered));
        }
        let plain = arguments.iter().all(|argument| !argument.is_nested());
        match function.name() {
            // The one value of a scalar subquery.
            "single_value" => Some(Spelling::of(
                "CASE WHEN count(*){filter} > 1 THEN error('more than one row') ELSE first({0}){filter} END",
            )),
            "count" => Some(Spelling::of("count({distinct}{0}){filter}{over}")),
            name @ ("min" | "max") if plain => {
                Some(Spelling::of(format!("{name}({{distinct}}{{0}}){{filter}}{{over}}")))
            }
            _ => None,
        }
    }

    fn key_type(&self, bound: u64) -> Option<&'static str> {
        // DuckDB keeps the groups of a few small keys in an array; how large a remainder can be it does not see (1.5).
        match bound {
            0..=0x7f => Some("TINYINT"),
            0x80..=0x7fff => self.opened.lock().widen_groups().then_some("SMALLINT"),
            _ => None,
        }
    }

    fn window(&self, function: &WindowUDF) -> Option<Spelling> {
        self.opened.lock().ways().written(function.name());
        Some(match function.name() {
            name @ ("row_number" | "rank" | "dense_rank" | "percent_rank" | "cume_dist") => {
                Spelling::of(format!("{name}(){{over}}"))
            }
            "ntile" => Spelling::of("ntile({0}){over}"),
            name @ ("lag" | "lead") => Spelling::of(format!("{name}({{0}}, {{1}}, {{2}}{{nulls}}){{over}}")),
            name @ ("first_value" | "last_value") => Spelling::of(format!("{name}({{0}}{{nulls}}){{over}}")),
            "nth_value" => Spelling::of("nth_value({0}, {1}{nulls}){over}"),
            _ => return None,
        })
    }

    fn foreign(&self, foreign: &Foreign<'_>, _: Refused) -> Result<String, Refused> {
        let Foreign { expr, arguments, gives, rows } = foreign;
        let failed = |error: floe_base::Error| Refused::new(error.sentence());
        let carried = types::carried(gives.data_type());
        let carried = carried.ok_or_else(|| Refused::new(format!("type {}", gives.data_type())))?;
        let named =
            |(index, argument): (usize, &Argument)| argument.field.as_ref().clone().with_name(format!("a{index}"));
        let schema = Arc::new(Schema::new(arguments.iter().enumerate().map(named).collect::<Vec<_>>()));
        let known = DFSchema::try_from(schema.clone())?;
        let body = create_physical_expr(expr, &known, &self.opened.lock().properties())?;
        let function = self.database.function(&types::name(gives.data_type())?).map_err(failed)?;
        self.opened.lock().ways().called(expr);
        let number = self.opened.lock().call(Call::new(body, schema, carried), *rows);
        let list: String = arguments.iter().map(|argument| format!(", {}", argument.text)).collect();
        Ok(format!("{function}({number}{list})"))
    }
}

/// `+`, `-` and `*` where every result fits its type: floating point, and decimals that are wide enough.
fn arithmetic(
    operator: Operator,
    (left, a): (&str, &DataType),
    (right, b): (&str, &DataType),
    gives: &DataType,
    narrow: bool,
) -> Option<String> {
    match (a, b, gives) {
        (DataType::Float32 | DataType::Float64, ..) => Some(format!("({left} {operator} {right})")),
        (DataType::Decimal128(p, s), DataType::Decimal128(..), DataType::Decimal128(precision, scale)) => {
            // Two narrow decimals DuckDB takes in 64 bits, and raises where that is too little.
            if narrow && spelling::is_narrow(*scale) {
                return Some(format!("({left} {operator} {right})"));
            }
            let wide = types::name(gives).ok()?;
            if operator != Operator::Multiply {
                return Some(format!("CAST((CAST({left} AS {wide}) {operator} CAST({right} AS {wide})) AS {wide})"));
            }
            // One that is wide makes it take 128.
            let left = match *precision > 18 && *p <= 18 {
                true => format!("CAST({left} AS DECIMAL({}, {s}))", 19.min(*precision)),
                false => left.to_string(),
            };
            Some(format!("CAST(({left} * {right}) AS {wide})"))
        }
        _ => None,
    }
}

fn ours(known: spelling::Spelling) -> Spelling {
    Spelling { parts: known.parts, narrow: known.narrow, finish: known.finish }
}
