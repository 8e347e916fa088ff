//! Sources of this crate that need nobody else.

use std::time::Duration;

use serde_json::json;
use strategy_core::analysis::Window;
use strategy_core::world::World;
use strategy_core::{Part, Timestamp, Track};
use strategy_metrics::Shape;
use strategy_metrics::conformance::Broken;
use strategy_metrics::conformance::source::{Subject, keeps_every_promise};
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
    let subject = Subject::new(source, question, window, json!("nonsense"));
    let world = World::seeded(1).build().unwrap();
    world.block_on(keeps_every_promise(&subject)).unwrap()
}

#[test]
fn the_source_in_memory_keeps_every_promise() {
    let minutes = Rhythm::new(Duration::from_secs(60), Duration::from_secs(90));
    for rhythm in [Rhythm::default(), minutes] {
        assert_eq!(check(&memory(rhythm)), Ok(()));
    }
}
