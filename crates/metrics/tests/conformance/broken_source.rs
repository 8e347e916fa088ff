//! Sources with one slip each, and the promise that notices it.

use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use serde_json::Value;
use strategy_core::Track;
use strategy_core::analysis::Window;
use strategy_metrics::source::{
    Admitted, Answer, MemorySource, MetricSource, Question, Rhythm, SourceError,
};
use strategy_metrics::{Data, Events, Reading, Shape};

use crate::sources::{at, check, memory};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Slip {
    CountsOnceMore,
    TakesTheEndAsWell,
    TellsOfGoodWhereThereIsNothing,
    TakesAnyMetric,
    RefusesStable,
}

#[derive(Debug)]
struct Slipping {
    inner: MemorySource,
    slip: Slip,
    asked: AtomicU64,
}

#[async_trait]
impl MetricSource for Slipping {
    fn name(&self) -> String {
        "slipping".to_owned()
    }

    fn rhythm(&self, metric: &Value, shape: Shape) -> Result<Rhythm, SourceError> {
        if self.slip == Slip::TakesAnyMetric {
            Ok(Rhythm::default())
        } else {
            self.inner.rhythm(metric, shape)
        }
    }

    async fn admit(&self, question: &Question) -> Result<Admitted, SourceError> {
        self.inner.admit(question).await
    }

    async fn read(&self, question: &Question, mut window: Window) -> Result<Answer, SourceError> {
        let asked = self.asked.fetch_add(1, Ordering::Relaxed);
        if self.slip == Slip::TakesTheEndAsWell {
            window.to = window.to + std::time::Duration::from_secs(1);
        }
        if self.slip == Slip::RefusesStable && question.track == Track::Stable {
            return Err(SourceError::Permanent {
                source_name: self.name(),
                problem: "not stable".to_owned(),
                mend: "ask elsewhere".to_owned(),
            });
        }
        if self.slip == Slip::TellsOfGoodWhereThereIsNothing && window.to < at(6_000) {
            return Ok(Reading::Told(Data::Events(Events::counted(9, 0))).into());
        }
        let mut answer = self.inner.read(question, window).await?;
        if let (Slip::CountsOnceMore, Reading::Told(Data::Events(events))) =
            (self.slip, &mut answer.reading)
        {
            events.all.total += asked;
        }
        Ok(answer)
    }
}

#[test]
fn each_slip_is_noticed() {
    for (slip, named) in [
        (Slip::CountsOnceMore, "the second"),
        (Slip::TakesTheEndAsWell, "are not"),
        (Slip::TellsOfGoodWhereThereIsNothing, "1970"),
        (Slip::TakesAnyMetric, "what is wrong with the metric"),
        (Slip::RefusesStable, "not stable"),
    ] {
        let slipping = Slipping {
            inner: memory(Rhythm::default()),
            slip,
            asked: AtomicU64::new(0),
        };
        let broken = check(&slipping).unwrap_err().to_string();
        assert!(broken.contains(named), "{slip:?}: {broken}");
    }
}
