//! Lots that are drawn by a seed, the same on every machine, and on any number of threads.

use std::num::NonZero;

/// SplitMix64 (Steele, Lea and Flood, OOPSLA 2014).
#[derive(Clone, Debug)]
pub(crate) struct Dice(u64);

/// As a number to reckon with; no count here comes near the 53 bits of a float.
#[expect(
    clippy::cast_precision_loss,
    reason = "no count here comes near the 53 bits of a float"
)]
pub(crate) const fn number(count: u64) -> f64 {
    count as f64
}

/// The whole number below; of what is below 0: 0.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "both are meant"
)]
pub(crate) const fn whole(number: f64) -> u64 {
    number as u64
}

impl Dice {
    /// The dice of one of many paths.
    pub(crate) const fn of_path(seed: u64, path: u64) -> Self {
        let mut dice = Self(seed ^ path.wrapping_mul(0xd134_2543_de82_ef95));
        dice.next();
        dice
    }

    pub(crate) const fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// At least 0 and below 1.
    pub(crate) const fn unit(&mut self) -> f64 {
        number(self.next() >> 11) / number(1 << 53)
    }

    pub(crate) const fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit
    }

    pub(crate) fn happens(&mut self, chance: f64) -> bool {
        self.unit() < chance
    }

    /// From `low` to `high`.
    pub(crate) fn between(&mut self, low: f64, high: f64) -> f64 {
        (high - low).mul_add(self.unit(), low)
    }

    /// From `low` to `high`, each factor as likely as another.
    pub(crate) fn by_size(&mut self, low: f64, high: f64) -> f64 {
        self.between(low.ln(), high.ln()).exp()
    }

    /// How many of so many come up with this chance: by inversion, in halves where the chance that none does
    /// would underflow.
    pub(crate) fn binomial(&mut self, of: u64, chance: f64) -> u64 {
        if of == 0 || chance <= 0.0 {
            return 0;
        }
        if chance > 0.5 {
            return of - self.binomial(of, 1.0 - chance);
        }
        if number(of) * chance > 300.0 {
            return self.binomial(of / 2, chance) + self.binomial(of - of / 2, chance);
        }
        let mut left = self.unit();
        let mut likely = (number(of) * (-chance).ln_1p()).exp();
        let odds = chance / (1.0 - chance);
        let mut ups = 0;
        while left > likely && ups < of {
            left -= likely;
            ups += 1;
            likely *= odds * number(of - ups + 1) / number(ups);
        }
        ups
    }

    /// 1 and more, with this mean: each is followed by one more with the same chance.
    pub(crate) fn geometric(&mut self, mean: f64) -> u64 {
        if mean <= 1.0 {
            return 1;
        }
        let more = 1.0 - 1.0 / mean;
        1 + whole((1.0 - self.unit()).ln() / more.ln())
    }

    /// Of the standard normal distribution (Box and Muller, 1958).
    pub(crate) fn normal(&mut self) -> f64 {
        let radius = (-2.0 * (1.0 - self.unit()).ln()).sqrt();
        radius * (std::f64::consts::TAU * self.unit()).cos()
    }
}

/// What `each` makes of every path from 0 on, in their order, on all cores.
pub(crate) fn paths<T: Send>(count: u64, each: impl Fn(u64) -> T + Sync) -> Vec<T> {
    let cores = std::thread::available_parallelism().map_or(1, NonZero::get);
    let cores = u64::try_from(cores).unwrap_or(1);
    std::thread::scope(|scope| {
        let shares: Vec<_> = (0..cores)
            .map(|core| {
                let each = &each;
                let mine = count * core / cores..count * (core + 1) / cores;
                scope.spawn(move || mine.map(each).collect::<Vec<_>>())
            })
            .collect();
        let joined = shares.into_iter().map(|share| {
            share
                .join()
                .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        });
        joined.flatten().collect()
    })
}
