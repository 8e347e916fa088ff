//! Installing moto, a server that speaks the wire formats of AWS, into a virtual environment of Python under `target/moto`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::build::up_to_date_or;
use crate::cargo::run;
use crate::error::TaskError;
use crate::output::complain;
use crate::workspace::{root, target};

/// Every package with its version and the hashes of its files.
const REQUIREMENTS: &str = "crates/target-ecs/tests/moto/requirements.txt";

const PYTHON_IS_MISSING: &str = "install Python, see https://www.python.org/downloads";

/// Installs what is missing, out of date or broken; a second if nothing is.
pub(crate) fn install() -> Result<(), TaskError> {
    let environment = Environment {
        base: PathBuf::from("python3"),
        folder: target().join("moto/venv"),
        requirements: root().join(REQUIREMENTS),
    };
    environment.install().map_err(|source| TaskError::NoMoto {
        source: Box::new(source),
    })
}

struct Environment {
    /// The Python that makes it.
    base: PathBuf,
    folder: PathBuf,
    requirements: PathBuf,
}

impl Environment {
    fn install(&self) -> Result<(), TaskError> {
        let python = self.folder.join("bin/python");
        let recipe = fs::read_to_string(&self.requirements)
            .map_err(TaskError::file("read", &self.requirements))?;
        if !starts(&python) {
            self.remove()?;
        }
        // What says that it is whole lies inside, so that nothing of one that is not can be taken for whole.
        up_to_date_or(&python, &recipe, || {
            complain("installing moto");
            self.remove()?;
            let mut make = isolated(&self.base);
            run(
                make.args(["-m", "venv"]).arg(&self.folder),
                PYTHON_IS_MISSING,
            )?;
            let mut fill = isolated(&python);
            fill.args(["-m", "pip", "install", "--quiet", "--no-input"])
                .args(["--disable-pip-version-check", "--require-hashes"])
                // Nothing that is fetched is run before its hash is known, and nothing is compiled.
                .args(["--no-deps", "--only-binary", ":all:", "--requirement"])
                .arg(&self.requirements);
            run(&mut fill, PYTHON_IS_MISSING)
        })
    }

    fn remove(&self) -> Result<(), TaskError> {
        match fs::remove_dir_all(&self.folder) {
            Err(source) if source.kind() != std::io::ErrorKind::NotFound => {
                Err(TaskError::file("remove", &self.folder)(source))
            }
            Ok(()) | Err(_) => Ok(()),
        }
    }
}

/// This Python, without the variables and packages of the person at the keyboard.
fn isolated(python: &Path) -> Command {
    let mut command = Command::new(python);
    command.arg("-I");
    command
}

/// Whether the server in it could be started: a Python that it was made with may have gone.
fn starts(python: &Path) -> bool {
    let tried = isolated(python).args(["-c", "import moto.server"]).output();
    tried.is_ok_and(|output| output.status.success())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use tempfile::TempDir;

    use super::*;
    use crate::error::chain;

    /// Stands in for Python: notes what it is asked, and has moto once `pip` was run.
    const PYTHON: &str = r#"#!/bin/sh
here=$(dirname "$0")
echo "$@" >> "$NOTES"
case "$*" in
  *venv*) mkdir -p "$4/bin" && cp "$0" "$4/bin/python" ;;
  *pip*) test ! -e "$NOTES.offline" && touch "$here/moto" ;;
  *import*) test -e "$here/moto" ;;
esac
"#;

    struct Scene {
        folder: TempDir,
        environment: Environment,
    }

    impl Scene {
        fn new() -> Self {
            let folder = tempfile::tempdir().unwrap();
            let base = folder.path().join("python3");
            let notes = folder.path().join("notes");
            let text = PYTHON.replace("$NOTES", notes.to_str().unwrap());
            fs::write(&base, text).unwrap();
            fs::set_permissions(&base, PermissionsExt::from_mode(0o755)).unwrap();
            let requirements = folder.path().join("requirements.txt");
            fs::write(&requirements, "moto==1").unwrap();
            let environment = Environment {
                base,
                folder: folder.path().join("venv"),
                requirements,
            };
            Self {
                folder,
                environment,
            }
        }

        /// Installs, and tells how often packages have been fetched by now.
        fn install(&self) -> usize {
            self.environment.install().unwrap();
            assert!(starts(&self.environment.folder.join("bin/python")));
            let notes = fs::read_to_string(self.folder.path().join("notes")).unwrap();
            let fetched = notes.lines().filter(|line| line.contains("-m pip install"));
            fetched.count()
        }
    }

    #[test]
    fn what_is_there_is_not_installed_again() {
        let scene = Scene::new();
        assert_eq!(scene.install(), 1);
        assert_eq!(scene.install(), 1);
        fs::write(&scene.environment.requirements, "moto==2").unwrap();
        assert_eq!(scene.install(), 2, "another version");
        assert_eq!(scene.install(), 2);
    }

    #[test]
    fn what_is_broken_is_installed_again() {
        let scene = Scene::new();
        scene.install();
        fs::remove_file(scene.environment.folder.join("bin/moto")).unwrap();
        assert_eq!(scene.install(), 2, "without its packages");
        fs::remove_file(scene.environment.folder.join("bin/python")).unwrap();
        assert_eq!(scene.install(), 3, "without its Python");
    }

    #[test]
    fn half_an_installation_counts_for_nothing() {
        let scene = Scene::new();
        let offline = scene.folder.path().join("notes.offline");
        fs::write(&offline, "").unwrap();
        let error = scene.environment.install().unwrap_err();
        assert!(chain(&error).contains("pip install"), "{error}");
        let left = scene.environment.folder.join("bin/left over");
        fs::write(&left, "").unwrap();
        fs::remove_file(&offline).unwrap();
        assert_eq!(scene.install(), 2);
        assert!(!left.exists());
    }

    #[test]
    fn without_python_it_is_said_what_to_install() {
        let mut scene = Scene::new();
        scene.environment.base = scene.folder.path().join("no-python");
        let error = scene.environment.install().unwrap_err();
        let error = TaskError::NoMoto {
            source: Box::new(error),
        };
        let text = chain(&error);
        assert!(
            text.contains("no-python") && text.contains("venv"),
            "{text}"
        );
    }

    #[test]
    fn every_package_is_pinned_with_its_hash() {
        let text = fs::read_to_string(root().join(REQUIREMENTS)).unwrap();
        let text = text.replace("\\\n", " ");
        let packages = text.lines().filter(|line| !line.starts_with('#'));
        let packages: Vec<&str> = packages.filter(|line| !line.trim().is_empty()).collect();
        assert!(packages.iter().any(|line| line.starts_with("moto==")));
        for line in packages {
            assert!(
                line.contains("==") && line.contains("--hash=sha256:"),
                "{line}"
            );
        }
    }
}
