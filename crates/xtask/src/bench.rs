//! `cargo xtask bench`: measurements, for people or for programs.

mod measurement;
mod table;

use measurement::Measurement;

use crate::args::Bench as Options;
use crate::cargo::{RUST_IS_MISSING, cargo, read};
use crate::error::TaskError;
use crate::output::{complain, say};
use crate::{lab, testbed};

/// A bench target of the workspace, `harness = false`, which prints one [`Measurement`] as a JSON
/// object a line.
struct Bench {
    /// The target's name, unique in the workspace.
    name: &'static str,
    package: &'static str,
    needs: Needs,
    /// More arguments for Cargo.
    more: &'static [&'static str],
}

/// What has to be built before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Needs {
    Nothing,
    ControlPlane,
    Lab,
}

const BENCHES: [Bench; 6] = [
    Bench {
        name: "control_plane",
        package: "test-support",
        needs: Needs::ControlPlane,
        more: &[],
    },
    Bench {
        name: "core",
        package: "strategy-core",
        needs: Needs::Nothing,
        more: &[],
    },
    // It counts calls in virtual time, which are the same however it is built: the AWS SDKs need minutes to
    // be optimised, and the fake alone is worth it.
    Bench {
        name: "ecs",
        package: "target-ecs",
        needs: Needs::Nothing,
        more: &[
            "--profile",
            "dev",
            "--config",
            "profile.dev.package.test-support.opt-level=3",
        ],
    },
    Bench {
        name: "judge",
        package: "strategy-metrics",
        needs: Needs::Nothing,
        more: &[],
    },
    // As it is built for tests, which it has to be fast enough in.
    Bench {
        name: "load",
        package: "test-support",
        needs: Needs::Nothing,
        more: &["--profile", "dev"],
    },
    // What it measures waits for most of its time.
    Bench {
        name: "traffic",
        package: "cli-demo",
        needs: Needs::Lab,
        more: &["--profile", "dev"],
    },
];

/// Runs the benches of those names, or all short ones if there are none, and prints what they measured.
pub(crate) fn run(options: &Options) -> Result<(), TaskError> {
    let mut measured = Vec::new();
    for bench in chosen(&options.names)? {
        match bench.needs {
            Needs::Nothing => {}
            Needs::ControlPlane => testbed::build::control_plane()?,
            Needs::Lab => lab::build_all()?,
        }
        complain(&format!("== {}", bench.name));
        let mut command = cargo();
        command.args(["bench", "--quiet", "--package", bench.package]);
        command.args(["--all-features", "--bench", bench.name]);
        command.args(bench.more);
        command.arg("--").args(&options.more);
        measured.extend(parse(bench.name, &read(&mut command, RUST_IS_MISSING)?)?);
    }
    if options.json {
        measured
            .iter()
            .for_each(|measurement| say(&measurement.line()));
    } else {
        say(&table::render(&measured));
    }
    Ok(())
}

fn chosen(names: &[String]) -> Result<Vec<&'static Bench>, TaskError> {
    if names.is_empty() {
        // Half an hour of rollouts is for who asks for it.
        let short = |bench: &&Bench| bench.needs != Needs::Lab;
        return Ok(BENCHES.iter().filter(short).collect());
    }
    let find = |name: &String| {
        BENCHES
            .iter()
            .find(|bench| bench.name == name)
            .ok_or_else(|| TaskError::NoSuchBench {
                name: name.clone(),
                known: BENCHES.map(|bench| bench.name).join(", "),
            })
    };
    names.iter().map(find).collect()
}

fn parse(bench: &str, text: &str) -> Result<Vec<Measurement>, TaskError> {
    let lines = text.lines().filter(|line| !line.trim().is_empty());
    let parse = |line: &str| {
        serde_json::from_str(line).map_err(|source| TaskError::NoMeasurement {
            bench: bench.to_owned(),
            line: line.to_owned(),
            source,
        })
    };
    lines.map(parse).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_name_is_every_short_bench_and_an_unknown_one_is_an_error() {
        assert_eq!(chosen(&[]).unwrap().len(), BENCHES.len() - 1);
        assert_eq!(chosen(&["traffic".to_owned()]).unwrap().len(), 1);
        assert_eq!(chosen(&["control_plane".to_owned()]).unwrap().len(), 1);
        let error = chosen(&["speed".to_owned()]).err().unwrap().to_string();
        assert!(
            error.contains("speed") && error.contains("control_plane"),
            "{error}"
        );
    }

    #[test]
    fn a_line_that_is_no_measurement_is_an_error_that_shows_it() {
        let good = r#"{"name":"a","value":1.5,"unit":"s","goal":null}"#;
        assert_eq!(parse("b", &format!("{good}\n\n{good}\n")).unwrap().len(), 2);
        let error = parse("b", "warming up\n").unwrap_err().to_string();
        assert!(error.contains("warming up"), "{error}");
    }
}
