//! A rollout file of any bytes.

use std::fs;
use std::path::Path;

use cli_demo::args::Cluster;
use cli_demo::asked::Asked;
use cli_demo::error::CliError;
use cli_demo::file::{FileError, Place};
use strategy_core::driver::Planned;
use strategy_core::{Plan, PlanError};

use crate::scratch;

/// What somebody gives `rollway plan --offline`.
///
/// It gives a plan, which is the same when it is written and read again, as is the file; or an error
/// in one line, with a place that is in the text.
pub fn rollout_file(bytes: &[u8]) {
    let folder = scratch::folder();
    let path = folder.path().join("a.yaml");
    fs::write(&path, bytes).unwrap();
    match planned(&path) {
        Ok((asked, planned)) => {
            let json = serde_json::to_string(&planned.plan).unwrap();
            let plan: Plan = serde_json::from_str(&json).unwrap();
            assert_eq!(
                plan, planned.plan,
                "the plan changes on the way through a file"
            );
            assert_eq!(plan.digest(), planned.plan.digest());
            assert_eq!(checked_again(&plan), Ok(()), "a plan that is none was made");
            assert!(!plan.table().is_empty());
            fs::write(&path, serde_json::to_string(&asked.file).unwrap()).unwrap();
            let (again, planned) = self::planned(&path).expect("the file as it is written");
            assert_eq!(
                again.file, asked.file,
                "the file changes when it is written"
            );
            assert_eq!(planned.plan.digest(), plan.digest());
        }
        Err(error) => is_plain(&error, bytes),
    }
}

fn checked_again(plan: &Plan) -> Result<(), PlanError> {
    let (stages, checks) = (plan.stages().to_vec(), plan.checks().clone());
    let policies = plan.policies().clone();
    Plan::new(
        plan.strategy(),
        plan.release().clone(),
        stages,
        checks,
        policies,
    )
    .map(drop)
}

fn planned(path: &Path) -> Result<(Asked, Planned), CliError> {
    let asked = Asked::read(path, &[])?;
    asked.wiring(&Cluster::default(), None)?;
    let planned = asked.plan_offline()?;
    Ok((asked, planned))
}

fn is_plain(error: &CliError, bytes: &[u8]) {
    let CliError::File(error) = error else {
        panic!("a file is no reason for this: {error}");
    };
    match error {
        FileError::Wrong { place, problem, .. } => {
            let text = std::str::from_utf8(bytes).expect("what is no text was read");
            assert!(!problem.is_empty());
            let said = error.to_string();
            assert!(
                !said.contains(char::is_control),
                "more than one line: {said:?}"
            );
            if let Some(place) = place {
                assert!(is_in(*place, text), "{place:?} is not in the text: {error}");
            }
        }
        FileError::Unreadable { source, .. } => {
            assert!(std::str::from_utf8(bytes).is_err(), "{source}");
        }
        FileError::TooLarge { .. } => assert!(bytes.len() > 1024 * 1024),
        error => panic!("the file was there and no option was given: {error}"),
    }
}

/// Whether there is such a character, or the end of a line or of the text.
fn is_in(place: Place, text: &str) -> bool {
    // In YAML a carriage return ends a line, also without a line feed behind it.
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let line = usize::try_from(place.line).unwrap().checked_sub(1);
    let line = line.and_then(|line| text.split('\n').nth(line));
    let column = usize::try_from(place.column).unwrap();
    line.is_some_and(|line| (1..=line.chars().count() + 1).contains(&column))
}
