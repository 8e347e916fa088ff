//! Building the test bed's programs with Go, once for each state of the go.mod files.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde::Deserialize;

use super::module::{ISTIO_FILE, ISTIO_FOLDER, ISTIO_MODULE, MODULES, Module, Program};
use crate::cargo::{read, run, typed};
use crate::error::TaskError;
use crate::output::complain;
use crate::workspace::{root, testbed};

const GO_IS_MISSING: &str = "install Go 1.26 or later, see https://go.dev/doc/install";

/// Builds what is missing or out of date; seconds if nothing is.
pub(crate) fn all() -> Result<(), TaskError> {
    let has_assets = env::var_os("KUBEBUILDER_ASSETS").is_some_and(|value| !value.is_empty());
    for module in MODULES {
        for program in module.programs {
            if !(has_assets && program.is_in_assets) {
                build(module, program)?;
            }
        }
    }
    definitions()
}

/// The folder in the repository that holds a go.mod.
pub(crate) fn source(folder: &str) -> PathBuf {
    root().join("crates/xtask/testbed").join(folder)
}

fn build(module: &Module, program: &Program) -> Result<(), TaskError> {
    let recipe = format!("{}\n{}", link_flags(program), inputs(module.folder)?);
    let built = testbed().join("bin").join(program.name);
    up_to_date_or(&built, &recipe, || {
        complain(&format!("building {}", program.name));
        let unfinished = built.with_extension("unfinished");
        let mut command = go(module.folder)?;
        command
            .args(["build", "-trimpath", "-ldflags", &link_flags(program), "-o"])
            .arg(&unfinished)
            .arg(program.package);
        run(&mut command, GO_IS_MISSING)?;
        // A program is there whole or not at all, also when two of us build at the same time.
        fs::rename(&unfinished, &built).map_err(TaskError::file("put in place", &built))
    })
}

/// Fetches Istio's definitions from the module that carries them.
fn definitions() -> Result<(), TaskError> {
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Downloaded {
        dir: PathBuf,
    }

    let target = testbed().join("crds/istio.yaml");
    up_to_date_or(&target, &inputs(ISTIO_FOLDER)?, || {
        let mut command = go(ISTIO_FOLDER)?;
        command.args(["mod", "download", "-json", ISTIO_MODULE]);
        let text = read(&mut command, GO_IS_MISSING)?;
        let module: Downloaded =
            serde_json::from_str(&text).map_err(|source| TaskError::Unreadable {
                command: typed(&command),
                source,
            })?;
        let file = module.dir.join(ISTIO_FILE);
        // Not `copy`: it would take over that files of the module cache are read-only.
        let text = fs::read(&file).map_err(TaskError::file("read", &file))?;
        fs::write(&target, text).map_err(TaskError::file("write", &target))
    })
}

/// Calls `make`, which makes `file`, unless `file` is there and was made by the same recipe.
pub(super) fn up_to_date_or(
    file: &Path,
    recipe: &str,
    make: impl FnOnce() -> Result<(), TaskError>,
) -> Result<(), TaskError> {
    let stamp = file.with_extension("recipe");
    if file.is_file() && fs::read_to_string(&stamp).is_ok_and(|made_by| made_by == recipe) {
        return Ok(());
    }
    if let Some(folder) = file.parent() {
        fs::create_dir_all(folder).map_err(TaskError::file("create", folder))?;
    }
    make()?;
    fs::write(&stamp, recipe).map_err(TaskError::file("write", &stamp))
}

fn link_flags(program: &Program) -> String {
    let versions = program
        .versions
        .iter()
        .map(|(name, value)| format!(" -X {name}={value}"));
    ["-s -w".to_owned()].into_iter().chain(versions).collect()
}

/// The text of everything in the repository that decides what is built.
fn inputs(folder: &str) -> Result<String, TaskError> {
    let mut text = String::new();
    for name in ["go.mod", "go.sum"] {
        let path = source(folder).join(name);
        text += &fs::read_to_string(&path).map_err(TaskError::file("read", &path))?;
    }
    Ok(text)
}

fn go(folder: &str) -> Result<Command, TaskError> {
    let mut command = Command::new("go");
    // Flags of the person at the keyboard, such as -mod=mod, must not change our go.mod.
    command
        .current_dir(source(folder))
        .env("CGO_ENABLED", "0")
        .env("GOFLAGS", "-mod=readonly");
    if !has_writable_cache() {
        command
            .env("GOCACHE", testbed().join("go/build"))
            .env("GOPATH", testbed().join("go"));
    }
    Ok(command)
}

/// Whether Go's usual build cache can be used; in some sandboxes there is no home to write to.
fn has_writable_cache() -> bool {
    let cache = Command::new("go").args(["env", "GOCACHE"]).output();
    let cache = cache.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned());
    cache.is_ok_and(|path| {
        let probe = Path::new(&path).join("rollway-probe");
        let written = fs::create_dir_all(&path).and_then(|()| fs::write(&probe, ""));
        written.is_ok() && fs::remove_file(&probe).is_ok()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;

    #[test]
    fn made_again_only_for_another_recipe_or_a_missing_file() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("bin/program");
        let made = Cell::new(0);
        let make = || {
            made.set(made.get() + 1);
            fs::write(&file, "").map_err(TaskError::file("write", &file))
        };
        let times = |recipe: &str| {
            up_to_date_or(&file, recipe, make).unwrap();
            made.get()
        };
        assert_eq!(times("a"), 1);
        assert_eq!(times("a"), 1);
        assert_eq!(times("b"), 2);
        fs::remove_file(&file).unwrap();
        assert_eq!(times("b"), 3);
    }

    #[test]
    fn a_failed_attempt_counts_for_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("program");
        fs::write(&file, "of an earlier recipe").unwrap();
        let fail = || {
            Err(TaskError::NotUp {
                state: PathBuf::new(),
            })
        };
        up_to_date_or(&file, "a", fail).unwrap_err();
        let again = Cell::new(false);
        up_to_date_or(&file, "a", || {
            again.set(true);
            Ok(())
        })
        .unwrap();
        assert!(again.get());
    }
}
