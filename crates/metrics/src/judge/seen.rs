//! What a judge of events has seen so far: of how many it knows, and for how long there were none.

use std::time::Duration;

use strategy_core::analysis::{Count, Verdict, Window};
use strategy_core::duration;
use strategy_core::{Track, Weight};

use super::{JudgeError, Reason, Sight, data_of};
use crate::reading::{Data, Events, Reading, Shape};
use crate::state::{Reader, StateError, Writer};

/// The events of a track in a window, or why there are none.
pub(super) fn events(
    reading: &Reading,
    track: Track,
) -> Result<Result<Events, Verdict>, JudgeError> {
    Ok(
        data_of(reading, track, Shape::Events)?.map(|data| match data {
            Data::Events(events) => {
                let mut events = events.clone();
                events.all.failed = events.all.failed.min(events.all.total);
                events
            }
            Data::Histogram(_) | Data::Units(_) | Data::Values(_) => Events::default(),
        }),
    )
}

/// Tells the share that is written for a look from another one.
pub(super) fn written(sight: &Sight) -> u64 {
    // No share has so many basis points.
    let written = sight.share.map_or(u16::MAX, Weight::basis_points);
    written.into()
}

/// How long a window is, in milliseconds.
pub(super) const fn length(window: Window) -> u64 {
    window
        .to
        .as_millis()
        .saturating_sub(window.from.as_millis())
}

/// All events of a track so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Seen {
    pub(super) all: Count,
    /// Judged time without events, in milliseconds, since the last one.
    silent: u64,
}

impl Seen {
    pub(super) const fn add(&mut self, count: Count, window: Window) {
        self.all.total = self.all.total.saturating_add(count.total);
        self.all.failed = self.all.failed.saturating_add(count.failed);
        self.silent = if count.total > 0 {
            0
        } else {
            self.silent.saturating_add(length(window))
        };
    }

    /// Nothing happened for as long as the limit, or longer.
    pub(super) fn is_silent(&self, track: Track, limit: Duration) -> Option<Verdict> {
        let silent = Duration::from_millis(self.silent);
        (self.silent > 0 && silent >= limit).then(|| {
            // Not how long it is by now: what differs from look to look is told of each.
            let limit = duration::format(limit);
            Reason::NoData.because(format_args!("no event of {track} for {limit} or longer"))
        })
    }

    pub(super) fn write(self, writer: Writer) -> Writer {
        writer
            .u64(self.all.total)
            .u64(self.all.failed)
            .u64(self.silent)
    }

    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self, StateError> {
        let (total, failed) = (reader.u64()?, reader.u64()?);
        let mut seen = Self::default();
        seen.all.total = total;
        seen.all.failed = failed;
        seen.silent = reader.u64()?;
        Ok(seen)
    }
}
