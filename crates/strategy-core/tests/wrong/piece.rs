//! What is wrong on purpose, where it is tried, and what is to catch it.

use std::collections::BTreeSet;
use std::fmt;

use strategy_core::simulation::{Carrier, End, RealDriver, Simulation, SimulationReport};
use strategy_core::world::{Author, Fact, Scene};
use strategy_core::{Images, Part, Strategy};

use crate::broken::Break;

/// One thing that is wrong.
pub(crate) struct Piece {
    pub(crate) name: &'static str,
    /// What it does, as a sentence.
    pub(crate) does: &'static str,
    pub(crate) caught: Caught,
}

/// What catches it.
pub(crate) enum Caught {
    /// The conformance suite: a target that is broken so, by this promise of the suite.
    Conformance(Break, &'static str),
    /// The suite of journals, by this promise of it.
    JournalConformance(&'static str),
    /// A simulation: by the judge, who names these promises among those that were broken, and by what
    /// users and operators get, which is exactly this.
    Simulation {
        trial: fn() -> Trial,
        promises: &'static [u8],
        harms: &'static [Harm],
    },
}

/// A simulation, carried with the wrong piece and with the right one.
pub(crate) struct Trial {
    pub(crate) simulation: Simulation,
    pub(crate) strategy: Box<dyn Strategy>,
    pub(crate) carrier: Box<dyn Carrier>,
    pub(crate) right: Right,
}

/// Who carries it rightly, and how it ends then.
pub(crate) struct Right {
    pub(crate) carrier: Box<dyn Carrier>,
    pub(crate) ends: Ends,
}

/// The real driver, as it is.
pub(crate) fn real(ends: Ends) -> Right {
    let carrier = Box::new(RealDriver);
    Right { carrier, ends }
}

/// How something ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ends {
    Promoted,
    RolledBack,
    /// It is refused before anything is written.
    Refused,
    /// In none of these ways.
    Otherwise,
}

impl Ends {
    pub(crate) fn of(report: &SimulationReport) -> Self {
        if report.is_promoted() {
            Self::Promoted
        } else if report.is_rolled_back() {
            Self::RolledBack
        } else if matches!(report.end, End::NeverBegan { .. }) {
            Self::Refused
        } else {
            Self::Otherwise
        }
    }
}

/// What users and operators get from a wrong piece that they do not get from the real one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Harm {
    /// More requests fail.
    FailedRequests,
    /// It ends otherwise.
    WrongEnd,
    /// What serves users at the end is not what the end says.
    FalseReport,
}

impl fmt::Display for Harm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::FailedRequests => "more requests fail",
            Self::WrongEnd => "it ends otherwise",
            Self::FalseReport => "users are not served by what it says",
        })
    }
}

/// What is worse with the wrong piece than with the real one.
pub(crate) fn harms(wrong: &SimulationReport, right: &SimulationReport) -> BTreeSet<Harm> {
    let mut harms = BTreeSet::new();
    if wrong.failed() > right.failed() {
        harms.insert(Harm::FailedRequests);
    }
    if Ends::of(wrong) != Ends::of(right) {
        harms.insert(Harm::WrongEnd);
    }
    if !is_true(wrong) {
        harms.insert(Harm::FalseReport);
    }
    harms
}

/// Whether every part is served at the end by what the end says, and by pods that are there.
pub(crate) fn is_true(report: &SimulationReport) -> bool {
    report.world.parts.keys().all(|part| {
        let Some((first, last)) = scenes(report, part) else {
            return true;
        };
        let serving = serving(&last);
        match Ends::of(report) {
            Ends::Promoted => serving == Some([Images::parse([("app", "app:v2")]).unwrap()].into()),
            Ends::RolledBack => serving == self::serving(&first),
            Ends::Refused | Ends::Otherwise => true,
        }
    })
}

/// How a part was before a process wrote first, and how it was at last.
fn scenes(report: &SimulationReport, part: &Part) -> Option<(Scene, Scene)> {
    let mut first = None;
    let mut last = None;
    for entry in &report.log {
        if let Fact::Wrote {
            part: of,
            author: Author::Process { .. },
            before,
            ..
        } = &entry.fact
            && of == part
        {
            first = first.or(Some(before));
        }
        if let Fact::Changed { part: of, scene }
        | Fact::Wrote {
            part: of,
            after: scene,
            ..
        } = &entry.fact
            && of == part
        {
            last = Some(scene);
        }
    }
    let last = last?;
    Some((
        first.unwrap_or(last).as_ref().clone(),
        last.as_ref().clone(),
    ))
}

/// The images of whatever requests reach; `None` if some reach no ready pod, or one of another template.
fn serving(scene: &Scene) -> Option<BTreeSet<Images>> {
    let tracks = scene.tracks.iter();
    let reached = tracks.filter(|(track, _)| *scene.reach.of(*track) > 0);
    reached
        .map(|(_, workload)| {
            let workload = workload.as_ref()?;
            let mut ready = workload.pods.iter().filter(|pods| pods.ready > 0);
            let current = ready.next()?.template == workload.template && ready.next().is_none();
            current.then(|| workload.images.clone())
        })
        .collect()
}
