//! The Mersenne Twister (MT19937) with the seeding of Apache Commons Math, from which Spark 4.1 draws the order of
//! `shuffle`.

const WORDS: usize = 624;
const MIDDLE: usize = 397;

pub(crate) struct Mersenne {
    words: [u32; WORDS],
    next: usize,
}

impl Mersenne {
    pub(crate) fn new(seed: i64) -> Self {
        let seed = seed.cast_unsigned();
        let key = [(seed >> 32) as u32, seed as u32];
        let mut words = [0; WORDS];
        let mut before = 19_650_218;
        for (index, word) in words.iter_mut().enumerate() {
            if index > 0 {
                before = mixed(before, 1_812_433_253).wrapping_add(index as u32);
            }
            *word = before;
        }
        let mut state = Self { words, next: WORDS };
        state.spread(&key);
        state
    }

    /// The seed's words, spread over the state.
    fn spread(&mut self, key: &[u32; 2]) {
        let mut place = 1;
        for round in 0..WORDS {
            let part = round % key.len();
            self.words[place] = (self.words[place] ^ mixed(self.words[place - 1], 1_664_525))
                .wrapping_add(key[part])
                .wrapping_add(part as u32);
            place = self.after(place);
        }
        for _ in 1..WORDS {
            let before = mixed(self.words[place - 1], 1_566_083_941);
            self.words[place] = (self.words[place] ^ before).wrapping_sub(place as u32);
            place = self.after(place);
        }
        self.words[0] = 1 << 31;
    }

    /// The place after this one; around the end, the first word takes the last one's value.
    fn after(&mut self, place: usize) -> usize {
        if place + 1 < WORDS {
            return place + 1;
        }
        self.words[0] = self.words[WORDS - 1];
        1
    }

    fn word(&mut self) -> u32 {
        if self.next == WORDS {
            for index in 0..WORDS {
                let both = (self.words[index] & (1 << 31)) | (self.words[(index + 1) % WORDS] & !(1 << 31));
                let odd = if both & 1 == 1 { 0x9908_b0df } else { 0 };
                self.words[index] = self.words[(index + MIDDLE) % WORDS] ^ (both >> 1) ^ odd;
            }
            self.next = 0;
        }
        let mut word = self.words[self.next];
        self.next += 1;
        word ^= word >> 11;
        word ^= (word << 7) & 0x9d2c_5680;
        word ^= (word << 15) & 0xefc6_0000;
        word ^ (word >> 18)
    }

    /// From 0 to `bound`, excluded.
    pub(crate) fn below(&mut self, bound: u32) -> u32 {
        let mut bits = self.word() >> 1;
        if bound.is_power_of_two() {
            return ((u64::from(bound) * u64::from(bits)) >> 31) as u32;
        }
        // The last, incomplete run of remainders would make small ones likelier.
        while bits - bits % bound > (1 << 31) - bound {
            bits = self.word() >> 1;
        }
        bits % bound
    }

    /// The indices of so many elements in a random order, each put in its place among those before it.
    pub(crate) fn order(&mut self, count: usize) -> Vec<usize> {
        let mut order = Vec::with_capacity(count);
        for index in 0..count {
            let place = u32::try_from(index + 1).map_or(index, |bound| self.below(bound) as usize);
            order.push(index);
            order.swap(index, place);
        }
        order
    }
}

fn mixed(word: u32, by: u32) -> u32 {
    (word ^ (word >> 30)).wrapping_mul(by)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_what_spark_draws() {
        // SELECT shuffle(sequence(0, 9), seed) of Spark 4.1.4.
        assert_eq!(Mersenne::new(123).order(10), [8, 9, 7, 5, 4, 2, 1, 6, 3, 0]);
        assert_eq!(Mersenne::new(-5).order(10), [6, 0, 1, 5, 7, 9, 8, 2, 4, 3]);
        assert_eq!(Mersenne::new(9_999_999_999).order(5), [2, 0, 4, 3, 1]);
    }
}
