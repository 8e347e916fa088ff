//! Whose the objects are: taken, handed over and given up by compare-and-set, object by object.

use serde_json::Value;
use strategy_core::target::{Claim, TargetError, TargetErrorKind};

use crate::api::Api;
use crate::error::found;
use crate::mark::{self, Held};
use crate::object::{ObjectRef, Objects};
use crate::watch::Watches;

/// How often a write is prepared again after somebody else wrote to the object in between.
const ATTEMPTS: u32 = 8;

/// One change of hands.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Change<'a> {
    pub(crate) from: Option<&'a Claim>,
    pub(crate) to: Option<&'a Claim>,
}

/// The claim in force: that of the first object, else of any other, since a claim is taken first
/// object first and given up last object first.
pub(crate) fn in_force(
    order: &[ObjectRef],
    objects: &Objects,
) -> Result<Option<Claim>, TargetError> {
    for object in order {
        match objects.get(object).map(mark::held) {
            None | Some(Held::Free { .. }) => {}
            Some(Held::By(claim)) => return Ok(Some(claim)),
            Some(Held::Unreadable { annotation, text }) => {
                let message = format!(
                    "its annotation `{annotation}` is `{text}`, which is no claim; remove it if no rollout works on it"
                );
                return Err(found(
                    TargetErrorKind::Ambiguous,
                    "read the claim of",
                    &object,
                    message,
                ));
            }
        }
    }
    Ok(None)
}

/// The highest epoch that was given up on any of them; 0: none.
pub(crate) fn last_epoch(order: &[ObjectRef], objects: &Objects) -> u64 {
    let ours = order.iter().filter_map(|object| objects.get(object));
    let epochs = ours.map(|object| match mark::held(object) {
        Held::Free { last_epoch } => last_epoch,
        Held::By(_) | Held::Unreadable { .. } => 0,
    });
    epochs.max().unwrap_or(0)
}

impl Change<'_> {
    /// Whether an object in this state may change hands.
    ///
    /// Besides `from` and `to` itself, what an interrupted change of the same hands left behind is
    /// let through: an object that is free, or that an earlier epoch of either holder is on. What is free
    /// is taken only with an epoch that is not over.
    pub(crate) fn allows(&self, object: &Value) -> Result<(), String> {
        let claim = match mark::held(object) {
            Held::Free { last_epoch } => {
                return match self.to {
                    Some(to) if to.epoch <= last_epoch => Err(format!(
                        "{to} comes too late: a claim with epoch {last_epoch} was given up there"
                    )),
                    Some(_) | None => Ok(()),
                };
            }
            Held::By(claim) => claim,
            Held::Unreadable { annotation, text } => {
                return Err(format!(
                    "its annotation `{annotation}` is `{text}`, which cannot be read"
                ));
            }
        };
        let known = [self.from, self.to].into_iter().flatten();
        let mut known = known.filter(|known| known.holder == claim.holder);
        if known.any(|known| claim.epoch <= known.epoch) {
            Ok(())
        } else {
            Err(format!("it is claimed by {claim}"))
        }
    }

    /// What is to be written to an object; `None` if it is so already.
    fn content(&self, object: &Value) -> Option<Value> {
        let content = match (mark::held(object), self.to) {
            (Held::By(claim), Some(to)) if claim == *to => return None,
            // A start is clean: what an earlier rollout noted there says nothing any more.
            (_, Some(to)) if self.from.is_none() => {
                mark::with_claim(&mark::with_claim(object, None), Some(to))
            }
            (_, Some(to)) => mark::with_claim(object, Some(to)),
            (_, None) => {
                let epoch = self.from.map_or(0, |claim| claim.epoch);
                mark::given_up(object, epoch)
            }
        };
        (content != *object).then_some(content)
    }

    /// Carries it out, in this order; giving up goes backwards.
    ///
    /// A failure after the first object says that the claim may be taken: it is on that object.
    pub(crate) async fn carry_out(
        &self,
        api: &Api,
        watches: &Watches,
        order: &[ObjectRef],
        known: &Objects,
    ) -> Result<(), TargetError> {
        for object in order {
            if let Some(content) = known.get(object) {
                self.check(object, content)?;
            }
        }
        self.check_from(order, known)?;
        let mut order = order.to_vec();
        if self.to.is_none() {
            order.reverse();
        }
        let mut written = false;
        for object in order {
            if let Some(content) = known.get(&object) {
                match self.stamp(api, watches, &object, content.clone()).await {
                    Ok(stamped) => written |= stamped,
                    Err(error) if written => return Err(error.maybe_taken()),
                    Err(error) => return Err(error),
                }
            }
        }
        Ok(())
    }

    /// Whether it had to be written.
    async fn stamp(
        &self,
        api: &Api,
        watches: &Watches,
        object: &ObjectRef,
        mut known: Value,
    ) -> Result<bool, TargetError> {
        for attempt in 1.. {
            self.check(object, &known)?;
            let Some(content) = self.content(&known) else {
                return Ok(false);
            };
            match api.replace(object, &content).await {
                Ok(stored) => {
                    watches.wrote(object, &stored);
                    return Ok(true);
                }
                Err(error) if error.kind == TargetErrorKind::Conflict && attempt < ATTEMPTS => {
                    match api.get(object).await? {
                        Some(fresh) => known = fresh,
                        None => return Ok(false),
                    }
                }
                // Whose claim it is was checked each time: it is ours to take, and the object is busy.
                Err(mut error) if error.kind == TargetErrorKind::Conflict => {
                    error.kind = TargetErrorKind::Unavailable;
                    return Err(error);
                }
                Err(error) if self.only_marks(&known, &error) => return Ok(false),
                Err(error) => return Err(error),
            }
        }
        Ok(false)
    }

    /// What was to be left behind on an object that nobody claims is refused to us for good: who may not
    /// write the object could not claim it either, and the claim on the others has to come off.
    fn only_marks(&self, object: &Value, error: &TargetError) -> bool {
        self.to.is_none()
            && matches!(mark::held(object), Held::Free { .. })
            && error.kind == TargetErrorKind::PermissionDenied
    }

    fn check(&self, object: &ObjectRef, content: &Value) -> Result<(), TargetError> {
        self.allows(content)
            .map_err(|message| found(TargetErrorKind::Conflict, "claim", &object, message))
    }

    /// `from` must be what is there: a claim that was given up or removed is not taken over.
    fn check_from(&self, order: &[ObjectRef], known: &Objects) -> Result<(), TargetError> {
        let (Some(from), Some(first)) = (self.from, order.first()) else {
            return Ok(());
        };
        let there = in_force(order, known)?;
        let expected = [Some(from), self.to];
        if self.to.is_none() && there.is_none() || expected.contains(&there.as_ref()) {
            return Ok(());
        }
        let message = match there {
            None => format!("{from} was expected there, and nobody's claim is"),
            Some(there) => format!("{from} was expected there, and {there} is"),
        };
        Err(found(TargetErrorKind::Conflict, "claim", &first, message))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn claim(holder: &str, epoch: u64) -> Claim {
        Claim {
            holder: holder.parse().unwrap(),
            epoch,
        }
    }

    fn held_by(claim: Option<&Claim>) -> Value {
        mark::with_claim(&json!({"metadata": {}}), claim)
    }

    #[test]
    fn only_the_hands_named_may_let_go() {
        let (ours, theirs) = (claim("a", 2), claim("b", 1));
        let take = Change {
            from: None,
            to: Some(&ours),
        };
        assert!(take.allows(&held_by(None)).is_ok());
        assert!(take.allows(&held_by(Some(&ours))).is_ok());
        assert!(take.allows(&held_by(Some(&theirs))).is_err());
        let over = Change {
            from: Some(&theirs),
            to: Some(&ours),
        };
        assert!(over.allows(&held_by(Some(&theirs))).is_ok());
        assert!(over.allows(&held_by(Some(&claim("b", 2)))).is_err());
        assert!(over.allows(&held_by(Some(&claim("a", 1)))).is_ok());
        assert!(over.allows(&held_by(Some(&claim("a", 3)))).is_err());
        let unreadable = json!({"metadata": {"annotations": {"rollway.dev/claim": "mine"}}});
        assert!(over.allows(&unreadable).is_err());
    }

    #[test]
    fn a_claim_that_is_over_does_not_come_back() {
        let (first, last) = (claim("a", 1), claim("a", 2));
        let (other, higher) = (claim("b", 2), claim("b", 3));
        let take = |to| Change {
            from: None,
            to: Some(to),
        };
        let give_up = Change {
            from: Some(&last),
            to: None,
        };
        // Whether it had come by then or not.
        for object in [held_by(Some(&last)), held_by(None)] {
            let over = give_up.content(&object).unwrap();
            assert_eq!(give_up.content(&over), None, "once is enough");
            for late in [&first, &last, &other] {
                assert!(take(late).allows(&over).is_err(), "{late}");
            }
            assert!(take(&higher).allows(&over).is_ok());
            assert!(give_up.allows(&over).is_ok());
            let order = [ObjectRef::service("api"), ObjectRef::deployment("api")];
            let objects: Objects = [
                (order[0].clone(), over.clone()),
                (order[1].clone(), held_by(None)),
            ]
            .into();
            assert_eq!(last_epoch(&order, &objects), 2);
        }
    }

    #[test]
    fn a_mark_that_is_not_permitted_keeps_no_claim_on_the_others() {
        let ours = claim("a", 1);
        let give_up = Change {
            from: Some(&ours),
            to: None,
        };
        let take = Change {
            from: None,
            to: Some(&ours),
        };
        let error = |kind| TargetError::new(kind, "update", "service/api");
        let denied = error(TargetErrorKind::PermissionDenied);
        assert!(give_up.only_marks(&held_by(None), &denied));
        assert!(!give_up.only_marks(&held_by(Some(&ours)), &denied));
        assert!(!take.only_marks(&held_by(None), &denied));
        let away = error(TargetErrorKind::Unavailable);
        assert!(!give_up.only_marks(&held_by(None), &away));
    }

    #[test]
    fn what_was_expected_must_be_there() {
        let (ours, next) = (claim("a", 1), claim("a", 2));
        let order = [ObjectRef::service("api"), ObjectRef::deployment("api")];
        let objects = |claim: Option<&Claim>| -> Objects {
            let both = order.iter().map(|object| (object.clone(), held_by(claim)));
            both.collect()
        };
        let change = Change {
            from: Some(&ours),
            to: Some(&next),
        };
        assert!(change.check_from(&order, &objects(Some(&ours))).is_ok());
        assert!(change.check_from(&order, &objects(Some(&next))).is_ok());
        assert!(change.check_from(&order, &objects(None)).is_err());
        assert!(
            change
                .check_from(&order, &objects(Some(&claim("b", 1))))
                .is_err()
        );
        let give_up = Change {
            from: Some(&ours),
            to: None,
        };
        assert!(give_up.check_from(&order, &objects(None)).is_ok());
        assert!(give_up.check_from(&order, &objects(Some(&next))).is_err());
    }

    #[test]
    fn a_new_start_is_clean_and_a_takeover_keeps_the_notes() {
        let (old, new) = (claim("a", 1), claim("a", 2));
        let mut noted = held_by(Some(&old));
        mark::note(&mut noted, "replicas", json!(3));
        let over = Change {
            from: Some(&old),
            to: Some(&new),
        };
        assert_eq!(mark::written(&over.content(&noted).unwrap())["replicas"], 3);
        let mut left_behind = held_by(None);
        mark::note(&mut left_behind, "replicas", json!(3));
        let take = Change {
            from: None,
            to: Some(&new),
        };
        assert!(mark::written(&take.content(&left_behind).unwrap()).is_empty());
        assert_eq!(take.content(&held_by(Some(&new))), None);
    }
}
