//! What is known, by area, and whether it suffices.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use super::area::{Area, SOURCE};
use super::list::Mutant;
use super::results::{Results, Verdict};
use crate::error::TaskError;
use crate::workspace::root;

/// More survivors cannot be explained away.
const MOST_EXPLAINED: usize = 20;

/// A survivor that cannot alter any output, and why.
#[derive(Debug, PartialEq, Eq)]
struct Explained {
    file: String,
    change: String,
    reason: String,
}

/// A line for each area, and what is wrong with it; whether nothing is.
pub(super) fn render(
    areas: &[&Area],
    mutants: &[Mutant],
    results: &Results,
) -> Result<(String, bool), TaskError> {
    let path = file();
    let text = fs::read_to_string(&path).map_err(TaskError::file("read", &path))?;
    let explained = parse(&text);
    let mut lines = vec![Counts::heading()];
    let mut complaints = Vec::new();
    for area in areas {
        let counts = Counts::of(area, mutants, results, &explained);
        lines.push(counts.row(area));
        if counts.share() < 100.0 && counts.caught * 100 < area.goal * counts.tried() {
            complaints.push(format!("{}: below {} %", area.name, area.goal));
        }
    }
    complaints.extend(excuses(&explained, mutants, results));
    lines.extend(complaints.iter().cloned());
    Ok((lines.join("\n"), complaints.is_empty()))
}

/// What cannot be accepted about the explanations.
fn excuses(explained: &[Explained], mutants: &[Mutant], results: &Results) -> Vec<String> {
    let mut complaints = Vec::new();
    if explained.len() > MOST_EXPLAINED {
        complaints.push(format!(
            "{} survivors are explained: more than {MOST_EXPLAINED}",
            explained.len()
        ));
    }
    for one in explained {
        let survives = mutants
            .iter()
            .any(|mutant| one.is(mutant) && results.get(mutant.number) == Some(Verdict::Missed));
        if one.reason.is_empty() || !survives {
            complaints.push(format!(
                "explained without need or reason: {}: {}",
                one.file, one.change
            ));
        }
    }
    let mut names = BTreeSet::new();
    for one in explained {
        if !names.insert((&one.file, &one.change)) {
            complaints.push(format!("explained twice: {}: {}", one.file, one.change));
        }
    }
    complaints
}

impl Explained {
    fn is(&self, mutant: &Mutant) -> bool {
        let file = mutant.file.strip_prefix(SOURCE);
        file == Some(&*self.file) && mutant.change == self.change
    }
}

fn parse(text: &str) -> Vec<Explained> {
    let row = |line: &str| {
        let mut cells = line.split('\t').map(str::to_owned);
        Some(Explained {
            file: cells.next()?,
            change: cells.next()?,
            reason: cells.next().unwrap_or_default(),
        })
    };
    text.lines().skip(1).filter_map(row).collect()
}

/// Where survivors are explained.
fn file() -> PathBuf {
    root().join("docs/reference/mutants-explained.tsv")
}

/// Of one area.
#[derive(Debug, Default, PartialEq, Eq)]
struct Counts {
    all: usize,
    unviable: usize,
    caught: usize,
    timed_out: usize,
    missed: usize,
    explained: usize,
}

impl Counts {
    fn of(area: &Area, mutants: &[Mutant], results: &Results, explained: &[Explained]) -> Self {
        let mut counts = Self::default();
        for mutant in mutants.iter().filter(|mutant| area.has(&mutant.file)) {
            counts.all += 1;
            match results.get(mutant.number) {
                Some(Verdict::Unviable) => counts.unviable += 1,
                Some(Verdict::Caught) => counts.caught += 1,
                Some(Verdict::TimedOut) => {
                    counts.caught += 1;
                    counts.timed_out += 1;
                }
                Some(Verdict::Missed) => {
                    counts.missed += 1;
                    counts.explained += usize::from(explained.iter().any(|one| one.is(mutant)));
                }
                None => {}
            }
        }
        counts
    }

    const fn tried(&self) -> usize {
        self.caught + self.missed
    }

    /// Caught of those that were tried, in a hundred.
    fn share(&self) -> f64 {
        100.0 * self.caught as f64 / self.tried().max(1) as f64
    }

    fn heading() -> String {
        format!(
            "{:<12}{:>9}{:>10}{:>9}{:>9}{:>9}{:>10}{:>11}{:>9}",
            "area",
            "mutants",
            "unviable",
            "tried",
            "caught",
            "missed",
            "explained",
            "not tried",
            "caught"
        )
    }

    fn row(&self, area: &Area) -> String {
        format!(
            "{:<12}{:>9}{:>10}{:>9}{:>9}{:>9}{:>10}{:>11}{:>7.1} %",
            area.name,
            self.all,
            self.unviable,
            self.tried(),
            self.caught,
            self.missed,
            self.explained,
            self.all - self.unviable - self.tried(),
            self.share()
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn explanations_are_read_with_their_reasons() {
        let text = "file\tchange\treason\nplan.rs\tdelete !\tit is so\nweight.rs\treplace\n";
        let explained = |file: &str, change: &str, reason: &str| Explained {
            file: file.to_owned(),
            change: change.to_owned(),
            reason: reason.to_owned(),
        };
        let expected = [
            explained("plan.rs", "delete !", "it is so"),
            explained("weight.rs", "replace", ""),
        ];
        assert_eq!(parse(text), expected);
    }

    #[test]
    fn a_share_is_of_what_was_tried() {
        let counts = Counts {
            all: 10,
            unviable: 2,
            caught: 3,
            missed: 1,
            ..Counts::default()
        };
        assert!((counts.share() - 75.0).abs() < 0.01);
        assert_eq!(counts.tried(), 4);
    }
}
