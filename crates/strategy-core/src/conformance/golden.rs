//! The golden list of a target: which promises it keeps, and which it skips.

use super::{Broken, PROMISES, Promise, Standing};

/// Checks one promise and compares how the target stands to it with its golden list.
///
/// # Panics
/// When the promise is broken, unknown, or kept or skipped otherwise than the list says.
#[track_caller]
pub fn hold(run: impl FnOnce(&Promise) -> Result<Standing, Broken>, name: &str, golden: &str) {
    let promise = PROMISES.iter().find(|promise| promise.name == name);
    let found = match promise.map(run) {
        Some(Ok(standing)) => format!("{name}: {standing}"),
        Some(Err(broken)) => format!("{name}: BROKEN: {broken}"),
        None => format!("{name}: there is no such promise"),
    };
    let expected = line_of(golden, name).unwrap_or("(no line of the golden list names it)");
    assert!(
        found == expected,
        "\n   found: {found}\nexpected: {expected}\n"
    );
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
