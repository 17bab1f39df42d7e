//! An Iceberg REST server as a catalog (Polaris, Nessie, Unity, Lakekeeper, Iceberg's own fixture).
//!
//! `client.rs` sends requests, `auth.rs` signs them, `types.rs` holds what goes over the wire; this file says which request
//! answers which question.

mod auth;
mod client;
mod types;

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use floe_base::{Error, Kind, Result};
use iceberg::spec::ViewMetadata;
use iceberg::{TableRequirement, TableUpdate, ViewUpdate};
use moka::sync::Cache;
use serde_json::{Value, json};

use self::client::{Client, Failure, Request};
use self::types::{CredentialsAnswer, Identifiers, LoadTable, LoadView, NamespaceAnswer, Namespaces};
use crate::catalog::{CommitError, IcebergCatalog, Ident, Loaded, LoadedView, NewTable, Properties};
use crate::config::CatalogConfig;
use crate::error::{
    already_exists, namespace_exists, namespace_not_empty, namespace_not_found, table_not_found, view_not_found,
};
use crate::metadata_file::table_metadata;
use crate::storage::{Credentials, Storage, VendedCredentials};

/// Stores and their connections are kept this long per table and set of credentials.
const STORAGE_LIFE: Duration = Duration::from_secs(1800);
/// Stores kept at once; each has a pool of connections of its own.
const STORAGES_MAX: u64 = 256;
/// Names per page, where the server pages.
const PAGE: &str = "1000";

const CREDENTIALS_ENDPOINT: &str = "GET /v1/{prefix}/namespaces/{namespace}/tables/{table}/credentials";
const VIEWS_ENDPOINT: &str = "GET /v1/{prefix}/namespaces/{namespace}/views";

/// See the module's text.
#[derive(Debug)]
pub struct RestCatalog {
    client: Arc<Client>,
    /// By table and by what the server lent for it.
    storages: Cache<u64, Storage>,
    /// The storage a table was last loaded with: a commit's answer carries none.
    latest: Cache<Ident, Storage>,
}

impl RestCatalog {
    /// Nothing is asked yet: the server may come up later than we do.
    pub fn new(config: CatalogConfig) -> Result<Self> {
        Ok(Self {
            client: Arc::new(Client::new(config)?),
            storages: Cache::builder().max_capacity(STORAGES_MAX).time_to_live(STORAGE_LIFE).build(),
            latest: Cache::builder().max_capacity(STORAGES_MAX).time_to_live(STORAGE_LIFE).build(),
        })
    }

    async fn table_path(&self, ident: &Ident) -> Result<String, Failure> {
        let namespace = self.client.namespace_path(&ident.namespace).await?;
        Ok(format!("{namespace}/tables/{}", urlencoding::encode(&ident.name)))
    }

    async fn view_path(&self, ident: &Ident) -> Result<String, Failure> {
        let namespace = self.client.namespace_path(&ident.namespace).await?;
        Ok(format!("{namespace}/views/{}", urlencoding::encode(&ident.name)))
    }

    async fn loaded(&self, ident: &Ident, answer: LoadTable) -> Result<Loaded> {
        let metadata = Arc::new(table_metadata(answer.metadata)?);
        let storage = self.storage(ident, answer.config, answer.storage_credentials).await?;
        Ok(Loaded { metadata, metadata_location: answer.metadata_location, storage })
    }

    async fn storage(
        &self,
        ident: &Ident,
        config: BTreeMap<String, String>,
        lent: Vec<Credentials>,
    ) -> Result<Storage> {
        let settled = self.client.settled().await?;
        let mut hasher = DefaultHasher::new();
        ident.hash(&mut hasher);
        config.hash(&mut hasher);
        for credentials in &lent {
            credentials.prefix.hash(&mut hasher);
            credentials.properties.hash(&mut hasher);
        }
        let key = hasher.finish();
        let storage = match self.storages.get(&key) {
            Some(known) => known,
            None => {
                let scope = format!("catalog {} table {ident}", self.name());
                let source = Lender { client: Arc::clone(&self.client), ident: ident.clone() };
                let lent = effective(&config, lent);
                let mut properties = settled.properties.clone();
                properties.extend(config);
                let made = Storage::vended(scope, properties, lent, Some(Arc::new(source)));
                self.storages.insert(key, made.clone());
                made
            }
        };
        self.latest.insert(ident.clone(), storage.clone());
        Ok(storage)
    }

    async fn new_table(&self, ident: &Ident, table: NewTable, stage: bool) -> Result<Loaded> {
        let mut properties = table.properties;
        properties.insert("format-version".into(), (table.format_version as u8).to_string());
        let mut body = json!({
            "name": ident.name,
            "schema": table.schema,
            "partition-spec": table.spec,
            "stage-create": stage,
            "properties": properties,
        });
        if let Some(fields) = body.as_object_mut() {
            if let Some(location) = table.location {
                fields.insert("location".into(), json!(location));
            }
            if !table.order.is_unsorted() {
                fields.insert("write-order".into(), json!(table.order));
            }
        }
        let path = format!("{}/tables", self.client.namespace_path(&ident.namespace).await?);
        let answer = self.client.ask::<LoadTable>(Request::post(path, body)).await;
        match answer {
            Ok(answer) => self.loaded(ident, answer).await,
            Err(failure) if failure.is_conflict() => Err(already_exists(self.name(), ident)),
            Err(failure) if failure.is_missing() => Err(namespace_not_found(self.name(), &ident.namespace)),
            Err(failure) => Err(failure.into()),
        }
    }

    async fn pages(&self, path: &str, query: &[(&str, &str)]) -> Result<Vec<Identifiers>, Failure> {
        let mut pages = Vec::new();
        let mut token = String::new();
        loop {
            let mut request = Request::get(path).query("pageToken", token.as_str()).query("pageSize", PAGE);
            for (key, value) in query {
                request = request.query(key, *value);
            }
            let page: Identifiers = self.client.ask(request).await?;
            let next = page.next_page_token.clone();
            pages.push(page);
            match next {
                Some(next) if !next.is_empty() => token = next,
                _ => return Ok(pages),
            }
        }
    }

    async fn names(&self, path: &str) -> Result<Vec<String>, Failure> {
        let pages = self.pages(path, &[]).await?;
        let mut names: Vec<String> =
            pages.into_iter().flat_map(|page| page.identifiers).map(|found| found.name).collect();
        names.sort();
        Ok(names)
    }

    async fn move_to(&self, kind: &str, from: &Ident, to: &Ident) -> Result<(), Failure> {
        let name = |ident: &Ident| json!({ "namespace": ident.namespace, "name": ident.name });
        let body = json!({ "source": name(from), "destination": name(to) });
        self.client.tell(Request::post(format!("{kind}/rename"), body)).await
    }
}

#[async_trait]
impl IcebergCatalog for RestCatalog {
    fn name(&self) -> &str {
        &self.client.config().name
    }

    fn config(&self) -> &CatalogConfig {
        self.client.config()
    }

    async fn list_namespaces(&self, parent: &[String]) -> Result<Vec<Vec<String>>> {
        let separator = '\u{1f}'.to_string();
        let joined = parent.join(&separator);
        let mut found = Vec::new();
        let mut token = String::new();
        loop {
            let mut request = Request::get("namespaces").query("pageToken", token.as_str()).query("pageSize", PAGE);
            if !parent.is_empty() {
                request = request.query("parent", joined.as_str());
            }
            let page: Namespaces = match self.client.ask(request).await {
                Ok(page) => page,
                Err(failure) if failure.is_missing() => return Err(namespace_not_found(self.name(), parent)),
                Err(failure) => return Err(failure.into()),
            };
            found.extend(page.namespaces);
            match page.next_page_token {
                Some(next) if !next.is_empty() => token = next,
                _ => break,
            }
        }
        found.sort();
        Ok(found)
    }

    async fn namespace(&self, namespace: &[String]) -> Result<Option<Properties>> {
        if namespace.is_empty() {
            // The address of no namespace is the list of all.
            return Ok(None);
        }
        let path = self.client.namespace_path(namespace).await?;
        match self.client.ask::<NamespaceAnswer>(Request::get(path)).await {
            Ok(answer) => Ok(Some(answer.properties.unwrap_or_default())),
            Err(failure) if failure.is_missing() => Ok(None),
            Err(failure) => Err(failure.into()),
        }
    }

    async fn create_namespace(&self, namespace: &[String], properties: Properties) -> Result<()> {
        let body = json!({ "namespace": namespace, "properties": properties });
        match self.client.tell(Request::post("namespaces", body)).await {
            Err(failure) if failure.is_conflict() => Err(namespace_exists(self.name(), namespace)),
            other => Ok(other?),
        }
    }

    async fn update_namespace(&self, namespace: &[String], set: Properties, remove: &[String]) -> Result<()> {
        let path = format!("{}/properties", self.client.namespace_path(namespace).await?);
        let body = json!({ "removals": remove, "updates": set });
        match self.client.tell(Request::post(path, body)).await {
            Err(failure) if failure.is_missing() => Err(namespace_not_found(self.name(), namespace)),
            other => Ok(other?),
        }
    }

    async fn drop_namespace(&self, namespace: &[String]) -> Result<()> {
        let path = self.client.namespace_path(namespace).await?;
        match self.client.tell(Request::delete(path)).await {
            Err(failure) if failure.is_missing() => Err(namespace_not_found(self.name(), namespace)),
            Err(failure) if failure.is_conflict() || failure.kind.contains("NotEmpty") => {
                Err(namespace_not_empty(self.name(), namespace))
            }
            other => Ok(other?),
        }
    }

    async fn list_tables(&self, namespace: &[String]) -> Result<Vec<String>> {
        if namespace.is_empty() {
            return Err(namespace_not_found(self.name(), namespace));
        }
        let path = format!("{}/tables", self.client.namespace_path(namespace).await?);
        match self.names(&path).await {
            Err(failure) if failure.is_missing() => Err(namespace_not_found(self.name(), namespace)),
            other => Ok(other?),
        }
    }

    async fn load(&self, ident: &Ident) -> Result<Option<Loaded>> {
        let path = self.table_path(ident).await?;
        match self.client.ask::<LoadTable>(Request::get(path)).await {
            Ok(answer) => self.loaded(ident, answer).await.map(Some),
            Err(failure) if failure.is_missing() => Ok(None),
            Err(failure) => Err(failure.into()),
        }
    }

    async fn create(&self, ident: &Ident, table: NewTable) -> Result<Loaded> {
        self.new_table(ident, table, false).await
    }

    async fn stage(&self, ident: &Ident, table: NewTable) -> Result<Loaded> {
        self.new_table(ident, table, true).await
    }

    async fn commit(
        &self,
        ident: &Ident,
        requirements: Vec<TableRequirement>,
        updates: Vec<TableUpdate>,
    ) -> Result<Loaded, CommitError> {
        let path = self.table_path(ident).await.map_err(|failure| CommitError::Failed(failure.into()))?;
        let body = json!({
            "identifier": { "namespace": ident.namespace, "name": ident.name },
            "requirements": requirements,
            "updates": updates,
        });
        let answer = match self.client.ask::<LoadTable>(Request::post(path, body)).await {
            Ok(answer) => answer,
            Err(failure) => return Err(self.commit_error(ident, failure)),
        };
        let metadata = table_metadata(answer.metadata).map(Arc::new).map_err(CommitError::Unknown)?;
        let storage = match self.latest.get(ident) {
            Some(storage) => storage,
            None => {
                self.storage(ident, answer.config, answer.storage_credentials).await.map_err(CommitError::Unknown)?
            }
        };
        Ok(Loaded { metadata, metadata_location: answer.metadata_location, storage })
    }

    async fn rename(&self, from: &Ident, to: &Ident) -> Result<()> {
        match self.move_to("tables", from, to).await {
            Err(failure) if failure.is_conflict() => Err(already_exists(self.name(), to)),
            Err(failure) if failure.kind.contains("NoSuchNamespace") => {
                Err(namespace_not_found(self.name(), &to.namespace))
            }
            Err(failure) if failure.is_missing() => Err(table_not_found(self.name(), from)),
            other => Ok(other?),
        }
    }

    async fn drop_table(&self, ident: &Ident, purge: bool) -> Result<()> {
        let path = self.table_path(ident).await?;
        self.latest.invalidate(ident);
        match self.client.tell(Request::delete(path).query("purgeRequested", purge.to_string())).await {
            Err(failure) if failure.is_missing() => Err(table_not_found(self.name(), ident)),
            other => Ok(other?),
        }
    }

    async fn register(&self, ident: &Ident, metadata_location: &str) -> Result<Loaded> {
        let path = format!("{}/register", self.client.namespace_path(&ident.namespace).await?);
        let body = json!({ "name": ident.name, "metadata-location": metadata_location });
        match self.client.ask::<LoadTable>(Request::post(path, body)).await {
            Ok(answer) => self.loaded(ident, answer).await,
            Err(failure) if failure.is_conflict() => Err(already_exists(self.name(), ident)),
            Err(failure) if failure.is_missing() => Err(namespace_not_found(self.name(), &ident.namespace)),
            Err(failure) => Err(failure.into()),
        }
    }

    async fn list_views(&self, namespace: &[String]) -> Result<Vec<String>> {
        if !self.client.settled().await?.has(VIEWS_ENDPOINT) {
            return Ok(Vec::new());
        }
        let path = format!("{}/views", self.client.namespace_path(namespace).await?);
        match self.names(&path).await {
            Err(failure) if failure.is_unknown_endpoint() => Ok(Vec::new()),
            Err(failure) if failure.is_missing() => Err(namespace_not_found(self.name(), namespace)),
            other => Ok(other?),
        }
    }

    /// The server decides.
    async fn view_location(&self, _ident: &Ident) -> Result<String> {
        Ok(String::new())
    }

    async fn load_view(&self, ident: &Ident) -> Result<Option<LoadedView>> {
        if !self.client.settled().await?.has(VIEWS_ENDPOINT) {
            return Ok(None);
        }
        let path = self.view_path(ident).await?;
        match self.client.ask::<LoadView>(Request::get(path)).await {
            Ok(answer) => Ok(Some(loaded_view(answer))),
            Err(failure) if failure.is_missing() || failure.is_unknown_endpoint() => Ok(None),
            Err(failure) => Err(failure.into()),
        }
    }

    async fn put_view(&self, ident: &Ident, new: ViewMetadata, replaces: Option<LoadedView>) -> Result<LoadedView> {
        let request = match &replaces {
            None => {
                let path = format!("{}/views", self.client.namespace_path(&ident.namespace).await?);
                Request::post(path, create_view_body(ident, &new))
            }
            Some(old) => Request::post(self.view_path(ident).await?, replace_view_body(ident, &new, old)),
        };
        match self.client.ask::<LoadView>(request).await {
            Ok(answer) => Ok(loaded_view(answer)),
            Err(failure) if failure.is_conflict() && replaces.is_none() => Err(already_exists(self.name(), ident)),
            Err(failure) if failure.is_conflict() => {
                Err(Error::message(Kind::Conflict, format!("view `{ident}` was changed by somebody else")))
            }
            Err(failure) if failure.is_unknown_endpoint() => Err(Error::unsupported("a view in this Iceberg catalog")),
            Err(failure) if failure.is_missing() => Err(namespace_not_found(self.name(), &ident.namespace)),
            Err(failure) => Err(failure.into()),
        }
    }

    async fn rename_view(&self, from: &Ident, to: &Ident) -> Result<()> {
        match self.move_to("views", from, to).await {
            Err(failure) if failure.is_conflict() => Err(already_exists(self.name(), to)),
            Err(failure) if failure.is_missing() => Err(view_not_found(self.name(), from)),
            other => Ok(other?),
        }
    }

    async fn drop_view(&self, ident: &Ident) -> Result<()> {
        let path = self.view_path(ident).await?;
        match self.client.tell(Request::delete(path)).await {
            Err(failure) if failure.is_missing() => Err(view_not_found(self.name(), ident)),
            other => Ok(other?),
        }
    }
}

impl RestCatalog {
    fn commit_error(&self, ident: &Ident, failure: Failure) -> CommitError {
        if failure.is_conflict() {
            let text = format!("table `{ident}` was changed by somebody else ({})", failure.into_error().sentence());
            return CommitError::Conflict(Error::message(Kind::Conflict, text));
        }
        if failure.is_missing() {
            return CommitError::Failed(table_not_found(self.name(), ident));
        }
        // An answer that came and cannot be read says that the commit was done.
        let unreadable = failure.status == Some(200);
        match failure.is_unknown_outcome() || unreadable {
            true => CommitError::Unknown(failure.into_error()),
            false => CommitError::Failed(failure.into_error()),
        }
    }
}

fn loaded_view(answer: LoadView) -> LoadedView {
    LoadedView { metadata: Arc::new(answer.metadata), metadata_location: answer.metadata_location }
}

fn create_view_body(ident: &Ident, new: &ViewMetadata) -> Value {
    let mut body = json!({
        "name": ident.name,
        "schema": new.current_schema(),
        "view-version": new.current_version(),
        "properties": new.properties(),
    });
    if let Some(fields) = body.as_object_mut().filter(|_| !new.location().is_empty()) {
        fields.insert("location".into(), json!(new.location()));
    }
    body
}

fn replace_view_body(ident: &Ident, new: &ViewMetadata, old: &LoadedView) -> Value {
    // A schema the view has had before is named by its id: Java refuses "the one just added" when it was there already.
    let known =
        old.metadata.schema_by_id(new.current_schema().schema_id()).is_some_and(|had| had == new.current_schema());
    let version = match known {
        true => new.current_version().as_ref().clone(),
        false => new.current_version().as_ref().clone().with_schema_id(-1),
    };
    let removals: Vec<String> =
        old.metadata.properties().keys().filter(|key| !new.properties().contains_key(*key)).cloned().collect();
    let mut updates = Vec::new();
    if !known {
        updates.push(ViewUpdate::AddSchema { schema: new.current_schema().as_ref().clone(), last_column_id: None });
    }
    updates.push(ViewUpdate::AddViewVersion { view_version: version });
    updates.push(ViewUpdate::SetCurrentViewVersion { view_version_id: -1 });
    updates.push(ViewUpdate::SetProperties { updates: new.properties().clone() });
    if !removals.is_empty() {
        updates.push(ViewUpdate::RemoveProperties { removals });
    }
    json!({
        "identifier": { "namespace": ident.namespace, "name": ident.name },
        "requirements": [{ "type": "assert-view-uuid", "uuid": old.metadata.uuid() }],
        "updates": updates,
    })
}

/// Credentials a server lends by prefix, else those it puts into the table's configuration.
fn effective(config: &BTreeMap<String, String>, lent: Vec<Credentials>) -> Vec<Credentials> {
    if lent.is_empty() && config.contains_key("s3.access-key-id") {
        return vec![Credentials { prefix: String::new(), properties: config.clone() }];
    }
    lent
}

/// Asks for a table's credentials anew.
#[derive(Debug)]
struct Lender {
    client: Arc<Client>,
    ident: Ident,
}

#[async_trait]
impl VendedCredentials for Lender {
    async fn refresh(&self) -> Result<Vec<Credentials>> {
        let settled = self.client.settled().await?;
        let namespace = self.client.namespace_path(&self.ident.namespace).await?;
        let table = format!("{namespace}/tables/{}", urlencoding::encode(&self.ident.name));
        if settled.has(CREDENTIALS_ENDPOINT) {
            let answer = self.client.ask::<CredentialsAnswer>(Request::get(format!("{table}/credentials"))).await;
            match answer {
                Ok(answer) => return Ok(answer.storage_credentials),
                Err(failure) if failure.is_unknown_endpoint() => {}
                Err(failure) => return Err(failure.into()),
            }
        }
        let answer: LoadTable = self.client.ask(Request::get(table)).await?;
        Ok(effective(&answer.config, answer.storage_credentials))
    }
}
