//! Columns of files that are read again and again, copied into a file of DuckDB's own, where a query finds them decoded
//! and counted. Files are known by name, size and time: those that were written anew are others.
//!
//! Which files a table has, and how they are read while there is no copy: `scan/`. Why: docs/decisions/0021.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt;
use std::path::Path;
use std::sync::Arc;

use duckdb::{Connection, InterruptHandle};
use floe_base::{Error, Result};
use parking_lot::Mutex;

use super::config::SESSION;
use super::database::Database;
use super::failure;
use super::scan::Files;
use super::types::{quote, text};

/// Reads of a column after which it is copied: what that costs is about what they did.
const READS: u32 = 3;
/// Tables that are watched; the one that was read longest ago is forgotten first.
const WATCHED_MAX: usize = 256;
/// Files of a table that is watched.
const FILES_MAX: usize = 1000;
/// A table that takes no more than this part of the room is copied whole; of a larger one what queries asked for.
const WHOLE_PART: u64 = 4;
/// Copies take no more than this part of what the disk has for them and everybody else.
const DISK_PART: u64 = 4;
/// The name of the file in SQL.
const ALIAS: &str = "floe_copies";

/// The copies of one database.
pub(super) struct Copies {
    /// Bytes on disk that all of them may take; 0: there are none.
    room: u64,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    tables: HashMap<Files, Watched>,
    /// Copies that larger ones stand for now, and that queries may still read.
    old: Vec<Arc<Copy>>,
    is_making: bool,
    /// Stops what is being made.
    making: Option<Arc<InterruptHandle>>,
    is_attached: bool,
    has_ended: bool,
    /// Counts reads, as a clock for forgetting.
    now: u64,
    /// Copies made so far, for their names.
    made: u64,
}

#[derive(Debug, Default)]
struct Watched {
    /// How often a column was asked for that no copy had, by its place.
    missed: BTreeMap<usize, u32>,
    copy: Option<Arc<Copy>>,
    /// It was tried, and will not be again.
    is_refused: bool,
    used: u64,
}

/// Some columns of a table's files. Whoever holds it may read it; it is dropped after that.
#[derive(Debug)]
pub(super) struct Copy {
    /// Its name in SQL, whole.
    pub(super) name: String,
    columns: BTreeSet<usize>,
}

impl fmt::Debug for Copies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Copies").field("room", &self.room).finish_non_exhaustive()
    }
}

impl Copy {
    /// The name of a column, by its place in the table; of one that nobody asked for NULL stands in its place.
    pub(super) fn column(&self, index: usize) -> String {
        if self.columns.contains(&index) { named(index) } else { "NULL".into() }
    }
}

/// What is to be copied.
struct Due {
    files: Files,
    columns: BTreeSet<usize>,
    name: String,
}

impl Copies {
    pub(super) fn new(room: u64) -> Self {
        Self { room, state: Mutex::default() }
    }

    /// The copy that has these columns of a table. Where there is none and rows are wanted, that is remembered.
    pub(super) fn find(&self, files: &Files, columns: &[usize], is_read: bool) -> Option<Arc<Copy>> {
        if files.bytes() == 0 || files.bytes() > self.room || files.count() > FILES_MAX {
            return None;
        }
        let mut state = self.state.lock();
        state.now += 1;
        let now = state.now;
        if is_read && !state.tables.contains_key(files) {
            state.forget();
            state.tables.insert(files.clone(), Watched::default());
        }
        let watched = state.tables.get_mut(files)?;
        watched.used = now;
        if let Some(copy) = watched.copy.as_ref().filter(|copy| columns.iter().all(|one| copy.columns.contains(one))) {
            return Some(copy.clone());
        }
        if is_read {
            columns.iter().for_each(|column| *watched.missed.entry(*column).or_default() += 1);
        }
        None
    }

    /// Whether there is a copy of a table's files, of whichever columns.
    pub(super) fn has(&self, table: &str) -> bool {
        self.state.lock().tables.iter().any(|(files, watched)| watched.copy.is_some() && files.table == table)
    }

    /// Makes the copies that are due, unless another thread does. They are a help and no more: one that fails is not tried
    /// again, and queries read the files.
    pub(super) fn make(&self, database: &Database, folder: &Path) {
        loop {
            // Queries look for copies meanwhile: the lock is not held.
            let due = self.state.lock().due(self.room);
            let Some(due) = due else { return };
            let made = database.connect().and_then(|connection| self.copy(&connection, folder, &due));
            if let Err(error) = &made {
                tracing::info!(table = due.files.table, %error, "no copy is made");
            }
            self.state.lock().done(due, made.ok());
        }
    }

    /// `false`: the disk, or copies that are being read, leave no room.
    fn copy(&self, connection: &Connection, folder: &Path, due: &Due) -> Result<bool> {
        let run = |sql: &str| connection.execute_batch(sql).map_err(|error| failure::error(&failure::text(&error)));
        run(SESSION)?;
        let is_attached = self.state.lock().begin(connection)?;
        if !is_attached {
            let file = text(&folder.join("copies.duckdb").display().to_string());
            run(&format!("ATTACH {file} AS {ALIAS}"))?;
            self.state.lock().is_attached = true;
        }
        let unread = self.state.lock().unread();
        for old in unread {
            run(&format!("DROP TABLE {}", old.name))?;
        }
        let room = self.room.min((taken(connection)? + free(folder)?) / DISK_PART);
        if due.files.bytes() > room {
            return Ok(false);
        }
        while taken(connection)? + due.files.bytes() > room {
            let oldest = self.state.lock().oldest(&due.files);
            let Some(oldest) = oldest else { return Ok(false) };
            run(&format!("DROP TABLE {}", oldest.name))?;
            run(&format!("CHECKPOINT {ALIAS}"))?;
        }
        let columns: Vec<(usize, String)> = due.columns.iter().map(|index| (*index, named(*index))).collect();
        run(&format!("CREATE TABLE {} AS {}", due.name, due.files.whole(&columns)))?;
        // What was dropped is free for others from then on; beside a query that writes it is not possible, and comes later.
        if let Err(error) = run(&format!("CHECKPOINT {ALIAS}")) {
            tracing::debug!(%error, "the file of copies is not written whole");
        }
        Ok(true)
    }

    /// Stops what is being made. The file goes with its folder.
    pub(super) fn end(&self, connection: &Connection) {
        let mut state = self.state.lock();
        state.has_ended = true;
        if let Some(making) = state.making.take() {
            making.interrupt();
        }
        if std::mem::take(&mut state.is_attached)
            && let Err(error) = connection.execute_batch(&format!("DETACH {ALIAS}"))
        {
            tracing::debug!(%error, "copies stay open until their last query ends");
        }
    }
}

impl State {
    /// Makes room for one more table to be watched.
    fn forget(&mut self) {
        while self.tables.len() >= WATCHED_MAX {
            let oldest = self.tables.iter().min_by_key(|(_, watched)| watched.used).map(|(files, _)| files.clone());
            let Some(watched) = oldest.and_then(|files| self.tables.remove(&files)) else { return };
            self.old.extend(watched.copy);
        }
    }

    /// What is to be copied next; nothing while something is.
    fn due(&mut self, room: u64) -> Option<Due> {
        if self.is_making || self.has_ended {
            return None;
        }
        let is_due = |watched: &Watched| !watched.is_refused && watched.missed.values().any(|count| *count >= READS);
        let latest = self.tables.iter().filter(|(_, watched)| is_due(watched)).max_by_key(|(_, watched)| watched.used);
        let (files, watched) = latest?;
        let had = watched.copy.iter().flat_map(|copy| &copy.columns);
        let columns = match files.bytes() <= room / WHOLE_PART {
            true => files.present().collect(),
            false => had.chain(watched.missed.keys()).copied().collect(),
        };
        self.is_making = true;
        self.made += 1;
        Some(Due { files: files.clone(), columns, name: format!("{ALIAS}.t{}", self.made) })
    }

    /// Whether the file of copies is open already.
    fn begin(&mut self, connection: &Connection) -> Result<bool> {
        if self.has_ended {
            return Err(Error::internal("the database is being closed"));
        }
        self.making = Some(connection.interrupt_handle());
        Ok(self.is_attached)
    }

    /// `made`: whether there was room; `None`: it failed, and is not tried again.
    fn done(&mut self, due: Due, made: Option<bool>) {
        (self.is_making, self.making) = (false, None);
        let is_made = made == Some(true);
        let copy = Arc::new(Copy { name: due.name, columns: due.columns });
        let Some(watched) = self.tables.get_mut(&due.files) else {
            self.old.extend(is_made.then_some(copy));
            return;
        };
        watched.missed.clear();
        watched.is_refused = made.is_none();
        if is_made {
            self.old.extend(watched.copy.replace(copy));
        }
    }

    /// Takes the old copies that nobody reads any more.
    fn unread(&mut self) -> Vec<Arc<Copy>> {
        self.old.extract_if(.., |copy| Arc::strong_count(copy) == 1).collect()
    }

    /// Takes the copy that was read longest ago, of those that nobody reads now.
    fn oldest(&mut self, but: &Files) -> Option<Arc<Copy>> {
        let is_free = |copy: &Arc<Copy>| Arc::strong_count(copy) == 1;
        let free = self
            .tables
            .iter_mut()
            .filter(|(files, watched)| *files != but && watched.copy.as_ref().is_some_and(is_free));
        free.min_by_key(|(_, watched)| watched.used)?.1.copy.take()
    }
}

/// What a column is called in a copy.
fn named(index: usize) -> String {
    quote(&format!("c{index}"))
}

/// Bytes that are free on the folder's disk.
fn free(folder: &Path) -> Result<u64> {
    let disk =
        rustix::fs::statvfs(folder).map_err(|error| Error::internal(format!("{}: {error}", folder.display())))?;
    Ok(disk.f_bavail.saturating_mul(disk.f_frsize))
}

/// Bytes of the file that are in use.
fn taken(connection: &Connection) -> Result<u64> {
    let sql = format!("SELECT block_size * used_blocks FROM pragma_database_size() WHERE database_name = '{ALIAS}'");
    let taken = connection.query_row(&sql, [], |row| row.get::<_, i64>(0));
    taken.map(i64::unsigned_abs).map_err(|error| failure::error(&failure::text(&error)))
}

#[cfg(test)]
mod tests {
    use super::super::Config;
    use super::super::scan::File;
    use super::*;
    use crate::memory::Budget;

    const KB: u64 = 1 << 10;

    /// A database with room for so many bytes of copies, and the folder its files are in.
    fn opened(room: u64) -> (Database, tempfile::TempDir) {
        let folder = tempfile::tempdir().expect("a folder");
        let memory = Budget::new(1 << 30);
        let spill_dir = Some(folder.path().to_path_buf());
        let config =
            Config { memory, spill_dir, spill_bytes: 1 << 30, copies_bytes: room, threads: 1, extensions: None };
        (Database::open(&config).expect("a database"), folder)
    }

    /// A file with the columns `a` and `b`, which is taken to be so large.
    fn files(database: &Database, folder: &Path, name: &str, bytes: u64) -> Files {
        let path = folder.join(name).display().to_string();
        let sql =
            format!("COPY (SELECT range AS a, range::VARCHAR AS b FROM range(1000)) TO '{path}' (FORMAT parquet)");
        database.connect().expect("a connection").execute_batch(&sql).expect("a file");
        let files = vec![File { path, bytes, written: 1 }];
        Files { table: name.into(), files, columns: vec![quote("a"), quote("b")], options: String::new(), keys: None }
    }

    /// Reads these columns so often that they are copied.
    fn read(database: &Database, files: &Files, columns: &[usize]) {
        for _ in 0..READS {
            let _ = database.copies().find(files, columns, true);
        }
        database.make_copies();
    }

    fn rows(database: &Database, copy: &Copy, column: usize) -> i64 {
        let sql = format!("SELECT count({}) FROM {}", copy.column(column), copy.name);
        database.connect().expect("a connection").query_row(&sql, [], |row| row.get(0)).expect("a row")
    }

    #[test]
    fn what_was_read_often_is_copied_and_only_looked_at_is_not_read() {
        let (database, folder) = opened(1 << 20);
        let table = files(&database, folder.path(), "t", KB);
        for _ in 0..READS - 1 {
            assert!(database.copies().find(&table, &[0], true).is_none());
            assert!(database.copies().find(&table, &[0], false).is_none());
        }
        database.make_copies();
        assert!(!database.copies().has("t"));
        assert!(database.copies().find(&table, &[0], true).is_none());
        database.make_copies();
        assert!(database.copies().has("t"));
        let copy = database.copies().find(&table, &[0, 1], true).expect("the whole of a small table");
        assert_eq!((rows(&database, &copy, 0), rows(&database, &copy, 1)), (1000, 1000));
        let mut later = table;
        later.files[0].written = 2;
        assert!(database.copies().find(&later, &[0], true).is_none(), "written anew");
    }

    #[test]
    fn of_a_large_table_what_was_asked_for_is_copied_and_then_more_of_it() {
        let (database, folder) = opened(1 << 20);
        let table = files(&database, folder.path(), "t", 512 * KB);
        read(&database, &table, &[0]);
        let first = database.copies().find(&table, &[0], true).expect("a copy");
        assert!(database.copies().find(&table, &[1], true).is_none());
        assert_eq!((rows(&database, &first, 0), rows(&database, &first, 1)), (1000, 0));
        read(&database, &table, &[1]);
        let second = database.copies().find(&table, &[0, 1], true).expect("a larger copy");
        assert_eq!((rows(&database, &second, 0), rows(&database, &second, 1)), (1000, 1000));
        assert_eq!(rows(&database, &first, 0), 1000, "somebody reads it still");
    }

    #[test]
    fn what_was_read_longest_ago_makes_room_unless_it_is_read_now() {
        // A block of the file is 256 KB, and a table has two at the least.
        let (database, folder) = opened(2 << 20);
        let tables: Vec<Files> =
            (0..3).map(|number| files(&database, folder.path(), &format!("t{number}"), 900 * KB)).collect();
        read(&database, &tables[0], &[0]);
        let held = database.copies().find(&tables[0], &[0], true).expect("a copy");
        read(&database, &tables[1], &[0]);
        read(&database, &tables[2], &[0]);
        let there = |name: &str| database.copies().has(name);
        assert!(there("t0") && there("t2"));
        drop(held);
        let huge = files(&database, folder.path(), "huge", 3 << 20);
        read(&database, &huge, &[0]);
        assert!(!there("huge") && there("t0"), "one that has no room pushes nobody out");
    }

    #[test]
    fn one_that_cannot_be_made_is_not_tried_again_and_none_after_the_end() {
        let (database, folder) = opened(1 << 20);
        let mut gone = files(&database, folder.path(), "gone", KB);
        gone.files[0].path.push_str(".not");
        read(&database, &gone, &[0]);
        read(&database, &gone, &[0]);
        assert!(!database.copies().has("gone"));
        assert_eq!(database.copies().state.lock().made, 1);
        let table = files(&database, folder.path(), "t", KB);
        database.end();
        read(&database, &table, &[0]);
        assert!(!database.copies().has("t"));
    }
}
