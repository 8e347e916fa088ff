//! What the machine has to say: polled by the driver, no part of its state.

use std::collections::VecDeque;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use super::command::{Answer, CommandId};
use super::effect::{Effect, EffectKind};
use super::event::Event;
use super::latest::Latest;
use super::record::Record;
use super::state::Decided;
use crate::target::EffectId;
use crate::timestamp::Timestamp;

/// Outputs that were not yet polled. All outboxes are equal: what was polled is no part of the state.
#[derive(Clone, Debug, Default)]
pub(super) struct Outbox {
    pub(super) records: VecDeque<Record>,
    pub(super) answers: VecDeque<(CommandId, Answer)>,
    pub(super) effects: VecDeque<Effect>,
    pub(super) events: VecDeque<Event>,
    /// Journaled effects ordered by the input at hand.
    pub(super) issued: Vec<(EffectId, EffectKind)>,
    /// What the last input was held against, if it decided nothing.
    pub(super) before: Option<Arc<Decided>>,
    /// What replaying the journal would give.
    pub(super) journaled: Latest,
    /// When that was last brought up to date, by the machine's clock.
    pub(super) journaled_at: Timestamp,
}

/// The oldest of a queue. One that is drained gives its room back: rollouts rest for hours, by the
/// thousand.
pub(super) fn taken<T>(queue: &mut VecDeque<T>) -> Option<T> {
    let oldest = queue.pop_front();
    if oldest.is_none() {
        *queue = VecDeque::new();
    }
    oldest
}

impl Outbox {
    pub(super) fn order_cancel(&mut self, id: EffectId) {
        self.issued.push((id, EffectKind::Cancel));
        self.effects.push_back(Effect::Cancel { id });
    }
}

impl PartialEq for Outbox {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Outbox {}

impl Hash for Outbox {
    fn hash<H: Hasher>(&self, _: &mut H) {}
}
