//! Sources with one slip each, and the promise that notices it.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use serde_json::{Value, json};
use strategy_core::analysis::Window;
use strategy_core::world::World;
use strategy_core::{Part, Track};
use strategy_metrics::conformance::Broken;
use strategy_metrics::conformance::source::{Subject, keeps_every_promise};
use strategy_metrics::source::{
    Admitted, Answer, MemorySource, MetricSource, Question, Rhythm, SourceError,
};
use strategy_metrics::{Data, Events, Histogram, Reading, Shape};

use crate::sources::{at, memory};

const SECRET: &str = "hunter2";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Slip {
    None,
    CountsOnceMore,
    TakesTheEndAsWell,
    CountsWhatNobodyWatched,
    TellsOfWhatIsTooShort,
    LosesSlowOnes,
    TellsOfGoodWhereThereIsNothing,
    TellsOfGoodWhereItIsQuiet,
    TellsNoNumberAsZero,
    TakesAnyMetric,
    RefusesStable,
    TellsOfEventsAlone,
    UnitsDoNotAddUp,
    TellsNaN,
    HasASecretInItsName,
    HasASecretInDebug,
    HasASecretInErrors,
    HasASecretInNotes,
}

/// Events in memory, told in every shape: what failed was slow, all events are of one unit, and a number over time.
struct Slipping {
    inner: MemorySource,
    slip: Slip,
    asked: AtomicU64,
}

impl fmt::Debug for Slipping {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Slipping")?;
        if self.slip == Slip::HasASecretInDebug {
            f.write_str(SECRET)?;
        }
        Ok(())
    }
}

impl Slipping {
    /// What it tells of so many events in the shape that is asked for.
    fn shaped(&self, shape: Shape, events: &Events) -> Data {
        let (total, failed) = (events.all.total, events.all.failed);
        let number = f64::from(u32::try_from(total).unwrap());
        match shape {
            _ if self.slip == Slip::TellsOfEventsAlone => Data::Events(events.clone()),
            Shape::Histogram => {
                let slow = if self.slip == Slip::LosesSlowOnes && total < 6_000 {
                    0
                } else {
                    failed
                };
                Data::Histogram(Histogram::new(vec![1.0], vec![total - failed, slow]).unwrap())
            }
            Shape::Units => Data::Units([("one".to_owned(), number)].into()),
            Shape::Values => {
                let odd = self.slip == Slip::TellsNaN;
                Data::Values(vec![if odd { f64::NAN } else { number }])
            }
            _ => {
                let mut told = Events::of_units([("one".to_owned(), events.all)]);
                told.all.total += u64::from(self.slip == Slip::UnitsDoNotAddUp);
                Data::Events(told)
            }
        }
    }
}

#[async_trait]
impl MetricSource for Slipping {
    fn name(&self) -> String {
        let secret = self.slip == Slip::HasASecretInItsName;
        format!("slipping{}", if secret { SECRET } else { "" })
    }

    fn rhythm(&self, metric: &Value, _: Shape) -> Result<Rhythm, SourceError> {
        match self.slip {
            Slip::TakesAnyMetric => Ok(Rhythm::default()),
            Slip::HasASecretInErrors if metric.as_object().is_none() => Err(SourceError::invalid(
                "metric",
                format!("{SECRET} may not ask for that"),
                "write {}",
            )),
            _ if *metric == json!({ "no": "number" }) => Ok(Rhythm::default()),
            _ => self.inner.rhythm(metric, Shape::Events),
        }
    }

    async fn admit(&self, question: &Question) -> Result<Admitted, SourceError> {
        self.inner.admit(question).await
    }

    async fn read(&self, question: &Question, mut window: Window) -> Result<Answer, SourceError> {
        let asked = self.asked.fetch_add(1, Ordering::Relaxed);
        if question.metric == json!({ "no": "number" }) {
            let zero = Reading::Told(Data::Events(Events::default()));
            let is_told = self.slip == Slip::TellsNoNumberAsZero;
            return Ok(if is_told { zero } else { Reading::NotANumber }.into());
        }
        self.rhythm(&question.metric, question.shape)?;
        if self.slip == Slip::TakesTheEndAsWell {
            window.to = window.to + std::time::Duration::from_secs(1);
        }
        if self.slip == Slip::CountsWhatNobodyWatched && question.watched_since.is_some() {
            window.from = at(6_000);
        }
        if self.slip == Slip::RefusesStable && question.track == Track::Stable {
            return Err(SourceError::permanent(
                self.name(),
                "not stable",
                "ask elsewhere",
            ));
        }
        let good = Reading::Told(Data::Events(Events::counted(9, 0)));
        if self.slip == Slip::TellsOfGoodWhereThereIsNothing && window.to < at(6_000) {
            return Ok(good.into());
        }
        let mut events_alone = question.clone();
        events_alone.shape = Shape::Events;
        let mut answer = self.inner.read(&events_alone, window).await?;
        if let Reading::Told(Data::Events(events)) = &mut answer.reading {
            if self.slip == Slip::CountsOnceMore {
                events.all.total += asked;
            }
            let (is_quiet, is_late) = (events.all.total == 0, window.to > at(6_000));
            answer.reading = if is_quiet && is_late && self.slip == Slip::TellsOfGoodWhereItIsQuiet
            {
                good
            } else if is_quiet {
                Reading::Empty
            } else {
                Reading::Told(self.shaped(question.shape, &events.clone()))
            };
        }
        let is_short = window.to < at(6_100) && window.from >= at(6_000);
        answer.too_short = self.slip == Slip::TellsOfWhatIsTooShort && is_short;
        if self.slip == Slip::HasASecretInNotes {
            answer.notes.push(format!("asked as {SECRET}"));
        }
        Ok(answer)
    }
}

fn check(slip: Slip) -> Result<(), Broken> {
    let slipping = Slipping {
        inner: memory(Rhythm::default()),
        slip,
        asked: AtomicU64::new(0),
    };
    let question = |metric, shape| Question::new(metric, shape, Part::main(), Track::Candidate);
    let window = Window {
        from: at(6_000),
        to: at(6_600),
    };
    let quiet = Window {
        from: at(6_700),
        to: at(6_760),
    };
    let events = question(json!({}), Shape::Events);
    let subject = Subject::new(&slipping, events, window, json!("nonsense"))
        .other(question(json!({}), Shape::Histogram))
        .other(question(json!({}), Shape::Units))
        .other(question(json!({}), Shape::Values))
        .quiet(quiet)
        .numberless(question(json!({ "no": "number" }), Shape::Values))
        .secret(SECRET);
    assert_eq!(subject.left_out(), [""; 0]);
    assert!(!format!("{subject:?}").contains(SECRET) || slip == Slip::HasASecretInDebug);
    let world = World::seeded(1).build().unwrap();
    world.block_on(keeps_every_promise(&subject)).unwrap()
}

#[test]
fn each_slip_is_noticed() {
    assert_eq!(check(Slip::None), Ok(()));
    for (slip, named) in [
        (Slip::CountsOnceMore, "the second"),
        (Slip::TakesTheEndAsWell, "are not"),
        (Slip::CountsWhatNobodyWatched, "since it is watched, and"),
        (Slip::TellsOfWhatIsTooShort, "that was too short"),
        (Slip::LosesSlowOnes, "are not"),
        (Slip::TellsOfGoodWhereThereIsNothing, "1970"),
        (Slip::TellsOfGoodWhereItIsQuiet, "in which nothing happened"),
        (Slip::TellsNoNumberAsZero, "of what is no number"),
        (Slip::TakesAnyMetric, "what is wrong with the metric"),
        (Slip::RefusesStable, "not stable"),
        (Slip::TellsOfEventsAlone, "where histogram were asked for"),
        (Slip::UnitsDoNotAddUp, "is not whole"),
        (Slip::TellsNaN, "is not whole"),
        (Slip::HasASecretInItsName, "a secret is in its name"),
        (Slip::HasASecretInDebug, "a secret is in its Debug"),
        (Slip::HasASecretInErrors, "a secret is in its rhythm"),
        (Slip::HasASecretInNotes, "a secret is in its answer"),
    ] {
        let broken = check(slip).unwrap_err().to_string();
        assert!(broken.contains(named), "{slip:?}: {broken}");
        assert!(!broken.contains(SECRET), "{broken}");
    }
}
