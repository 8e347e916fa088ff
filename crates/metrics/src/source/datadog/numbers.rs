//! Numbers of a window: over time, or one for each unit.

use std::collections::BTreeMap;

use strategy_core::analysis::Window;

use super::Told;
use super::answer::Series;
use super::counts::no_unit;
use crate::reading::{Data, Reading};
use crate::source::template::Mistake;

/// The numbers of the one series that a query has as its answer.
///
/// # Errors
/// What is no answer to the question, and how to mend it.
pub(super) fn values(series: &[Series], window: Window) -> Result<Told, Mistake> {
    if series.len() > 1 {
        return Err(Mistake::new(
            format!("the query has {} series as its answer", series.len()),
            "aggregate them to one: leave `by {..}` out".to_owned(),
        ));
    }
    let series = series.first();
    let within = series
        .map(|series| numbers(series, window))
        .unwrap_or_default();
    let reading = if within.is_empty() {
        nothing(series, window)
    } else {
        Reading::Told(Data::Values(within))
    };
    Ok(Told {
        reading,
        units: 0,
        notes: Vec::new(),
    })
}

/// The newest number of each unit.
///
/// # Errors
/// What is no answer to the question, and how to mend it.
pub(super) fn units(series: &[Series], window: Window, unit: &str) -> Result<Told, Mistake> {
    let mut units = BTreeMap::new();
    for one in series {
        let name = one.tag(unit).ok_or_else(|| no_unit(unit))?;
        let newest = numbers(one, window).pop();
        if units.insert(name.to_owned(), newest).is_some() {
            return Err(Mistake::new(
                format!("two series of the answer have the {unit} `{name}`"),
                format!("group the query by it alone: `by {{{unit}}}`"),
            ));
        }
    }
    let seen = units.len();
    let known = units
        .into_iter()
        .filter_map(|(name, number)| Some((name, number?)));
    let known: BTreeMap<_, _> = known.collect();
    let reading = if known.is_empty() {
        nothing(series, window)
    } else {
        Reading::Told(Data::Units(known))
    };
    Ok(Told {
        reading,
        units: seen,
        notes: Vec::new(),
    })
}

/// What series without a number in the window are.
fn nothing<'a>(series: impl IntoIterator<Item = &'a Series>, window: Window) -> Reading {
    let mut points = series.into_iter().flat_map(|series| &series.points);
    let is_within = |at| (window.from..window.to).contains(at);
    if points.any(|(at, _)| is_within(at)) {
        Reading::NotANumber
    } else {
        Reading::Empty
    }
}

fn numbers(series: &Series, window: Window) -> Vec<f64> {
    let within = series
        .numbers()
        .filter(|(at, _)| (window.from..window.to).contains(at));
    within.map(|(_, number)| number).collect()
}
