//! The file of times: one row a run, appended by every process that works on the folder, read when one starts.

use std::path::Path;
use std::sync::mpsc::Receiver;
use std::time::Duration;

use floe_base::id::BackendId;
use parking_lot::Mutex;
use rusqlite::{Connection, ErrorCode, params};

use super::{Known, Ran};

/// How long a process waits for another's few statements.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// How often a file is tried that others are just making.
const ATTEMPTS: u32 = 20;
const PAUSE: Duration = Duration::from_millis(50);
/// Rows that are kept, and how many more there may be before the oldest go.
const ROWS_MAX: i64 = 100_000;
const TRIMMED_EVERY: u32 = 1_000;

const CREATE: &str = "CREATE TABLE IF NOT EXISTS runs (
  id INTEGER PRIMARY KEY AUTOINCREMENT, plan INTEGER NOT NULL, backend TEXT NOT NULL, micros INTEGER NOT NULL)";

/// Reads what is there, and writes down what comes until nobody is left to tell of a run.
pub(super) fn keep(path: &Path, known: &Mutex<Known>, queue: &Receiver<Ran>) {
    let connection = match patiently(|| read(path, known)).or_else(|error| instead_of(path, error)) {
        Ok(connection) => connection,
        Err(error) => return tracing::warn!(%error, path = %path.display(), "times of runs are not written down"),
    };
    for (count, ran) in (1u32..).zip(queue) {
        let written = write(&connection, ran).and_then(|()| match count % TRIMMED_EVERY {
            1 => trim(&connection),
            _ => Ok(()),
        });
        if let Err(error) = written {
            tracing::debug!(%error, "the time of a run is not written down");
        }
    }
}

/// Two processes that make the file at once are told that it is locked, whatever they are willing to wait.
fn patiently<T>(work: impl Fn() -> rusqlite::Result<T>) -> rusqlite::Result<T> {
    for _ in 0..ATTEMPTS {
        match work() {
            Err(error)
                if matches!(error.sqlite_error_code(), Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked)) =>
            {
                std::thread::sleep(PAUSE);
            }
            done => return done,
        }
    }
    work()
}

fn read(path: &Path, known: &Mutex<Known>) -> rusqlite::Result<Connection> {
    let connection = open(path)?;
    let mut rows = connection.prepare("SELECT plan, backend, micros FROM runs ORDER BY id")?;
    let found =
        rows.query_map([], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?, row.get::<_, i64>(2)?)))?;
    for row in found {
        let (plan, backend, micros) = row?;
        // A name from another version is no error.
        if let (Some(backend), Ok(micros)) = (BackendId::parse(&backend), u64::try_from(micros)) {
            known.lock().add(Ran { plan: plan.cast_unsigned(), backend, micros });
        }
    }
    drop(rows);
    Ok(connection)
}

/// In the place of a file that is none of ours or broken: nothing in it is worth an error.
fn instead_of(path: &Path, error: rusqlite::Error) -> rusqlite::Result<Connection> {
    let code = error.sqlite_error_code();
    if !matches!(code, Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt)) {
        return Err(error);
    }
    tracing::warn!(path = %path.display(), "the file of times cannot be read and is made anew");
    for end in ["", "-journal"] {
        let mut file = path.as_os_str().to_owned();
        file.push(end);
        // What is not there need not go.
        let _ = std::fs::remove_file(file);
    }
    open(path)
}

fn open(path: &Path) -> rusqlite::Result<Connection> {
    if let Some(folder) = path.parent() {
        // What cannot be made cannot be opened either, and that error is told.
        let _ = std::fs::create_dir_all(folder);
    }
    let connection = Connection::open(path)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    // After a crash of the machine the file may be lost; times are not worth a wait for the disk each.
    connection.pragma_update(None, "synchronous", "OFF")?;
    connection.execute(CREATE, [])?;
    Ok(connection)
}

fn write(connection: &Connection, ran: Ran) -> rusqlite::Result<()> {
    let micros = i64::try_from(ran.micros).unwrap_or(i64::MAX);
    let row = params![ran.plan.cast_signed(), ran.backend.name(), micros];
    connection.prepare_cached("INSERT INTO runs (plan, backend, micros) VALUES (?1, ?2, ?3)")?.execute(row)?;
    Ok(())
}

fn trim(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute("DELETE FROM runs WHERE id <= (SELECT max(id) FROM runs) - ?1", [ROWS_MAX])?;
    Ok(())
}
