//! Installing Prometheus from the distribution's own package into `target/prometheus`, without root and without
//! installing anything on the machine.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::build::up_to_date_or;
use crate::cargo::run;
use crate::error::TaskError;
use crate::output::complain;
use crate::workspace::target;

/// What is made, and how; another text makes it anew.
const RECIPE: &str = "the package `prometheus` of the distribution, unpacked by dpkg -x";

const APT_IS_MISSING: &str =
    "take a Debian or Ubuntu, whose apt-get and dpkg fetch the package `prometheus`";

/// Installs what is missing or broken; a moment if nothing is.
pub(crate) fn install() -> Result<(), TaskError> {
    let package = Package {
        apt_get: PathBuf::from("apt-get"),
        dpkg: PathBuf::from("dpkg"),
        folder: target().join("prometheus"),
    };
    package.install().map_err(|source| TaskError::NoPrometheus {
        source: Box::new(source),
    })
}

struct Package {
    apt_get: PathBuf,
    dpkg: PathBuf,
    /// Where it is unpacked.
    folder: PathBuf,
}

impl Package {
    fn install(&self) -> Result<(), TaskError> {
        let program = self.program();
        if !starts(&program) {
            self.remove()?;
        }
        // What says that it is whole lies inside, so that nothing of one that is not can be taken for whole.
        up_to_date_or(&program, RECIPE, || {
            complain("installing Prometheus");
            self.remove()?;
            let fetched = self.folder.join("fetched");
            fs::create_dir_all(&fetched).map_err(TaskError::file("create", &fetched))?;
            self.fetch(&fetched)?;
            let mut unpack = Command::new(&self.dpkg);
            unpack
                .arg("-x")
                .arg(the_package(&fetched)?)
                .arg(&self.folder);
            run(unpack.stdout(Stdio::null()), APT_IS_MISSING)?;
            if !starts(&program) {
                return Err(TaskError::DoesNotStart {
                    program: program.clone(),
                });
            }
            fs::remove_dir_all(&fetched).map_err(TaskError::file("remove", &fetched))
        })
    }

    fn program(&self) -> PathBuf {
        self.folder.join("usr/bin/prometheus")
    }

    /// Fetches the package by the machine's list of packages, and by one of our own where there is none or it is old.
    fn fetch(&self, fetched: &Path) -> Result<(), TaskError> {
        let download = |options: &[String]| {
            let mut download = Command::new(&self.apt_get);
            download.current_dir(fetched).stdout(Stdio::null());
            download.args(["--quiet", "--quiet"]).args(options);
            run(download.args(["download", "prometheus"]), APT_IS_MISSING)
        };
        match download(&[]) {
            Err(TaskError::Failed { .. }) => {}
            done => return done,
        }
        complain("fetching a list of packages of our own");
        let mut options = Vec::new();
        for (name, folder) in [("State::Lists", "lists"), ("Cache", "cache")] {
            let folder = fetched.join(folder);
            let partial = folder.join("partial");
            fs::create_dir_all(&partial).map_err(TaskError::file("create", &partial))?;
            options.push(format!("-oDir::{name}={}", folder.display()));
        }
        let mut update = Command::new(&self.apt_get);
        update.current_dir(fetched).stdout(Stdio::null());
        update.args(["--quiet", "--quiet"]).args(&options);
        run(update.arg("update"), APT_IS_MISSING)?;
        download(&options)
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

/// The file that was fetched: its name has version and architecture in it.
fn the_package(fetched: &Path) -> Result<PathBuf, TaskError> {
    let files = fs::read_dir(fetched).map_err(TaskError::file("read", fetched))?;
    let mut paths = files.flatten().map(|file| file.path());
    let package = paths.find(|path| path.extension().is_some_and(|ending| ending == "deb"));
    package.ok_or_else(|| {
        let nothing = std::io::Error::from(std::io::ErrorKind::NotFound);
        TaskError::file("find the package in", fetched)(nothing)
    })
}

/// Whether it could be run: a library that it was built with may be missing here.
fn starts(program: &Path) -> bool {
    let tried = Command::new(program).arg("--version").output();
    tried.is_ok_and(|output| output.status.success())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use tempfile::TempDir;

    use super::*;
    use crate::error::chain;

    /// Stands in for apt-get: notes what it is asked, and has a package if its list does.
    const APT_GET: &str = r#"#!/bin/sh
echo "$@" >> "$NOTES"
test ! -e "$NOTES.offline" || exit 100
case "$*" in
  *update*) touch "$NOTES.updated" ;;
  *Lists*download*) test -e "$NOTES.updated" && touch prometheus_1_all.deb ;;
  *download*) test ! -e "$NOTES.without-list" && touch prometheus_1_all.deb ;;
esac
"#;

    /// Stands in for dpkg: unpacks a Prometheus that starts unless it is told otherwise.
    const DPKG: &str = r#"#!/bin/sh
test -e "$2" || exit 2
mkdir -p "$3/usr/bin"
test -e "$NOTES.torn" && exit 2
test -e "$NOTES.foreign" || { echo '#!/bin/sh' > "$3/usr/bin/prometheus"; chmod +x "$3/usr/bin/prometheus"; }
"#;

    struct Scene {
        folder: TempDir,
        package: Package,
    }

    impl Scene {
        fn new() -> Self {
            let folder = tempfile::tempdir().unwrap();
            let notes = folder.path().join("notes");
            let program = |name: &str, text: &str| {
                let path = folder.path().join(name);
                fs::write(&path, text.replace("$NOTES", notes.to_str().unwrap())).unwrap();
                fs::set_permissions(&path, PermissionsExt::from_mode(0o755)).unwrap();
                path
            };
            let package = Package {
                apt_get: program("apt-get", APT_GET),
                dpkg: program("dpkg", DPKG),
                folder: folder.path().join("prometheus"),
            };
            Self { folder, package }
        }

        /// From now on this is so of apt-get or dpkg.
        fn is(&self, state: &str) -> PathBuf {
            let path = self.folder.path().join(format!("notes.{state}"));
            fs::write(&path, "").unwrap();
            path
        }

        /// Installs, and tells how often a package was asked for by now.
        fn install(&self) -> usize {
            self.package.install().unwrap();
            assert!(starts(&self.package.program()));
            let notes = fs::read_to_string(self.folder.path().join("notes")).unwrap();
            notes.matches("download prometheus").count()
        }

        fn failure(&self) -> String {
            let error = self.package.install().unwrap_err();
            chain(&TaskError::NoPrometheus {
                source: Box::new(error),
            })
        }
    }

    #[test]
    fn what_is_there_is_not_installed_again() {
        let scene = Scene::new();
        assert_eq!(scene.install(), 1);
        assert_eq!(scene.install(), 1);
        let stamp = scene.package.program().with_extension("recipe");
        fs::write(stamp, "of another recipe").unwrap();
        assert_eq!(scene.install(), 2);
        assert!(!scene.package.folder.join("fetched").exists());
    }

    #[test]
    fn what_is_broken_is_installed_again() {
        let scene = Scene::new();
        scene.install();
        fs::write(scene.package.program(), "no program").unwrap();
        assert_eq!(scene.install(), 2);
        fs::remove_file(scene.package.program()).unwrap();
        assert_eq!(scene.install(), 3);
    }

    #[test]
    fn half_an_installation_counts_for_nothing() {
        let scene = Scene::new();
        for (state, named) in [
            ("offline", "update"),
            ("torn", "-x"),
            ("foreign", "does not start"),
        ] {
            let state = scene.is(state);
            let failure = scene.failure();
            assert!(failure.contains(named), "{failure}");
            let left = scene.package.folder.join("usr/bin/left over");
            fs::create_dir_all(left.parent().unwrap()).unwrap();
            fs::write(&left, "").unwrap();
            fs::remove_file(state).unwrap();
            scene.install();
            assert!(!left.exists());
            fs::remove_file(scene.package.program()).unwrap();
        }
    }

    #[test]
    fn without_a_list_of_packages_one_of_our_own_is_fetched() {
        let scene = Scene::new();
        scene.is("without-list");
        assert_eq!(scene.install(), 2);
        let notes = fs::read_to_string(scene.folder.path().join("notes")).unwrap();
        let ours = |word: &str| {
            let line = notes.lines().rfind(|line| line.contains(word)).unwrap();
            line.contains("-oDir::State::Lists=") && line.contains("-oDir::Cache=")
        };
        assert!(ours("update") && ours("download"), "{notes}");
    }

    #[test]
    fn without_apt_get_or_dpkg_it_is_said_what_is_missing() {
        for missing in ["no-apt-get", "no-dpkg"] {
            let mut scene = Scene::new();
            let path = scene.folder.path().join(missing);
            if missing == "no-apt-get" {
                scene.package.apt_get = path;
            } else {
                scene.package.dpkg = path;
            }
            let failure = scene.failure();
            assert!(
                failure.contains(missing) && failure.contains("Debian"),
                "{failure}"
            );
        }
    }
}
