//! The loop. It decides nothing: it writes down, carries out, and tells what came of it.

use std::fmt;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use futures::FutureExt as _;
use futures::future::BoxFuture;
use tokio::sync::watch;
use tracing::Instrument as _;

use super::arrivals::{Arrival, Arrived, Source};
use super::audience::Audience;
use super::clock::Clock;
use super::error::DriverError;
use super::flights::Flights;
use super::freshness::Freshness;
use super::handle::Progress;
use super::ledger::Ledger;
use super::mail::Mail;
use crate::inbox::Envelope;
use crate::rollout::{CommandId, Effect, Input, Outcome, Record, Rollout, Status};
use crate::target::RolloutId;

/// The journal may be out of reach this many arrivals long before new ones are left where they are.
const WAITING: usize = 64;
/// After so many arrivals without a wait the task is left to others for once: neither the runtime nor
/// observers must starve where a target always has something to say.
const IN_A_ROW: u32 = 16;

/// The future that carries a rollout, to be spawned or awaited by whoever embeds it.
///
/// It spawns nothing, and owns everything that is under way. Dropping it at any moment leaves the
/// journal whole, and the rollout in progress, to be resumed.
#[must_use = "nothing happens unless it is awaited or spawned"]
pub struct Run {
    future: BoxFuture<'static, Result<Outcome, DriverError>>,
    id: RolloutId,
}

impl Run {
    pub(super) fn new(carrier: Carrier) -> Self {
        let id = carrier.rollout.id().clone();
        let span = tracing::info_span!("rollout", %id);
        Self {
            future: carrier.carry().instrument(span).boxed(),
            id,
        }
    }
}

impl Future for Run {
    type Output = Result<Outcome, DriverError>;
    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        self.future.poll_unpin(context)
    }
}

impl fmt::Debug for Run {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Run")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

/// A rollout, and everything that carries it.
pub(super) struct Carrier {
    pub(super) rollout: Rollout,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) ledger: Ledger,
    pub(super) flights: Flights,
    pub(super) mail: Mail,
    pub(super) audience: Audience,
    pub(super) status: watch::Sender<Status>,
    pub(super) ending: Ending,
    /// What came while the journal was written.
    pub(super) arrived: Arrived,
    /// When the machine was last told anything, by the clock that nobody sets, in whole milliseconds.
    pub(super) told_at: Duration,
    /// When it was last told that time has passed, by the same.
    pub(super) ticked: Option<Duration>,
    /// Who is asked first next time.
    pub(super) first: Source,
    /// How many arrivals came without a wait between them.
    pub(super) in_a_row: u32,
}

impl Carrier {
    async fn carry(mut self) -> Result<Outcome, DriverError> {
        let end = self.turns().await;
        if let Err(error) = &end {
            tracing::warn!(why = %super::perform::in_words(error), "the driver ends; the rollout is left in progress");
        }
        while self.audience.deliver() {}
        self.ending.end(end.clone());
        end
    }

    /// Every turn in the same order: journal, answers, effects, events; then waits for the first thing
    /// that comes.
    async fn turns(&mut self) -> Result<Outcome, DriverError> {
        loop {
            let (mut looks, mut orders) = (Vec::new(), Vec::new());
            let records: Vec<Record> = std::iter::from_fn(|| self.rollout.poll_record()).collect();
            let answers: Vec<_> = std::iter::from_fn(|| self.rollout.poll_answer()).collect();
            while let Some(effect) = self.rollout.poll_effect() {
                let waits = effect.kind().waits_for_journal();
                if waits { &mut orders } else { &mut looks }.push(effect);
            }
            // Counted from the decision: the journal may take its time.
            let orders: Vec<_> = orders
                .into_iter()
                .map(|order| (self.rests_on(&order), order))
                .collect();
            for look in looks {
                self.flights.begin(look, None);
            }
            self.write(records).await?;
            for (id, answer) in answers {
                self.mail.answer(id, answer);
            }
            for (rests_on, order) in orders {
                let ended = self.flights.begin(order, rests_on);
                self.arrived.inputs.extend(ended);
            }
            while let Some(event) = self.rollout.poll_event() {
                self.audience.tell(event);
            }
            self.publish();
            if self.rollout.is_settled() {
                return self.settle().await;
            }
            self.flights.watch(&self.rollout);
            let arrival = self.next().await;
            self.handle(arrival)?;
        }
    }

    /// Until when what a write was decided on may be acted on.
    fn rests_on(&self, effect: &Effect) -> Option<Freshness> {
        let Effect::Apply { part, .. } = effect else {
            return None;
        };
        let since = self.elapsed().saturating_sub(self.told_at);
        let left = self.rollout.fresh_for(part)?.saturating_sub(since);
        Some(Freshness::lasting(&*self.clock, left))
    }

    fn elapsed(&self) -> Duration {
        whole_milliseconds(self.clock.elapsed())
    }

    fn handle(&mut self, arrival: Arrival) -> Result<(), DriverError> {
        let (now, elapsed) = (self.clock.now(), self.elapsed());
        let passed = elapsed.saturating_sub(std::mem::replace(&mut self.told_at, elapsed));
        let input = match arrival {
            Arrival::Detach => return Err(self.detached()),
            Arrival::Incoming(Envelope::Command(command)) => Input::Commanded(command),
            Arrival::Incoming(Envelope::Alarm(alarm)) => Input::AlarmRaised(alarm),
            Arrival::TimePassed => {
                self.ticked = Some(elapsed);
                Input::TimePassed
            }
            Arrival::Input(input) => input,
        };
        if let Input::Changed { part } = &input {
            self.flights.tells(part, &self.rollout);
        }
        if let Err(misuse) = self.rollout.handle_measured(input, now, passed) {
            // Nothing was changed by it; a rollout is not given up for a bug of ours.
            tracing::error!(%misuse, "the driver told the machine something impossible; please report this");
        }
        Ok(())
    }

    fn detached(&self) -> DriverError {
        let id = self.rollout.id().clone();
        DriverError::Detached { id }
    }

    /// Makes records durable; what is under way goes on meanwhile, and what it gives is kept for later.
    async fn write(&mut self, records: Vec<Record>) -> Result<(), DriverError> {
        if records.is_empty() {
            return Ok(());
        }
        let mut written = self.ledger.write(records, || self.rollout.snapshot());
        poll_fn(|context| {
            let written = written.poll_unpin(context);
            self.audience.tell_trouble();
            if let Poll::Ready(result) = written {
                return Poll::Ready(result.map_err(DriverError::from));
            }
            if self.mail.poll_detach(context).is_ready() {
                return Poll::Ready(Err(self.detached()));
            }
            while self.arrived.len() < WAITING {
                if let Poll::Ready(input) = self.flights.poll(context) {
                    self.arrived.inputs.push_back(input);
                } else if let Poll::Ready(incoming) = self.mail.poll(context) {
                    self.arrived.incoming.push_back(incoming);
                } else {
                    break;
                }
            }
            Poll::Pending
        })
        .await
    }

    /// The first that has something of: what is under way, the machine's next time, handles and inbox.
    /// Before any of them comes what a part showed while the journal was written, so that nothing is decided
    /// on an older look than the one that is here; but that only once, or it could keep the others waiting.
    ///
    /// They are asked in turn, and the task is given away once in a while, so that none of them starves.
    /// Observers hear then, and when nothing else is due.
    async fn next(&mut self) -> Arrival {
        match self.arrived.before_a_turn() {
            Some(input) => Arrival::Input(input),
            None => self.next_in_turn().await,
        }
    }

    async fn next_in_turn(&mut self) -> Arrival {
        let clock = Arc::clone(&self.clock);
        let due = self.due();
        let mut due = due.map(|left| clock.sleep_until(clock.now() + left));
        poll_fn(|context| {
            if self.in_a_row >= IN_A_ROW {
                self.in_a_row = 0;
                self.audience.deliver();
                context.waker().wake_by_ref();
                return Poll::Pending;
            }
            loop {
                let mut source = self.first;
                for _ in 0..3 {
                    let arrival = match source {
                        Source::UnderWay => self.poll_under_way(context),
                        Source::Time => match &mut due {
                            Some(due) => due.poll_unpin(context).map(|()| Arrival::TimePassed),
                            None => Poll::Pending,
                        },
                        Source::Mail => self.poll_mail(context),
                    };
                    source = source.next();
                    if arrival.is_ready() {
                        self.first = source;
                        self.in_a_row += 1;
                        return arrival;
                    }
                }
                if !self.audience.deliver() {
                    self.in_a_row = 0;
                    return Poll::Pending;
                }
            }
        })
        .await
    }

    fn poll_under_way(&mut self, context: &mut Context<'_>) -> Poll<Arrival> {
        match self.arrived.inputs.pop_front() {
            Some(input) => Poll::Ready(Arrival::Input(input)),
            None => self.flights.poll(context).map(Arrival::Input),
        }
    }

    fn poll_mail(&mut self, context: &mut Context<'_>) -> Poll<Arrival> {
        if self.mail.poll_detach(context).is_ready() {
            return Poll::Ready(Arrival::Detach);
        }
        match self.arrived.incoming.pop_front() {
            Some(incoming) => Poll::Ready(Arrival::Incoming(incoming)),
            None => self.mail.poll(context).map(Arrival::Incoming),
        }
    }

    /// How long until the machine wants to hear that time has passed: never twice in the same millisecond.
    ///
    /// The machine says when by the wall clock as it was told it; a clock that was set since changes
    /// nothing of how long that is.
    fn due(&self) -> Option<Duration> {
        let wait = self.rollout.poll_timeout()?.since(self.rollout.told());
        let elapsed = self.elapsed();
        let left = wait.saturating_sub(elapsed.saturating_sub(self.told_at));
        if left.is_zero() && self.ticked == Some(elapsed) {
            return Some(Duration::from_millis(1));
        }
        Some(left)
    }

    fn publish(&self) {
        let status = self.rollout.status();
        self.status.send_if_modified(|known| {
            let changed = *known != status;
            if changed {
                *known = status;
            }
            changed
        });
        self.ending.reached(self.rollout.outcome());
    }

    async fn settle(&mut self) -> Result<Outcome, DriverError> {
        let outcome = self
            .rollout
            .outcome()
            .cloned()
            .ok_or_else(|| DriverError::Bug {
                what: "the rollout settled without an outcome".to_owned(),
            })?;
        let rollout = &self.rollout;
        let arrived = std::mem::take(&mut self.arrived.incoming);
        let answer = |id: &CommandId| rollout.last_answer(id, &outcome);
        self.mail.close(arrived, answer).await;
        Ok(outcome)
    }
}

/// As the machine counts. What is cut off is not lost: it is in the next reading.
pub(super) fn whole_milliseconds(elapsed: Duration) -> Duration {
    let beyond = elapsed.subsec_nanos() % 1_000_000;
    elapsed.saturating_sub(Duration::from_nanos(u64::from(beyond)))
}

/// Tells the handles how it ended, also when the driver is dropped before.
pub(super) struct Ending {
    pub(super) id: RolloutId,
    pub(super) progress: watch::Sender<Progress>,
}

impl Ending {
    fn reached(&self, outcome: Option<&Outcome>) {
        self.progress.send_if_modified(|progress| {
            let news = progress.outcome.as_ref() != outcome;
            if news {
                progress.outcome = outcome.cloned();
            }
            news
        });
    }

    fn end(&self, end: Result<Outcome, DriverError>) {
        self.progress
            .send_modify(|progress| progress.end = Some(end));
    }
}

impl Drop for Ending {
    fn drop(&mut self) {
        if self.progress.borrow().end.is_none() {
            tracing::warn!(id = %self.id, "the driver was dropped; the rollout is left in progress, to be resumed from its journal");
            let id = self.id.clone();
            self.end(Err(DriverError::Detached { id }));
        }
    }
}
