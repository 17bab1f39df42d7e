//! Java's `Random`: the linear congruential generator of its documentation, for sketches whose answers depend on it.

pub(crate) struct JavaRandom(u64);

impl JavaRandom {
    const MASK: u64 = (1 << 48) - 1;

    pub(crate) fn new(seed: i64) -> Self {
        Self((seed as u64 ^ 0x5_DEEC_E66D) & Self::MASK)
    }

    fn bits(&mut self, count: u32) -> u64 {
        self.0 = self.0.wrapping_mul(0x5_DEEC_E66D).wrapping_add(0xB) & Self::MASK;
        self.0 >> (48 - count)
    }

    /// A double from 0 up to 1.
    pub(crate) fn double(&mut self) -> f64 {
        let (high, low) = (self.bits(26), self.bits(27));
        ((high << 27) + low) as f64 / (1u64 << 53) as f64
    }

    /// An int from 0 up to the greatest of all.
    pub(crate) fn below_greatest_int(&mut self) -> i64 {
        loop {
            let drawn = self.bits(31) as i64;
            if drawn < i64::from(i32::MAX) {
                return drawn;
            }
        }
    }
}
