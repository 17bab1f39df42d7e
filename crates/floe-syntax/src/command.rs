//! Commands as written: statements that change something or tell about something.
//!
//! One enum for SQL and DataFrame alike: `df.write.saveAsTable` and `CREATE TABLE … AS` end in the same place. What a
//! command means (which catalog, which table) is decided in `floe-plan`; who carries it out is `floe-engine`.

use floe_base::Origin;

use crate::expression::{Argument, Expression};
use crate::relation::{Relation, TableName};
use crate::routine::CreateFunction;
use crate::statement::Statement;
use crate::{DataType, Field};

#[derive(Clone, Debug)]
pub enum Command {
    // Tables.
    CreateTable(CreateTable),
    Insert(Insert),
    Delete {
        table: TableName,
        alias: Option<String>,
        condition: Option<Expression>,
    },
    Update {
        table: TableName,
        alias: Option<String>,
        assignments: Vec<Assignment>,
        condition: Option<Expression>,
    },
    Merge(Box<Merge>),
    Truncate {
        table: TableName,
    },
    DropTable {
        table: TableName,
        if_exists: bool,
        purge: bool,
    },
    AlterTable {
        table: TableName,
        action: AlterTable,
    },
    /// `MSCK REPAIR TABLE`, `ALTER TABLE … RECOVER PARTITIONS`: partitions are looked for among the folders.
    RepairTable {
        table: TableName,
        /// Partitions whose folders are found are added.
        add: bool,
        /// Partitions whose folders are gone are forgotten.
        drop: bool,
        /// It was ALTER TABLE: errors say so.
        is_alter: bool,
    },
    /// `ALTER TABLE … RENAME TO`, `ALTER VIEW … RENAME TO`.
    Rename {
        kind: ObjectKind,
        name: TableName,
        to: Vec<String>,
    },

    // Views.
    CreateView(CreateView),
    AlterView {
        name: TableName,
        action: AlterView,
    },
    DropView {
        name: TableName,
        if_exists: bool,
    },

    // Schemas, also called databases and namespaces.
    CreateSchema {
        name: Vec<String>,
        if_not_exists: bool,
        comment: Option<String>,
        location: Option<String>,
        properties: Properties,
    },
    DropSchema {
        name: Vec<String>,
        if_exists: bool,
        cascade: bool,
    },
    AlterSchema {
        name: Vec<String>,
        properties: Properties,
    },

    // Writing files and tables from a frame.
    WriteFiles(WriteFiles),
    SaveAsTable(SaveAsTable),
    WriteTo(WriteTo),

    // The session.
    Use {
        name: Vec<String>,
        is_catalog: bool,
    },
    Set {
        key: String,
        value: String,
    },
    /// `SET k`, `SET`, `SET -v`.
    ShowSettings {
        key: Option<String>,
        verbose: bool,
    },
    /// `RESET`, `RESET k`.
    Reset {
        key: Option<String>,
    },
    /// `SET TIME ZONE LOCAL | '<zone>' | INTERVAL …`; `None` is LOCAL.
    SetTimeZone {
        zone: Option<Expression>,
    },
    DeclareVariable {
        names: Vec<Vec<String>>,
        or_replace: bool,
        data_type: Option<DataType>,
        default: Option<Expression>,
    },
    /// The columns of the source's only row are the new values.
    SetVariable {
        names: Vec<Vec<String>>,
        source: Relation,
    },
    DropVariable {
        name: Vec<String>,
        if_exists: bool,
    },
    CreateFunction(Box<CreateFunction>),
    DropFunction {
        name: Vec<String>,
        if_exists: bool,
        temporary: bool,
    },
    /// A statement whose text is a constant expression, with its arguments.
    ExecuteImmediate {
        text: Expression,
        into: Vec<Vec<String>>,
        using: Vec<(Expression, Option<String>)>,
    },
    Cache {
        name: TableName,
        lazy: bool,
        query: Option<(Relation, String)>,
        options: Properties,
    },
    Uncache {
        name: TableName,
        if_exists: bool,
    },
    ClearCache,
    Refresh {
        name: TableName,
    },
    /// `REFRESH '<path>'`: of all that is read from below it.
    RefreshPath {
        path: String,
    },
    Analyze {
        name: TableName,
    },
    Checkpoint {
        input: Relation,
        local: bool,
        eager: bool,
    },
    RemoveCheckpoint {
        relation_id: String,
    },

    // Telling.
    Show(Show),
    Describe(Describe),
    Explain {
        mode: ExplainMode,
        statement: Box<Statement>,
    },
    CommentOn {
        kind: ObjectKind,
        name: TableName,
        comment: Option<String>,
    },
    Call {
        name: Vec<String>,
        arguments: Vec<Argument>,
    },
    /// Statements we know by name only; the text says what: "statement GRANT".
    Unsupported {
        what: String,
        origin: Origin,
    },
}

pub type Properties = Vec<(String, String)>;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ObjectKind {
    Table,
    View,
    Schema,
    Column,
    Catalog,
    Function,
}

#[derive(Clone, Debug)]
pub struct CreateTable {
    pub name: TableName,
    pub if_not_exists: bool,
    pub mode: CreateMode,
    pub columns: Vec<ColumnDefinition>,
    pub partitioning: Vec<Transform>,
    /// `CLUSTERED BY (a) SORTED BY (b) INTO n BUCKETS`: columns, sort columns, count.
    pub buckets: Option<(Vec<String>, Vec<String>, u32)>,
    pub cluster_by: Vec<Vec<String>>,
    /// `USING iceberg`, in lower case as written.
    pub provider: Option<String>,
    pub options: Properties,
    pub properties: Properties,
    pub location: Option<String>,
    pub comment: Option<String>,
    pub external: bool,
    pub query: Option<Relation>,
    /// `CREATE TABLE a LIKE b`, `CREATE TABLE a SHALLOW CLONE b`.
    pub like: Option<(TableName, LikeKind)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LikeKind {
    Like,
    ShallowClone,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CreateMode {
    Create,
    /// `REPLACE TABLE`: it must exist.
    Replace,
    CreateOrReplace,
}

#[derive(Clone, Debug)]
pub struct ColumnDefinition {
    pub field: Field,
    pub default: Option<Expression>,
    /// `GENERATED ALWAYS AS (…)` and identity columns, as text: known by name only.
    pub generated: Option<String>,
    pub origin: Origin,
}

/// A partition transform: `identity` for a bare column, else `years months days hours bucket truncate`.
#[derive(Clone, Debug)]
pub struct Transform {
    pub name: String,
    pub column: Vec<String>,
    /// The number of buckets, or the width.
    pub argument: Option<i64>,
    /// `PARTITIONED BY (c INT)` defines the column at once.
    pub definition: Option<Field>,
}

#[derive(Clone, Debug)]
pub struct Insert {
    pub table: TableName,
    /// `None`: all columns by position.
    pub columns: Option<Vec<String>>,
    pub by_name: bool,
    pub overwrite: bool,
    /// `PARTITION (a = 1, b)`.
    pub partition: Vec<(String, Option<Expression>)>,
    pub if_not_exists: bool,
    /// `INSERT INTO t REPLACE WHERE condition`.
    pub replace_where: Option<Expression>,
    pub source: Relation,
    pub schema_evolution: bool,
}

#[derive(Clone, Debug)]
pub struct Assignment {
    pub column: Vec<String>,
    pub value: Expression,
    pub origin: Origin,
}

#[derive(Clone, Debug)]
pub struct Merge {
    pub target: TableName,
    pub target_alias: Option<String>,
    pub source: Relation,
    pub source_alias: Option<String>,
    pub condition: Expression,
    pub matched: Vec<MergeClause>,
    pub not_matched: Vec<MergeClause>,
    pub not_matched_by_source: Vec<MergeClause>,
    pub schema_evolution: bool,
}

#[derive(Clone, Debug)]
pub struct MergeClause {
    pub condition: Option<Expression>,
    pub action: MergeAction,
    pub origin: Origin,
}

#[derive(Clone, Debug)]
pub enum MergeAction {
    Delete,
    Update(Vec<Assignment>),
    UpdateAll,
    Insert(Vec<Assignment>),
    InsertAll,
}

#[derive(Clone, Debug)]
pub enum AlterTable {
    AddColumns(Vec<AddColumn>),
    DropColumns {
        columns: Vec<Vec<String>>,
        if_exists: bool,
    },
    RenameColumn {
        column: Vec<String>,
        to: String,
    },
    /// `ALTER COLUMN c …`, and Hive's `CHANGE COLUMN c [c] type COMMENT …`.
    AlterColumn {
        column: Vec<String>,
        changes: Vec<ColumnChange>,
    },
    ReplaceColumns(Vec<ColumnDefinition>),
    SetProperties(Properties),
    UnsetProperties {
        keys: Vec<String>,
        if_exists: bool,
    },
    SetLocation(String),
    AddPartitionField {
        transform: Transform,
        name: Option<String>,
    },
    DropPartitionField(Transform),
    ReplacePartitionField {
        from: Transform,
        to: Transform,
        name: Option<String>,
    },
    WriteOrderedBy {
        orders: Vec<(Transform, bool, bool)>,
        distributed: bool,
        local: bool,
    },
    SetIdentifierFields(Vec<Vec<String>>),
    DropIdentifierFields(Vec<Vec<String>>),
    CreateBranchOrTag {
        is_tag: bool,
        name: String,
        snapshot_id: Option<i64>,
        or_replace: bool,
        if_not_exists: bool,
        retain_ms: Option<i64>,
    },
    DropBranchOrTag {
        is_tag: bool,
        name: String,
        if_exists: bool,
    },
    /// `ADD CONSTRAINT n CHECK (…)` and the like, by name only.
    Unsupported(String),
}

#[derive(Clone, Debug)]
pub struct AddColumn {
    /// The last part is the new name; the parts before it are the struct it goes into.
    pub path: Vec<String>,
    pub definition: ColumnDefinition,
    pub position: Option<ColumnPosition>,
}

#[derive(Clone, Debug)]
pub enum ColumnPosition {
    First,
    After(String),
}

#[derive(Clone, Debug)]
pub enum ColumnChange {
    Type(DataType),
    Comment(String),
    SetNotNull,
    DropNotNull,
    Position(ColumnPosition),
    SetDefault(Expression),
    DropDefault,
}

#[derive(Clone, Debug)]
pub struct CreateView {
    pub name: TableName,
    pub kind: ViewKind,
    pub or_replace: bool,
    pub if_not_exists: bool,
    /// Names and comments given in the view's own list.
    pub columns: Vec<(String, Option<String>)>,
    pub comment: Option<String>,
    pub properties: Properties,
    /// The text of the query; `None` for a frame's view and for `USING`.
    pub text: Option<String>,
    pub query: Relation,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ViewKind {
    Persistent,
    Temporary,
    GlobalTemporary,
}

#[derive(Clone, Debug)]
pub enum AlterView {
    As { text: String, query: Relation },
    SetProperties(Properties),
    UnsetProperties { keys: Vec<String>, if_exists: bool },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SaveMode {
    Append,
    Overwrite,
    ErrorIfExists,
    Ignore,
}

/// `df.write.format(f).save(path)`, and `INSERT OVERWRITE DIRECTORY`.
#[derive(Clone, Debug)]
pub struct WriteFiles {
    pub input: Relation,
    pub format: Option<String>,
    pub path: Option<String>,
    pub mode: SaveMode,
    pub options: Properties,
    pub partition_by: Vec<String>,
    pub sort_by: Vec<String>,
    pub buckets: Option<(u32, Vec<String>)>,
}

/// `df.write.saveAsTable(name)`; `insert` is `df.write.insertInto(name)`.
#[derive(Clone, Debug)]
pub struct SaveAsTable {
    pub input: Relation,
    pub table: Vec<String>,
    pub insert: bool,
    pub format: Option<String>,
    pub mode: SaveMode,
    pub options: Properties,
    pub partition_by: Vec<String>,
    pub sort_by: Vec<String>,
    pub buckets: Option<(u32, Vec<String>)>,
    pub cluster_by: Vec<String>,
}

/// `df.writeTo(name)`.
#[derive(Clone, Debug)]
pub struct WriteTo {
    pub input: Relation,
    pub table: Vec<String>,
    pub provider: Option<String>,
    pub mode: WriteToMode,
    pub options: Properties,
    pub properties: Properties,
    pub partitioning: Vec<Expression>,
    pub cluster_by: Vec<String>,
}

#[derive(Clone, Debug)]
pub enum WriteToMode {
    Create,
    Replace,
    CreateOrReplace,
    Append,
    Overwrite(Expression),
    OverwritePartitions,
}

#[derive(Clone, Debug)]
pub enum Show {
    Schemas {
        catalog: Option<Vec<String>>,
        pattern: Option<String>,
    },
    Tables {
        schema: Option<Vec<String>>,
        pattern: Option<String>,
    },
    TableExtended {
        schema: Option<Vec<String>>,
        pattern: String,
        partition: bool,
    },
    Views {
        schema: Option<Vec<String>>,
        pattern: Option<String>,
    },
    Columns {
        table: TableName,
        schema: Option<Vec<String>>,
    },
    TableProperties {
        table: TableName,
        key: Option<String>,
    },
    CreateTable {
        table: TableName,
        as_serde: bool,
    },
    Partitions {
        table: TableName,
    },
    /// `scope` is USER, SYSTEM or ALL.
    Functions {
        scope: Option<String>,
        schema: Option<Vec<String>>,
        pattern: Option<String>,
    },
    Catalogs {
        pattern: Option<String>,
    },
    CurrentNamespace,
}

#[derive(Clone, Debug)]
pub enum Describe {
    Table { table: TableName, extended: bool, as_json: bool, column: Option<Vec<String>>, partition: bool },
    Query { query: Relation },
    Schema { name: Vec<String>, extended: bool },
    Function { name: Vec<String>, extended: bool },
    Catalog { name: String },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ExplainMode {
    Simple,
    Extended,
    Codegen,
    Cost,
    Formatted,
    /// `EXPLAIN ROUTE`: where it would run, and why; ours.
    Route,
}

/// The calls of `spark.catalog`; names and arguments as in Connect's `Catalog` messages.
#[derive(Clone, Debug)]
pub enum CatalogCall {
    CurrentDatabase,
    SetCurrentDatabase(String),
    ListDatabases {
        pattern: Option<String>,
    },
    ListTables {
        database: Option<String>,
        pattern: Option<String>,
    },
    ListFunctions {
        database: Option<String>,
        pattern: Option<String>,
    },
    ListColumns {
        table: String,
        database: Option<String>,
    },
    GetDatabase(String),
    GetTable {
        table: String,
        database: Option<String>,
    },
    GetFunction {
        function: String,
        database: Option<String>,
    },
    DatabaseExists(String),
    TableExists {
        table: String,
        database: Option<String>,
    },
    FunctionExists {
        function: String,
        database: Option<String>,
    },
    CreateTable {
        table: String,
        path: Option<String>,
        source: Option<String>,
        description: Option<String>,
        schema: Option<DataType>,
        options: Properties,
    },
    DropTempView(String),
    DropGlobalTempView(String),
    RecoverPartitions(String),
    IsCached(String),
    CacheTable(String),
    UncacheTable(String),
    ClearCache,
    RefreshTable(String),
    RefreshByPath(String),
    CurrentCatalog,
    SetCurrentCatalog(String),
    ListCatalogs {
        pattern: Option<String>,
    },
    DropTable {
        table: String,
        if_exists: bool,
        purge: bool,
    },
    DropView {
        view: String,
        if_exists: bool,
    },
    CreateDatabase {
        name: String,
        if_not_exists: bool,
        properties: Properties,
    },
    DropDatabase {
        name: String,
        if_exists: bool,
        cascade: bool,
    },
    ListPartitions {
        table: String,
    },
    ListViews {
        database: Option<String>,
        pattern: Option<String>,
    },
    GetTableProperties {
        table: String,
    },
    GetCreateTableString {
        table: String,
        as_serde: bool,
    },
    TruncateTable {
        table: String,
    },
    AnalyzeTable {
        table: String,
    },
}
