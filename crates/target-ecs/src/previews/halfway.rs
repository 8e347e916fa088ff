//! What is told of a write of traffic that ended between two of its calls.
//!
//! Weights and preview rules are several calls. What such a write has left is neither what was there nor what was asked,
//! and would look like somebody's hand. Its note has both in short: it is told as not written, so that it is written
//! again; but where what was there is the recorded start, as written, since nothing is to be taken for home that is not.
//! In both cases it is not effective.

use std::fmt;

use strategy_core::{Route, Stickiness, Traffic, Weight};

use super::Previews;
use crate::binding::Bound;
use crate::note::Note;
use crate::owned::Fields;

/// Traffic in short: `1000k1` is 10%, stickiness kept, one route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Short {
    points: u16,
    is_suspended: bool,
    routes: usize,
}

impl Short {
    pub(crate) fn of(traffic: &Traffic) -> Self {
        Self {
            points: traffic.weight.basis_points(),
            is_suspended: traffic.stickiness != Stickiness::Kept,
            routes: traffic.routes.len(),
        }
    }

    pub(crate) fn read(text: &str) -> Option<Self> {
        let at = text.find(['k', 's'])?;
        let (points, rest) = text.split_at(at);
        let mut letters = rest.chars();
        Some(Self {
            points: points.parse().ok()?,
            is_suspended: letters.next()? == 's',
            routes: letters.as_str().parse().ok()?,
        })
    }

    /// The whole of it, as far as the routes of the plan tell.
    fn whole(self, bound: &Bound, there: &[Route]) -> Option<Traffic> {
        let mut traffic = Traffic::weight(Weight::from_basis_points(self.points).ok()?);
        if self.is_suspended {
            traffic.stickiness = Stickiness::Suspended;
        }
        if self.routes > 0 {
            let long = || bound.routes.iter().filter(|list| list.len() == self.routes);
            let fits = |list: &&Vec<Route>| there.iter().any(|route| list.contains(route));
            let only = || long().next().filter(|_| long().count() == 1);
            traffic.routes = long().find(fits).or_else(only)?.clone();
        }
        Some(traffic)
    }
}

impl fmt::Display for Short {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let stickiness = if self.is_suspended { 's' } else { 'k' };
        write!(f, "{}{stickiness}{}", self.points, self.routes)
    }
}

/// What is told to be written, and whether every rule has it.
///
/// `read`: the traffic as the rules have it, and whether they agree; `note`: of a write that is not known to be complete.
pub(crate) fn told(
    bound: &Bound,
    previews: &Previews,
    fields: &Fields,
    note: Option<&Note>,
    read: (Traffic, bool),
) -> (Traffic, bool) {
    let (mut traffic, agree) = read;
    let routes = previews.routes(bound);
    let agree = agree && routes.agree;
    traffic.routes = routes.routes;
    let known = note.and_then(|note| Some((note, note.traffic()?)));
    let Some((note, [from, to])) = known else {
        return (traffic, agree);
    };
    let is_ours = fields.0.iter().all(|(name, now)| {
        let is_traffic = name.starts_with(['r', 'p']);
        !is_traffic || note.explains(name, now, bound.start.of(name), false)
    });
    let all: Vec<Route> = previews.all_routes(bound);
    let pair = from.whole(bound, &all).zip(to.whole(bound, &all));
    match pair.filter(|_| is_ours) {
        Some((from, to)) if agree && (traffic == from || traffic == to) => (traffic, true),
        Some((from, _)) if from != bound.traffic => (from, false),
        Some((_, to)) => (to, false),
        None => (traffic, agree),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_short_form_is_read_back() {
        for text in ["0k0", "10000s10", "1250k2"] {
            assert_eq!(Short::read(text).unwrap().to_string(), text);
        }
        for wrong in ["", "k", "1x1", "1k"] {
            assert_eq!(Short::read(wrong), None, "{wrong}");
        }
    }
}
