//! What is found, and how often there was something to find.

use std::collections::BTreeMap;

use super::{BrokenPromise, Judgement};
use crate::timestamp::Timestamp;

/// Most of one promise that is told: a livelock would fill pages.
const MOST: usize = 20;

#[derive(Debug, Default)]
pub(super) struct Findings {
    broken: Vec<BrokenPromise>,
    judged: BTreeMap<u8, u64>,
}

impl Findings {
    /// Something that a promise speaks of happened; `holds` says whether the promise was kept.
    pub(super) fn judge(
        &mut self,
        promise: u8,
        at: Timestamp,
        holds: bool,
        what: impl FnOnce() -> String,
    ) {
        *self.judged.entry(promise).or_default() += 1;
        let told = self.broken.iter().filter(|one| one.promise == promise);
        if !holds && told.count() < MOST {
            let what = what();
            self.broken.push(BrokenPromise { promise, at, what });
        }
    }

    pub(super) fn judgement(mut self) -> Judgement {
        self.broken
            .sort_by_key(|broken| (broken.promise, broken.at));
        Judgement {
            broken: self.broken,
            judged: self.judged,
        }
    }
}
