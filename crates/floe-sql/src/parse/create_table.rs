//! CREATE TABLE, REPLACE TABLE, with a query, LIKE another, or SHALLOW CLONE of another.

use floe_base::{Error, Result};
use floe_syntax::Command;
use floe_syntax::command::{CreateMode, CreateTable, LikeKind, Properties, Transform};
use floe_syntax::relation::TableName;

use crate::keyword::Keyword as K;
use crate::parser::{Mark, Parser};
use crate::token::Kind;

impl Parser<'_> {
    pub(crate) fn create_table(&mut self) -> Result<Command> {
        let from = self.mark();
        let mode = self.create_mode()?;
        let temporary = self.eat_one_of(&[K::Temporary, K::Temp]).is_some();
        let external = self.eat_keyword(K::External);
        self.expect_keyword(K::Table)?;
        // OR REPLACE and IF NOT EXISTS do not go together: `if` is then the table's name.
        let if_not_exists = mode == CreateMode::Create && self.if_not_exists();
        let name = self.table_name()?;
        let mut table = empty(name, mode, if_not_exists, external);
        if let Some(kind) = self.like_kind() {
            table.like = Some((self.table_name()?, kind));
        } else if self.is(Kind::LeftParen) && !self.starts_query_at(1) {
            table.columns = self.column_definitions()?;
        }
        self.table_clauses(&mut table, from)?;
        if table.like.is_none() {
            let explicit = self.eat_keyword(K::As);
            if explicit || self.starts_query() || self.is(Kind::LeftParen) {
                table.query = Some(self.query()?);
            }
        }
        self.check_table(&table, from);
        if temporary {
            return self.temporary_table(&table, from);
        }
        Ok(Command::CreateTable(table))
    }

    fn create_mode(&mut self) -> Result<CreateMode> {
        if self.eat_phrase(&[K::Create, K::Or, K::Replace]) {
            return Ok(CreateMode::CreateOrReplace);
        }
        if self.eat_keyword(K::Replace) {
            return Ok(CreateMode::Replace);
        }
        self.expect_keyword(K::Create)?;
        Ok(CreateMode::Create)
    }

    /// Spark has no temporary tables; with USING it makes a temporary view of one.
    fn temporary_table(&mut self, table: &CreateTable, from: Mark) -> Result<Command> {
        let error = if table.if_not_exists {
            self.invalid_statement("CREATE TEMPORARY TABLE ... IF NOT EXISTS", from)
        } else if table.query.is_some() {
            self.invalid_statement("CREATE TEMPORARY TABLE ... AS ...", from)
        } else if table.provider.is_none() {
            self.refused("CREATE TEMPORARY TABLE without a provider is not allowed.", from)
        } else {
            return Ok(Command::Unsupported {
                what: "statement CREATE TEMPORARY TABLE".into(),
                origin: self.origin(from),
            });
        };
        self.defer(error);
        Ok(Command::Unsupported { what: String::new(), origin: self.origin(from) })
    }

    fn like_kind(&mut self) -> Option<LikeKind> {
        if self.eat_keyword(K::Like) {
            return Some(LikeKind::Like);
        }
        // SHALLOW CLONE is Delta's word, which dbt's clone materialisation writes.
        if self.is_word("shallow") && self.is_word_at(1, "clone") {
            self.advance();
            self.advance();
            return Some(LikeKind::ShallowClone);
        }
        None
    }

    /// USING first, then OPTIONS, PARTITIONED BY and the rest in any order, each once. LIKE takes USING anywhere.
    fn table_clauses(&mut self, table: &mut CreateTable, statement: Mark) -> Result<()> {
        if self.is_keyword(K::Using) {
            self.provider(table)?;
        }
        let from = self.mark();
        let mut seen = Vec::new();
        loop {
            if table.like.is_some() && self.is_keyword(K::Using) {
                self.provider(table)?;
                continue;
            }
            let has_provider = table.provider.is_some();
            let Some(clause) = self.table_clause(table, from)? else { break };
            if clause == "STORED AS/BY" && has_provider {
                let format = table.provider.clone().unwrap_or_default().to_uppercase();
                let error =
                    self.invalid_statement(&format!("CREATE TABLE ... USING ... STORED AS {format} "), statement);
                self.defer(error);
            }
            if seen.contains(&clause) {
                let error = self.error("DUPLICATE_CLAUSES", from).with("clauseName", clause);
                self.defer(error);
            }
            seen.push(clause);
        }
        if !table.partitioning.is_empty() && !table.cluster_by.is_empty() {
            let error = self.error("SPECIFY_CLUSTER_BY_WITH_PARTITIONED_BY_IS_NOT_ALLOWED", from);
            self.defer(error);
        }
        Ok(())
    }

    /// `USING iceberg`.
    fn provider(&mut self, table: &mut CreateTable) -> Result<()> {
        self.expect_keyword(K::Using)?;
        table.provider = Some(self.multipart()?.join(".").to_lowercase());
        Ok(())
    }

    fn table_clause(&mut self, table: &mut CreateTable, clauses: Mark) -> Result<Option<&'static str>> {
        Ok(Some(match self.keyword() {
            Some(K::Options) => {
                self.advance();
                table.options = self.expression_properties()?;
                "OPTIONS"
            }
            Some(K::Partitioned) => {
                self.expect_phrase(&[K::Partitioned, K::By])?;
                table.partitioning = self.partitioning()?;
                "PARTITIONED BY"
            }
            Some(K::Cluster) => {
                self.expect_phrase(&[K::Cluster, K::By])?;
                table.cluster_by = self.parenthesised_list(Self::multipart)?;
                "CLUSTER BY"
            }
            Some(K::Clustered) => {
                table.buckets = Some(self.buckets_clause()?);
                "CLUSTERED BY"
            }
            Some(K::Location) => {
                self.advance();
                table.location = Some(self.string()?);
                "LOCATION"
            }
            Some(K::Comment) => {
                table.comment = self.comment_clause()?;
                "COMMENT"
            }
            Some(K::Tblproperties) => {
                self.advance();
                table.properties = self.properties()?;
                "TBLPROPERTIES"
            }
            Some(K::Default) => return Err(Error::unsupported("DEFAULT COLLATION").at(&self.origin_here())),
            Some(K::Row) => return self.row_format().map(Some),
            Some(K::Skewed) => {
                self.skewed()?;
                let error = self.invalid_statement("CREATE TABLE ... SKEWED BY", clauses);
                self.defer(error);
                "SKEWED BY"
            }
            Some(K::Stored) => self.stored_as(table)?,
            _ => return Ok(None),
        }))
    }

    /// Hive's `STORED AS parquet` names a format as USING does.
    fn stored_as(&mut self, table: &mut CreateTable) -> Result<&'static str> {
        let from = self.mark();
        self.expect_keyword(K::Stored)?;
        if self.eat_keyword(K::By) {
            self.string()?;
            let error = self.invalid_statement("STORED BY", from);
            self.defer(error);
            return Ok("STORED AS/BY");
        }
        if self.is_phrase(&[K::As, K::Inputformat]) {
            return Err(Error::unsupported("INPUTFORMAT of a Hive table").at(&self.origin(from)));
        }
        self.expect_keyword(K::As)?;
        let format = self.simple_identifier()?.to_lowercase();
        table.provider = Some(format);
        Ok("STORED AS/BY")
    }

    /// `ROW FORMAT …` of Hive, known by name only.
    fn row_format(&mut self) -> Result<&'static str> {
        let from = self.mark();
        self.expect_phrase(&[K::Row, K::Format])?;
        if self.eat_one_of(&[K::Serde, K::Delimited]).is_none() {
            return Err(self.syntax_error());
        }
        Err(Error::unsupported("ROW FORMAT of a Hive table").at(&self.origin(from)))
    }

    /// `SKEWED BY (a) ON (1, 2) [STORED AS DIRECTORIES]` of Hive.
    fn skewed(&mut self) -> Result<()> {
        self.expect_phrase(&[K::Skewed, K::By])?;
        self.identifier_list()?;
        self.expect_keyword(K::On)?;
        self.parenthesised_list(Self::expression)?;
        self.eat_phrase(&[K::Stored, K::As, K::Directories]);
        Ok(())
    }

    fn check_table(&mut self, table: &CreateTable, from: Mark) {
        let (columns, expressions): (Vec<_>, Vec<_>) =
            table.partitioning.iter().partition(|transform| transform.definition.is_some());
        let problem = if !columns.is_empty() && !expressions.is_empty() {
            let columns = columns.iter().filter_map(|transform| transform.definition.as_ref());
            let columns: Vec<_> = columns.map(|field| format!("{} {}", field.name, field.data_type)).collect();
            let expressions: Vec<_> = expressions.iter().map(|transform| written(transform)).collect();
            format!(
                "PARTITION BY: Cannot mix partition expressions and partition columns:\nExpressions: {}\nColumns: {}",
                expressions.join(", "),
                columns.join(", ")
            )
        } else if table.query.is_none() {
            return;
        } else if !table.columns.is_empty() {
            "Schema may not be specified in a Create Table As Select (CTAS) statement".into()
        } else if !columns.is_empty() {
            "Partition column types may not be specified in Create Table As Select (CTAS)".into()
        } else {
            return;
        };
        let error = self.refused(format!("Operation not allowed: {problem}."), from);
        self.defer(error);
    }
}

/// A transform as it is shown in an error.
fn written(transform: &Transform) -> String {
    let column = transform.column.join(".");
    match (transform.name.as_str(), transform.argument) {
        ("identity", _) => column,
        (name, None) => format!("{name}({column})"),
        (name, Some(argument)) => format!("{name}({argument}, {column})"),
    }
}

fn empty(name: TableName, mode: CreateMode, if_not_exists: bool, external: bool) -> CreateTable {
    CreateTable {
        name,
        if_not_exists,
        mode,
        columns: Vec::new(),
        partitioning: Vec::new(),
        buckets: None,
        cluster_by: Vec::new(),
        provider: None,
        options: Properties::new(),
        properties: Properties::new(),
        location: None,
        comment: None,
        external,
        query: None,
        like: None,
    }
}
