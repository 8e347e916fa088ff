//! What ignored tests wait for, and whether it is there.

use super::harness::Ignored;
use crate::error::{TaskError, chain};

/// Something that `cargo xtask test` provides for tests whose attribute says
/// `#[ignore = "needs ...: cargo xtask test"]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Need {
    /// The programs of the test bed.
    ControlPlane,
    /// moto, a server that speaks as AWS does.
    Moto,
    /// A Prometheus.
    Prometheus,
    /// The programs of the test bed, and a Prometheus.
    ControlPlaneAndPrometheus,
    /// A lab: the programs of the test bed, its gateway, a Prometheus, and a network of its own.
    Lab,
    /// A lab, and minutes of time: `cargo xtask lab test` alone runs these.
    LabAndMinutes,
    /// A build in the profile `proof`: minutes of computing otherwise.
    OptimisedBuild,
}

/// Why what the test bed should have is not there; `None`: it is.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Missing<'a> {
    pub(crate) programs: Option<&'a TaskError>,
    pub(crate) moto: Option<&'a TaskError>,
    pub(crate) prometheus: Option<&'a TaskError>,
    pub(crate) gateway: Option<&'a TaskError>,
    pub(crate) network: Option<&'a TaskError>,
}

/// A test that was not run, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct NotRun {
    pub(crate) test: Ignored,
    pub(crate) reason: String,
}

impl Need {
    const ALL: [(&'static str, Self); 7] = [
        ("a control plane", Self::ControlPlane),
        ("moto", Self::Moto),
        ("Prometheus", Self::Prometheus),
        (
            "a control plane and Prometheus",
            Self::ControlPlaneAndPrometheus,
        ),
        ("the lab", Self::Lab),
        ("the lab and minutes", Self::LabAndMinutes),
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

    /// Whether `test` needs the lab.
    pub(crate) fn is_of_lab(test: &Ignored) -> bool {
        matches!(Self::of(test), Ok(Self::Lab | Self::LabAndMinutes))
    }

    /// `test`, if what it needs is there.
    pub(crate) fn provided<'a>(
        self,
        test: &'a Ignored,
        missing: Missing<'_>,
    ) -> Result<&'a Ignored, NotRun> {
        let error = match self {
            Self::ControlPlane => missing.programs,
            Self::Moto => missing.moto,
            Self::Prometheus => missing.prometheus,
            Self::ControlPlaneAndPrometheus => missing.programs.or(missing.prometheus),
            Self::Lab | Self::LabAndMinutes => {
                let built = missing.programs.or(missing.gateway);
                missing.network.or(built).or(missing.prometheus)
            }
            Self::OptimisedBuild => None,
        };
        match error {
            None => Ok(test),
            Some(error) => Err(NotRun {
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
            Need::of(&test("needs moto: cargo xtask test")),
            Ok(Need::Moto)
        );
        assert_eq!(
            Need::of(&test("needs Prometheus: cargo xtask test")),
            Ok(Need::Prometheus)
        );
        assert_eq!(
            Need::of(&test(
                "needs a control plane and Prometheus: cargo xtask test"
            )),
            Ok(Need::ControlPlaneAndPrometheus)
        );
        assert_eq!(
            Need::of(&test("needs the lab: cargo xtask test")),
            Ok(Need::Lab)
        );
        assert_eq!(
            Need::of(&test("needs the lab and minutes: cargo xtask lab test")),
            Ok(Need::LabAndMinutes)
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
    fn a_test_is_run_unless_what_it_needs_is_missing() {
        let test = test("needs something");
        let error = TaskError::NoLab {
            reason: "up.json".to_owned(),
        };
        let nothing = Missing::default();
        let programs = Missing {
            programs: Some(&error),
            ..nothing
        };
        let moto = Missing {
            moto: Some(&error),
            ..nothing
        };
        let prometheus = Missing {
            prometheus: Some(&error),
            ..nothing
        };
        let gateway = Missing {
            gateway: Some(&error),
            ..nothing
        };
        let network = Missing {
            network: Some(&error),
            ..nothing
        };
        for (need, lacks, not_run) in [
            (Need::ControlPlane, nothing, false),
            (Need::ControlPlane, programs, true),
            (Need::ControlPlane, moto, false),
            (Need::Moto, nothing, false),
            (Need::Moto, programs, false),
            (Need::Moto, moto, true),
            (Need::Moto, prometheus, false),
            (Need::Prometheus, moto, false),
            (Need::Prometheus, prometheus, true),
            (Need::Prometheus, nothing, false),
            (Need::ControlPlaneAndPrometheus, nothing, false),
            (Need::ControlPlaneAndPrometheus, programs, true),
            (Need::ControlPlaneAndPrometheus, prometheus, true),
            (Need::ControlPlaneAndPrometheus, moto, false),
            (Need::ControlPlaneAndPrometheus, gateway, false),
            (Need::ControlPlane, gateway, false),
            (Need::ControlPlane, network, false),
            (Need::Lab, nothing, false),
            (Need::Lab, programs, true),
            (Need::Lab, gateway, true),
            (Need::Lab, network, true),
            (Need::Lab, prometheus, true),
            (Need::Lab, moto, false),
            (Need::OptimisedBuild, programs, false),
            (Need::OptimisedBuild, moto, false),
        ] {
            match need.provided(&test, lacks) {
                Ok(told) => assert!(!not_run && *told == test, "{need:?}"),
                Err(told) => assert!(not_run && told.reason.contains("up.json"), "{told:?}"),
            }
        }
    }
}
