//! Rows that are read, and those that are refused with line, column and mend.

use super::*;

const GOOD: &str = "time,track,total,failed\n0,stable,100,1\n0,candidate,10,0\n30,stable,90,0\n";

fn refused(text: &str) -> String {
    rows(text).unwrap_err().to_string()
}

#[test]
fn rows_are_read_whatever_the_order_of_columns() {
    let read = rows("track, failed ,time,unit,total\r\nstable,1,1.5,a-1,100\r\ncandidate, 0, 2026-11-30T12:00:00.25+01:00 ,b,7\r\n").unwrap();
    let row = |millis, track, unit: &str, total, failed| Row {
        at: Timestamp::from_millis(millis),
        track,
        unit: unit.to_owned(),
        told: Told::Count(Count { total, failed }),
    };
    assert_eq!(
        read,
        [
            row(1_500, Track::Stable, "a-1", 100, 1),
            row(1_796_036_400_250, Track::Candidate, "b", 7, 0)
        ]
    );
    let numbers = rows("time,track,value\n5,stable,0.25\n5,candidate,-1e3").unwrap();
    assert_eq!(numbers[1].told, Told::Value(-1000.0));
    assert_eq!(rows(GOOD).unwrap().len(), 3);
    assert_eq!(rows(&format!("{GOOD}\n")).unwrap().len(), 3);
}

/// As spreadsheets write it.
#[test]
fn a_mark_of_utf_8_is_no_part_of_the_first_column() {
    assert_eq!(
        rows(&format!("\u{feff}{GOOD}")).unwrap(),
        rows(GOOD).unwrap()
    );
}

#[test]
fn every_mistake_has_line_column_and_mend() {
    for (from, to, place, mend) in [
        (
            GOOD,
            "",
            "1:1: there is nothing in it",
            "write some of `time`",
        ),
        (GOOD, "\u{feff}\n", "1:1: there is nothing in it", "`time`"),
        (
            "time,track,total,failed",
            "time;track;total;failed",
            "1:1: ",
            "by commas",
        ),
        (
            "track,total,failed",
            "track\ttotal,failed",
            "1:6: ",
            "by commas",
        ),
        (
            "time,track",
            "tme,track",
            "1:1: `tme` is no column",
            "`time`",
        ),
        ("total,failed", "total,total", "1:18: ", "keep one"),
        (
            "time,track,",
            "track,",
            "1:1: there is no column `time`",
            "add it",
        ),
        (
            "time,track,",
            "time,",
            "1:1: there is no column `track`",
            "add it",
        ),
        (",failed\n", "\n", "1:1: ", "add what is missing"),
        (
            "total,failed",
            "total,value",
            "1:1: ",
            "keep `total` and `failed`",
        ),
        (GOOD, "time,track,value\n", "1:1: ", "add some"),
        (
            "0,stable,100,1",
            "0,stable,100",
            "2:1: this row has 3 fields",
            "one for each",
        ),
        (
            "0,stable,100,1",
            "noon,stable,100,1",
            "2:1: time: `noon`",
            "RFC 3339",
        ),
        (
            "0,stable,100,1",
            "-1,stable,100,1",
            "2:1: time: `-1`",
            "seconds",
        ),
        (
            "0,stable,100,1",
            "0.1234,stable,100,1",
            "2:1: time: ",
            "RFC 3339",
        ),
        (
            "0,stable,100,1",
            "99999999999999,stable,100,1",
            "2:1: time: ",
            "RFC 3339",
        ),
        (
            "0,stable,100,1",
            "0, canary,100,1",
            "2:4: track: `canary`",
            "`candidate`",
        ),
        (
            "stable,100,1",
            "stable,1e2,1",
            "2:10: total: `1e2`",
            "whole number",
        ),
        (
            "stable,100,1",
            "stable,100,-1",
            "2:14: failed: `-1`",
            "whole number",
        ),
        (
            "stable,100,1",
            "stable,100,101",
            "2:14: failed: 101 of 100",
            "what failed too",
        ),
        ("30,stable", "30,\"stable\"", "4:4: track: ", "`stable`"),
        ("30,stable", "\n30,stable", "4:1: ", "remove it"),
        (
            "0,candidate",
            "0,stable",
            "3:1: ",
            "add the two up, or say in a column `unit` of which pod each is",
        ),
        (
            "30,stable,90,0\n",
            "30,stable,90,0\n29,stable,1,0\n",
            "5:1: ",
            "sort",
        ),
    ] {
        let text = GOOD.replacen(from, to, 1);
        assert_ne!(text, GOOD, "{from}");
        let said = refused(&text);
        assert!(
            said.starts_with(place) && said.contains(mend),
            "{said}\n{text}"
        );
    }
    for (value, mend) in [("NaN", "leave out"), ("x", "such as"), ("inf", "leave out")] {
        let said = refused(&format!("time,track,value\n1,stable,{value}\n"));
        assert!(
            said.starts_with("2:10: value: ") && said.contains(mend),
            "{said}"
        );
    }
}
