//! The one scalar function type of ours inside the engine: a closure with a name, a type and an identity.

use std::any::Any;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use arrow::array::{ArrayRef, new_empty_array};
use arrow::datatypes::{DataType, Field, FieldRef};
use datafusion::common::Result as DataFusionResult;
use datafusion::logical_expr::expr::ScalarFunction;
use datafusion::logical_expr::{
    ColumnarValue, Expr, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, TypeSignature,
    Volatility,
};
use datafusion::scalar::ScalarValue;
use floe_base::id::BackendId;
use floe_base::{Origin, Result};

use crate::spelling::{Spelling, Spellings};
use crate::{Interrupt, Typed};

type Body = dyn Fn(&Arguments<'_>) -> Result<ColumnarValue> + Send + Sync;

/// A scalar function with everything decided: its types, its session, its place in the query.
///
/// Two kernels are the same function when name, key and type are equal; so `key` must hold whatever the body captured.
#[derive(Clone)]
pub struct Kernel {
    name: String,
    key: String,
    field: FieldRef,
    origin: Origin,
    fallible: bool,
    by_partition: Option<ByPartition>,
    signature: Signature,
    spellings: Spellings,
    body: Arc<Body>,
}

/// How a kernel's values depend on the partition of a row (`partition.rs`).
#[derive(Clone, Copy)]
struct ByPartition {
    /// Its own arguments; the one after them is the partition, once it is known.
    own_arguments: usize,
    /// Without the partition there is no value.
    required: bool,
}

/// What a kernel's body works on.
pub struct Arguments<'a> {
    pub values: &'a [ColumnarValue],
    pub rows: usize,
    /// Raised when nobody waits for the result any more; kernels that work long on a row look at it from row to row.
    pub interrupt: &'a Interrupt,
    /// Where the call stands, for errors it raises.
    pub origin: &'a Origin,
}

impl Arguments<'_> {
    /// The nth argument as an array of `rows` values.
    pub fn array(&self, index: usize) -> Result<ArrayRef> {
        let value = self.values.get(index).ok_or_else(|| floe_base::Error::internal("a kernel misses an argument"))?;
        Ok(value.to_array(self.rows)?)
    }

    /// True when every argument is a constant: the result is then one too, if the body makes it so.
    pub fn all_scalar(&self) -> bool {
        self.values.iter().all(|value| matches!(value, ColumnarValue::Scalar(_)))
    }
}

impl Kernel {
    pub fn new(
        name: &str,
        key: impl Into<String>,
        data_type: DataType,
        nullable: bool,
        body: impl Fn(&Arguments<'_>) -> Result<ColumnarValue> + Send + Sync + 'static,
    ) -> Self {
        Self {
            name: name.into(),
            key: key.into(),
            field: Arc::new(Field::new(name, data_type, nullable)),
            origin: Origin::Unknown,
            fallible: false,
            by_partition: None,
            signature: any_arguments(Volatility::Immutable),
            spellings: Spellings::new(),
            body: Arc::new(body),
        }
    }

    #[must_use]
    pub fn at(mut self, origin: &Origin) -> Self {
        self.origin = origin.clone();
        self
    }

    /// It says which types it takes, for callers that have no binding to tell them.
    #[must_use]
    pub(crate) fn taking(mut self, types: Vec<DataType>) -> Self {
        self.signature = Signature::exact(types, self.signature.volatility);
        self
    }

    /// It may raise.
    #[must_use]
    pub fn fallible(mut self) -> Self {
        self.fallible = true;
        self
    }

    pub fn is_fallible(&self) -> bool {
        self.fallible
    }

    /// A backend writes it so, and means the same (see [`crate::spelling`]).
    #[must_use]
    pub(crate) fn spelled(mut self, backend: BackendId, text: impl Into<String>) -> Self {
        self.spellings.push((backend, Spelling::of(text)));
        self
    }

    /// The same with a text for fewer digits ([`Spelling::narrow`]).
    #[must_use]
    pub(crate) fn spelled_narrow(mut self, backend: BackendId, text: String, narrow: Option<String>) -> Self {
        self.spellings.push((backend, Spelling { narrow, ..Spelling::of(text) }));
        self
    }

    pub(crate) fn spellings(&self) -> &Spellings {
        &self.spellings
    }

    /// It gives another value each time it is asked (`rand`, `uuid`).
    #[must_use]
    pub fn volatile(mut self) -> Self {
        self.signature = any_arguments(Volatility::Volatile);
        self
    }

    /// The same, and its values go by the partition of a row: an argument after its own, where it is known.
    #[must_use]
    pub(crate) fn by_partition(self, own_arguments: usize) -> Self {
        Self { by_partition: Some(ByPartition { own_arguments, required: false }), ..self.volatile() }
    }

    /// The same, and there is no value where the partition is not known.
    #[must_use]
    pub(crate) fn of_partition(self, own_arguments: usize) -> Self {
        Self { by_partition: Some(ByPartition { own_arguments, required: true }), ..self.volatile() }
    }

    /// How many arguments come before the partition, for kernels whose values go by it.
    pub(crate) fn own_arguments(&self) -> Option<usize> {
        self.by_partition.map(|by| by.own_arguments)
    }

    pub(crate) fn is_lost_without_partition(&self) -> bool {
        self.by_partition.is_some_and(|by| by.required)
    }

    /// The function's name.
    pub(crate) fn label(&self) -> &str {
        &self.name
    }

    /// Where the call stands.
    pub(crate) fn origin(&self) -> &Origin {
        &self.origin
    }

    /// The call of this kernel over arguments whose types it was made for.
    pub fn call(self, arguments: Vec<Typed>) -> Typed {
        if let Some(constant) = self.folded(&arguments) {
            return constant;
        }
        let fallible = self.fallible || arguments.iter().any(|argument| argument.fallible);
        let (data_type, nullable) = (self.field.data_type().clone(), self.field.is_nullable());
        let args = arguments.into_iter().map(|argument| argument.expr).collect();
        let udf = Arc::new(ScalarUDF::new_from_impl(self));
        Typed::new(Expr::ScalarFunction(ScalarFunction::new_udf(udf, args)), data_type, nullable)
            .with_fallible(fallible)
    }

    /// The value of a call that could raise and, over these constants, does not: nothing has to guard it, so that the
    /// engine can split the condition around it and push it down (`quantity <= 1 + 10`). One that does raise is left for
    /// the rows that reach it, as Spark 4.1's `ConstantFolding` leaves it. Only small values: nothing large is made here.
    fn folded(&self, arguments: &[Typed]) -> Option<Typed> {
        let data_type = self.field.data_type();
        let is_small = data_type.is_primitive() || matches!(data_type, DataType::Boolean);
        if !self.fallible || !is_small || self.signature.volatility != Volatility::Immutable {
            return None;
        }
        let constant = |argument: &Typed| argument.literal().cloned().map(ColumnarValue::Scalar);
        let values: Vec<ColumnarValue> = arguments.iter().map(constant).collect::<Option<_>>()?;
        let found = (self.body)(&Arguments {
            values: &values,
            rows: 1,
            interrupt: &Interrupt::default(),
            origin: &self.origin,
        })
        .ok()?;
        let value = match found {
            ColumnarValue::Scalar(value) => value,
            ColumnarValue::Array(array) => ScalarValue::try_from_array(&array, 0).ok()?,
        };
        let fits = value.data_type() == *data_type;
        fits.then(|| Typed::new(Expr::Literal(value, None), data_type.clone(), self.field.is_nullable()))
    }
}

/// The arguments were made to fit when the call was bound; there may be none.
fn any_arguments(volatility: Volatility) -> Signature {
    Signature::one_of(vec![TypeSignature::VariadicAny, TypeSignature::Nullary], volatility)
}

impl ScalarUDFImpl for Kernel {
    fn as_any(&self) -> &dyn Any {
        self
    }

    fn name(&self) -> &str {
        &self.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> DataFusionResult<DataType> {
        Ok(self.field.data_type().clone())
    }

    fn return_field_from_args(&self, _: ReturnFieldArgs) -> DataFusionResult<FieldRef> {
        Ok(self.field.clone())
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> DataFusionResult<ColumnarValue> {
        // Of no rows nothing is evaluated, not even constants: they might raise.
        if args.number_rows == 0 {
            return Ok(ColumnarValue::Array(new_empty_array(self.field.data_type())));
        }
        let interrupt = Interrupt::of(&args.config_options);
        let arguments =
            Arguments { values: &args.args, rows: args.number_rows, interrupt: &interrupt, origin: &self.origin };
        (self.body)(&arguments).map_err(|error| error.at(&self.origin).into())
    }
}

impl fmt::Debug for Kernel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}[{}]", self.name, self.key)
    }
}

impl PartialEq for Kernel {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name && self.key == other.key && self.field == other.field
    }
}
impl Eq for Kernel {}
impl Hash for Kernel {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.name.hash(state);
        self.key.hash(state);
        self.field.data_type().hash(state);
    }
}
