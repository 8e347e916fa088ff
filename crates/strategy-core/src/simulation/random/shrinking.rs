//! From what shows something to the smallest that shows it.

use std::time::Duration;

use proptest::strategy::ValueTree as _;
use serde_json::Value;

use super::{Drawn, drawing, tree};
use crate::simulation::{Simulation, processes};
use crate::timestamp::duration;

/// The most rollouts that are tried; each step tries one, and most need some hundred.
const MOST: u32 = 5_000;

/// What stays as it is written: none of them is smaller than another.
const KEPT: [&str; 2] = ["seed", "begins"];
/// What is made smaller and never left out: without it a simulation is no smaller, or none.
const NEEDED: [&str; 5] = ["world", "parts", "shape", "release", "lasts"];

/// The smallest rollout that `shows` it, out of the one that `seed` draws: fewer and smaller of everything,
/// one thing after the other, as far as it goes.
///
/// What the seed draws is handed back as it is if it does not show it. The shrunk rollout is data that no
/// seed draws; it keeps the seed that it comes from.
pub fn shrunk(seed: u64, mut shows: impl FnMut(&Drawn) -> bool) -> Drawn {
    let mut tree = tree(&drawing::rollout(), seed);
    let drawn = |(policy, simulation)| Drawn {
        seed,
        policy,
        simulation,
    };
    let mut smallest = drawn(tree.current());
    let mut goes_on = shows(&smallest) && tree.simplify();
    for _ in 0..MOST {
        if !goes_on {
            break;
        }
        let now = drawn(tree.current());
        goes_on = if now == smallest {
            tree.simplify()
        } else if shows(&now) {
            smallest = now;
            tree.simplify()
        } else {
            tree.complicate()
        };
    }
    smallest
}

/// The smallest simulation that `shows` it, out of this one: without every happening, mishap, saying, ailment
/// and option that it does without, and with counts and times halved as far as it goes.
///
/// What stays is the platform, with its parts and workloads, and what is released on it. One thing after the
/// other is tried, always in the same order, 5 000 at most; what is no world is not tried. What is given is
/// handed back if it does not show it.
///
/// `shows` should ask for what was found and for nothing that a world without it has too: not "it is not
/// promoted" but "promise 5 is broken".
///
/// ```
/// use std::time::Duration;
/// use strategy_core::simulation::{Simulation, errors, random};
/// use strategy_core::strategy::BlueGreen;
///
/// let policy = BlueGreen::new();
/// let found = Simulation::seed(7)
///     .slots("v1", 8, "v0", 0)
///     .candidate(errors(0.3))
///     .crash(Duration::from_secs(20), Duration::from_secs(9));
/// let crashed = |simulation: &Simulation| simulation.run(&policy).processes > 1;
/// let smallest = random::shrink(&found, crashed);
/// assert_eq!(smallest.mishaps.len(), 1);
/// assert_eq!(smallest.candidate, Default::default());
/// ```
pub fn shrink(simulation: &Simulation, mut shows: impl FnMut(&Simulation) -> bool) -> Simulation {
    let mut smallest = simulation.clone();
    if !shows(&smallest) {
        return smallest;
    }
    // A simulation is data, so that whatever it can say shrinks in the form in which it is written.
    let written = |simulation: &Simulation| serde_json::to_value(simulation).unwrap_or_default();
    let mut all = smaller(&written(&smallest), Place::Anywhere);
    // How many in a row did not show it: when all did not, none does.
    let (mut next, mut in_vain) = (0, 0);
    for _ in 0..MOST {
        if in_vain >= all.len() {
            break;
        }
        next %= all.len();
        let one = all.get(next).cloned().map(serde_json::from_value);
        let one: Option<Simulation> = one.and_then(Result::ok);
        match one.filter(|one| *one != smallest && processes::built(one).is_ok()) {
            Some(one) if shows(&one) => {
                // What followed the one that is gone has its place now.
                all = smaller(&written(&one), Place::Anywhere);
                smallest = one;
                in_vain = 0;
            }
            Some(_) | None => {
                next += 1;
                in_vain += 1;
            }
        }
    }
    smallest
}

/// Where in a simulation something stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Anywhere,
    /// Among the parts, none of which is left out.
    Parts,
    /// In workloads and releases, in which nothing is left out.
    Workloads,
}

/// The same with one thing fewer or smaller, in each way that there is; the larger things first.
fn smaller(value: &Value, place: Place) -> Vec<Value> {
    match value {
        Value::Array(items) => {
            let without = (0..items.len()).map(|index| {
                let mut fewer = items.clone();
                fewer.remove(index);
                Value::Array(fewer)
            });
            let within = items.iter().enumerate().flat_map(|(index, item)| {
                smaller(item, place).into_iter().map(move |item| {
                    let mut items = items.clone();
                    items.splice(index..=index, [item]);
                    Value::Array(items)
                })
            });
            without.chain(within).collect()
        }
        Value::Object(map) => {
            let keys = map.keys().map(String::as_str);
            let fewer = keys.filter(|key| {
                place == Place::Anywhere && !NEEDED.contains(key) && !KEPT.contains(key)
            });
            let without = fewer.map(|key| {
                let mut fewer = map.clone();
                fewer.remove(key);
                Value::Object(fewer)
            });
            let within = map.iter().filter(|(key, _)| !KEPT.contains(&key.as_str()));
            let within = within.flat_map(|(key, child)| {
                let place = match (place, key.as_str()) {
                    (Place::Workloads, _) | (_, "shape" | "release") => Place::Workloads,
                    (Place::Anywhere, "parts") => Place::Parts,
                    (Place::Anywhere | Place::Parts, _) => Place::Anywhere,
                };
                smaller(child, place).into_iter().map(move |child| {
                    let mut map = map.clone();
                    map.insert(key.clone(), child);
                    Value::Object(map)
                })
            });
            without.chain(within).collect()
        }
        Value::Number(number) => match (number.as_u64(), number.as_i64()) {
            (Some(number @ 2..), _) => vec![(number / 2).into()],
            (None, Some(number)) => vec![(number / 2).into()],
            (Some(_) | None, _) => Vec::new(),
        },
        Value::String(text) => match duration::parse(text) {
            Ok(time) if time >= Duration::from_secs(2) => {
                let half = Duration::from_secs(time.as_secs() / 2);
                vec![duration::format(half).into()]
            }
            Ok(_) | Err(_) => Vec::new(),
        },
        Value::Null | Value::Bool(_) => Vec::new(),
    }
}
