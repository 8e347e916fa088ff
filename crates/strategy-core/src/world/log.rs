//! What really happened in a world, in order: every write, what was shown to whoever read, whom requests
//! reached. Nothing in it comes from the machine.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use serde::Serialize;

use super::deployment::Deployment;
use super::part::{PartState, Picture};
use super::router::WHOLE;
use super::workload::Workload;
use crate::analysis::Window;
use crate::plan::{CheckName, HookPoint, StageName};
use crate::release::{Images, Part};
use crate::rollout::{Answer, CommandId, Outcome, Wish};
use crate::target::{Claim, Desired, EffectId, Routing};
use crate::timestamp::Timestamp;
use crate::track::{Replicas, Track, Tracks};
use crate::traffic::Traffic;

/// Something that happened, and when by the world's clock.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Entry {
    /// When.
    pub at: Timestamp,
    /// What.
    pub fact: Fact,
}

/// One of several processes that work on the world, counted from 1 in the order in which they began.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct Process(pub u32);

/// Who wrote.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Author {
    /// A process, with this write under this claim.
    Process {
        /// Which.
        process: Process,
        /// Its write.
        id: EffectId,
        /// Under which claim.
        claim: Claim,
    },
    /// Somebody else.
    Person(String),
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Fact {
    /// A part is like this from now on. It came so by itself: pods, routers, autoscalers.
    Changed {
        /// Which part.
        part: Part,
        /// How it is now.
        scene: Arc<Scene>,
    },
    /// A write took effect.
    Wrote {
        /// On which part.
        part: Part,
        /// Whose.
        author: Author,
        /// How it was.
        before: Arc<Scene>,
        /// How it is now.
        after: Arc<Scene>,
    },
    /// A process was shown a part.
    Shown {
        /// Which part.
        part: Part,
        /// To whom.
        to: Process,
        /// What it was shown.
        scene: Arc<Scene>,
        /// As of when that is: now, or earlier where reads are stale.
        as_of: Timestamp,
    },
    /// A process began a write. If it takes effect, a [`Wrote`](Self::Wrote) follows.
    Asked {
        /// On which part.
        part: Part,
        /// Whose.
        by: Process,
        /// Which write.
        id: EffectId,
        /// Under which claim.
        claim: Claim,
        /// What is asked for.
        desired: Box<Desired>,
    },
    /// A process was told what became of its write. If it is never told, there is no such entry.
    Answered {
        /// On which part.
        part: Part,
        /// Whose.
        to: Process,
        /// Which write.
        id: EffectId,
        /// What it was told.
        told: Told,
    },
    /// A claim was taken, changed or given up.
    Claimed {
        /// On which part.
        part: Part,
        /// By whom.
        by: Process,
        /// What was there.
        from: Option<Claim>,
        /// What is there now.
        to: Option<Claim>,
    },
    /// A window was counted for a check.
    Counted {
        /// For whom.
        by: Process,
        /// Which check.
        check: CheckName,
        /// Which of its looks.
        number: u64,
        /// What was counted.
        window: Window,
    },
    /// A hook began to run. If it comes to an end, a [`Reported`](Self::Reported) follows.
    Ran {
        /// For whom.
        by: Process,
        /// In which stage.
        stage: StageName,
        /// Which hook.
        hook: String,
        /// For which part; `None`: once for the stage.
        part: Option<Part>,
        /// At which point; `None`: it is being undone.
        point: Option<HookPoint>,
        /// Which run: the same when it is run again after a crash.
        id: EffectId,
    },
    /// A hook came to its end.
    Reported {
        /// For whom.
        by: Process,
        /// Which run.
        id: EffectId,
        /// Whether it found all as it should be; `None`: it could not say.
        passed: Option<bool>,
    },
    /// A process's journal has been written.
    Recorded {
        /// Whose.
        by: Process,
        /// Something was decided; else only what was seen and counted was kept.
        decides: bool,
        /// What is ordered.
        effects: Vec<EffectId>,
    },
    /// The journal refused a write of a process: nothing can be decided until it takes one again.
    NotRecorded {
        /// Whose.
        by: Process,
    },
    /// A person asked something of the rollout.
    Commanded {
        /// By which name the answer is known.
        id: CommandId,
        /// Who.
        actor: String,
        /// In which roles.
        roles: BTreeSet<String>,
        /// What.
        wish: Wish,
    },
    /// That person was answered.
    Heard {
        /// Which command.
        id: CommandId,
        /// The answer.
        answer: Answer,
    },
    /// Something became of a process.
    Lives {
        /// Which.
        process: Process,
        /// What.
        life: Life,
    },
}

/// What a process is told of a write of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Told {
    /// It took effect.
    Done,
    /// It certainly took no effect.
    NotTaken,
    /// It may have taken effect, or may yet.
    Unknown,
}

/// What becomes of a process.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Life {
    /// It began a rollout.
    Began,
    /// It took up a rollout from its journal.
    Resumed,
    /// It was ended from outside, whatever it was doing.
    Crashed,
    /// It stands still, as a suspended machine does.
    Froze,
    /// It goes on as if nothing had been.
    Woke,
    /// Its clock was set by so many milliseconds.
    ClockSet(i64),
    /// It ended the rollout.
    Ended(Outcome),
    /// It gave up, with this error.
    GaveUp(String),
}

/// A part as it really is. Tracks are those of the beginning: in blue-green, `stable` is the slot that was
/// live when the world began.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Scene {
    /// The workloads; `None`: there is none.
    pub tracks: Tracks<Option<TrackScene>>,
    /// What the router is told, with the weight as the candidate's.
    pub traffic: Traffic,
    /// Whether new requests go where the router is told.
    pub effective: bool,
    /// The share of requests that really reach each track, in hundred-millionths: long requests and
    /// sessions that began under an older weight included.
    pub reach: Tracks<u64>,
    /// Who has claimed it.
    pub claim: Option<Claim>,
}

/// A workload as it really is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct TrackScene {
    /// The name of the template that is written.
    pub template: String,
    /// Its images.
    pub images: Images,
    /// The count that is written, or the floor of an autoscaler.
    pub replicas: Replicas,
    /// How many pods there should be: the count, or what an autoscaler wants.
    pub wanted: u32,
    /// Its pods, by template.
    pub pods: Vec<PodsScene>,
}

/// Pods of one template.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct PodsScene {
    /// The template they were made from.
    pub template: String,
    /// All of them.
    pub total: u32,
    /// Those that answer.
    pub ready: u32,
    /// The ids of the images that they run.
    pub image_ids: BTreeSet<String>,
}

impl Scene {
    pub(super) fn of(state: &PartState, picture: &Picture) -> Self {
        let workload = |track: Track| picture.workloads.get(state.roles.of(track));
        let candidate = state.roles.candidate.as_str();
        let ready = |track| workload(track).map_or(0, Workload::ready);
        let (one, two) = (ready(Track::Stable), ready(Track::Candidate));
        let reaches_candidate = match state.capabilities.routing {
            Routing::FollowsReadiness => u64::from(two) * WHOLE / u64::from((one + two).max(1)),
            Routing::Routed | Routing::Native if candidate == picture.router.secondary => {
                picture.router.share()
            }
            Routing::Routed | Routing::Native => WHOLE - picture.router.share(),
        };
        Self {
            tracks: Tracks {
                stable: workload(Track::Stable).map(TrackScene::of),
                candidate: workload(Track::Candidate).map(TrackScene::of),
            },
            traffic: picture.written_for(candidate),
            effective: !picture.router.is_converging() && !shifts(picture),
            reach: Tracks {
                stable: WHOLE - reaches_candidate,
                candidate: reaches_candidate,
            },
            claim: picture.claim.clone(),
        }
    }

    /// All requests, in the unit of [`reach`](Self::reach).
    pub const ALL: u64 = WHOLE;
}

/// The platform is still on its way to what it was told.
fn shifts(picture: &Picture) -> bool {
    let deployment = picture.deployment.as_ref();
    deployment.is_some_and(Deployment::is_under_way)
}

impl TrackScene {
    fn of(workload: &Workload) -> Self {
        let templates: BTreeSet<&str> = workload.pods.iter().map(|pod| &*pod.template).collect();
        let pods = templates.into_iter().map(|template| {
            let pods = workload
                .pods
                .iter()
                .filter(|pod| *pod.template == *template);
            let mut scene = PodsScene {
                template: template.to_owned(),
                total: 0,
                ready: 0,
                image_ids: BTreeSet::new(),
            };
            for pod in pods {
                scene.total += 1;
                scene.ready += u32::from(pod.is_ready());
                for id in pod.contents.image_ids.values() {
                    if !scene.image_ids.contains(id) {
                        scene.image_ids.insert(id.clone());
                    }
                }
            }
            scene
        });
        Self {
            template: workload.template.id().to_string(),
            images: workload.template.images().clone(),
            replicas: workload.replicas(),
            wanted: workload.wanted(),
            pods: pods.collect(),
        }
    }

    /// Ready pods of this template.
    pub fn ready_of(&self, template: &str) -> u32 {
        let pods = self.pods.iter().filter(|pods| pods.template == template);
        pods.map(|pods| pods.ready).sum()
    }

    /// Ready pods of all templates.
    pub fn ready(&self) -> u32 {
        self.pods.iter().map(|pods| pods.ready).sum()
    }
}

/// Where entries go, if anybody wants them. Clones are the same log.
#[derive(Clone, Debug, Default)]
pub(crate) struct Log(Option<Arc<Mutex<Vec<Entry>>>>);

impl Log {
    pub(super) fn kept() -> Self {
        Self(Some(Arc::default()))
    }

    pub(super) const fn is_kept(&self) -> bool {
        self.0.is_some()
    }

    /// Adds an entry; `fact` is not made where nobody wants it.
    pub(crate) fn add(&self, at: Timestamp, fact: impl FnOnce() -> Fact) {
        if let Some(entries) = &self.0 {
            let entry = Entry { at, fact: fact() };
            entries
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .push(entry);
        }
    }

    pub(super) fn entries(&self) -> Vec<Entry> {
        self.0.as_ref().map_or_else(Vec::new, |entries| {
            entries
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .clone()
        })
    }
}
