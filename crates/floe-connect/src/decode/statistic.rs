//! `DataFrame.na` and `DataFrame.stat`, `summary` and `describe`.

use floe_base::Result;
use floe_proto::connect as proto;
use floe_syntax::RelationKind;

use super::relation::input;
use super::{Scope, expression, invalid, literal, missing};

pub(super) fn fill_na(scope: &Scope<'_>, fill: proto::NaFill) -> Result<RelationKind> {
    let values = fill.values.into_iter().map(literal::decode).collect::<Result<Vec<_>>>()?;
    if values.is_empty() || (values.len() > 1 && values.len() != fill.cols.len()) {
        return Err(invalid("fillna takes one value, or one for each column"));
    }
    Ok(RelationKind::FillNa { input: input(scope, fill.input)?, columns: fill.cols, values })
}

pub(super) fn drop_na(scope: &Scope<'_>, drop: proto::NaDrop) -> Result<RelationKind> {
    Ok(RelationKind::DropNa { input: input(scope, drop.input)?, columns: drop.cols, min_non_nulls: drop.min_non_nulls })
}

pub(super) fn replace_na(scope: &Scope<'_>, replace: proto::NaReplace) -> Result<RelationKind> {
    let mut replacements = Vec::with_capacity(replace.replacements.len());
    for pair in replace.replacements {
        let old = pair.old_value.ok_or_else(|| missing("NAReplace.Replacement.old_value"))?;
        let new = pair.new_value.ok_or_else(|| missing("NAReplace.Replacement.new_value"))?;
        replacements.push((literal::decode(old)?, literal::decode(new)?));
    }
    Ok(RelationKind::ReplaceNa { input: input(scope, replace.input)?, columns: replace.cols, replacements })
}

pub(super) fn summary(scope: &Scope<'_>, summary: proto::StatSummary) -> Result<RelationKind> {
    Ok(RelationKind::Summary { input: input(scope, summary.input)?, statistics: summary.statistics })
}

pub(super) fn describe(scope: &Scope<'_>, describe: proto::StatDescribe) -> Result<RelationKind> {
    Ok(RelationKind::Describe { input: input(scope, describe.input)?, columns: describe.cols })
}

pub(super) fn crosstab(scope: &Scope<'_>, crosstab: proto::StatCrosstab) -> Result<RelationKind> {
    Ok(RelationKind::Crosstab { input: input(scope, crosstab.input)?, first: crosstab.col1, second: crosstab.col2 })
}

pub(super) fn cov(scope: &Scope<'_>, cov: proto::StatCov) -> Result<RelationKind> {
    Ok(RelationKind::Cov { input: input(scope, cov.input)?, first: cov.col1, second: cov.col2 })
}

pub(super) fn corr(scope: &Scope<'_>, corr: proto::StatCorr) -> Result<RelationKind> {
    Ok(RelationKind::Corr {
        input: input(scope, corr.input)?,
        first: corr.col1,
        second: corr.col2,
        method: corr.method.unwrap_or_else(|| "pearson".into()),
    })
}

pub(super) fn approx_quantile(scope: &Scope<'_>, quantile: proto::StatApproxQuantile) -> Result<RelationKind> {
    Ok(RelationKind::ApproxQuantile {
        input: input(scope, quantile.input)?,
        columns: quantile.cols,
        probabilities: quantile.probabilities,
        relative_error: quantile.relative_error,
    })
}

/// Spark's default support is one percent.
pub(super) fn freq_items(scope: &Scope<'_>, items: proto::StatFreqItems) -> Result<RelationKind> {
    Ok(RelationKind::FreqItems {
        input: input(scope, items.input)?,
        columns: items.cols,
        support: items.support.unwrap_or(0.01),
    })
}

/// Clients always send a seed (they draw one themselves); without one, any will do.
pub(super) fn sample_by(scope: &Scope<'_>, sample: proto::StatSampleBy) -> Result<RelationKind> {
    let mut fractions = Vec::with_capacity(sample.fractions.len());
    for fraction in sample.fractions {
        let stratum = fraction.stratum.ok_or_else(|| missing("StatSampleBy.Fraction.stratum"))?;
        fractions.push((literal::decode(stratum)?, fraction.fraction));
    }
    Ok(RelationKind::SampleBy {
        column: expression::required(scope, sample.col, "StatSampleBy.col")?,
        fractions,
        seed: sample.seed.unwrap_or(0),
        input: input(scope, sample.input)?,
    })
}
