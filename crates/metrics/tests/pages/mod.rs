//! What the tests of pages share: a table is read, and what serde says to what it does not know.
#![allow(
    dead_code,
    unreachable_pub,
    clippy::panic,
    reason = "each test file uses what it needs"
)]

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

pub type Row = BTreeMap<String, String>;

/// The rows of the first table below a heading, before the next one: what each has in the column of that name.
pub fn table(page: &str, heading: &str) -> Vec<Row> {
    let mut lines = page.lines().skip_while(|line| *line != heading);
    assert_eq!(lines.next(), Some(heading), "there is no such heading");
    let of_section = lines.take_while(|line| !line.starts_with('#'));
    let rows: Vec<Vec<String>> = of_section
        .skip_while(|line| !line.starts_with('|'))
        .take_while(|line| line.starts_with('|'))
        .map(cells)
        .collect();
    let [columns, _, rows @ ..] = rows.as_slice() else {
        panic!("{heading} has no table");
    };
    let row = |cells: &Vec<String>| {
        assert_eq!(cells.len(), columns.len(), "{heading}: {cells:?}");
        let cells = columns.iter().zip(cells);
        cells
            .map(|(column, cell)| (column.clone(), cell.clone()))
            .collect()
    };
    rows.iter().map(row).collect()
}

/// The cells of a row; a `|` with a backslash before it is part of its cell.
fn cells(line: &str) -> Vec<String> {
    const PART: &str = "\u{1}";
    let line = line.replace("\\|", PART);
    let cells = line.trim_matches('|').split('|');
    cells.map(|cell| cell.trim().replace(PART, "|")).collect()
}

/// What stands between backquotes.
pub fn quoted(text: &str) -> Vec<&str> {
    text.split('`').skip(1).step_by(2).collect()
}

/// A value of a table: JSON, or a word.
pub fn value(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|_| json!(text))
}

/// The parameters of a table, each with its default; `null`: it has none.
pub fn defaults(page: &str, heading: &str) -> Vec<(String, Value)> {
    let rows = table(page, heading).into_iter();
    rows.map(|row| {
        let name = quoted(&row["parameter"])[0].to_owned();
        let default = match row["default"].as_str() {
            "none" => Value::Null,
            text => value(quoted(text)[0]),
        };
        (name, default)
    })
    .collect()
}

/// What a table of limits says of something.
pub fn limit(page: &str, heading: &str, what: &str) -> String {
    let rows = table(page, heading).into_iter();
    let mut of = rows.filter(|row| row["what"] == what);
    let Some(mut row) = of.next() else {
        panic!("{heading} says nothing of {what}");
    };
    row.remove("limit").unwrap_or_default()
}

/// What serde expects in place of what is not there.
pub fn expected(error: &str) -> BTreeSet<&str> {
    let (_, words) = error.split_once("expected ").unwrap_or_default();
    quoted(words).into_iter().collect()
}
