//! UNPIVOT: one row for each of a row's columns, or groups of columns.

use datafusion::scalar::ScalarValue;
use floe_base::{Error, Origin, Result};
use floe_functions::{Typed, coerce, condition};
use floe_syntax::expression::{Expression, ExpressionKind};
use floe_syntax::relation::Unpivot;

use crate::expression::field::structure;
use crate::expression::generator::{Generated, spread};
use crate::expression::{Clause, Names};
use crate::resolver::{Env, Resolver};
use crate::rows::{Output, Rows};
use crate::scope::{Column, referenced};

/// A group of columns that becomes a row: the row's name, and its values.
struct Group {
    name: String,
    values: Vec<Typed>,
}

impl Resolver<'_> {
    pub(crate) fn unpivot<'t>(&self, unpivot: &'t Unpivot, env: &Env<'t>, origin: &Origin) -> Result<Rows> {
        let rows = self.relation(&unpivot.input, env)?;
        let scope = rows.scope.clone();
        let names = Names::new(&scope, env, Clause::Select);
        let ids = match &unpivot.ids {
            Some(ids) => Some(self.outputs(ids, &names)?),
            None => None,
        };
        let groups = match &unpivot.groups {
            Some(groups) => groups.iter().map(|(values, name)| self.group(values, name.as_deref(), &names)).collect(),
            None => Ok(others(&scope.shown().cloned().collect::<Vec<_>>(), ids.as_deref().unwrap_or_default())),
        };
        let groups: Vec<Group> = groups?;
        if groups.is_empty() {
            return Err(Error::analysis("UNPIVOT_REQUIRES_VALUE_COLUMNS").at(origin));
        }
        let ids = ids.unwrap_or_else(|| {
            let used: Vec<_> =
                groups.iter().flat_map(|group| &group.values).filter_map(|value| referenced(&value.expr)).collect();
            scope.shown().filter(|column| !used.contains(&column.id)).map(Output::pass).collect()
        });
        let mismatch = groups.iter().find(|group| group.values.len() != unpivot.values.len());
        if mismatch.is_some() {
            return Err(Error::analysis("UNPIVOT_VALUE_SIZE_MISMATCH")
                .with("names", unpivot.values.len().to_string())
                .at(origin));
        }
        self.unpivoted(rows, ids, groups, unpivot, origin)
    }

    fn group(&self, values: &[Expression], name: Option<&str>, names: &Names<'_>) -> Result<Group> {
        let lowered = values.iter().map(|value| self.expression(value, names)).collect::<Result<Vec<_>>>()?;
        let name = name.map(String::from).unwrap_or_else(|| {
            let of = |value: &Expression| match &value.kind {
                ExpressionKind::Attribute(attribute) => attribute.parts.last().cloned().unwrap_or_default(),
                _ => self.text(value, names),
            };
            values.iter().map(of).collect::<Vec<_>>().join("_")
        });
        Ok(Group { name, values: lowered })
    }

    fn unpivoted(
        &self,
        rows: Rows,
        ids: Vec<Output>,
        groups: Vec<Group>,
        unpivot: &Unpivot,
        origin: &Origin,
    ) -> Result<Rows> {
        let mut columns: Vec<Vec<Typed>> = Vec::with_capacity(unpivot.values.len());
        for position in 0..unpivot.values.len() {
            let values: Vec<Typed> = groups.iter().filter_map(|group| group.values.get(position).cloned()).collect();
            let types: Vec<String> = values.iter().map(|value| format!("\"{}\"", value.spark_type().sql())).collect();
            let unified = coerce::unify_without_text(values, self.context, origin).ok_or_else(|| {
                Error::analysis("UNPIVOT_VALUE_DATA_TYPE_MISMATCH").with("types", types.join(", ")).at(origin)
            })??;
            let nullable = unified.iter().any(|value| value.nullable);
            columns.push(unified.into_iter().map(|value| Typed { nullable, ..value }).collect());
        }
        let structs: Vec<Typed> =
            groups
                .iter()
                .enumerate()
                .map(|(row, group)| {
                    let name = Typed::constant(ScalarValue::from(group.name.as_str()));
                    let values =
                        unpivot.values.iter().zip(&columns).enumerate().filter_map(|(position, (_, column))| {
                            Some((format!("v{position}"), column.get(row)?.clone()))
                        });
                    structure(None, std::iter::once(("name".to_string(), name)).chain(values).collect())
                })
                .collect();
        let array = self.apply("array", structs, "unpivot", origin)?;
        let fields = match &array.data_type {
            arrow::datatypes::DataType::List(element) => match element.data_type() {
                arrow::datatypes::DataType::Struct(fields) => fields.clone(),
                _ => return Err(Error::internal("UNPIVOT makes no structs")),
            },
            _ => return Err(Error::internal("UNPIVOT makes no array")),
        };
        let id = self.fresh();
        let mut names = vec![unpivot.variable.clone()];
        names.extend(unpivot.values.iter().cloned());
        let members = self.generated_members(id, &fields, false, &names, origin)?;
        let rows = spread(rows, Generated { value: array, id, outer: false })?;
        let values: Vec<Column> = members.iter().skip(1).map(|(_, column)| column.clone()).collect();
        let mut outputs = ids;
        outputs.extend(members.into_iter().map(|(value, column)| Output { value, column }));
        let rows = rows.project_closed(outputs)?;
        if unpivot.include_nulls {
            return Ok(rows);
        }
        let present = values.iter().map(|column| condition::is_not_null(column.typed()));
        rows.filter(condition::any(present).expr)
    }
}

/// All columns that are not ids, each a group of its own.
fn others(columns: &[Column], ids: &[Output]) -> Vec<Group> {
    let is_id = |column: &Column| ids.iter().any(|id| referenced(&id.value.expr) == Some(column.id));
    columns
        .iter()
        .filter(|column| !is_id(column))
        .map(|column| Group { name: column.name().to_string(), values: vec![column.typed()] })
        .collect()
}
