//! Whether the programs that a plan names can be run here: asked before anything is written.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use strategy_core::Plan;
use strategy_core::plan::{CheckName, Extension, GateKind, Undo};
use strategy_core::target::Finding;

use super::{COMMAND, argv};

/// The code of a finding about a program that is not there.
pub const PROGRAM_MISSING: &str = "program-missing";

/// Why a program cannot be run here, with path and folder; `None`: it can.
///
/// A name without a slash is looked up in `PATH`; any other is a path from the folder in which
/// `rollway` was called, as the operating system takes it.
pub fn problem(program: &str) -> Option<String> {
    let folder = std::env::current_dir().unwrap_or_default();
    problem_in(program, &folder, std::env::var_os("PATH").as_deref())
}

fn problem_in(program: &str, folder: &Path, path: Option<&std::ffi::OsStr>) -> Option<String> {
    if !program.contains('/') {
        // Elsewhere the name of the file has an ending that is not written.
        let is_there = cfg!(not(unix))
            || path.is_some_and(|path| {
                std::env::split_paths(path).any(|folder| is_program(&folder.join(program)))
            });
        return (!is_there).then(|| format!("there is no program `{program}` in PATH"));
    }
    let file = folder.join(PathBuf::from(program));
    if is_program(&file) {
        return None;
    }
    let what = if file.is_file() {
        "is not executable"
    } else {
        "is not there"
    };
    Some(format!(
        "`{program}` {what}, seen from the folder {}",
        folder.display()
    ))
}

fn is_program(file: &Path) -> bool {
    let Ok(metadata) = file.metadata() else {
        return false;
    };
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        metadata.is_file() && metadata.permissions().mode() & 0o111 != 0
    }
    #[cfg(not(unix))]
    metadata.is_file()
}

/// A blocking finding for each program of gates, hooks and checks that cannot be run here.
pub fn missing(plan: &Plan, counters: &BTreeMap<CheckName, Vec<String>>) -> Vec<Finding> {
    let mut programs: Vec<(String, Vec<String>)> = Vec::new();
    let mut add = |what: String, run: &Extension| {
        if run.kind == COMMAND {
            programs.push((what, argv(run).unwrap_or_default()));
        }
    };
    for stage in plan.stages() {
        for gate in &stage.gates {
            if let GateKind::External { ask, .. } = &gate.kind {
                add(
                    format!("gate `{}` of stage `{}`", gate.name, stage.name),
                    ask,
                );
            }
        }
        for hook in &stage.hooks {
            let what = format!("hook `{}` of stage `{}`", hook.name, stage.name);
            if let Undo::By(undo) = &hook.undo {
                add(format!("the undoing of {what}"), undo);
            }
            add(what, &hook.run);
        }
    }
    for (check, argv) in counters {
        programs.push((format!("check `{check}`"), argv.clone()));
    }
    let found = programs.into_iter().filter_map(|(what, argv)| {
        let problem = problem(argv.first()?)?;
        Some(Finding::blocks(
            PROGRAM_MISSING,
            what,
            problem,
            "put it there and make it executable (`chmod +x`), or call `rollway` in the folder \
             that the rollout file means",
        ))
    });
    found.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[test]
    fn a_program_is_looked_for_where_it_will_be_run() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("count.sh");
        let path = std::env::var_os("PATH");
        let problem = |program: &str| problem_in(program, folder.path(), path.as_deref());
        let missing = problem("./count.sh").unwrap();
        assert!(missing.contains("`./count.sh` is not there"), "{missing}");
        let shown = folder.path().display().to_string();
        assert!(missing.contains(&shown), "{missing}");
        std::fs::write(&file, "#!/bin/sh\n").unwrap();
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o644)).unwrap();
        let plain = problem("./count.sh").unwrap();
        assert!(plain.contains("is not executable"), "{plain}");
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o755)).unwrap();
        for program in ["./count.sh", &file.display().to_string(), "sh"] {
            assert_eq!(problem(program), None, "{program}");
        }
        let nowhere = problem("no-such-program-anywhere").unwrap();
        assert!(nowhere.contains("in PATH"), "{nowhere}");
        assert!(problem("/no/such").is_some());
        assert!(problem("./").is_some(), "a folder is no program");
    }
}
