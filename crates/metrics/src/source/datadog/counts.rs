//! Events of a window, from the points of counts that lie in it.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use strategy_core::Timestamp;
use strategy_core::analysis::{Count, Window};

use super::answer::Series;
use super::metric::Part;
use super::{Told, down};
use crate::reading::{Data, Events, Reading};
use crate::source::counts::whole;
use crate::source::template::Mistake;

/// How counts are read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Of<'a> {
    /// What the second query counts.
    pub(super) part: Part,
    pub(super) unit: Option<&'a str>,
    pub(super) interval: Duration,
    pub(super) stale_after: Duration,
}

/// What both queries counted in a window. No point of the series is later than that.
///
/// A point stands for the interval that begins at its time, so it belongs to the window that this lies in, as a whole.
/// A window without a point of `requests` is no count of zero: a service that nobody asked and an agent that is dead
/// look alike in it. Where `requests` have some, an interval without any is one in which nothing was counted, and
/// that there are such intervals is noted.
///
/// # Errors
/// What is no answer to the question, and how to mend it.
pub(super) fn events(series: &[Series], window: Window, of: &Of<'_>) -> Result<Told, Mistake> {
    on_the_grid(series, of.interval)?;
    let units = unit_names(series, of.unit)?;
    let seen = series.iter().filter(|series| series.query == 0);
    let seen: BTreeSet<_> = seen.flat_map(Series::numbers).map(|(at, _)| at).collect();
    let told = |reading, notes| {
        Ok(Told {
            reading,
            units: units.len(),
            notes,
        })
    };
    let Some(&last) = seen.last() else {
        return told(Reading::Empty, Vec::new());
    };
    let newest = last + of.interval;
    if last < window.from || window.to.since(newest) > of.stale_after {
        return told(Reading::stale(newest), Vec::new());
    }
    let mut counts: BTreeMap<String, [f64; 2]> = BTreeMap::new();
    for series in series {
        let name = of.unit.and_then(|unit| series.tag(unit));
        let both = counts.entry(name.unwrap_or_default().to_owned());
        let sum = &mut both.or_default()[series.query.min(1)];
        for (at, number) in series.numbers() {
            if !(window.from..window.to).contains(&at) {
                continue;
            }
            if number < 0.0 {
                return told(Reading::NotANumber, Vec::new());
            }
            *sum += number;
        }
    }
    let all = counts
        .values()
        .fold([0.0, 0.0], |all, one| [all[0] + one[0], all[1] + one[1]]);
    // Where a unit has more of a part than of all, the two queries do not tell the same units apart.
    let are_alike = counts.values().all(|[all, part]| part <= all);
    let events = if of.unit.is_some() && are_alike {
        let counts = counts
            .into_iter()
            .map(|(unit, both)| (unit, count(both, of.part)));
        Events::of_units(counts)
    } else {
        let all = count(all, of.part);
        Events::counted(all.total, all.failed)
    };
    let within = seen.range(window.from..).count();
    told(
        Reading::Told(Data::Events(events)),
        gaps(within, window, of),
    )
}

/// What is to be said of a window of which only some intervals have a point.
fn gaps(within: usize, window: Window, of: &Of<'_>) -> Vec<String> {
    let all = window.to.since(window.from).as_millis() / of.interval.as_millis().max(1);
    let is_whole = u128::try_from(within).is_ok_and(|within| within >= all);
    let note = || format!("`requests` have a point in {within} of {all} intervals");
    if is_whole { Vec::new() } else { vec![note()] }
}

/// All and a part of them, as all and the failed ones.
fn count([all, part]: [f64; 2], is: Part) -> Count {
    let (total, part) = (whole(all), whole(part));
    let failed = match is {
        Part::Failed => part.min(total),
        Part::Good => total.saturating_sub(part),
    };
    Count { total, failed }
}

/// Where a query would have too many points, Datadog makes the intervals longer: one of these could lie across the
/// begin of a window, and be counted in two.
fn on_the_grid(series: &[Series], interval: Duration) -> Result<(), Mistake> {
    let mut times = series.iter().flat_map(|series| &series.points);
    let off = |(at, _): &&(Timestamp, Option<f64>)| down(*at, interval) != *at;
    match times.find(off) {
        Some((at, _)) => Err(Mistake::new(
            format!("its answer has a point at {at}, where no interval begins that was asked for"),
            "write another `interval`".to_owned(),
        )),
        None => Ok(()),
    }
}

/// The units that what counts everything tells apart.
fn unit_names<'a>(series: &'a [Series], unit: Option<&str>) -> Result<Vec<&'a str>, Mistake> {
    let Some(unit) = unit else {
        return Ok(Vec::new());
    };
    let all = series.iter().filter(|series| series.query == 0);
    let names = all.map(|series| series.tag(unit).ok_or_else(|| no_unit(unit)));
    let mut names: Vec<_> = names.collect::<Result<_, _>>()?;
    names.sort_unstable();
    names.dedup();
    Ok(names)
}

/// A series does not say of which unit it is.
pub(super) fn no_unit(unit: &str) -> Mistake {
    Mistake::new(
        format!("a series of the answer has no tag `{unit}`"),
        format!("group the query by it: `by {{{unit}}}`"),
    )
}
