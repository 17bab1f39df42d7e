//! Iceberg's branches and tags: `CREATE [OR REPLACE] BRANCH b AS OF VERSION 1 RETAIN 7 DAYS`.

use floe_base::Result;
use floe_syntax::command::AlterTable;

use crate::keyword::Keyword as K;
use crate::parser::Parser;

impl Parser<'_> {
    pub(crate) fn create_branch_or_tag(&mut self) -> Result<AlterTable> {
        self.expect_keyword(K::Create)?;
        let or_replace = self.eat_phrase(&[K::Or, K::Replace]);
        self.branch_or_tag(or_replace)
    }

    /// `REPLACE BRANCH b`: it must exist, which CREATE OR REPLACE does not ask; said by name.
    pub(crate) fn replace_branch_or_tag(&mut self) -> Result<AlterTable> {
        self.branch_or_tag(true)
    }

    /// `CREATE [OR REPLACE] BRANCH` or `TAG` ahead?
    pub(crate) fn is_branch_or_tag(&self) -> bool {
        let ahead = if self.is_phrase(&[K::Create, K::Or, K::Replace]) { 3 } else { 1 };
        self.is_word_at(ahead, "branch") || self.is_word_at(ahead, "tag")
    }

    fn branch_or_tag(&mut self, or_replace: bool) -> Result<AlterTable> {
        let is_tag = self.eat_word("tag");
        if !is_tag {
            self.expect_word("branch")?;
        }
        let if_not_exists = self.if_not_exists();
        let name = self.identifier()?;
        let mut snapshot_id = None;
        if self.eat_phrase(&[K::As, K::Of, K::Version]) {
            snapshot_id = Some(self.integer()?);
        }
        let retain_ms = if self.eat_word("retain") { Some(self.retention()?) } else { None };
        if self.is_keyword(K::With) {
            return Err(floe_base::Error::unsupported("WITH SNAPSHOT RETENTION of a branch").at(&self.origin_here()));
        }
        Ok(AlterTable::CreateBranchOrTag { is_tag, name, snapshot_id, or_replace, if_not_exists, retain_ms })
    }

    /// `7 DAYS`, `12 HOURS` or `30 MINUTES`, in milliseconds.
    fn retention(&mut self) -> Result<i64> {
        let count: i64 = self.integer()?;
        let unit = match self.eat_one_of(&[K::Day, K::Days, K::Hour, K::Hours, K::Minute, K::Minutes]) {
            Some(K::Day | K::Days) => 86_400_000,
            Some(K::Hour | K::Hours) => 3_600_000,
            Some(_) => 60_000,
            None => return Err(self.syntax_error()),
        };
        count.checked_mul(unit).ok_or_else(|| self.syntax_error())
    }

    pub(crate) fn drop_branch_or_tag(&mut self) -> Result<AlterTable> {
        let is_tag = self.eat_word("tag");
        if !is_tag {
            self.expect_word("branch")?;
        }
        let if_exists = self.if_exists();
        Ok(AlterTable::DropBranchOrTag { is_tag, name: self.identifier()?, if_exists })
    }
}
