//! `docs/reference/errors.md`: every error and finding with its code, its cause and its mend.

use std::collections::BTreeSet;
use std::fmt::Write;

use super::findings::FINDINGS;
use super::mends::{ERRORS, NO_CODES, NO_PAGE};
use super::{assert_page, sources};

#[test]
fn every_error_and_finding_has_its_cause_and_its_mend() {
    let mut page = String::from(
        "# Errors and findings\n\n\
         <!-- Written by `crates/strategy-core/tests/docs.rs`; `UPDATE_DOCS=1` writes it anew. -->\n\n\
         Everything that can be wrong, why, and how to mend it.\n\
         The code of an error is its type and variant; that of a finding is printed in brackets before it.\n\
         Codes are stable: a minor version adds some, and changes the meaning of none.\n\n\
         Three kinds are kept apart: what the world does (`TargetErrorKind`, `JournalError`), what a caller can mend (`PlanError`, `StartError`, `Misuse`), and what is our bug (`driver-error/bug`).\n\
         A rollout that fails is none of these: it rolls back, and its reason is told with the outcome.\n",
    );
    let mut known = BTreeSet::new();
    for error in ERRORS {
        known.insert(error.name.to_owned());
        let head = format!(
            "\n## `{}`\n\n{}\n\n| code | cause | mend |\n|---|---|---|\n",
            error.name, error.about
        );
        page.push_str(&head);
        let prefix = kebab(error.name);
        if error.is_struct {
            let cause = sources::doc_of(error.source, &format!("pub struct {} ", error.name));
            let (_, mend) = error.mends.first().expect("one mend");
            row(&mut page, &prefix, &cause, mend);
            continue;
        }
        let variants = sources::variants(error.source, error.name);
        let names: Vec<_> = variants
            .iter()
            .map(|variant| variant.name.as_str())
            .collect();
        let mended: Vec<_> = error.mends.iter().map(|(name, _)| *name).collect();
        assert_eq!(
            mended, names,
            "each variant of {} has its mend in tests/docs/mends.rs, in the order of {}",
            error.name, error.source
        );
        for (variant, (_, mend)) in variants.iter().zip(error.mends) {
            let code = format!("{prefix}/{}", kebab(&variant.name));
            row(&mut page, &code, &variant.doc, mend);
        }
    }
    known.extend(NO_PAGE.map(|(name, _)| name.to_owned()));
    assert_eq!(
        known,
        sources::error_types(),
        "every public error type is in tests/docs/mends.rs"
    );
    page.push_str(
        "\n## Findings of plans and targets\n\n\
         `rollway plan` and `Driver::plan` print them before anything is written.\n\
         One that blocks keeps the rollout from starting; during a rollout the same is an error of the target.\n\n\
         | code | severity | from | cause | mend |\n|---|---|---|---|---|\n",
    );
    let mut codes = BTreeSet::new();
    for finding in FINDINGS.lines() {
        let cells: Vec<_> = finding.split(" | ").collect();
        let [code, severity, from, cause, mend] = cells[..] else {
            panic!("five cells: {finding}");
        };
        assert!(codes.insert(code.to_owned()), "{code} twice");
        writeln!(
            page,
            "| `{code}` | {severity} | {from} | {cause} | {mend} |"
        )
        .unwrap();
    }
    codes.extend(NO_CODES.map(ToOwned::to_owned));
    assert_eq!(
        codes,
        sources::codes(),
        "every code in the sources is in tests/docs/mends.rs, and no other"
    );
    assert_page("docs/reference/errors.md", &page);
}

fn row(page: &mut String, code: &str, cause: &str, mend: &str) {
    assert!(!cause.is_empty() && !mend.is_empty(), "{code}");
    writeln!(page, "| `{code}` | {cause} | {mend} |").unwrap();
}

/// `TargetErrorKind` as `target-error-kind`.
fn kebab(name: &str) -> String {
    let mut text = String::new();
    for letter in name.chars() {
        if letter.is_uppercase() && !text.is_empty() {
            text.push('-');
        }
        text.extend(letter.to_lowercase());
    }
    text
}
