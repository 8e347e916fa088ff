//! Sources of this crate that need nobody else.

use std::time::Duration;

use serde_json::json;
use strategy_core::analysis::Window;
use strategy_core::world::World;
use strategy_core::{Part, Timestamp, Track};
use strategy_metrics::Shape;
use strategy_metrics::conformance::Broken;
use strategy_metrics::conformance::source::{PROMISES, Subject, keeps_every_promise};
use strategy_metrics::source::{MemorySource, MetricSource, Question, Rhythm};

pub(crate) fn at(seconds: u64) -> Timestamp {
    Timestamp::from_millis(seconds * 1000)
}

/// A source with events of ten minutes.
pub(crate) fn memory(rhythm: Rhythm) -> MemorySource {
    let source = MemorySource::default().in_rhythm(rhythm);
    for second in 6_000..6_600 {
        for track in [Track::Stable, Track::Candidate] {
            source.happened(track, at(second), 10, u64::from(second % 7 == 0));
        }
    }
    source
}

pub(crate) fn check(source: &dyn MetricSource) -> Result<(), Broken> {
    let question = Question::new(json!({}), Shape::Events, Part::main(), Track::Candidate);
    let window = Window {
        from: at(6_000),
        to: at(6_600),
    };
    let mut subject = Subject::new(source, question, window, json!("nonsense"));
    let has_none = [
        "histogram",
        "units",
        "values",
        "quiet",
        "numberless",
        "secrets",
    ];
    for what in has_none {
        subject = subject.without(what);
    }
    let world = World::seeded(1).build().unwrap();
    world.block_on(keeps_every_promise(&subject)).unwrap()
}

/// A check that has nothing to ask by does not pass for that.
#[test]
fn what_is_not_asked_must_be_said() {
    let source = memory(Rhythm::default());
    let question = Question::new(json!({}), Shape::Events, Part::main(), Track::Candidate);
    let window = Window {
        from: at(6_000),
        to: at(6_600),
    };
    let world = World::seeded(1).build().unwrap();
    let kept = |subject: Subject<'_>| {
        let kept = world.block_on(keeps_every_promise(&subject)).unwrap();
        kept.map_err(|broken| broken.to_string())
    };
    let subject = || Subject::new(&source, question.clone(), window, json!("nonsense"));
    let unsaid = kept(subject()).unwrap_err();
    assert!(
        unsaid.contains("[\"histogram\", \"units\", \"values\", \"quiet\""),
        "{unsaid}"
    );
    let all = [
        "histogram",
        "units",
        "values",
        "quiet",
        "numberless",
        "secrets",
    ];
    let without = || all.into_iter().fold(subject(), Subject::without);
    assert_eq!(kept(without()), Ok(()));
    let asked = kept(without().secret("s")).unwrap_err();
    assert!(asked.contains("is asked about"), "{asked}");
    let names: Vec<_> = PROMISES.iter().map(|promise| promise.name).collect();
    assert_eq!(names.len(), 12);
    assert!(names.contains(&"secrets_are_told_nobody"));
}

#[test]
fn the_source_in_memory_keeps_every_promise() {
    let minutes = Rhythm::new(Duration::from_secs(60), Duration::from_secs(90));
    for rhythm in [Rhythm::default(), minutes] {
        assert_eq!(check(&memory(rhythm)), Ok(()));
    }
}
