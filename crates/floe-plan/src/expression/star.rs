//! `*`, `t.*`, `* EXCEPT (a)`, and column patterns: one expression that is several columns.

use floe_base::error::quoted;
use floe_base::{Error, Origin, Result};
use floe_functions::{JavaPattern, Typed};
use floe_syntax::expression::{Attribute, Star};

use super::Names;
use super::field::get_field;
use crate::problem;
use crate::resolver::Resolver;
use crate::rows::{Output, field_of};
use crate::scope::{Column, Id, Match, Visibility};

/// A `*` where no list of columns can stand.
pub(crate) fn misplaced(_names: &Names<'_>, origin: &Origin) -> Error {
    Error::analysis("INVALID_USAGE_OF_STAR_OR_REGEX").with("elem", "'*'").with("prettyName", "expression").at(origin)
}

impl Resolver<'_> {
    /// The outputs a star stands for.
    pub(crate) fn star(&self, star: &Star, names: &Names<'_>, origin: &Origin) -> Result<Vec<Output>> {
        if !star.qualifier.is_empty()
            && names.scope.qualified(&star.qualifier, self.case_sensitive).is_empty()
            && let Match::One(column, used) = names.scope.resolve(&star.qualifier, self.case_sensitive)
        {
            return self.struct_star(column, star, used, origin);
        }
        let is_member = |except: &&Vec<String>| self.excepted_member(except, names).is_some();
        let (members, whole): (Vec<_>, Vec<_>) = star.except.iter().partition(is_member);
        let plain = Star { except: whole.into_iter().cloned().collect(), ..star.clone() };
        let columns = self.star_columns(&plain, names, origin)?;
        columns.iter().map(|column| self.without_members(column, &members, names, origin)).collect()
    }

    /// The column an EXCEPT takes a member out of, and the member's path.
    fn excepted_member<'e>(&self, except: &'e [String], names: &Names<'_>) -> Option<(Id, &'e [String])> {
        match names.scope.resolve(except, self.case_sensitive) {
            Match::One(column, used) if used < except.len() => Some((column.id, except.get(used..)?)),
            _ => None,
        }
    }

    /// A column of a star, without the members that EXCEPT takes out of it.
    fn without_members(
        &self,
        column: &Column,
        excepted: &[&Vec<String>],
        names: &Names<'_>,
        origin: &Origin,
    ) -> Result<Output> {
        let mut value = column.typed();
        let mut is_changed = false;
        for except in excepted {
            match self.excepted_member(except, names) {
                Some((id, path)) if id == column.id => {
                    value = self.updated(value, path, None, origin)?;
                    is_changed = true;
                }
                _ => {}
            }
        }
        if !is_changed {
            return Ok(Output::pass(column));
        }
        let column = self.column(column.name(), &value);
        Ok(Output { value, column })
    }

    /// The columns a star stands for.
    pub(crate) fn star_columns<'n>(&self, star: &Star, names: &'n Names<'_>, origin: &Origin) -> Result<Vec<Column>> {
        let columns: Vec<Column> = if let Some(plan_id) = star.plan_id {
            self.frame_star(plan_id, names, origin)?
        } else if star.qualifier.is_empty() {
            names.scope.shown().cloned().collect()
        } else {
            let found = names.scope.qualified(&star.qualifier, self.case_sensitive);
            let (hidden, shown): (Vec<&Column>, Vec<&Column>) =
                found.into_iter().partition(|column| column.visibility == Visibility::Qualified);
            let shown_again = |column: &Column| Column { visibility: Visibility::Shown, ..column.clone() };
            hidden.into_iter().chain(shown).map(shown_again).collect()
        };
        if columns.is_empty() && !star.qualifier.is_empty() {
            let known: Vec<String> = names.scope.shown().map(|column| quoted(&[column.name()])).collect();
            return Err(Error::analysis("CANNOT_RESOLVE_STAR_EXPAND")
                .with("targetString", quoted(&star.qualifier))
                .with("columns", known.join(", "))
                .at(origin));
        }
        self.without(columns, star, names, origin)
    }

    fn frame_star(&self, plan_id: i64, names: &Names<'_>, origin: &Origin) -> Result<Vec<Column>> {
        let mut found = Vec::new();
        for scope in self.frame(plan_id) {
            let here = scope.shown().filter_map(|column| names.scope.by_id(column.id));
            found.extend(here.cloned());
        }
        if found.is_empty() {
            return Err(problem::foreign_column(&["*".into()], origin));
        }
        Ok(found)
    }

    fn without(&self, columns: Vec<Column>, star: &Star, names: &Names<'_>, origin: &Origin) -> Result<Vec<Column>> {
        let mut columns = columns;
        for except in &star.except {
            let dropped = match names.scope.resolve(except, self.case_sensitive) {
                Match::One(column, used) if used == except.len() => column.id,
                Match::One(..) => {
                    return Err(Error::unsupported("a member of a struct in EXCEPT of a star").at(origin));
                }
                Match::Many(found) => return Err(problem::ambiguous(except, &found, origin)),
                Match::None => return Err(problem::unresolved_column(except, names.scope, None, origin)),
            };
            columns.retain(|column| column.id != dropped);
        }
        Ok(columns)
    }

    /// `s.*` of a struct column.
    fn struct_star(&self, column: &Column, star: &Star, used: usize, origin: &Origin) -> Result<Vec<Output>> {
        let mut value = column.typed();
        for field in star.qualifier.get(used..).unwrap_or_default() {
            value = self.member(value, field, origin)?;
        }
        let arrow::datatypes::DataType::Struct(fields) = value.data_type.clone() else {
            let attributes = format!("List({})", star.qualifier.join(", "));
            return Err(Error::analysis("_LEGACY_ERROR_TEMP_1050").with("attributes", attributes).at(origin));
        };
        let mut outputs = Vec::with_capacity(fields.len());
        for (index, field) in fields.iter().enumerate() {
            if star
                .except
                .iter()
                .any(|except| matches!(except.as_slice(), [name] if self.same_name(name, field.name())))
            {
                continue;
            }
            let member = get_field(value.clone(), &fields, index)?;
            let column = Column::new(self.fresh(), field_of(field.name(), &member));
            outputs.push(Output { value: member, column });
        }
        Ok(outputs)
    }

    /// The columns whose names a pattern covers whole; which frame it was asked of does not matter (Spark 4.1).
    pub(crate) fn column_regex(&self, pattern: &str, names: &Names<'_>, origin: &Origin) -> Result<Vec<Column>> {
        let compiled = self.name_pattern(pattern.trim_matches('`'), origin)?;
        let mut columns = Vec::new();
        for column in names.scope.shown() {
            if compiled.is_match(column.name())? {
                columns.push(column.clone());
            }
        }
        Ok(columns)
    }

    fn name_pattern(&self, pattern: &str, origin: &Origin) -> Result<JavaPattern> {
        let prefix = if self.case_sensitive { "" } else { "(?i)" };
        JavaPattern::compile_whole(&format!("{prefix}{pattern}"))
            .ok_or_else(|| Error::analysis("INVALID_REGEXP_REPLACE").with("pattern", pattern).at(origin))
    }

    /// Does a name stand for all columns it covers as a pattern? One that could be written without quotes is its own match.
    pub(crate) fn is_regex(&self, attribute: &Attribute) -> bool {
        let is_plain = |name: &String| name.chars().all(|letter| letter.is_alphanumeric() || letter == '_');
        attribute.parts.len() <= 2
            && attribute.parts.last().is_some_and(|name| !is_plain(name))
            && self.flag("spark.sql.parser.quotedRegexColumnNames", false)
    }

    /// `` `(a|b)` `` and `` t.`(a|b)` `` in a list, where the setting has quoted names be patterns.
    pub(crate) fn quoted_regex(&self, parts: &[String], names: &Names<'_>, origin: &Origin) -> Result<Vec<Output>> {
        let Some((pattern, qualifier)) = parts.split_last() else { return Ok(Vec::new()) };
        let compiled = self.name_pattern(pattern, origin)?;
        let all = self.star(&Star { qualifier: qualifier.to_vec(), ..Star::default() }, names, origin)?;
        let mut outputs = Vec::new();
        for output in all {
            if compiled.is_match(output.column.name())? {
                outputs.push(output);
            }
        }
        Ok(outputs)
    }

    /// A pattern where one column must stand.
    pub(crate) fn column_regex_alone(&self, pattern: &str, names: &Names<'_>, origin: &Origin) -> Result<Typed> {
        match self.column_regex(pattern, names, origin)?.as_slice() {
            [one] => Ok(one.typed()),
            _ => Err(Error::analysis("INVALID_USAGE_OF_STAR_OR_REGEX")
                .with("elem", format!("regular expression '{pattern}'"))
                .with("prettyName", "expression")
                .at(origin)),
        }
    }
}
