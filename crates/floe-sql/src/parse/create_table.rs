//! CREATE TABLE, REPLACE TABLE, with a query, LIKE another, or SHALLOW CLONE of another.

use floe_base::error::Kind as ErrorKind;
use floe_base::{Error, Result};
use floe_syntax::Command;
use floe_syntax::command::{CreateMode, CreateTable, LikeKind, Properties};
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
        let if_not_exists = self.if_not_exists();
        if temporary {
            return self.temporary_table(if_not_exists, from);
        }
        let name = self.table_name()?;
        let mut table = empty(name, mode, if_not_exists, external);
        if let Some(kind) = self.like_kind() {
            table.like = Some((self.table_name()?, kind));
        } else if self.is(Kind::LeftParen) && !self.starts_query_at(1) {
            table.columns = self.column_definitions()?;
        }
        self.table_clauses(&mut table)?;
        if table.like.is_none() {
            let explicit = self.eat_keyword(K::As);
            if explicit || self.starts_query() || self.is(Kind::LeftParen) {
                table.query = Some(self.query()?);
            }
        }
        self.check_table(&table, from)?;
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

    /// Spark has no temporary tables; with USING it once made a temporary view of one.
    fn temporary_table(&mut self, if_not_exists: bool, from: Mark) -> Result<Command> {
        self.table_name()?;
        if if_not_exists {
            let text = "[_LEGACY_ERROR_TEMP_0035] Operation not allowed: CREATE TEMPORARY TABLE IF NOT EXISTS.";
            return Err(Error::message(ErrorKind::Parse, text).at(&self.origin(from)));
        }
        self.unsupported_rest("CREATE TEMPORARY TABLE", from)
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

    /// USING, OPTIONS, PARTITIONED BY and the rest, in any order, each once.
    fn table_clauses(&mut self, table: &mut CreateTable) -> Result<()> {
        let mut seen = Vec::new();
        loop {
            let from = self.mark();
            let Some(clause) = self.table_clause(table)? else { return Ok(()) };
            if seen.contains(&clause) {
                return Err(self.error("DUPLICATE_CLAUSES", from).with("clauseName", clause));
            }
            seen.push(clause);
        }
    }

    fn table_clause(&mut self, table: &mut CreateTable) -> Result<Option<&'static str>> {
        Ok(Some(match self.keyword() {
            Some(K::Using) => {
                self.advance();
                table.provider = Some(self.multipart()?.join(".").to_lowercase());
                "USING"
            }
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
            Some(K::Row) => return Err(Error::unsupported("ROW FORMAT of a Hive table").at(&self.origin_here())),
            Some(K::Skewed) => return Err(Error::unsupported("SKEWED BY of a Hive table").at(&self.origin_here())),
            Some(K::Stored) => self.stored_as(table)?,
            _ => return Ok(None),
        }))
    }

    /// Hive's `STORED AS parquet` names a format as USING does.
    fn stored_as(&mut self, table: &mut CreateTable) -> Result<&'static str> {
        let from = self.mark();
        self.expect_keyword(K::Stored)?;
        if self.is_keyword(K::By) || self.is_phrase(&[K::As, K::Inputformat]) {
            return Err(Error::unsupported("STORED BY and INPUTFORMAT of a Hive table").at(&self.origin(from)));
        }
        self.expect_keyword(K::As)?;
        let format = self.simple_identifier()?.to_lowercase();
        table.provider = Some(format);
        Ok("STORED AS/BY")
    }

    fn check_table(&self, table: &CreateTable, from: Mark) -> Result<()> {
        let not_allowed = |what: &str| {
            let text = format!("[_LEGACY_ERROR_TEMP_0035] Operation not allowed: {what}.");
            Err(Error::message(ErrorKind::Parse, text).at(&self.origin(from)))
        };
        if !table.partitioning.is_empty() && !table.cluster_by.is_empty() {
            return Err(self.error("SPECIFY_CLUSTER_BY_WITH_PARTITIONED_BY_IS_NOT_ALLOWED", from));
        }
        if table.query.is_none() {
            return Ok(());
        }
        if !table.columns.is_empty() {
            return not_allowed("Schema may not be specified in a Create Table As Select (CTAS) statement");
        }
        if table.partitioning.iter().any(|transform| transform.definition.is_some()) {
            return not_allowed("Partition column types may not be specified in Create Table As Select (CTAS)");
        }
        Ok(())
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
