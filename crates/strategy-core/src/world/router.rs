//! One router: told a share, on its way there for a while, followed by what is still under way.

use std::time::Duration;

use crate::target::{Effective, Writer};
use crate::timestamp::Timestamp;
use crate::traffic::Traffic;
use crate::weight::Weight;

/// Shares of traffic, in hundred-millionths, so that a share of a share stays exact.
pub(super) const WHOLE: u64 = 100_000_000;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Router {
    /// The workload that has what the other has not.
    pub(super) primary: String,
    /// The workload that `written.weight` is the share of.
    pub(super) secondary: String,
    pub(super) written: Traffic,
    /// From what, and by when half and all of the way is done.
    change: Option<Change>,
    /// Requests that still go where they would have gone before.
    tails: Vec<Tail>,
    pub(super) writer: Writer,
    pub(super) lag: Duration,
    pub(super) drain: Duration,
    pub(super) sticky: Duration,
    /// The share of requests that belong to sessions.
    pub(super) sessions: Weight,
    /// The share of requests that carry what a route looks for.
    pub(super) routed: Weight,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Change {
    from: Weight,
    half: Timestamp,
    done: Timestamp,
    is_half: bool,
}

/// So many requests, in basis points, still follow an older weight.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Tail {
    kind: TailKind,
    until: Timestamp,
    share: Weight,
    weight: Weight,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum TailKind {
    /// Requests that began before the change.
    Requests,
    /// Sessions that were given to a track before the change.
    Sessions,
}

/// The share of requests that take as long as the drain time: 1%.
const LONG_REQUESTS: u16 = 100;

impl Router {
    pub(super) fn new(primary: String, secondary: String, written: Traffic, by: &str) -> Self {
        Self {
            primary,
            secondary,
            written,
            change: None,
            tails: Vec::new(),
            writer: Writer::Other {
                name: by.to_owned(),
                version: "0".to_owned(),
            },
            lag: Duration::from_secs(2),
            drain: Duration::from_secs(5),
            sticky: Duration::ZERO,
            sessions: Weight::ZERO,
            routed: Weight::ZERO,
        }
    }

    /// Where new requests go now.
    fn weight(&self) -> Weight {
        match &self.change {
            None => self.written.weight,
            Some(change) if change.is_half => {
                let sum = change.from.basis_points() + self.written.weight.basis_points();
                Weight::from_basis_points(sum / 2).unwrap_or(self.written.weight)
            }
            Some(change) => change.from,
        }
    }

    /// Told something new.
    pub(super) fn write(&mut self, written: Traffic, writer: Writer, now: Timestamp) {
        self.writer = writer;
        if written == self.written {
            return;
        }
        let from = self.weight();
        self.written = written;
        if self.lag.is_zero() {
            self.change = None;
            self.arrived(from, now);
        } else {
            self.change = Some(Change {
                from,
                half: now + self.lag / 2,
                done: now + self.lag,
                is_half: false,
            });
        }
    }

    /// What is written, with the weight as this workload's share.
    pub(super) fn written_for(&self, candidate: &str) -> Traffic {
        if candidate == self.secondary {
            self.written.clone()
        } else {
            Traffic::weight(self.written.weight.rest())
        }
    }

    /// From now on the weight is `secondary`'s share. Requests go where they went.
    pub(super) fn face(&mut self, primary: &str, secondary: &str) {
        if self.secondary == secondary {
            return;
        }
        self.primary = primary.to_owned();
        self.secondary = secondary.to_owned();
        self.written = Traffic::weight(self.written.weight.rest());
        if let Some(change) = &mut self.change {
            change.from = change.from.rest();
        }
        for tail in &mut self.tails {
            tail.weight = tail.weight.rest();
        }
    }

    fn arrived(&mut self, from: Weight, now: Timestamp) {
        let long = Weight::from_basis_points(LONG_REQUESTS).unwrap_or(Weight::ZERO);
        for (kind, lasts, share) in [
            (TailKind::Requests, self.drain, long),
            (TailKind::Sessions, self.sticky, self.sessions),
        ] {
            if from != self.written.weight && !lasts.is_zero() && !share.is_zero() {
                self.tails.retain(|tail| tail.kind != kind);
                self.tails.push(Tail {
                    kind,
                    until: now + lasts,
                    share,
                    weight: from,
                });
            }
        }
    }

    /// When it changes next by itself.
    pub(super) fn next(&self) -> Option<Timestamp> {
        let change = self.change.as_ref().map(|change| {
            if change.is_half {
                change.done
            } else {
                change.half
            }
        });
        self.tails.iter().map(|tail| tail.until).chain(change).min()
    }

    pub(super) fn tick(&mut self, now: Timestamp) {
        if let Some(change) = &mut self.change {
            if change.done <= now {
                let from = change.from;
                self.change = None;
                self.arrived(from, now);
            } else if change.half <= now {
                change.is_half = true;
            }
        }
        self.tails.retain(|tail| tail.until > now);
    }

    /// The secondary's share of requests as it really is, in hundred-millionths.
    pub(super) fn share(&self) -> u64 {
        let of = |share: Weight, weight: Weight| {
            u64::from(share.basis_points()) * u64::from(weight.basis_points())
        };
        let tails: u64 = self
            .tails
            .iter()
            .map(|tail| of(tail.share, tail.weight))
            .sum();
        let rest = self
            .tails
            .iter()
            .fold(Weight::FULL.basis_points(), |rest, tail| {
                rest.saturating_sub(tail.share.basis_points())
            });
        let rest = Weight::from_basis_points(rest).unwrap_or(Weight::ZERO);
        let by_weight = (tails + of(rest, self.weight())).min(WHOLE);
        if self.written.routes.is_empty() {
            return by_weight;
        }
        let routed = u64::from(self.routed.basis_points());
        routed * 10_000 + (10_000 - routed) * by_weight / 10_000
    }

    /// Nothing that began under an older weight is under way.
    pub(super) const fn has_no_tails(&self) -> bool {
        self.tails.is_empty()
    }

    /// New requests do not go where it was told yet.
    pub(super) const fn is_converging(&self) -> bool {
        self.change.is_some()
    }

    /// What it does, with the weight as this workload's share.
    pub(super) fn effective_for(&self, candidate: &str) -> Effective {
        match self.change {
            None => Effective::Verified(self.written_for(candidate)),
            Some(_) => Effective::Converging,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Timestamp {
        Timestamp::from_millis(seconds * 1_000)
    }

    #[test]
    fn a_share_is_reached_by_way_of_the_middle_and_followed_by_what_is_under_way() {
        let mut router = Router::new("a".into(), "b".into(), Traffic::default(), "setup");
        router.sticky = Duration::from_secs(60);
        router.sessions = Weight::HALF;
        router.write(Traffic::weight(Weight::FULL), Writer::Us, at(0));
        assert_eq!((router.share(), router.next()), (0, Some(at(1))));
        router.tick(at(1));
        assert_eq!((router.share(), router.next()), (WHOLE / 2, Some(at(2))));
        assert_eq!(router.effective_for("b"), Effective::Converging);
        router.tick(at(2));
        assert_eq!(
            router.effective_for("b"),
            Effective::Verified(router.written.clone())
        );
        // Half are in sessions and 1% is under way: 49% go where the weight says.
        assert_eq!(
            (router.share(), router.next()),
            (WHOLE / 100 * 49, Some(at(7)))
        );
        router.tick(at(7));
        assert_eq!((router.share(), router.next()), (WHOLE / 2, Some(at(62))));
        router.tick(at(62));
        assert_eq!((router.share(), router.next()), (WHOLE, None));
    }
}
