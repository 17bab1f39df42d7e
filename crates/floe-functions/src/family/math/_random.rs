//! Spark's random numbers (`XORShiftRandom`): the same seed gives the same numbers.
//!
//! Spark adds the partition's number to the seed; where the partitions are not known, what is drawn is what Spark draws
//! from its first. Each call in a query has streams of its own, however often it is asked.

use datafusion::scalar::ScalarValue;
use floe_base::{Error, Result};
use floe_syntax::expression::CastMode;

use crate::cast::cast;
use crate::partition::Kept;
use crate::{Call, coerce};

pub(crate) struct Random {
    seed: i64,
    next_gaussian: Option<f64>,
}

impl Random {
    pub(crate) fn new(seed: i64) -> Self {
        Self { seed: hash_seed(seed), next_gaussian: None }
    }

    fn next(&mut self, bits: u32) -> i32 {
        let mut next = self.seed ^ (self.seed << 21);
        next ^= ((next as u64) >> 35) as i64;
        next ^= next << 4;
        self.seed = next;
        (next & ((1i64 << bits) - 1)) as i32
    }

    /// From 0 to 1, 1 excluded (`java.util.Random.nextDouble`).
    pub(crate) fn next_double(&mut self) -> f64 {
        let high = i64::from(self.next(26)) << 27;
        (high + i64::from(self.next(27))) as f64 * (1.0 / (1u64 << 53) as f64)
    }

    /// Of the normal distribution, by the polar method (`java.util.Random.nextGaussian`).
    pub(crate) fn next_gaussian(&mut self) -> f64 {
        if let Some(kept) = self.next_gaussian.take() {
            return kept;
        }
        loop {
            let (a, b) = (2.0 * self.next_double() - 1.0, 2.0 * self.next_double() - 1.0);
            let square = a * a + b * b;
            if square < 1.0 && square != 0.0 {
                let factor = (-2.0 * square.ln() / square).sqrt();
                self.next_gaussian = Some(b * factor);
                return a * factor;
            }
        }
    }

    /// Of all integers (`java.util.Random.nextInt`).
    pub(crate) fn next_any_int(&mut self) -> i32 {
        self.next(32)
    }
}

/// The streams of random numbers of one call that has so many arguments.
pub(crate) fn streams(seed: i64, arguments: usize) -> Kept<Random> {
    Kept::new(arguments, move |partition| Random::new(seed.wrapping_add(i64::from(partition))))
}

/// The argument with the seed, or one of our own where there is none.
pub(crate) fn seed(call: &Call<'_>, index: usize) -> Result<i64> {
    let Some(argument) = call.arguments.get(index) else { return Ok(rand::random()) };
    let foldable = Error::analysis("SEED_EXPRESSION_IS_UNFOLDABLE")
        .with("seedExpr", format!("\"{}\"", (call.text)(Some(index))))
        .with("exprWithSeed", format!("\"{}\"", (call.text)(None)));
    let Some(value) = argument.literal() else { return Err(foldable.at(call.origin)) };
    if value.is_null() {
        return Ok(0);
    }
    if !coerce::is_integral(&argument.data_type) {
        return Err(call.unexpected_type(index, "(\"INT\" or \"BIGINT\")"));
    }
    let long = arrow::datatypes::DataType::Int64;
    match cast(argument.clone(), &long, CastMode::Session, call.context, call.origin)?.literal() {
        Some(ScalarValue::Int64(Some(seed))) => Ok(*seed),
        _ => Err(call.unexpected_type(index, "(\"INT\" or \"BIGINT\")")),
    }
}

/// `XORShiftRandom.hashSeed`: the seed's bytes hashed twice.
fn hash_seed(seed: i64) -> i64 {
    // Scala's MurmurHash3.arraySeed.
    const ARRAY_SEED: u32 = 0x3c07_4a61;
    let bytes = seed.to_be_bytes();
    let low = murmur3(&bytes, ARRAY_SEED);
    let high = murmur3(&bytes, low);
    ((u64::from(high) << 32) | u64::from(low)) as i64
}

/// MurmurHash3 for 32 bits over a number of bytes that is a multiple of four, as Scala has it.
fn murmur3(bytes: &[u8], seed: u32) -> u32 {
    let mut hash = seed;
    for block in bytes.chunks_exact(4) {
        let word = block.iter().rev().fold(0u32, |word, byte| (word << 8) | u32::from(*byte));
        let mixed = word.wrapping_mul(0xcc9e_2d51).rotate_left(15).wrapping_mul(0x1b87_3593);
        hash = (hash ^ mixed).rotate_left(13).wrapping_mul(5).wrapping_add(0xe654_6b64);
    }
    hash ^= bytes.len() as u32;
    hash = (hash ^ (hash >> 16)).wrapping_mul(0x85eb_ca6b);
    hash = (hash ^ (hash >> 13)).wrapping_mul(0xc2b2_ae35);
    hash ^ (hash >> 16)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_what_spark_draws() {
        // SELECT rand(1) FROM range(3), and rand(0), randn(1), on one partition of Spark 4.1.4.
        let mut random = Random::new(1);
        assert_eq!(random.next_double(), 0.6363787615254752);
        assert_eq!(random.next_double(), 0.5993846534021868);
        assert_eq!(Random::new(0).next_double(), 0.7604953758285915);
        assert_eq!(Random::new(1).next_gaussian(), 1.6845611254444919);
    }
}
