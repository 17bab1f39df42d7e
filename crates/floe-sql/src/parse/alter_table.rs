//! ALTER TABLE: names, properties, partition fields, order, identifier fields. Columns are in `alter_column.rs`, branches
//! and tags in `branch_or_tag.rs`.

use floe_base::Result;
use floe_syntax::Command;
use floe_syntax::command::{AlterTable, ObjectKind, Transform};

use crate::keyword::Keyword as K;
use crate::parser::{Mark, Parser};
use crate::token::Kind;

impl Parser<'_> {
    pub(crate) fn alter_table(&mut self) -> Result<Command> {
        let from = self.mark();
        self.expect_phrase(&[K::Alter, K::Table])?;
        let table = self.table_name()?;
        if self.eat_phrase(&[K::Rename, K::To]) {
            return Ok(Command::Rename { kind: ObjectKind::Table, name: table, to: self.multipart()? });
        }
        if self.is_keyword(K::Partition) {
            self.partition_spec()?;
            return self.unsupported_rest("ALTER TABLE of a Hive partition", from);
        }
        let action = match self.keyword() {
            Some(K::Add) => self.alter_add(from)?,
            Some(K::Drop) => self.alter_drop(from)?,
            Some(K::Rename) => self.rename_column()?,
            Some(K::Alter | K::Change) => return self.alter_columns(table, from),
            Some(K::Replace) => self.alter_replace(from)?,
            Some(K::Set) => self.alter_set(from)?,
            Some(K::Unset) => self.alter_unset()?,
            Some(K::Create) if self.is_branch_or_tag() => self.create_branch_or_tag()?,
            _ if self.is_word("write") && self.is_order_at(1) => self.write_order()?,
            Some(K::Cluster) => self.alter_unsupported("CLUSTER BY", from),
            Some(K::Recover) => {
                self.expect_phrase(&[K::Recover, K::Partitions])?;
                return Ok(Command::RepairTable { table, add: true, drop: false, is_alter: true });
            }
            Some(K::Default) => self.alter_unsupported("DEFAULT COLLATION", from),
            _ => return Err(self.not_altered(from)),
        };
        Ok(Command::AlterTable { table, action })
    }

    /// Hive's forms are refused by name.
    fn not_altered(&mut self, from: Mark) -> floe_base::Error {
        const HIVE: [&[K]; 12] = [
            &[K::Not, K::Clustered],
            &[K::Clustered, K::By],
            &[K::Not, K::Sorted],
            &[K::Skewed, K::By],
            &[K::Not, K::Skewed],
            &[K::Not, K::Stored, K::As, K::Directories],
            &[K::Exchange, K::Partition],
            &[K::Archive, K::Partition],
            &[K::Unarchive, K::Partition],
            &[K::Touch],
            &[K::Compact],
            &[K::Concatenate],
        ];
        let Some(phrase) = HIVE.iter().find(|phrase| self.is_phrase(phrase)) else { return self.syntax_error() };
        let words: Vec<_> = phrase.iter().map(|word| word.text()).collect();
        self.skip_statement();
        self.invalid_statement(&format!("ALTER TABLE {}", words.join(" ")), from)
    }

    /// A form of ALTER TABLE that is known by name only.
    pub(crate) fn alter_unsupported(&mut self, what: &str, _from: Mark) -> AlterTable {
        self.skip_statement();
        AlterTable::Unsupported(format!("ALTER TABLE … {what}"))
    }

    fn alter_add(&mut self, from: Mark) -> Result<AlterTable> {
        match self.keyword_at(1) {
            Some(K::Column | K::Columns) => self.add_columns(),
            Some(K::Partition) if self.is_word_at(2, "field") => {
                for _ in 0..3 {
                    self.advance();
                }
                let transform = self.transform()?;
                let name = if self.eat_keyword(K::As) { Some(self.identifier()?) } else { None };
                Ok(AlterTable::AddPartitionField { transform, name })
            }
            Some(K::Partition | K::If) => Ok(self.alter_unsupported("ADD PARTITION", from)),
            Some(K::Constraint | K::Check | K::Unique | K::Primary | K::Foreign) => {
                Ok(self.alter_unsupported("ADD CONSTRAINT", from))
            }
            _ => {
                self.advance();
                Err(self.syntax_error())
            }
        }
    }

    fn alter_drop(&mut self, from: Mark) -> Result<AlterTable> {
        self.expect_keyword(K::Drop)?;
        if self.is_keyword(K::Partition) && self.is_word_at(1, "field") {
            self.advance();
            self.advance();
            return Ok(AlterTable::DropPartitionField(self.transform()?));
        }
        if self.is_word("identifier") && self.is_word_at(1, "fields") {
            self.advance();
            self.advance();
            return Ok(AlterTable::DropIdentifierFields(self.list(Self::multipart)?));
        }
        if self.is_word("branch") || self.is_word("tag") {
            return self.drop_branch_or_tag();
        }
        match self.keyword() {
            Some(K::Column | K::Columns) => self.drop_columns(),
            Some(K::Partition | K::If) => Ok(self.alter_unsupported("DROP PARTITION", from)),
            Some(K::Constraint) => Ok(self.alter_unsupported("DROP CONSTRAINT", from)),
            _ => Err(self.syntax_error()),
        }
    }

    fn alter_replace(&mut self, from: Mark) -> Result<AlterTable> {
        self.expect_keyword(K::Replace)?;
        if self.is_word("branch") || self.is_word("tag") {
            return self.replace_branch_or_tag();
        }
        if self.eat_keyword(K::Columns) {
            return self.replace_columns(from);
        }
        self.expect_keyword(K::Partition)?;
        self.expect_word("field")?;
        let old = self.transform()?;
        self.expect_keyword(K::With)?;
        let new = self.transform()?;
        let name = if self.eat_keyword(K::As) { Some(self.identifier()?) } else { None };
        Ok(AlterTable::ReplacePartitionField { from: old, to: new, name })
    }

    fn alter_set(&mut self, from: Mark) -> Result<AlterTable> {
        self.expect_keyword(K::Set)?;
        if self.eat_keyword(K::Tblproperties) {
            return Ok(AlterTable::SetProperties(self.properties()?));
        }
        if self.eat_keyword(K::Location) {
            return Ok(AlterTable::SetLocation(self.string()?));
        }
        if self.is_word("identifier") && self.is_word_at(1, "fields") {
            self.advance();
            self.advance();
            return Ok(AlterTable::SetIdentifierFields(self.list(Self::multipart)?));
        }
        match self.keyword() {
            Some(word @ (K::Serde | K::Serdeproperties | K::Skewed | K::Fileformat)) => {
                Ok(self.alter_unsupported(&format!("SET {}", word.text()), from))
            }
            _ => Err(self.syntax_error()),
        }
    }

    fn alter_unset(&mut self) -> Result<AlterTable> {
        self.expect_phrase(&[K::Unset, K::Tblproperties])?;
        let if_exists = self.if_exists();
        Ok(AlterTable::UnsetProperties { keys: self.property_keys()?, if_exists })
    }

    /// Iceberg's `WRITE [DISTRIBUTED BY PARTITION] [LOCALLY] [ORDERED BY …]` and `WRITE UNORDERED`.
    fn write_order(&mut self) -> Result<AlterTable> {
        self.expect_word("write")?;
        let mut distributed = false;
        let mut local = false;
        let mut orders = Vec::new();
        let mut any = false;
        loop {
            if self.is_word("distributed") {
                self.advance();
                self.expect_phrase(&[K::By, K::Partition])?;
                distributed = true;
            } else if self.eat_word("locally") {
                local = true;
                if !self.is_word("ordered") {
                    return Err(self.syntax_error());
                }
            } else if self.eat_word("unordered") {
                orders.clear();
            } else if self.eat_word("ordered") {
                self.expect_keyword(K::By)?;
                orders = self.write_orders()?;
            } else if any {
                return Ok(AlterTable::WriteOrderedBy { orders, distributed, local });
            } else {
                return Err(self.syntax_error());
            }
            any = true;
        }
    }

    fn is_order_at(&self, ahead: usize) -> bool {
        ["ordered", "distributed", "locally", "unordered"].iter().any(|word| self.is_word_at(ahead, word))
    }

    fn write_orders(&mut self) -> Result<Vec<(Transform, bool, bool)>> {
        let item = |parser: &mut Self| {
            let transform = parser.transform()?;
            let (ascending, nulls_first) = parser.sort_direction()?;
            Ok((transform, ascending, nulls_first))
        };
        if self.is(Kind::LeftParen) { self.parenthesised_list(item) } else { self.list(item) }
    }
}
