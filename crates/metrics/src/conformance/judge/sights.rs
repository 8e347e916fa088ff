//! What the promises of judges make of a sight: one of nothing, one in which nothing happened, one of another shape.

use strategy_core::Timestamp;
use strategy_core::analysis::Count;

use super::Broken;
use crate::judge::Sight;
use crate::reading::{Data, Events, Histogram, Reading, Shape};

/// The same sight where nothing is known of one track.
pub(super) fn blinded(sight: &Sight, compares: bool) -> Vec<Sight> {
    let newest = Timestamp::from_millis(sight.window.from.as_millis().saturating_sub(600_000));
    let nothings = [
        Reading::Empty,
        Reading::Stale { newest },
        Reading::NotANumber,
    ];
    let mut blind = Vec::new();
    for nothing in nothings {
        let mut of_candidate = sight.clone();
        of_candidate.readings.candidate = nothing.clone();
        let mut of_stable = sight.clone();
        of_stable.readings.stable = nothing;
        blind.extend(
            [Some(of_candidate), compares.then_some(of_stable)]
                .into_iter()
                .flatten(),
        );
    }
    blind
}

/// The same counters, which stood still; of numbers there is no such thing.
pub(super) fn emptied(reading: &Reading) -> Reading {
    match reading {
        Reading::Told(Data::Events(events)) => {
            let units = events.by_unit.keys();
            let mut still = Events::of_units(units.map(|unit| (unit.clone(), Count::default())));
            still.all = Count::default();
            Reading::Told(Data::Events(still))
        }
        Reading::Told(Data::Histogram(histogram)) => {
            let counts = vec![0; histogram.counts().len()];
            let still = Histogram::new(histogram.bounds().to_vec(), counts);
            still.map_or(Reading::Empty, |still| {
                Reading::Told(Data::Histogram(still))
            })
        }
        Reading::Told(Data::Units(_) | Data::Values(_))
        | Reading::Empty
        | Reading::Stale { .. }
        | Reading::NotANumber => reading.clone(),
    }
}

pub(super) fn of_another_shape(asked: Shape) -> Result<Data, Broken> {
    let histogram = Histogram::new(vec![1.0], vec![1, 0]);
    let histogram = histogram.map_err(|error| Broken(error.to_string()))?;
    Ok(match asked {
        Shape::Events => Data::Histogram(histogram),
        Shape::Histogram | Shape::Units | Shape::Values => Data::Events(Events::counted(1, 0)),
    })
}
