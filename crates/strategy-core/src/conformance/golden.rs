//! The golden list of a target: which promises it keeps, and which it skips.

use super::{Broken, PROMISES, Promise, Standing};

/// Checks one promise and compares how the target stands to it with its golden list.
///
/// # Panics
/// When the promise is broken, unknown, or kept or skipped otherwise than the list says.
#[track_caller]
pub fn hold(run: impl FnOnce(&Promise) -> Result<Standing, Broken>, name: &str, golden: &str) {
    let promise = PROMISES.iter().find(|promise| promise.name == name);
    let found = match promise {
        Some(promise) => line(promise, run(promise)),
        None => format!("{name}: there is no such promise"),
    };
    let expected = line_of(golden, name).unwrap_or("(no line of the golden list names it)");
    assert!(
        found == expected && !found.contains(": BROKEN: "),
        "\n   found: {found}\nexpected: {expected}\n"
    );
}

/// The golden list of a target as it stands: checks every promise, each on a fresh subject.
///
/// Write it to a file once, read it, and keep the file beside the tests. A promise that is broken
/// stands there as `name: BROKEN: why`, with which no test passes: mend the target, not the list.
///
/// ```
/// # use strategy_core::conformance::{Broken, InMemory, Promise, Standing, golden_list};
/// # use strategy_core::world::World;
/// # fn run(promise: &Promise) -> Result<Standing, Broken> {
/// #     let world = World::seeded(1).stable("app:v1", 3).build().map_err(|e| Broken(e.to_string()))?;
/// #     world
/// #         .block_on(promise.check(&InMemory::new(world.clone())))
/// #         .map_err(|deadlock| Broken(deadlock.to_string()))?
/// # }
/// let list = golden_list(run);
/// assert!(list.contains("counts_are_read_back: kept\n"));
/// ```
pub fn golden_list(run: impl Fn(&Promise) -> Result<Standing, Broken>) -> String {
    let lines = PROMISES.iter().map(|promise| line(promise, run(promise)));
    lines.map(|line| line + "\n").collect()
}

fn line(promise: &Promise, found: Result<Standing, Broken>) -> String {
    match found {
        Ok(standing) => format!("{}: {standing}", promise.name),
        Err(broken) => format!("{}: BROKEN: {broken}", promise.name),
    }
}

/// Compares the names of a golden list with the promises there are.
///
/// # Panics
/// When it lacks one, names one that is none, or has another order.
#[track_caller]
pub fn golden_names_every_promise(golden: &str) {
    let listed: Vec<_> = lines(golden)
        .map(|line| line.split_once(':').map_or(line, |(name, _)| name))
        .collect();
    let promises: Vec<_> = PROMISES.iter().map(|promise| promise.name).collect();
    assert!(
        listed == promises,
        "the golden list names {listed:#?}\nand the promises are {promises:#?}"
    );
}

fn lines(golden: &str) -> impl Iterator<Item = &str> {
    golden
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
}

fn line_of<'a>(golden: &'a str, name: &str) -> Option<&'a str> {
    lines(golden).find(|line| {
        line.strip_prefix(name)
            .is_some_and(|rest| rest.starts_with(':'))
    })
}
