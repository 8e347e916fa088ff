//! What we told AWS, for as long as reads do not show it: its descriptions may lag behind its writes, and an
//! observation after a write must never show the state before it.

mod listings;
mod rules;
mod scalers;
mod services;

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::time::{Duration, SystemTime};

use aws_sdk_applicationautoscaling::types::ScalableTarget;
use aws_sdk_ecs::types::Service;

use crate::account::between;

pub(super) use self::listings::{Listing, Ours};
pub(super) use self::rules::Actions;
pub(super) use self::services::retagged;

/// So many observations may be old; then what is read is what there is.
const MOST_LOOKS: u32 = 8;

/// For so long they may be old besides, of rules and autoscalers: nothing says how long, and a minute is what other
/// tools wait for a rule that was made (hashicorp/terraform-provider-aws#6154).
const A_MINUTE: Duration = Duration::from_secs(60);

/// Something that we write to.
pub(super) trait Masked: Clone {
    /// What of it our writes change, as it shows in a read.
    type Told: Clone + Debug;

    /// For how long at most what was told is shown in place of what was before; `None`: looks alone are counted.
    const LONGEST: Option<Duration>;

    /// `None`: it is not there.
    fn told(there: Option<&Self>) -> Self::Told;

    fn is_same(one: &Self::Told, other: &Self::Told) -> bool;

    /// What was read, with what we told it.
    fn patched(read: Option<Self>, after: Option<&Self>) -> Option<Self>;
}

/// Of everything that is written, by kind.
#[derive(Debug, Default)]
pub(super) struct Masks {
    /// By cluster and name.
    pub(super) services: Shown<Service>,
    /// By ARN of the rule, or of the listener whose default actions they are.
    pub(super) rules: Shown<Actions>,
    /// By resource id.
    pub(super) scalers: Shown<ScalableTarget>,
    /// By ARN of the listener.
    pub(super) listings: Shown<Listing>,
}

impl Masks {
    /// It is so late.
    pub(super) fn at(&mut self, now: SystemTime) {
        self.services.at(now);
        self.rules.at(now);
        self.scalers.at(now);
        self.listings.at(now);
    }

    /// An observation begins.
    pub(super) fn look(&mut self) {
        self.services.look();
        self.rules.look();
        self.scalers.look();
        self.listings.look();
    }
}

/// Something as it is after our writes, while reads may still show what was before them.
#[derive(Clone, Debug)]
struct Unseen<T: Masked> {
    before: Vec<T::Told>,
    after: Option<T>,
    looks: u32,
    since: SystemTime,
}

/// All of one kind, by name.
#[derive(Debug)]
pub(super) struct Shown<T: Masked> {
    last: BTreeMap<String, Option<T>>,
    unseen: BTreeMap<String, Unseen<T>>,
    now: SystemTime,
}

impl<T: Masked> Default for Shown<T> {
    fn default() -> Self {
        Self {
            last: BTreeMap::new(),
            unseen: BTreeMap::new(),
            now: SystemTime::UNIX_EPOCH,
        }
    }
}

impl<T: Masked> Shown<T> {
    /// What is to be taken for there, given what was read.
    pub(super) fn read(&mut self, name: &str, read: Option<T>) -> Option<T> {
        let shown = match self.unseen.get(name) {
            Some(unseen) => {
                let seen = T::told(read.as_ref());
                let is_old = !T::is_same(&seen, &T::told(unseen.after.as_ref()))
                    && unseen.before.iter().any(|before| T::is_same(before, &seen));
                if is_old && unseen.looks > 0 {
                    T::patched(read, unseen.after.as_ref())
                } else {
                    self.unseen.remove(name);
                    read
                }
            }
            None => read,
        };
        self.last.insert(name.to_owned(), shown.clone());
        shown
    }

    fn at(&mut self, now: SystemTime) {
        self.now = now;
        let is_fresh = |unseen: &Unseen<T>| {
            T::LONGEST.is_none_or(|longest| between(unseen.since, now) < longest)
        };
        self.unseen.retain(|_, unseen| is_fresh(unseen));
    }

    /// An observation begins.
    pub(super) fn look(&mut self) {
        for unseen in self.unseen.values_mut() {
            unseen.looks = unseen.looks.saturating_sub(1);
        }
    }

    /// A write went through: from now on it is so.
    pub(super) fn wrote(&mut self, name: &str, change: impl FnOnce(&mut Option<T>)) {
        let Some(last) = self.last.get(name).cloned() else {
            return;
        };
        let mut after = last.clone();
        change(&mut after);
        let known = self.unseen.remove(name);
        let mut before = known.map(|known| known.before).unwrap_or_default();
        before.push(T::told(last.as_ref()));
        self.last.insert(name.to_owned(), after.clone());
        let unseen = Unseen {
            before,
            after,
            looks: MOST_LOOKS,
            since: self.now,
        };
        self.unseen.insert(name.to_owned(), unseen);
    }

    /// A write may have gone through: what it leads to is as good as what we know, and is shown where it is
    /// read. What it does not lead to and was before an earlier write is still old.
    pub(super) fn may_have_written(&mut self, name: &str, change: impl FnOnce(&mut Option<T>)) {
        let Some(unseen) = self.unseen.get_mut(name) else {
            return;
        };
        let mut after = unseen.after.clone();
        change(&mut after);
        let after = T::told(after.as_ref());
        unseen.before.retain(|before| !T::is_same(before, &after));
    }

    /// Whether what is so is what was before a write that no read has shown yet.
    pub(super) fn was_before(&self, name: &str, is_so: impl Fn(&T::Told) -> bool) -> bool {
        let unseen = self.unseen.get(name).filter(|unseen| unseen.looks > 0);
        unseen.is_some_and(|unseen| unseen.before.iter().any(is_so))
    }
}
