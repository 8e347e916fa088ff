//! The rollout files in `examples/` say what they mean to say.
#![expect(clippy::unwrap_used, reason = "a helper of tests fails the test")]

use std::path::{Path, PathBuf};

use cli_demo::file::RolloutFile;

fn examples() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples");
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "yaml")
        })
        .collect();
    files.sort();
    files
}

#[test]
fn every_example_is_a_rollout() {
    let files = examples();
    assert!(files.len() >= 5, "{files:?}");
    for path in files {
        let (file, source) = RolloutFile::read(&path).unwrap();
        let intent = file.intent(&[]).map_err(|mistake| source.locate(mistake));
        intent.unwrap_or_else(|error| panic!("{error}"));
    }
}

/// What the guide adds to a rollout file makes one, with every line that it shows as a comment too.
#[test]
fn what_the_guide_of_metrics_shows_is_a_rollout() {
    let guide = include_str!("../../../docs/guides/judge-by-metrics.md");
    let block = |begin: &str| {
        let mut blocks = guide.split("```yaml\n").skip(1);
        let block = blocks.find(|block| block.trim_start().starts_with(begin));
        block.unwrap().split("```").next().unwrap().to_owned()
    };
    let example = include_str!("../../../examples/canary-istio.yaml");
    let (before, rest) = example.split_once("checks:").unwrap();
    let (_, release) = rest.split_once("release:").unwrap();
    let metrics = block("metrics:");
    let of_source = block("bearer-token:");
    let (token, others) = of_source.split_once('\n').unwrap();
    let lines = others.replace("# ", "");
    let basic: Vec<_> = lines
        .lines()
        .filter(|line| !line.trim_start().starts_with("tls"))
        .collect();
    for access in [token, &basic.join("\n")] {
        let url = "      url: http://prometheus.monitoring:9090\n";
        let metrics = metrics.replace(url, &format!("{url}{access}\n"));
        assert!(metrics.contains(access), "{metrics}");
        let text = format!("{before}{metrics}release:{release}");
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("guide.yaml");
        std::fs::write(&path, &text).unwrap();
        let (file, source) = RolloutFile::read(&path).unwrap();
        let intent = file.intent(&[]).map_err(|mistake| source.locate(mistake));
        intent.unwrap_or_else(|error| panic!("{error}\n{text}"));
    }
}

/// What the example prints for alarms in these states.
#[cfg(unix)]
fn counted(states: &str, alarms: &[&str]) -> (Option<i32>, String) {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    let aws = folder.path().join("aws");
    std::fs::write(&aws, format!("#!/bin/sh\nprintf '{states}'\n")).unwrap();
    std::fs::set_permissions(&aws, std::fs::Permissions::from_mode(0o755)).unwrap();
    let path = std::env::var("PATH").unwrap();
    let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/count-alarms.sh");
    let output = std::process::Command::new(program)
        .args(alarms)
        .env("PATH", format!("{}:{path}", folder.path().display()))
        .output()
        .unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    (output.status.code(), said.trim_end().to_owned())
}

#[cfg(unix)]
#[test]
fn alarms_are_counted_and_a_misspelt_one_is_an_error() {
    let counts = |total, failed| {
        (
            Some(0),
            format!("{{\"total\": {total}, \"failed\": {failed}}}"),
        )
    };
    assert_eq!(counted("OK\\tOK\\n", &["a", "b"]), counts(2, 0));
    assert_eq!(counted("OK\\tALARM\\n", &["a", "b"]), counts(2, 1));
    assert_eq!(counted("INSUFFICIENT_DATA\\n", &["a"]), counts(0, 0));
    let misspelt = (Some(1), "1 of the 2 alarms are there: a b".to_owned());
    assert_eq!(counted("OK\\n", &["a", "b"]), misspelt);
    assert_eq!(counted("", &["a"]).0, Some(1));
    assert_eq!(counted("", &[]).0, Some(1));
}

#[test]
fn the_programs_that_examples_name_are_beside_them() {
    for path in examples() {
        let output = std::process::Command::new(env!("CARGO_BIN_EXE_rollway"))
            .args(["plan", "--offline"])
            .arg(path.file_name().unwrap())
            .current_dir(path.parent().unwrap())
            .output()
            .unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        if cfg!(not(feature = "ecs")) && path.to_string_lossy().ends_with("-ecs.yaml") {
            assert!(said.contains("built without Amazon ECS"), "{said}");
            continue;
        }
        assert!(output.status.success(), "{}: {said}", path.display());
        assert!(!said.contains("not here"), "{}: {said}", path.display());
    }
}
