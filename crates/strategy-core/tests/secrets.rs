//! A secret in every field of a plan or a target's own data that can hold one: where it comes out, and
//! where it does not. (Credentials inside hooks, gates, analyses and targets: see `driver_secrets`.)
#![expect(
    clippy::wildcard_enum_match_arm,
    clippy::unwrap_used,
    reason = "functions that tests share are tests as well"
)]

mod log;

use std::fmt::Debug;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use strategy_core::analysis::{Analysis, Look, MeasureError, Measurement, PreparedCheck, Verdict};
use strategy_core::driver::{Driver, FileJournal};
use strategy_core::hook::{
    ExternalGate, GateAnswer, GateRequest, Hook, HookError, HookReport, HookRequest,
};
use strategy_core::plan::{Check, Extension, Gate, HookPlan, HookPoint, Plan, Undo};
use strategy_core::rollout::{Completion, Effect, Input, LookId, Start};
use strategy_core::strategy::Canary;
use strategy_core::target::{
    Applied, Apply, Binding, Claim, Discovery, Found, Observation, TargetError, TargetErrorKind,
    Version,
};
use strategy_core::world::{InMemoryTarget, World, discovery_of, fulfilled, observed_track};
use strategy_core::{Images, Part, Release, Rollout, Strategy, Target, Timestamp};
use tempfile::TempDir;

use self::log::Log;

const SECRET: &str = "hunter2-c0ffee";

fn named(kind: &str) -> Extension {
    Extension::new(kind).with("token", SECRET)
}

/// A check, hooks, an undo and a gate, all with the secret among their parameters.
fn strategy() -> Canary {
    let smoke = HookPlan::new("smoke", HookPoint::Ready, named("http"));
    Canary::new()
        .stages([25, 100])
        .bake(Duration::from_secs(60))
        .check("errors", Check::new(named("counts")))
        .hook(smoke.undo(Undo::By(named("http"))))
        .gate_before("25%", Gate::external("window", named("calendar")))
}

fn release() -> Release {
    Release::of([("app", "app:v2")]).unwrap()
}

/// Everything that is shown, to be searched at the end.
#[derive(Debug, Default)]
struct Shown(Vec<String>);

impl Shown {
    fn debug(&mut self, value: &impl Debug) {
        self.0.push(format!("{value:?}\n{value:#?}"));
    }

    fn text(&mut self, value: impl Into<String>) {
        self.0.push(value.into());
    }

    #[track_caller]
    fn hides_the_secret(&self) {
        assert!(self.0.len() > 5);
        for text in &self.0 {
            assert!(!text.contains(SECRET), "{text}");
        }
    }
}

#[test]
fn debug_output_of_machine_plan_effects_and_inputs_names_parameters_only() {
    let images = Images::parse([("app", "app:v1")]).unwrap();
    let mut start = discovery_of(observed_track(&images, 4), Default::default());
    start.binding = Binding::new(&SECRET).unwrap();
    let found = Found::main(start.clone());
    let plan = strategy().plan(&release(), &found).unwrap();
    let mut shown = Shown::default();
    shown.debug(&plan);
    shown.debug(&strategy());
    shown.debug(&start);
    let mut now = Timestamp::from_millis(1_800_000_000_000);
    let start_with =
        Start::new("secret".parse().unwrap(), plan, found).prepared([PreparedCheck::new("errors")]);
    shown.debug(&start_with);
    let mut rollout = Rollout::start(start_with, now).unwrap();
    let mut is = start.observation.clone();
    let mut kinds = Vec::new();
    while !rollout.is_settled() {
        while let Some(record) = rollout.poll_record() {
            shown.debug(&record);
        }
        while let Some(event) = rollout.poll_event() {
            shown.debug(&event);
            shown.text(format!(
                "{event} {}",
                serde_json::to_string(&event).unwrap()
            ));
        }
        shown.debug(&rollout);
        shown.debug(&rollout.status());
        shown.text(serde_json::to_string(&rollout.status()).unwrap());
        let Some(effect) = rollout.poll_effect() else {
            now = rollout.poll_timeout().unwrap();
            rollout.handle_timeout(now);
            continue;
        };
        shown.debug(&effect);
        kinds.push(effect.kind());
        let done = |outcome| Input::EffectSucceeded {
            id: effect.id().unwrap(),
            outcome,
        };
        let input = match &effect {
            Effect::Claim { .. } => done(Completion::Claimed),
            Effect::Apply { request, .. } => {
                is = fulfilled(&request.desired, &start);
                // Platforms hand out bindings too.
                let binding = Binding::new(&format!("{SECRET} {}", request.id)).unwrap();
                done(Completion::Applied(Applied::rebound(binding)))
            }
            Effect::Observe { part, ticket, .. } => Input::Observed {
                part: part.clone(),
                ticket: *ticket,
                observation: Box::new(is.clone()),
            },
            Effect::Measure { look, .. } => Input::Measured {
                look: LookId::from(&**look),
                measurement: passed(),
            },
            Effect::RunHook { .. } => done(Completion::HookRan(report())),
            Effect::AskGate { .. } => done(Completion::GateAnswered(GateAnswer::Open)),
            _ => continue,
        };
        shown.debug(&input);
        rollout.handle(input, now).unwrap();
    }
    kinds.sort();
    kinds.dedup();
    assert!(kinds.len() >= 6, "every kind of effect was seen: {kinds:?}");
    shown.hides_the_secret();
    // What cannot be found here could not be found at all.
    assert!(
        serde_json::to_string(&rollout.snapshot())
            .unwrap()
            .contains(SECRET)
    );
}

fn passed() -> Measurement {
    Measurement::new(Verdict::Pass, "fine")
}

fn report() -> HookReport {
    HookReport::passed("fine")
}

/// A target that keeps a secret in its binding, and now and then cannot be reached.
#[derive(Clone, Debug)]
struct Sealed(InMemoryTarget, Arc<Mutex<u32>>);

impl Sealed {
    fn is_down_now(&self) -> bool {
        let mut calls = self.1.lock().unwrap();
        *calls += 1;
        (*calls).is_multiple_of(5)
    }
}

#[derive(Serialize, Deserialize)]
struct Seal {
    token: String,
    inner: Binding,
}

fn seal(inner: Binding) -> Binding {
    let token = SECRET.to_owned();
    Binding::new(&Seal { token, inner }).unwrap()
}

fn open(binding: &Binding) -> Result<Binding, TargetError> {
    let unreadable = |_| TargetError::new(TargetErrorKind::InvalidConfig, "read", "binding");
    binding
        .read()
        .map(|seal: Seal| seal.inner)
        .map_err(unreadable)
}

#[async_trait]
impl Target for Sealed {
    async fn discover(&self) -> Result<Discovery, TargetError> {
        let mut found = self.0.discover().await?;
        found.binding = seal(found.binding);
        Ok(found)
    }
    async fn observe(&self, binding: &Binding) -> Result<Observation, TargetError> {
        if self.is_down_now() {
            return Err(TargetError::new(TargetErrorKind::Unavailable, "get", "app"));
        }
        self.0.observe(&open(binding)?).await
    }
    async fn apply(&self, request: &Apply) -> Result<Applied, TargetError> {
        let mut inner = request.clone();
        inner.binding = open(&request.binding)?;
        let mut applied = self.0.apply(&inner).await?;
        applied.binding = applied.binding.map(seal);
        Ok(applied)
    }
    async fn claim(
        &self,
        binding: &Binding,
        from: Option<&Claim>,
        to: Option<&Claim>,
    ) -> Result<(), TargetError> {
        self.0.claim(&open(binding)?, from, to).await
    }
    async fn changed(&self, binding: &Binding, after: &Version) {
        if let Ok(binding) = open(binding) {
            self.0.changed(&binding, after).await;
        }
    }
}

/// Does what it is asked, and shows nothing of it.
#[derive(Debug)]
struct Obliging;

#[async_trait]
impl Analysis for Obliging {
    async fn admit(&self, plan: &Plan, _: &Found) -> Result<Vec<PreparedCheck>, MeasureError> {
        let checks = plan.checks().keys().cloned();
        Ok(checks.map(PreparedCheck::new).collect())
    }
    async fn measure(&self, look: &Look) -> Result<Measurement, MeasureError> {
        assert_eq!(look.analysis.params["token"], SECRET, "code is given it");
        Ok(passed())
    }
}

#[async_trait]
impl Hook for Obliging {
    async fn run(&self, request: &HookRequest) -> Result<HookReport, HookError> {
        assert_eq!(request.run.params["token"], SECRET, "code is given it");
        Ok(report())
    }
}

#[async_trait]
impl ExternalGate for Obliging {
    async fn ask(&self, request: &GateRequest) -> Result<GateAnswer, HookError> {
        assert_eq!(request.ask.params["token"], SECRET, "code is given it");
        Ok(GateAnswer::Open)
    }
}

#[test]
fn logs_and_errors_hide_it_and_journal_and_plan_table_hold_it() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("a.journal");
    let world = World::seeded(3)
        .stable("app:v1", 4)
        .requests_per_second(50)
        .build()
        .unwrap();
    let log = Log::default();
    let bare = || {
        Driver::on(Sealed(world.target_for(Part::main()), Arc::default()))
            .clock(world.clock().clone())
            .observer(log.clone())
    };
    let whole = || {
        bare()
            .analysis("counts", Obliging)
            .hook("http", Obliging)
            .gate("calendar", Obliging)
    };
    let mut shown = Shown::default();
    let story = async {
        let planned = whole().plan(&strategy(), release()).await.unwrap();
        shown.debug(&planned);
        assert!(
            planned.table().contains(SECRET),
            "people approve what they see"
        );

        let unknown = bare().start(&strategy(), release()).await.unwrap_err();
        shown.debug(&unknown);
        shown.text(unknown.to_string());

        let journal = FileJournal::create(&path).unwrap();
        shown.debug(&journal);
        let driver = whole().journal(journal);
        shown.debug(&driver);
        let (handle, run) = driver.start(&strategy(), release()).await.unwrap();
        let stop = async {
            let at = world.clock().now() + Duration::from_secs(100);
            world.clock().sleep_until(at).await;
            handle.detach().await;
        };
        let (end, ()) = futures::join!(run, stop);
        let end = end.unwrap_err();
        shown.debug(&end);
        shown.text(end.to_string());

        let missing = bare().journal(FileJournal::open(&path).unwrap());
        let missing = missing.resume().await.unwrap_err();
        shown.debug(&missing);
        shown.text(missing.to_string());

        let resumed = whole().journal(FileJournal::open(&path).unwrap());
        let (handle, run) = resumed.resume().await.unwrap();
        shown.debug(&run.await.unwrap());
        shown.debug(&handle.status());
    };
    tracing::subscriber::with_default(log.clone(), || world.block_on(story).unwrap());
    let logged = log.text();
    assert!(
        logged.contains("failed in passing") && logged.contains("promoted"),
        "{logged}"
    );
    shown.text(logged);
    shown.hides_the_secret();
    let journal = std::fs::read_to_string(&path).unwrap();
    assert!(
        journal.contains(SECRET),
        "the binding and the parameters are in the journal: docs/reference/secrets.md says so"
    );
}
