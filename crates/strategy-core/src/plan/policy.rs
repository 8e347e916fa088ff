//! What is to be done about what may come.

use std::collections::BTreeSet;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::Then;
use crate::timestamp::duration;

/// What is to be done about what may come. Every field has a default with a reason.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Policies {
    /// Other people's hands on what the rollout owns.
    pub foreign: ForeignPolicies,
    /// At least so often everything is read, news or not. Default: 30 seconds, so that what a lost
    /// notification hid is found before observations are too old to act on.
    #[serde(with = "duration")]
    pub resync: Duration,
    /// No step and no pass rests on an observation older than this. Default: 75 seconds, two resyncs
    /// and some patience.
    #[serde(with = "duration")]
    pub stale_after: Duration,
    /// What follows when a part cannot be read or written for long.
    pub unreachable: Unreachable,
    /// How long one write may take before its outcome is unknown. Default: 30 seconds, far more than a
    /// busy API takes; giving up too early costs a fence and a look, and nothing else.
    #[serde(with = "duration")]
    pub write_timeout: Duration,
    /// On the way back, how long more than was ready at the start is waited for. Default: 60 seconds:
    /// most pods start in that time, and users are on the release meanwhile.
    #[serde(with = "duration")]
    pub way_back_wait: Duration,
    /// How long a rollback may take before it says it is stuck. Default: 10 minutes, as the deadline of
    /// a stage: the same pods have to start.
    #[serde(with = "duration")]
    pub rollback_deadline: Duration,
    /// A stuck rollback goes on by itself when what was missing is there. Default: yes, since where it
    /// goes was decided and half-way is no place to stay.
    pub stuck_goes_on: bool,
    /// How long a pause may last. Default: 24 hours: whoever paused in the evening is back by then, and
    /// a forgotten one ends.
    #[serde(with = "duration")]
    pub pause_limit: Duration,
    /// What follows then. Default: roll back, since the recorded start is what is known to work.
    pub pause_then: Then,
    /// Parts go back one after the other, in the reverse of their order of names, instead of all at
    /// once. Default: all at once, the shortest way home.
    pub roll_back_in_order: bool,
    /// The chance of a false alarm over the whole rollout, in basis points, shared among the checks
    /// whose judges have a bound. Default: 100 (1 in 100): one good release in a hundred goes back for
    /// nothing, and a smaller chance would take more traffic to find a bad one.
    pub false_alarms: u16,
    /// Only images with a digest are accepted. Default: no: many release by tag, and a tag that is moved
    /// meanwhile is found by the image ids that really run.
    pub immutable_images: bool,
}

impl Policies {
    /// What each of so many checks with a bound gets of [`false_alarms`](Self::false_alarms), in millionths: all the
    /// same. 0 for none.
    pub fn false_alarm_share(&self, bounded: usize) -> u32 {
        let budget = u32::from(self.false_alarms) * 100;
        let share = u32::try_from(bounded).ok();
        share
            .and_then(|checks| budget.checked_div(checks))
            .unwrap_or(0)
    }
}

impl Default for Policies {
    fn default() -> Self {
        Self {
            foreign: ForeignPolicies::default(),
            resync: Duration::from_secs(30),
            stale_after: Duration::from_secs(75),
            unreachable: Unreachable::default(),
            write_timeout: Duration::from_secs(30),
            way_back_wait: Duration::from_secs(60),
            rollback_deadline: Duration::from_secs(600),
            stuck_goes_on: true,
            pause_limit: Duration::from_secs(24 * 3600),
            pause_then: Then::RollBack,
            roll_back_in_order: false,
            false_alarms: 100,
            immutable_images: false,
        }
    }
}

/// What follows when a part cannot be read or written for long while the rollout goes forward.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Unreachable {
    /// How long it is borne. Default: 5 minutes: an API server restarts in less, and the release is not
    /// watched meanwhile.
    #[serde(with = "duration")]
    pub limit: Duration,
    /// What follows. Default: roll back, as soon as it can be reached again.
    pub then: Then,
}

impl Default for Unreachable {
    fn default() -> Self {
        Self::after(Duration::from_secs(300), Then::RollBack)
    }
}

impl Unreachable {
    /// This follows after so long.
    pub const fn after(limit: Duration, then: Then) -> Self {
        Self { limit, then }
    }
}

/// One answer for each kind of thing that somebody else may change.
///
/// Traffic that somebody moves towards stable rolls back whatever `traffic` says, unless the writer is
/// named in a `Reassert`; the rollout never moves it against a person's hand.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct ForeignPolicies {
    /// Weight, routes, mirror. Default: hold an hour, then roll back: whoever moved it had a reason and
    /// may still be there.
    pub traffic: ForeignPolicy,
    /// Count or floor. Default: reassert three times, then hold: usually a tool that applies a file.
    pub capacity: ForeignPolicy,
    /// What a track runs. Default: roll back, since what was judged is no longer what runs.
    pub revision: ForeignPolicy,
}

impl Default for ForeignPolicies {
    fn default() -> Self {
        Self {
            traffic: ForeignPolicy::Hold {
                at_most: Duration::from_secs(3600),
                then: Then::RollBack,
            },
            capacity: ForeignPolicy::Reassert {
                times: 3,
                writers: BTreeSet::new(),
            },
            revision: ForeignPolicy::RollBack,
        }
    }
}

/// What is done about somebody else's change.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum ForeignPolicy {
    /// Wait for a person.
    Hold {
        /// How long.
        #[serde(with = "duration")]
        at_most: Duration,
        /// And then.
        then: Then,
    },
    /// Put it back, so many times; one more holds an hour and rolls back.
    Reassert {
        /// How often over the whole rollout.
        times: u32,
        /// Whose changes are put back, by name; empty: anyone's, but never traffic towards stable.
        writers: BTreeSet<String>,
    },
    /// Back to the recorded start.
    RollBack,
    /// Leave all as it is and give up the claim.
    Yield,
}
