//! Recorded data of any bytes, which a judge is run over.

use std::fs;
use std::path::{Path, PathBuf};

use cli_demo::args::{Judge, Output};
use cli_demo::error::CliError;
use cli_demo::exit::Exit;
use cli_demo::judge::judged;
use cli_demo::render::paint::Paint;
use serde_json::Value;

use crate::scratch;

/// The check of each shape of data, with windows that are long enough for any begin and end to hold few of them.
const CHECKS: [&str; 4] = [
    "interval: 1h",
    "{interval: 1h, judge: stochastic-order}",
    "{interval: 1h, judge: {kind: threshold, measure: last, bound: {absolute: {max: 1}}}}",
    "{interval: 1h, metric: {unit: pod}, judge: {kind: exchangeable-units, of: numbers}}",
];

/// What somebody gives `rollway judge`, as rows and as series.
///
/// It is judged, and each line for programs is JSON and none for people has an order to the terminal; or it is refused
/// in one line that names the file.
pub fn recorded(bytes: &[u8]) {
    let folder = scratch::folder();
    let config = folder.path().join("check.yaml");
    for name in ["a.csv", "a.json"] {
        let data = folder.path().join(name);
        fs::write(&data, bytes).unwrap();
        for check in CHECKS {
            fs::write(&config, check).unwrap();
            is_judged_or_refused(&config, &data);
        }
    }
}

fn is_judged_or_refused(config: &Path, data: &Path) {
    let said = |output| {
        let options = Judge {
            config: config.to_owned(),
            check: None,
            data: data.to_owned(),
            track: None,
            stable: None,
            candidate: None,
            failed: None,
            unit: None,
            svg: None::<PathBuf>,
            output,
        };
        let runtime = tokio::runtime::Builder::new_current_thread().build();
        runtime.unwrap().block_on(judged(&options, Paint::OFF))
    };
    match said(Output::Json) {
        Ok(judged) => {
            for line in &judged.lines {
                let line: Value = serde_json::from_str(line).unwrap();
                assert!(line["type"].is_string(), "{line}");
            }
            let ends = [Exit::Success, Exit::RolledBack, Exit::InProgress];
            assert!(ends.contains(&judged.exit), "{:?}", judged.exit);
            assert!(!judged.svg.contains("NaN") && !judged.svg.contains("inf"));
            let text = said(Output::Text).unwrap();
            assert_eq!(text.exit, judged.exit);
            let has_orders = |line: &&String| line.contains(char::is_control);
            assert_eq!(text.lines.iter().find(has_orders), None);
        }
        Err(CliError::Data(error)) => {
            let said = error.to_string();
            assert!(said.contains(data.file_name().unwrap().to_str().unwrap()));
            assert!(!said.contains(char::is_control), "{said:?}");
        }
        Err(error) => panic!("recorded data are no reason for this: {error}"),
    }
}
