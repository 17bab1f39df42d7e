//! What lowering finds loaded: tables, parsed views, files, answers to small queries. One version of each per statement.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::RecordBatch;
use datafusion::scalar::ScalarValue;
use floe_base::{Error, Kind, Origin, Result, SqlSource};
use floe_catalog::catalog::Version;
use floe_catalog::view::ViewBody;
use floe_catalog::{Found, Table, View};
use floe_syntax::Relation;
use floe_syntax::relation::Files;

use crate::facts::of_table;
use crate::routine::Known;
use crate::{Loaded, Lookup, Planned, Temporary, Under, Variables};

/// Everything loaded so far; it only grows.
#[derive(Default)]
pub(crate) struct Snapshot {
    objects: HashMap<String, Option<Object>>,
    files: HashMap<String, Table>,
    cached: HashMap<String, Table>,
    functions: HashMap<String, Option<Known>>,
    pub(crate) answers: Vec<Vec<RecordBatch>>,
    variables: Variables,
}

/// A name that was found.
pub(crate) enum Object {
    Table(Box<Table>),
    View { view: Box<View>, query: Arc<Relation>, under: Option<Under> },
}

/// A view's query, and what its names are read under.
pub(crate) type ViewQuery = (Arc<Relation>, Option<Under>);

/// A name to look for.
#[derive(Clone, Debug)]
pub(crate) struct Wanted {
    pub(crate) parts: Vec<String>,
    pub(crate) version: Option<Version>,
    pub(crate) options: Vec<(String, String)>,
    pub(crate) under: Option<Under>,
}

/// What lowering stops for.
pub(crate) enum Need {
    Name(Wanted),
    Files(Files),
    Cached(String),
    Function(Vec<String>, Option<Under>),
    Rows(Box<Planned>),
}

impl Wanted {
    fn key(&self) -> String {
        format!("{:?} {:?} {:?} {:?}", self.parts, self.version, self.options, self.under)
    }
}

impl Snapshot {
    pub(crate) fn new(variables: Variables) -> Self {
        Self { variables, ..Self::default() }
    }

    /// The value of a variable of the session: `v`, `session.v`, `system.session.v`.
    pub(crate) fn variable(&self, parts: &[String]) -> Option<(&String, &ScalarValue)> {
        let is = |part: &String, word: &str| part.eq_ignore_ascii_case(word);
        let name = match parts {
            [name] => name,
            [session, name] if is(session, "session") => name,
            [system, session, name] if is(system, "system") && is(session, "session") => name,
            _ => return None,
        };
        self.variables.get_key_value(&name.to_lowercase())
    }

    /// `None` while nobody has looked; `Some(None)` when there is no such thing.
    pub(crate) fn object(&self, wanted: &Wanted) -> Option<Option<&Object>> {
        self.objects.get(&wanted.key()).map(Option::as_ref)
    }

    pub(crate) fn files(&self, files: &Files) -> Option<&Table> {
        self.files.get(&format!("{files:?}"))
    }

    /// What a router may know of everything loaded.
    pub(crate) fn tables(&self) -> Vec<Loaded> {
        let named = self.objects.values().filter_map(|object| match object {
            Some(Object::Table(table)) => Some(table.as_ref()),
            _ => None,
        });
        named.chain(self.files.values()).chain(self.cached.values()).map(of_table).collect()
    }

    pub(crate) fn cached(&self, relation_id: &str) -> Option<&Table> {
        self.cached.get(relation_id)
    }

    /// `None` while nobody has looked; `Some(None)` when there is no such function.
    pub(crate) fn function(&self, name: &[String], under: Option<&Under>) -> Option<Option<&Known>> {
        self.functions.get(&function_key(name, under)).map(Option::as_ref)
    }

    /// True for a name that was looked for, and for files that were opened.
    pub(crate) fn has(&self, need: &Need) -> bool {
        match need {
            Need::Name(wanted) => self.object(wanted).is_some(),
            Need::Files(files) => self.files(files).is_some(),
            Need::Cached(_) | Need::Function(..) | Need::Rows(_) => false,
        }
    }

    /// Loads it. A view's query is given back with what its names are read under: it names what is needed next.
    pub(crate) async fn load(&mut self, need: Need, lookup: &dyn Lookup) -> Result<Option<ViewQuery>> {
        match need {
            Need::Name(wanted) => return self.load_name(wanted, lookup).await,
            Need::Files(files) => {
                let table = lookup.files(&files).await?;
                self.files.insert(format!("{files:?}"), table);
            }
            Need::Cached(relation_id) => {
                let table = lookup.cached(&relation_id)?;
                self.cached.insert(relation_id, table);
            }
            Need::Function(name, under) => {
                let found = lookup.function(&name, under.as_ref()).await?;
                let key = function_key(&name, under.as_ref());
                self.functions.insert(key, found.map(Known::read).transpose()?);
            }
            Need::Rows(planned) => self.answers.push(lookup.collect(*planned).await?),
        }
        Ok(None)
    }

    async fn load_name(&mut self, wanted: Wanted, lookup: &dyn Lookup) -> Result<Option<ViewQuery>> {
        let (version, under) = (wanted.version.as_ref(), wanted.under.as_ref());
        let found = lookup.find(&wanted.parts, version, &wanted.options, under).await?;
        let object = match found {
            None => None,
            Some(Found::Table(table)) => Some(Object::Table(table)),
            Some(Found::View(view)) => Some(opened(view)?),
        };
        let view = match &object {
            Some(Object::View { query, under, .. }) => Some((query.clone(), under.clone())),
            _ => None,
        };
        self.objects.insert(wanted.key(), object);
        Ok(view)
    }
}

fn function_key(name: &[String], under: Option<&Under>) -> String {
    format!("{name:?} {under:?}")
}

/// A view's text read under its own names; errors inside it will name the view.
fn opened(view: Box<View>) -> Result<Object> {
    match &view.body {
        ViewBody::Frame { relation, catalog, namespace, views } => {
            let (catalog, namespace) = (catalog.clone(), namespace.clone());
            let under = Some(Under { catalog, namespace, temporary: Temporary::Kept(views.clone()) });
            let query = relation.clone();
            Ok(Object::View { view, query, under })
        }
        ViewBody::Elsewhere => Err(Error::unsupported(format!("temp view `{}`, which Spark made,", view.name.name))),
        ViewBody::Text { sql, catalog, namespace } => {
            let name = view.name.parts().into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(".");
            let object = Some(("VIEW".into(), name.clone()));
            let source = Arc::new(SqlSource { text: sql.as_str().into(), object, raw_strings: false });
            let query = floe_sql::parse_query(&source).map_err(|error| {
                Error::message(Kind::Analysis, format!("the text of view {name} cannot be read: {error}"))
                    .at(&Origin::Unknown)
            })?;
            let (catalog, namespace) = (catalog.clone(), namespace.clone());
            let temporary = if view.is_temporary { Temporary::Session } else { Temporary::Never };
            let under = Some(Under { catalog, namespace, temporary });
            Ok(Object::View { view, query: Arc::new(query), under })
        }
    }
}
