//! What every [`MetricSource`] promises.

use strategy_core::analysis::Window;
use strategy_core::{Timestamp, Track};

use super::{Broken, ensure};
use crate::reading::{Data, Reading, Shape};
use crate::source::{MetricSource, Question, SourceError};

/// A source that has something to tell, for the checks of a test.
#[derive(Debug)]
#[non_exhaustive]
pub struct Subject<'a> {
    /// It.
    pub source: &'a dyn MetricSource,
    /// A question that it can answer, in the shape [`Shape::Events`].
    pub question: Question,
    /// A window that is over and settled, in which it counted something.
    pub window: Window,
    /// A metric that means nothing to it.
    pub meaningless: serde_json::Value,
}

impl<'a> Subject<'a> {
    /// A source, a question about events that it can answer, a settled window with events, a metric that
    /// means nothing.
    pub const fn new(
        source: &'a dyn MetricSource,
        question: Question,
        window: Window,
        meaningless: serde_json::Value,
    ) -> Self {
        Self {
            source,
            question,
            window,
            meaningless,
        }
    }
}

/// All promises, one after the other.
///
/// # Errors
/// The first that is broken, and how.
pub async fn keeps_every_promise(subject: &Subject<'_>) -> Result<(), Broken> {
    the_same_question_has_the_same_answer(subject).await?;
    windows_that_adjoin_add_up(subject).await?;
    a_window_before_everything_is_not_good(subject).await?;
    a_meaningless_metric_is_the_callers_mistake(subject).await?;
    what_is_admitted_is_answered(subject).await
}

/// Asked twice about a settled window, it says the same.
///
/// # Errors
/// How it is broken.
pub async fn the_same_question_has_the_same_answer(subject: &Subject<'_>) -> Result<(), Broken> {
    let first = read(subject, subject.window).await?;
    let second = read(subject, subject.window).await?;
    ensure!(
        first == second,
        "{first:?} the first time, {second:?} the second"
    );
    Ok(())
}

/// No event belongs to two windows, and none between two that adjoin to neither.
///
/// # Errors
/// How it is broken.
pub async fn windows_that_adjoin_add_up(subject: &Subject<'_>) -> Result<(), Broken> {
    let Window { from, to } = subject.window;
    let whole = events(subject, subject.window).await?;
    ensure!(whole.0 > 0, "the window of the subject has no event");
    let period = rhythm(subject)?;
    let (from_ms, to_ms) = (from.as_millis(), to.as_millis());
    for part in 1..4 {
        let cut = (from_ms + (to_ms - from_ms) * part / 4) / period * period;
        if from_ms < cut && cut < to_ms {
            let cut = Timestamp::from_millis(cut);
            let before = events(subject, Window { from, to: cut }).await?;
            let after = events(subject, Window { from: cut, to }).await?;
            let sum = (before.0 + after.0, before.1 + after.1);
            ensure!(sum == whole, "{before:?} and {after:?} are not {whole:?}");
        }
    }
    Ok(())
}

/// Of a time before it was there it tells of nothing, or of no event.
///
/// # Errors
/// How it is broken.
pub async fn a_window_before_everything_is_not_good(subject: &Subject<'_>) -> Result<(), Broken> {
    let period = rhythm(subject)?;
    let long_ago = Window {
        from: Timestamp::from_millis(period),
        to: Timestamp::from_millis(period * 2),
    };
    let found = read(subject, long_ago).await?;
    let nothing = match &found {
        Reading::Empty | Reading::Stale { .. } | Reading::NotANumber => true,
        Reading::Told(data) => matches!(data, Data::Events(events) if events.all.total == 0),
    };
    ensure!(nothing, "{found:?} of a window in 1970");
    Ok(())
}

/// A metric that it does not understand is refused before anything is asked.
///
/// # Errors
/// How it is broken.
pub async fn a_meaningless_metric_is_the_callers_mistake(
    subject: &Subject<'_>,
) -> Result<(), Broken> {
    let mut question = subject.question.clone();
    question.metric = subject.meaningless.clone();
    let rhythm = subject
        .source
        .rhythm(&question.metric, question.shape)
        .err();
    let answer = subject.source.read(&question, subject.window).await.err();
    for found in [rhythm, answer] {
        let is_refused = matches!(found, Some(SourceError::Invalid { .. }));
        ensure!(
            is_refused,
            "{found:?} instead of what is wrong with the metric"
        );
    }
    Ok(())
}

/// It answers what it says that it can.
///
/// # Errors
/// How it is broken.
pub async fn what_is_admitted_is_answered(subject: &Subject<'_>) -> Result<(), Broken> {
    for track in [Track::Candidate, Track::Stable] {
        let mut question = subject.question.clone();
        question.track = track;
        let admitted = subject.source.admit(&question).await;
        let answered = subject.source.read(&question, subject.window).await;
        ensure!(
            admitted.is_ok() && answered.is_ok(),
            "{admitted:?} before, {answered:?} then"
        );
    }
    Ok(())
}

async fn read(subject: &Subject<'_>, window: Window) -> Result<Reading, Broken> {
    let answer = subject.source.read(&subject.question, window).await;
    let answer = answer.map_err(|error| Broken(error.to_string()))?;
    Ok(answer.reading)
}

/// All events of a window, and those that failed.
async fn events(subject: &Subject<'_>, window: Window) -> Result<(u64, u64), Broken> {
    match read(subject, window).await? {
        Reading::Told(Data::Events(events)) => Ok((events.all.total, events.all.failed)),
        Reading::Empty | Reading::Stale { .. } => Ok((0, 0)),
        found @ (Reading::NotANumber
        | Reading::Told(Data::Histogram(_) | Data::Units(_) | Data::Values(_))) => {
            Err(Broken(format!("{found:?} where events were asked for")))
        }
    }
}

/// The period in milliseconds; 1: windows may begin anywhere.
fn rhythm(subject: &Subject<'_>) -> Result<u64, Broken> {
    let rhythm = subject
        .source
        .rhythm(&subject.question.metric, Shape::Events);
    let rhythm = rhythm.map_err(|error| Broken(error.to_string()))?;
    Ok(u64::try_from(rhythm.period.as_millis())
        .unwrap_or(u64::MAX)
        .max(1))
}
