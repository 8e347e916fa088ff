//! Promises about news: it is told at once when it is known, when it comes, and not before.

use super::trial::{Trial, polled};
use super::{Broken, Standing, Subject, ensure, skip};

macro_rules! skip_unless_news {
    ($subject:expr) => {
        if !$subject.tells_news() {
            skip!("this target tells no news");
        }
    };
}

/// [`changed`](crate::Target::changed) resolves at once if something newer is known.
///
/// # Errors
/// [`Broken`] when the target does not keep it.
pub async fn news_that_is_known_is_told_at_once(subject: &dyn Subject) -> Result<Standing, Broken> {
    skip_unless_news!(subject);
    let mut trial = Trial::begin(subject).await?;
    let before = trial.observe().await?;
    trial.apply(trial.candidate(1)).await?;
    trial.observe().await?;
    let mut news = trial.target.changed(&trial.found.binding, &before.version);
    ensure!(
        polled(news.as_mut()).await.is_ready(),
        "it waits, though a newer state was observed already"
    );
    Ok(Standing::Kept)
}

/// [`changed`](crate::Target::changed) resolves when there is something newer.
///
/// # Errors
/// [`Broken`] when the target does not keep it; a check that never ends is broken as well.
pub async fn news_is_told_when_it_comes(subject: &dyn Subject) -> Result<Standing, Broken> {
    skip_unless_news!(subject);
    let mut trial = Trial::begin(subject).await?;
    let before = trial.observe().await?;
    let (target, binding) = (trial.target.clone(), trial.found.binding.clone());
    let mut news = target.changed(&binding, &before.version);
    if polled(news.as_mut()).await.is_pending() {
        trial.apply(trial.candidate(1)).await?;
        news.await;
    }
    Ok(Standing::Kept)
}

/// [`changed`](crate::Target::changed) waits while there is nothing new.
///
/// # Errors
/// [`Broken`] when the target does not keep it.
pub async fn no_news_is_waited_for(subject: &dyn Subject) -> Result<Standing, Broken> {
    skip_unless_news!(subject);
    let trial = Trial::begin(subject).await?;
    subject.settle().await;
    let now = trial.observe().await?;
    let mut news = trial.target.changed(&trial.found.binding, &now.version);
    ensure!(
        polled(news.as_mut()).await.is_pending(),
        "it resolves, though nothing has changed"
    );
    Ok(Standing::Kept)
}

/// [`changed`](crate::Target::changed) is cancel-safe.
///
/// # Errors
/// [`Broken`] when the target does not keep it; a check that never ends is broken as well.
pub async fn an_abandoned_wait_misses_nothing(subject: &dyn Subject) -> Result<Standing, Broken> {
    skip_unless_news!(subject);
    let mut trial = Trial::begin(subject).await?;
    let before = trial.observe().await?;
    let (target, binding) = (trial.target.clone(), trial.found.binding.clone());
    {
        let mut abandoned = target.changed(&binding, &before.version);
        let _polled_once = polled(abandoned.as_mut()).await;
    }
    trial.apply(trial.candidate(1)).await?;
    target.changed(&binding, &before.version).await;
    Ok(Standing::Kept)
}
