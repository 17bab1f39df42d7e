//! `df.write` and `df.writeTo`.

use floe_base::{Error, Result};
use floe_proto::connect as proto;
use floe_proto::connect::write_operation::save_table::TableSaveMethod;
use floe_proto::connect::write_operation::{SaveMode as ProtoMode, SaveType};
use floe_proto::connect::write_operation_v2::Mode;
use floe_syntax::Command;
use floe_syntax::command::{SaveAsTable, SaveMode, WriteFiles, WriteTo, WriteToMode};

use super::command::required;
use super::{Scope, expression, sorted, text, unspecified};

pub(super) fn operation(scope: &Scope<'_>, operation: proto::WriteOperation) -> Result<Command> {
    if operation.with_schema_evolution {
        return Err(Error::unsupported("writing with schema evolution (withSchemaEvolution)"));
    }
    let mode = match operation.mode() {
        ProtoMode::Append => SaveMode::Append,
        ProtoMode::Overwrite => SaveMode::Overwrite,
        ProtoMode::Ignore => SaveMode::Ignore,
        ProtoMode::ErrorIfExists | ProtoMode::Unspecified => SaveMode::ErrorIfExists,
    };
    let input = required(scope, operation.input, "WriteOperation.input")?;
    let format = operation.source.filter(|format| !format.is_empty());
    let options = sorted(operation.options);
    let buckets = operation.bucket_by.map(buckets);
    match operation.save_type {
        Some(SaveType::Table(table)) => Ok(Command::SaveAsTable(SaveAsTable {
            input,
            insert: insert(&table)?,
            table: text::name(&table.table_name)?,
            format,
            mode,
            options,
            partition_by: operation.partitioning_columns,
            sort_by: operation.sort_column_names,
            buckets,
            cluster_by: operation.clustering_columns,
        })),
        _ if !operation.clustering_columns.is_empty() => Err(Error::unsupported("clusterBy for a write to a path")),
        path => Ok(Command::WriteFiles(WriteFiles {
            input,
            format,
            path: match path {
                Some(SaveType::Path(path)) => Some(path),
                _ => None,
            },
            mode,
            options,
            partition_by: operation.partitioning_columns,
            sort_by: operation.sort_column_names,
            buckets,
        })),
    }
}

fn insert(table: &proto::write_operation::SaveTable) -> Result<bool> {
    match table.save_method() {
        TableSaveMethod::SaveAsTable => Ok(false),
        TableSaveMethod::InsertInto => Ok(true),
        TableSaveMethod::Unspecified => {
            Err(unspecified("spark.connect.WriteOperation.SaveTable.TableSaveMethod", "TABLE_SAVE_METHOD_UNSPECIFIED"))
        }
    }
}

fn buckets(by: proto::write_operation::BucketBy) -> (u32, Vec<String>) {
    (u32::try_from(by.num_buckets).unwrap_or_default(), by.bucket_column_names)
}

pub(super) fn operation_v2(scope: &Scope<'_>, operation: proto::WriteOperationV2) -> Result<Command> {
    if operation.with_schema_evolution {
        return Err(Error::unsupported("writing with schema evolution (withSchemaEvolution)"));
    }
    let mode = match operation.mode() {
        Mode::Create => WriteToMode::Create,
        Mode::Replace => WriteToMode::Replace,
        Mode::CreateOrReplace => WriteToMode::CreateOrReplace,
        Mode::Append => WriteToMode::Append,
        Mode::OverwritePartitions => WriteToMode::OverwritePartitions,
        Mode::Overwrite => WriteToMode::Overwrite(expression::required(
            scope,
            operation.overwrite_condition,
            "WriteOperationV2.overwrite_condition",
        )?),
        Mode::Unspecified => return Err(unspecified("spark.connect.WriteOperationV2.Mode", "MODE_UNSPECIFIED")),
    };
    Ok(Command::WriteTo(WriteTo {
        input: required(scope, operation.input, "WriteOperationV2.input")?,
        table: text::name(&operation.table_name)?,
        provider: operation.provider.filter(|provider| !provider.is_empty()),
        mode,
        options: sorted(operation.options),
        properties: sorted(operation.table_properties),
        partitioning: expression::list(scope, operation.partitioning_columns)?,
        cluster_by: operation.clustering_columns,
    }))
}
