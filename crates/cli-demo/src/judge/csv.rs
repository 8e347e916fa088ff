//! Recorded data as rows of text: what each track counted, or its numbers, one row for each moment.
//!
//! Columns by name in the first line, in any order: `time`, `track`, and `total` with `failed`, or `value`; `unit` where
//! units are told apart.

use std::collections::BTreeSet;

use jiff::Timestamp as Moment;
use strategy_core::analysis::Count;
use strategy_core::{Timestamp, Track};

use super::problem::Problem;

/// The most rows that are read.
const ROWS: usize = 1_000_000;
/// No unit is called by so many characters.
const UNIT: usize = 200;
/// What the first line may have.
const KNOWN: &str = "write some of `time`, `track`, `unit`, `total`, `failed`, `value`";
/// The last millisecond of the year 9999.
const LAST: u64 = 253_402_300_799_999;

/// What a row says of its track, and of one unit of it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Row {
    pub(super) at: Timestamp,
    pub(super) track: Track,
    /// Empty: of none in particular.
    pub(super) unit: String,
    pub(super) told: Told,
}

/// What a row tells.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Told {
    /// How many events there were since the row before of the same track and unit, and how many of them failed.
    Count(Count),
    /// A number at this moment.
    Value(f64),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Column {
    Time,
    Track,
    Unit,
    Total,
    Failed,
    Value,
}

impl Column {
    fn named(name: &str) -> Option<Self> {
        Some(match name {
            "time" => Self::Time,
            "track" => Self::Track,
            "unit" => Self::Unit,
            "total" => Self::Total,
            "failed" => Self::Failed,
            "value" => Self::Value,
            _ => return None,
        })
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Time => "time",
            Self::Track => "track",
            Self::Unit => "unit",
            Self::Total => "total",
            Self::Failed => "failed",
            Self::Value => "value",
        }
    }
}

/// A field of a line: where it begins, in characters from 1, and what it says.
struct Field<'a> {
    column: usize,
    text: &'a str,
}

fn fields(line: &str) -> Vec<Field<'_>> {
    let mut column = 1;
    let mut fields = Vec::new();
    for text in line.split(',') {
        let space = text.chars().take_while(|char| *char == ' ').count();
        fields.push(Field {
            column: column + space,
            text: text.trim_matches(' '),
        });
        column += text.chars().count() + 1;
    }
    fields
}

/// Reads the rows.
///
/// # Errors
/// [`Problem`] with line, column and how to mend it.
pub(super) fn rows(text: &str) -> Result<Vec<Row>, Problem> {
    // Of programs that say so that it is UTF-8.
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    if text.trim().is_empty() {
        let empty = format!("there is nothing in it; {KNOWN} in the first line, and rows below");
        return Err(Problem::at(1, 1, empty));
    }
    let mut lines = (1..).zip(text.lines());
    let (number, header) = lines.next().unwrap_or((1, ""));
    let columns = header_of(number, header)?;
    let mut rows: Vec<Row> = Vec::new();
    let mut seen = BTreeSet::new();
    for (number, line) in lines {
        if line.trim().is_empty() {
            if text.lines().nth(number).is_none() {
                break;
            }
            let empty = "there is nothing in this line; remove it";
            return Err(Problem::at(number, 1, empty));
        }
        if rows.len() == ROWS {
            return Err(Problem::at(
                number,
                1,
                format!("at most {ROWS} rows are read; leave some out, or count over longer times"),
            ));
        }
        let row = row_of(number, line, &columns)?;
        if rows.last().is_some_and(|last| row.at < last.at) {
            return Err(Problem::at(
                number,
                1,
                "this row is of an earlier time than the one before; sort the rows by time",
            ));
        }
        if rows.last().is_some_and(|last| row.at > last.at) {
            seen.clear();
        }
        if !seen.insert((row.track, row.unit.clone())) {
            let twice = if columns.contains(&Column::Unit) {
                "there is a row of the same time, track and unit before; add the two up"
            } else {
                "there is a row of the same time and track before; add the two up, or say in a column `unit` of which \
                 pod each is"
            };
            return Err(Problem::at(number, 1, twice));
        }
        rows.push(row);
    }
    if rows.is_empty() {
        return Err(Problem::at(number, 1, "there are no rows below; add some"));
    }
    Ok(rows)
}

fn header_of(number: usize, line: &str) -> Result<Vec<Column>, Problem> {
    let mut columns = Vec::new();
    for field in fields(line) {
        if field.text.contains([';', '\t']) {
            let mend = "columns are told apart by commas, here and in rows; separate them so";
            return Err(Problem::at(number, field.column, mend));
        }
        let Some(column) = Column::named(field.text) else {
            let shown: String = field.text.chars().take(40).collect();
            return Err(Problem::at(
                number,
                field.column,
                format!("`{shown}` is no column; {KNOWN}"),
            ));
        };
        if columns.contains(&column) {
            return Err(Problem::at(
                number,
                field.column,
                format!("`{}` is named twice; keep one", column.name()),
            ));
        }
        columns.push(column);
    }
    let has = |column| columns.contains(&column);
    let lacking = |what: &str| Err(Problem::at(number, 1, what.to_owned()));
    if !has(Column::Time) {
        return lacking("there is no column `time`; add it");
    }
    if !has(Column::Track) {
        return lacking(
            "there is no column `track`; add it, with `stable` or `candidate` in each row",
        );
    }
    match (has(Column::Total), has(Column::Failed), has(Column::Value)) {
        (true, true, false) | (false, false, true) => Ok(columns),
        (_, _, false) => {
            lacking("counts need both `total` and `failed`, numbers `value`; add what is missing")
        }
        (_, _, true) => {
            lacking("rows have counts or numbers; keep `total` and `failed`, or `value`")
        }
    }
}

fn row_of(number: usize, line: &str, columns: &[Column]) -> Result<Row, Problem> {
    let fields = fields(line);
    if fields.len() != columns.len() {
        return Err(Problem::at(
            number,
            1,
            format!(
                "this row has {} fields, and there are {} columns; write one for each, without commas in them",
                fields.len(),
                columns.len()
            ),
        ));
    }
    let (mut at, mut track, mut unit) = (None, None, String::new());
    let (mut total, mut failed, mut value) = (None, None, None);
    let mut failed_at = 1;
    for (field, column) in fields.iter().zip(columns) {
        let wrong = |what: &str| {
            let shown: String = field.text.chars().take(40).collect();
            let name = column.name();
            Problem::at(number, field.column, format!("{name}: `{shown}` {what}"))
        };
        match column {
            Column::Time => {
                let moment = moment(field.text);
                let mend = "is no time; write RFC 3339 such as `2026-11-30T12:00:00Z`, or seconds since 1970";
                at = Some(moment.ok_or_else(|| wrong(mend))?);
            }
            Column::Track => {
                track = Some(match field.text {
                    "stable" => Track::Stable,
                    "candidate" => Track::Candidate,
                    _ => return Err(wrong("is no track; write `stable` or `candidate`")),
                });
            }
            Column::Unit => {
                if field.text.is_empty() || field.text.chars().count() > UNIT {
                    return Err(wrong("names no unit; write a name such as that of a pod"));
                }
                field.text.clone_into(&mut unit);
            }
            Column::Total | Column::Failed => {
                let count = field.text.parse::<u64>();
                let mend =
                    "is no count; write a whole number from 0 on, of the time since the row before";
                let count = count.map_err(|_| wrong(mend))?;
                if *column == Column::Total {
                    total = Some(count);
                } else {
                    (failed, failed_at) = (Some(count), field.column);
                }
            }
            Column::Value => {
                let number = field.text.parse::<f64>().ok();
                let mend = "is no number; write one such as `0.25`, and leave out a row without";
                let number = number.filter(|number| number.is_finite());
                value = Some(number.ok_or_else(|| wrong(mend))?);
            }
        }
    }
    let told = match (total, failed, value) {
        (Some(total), Some(failed), _) if failed > total => {
            return Err(Problem::at(
                number,
                failed_at,
                format!(
                    "failed: {failed} of {total} cannot have failed; count in `total` what failed too"
                ),
            ));
        }
        (Some(total), Some(failed), _) => Told::Count(Count { total, failed }),
        (_, _, Some(value)) => Told::Value(value),
        _ => {
            return Err(Problem::at(
                number,
                1,
                "it tells nothing; fill in every column",
            ));
        }
    };
    let (Some(at), Some(track)) = (at, track) else {
        return Err(Problem::at(
            number,
            1,
            "it tells no time or track; fill in every column",
        ));
    };
    Ok(Row {
        at,
        track,
        unit,
        told,
    })
}

/// RFC 3339, or seconds since 1970 with at most three decimals.
fn moment(text: &str) -> Option<Timestamp> {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let (whole, rest) = text.split_once('.').unwrap_or((text, "0"));
    let millis = if digits(whole) && digits(rest) {
        if rest.len() > 3 {
            return None;
        }
        let fraction: u64 = format!("{rest:0<3}").parse().ok()?;
        whole
            .parse::<u64>()
            .ok()?
            .checked_mul(1_000)?
            .checked_add(fraction)?
    } else {
        let moment: Moment = text.parse().ok()?;
        u64::try_from(moment.as_millisecond()).ok()?
    };
    (millis <= LAST).then(|| Timestamp::from_millis(millis))
}

#[cfg(test)]
mod tests;
