//! Building the test bed's programs with Go, once for each state of the go.mod files.

use std::env;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde::Deserialize;

use super::module::{DEFINITIONS, Definitions, GATEWAY, MODULES, Module, Program};
use crate::cargo::{read, run, typed};
use crate::error::TaskError;
use crate::output::complain;
use crate::workspace::{root, testbed};

const GO_IS_MISSING: &str = "install Go 1.26 or later, see https://go.dev/doc/install";

/// Builds what is missing or out of date of a control plane; seconds if nothing is.
pub(crate) fn control_plane() -> Result<(), TaskError> {
    let has_assets = env::var_os("KUBEBUILDER_ASSETS").is_some_and(|value| !value.is_empty());
    for module in MODULES {
        for program in module.programs {
            if !(has_assets && program.is_in_assets) {
                build(module, program)?;
            }
        }
    }
    DEFINITIONS.iter().try_for_each(fetch)
}

/// Builds the gateway of the lab if it is missing or out of date.
pub(crate) fn gateway() -> Result<(), TaskError> {
    let build_all = || {
        let mut programs = GATEWAY.programs.iter();
        programs.try_for_each(|program| build(&GATEWAY, program))
    };
    build_all().map_err(|source| TaskError::NoGateway {
        source: Box::new(source),
    })
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

/// Fetches definitions from the module that carries them, as one YAML stream.
fn fetch(definitions: &Definitions) -> Result<(), TaskError> {
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Downloaded {
        dir: PathBuf,
    }

    let target = testbed().join("crds").join(definitions.stream);
    let recipe = format!(
        "{}\n{}",
        definitions.files.join("\n"),
        inputs(definitions.folder)?
    );
    up_to_date_or(&target, &recipe, || {
        let mut command = go(definitions.folder)?;
        command.args(["mod", "download", "-json", definitions.module]);
        let text = read(&mut command, GO_IS_MISSING)?;
        let module: Downloaded =
            serde_json::from_str(&text).map_err(|source| TaskError::Unreadable {
                command: typed(&command),
                source,
            })?;
        // Not `copy`: it would take over that files of the module cache are read-only.
        write_whole(&target, &stream(&module.dir, definitions.files)?)
    })
}

/// The files that are there, one document after the other; an error if none is.
fn stream(folder: &Path, files: &[&str]) -> Result<Vec<u8>, TaskError> {
    let mut stream = Vec::new();
    let mut missing = None;
    for file in files {
        let file = folder.join(file);
        match fs::read(&file) {
            Ok(text) => {
                if !stream.is_empty() {
                    stream.extend(b"\n---\n");
                }
                stream.extend(text);
            }
            Err(error) if error.kind() == ErrorKind::NotFound => missing = Some((file, error)),
            Err(error) => return Err(TaskError::file("read", &file)(error)),
        }
    }
    match missing {
        Some((file, error)) if stream.is_empty() => Err(TaskError::file("read", &file)(error)),
        Some(_) | None => Ok(stream),
    }
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
    write_whole(&stamp, recipe.as_bytes())
}

/// A file is there whole or not at all, and what another name of the old one leads to stays as it is.
fn write_whole(path: &Path, content: &[u8]) -> Result<(), TaskError> {
    let unfinished = path.with_added_extension("unfinished");
    fs::write(&unfinished, content).map_err(TaskError::file("write", &unfinished))?;
    fs::rename(&unfinished, path).map_err(TaskError::file("put in place", path))
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
    fn files_become_one_stream_and_none_at_all_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let files = ["a.yaml", "b.yaml", "c.yaml"];
        stream(folder.path(), &files).unwrap_err();
        fs::write(folder.path().join("a.yaml"), "a: 1").unwrap();
        fs::write(folder.path().join("c.yaml"), "c: 1\n").unwrap();
        let made = stream(folder.path(), &files).unwrap();
        assert_eq!(made, b"a: 1\n---\nc: 1\n");
    }

    #[test]
    fn a_failed_attempt_counts_for_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("program");
        fs::write(&file, "of an earlier recipe").unwrap();
        let fail = || {
            Err(TaskError::NoLab {
                reason: String::new(),
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
