//! One look after the other: what is asked, what is remembered, what comes of it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use serde_json::{Value, json};
use strategy_core::analysis::{Analysis, Look, MeasureError, Measurement, Memory, Verdict, Window};
use strategy_core::plan::Extension;
use strategy_core::world::World;
use strategy_core::{Part, Timestamp, Track, Tracks, Weight};
use strategy_metrics::source::{
    Admitted, Answer, MemorySource, MetricSource, Question, Rhythm, SourceError,
};
use strategy_metrics::{Data, MetricAnalysis, Reading, Shape};

use crate::tally::kinds;

/// Nothing here waits for anything.
fn block_on<T>(future: impl Future<Output = T>) -> T {
    World::seeded(1).build().unwrap().block_on(future).unwrap()
}

pub(crate) fn at(seconds: u64) -> Timestamp {
    Timestamp::from_millis(seconds * 1000)
}

pub(crate) fn look(from: u64, to: u64, tolerated: u64) -> Look {
    let analysis = Extension::new("memory")
        .with("metric", json!({}))
        .with("judge", json!({ "kind": "tally", "tolerated": tolerated }));
    let window = Window {
        from: at(from),
        to: at(to),
    };
    let mut look = Look::new("errors", analysis, window);
    let labels = Tracks {
        stable: BTreeMap::from([("hash".to_owned(), "old".to_owned())]),
        candidate: BTreeMap::from([("hash".to_owned(), "new".to_owned())]),
    };
    look.identities.insert(Part::main(), labels);
    look.weights
        .insert(Part::main(), Weight::from_percent(10).unwrap());
    look
}

fn source_with(events: &[(u64, u64)], rhythm: Rhythm) -> MemorySource {
    let source = MemorySource::default().in_rhythm(rhythm);
    for (seconds, failed) in events {
        source.happened(Track::Candidate, at(*seconds), 100, *failed);
    }
    source
}

pub(crate) fn analysis(source: impl MetricSource + 'static) -> MetricAnalysis {
    MetricAnalysis::new("memory", source).judges(kinds())
}

pub(crate) fn measure(analysis: &MetricAnalysis, look: Look, memory: &Memory) -> Measurement {
    let mut look = look;
    look.memory = memory.clone();
    block_on(analysis.measure(&look)).unwrap()
}

#[test]
fn what_a_judge_remembers_is_handed_on() {
    let analysis = analysis(source_with(&[(5, 2), (15, 2)], Rhythm::default()));
    let first = measure(&analysis, look(0, 10, 3), &Memory::default());
    assert_eq!(
        (first.verdict, &*first.evidence),
        (Verdict::Pass, "0 to 10: 2 failed")
    );
    let second = measure(&analysis, look(10, 20, 3), &first.memory);
    assert_eq!(
        (second.verdict, &*second.evidence),
        (Verdict::Fail, "10 to 20: 4 failed")
    );
    let again = measure(&analysis, look(10, 20, 3), &first.memory);
    assert_eq!(
        (again.verdict, again.memory),
        (Verdict::Fail, second.memory)
    );
}

#[test]
fn what_a_source_cannot_tell_of_yet_waits() {
    let rhythm = Rhythm::new(Duration::from_secs(60), Duration::from_secs(30));
    let analysis = analysis(source_with(&[(10, 1), (70, 1)], rhythm));
    let mut memory = Memory::default();
    let mut said = Vec::new();
    for n in 0..6 {
        let found = measure(&analysis, look(n * 30, n * 30 + 30, 9), &memory);
        memory = found.memory;
        said.push(found.evidence);
    }
    let waits = "memory cannot tell of any window since the last look yet";
    assert_eq!(
        said,
        [
            waits,
            waits,
            "0 to 60: 1 failed",
            waits,
            "60 to 120: 2 failed",
            waits
        ]
    );
}

#[test]
fn a_failure_of_one_window_is_not_hidden_by_the_next() {
    let rhythm = Rhythm::new(Duration::from_secs(10), Duration::ZERO);
    let analysis = analysis(source_with(&[(5, 9), (26, 0)], rhythm));
    let mut first = look(0, 9, 3);
    let weight = |percent| Weight::from_percent(percent).unwrap();
    first.weights.insert(Part::main(), weight(1));
    let waiting = measure(&analysis, first, &Memory::default());
    assert_eq!(waiting.verdict, Verdict::Undecided);
    let found = measure(&analysis, look(9, 30, 3), &waiting.memory);
    assert_eq!(
        &*found.evidence,
        "10 to 30: 0 failed; from 1970-01-01T00:00:00Z to 1970-01-01T00:00:09Z nothing is judged: it lies in no whole \
         period that the source tells of, 10s long",
        "the first period lies across two weights"
    );

    let late = Rhythm::new(Duration::ZERO, Duration::from_secs(20));
    let analysis = self::analysis(source_with(&[(5, 9), (26, 0)], late));
    let first = measure(&analysis, look(0, 10, 3), &Memory::default());
    let found = measure(&analysis, look(20, 60, 3), &first.memory);
    assert_eq!(
        (found.verdict, &*found.evidence),
        (Verdict::Fail, "0 to 10: 9 failed")
    );
}

#[test]
fn a_part_that_is_not_reached_is_not_judged() {
    let analysis = analysis(source_with(&[(5, 9)], Rhythm::default()));
    let mut unreached = look(0, 10, 3);
    unreached.identities.clear();
    let memory = Memory::new(r#"{"v":1,"state":""}"#).unwrap();
    let found = measure(&analysis, unreached, &memory);
    assert_eq!((found.verdict, found.memory), (Verdict::Undecided, memory));
}

#[test]
fn a_state_of_somebody_else_is_refused() {
    let analysis = analysis(source_with(&[(5, 9)], Rhythm::default()));
    let mut strange = look(0, 10, 3);
    strange.memory = Memory::new(r#"{"v":1,"state":"AgAA"}"#).unwrap();
    let error = block_on(analysis.measure(&strange))
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("format 2") && error.contains("errors"),
        "{error}"
    );
}

/// Keeps what it is asked, and answers so.
#[derive(Debug)]
struct Scripted {
    asked: Mutex<Vec<Question>>,
    answer: fn(Track) -> Result<Answer, SourceError>,
}

#[async_trait]
impl MetricSource for Scripted {
    fn name(&self) -> String {
        "scripted".to_owned()
    }

    fn rhythm(&self, _: &Value, _: Shape) -> Result<Rhythm, SourceError> {
        Ok(Rhythm::default())
    }

    async fn admit(&self, _: &Question) -> Result<Admitted, SourceError> {
        Ok(Admitted::default())
    }

    async fn read(&self, question: &Question, _: Window) -> Result<Answer, SourceError> {
        self.asked.lock().unwrap().push(question.clone());
        (self.answer)(question.track)
    }
}

fn scripted(answer: fn(Track) -> Result<Answer, SourceError>) -> Arc<Scripted> {
    Arc::new(Scripted {
        asked: Mutex::default(),
        answer,
    })
}

#[test]
fn a_source_is_asked_with_the_labels_of_each_track() {
    let source = scripted(|_| Ok(Reading::Empty.into()));
    let analysis = analysis(Arc::clone(&source));
    let mut one = look(0, 10, 3);
    one.previews
        .insert(Part::main(), "http://preview".to_owned());
    measure(&analysis, one.clone(), &Memory::default());
    let judge = json!({ "kind": "tally", "tolerated": 3, "compares": true });
    one.analysis = one.analysis.with("judge", judge);
    measure(&analysis, one, &Memory::default());
    let asked = source.asked.lock().unwrap();
    let asked: Vec<_> = asked
        .iter()
        .map(|question| {
            (
                question.track,
                question.labels["hash"].as_str(),
                question.preview.as_deref(),
            )
        })
        .collect();
    let (new, old) = (
        (Track::Candidate, "new", Some("http://preview")),
        (Track::Stable, "old", None),
    );
    assert_eq!(asked, [new, new, old]);
}

#[test]
fn notes_about_stable_are_told_as_well() {
    let source = scripted(|track| {
        let mut answer = Answer::from(Reading::Empty);
        answer.notes = vec![format!("part of {track} is away")];
        Ok(answer)
    });
    let mut one = look(0, 10, 3);
    let judge = json!({ "kind": "tally", "tolerated": 3, "compares": true });
    one.analysis = one.analysis.with("judge", judge);
    let said = measure(&analysis(source), one, &Memory::default()).evidence;
    for note in ["part of candidate is away", "part of stable is away"] {
        assert!(said.contains(note), "{said}");
    }
}

#[test]
fn a_part_that_is_named_is_the_one_that_is_asked_about() {
    let source = scripted(|_| Ok(Reading::Empty.into()));
    let analysis = analysis(Arc::clone(&source));
    let mut one = look(0, 10, 3);
    let (first, named): (Part, Part) = ("api".parse().unwrap(), "web".parse().unwrap());
    let labels = one.identities.remove(&Part::main()).unwrap();
    one.identities = [first, named.clone()]
        .map(|part| (part, labels.clone()))
        .into();
    one.analysis = one.analysis.with("part", "web");
    measure(&analysis, one, &Memory::default());
    let asked = source.asked.lock().unwrap();
    assert!(
        asked.iter().all(|question| question.part == named),
        "{asked:?}"
    );
    assert_eq!(asked.len(), 1);
}

#[test]
fn a_judge_is_given_the_share_of_the_budget_that_the_look_has() {
    let analysis = analysis(source_with(&[(5, 0)], Rhythm::default()));
    let mut one = look(0, 10, 3);
    let judge = json!({ "kind": "tally", "tolerated": 3, "tells_alpha": true });
    one.analysis = one.analysis.with("judge", judge);
    one.alpha_millionths = 2_500;
    let said = measure(&analysis, one, &Memory::default());
    assert_eq!(&*said.evidence, "0 to 10: 0 failed, alpha 0.0025");
}

#[test]
fn what_waited_under_other_labels_is_given_up() {
    let rhythm = Rhythm::new(Duration::from_secs(60), Duration::from_secs(60));
    let analysis = analysis(source_with(&[(30, 1), (150, 2)], rhythm));
    let waits = measure(&analysis, look(0, 60, 9), &Memory::default());
    let mut other = look(60, 240, 9);
    let of_main = other.identities.get_mut(&Part::main()).unwrap();
    of_main
        .candidate
        .insert("hash".to_owned(), "wen".to_owned());
    let found = measure(&analysis, other, &waits.memory);
    assert_eq!(
        &*found.evidence,
        "60 to 180: 2 failed; from 1970-01-01T00:00:00Z to 1970-01-01T00:01:00Z nothing is judged: the tracks have \
         other labels now, by which the source no longer finds it"
    );
}

#[test]
fn notes_of_a_source_are_told_with_the_evidence() {
    let source = scripted(|_| {
        let mut answer = Answer::from(Reading::Empty);
        answer.notes = vec!["one store is away".to_owned()];
        Ok(answer)
    });
    let found = measure(&analysis(source), look(0, 10, 3), &Memory::default());
    assert_eq!(
        &*found.evidence,
        "nothing; scripted says: one store is away"
    );
}

#[test]
fn an_error_is_an_error_and_never_a_verdict() {
    let passing = scripted(|_| Err(SourceError::passing("scripted", "away")));
    let error = block_on(analysis(passing).measure(&look(0, 10, 3))).unwrap_err();
    assert!(matches!(error, MeasureError::Unavailable { .. }), "{error}");
    let why = std::error::Error::source(&error).map(ToString::to_string);
    assert_eq!(
        (error.to_string().as_str(), why.as_deref()),
        ("scripted could not be asked", Some("away")),
        "once, and why"
    );
    let permanent = scripted(|_| {
        Err(SourceError::permanent(
            "scripted",
            "no access",
            "ask for it",
        ))
    });
    let error = block_on(analysis(permanent).measure(&look(0, 10, 3))).unwrap_err();
    assert!(matches!(error, MeasureError::Refused { .. }), "{error:?}");
    assert_eq!(
        error.to_string(),
        "check `errors`: scripted refuses: no access; ask for it"
    );
    let other = scripted(|_| Ok(Reading::Told(Data::Values(vec![1.0])).into()));
    let error = block_on(analysis(other).measure(&look(0, 10, 3))).unwrap_err();
    assert!(matches!(error, MeasureError::Bug { .. }), "{error:?}");
    assert_eq!(
        error.to_string(),
        "check `errors`: a judge of events was told values: a bug of the source; report it to the author of the \
         analysis"
    );
}

#[test]
fn a_window_in_which_nothing_happened_is_no_pass() {
    let analysis = analysis(source_with(&[(5, 2), (45, 0)], Rhythm::default()));
    let first = measure(&analysis, look(0, 10, 3), &Memory::default());
    assert_eq!(first.verdict, Verdict::Pass);
    let silent = measure(&analysis, look(10, 20, 3), &first.memory);
    assert_eq!(
        (silent.verdict, &*silent.evidence),
        (
            Verdict::Undecided,
            "10 to 20: 2 failed; nothing happened in this window"
        )
    );
    let again = measure(&analysis, look(40, 50, 3), &silent.memory);
    assert_eq!(again.verdict, Verdict::Pass);
}

#[test]
fn a_window_that_waited_is_judged_by_the_share_that_it_had() {
    let late = Rhythm::new(Duration::ZERO, Duration::from_secs(20));
    let source = MemorySource::default().in_rhythm(late);
    for second in 0..60 {
        source.happened(Track::Candidate, at(second), 10, 0);
        source.happened(Track::Stable, at(second), 90, 0);
    }
    let analysis = analysis(source);
    let at_share = |from, to, percent| {
        let mut one = look(from, to, 3);
        let judge = json!({ "kind": "split-ratio", "tolerance": 0.02 });
        one.analysis = one.analysis.with("judge", judge);
        let share = Weight::from_percent(percent).unwrap();
        one.weights.insert(Part::main(), share);
        one
    };
    let waits = measure(&analysis, at_share(0, 30, 10), &Memory::default());
    let found = measure(&analysis, at_share(30, 50, 50), &waits.memory);
    let is_as_written = found
        .evidence
        .starts_with("no proof that the split is not as written");
    assert!(is_as_written, "{}", found.evidence);
}

#[test]
fn what_is_told_of_an_earlier_stage_passes_no_later_one_of_the_same_share() {
    let minute = Duration::from_secs(60);
    let source = source_with(&[(30, 0)], Rhythm::new(minute, minute));
    let analysis = analysis(source);
    let one = measure(&analysis, look(0, 60, 9), &Memory::default());
    assert_eq!(one.verdict, Verdict::Undecided);
    let two = measure(&analysis, look(90, 120, 9), &one.memory);
    assert_eq!(two.verdict, Verdict::Undecided, "{}", two.evidence);
    assert!(
        two.evidence.contains("of an earlier share"),
        "{}",
        two.evidence
    );
}

/// A source that tells late tells in one stage of the one before.
#[test]
fn what_is_told_of_an_earlier_share_passes_no_later_one() {
    let rhythm = Rhythm::new(Duration::ZERO, Duration::from_secs(20));
    let source = source_with(&[(5, 1), (15, 1), (25, 1), (35, 1), (45, 1)], rhythm);
    let analysis = analysis(source);
    let mut memory = Memory::default();
    let mut said = Vec::new();
    for n in 0..5 {
        let mut look = look(n * 10, n * 10 + 10, 9);
        let percent = if n < 2 { 10 } else { 50 };
        let weight = Weight::from_percent(percent).unwrap();
        look.weights.insert(Part::main(), weight);
        let found = measure(&analysis, look, &memory);
        memory = found.memory;
        said.push((found.verdict, found.evidence.to_string()));
    }
    let of_before = "this is of an earlier share of traffic or an earlier stage, and nothing is told of this one yet";
    let expected = [
        (
            Verdict::Undecided,
            "memory cannot tell of any window since the last look yet".to_owned(),
        ),
        (
            Verdict::Undecided,
            "memory cannot tell of any window since the last look yet".to_owned(),
        ),
        (
            Verdict::Undecided,
            format!("0 to 10: 1 failed; {of_before}"),
        ),
        (
            Verdict::Undecided,
            format!("10 to 20: 2 failed; {of_before}"),
        ),
        (Verdict::Pass, "20 to 30: 3 failed".to_owned()),
    ];
    assert_eq!(said, expected);
}

#[test]
fn a_state_of_another_judge_is_an_error_that_says_what_to_do() {
    let source = source_with(&[(5, 9), (15, 9)], Rhythm::default());
    source.happened(Track::Stable, at(5), 900, 9);
    let analysis = analysis(source);
    let judged_by = |from, judge: Value| {
        let mut one = look(from, from + 10, 3);
        one.analysis = one.analysis.with("judge", judge);
        one
    };
    let slo = judged_by(0, json!({ "kind": "slo", "tolerated": 0.01 }));
    let memory = measure(&analysis, slo, &Memory::default()).memory;
    for (judge, why) in [
        (json!({ "kind": "split-ratio" }), "of another judge"),
        (
            json!({ "kind": "slo", "tolerated": 0.02 }),
            "of other parameters",
        ),
    ] {
        let mut one = judged_by(10, judge);
        one.memory = memory.clone();
        let error = block_on(analysis.measure(&one)).unwrap_err().to_string();
        let mend = "resume with the version and the plan that it began with";
        assert!(error.contains(why) && error.contains(mend), "{error}");
    }
}
