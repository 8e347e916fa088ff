//! Rules for what crates depend on.

use std::collections::BTreeSet;
use std::path::{Component, Path, PathBuf};

use super::{assert_none, files_ending};
use crate::cargo::{RUST_IS_MISSING, cargo, read};

/// Crates in the tree of `strategy-core` with default features, itself included.
const MOST_CRATES: usize = 40;

/// Runtimes, HTTP, TLS and SDKs: what a library that decides must not make its users build.
const NOT_IN_CORE: [&str; 12] = [
    "tokio",
    "async-std",
    "smol",
    "hyper",
    "reqwest",
    "http",
    "rustls",
    "ring",
    "aws-lc-rs",
    "openssl",
    "kube",
    "mockall",
];

/// The crates that building `package` needs, with `arguments`.
fn tree(package: &str, arguments: &[&str]) -> BTreeSet<String> {
    let packages = packages(package, arguments);
    let names = packages
        .iter()
        .filter_map(|line| line.split_whitespace().next());
    names.map(str::to_owned).collect()
}

/// The same with their versions: `rustls v0.23.46`.
fn packages(package: &str, arguments: &[&str]) -> BTreeSet<String> {
    let mut command = cargo();
    command.args([
        "tree",
        "--package",
        package,
        "--edges",
        "normal",
        "--prefix",
        "none",
    ]);
    command
        .args(["--offline", "--locked", "--format", "{p}"])
        .args(arguments);
    let text = read(&mut command, RUST_IS_MISSING).unwrap();
    let named = text.lines().map(|line| line.trim_end_matches(" (*)"));
    named
        .filter(|line| !line.is_empty())
        .map(str::to_owned)
        .collect()
}

#[test]
fn the_core_is_small_and_free_of_runtimes() {
    let crates = tree("strategy-core", &[]);
    assert!(crates.contains("strategy-core"), "{crates:?}");
    assert!(
        crates.len() <= MOST_CRATES,
        "{} crates: {crates:?}",
        crates.len()
    );
    let found: Vec<String> = NOT_IN_CORE
        .into_iter()
        .filter(|name| crates.contains(*name))
        .chain(
            crates
                .iter()
                .map(String::as_str)
                .filter(|name| name.starts_with("aws-sdk-")),
        )
        .map(str::to_owned)
        .collect();
    assert_none(
        "strategy-core has no runtime, HTTP, TLS or SDK crate by default",
        &found,
    );
}

#[test]
fn the_core_knows_nothing_of_our_test_bed() {
    let crates = tree(
        "strategy-core",
        &["--edges", "normal,dev,build", "--all-features"],
    );
    assert!(
        crates.contains("proptest"),
        "dev-dependencies are not looked at: {crates:?}"
    );
    assert!(!crates.contains("test-support"));
}

#[test]
fn the_program_has_one_tls_stack_and_no_aws_without_its_feature() {
    let whole = packages("cli-demo", &["--all-features"]);
    for name in ["rustls", "hyper", "hyper-rustls", "tokio-rustls", "h2"] {
        let versions = whole.iter();
        let versions = versions.filter(|line| line.split(' ').next() == Some(name));
        assert_eq!(versions.count(), 1, "{name} in {whole:?}");
    }
    let others = ["ring", "native-tls", "openssl-sys"];
    let names = tree("cli-demo", &["--all-features"]);
    assert!(names.contains("aws-lc-rs") && names.contains("aws-config"));
    let found = others.into_iter().filter(|name| names.contains(*name));
    let found: Vec<String> = found.map(str::to_owned).collect();
    assert_none("rollway has one TLS stack: rustls with aws-lc-rs", &found);
    let small = tree("cli-demo", &["--no-default-features"]);
    let found = small.into_iter().filter(|name| {
        let is_aws = name.starts_with("aws-") && !name.starts_with("aws-lc-");
        is_aws || name == "target-ecs" || name == "test-support"
    });
    let rule = "without the feature `ecs` nothing of AWS is built";
    assert_none(rule, &found.collect::<Vec<_>>());
}

/// The folders of the crates that are published.
fn published() -> Vec<PathBuf> {
    let manifests = files_ending("Cargo.toml").into_iter();
    let published = manifests.filter(|(_, text)| {
        text.starts_with("[package]\n") && !text.contains("\npublish = false\n")
    });
    let folders = published.filter_map(|(path, _)| Some(path.parent()?.to_owned()));
    folders
        .filter(|folder| folder.starts_with("crates"))
        .collect()
}

/// Where a path leads from a folder, without a look at the disk.
fn resolved(folder: &Path, path: &str) -> PathBuf {
    let mut resolved = folder.to_owned();
    for part in Path::new(path).components() {
        match part {
            Component::ParentDir => {
                resolved.pop();
            }
            Component::Normal(name) => resolved.push(name),
            Component::CurDir | Component::RootDir | Component::Prefix(_) => {}
        }
    }
    resolved
}

/// A package has the files of its folder: whoever runs its tests from a registry has no others.
#[test]
fn a_published_crate_includes_no_file_from_outside() {
    let published = published();
    assert!(published.len() >= 4, "this cannot be all: {published:?}");
    let include = concat!("include_", "str!(\"");
    let mut found = Vec::new();
    for (path, text) in files_ending(".rs") {
        let Some(of) = published.iter().find(|of| path.starts_with(of.join("src"))) else {
            continue;
        };
        for included in text.split(include).skip(1) {
            let included = included.split('"').next().unwrap_or_default();
            let folder = path.parent().unwrap_or(&path);
            if !resolved(folder, included).starts_with(of) {
                found.push(format!("{}: {included}", path.display()));
            }
        }
    }
    assert_none(
        "pages outside of a package are compiled with the tests of `cli-demo`, which is not published",
        &found,
    );
}
