//! Partition transforms (`days(ts)`, `bucket(16, id)`), partition specs (`PARTITION (a = 1)`), buckets.

use floe_base::{Error, Result};
use floe_syntax::command::Transform;
use floe_syntax::{Expression, ExpressionKind, Literal};

use crate::keyword::Keyword as K;
use crate::parser::Parser;
use crate::token::Kind;

impl Parser<'_> {
    /// `PARTITIONED BY (a, days(b), c INT)`.
    pub(crate) fn partitioning(&mut self) -> Result<Vec<Transform>> {
        self.parenthesised_list(|parser| {
            // A name and a type define the column at once.
            let defines = parser.is_identifier() && parser.is_identifier_at(1);
            if !defines {
                return parser.transform();
            }
            let field = parser.field(false)?;
            Ok(Transform {
                name: "identity".into(),
                column: vec![field.name.clone()],
                argument: None,
                definition: Some(field),
            })
        })
    }

    /// `a.b`, or a transform with its arguments in either order.
    pub(crate) fn transform(&mut self) -> Result<Transform> {
        let from = self.mark();
        let mut column = vec![self.identifier()?];
        while self.eat(Kind::Dot) {
            column.push(self.identifier()?);
        }
        if !self.is(Kind::LeftParen) {
            return Ok(Transform { name: "identity".into(), column, argument: None, definition: None });
        }
        let [name] = column.as_slice() else { return Err(self.syntax_error()) };
        let name = canonical(name);
        let mut columns = Vec::new();
        let mut argument = None;
        let arguments = self.parenthesised_list(Self::transform_argument)?;
        if let (true, Some(ExpressionKind::Attribute(first))) =
            (name == "bucket", arguments.first().map(|first| &first.kind))
        {
            let text = format!("Invalid number of buckets: {}.", first.parts.join("."));
            let error = self.refused(text, from);
            self.defer(error);
        }
        for value in arguments {
            match value.kind {
                ExpressionKind::Attribute(attribute) => columns.push(attribute.parts),
                ExpressionKind::Literal(Literal::Int(number)) => argument = Some(i64::from(number)),
                ExpressionKind::Literal(Literal::Long(number)) => argument = Some(number),
                _ => {
                    let what = format!("the argument {} of a partition transform", value.origin.fragment());
                    return Err(Error::unsupported(what).at(&value.origin));
                }
            }
        }
        let mut columns = columns.into_iter();
        match (columns.next(), columns.next()) {
            (Some(column), None) => Ok(Transform { name, column, argument, definition: None }),
            (None, _) => {
                Err(Error::unsupported(format!("the partition transform {name} without a column"))
                    .at(&self.origin(from)))
            }
            _ => Err(Error::unsupported(format!("the partition transform {name} over several columns"))
                .at(&self.origin(from))),
        }
    }

    fn transform_argument(&mut self) -> Result<Expression> {
        let from = self.mark();
        if self.is_identifier() && !matches!(self.peek_at(1), Kind::String | Kind::DoubleQuoted) {
            let parts = self.multipart()?;
            return Ok(Expression::column(parts, self.origin(from)));
        }
        self.primary()
    }

    /// `PARTITION (a = 1, b)`.
    pub(crate) fn partition_spec(&mut self) -> Result<Vec<(String, Option<Expression>)>> {
        let from = self.mark();
        self.expect_keyword(K::Partition)?;
        let entries = self.parenthesised_list(|parser| {
            let name = parser.identifier()?;
            if !parser.eat(Kind::Equal) {
                return Ok((name, None));
            }
            let start = parser.mark();
            if parser.is_keyword(K::Default) && matches!(parser.peek_at(1), Kind::Comma | Kind::RightParen) {
                let error = parser.error("REF_DEFAULT_VALUE_IS_NOT_ALLOWED_IN_PARTITION", from);
                parser.defer(error);
                parser.advance();
                return Ok((name, None));
            }
            let first = parser.primary()?;
            if !matches!(
                first.kind,
                ExpressionKind::Literal(_)
                    | ExpressionKind::TypedLiteral { .. }
                    | ExpressionKind::NamedParameter(_)
                    | ExpressionKind::PositionalParameter(_)
            ) {
                // A name could have been the type of a literal: its text is what is missing.
                if !matches!(first.kind, ExpressionKind::Attribute(_)) {
                    parser.rewind(start);
                }
                return Err(parser.syntax_error());
            }
            Ok((name, Some(first)))
        })?;
        for (index, (name, _)) in entries.iter().enumerate() {
            if entries.iter().take(index).any(|(earlier, _)| earlier == name) {
                let error = self.error("DUPLICATE_KEY", from).with("keyColumn", format!("`{name}`"));
                self.defer(error);
            }
        }
        Ok(entries)
    }

    /// `CLUSTERED BY (a) [SORTED BY (b)] INTO n BUCKETS`.
    pub(crate) fn buckets_clause(&mut self) -> Result<(Vec<String>, Vec<String>, u32)> {
        let from = self.mark();
        self.expect_phrase(&[K::Clustered, K::By])?;
        let columns = self.identifier_list()?;
        let mut sorted = Vec::new();
        if self.eat_phrase(&[K::Sorted, K::By]) {
            sorted = self.parenthesised_list(|parser| {
                let name = parser.name()?;
                let direction = parser.token();
                if parser.eat_one_of(&[K::Asc, K::Desc]) == Some(K::Desc) {
                    let written = parser.slice(direction);
                    let text = format!("Operation not allowed: Column ordering must be ASC, was '{written}'.");
                    let error = parser.refused(text, from);
                    parser.defer(error);
                }
                Ok(name)
            })?;
        }
        self.expect_keyword(K::Into)?;
        let count = self.integer()?;
        self.expect_keyword(K::Buckets)?;
        Ok((columns, sorted, count))
    }
}

/// Iceberg's and Spark's spellings of the same transform.
fn canonical(name: &str) -> String {
    let lower = name.to_ascii_lowercase();
    match lower.as_str() {
        "year" => "years".into(),
        "month" => "months".into(),
        "day" | "date" => "days".into(),
        "hour" | "date_hour" => "hours".into(),
        _ => lower,
    }
}
