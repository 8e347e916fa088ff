//! What a source text becomes with switches in it.

use super::*;
use crate::mutants::list::{Place, Span};

/// A mutant of what is `before` in `text`, at its only occurrence.
fn mutant(text: &str, number: usize, kind: Kind, before: &str, replacement: &str) -> Mutant {
    let place = |offset: usize| {
        let line = text[..offset].matches('\n').count() + 1;
        let column = offset - text[..offset].rfind('\n').map_or(0, |end| end + 1) + 1;
        Place { line, column }
    };
    let at = text.find(before).unwrap();
    Mutant {
        number,
        file: "a.rs".to_owned(),
        change: String::new(),
        kind,
        span: Span {
            start: place(at),
            end: place(at + before.len()),
        },
        replacement: replacement.to_owned(),
        function: None,
        returns: String::new(),
    }
}

#[track_caller]
fn check(text: &str, mutants: &[Mutant], constant: &[&str], expected: &str) {
    let mutants: Vec<&Mutant> = mutants.iter().collect();
    let constant = constant.iter().map(|name| (*name).to_owned()).collect();
    let switched = switched(text, &mutants, &constant).unwrap();
    assert_eq!(switched.text, expected);
    syn::parse_file(&switched.text).unwrap();
    for (range, number) in &switched.added {
        assert!(range.end <= switched.text.len() && switched.carried.contains(number));
    }
}

#[test]
fn operators_within_operators_each_have_their_switch() {
    let text = "fn f() -> bool { !a && b < c }";
    let mutants = [
        mutant(text, 1, Kind::BinaryOperator, "&&", "||"),
        mutant(text, 2, Kind::UnaryOperator, "!", ""),
        mutant(text, 3, Kind::BinaryOperator, "<", "=="),
        mutant(text, 4, Kind::BinaryOperator, "<", ">"),
    ];
    let expected = "fn f() -> bool { (if crate::mutants::is_none_of(&[1]) {\
            (if crate::mutants::is_none_of(&[2]) {!a} else {a}) && \
            (if crate::mutants::is_none_of(&[3, 4]) {b < c} \
            else if crate::mutants::is(3) {b == c} else {b > c})\
            } else {!a || b < c}) }";
    check(text, &mutants, &[], expected);
}

#[test]
fn functions_return_at_once_and_stay_constant_only_where_they_must() {
    let text = "const fn f() -> u8 { 1 + 1 }\nconst fn g() -> u8 { 3 - 2 }";
    let mutants = [
        mutant(text, 1, Kind::FnValue, "1 + 1", "0"),
        mutant(text, 2, Kind::BinaryOperator, "+", "-"),
        mutant(text, 3, Kind::FnValue, "3 - 2", "0"),
    ];
    let expected = "      fn f() -> u8 { if crate::mutants::is(1) { return 0; } \
            (if crate::mutants::is_none_of(&[2]) {1 + 1} else {1 - 1}) }\n\
            const fn g() -> u8 { 3 - 2 }";
    check(text, &mutants, &["g"], expected);
}

#[test]
fn arms_and_their_guards_are_turned_off() {
    let text = "fn f() { match x { 0 => a, n if n > 5 => b, _ => c } }";
    let mutants = [
        mutant(text, 1, Kind::MatchArm, "0 => a,", ""),
        mutant(text, 2, Kind::MatchArmGuard, "n > 5", "true"),
        mutant(text, 3, Kind::MatchArmGuard, "n > 5", "false"),
    ];
    let expected = "fn f() { match x { 0 if !crate::mutants::is(1) => a, \
            n if crate::mutants::is(2) || (!crate::mutants::is(3) && (n > 5)) => b, _ => c } }";
    check(text, &mutants, &[], expected);
}

#[test]
fn fields_are_left_to_the_base() {
    let text = "fn f() -> S { S { one: 1, ..base } }";
    let mutants = [mutant(text, 1, Kind::StructField, "one: 1,", "")];
    let expected = "fn f() -> S { (if crate::mutants::is_none_of(&[1]) \
            {S { one: 1, ..base }} else {S {  ..base }}) }";
    check(text, &mutants, &[], expected);
}

#[test]
fn nothing_stands_around_a_let_nor_in_a_constant() {
    let text = "const A: u8 = 2 * 3;\nfn f() { if let Some(x) = y && x == 1 {} }";
    let mutants = [
        mutant(text, 1, Kind::BinaryOperator, "*", "+"),
        mutant(text, 2, Kind::BinaryOperator, "&&", "||"),
    ];
    check(text, &mutants, &[], text);
    let mutants: Vec<&Mutant> = mutants.iter().collect();
    let switched = switched(text, &mutants, &BTreeSet::new()).unwrap();
    assert_eq!(switched.no_rust, BTreeSet::from([2]));
    assert!(switched.carried.is_empty());
}
