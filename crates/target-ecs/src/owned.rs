//! The content of every field the target owns, as short texts by short names, small enough to be
//! compared, journaled and noted in a tag.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use strategy_core::Track;
use strategy_core::target::{ForeignField, Owned, TargetError, TargetErrorKind};

use crate::digest::digest;
use crate::error::found;
use crate::forward::Forward;

/// What stands for a field that is not there: of a service that is absent.
pub(crate) const NONE: &str = "-";

/// Hexadecimal digits of a digest: with five rules they fit into one tag.
const DIGITS: usize = 10;

/// Field by field. What a claim writes is no part of it.
///
/// `r0`, `r1`: what each rule forwards to. `p10`: the preview rule of rule 1 for the first route.
/// Of each track (`s` stable, `c` candidate): `sd` the task
/// definition; `sn` the count, or `sm` the minimum, `sp` what is suspended and `sz` whether the count
/// is 0, where an autoscaler decides it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Fields(pub(crate) BTreeMap<String, String>);

/// How many a service has been told to run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Count {
    Plain(u32),
    Scaled(Scaled),
}

/// What tells the floor of an autoscaler.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Scaled {
    pub(crate) minimum: u32,
    pub(crate) suspended: Suspended,
    /// The count is 0.
    pub(crate) off: bool,
}

/// Which of its activities an autoscaler may not take up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Suspended {
    pub(crate) scale_in: bool,
    pub(crate) scale_out: bool,
    pub(crate) scheduled: bool,
}

impl Suspended {
    pub(crate) const ALL: Self = Self {
        scale_in: true,
        scale_out: true,
        scheduled: true,
    };

    fn text(self) -> String {
        let letters = [
            (self.scale_in, 'i'),
            (self.scale_out, 'o'),
            (self.scheduled, 's'),
        ];
        let letters = letters.into_iter().filter(|(on, _)| *on);
        let text: String = letters.map(|(_, letter)| letter).collect();
        if text.is_empty() {
            NONE.to_owned()
        } else {
            text
        }
    }
}

const fn letter(track: Track) -> char {
    match track {
        Track::Stable => 's',
        Track::Candidate => 'c',
    }
}

/// The field of a rule.
pub(crate) fn rule_name(index: usize) -> String {
    format!("r{index}")
}

impl Fields {
    /// What a rule forwards to.
    pub(crate) fn rule(&mut self, index: usize, forward: &Forward) {
        let text = serde_json::to_string(&forward.canonical()).unwrap_or_default();
        self.0.insert(rule_name(index), digest(&text, DIGITS));
    }

    /// What a track has been told; without it the service is absent.
    pub(crate) fn track(&mut self, track: Track, told: Option<(&str, Count)>) {
        let letter = letter(track);
        let mut put = |field: char, text: String| self.0.insert(format!("{letter}{field}"), text);
        let Some((definition, count)) = told else {
            return;
        };
        put('d', digest(definition, DIGITS));
        match count {
            Count::Plain(number) => {
                put('n', number.to_string());
            }
            Count::Scaled(scaled) => {
                put('m', scaled.minimum.to_string());
                put('p', scaled.suspended.text());
                put('z', u8::from(scaled.off).to_string());
            }
        }
    }

    pub(crate) fn of(&self, field: &str) -> &str {
        self.0.get(field).map_or(NONE, String::as_str)
    }

    /// Those of the services alone.
    pub(crate) fn of_tracks(&self) -> Self {
        let fields = self.0.iter().filter(|(name, _)| whose(name).is_some());
        Self(
            fields
                .map(|(name, now)| (name.clone(), now.clone()))
                .collect(),
        )
    }

    /// The names of the fields of both.
    pub(crate) fn names<'a>(&'a self, other: &'a Self) -> BTreeSet<&'a str> {
        let names = self.0.keys().chain(other.0.keys());
        names.map(String::as_str).collect()
    }

    pub(crate) fn wrap(&self) -> Result<Owned, TargetError> {
        let text = serde_json::to_string(self);
        text.map(Owned).map_err(|error| {
            let kind = TargetErrorKind::Unexpected;
            found(kind, "encode", "owned fields", error.to_string())
        })
    }

    pub(crate) fn read(owned: &Owned) -> Result<Self, TargetError> {
        serde_json::from_str(&owned.0).map_err(|error| {
            let kind = TargetErrorKind::InvalidConfig;
            found(kind, "read", "owned fields", error.to_string())
        })
    }

    /// The law: every field is as it was seen or as it is wanted, or on the way from one to the other
    /// where that takes two calls. `Err` names the first that is not.
    ///
    /// `unwired`: see [`State::unwired`](crate::view::State::unwired).
    pub(crate) fn check(&self, unwired: &Self, seen: &Self, wanted: &Self) -> Result<(), String> {
        let names = self.names(seen).into_iter().chain(wanted.names(wanted));
        for name in names {
            let lawful = |now: &str| {
                now == seen.of(name)
                    || now == wanted.of(name)
                    || is_on_its_way_out(name, now, wanted.of(name))
            };
            let as_if = unwired.0.get(name);
            if !lawful(self.of(name)) && !as_if.is_some_and(|now| lawful(now)) {
                return Err(words(name));
            }
        }
        Ok(())
    }
}

/// A service is scaled to 0 before it is removed.
pub(crate) fn is_on_its_way_out(name: &str, now: &str, wanted: &str) -> bool {
    name.ends_with('n') && now == "0" && wanted == NONE
}

/// What a field is about, for people.
pub(crate) fn words(name: &str) -> String {
    let whose = match name.chars().next() {
        Some('s') => "stable",
        Some('c') => "the candidate",
        Some('p') => return format!("the preview rule {}", name.trim_start_matches('p')),
        _ => return format!("the traffic of rule {}", name.trim_start_matches('r')),
    };
    match name.chars().nth(1) {
        Some('d') => format!("the task definition of {whose}"),
        Some('m') => format!("the minimum of the autoscaler of {whose}"),
        Some('p') => format!("the suspension of the autoscaler of {whose}"),
        _ => format!("the count of {whose}"),
    }
}

/// What a change of a field is about.
pub(crate) fn field(name: &str) -> ForeignField {
    match (name.starts_with(['r', 'p']), name.ends_with('d')) {
        (true, _) => ForeignField::Traffic,
        (false, true) => ForeignField::Revision,
        (false, false) => ForeignField::Capacity,
    }
}

/// Whose field it is; `None` of a rule or preview rule.
pub(crate) fn whose(name: &str) -> Option<Track> {
    match name.chars().next() {
        Some('s') => Some(Track::Stable),
        Some('c') => Some(Track::Candidate),
        Some(_) | None => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(definition: &str, count: Count) -> Fields {
        let mut fields = Fields::default();
        fields.track(Track::Stable, Some(("api:1", Count::Plain(3))));
        fields.track(Track::Candidate, Some((definition, count)));
        fields
    }

    #[test]
    fn each_field_may_be_as_seen_or_as_wanted_and_nothing_else() {
        let plain = |definition, number| fields(definition, Count::Plain(number));
        let (seen, wanted) = (plain("api:1", 1), plain("api:2", 2));
        for now in [("api:1", 1), ("api:1", 2), ("api:2", 1), ("api:2", 2)] {
            assert_eq!(
                plain(now.0, now.1).check(&Fields::default(), &seen, &wanted),
                Ok(())
            );
        }
        let other = plain("api:3", 2).check(&Fields::default(), &seen, &wanted);
        assert_eq!(
            other,
            Err("the task definition of the candidate".to_owned())
        );
        let other = plain("api:2", 5).check(&Fields::default(), &seen, &wanted);
        assert_eq!(other, Err("the count of the candidate".to_owned()));
        let mut absent = Fields::default();
        absent.track(Track::Stable, Some(("api:1", Count::Plain(3))));
        assert!(
            absent.check(&Fields::default(), &seen, &wanted).is_err(),
            "gone is a change"
        );
        assert_eq!(absent.check(&Fields::default(), &absent, &wanted), Ok(()));
        assert_eq!(seen.check(&Fields::default(), &seen, &absent), Ok(()));
    }

    #[test]
    fn what_takes_two_calls_may_end_between_them() {
        let none = Fields::default();
        let mut absent = Fields::default();
        absent.track(Track::Stable, Some(("api:1", Count::Plain(3))));
        let plain = |number| fields("api:2", Count::Plain(number));
        let (seen, empty) = (plain(2), plain(0));
        assert_eq!(empty.check(&none, &seen, &absent), Ok(()));
        assert!(empty.check(&none, &seen, &plain(3)).is_err());
        assert!(plain(1).check(&none, &seen, &absent).is_err());
        let to = |weights: &[(&str, u32)]| {
            let groups = weights.iter().map(|(arn, weight)| crate::forward::Group {
                arn: (*arn).to_owned(),
                weight: *weight,
            });
            let mut fields = Fields::default();
            let groups = groups.collect();
            let stickiness = None;
            fields.rule(0, &Forward { groups, stickiness });
            fields
        };
        let (seen, wired) = (to(&[("blue", 1)]), to(&[("blue", 1), ("green", 0)]));
        let wanted = to(&[("blue", 1), ("green", 1)]);
        assert!(wired.check(&none, &seen, &wanted).is_err());
        assert_eq!(wired.check(&seen, &seen, &wanted), Ok(()));
        assert!(seen.check(&none, &wired, &wanted).is_err(), "taken out");
    }

    #[test]
    fn a_floor_may_be_written_halfway() {
        let scaled = |minimum, suspended, off| {
            fields(
                "api:1",
                Count::Scaled(Scaled {
                    minimum,
                    suspended,
                    off,
                }),
            )
        };
        let (on, all) = (Suspended::default(), Suspended::ALL);
        let (seen, wanted) = (scaled(1, all, true), scaled(3, on, false));
        for now in [
            scaled(3, on, false),
            scaled(3, on, true),
            scaled(1, on, false),
        ] {
            assert_eq!(now.check(&Fields::default(), &seen, &wanted), Ok(()));
        }
        assert!(
            scaled(2, on, false)
                .check(&Fields::default(), &seen, &wanted)
                .is_err()
        );
    }

    #[test]
    fn owned_survives_text_and_stays_small() {
        let owned = fields("api:1", Count::Plain(7)).wrap().unwrap();
        assert!(owned.0.len() < 120, "{}", owned.0);
        let read = Fields::read(&owned).unwrap();
        assert_eq!(read, fields("api:1", Count::Plain(7)));
    }
}
