//! Worlds of requests that fail: what happens to both tracks and to each of their units, second by second.

use std::collections::VecDeque;

use strategy_core::Tracks;

use crate::dice::{Dice, number, whole};

/// A world. Requests come evenly, and each goes to the candidate with the chance `share`; within a track its units
/// get as many.
#[derive(Clone, Debug)]
pub(crate) struct World {
    pub(crate) seconds: u64,
    /// So many seconds are drawn at once.
    pub(crate) tick: u64,
    /// Requests a second.
    pub(crate) rate: f64,
    pub(crate) share: f64,
    /// Of the candidate, of stable.
    pub(crate) units: (u64, u64),
    /// The share of stable's requests that fail.
    pub(crate) stable: f64,
    /// The share of the candidate's, from `onset` on; before it is as stable.
    pub(crate) candidate: f64,
    pub(crate) onset: u64,
    pub(crate) incident: Option<Incident>,
    /// Failures come in bursts, each on one unit; the share that fails stays the same.
    pub(crate) bursts: Option<Bursts>,
    pub(crate) uneven: Uneven,
    pub(crate) scrapes: Option<Scrapes>,
}

/// Both tracks fail so much more.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Incident {
    /// It begins at a second that is drawn between these.
    pub(crate) from: (u64, u64),
    pub(crate) seconds: u64,
    pub(crate) share: f64,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Bursts {
    /// Their mean size; the sizes are geometric.
    pub(crate) mean: f64,
    /// The failures of a burst are spread evenly over so many seconds.
    pub(crate) spread: u64,
}

/// How units differ for good, by what share of their requests fails.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Uneven {
    No,
    /// By a factor of mean 1 and of this standard deviation, log-normal.
    Spread(f64),
    /// One of all units fails so many times as often.
    One(f64),
}

/// Each unit is seen at moments of its own.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scrapes {
    pub(crate) every: u64,
    /// At moments of its own; else all at the same.
    pub(crate) apart: bool,
}

impl World {
    /// Nothing is wrong.
    pub(crate) const NULL: Self = Self {
        seconds: 1800,
        tick: 5,
        rate: 50.0,
        share: 0.1,
        units: (1, 9),
        stable: 0.005,
        candidate: 0.005,
        onset: 0,
        incident: None,
        bursts: None,
        uneven: Uneven::No,
        scrapes: None,
    };

    pub(crate) const fn failing(share: f64) -> Self {
        Self {
            candidate: share,
            ..Self::NULL
        }
    }

    /// What both tracks have.
    pub(crate) const fn alike(share: f64) -> Self {
        Self {
            stable: share,
            candidate: share,
            ..Self::NULL
        }
    }
}

/// Requests and failures.
pub(crate) type Pair = [u64; 2];

/// What happened in a tick, and what was seen of it or before.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tick {
    /// When it ends.
    pub(crate) second: u64,
    /// The candidate's failures in truth.
    pub(crate) failed: u64,
    /// What was seen of each unit.
    pub(crate) candidate: Vec<Pair>,
    pub(crate) stable: Vec<Pair>,
    /// Latencies of both tracks, in each set of buckets; none where they are not what it is about.
    pub(crate) histograms: Vec<Tracks<Vec<u64>>>,
}

impl Tick {
    pub(crate) fn sums(&self) -> (Pair, Pair) {
        let sum = |units: &[Pair]| {
            units
                .iter()
                .fold([0, 0], |sum, unit| [sum[0] + unit[0], sum[1] + unit[1]])
        };
        (sum(&self.candidate), sum(&self.stable))
    }
}

/// One course of a world.
#[derive(Debug)]
pub(crate) struct Path<'a> {
    world: &'a World,
    dice: Dice,
    second: u64,
    begins: u64,
    /// The candidate's first, then stable's.
    factors: Vec<f64>,
    phases: Vec<u64>,
    unseen: Vec<Pair>,
    /// Failures that are still to come of each unit, by tick.
    coming: VecDeque<Vec<u64>>,
}

impl<'a> Path<'a> {
    pub(crate) fn new(world: &'a World, mut dice: Dice) -> Self {
        let (candidates, stables) = world.units;
        let all = candidates + stables;
        let factors = match world.uneven {
            Uneven::No => vec![1.0; usize(all)],
            Uneven::Spread(deviation) => {
                let square = deviation.mul_add(deviation, 1.0).ln();
                let draw = |_| dice.normal().mul_add(square.sqrt(), -square / 2.0).exp();
                (0..all).map(draw).collect()
            }
            Uneven::One(times) => {
                let which = dice.below(all);
                let factor = |unit| if unit == which { times } else { 1.0 };
                (0..all).map(factor).collect()
            }
        };
        let phases = match world.scrapes {
            Some(Scrapes { every, apart: true }) => (0..all)
                .map(|_| dice.below(every / world.tick) * world.tick)
                .collect(),
            Some(Scrapes { apart: false, .. }) | None => vec![0; usize(all)],
        };
        let begins = world.incident.map_or(0, |incident| {
            incident.from.0 + dice.below((incident.from.1 - incident.from.0).max(1))
        });
        Self {
            world,
            dice,
            second: 0,
            begins,
            factors,
            phases,
            unseen: vec![[0, 0]; usize(all)],
            coming: VecDeque::new(),
        }
    }

    /// The share that fails of stable and of the candidate.
    fn shares(&self) -> (f64, f64) {
        let world = self.world;
        let incident = world.incident.filter(|incident| {
            (self.begins..self.begins + incident.seconds).contains(&self.second)
        });
        if let Some(incident) = incident {
            return (incident.share, incident.share);
        }
        let began = self.second >= world.onset;
        let candidate = if began { world.candidate } else { world.stable };
        (world.stable, candidate)
    }

    fn failures(&mut self, unit: usize, requests: u64, share: f64) -> u64 {
        let Some(bursts) = self.world.bursts else {
            return self.dice.binomial(requests, share);
        };
        let begun = self.dice.binomial(requests, share / bursts.mean);
        for _ in 0..begun {
            for _ in 0..self.dice.geometric(bursts.mean) {
                let after = self.dice.below(bursts.spread.max(1)) / self.world.tick;
                let after = usize(after);
                while self.coming.len() <= after {
                    self.coming.push_back(vec![0; self.factors.len()]);
                }
                self.coming[after][unit] += 1;
            }
        }
        // More than there are requests fail a tick later.
        let Some(now) = self.coming.front_mut() else {
            return 0;
        };
        let failed = now[unit].min(requests);
        let rest = now[unit] - failed;
        if rest > 0 {
            if self.coming.len() == 1 {
                self.coming.push_back(vec![0; self.factors.len()]);
            }
            self.coming[1][unit] += rest;
        }
        failed
    }
}

impl Iterator for Path<'_> {
    type Item = Tick;

    fn next(&mut self) -> Option<Tick> {
        let world = self.world;
        if self.second >= world.seconds {
            return None;
        }
        let (of_stable, of_candidate) = self.shares();
        self.second += world.tick;
        let mean = world.rate * number(world.tick);
        let requests = whole(mean) + u64::from(self.dice.happens(mean.fract()));
        let candidate = self.dice.binomial(requests, world.share);
        let (candidates, stables) = world.units;
        let mut tick = Tick {
            second: self.second,
            ..Tick::default()
        };
        for unit in 0..candidates + stables {
            let (all, units, at, share) = if unit < candidates {
                (candidate, candidates, unit, of_candidate)
            } else {
                (requests - candidate, stables, unit - candidates, of_stable)
            };
            // What does not divide goes to each in turn.
            let turn = (at + self.second / world.tick) % units;
            let requests = all / units + u64::from(turn < all % units);
            let index = usize(unit);
            let share = (share * self.factors[index]).min(1.0);
            let failed = self.failures(index, requests, share);
            let unseen = &mut self.unseen[index];
            *unseen = [unseen[0] + requests, unseen[1] + failed];
            let scraped = world.scrapes.is_none_or(|scrapes| {
                (self.second + self.phases[index]).is_multiple_of(scrapes.every)
            });
            let seen = if scraped {
                std::mem::take(unseen)
            } else {
                [0, 0]
            };
            if unit < candidates {
                tick.failed += failed;
                tick.candidate.push(seen);
            } else {
                tick.stable.push(seen);
            }
        }
        self.coming.pop_front();
        Some(tick)
    }
}

fn usize(count: u64) -> usize {
    usize::try_from(count).unwrap_or(usize::MAX)
}
