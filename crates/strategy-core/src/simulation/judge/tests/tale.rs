//! A log made by hand: scenes in a few words, and what happens between them.

use std::sync::Arc;
use std::time::Duration;

use super::super::examine;
use crate::release::{Images, Part};
use crate::rollout::{Answer, CommandId, Outcome, Reason, Wish};
use crate::simulation::{End, Simulation, SimulationReport};
use crate::strategy::{Canary, Rolling, Strategy};
use crate::target::{Claim, Desired, DesiredTrack, EffectId};
use crate::timestamp::Timestamp;
use crate::track::{Replicas, Revision, Tracks};
use crate::traffic::Traffic;
use crate::weight::Weight;
use crate::world::{Author, Entry, Fact, Life, PodsScene, Process, Scene, Told, TrackScene};

/// So many pods of this template are wanted, and so many of them ready.
pub(super) fn side(template: &str, wanted: u32, ready: u32) -> Option<TrackScene> {
    let images = Images::parse([("app", format!("app:{template}"))]).unwrap();
    let side = TrackScene {
        template: template.to_owned(),
        images,
        replicas: Replicas::Count(wanted),
        wanted,
        pods: Vec::new(),
    };
    Some(side).map(|side| side.and_pods(template, wanted, ready))
}

/// No workload.
pub(super) const fn none() -> Option<TrackScene> {
    None
}

/// Both tracks, and the candidate's share of traffic in percent, which is effective.
pub(super) fn scene(
    stable: Option<TrackScene>,
    candidate: Option<TrackScene>,
    percent: u16,
) -> Scene {
    let weight = Weight::from_percent(percent).unwrap();
    let to_candidate = Scene::ALL / 100 * u64::from(percent);
    Scene {
        tracks: Tracks { stable, candidate },
        traffic: Traffic::weight(weight),
        effective: true,
        reach: Tracks {
            stable: Scene::ALL - to_candidate,
            candidate: to_candidate,
        },
        claim: None,
    }
}

impl TrackScene {
    pub(super) fn and_pods(mut self, template: &str, total: u32, ready: u32) -> Self {
        let image_ids = [format!("sha256:{template}")].into();
        self.pods.push(PodsScene {
            template: template.to_owned(),
            total,
            ready,
            image_ids,
        });
        self
    }
}

impl Scene {
    /// Not where it is told yet: this share still reaches the candidate, in percent.
    pub(super) fn still_reaches(mut self, percent: u64) -> Self {
        self.reach.candidate = Self::ALL / 100 * percent;
        self.reach.stable = Self::ALL - self.reach.candidate;
        self
    }

    pub(super) fn converging(mut self) -> Self {
        self.effective = false;
        self
    }
}

/// A log that grows; the first process does everything that nobody else is named for.
pub(super) struct Tale {
    report: SimulationReport,
    now: Timestamp,
    pub(super) claim: Claim,
    here: Option<Claim>,
    scene: Scene,
}

pub(super) const FIRST: Process = Process(1);

impl Tale {
    /// A canary of 5, 50 and 100% begins on what is found.
    pub(super) fn begins(found: Scene) -> Self {
        Self::of(&Canary::new().stages([5, 50, 100]), found)
    }

    /// The plan of a strategy begins on what is found.
    pub(super) fn of(strategy: &dyn Strategy, found: Scene) -> Self {
        let simulation = Simulation::seed(1).stable("v1", 4).requests_per_second(100);
        Self::within(&simulation, strategy, found)
    }

    /// A rolling update begins where traffic follows readiness.
    pub(super) fn rolling(found: Scene) -> Self {
        let simulation = Simulation::seed(1).stable("v1", 4).requests_per_second(100);
        let follows = simulation.world(|world| world.follows_readiness());
        Self::within(&follows, &Rolling::new(), found)
    }

    fn within(simulation: &Simulation, strategy: &dyn Strategy, found: Scene) -> Self {
        let mut report = simulation.run(strategy);
        report.log.clear();
        report.status = None;
        let now = report.world.from;
        let claim = Claim {
            holder: "tale".parse().unwrap(),
            epoch: 1,
        };
        let mut tale = Self {
            report,
            now,
            here: None,
            scene: found.clone(),
            claim,
        };
        tale.add(Fact::Changed {
            part: Part::main(),
            scene: Arc::new(found),
        });
        tale.shown().recorded([]).claimed(Some(1))
    }

    pub(super) fn report(&mut self) -> &mut SimulationReport {
        &mut self.report
    }

    pub(super) fn wait(mut self, seconds: u64) -> Self {
        self.now = self.now + Duration::from_secs(seconds);
        self
    }

    /// It becomes so by itself.
    pub(super) fn becomes(mut self, scene: Scene) -> Self {
        self.scene = scene.clone();
        self.add(Fact::Changed {
            part: Part::main(),
            scene: Arc::new(scene),
        });
        self
    }

    /// It becomes so by itself, and is shown.
    pub(super) fn seen(self, scene: Scene) -> Self {
        self.becomes(scene).shown()
    }

    pub(super) fn shown(self) -> Self {
        let now = self.now;
        self.shown_as_of(now)
    }

    pub(super) fn shown_as_of(mut self, as_of: Timestamp) -> Self {
        let scene = Arc::new(self.claimed_scene());
        self.add(Fact::Shown {
            part: Part::main(),
            to: FIRST,
            scene,
            as_of,
        });
        self
    }

    /// A write that is recorded, asked for, takes effect and is answered.
    pub(super) fn writes(self, id: u64, after: Scene) -> Self {
        self.recorded([id])
            .asks(id)
            .lands(id, after)
            .answered(id, Told::Done)
    }

    /// A write, after which its effect is shown.
    pub(super) fn writes_and_sees(self, id: u64, after: Scene) -> Self {
        self.writes(id, after).shown()
    }

    pub(super) fn recorded<const N: usize>(mut self, effects: [u64; N]) -> Self {
        self.add(Fact::Recorded {
            by: FIRST,
            decides: true,
            effects: effects.map(EffectId).to_vec(),
        });
        self
    }

    /// What was seen is kept, and nothing is decided.
    pub(super) fn flushed(mut self) -> Self {
        self.add(Fact::Recorded {
            by: FIRST,
            decides: false,
            effects: Vec::new(),
        });
        self
    }

    /// The journal takes nothing.
    pub(super) fn refused(mut self) -> Self {
        self.add(Fact::NotRecorded { by: FIRST });
        self
    }

    pub(super) fn asks(mut self, id: u64) -> Self {
        // What is asked for is judged by what comes of it.
        let track = DesiredTrack {
            revision: Revision::Recorded,
            replicas: Replicas::Count(1),
        };
        let claim = self.claim.clone();
        self.add(Fact::Asked {
            part: Part::main(),
            by: FIRST,
            id: EffectId(id),
            claim,
            desired: Box::new(Desired {
                stable: track.clone(),
                candidate: track,
                traffic: Traffic::default(),
            }),
        });
        self
    }

    pub(super) fn lands(self, id: u64, after: Scene) -> Self {
        let author = Author::Process {
            process: FIRST,
            id: EffectId(id),
            claim: self.claim.clone(),
        };
        self.wrote(author, after)
    }

    pub(super) fn answered(mut self, id: u64, told: Told) -> Self {
        self.add(Fact::Answered {
            part: Part::main(),
            to: FIRST,
            id: EffectId(id),
            told,
        });
        self
    }

    /// Somebody else writes.
    pub(super) fn person(self, name: &str, after: Scene) -> Self {
        self.wrote(Author::Person(name.to_owned()), after)
    }

    fn wrote(mut self, author: Author, after: Scene) -> Self {
        let before = Arc::new(self.claimed_scene());
        self.scene = after;
        let after = Arc::new(self.claimed_scene());
        self.add(Fact::Wrote {
            part: Part::main(),
            author,
            before,
            after,
        });
        self
    }

    /// Another process writes the journal.
    pub(super) fn recorded_by(mut self, by: Process) -> Self {
        self.add(Fact::Recorded {
            by,
            decides: true,
            effects: Vec::new(),
        });
        self
    }

    /// The claim becomes that of this epoch, or is given up.
    pub(super) fn claimed(self, epoch: Option<u64>) -> Self {
        let here = self.here.clone();
        self.claimed_by(FIRST, here, epoch)
    }

    /// The claim becomes that of this epoch, or is given up, by this process, which takes this one to be there.
    pub(super) fn claimed_by(
        mut self,
        by: Process,
        from: Option<Claim>,
        epoch: Option<u64>,
    ) -> Self {
        let to = epoch.map(|epoch| Claim {
            holder: self.claim.holder.clone(),
            epoch,
        });
        if let Some(claim) = &to {
            self.claim = claim.clone();
        }
        self.here.clone_from(&to);
        self.add(Fact::Claimed {
            part: Part::main(),
            by,
            from,
            to,
        });
        self
    }

    pub(super) fn commanded(self, id: &str, wish: Wish) -> Self {
        self.commanded_by("ann", "ops", id, wish)
    }

    pub(super) fn commanded_by(mut self, actor: &str, role: &str, id: &str, wish: Wish) -> Self {
        self.add(Fact::Commanded {
            id: CommandId(id.to_owned()),
            actor: actor.to_owned(),
            roles: [role.to_owned()].into(),
            wish,
        });
        self
    }

    pub(super) fn heard(mut self, id: &str, answer: Answer) -> Self {
        self.add(Fact::Heard {
            id: CommandId(id.to_owned()),
            answer,
        });
        self
    }

    pub(super) fn rolled_back(self) -> Self {
        self.ended(Outcome::RolledBack {
            reason: Reason::HoldExpired {
                why: "tale".to_owned(),
            },
        })
    }

    pub(super) fn ended(mut self, outcome: Outcome) -> Self {
        self.add(Fact::Lives {
            process: FIRST,
            life: Life::Ended(outcome.clone()),
        });
        self.report.end = End::Outcome(outcome);
        self
    }

    pub(super) fn add(&mut self, fact: Fact) {
        self.report.log.push(Entry { at: self.now, fact });
        self.report.world.to = self.now;
    }

    fn claimed_scene(&self) -> Scene {
        Scene {
            claim: self.here.clone(),
            ..self.scene.clone()
        }
    }

    /// Which promises are broken, each once.
    #[track_caller]
    pub(super) fn breaks<const N: usize>(self, promises: [u8; N]) {
        let judgement = examine(&self.report);
        let mut broken: Vec<u8> = judgement.broken.iter().map(|one| one.promise).collect();
        broken.dedup();
        assert_eq!(broken, promises, "{:#?}", judgement.broken);
    }

    /// Nothing is broken, and this promise was tried.
    #[track_caller]
    pub(super) fn keeps(self, promise: u8) {
        let judged = examine(&self.report).judged;
        assert!(
            judged.contains_key(&promise),
            "{promise} not tried: {judged:?}"
        );
        self.breaks([]);
    }
}
