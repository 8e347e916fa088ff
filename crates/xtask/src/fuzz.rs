//! `cargo xtask fuzz`: libFuzzer over everything that reads bytes from outside.

mod tally;

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::Instant;

use tally::Tally;

use crate::args::Fuzz;
use crate::cargo::{RUST_IS_MISSING, cargo, read, run as run_to_end};
use crate::error::TaskError;
use crate::output::{complain, say};
use crate::workspace::{root, target};

/// What builds with libFuzzer's instrumentation. Installed under `target`, for us alone.
const CARGO_FUZZ: &str = "0.13.2";

/// Bytes that a target may hold, in MiB: many times what the largest input of all needs.
const MEMORY: u64 = 1024;

/// Seconds that one input may take.
const PATIENCE: u64 = 10;

fn package() -> PathBuf {
    root().join("crates/fuzz")
}

fn built() -> PathBuf {
    target().join("fuzz")
}

/// Fuzzes the targets of those names, or all if there are none, so many seconds each.
pub(crate) fn run(options: &Fuzz) -> Result<ExitCode, TaskError> {
    let seconds = options.seconds;
    let targets = chosen(&known()?, &options.targets)?;
    let programs = build()?;
    let mut tallies = Vec::new();
    for name in targets {
        complain(&format!("== {name}, {seconds} s"));
        tallies.push(fuzz(&programs.join(&name), name, seconds)?);
    }
    say(&tally::table(&tallies));
    let found: Vec<&Tally> = tallies
        .iter()
        .filter(|tally| !tally.found.is_empty())
        .collect();
    for Tally { name, found, .. } in &found {
        for input in found {
            say(&format!(
                "{name} does not hold for {}: copy it to crates/fuzz/corpus/{name} and run \
                 `cargo test -p fuzz {name}`",
                input.display()
            ));
        }
    }
    Ok(if found.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// The names of all targets.
fn known() -> Result<Vec<String>, TaskError> {
    let programs = files(&package().join("libfuzzer/targets"))?;
    let stems = programs.iter().filter_map(|path| path.file_stem());
    Ok(stems
        .map(|stem| stem.to_string_lossy().into_owned())
        .collect())
}

fn chosen(known: &[String], names: &[String]) -> Result<Vec<String>, TaskError> {
    if names.is_empty() {
        return Ok(known.to_vec());
    }
    match names.iter().find(|name| !known.contains(name)) {
        Some(name) => Err(TaskError::NoSuchFuzzTarget {
            name: name.clone(),
            known: known.join(", "),
        }),
        None => Ok(names.to_vec()),
    }
}

/// Builds all of them; returns the folder of the programs.
fn build() -> Result<PathBuf, TaskError> {
    let tools = built().join("tools");
    let program = tools.join("bin/cargo-fuzz");
    if !program.exists() {
        let mut install = cargo();
        install
            .args(["install", "cargo-fuzz", "--locked", "--version", CARGO_FUZZ])
            .arg("--root")
            .arg(&tools);
        run_to_end(&mut install, RUST_IS_MISSING)?;
    }
    // What is fuzzed is what is tested: the same versions of everything.
    let lock = package().join("libfuzzer/Cargo.lock");
    fs::copy(root().join("Cargo.lock"), &lock).map_err(TaskError::file("write", &lock))?;
    let mut command = Command::new(&program);
    // No sanitizer, so any toolchain will do: there is no `unsafe` of ours to look into.
    command
        .current_dir(root())
        .args(["fuzz", "build", "--sanitizer", "none"])
        .arg("--fuzz-dir")
        .arg(package().join("libfuzzer"))
        .arg("--target-dir")
        .arg(built().join("build"));
    run_to_end(
        &mut command,
        "remove target/fuzz/tools, and it is installed anew",
    )?;
    Ok(built().join("build").join(host()?).join("release"))
}

/// The platform that programs are built for here.
fn host() -> Result<String, TaskError> {
    let text = read(cargo().args(["--version", "--verbose"]), RUST_IS_MISSING)?;
    let host = text.lines().find_map(|line| line.strip_prefix("host: "));
    Ok(host.unwrap_or_default().to_owned())
}

/// Runs one target until its time is over or it finds something.
#[expect(
    clippy::disallowed_methods,
    reason = "what is measured is another process"
)]
fn fuzz(program: &Path, name: String, seconds: u64) -> Result<Tally, TaskError> {
    let folder = |of: &str| {
        let folder = built().join(of).join(&name);
        let made = fs::create_dir_all(&folder);
        made.map_err(TaskError::file("make the folder", &folder))
            .map(|()| folder)
    };
    let (corpus, found) = (folder("corpus")?, folder("found")?);
    let before = files(&found)?;
    let log = built().join(format!("{name}.log"));
    let output = File::create(&log).map_err(TaskError::file("create the log", &log))?;
    let mut command = Command::new(program);
    command
        .arg(format!("-max_total_time={seconds}"))
        .arg(format!("-rss_limit_mb={MEMORY}"))
        .arg(format!("-timeout={PATIENCE}"))
        .arg("-print_final_stats=1")
        .arg(format!("-artifact_prefix={}/", found.display()))
        .arg(&corpus)
        .arg(package().join("corpus").join(&name))
        .stderr(output);
    let began = Instant::now();
    // What it found is told by the files that it leaves, whatever its exit status.
    command
        .status()
        .map_err(TaskError::file("start", program))?;
    let time = began.elapsed();
    let text = fs::read(&log).map_err(TaskError::file("read", &log))?;
    let mut found = files(&found)?;
    found.retain(|input| !before.contains(input));
    Ok(Tally {
        runs: tally::runs(&String::from_utf8_lossy(&text)),
        corpus: files(&corpus)?.len(),
        name,
        time,
        found,
    })
}

fn files(folder: &Path) -> Result<Vec<PathBuf>, TaskError> {
    let failed = || TaskError::file("look through", folder);
    let mut files = Vec::new();
    for file in fs::read_dir(folder).map_err(failed())? {
        files.push(file.map_err(failed())?.path());
    }
    files.sort();
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_name_is_every_target_and_an_unknown_one_is_an_error() {
        let known = known().unwrap();
        assert!(known.contains(&"journal".to_owned()), "{known:?}");
        assert_eq!(chosen(&known, &[]).unwrap(), known);
        let one = ["text".to_owned()];
        assert_eq!(chosen(&known, &one).unwrap(), one);
        let error = chosen(&known, &["jornal".to_owned()]).unwrap_err();
        let error = error.to_string();
        assert!(
            error.contains("jornal") && error.contains("journal"),
            "{error}"
        );
    }

    #[test]
    fn the_host_is_known() {
        assert!(host().unwrap().contains('-'));
    }
}
