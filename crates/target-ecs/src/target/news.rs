//! Looks, and waiting for one that would show something else.

use std::future::pending;
use std::time::Duration;

use strategy_core::target::{Binding, Observation, TargetError, Version};

use super::OwnedWeightsTarget;
use crate::api::Api;
use crate::binding::Bound;
use crate::news::{Asked, Question};
use crate::observe;
use crate::view::State;

/// The part of the time between two questions for which one waits for others.
const COMPANY: u32 = 20;

impl OwnedWeightsTarget {
    /// A whole look, which is remembered as the newest.
    pub(super) async fn look(&self, bound: &Bound) -> Result<Observation, TargetError> {
        let began = self.api.now();
        let api = self.api.looking();
        let mut view = api.view(bound).await?;
        self.with_previews(&api, bound, &mut view.state).await?;
        let observation = observe::observation(bound, &view)?;
        let asked = Asked::new(&view.state, &view.health, began);
        self.news.saw(&observation.version, asked);
        Ok(observation)
    }

    /// Resolves when there is something newer, or something that only a look can tell. Cancel-safe: it
    /// keeps nothing but when it asked last.
    pub(super) async fn until_changed(&self, binding: &Binding, after: &Version) {
        let Ok(bound) = Bound::read(binding) else {
            // `observe` says what is wrong with it.
            return;
        };
        loop {
            let moves = self.moves(&bound);
            let (wait, interval) = match self.news.next(after, self.api.now(), moves) {
                Question::Answered => return,
                Question::Cheap { wait, interval } => (wait, Some(interval)),
                Question::Whole { wait } => (wait, None),
            };
            if !wait.is_zero() {
                match self.api.sleep(wait) {
                    Some(sleep) => sleep.await,
                    None => pending().await,
                }
                continue;
            }
            let began = self.api.now();
            let is_news = match interval {
                Some(interval) => self.is_news(&bound, after, interval / COMPANY).await,
                None => {
                    let seen = self.look(&bound).await;
                    seen.map(|observation| observation.version != *after)
                }
            };
            match is_news {
                Ok(true) => return,
                Ok(false) => {}
                // What cannot be read now is no news; it is asked for again in time.
                Err(error) if error.is_transient() => self.news.failed(began),
                Err(_) => return,
            }
        }
    }

    /// Asks for what is cheap, and for the rest where that has changed.
    async fn is_news(
        &self,
        bound: &Bound,
        after: &Version,
        company: Duration,
    ) -> Result<bool, TargetError> {
        let began = self.api.now();
        let api = self.api.asking(company);
        let mut state = api.state(bound).await?;
        self.with_previews(&api, bound, &mut state).await?;
        let health = api.health_of_both(bound, &state).await?;
        let asked = Asked::new(&state, &health, began);
        if self.news.is_old(after, &asked) {
            return Ok(false);
        }
        let view = api.view_with(bound, state, health).await?;
        let observation = observe::observation(bound, &view)?;
        self.news.saw(&observation.version, asked);
        Ok(observation.version != *after)
    }

    async fn with_previews(
        &self,
        api: &Api,
        bound: &Bound,
        state: &mut State,
    ) -> Result<(), TargetError> {
        if self.looks_for_previews(bound, state) {
            state.previews = api.previews(bound).await?;
        }
        Ok(())
    }

    /// For how long traffic that was moved is on its way.
    fn moves(&self, bound: &Bound) -> Duration {
        self.config.owned_weights().settle + bound.drain
    }
}
