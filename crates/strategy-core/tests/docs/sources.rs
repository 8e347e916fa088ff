//! What the sources say: the variants of an enum with their documentation, and the codes of findings.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use super::{read, root};

/// One variant, and what its documentation says in one line.
#[derive(Debug)]
pub(super) struct Variant {
    pub(super) name: String,
    pub(super) doc: String,
}

/// The variants of a public enum in a file, in order.
pub(super) fn variants(path: &str, name: &str) -> Vec<Variant> {
    let text = read(path);
    let head = format!("pub enum {name} {{");
    let body = text.split_once(&head).map(|(_, rest)| rest);
    let body = body.unwrap_or_else(|| panic!("{path} has no enum {name}"));
    let mut found = Vec::new();
    let mut doc = Vec::new();
    for line in body.lines().take_while(|line| *line != "}") {
        let Some(inner) = line.strip_prefix("    ") else {
            continue;
        };
        if let Some(words) = inner.strip_prefix("/// ") {
            doc.push(words);
        } else if inner.starts_with(char::is_uppercase) {
            let name = inner.split(|c: char| !c.is_alphanumeric()).next();
            found.push(Variant {
                name: name.unwrap_or_default().to_owned(),
                doc: without_links(&std::mem::take(&mut doc).join(" ")),
            });
        }
    }
    assert!(!found.is_empty(), "{path}: {name} has no variants");
    found
}

/// The documentation of a public struct in one line.
pub(super) fn doc_of(path: &str, head: &str) -> String {
    let text = read(path);
    let before = text.split_once(head).map(|(before, _)| before);
    let before = before.unwrap_or_else(|| panic!("{path} has no `{head}`"));
    let lines = before.lines().rev();
    let doc = lines
        .skip_while(|line| line.starts_with("#["))
        .map_while(|line| line.strip_prefix("/// "));
    let mut doc: Vec<_> = doc.collect();
    doc.reverse();
    without_links(&doc.join(" "))
}

/// "[`a`](b) and [`c`]" as "`a` and `c`".
fn without_links(text: &str) -> String {
    let mut plain = String::new();
    let mut rest = text;
    while let Some((before, link)) = rest.split_once("[`") {
        plain.push_str(before);
        let (label, after) = link.split_once("`]").unwrap_or((link, ""));
        plain.push_str(&format!("`{label}`"));
        rest = match after.strip_prefix('(').and_then(|to| to.split_once(')')) {
            Some((_, after)) => after,
            None => after,
        };
    }
    plain.push_str(rest);
    plain
}

/// Every public type that derives `Error`, in the crates that users depend on.
pub(super) fn error_types() -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for file in library_files() {
        let text = fs::read_to_string(&file).unwrap();
        for piece in text.split("#[derive(").skip(1) {
            let Some((derives, rest)) = piece.split_once(")]") else {
                continue;
            };
            let derives = derives.split(',').map(str::trim);
            if !derives.into_iter().any(|derived| derived == "Error") {
                continue;
            }
            let mut lines = rest.lines();
            let head = lines.find(|line| line.contains("enum ") || line.contains("struct "));
            let head = head.unwrap_or_default();
            let public = head
                .strip_prefix("pub enum ")
                .or_else(|| head.strip_prefix("pub struct "));
            if let Some(public) = public {
                let name = public.split(|c: char| !c.is_alphanumeric()).next();
                found.insert(name.unwrap_or_default().to_owned());
            }
        }
    }
    assert!(found.len() > 10, "this cannot be all: {found:?}");
    found
}

/// Every text in the sources that is a code of a finding, or looks like one.
pub(super) fn codes() -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    // The program adds findings of its own in one place.
    let of_program = root().join("crates/cli-demo/src/program/there.rs");
    for file in library_files().into_iter().chain([of_program]) {
        let text = fs::read_to_string(&file).unwrap();
        let text = text
            .split("#[cfg(test)]\nmod tests {")
            .next()
            .unwrap_or_default();
        if ["Finding", "Problem", ".problem("]
            .iter()
            .any(|made| text.contains(made))
        {
            found.extend(
                literals(text)
                    .filter(|text| is_code(text))
                    .map(ToOwned::to_owned),
            );
        }
        for made in text.split("Finding::").skip(1) {
            let given = made
                .split_once('(')
                .map_or("", |(_, given)| given.trim_start());
            if let Some((code, _)) = given
                .strip_prefix('"')
                .and_then(|code| code.split_once('"'))
            {
                found.insert(code.to_owned());
            }
        }
    }
    found
}

fn literals(text: &str) -> impl Iterator<Item = &str> {
    text.lines()
        .filter(|line| !line.trim_start().starts_with("//"))
        .flat_map(|line| line.split('"').skip(1).step_by(2))
}

/// Words of small letters joined by `-`: two or more.
fn is_code(text: &str) -> bool {
    let word = |word: &str| !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase());
    text.contains('-') && text.split('-').all(word)
}

/// The name of every function in the workspace, and of every row of a macro that makes tests.
pub(super) fn functions() -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut files = Vec::new();
    walk_all(&root().join("crates"), &mut files);
    for file in files {
        let text = fs::read_to_string(&file).unwrap();
        for line in text.lines() {
            let name = line.split_once("fn ").map(|(_, rest)| rest);
            let name = name.and_then(|rest| rest.split(['(', '<']).next());
            found.extend(name.map(ToOwned::to_owned));
        }
    }
    found
}

fn walk_all(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() && path.file_name().is_some_and(|name| name != "target") {
            walk_all(&path, files);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            files.push(path);
        }
    }
}

/// The sources of the crates that users depend on, without their tests.
fn library_files() -> Vec<PathBuf> {
    let mut files = Vec::new();
    for name in ["strategy-core", "metrics", "target-ecs", "target-k8s"] {
        walk(&root().join("crates").join(name).join("src"), &mut files);
    }
    files.sort();
    files
}

fn walk(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let only_for_tests = [
            "tests",
            "tests.rs",
            "properties.rs",
            "examples.rs",
            "fixture.rs",
        ];
        if only_for_tests.contains(&name.as_str()) {
            continue;
        }
        if path.is_dir() {
            walk(&path, files);
        } else if name.ends_with(".rs") {
            files.push(path);
        }
    }
}
