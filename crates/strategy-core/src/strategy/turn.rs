//! Whose turn it is: all parts together, or one after the other.

use std::collections::BTreeMap;

use super::ground::Ground;
use super::settings::Settings;
use crate::plan::{Goal, PlanError};
use crate::release::Part;

/// The parts that go through their stages together.
#[derive(Debug)]
pub(super) struct Turn<'a> {
    pub(super) grounds: Vec<&'a Ground<'a>>,
    /// The first turn says of these that they stay as they were found.
    waiting: Vec<&'a Ground<'a>>,
    /// In front of the names of its stages.
    prefix: String,
}

impl Turn<'_> {
    /// What its stages are called: the name, and in front of it whose turn it is where not all move.
    pub(super) fn name(&self, plain: &str) -> String {
        format!("{}{plain}", self.prefix)
    }

    /// The goals of parts whose turn has not come, for the first stage of all.
    pub(super) fn waiting(&self) -> BTreeMap<Part, Goal> {
        let goal = |ground: &&Ground<'_>| (ground.part.clone(), ground.as_found());
        self.waiting.iter().map(goal).collect()
    }
}

impl Settings {
    /// Whose turn comes after whose.
    pub(super) fn turns<'a>(&self, grounds: &[&'a Ground<'a>]) -> Result<Vec<Turn<'a>>, PlanError> {
        let Some(order) = &self.order else {
            return Ok(vec![Turn {
                grounds: grounds.to_vec(),
                waiting: Vec::new(),
                prefix: String::new(),
            }]);
        };
        let ordered = in_order(order, grounds)?;
        let turn = |(index, ground): (usize, &&'a Ground<'a>)| Turn {
            grounds: vec![*ground],
            waiting: match index {
                0 => ordered.iter().skip(1).copied().collect(),
                _ => Vec::new(),
            },
            prefix: format!("{}-", ground.part),
        };
        Ok(ordered.iter().enumerate().map(turn).collect())
    }
}

/// The parts in the order asked for: each of them once.
fn in_order<'a, 'g>(
    order: &[Part],
    grounds: &[&'a Ground<'g>],
) -> Result<Vec<&'a Ground<'g>>, PlanError> {
    let wrong = |part: &Part, problem: &str| {
        Err(PlanError::part(
            part,
            problem,
            "name every part of the release once",
        ))
    };
    let mut turns: Vec<&Ground<'_>> = Vec::new();
    for part in order {
        match grounds.iter().find(|ground| ground.part == part) {
            None => return wrong(part, "the order names it, and the release does not ship it"),
            Some(_) if turns.iter().any(|turn| turn.part == part) => {
                return wrong(part, "the order names it twice");
            }
            Some(ground) => turns.push(ground),
        }
    }
    match grounds
        .iter()
        .find(|g| order.iter().all(|part| part != g.part))
    {
        Some(ground) => wrong(ground.part, "the order does not name it"),
        None => Ok(turns),
    }
}
