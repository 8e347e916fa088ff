//! Every example is run: each asserts what it claims.

#[path = "../examples/canary.rs"]
mod canary;
#[path = "../examples/custom_check.rs"]
mod custom_check;
#[path = "../examples/custom_strategy.rs"]
mod custom_strategy;
#[path = "../examples/custom_target/main.rs"]
mod custom_target;
#[path = "../examples/drive_by_hand.rs"]
mod drive_by_hand;
#[path = "../examples/resume.rs"]
mod resume;
#[path = "../examples/simulation.rs"]
mod simulation;

macro_rules! examples {
    ($($name:ident),+ $(,)?) => {
        mod run {
            $(
                #[test]
                fn $name() {
                    super::$name::main().unwrap();
                }
            )+
        }

        const RUN: &[&str] = &[$(stringify!($name)),+];
    };
}

examples!(
    canary,
    custom_check,
    custom_strategy,
    custom_target,
    drive_by_hand,
    resume,
    simulation,
);

#[test]
fn every_example_is_run_and_short() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/examples");
    let mut found: Vec<String> = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        // What `cargo xtask` runs is a tool, and none to learn from.
        if path.ends_with("explore.rs") || path.ends_with("simulate.rs") {
            continue;
        }
        // An example is a file, or a folder of them.
        let files = match std::fs::read_dir(&path) {
            Ok(files) => files.map(|file| file.unwrap().path()).collect(),
            Err(_) => vec![path.clone()],
        };
        for file in files {
            let lines = std::fs::read_to_string(&file).unwrap().lines().count();
            assert!(lines < 80, "{} has {lines} lines", file.display());
        }
        let name = path.file_stem().unwrap();
        found.push(name.to_string_lossy().into_owned());
    }
    found.sort();
    assert_eq!(found, RUN);
}
