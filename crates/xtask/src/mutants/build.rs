//! Builds the programs of tests: once with every mutant behind a switch, or once more as it is written.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use serde::Deserialize;

use super::area::{self, Suite};
use super::list::Mutant;
use super::switch::{self, Switched};
use super::tree::Tree;
use crate::cargo::{RUST_IS_MISSING, cargo, typed};
use crate::error::TaskError;
use crate::output::complain;
use crate::workspace::target;

/// Programs of tests.
#[derive(Debug, Default)]
pub(super) struct Built {
    pub(super) programs: BTreeMap<String, PathBuf>,
    /// Mutants that do not compile.
    pub(super) unviable: BTreeSet<usize>,
    /// Mutants that no switch can carry.
    pub(super) left: BTreeSet<usize>,
}

/// Builds the tests with all mutants but those in `unviable`. The compiler says which others do not
/// compile, and what has to stay constant; both are taken out until the rest is sound.
pub(super) fn with_switches(
    tree: &Tree,
    suite: &Suite,
    mutants: &[Mutant],
    unviable: &BTreeSet<usize>,
) -> Result<Built, TaskError> {
    // What was learned is kept, or everything would be built anew each time.
    let constant = target().join("mutants/constant.txt");
    let names = fs::read_to_string(&constant).unwrap_or_default();
    let mut out = Out {
        unviable: unviable.clone(),
        constant: names.lines().map(str::to_owned).collect(),
    };
    loop {
        let files = write(tree, mutants, &mut out)?;
        complain(&format!("building; {} do not compile", out.unviable.len()));
        let said = compile(tree, suite, &["check", "--lib"])?;
        let errors: Vec<Diagnostic> = said.errors().collect();
        if errors.is_empty() {
            break;
        }
        if !out.learn(&errors, &files) {
            return Err(TaskError::NoSwitches {
                error: errors[0].rendered.clone().unwrap_or_default(),
            });
        }
    }
    let names: Vec<&str> = out.constant.iter().map(String::as_str).collect();
    fs::write(&constant, names.join("\n")).map_err(TaskError::file("write", &constant))?;
    let files = write(tree, mutants, &mut out)?;
    let carried: BTreeSet<usize> = files
        .values()
        .flat_map(|file| file.carried.iter().copied())
        .collect();
    let left = mutants
        .iter()
        .map(|mutant| mutant.number)
        .filter(|number| !carried.contains(number) && !out.unviable.contains(number));
    let left = left.collect();
    let said = compile(tree, suite, &programs(suite))?;
    match said.errors().next() {
        None => Ok(Built {
            programs: said.programs(),
            unviable: out.unviable,
            left,
        }),
        Some(error) => Err(TaskError::NoSwitches {
            error: error.rendered.unwrap_or_default(),
        }),
    }
}

/// Builds one program of tests of the copy as it is; `None` if it does not compile.
pub(super) fn plainly(
    tree: &Tree,
    suite: &Suite,
    program: &'static str,
) -> Result<Option<BTreeMap<String, PathBuf>>, TaskError> {
    let said = compile(tree, suite, &tests([program]))?;
    let programs = said.is_success.then(|| said.programs());
    Ok(programs)
}

/// What is left out of the switches.
struct Out {
    unviable: BTreeSet<usize>,
    /// Names of functions that a constant needs.
    constant: BTreeSet<String>,
}

impl Out {
    /// Takes in what the compiler said; whether there was anything new in it.
    fn learn(&mut self, errors: &[Diagnostic], files: &BTreeMap<String, Switched>) -> bool {
        let before = (self.unviable.len(), self.constant.len());
        for error in errors {
            if error.code.as_ref().is_some_and(|code| code.code == "E0015") {
                self.constant.extend(error.function());
            } else {
                self.unviable.extend(error.blamed(files));
            }
        }
        before != (self.unviable.len(), self.constant.len())
    }
}

fn write(
    tree: &Tree,
    mutants: &[Mutant],
    out: &mut Out,
) -> Result<BTreeMap<String, Switched>, TaskError> {
    let mut files = BTreeMap::new();
    for (file, text) in tree.sources() {
        let of_file: Vec<&Mutant> = mutants
            .iter()
            .filter(|mutant| mutant.file == file)
            .filter(|mutant| !out.unviable.contains(&mutant.number))
            .collect();
        let mut switched = switch::switched(text, &of_file, &out.constant).map_err(|source| {
            TaskError::NoRust {
                path: file.into(),
                source,
            }
        })?;
        if file == format!("{}lib.rs", area::SOURCE) {
            switched.text += switch::MODULE;
        }
        out.unviable.extend(&switched.no_rust);
        tree.write(file, &switched.text)?;
        files.insert(file.to_owned(), switched);
    }
    Ok(files)
}

fn programs(suite: &Suite) -> Vec<&'static str> {
    let names: BTreeSet<&str> = suite.tests.iter().map(|tests| tests.program).collect();
    tests(names)
}

/// What cargo is asked to build those programs.
fn tests(names: impl IntoIterator<Item = &'static str>) -> Vec<&'static str> {
    let arguments = names.into_iter().flat_map(|name| match name {
        "lib" => vec!["--lib"],
        name => vec!["--test", name],
    });
    ["test", "--no-run"].into_iter().chain(arguments).collect()
}

/// What cargo said, line by line.
struct Said {
    is_success: bool,
    messages: Vec<Message>,
}

impl Said {
    fn errors(&self) -> impl Iterator<Item = Diagnostic> {
        let diagnostics = self.messages.iter().filter_map(|line| line.message.clone());
        diagnostics.filter(|diagnostic| diagnostic.level == "error" && !diagnostic.spans.is_empty())
    }

    fn programs(&self) -> BTreeMap<String, PathBuf> {
        let program = |line: &Message| {
            let (target, path) = (line.target.as_ref()?, line.executable.clone()?);
            let name = match target.kind.iter().any(|kind| kind == "lib") {
                true => "lib".to_owned(),
                false => target.name.clone(),
            };
            Some((name, path))
        };
        self.messages.iter().filter_map(program).collect()
    }
}

#[derive(Debug, Deserialize)]
struct Message {
    message: Option<Diagnostic>,
    executable: Option<PathBuf>,
    target: Option<Target>,
}

#[derive(Debug, Deserialize)]
struct Target {
    kind: Vec<String>,
    name: String,
}

#[derive(Clone, Debug, Deserialize)]
struct Diagnostic {
    level: String,
    message: String,
    code: Option<Code>,
    spans: Vec<Place>,
    rendered: Option<String>,
}

#[derive(Clone, Debug, Deserialize)]
struct Code {
    code: String,
}

#[derive(Clone, Debug, Deserialize)]
struct Place {
    file_name: String,
    byte_start: usize,
    byte_end: usize,
    is_primary: bool,
    expansion: Option<Expansion>,
}

#[derive(Clone, Debug, Deserialize)]
struct Expansion {
    span: Box<Place>,
}

impl Place {
    /// Where the macro is called that wrote the code, if one did.
    fn call(&self) -> &Self {
        match &self.expansion {
            Some(expansion) => expansion.span.call(),
            None => self,
        }
    }
}

impl Diagnostic {
    /// The function that is called where only constant ones can be.
    fn function(&self) -> Option<String> {
        let path = self.message.split('`').nth(1)?;
        let mut depth = 0;
        let bare = path.chars().filter(|letter| {
            depth += i32::from(*letter == '<');
            let is_outside = depth == 0;
            depth -= i32::from(*letter == '>');
            is_outside
        });
        let bare: String = bare.collect();
        let name = bare.rsplit("::").find(|segment| !segment.is_empty())?;
        Some(name.to_owned())
    }

    /// The mutants that the error is in; if it is in none, those that it mentions.
    fn blamed(&self, files: &BTreeMap<String, Switched>) -> Vec<usize> {
        let of = |is_primary: bool| {
            let spans = self.spans.iter();
            let spans = spans.filter(move |span| span.is_primary == is_primary);
            let numbers = spans.map(Place::call).flat_map(|span| {
                let added = files.get(&span.file_name).map(|file| file.added.iter());
                let inside = added.into_iter().flatten().filter(|(range, _)| {
                    span.byte_start >= range.start && span.byte_end <= range.end
                });
                inside.map(|(_, number)| *number)
            });
            numbers.collect::<Vec<usize>>()
        };
        match of(true) {
            numbers if numbers.is_empty() => of(false),
            numbers => numbers,
        }
    }
}

fn compile(tree: &Tree, suite: &Suite, arguments: &[&str]) -> Result<Said, TaskError> {
    let mut command = cargo();
    command
        .current_dir(tree.root())
        // Each copy has its own: cargo does not tell the same crate in two folders apart.
        .env("CARGO_TARGET_DIR", tree.root().join("target"))
        // The searches take their time without it; and nobody reads a backtrace.
        .env("CARGO_PROFILE_DEV_OPT_LEVEL", "1")
        .env("CARGO_PROFILE_DEV_DEBUG", "0")
        .env("RUSTFLAGS", "--cap-lints=allow")
        .args(arguments)
        .args(["--offline", "--package=strategy-core", "--features", suite.features])
        .args(["--message-format=json", "--quiet"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let output = output(&mut command)?;
    let text = String::from_utf8_lossy(&output.stdout);
    let mut messages = Vec::new();
    for line in text.lines().filter(|line| line.starts_with('{')) {
        let message = serde_json::from_str(line).map_err(|source| TaskError::Unreadable {
            command: typed(&command),
            source,
        })?;
        messages.push(message);
    }
    let said = Said {
        is_success: output.status.success(),
        messages,
    };
    if !said.is_success && said.errors().next().is_none() {
        complain(&String::from_utf8_lossy(&output.stderr));
        return Err(TaskError::Failed {
            command: typed(&command),
            status: output.status,
        });
    }
    Ok(said)
}

fn output(command: &mut Command) -> Result<std::process::Output, TaskError> {
    command.output().map_err(|source| TaskError::NotInstalled {
        program: command.get_program().to_string_lossy().into_owned(),
        mend: RUST_IS_MISSING,
        source,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_function_is_named_without_its_path_and_types() {
        let function = |message: &str| {
            let diagnostic = Diagnostic {
                level: "error".to_owned(),
                message: message.to_owned(),
                code: None,
                spans: Vec::new(),
                rendered: None,
            };
            diagnostic.function()
        };
        let cannot = "cannot call non-const associated function";
        let name = |path: &str| function(&format!("{cannot} `{path}` in constants"));
        assert_eq!(
            name("weight::Weight::from_percent").unwrap(),
            "from_percent"
        );
        assert_eq!(name("row::<crate::Desired>").unwrap(), "row");
        assert_eq!(name("<Weight as Share>::of").unwrap(), "of");
        assert_eq!(function("mismatched types"), None);
    }

    #[test]
    fn an_error_is_blamed_on_the_mutants_that_it_is_in_before_those_it_mentions() {
        let place = |from: usize, to: usize, is_primary: bool| Place {
            file_name: "a.rs".to_owned(),
            byte_start: from,
            byte_end: to,
            is_primary,
            expansion: None,
        };
        let switched = Switched {
            text: String::new(),
            added: vec![(10..20, 1), (30..40, 2)],
            carried: BTreeSet::from([1, 2]),
            no_rust: BTreeSet::new(),
        };
        let files = BTreeMap::from([("a.rs".to_owned(), switched)]);
        let blamed = |spans: Vec<Place>| {
            let diagnostic = Diagnostic {
                level: "error".to_owned(),
                message: String::new(),
                code: None,
                spans,
                rendered: None,
            };
            diagnostic.blamed(&files)
        };
        assert_eq!(blamed(vec![place(12, 14, true), place(31, 32, false)]), [1]);
        assert_eq!(blamed(vec![place(22, 24, true), place(31, 32, false)]), [2]);
        assert!(blamed(vec![place(22, 24, true)]).is_empty());
        let written_by_a_macro = Place {
            file_name: "macros.rs".to_owned(),
            expansion: Some(Expansion {
                span: Box::new(place(33, 34, false)),
            }),
            ..place(1, 2, true)
        };
        assert_eq!(blamed(vec![written_by_a_macro]), [2]);
    }
}
