//! A world small enough to be searched: two sides with pods by version, one router, one write in flight.

/// Versions by index: what stable ran at the start, the release, what the candidate's slot ran.
pub(super) const START: u8 = 0;
pub(super) const RELEASE: u8 = 1;
pub(super) const SLOT: u8 = 2;

pub(super) const STABLE: usize = 0;
pub(super) const CANDIDATE: usize = 1;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Pods {
    pub(super) ready: u8,
    pub(super) total: u8,
}

/// What a side has been told: a version, and a count (or a floor where an autoscaler owns the count).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Told {
    pub(super) version: u8,
    pub(super) number: u8,
}

/// Everything that is written: what a write replaces as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Content {
    pub(super) told: [Option<Told>; 2],
    /// The candidate's share in percent.
    pub(super) weight: u8,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct World {
    pub(super) content: Content,
    pub(super) pods: [[Pods; 3]; 2],
    pub(super) effective: u8,
    pub(super) draining: [bool; 2],
    /// No pod of the release gets ready any more.
    pub(super) broken: bool,
    /// What stable's autoscaler wants; 0 where there is none.
    pub(super) wants: u8,
}

pub(super) const fn share(side: usize, weight: u8) -> u8 {
    if side == STABLE { 100 - weight } else { weight }
}

impl World {
    /// Every pod that `content` asks for, ready.
    pub(super) fn started(content: Content, wants: u8) -> Self {
        let mut world = Self {
            content,
            pods: Default::default(),
            effective: content.weight,
            draining: [false; 2],
            broken: false,
            wants,
        };
        for side in [STABLE, CANDIDATE] {
            if let Some(told) = content.told[side] {
                let total = world.wanted(side);
                world.pods[side][told.version as usize] = Pods {
                    ready: total,
                    total,
                };
            }
        }
        world
    }

    pub(super) fn wanted(&self, side: usize) -> u8 {
        let number = self.content.told[side].map_or(0, |told| told.number);
        if side == STABLE && self.content.told[side].is_some() {
            number.max(self.wants)
        } else {
            number
        }
    }

    /// New requests reach it, by what is written or by what the router still does.
    pub(super) const fn reached(&self, side: usize) -> bool {
        share(side, self.content.weight) > 0 || share(side, self.effective) > 0
    }

    pub(super) fn ready(&self, side: usize) -> u8 {
        self.pods[side].iter().map(|pods| pods.ready).sum()
    }

    pub(super) fn total(&self, side: usize) -> u8 {
        self.pods[side].iter().map(|pods| pods.total).sum()
    }

    /// A write lands.
    pub(super) fn land(&mut self, content: Content) {
        let reached = [self.reached(STABLE), self.reached(CANDIDATE)];
        self.content = content;
        self.scale(STABLE);
        self.scale(CANDIDATE);
        self.after_traffic(reached);
    }

    pub(super) fn converge(&mut self) {
        let reached = [self.reached(STABLE), self.reached(CANDIDATE)];
        self.effective = self.content.weight;
        self.after_traffic(reached);
    }

    fn after_traffic(&mut self, before: [bool; 2]) {
        for side in [STABLE, CANDIDATE] {
            if self.reached(side) || self.total(side) == 0 {
                self.draining[side] = false;
            } else if before[side] {
                self.draining[side] = true;
            }
        }
    }

    /// The platform starts or stops pods until there are as many as wanted: unready ones go first,
    /// those of other versions before those of the told one.
    pub(super) fn scale(&mut self, side: usize) {
        let wanted = self.wanted(side);
        let version = self.content.told[side].map_or(START, |told| told.version);
        while self.total(side) > wanted {
            let order = [0u8, 1, 2];
            let old_first = || {
                let old = order.into_iter().filter(move |other| *other != version);
                old.chain([version]).map(usize::from)
            };
            let pods = &mut self.pods[side];
            if let Some(at) = old_first().find(|at| pods[*at].total > pods[*at].ready) {
                pods[at].total -= 1;
            } else if let Some(at) = old_first().find(|at| pods[*at].ready > 0) {
                pods[at].total -= 1;
                pods[at].ready -= 1;
            }
        }
        let missing = wanted - self.total(side);
        self.pods[side][version as usize].total += missing;
    }

    /// A pod of another version than the told one makes way for a new one.
    pub(super) fn replace(&mut self, side: usize, old: usize) {
        let Some(told) = self.content.told[side] else {
            return;
        };
        let pods = &mut self.pods[side];
        if pods[old].ready == pods[old].total {
            pods[old].ready -= 1;
        }
        pods[old].total -= 1;
        pods[told.version as usize].total += 1;
    }

    /// A number that tells worlds apart.
    pub(super) fn packed(&self) -> u128 {
        let mut bits = Bits(0);
        bits.content(self.content);
        for pods in self.pods.iter().flatten() {
            bits.push(pods.ready, 3);
            bits.push(pods.total, 3);
        }
        bits.push(self.effective, 7);
        bits.push(u8::from(self.draining[0]), 1);
        bits.push(u8::from(self.draining[1]), 1);
        bits.push(u8::from(self.broken), 1);
        bits.push(self.wants, 2);
        bits.0
    }
}

/// Numbers side by side in one.
#[derive(Debug)]
pub(super) struct Bits(pub(super) u128);

impl Bits {
    pub(super) fn push(&mut self, value: u8, width: u32) {
        debug_assert!(u32::from(value) < 1 << width);
        self.0 = (self.0 << width) | u128::from(value);
    }

    pub(super) fn content(&mut self, content: Content) {
        for told in content.told {
            let (version, number) = told.map_or((3, 0), |told| (told.version, told.number));
            self.push(version, 2);
            self.push(number, 3);
        }
        self.push(content.weight, 7);
    }
}
