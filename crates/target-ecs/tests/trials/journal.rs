//! A journal that remembers how many calls had been made when each of its records came, so that every write can be
//! accounted for.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use serde_json::Value;
use strategy_core::driver::MemoryJournal;
use strategy_core::journal::{Journal, JournalError, Recorded, Sequence};
use strategy_core::rollout::{EffectKind, Input, Record};
use strategy_core::target::EffectId;
use test_support::ecs::{CallRecord, Fake};

/// Clones are the same journal. It outlives the processes that write to it.
#[derive(Clone, Debug)]
pub(crate) struct Kept {
    journal: MemoryJournal,
    fake: Fake,
    batches: Arc<Mutex<Vec<Batch>>>,
}

#[derive(Clone, Debug)]
struct Batch {
    /// The index of the first call after it.
    before: usize,
    records: Vec<Record>,
}

impl Kept {
    pub(crate) fn new(fake: &Fake) -> Self {
        Self {
            journal: MemoryJournal::new(),
            fake: fake.clone(),
            batches: Arc::default(),
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.batches.lock().unwrap().is_empty()
    }

    fn keep(&self, records: &[Record]) {
        self.batches.lock().unwrap().push(Batch {
            before: self.fake.next_index(),
            records: records.to_vec(),
        });
    }

    /// Every write was ordered in the journal before it was made, by an effect that was not yet answered.
    pub(crate) fn accounts_for(&self, calls: &[CallRecord]) -> Result<(), String> {
        let batches = self.batches.lock().unwrap();
        let mut batches = batches.iter().peekable();
        let mut open = BTreeMap::new();
        for call in calls.iter().filter(|call| call.is_write()) {
            while let Some(batch) = batches.next_if(|batch| batch.before <= call.index) {
                for record in &batch.records {
                    follow(&mut open, record);
                }
            }
            let fits = |kind: &EffectKind| match call.operation.as_str() {
                // A claim is tags; so is the note of a write.
                "TagResource" => matches!(kind, EffectKind::Claim | EffectKind::Apply),
                "UntagResource" => *kind == EffectKind::Claim,
                _ => *kind == EffectKind::Apply,
            };
            if !open.values().any(fits) {
                return Err(format!(
                    "call {} at {}, {} of {}, was not ordered: open are {open:?}",
                    call.index, call.at, call.operation, call.resource
                ));
            }
        }
        Ok(())
    }
}

fn follow(open: &mut BTreeMap<EffectId, EffectKind>, record: &Record) {
    match record {
        Record::Snapshot(snapshot) => {
            open.clear();
            let state = serde_json::to_value(&snapshot.rollout).unwrap();
            unfinished(&state, open);
        }
        Record::Decision(decision) => {
            if let Input::EffectSucceeded { id, .. } | Input::EffectFailed { id, .. } =
                &decision.input
            {
                open.remove(id);
            }
            let ordered = decision.effects.iter().copied();
            open.extend(ordered.filter(|(_, kind)| *kind != EffectKind::Cancel));
        }
        Record::State(_) => {}
        other => panic!("an unknown record: {other:?}"),
    }
}

/// A snapshot tells the write and the claim of each part that are under way.
fn unfinished(state: &Value, open: &mut BTreeMap<EffectId, EffectKind>) {
    for (field, kind) in [
        ("flight", EffectKind::Apply),
        ("claiming", EffectKind::Claim),
    ] {
        if let Some(id) = state.get(field).and_then(Value::as_u64) {
            open.insert(EffectId(id), kind);
        }
    }
    match state {
        Value::Object(fields) => fields.values().for_each(|field| unfinished(field, open)),
        Value::Array(items) => items.iter().for_each(|item| unfinished(item, open)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[async_trait]
impl Journal for Kept {
    async fn append(&self, expected: Sequence, records: &[Record]) -> Result<(), JournalError> {
        self.journal.append(expected, records).await?;
        self.keep(records);
        Ok(())
    }

    async fn compact(&self, expected: Sequence, snapshot: &Record) -> Result<(), JournalError> {
        self.journal.compact(expected, snapshot).await?;
        self.keep(std::slice::from_ref(snapshot));
        Ok(())
    }

    async fn read(&self) -> Result<Recorded, JournalError> {
        self.journal.read().await
    }
}

#[cfg(test)]
mod tests {
    use strategy_core::strategy::BlueGreen;

    use super::*;
    use crate::life::Life;
    use crate::petswipe::{NEW, PetSwipe, Setup};

    #[test]
    fn a_write_that_was_not_ordered_is_found() {
        let shop = PetSwipe::open(Setup::blue_green());
        let strategy = BlueGreen::new().bake(std::time::Duration::from_secs(5));
        let told = Life::new(&shop, &strategy, NEW).live();
        let calls = shop.fake.calls();
        assert_eq!(told.journal.accounts_for(&calls), Ok(()));
        // The same calls, as if the records that order the writes had come after them.
        let batches = told.journal.batches.lock().unwrap().clone();
        for late in 0..batches.len() {
            let kept = Kept::new(&shop.fake);
            kept.batches.lock().unwrap().clone_from(&batches);
            let orders = batches[late].records.iter().any(|record| {
                let Record::Decision(decision) = record else {
                    return false;
                };
                let mut effects = decision.effects.iter();
                effects.any(|(_, kind)| *kind == EffectKind::Apply)
            });
            for batch in &mut kept.batches.lock().unwrap()[late..] {
                batch.before = usize::MAX;
            }
            let is_found = kept.accounts_for(&calls).is_err();
            assert!(is_found || !orders, "batch {late}");
        }
    }
}
