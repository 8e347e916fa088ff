//! What ignored tests wait for, and whether it is there.

use super::harness::Ignored;
use crate::error::{TaskError, chain};

/// Something that `cargo xtask test` provides for tests whose attribute says
/// `#[ignore = "needs ...: cargo xtask test"]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Need {
    /// The programs of the test bed.
    ControlPlane,
    /// A build in the profile `proof`: minutes of computing otherwise.
    OptimisedBuild,
}

/// A test that was not run, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct NotRun {
    pub(crate) test: Ignored,
    pub(crate) reason: String,
}

impl Need {
    const ALL: [(&'static str, Self); 2] = [
        ("a control plane", Self::ControlPlane),
        ("an optimised build", Self::OptimisedBuild),
    ];

    /// What the reason of `test` asks for.
    ///
    /// # Errors
    /// When it asks for something else: nobody would ever run that test.
    pub(crate) fn of(test: &Ignored) -> Result<Self, NotRun> {
        let known = Self::ALL.into_iter().find(|(phrase, _)| {
            let asked = test.reason.strip_prefix("needs ").unwrap_or_default();
            asked
                .split(':')
                .next()
                .is_some_and(|asked| asked.trim() == *phrase)
        });
        known.map(|(_, need)| need).ok_or_else(|| NotRun {
            test: test.clone(),
            reason: if test.reason.is_empty() {
                "its #[ignore] says not why".to_owned()
            } else {
                format!("{}: nothing here provides that", test.reason)
            },
        })
    }

    /// `test`, if what it needs is there; `missing_programs` is why the test bed could not be
    /// built.
    pub(crate) fn provided<'a>(
        self,
        test: &'a Ignored,
        missing_programs: Option<&TaskError>,
    ) -> Result<&'a Ignored, NotRun> {
        match (self, missing_programs) {
            (Self::ControlPlane, None) | (Self::OptimisedBuild, _) => Ok(test),
            (Self::ControlPlane, Some(error)) => Err(NotRun {
                test: test.clone(),
                reason: chain(error),
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn test(reason: &str) -> Ignored {
        Ignored {
            binary: "tests/a.rs".to_owned(),
            name: "a".to_owned(),
            reason: reason.to_owned(),
        }
    }

    #[test]
    fn a_need_is_known_by_its_words() {
        let need = Need::of(&test("needs a control plane: cargo xtask test"));
        assert_eq!(need, Ok(Need::ControlPlane));
        assert_eq!(
            Need::of(&test("needs a control plane")),
            Ok(Need::ControlPlane)
        );
        assert_eq!(
            Need::of(&test("needs an optimised build: cargo xtask test")),
            Ok(Need::OptimisedBuild)
        );
    }

    #[test]
    fn what_nobody_provides_is_not_run_and_says_why() {
        let reason = |of: &str| Need::of(&test(of)).unwrap_err().reason;
        assert!(reason("needs a control plane on Mars").contains("on Mars"));
        assert!(reason("slow").contains("slow"));
        assert!(reason("").contains("says not why"));
    }

    #[test]
    fn without_the_programs_a_test_is_not_run() {
        let test = test("needs a control plane");
        let missing = TaskError::NotUp {
            state: "up.json".into(),
        };
        assert_eq!(Need::ControlPlane.provided(&test, None), Ok(&test));
        let not_run = Need::ControlPlane
            .provided(&test, Some(&missing))
            .unwrap_err();
        assert!(not_run.reason.contains("up.json"), "{}", not_run.reason);
    }
}
