//! What is about to be written, noted in tags before it is, so that other people's changes show.
//!
//! Each field from what to what: a process that ends between note and write leaves either value ours.
//! Once the write is known to be complete, which the binding remembers, only the later value is. Where an earlier
//! note lands over a later one, the binding's copy of the later one counts.

use std::collections::BTreeMap;
use std::fmt;

use aws_sdk_ecs::types::Service;
use strategy_core::target::{Apply, EffectId};

use crate::mark::{self, PREVIEWS, Retag, WRITTEN};
use crate::owned::{Fields, is_on_its_way_out};
use crate::previews::{Short, Slot};

/// What a field may be without being somebody else's doing.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Step {
    from: String,
    to: String,
}

/// The note of one write.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Note {
    steps: BTreeMap<String, Step>,
    traffic: Option<[Short; 2]>,
}

/// As it stands in a tag: `cn=0:2`, or `cn=2` of what stays.
fn step(name: &str, now: &Fields, wanted: &Fields) -> String {
    match (now.of(name), wanted.of(name)) {
        (from, to) if from == to => format!("{name}={to}"),
        (from, to) => format!("{name}={from}:{to}"),
    }
}

/// Which write a note is of: later ones are greater. A call that nobody waits for any more may put an earlier
/// note over a later one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Stamp {
    /// Of the claim.
    pub(crate) epoch: u64,
    /// Of the write, which grows within a rollout.
    pub(crate) id: EffectId,
}

impl Stamp {
    pub(crate) fn of(request: &Apply) -> Self {
        Self {
            epoch: request.claim.epoch,
            id: request.id,
        }
    }

    /// Of a note that has one.
    fn read(text: &str) -> Option<Self> {
        let mut words = text.split_whitespace();
        let (epoch, id) = words
            .find_map(|word| word.strip_prefix("id="))?
            .split_once('.')?;
        Some(Self {
            epoch: epoch.parse().ok()?,
            id: EffectId(id.parse().ok()?),
        })
    }
}

/// As it stands in a note: `id=2.17`.
impl fmt::Display for Stamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "id={}.{}", self.epoch, self.id.0)
    }
}

/// Whether a note came too late to say anything: an earlier one than that which is known to have gone through, or
/// of a claim that was over when the rollout began.
pub(crate) fn is_late(text: &str, done: Option<&str>, over: u64) -> bool {
    let done = done.and_then(Stamp::read);
    Stamp::read(text)
        .is_some_and(|stamp| stamp.epoch <= over || done.is_some_and(|done| stamp < done))
}

/// The text of a note without preview rules: `id=2.17 cn=0:2 sd=99ff`.
pub(crate) fn text(stamp: Stamp, now: &Fields, wanted: &Fields) -> String {
    let names = now.names(wanted).into_iter();
    let steps = names.map(|name| format!(" {}", step(name, now, wanted)));
    format!("{stamp}{}", steps.collect::<String>())
}

/// A note as it stands in tags: `id=2.17 cn=0:2 r0=ab12:cd34 sd=99ff`, and `p00=-:ef56` of preview rules.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Text {
    pub(crate) written: String,
    pub(crate) previews: String,
}

impl Text {
    /// `traffic`: before and after it.
    pub(crate) fn new(stamp: Stamp, [now, wanted]: [&Fields; 2], [from, to]: [Short; 2]) -> Self {
        let (mut written, mut previews) = (vec![stamp.to_string()], Vec::new());
        for name in now.names(wanted) {
            let step = step(name, now, wanted);
            match Slot::of_field(name) {
                Some(_) => previews.push(step),
                None => written.push(step),
            }
        }
        if !previews.is_empty() {
            previews.push(format!("w={from}:{to}"));
        }
        Self {
            written: written.join(" "),
            previews: previews.join(" "),
        }
    }

    /// As it stands on a service.
    pub(crate) fn of(service: &Service) -> Self {
        let value = |key| {
            mark::value(service.tags(), key)
                .unwrap_or_default()
                .to_owned()
        };
        Self {
            written: value(WRITTEN),
            previews: value(PREVIEWS),
        }
    }

    /// What is to become of the tags of a service, so that it stands there.
    pub(crate) fn retag(&self, service: &Service) -> Retag {
        let mut retag = Retag::default();
        retag.set.insert(WRITTEN, self.written.clone());
        if Self::of(service).previews != self.previews {
            retag.set.insert(PREVIEWS, self.previews.clone());
        }
        retag
    }

    /// `None` if it is no note.
    pub(crate) fn read(&self) -> Option<Note> {
        Note::read(&format!("{} {}", self.written, self.previews))
    }
}

impl Note {
    /// `None` if it is no note.
    pub(crate) fn read(text: &str) -> Option<Self> {
        let (mut steps, mut traffic) = (BTreeMap::new(), None);
        for word in text.split_whitespace() {
            let (name, values) = word.split_once('=')?;
            if name == "id" {
                continue;
            }
            let (from, to) = values.split_once(':').unwrap_or((values, values));
            if name == "w" {
                traffic = Some([Short::read(from)?, Short::read(to)?]);
                continue;
            }
            let (from, to) = (from.to_owned(), to.to_owned());
            steps.insert(name.to_owned(), Step { from, to });
        }
        Some(Self { steps, traffic })
    }

    /// Whether a field that is so is as we wrote it, or may have; what is not noted is nobody's doing of
    /// ours. `complete`: the write is known to have gone through.
    pub(crate) fn explains(&self, name: &str, now: &str, start: &str, complete: bool) -> bool {
        match self.steps.get(name) {
            Some(step) => {
                let on_its_way = || now == step.from || is_on_its_way_out(name, now, &step.to);
                now == step.to || (!complete && on_its_way())
            }
            None => now == start,
        }
    }

    /// The places of preview rules that it tells of.
    pub(crate) fn slots(&self) -> impl Iterator<Item = &str> {
        let names = self.steps.keys().map(String::as_str);
        names.filter(|name| Slot::of_field(name).is_some())
    }

    /// The traffic before and after it, of a write that has to do with preview rules.
    pub(crate) const fn traffic(&self) -> Option<[Short; 2]> {
        self.traffic
    }

    /// From what to what a field was to go; `None`: it is not noted.
    pub(crate) fn step(&self, name: &str) -> Option<(&str, &str)> {
        let step = self.steps.get(name)?;
        Some((&step.from, &step.to))
    }

    /// Whether a field is as it was to become; one that is not noted was to become nothing.
    pub(crate) fn has_led(&self, name: &str, now: &str) -> bool {
        self.steps.get(name).is_none_or(|step| step.to == now)
    }

    /// Whether this is what it was to lead to.
    pub(crate) fn leads_to(&self, fields: &Fields) -> bool {
        let all = fields.0.iter();
        self.steps
            .iter()
            .all(|(name, step)| fields.of(name) == step.to)
            && all.clone().all(|(name, _)| self.steps.contains_key(name))
    }
}

#[cfg(test)]
mod tests {
    use strategy_core::Track;

    use super::*;
    use crate::forward::{Forward, Group};
    use crate::owned::{Count, NONE, Scaled, Suspended};

    fn fields(rules: usize, weight: u32, count: Option<Count>) -> Fields {
        let mut fields = Fields::default();
        for index in 0..rules {
            let arn = "blue".to_owned();
            let groups = vec![Group { arn, weight }];
            let stickiness = None;
            fields.rule(index, &Forward { groups, stickiness });
        }
        let scaled = |minimum| {
            Count::Scaled(Scaled {
                minimum,
                suspended: Suspended::ALL,
                off: minimum == 0,
            })
        };
        fields.track(Track::Stable, Some(("api:1", scaled(weight))));
        fields.track(Track::Candidate, count.map(|count| ("api:2", count)));
        fields
    }

    fn stamp(epoch: u64, id: u64) -> Stamp {
        let id = EffectId(id);
        Stamp { epoch, id }
    }

    #[test]
    fn an_earlier_note_than_the_last_that_went_through_is_late() {
        let done = Some("id=2.10 r0=a:b");
        for (text, late) in [
            ("id=2.9 r0=x:a", true),
            ("id=1.11 r0=x:a", true),
            ("id=2.10 r0=a:b", false),
            ("id=2.11 r0=b:c", false),
            ("id=3.1 r0=b:c", false),
            ("", false),
            ("something else", false),
        ] {
            assert_eq!(is_late(text, done, 0), late, "{text}");
        }
        assert!(!is_late("id=2.1", None, 1));
        assert!(is_late("id=2.1", None, 2), "its claim was over");
    }

    fn traffic() -> [Short; 2] {
        [Short::of(&strategy_core::Traffic::default()); 2]
    }

    #[test]
    fn the_longest_note_fits_into_a_tag() {
        let rules = crate::config::MOST_RULES;
        let now = fields(rules, 0, None);
        let wanted = fields(rules, 99_999, Some(Count::Plain(99_999)));
        let text = Text::new(stamp(9_999, 999_999), [&now, &wanted], traffic()).written;
        assert!(text.len() <= 256, "{} of {text}", text.len());
        let allowed = |c: char| c.is_ascii_alphanumeric() || " +-=._:/@".contains(c);
        assert!(text.chars().all(allowed), "{text}");
    }

    #[test]
    fn until_it_is_complete_either_value_is_ours_and_then_one() {
        let now = fields(1, 1, None);
        let wanted = fields(1, 1, Some(Count::Plain(2)));
        let read = Text::new(stamp(1, 1), [&now, &wanted], traffic())
            .read()
            .unwrap();
        for (value, under_way, complete) in
            [(NONE, true, false), ("2", true, true), ("3", false, false)]
        {
            assert_eq!(
                read.explains("cn", value, NONE, false),
                under_way,
                "{value}"
            );
            assert_eq!(read.explains("cn", value, NONE, true), complete, "{value}");
        }
        assert!(read.leads_to(&wanted) && !read.leads_to(&now));
    }

    #[test]
    fn what_is_not_noted_is_as_it_was_at_the_start() {
        let note = Note::read("id=1").unwrap();
        assert!(note.explains("sn", "3", "3", false));
        assert!(!note.explains("sn", "4", "3", false));
        assert_eq!(Note::read("something else"), None);
        assert_eq!(Note::read("").unwrap(), Note::default());
    }
}
