//! One call that answers several looks.
//!
//! Who asks joins a batch that has not been sent, or opens one. It is sent when its time for company is
//! over, it is full, and there is a token for it; from then on nobody joins it. So its call begins after
//! every look in it did, and shows whatever was written before any of them. Whoever is still there keeps it
//! going: one that is dropped takes nothing away from the others.

use std::collections::{BTreeMap, BTreeSet};
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Poll, Waker};
use std::time::{Duration, SystemTime};

use aws_smithy_async::rt::sleep::Sleep;
use futures::FutureExt as _;
use futures::future::{BoxFuture, Shared, WeakShared};
use strategy_core::target::TargetError;

use super::bucket::Urgency;
use super::{Account, Time};
use crate::api::Turn;
use crate::error::again;

/// What one look wants to know.
pub(crate) struct Ask {
    /// What can be asked for together only: the cluster.
    pub(crate) scope: String,
    /// Names or ARNs.
    pub(crate) keys: Vec<String>,
    pub(crate) turn: Turn,
}

/// By name or ARN. What is not in it was not told.
pub(crate) type Answers<T> = BTreeMap<String, T>;

/// The answers to each ask of a batch, by its keys.
type Outcome<T> = Arc<BTreeMap<Vec<String>, Result<Answers<T>, TargetError>>>;

type Sent<T> = BoxFuture<'static, Outcome<T>>;

/// A call, or several pages or portions of it: account, scope, keys.
pub(crate) type Call<T> =
    fn(Account, String, Vec<String>, Turn) -> BoxFuture<'static, Result<Answers<T>, TargetError>>;

/// Batches of one kind of call.
pub(crate) struct Batch<T> {
    /// The name of the action in a policy.
    action: &'static str,
    /// How many names one call takes.
    most: usize,
    send: Call<T>,
    state: Mutex<State<T>>,
}

struct State<T> {
    /// What can still be joined, by scope and urgency.
    open: BTreeMap<(String, Urgency), Open<T>>,
    /// Asks that failed, which are made alone until they are answered: else every batch that they are in
    /// would fail first.
    alone: BTreeSet<Vec<String>>,
}

struct Open<T> {
    gathering: Arc<Mutex<Gathering>>,
    sent: WeakShared<Sent<T>>,
}

/// Who is in a batch.
struct Gathering {
    asks: BTreeSet<Vec<String>>,
    keys: BTreeSet<String>,
    /// Until when others can join.
    until: SystemTime,
    is_closed: bool,
    /// Who waits for that.
    waker: Option<Waker>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Gathering {
    /// Whether there was room.
    fn join(&mut self, keys: &[String], until: SystemTime, most: usize) -> bool {
        if self.is_closed {
            return false;
        }
        let new = keys.iter().filter(|key| !self.keys.contains(*key)).count();
        if !self.asks.is_empty() && self.keys.len() + new > most {
            return false;
        }
        self.keys.extend(keys.iter().cloned());
        self.asks.insert(keys.to_vec());
        self.until = self.until.min(until);
        true
    }

    /// Nobody is waited for any more.
    fn go(&mut self) {
        self.until = SystemTime::UNIX_EPOCH;
        if let Some(waker) = self.waker.take() {
            waker.wake();
        }
    }
}

impl<T: Clone + Send + Sync + 'static> Batch<T> {
    pub(crate) fn new(action: &'static str, most: usize, send: Call<T>) -> Self {
        Self {
            action,
            most,
            send,
            state: Mutex::new(State {
                open: BTreeMap::new(),
                alone: BTreeSet::new(),
            }),
        }
    }

    /// The answers to what is asked, by a call that begins from now on. Cancel-safe.
    pub(crate) async fn ask(
        self: &Arc<Self>,
        account: &Account,
        ask: Ask,
    ) -> Result<Answers<T>, TargetError> {
        let keys = ask.keys.clone();
        let outcome = self.joined(account, ask).await;
        match outcome.get(&keys) {
            Some(Ok(answers)) => Ok(answers.clone()),
            Some(Err(error)) => Err(again(error)),
            // Its own keys are always in it.
            None => Ok(Answers::new()),
        }
    }

    fn joined(self: &Arc<Self>, account: &Account, ask: Ask) -> Shared<Sent<T>> {
        let wait = if account.has_company() {
            ask.turn.company
        } else {
            Duration::ZERO
        };
        let until = account.time().now() + wait;
        let place = (ask.scope.clone(), ask.turn.urgency);
        let mut state = lock(&self.state);
        let is_alone = state.alone.contains(&ask.keys);
        if !is_alone
            && let Some(open) = state.open.get(&place)
            && let Some(sent) = open.sent.upgrade()
            && lock(&open.gathering).join(&ask.keys, until, self.most)
        {
            return sent;
        }
        let gathering = Arc::new(Mutex::new(Gathering {
            asks: BTreeSet::from([ask.keys.clone()]),
            keys: ask.keys.iter().cloned().collect(),
            until,
            is_closed: false,
            waker: None,
        }));
        let sent = Arc::clone(self).run(account.clone(), ask, Arc::clone(&gathering));
        let sent = sent.boxed().shared();
        if let Some(weak) = sent.downgrade().filter(|_| !is_alone) {
            // Who was there has no room, or nobody waits for it any more: it is on its way without us.
            let before = state.open.insert(
                place,
                Open {
                    gathering,
                    sent: weak,
                },
            );
            if let Some(before) = before {
                lock(&before.gathering).go();
            }
        }
        sent
    }

    async fn run(
        self: Arc<Self>,
        account: Account,
        first: Ask,
        gathering: Arc<Mutex<Gathering>>,
    ) -> Outcome<T> {
        company(account.time(), &gathering).await;
        let turn = first.turn;
        let about = first.keys.join(",");
        let taken = account
            .turn(self.action, &about, turn.urgency, turn.until)
            .await;
        let asks = {
            let mut gathering = lock(&gathering);
            gathering.is_closed = true;
            std::mem::take(&mut gathering.asks)
        };
        let error = match taken {
            Ok(()) => {
                let keys: BTreeSet<&String> = asks.iter().flatten().collect();
                let keys: Vec<String> = keys.into_iter().cloned().collect();
                match (self.send)(account.clone(), first.scope.clone(), keys, turn).await {
                    Ok(answers) => return Arc::new(self.portions(asks, &answers)),
                    Err(error) => error,
                }
            }
            Err(error) => error,
        };
        // What is the account's or the network's fault is everybody's.
        if error.is_transient() || asks.len() == 1 {
            let failed = asks.into_iter().map(|ask| {
                if !error.is_transient() {
                    lock(&self.state).alone.insert(ask.clone());
                }
                (ask, Err(again(&error)))
            });
            return Arc::new(failed.collect());
        }
        let mut outcome = BTreeMap::new();
        for ask in asks {
            let answers = self.alone(&account, &first.scope, &ask, turn).await;
            if answers.as_ref().is_err_and(|error| !error.is_transient()) {
                lock(&self.state).alone.insert(ask.clone());
            }
            outcome.insert(ask, answers);
        }
        Arc::new(outcome)
    }

    async fn alone(
        &self,
        account: &Account,
        scope: &str,
        ask: &[String],
        turn: Turn,
    ) -> Result<Answers<T>, TargetError> {
        let (urgency, about) = (turn.urgency, ask.join(","));
        account
            .turn(self.action, &about, urgency, turn.until)
            .await?;
        (self.send)(account.clone(), scope.to_owned(), ask.to_vec(), turn).await
    }

    fn portions(
        &self,
        asks: BTreeSet<Vec<String>>,
        answers: &Answers<T>,
    ) -> BTreeMap<Vec<String>, Result<Answers<T>, TargetError>> {
        let mut state = lock(&self.state);
        let portion = |ask: Vec<String>| {
            state.alone.remove(&ask);
            let told = ask.iter().filter_map(|key| {
                let answer = answers.get(key)?;
                Some((key.clone(), answer.clone()))
            });
            let told = told.collect();
            (ask, Ok(told))
        };
        asks.into_iter().map(portion).collect()
    }
}

/// Resolves when others had their time to join.
async fn company(time: &Time, gathering: &Mutex<Gathering>) {
    let mut sleep: Option<(SystemTime, Sleep)> = None;
    poll_fn(|context| {
        loop {
            let (now, until) = {
                let mut gathering = lock(gathering);
                gathering.waker = Some(context.waker().clone());
                (time.now(), gathering.until)
            };
            let Ok(left) = until.duration_since(now) else {
                return Poll::Ready(());
            };
            if left.is_zero() {
                return Poll::Ready(());
            }
            match &mut sleep {
                Some((at, sleep)) if *at == until => return Pin::new(sleep).poll(context),
                Some(_) | None => match time.sleep(left) {
                    Some(new) => sleep = Some((until, new)),
                    None => return Poll::Ready(()),
                },
            }
        }
    })
    .await;
}
