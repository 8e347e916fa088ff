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

/// Commands that handles have sent and the loop has not taken yet.
const LETTERS: usize = 64;

/// A command, and where its answer is waited for.
type Letter = (Box<Command>, oneshot::Sender<Answer>);

/// What handles send to their driver by. That it is to stop goes its own way: nothing stands before it.
#[derive(Debug)]
pub(super) struct Letterbox {
    commands: mpsc::Sender<Letter>,
    detach: mpsc::Sender<()>,
}

/// The driver's end of a [`Letterbox`].
#[derive(Debug)]
pub(super) struct Letters {
    commands: mpsc::Receiver<Letter>,
    detach: mpsc::Receiver<()>,
    /// All handles are gone.
    closed: bool,
}

pub(super) fn letterbox() -> (Letterbox, Letters) {
    let (commands, received) = mpsc::channel(LETTERS);
    let (detach, detached) = mpsc::channel(1);
    let letters = Letters {
        commands: received,
        detach: detached,
        closed: false,
    };
    (Letterbox { commands, detach }, letters)
}

impl Letterbox {
    /// The answer to a command; nothing if the driver has ended.
    pub(super) async fn command(&self, command: Command) -> Option<Answer> {
        let (sender, answer) = oneshot::channel();
        self.commands.send((Box::new(command), sender)).await.ok()?;
        answer.await.ok()
    }

    /// Asks the driver to stop. Whether there still is one.
    pub(super) fn detach(&self) -> bool {
        match self.detach.try_send(()) {
            // It has been asked already, or is now.
            Ok(()) | Err(mpsc::error::TrySendError::Full(())) => true,
            Err(mpsc::error::TrySendError::Closed(())) => false,
        }
    }
}

pub(super) struct Mail {
    letters: Letters,
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
        letters: Letters,
        inbox: Option<Arc<dyn Inbox>>,
        clock: Arc<dyn Clock>,
        seed: u64,
    ) -> Self {
        Self {
            letters,
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

    /// Ready when it is to stop.
    pub(super) fn poll_detach(&mut self, context: &mut Context<'_>) -> Poll<()> {
        if self.letters.closed {
            return Poll::Pending;
        }
        match self.letters.detach.poll_recv(context) {
            Poll::Ready(Some(())) => Poll::Ready(()),
            Poll::Ready(None) | Poll::Pending => Poll::Pending,
        }
    }

    /// Handles first, then the inbox; answers go out on the way.
    pub(super) fn poll(&mut self, context: &mut Context<'_>) -> Poll<Envelope> {
        self.poll_answers(context).is_ready();
        if !self.letters.closed {
            match self.letters.commands.poll_recv(context) {
                Poll::Ready(Some((command, answer))) => {
                    let waiting = self.waiting.entry(command.id.clone()).or_default();
                    waiting.push(answer);
                    return Poll::Ready(Envelope::Command(*command));
                }
                Poll::Ready(None) => self.letters.closed = true,
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
        Poll::Ready(envelope)
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
        arrived: impl IntoIterator<Item = Envelope>,
        answer: impl Fn(&CommandId) -> Answer,
    ) {
        for envelope in arrived {
            let id = envelope.id().clone();
            let answer = answer(&id);
            self.answer(id, answer);
        }
        self.letters.commands.close();
        while let Some(envelope) =
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
