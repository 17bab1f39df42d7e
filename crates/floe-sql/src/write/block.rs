//! One SELECT on its way: operators are put into it as long as it can take them.
//!
//! An engine orders joins among those of one SELECT; a list of outputs between two joins would part them (DuckDB 1.5). So
//! a join, the conditions over it and the outputs over those become one, and columns that are only passed on leave no
//! trace: names are unique, nothing has to be hidden.

/// Where a plan without columns has to have one.
const NO_COLUMN: &str = "0 AS \"nothing\"";

#[derive(Debug)]
pub(super) struct Block {
    /// What stands behind FROM; `None`: nothing does.
    from: Option<String>,
    /// Whether that is a join, which has to stand in parentheses beside others.
    is_join: bool,
    conditions: Vec<String>,
    /// The outputs; `None`: whatever columns FROM has.
    outputs: Option<String>,
    /// `GROUP BY …`, `ORDER BY …`, `LIMIT …`.
    tail: String,
    /// Whether the tail is an order that still takes a limit.
    takes_limit: bool,
}

/// What a join takes from a side.
pub(super) struct Side {
    pub(super) from: String,
    pub(super) conditions: Vec<String>,
}

impl Block {
    /// Rows of something that stands behind FROM.
    pub(super) fn over(from: String) -> Self {
        Self {
            from: Some(from),
            is_join: false,
            conditions: Vec::new(),
            outputs: None,
            tail: String::new(),
            takes_limit: false,
        }
    }

    pub(super) fn joined(from: String, conditions: Vec<String>) -> Self {
        Self { is_join: true, conditions, ..Self::over(from) }
    }

    /// A query that is written already.
    pub(super) fn query(text: &str) -> Self {
        Self::over(format!("({text})"))
    }

    /// One row without any columns.
    pub(super) fn one_row() -> Self {
        Self { from: None, ..Self::over(String::new()) }
    }

    fn is_open(&self) -> bool {
        self.outputs.is_none() && self.tail.is_empty()
    }

    /// The block as one that takes conditions and outputs: itself, or a SELECT over it. `columns` are what it gives.
    pub(super) fn opened(self, columns: impl FnOnce() -> Vec<String>) -> Self {
        if self.is_open() { self } else { Self::query(&self.text(columns)) }
    }

    /// The same rows, only those that meet a condition.
    pub(super) fn filtered(mut self, condition: String) -> Self {
        self.conditions.push(condition);
        self
    }

    /// With these outputs. The block has to be open.
    pub(super) fn with_outputs(self, list: Vec<String>) -> Self {
        Self { outputs: Some(outputs(list)), ..self }
    }

    pub(super) fn with_tail(self, tail: String) -> Self {
        Self { tail, ..self }
    }

    /// In an order; a limit may follow.
    pub(super) fn sorted(self, tail: String) -> Self {
        Self { takes_limit: true, ..self.with_tail(tail) }
    }

    /// Only some of the rows: of those in an order the first, which an engine finds without sorting the rest.
    pub(super) fn limited(self, tail: &str, columns: impl FnOnce() -> Vec<String>) -> Self {
        match self.takes_limit {
            true => Self { tail: self.tail + tail, takes_limit: false, ..self },
            false => Self::query(&self.text(columns)).with_tail(tail.into()),
        }
    }

    /// The block as a side of a join. Conditions come along where the join lets them wait until after it.
    pub(super) fn side(self, columns: impl FnOnce() -> Vec<String>, conditions_wait: bool) -> Side {
        let fits = self.is_open() && (self.conditions.is_empty() || conditions_wait);
        match (fits, self.from) {
            (true, Some(from)) => {
                let from = if self.is_join { format!("({from})") } else { from };
                Side { from, conditions: self.conditions }
            }
            (_, from) => {
                let text = Self { from, ..self }.text(columns);
                Side { from: format!("({text})"), conditions: Vec::new() }
            }
        }
    }

    /// The whole SELECT, with these columns in their order.
    pub(super) fn text(self, columns: impl FnOnce() -> Vec<String>) -> String {
        let mut text = format!("SELECT {}", self.outputs.unwrap_or_else(|| outputs(columns())));
        if let Some(from) = self.from {
            text.push_str(&format!(" FROM {from}"));
        }
        if !self.conditions.is_empty() {
            text.push_str(&format!(" WHERE {}", self.conditions.join(" AND ")));
        }
        text.push_str(&self.tail);
        text
    }
}

/// A list of outputs, with one that means nothing where there is none.
pub(super) fn outputs(list: Vec<String>) -> String {
    if list.is_empty() { NO_COLUMN.into() } else { list.join(", ") }
}
