//! What a run of a target came to.

use std::path::PathBuf;
use std::time::Duration;

use crate::output::in_words;

/// What a run of a target came to.
#[derive(Debug)]
pub(crate) struct Tally {
    pub(crate) name: String,
    /// Inputs that were tried; `None`: it did not say.
    pub(crate) runs: Option<u64>,
    pub(crate) time: Duration,
    /// Inputs that are kept because each goes where no other goes.
    pub(crate) corpus: usize,
    /// Inputs for which the property does not hold.
    pub(crate) found: Vec<PathBuf>,
}

/// How many inputs were tried, by what libFuzzer says at its end.
pub(crate) fn runs(log: &str) -> Option<u64> {
    let mut said = log
        .lines()
        .filter_map(|line| line.strip_prefix("stat::number_of_executed_units:"));
    said.next_back()?.trim().parse().ok()
}

/// One line a target, and one for all.
pub(crate) fn table(tallies: &[Tally]) -> String {
    let row = |name: &str, runs: &str, time: Duration, corpus: usize, found: usize| {
        let time = in_words(time);
        format!("{name:<14}{runs:>12}{time:>14}{corpus:>9}{found:>9}")
    };
    let mut lines = vec![format!(
        "{:<14}{:>12}{:>14}{:>9}{:>9}",
        "target", "runs", "time", "corpus", "crashes"
    )];
    for tally in tallies {
        let runs = tally
            .runs
            .map_or_else(|| "not told".to_owned(), |runs| runs.to_string());
        lines.push(row(
            &tally.name,
            &runs,
            tally.time,
            tally.corpus,
            tally.found.len(),
        ));
    }
    let runs: u64 = tallies.iter().filter_map(|tally| tally.runs).sum();
    let corpus = tallies.iter().map(|tally| tally.corpus).sum();
    let found = tallies.iter().map(|tally| tally.found.len()).sum();
    let time = tallies.iter().map(|tally| tally.time).sum();
    lines.push(row("in all", &runs.to_string(), time, corpus, found));
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_are_read_from_the_last_statistics() {
        let log = "#2\tINITED\nstat::number_of_executed_units: 12\n\
            stat::number_of_executed_units: 3456\nstat::peak_rss_mb: 60\n";
        assert_eq!(runs(log), Some(3456));
        assert_eq!(runs("#2\tINITED\n"), None);
    }

    #[test]
    fn each_target_has_a_line_and_so_have_all() {
        let tally = |name: &str, runs, found: &[&str]| Tally {
            name: name.to_owned(),
            runs,
            time: Duration::from_secs(60),
            corpus: 7,
            found: found.iter().map(PathBuf::from).collect(),
        };
        let tallies = [
            tally("journal", Some(1000), &[]),
            tally("text", None, &["crash-1"]),
        ];
        let table = table(&tallies);
        let words: Vec<Vec<&str>> = table
            .lines()
            .map(|line| line.split_whitespace().collect())
            .collect();
        assert_eq!(
            words[1],
            ["journal", "1000", "1", "min", "00", "s", "7", "0"]
        );
        assert_eq!(
            words[2],
            ["text", "not", "told", "1", "min", "00", "s", "7", "1"]
        );
        assert_eq!(
            words[3],
            ["in", "all", "1000", "2", "min", "00", "s", "14", "1"]
        );
    }
}
