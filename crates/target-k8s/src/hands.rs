//! Which of the router's objects somebody else wrote since we did. Pure.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use serde_json::Value;

use crate::api::FIELD_MANAGER;
use crate::binding::Bound;
use crate::mark::{self, Write};
use crate::object::{ObjectRef, Objects};
use crate::router::{Router, RouterError, RouterState};
use crate::workload::{managed, template};

/// Where our note stands, as `managedFields` have it.
const NOTE: &[&str] = &["f:metadata", "f:annotations", "f:rollway.dev/written"];

/// Who holds, as the server has it, what stood there when it kept no notes of writers (somebody cleared them), from the
/// first apply on: whoever wrote it.
const NOBODY: &str = "before-first-apply";

/// The objects that somebody else wrote, each with the write of ours that they went over.
///
/// `None` where no note there names a write of ours: we had not written it, or the note is gone. Nobody can tell which,
/// and both are answered alike.
pub(crate) type Hands = BTreeMap<ObjectRef, Option<Write>>;

/// What the router's objects say while a rollout works with them, and which of them somebody else wrote.
#[derive(Clone, Debug)]
pub(crate) struct Routing {
    pub(crate) state: RouterState,
    pub(crate) hands: Hands,
}

impl Routing {
    pub(crate) fn read(
        bound: &Bound,
        router: &dyn Router,
        objects: &Objects,
    ) -> Result<Self, RouterError> {
        let state = router.read_bound(objects, &bound.labels())?;
        let hands = hands(bound, router, objects, &state);
        Ok(Self { state, hands })
    }
}

/// By the note that each object carries of what we wrote there; one without is to be as it was recorded.
///
/// That tells a hand from half a write of ours: what we have not come to yet carries the note of the write before.
/// Who puts the note back as well is told by the server's notes of who wrote it, and by the order in which objects
/// are written: none is behind a later one. The last object, made what it was before our first write of it, is left;
/// it looks as if that write had never come to it.
fn hands(bound: &Bound, router: &dyn Router, objects: &Objects, state: &RouterState) -> Hands {
    let mut hands = Hands::new();
    for object in &bound.router {
        let Some(content) = objects.get(object) else {
            continue;
        };
        let (noted, write) = mark::noted_routes(content);
        let recorded = || template::digest(router.part_of(&bound.routes, object));
        let is_as_noted = part(router, state, object) == noted.unwrap_or_else(recorded);
        if !is_as_noted || is_anothers_note(content) {
            hands.insert(object.clone(), write);
        }
    }
    let write_of = |object: &ObjectRef| {
        let content = objects.get(object)?;
        mark::noted_routes(content).1
    };
    // `told` is in the order of `rules::named_objects`, which has to be that in which `Situation::route_changes` writes.
    let mut behind = Hands::new();
    for (place, (object, told)) in state.told.iter().enumerate() {
        let write = write_of(object);
        let mut rest = state.told.iter().skip(place + 1);
        let is_overtaken = rest.any(|(later, says)| {
            says != told && !hands.contains_key(later) && write_of(later) > write
        });
        if is_overtaken {
            behind.insert(object.clone(), write);
        }
    }
    hands.extend(behind);
    hands
}

/// Digest of what of the router's part stands in an object.
fn part(router: &dyn Router, state: &RouterState, object: &ObjectRef) -> String {
    template::digest(router.part_of(&state.owned, object))
}

/// Whether the server knows that our note is held by others alone.
fn is_anothers_note(content: &Value) -> bool {
    let mut writers = managed::writers(content, NOTE);
    writers.retain(|writer| writer.name != NOBODY);
    !writers.is_empty() && writers.iter().all(|writer| writer.name != FIELD_MANAGER)
}
