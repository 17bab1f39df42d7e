//! The calls of `spark.catalog`.

use floe_base::Result;
use floe_proto::connect as proto;
use floe_proto::connect::catalog::CatType;
use floe_syntax::RelationKind;
use floe_syntax::command::CatalogCall;

use super::{data_type, not_set, sorted};

pub(super) fn decode(catalog: proto::Catalog) -> Result<RelationKind> {
    let call = catalog.cat_type.ok_or_else(|| not_set("spark.connect.Catalog.cat_type"))?;
    Ok(RelationKind::Catalog(Box::new(decode_call(call)?)))
}

fn decode_call(call: CatType) -> Result<CatalogCall> {
    Ok(match call {
        CatType::CurrentDatabase(_) => CatalogCall::CurrentDatabase,
        CatType::SetCurrentDatabase(set) => CatalogCall::SetCurrentDatabase(set.db_name),
        CatType::ListDatabases(list) => CatalogCall::ListDatabases { pattern: list.pattern },
        CatType::ListTables(list) => CatalogCall::ListTables { database: list.db_name, pattern: list.pattern },
        CatType::ListFunctions(list) => CatalogCall::ListFunctions { database: list.db_name, pattern: list.pattern },
        CatType::ListColumns(list) => CatalogCall::ListColumns { table: list.table_name, database: list.db_name },
        CatType::GetDatabase(get) => CatalogCall::GetDatabase(get.db_name),
        CatType::GetTable(get) => CatalogCall::GetTable { table: get.table_name, database: get.db_name },
        CatType::GetFunction(get) => CatalogCall::GetFunction { function: get.function_name, database: get.db_name },
        CatType::DatabaseExists(exists) => CatalogCall::DatabaseExists(exists.db_name),
        CatType::TableExists(exists) => CatalogCall::TableExists { table: exists.table_name, database: exists.db_name },
        CatType::FunctionExists(exists) => {
            CatalogCall::FunctionExists { function: exists.function_name, database: exists.db_name }
        }
        // The older name of `createTable`; Spark treats both alike.
        CatType::CreateExternalTable(create) => CatalogCall::CreateTable {
            table: create.table_name,
            path: create.path,
            source: create.source,
            description: None,
            schema: create.schema.map(data_type::decode).transpose()?,
            options: sorted(create.options),
        },
        CatType::CreateTable(create) => CatalogCall::CreateTable {
            table: create.table_name,
            path: create.path,
            source: create.source,
            description: create.description,
            schema: create.schema.map(data_type::decode).transpose()?,
            options: sorted(create.options),
        },
        CatType::DropTempView(drop) => CatalogCall::DropTempView(drop.view_name),
        CatType::DropGlobalTempView(drop) => CatalogCall::DropGlobalTempView(drop.view_name),
        CatType::RecoverPartitions(recover) => CatalogCall::RecoverPartitions(recover.table_name),
        CatType::IsCached(cached) => CatalogCall::IsCached(cached.table_name),
        // The storage level only says where a cache lies, and ours has one place.
        CatType::CacheTable(cache) => CatalogCall::CacheTable(cache.table_name),
        CatType::UncacheTable(uncache) => CatalogCall::UncacheTable(uncache.table_name),
        CatType::ClearCache(_) => CatalogCall::ClearCache,
        CatType::RefreshTable(refresh) => CatalogCall::RefreshTable(refresh.table_name),
        CatType::RefreshByPath(refresh) => CatalogCall::RefreshByPath(refresh.path),
        CatType::CurrentCatalog(_) => CatalogCall::CurrentCatalog,
        CatType::SetCurrentCatalog(set) => CatalogCall::SetCurrentCatalog(set.catalog_name),
        CatType::ListCatalogs(list) => CatalogCall::ListCatalogs { pattern: list.pattern },
        CatType::DropTable(drop) => {
            CatalogCall::DropTable { table: drop.table_name, if_exists: drop.if_exists, purge: drop.purge }
        }
        CatType::DropView(drop) => CatalogCall::DropView { view: drop.view_name, if_exists: drop.if_exists },
        CatType::CreateDatabase(create) => CatalogCall::CreateDatabase {
            name: create.db_name,
            if_not_exists: create.if_not_exists,
            properties: sorted(create.properties),
        },
        CatType::DropDatabase(drop) => {
            CatalogCall::DropDatabase { name: drop.db_name, if_exists: drop.if_exists, cascade: drop.cascade }
        }
        CatType::ListPartitions(list) => CatalogCall::ListPartitions { table: list.table_name },
        CatType::ListViews(list) => CatalogCall::ListViews { database: list.db_name, pattern: list.pattern },
        CatType::GetTableProperties(get) => CatalogCall::GetTableProperties { table: get.table_name },
        CatType::GetCreateTableString(get) => {
            CatalogCall::GetCreateTableString { table: get.table_name, as_serde: get.as_serde }
        }
        CatType::TruncateTable(truncate) => CatalogCall::TruncateTable { table: truncate.table_name },
        CatType::AnalyzeTable(analyze) => CatalogCall::AnalyzeTable { table: analyze.table_name },
    })
}
