//! The processes of a simulation: begun, stopped, taken up again, each polled in the order of its number.

mod befalling;
mod ending;

use std::collections::BTreeMap;
use std::error::Error;
use std::future::poll_fn;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use futures::FutureExt as _;
use futures::future::LocalBoxFuture;

use super::Simulation;
use super::carrier::{Carrier, Equipment, Handle};
use super::clock::ProcessClock;
use super::counting::Counting;
use super::inbox::SimulatedInbox;
use super::journal::{Health, SimulatedJournal};
use super::registered::registry;
use super::report::SimulationReport;
use super::runs::Tally;
use crate::analysis::Counter;
use crate::driver::{MemoryInbox, MemoryJournal, RolloutHandle, in_words};
use crate::inbox::Envelope;
use crate::release::Release;
use crate::rollout::{Outcome, Status};
use crate::strategy::Strategy;
use crate::target::Target;
use crate::timestamp::Timestamp;
use crate::world::{Fact, Heard, Life, Process, World};

/// Runs a simulation to its end.
pub(super) fn run(
    simulation: &Simulation,
    strategy: &dyn Strategy,
    carrier: &dyn Carrier,
) -> SimulationReport {
    match built(simulation) {
        Ok((world, release)) => Cast::new(simulation, strategy, carrier, world, release).play(),
        Err(why) => SimulationReport::never_began(why),
    }
}

/// The world, and what is released in it; else why there can be none, in words.
pub(super) fn built(simulation: &Simulation) -> Result<(World, Release), String> {
    simulation.check().map_err(|error| error.to_string())?;
    let release = simulation.released().map_err(|error| error.to_string())?;
    let world = simulation.scenario(&release).build();
    Ok((world.map_err(|error| error.to_string())?, release))
}

type Carried = Result<Outcome, Box<dyn Error>>;

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

/// So many turns may begin in one moment; a rollout takes a few hundred.
const MOST_AT_ONCE: u32 = 20_000;

/// All processes and what they share.
struct Cast<'a> {
    simulation: &'a Simulation,
    strategy: &'a dyn Strategy,
    carrier: &'a dyn Carrier,
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
    /// The moment it is, and how many turns have begun in it.
    at_once: (Timestamp, u32),
}

impl<'a> Cast<'a> {
    fn new(
        simulation: &'a Simulation,
        strategy: &'a dyn Strategy,
        carrier: &'a dyn Carrier,
        world: World,
        release: Release,
    ) -> Self {
        world.keep_log();
        let mut cast = Self {
            simulation,
            strategy,
            carrier,
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
            at_once: (Timestamp::from_millis(0), 0),
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
            if self.stands_still(now) {
                self.bodies.clear();
                self.cues.clear();
                self.gave_up = Some(format!("no time passes in {MOST_AT_ONCE} turns"));
                return;
            }
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

    /// Whether everybody is busy without end, and no time passes any more.
    fn stands_still(&mut self, now: Timestamp) -> bool {
        let (at, turns) = self.at_once;
        self.at_once = if at == now { (at, turns + 1) } else { (now, 0) };
        self.at_once.1 > MOST_AT_ONCE
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
        let equipment = self.equipment(process, &clock, handle);
        let work = self.carrier.carry(equipment, self.strategy);
        self.bodies.push(Body {
            process,
            clock,
            work,
            stands_still_until: None,
        });
    }

    fn equipment(&self, process: Process, clock: &ProcessClock, handle: Handle) -> Equipment {
        let world = || self.world.clone();
        let parts = self.release.iter().map(|(part, _)| part.clone());
        let targets = parts.map(|part| {
            let target = self.world.target_for(part.clone()).of_process(process);
            (part, Arc::new(target) as Arc<dyn Target>)
        });
        let counter: Arc<dyn Counter> = Arc::new(Counting {
            world: world(),
            process,
        });
        Equipment {
            process,
            release: self.release.clone(),
            targets: targets.collect(),
            journal: Arc::new(SimulatedJournal {
                kept: self.kept.clone(),
                health: Arc::clone(&self.health),
                world: world(),
                process,
            }),
            clock: Arc::new(clock.clone()),
            inbox: Arc::new(SimulatedInbox {
                said: self.inbox.clone(),
                world: world(),
            }),
            registry: registry(self.simulation, &self.world, process, &self.tally, &counter),
            counter,
            observer: Arc::new(self.heard.clone()),
            world: world(),
            handle,
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
                let why = in_words(&*error);
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
        let Some(envelope) = saying.envelope(&id, self.status().as_ref()) else {
            return;
        };
        if let Envelope::Command(command) = &envelope {
            self.world.note(Fact::Commanded {
                id: command.id.clone(),
                actor: command.actor.clone(),
                roles: command.roles.clone(),
                wish: command.wish.clone(),
            });
        }
        self.inbox.send(envelope);
    }

    /// How the rollout stands, as the newest process knows that has begun to carry it.
    fn status(&self) -> Option<Status> {
        self.handles.iter().rev().find_map(|handle| {
            let handle = handle.lock().unwrap_or_else(PoisonError::into_inner);
            handle.as_ref().map(RolloutHandle::status)
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
