//! TABLESAMPLE, `df.sample(…)`, `df.sampleBy(…)`: rows by chance. Which rows a seed gives is not what Spark's gives.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Int32Array, ListArray, StructArray};
use arrow::buffer::OffsetBuffer;
use arrow::datatypes::{DataType, Field, Fields, Float64Type};
use datafusion::logical_expr::{ColumnarValue, lit};
use datafusion::scalar::ScalarValue;
use floe_base::{Error, Kind, Origin, Result};
use floe_functions::{Arguments, Kernel, Typed, condition};
use floe_syntax::relation::{Sample, SampleMethod};
use floe_syntax::{Expression, Literal, Relation};

use crate::expression::generator::{Generated, spread};
use crate::expression::{Clause, Names, literal};
use crate::resolver::{Env, Resolver};
use crate::rows::Rows;
use crate::scope::reference;

/// The seed of a sample nobody gave one: a query asked again gives the same rows.
const SEED: i64 = 42;

impl Resolver<'_> {
    pub(crate) fn sample<'t>(&self, sample: &'t Sample, env: &Env<'t>, origin: &Origin) -> Result<Rows> {
        let rows = self.relation(&sample.input, env)?;
        let seed = sample.seed.unwrap_or(SEED);
        let (lower, upper) = match &sample.method {
            SampleMethod::Rows(count) => return Ok(rows.limit(None, Some(self.row_count(count, "limit", env)?))),
            SampleMethod::Fraction { lower, upper } => (*lower, *upper),
            SampleMethod::Bucket { numerator, denominator } => (0.0, f64::from(*numerator) / f64::from(*denominator)),
        };
        let fraction = upper - lower;
        let in_range = lower >= -1e-6 && (sample.with_replacement || upper <= 1.0 + 1e-6) && fraction >= -1e-6;
        if !in_range {
            return Err(Error::message(
                Kind::IllegalArgument,
                format!(
                    "requirement failed: Sampling fraction ({fraction}) must be on interval [0, 1] without replacement"
                ),
            )
            .at(origin));
        }
        let (rows, chance) = self.with_chance(rows, seed, origin)?;
        if sample.with_replacement {
            return self.repeated(rows, chance, fraction);
        }
        let draw = reference(chance);
        rows.filter(draw.clone().gt_eq(lit(lower)).and(draw.lt(lit(upper))))
    }

    /// `df.sampleBy(column, fractions)`: a chance for each value; values without one are left out.
    pub(crate) fn sample_by<'t>(
        &self,
        input: &'t Relation,
        column: &'t Expression,
        fractions: &[(Literal, f64)],
        seed: i64,
        env: &Env<'t>,
        origin: &Origin,
    ) -> Result<Rows> {
        let rows = self.relation(input, env)?;
        let scope = rows.scope.clone();
        let stratum = self.expression(column, &Names::new(&scope, env, Clause::Other))?;
        let mut branches = Vec::with_capacity(fractions.len());
        for (value, fraction) in fractions {
            let value = literal::literal(value, origin)?;
            let equal = self.apply("<=>", vec![stratum.clone(), value], "sampleBy", origin)?;
            branches.push((equal, Typed::constant(ScalarValue::from(*fraction))));
        }
        let (rows, chance) = self.with_chance(rows, seed, origin)?;
        let otherwise = Typed::constant(ScalarValue::from(0.0_f64));
        let fraction = condition::choose(branches, Some(otherwise));
        rows.filter(reference(chance).lt(fraction.expr))
    }

    /// Rows with a number between 0 and 1 beside them.
    fn with_chance(&self, rows: Rows, seed: i64, origin: &Origin) -> Result<(Rows, crate::scope::Id)> {
        let seed = Typed::constant(ScalarValue::from(seed));
        let draw = self.apply("rand", vec![seed], "rand", origin)?;
        let id = self.fresh();
        Ok((rows.extend(vec![(draw.expr, id)])?, id))
    }

    /// Each row as often as a Poisson distribution says.
    fn repeated(&self, rows: Rows, chance: crate::scope::Id, mean: f64) -> Result<Rows> {
        let fields: Fields = vec![Field::new("n", DataType::Int32, false)].into();
        let element = Arc::new(Field::new("element", DataType::Struct(fields.clone()), false));
        let list = DataType::List(element.clone());
        let body = move |arguments: &Arguments<'_>| -> Result<ColumnarValue> {
            let draws = arguments.array(0)?;
            let counts: Vec<usize> =
                draws.as_primitive::<Float64Type>().iter().map(|draw| poisson(draw.unwrap_or(0.0), mean)).collect();
            let total: usize = counts.iter().sum();
            let numbers: ArrayRef = Arc::new(Int32Array::from(vec![0; total]));
            let structs = StructArray::try_new(fields.clone(), vec![numbers], None)?;
            let offsets = OffsetBuffer::from_lengths(counts);
            let lists = ListArray::try_new(element.clone(), offsets, Arc::new(structs), None)?;
            debug_assert_eq!(lists.len(), draws.len());
            Ok(ColumnarValue::Array(Arc::new(lists)))
        };
        let draw = Typed::new(reference(chance), DataType::Float64, false);
        let value = Kernel::new("poisson", mean.to_string(), list, false, body).call(vec![draw]);
        spread(rows, Generated { value, id: self.fresh(), outer: false })
    }
}

/// How often an event of this mean happens, for a number drawn between 0 and 1.
fn poisson(draw: f64, mean: f64) -> usize {
    const TIMES_MAX: usize = 10_000;
    let mut probability = (-mean).exp();
    let mut reached = probability;
    let mut times = 0;
    while draw > reached && times < TIMES_MAX {
        times += 1;
        probability *= mean / f64::from(u32::try_from(times).unwrap_or(u32::MAX));
        reached += probability;
    }
    times
}
