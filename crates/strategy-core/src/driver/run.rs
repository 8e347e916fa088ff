//! The loop. It decides nothing: it writes down, carries out, and tells what came of it.

use std::collections::VecDeque;
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

use super::audience::Audience;
use super::clock::Clock;
use super::error::DriverError;
use super::flights::Flights;
use super::handle::Progress;
use super::ledger::Ledger;
use super::mail::{Incoming, Mail};
use crate::inbox::Envelope;
use crate::rollout::{Input, Outcome, Record, Rollout, Status};
use crate::target::RolloutId;
use crate::timestamp::Timestamp;

/// The journal may be out of reach this many arrivals long before new ones are left where they are.
const WAITING: usize = 64;

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
    pub(super) arrived: VecDeque<Arrival>,
    /// When the machine was last told that time has passed.
    pub(super) ticked: Option<Timestamp>,
}

/// What the loop waits for.
pub(super) enum Arrival {
    Input(Input),
    Incoming(Incoming),
    TimePassed,
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
            for look in looks {
                self.flights.begin(look);
            }
            self.write(records).await?;
            for (id, answer) in answers {
                self.mail.answer(id, answer);
            }
            for order in orders {
                let ended = self.flights.begin(order);
                self.arrived.extend(ended.map(Arrival::Input));
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

    fn handle(&mut self, arrival: Arrival) -> Result<(), DriverError> {
        let now = self.clock.now();
        let input = match arrival {
            Arrival::Incoming(Incoming::Detach) => {
                let id = self.rollout.id().clone();
                return Err(DriverError::Detached { id });
            }
            Arrival::Incoming(Incoming::Envelope(Envelope::Command(command))) => {
                Input::Commanded(command)
            }
            Arrival::Incoming(Incoming::Envelope(Envelope::Alarm(alarm))) => {
                Input::AlarmRaised(alarm)
            }
            Arrival::TimePassed => {
                self.ticked = Some(now);
                Input::TimePassed
            }
            Arrival::Input(input) => input,
        };
        if let Input::Changed { part } = &input {
            self.flights.tells(part, &self.rollout);
        }
        if let Err(misuse) = self.rollout.handle(input, now) {
            // Nothing was changed by it; a rollout is not given up for a bug of ours.
            tracing::error!(%misuse, "the driver told the machine something impossible; please report this");
        }
        Ok(())
    }

    /// Makes records durable; what is under way goes on meanwhile, and what it gives is kept for later.
    async fn write(&mut self, records: Vec<Record>) -> Result<(), DriverError> {
        if records.is_empty() {
            return Ok(());
        }
        let mut written = self.ledger.write(records, || self.rollout.snapshot());
        poll_fn(|context| {
            if let Poll::Ready(result) = written.poll_unpin(context) {
                return Poll::Ready(result.map_err(DriverError::from));
            }
            while self.arrived.len() < WAITING {
                match self.poll_arrival(context) {
                    Poll::Ready(Arrival::Incoming(Incoming::Detach)) => {
                        let id = self.rollout.id().clone();
                        return Poll::Ready(Err(DriverError::Detached { id }));
                    }
                    Poll::Ready(arrival) => self.arrived.push_back(arrival),
                    Poll::Pending => break,
                }
            }
            Poll::Pending
        })
        .await
    }

    /// The first of: what came while the journal was written, what was under way, the machine's next
    /// time, handles, inbox. Time comes before people, so that no flood of commands holds a deadline up.
    /// Observers hear when nothing else is due.
    async fn next(&mut self) -> Arrival {
        if let Some(arrival) = self.arrived.pop_front() {
            return arrival;
        }
        let clock = Arc::clone(&self.clock);
        let mut due = self.due().map(|at| clock.sleep_until(at));
        poll_fn(|context| {
            loop {
                if let Poll::Ready(input) = self.flights.poll(context) {
                    return Poll::Ready(Arrival::Input(input));
                }
                if let Some(due) = &mut due
                    && due.poll_unpin(context).is_ready()
                {
                    return Poll::Ready(Arrival::TimePassed);
                }
                if let Poll::Ready(incoming) = self.mail.poll(context) {
                    return Poll::Ready(Arrival::Incoming(incoming));
                }
                if !self.audience.deliver() {
                    return Poll::Pending;
                }
            }
        })
        .await
    }

    fn poll_arrival(&mut self, context: &mut Context<'_>) -> Poll<Arrival> {
        if let Poll::Ready(input) = self.flights.poll(context) {
            return Poll::Ready(Arrival::Input(input));
        }
        self.mail.poll(context).map(Arrival::Incoming)
    }

    /// When the machine wants to hear that time has passed: never twice in the same millisecond.
    fn due(&self) -> Option<Timestamp> {
        let (due, now) = (self.rollout.poll_timeout()?, self.clock.now());
        if due <= now && self.ticked == Some(now) {
            return Some(now + Duration::from_millis(1));
        }
        Some(due)
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
        self.mail
            .close(&format!("the rollout is over: {outcome}"))
            .await;
        Ok(outcome)
    }
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
