//! Drawn misfortunes: of pods, routers, people, platforms, sources of counts, processes and journals.

use std::time::Duration;

use proptest::prelude::*;

use super::behavior::ill;
use super::limits::TOOL;
use super::names::{Drawn, Names};
use super::platform::{RELEASED, RUNNING};
use super::values::seconds;
use crate::release::Part;
use crate::rollout::Wish;
use crate::simulation::{Ask, Mishap, Saying, Simulation, Trouble, When};
use crate::target::{Effectiveness, RolloutId};
use crate::track::Track;
use crate::weight::Weight;
use crate::world::{ApiFault, Calls, Happening, MetricFault, PartSetup, Timed};

/// The most calls and appends that are counted: a rollout of a few minutes makes about so many.
const CALLS: u64 = 80;

/// One misfortune: what, on which part, and when, in thousandths of the time that a rollout takes.
#[derive(Clone, Debug)]
pub(in crate::simulation::random) struct Misfortune {
    what: What,
    on_second: bool,
    when: WhenDraft,
}

#[derive(Clone, Debug)]
enum What {
    Happens(Happening),
    ImageChanged {
        track: Track,
        image: Drawn,
        by: &'static str,
    },
    Superseded(&'static str),
    Befalls(Trouble),
    Says(&'static str, Ask),
    Stale(StaleAsk),
}

/// What is said to a plan that is not this one.
#[derive(Clone, Copy, Debug)]
enum StaleAsk {
    Approve,
    Advance,
    Promote,
}

#[derive(Clone, Copy, Debug)]
enum WhenDraft {
    Time(u32),
    BeforeCall(u64),
    AfterCall(u64),
    BeforeAppend(u64),
    AfterAppend(u64),
}

pub(super) fn misfortune() -> BoxedStrategy<Misfortune> {
    let when = prop_oneof![
        6 => (0..=1_200_u32).prop_map(WhenDraft::Time),
        1 => (1..=CALLS).prop_map(WhenDraft::BeforeCall),
        1 => (1..=CALLS).prop_map(WhenDraft::AfterCall),
        1 => (1..=CALLS).prop_map(WhenDraft::BeforeAppend),
        1 => (1..=CALLS).prop_map(WhenDraft::AfterAppend),
    ];
    (what(), proptest::bool::weighted(0.3), when)
        .prop_map(|(what, on_second, when)| Misfortune {
            what,
            on_second,
            when,
        })
        .boxed()
}

fn what() -> BoxedStrategy<What> {
    prop_oneof![
        3 => pods().prop_map(What::Happens),
        2 => scaling().prop_map(What::Happens),
        2 => hands(),
        3 => api().prop_map(What::Happens),
        1 => counting().prop_map(What::Happens),
        3 => troubles().prop_map(What::Befalls),
        3 => says(),
    ]
    .boxed()
}

fn track() -> BoxedStrategy<Track> {
    prop_oneof![Just(Track::Stable), Just(Track::Candidate)].boxed()
}

fn pods() -> BoxedStrategy<Happening> {
    let image = prop_oneof![1 => Just(RUNNING), 3 => Just(RELEASED)];
    let behaves = (image, ill()).prop_map(|(image, behavior)| Happening::ImageBehaves {
        image: image.to_owned(),
        behavior,
    });
    let crash = (track(), 1..=4_u32).prop_map(|(track, pods)| Happening::PodsCrash {
        part: Part::main(),
        track,
        pods,
    });
    let evicted =
        (track(), 1..=8_u32, 0..=3_u32).prop_map(|(track, pods, keeps)| Happening::PodsEvicted {
            part: Part::main(),
            track,
            pods,
            keeps,
        });
    let moved = Just(Happening::TagMoved {
        image: RELEASED.to_owned(),
        content: "another build".to_owned(),
    });
    prop_oneof![3 => behaves, 2 => crash, 3 => evicted, 1 => moved].boxed()
}

fn scaling() -> BoxedStrategy<Happening> {
    let autoscaled = (track(), 1..=18_u32).prop_map(|(track, wanted)| Happening::Autoscaled {
        part: Part::main(),
        track,
        wanted,
    });
    let load = (0..=400_u32).prop_map(|requests_per_second| Happening::LoadChanged {
        part: Part::main(),
        requests_per_second,
    });
    let lags = seconds(0..=120).prop_map(|lag| Happening::RouterLags {
        part: Part::main(),
        lag,
    });
    prop_oneof![2 => autoscaled, 1 => load, 1 => lags].boxed()
}

fn hands() -> BoxedStrategy<What> {
    let who = || prop_oneof![2 => Just("ann"), 1 => Just(TOOL)];
    let weight = prop_oneof![
        3 => Just(Weight::ZERO),
        2 => Just(Weight::FULL),
        1 => super::values::percent(1..=99),
    ];
    let moved = (weight, who()).prop_map(|(weight, by)| Happening::WeightMoved {
        part: Part::main(),
        weight,
        by: by.to_owned(),
    });
    let scaled = (track(), 0..=12_u32, who()).prop_map(|(track, count, by)| Happening::Scaled {
        part: Part::main(),
        track,
        count,
        by: by.to_owned(),
    });
    let image = prop_oneof![
        Just(Drawn::Hotfix),
        Just(Drawn::Older),
        Just(Drawn::Released)
    ];
    let changed = (track(), image, who()).prop_map(|(track, image, by)| What::ImageChanged {
        track,
        image,
        by,
    });
    let deleted = who().prop_map(|by| Happening::Deleted {
        part: Part::main(),
        track: Track::Candidate,
        by: by.to_owned(),
    });
    prop_oneof![
        3 => moved.prop_map(What::Happens),
        3 => scaled.prop_map(What::Happens),
        1 => changed,
        1 => deleted.prop_map(What::Happens),
    ]
    .boxed()
}

fn api() -> BoxedStrategy<Happening> {
    let fault = prop_oneof![
        2 => Just(ApiFault::Unreachable),
        1 => Just(ApiFault::Throttled),
        1 => Just(ApiFault::Conflict),
        2 => Just(ApiFault::AnswerLost),
        2 => Just(ApiFault::Silent),
        2 => seconds(1..=120).prop_map(ApiFault::LandsLate),
        1 => seconds(1..=60).prop_map(ApiFault::Slow),
        1 => Just(ApiFault::Stale),
    ];
    let calls = prop_oneof![
        2 => Just(Calls::Writes),
        1 => Just(Calls::Reads),
        1 => Just(Calls::All),
    ];
    let lasts = prop_oneof![3 => seconds(1..=60), 1 => seconds(60..=600)];
    let times = proptest::option::weighted(0.6, 1..=3_u32);
    let is_of_all = any::<bool>();
    (fault, calls, lasts, times, is_of_all)
        .prop_map(
            |(fault, calls, lasts, times, is_of_all)| Happening::ApiFails {
                part: (!is_of_all).then(Part::main),
                fault,
                calls,
                lasts,
                times,
            },
        )
        .boxed()
}

fn counting() -> BoxedStrategy<Happening> {
    let fault = prop_oneof![Just(MetricFault::Unreachable), Just(MetricFault::Empty)];
    (fault, seconds(5..=300))
        .prop_map(|(fault, lasts)| Happening::metrics_fail(fault, lasts))
        .boxed()
}

fn troubles() -> BoxedStrategy<Trouble> {
    let resumed = prop_oneof![2 => seconds(0..=30), 1 => seconds(30..=600)];
    let crash = resumed.prop_map(|resumed_after| Trouble::Crash { resumed_after });
    let freeze =
        (seconds(1..=120), seconds(1..=90)).prop_map(|(lasts, taken_over_after)| Trouble::Freeze {
            lasts,
            taken_over_after,
        });
    let fails = seconds(1..=150).prop_map(|lasts| Trouble::JournalFails { lasts });
    let minutes = prop_oneof![3 => -300_000..=300_000_i64, 1 => -4_000_000..=4_000_000_i64];
    let clock = minutes.prop_map(|milliseconds| Trouble::ClockSet { milliseconds });
    prop_oneof![
        5 => crash,
        3 => freeze,
        2 => fails,
        1 => Just(Trouble::JournalAnswerLost),
        2 => clock,
    ]
    .boxed()
}

fn says() -> BoxedStrategy<What> {
    let who = prop_oneof![2 => Just("ann"), 1 => Just("ben")];
    let wish = prop_oneof![
        4 => Just(Wish::Abort { force: false }),
        1 => Just(Wish::Abort { force: true }),
        1 => Just(Wish::Reject),
        3 => Just(Wish::Pause),
        2 => Just(Wish::Unpause),
        2 => Just(Wish::Retry),
        1 => Just(Wish::Abandon),
    ];
    let ask = prop_oneof![
        8 => wish.prop_map(Ask::Wish),
        2 => Just(Ask::Advance),
        1 => Just(Ask::Promote),
        1 => Just(Ask::Approve),
        2 => Just(Ask::Alarm("users complain".to_owned())),
    ];
    let stale = prop_oneof![
        Just(StaleAsk::Approve),
        Just(StaleAsk::Advance),
        Just(StaleAsk::Promote),
    ];
    prop_oneof![
        8 => (who, ask).prop_map(|(who, ask)| What::Says(who, ask)),
        1 => stale.prop_map(What::Stale),
        1 => Just(What::Superseded("next")),
    ]
    .boxed()
}

/// What becomes of a world by one misfortune.
pub(super) enum Lot {
    Timed(Timed),
    Mishap(Mishap),
    Saying(Saying),
}

impl Misfortune {
    /// In such a world, where a rollout takes about so long; `None` where there is nothing that it could
    /// befall.
    ///
    /// A router that cannot be asked takes no longer than is said of it: nobody could know if it did.
    pub(super) fn lot(&self, like: &Simulation, takes: Duration) -> Option<Lot> {
        let parts = &like.world.parts;
        let mut names = parts.iter();
        let second = parts.iter().nth(usize::from(self.on_second));
        let (name, setup) = second.or_else(|| names.next())?;
        let part = &name.parse().ok()?;
        let when = match self.when {
            WhenDraft::Time(thousandths) => When::After(after(takes, thousandths)),
            WhenDraft::BeforeCall(call) => When::BeforeCall(call),
            WhenDraft::AfterCall(call) => When::AfterCall(call),
            WhenDraft::BeforeAppend(append) => When::BeforeAppend(append),
            WhenDraft::AfterAppend(append) => When::AfterAppend(append),
        };
        let says = |who, ask| Lot::Saying(Saying::new(self.time(takes), who, ask));
        Some(match &self.what {
            What::Happens(happening) => happens(when, on(like, part, setup, happening)?),
            What::ImageChanged { track, image, by } => {
                let names = Names::of(like, part, setup)?;
                let happening = Happening::ImageChanged {
                    part: part.clone(),
                    track: *track,
                    image: names.image(*image).parse().ok()?,
                    container: names.container,
                    by: (*by).to_owned(),
                };
                happens(when, happening)
            }
            What::Befalls(trouble) => Lot::Mishap(Mishap::new(when, trouble.clone())),
            What::Says(who, ask) => says(*who, ask.clone()),
            What::Stale(ask) => says("ann", Ask::Wish(ask.wish()?)),
            What::Superseded(by) => {
                let by: RolloutId = by.parse().ok()?;
                says("ann", Ask::Wish(Wish::Supersede { by }))
            }
        })
    }

    fn time(&self, takes: Duration) -> Duration {
        match self.when {
            WhenDraft::Time(thousandths) => after(takes, thousandths),
            // Calls come about as often as every few seconds.
            WhenDraft::BeforeCall(number)
            | WhenDraft::AfterCall(number)
            | WhenDraft::BeforeAppend(number)
            | WhenDraft::AfterAppend(number) => Duration::from_secs(number * 3),
        }
    }
}

impl StaleAsk {
    fn wish(self) -> Option<Wish> {
        let plan = "0".repeat(64).parse().ok()?;
        Some(match self {
            Self::Approve => Wish::Approve {
                stage: "switch".into(),
                plan,
            },
            Self::Advance => Wish::Advance {
                stage: "switch".into(),
                plan,
            },
            Self::Promote => Wish::Promote { plan },
        })
    }
}

fn happens(when: When, happening: Happening) -> Lot {
    match when {
        When::After(after) => Lot::Timed(Timed { after, happening }),
        When::BeforeCall(_) | When::AfterCall(_) | When::BeforeAppend(_) | When::AfterAppend(_) => {
            Lot::Mishap(Mishap::new(when, Trouble::World(happening)))
        }
    }
}

fn after(takes: Duration, thousandths: u32) -> Duration {
    let milliseconds = takes.as_secs() * u64::from(thousandths);
    Duration::from_secs(milliseconds / 1_000)
}

/// The same on this part, if it is of one, and of what runs there.
fn on(like: &Simulation, of: &Part, setup: &PartSetup, happening: &Happening) -> Option<Happening> {
    let mut happening = happening.clone();
    match &mut happening {
        Happening::WeightMoved { part, .. }
        | Happening::Scaled { part, .. }
        | Happening::ImageChanged { part, .. }
        | Happening::Deleted { part, .. }
        | Happening::Autoscaled { part, .. }
        | Happening::LoadChanged { part, .. }
        | Happening::PodsCrash { part, .. }
        | Happening::PodsEvicted { part, .. }
        | Happening::PlatformGoesBack { part, .. } => *part = of.clone(),
        Happening::RouterLags { part, lag } => {
            *part = of.clone();
            if let Effectiveness::Assumed { after } = setup.capabilities().effectiveness {
                *lag = after.min(*lag);
            }
        }
        Happening::MetricsFail { part, .. } | Happening::ApiFails { part, .. } => {
            if let Some(part) = part {
                *part = of.clone();
            }
        }
        Happening::ImageBehaves { image, .. } | Happening::TagMoved { image, .. } => {
            *image = Names::of(like, of, setup)?.here(image);
        }
    }
    Some(happening)
}
