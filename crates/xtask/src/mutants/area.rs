//! What is mutated, by which tests it has to be caught, and how much of it.

use crate::error::TaskError;

/// A part of the sources.
#[derive(Debug)]
pub(super) struct Area {
    pub(super) name: &'static str,
    /// Beginnings of paths below [`SOURCE`]; of two areas that fit, the first has it.
    begins: &'static [&'static str],
    pub(super) suite: &'static Suite,
    /// So many in a hundred viable mutants must be caught.
    pub(super) goal: usize,
}

/// The tests that are asked.
#[derive(Debug)]
pub(super) struct Suite {
    /// The features that they need.
    pub(super) features: &'static str,
    /// In this order.
    pub(super) tests: &'static [Tests],
}

/// One run of a program of tests.
#[derive(Debug)]
pub(super) struct Tests {
    /// `lib`, or the name of a file in `tests`.
    pub(super) program: &'static str,
    pub(super) arguments: &'static [&'static str],
    /// Of a processor. A run needs a fifth of it at most; what needs more is in a loop.
    pub(super) seconds: u32,
}

/// The sources that are mutated.
pub(super) const SOURCE: &str = "crates/strategy-core/src/";

/// The same for all, so that one build does.
const FEATURES: &str = "simulation,conformance";

/// What a mutant has to be caught by in under ten seconds: what takes the longest comes last.
static CORE: Suite = Suite {
    features: FEATURES,
    tests: &[
        Tests {
            program: "lib",
            arguments: &[
                "--skip=tests::search::",
                "--skip=tests::stories::",
                "--skip=explore::",
                "--skip=simulation::",
                "--skip=driver::",
            ],
            seconds: 6,
        },
        Tests {
            program: "plans",
            arguments: &[],
            seconds: 6,
        },
        Tests {
            program: "lib",
            arguments: &["tests::search::", "tests::stories::", "explore::"],
            seconds: 15,
        },
    ],
};

static DRIVER: Suite = Suite {
    features: FEATURES,
    tests: &[
        Tests {
            program: "lib",
            arguments: &["driver::"],
            seconds: 30,
        },
        Tests {
            program: "driver_journal",
            arguments: &[],
            seconds: 30,
        },
        Tests {
            program: "driver_inbox",
            arguments: &[],
            seconds: 30,
        },
        Tests {
            program: "driver_run",
            arguments: &[],
            seconds: 30,
        },
        Tests {
            program: "driver_secrets",
            arguments: &[],
            seconds: 30,
        },
    ],
};

/// All of them.
pub(super) static SUITES: [&Suite; 2] = [&CORE, &DRIVER];

pub(super) static AREAS: [Area; 6] = [
    Area {
        name: "stepper",
        begins: &["rollout/step.rs", "rollout/step/"],
        suite: &CORE,
        goal: 95,
    },
    Area {
        name: "machine",
        begins: &["rollout.rs", "rollout/"],
        suite: &CORE,
        goal: 95,
    },
    Area {
        name: "plan",
        begins: &["plan.rs", "plan/"],
        suite: &CORE,
        goal: 95,
    },
    Area {
        name: "strategies",
        begins: &["strategy.rs", "strategy/"],
        suite: &CORE,
        goal: 95,
    },
    Area {
        name: "capacity",
        begins: &["share.rs", "share/", "weight.rs", "track.rs", "traffic.rs"],
        suite: &CORE,
        goal: 95,
    },
    Area {
        name: "driver",
        begins: &["driver.rs", "driver/", "journal.rs"],
        suite: &DRIVER,
        goal: 85,
    },
];

impl Area {
    /// Whether a file, as cargo-mutants names it, belongs to it.
    pub(super) fn has(&self, file: &str) -> bool {
        of(file).is_some_and(|area| area.name == self.name)
    }
}

/// The area that a file belongs to.
pub(super) fn of(file: &str) -> Option<&'static Area> {
    let path = file.strip_prefix(SOURCE)?;
    AREAS.iter().find(|area| {
        area.begins
            .iter()
            .any(|begin| path == *begin || (begin.ends_with('/') && path.starts_with(begin)))
    })
}

/// The areas of those names; all if there are none.
pub(super) fn named(names: &[String]) -> Result<Vec<&'static Area>, TaskError> {
    if names.is_empty() {
        return Ok(AREAS.iter().collect());
    }
    let find = |name: &String| {
        AREAS
            .iter()
            .find(|area| area.name == name)
            .ok_or_else(|| TaskError::NoSuchArea {
                name: name.clone(),
                known: AREAS.each_ref().map(|area| area.name).join(", "),
            })
    };
    names.iter().map(find).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_belongs_to_the_first_area_that_fits() {
        let area = |path: &str| of(&format!("{SOURCE}{path}")).map(|area| area.name);
        assert_eq!(area("rollout/step/need.rs"), Some("stepper"));
        assert_eq!(area("rollout/walk.rs"), Some("machine"));
        assert_eq!(area("rollout.rs"), Some("machine"));
        assert_eq!(area("plan/check.rs"), Some("plan"));
        assert_eq!(area("weight.rs"), Some("capacity"));
        assert_eq!(area("journal.rs"), Some("driver"));
        assert_eq!(area("world/pod.rs"), None);
    }

    #[test]
    fn an_unknown_area_is_named_with_those_there_are() {
        assert_eq!(named(&[]).unwrap().len(), AREAS.len());
        let error = named(&["moon".to_owned()]).unwrap_err().to_string();
        assert!(
            error.contains("moon") && error.contains("stepper"),
            "{error}"
        );
    }
}
