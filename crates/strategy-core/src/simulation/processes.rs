//! The processes of a simulation: begun, stopped, taken up again, each polled in the order of its number.

use std::collections::BTreeMap;
use std::future::poll_fn;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use futures::FutureExt as _;
use futures::future::LocalBoxFuture;

use super::clock::ProcessClock;
use super::journal::{Health, SimulatedJournal};
use super::registered::registry;
use super::report::{End, SimulationReport};
use super::runs::Tally;
use super::{Ask, Mishap, Saying, Simulation, Trouble, When};
use crate::driver::{Driver, DriverError, MemoryInbox, MemoryJournal, RolloutHandle};
use crate::inbox::Envelope;
use crate::journal::Journal as _;
use crate::plan::Plan;
use crate::release::{Part, Release};
use crate::rollout::{Alarm, Command, Outcome, Record, RecoverError, Status, Wish};
use crate::strategy::Strategy;
use crate::timestamp::Timestamp;
use crate::world::{Fact, Heard, Interruption, Life, Point, Process, World};

/// Runs a simulation to its end.
pub(super) fn run(simulation: &Simulation, strategy: &dyn Strategy) -> SimulationReport {
    let built = simulation.released().map_err(|error| error.to_string());
    let built = built.and_then(|release| {
        let scenario = simulation.scenario(&release);
        let world = scenario.build().map_err(|error| error.to_string())?;
        Ok((world, release))
    });
    match built {
        Ok((world, release)) => Cast::new(simulation, strategy, world, release).play(),
        Err(why) => SimulationReport::never_began(why),
    }
}

type Handle = Arc<Mutex<Option<RolloutHandle>>>;
type Carried = Result<Outcome, DriverError>;

/// One process, from its beginning to its end.
struct Body<'a> {
    process: Process,
    clock: ProcessClock,
    work: LocalBoxFuture<'a, Carried>,
    stands_still_until: Option<Timestamp>,
}

/// What is to come at a time.
#[derive(Clone, Copy)]
enum Cue {
    Mishap(usize),
    Saying(usize),
    /// Another process takes up the journal.
    Begin,
    /// One that stands still goes on.
    Wake(Process),
}

/// All processes and what they share.
struct Cast<'a> {
    simulation: &'a Simulation,
    strategy: &'a dyn Strategy,
    world: World,
    release: Release,
    kept: MemoryJournal,
    health: Arc<Mutex<Health>>,
    tally: Tally,
    inbox: MemoryInbox,
    heard: Heard,
    bodies: Vec<Body<'a>>,
    handles: Vec<Handle>,
    begun: u32,
    cues: BTreeMap<(Timestamp, usize), Cue>,
    cued: usize,
    outcome: Option<Outcome>,
    gave_up: Option<String>,
}

impl<'a> Cast<'a> {
    fn new(
        simulation: &'a Simulation,
        strategy: &'a dyn Strategy,
        world: World,
        release: Release,
    ) -> Self {
        world.keep_log();
        let mut cast = Self {
            simulation,
            strategy,
            world,
            release,
            kept: MemoryJournal::new(),
            health: Arc::default(),
            tally: Tally::new(simulation.world.seed),
            inbox: MemoryInbox::new(),
            heard: Heard::default(),
            bodies: Vec::new(),
            handles: Vec::new(),
            begun: 0,
            cues: BTreeMap::new(),
            cued: 0,
            outcome: None,
            gave_up: None,
        };
        cast.plan_mishaps();
        for (number, saying) in simulation.sayings.iter().enumerate() {
            let at = cast.now() + saying.after;
            cast.cue(at, Cue::Saying(number));
        }
        let now = cast.now();
        cast.cue(now, Cue::Begin);
        cast
    }

    fn plan_mishaps(&mut self) {
        let now = self.now();
        for (number, Mishap { when, trouble }) in self.simulation.mishaps.iter().enumerate() {
            let (point, after) = match when {
                When::After(time) => {
                    self.cue(now + *time, Cue::Mishap(number));
                    continue;
                }
                When::BeforeCall(call) => (Point::Call(*call), false),
                When::AfterCall(call) => (Point::Call(*call), true),
                When::BeforeAppend(append) => (Point::Append(*append), false),
                When::AfterAppend(append) => (Point::Append(*append), true),
            };
            let interruption = match trouble {
                Trouble::World(happening) => Interruption::Happens(happening.clone()),
                Trouble::Crash { .. }
                | Trouble::Freeze { .. }
                | Trouble::ClockSet { .. }
                | Trouble::JournalFails { .. }
                | Trouble::JournalAnswerLost => Interruption::Stops { after, number },
            };
            self.world.interrupt(point, interruption);
        }
    }

    fn play(mut self) -> SimulationReport {
        let world = self.world.clone();
        let mut timer = None;
        let whole = world.block_on(poll_fn(|context| {
            loop {
                self.turn(context);
                if self.bodies.is_empty() && !self.is_to_begin() {
                    return Poll::Ready(());
                }
                let next = self.cues.keys().next().map(|(at, _)| *at);
                let Some(next) = next else {
                    return Poll::Pending;
                };
                let clock = world.clock();
                let sleep = timer.insert(Box::pin(clock.sleep_until(next)));
                if sleep.poll_unpin(context).is_pending() {
                    return Poll::Pending;
                }
            }
        }));
        drop(timer);
        if whole.is_ok() {
            self.world.advance(self.simulation.afterwards);
        }
        let waits = whole.err().map(|deadlock| deadlock.to_string());
        self.report(waits)
    }

    /// Everything that is due, until nothing is.
    fn turn(&mut self, context: &mut Context<'_>) {
        loop {
            let now = self.now();
            let mut idle = true;
            while let Some(entry) = self.cues.first_entry().filter(|cue| cue.key().0 <= now) {
                let cue = entry.remove();
                self.act(cue);
                idle = false;
            }
            for process in self.awake() {
                self.poll(process, context);
                // One that was stopped does nothing more, and nobody else does before that.
                for (process, number) in self.world.raised() {
                    self.befalls(process, number);
                    idle = false;
                }
            }
            if idle {
                return;
            }
        }
    }

    fn act(&mut self, cue: Cue) {
        match cue {
            Cue::Mishap(number) => {
                for process in self.awake() {
                    self.befalls(process, number);
                }
                // A journal can fail, and the world change, while nobody works.
                if self.bodies.is_empty() {
                    self.befalls(Process(0), number);
                }
            }
            Cue::Saying(number) => self.say(number),
            Cue::Begin => self.begin(),
            Cue::Wake(process) => {
                if let Some(body) = self.body(process) {
                    body.stands_still_until = None;
                    self.lives(process, Life::Woke);
                }
            }
        }
    }

    fn befalls(&mut self, process: Process, number: usize) {
        let now = self.now();
        let Some(mishap) = self.simulation.mishaps.get(number) else {
            return;
        };
        match &mishap.trouble {
            Trouble::Crash { resumed_after } => {
                let before = self.bodies.len();
                self.bodies.retain(|body| body.process != process);
                if self.bodies.len() < before {
                    self.lives(process, Life::Crashed);
                    self.cue(now + *resumed_after, Cue::Begin);
                }
            }
            Trouble::Freeze {
                lasts,
                taken_over_after,
            } => {
                if let Some(body) = self.body(process) {
                    body.stands_still_until = Some(now + *lasts);
                    self.lives(process, Life::Froze);
                    if taken_over_after < lasts {
                        self.cue(now + *taken_over_after, Cue::Begin);
                    }
                    self.cue(now + *lasts, Cue::Wake(process));
                }
            }
            Trouble::ClockSet { milliseconds } => {
                if let Some(body) = self.body(process) {
                    body.clock.set_by(*milliseconds);
                }
            }
            Trouble::JournalFails { lasts } => self.health().refuses_until = now + *lasts,
            Trouble::JournalAnswerLost => self.health().loses_answer = true,
            Trouble::World(happening) => self.world.happen(happening.clone()),
        }
    }

    fn begin(&mut self) {
        self.begun += 1;
        let process = Process(self.begun);
        let offsets = &self.simulation.clock_offsets;
        let index = usize::try_from(self.begun - 1).unwrap_or(usize::MAX);
        let off = offsets
            .get(index)
            .or_else(|| offsets.last())
            .copied()
            .unwrap_or(0);
        let clock = ProcessClock::new(self.world.clock().clone(), off);
        let handle = Handle::default();
        self.handles.push(Arc::clone(&handle));
        let work = carry(
            self.driver(process, &clock),
            self.strategy,
            self.release.clone(),
            Lifeline {
                world: self.world.clone(),
                process,
                handle,
                kept: self.kept.clone(),
            },
        );
        self.bodies.push(Body {
            process,
            clock,
            work: work.boxed_local(),
            stands_still_until: None,
        });
    }

    fn driver(&self, process: Process, clock: &ProcessClock) -> Driver {
        let parts = self.release.iter().map(|(part, _)| part);
        let target = |part: &Part| self.world.target_for(part.clone()).of_process(process);
        let parts = parts.map(|part| (part.as_str().to_owned(), target(part)));
        let registry = registry(self.simulation, &self.world, process, &self.tally);
        let driver = Driver::parts(parts)
            .clock(clock.clone())
            .registry(registry)
            .inbox(self.inbox.clone())
            .observer(self.heard.clone())
            .journal(SimulatedJournal {
                kept: self.kept.clone(),
                health: Arc::clone(&self.health),
                world: self.world.clone(),
                process,
            });
        match format!("simulated-{}", process.0).parse() {
            Ok(id) => driver.id(id),
            Err(_) => driver,
        }
    }

    fn poll(&mut self, process: Process, context: &mut Context<'_>) {
        let Some(body) = self.body(process) else {
            return;
        };
        let Poll::Ready(end) = body.work.poll_unpin(context) else {
            return;
        };
        self.bodies.retain(|body| body.process != process);
        match end {
            Ok(outcome) => {
                self.lives(process, Life::Ended(outcome.clone()));
                self.outcome = Some(outcome);
            }
            Err(error) => {
                let why = error.to_string();
                self.lives(process, Life::GaveUp(why.clone()));
                self.gave_up = Some(why);
            }
        }
    }

    fn say(&mut self, number: usize) {
        let Some(saying) = self.simulation.sayings.get(number) else {
            return;
        };
        let id = format!("saying-{number}");
        let Some(envelope) = self.envelope(&id, saying) else {
            return;
        };
        if let Envelope::Command(command) = &envelope {
            self.world.note(Fact::Commanded {
                id: command.id.clone(),
                wish: command.wish.clone(),
            });
        }
        self.inbox.send(envelope);
    }

    /// What is asked, in the words of the plan and stage of that time.
    fn envelope(&self, id: &str, saying: &Saying) -> Option<Envelope> {
        let status = self.status();
        let plan = || status.as_ref()?.plan.parse().ok();
        let wish = match &saying.ask {
            Ask::Alarm(message) => {
                return Some(Envelope::Alarm(Alarm::new(id, &saying.actor, message)));
            }
            Ask::Wish(wish) => wish.clone(),
            Ask::Approve => Wish::Approve {
                stage: status.as_ref()?.approval.as_ref()?.stage.clone(),
                plan: plan()?,
            },
            Ask::Advance => {
                let status = status.as_ref()?;
                Wish::Advance {
                    stage: status.stages.get(status.stage)?.name.clone(),
                    plan: plan()?,
                }
            }
            Ask::Promote => Wish::Promote { plan: plan()? },
        };
        let command = Command::new(id, &saying.actor, wish);
        let roles = saying.roles.iter();
        Some(Envelope::Command(
            roles.fold(command, |command, role| command.in_role(role)),
        ))
    }

    /// How the rollout stands, as the newest process knows that has begun to carry it.
    fn status(&self) -> Option<Status> {
        self.handles.iter().rev().find_map(|handle| {
            let handle = handle.lock().unwrap_or_else(PoisonError::into_inner);
            handle.as_ref().map(RolloutHandle::status)
        })
    }

    fn report(self, waits: Option<String>) -> SimulationReport {
        let (calls, appends) = self.world.counts();
        let status = self.status();
        let end = match (self.outcome.clone(), waits, self.gave_up.clone()) {
            (Some(outcome), _, _) => End::Outcome(outcome),
            (None, Some(deadlock), _) => End::Waiting {
                what: status.as_ref().map_or(deadlock, waits_for),
            },
            (None, None, Some(why)) if status.is_none() => End::NeverBegan { why },
            (None, None, why) => End::GivenUp {
                why: why.unwrap_or_else(|| "nobody takes it up".to_owned()),
            },
        };
        SimulationReport {
            end,
            plan: self.plan(),
            world: self.world.report(),
            events: self.heard.all(),
            log: self.world.log(),
            status,
            processes: self.begun,
            calls,
            appends,
        }
    }

    fn plan(&self) -> Option<Plan> {
        // A journal in memory answers at once.
        let recorded = self.kept.read().now_or_never()?.ok()?;
        recorded.records.iter().find_map(|record| match record {
            Record::Snapshot(snapshot) => Some(snapshot.rollout.plan().clone()),
            Record::State(_) | Record::Decision(_) => None,
        })
    }

    fn now(&self) -> Timestamp {
        self.world.clock().now()
    }

    fn cue(&mut self, at: Timestamp, cue: Cue) {
        self.cued += 1;
        self.cues.insert((at, self.cued), cue);
    }

    fn is_to_begin(&self) -> bool {
        let mut cues = self.cues.values();
        cues.any(|cue| matches!(cue, Cue::Begin))
    }

    fn awake(&self) -> Vec<Process> {
        let bodies = self.bodies.iter();
        let awake = bodies.filter(|body| body.stands_still_until.is_none());
        awake.map(|body| body.process).collect()
    }

    fn body(&mut self, process: Process) -> Option<&mut Body<'a>> {
        let mut bodies = self.bodies.iter_mut();
        bodies.find(|body| body.process == process)
    }

    fn health(&self) -> MutexGuard<'_, Health> {
        self.health.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lives(&self, process: Process, life: Life) {
        self.world.note(Fact::Lives { process, life });
    }
}

/// What a process needs besides its driver.
struct Lifeline {
    world: World,
    process: Process,
    handle: Handle,
    kept: MemoryJournal,
}

/// A process's whole work: it takes up what the journal holds, or begins.
async fn carry(
    driver: Driver,
    strategy: &dyn Strategy,
    release: Release,
    lifeline: Lifeline,
) -> Carried {
    let process = lifeline.process;
    let is_empty = lifeline.kept.read().await?.records.is_empty();
    let (begun, life) = if is_empty {
        (driver.start(strategy, release).await, Life::Began)
    } else {
        (driver.resume().await, Life::Resumed)
    };
    lifeline.world.note(Fact::Lives { process, life });
    let (handle, run) = match begun {
        Err(DriverError::Recover(RecoverError::Over { outcome })) => return Ok(outcome),
        begun => begun?,
    };
    *lifeline
        .handle
        .lock()
        .unwrap_or_else(PoisonError::into_inner) = Some(handle);
    run.await
}

fn waits_for(status: &Status) -> String {
    let waiting = status.waiting.iter().chain(&status.left);
    let waiting: Vec<_> = waiting.map(ToString::to_string).collect();
    format!("{:?}: {}", status.phase, waiting.join(", "))
}
