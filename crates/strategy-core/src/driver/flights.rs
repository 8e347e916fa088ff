//! What is under way: the driver's own futures, looked at in a fixed rotation.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::task::{Context, Poll};
use std::time::Duration;

use futures::FutureExt as _;
use futures::future::BoxFuture;

use super::freshness::Freshness;
use super::perform::{Key, Means, cancelled};
use crate::release::Part;
use crate::rollout::{Effect, Failure, Input, Rollout};
use crate::target::Version;

/// News of a state that was already told is asked for again only after this: a target that always has
/// news must not keep the loop spinning.
const AGAIN: Duration = Duration::from_secs(1);

/// Effects under way, at most one of each [`Key`]. Dropping it cancels all of them.
pub(super) struct Flights {
    means: Means,
    under_way: BTreeMap<Key, BoxFuture<'static, Input>>,
    /// The newest news of each part, and when it was told, by the clock that nobody sets.
    told: BTreeMap<Part, (Version, Duration)>,
    /// What was done last: those behind it are looked at before it is again.
    last: Option<Key>,
}

impl Flights {
    pub(super) const fn new(means: Means) -> Self {
        Self {
            means,
            under_way: BTreeMap::new(),
            told: BTreeMap::new(),
            last: None,
        }
    }

    /// Begins an effect, unless what it rests on is too old by the time it is performed. A cancellation
    /// ends at once, with what the machine is to be told.
    pub(super) fn begin(&mut self, effect: Effect, rests_on: Option<Freshness>) -> Option<Input> {
        if let Effect::Cancel { id } = effect {
            tracing::debug!(%id, "cancelled");
            let dropped = self.under_way.remove(&Key::Effect(id));
            return dropped.map(|_| cancelled(id));
        }
        if let Some((key, work)) = self.means.perform(effect, rests_on) {
            tracing::debug!(effect = %key, "begun");
            // A newer look at a part takes the place of the older one, whose answer nobody wants.
            self.under_way.insert(key, work);
        }
        None
    }

    /// Waits for news of every part that is not being looked at, since its newest observation.
    pub(super) fn watch(&mut self, rollout: &Rollout) {
        let now = self.means.clock.elapsed();
        for part in self.means.parts.keys() {
            let key = Key::Changed(part.clone());
            if self.under_way.contains_key(&Key::Observe(part.clone())) {
                self.under_way.remove(&key);
                continue;
            }
            if self.under_way.contains_key(&key) {
                continue;
            }
            let (Some(binding), Some(seen)) = (rollout.binding(part), rollout.observation(part))
            else {
                continue;
            };
            let told = self.told.get(part);
            let rests = told
                .filter(|(version, _)| *version == seen.version)
                .map_or(Duration::ZERO, |(_, at)| (*at + AGAIN).saturating_sub(now));
            let version = seen.version.clone();
            let waits = self
                .means
                .changed(part, binding.clone(), version.clone(), rests);
            if let Some(waits) = waits {
                self.under_way.insert(key, waits);
            }
        }
    }

    /// The first that is done, in the order of keys, beginning behind the one that was done last: one
    /// that is ready whenever it is begun again keeps no other waiting.
    pub(super) fn poll(&mut self, context: &mut Context<'_>) -> Poll<Input> {
        let behind = match &self.last {
            Some(last) => (Bound::Excluded(last), Bound::Unbounded),
            None => (Bound::Unbounded, Bound::Unbounded),
        };
        let done = poll_first(self.under_way.range_mut::<Key, _>(behind), context).or_else(|| {
            let last = self.last.as_ref()?;
            poll_first(self.under_way.range_mut(..=last), context)
        });
        let Some((key, input)) = done else {
            return Poll::Pending;
        };
        self.last = Some(key.clone());
        self.under_way.remove(&key);
        match failure(&input) {
            Some(failure) => {
                tracing::warn!(effect = %key, kind = %failure.kind, why = %failure.message, "failed");
            }
            None => tracing::debug!(effect = %key, "done"),
        }
        Poll::Ready(input)
    }

    /// The machine is being told that a part has news.
    pub(super) fn tells(&mut self, part: &Part, rollout: &Rollout) {
        if let Some(seen) = rollout.observation(part) {
            let now = self.means.clock.elapsed();
            self.told.insert(part.clone(), (seen.version.clone(), now));
        }
    }
}

fn poll_first<'a>(
    mut under_way: impl Iterator<Item = (&'a Key, &'a mut BoxFuture<'static, Input>)>,
    context: &mut Context<'_>,
) -> Option<(Key, Input)> {
    under_way.find_map(|(key, work)| match work.poll_unpin(context) {
        Poll::Ready(input) => Some((key.clone(), input)),
        Poll::Pending => None,
    })
}

const fn failure(input: &Input) -> Option<&Failure> {
    match input {
        Input::EffectFailed { failure, .. }
        | Input::ObserveFailed { failure, .. }
        | Input::MeasureFailed { failure, .. } => Some(failure),
        Input::EffectSucceeded { .. }
        | Input::Observed { .. }
        | Input::Changed { .. }
        | Input::Measured { .. }
        | Input::Commanded(_)
        | Input::AlarmRaised(_)
        | Input::TimePassed
        | Input::Resumed { .. } => None,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::task::Waker;

    use super::*;
    use crate::rollout::Ticket;
    use crate::world::World;

    #[test]
    fn one_that_is_always_ready_keeps_no_other_waiting() {
        let world = World::seeded(1).stable("app:1", 1).build().unwrap();
        let target: Arc<dyn crate::target::Target> = Arc::new(world.target());
        let names = ["a", "b", "c"].map(|name| name.parse::<Part>().unwrap());
        let binding = world.block_on(target.discover()).unwrap().unwrap().binding;
        let parts = names.iter().map(|part| (part.clone(), Arc::clone(&target)));
        let means = Means {
            parts: Arc::new(parts.collect()),
            registry: Arc::default(),
            clock: Arc::new(world.clock().clone()),
            seed: 1,
        };
        let look = |part: &Part| Effect::Observe {
            part: part.clone(),
            binding: binding.clone(),
            ticket: Ticket(1),
            timeout: Duration::from_secs(30),
        };
        let mut flights = Flights::new(means);
        for part in &names {
            flights.begin(look(part), None);
        }
        let mut context = Context::from_waker(Waker::noop());
        let mut served = Vec::new();
        for _ in 0..6 {
            let Poll::Ready(Input::Observed { part, .. }) = flights.poll(&mut context) else {
                panic!("a look in memory waits for nothing");
            };
            flights.begin(look(&part), None);
            served.push(part.to_string());
        }
        assert_eq!(served, ["a", "b", "c", "a", "b", "c"]);
    }
}
