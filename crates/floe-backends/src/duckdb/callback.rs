//! Expressions that DuckDB has this process compute: what has no spelling there that means the same.
//!
//! A query writes `floe_call_3(17, a, b)`: 17 is the expression's number, 3 stands for the type of the result, which a
//! function of DuckDB's has to fix when it is registered. Rows come and go as Arrow arrays, some thousands at a time.

#![expect(unsafe_code, reason = "the C interface of DuckDB, for what the crate over it does not offer")]

use std::collections::HashMap;
use std::ffi::{CStr, CString, c_void};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch, RecordBatchOptions, StructArray};
use arrow::datatypes::{DataType, Field, Int64Type, SchemaRef};
use arrow::ffi::{FFI_ArrowArray, FFI_ArrowSchema, from_ffi, to_ffi};
use datafusion::physical_plan::PhysicalExpr;
use duckdb::ffi;
use floe_base::{Error, Result};
use parking_lot::{Mutex, RwLock};

use super::conform::conform;
use super::database::c_text;

/// The expressions of all running queries, by number.
#[derive(Debug, Default)]
pub(super) struct Calls {
    next: AtomicI64,
    open: RwLock<HashMap<i64, Arc<Call>>>,
}

/// One foreign expression.
#[derive(Debug)]
pub(super) struct Call {
    body: Arc<dyn PhysicalExpr>,
    /// The arguments with the plan's types.
    arguments: SchemaRef,
    /// The type that stands for the result's in DuckDB.
    gives: DataType,
    /// What the expression raised, whole: DuckDB keeps only a text of it.
    raised: Mutex<Option<Error>>,
}

impl Calls {
    /// Opens an expression for queries until it is closed.
    pub(super) fn open(&self, call: Call) -> (i64, Arc<Call>) {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let call = Arc::new(call);
        self.open.write().insert(number, call.clone());
        (number, call)
    }

    pub(super) fn close(&self, number: i64) {
        self.open.write().remove(&number);
    }

    fn find(&self, number: i64) -> Result<Arc<Call>> {
        let found = self.open.read().get(&number).cloned();
        found.ok_or_else(|| Error::internal(format!("the foreign expression {number} is not open")))
    }
}

impl Call {
    pub(super) fn new(body: Arc<dyn PhysicalExpr>, arguments: SchemaRef, gives: DataType) -> Self {
        Self { body, arguments, gives, raised: Mutex::default() }
    }

    /// The error it raised first.
    pub(super) fn raised(&self) -> Option<Error> {
        self.raised.lock().clone()
    }

    fn evaluate(&self, given: &[ArrayRef], rows: usize) -> Result<ArrayRef> {
        let columns = given.iter().zip(self.arguments.fields()).map(|(array, field)| conform(array, field.data_type()));
        let options = RecordBatchOptions::new().with_row_count(Some(rows));
        let columns = columns.collect::<Result<Vec<_>>>()?;
        let batch = RecordBatch::try_new_with_options(self.arguments.clone(), columns, &options)?;
        conform(&self.body.evaluate(&batch)?.into_array(rows)?, &self.gives)
    }
}

/// What a registered function knows.
struct State {
    calls: Arc<Calls>,
    connection: ffi::duckdb_connection,
    options: ffi::duckdb_arrow_options,
}

impl Drop for State {
    fn drop(&mut self) {
        // SAFETY: made by `register` for this state alone.
        unsafe { ffi::duckdb_destroy_arrow_options(&raw mut self.options) };
    }
}

/// Registers the function of a result's type.
///
/// # Safety
/// The connection is open, nobody else uses it during the call, and it stays open while queries run.
pub(super) unsafe fn register(
    connection: ffi::duckdb_connection,
    name: &str,
    type_name: &str,
    calls: &Arc<Calls>,
) -> Result<()> {
    // SAFETY: all handles are made here and destroyed here, but for the state, which DuckDB drops by `forget`.
    unsafe {
        let mut returns = logical_type(connection, type_name)?;
        let mut number = ffi::duckdb_create_logical_type(ffi::DUCKDB_TYPE_DUCKDB_TYPE_BIGINT);
        let mut any = ffi::duckdb_create_logical_type(ffi::DUCKDB_TYPE_DUCKDB_TYPE_ANY);
        let mut options: ffi::duckdb_arrow_options = ptr::null_mut();
        ffi::duckdb_connection_get_arrow_options(connection, &raw mut options);
        let state = Box::new(State { calls: calls.clone(), connection, options });
        let mut function = ffi::duckdb_create_scalar_function();
        ffi::duckdb_scalar_function_set_name(function, c_text(name).as_ptr());
        ffi::duckdb_scalar_function_add_parameter(function, number);
        ffi::duckdb_scalar_function_set_varargs(function, any);
        ffi::duckdb_scalar_function_set_return_type(function, returns);
        ffi::duckdb_scalar_function_set_special_handling(function);
        ffi::duckdb_scalar_function_set_extra_info(function, Box::into_raw(state).cast(), Some(forget));
        ffi::duckdb_scalar_function_set_function(function, Some(call));
        let outcome = ffi::duckdb_register_scalar_function(connection, function);
        ffi::duckdb_destroy_scalar_function(&raw mut function);
        ffi::duckdb_destroy_logical_type(&raw mut returns);
        ffi::duckdb_destroy_logical_type(&raw mut number);
        ffi::duckdb_destroy_logical_type(&raw mut any);
        if outcome != ffi::DuckDBSuccess {
            return Err(Error::internal(format!("DuckDB does not take a function that returns {type_name}")));
        }
    }
    Ok(())
}

/// DuckDB's own handle of a type, by its name.
unsafe fn logical_type(connection: ffi::duckdb_connection, type_name: &str) -> Result<ffi::duckdb_logical_type> {
    let query = c_text(&format!("SELECT CAST(NULL AS {type_name})"));
    let mut statement: ffi::duckdb_prepared_statement = ptr::null_mut();
    // SAFETY: the statement is destroyed below, whatever became of it.
    unsafe {
        let outcome = ffi::duckdb_prepare(connection, query.as_ptr(), &raw mut statement);
        let found = match outcome == ffi::DuckDBSuccess {
            true => ffi::duckdb_prepared_statement_column_logical_type(statement, 0),
            false => ptr::null_mut(),
        };
        ffi::duckdb_destroy_prepare(&raw mut statement);
        match found.is_null() {
            true => Err(Error::internal(format!("DuckDB does not know the type {type_name}"))),
            false => Ok(found),
        }
    }
}

unsafe extern "C" fn forget(state: *mut c_void) {
    // SAFETY: DuckDB gives back, once, what `register` gave it.
    drop(unsafe { Box::from_raw(state.cast::<State>()) });
}

/// Copies rows with all that belongs to them.
unsafe fn copy(from: ffi::duckdb_vector, to: ffi::duckdb_vector, rows: usize) {
    // SAFETY: both vectors have so many rows of one type; the selection has one place for each, and is destroyed here.
    unsafe {
        let all = ffi::duckdb_create_selection_vector(rows as u64);
        let places = ffi::duckdb_selection_vector_get_data_ptr(all);
        for (row, place) in (0..rows).zip(0u32..) {
            places.add(row).write(place);
        }
        ffi::duckdb_vector_copy_sel(from, to, all, rows as u64, 0, 0);
        ffi::duckdb_destroy_selection_vector(all);
    }
}

/// What DuckDB calls with some rows. Neither an error nor a panic may leave it.
unsafe extern "C" fn call(info: ffi::duckdb_function_info, input: ffi::duckdb_data_chunk, output: ffi::duckdb_vector) {
    // SAFETY: the state is the one of `register`, and lives as long as the function.
    let state = unsafe { &*ffi::duckdb_scalar_function_get_extra_info(info).cast::<State>() };
    // SAFETY: the chunk and the vector are DuckDB's for the time of this call.
    let outcome = catch_unwind(AssertUnwindSafe(|| unsafe { state.run(input, output) }));
    let text = match outcome {
        Ok(Ok(())) => return,
        Ok(Err(error)) => error.to_string(),
        Err(_) => "a foreign expression panicked".into(),
    };
    // SAFETY: DuckDB copies the text.
    unsafe { ffi::duckdb_scalar_function_set_error(info, c_text(&text).as_ptr()) };
}

impl State {
    unsafe fn run(&self, input: ffi::duckdb_data_chunk, output: ffi::duckdb_vector) -> Result<()> {
        // SAFETY: the caller's chunk.
        let given = unsafe { self.import(input)? };
        let (Some(number), arguments) = (given.columns().first(), given.columns().get(1..).unwrap_or_default()) else {
            return Err(Error::internal("a foreign expression without its number"));
        };
        if given.is_empty() {
            return Ok(());
        }
        let call = self.calls.find(number.as_primitive::<Int64Type>().value(0))?;
        match call.evaluate(arguments, given.len()) {
            // SAFETY: the caller's vector, which has the type of `gives`.
            Ok(array) => unsafe { self.export(array, output) },
            Err(error) => {
                call.raised.lock().get_or_insert_with(|| error.clone());
                Err(error)
            }
        }
    }

    /// The rows of a chunk as a struct of its columns.
    unsafe fn import(&self, chunk: ffi::duckdb_data_chunk) -> Result<StructArray> {
        // SAFETY: every handle made here is destroyed here; the arrays are released by arrow.
        unsafe {
            let count = ffi::duckdb_data_chunk_get_column_count(chunk);
            let mut types: Vec<ffi::duckdb_logical_type> = (0..count)
                .map(|index| ffi::duckdb_vector_get_column_type(ffi::duckdb_data_chunk_get_vector(chunk, index)))
                .collect();
            let names: Vec<CString> = (0..count).map(|index| c_text(&index.to_string())).collect();
            let mut names: Vec<_> = names.iter().map(|name| name.as_ptr()).collect();
            let mut schema = FFI_ArrowSchema::empty();
            let told = ffi::duckdb_to_arrow_schema(
                self.options,
                types.as_mut_ptr(),
                names.as_mut_ptr(),
                count,
                (&raw mut schema).cast(),
            );
            types.iter_mut().for_each(|one| ffi::duckdb_destroy_logical_type(&raw mut *one));
            checked(told)?;
            let mut array = FFI_ArrowArray::empty();
            checked(ffi::duckdb_data_chunk_to_arrow(self.options, chunk, (&raw mut array).cast()))?;
            Ok(StructArray::from(from_ffi(array, &schema)?))
        }
    }

    /// Has the vector refer to the array's rows, or hold a copy of what lies outside of them: of texts and lists, CASE and
    /// COALESCE keep only where they are, and let go of the vector they came in (DuckDB 1.5).
    unsafe fn export(&self, array: ArrayRef, output: ffi::duckdb_vector) -> Result<()> {
        let (rows, is_flat) =
            (array.len(), array.data_type().is_primitive() || array.data_type() == &DataType::Boolean);
        let field = Arc::new(Field::new("0", array.data_type().clone(), true));
        let row = StructArray::try_new(vec![field].into(), vec![array], None)?;
        let (mut array, mut schema) = to_ffi(&row.into_data())?;
        // SAFETY: DuckDB takes the array over and marks it so; the handles made here are destroyed here, and the vector
        // keeps the rows alive.
        unsafe {
            let mut converted: ffi::duckdb_arrow_converted_schema = ptr::null_mut();
            checked(ffi::duckdb_schema_from_arrow(self.connection, (&raw mut schema).cast(), &raw mut converted))?;
            let mut chunk: ffi::duckdb_data_chunk = ptr::null_mut();
            let array = (&raw mut array).cast();
            let outcome = ffi::duckdb_data_chunk_from_arrow(self.connection, array, converted, &raw mut chunk);
            ffi::duckdb_destroy_arrow_converted_schema(&raw mut converted);
            checked(outcome)?;
            let vector = ffi::duckdb_data_chunk_get_vector(chunk, 0);
            match is_flat {
                true => ffi::duckdb_vector_reference_vector(output, vector),
                false => copy(vector, output, rows),
            }
            ffi::duckdb_destroy_data_chunk(&raw mut chunk);
        }
        Ok(())
    }
}

/// An error of DuckDB's as one of ours.
unsafe fn checked(mut outcome: ffi::duckdb_error_data) -> Result<()> {
    if outcome.is_null() {
        return Ok(());
    }
    // SAFETY: the caller hands over what DuckDB gave it.
    unsafe {
        let failed = ffi::duckdb_error_data_has_error(outcome);
        let text = match failed {
            true => CStr::from_ptr(ffi::duckdb_error_data_message(outcome)).to_string_lossy().into_owned(),
            false => String::new(),
        };
        ffi::duckdb_destroy_error_data(&raw mut outcome);
        if failed { Err(Error::internal(text)) } else { Ok(()) }
    }
}
