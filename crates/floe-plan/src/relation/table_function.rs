//! Functions in FROM: `range(10)`, `explode(a)`, and those of users that give rows (`routine.rs`).

use arrow::datatypes::DataType;
use datafusion::scalar::ScalarValue;
use floe_base::error::quoted;
use floe_base::{Error, Origin, Result};
use floe_functions::cast::cast;
use floe_syntax::expression::{CastMode, Expression, ExpressionKind};

use crate::expression::constant::fold;
use crate::expression::generator::is_generator;
use crate::resolver::{Env, Resolver};
use crate::rows::Rows;

impl Resolver<'_> {
    pub(crate) fn table_function(
        &self,
        name: &[String],
        call: &Expression,
        with_ordinality: bool,
        env: &Env<'_>,
        origin: &Origin,
    ) -> Result<Rows> {
        if with_ordinality {
            return Err(Error::unsupported("WITH ORDINALITY").at(origin));
        }
        if matches!(name, [single] if single.eq_ignore_ascii_case("range")) {
            return self.range_function(call, env, origin);
        }
        if is_generator(call).is_some() {
            return self.generated(super::one_row(), call, false, None, &[], env);
        }
        if let ExpressionKind::Call(call) = &call.kind
            && let Some(known) = self.routine(call, env)?
        {
            return self.routine_rows(known, call, env, origin);
        }
        Err(Error::analysis("UNRESOLVABLE_TABLE_VALUED_FUNCTION").with("name", quoted(name)).at(origin))
    }

    fn range_function(&self, call: &Expression, env: &Env<'_>, origin: &Origin) -> Result<Rows> {
        let ExpressionKind::Call(call) = &call.kind else {
            return Err(Error::internal("a table function that is no call"));
        };
        let mut numbers = Vec::with_capacity(4);
        for argument in &call.arguments {
            let value = self.constant(&argument.value, env)?;
            // The fourth is the number of partitions.
            let (wanted, required) =
                if numbers.len() == 3 { (DataType::Int32, "INT") } else { (DataType::Int64, "BIGINT") };
            let value = cast(value, &wanted, CastMode::Session, self.context, &argument.value.origin)?;
            match fold(&value)? {
                ScalarValue::Int64(Some(number)) => numbers.push(number),
                ScalarValue::Int32(Some(number)) => numbers.push(i64::from(number)),
                _ => {
                    return Err(Error::analysis("UNEXPECTED_INPUT_TYPE")
                        .with("functionName", "`range`")
                        .with("paramIndex", (numbers.len() + 1).to_string())
                        .with("requiredType", format!("\"{required}\""))
                        .with(
                            "inputSql",
                            format!("\"{}\"", crate::name::pretty(&argument.value, &crate::name::Nowhere)),
                        )
                        .with("inputType", "\"VOID\"")
                        .at(origin));
                }
            }
        }
        match numbers.as_slice() {
            [end] => self.range(0, *end, 1, None, origin),
            [start, end] => self.range(*start, *end, 1, None, origin),
            [start, end, step] => self.range(*start, *end, *step, None, origin),
            [start, end, step, partitions] => {
                let partitions = i32::try_from(*partitions).map_err(|_| Error::internal("an INT is none"))?;
                self.range(*start, *end, *step, Some(partitions), origin)
            }
            others => Err(Error::analysis("WRONG_NUM_ARGS.WITHOUT_SUGGESTION")
                .with("functionName", "`range`")
                .with("expectedNum", "[1, 2, 3, 4]")
                .with("actualNum", others.len().to_string())
                .with("docroot", "https://spark.apache.org/docs/latest")
                .at(origin)),
        }
    }
}
