//! A platform that can be cloned at any moment, and a rollout on it: the ground that stories run on.

use std::collections::BTreeSet;
use std::time::Duration;

use strategy_core::analysis::{Look, Measurement, Memory, PreparedCheck, Verdict, Window};
use strategy_core::hook::{GateAnswer, HookReport};
use strategy_core::rollout::{
    Answer, Command, Completion, Effect, Failure, Input, LookId, Phase, Start, Wish,
};
use strategy_core::target::{
    Applied, Certainty, Claim, Desired, Discovery, Effective, Fatal, FatalReason, Found,
    Observation, Owned, TargetErrorKind, Version, Writer,
};
use strategy_core::world::{discovery_of, fulfilled, observed_track};
use strategy_core::{Images, Part, Release, Rollout, Strategy, Timestamp, Weight};

/// What a platform shows, and what is wrong with it.
#[derive(Clone, Debug)]
pub(super) struct Platform {
    found: Discovery,
    is: Option<Desired>,
    claim: Option<Claim>,
    /// Every call fails.
    pub(super) down: bool,
    /// Every write is refused for good.
    pub(super) refuses: bool,
    /// Pods of the release: none is ready.
    pub(super) unready: bool,
    /// Pods of the release: all crash.
    pub(super) dead: bool,
    /// Somebody moved traffic to here.
    pub(super) moved: Option<Weight>,
    /// Checks fail, hooks fail, gates refuse, people do not answer.
    pub(super) fails: bool,
    /// Gates stay closed and people do not answer.
    pub(super) silent: bool,
    /// Looks never come to a judgement.
    pub(super) undecided: bool,
    /// What looks come to instead; `None`: they fail.
    pub(super) looks_give: Option<Option<Verdict>>,
    /// Observations are as old as this.
    pub(super) age: Duration,
    /// The router is on its way for ever.
    pub(super) converging: bool,
    /// Pods of the release run other images than before, under the same name.
    pub(super) re_pointed: bool,
    /// Every look that was taken: number, window, and what it was handed.
    pub(super) looks: Vec<(u64, Window, String)>,
    /// How many writes were taken.
    pub(super) writes: u32,
}

impl Platform {
    fn new(image: &str) -> Self {
        let images = Images::parse([("app", image)]).unwrap();
        Self {
            found: discovery_of(observed_track(&images, 4), Default::default()),
            is: None,
            claim: None,
            down: false,
            refuses: false,
            unready: false,
            dead: false,
            moved: None,
            fails: false,
            silent: false,
            undecided: false,
            looks_give: None,
            age: Duration::ZERO,
            converging: false,
            re_pointed: false,
            looks: Vec::new(),
            writes: 0,
        }
    }

    /// Whatever was wrong is so no more.
    pub(super) fn is_kind_again(&mut self) {
        *self = Self {
            found: self.found.clone(),
            is: self.is.clone(),
            claim: self.claim.clone(),
            moved: self.moved,
            looks: std::mem::take(&mut self.looks),
            writes: self.writes,
            ..Self::new("app:v1")
        };
    }

    fn observe(&self) -> Observation {
        let mut seen = match &self.is {
            None => self.found.observation.clone(),
            Some(is) => fulfilled(is, &self.found),
        };
        for track in [&mut seen.stable, &mut seen.candidate] {
            for pods in track.pods.iter_mut().filter(|pods| !pods.revision.recorded) {
                if self.re_pointed {
                    let other = [("app".to_owned(), ["another id".to_owned()].into())];
                    pods.image_ids = other.into();
                }
                if self.unready || self.dead {
                    pods.ready = 0;
                    pods.available = 0;
                }
                if self.dead {
                    pods.fatal = vec![Fatal::new(FatalReason::CrashLoop, pods.total, "app")];
                }
            }
        }
        seen.age = self.age;
        if self.converging {
            seen.traffic.effective = Effective::Converging;
        }
        if let Some(weight) = self.moved {
            seen.traffic.written.weight = weight;
            seen.traffic.effective = Effective::Verified(seen.traffic.written.clone());
            seen.traffic.writer = Writer::Other {
                name: "ada".to_owned(),
                version: "1".to_owned(),
            };
            seen.owned = Owned(format!("{} moved to {weight}", seen.owned.0));
            seen.version = Version(seen.owned.0.clone());
        }
        seen
    }

    fn write(&mut self, effect: &Effect) -> Result<Completion, Failure> {
        if self.down {
            let (kind, certainty) = (TargetErrorKind::Unavailable, Certainty::NotTaken);
            return Err(Failure::new(kind, certainty, "the platform is down"));
        }
        let denied = |kind| Err(Failure::new(kind, Certainty::NotTaken, "no"));
        match effect {
            Effect::Claim { from, to, .. } if self.claim == *from || self.claim == *to => {
                self.claim.clone_from(to);
                Ok(Completion::Claimed)
            }
            Effect::Apply { .. } if self.refuses => denied(TargetErrorKind::PermissionDenied),
            Effect::Apply { request, .. }
                if self.claim.as_ref() == Some(&request.claim)
                    && self.observe().owned == request.seen =>
            {
                self.is = Some(request.desired.clone());
                self.moved = None;
                self.writes += 1;
                Ok(Completion::Applied(Applied::default()))
            }
            Effect::RunHook { .. } => Ok(Completion::HookRan(if self.fails {
                HookReport::failed("smoke")
            } else {
                HookReport::passed("smoke")
            })),
            Effect::AskGate { .. } => Ok(Completion::GateAnswered(if self.fails {
                GateAnswer::Refused("no".to_owned())
            } else if self.silent {
                GateAnswer::Closed("not now".to_owned())
            } else {
                GateAnswer::Open
            })),
            _ => denied(TargetErrorKind::Conflict),
        }
    }

    fn look(&mut self, look: &Look) -> Input {
        let memory = look.memory.as_str().to_owned();
        self.looks.push((look.number, look.window, memory));
        let verdict = match (&self.looks_give, self.fails, self.undecided) {
            (Some(given), _, _) => given.clone(),
            (None, true, _) => Some(Verdict::Fail),
            (None, false, true) => Some(Verdict::Undecided),
            (None, false, false) => Some(Verdict::Pass),
        };
        let id = LookId::from(look);
        match verdict {
            Some(verdict) => Input::Measured {
                look: id,
                measurement: Measurement::new(verdict, "by hand")
                    .remember(Memory::new(format!("after {}", look.number)).unwrap()),
            },
            None => {
                let (kind, certainty) = (TargetErrorKind::Unavailable, Certainty::NotTaken);
                let failure = Failure::new(kind, certainty, "no answer");
                Input::MeasureFailed { look: id, failure }
            }
        }
    }

    /// What comes of an effect; `None` where nothing is to be answered.
    fn perform(&mut self, effect: &Effect) -> Option<Input> {
        Some(match effect {
            Effect::Observe { part, ticket, .. } if self.down => Input::ObserveFailed {
                part: part.clone(),
                ticket: *ticket,
                failure: self.write(effect).unwrap_err(),
            },
            Effect::Observe { part, ticket, .. } => Input::Observed {
                part: part.clone(),
                ticket: *ticket,
                observation: Box::new(self.observe()),
            },
            Effect::Measure { look, .. } => self.look(look),
            Effect::Cancel { .. } => return None,
            _ => {
                let id = effect.id()?;
                match self.write(effect) {
                    Ok(outcome) => Input::EffectSucceeded { id, outcome },
                    Err(failure) => Input::EffectFailed { id, failure },
                }
            }
        })
    }
}

/// A rollout on its platform, and every pair of phases that it went through.
#[derive(Clone, Debug)]
pub(super) struct Story {
    pub(super) rollout: Rollout,
    pub(super) platform: Platform,
    pub(super) now: Timestamp,
    commands: u32,
    phase: Phase,
    pub(super) pairs: BTreeSet<(Phase, Phase)>,
}

impl Story {
    /// Of this strategy, from `app:v1` to an image.
    pub(super) fn begin(strategy: &dyn Strategy, image: &str) -> Self {
        let platform = Platform::new("app:v1");
        let found = Found::main(platform.found.clone());
        let release = Release::of([("app", image)]).unwrap();
        let plan = strategy.plan(&release, &found).unwrap();
        let prepared: Vec<_> = plan.checks().keys().cloned().collect();
        let prepared = prepared.into_iter().map(PreparedCheck::new);
        let now = Timestamp::from_millis(1_800_000_000_000);
        let start = Start::new("story".parse().unwrap(), plan, found).prepared(prepared);
        let rollout = Rollout::start(start, now).unwrap();
        Self {
            phase: rollout.status().phase,
            rollout,
            platform,
            now,
            commands: 0,
            pairs: BTreeSet::new(),
        }
    }

    pub(super) const fn phase(&self) -> Phase {
        self.phase
    }

    /// The machine is told something, and what followed is noted.
    pub(super) fn tell(&mut self, input: Input) {
        self.rollout.handle(input, self.now).unwrap();
        self.note();
    }

    pub(super) fn note(&mut self) {
        let after = self.rollout.status().phase;
        if self.phase != after {
            self.pairs.insert((self.phase, after));
            self.phase = after;
        }
    }

    /// A person wants something; what they are told.
    pub(super) fn command(&mut self, wish: Wish) -> Answer {
        self.commands += 1;
        let id = format!("command-{}", self.commands);
        while self.rollout.poll_answer().is_some() {}
        let command = Command::new(id.as_str(), "ada", wish).in_role("ada");
        self.tell(Input::Commanded(command));
        let mut answers: Vec<_> = std::iter::from_fn(|| self.rollout.poll_answer()).collect();
        let (to, answer) = answers.pop().expect("every command is answered");
        assert_eq!((to.0, answers), (id, Vec::new()), "and once");
        answer
    }

    /// One effect is performed; where there is none, people answer or time passes.
    pub(super) fn step(&mut self) {
        while self.rollout.poll_record().is_some()
            || self.rollout.poll_answer().is_some()
            || self.rollout.poll_event().is_some()
        {}
        if let Some(effect) = self.rollout.poll_effect() {
            if let Some(input) = self.platform.perform(&effect) {
                self.tell(input);
            }
            return;
        }
        let status = self.rollout.status();
        if let Some(approval) = status.approval.filter(|_| !self.platform.silent) {
            let wish = if self.platform.fails {
                Wish::Reject
            } else {
                Wish::Approve {
                    stage: approval.stage,
                    plan: self.rollout.plan().digest(),
                }
            };
            self.command(wish);
            return;
        }
        if let Some(at) = self.rollout.poll_timeout() {
            self.now = at.max(self.now + Duration::from_millis(1));
            self.tell(Input::TimePassed);
        }
    }

    /// There is news of the part.
    pub(super) fn changed(&mut self) {
        self.tell(Input::Changed { part: Part::main() });
    }
}
