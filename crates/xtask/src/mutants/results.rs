//! What came of each mutant, in a file that is kept: a later run takes up where an earlier one ended.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;

use sha2::{Digest, Sha256};

use super::area;
use super::list::Mutant;
use crate::error::TaskError;
use crate::workspace::root;

/// What came of a mutant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Verdict {
    /// A test failed, or the program of tests ended otherwise than well.
    Caught,
    /// The tests did not end in time: it is caught too.
    TimedOut,
    /// All tests passed.
    Missed,
    /// It is not Rust, or not of the right type.
    Unviable,
}

const WORDS: [(&str, Verdict); 4] = [
    ("caught", Verdict::Caught),
    ("timeout", Verdict::TimedOut),
    ("missed", Verdict::Missed),
    ("unviable", Verdict::Unviable),
];

/// What tells mutants apart, also when lines were added above: file, change, and the digest.
type Key = (String, String, String);

/// What is known of the mutants there are.
#[derive(Debug)]
pub(super) struct Results {
    keys: Vec<Key>,
    known: BTreeMap<usize, Verdict>,
}

const HEADING: &str = "area\tplace\tchange\tresult\tdigest of function and place";

impl Results {
    /// What the file says of mutants whose function is as it was.
    pub(super) fn load(mutants: &[Mutant]) -> Result<Self, TaskError> {
        let keys = keys(mutants)?;
        let text = match fs::read_to_string(file()) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
            Err(error) => return Err(TaskError::file("read", file())(error)),
        };
        let written = parse(&text);
        let known = keys.iter().enumerate().filter_map(|(number, key)| {
            let verdict = written.get(key)?;
            Some((number, *verdict))
        });
        Ok(Self {
            known: known.collect(),
            keys,
        })
    }

    /// Writes the file, in the order of areas and sources.
    pub(super) fn save(&self, mutants: &[Mutant]) -> Result<(), TaskError> {
        let mut text = format!("{HEADING}\n");
        for area in &area::AREAS {
            let rows = mutants.iter().filter(|mutant| area.has(&mutant.file));
            for mutant in rows {
                if let Some(verdict) = self.get(mutant.number) {
                    let digest = &self.keys[mutant.number].2;
                    let (place, change) = (mutant.place(), &mutant.change);
                    let place = place.strip_prefix(area::SOURCE).unwrap_or(&place);
                    let word = word(verdict);
                    text += &format!("{}\t{place}\t{change}\t{word}\t{digest}\n", area.name);
                }
            }
        }
        fs::write(file(), text).map_err(TaskError::file("write", file()))
    }

    pub(super) fn get(&self, number: usize) -> Option<Verdict> {
        self.known.get(&number).copied()
    }

    pub(super) fn set(&mut self, number: usize, verdict: Verdict) {
        self.known.insert(number, verdict);
    }

    /// Whether it has to be tried: it never was, or a test may have been written since.
    pub(super) fn is_due(&self, number: usize) -> bool {
        matches!(self.get(number), None | Some(Verdict::Missed))
    }

    /// Those that need not be built.
    pub(super) fn unviable(&self) -> BTreeSet<usize> {
        let unviable = self.known.iter();
        unviable
            .filter(|(_, verdict)| **verdict == Verdict::Unviable)
            .map(|(number, _)| *number)
            .collect()
    }
}

/// Where the results are kept.
fn file() -> PathBuf {
    root().join("docs/reference/mutants.tsv")
}

fn word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Caught => "caught",
        Verdict::TimedOut => "timeout",
        Verdict::Missed => "missed",
        Verdict::Unviable => "unviable",
    }
}

fn parse(text: &str) -> BTreeMap<Key, Verdict> {
    let row = |line: &str| {
        let cells: Vec<&str> = line.split('\t').collect();
        let [_, place, change, word, digest] = cells.as_slice() else {
            return None;
        };
        let (_, verdict) = WORDS.iter().find(|(known, _)| known == word)?;
        let file = format!("{}{}", area::SOURCE, place.split(':').next()?);
        Some(((file, (*change).to_owned(), (*digest).to_owned()), *verdict))
    };
    text.lines().filter_map(row).collect()
}

fn keys(mutants: &[Mutant]) -> Result<Vec<Key>, TaskError> {
    let mut texts: BTreeMap<&str, String> = BTreeMap::new();
    let mut keys = Vec::new();
    for mutant in mutants {
        if !texts.contains_key(mutant.file.as_str()) {
            let path = root().join(&mutant.file);
            let text = fs::read_to_string(&path).map_err(TaskError::file("read", path))?;
            texts.insert(&mutant.file, text);
        }
        let (around, offset) = mutant.surroundings(&texts[mutant.file.as_str()]);
        let (file, change) = (mutant.file.clone(), mutant.change.clone());
        keys.push((file, change, digest(around, offset)));
    }
    Ok(keys)
}

/// Enough to tell that a function was changed, and which of its equal operators is meant.
fn digest(text: &str, offset: usize) -> String {
    let digest = Sha256::digest(format!("{offset} {text}"));
    digest[..5]
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_found_again_whatever_stands_above_them_and_wherever_they_are() {
        let row = |place: &str, word: &str, digest: &str| {
            format!("plan\t{place}\treplace + with -\t{word}\t{digest}\n")
        };
        let text = [
            format!("{HEADING}\n"),
            row("plan.rs:1:2", "caught", "aa"),
            row("plan.rs:9:2", "missed", "bb"),
            row("plan.rs:9:2", "eaten", "cc"),
            "something else\n".to_owned(),
        ];
        let known = parse(&text.concat());
        let of = |digest: &str| {
            let file = format!("{}plan.rs", area::SOURCE);
            known.get(&(file, "replace + with -".to_owned(), digest.to_owned()))
        };
        assert_eq!(of("aa"), Some(&Verdict::Caught));
        assert_eq!(of("bb"), Some(&Verdict::Missed));
        assert_eq!(of("cc"), None);
        assert_eq!(known.len(), 2);
    }

    #[test]
    fn every_verdict_has_a_word_of_its_own() {
        for (text, verdict) in WORDS {
            assert_eq!(word(verdict), text);
        }
    }

    #[test]
    fn equal_operators_of_a_function_are_told_apart() {
        assert_eq!(digest("a + b + c", 2), digest("a + b + c", 2));
        assert_ne!(digest("a + b + c", 2), digest("a + b + c", 6));
        assert_ne!(digest("a + b + c", 2), digest("a + b + d", 2));
    }
}
