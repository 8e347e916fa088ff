//! `cargo xtask mutants`: can the fast tests fail? Every small change that cargo-mutants can think of
//! is made, and a test has to notice.
//!
//! cargo-mutants says which changes there are. To build and test each by itself takes half a minute,
//! and there are thousands. So all of them are built into one program, each behind a switch, and a
//! run of the tests turns one of them on. Where no switch can stand, the change is made in the source
//! as cargo-mutants would, and built.

mod area;
mod build;
mod list;
mod lots;
mod results;
mod summary;
mod switch;
mod tree;
mod trial;

use std::collections::BTreeMap;
use std::sync::{Mutex, mpsc};
use std::thread;
use std::time::Duration;

use area::{Area, Suite};
use build::Built;
use list::Mutant;
use results::{Results, Verdict};
use tree::Tree;

use crate::args::Mutants as Options;
use crate::error::TaskError;
use crate::output::{complain, in_words, say};

/// Results are written after so many.
const BATCH: usize = 10;

/// Tries what is not known yet, keeps what came of it, and tells what is known; whether it suffices.
pub(crate) fn run(options: &Options) -> Result<bool, TaskError> {
    let areas = area::named(&options.areas)?;
    let mutants = list::all()?;
    let mut results = Results::load(&mutants)?;
    if !options.summary {
        let mut clock = Clock::starting(options.minutes);
        for suite in area::SUITES {
            let of_suite = areas.iter().filter(|area| std::ptr::eq(area.suite, suite));
            let of_suite: Vec<&Area> = of_suite.copied().collect();
            let tried = try_all(
                options,
                suite,
                &of_suite,
                &mutants,
                &mut results,
                &mut clock,
            );
            results.save(&mutants)?;
            tried?;
        }
    }
    let (table, suffices) = summary::render(&areas, &mutants, &results)?;
    say(&table);
    Ok(suffices)
}

fn try_all(
    options: &Options,
    suite: &Suite,
    areas: &[&Area],
    mutants: &[Mutant],
    results: &mut Results,
    clock: &mut Clock,
) -> Result<(), TaskError> {
    let is_due = |mutant: &&Mutant| {
        areas.iter().any(|area| area.has(&mutant.file))
            && (options.again || results.is_due(mutant.number))
    };
    if !mutants.iter().any(|mutant| is_due(&mutant)) {
        return Ok(());
    }
    // Both now: who goes on writing meanwhile changes neither.
    let (tree, single) = (Tree::copy("tree")?, Tree::copy("single")?);
    let built = build::with_switches(&tree, suite, mutants, &results.unviable())?;
    for number in &built.unviable {
        results.set(*number, Verdict::Unviable);
    }
    if trial::run(&tree, &built, suite, None)? != Verdict::Missed {
        return Err(TaskError::TestsFail {
            features: suite.features,
        });
    }
    let mut due: Vec<usize> = order(options, areas, mutants, results)
        .into_iter()
        .filter(|number| options.again || results.is_due(*number))
        .collect();
    // What was missed before takes longest and is news only if a test was written since.
    due.sort_by_key(|number| results.get(*number).is_some());
    let (rebuilt, switched): (Vec<usize>, Vec<usize>) = due
        .into_iter()
        .partition(|number| built.left.contains(number));
    complain(&format!(
        "{} to try by a switch, {} by a build of their own; seed {}",
        switched.len(),
        rebuilt.len(),
        options.seed
    ));
    let (at_most, began) = (clock.at_most, clock.began);
    let is_over = || at_most.is_some_and(|at_most| began.elapsed() >= at_most);
    let ask = |number: usize| trial::run(&tree, &built, suite, Some(number));
    side_by_side(options.jobs, switched, is_over, ask, |number, verdict| {
        clock.tried(results, mutants, number, verdict)
    })?;
    if rebuilt.is_empty() || clock.is_over() {
        return Ok(());
    }
    // A copy in which the tests fail anyway would catch everything.
    if by_a_build(&single, suite, None)? != Verdict::Missed {
        return Err(TaskError::TestsFail {
            features: suite.features,
        });
    }
    for number in rebuilt {
        if clock.is_over() {
            return Ok(());
        }
        let verdict = by_a_build(&single, suite, Some(&mutants[number]))?;
        clock.tried(results, mutants, number, verdict)?;
    }
    Ok(())
}

/// Asks about each number, so many at a time, and tells what came of it; begins no other after the first
/// error, nor when it is over.
fn side_by_side(
    jobs: usize,
    numbers: Vec<usize>,
    is_over: impl Fn() -> bool + Sync,
    ask: impl Fn(usize) -> Result<Verdict, TaskError> + Sync,
    mut tell: impl FnMut(usize, Verdict) -> Result<(), TaskError>,
) -> Result<(), TaskError> {
    let queue = Mutex::new(numbers.into_iter());
    let next = || queue.lock().ok()?.next().filter(|_| !is_over());
    let (sender, answers) = mpsc::channel();
    thread::scope(|scope| {
        for _ in 0..jobs.max(1) {
            let sender = sender.clone();
            let (next, ask) = (&next, &ask);
            scope.spawn(move || {
                while let Some(number) = next() {
                    if sender.send((number, ask(number))).is_err() {
                        return;
                    }
                }
            });
        }
        drop(sender);
        for (number, verdict) in answers {
            tell(number, verdict?)?;
        }
        Ok(())
    })
}

/// The change made in the source, as cargo-mutants would, and a build of its own; as the source is, without
/// a mutant. A program is built when it is to be run: the first mostly says enough.
fn by_a_build(tree: &Tree, suite: &Suite, mutant: Option<&Mutant>) -> Result<Verdict, TaskError> {
    tree.restore()?;
    if let Some(mutant) = mutant {
        let mutated = mutant.applied_to(tree.source(&mutant.file));
        tree.write(&mutant.file, &mutated)?;
    }
    let mut built = Built::default();
    for tests in suite.tests {
        if !built.programs.contains_key(tests.program) {
            let Some(program) = build::plainly(tree, suite, tests.program)? else {
                return Ok(Verdict::Unviable);
            };
            built.programs.extend(program);
        }
        let verdict = trial::ask(tree, &built, tests, None)?;
        if verdict != Verdict::Missed {
            return Ok(verdict);
        }
    }
    Ok(Verdict::Missed)
}

/// The viable mutants of the areas as the seed throws them, or a sample of so many of each area.
fn order(options: &Options, areas: &[&Area], mutants: &[Mutant], results: &Results) -> Vec<usize> {
    let mut of_area: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for mutant in mutants {
        let area = areas.iter().find(|area| area.has(&mutant.file));
        if let Some(area) = area
            && results.get(mutant.number) != Some(Verdict::Unviable)
        {
            of_area.entry(area.name).or_default().push(mutant.number);
        }
    }
    let mut all = Vec::new();
    for mut numbers in of_area.into_values() {
        lots::shuffle(&mut numbers, options.seed);
        numbers.truncate(options.sample.unwrap_or(usize::MAX));
        all.append(&mut numbers);
    }
    lots::shuffle(&mut all, options.seed);
    all
}

/// How long it may take, and how far it is.
struct Clock {
    began: std::time::Instant,
    at_most: Option<Duration>,
    tried: usize,
}

impl Clock {
    #[expect(
        clippy::disallowed_methods,
        reason = "the person at the keyboard said how long it may take"
    )]
    fn starting(minutes: Option<u64>) -> Self {
        Self {
            began: std::time::Instant::now(),
            at_most: minutes.map(|minutes| Duration::from_secs(60 * minutes)),
            tried: 0,
        }
    }

    fn is_over(&self) -> bool {
        self.at_most
            .is_some_and(|at_most| self.began.elapsed() >= at_most)
    }

    fn tried(
        &mut self,
        results: &mut Results,
        mutants: &[Mutant],
        number: usize,
        verdict: Verdict,
    ) -> Result<(), TaskError> {
        results.set(number, verdict);
        self.tried += 1;
        if verdict == Verdict::Missed {
            complain(&format!("missed: {}", mutants[number].name()));
        }
        if self.tried.is_multiple_of(BATCH) {
            results.save(mutants)?;
            let time = in_words(self.began.elapsed());
            complain(&format!("{} tried in {time}", self.tried));
        }
        Ok(())
    }
}
