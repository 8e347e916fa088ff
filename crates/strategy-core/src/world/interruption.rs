//! What is to happen at a call to the platform or at a write of a journal, by its number.
#![cfg_attr(
    not(any(feature = "simulation", test)),
    expect(dead_code, reason = "only whoever runs processes interrupts them")
)]

use std::collections::BTreeMap;

use super::happening::Happening;
use super::log::Process;

/// What a process is interrupted at. Both are counted from 1, over all parts and processes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Point {
    /// A call to the platform, discover, admit, observe, apply or claim; to a hook or to a gate.
    Call(u64),
    /// A write of the journal.
    Append(u64),
}

/// What is done to whoever makes it.
#[derive(Clone, Debug)]
pub(crate) enum Interruption {
    /// Something happens in the world first.
    Happens(Happening),
    /// The process is to be stopped before the call has any effect, or after it and before its answer.
    /// The number is what [`Interruptions::raised`] tells.
    Stops { after: bool, number: usize },
}

/// What a call meets.
#[derive(Clone, Debug, Default)]
pub(crate) struct Met {
    pub(crate) before: Vec<usize>,
    pub(crate) after: Vec<usize>,
}

/// All interruptions that are to come, and the processes that wait at one.
#[derive(Debug, Default)]
pub(super) struct Interruptions {
    calls: u64,
    appends: u64,
    planned: BTreeMap<Point, Vec<Interruption>>,
    raised: Vec<(Process, usize)>,
}

impl Interruptions {
    pub(super) fn plan(&mut self, point: Point, interruption: Interruption) {
        self.planned.entry(point).or_default().push(interruption);
    }

    pub(super) fn call(&mut self) -> Vec<Interruption> {
        self.calls += 1;
        self.planned
            .remove(&Point::Call(self.calls))
            .unwrap_or_default()
    }

    pub(super) fn append(&mut self) -> Vec<Interruption> {
        self.appends += 1;
        self.planned
            .remove(&Point::Append(self.appends))
            .unwrap_or_default()
    }

    pub(super) const fn counts(&self) -> (u64, u64) {
        (self.calls, self.appends)
    }

    pub(super) fn raise(&mut self, process: Process, number: usize) {
        self.raised.push((process, number));
    }

    /// Whether a process is to be stopped, and nobody has done so yet.
    pub(super) fn is_raised(&self, process: Process) -> bool {
        self.raised.iter().any(|(raised, _)| *raised == process)
    }

    pub(super) fn raised(&mut self) -> Vec<(Process, usize)> {
        std::mem::take(&mut self.raised)
    }
}
