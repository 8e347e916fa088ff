//! Rules for single files.

use std::path::Path;

use super::{assert_none, files, files_ending};

/// The length from which a file is no longer read from top to bottom.
const MOST_LINES: usize = 600;

/// Files that may be longer, each with its reason behind it.
const LONGER: [&str; 0] = [];

/// Names that tell nothing about what is inside, so that everything ends up there.
const EMPTY_NAMES: [&str; 8] = [
    "utils", "util", "helpers", "helper", "common", "types", "misc", "shared",
];

/// What begins a path that exists on one machine only; split, or this file would be found.
const MACHINE_PATHS: [&str; 4] = [
    concat!("/wo", "rk/"),
    concat!("/ho", "me/"),
    concat!("/ro", "ot/"),
    concat!("/Us", "ers/"),
];

#[test]
fn every_source_file_says_what_it_is() {
    let silent = files_ending(".rs")
        .into_iter()
        .filter(|(_, text)| !text.starts_with("//!"));
    let silent: Vec<String> = silent.map(|(path, _)| path.display().to_string()).collect();
    assert_none("a source file begins with a //! line", &silent);
}

#[test]
fn names_tell_what_is_inside() {
    let is_empty = |path: &Path| {
        path.components().any(|part| {
            let stem = Path::new(part.as_os_str()).file_stem().unwrap_or_default();
            EMPTY_NAMES.iter().any(|name| stem == *name)
        })
    };
    let empty = files_ending(".rs")
        .into_iter()
        .filter(|(path, _)| is_empty(path));
    let empty: Vec<String> = empty.map(|(path, _)| path.display().to_string()).collect();
    assert_none("a file is named for what it holds", &empty);
}

#[test]
fn files_can_be_read_from_top_to_bottom() {
    let long = files_ending(".rs").into_iter().filter_map(|(path, text)| {
        let (path, lines) = (path.display().to_string(), text.lines().count());
        (lines > MOST_LINES && !LONGER.contains(&path.as_str()))
            .then(|| format!("{path}: {lines} lines"))
    });
    let rule = format!("a source file has at most {MOST_LINES} lines");
    assert_none(&rule, &long.collect::<Vec<_>>());
}

#[test]
fn nothing_points_to_a_place_on_one_machine() {
    let mut found = Vec::new();
    for (path, text) in files() {
        for (number, line) in text.lines().enumerate() {
            if MACHINE_PATHS.iter().any(|place| line.contains(place)) {
                found.push(format!("{}:{}: {line}", path.display(), number + 1));
            }
        }
    }
    assert_none("the repository stands on its own", &found);
}

#[test]
fn every_ignored_test_says_what_it_needs() {
    let attribute = concat!("#[ign", "ore");
    let mut found = Vec::new();
    for (path, text) in files_ending(".rs") {
        for (number, line) in text.lines().enumerate() {
            let Some(rest) = line.trim_start().strip_prefix(attribute) else {
                continue;
            };
            if !rest
                .trim_start()
                .trim_start_matches('=')
                .trim_start()
                .starts_with("\"needs ")
            {
                found.push(format!("{}:{}: {line}", path.display(), number + 1));
            }
        }
    }
    assert_none(
        "an ignored test says `needs ...`, so that it is run where that is",
        &found,
    );
}

#[test]
fn no_example_in_the_docs_goes_uncompiled() {
    let fence = concat!("```", "ignore");
    let mut found = Vec::new();
    for (path, text) in files() {
        let is_doc = path
            .extension()
            .is_some_and(|ending| ending == "rs" || ending == "md");
        for (number, line) in text.lines().enumerate() {
            if is_doc && line.contains(fence) {
                found.push(format!("{}:{}", path.display(), number + 1));
            }
        }
    }
    assert_none(
        "an example is compiled: use no_run if it cannot be run",
        &found,
    );
}
