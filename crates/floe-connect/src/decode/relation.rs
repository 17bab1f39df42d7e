//! Relations: which family each of the 62 kinds belongs to.
//!
//! The families build the node; this file alone gives it its plan id and its origin. A kind that only a JVM or a Python
//! worker can run becomes [`RelationKind::Unsupported`] with its name: whether there is a Spark that runs it is the
//! router's question.

use floe_base::Result;
use floe_proto::connect as proto;
use floe_proto::connect::relation::RelType;
use floe_syntax::{Origin, Relation, RelationKind};

use super::{Scope, aggregate, catalog, join, local, not_set, operator, origin, source, sql, statistic};

pub(crate) fn decode(scope: &Scope<'_>, relation: proto::Relation) -> Result<Relation> {
    scope.deeper(|| {
        let (plan_id, origin) = match relation.common {
            Some(common) => (common.plan_id, origin::decode(common.origin)),
            None => (None, Origin::Unknown),
        };
        let kind = relation.rel_type.ok_or_else(|| not_set("spark.connect.Relation.rel_type"));
        let kind = kind.and_then(|kind| decode_kind(scope, kind)).map_err(|error| error.at(&origin))?;
        Ok(Relation { kind: Box::new(kind), plan_id, origin })
    })
}

/// The input of an operator. One that is not there is, to Spark, an empty message.
pub(super) fn input(scope: &Scope<'_>, relation: Option<Box<proto::Relation>>) -> Result<Relation> {
    match relation {
        Some(relation) => decode(scope, *relation),
        None => Err(not_set("spark.connect.Relation.rel_type")),
    }
}

fn decode_kind(scope: &Scope<'_>, kind: RelType) -> Result<RelationKind> {
    match kind {
        RelType::Read(read) => source::read(scope, read),
        RelType::RelationChanges(_) => unsupported("the change log of a table (read.changes)"),
        RelType::Range(range) => source::range(&range),
        RelType::UnresolvedTableValuedFunction(function) => source::table_function(scope, function),
        RelType::CachedRemoteRelation(cached) => Ok(RelationKind::Cached { relation_id: cached.relation_id }),
        RelType::LocalRelation(relation) => local::inline(relation),
        RelType::CachedLocalRelation(cached) => local::cached(scope, &cached),
        RelType::ChunkedCachedLocalRelation(chunked) => local::chunked(scope, &chunked),
        RelType::Sql(text) => sql::relation(scope, text),
        RelType::WithRelations(with) => sql::with_relations(scope, *with),
        RelType::Catalog(call) => catalog::decode(call),

        RelType::Project(project) => operator::project(scope, *project),
        RelType::Filter(filter) => operator::filter(scope, *filter),
        RelType::Sort(sort) => operator::sort(scope, *sort),
        RelType::Limit(limit) => operator::limit(scope, *limit),
        RelType::Offset(offset) => operator::offset(scope, *offset),
        RelType::Tail(tail) => operator::tail(scope, *tail),
        RelType::Deduplicate(deduplicate) => operator::deduplicate(scope, *deduplicate),
        RelType::SubqueryAlias(alias) => operator::alias(scope, *alias),
        RelType::Sample(sample) => operator::sample(scope, *sample),
        RelType::Repartition(repartition) => operator::repartition(scope, *repartition),
        RelType::RepartitionByExpression(by) => operator::repartition_by_expression(scope, *by),
        RelType::Hint(hint) => operator::hint(scope, *hint),
        RelType::WithColumns(with) => operator::with_columns(scope, *with),
        RelType::WithColumnsRenamed(renamed) => operator::with_columns_renamed(scope, *renamed),
        RelType::Drop(drop) => operator::drop_columns(scope, *drop),
        RelType::ToDf(to_df) => operator::to_df(scope, *to_df),
        RelType::ToSchema(to_schema) => operator::to_schema(scope, *to_schema),
        RelType::Unpivot(unpivot) => operator::unpivot(scope, *unpivot),
        RelType::Transpose(transpose) => operator::transpose(scope, *transpose),
        RelType::CollectMetrics(metrics) => operator::collect_metrics(scope, *metrics),
        RelType::ShowString(show) => operator::show_string(scope, *show),
        RelType::HtmlString(html) => operator::html_string(scope, *html),
        RelType::Aggregate(aggregate) => aggregate::decode(scope, *aggregate),

        RelType::Join(join) => join::join(scope, *join),
        RelType::LateralJoin(join) => join::lateral(scope, *join),
        RelType::SetOp(operation) => join::set_operation(scope, *operation),
        RelType::AsOfJoin(_) => unsupported("relation AsOfJoin"),
        RelType::NearestByJoin(_) => unsupported("relation NearestByJoin"),
        RelType::Zip(_) => unsupported("relation Zip"),

        RelType::FillNa(fill) => statistic::fill_na(scope, *fill),
        RelType::DropNa(drop) => statistic::drop_na(scope, *drop),
        RelType::Replace(replace) => statistic::replace_na(scope, *replace),
        RelType::Summary(summary) => statistic::summary(scope, *summary),
        RelType::Describe(describe) => statistic::describe(scope, *describe),
        RelType::Crosstab(crosstab) => statistic::crosstab(scope, *crosstab),
        RelType::Cov(cov) => statistic::cov(scope, *cov),
        RelType::Corr(corr) => statistic::corr(scope, *corr),
        RelType::ApproxQuantile(quantile) => statistic::approx_quantile(scope, *quantile),
        RelType::FreqItems(items) => statistic::freq_items(scope, *items),
        RelType::SampleBy(sample) => statistic::sample_by(scope, *sample),

        RelType::MapPartitions(_) => unsupported("a function over partitions (mapInPandas, mapInArrow, mapPartitions)"),
        RelType::GroupMap(_) => unsupported("a function over groups (applyInPandas, applyInArrow, flatMapGroups)"),
        RelType::CoGroupMap(_) => unsupported("a function over co-groups (cogroup)"),
        RelType::ApplyInPandasWithState(_) => unsupported("applyInPandasWithState"),
        RelType::WithWatermark(_) => unsupported("a watermark (streaming)"),
        RelType::CommonInlineUserDefinedTableFunction(function) => {
            unsupported(&format!("Python table function `{}`", function.function_name))
        }
        RelType::CommonInlineUserDefinedDataSource(source) => {
            unsupported(&format!("Python data source `{}`", source.name))
        }
        RelType::Parse(_) => unsupported("parsing a column of texts as rows (read.json or read.csv of a frame)"),
        RelType::MlRelation(_) => unsupported("a machine learning relation"),
        RelType::Extension(any) => unsupported(&format!("relation extension {}", any.type_url)),
        RelType::Unknown(_) => Err(not_set("spark.connect.Relation.rel_type")),
    }
}

fn unsupported(what: &str) -> Result<RelationKind> {
    Ok(RelationKind::Unsupported(what.into()))
}
