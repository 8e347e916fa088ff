//! Waiting for a look at a service that Amazon ECS deploys which would show something else.
//!
//! What is cheap to ask for is most of a look here, so news is asked for by whole looks: often while a deployment
//! goes on, and seldom while nothing moves or ECS waits for an answer of ours.

use std::future::pending;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use strategy_core::target::{Binding, Observation, PlatformState, TargetError, Version};

use super::observe::observation;
use super::target::PlatformTarget;
use super::{Bound, View};
use crate::account::between;
use crate::news::{Intervals, is_changing, is_moving};

/// What is known of a service, and how often it is looked at.
#[derive(Debug)]
pub(crate) struct News {
    in_motion: Duration,
    at_rest: Duration,
    known: Mutex<Known>,
}

#[derive(Debug, Default)]
struct Known {
    /// Of the newest look.
    version: Option<Version>,
    is_moving: bool,
    /// When the newest look began, whatever came of it.
    began: Option<SystemTime>,
}

impl News {
    /// Of a service of this name.
    pub(crate) fn new(name: &str, intervals: Intervals) -> Self {
        let (in_motion, at_rest) = intervals.of(name);
        Self {
            in_motion,
            at_rest,
            known: Mutex::default(),
        }
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn began(&self, now: SystemTime) {
        self.known().began = Some(now);
    }

    /// One that began before another is no news beside it.
    fn saw(&self, version: &Version, is_moving: bool, began: SystemTime) {
        let mut known = self.known();
        if known.began.is_some_and(|newest| newest > began) {
            return;
        }
        known.version = Some(version.clone());
        known.is_moving = is_moving;
    }

    /// How long to wait for the next look; `None`: something newer is known.
    fn wait(&self, after: &Version, now: SystemTime) -> Option<Duration> {
        let mut known = self.known();
        if known.version.as_ref().is_some_and(|known| known != after) {
            return None;
        }
        let interval = if known.is_moving || known.version.is_none() {
            self.in_motion
        } else {
            self.at_rest
        };
        let began = *known.began.get_or_insert(now);
        Some(interval.saturating_sub(between(began, now)))
    }
}

/// Tasks come or go, or traffic is on its way. Who waits for our answer does nothing by itself.
fn moves(view: &View, observation: &Observation) -> bool {
    let state = observation.platform.as_ref().map(|of| &of.state);
    let mut targets = view.health.iter().flat_map(|(_, targets)| targets);
    let is_waiting = state == Some(&PlatformState::Waiting);
    let service = view.seen.active().filter(|_| !is_waiting);
    service.is_some_and(is_moving) || targets.any(is_changing)
}

impl PlatformTarget {
    /// A whole look, which is remembered as the newest.
    pub(super) async fn look(&self, bound: &Bound) -> Result<Observation, TargetError> {
        let began = self.api.now();
        self.news.began(began);
        let view = self.api.looking().view_of_one(bound).await?;
        let observation = observation(bound, &view, self.stall)?;
        let is_moving = moves(&view, &observation);
        self.news.saw(&observation.version, is_moving, began);
        Ok(observation)
    }

    /// Resolves when there is something newer, or something that only a look can tell. Cancel-safe: it keeps
    /// nothing but when it looked last.
    pub(super) async fn until_changed(&self, binding: &Binding, after: &Version) {
        let Ok(bound) = Bound::read(binding, self.mode) else {
            // `observe` says what is wrong with it.
            return;
        };
        while let Some(wait) = self.news.wait(after, self.api.now()) {
            if !wait.is_zero() {
                match self.api.sleep(wait) {
                    Some(sleep) => sleep.await,
                    None => pending().await,
                }
                continue;
            }
            match self.look(&bound).await {
                Ok(observation) if observation.version != *after => return,
                Ok(_) => {}
                // What cannot be read now is no news; it is asked for again in time.
                Err(error) if error.is_transient() => {}
                Err(_) => return,
            }
        }
    }
}
