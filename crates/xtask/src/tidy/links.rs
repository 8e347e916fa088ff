//! Links between documents.

use super::{assert_none, files_ending};
use crate::workspace::root;

#[test]
fn links_between_documents_lead_somewhere() {
    let mut dead = Vec::new();
    for (path, text) in files_ending(".md") {
        let folder = root().join(&path);
        let folder = folder.parent().unwrap();
        for target in relative_links(&text) {
            if !folder.join(&target).exists() {
                dead.push(format!("{}: {target}", path.display()));
            }
        }
    }
    assert_none("a relative link names a file of the repository", &dead);
}

/// The files that `text` links to, without those of other hosts and without places in the same
/// page.
fn relative_links(text: &str) -> Vec<String> {
    let mut links = Vec::new();
    let mut is_code = false;
    for line in text.lines() {
        if line.trim_start().starts_with("```") {
            is_code = !is_code;
        }
        if is_code {
            continue;
        }
        let prose: String = line.split('`').step_by(2).collect();
        let targets = prose
            .split("](")
            .skip(1)
            .filter_map(|rest| rest.split([')', ' ']).next());
        let definition = line
            .strip_prefix('[')
            .and_then(|rest| rest.split_once("]: "));
        links.extend(
            targets
                .chain(definition.map(|(_, target)| target.trim()))
                .map(|target| target.split('#').next().unwrap_or_default())
                .filter(|target| !target.is_empty() && !target.contains(':'))
                .map(str::to_owned),
        );
    }
    links
}

#[test]
fn links_are_found_in_prose_only() {
    let text = "See [a](docs/a.md#part), [b](https://example.org/b) and [c](#c).\n\
        Not `[d](d.md)` nor\n```\n[e](e.md)\n```\n[f]: ../f.md\n![g](g.png \"title\")";
    assert_eq!(relative_links(text), ["docs/a.md", "../f.md", "g.png"]);
}
