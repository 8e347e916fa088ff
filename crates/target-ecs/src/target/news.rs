//! Looks, and waiting for one that would show something else.

use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use strategy_core::target::{Binding, Effectiveness, Observation, TargetError, Version};

use super::EcsTarget;
use crate::binding::Bound;
use crate::news::{Asked, News, Question};
use crate::observe;

/// The part of the time between two questions for which one waits for others.
const COMPANY: u32 = 20;

impl EcsTarget {
    /// How often it is asked whether there is news, since AWS tells nobody: while something moves (tasks
    /// that come or go, targets that are not healthy yet or any more, traffic that was moved and has neither
    /// settled nor drained), 1 to 60 seconds, 5 by default; and while nothing does, from that to an hour,
    /// 100 seconds by default and up to a tenth longer, always the same for the same services. What is
    /// outside of that is taken for the nearer end.
    ///
    /// The driver looks every `resync` of the plan's policies besides, 30 seconds by default: the longer one
    /// counts only where a plan allows observations to be older, by `resync` and `stale_after`.
    #[must_use]
    pub fn intervals(self, in_motion: Duration, at_rest: Duration) -> Self {
        Self {
            news: Arc::new(News::every(&self.config, in_motion, at_rest)),
            ..self
        }
    }

    /// A whole look, which is remembered as the newest.
    pub(super) async fn look(&self, bound: &Bound) -> Result<Observation, TargetError> {
        let began = self.api.now();
        let view = self.api.looking().view(bound).await?;
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
        let state = api.state(bound).await?;
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

    /// For how long traffic that was moved is on its way.
    fn moves(&self, bound: &Bound) -> Duration {
        if let Effectiveness::Assumed { after } = self.capabilities().effectiveness {
            after + bound.drain
        } else {
            bound.drain
        }
    }
}
