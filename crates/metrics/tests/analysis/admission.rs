//! What a check must say, and what is found before a rollout begins.

use std::error::Error;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use serde_json::{Value, json};
use strategy_core::analysis::Window;
use strategy_core::plan::{Check, Extension};
use strategy_core::world::World;
use strategy_core::{Canary, Release, Track};
use strategy_metrics::source::{
    Admitted, Answer, MemorySource, MetricSource, Question, Rhythm, SourceError,
};
use strategy_metrics::{Data, Events, MetricAnalysis, MetricCheck, Reading, Shape};

use crate::tally::kinds;

/// What a rollout with that check says before it begins; nothing: it was promoted.
fn refused(check: Check) -> Option<String> {
    refused_by(MemorySource::default(), check)
}

/// The same, of this source.
fn refused_by(source: impl MetricSource + 'static, check: Check) -> Option<String> {
    let world = World::seeded(3).stable("app:v1", 4).build().unwrap();
    let analysis = MetricAnalysis::new("memory", source).judges(kinds());
    let canary = Canary::new().stages([100]).check("errors", check);
    let driver = world.driver().analysis("memory", analysis);
    let release = Release::of([("app", "app:v2")]).unwrap();
    world.run_with(driver, &canary, release).err().map(|error| {
        let mut text = error.to_string();
        let mut source = error.source();
        while let Some(error) = source {
            text += &format!(": {error}");
            source = error.source();
        }
        text
    })
}

/// Cannot be asked: nothing answers, or something that says so.
#[derive(Debug)]
struct Away {
    answers: bool,
}

#[async_trait]
impl MetricSource for Away {
    fn name(&self) -> String {
        "away at http://prometheus:9090".to_owned()
    }

    fn rhythm(&self, _: &Value, _: Shape) -> Result<Rhythm, SourceError> {
        Ok(Rhythm::default())
    }

    async fn admit(&self, _: &Question) -> Result<Admitted, SourceError> {
        Err(if self.answers {
            SourceError::passing(self.name(), "it answers 503 Service Unavailable")
        } else {
            let refused = std::io::Error::other("connection refused");
            SourceError::passing_because(self.name(), "no connection", refused)
        })
    }

    async fn read(&self, _: &Question, _: Window) -> Result<Answer, SourceError> {
        Ok(Reading::Empty.into())
    }
}

#[test]
fn a_source_that_cannot_be_reached_before_is_told_with_what_to_mend() {
    for (answers, why) in [
        (
            false,
            "no connection: connection refused; mend its address, or see that it can be reached from here",
        ),
        (true, "it answers 503 Service Unavailable"),
    ] {
        let text = refused_by(Away { answers }, Check::new(tally())).unwrap();
        let asked = "away at http://prometheus:9090 could not be asked";
        assert!(text.ends_with(&format!("{asked}: {why}")), "{text}");
    }
}

/// Keeps what it was asked.
#[derive(Debug, Default)]
struct Asked(Mutex<Vec<Question>>);

#[async_trait]
impl MetricSource for Asked {
    fn name(&self) -> String {
        "asked".to_owned()
    }

    fn rhythm(&self, _: &Value, _: Shape) -> Result<Rhythm, SourceError> {
        Ok(Rhythm::default())
    }

    async fn admit(&self, question: &Question) -> Result<Admitted, SourceError> {
        self.0.lock().unwrap().push(question.clone());
        Ok(Admitted::default())
    }

    async fn read(&self, question: &Question, _: Window) -> Result<Answer, SourceError> {
        let mut question = question.clone();
        question.watched_since = None;
        self.0.lock().unwrap().push(question);
        Ok(Reading::Told(Data::Events(Events::counted(100, 0))).into())
    }
}

/// Both tracks of this world have an address apart from user traffic, as slots of blue-green have.
#[test]
fn what_is_admitted_is_what_is_asked_in_every_look() {
    let world = World::seeded(3).stable("app:v1", 4).build().unwrap();
    let source = Arc::new(Asked::default());
    let analysis = MetricAnalysis::new("memory", Arc::clone(&source)).judges(kinds());
    let judge = json!({ "kind": "tally", "tolerated": 3, "compares": true });
    let check = MetricCheck::new("memory", json!({})).judge(judge);
    let canary = Canary::new()
        .stages([50, 100])
        .check("errors", check.check_with(&kinds()).unwrap());
    let driver = world.driver().analysis("memory", analysis);
    let release = Release::of([("app", "app:v2")]).unwrap();
    world.run_with(driver, &canary, release).unwrap();
    let asked = source.0.lock().unwrap();
    for track in [Track::Stable, Track::Candidate] {
        let of_track: Vec<_> = asked.iter().filter(|asked| asked.track == track).collect();
        let previews: Vec<_> = of_track.iter().map(|asked| &asked.preview).collect();
        assert!(previews.len() > 1, "it was admitted and asked");
        if track == Track::Stable {
            assert!(
                previews.iter().all(|preview| preview.is_none()),
                "{previews:?}"
            );
        }
    }
    let last = asked.iter().rfind(|asked| asked.track == Track::Candidate);
    assert!(last.unwrap().preview.is_some(), "a candidate has one");
}

fn tally() -> Extension {
    Extension::new("memory")
        .with("metric", json!({}))
        .with("judge", json!({ "kind": "tally", "tolerated": 3 }))
}

#[test]
fn a_wrong_parameter_is_named() {
    let with = |name: &str, value: Value| tally().with(name, value);
    for (analysis, named) in [
        (Extension::new("memory"), "`metric` is missing"),
        (with("limit", json!(1)), "`limit` is no parameter"),
        (with("judge", json!("tally")), "judge: it is no object"),
        (
            with("judge", json!({ "tolerated": 3 })),
            "`kind` is missing",
        ),
        (
            with("judge", json!({ "kind": "dice" })),
            "`dice` is no kind of judge; write",
        ),
        (
            with("judge", json!({ "kind": "tally" })),
            "tally: missing field `tolerated`",
        ),
        (
            with(
                "judge",
                json!({ "kind": "tally", "tolerated": 3, "limit": 2 }),
            ),
            "unknown field `limit`",
        ),
        (
            with(
                "judge",
                json!({ "kind": "tally", "tolerated": 3, "shape": "values" }),
            ),
            "events only",
        ),
        (
            with(
                "judge",
                json!({ "kind": "tally", "tolerated": 3, "compares": true }),
            ),
            "compares",
        ),
        (
            with("part", json!("web")),
            "there is no part `web`; write one of",
        ),
        (with("part", json!("No Part")), "no name of a part"),
    ] {
        let text = refused(Check::new(analysis)).unwrap();
        assert!(
            text.contains(named) && text.contains("errors"),
            "{text}: {named}"
        );
    }
}

#[test]
fn a_check_from_code_says_whether_its_judge_compares() {
    let judge = |compares: bool| json!({ "kind": "tally", "tolerated": 3, "compares": compares });
    for compares in [true, false] {
        let check = MetricCheck::new("memory", json!({})).judge(judge(compares));
        let check = check.check_with(&kinds()).unwrap();
        assert_eq!(check.compares_with_stable, compares);
    }
    let check = MetricCheck::new("memory", json!({})).judge(json!({ "kind": "dice" }));
    assert!(check.check().unwrap_err().to_string().contains("`dice`"));
}
