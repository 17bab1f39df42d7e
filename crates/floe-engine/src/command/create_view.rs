//! `CREATE VIEW`, persistent and temporary, and a frame's `createOrReplaceTempView`.

use std::collections::BTreeSet;
use std::sync::Arc;

use floe_base::error::quoted;
use floe_base::{Error, Result};
use floe_catalog::view::{Made, ViewBody};
use floe_catalog::{Found, ObjectName, View};
use floe_syntax::command::{CreateView, ViewKind};

use super::lookup::parts;
use crate::session::{Running, SessionLookup};
use crate::{Execution, Session};

pub(super) async fn run(session: &Arc<Session>, create: CreateView, running: &Running) -> Result<Execution> {
    match create.kind {
        ViewKind::Persistent => persistent(session, create).await,
        ViewKind::Temporary => temporary(session, create, false, running).await,
        ViewKind::GlobalTemporary => temporary(session, create, true, running).await,
    }
}

async fn temporary(session: &Arc<Session>, create: CreateView, global: bool, running: &Running) -> Result<Execution> {
    let (Some(name), before) = (parts(&create.name)?.last().cloned(), create.name.parts.len()) else {
        return Err(Error::internal("a view without a name"));
    };
    if before > 1 && !(global && before == 2 && create.name.parts[0].eq_ignore_ascii_case(crate::session::GLOBAL)) {
        return Err(Error::new(floe_base::Kind::Parse, "TEMP_VIEW_NAME_TOO_MANY_NAME_PARTS")
            .with("actualName", quoted(&create.name.parts)));
    }
    let exists = if global { session.global_view(&name) } else { session.temp_view(&name) }.is_some();
    if exists && create.if_not_exists {
        return Ok(Execution::empty());
    }
    let (schema, lookup) = analysed(session, &create).await?;
    let used = lookup.temporary_names();
    if create.text.is_some() {
        unique(&schema)?;
        if exists && used.contains(&create.name.parts.join(".").to_lowercase()) {
            let shown = quoted(&create.name.parts);
            let error = Error::analysis("RECURSIVE_VIEW").with("viewIdent", &shown);
            return Err(error.with("newPath", format!("{shown} -> {shown}")));
        }
    }
    let body = body(session, &create, &used);
    let view = View {
        name: ObjectName::new("", Vec::new(), name),
        body,
        columns: create.columns,
        schema: Some(schema),
        is_temporary: true,
        comment: create.comment,
        properties: create.properties,
        reserved: Vec::new(),
        made: running.operation.sent.as_ref().map(|sent| Made::new(sent.message.clone(), session.spark_conf())),
    };
    session.put_temp_view(view, global, create.or_replace)?;
    Ok(Execution::empty())
}

async fn persistent(session: &Arc<Session>, create: CreateView) -> Result<Execution> {
    let Some(sql) = create.text.clone() else {
        return Err(Error::unsupported("a persistent view without a SQL text"));
    };
    let located = session.locate(parts(&create.name)?).await?;
    if located.catalog.namespace(&located.namespace).await?.is_none() {
        return Err(super::lookup::missing_schema(located.catalog.name(), &located.namespace));
    }
    let name = ObjectName::new(located.catalog.name(), located.namespace.clone(), located.name.clone());
    match located.catalog.load(&located.namespace, &located.name, None).await? {
        Some(_) if create.if_not_exists => return Ok(Execution::empty()),
        Some(Found::View(_)) if create.or_replace => {}
        Some(Found::View(_)) => {
            return Err(Error::analysis("VIEW_ALREADY_EXISTS").with("relationName", name.quoted()));
        }
        Some(Found::Table(_)) => {
            let error =
                Error::analysis("EXPECT_VIEW_NOT_TABLE.NO_ALTERNATIVE").with("operation", "CREATE OR REPLACE VIEW");
            return Err(error.with("tableName", name.quoted()));
        }
        None => {}
    }
    let (schema, lookup) = analysed(session, &create).await?;
    if let Some(first) = lookup.temporary_names().first() {
        let text = format!(
            "Cannot create the persistent view {name}: it refers to the temporary view {first}. Make {first} persistent, \
             or make {name} temporary."
        );
        return Err(Error::message(floe_base::Kind::Analysis, text));
    }
    if let Some(first) = lookup.temporary_functions().first() {
        return Err(super::create_function::temporary_inside("VIEW", &name.parts(), "FUNCTION", first));
    }
    unique(&schema)?;
    let (catalog, namespace) = session.current();
    let view = View {
        name,
        body: ViewBody::Text { sql, catalog, namespace },
        columns: create.columns,
        schema: Some(schema),
        is_temporary: false,
        comment: create.comment,
        properties: create.properties,
        reserved: Vec::new(),
        made: None,
    };
    located.catalog.put_view(view).await?;
    Ok(Execution::empty())
}

/// The view's columns, and the lookup that saw what it uses; analysing them now is what makes a view that cannot work an
/// error at once.
async fn analysed(session: &Arc<Session>, create: &CreateView) -> Result<(arrow::datatypes::SchemaRef, SessionLookup)> {
    let lookup = SessionLookup::new(session.clone())?;
    let schema = floe_plan::lower_query(create.query.clone(), &lookup).await?.schema();
    let (wanted, found) = (create.columns.len(), schema.fields().len());
    if wanted == 0 || wanted == found {
        return Ok((super::alter_view::renamed(schema, &create.columns)?, lookup));
    }
    let condition = if wanted > found {
        "CREATE_VIEW_COLUMN_ARITY_MISMATCH.NOT_ENOUGH_DATA_COLUMNS"
    } else {
        "CREATE_VIEW_COLUMN_ARITY_MISMATCH.TOO_MANY_DATA_COLUMNS"
    };
    let list = |names: Vec<&str>| names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    Err(Error::analysis(condition)
        .with("viewName", quoted(&create.name.parts))
        .with("viewColumns", list(create.columns.iter().map(|(name, _)| name.as_str()).collect()))
        .with("dataColumns", list(schema.fields().iter().map(|field| field.name().as_str()).collect())))
}

fn body(session: &Session, create: &CreateView, used: &[String]) -> ViewBody {
    let (catalog, namespace) = session.current();
    let Some(sql) = &create.text else {
        let view = |name: &String| {
            let parts: Vec<String> = name.split('.').map(str::to_string).collect();
            Some((name.clone(), session.temporary(&parts)?.0))
        };
        let views = Arc::new(used.iter().filter_map(view).collect());
        return ViewBody::Frame { relation: Arc::new(create.query.clone()), catalog, namespace, views };
    };
    ViewBody::Text { sql: sql.clone(), catalog, namespace }
}

/// A stored view's columns have names of their own.
fn unique(schema: &arrow::datatypes::Schema) -> Result<()> {
    let mut seen = BTreeSet::new();
    match schema.fields().iter().find(|field| !seen.insert(field.name().to_lowercase())) {
        Some(twice) => Err(Error::analysis("COLUMN_ALREADY_EXISTS").with("columnName", format!("`{}`", twice.name()))),
        None => Ok(()),
    }
}
