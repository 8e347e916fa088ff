//! What a rollout leaves on the services it works with, as tags: whose they are, what it wrote there,
//! and which claims are over.
//!
//! A tag's value is at most 256 letters, digits, spaces and `+ - = . _ : / @`.

use std::collections::BTreeMap;

use aws_sdk_ecs::types::{Service, Tag};
use strategy_core::target::Claim;

/// The claim: `holder/epoch`.
pub(crate) const CLAIM: &str = "rollway.dev/claim";

/// The highest epoch that was given up: a number. It stays, so that a late claim is refused.
pub(crate) const LAST_EPOCH: &str = "rollway.dev/last-epoch";

/// What the holder of the claim is about to write or has written, on stable's service; see
/// [`note`](crate::note).
pub(crate) const WRITTEN: &str = "rollway.dev/written";

/// The same about preview rules; not there as long as there are none. See [`note`](crate::note).
pub(crate) const PREVIEWS: &str = "rollway.dev/previews";

/// Which release a task definition was registered for.
pub(crate) const RELEASE: &str = "rollway.dev/release";

/// From which task definition it was made.
pub(crate) const BASE: &str = "rollway.dev/base";

/// What begins each of our keys.
pub(crate) const OURS: &str = "rollway.dev/";

/// Who holds a service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Held {
    /// Nobody, and a claim must have a higher epoch than this.
    Free {
        last_epoch: u64,
    },
    By(Claim),
    /// Something is there that is no claim or no epoch, and which tag.
    Unreadable {
        tag: &'static str,
        text: String,
    },
}

/// The value of a tag.
pub(crate) fn value<'a>(tags: &'a [Tag], key: &str) -> Option<&'a str> {
    let mut tags = tags.iter();
    tags.find(|tag| tag.key.as_deref() == Some(key))?
        .value
        .as_deref()
}

pub(crate) fn tag(key: &str, value: impl Into<String>) -> Tag {
    Tag::builder().key(key).value(value).build()
}

/// Those that a person or a tool of theirs has set: neither ours nor the platform's.
pub(crate) fn of_others(tags: &[Tag]) -> impl Iterator<Item = &Tag> {
    tags.iter().filter(|tag| {
        let key = tag.key.as_deref().unwrap_or_default();
        !key.starts_with(OURS) && !key.starts_with("aws:")
    })
}

/// Who holds the service.
pub(crate) fn held(service: &Service) -> Held {
    let unreadable = |tag, text: &str| Held::Unreadable {
        tag,
        text: text.chars().take(80).collect(),
    };
    match value(service.tags(), CLAIM) {
        None | Some("") => match value(service.tags(), LAST_EPOCH) {
            None | Some("") => Held::Free { last_epoch: 0 },
            Some(epoch) => match epoch.parse() {
                Ok(last_epoch) => Held::Free { last_epoch },
                Err(_) => unreadable(LAST_EPOCH, epoch),
            },
        },
        Some(text) => match claim(text) {
            Some(claim) => Held::By(claim),
            None => unreadable(CLAIM, text),
        },
    }
}

/// Whether nobody holds it.
pub(crate) fn is_free(service: &Service) -> bool {
    matches!(held(service), Held::Free { .. })
}

/// The highest epoch that was given up there, claimed or not; none, or none that can be read, is 0.
pub(crate) fn last_epoch(service: &Service) -> u64 {
    let epoch = value(service.tags(), LAST_EPOCH);
    epoch.and_then(|epoch| epoch.parse().ok()).unwrap_or(0)
}

fn claim(text: &str) -> Option<Claim> {
    let (holder, epoch) = text.rsplit_once('/')?;
    Some(Claim {
        holder: holder.parse().ok()?,
        epoch: epoch.parse().ok()?,
    })
}

/// What is to become of a service's tags.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Retag {
    pub(crate) set: BTreeMap<&'static str, String>,
    pub(crate) remove: Vec<&'static str>,
}

impl Retag {
    pub(crate) fn is_nothing(&self) -> bool {
        self.set.is_empty() && self.remove.is_empty()
    }

    /// The claim put on; a note of an earlier rollout says nothing any more and is emptied.
    pub(crate) fn claimed(service: &Service, claim: &Claim, is_start: bool) -> Self {
        let mut set = BTreeMap::new();
        if held(service) != Held::By(claim.clone()) {
            set.insert(CLAIM, claim.to_string());
            for key in [WRITTEN, PREVIEWS] {
                let note = value(service.tags(), key).unwrap_or_default();
                if is_start && !note.is_empty() {
                    set.insert(key, String::new());
                }
            }
        }
        let remove = Vec::new();
        Self { set, remove }
    }

    /// The claim taken off, and no claim up to this epoch comes back.
    pub(crate) fn given_up(service: &Service, epoch: u64) -> Self {
        let last = last_epoch(service).max(epoch).to_string();
        let is_there = value(service.tags(), LAST_EPOCH) == Some(&last);
        let set = (!is_there).then_some((LAST_EPOCH, last));
        let mine = [CLAIM, WRITTEN, PREVIEWS].into_iter();
        Self {
            set: set.into_iter().collect(),
            remove: mine
                .filter(|key| value(service.tags(), key).is_some())
                .collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn service(tags: &[(&str, &str)]) -> Service {
        let tags = tags.iter().map(|(key, value)| tag(key, *value)).collect();
        Service::builder().set_tags(Some(tags)).build()
    }

    fn claim_of(epoch: u64) -> Claim {
        Claim {
            holder: "api-1.x_y".parse().unwrap(),
            epoch,
        }
    }

    #[test]
    fn a_claim_survives_a_tag_and_fits_into_one() {
        let long = Claim {
            holder: "a".repeat(63).parse().unwrap(),
            epoch: u64::MAX,
        };
        for claim in [claim_of(3), long] {
            let retag = Retag::claimed(&service(&[]), &claim, true);
            let text = &retag.set[CLAIM];
            assert!(text.len() <= 256, "{text}");
            let allowed = |c: char| c.is_ascii_alphanumeric() || " +-=._:/@".contains(c);
            assert!(text.chars().all(allowed), "{text}");
            let claimed = service(&[(CLAIM, text), ("team", "shop")]);
            assert_eq!(held(&claimed), Held::By(claim.clone()));
            assert!(Retag::claimed(&claimed, &claim, true).is_nothing());
        }
    }

    #[test]
    fn epochs_that_are_over_stay_over() {
        let held_by = service(&[(CLAIM, "api/2"), (WRITTEN, "id=1"), (LAST_EPOCH, "1")]);
        let over = Retag::given_up(&held_by, 2);
        assert_eq!(over.set[LAST_EPOCH], "2");
        assert_eq!(over.remove, [CLAIM, WRITTEN]);
        let free = service(&[(LAST_EPOCH, "3")]);
        assert_eq!(held(&free), Held::Free { last_epoch: 3 });
        assert!(Retag::given_up(&free, 2).is_nothing(), "it never falls");
        assert_eq!(held(&service(&[])), Held::Free { last_epoch: 0 });
    }

    #[test]
    fn what_is_no_claim_is_not_taken_for_none() {
        for (tag, text) in [(CLAIM, "mine"), (CLAIM, "a/b"), (LAST_EPOCH, "many")] {
            let Held::Unreadable {
                tag: named,
                text: told,
            } = held(&service(&[(tag, text)]))
            else {
                panic!("{text} is guessed");
            };
            assert_eq!((named, told.as_str()), (tag, text));
        }
    }

    #[test]
    fn a_new_start_is_clean_and_a_takeover_keeps_the_notes() {
        let noted = service(&[(CLAIM, "api/1"), (WRITTEN, "id=1 r0=a")]);
        let over = Retag::claimed(&noted, &claim_of(2), false);
        assert!(!over.set.contains_key(WRITTEN));
        let left_behind = service(&[(WRITTEN, "id=1 r0=a")]);
        let start = Retag::claimed(&left_behind, &claim_of(2), true);
        assert_eq!(start.set[WRITTEN], "");
    }

    #[test]
    fn tags_of_others_are_neither_ours_nor_the_platforms() {
        let all = service(&[(CLAIM, "a/1"), ("team", "shop"), ("aws:ecs:x", "y")]);
        let keys: Vec<_> = of_others(all.tags()).filter_map(Tag::key).collect();
        assert_eq!(keys, ["team"]);
    }
}
