//! Short texts that mean a value: weights, durations, names, references, answers of a person.

use std::fmt::{Debug, Display};
use std::str::FromStr;

use cli_demo::approval::Typed;
use cli_demo::args::ImageOverride;
use cli_demo::file;
use cli_demo::render::plain::{paragraph, plain};
use cli_demo::words::in_our_words;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use strategy_core::analysis::Memory;
use strategy_core::plan::PlanDigest;
use strategy_core::target::RolloutId;
use strategy_core::{Amount, Image, Part, Timestamp, Weight, duration};

/// A message about a text never gets longer than this, however long the text.
const MESSAGE: usize = 600;

/// A text is taken as each kind of value.
///
/// What is one is the same when it is written and read again, also as JSON; what is none gets a short
/// message.
pub fn text(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    if let Some(weight) = read::<Weight>(text) {
        as_json(&weight, text);
        is_as_floats_say(weight, text);
    }
    if let Some(image) = read::<Image>(text) {
        as_json(&image, text);
        is_put_together(&image);
    }
    if let Some(part) = read::<Part>(text) {
        as_json(&part, text);
    }
    if let Some(id) = read::<RolloutId>(text) {
        as_json(&id, text);
    }
    read::<Amount>(text);
    if let Ok(digest) = text.parse::<PlanDigest>() {
        assert_eq!(digest.as_str().parse::<PlanDigest>(), Ok(digest.clone()));
        assert!(digest.is_named_by(&digest.to_string()));
    }
    if let Ok(given) = text.parse::<ImageOverride>() {
        assert_eq!(given.to_string(), text);
        assert_eq!(text.parse::<ImageOverride>(), Ok(given));
    }
    a_duration(text);
    fields_of_a_file(text);
    if let Ok(memory) = Memory::new(text) {
        as_json(&memory, text);
    }
    if let Ok(millis) = text.parse() {
        let at = Timestamp::from_millis(millis);
        assert!(!at.to_string().is_empty());
        same_as_json(&at);
    }
    is_shown_plainly(text);
    is_a_clear_yes(text);
}

fn read<T: FromStr<Err: Display> + Display + PartialEq + Debug>(text: &str) -> Option<T> {
    match text.parse::<T>() {
        Ok(value) => {
            let written = value.to_string();
            match written.parse::<T>() {
                Ok(again) => assert_eq!(again, value, "{written:?}"),
                Err(error) => panic!("{text:?} is written as {written:?}: {error}"),
            }
            Some(value)
        }
        Err(error) => {
            let message = error.to_string();
            assert!(message.len() <= MESSAGE, "{message}");
            None
        }
    }
}

/// JSON reads the same texts.
fn as_json<T: Serialize + DeserializeOwned + PartialEq + Debug>(value: &T, text: &str) {
    let read: T = serde_json::from_value(json!(text)).unwrap();
    assert_eq!(&read, value);
    same_as_json(value);
}

fn same_as_json<T: Serialize + DeserializeOwned + PartialEq + Debug>(value: &T) {
    let written = serde_json::to_string(value).unwrap();
    assert_eq!(
        &serde_json::from_str::<T>(&written).unwrap(),
        value,
        "{written}"
    );
}

fn is_as_floats_say(weight: Weight, text: &str) {
    let number = text.trim().trim_end_matches('%').trim_end();
    let percent: f64 = number.parse().unwrap();
    let points = f64::from(weight.basis_points());
    assert!(
        (percent * 100.0 - points).abs() < 1e-6 && points <= 10_000.0,
        "{text:?}"
    );
}

fn is_put_together(image: &Image) {
    let mut whole = image.repository().to_owned();
    if let Some(tag) = image.tag() {
        whole = format!("{whole}:{tag}");
    }
    if let Some(digest) = image.digest() {
        whole = format!("{whole}@{digest}");
    }
    assert_eq!(whole, image.as_str());
}

fn a_duration(text: &str) {
    match duration::parse(text) {
        Ok(read) => {
            let written = duration::format(read);
            assert_eq!(
                duration::parse(&written),
                Ok(read),
                "{text:?} as {written:?}"
            );
        }
        Err(message) => assert!(message.len() <= MESSAGE, "{message}"),
    }
}

/// Values that only the rollout file has.
fn fields_of_a_file(text: &str) {
    a_field::<file::Time>(text);
    a_field::<file::Percent>(text);
    a_field::<file::Amount>(text);
    a_field::<file::Limit<file::Time>>(text);
    a_field::<file::Limit<file::Percent>>(text);
}

fn a_field<T: Serialize + DeserializeOwned + PartialEq + Debug>(text: &str) {
    match serde_json::from_value::<T>(json!(text)) {
        Ok(read) => {
            // A count is written as a number, which YAML hands over as its text.
            let written = match serde_json::to_value(&read).unwrap() {
                Value::Number(count) => count.to_string().into(),
                written => written,
            };
            assert_eq!(
                serde_json::from_value::<T>(written).unwrap(),
                read,
                "{text:?}"
            );
        }
        Err(error) => assert!(error.to_string().len() <= MESSAGE + text.len(), "{error}"),
    }
}

/// No text of others steers the terminal, or passes for a line of ours.
fn is_shown_plainly(text: &str) {
    let shown = plain(text);
    assert!(!shown.contains(char::is_control), "{shown:?}");
    assert_eq!(plain(&shown), shown);
    let shown = paragraph(text);
    let mut lines = shown.split('\n');
    assert!(!lines.next().unwrap().contains(char::is_control));
    assert!(lines.all(|line| line.starts_with("  ") && !line.contains(char::is_control)));
    let _ = in_our_words(text);
}

fn is_a_clear_yes(text: &str) {
    let words: Vec<&str> = text.split_whitespace().collect();
    if Typed::read(text) == Typed::Approve {
        assert_eq!(words.len(), 1, "{text:?}");
        assert!(
            ["y", "yes", "approve"]
                .iter()
                .any(|yes| words[0].eq_ignore_ascii_case(yes))
        );
    }
}
