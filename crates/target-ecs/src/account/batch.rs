//! One call that answers several looks.
//!
//! Who asks joins a batch that has not been sent, or opens one. It is sent when its time for company is
//! over, it is full, and there is a token for it; from then on nobody joins it. So its call begins after
//! every look in it did, and shows whatever was written before any of them. Whoever is still there keeps it
//! going: one that is dropped takes nothing away from the others. It stands in line where the one would that
//! gives up first, and is waited for until the last would; but each gives up by itself, when it would alone.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Poll, Waker};
use std::time::{Duration, SystemTime};

use aws_smithy_async::rt::sleep::Sleep;
use futures::FutureExt as _;
use futures::future::{BoxFuture, Shared, WeakShared};
use strategy_core::target::TargetError;

use super::bucket::{Patience, Urgency};
use super::{Account, CallCategory, Late, Time, between};
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

/// What came of a batch.
enum Outcome<T> {
    /// The answers to all its asks.
    Answered(Answers<T>),
    /// Its turn did not come.
    Late(Late),
    /// By the account's or the network's fault, or there was one ask.
    Failed(TargetError),
    /// By the fault of one of its asks: each is made alone.
    Divided,
}

type Sent<T> = BoxFuture<'static, Arc<Outcome<T>>>;

/// A call, or several pages or portions of it: account, scope, keys.
pub(crate) type Call<T> =
    fn(Account, String, Vec<String>, Turn) -> BoxFuture<'static, Result<Answers<T>, TargetError>>;

/// How many asks that failed are kept in mind.
const MOST_ALONE: usize = 32;

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
    /// would fail first. The oldest first, and no more than [`MOST_ALONE`]: some are never made again.
    alone: VecDeque<Vec<String>>,
}

struct Open<T> {
    gathering: Arc<Mutex<Gathering>>,
    sent: WeakShared<Sent<T>>,
}

/// Who is in a batch.
struct Gathering {
    asks: BTreeSet<Vec<String>>,
    keys: BTreeSet<String>,
    /// Until when each of them waits.
    ends: BTreeSet<SystemTime>,
    /// Until when it is waited for others.
    until: SystemTime,
    /// It is on its way, or is not to be.
    is_closed: bool,
    /// Who waits for the others.
    waker: Option<Waker>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Gathering {
    /// Whether there was room.
    fn join(&mut self, ask: &Ask, until: SystemTime, most: usize) -> bool {
        let keys = &ask.keys;
        if self.is_closed {
            return false;
        }
        let new = keys.iter().filter(|key| !self.keys.contains(*key)).count();
        if !self.asks.is_empty() && self.keys.len() + new > most {
            return false;
        }
        self.keys.extend(keys.iter().cloned());
        self.asks.insert(keys.clone());
        self.ends.insert(ask.turn.until);
        self.until = self.until.min(until);
        true
    }

    fn patience(&self, now: SystemTime) -> Patience {
        let end = self.ends.last().copied().unwrap_or(now);
        // Who has given up holds no place.
        let place = self.ends.range(now..).next().copied().unwrap_or(end);
        Patience { place, end }
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
                alone: VecDeque::new(),
            }),
        }
    }

    /// The answers to what is asked, by a call that begins from now on. Cancel-safe.
    ///
    /// # Errors
    /// `RateLimited` when its turn does not come in time, however long others of the batch would wait.
    pub(crate) async fn ask(
        self: &Arc<Self>,
        account: &Account,
        ask: Ask,
    ) -> Result<Answers<T>, TargetError> {
        let (keys, turn) = (ask.keys.clone(), ask.turn);
        let scope = ask.scope.clone();
        let (gathering, sent) = self.joined(account, ask);
        let outcome = in_time(account.time(), turn.until, &gathering, sent).await;
        let answers = match outcome.as_deref() {
            Some(Outcome::Answered(all)) => Ok(portion(&keys, all)),
            Some(Outcome::Failed(error)) => Err(again(error)),
            Some(Outcome::Divided) => self.alone(account, &scope, &keys, turn).await,
            Some(Outcome::Late(late)) => return Err(late.error(self.action, &keys.join(","))),
            None => return Err(self.late().error(self.action, &keys.join(","))),
        };
        self.keep_in_mind(keys, &answers);
        answers
    }

    /// Whose own time is over, as the batch still waits.
    fn late(&self) -> Late {
        let category = CallCategory::of(self.action).first();
        Late {
            category: category.copied().unwrap_or(CallCategory::ServiceReads),
            after: None,
        }
    }

    fn keep_in_mind(&self, keys: Vec<String>, answers: &Result<Answers<T>, TargetError>) {
        let alone = &mut lock(&self.state).alone;
        match answers {
            Ok(_) => alone.retain(|known| *known != keys),
            Err(error) if error.is_transient() => {}
            Err(_) => {
                alone.retain(|known| *known != keys);
                alone.push_back(keys);
                if alone.len() > MOST_ALONE {
                    alone.pop_front();
                }
            }
        }
    }

    fn joined(
        self: &Arc<Self>,
        account: &Account,
        ask: Ask,
    ) -> (Arc<Mutex<Gathering>>, Shared<Sent<T>>) {
        let now = account.time().now();
        let wait = if account.has_company() {
            // Who has little time left does not spend it on that.
            ask.turn.company.min(between(now, ask.turn.until) / 2)
        } else {
            Duration::ZERO
        };
        let until = now + wait;
        let place = (ask.scope.clone(), ask.turn.urgency);
        let mut state = lock(&self.state);
        let is_alone = state.alone.contains(&ask.keys);
        if !is_alone
            && let Some(open) = state.open.get(&place)
            && let Some(sent) = open.sent.upgrade()
            && lock(&open.gathering).join(&ask, until, self.most)
        {
            return (Arc::clone(&open.gathering), sent);
        }
        let gathering = Arc::new(Mutex::new(Gathering {
            asks: BTreeSet::from([ask.keys.clone()]),
            keys: ask.keys.iter().cloned().collect(),
            ends: BTreeSet::from([ask.turn.until]),
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
                    gathering: Arc::clone(&gathering),
                    sent: weak,
                },
            );
            if let Some(before) = before {
                lock(&before.gathering).go();
            }
        }
        (gathering, sent)
    }

    async fn run(
        self: Arc<Self>,
        account: Account,
        first: Ask,
        gathering: Arc<Mutex<Gathering>>,
    ) -> Arc<Outcome<T>> {
        company(account.time(), &gathering).await;
        let urgency = first.turn.urgency;
        let patience = |now| lock(&gathering).patience(now);
        let turn = account.turn_of_some(self.action, urgency, &patience);
        let taken = turn.await;
        let (asks, keys, until) = {
            let mut gathering = lock(&gathering);
            gathering.is_closed = true;
            let keys = std::mem::take(&mut gathering.keys);
            let last = gathering.ends.last().copied();
            (gathering.asks.len(), keys, last.unwrap_or(first.turn.until))
        };
        if let Err(late) = taken {
            return Arc::new(Outcome::Late(late));
        }
        let turn = Turn {
            until,
            ..first.turn
        };
        let keys = keys.into_iter().collect();
        Arc::new(
            match (self.send)(account.clone(), first.scope, keys, turn).await {
                Ok(answers) => Outcome::Answered(answers),
                Err(error) if error.is_transient() || asks == 1 => Outcome::Failed(error),
                Err(_) => Outcome::Divided,
            },
        )
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
}

fn portion<T: Clone>(keys: &[String], all: &Answers<T>) -> Answers<T> {
    let told = keys.iter().filter_map(|key| {
        let answer = all.get(key)?;
        Some((key.clone(), answer.clone()))
    });
    told.collect()
}

/// What comes of a batch; `None` when it still waits for its turn at that time.
async fn in_time<T>(
    time: &Time,
    until: SystemTime,
    gathering: &Mutex<Gathering>,
    mut sent: Shared<Sent<T>>,
) -> Option<Arc<Outcome<T>>> {
    let mut sleep = time.sleep(between(time.now(), until));
    poll_fn(|context| {
        if let Poll::Ready(outcome) = Pin::new(&mut sent).poll(context) {
            return Poll::Ready(Some(outcome));
        }
        // The answer to what is on its way is waited for as that to any call.
        if lock(gathering).is_closed {
            return Poll::Pending;
        }
        let sleep = sleep.as_mut().map(|sleep| Pin::new(sleep).poll(context));
        match sleep {
            Some(Poll::Ready(())) => Poll::Ready(None),
            Some(Poll::Pending) | None => Poll::Pending,
        }
    })
    .await
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

#[cfg(test)]
mod tests;
