//! Windows in which nothing could be seen yet.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use serde_json::Value;
use strategy_core::Timestamp;
use strategy_core::analysis::{Memory, Verdict, Window};
use strategy_metrics::source::{Admitted, Answer, MetricSource, Question, Rhythm, SourceError};
use strategy_metrics::{Data, Events, Reading, Shape};

use crate::looks::{analysis, at, look, measure};

/// Tells of windows of at least 20 seconds, one failure in each.
#[derive(Debug, Default)]
struct Slow {
    asked: Mutex<Vec<(Window, Option<Timestamp>)>>,
}

#[async_trait]
impl MetricSource for Slow {
    fn name(&self) -> String {
        "slow".to_owned()
    }

    fn rhythm(&self, _: &Value, _: Shape) -> Result<Rhythm, SourceError> {
        Ok(Rhythm::default())
    }

    async fn admit(&self, _: &Question) -> Result<Admitted, SourceError> {
        Ok(Admitted::default())
    }

    async fn read(&self, question: &Question, window: Window) -> Result<Answer, SourceError> {
        self.asked
            .lock()
            .unwrap()
            .push((window, question.watched_since));
        if window.to.since(window.from) >= Duration::from_secs(20) {
            return Ok(Reading::Told(Data::Events(Events::counted(10, 1))).into());
        }
        let mut answer = Answer::from(Reading::stale(window.from));
        answer.too_short = true;
        Ok(answer)
    }
}

/// Nothing is judged of a window in which nothing could be seen yet, and nothing of it is lost.
#[test]
fn a_window_that_is_too_short_is_asked_for_again_with_the_next() {
    let source = Arc::new(Slow::default());
    let analysis = analysis(Arc::clone(&source));
    let mut memory = Memory::default();
    let mut said = Vec::new();
    for n in 0..5 {
        let found = measure(&analysis, look(n * 10, n * 10 + 10, 9), &memory);
        memory = found.memory;
        said.push((found.verdict, found.evidence.to_string()));
    }
    let waits = || {
        let evidence = "slow cannot tell of any window since the last look yet";
        (Verdict::Undecided, evidence.to_owned())
    };
    let judged = |text: &str| (Verdict::Pass, text.to_owned());
    assert_eq!(
        said,
        [
            waits(),
            judged("0 to 20: 1 failed"),
            waits(),
            judged("20 to 40: 2 failed"),
            waits()
        ]
    );
    let asked = source.asked.lock().unwrap();
    assert!(
        asked.iter().all(|(_, since)| *since == Some(at(0))),
        "{asked:?}"
    );
}
