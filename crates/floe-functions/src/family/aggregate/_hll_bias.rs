//! The correction of HyperLogLog++'s bias: measured raw estimates and their biases, as published with the paper (Heule,
//! Nunkesser, Hall 2013, appendix). One line a precision in `_hll_bias.txt`: precision, `|`, estimates, `|`, biases.

use std::sync::LazyLock;

const TABLE: &str = include_str!("_hll_bias.txt");

struct Measured {
    estimates: Vec<f64>,
    biases: Vec<f64>,
}

static BY_PRECISION: LazyLock<Vec<Measured>> = LazyLock::new(|| TABLE.lines().filter_map(measured).collect());

fn measured(line: &str) -> Option<Measured> {
    let mut parts = line.split('|').skip(1);
    let mut numbers = || Some(parts.next()?.split_whitespace().filter_map(|number| number.parse().ok()).collect());
    Some(Measured { estimates: numbers()?, biases: numbers()? })
}

/// The mean bias of the six measured estimates nearest to this one.
pub(crate) fn bias(precision: u32, estimate: f64) -> f64 {
    const NEIGHBOURS: usize = 6;
    let Some(measured) = BY_PRECISION.get(precision as usize - 4) else { return 0.0 };
    let estimates = &measured.estimates;
    let distance = |index: usize| (estimates[index] - estimate).powi(2);
    let nearest = estimates.partition_point(|known| *known < estimate);
    let mut low = (nearest + 1).saturating_sub(NEIGHBOURS);
    let mut high = (low + NEIGHBOURS).min(estimates.len());
    while high < estimates.len() && distance(high) < distance(low) {
        low += 1;
        high += 1;
    }
    let biases = measured.biases.get(low..high).unwrap_or_default();
    biases.iter().sum::<f64>() / biases.len().max(1) as f64
}
