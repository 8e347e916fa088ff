//! Which mutants there are, as cargo-mutants says.

use std::path::PathBuf;
use std::process::Command;

use serde::Deserialize;

use super::area;
use crate::cargo::{RUST_IS_MISSING, cargo, read, run, typed};
use crate::error::TaskError;
use crate::output::complain;
use crate::workspace::{root, target};

/// Its ways of changing a program are part of what was measured.
const VERSION: &str = "27.1.0";

/// One small change of the sources.
#[derive(Clone, Debug)]
pub(super) struct Mutant {
    /// Its place in the list.
    pub(super) number: usize,
    pub(super) file: String,
    /// What is done where, without the line: `replace && with || in Rollout::walked`.
    pub(super) change: String,
    pub(super) kind: Kind,
    /// The text that is replaced.
    pub(super) span: Span,
    pub(super) replacement: String,
    /// Where the function is that it is in; `None` for the value of a constant.
    pub(super) function: Option<Span>,
    /// `-> bool`; empty if there is none.
    pub(super) returns: String,
}

/// What kind of change it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
pub(super) enum Kind {
    /// A function only returns something.
    FnValue,
    BinaryOperator,
    UnaryOperator,
    MatchArm,
    MatchArmGuard,
    StructField,
}

/// From and to, not included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub(super) struct Span {
    pub(super) start: Place,
    pub(super) end: Place,
}

/// A place in a text; the first character has line 1 and column 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
pub(super) struct Place {
    pub(super) line: usize,
    pub(super) column: usize,
}

impl Mutant {
    /// As cargo-mutants calls it.
    pub(super) fn name(&self) -> String {
        format!("{}: {}", self.place(), self.change)
    }

    /// `file:line:column`.
    pub(super) fn place(&self) -> String {
        let Place { line, column } = self.span.start;
        format!("{}:{line}:{column}", self.file)
    }

    /// The text of its file with the change made.
    pub(super) fn applied_to(&self, text: &str) -> String {
        let (from, to) = (self.span.start.offset(text), self.span.end.offset(text));
        format!("{}{}{}", &text[..from], self.replacement, &text[to..])
    }

    /// The source that decides what the change does, which is the function around it or else its
    /// line, and how many bytes of that are before it.
    pub(super) fn surroundings<'a>(&self, text: &'a str) -> (&'a str, usize) {
        let at = self.span.start.offset(text);
        let (from, to) = match self.function {
            Some(span) => (span.start.offset(text), span.end.offset(text)),
            None => {
                let line = text[..at].rfind('\n').map_or(0, |end| end + 1);
                let end = text[at..].find('\n').map_or(text.len(), |end| at + end);
                (line, end)
            }
        };
        (&text[from..to], at - from)
    }
}

impl Place {
    /// Bytes before it.
    pub(super) fn offset(self, text: &str) -> usize {
        let lines = text.split_inclusive('\n');
        let before: usize = lines.take(self.line - 1).map(str::len).sum();
        let rest = text[before..].char_indices();
        let inside = rest
            .map(|(index, _)| index)
            .nth(self.column - 1)
            .unwrap_or(text.len() - before);
        before + inside
    }
}

/// All mutants of all areas, in the order of the sources.
pub(super) fn all() -> Result<Vec<Mutant>, TaskError> {
    let program = installed()?;
    let mut command = Command::new(program);
    command.current_dir(root()).args([
        "mutants",
        "--list",
        "--json",
        "--package=strategy-core",
        "--no-config",
    ]);
    command.arg(format!("--file={}**", area::SOURCE));
    let text = read(&mut command, RUST_IS_MISSING)?;
    parse(&text).map_err(|source| TaskError::Unreadable {
        command: typed(&command),
        source,
    })
}

fn parse(text: &str) -> Result<Vec<Mutant>, serde_json::Error> {
    #[derive(Deserialize)]
    struct Listed {
        name: String,
        file: String,
        genre: Kind,
        span: Span,
        replacement: String,
        function: Option<Function>,
    }

    #[derive(Deserialize)]
    struct Function {
        return_type: String,
        span: Span,
    }

    let listed: Vec<Listed> = serde_json::from_str(text)?;
    let mut listed: Vec<Listed> = listed
        .into_iter()
        .filter(|mutant| area::of(&mutant.file).is_some())
        .collect();
    listed.sort_by(|a, b| (&a.file, a.span.start).cmp(&(&b.file, b.span.start)));
    let mutant = |(number, listed): (usize, Listed)| Mutant {
        number,
        change: match listed.name.split_once(": ") {
            Some((_, change)) => change.to_owned(),
            None => listed.name,
        },
        file: listed.file,
        kind: listed.genre,
        span: listed.span,
        replacement: listed.replacement,
        function: listed.function.as_ref().map(|function| function.span),
        returns: listed
            .function
            .map(|function| function.return_type)
            .unwrap_or_default(),
    };
    Ok(listed.into_iter().enumerate().map(mutant).collect())
}

/// The program cargo-mutants, which is built below the target folder if it is not there.
fn installed() -> Result<PathBuf, TaskError> {
    let tools = target().join("tools");
    let program = tools.join("bin/cargo-mutants");
    let is_there = program.is_file() && {
        let version = read(
            Command::new(&program).args(["mutants", "--version"]),
            RUST_IS_MISSING,
        )?;
        version.trim() == format!("cargo-mutants {VERSION}")
    };
    if !is_there {
        complain(&format!("installing cargo-mutants {VERSION}"));
        let mut command = cargo();
        command
            .args(["install", "--locked", "--force", "--root"])
            .arg(&tools)
            .arg(format!("cargo-mutants@{VERSION}"));
        run(&mut command, RUST_IS_MISSING)?;
    }
    Ok(program)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LISTED: &str = r#"[
      {"name": "crates/strategy-core/src/share.rs:2:18: replace + with - in plus",
       "file": "crates/strategy-core/src/share.rs", "genre": "BinaryOperator", "package": "p",
       "span": {"start": {"line": 2, "column": 18}, "end": {"line": 2, "column": 19}},
       "replacement": "-", "function": {"function_name": "plus", "return_type": "-> u8",
       "span": {"start": {"line": 1, "column": 1}, "end": {"line": 3, "column": 2}}}},
      {"name": "crates/strategy-core/src/random.rs:1:1: delete ! in no",
       "file": "crates/strategy-core/src/random.rs", "genre": "UnaryOperator", "package": "p",
       "span": {"start": {"line": 1, "column": 1}, "end": {"line": 1, "column": 2}},
       "replacement": "", "function": null}
    ]"#;

    #[test]
    fn what_is_in_no_area_is_left_out_and_places_are_in_characters() {
        let mutants = parse(LISTED).unwrap();
        let [mutant] = mutants.as_slice() else {
            panic!("{mutants:?}");
        };
        assert_eq!(mutant.change, "replace + with - in plus");
        let text = "fn plus(a: u8) -> u8 {\n    /* größer */ + 1\n}\nfn other() {}\n";
        assert!(mutant.applied_to(text).contains("/* größer */ - 1"));
        let (around, offset) = mutant.surroundings(text);
        assert!(around.ends_with("+ 1\n}"));
        assert!(around[offset..].starts_with("+ 1"));
    }
}
