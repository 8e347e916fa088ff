//! A platform that shifts by itself: its deployment, which asks before each step and takes everything home
//! where it is told to, or by itself.

use super::owned::Fields;
use super::part::{PartState, Picture};
use super::workload::{Template, Workload};
use crate::target::{PlatformDeployment, PlatformState};
use crate::timestamp::Timestamp;
use crate::track::Replicas;
use crate::traffic::Traffic;
use crate::weight::Weight;

/// The deployment of a part, or that there was none yet.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Deployment {
    /// Which: each release that is started has the next one.
    pub(super) number: u64,
    stands: Stands,
    /// How often it has asked.
    questions: u32,
    /// What the router is told when who gains by it is ready.
    shift: Option<Traffic>,
    /// How it was before.
    before: Option<Before>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
enum Stands {
    #[default]
    Over,
    AtWork,
    Asks,
    /// As it was told, or for a reason of its own.
    GoesHome(Option<String>),
    WentHome(String),
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Before {
    template: Template,
    replicas: Replicas,
    traffic: Traffic,
}

/// What a write is to a platform that asks before each step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    /// It is so already, or its first answer was lost.
    Nothing,
    /// A release is brought up. It gets no traffic before it was asked for.
    Begin,
    /// The answer to a question, or what is left to do when it is done.
    Step,
    /// Everything goes back to what was.
    Home,
}

impl Deployment {
    /// What the platform says of a deployment that began after this one.
    pub(super) fn says(&self, after: u64) -> Option<PlatformDeployment> {
        if self.number <= after {
            return None;
        }
        let state = match &self.stands {
            Stands::Over => PlatformState::Won,
            Stands::AtWork | Stands::GoesHome(None) => PlatformState::InProgress,
            Stands::Asks => PlatformState::Waiting,
            Stands::GoesHome(Some(why)) | Stands::WentHome(why) => {
                PlatformState::RolledBack(why.clone())
            }
        };
        Some(PlatformDeployment::new(
            format!("deployment-{}", self.number),
            state,
        ))
    }

    /// The question that waits for an answer.
    pub(super) fn question(&self) -> Option<String> {
        (self.stands == Stands::Asks).then(|| format!("{}/{}", self.number, self.questions))
    }

    pub(super) const fn is_under_way(&self) -> bool {
        matches!(self.stands, Stands::AtWork | Stands::GoesHome(_))
    }

    /// What a write is to it, `wanted` as far as it takes it; or why it is none.
    pub(super) fn order(
        &self,
        here: &Fields,
        seen: &Fields,
        wanted: &mut Fields,
    ) -> Result<Order, String> {
        wanted.asks.clone_from(&here.asks);
        if here == wanted {
            return Ok(Order::Nothing);
        }
        let candidate = &wanted.tracks.candidate;
        if candidate.is_none() {
            return Ok(Order::Home);
        }
        if here.tracks.candidate != *candidate {
            wanted.traffic.clone_from(&seen.traffic);
            return Ok(Order::Begin);
        }
        if seen.tracks.candidate != *candidate {
            return Ok(Order::Nothing);
        }
        if self.is_under_way() {
            return Err("it is at work, and has not asked for its next step".to_owned());
        }
        if here.asks != seen.asks {
            return Err("it asks something else than what this is the answer to".to_owned());
        }
        Ok(Order::Step)
    }
}

impl Picture {
    /// What the router was told, or is to be when who gains by it is ready.
    pub(super) fn written_for(&self, candidate: &str) -> Traffic {
        let shift = self.deployment.as_ref().and_then(|own| own.shift.clone());
        shift.unwrap_or_else(|| self.router.written_for(candidate))
    }
}

impl PartState {
    /// The platform has taken a write, and begins to follow.
    pub(super) fn is_told(&mut self, order: Order, traffic: Option<Traffic>) {
        let Some(deployment) = &mut self.picture.deployment else {
            return;
        };
        match order {
            Order::Nothing => {}
            Order::Begin => {
                deployment.number += 1;
                deployment.questions = 0;
                deployment.stands = Stands::AtWork;
            }
            Order::Step => deployment.stands = Stands::AtWork,
            Order::Home => {
                deployment.shift = traffic;
                deployment.stands = Stands::GoesHome(None);
            }
        }
    }

    /// Before a release is started: what it goes back to.
    pub(super) fn remembers(&mut self) {
        let Some(stable) = self.picture.workloads.get(&self.roles.stable) else {
            return;
        };
        let before = Before {
            template: stable.template.clone(),
            replicas: stable.replicas(),
            traffic: self.picture.written_for(&self.roles.candidate),
        };
        if let Some(deployment) = &mut self.picture.deployment {
            deployment.before.get_or_insert(before);
        }
    }

    /// It takes everything back by itself, if it is at something.
    pub(super) fn goes_back_by_itself(&mut self, why: String) {
        let Some(deployment) = &mut self.picture.deployment else {
            return;
        };
        if !matches!(deployment.stands, Stands::AtWork | Stands::Asks) {
            return;
        }
        let Some(before) = deployment.before.clone() else {
            return;
        };
        deployment.stands = Stands::GoesHome(Some(why));
        deployment.shift = Some(before.traffic);
        if let Some(stable) = self.picture.workloads.get_mut(&self.roles.stable) {
            stable.set_template(before.template);
            stable.set_replicas(before.replicas);
        }
        if let Some(candidate) = self.picture.workloads.get_mut(&self.roles.candidate) {
            candidate.leave();
        }
    }

    /// It goes on with its deployment as far as it can.
    pub(super) fn deploy(&mut self, now: Timestamp) {
        let Picture {
            deployment: Some(deployment),
            workloads,
            router,
            ..
        } = &mut self.picture
        else {
            return;
        };
        let ready = |name: &str| workloads.get(name).map_or(0, Workload::ready);
        let covers = |name: &str| ready(name) >= workloads.get(name).map_or(0, Workload::wanted);
        let (stable, candidate) = (&self.roles.stable, &self.roles.candidate);
        if !deployment.is_under_way() {
            return;
        }
        if let Some(traffic) = &deployment.shift {
            // Where nobody else answers, some answers are better than none.
            let dead = ready(candidate) == 0 && ready(stable) > 0;
            if !covers(stable) && !dead {
                return;
            }
            let (traffic, writer) = (traffic.clone(), router.writer.clone());
            deployment.shift = None;
            router.face(stable, candidate);
            router.write(traffic, writer, now);
        }
        if router.is_converging() {
            return;
        }
        let everything = router.written_for(candidate).weight == Weight::FULL;
        let may_go = router.has_no_tails();
        match &deployment.stands {
            Stands::GoesHome(why) if may_go => {
                let why = why.clone().unwrap_or_else(|| "it was told to".to_owned());
                deployment.stands = Stands::WentHome(why);
                deployment.before = None;
                workloads.retain(|_, workload| !workload.leaves());
            }
            Stands::AtWork => {
                let left = workloads.get_mut(stable).filter(|stable| stable.is_to_go());
                match left {
                    Some(left) if everything => {
                        if may_go {
                            left.let_go();
                            deployment.stands = Stands::Over;
                            deployment.before = None;
                        }
                    }
                    Some(_) | None => {
                        let up = workloads.get(candidate);
                        if up.is_some_and(|up| up.ready() >= up.wanted()) {
                            deployment.questions += 1;
                            deployment.stands = Stands::Asks;
                        }
                    }
                }
            }
            Stands::GoesHome(_) | Stands::Over | Stands::Asks | Stands::WentHome(_) => {}
        }
    }
}
