//! Counts: how many runs there were, by rollout and kind of fault, and how they ended.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Ending {
    Promoted,
    RolledBack,
    Stuck,
    /// The outcome is reached, and the claim cannot be given back.
    Unsettled,
    NeverBegan,
}

/// How the runs ended, and what was wrong with them.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    by_course: Rows,
    by_kind: Rows,
    wrong: Vec<String>,
}

type Rows = BTreeMap<String, BTreeMap<Ending, u64>>;

impl Tally {
    pub(crate) fn add(&mut self, course: &str, kind: &str, run: Result<Ending, String>) {
        match run {
            Ok(ending) => {
                for (rows, name) in [(&mut self.by_course, course), (&mut self.by_kind, kind)] {
                    let row = rows.entry(name.to_owned()).or_default();
                    *row.entry(ending).or_default() += 1;
                }
            }
            Err(wrong) => self.wrong.push(wrong),
        }
    }

    pub(crate) fn merge(&mut self, other: Self) {
        let pairs = [
            (&mut self.by_course, other.by_course),
            (&mut self.by_kind, other.by_kind),
        ];
        for (mine, theirs) in pairs {
            for (name, row) in theirs {
                let mine = mine.entry(name).or_default();
                for (ending, runs) in row {
                    *mine.entry(ending).or_default() += runs;
                }
            }
        }
        self.wrong.extend(other.wrong);
    }

    /// Of all runs in which nothing was wrong.
    pub(crate) fn ended(&self, ending: Ending) -> u64 {
        let rows = self.by_kind.values();
        rows.filter_map(|row| row.get(&ending)).sum()
    }

    /// One line for each rollout and for each kind of fault, and the sum.
    pub(crate) fn table(&self) -> String {
        let heads = ["runs", "promoted", "back", "stuck", "unsettled", "none"];
        let mut lines = vec![line("", &heads)];
        for rows in [&self.by_course, &self.by_kind] {
            for (name, row) in rows {
                let of = |ending| row.get(&ending).copied().unwrap_or(0);
                lines.push(numbers(name, &of));
            }
            lines.push(String::new());
        }
        lines.push(numbers("all", &|ending| self.ended(ending)));
        lines.join("\n")
    }

    /// That nothing was wrong, with the first of what was.
    #[track_caller]
    pub(crate) fn assert_right(&self) {
        let wrong = &self.wrong;
        let first: Vec<_> = wrong.iter().take(60).map(String::as_str).collect();
        assert!(
            wrong.is_empty(),
            "{} runs went wrong:\n{}",
            wrong.len(),
            first.join("\n")
        );
    }
}

/// Every run, on as many threads as there are cores, each counted by `run`.
pub(crate) fn in_parallel<T: Sync>(runs: &[T], run: impl Fn(&mut Tally, &T) + Sync) -> Tally {
    let next = AtomicUsize::new(0);
    let work = || {
        let mut tally = Tally::default();
        while let Some(one) = runs.get(next.fetch_add(1, Ordering::Relaxed)) {
            run(&mut tally, one);
        }
        tally
    };
    let cores = thread::available_parallelism().map_or(1, usize::from);
    thread::scope(|scope| {
        let threads: Vec<_> = (0..cores).map(|_| scope.spawn(work)).collect();
        let mut all = Tally::default();
        for thread in threads {
            all.merge(thread.join().unwrap());
        }
        all.wrong.sort();
        all
    })
}

fn numbers(name: &str, of: &dyn Fn(Ending) -> u64) -> String {
    let counts = [
        of(Ending::Promoted),
        of(Ending::RolledBack),
        of(Ending::Stuck),
        of(Ending::Unsettled),
        of(Ending::NeverBegan),
    ];
    let [promoted, back, stuck, unsettled, never] = counts;
    let all = counts.iter().sum();
    let columns = [all, promoted, back, stuck, unsettled, never];
    line(name, &columns.map(|count| count.to_string()))
}

fn line<T: AsRef<str>>(name: &str, columns: &[T; 6]) -> String {
    let columns = columns
        .iter()
        .map(|column| format!("{:>9}", column.as_ref()));
    format!("{name:<40}{}", columns.collect::<String>())
}
