//! Commands and alarms on their way in, and answers on their way out.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use futures::FutureExt as _;
use futures::future::BoxFuture;
use tokio::sync::{mpsc, oneshot};

use super::clock::Clock;
use super::perform::in_words;
use super::retry::{Backoff, within};
use crate::inbox::{Envelope, Inbox};
use crate::rollout::{Answer, Command, CommandId};

/// When the rollout is over, answers still on their way get this long.
const LAST_ANSWERS: Duration = Duration::from_secs(5);

/// What a handle sends to its driver.
#[derive(Debug)]
pub(super) enum Letter {
    Command(Box<Command>, oneshot::Sender<Answer>),
    Detach,
}

/// What has come in.
#[derive(Debug)]
pub(super) enum Incoming {
    Envelope(Envelope),
    Detach,
}

pub(super) struct Mail {
    handles: mpsc::Receiver<Letter>,
    /// All handles are gone.
    closed: bool,
    inbox: Option<Arc<dyn Inbox>>,
    clock: Arc<dyn Clock>,
    seed: u64,
    next: Option<BoxFuture<'static, Envelope>>,
    after: Option<CommandId>,
    /// Handles that wait for an answer.
    waiting: BTreeMap<CommandId, Vec<oneshot::Sender<Answer>>>,
    answers: VecDeque<(CommandId, Answer)>,
    answering: Option<BoxFuture<'static, ()>>,
}

impl Mail {
    pub(super) const fn new(
        handles: mpsc::Receiver<Letter>,
        inbox: Option<Arc<dyn Inbox>>,
        clock: Arc<dyn Clock>,
        seed: u64,
    ) -> Self {
        Self {
            handles,
            closed: false,
            inbox,
            clock,
            seed,
            next: None,
            after: None,
            waiting: BTreeMap::new(),
            answers: VecDeque::new(),
            answering: None,
        }
    }

    /// Handles first, then the inbox; answers go out on the way.
    pub(super) fn poll(&mut self, context: &mut Context<'_>) -> Poll<Incoming> {
        self.poll_answers(context).is_ready();
        if !self.closed {
            match self.handles.poll_recv(context) {
                Poll::Ready(Some(Letter::Command(command, answer))) => {
                    let waiting = self.waiting.entry(command.id.clone()).or_default();
                    waiting.push(answer);
                    return Poll::Ready(Incoming::Envelope(Envelope::Command(*command)));
                }
                Poll::Ready(Some(Letter::Detach)) => return Poll::Ready(Incoming::Detach),
                Poll::Ready(None) => self.closed = true,
                Poll::Pending => {}
            }
        }
        let Some(inbox) = &self.inbox else {
            return Poll::Pending;
        };
        let next = self.next.get_or_insert_with(|| {
            let (inbox, clock) = (Arc::clone(inbox), Arc::clone(&self.clock));
            read(inbox, clock, self.seed, self.after.clone()).boxed()
        });
        let Poll::Ready(envelope) = next.poll_unpin(context) else {
            return Poll::Pending;
        };
        self.next = None;
        self.after = Some(envelope.id().clone());
        Poll::Ready(Incoming::Envelope(envelope))
    }

    /// Tells whoever sent it: a handle that waits, else the inbox.
    pub(super) fn answer(&mut self, id: CommandId, answer: Answer) {
        if let Some(waiting) = self.waiting.remove(&id) {
            for sender in waiting {
                // A handle that no longer waits has been dropped.
                let _ = sender.send(answer.clone());
            }
        } else if self.inbox.is_some() {
            self.answers.push_back((id, answer));
        }
    }

    /// Ready when no answer is on its way.
    fn poll_answers(&mut self, context: &mut Context<'_>) -> Poll<()> {
        loop {
            if let Some(answering) = &mut self.answering {
                if answering.poll_unpin(context).is_pending() {
                    return Poll::Pending;
                }
                self.answering = None;
            }
            let (Some(inbox), Some((id, answer))) = (&self.inbox, self.answers.pop_front()) else {
                return Poll::Ready(());
            };
            let (inbox, clock) = (Arc::clone(inbox), Arc::clone(&self.clock));
            self.answering = Some(write(inbox, clock, self.seed, id, answer).boxed());
        }
    }

    /// The rollout is over: answers what has come too late, and lets the last answers out.
    ///
    /// `arrived` came in and was not taken up. `answer` knows what was recorded, perhaps by a process
    /// that crashed before it said so: the same command lies in the inbox still, and is not refused.
    pub(super) async fn close(
        &mut self,
        arrived: impl IntoIterator<Item = Incoming>,
        answer: impl Fn(&CommandId) -> Answer,
    ) {
        let said = |incoming| match incoming {
            Incoming::Envelope(envelope) => Some(envelope.id().clone()),
            Incoming::Detach => None,
        };
        for id in arrived.into_iter().filter_map(said) {
            let answer = answer(&id);
            self.answer(id, answer);
        }
        self.handles.close();
        while let Some(Incoming::Envelope(envelope)) =
            std::future::poll_fn(|context| Poll::Ready(ready(self.poll(context)))).await
        {
            let id = envelope.id().clone();
            let answer = answer(&id);
            self.answer(id, answer);
        }
        let clock = Arc::clone(&self.clock);
        let until = clock.now() + LAST_ANSWERS;
        let last = std::future::poll_fn(|context| self.poll_answers(context));
        if within(&*clock, until, last).await.is_none() {
            tracing::warn!("the inbox did not take the last answers");
        }
    }
}

fn ready<T>(poll: Poll<T>) -> Option<T> {
    match poll {
        Poll::Ready(output) => Some(output),
        Poll::Pending => None,
    }
}

async fn read(
    inbox: Arc<dyn Inbox>,
    clock: Arc<dyn Clock>,
    seed: u64,
    after: Option<CommandId>,
) -> Envelope {
    let mut backoff = Backoff::new(seed);
    loop {
        match inbox.next(after.as_ref()).await {
            Ok(envelope) => return envelope,
            Err(error) => {
                tracing::warn!(why = %in_words(&error), "the inbox cannot be read");
                backoff.pause(&*clock).await;
            }
        }
    }
}

async fn write(
    inbox: Arc<dyn Inbox>,
    clock: Arc<dyn Clock>,
    seed: u64,
    id: CommandId,
    answer: Answer,
) {
    let mut backoff = Backoff::new(seed);
    while let Err(error) = inbox.answer(&id, &answer).await {
        tracing::warn!(command = %id, why = %in_words(&error), "the inbox does not take an answer");
        backoff.pause(&*clock).await;
    }
}
