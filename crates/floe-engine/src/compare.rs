//! Two results of one query, compared without holding either.
//!
//! A result is read as it streams and folded into a [`Digest`] of a fixed size. Rows are a multiset: two digests agree
//! when every row comes as often on both sides. Only where they do not agree is a result read once more, and then only
//! the rows in the part that differs are kept ([`Sample`]), to be shown, or to be matched where floats may differ a little.
//!
//! | file | what |
//! |---|---|
//! | `shape.rs` | names, types and nullability of two results |
//! | `values.rs` | a row as bytes, and its floats apart |
//! | `digest.rs` | [`Digest`]: a result in two megabytes |
//! | `order.rs` | [`Order`]: what ORDER BY asks for, and whether rows come so |
//! | `sample.rs` | [`Sample`]: the rows of a part, and what is left when two of them are matched |
//!
//! Pure: who runs the query, and where, is not decided here.

mod digest;
mod order;
mod sample;
mod shape;
mod values;

pub use digest::{Digest, Part, parts};
pub use order::Order;
pub use sample::{Left, Match, Sample};
pub use shape::{Shape, shape};

/// How far two floats may be apart and still be the same: relative to the larger; what is smaller than a millionth is
/// measured against a millionth, for sums that should be zero.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tolerance(pub f64);

impl Tolerance {
    const SMALL: f64 = 1e-6;

    /// True when every float must be the same to the last bit.
    pub fn is_exact(self) -> bool {
        self.0 <= 0.0
    }

    fn allows(self, left: f64, right: f64) -> bool {
        let is_same = left == right || (left.is_nan() && right.is_nan());
        let limit = self.0 * left.abs().max(right.abs()).max(Self::SMALL);
        is_same || (left.is_finite() && right.is_finite() && (left - right).abs() <= limit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floats_are_near_by_their_size() {
        let near = Tolerance(1e-9);
        for (left, right) in [(1e20, 1e20 + 1e10), (0.1 + 0.2, 0.3), (0.0, 1e-16), (f64::NAN, f64::NAN), (-0.0, 0.0)] {
            assert!(near.allows(left, right) && near.allows(right, left), "{left} {right}");
        }
        let infinity = f64::INFINITY;
        for (left, right) in
            [(1.0, 1.0 + 1e-8), (1e-6, 2e-6), (infinity, -infinity), (infinity, 1e308), (f64::NAN, 0.0)]
        {
            assert!(!near.allows(left, right) && !near.allows(right, left), "{left} {right}");
        }
    }
}
