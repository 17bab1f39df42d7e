//! `floe-engine verify`: the same queries on two backends, and whether they give the same answers.
//!
//! Every query is asked as a client would ask it, once on either side, and each answer is folded into a digest as it
//! streams. Only where the digests differ is the query asked once more, for the rows in the parts that differ.
//! Where queries come from is `queries.rs`, what is printed `report.rs`; what "the same" means is `floe_engine::compare`.

mod queries;
mod report;

use clap::ArgMatches;
use floe_base::id::BackendId;
use floe_base::settings::Settings;
use floe_base::{Error, Result};
use floe_connect::embedded::{Answer, Client};
use floe_engine::compare::{Digest, Left, Match, Order, Part, Sample, Tolerance, parts, shape};
use floe_engine::{Engine, Request};
use floe_syntax::Field;
use futures::TryStreamExt;

use crate::flags::{invalid, io};
use queries::{Query, Step};
use report::Report;

/// Rows that are looked at in one go, of both sides together.
const SLICE_ROWS_MAX: u64 = 200_000;
/// How often a query is asked again to find out whether only floats differ.
const SLICES_MAX: usize = 16;

pub(crate) fn run(settings: Settings, matches: &ArgMatches) -> Result<()> {
    let options = Options::of(matches)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(io)?;
    runtime.block_on(async {
        let verify = Verify { client: Client::new(Engine::open(settings)?)?, options };
        let verified = tokio::select! {
            biased;
            _ = tokio::signal::ctrl_c() => {
                verify.client.session().interrupt_all();
                Err(invalid("interrupted".into()))
            }
            verified = verify.all(matches) => verified,
        };
        verify.client.close();
        verified
    })
}

/// What the flags say.
struct Options {
    /// Names of backends, or `auto`.
    sides: [String; 2],
    tolerance: Tolerance,
    /// Differing rows that are shown of each side.
    rows_shown: usize,
    allow_refused: bool,
}

impl Options {
    fn of(matches: &ArgMatches) -> Result<Self> {
        let text = |name: &str| matches.get_one::<String>(name).map_or("", String::as_str);
        let tolerance = text("tolerance").parse().ok().filter(|share: &f64| (0.0..1.0).contains(share));
        Ok(Self {
            sides: sides(text("on"))?,
            tolerance: Tolerance(tolerance.ok_or_else(|| {
                invalid(format!("--tolerance must be a number from 0 to below 1, not `{}`", text("tolerance")))
            })?),
            rows_shown: text("rows")
                .parse()
                .map_err(|_| invalid(format!("--rows must be a whole number, not `{}`", text("rows"))))?,
            allow_refused: matches.get_flag("allow-refused"),
        })
    }
}

fn sides(text: &str) -> Result<[String; 2]> {
    let named: Vec<String> = text.split(',').map(|name| name.trim().to_lowercase()).collect();
    let unknown = named.iter().find(|name| name.as_str() != "auto" && BackendId::parse(name).is_none());
    if let Some(name) = unknown {
        let names = BackendId::ALL.map(BackendId::name).join(", ");
        return Err(invalid(format!("no backend is called `{name}`; there are auto, {names}")));
    }
    match <[String; 2]>::try_from(named) {
        Ok(sides) if sides[0] != sides[1] => Ok(sides),
        _ => Err(invalid(format!("--on names two backends, as in --on datafusion,duckdb; not `{text}`"))),
    }
}

/// What became of a query.
struct Checked {
    verdict: Verdict,
    warnings: Vec<String>,
}

enum Verdict {
    Same {
        rows: u64,
    },
    Different(Difference),
    /// Who would not answer, and what was said.
    Refused(Vec<(String, String)>),
}

#[derive(Default)]
struct Difference {
    /// In words, each a reason by itself.
    what: Vec<String>,
    columns: Vec<String>,
    /// Rows that only one side has, as many as are shown.
    rows: [Vec<Left>; 2],
}

struct Verify {
    client: Client,
    options: Options,
}

/// One side's answer, folded.
struct Folded {
    fields: Vec<Field>,
    digest: Digest,
    order: Option<Order>,
}

impl Verify {
    /// Every step in turn; an error when not all queries are the same.
    async fn all(&self, matches: &ArgMatches) -> Result<()> {
        let session = self.client.session();
        for (key, value) in queries::settings(matches)? {
            session.conf().set(&key, &value)?;
        }
        let steps = queries::steps(session, matches)?;
        let mut report = Report::new(&self.options.sides, matches.get_flag("json"));
        for step in steps {
            match step {
                Step::Prepare(text) => self.prepare(&text).await?,
                Step::Check(query) => report.add(&query, &self.checked(&query).await?)?,
            }
        }
        report.finish()?;
        match report.failed(self.options.allow_refused) {
            0 => Ok(()),
            failed => {
                let [one, other] = &self.options.sides;
                let verb = if failed == 1 { "query is" } else { "queries are" };
                Err(invalid(format!("{failed} {verb} not known to be the same on {one} and {other}")))
            }
        }
    }

    /// A statement about the session: it runs here, and a Spark is told of it.
    async fn prepare(&self, text: &str) -> Result<()> {
        self.client.run(text, Vec::new()).await?.batches.try_for_each(|_| async { Ok(()) }).await
    }

    /// One query, on both sides.
    async fn checked(&self, query: &Query) -> Result<Checked> {
        let [one, other] = [self.folded(query, 0).await, self.folded(query, 1).await];
        let (one, other) = match (one, other) {
            (Ok(one), Ok(other)) => (one, other),
            (one, other) => return Ok(self.refused([one.err(), other.err()])),
        };
        let [left, right] = &self.options.sides;
        let shape = shape(&one.fields, &other.fields, [left, right]);
        let mut checked = Checked { verdict: Verdict::Same { rows: one.digest.rows() }, warnings: shape.warnings };
        let mut difference = Difference { what: shape.differences, ..Difference::default() };
        if shape.are_comparable {
            difference.columns = one.fields.iter().map(|field| field.name.clone()).collect();
            let may_be_near = shape.has_floats && !self.options.tolerance.is_exact();
            self.order(&one, &other, &mut difference, &mut checked.warnings);
            match self.rows(query, [&one, &other], may_be_near, &mut difference).await {
                // Neither side is to blame: it is the comparison that did not come to an end.
                Err(why) if difference.what.is_empty() => {
                    checked.verdict = Verdict::Refused(vec![("verify".into(), why.to_string())]);
                }
                Err(why) => difference.what.push(format!("rows were not compared: {why}")),
                Ok(()) => {}
            }
        }
        if !difference.what.is_empty() {
            checked.verdict = Verdict::Different(difference);
        }
        Ok(checked)
    }

    fn refused(&self, errors: [Option<Error>; 2]) -> Checked {
        let by = self.options.sides.iter().zip(errors);
        let by = by.filter_map(|(side, error)| Some((side.clone(), error?.to_string())));
        Checked { verdict: Verdict::Refused(by.collect()), warnings: Vec::new() }
    }

    async fn folded(&self, query: &Query, side: usize) -> Result<Folded> {
        let mut answer = self.asked(query, side).await?;
        let statement = Request::sql(self.client.session(), &query.text).and_then(|request| request.statement);
        // What does not parse here is a Spark's alone, and its order with it.
        let order = statement.ok().and_then(|statement| Order::of(&statement, &answer.fields));
        let mut digest = Digest::new(order.as_ref());
        while let Some(batch) = answer.batches.try_next().await? {
            digest.push(&batch)?;
        }
        Ok(Folded { fields: answer.fields, digest, order })
    }

    /// The query's answer by one side: the tag wins over hints in the text.
    async fn asked(&self, query: &Query, side: usize) -> Result<Answer> {
        self.client.run(&query.text, vec![format!("floe:route={}", self.options.sides[side])]).await
    }

    /// Compares the rows as a multiset, and finds those that differ.
    async fn rows(
        &self,
        query: &Query,
        [one, other]: [&Folded; 2],
        may_be_near: bool,
        difference: &mut Difference,
    ) -> Result<()> {
        let mut parts = parts(&one.digest, &other.digest);
        for _ in 0..SLICES_MAX {
            if parts.is_empty() {
                return Ok(());
            }
            let rest = parts.split_off(slice(&parts));
            let [(left, again), (right, as_again)] =
                [self.sample(query, 0, &parts).await?, self.sample(query, 1, &parts).await?];
            let found = left.matched(right, self.options.tolerance)?;
            let asked_again = [(&one.digest, again), (&other.digest, as_again)];
            // Sums of floats may change in their last digits from run to run; that alone is no difference.
            let is_steady = asked_again.iter().all(|(before, again)| {
                if may_be_near { before.has_rows_but_floats_of(again) } else { before.has_rows_of(again) }
            });
            if !is_steady || found != Match::default() {
                let sides = self.options.sides.iter().zip(&asked_again);
                let unsteady = sides.filter(|(_, (before, again))| !before.has_rows_of(again));
                let told = unsteady.map(|(side, _)| format!("{side} gives other rows each time it is asked"));
                difference.what.extend(told);
                difference.what.push(self.told(&found, rest.is_empty(), [one, other]));
                let shown = |mut rows: Vec<Left>| {
                    rows.truncate(self.options.rows_shown);
                    rows
                };
                difference.rows = [shown(found.left), shown(found.right)];
                return Ok(());
            }
            if !may_be_near {
                return Err(Error::internal("two answers differ in rows that do not differ"));
            }
            parts = rest;
        }
        if parts.is_empty() {
            return Ok(());
        }
        let looked_at = SLICE_ROWS_MAX * SLICES_MAX as u64;
        Err(invalid(format!("more than {looked_at} rows differ in their floats; round the floats in the query")))
    }

    /// The rows of some parts, and the whole answer folded once more.
    async fn sample(&self, query: &Query, side: usize, parts: &[Part]) -> Result<(Sample, Digest)> {
        let (mut sample, mut digest) = (Sample::new(parts), Digest::new(None));
        let mut answer = self.asked(query, side).await?;
        while let Some(batch) = answer.batches.try_next().await? {
            digest.push(&batch)?;
            sample.push(&batch, |rows| self.client.session().shown(rows))?;
        }
        Ok((sample, digest))
    }

    fn told(&self, found: &Match, is_all: bool, folded: [&Folded; 2]) -> String {
        let at_least = if is_all { "" } else { "at least " };
        let [one, other] = &self.options.sides;
        let [left, right] = [&found.left, &found.right].map(|rows| rows.iter().map(|row| row.count).sum::<u64>());
        let [of, and] = folded.map(|folded| folded.digest.rows());
        format!("of {of} and {and} rows {at_least}{left} only on {one} and {right} only on {other}")
    }

    /// An ordered query's rows must come in its order; rows with equal keys may change places.
    fn order(&self, one: &Folded, other: &Folded, difference: &mut Difference, warnings: &mut Vec<String>) {
        for (side, folded) in self.options.sides.iter().zip([one, other]) {
            if let Some(row) = folded.digest.misplaced() {
                difference.what.push(format!("row {row} on {side} is not where ORDER BY wants it"));
            }
        }
        let is_hidden = one.order.as_ref().is_some_and(|order| !order.is_visible());
        if is_hidden && !one.digest.has_sequence_of(&other.digest) {
            let text = if one.digest.has_rows_of(&other.digest) {
                "rows come in another order; ORDER BY is by what they do not show, so it may be ties or not"
            } else {
                "the order was not compared: ORDER BY is by what the rows do not show, and some rows differ"
            };
            warnings.push(text.into());
        }
    }
}

/// How many parts to look at now: as many as fit, at least one.
fn slice(parts: &[Part]) -> usize {
    let mut rows = 0;
    let fits = |part: &&Part| {
        rows += part.rows;
        rows <= SLICE_ROWS_MAX
    };
    parts.iter().take_while(fits).count().max(1)
}
