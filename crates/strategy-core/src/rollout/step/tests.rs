//! Tests of the stepper: row by row, and by search.

mod follows_readiness;
mod native;
mod notation;
mod rows;
mod search;

use super::{follows_readiness as follows, routed};

/// The first cells of the rows of a table under a heading.
fn rows_under<'a>(page: &'a str, heading: &str) -> Vec<&'a str> {
    let (_, section) = page.split_once(heading).expect(heading);
    let section = section.split("\n## ").next().unwrap_or_default();
    let cells = section.lines().filter_map(|line| line.strip_prefix("| "));
    cells
        .filter_map(|line| line.split(" |").next())
        .skip(1)
        .collect()
}

#[test]
fn the_page_has_the_rows_of_the_code_in_order() {
    let page = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../docs/concepts/stepper.md"
    );
    let page = std::fs::read_to_string(page).unwrap();
    let routed = routed::ROWS.iter().map(|row| row.number);
    assert_eq!(
        rows_under(&page, "## The table where a router"),
        ["0"]
            .into_iter()
            .chain(routed)
            .chain(["10"])
            .collect::<Vec<_>>()
    );
    let follows = follows::ROWS.iter().map(|row| row.number);
    assert_eq!(
        rows_under(&page, "## The table where traffic follows"),
        follows.chain(["6"]).collect::<Vec<_>>()
    );
}
