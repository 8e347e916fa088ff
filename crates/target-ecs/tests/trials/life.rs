//! A rollout from its start to its end, carried by processes that crash and are started again.

use std::cell::{Cell, RefCell};
use std::future::{Future, pending, poll_fn};
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use futures::future::{Either, join, join3, select};
use strategy_core::driver::{Driver, DriverError, Heard, MemoryInbox, RolloutHandle, Run};
use strategy_core::inbox::Envelope;
use strategy_core::rollout::{Command, Left, News, Outcome, Phase, RecoverError, Wish};
use strategy_core::world::block_on;
use strategy_core::{Registry, Release, Strategy};
use target_ecs::config::Config;
use test_support::ecs::Fault;

use crate::journal::Kept;
use crate::petswipe::PetSwipe;

/// By then every rollout has come to an end, or says what is left.
const HORIZON: Duration = Duration::from_secs(12 * 3600);

/// A process ends at a call.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Crash {
    /// The index of the call.
    pub(crate) at: usize,
    /// Whether the call still does what it asks for.
    pub(crate) landed: bool,
    /// How long nobody is there.
    pub(crate) asleep: Duration,
}

/// From the call with an index on its action is denied for so long.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Denied {
    pub(crate) at: usize,
    pub(crate) lasts: Duration,
}

/// What befalls the processes.
#[derive(Clone, Debug, Default)]
pub(crate) struct Script {
    /// In the order of their calls.
    pub(crate) crashes: Vec<Crash>,
    pub(crate) denied: Option<Denied>,
    /// Whoever takes it up goes straight back.
    pub(crate) back: bool,
}

/// How it ended.
#[derive(Clone, Debug)]
pub(crate) enum End {
    /// Refused, or not begun when its process crashed.
    NotStarted(String),
    Over(Outcome),
    /// It still waits for somebody at the horizon, and says what is left.
    Stuck(Vec<Left>),
    /// It is at work at the horizon: in no case.
    Late(String),
}

/// What came of it.
#[derive(Debug)]
pub(crate) struct Told {
    pub(crate) end: End,
    /// How many calls had been made when it began.
    pub(crate) began_at: usize,
    /// How many calls had been made when the outcome was reached.
    pub(crate) outcome_at: Option<usize>,
    /// What it said that a person has to clean up.
    pub(crate) left: Vec<Left>,
    pub(crate) journal: Kept,
}

/// A rollout to be.
pub(crate) struct Life<'a> {
    pub(crate) shop: &'a PetSwipe,
    strategy: &'a dyn Strategy,
    image: &'a str,
    script: Script,
    journal: Kept,
    pub(crate) inbox: MemoryInbox,
    registry: Registry,
    config: Config,
    outcome_at: Cell<Option<usize>>,
    left: RefCell<Vec<Left>>,
    handle: RefCell<Option<RolloutHandle>>,
}

impl<'a> Life<'a> {
    pub(crate) fn new(shop: &'a PetSwipe, strategy: &'a dyn Strategy, image: &'a str) -> Self {
        Self {
            shop,
            strategy,
            image,
            script: Script::default(),
            journal: Kept::new(&shop.fake),
            inbox: MemoryInbox::new(),
            registry: Registry::new(),
            config: shop.config(),
            outcome_at: Cell::new(None),
            left: RefCell::default(),
            handle: RefCell::new(None),
        }
    }

    pub(crate) fn script(mut self, script: Script) -> Self {
        self.script = script;
        self
    }

    /// With these hooks and analyses.
    pub(crate) fn registry(mut self, registry: Registry) -> Self {
        self.registry = registry;
        self
    }

    /// With another configuration of the target.
    pub(crate) fn config(mut self, config: Config) -> Self {
        self.config = config;
        self
    }

    /// A person wants it back.
    pub(crate) fn abort(&self) {
        let abort = Command::new("abort", "vet", Wish::Abort { force: false });
        self.inbox
            .send(Envelope::Command(abort.because("it bites")));
    }

    /// Carries it to its end.
    pub(crate) fn live(self) -> Told {
        self.live_while(async |_| {})
    }

    /// The same, while something else happens.
    pub(crate) fn live_while(self, meanwhile: impl AsyncFnOnce(&Self)) -> Told {
        let began_at = self.shop.fake.next_index();
        let end = {
            let others = async {
                join(meanwhile(&self), self.allows_again()).await;
                pending::<()>().await;
            };
            let (carried, others) = (pin!(self.carry()), pin!(others));
            match block_on(&self.shop.clock, select(carried, others)).unwrap() {
                Either::Left((end, _)) => end,
                Either::Right(_) => unreachable!("others wait for ever"),
            }
        };
        // What comes of it after its end is judged too: clients that stick, targets that drain.
        self.shop.wait(2 * 3600);
        Told {
            end,
            began_at,
            outcome_at: self.outcome_at.get(),
            left: self.left.take(),
            journal: self.journal,
        }
    }

    /// One process after the other.
    async fn carry(&self) -> End {
        let horizon = self.shop.clock.now() + HORIZON;
        let mut crashes = self.script.crashes.iter();
        let mut process = 0;
        loop {
            let next = crashes.next();
            if let Some(crash) = next {
                let fault = if crash.landed {
                    Fault::TimeoutAfter
                } else {
                    Fault::TimeoutBefore
                };
                self.shop.fake.fault_at(crash.at, fault);
            }
            {
                let lives = pin!(self.until(next, self.process(process)));
                let late = pin!(self.shop.clock.sleep_until(horizon));
                match select(lives, late).await {
                    Either::Left((Some(end), _)) => return end,
                    Either::Left((None, _)) => {}
                    Either::Right(_) => return self.at_the_horizon(),
                }
            }
            process += 1;
            let asleep = next.map_or(Duration::ZERO, |crash| crash.asleep);
            let at = self.shop.clock.now() + asleep;
            self.shop.clock.sleep_until(at).await;
        }
    }

    /// `None` if it crashed: nothing of it is polled after the call at which it ends.
    async fn until(
        &self,
        crash: Option<&Crash>,
        process: impl Future<Output = End>,
    ) -> Option<End> {
        let mut process = pin!(process);
        poll_fn(|context| {
            let end = process.as_mut().poll(context);
            match (end, crash) {
                (Poll::Ready(end), _) => Poll::Ready(Some(end)),
                (Poll::Pending, Some(crash)) if self.shop.fake.next_index() > crash.at => {
                    Poll::Ready(None)
                }
                (Poll::Pending, _) => Poll::Pending,
            }
        })
        .await
    }

    async fn process(&self, number: u32) -> End {
        let driver = Driver::on(self.shop.target_of(self.config.clone()))
            .clock(self.shop.clock.clone())
            .journal(self.journal.clone())
            .inbox(self.inbox.clone())
            .registry(self.registry.clone())
            .id("petswipe".parse().unwrap())
            .process(number.to_string());
        let release = Release::of([("app", self.image)]).unwrap();
        let begun = if number == 0 {
            driver.start(self.strategy, release).await
        } else if self.script.back {
            driver.resume_rolling_back().await
        } else {
            driver.resume().await
        };
        match begun {
            Ok((handle, run)) => self.run(handle, run).await,
            Err(DriverError::Recover(RecoverError::Over { outcome })) => End::Over(outcome),
            Err(error) if self.journal.is_empty() => End::NotStarted(error.to_string()),
            Err(error) => panic!("{error}"),
        }
    }

    async fn run(&self, handle: RolloutHandle, run: Run) -> End {
        let mark = async {
            // A process that ends earlier reached none.
            if handle.outcome().await.is_ok() && self.outcome_at.get().is_none() {
                self.outcome_at.set(Some(self.shop.fake.next_index()));
            }
        };
        let mut events = handle.events();
        let listen = async {
            while let Some(heard) = events.next().await {
                if let Heard::Event(event) = heard
                    && let News::LeftBehind { left } = event.news
                {
                    *self.left.borrow_mut() = left;
                }
            }
        };
        *self.handle.borrow_mut() = Some(handle.clone());
        let (end, (), ()) = join3(run, mark, listen).await;
        End::Over(end.unwrap_or_else(|error| panic!("the driver ended: {error}")))
    }

    fn at_the_horizon(&self) -> End {
        let handle = self.handle.borrow();
        let status = handle.as_ref().map(RolloutHandle::status);
        match status {
            Some(status) if status.phase == Phase::Stuck => End::Stuck(status.left),
            status => End::Late(format!("{status:?}")),
        }
    }

    /// Denies what the script says, and allows it again.
    async fn allows_again(&self) {
        let Some(denied) = self.script.denied else {
            return;
        };
        let fake = &self.shop.fake;
        fake.fault_at(denied.at, Fault::Denied);
        while fake.next_index() <= denied.at {
            self.shop.after(1).await;
        }
        let action = fake.calls()[denied.at].actions[0].clone();
        fake.deny(&action);
        self.shop.after(denied.lasts.as_secs()).await;
        fake.allow(&action);
    }
}
