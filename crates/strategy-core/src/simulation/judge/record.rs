//! The log as it is judged: by part, each write with what its process had been shown.

use std::collections::BTreeMap;

use super::view::View;
use crate::release::Part;
use crate::rollout::{Answer, CommandId, Outcome, Wish};
use crate::simulation::SimulationReport;
use crate::target::{Claim, Desired, EffectId, Effectiveness, Routing};
use crate::timestamp::Timestamp;
use crate::track::{Replicas, Track};
use crate::weight::Weight;
use crate::world::{Author, Entry, Fact, Life, PartSetup, Process, Shape};

/// Everything that is judged.
#[derive(Debug)]
pub(super) struct Record<'a> {
    pub(super) report: &'a SimulationReport,
    /// The parts of the world on which a rollout began.
    pub(super) parts: Vec<PartRecord<'a>>,
    /// Where the process that ended the rollout said so.
    pub(super) ended: Option<(usize, Process)>,
}

/// One part.
#[derive(Debug)]
pub(super) struct PartRecord<'a> {
    pub(super) part: &'a Part,
    pub(super) routing: Routing,
    pub(super) is_fenced: bool,
    /// It cannot be asked whether traffic is effective.
    pub(super) is_assumed: bool,
    pub(super) has_swapped: bool,
    /// Where in the log it was found, where the rollout began, and how it was found.
    found: usize,
    pub(super) begins: usize,
    pub(super) start: View<'a>,
    /// What each process was shown, in order.
    pub(super) shown: Vec<Shown<'a>>,
    /// What took effect since it was found, in order.
    pub(super) writes: Vec<Landed<'a>>,
    /// How it was, from each entry on.
    pub(super) scenes: Vec<(usize, Timestamp, View<'a>)>,
    /// For each process, where it last wrote its journal.
    last_recorded: BTreeMap<Process, usize>,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Shown<'a> {
    pub(super) index: usize,
    pub(super) at: Timestamp,
    pub(super) to: Process,
    pub(super) as_of: Timestamp,
    pub(super) view: View<'a>,
}

/// A write that took effect.
#[derive(Debug)]
pub(super) struct Landed<'a> {
    pub(super) index: usize,
    pub(super) at: Timestamp,
    pub(super) before: View<'a>,
    pub(super) after: View<'a>,
    /// Nothing if it is not a process's.
    pub(super) ours: Option<Ours<'a>>,
    /// Who, if it is not a process.
    pub(super) person: Option<&'a str>,
}

/// A write of a process.
#[derive(Debug)]
pub(super) struct Ours<'a> {
    pub(super) process: Process,
    pub(super) id: EffectId,
    pub(super) claim: &'a Claim,
    /// Where it was asked for; nothing if it never was.
    pub(super) asked: Option<(usize, Timestamp, &'a Desired)>,
    /// Where the journal first held it.
    pub(super) recorded: Option<usize>,
    /// What it can have been decided on: the newest that its process had been shown when the decision went
    /// to the journal, when it was kept, and when the write was begun. Between these a driver may wait for
    /// the journal and see more.
    pub(super) views: Vec<Shown<'a>>,
}

/// What somebody asked for and was obeyed, and where in the log.
#[derive(Clone, Copy, Debug)]
pub(super) struct Obeyed<'a> {
    pub(super) asked: usize,
    /// The journal had it by then; what it led to may have been ordered before.
    pub(super) answered: usize,
    pub(super) wish: &'a Wish,
}

/// A decision in the journal.
#[derive(Clone, Copy, Debug)]
struct Kept {
    /// Where the log says so.
    index: usize,
    /// Where it first went there: before that if the journal took nothing for a while.
    went: usize,
    by: Process,
}

impl<'a> Record<'a> {
    pub(super) fn of(report: &'a SimulationReport) -> Self {
        let log = &report.log;
        let entries = || log.iter().enumerate();
        // Whoever keeps no journal has begun when it claims or asks for something.
        let began = entries().find_map(|(index, entry)| {
            if let Fact::Recorded { by, .. } | Fact::Claimed { by, .. } | Fact::Asked { by, .. } =
                &entry.fact
            {
                Some((index, *by))
            } else {
                None
            }
        });
        let ended = entries().rev().find_map(|(index, entry)| {
            if let Fact::Lives { process, life } = &entry.fact
                && matches!(life, Life::Ended(_))
            {
                Some((index, *process))
            } else {
                None
            }
        });
        let parts = began.map_or_else(Vec::new, |began| {
            let parts = report.parts.iter();
            parts
                .filter_map(|(name, setup)| PartRecord::of(log, name, setup, began))
                .collect()
        });
        Self {
            report,
            parts,
            ended,
        }
    }

    pub(super) fn log(&self) -> &'a [Entry] {
        &self.report.log
    }

    /// Whether the rollout was abandoned with the word that a write may still land on this part.
    pub(super) fn says_a_write_may_land(&self, part: &Part) -> bool {
        let Some(Outcome::Abandoned { left }) = self.report.outcome() else {
            return false;
        };
        let mut left = left.iter().filter(|left| left.part == *part);
        left.any(|left| left.what.contains("may still be taken"))
    }

    /// What people asked for and was obeyed.
    pub(super) fn obeyed(&self) -> impl Iterator<Item = Obeyed<'a>> {
        let mut wishes: BTreeMap<&CommandId, (usize, &Wish)> = BTreeMap::new();
        let entries = self.log().iter().enumerate();
        entries.filter_map(move |(index, entry)| {
            if let Fact::Commanded { id, wish, .. } = &entry.fact {
                wishes.insert(id, (index, wish));
            }
            let Fact::Heard { id, answer } = &entry.fact else {
                return None;
            };
            let (asked, wish) = wishes.get(id).filter(|_| *answer == Answer::Recorded)?;
            Some(Obeyed {
                asked: *asked,
                answered: index,
                wish,
            })
        })
    }

    /// Where and when the outcome was told.
    pub(super) fn ended(&self) -> Option<(usize, Timestamp)> {
        let (index, _) = self.ended?;
        Some((index, self.log().get(index)?.at))
    }
}

impl<'a> PartRecord<'a> {
    fn of(
        log: &'a [Entry],
        name: &str,
        setup: &'a PartSetup,
        (begins, by): (usize, Process),
    ) -> Option<Self> {
        let mut found = None;
        for (index, entry) in log.get(..begins)?.iter().enumerate() {
            if let Fact::Shown {
                part, to, scene, ..
            } = &entry.fact
                && part.as_str() == name
                && *to == by
            {
                found = Some((index, part, scene));
            }
        }
        let (found, part, scene) = found?;
        let can = setup.capabilities();
        let has_swapped = matches!(setup.shape, Shape::Slots { .. })
            && scene.traffic.weight == Weight::FULL
            && can.routing != Routing::FollowsReadiness;
        let mut record = Self {
            part,
            routing: can.routing,
            is_fenced: can.fenced,
            is_assumed: matches!(can.effectiveness, Effectiveness::Assumed { .. }),
            has_swapped,
            found,
            begins,
            start: View::new(scene, has_swapped),
            shown: Vec::new(),
            writes: Vec::new(),
            scenes: Vec::new(),
            last_recorded: BTreeMap::new(),
        };
        record.read(log);
        Some(record)
    }

    fn read(&mut self, log: &'a [Entry]) {
        let mut asked: BTreeMap<(Process, EffectId), (usize, Timestamp, &'a Desired)> =
            BTreeMap::new();
        let mut recorded: BTreeMap<EffectId, Vec<Kept>> = BTreeMap::new();
        let mut refused: BTreeMap<Process, usize> = BTreeMap::new();
        for (index, entry) in log.iter().enumerate() {
            let at = entry.at;
            if let Fact::Changed { part, scene } = &entry.fact
                && part == self.part
            {
                let view = View::new(scene, self.has_swapped);
                self.scenes.push((index, at, view));
            } else if let Fact::Shown {
                part,
                to,
                scene,
                as_of,
            } = &entry.fact
                && part == self.part
            {
                self.shown.push(Shown {
                    index,
                    at,
                    to: *to,
                    as_of: *as_of,
                    view: View::new(scene, self.has_swapped),
                });
            } else if let Fact::Asked {
                part,
                by,
                id,
                desired,
                ..
            } = &entry.fact
                && part == self.part
            {
                asked.insert((*by, *id), (index, at, desired));
            } else if let Fact::Recorded { by, effects, .. } = &entry.fact {
                self.last_recorded.insert(*by, index);
                let went = refused.remove(by).unwrap_or(index);
                for effect in effects {
                    let by = *by;
                    recorded
                        .entry(*effect)
                        .or_default()
                        .push(Kept { index, went, by });
                }
            } else if let Fact::NotRecorded { by } = &entry.fact {
                refused.entry(*by).or_insert(index);
            } else if let Fact::Wrote {
                part,
                author,
                before,
                after,
            } = &entry.fact
                && part == self.part
                && index > self.found
            {
                let after = View::new(after, self.has_swapped);
                let (ours, person) = match author {
                    Author::Process { process, id, claim } => {
                        let asked = asked.get(&(*process, *id)).copied();
                        let recorded = recorded.get(id).map_or(&[][..], Vec::as_slice);
                        let ours = self.ours(*process, *id, claim, asked, recorded);
                        (Some(ours), None)
                    }
                    Author::Person(name) => (None, Some(name.as_str())),
                };
                self.writes.push(Landed {
                    index,
                    at,
                    before: View::new(before, self.has_swapped),
                    after,
                    ours,
                    person,
                });
                self.scenes.push((index, at, after));
            }
        }
    }

    fn ours(
        &self,
        process: Process,
        id: EffectId,
        claim: &'a Claim,
        asked: Option<(usize, Timestamp, &'a Desired)>,
        recorded: &[Kept],
    ) -> Ours<'a> {
        let newest = |before: usize| {
            let mut shown = self.shown.iter().rev();
            shown
                .find(|shown| shown.to == process && shown.index < before)
                .copied()
        };
        let before = asked.map(|(asked, ..)| asked);
        // A snapshot that is written later lists it once more, and decides nothing anew.
        let kept = recorded
            .iter()
            .find(|kept| kept.by == process && before.is_some_and(|asked| kept.index < asked));
        let views = [
            kept.map(|kept| kept.went),
            kept.map(|kept| kept.index),
            before,
        ];
        let mut views: Vec<_> = views.into_iter().flatten().filter_map(newest).collect();
        views.dedup_by_key(|shown| shown.index);
        Ours {
            process,
            id,
            claim,
            asked,
            recorded: recorded.first().map(|kept| kept.index),
            views,
        }
    }

    /// Our writes, with what they are.
    pub(super) fn our_writes(&self) -> impl Iterator<Item = (&Landed<'a>, &Ours<'a>)> {
        let writes = self.writes.iter();
        writes.filter_map(|write| write.ours.as_ref().map(|ours| (write, ours)))
    }

    /// Writes of other people.
    pub(super) fn hands(&self) -> impl Iterator<Item = &Landed<'a>> {
        self.writes.iter().filter(|write| write.person.is_some())
    }

    /// How it was after an entry of the log.
    pub(super) fn view_at(&self, index: usize) -> Option<View<'a>> {
        let upto = self.scenes.partition_point(|(at, ..)| *at <= index);
        let (.., view) = self.scenes.get(upto.checked_sub(1)?)?;
        Some(*view)
    }

    /// What shares are shares of, as this process can know it at this entry: the larger of what stable
    /// wanted at the start and what its autoscaler was shown to want since. It never falls, but what a
    /// process was shown after it last wrote its journal ends with it.
    pub(super) fn baseline(&self, process: Process, index: usize) -> u32 {
        let stable = |view: View<'a>| view.track(Track::Stable);
        let start = stable(self.start).map_or(0, |stable| stable.wanted);
        let known = self.shown.iter().filter(|shown| {
            let last = self.last_recorded.get(&shown.to);
            shown.index >= self.begins
                && shown.index <= index
                && (shown.to == process || last.is_some_and(|last| shown.index < *last))
        });
        let owned = known.filter_map(|shown| stable(shown.view));
        let owned = owned.filter(|stable| matches!(stable.replicas, Replicas::Floor(_)));
        owned.map(|stable| stable.wanted).fold(start, u32::max)
    }
}
