//! Decoding, message by message: the smallest message that shows it.

use bytes::Bytes;
use floe_base::Origin;
use floe_proto::connect as proto;
use floe_proto::connect::expression::ExprType;
use floe_proto::connect::expression::literal::LiteralType;
use floe_proto::connect::relation::RelType;
use floe_syntax::{DataType, ExpressionKind, Field, Literal, Relation, RelationKind};

use super::{Artifacts, Asked, Scope, data_type, expression, literal, plan, relation};

struct Nothing;

impl Artifacts for Nothing {
    fn cached(&self, _: &str) -> Option<Bytes> {
        None
    }

    fn session(&self) -> &str {
        "s"
    }
}

fn rel(rel_type: RelType) -> proto::Relation {
    proto::Relation { common: None, rel_type: Some(rel_type) }
}

fn with_id(plan_id: i64, rel_type: RelType) -> proto::Relation {
    let common = proto::RelationCommon { plan_id: Some(plan_id), ..Default::default() };
    proto::Relation { common: Some(common), rel_type: Some(rel_type) }
}

fn expr(expr_type: ExprType) -> proto::Expression {
    proto::Expression { common: None, expr_type: Some(expr_type) }
}

fn int(value: i32) -> proto::Expression {
    let literal = proto::expression::Literal { literal_type: Some(LiteralType::Integer(value)), data_type: None };
    expr(ExprType::Literal(literal))
}

fn range(end: i64) -> RelType {
    RelType::Range(proto::Range { start: None, end, step: 1, num_partitions: None })
}

fn decoded(message: proto::Relation) -> Relation {
    relation::decode(&Scope::new(&Nothing), message).expect("decodes")
}

fn refused(message: proto::Relation) -> String {
    relation::decode(&Scope::new(&Nothing), message).expect_err("must fail").to_string()
}

#[test]
fn plan_ids_and_call_sites_stay_with_their_relation() {
    let python = proto::PythonOrigin { fragment: "range".into(), call_site: "job.py:3".into() };
    let origin = proto::Origin { function: Some(proto::origin::Function::PythonOrigin(python)) };
    let common = proto::RelationCommon { plan_id: Some(7), origin: Some(origin), ..Default::default() };
    let relation = decoded(proto::Relation { common: Some(common), rel_type: Some(range(3)) });
    assert_eq!(relation.plan_id, Some(7));
    let Origin::CallSite(call) = relation.origin else { panic!("no call site") };
    assert_eq!((call.fragment.as_str(), call.place.as_str()), ("range", "job.py:3"));
}

#[test]
fn a_relation_without_a_kind_names_the_oneof() {
    let nothing = proto::Relation::default();
    assert!(refused(nothing).contains("This oneOf field in spark.connect.Relation is not set: RELTYPE_NOT_SET"));
    let error = plan(&Scope::new(&Nothing), Some(proto::Plan::default())).expect_err("empty");
    assert_eq!(error.to_string(), "OPTYPE_NOT_SET not supported.");
}

#[test]
fn a_projection_of_nothing_is_select_without_from() {
    let relation = decoded(rel(RelType::Project(Box::new(proto::Project { input: None, expressions: vec![int(1)] }))));
    let RelationKind::Project { input, expressions } = *relation.kind else { panic!("not a projection") };
    assert!(matches!(*input.kind, RelationKind::OneRow));
    assert_eq!(expressions.len(), 1);
}

#[test]
fn when_becomes_case() {
    let function = |arguments| {
        expr(ExprType::UnresolvedFunction(proto::expression::UnresolvedFunction {
            function_name: "when".into(),
            arguments,
            ..Default::default()
        }))
    };
    let case = expression::decode(&Scope::new(&Nothing), function(vec![int(1), int(2), int(3)])).expect("decodes");
    let ExpressionKind::Case { branches, otherwise, .. } = case.kind else { panic!("not a case") };
    assert_eq!((branches.len(), otherwise.is_some()), (1, true));
}

#[test]
fn missing_uploads_are_named() {
    let cached = proto::CachedLocalRelation { hash: "abc".into() };
    assert!(
        refused(rel(RelType::CachedLocalRelation(cached)))
            .contains("Cannot find a cached local relation for hash: abc")
    );
}

#[test]
fn what_needs_a_worker_is_named_and_not_refused() {
    let relation = decoded(rel(RelType::MapPartitions(Box::default())));
    assert!(matches!(*relation.kind, RelationKind::Unsupported(_)));
}

#[test]
fn a_subquery_finds_its_relation_by_plan_id_and_never_itself() {
    let exists = |plan_id| {
        expr(ExprType::SubqueryExpression(proto::SubqueryExpression {
            plan_id,
            subquery_type: proto::subquery_expression::SubqueryType::Exists.into(),
            ..Default::default()
        }))
    };
    let filtered = |condition, plan_id| {
        let input = Some(Box::new(rel(range(3))));
        with_id(plan_id, RelType::Filter(Box::new(proto::Filter { input, condition: Some(condition) })))
    };
    let with = |root, references| {
        rel(RelType::WithRelations(Box::new(proto::WithRelations { root: Some(Box::new(root)), references })))
    };
    let found = decoded(with(filtered(exists(2), 1), vec![with_id(2, range(1))]));
    let RelationKind::Query(query) = *found.kind else { panic!("not a query") };
    let RelationKind::Filter { condition, .. } = *query.body.kind else { panic!("not a filter") };
    assert!(matches!(condition.kind, ExpressionKind::Exists(_)));

    let circle = with(filtered(exists(2), 1), vec![filtered(exists(2), 2)]);
    assert!(relation::decode(&Scope::new(&Nothing), circle).is_err());
}

#[test]
fn references_with_a_name_become_common_table_expressions() {
    let alias = proto::SubqueryAlias { input: Some(Box::new(rel(range(1)))), alias: "v".into(), ..Default::default() };
    let with = proto::WithRelations {
        root: Some(Box::new(rel(range(2)))),
        references: vec![rel(RelType::SubqueryAlias(Box::new(alias)))],
    };
    let relation = decoded(rel(RelType::WithRelations(Box::new(with))));
    let RelationKind::Query(query) = *relation.kind else { panic!("not a query") };
    assert_eq!(query.with.first().map(|cte| cte.name.as_str()), Some("v"));
}

#[test]
fn endless_references_are_refused() {
    let chain: Vec<_> = (0..5_000).map(|id| filter_exists(id, id + 1)).collect();
    let with = proto::WithRelations { root: Some(Box::new(filter_exists(-1, 0))), references: chain };
    let message = rel(RelType::WithRelations(Box::new(with)));
    let refused = floe_proto::codec::on_big_stack(|| relation::decode(&Scope::new(&Nothing), message).is_err());
    assert!(refused);
}

fn filter_exists(plan_id: i64, refers_to: i64) -> proto::Relation {
    let exists = expr(ExprType::SubqueryExpression(proto::SubqueryExpression {
        plan_id: refers_to,
        subquery_type: proto::subquery_expression::SubqueryType::Exists.into(),
        ..Default::default()
    }));
    let input = Some(Box::new(rel(range(3))));
    with_id(plan_id, RelType::Filter(Box::new(proto::Filter { input, condition: Some(exists) })))
}

#[test]
fn the_last_goodbye_of_a_client_wakes_nobody() {
    let clean =
        proto::MlCommand { command: Some(proto::ml_command::Command::CleanCache(proto::ml_command::CleanCache {})) };
    let command = proto::Command { command_type: Some(proto::command::CommandType::MlCommand(clean)) };
    let plan = proto::Plan { op_type: Some(proto::plan::OpType::Command(command)) };
    assert!(matches!(super::plan(&Scope::new(&Nothing), Some(plan)), Ok(Asked::CleanModelCache)));
}

#[test]
fn types_survive_the_way_out_and_back() {
    let all = [
        DataType::Null,
        DataType::Decimal { precision: 38, scale: 18 },
        DataType::Char(3),
        DataType::Varchar(9),
        DataType::Time(3),
        DataType::CalendarInterval,
        DataType::Variant,
        DataType::Array { element: Box::new(DataType::Int), nullable: false },
        DataType::Map { key: Box::new(DataType::String), value: Box::new(DataType::Date), nullable: true },
        DataType::Struct(vec![Field {
            name: "a b".into(),
            data_type: DataType::Timestamp,
            nullable: false,
            comment: Some("why".into()),
            metadata: Some(r#"{"k":1}"#.into()),
        }]),
    ];
    for data_type in all {
        assert_eq!(data_type::decode(data_type::encode(&data_type)).ok(), Some(data_type));
    }
}

#[test]
fn decimals_keep_their_digits() {
    let decimal = |value: &str, precision, scale| {
        let decimal = proto::expression::literal::Decimal { value: value.into(), precision, scale };
        let literal_type = Some(LiteralType::Decimal(decimal));
        literal::decode(proto::expression::Literal { literal_type, data_type: None })
    };
    let is = |unscaled, precision, scale| Literal::Decimal { unscaled, precision, scale };
    assert_eq!(decimal("12.30", None, None).ok(), Some(is(1230, 4, 2)));
    assert_eq!(decimal("-0.05", Some(10), Some(4)).ok(), Some(is(-500, 10, 4)));
    assert_eq!(decimal("1E+3", None, None).ok(), Some(is(1000, 4, 0)));
    assert!(decimal("x", None, None).is_err());
    let encoded = literal::encode(&is(-5, 5, 3));
    let Some(LiteralType::Decimal(message)) = encoded.literal_type else { panic!("not a decimal") };
    assert_eq!(message.value, "-0.005");
}
