//! A secret in every part of a driver's configuration that can hold one comes out nowhere.
#![expect(
    clippy::unwrap_used,
    reason = "functions that tests share are tests as well"
)]

mod log;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use strategy_core::analysis::{
    Analysis, FailureShare, Look, MeasureError, Measurement, PreparedCheck,
};
use strategy_core::driver::{Clock, Driver, FileInbox, FileJournal};
use strategy_core::hook::{
    ExternalGate, GateAnswer, GateRequest, Hook, HookError, HookReport, HookRequest,
};
use strategy_core::inbox::{Envelope, Inbox, InboxError};
use strategy_core::journal::{Journal, JournalError, Recorded, Sequence};
use strategy_core::observer::Observer;
use strategy_core::plan::{Check, Extension, Gate, HookPlan, HookPoint, Plan};
use strategy_core::rollout::{Answer, CommandId, Event, Record};
use strategy_core::strategy::Canary;
use strategy_core::target::{
    Applied, Apply, Binding, Claim, Discovery, Found, Observation, TargetError, TargetErrorKind,
    Version,
};
use strategy_core::world::{InMemoryTarget, World};
use strategy_core::{Release, Target, Timestamp};
use tempfile::TempDir;

use self::log::Log;

const SECRET: &str = "hunter2-c0ffee";

/// Anything of a user's, with credentials that its own `Debug` shows, and that fails now and then.
#[derive(Clone, Debug)]
struct Holds<T> {
    inner: T,
    _token: &'static str,
    calls: Arc<Mutex<u32>>,
}

fn holding<T>(inner: T) -> Holds<T> {
    Holds {
        inner,
        _token: SECRET,
        calls: Arc::default(),
    }
}

impl<T> Holds<T> {
    /// Every third call fails.
    fn fails(&self) -> bool {
        let mut calls = self.calls.lock().unwrap();
        *calls += 1;
        calls.is_multiple_of(3)
    }
}

#[async_trait]
impl Target for Holds<InMemoryTarget> {
    async fn discover(&self) -> Result<Discovery, TargetError> {
        self.inner.discover().await
    }
    async fn observe(&self, binding: &Binding) -> Result<Observation, TargetError> {
        if self.fails() {
            return Err(TargetError::new(TargetErrorKind::Unavailable, "get", "app"));
        }
        self.inner.observe(binding).await
    }
    async fn apply(&self, request: &Apply) -> Result<Applied, TargetError> {
        if self.fails() {
            return Err(TargetError::new(TargetErrorKind::Unavailable, "put", "app"));
        }
        self.inner.apply(request).await
    }
    async fn claim(
        &self,
        binding: &Binding,
        from: Option<&Claim>,
        to: Option<&Claim>,
    ) -> Result<(), TargetError> {
        self.inner.claim(binding, from, to).await
    }
    async fn changed(&self, binding: &Binding, after: &Version) {
        self.inner.changed(binding, after).await;
    }
}

#[async_trait]
impl Analysis for Holds<FailureShare> {
    async fn admit(&self, plan: &Plan, found: &Found) -> Result<Vec<PreparedCheck>, MeasureError> {
        self.inner.admit(plan, found).await
    }
    async fn measure(&self, look: &Look) -> Result<Measurement, MeasureError> {
        if self.fails() {
            return Err(MeasureError::Unavailable {
                source_name: "prometheus".to_owned(),
                source: "connection refused".into(),
            });
        }
        self.inner.measure(look).await
    }
}

#[async_trait]
impl Hook for Holds<()> {
    async fn run(&self, _: &HookRequest) -> Result<HookReport, HookError> {
        Ok(HookReport::passed("fine"))
    }
}

#[async_trait]
impl ExternalGate for Holds<()> {
    async fn ask(&self, request: &GateRequest) -> Result<GateAnswer, HookError> {
        if self.fails() {
            return Ok(GateAnswer::Open);
        }
        Err(HookError::new(&request.gate, "no answer"))
    }
}

impl Observer for Holds<()> {
    fn event(&self, _: &Event) {
        assert!(!self.fails(), "an observer that panics");
    }
}

#[async_trait]
impl Journal for Holds<FileJournal> {
    async fn append(&self, expected: Sequence, records: &[Record]) -> Result<(), JournalError> {
        if self.fails() {
            return Err(JournalError::Storage {
                operation: "write".to_owned(),
                place: "disk".to_owned(),
                source: "full".into(),
            });
        }
        self.inner.append(expected, records).await
    }
    async fn compact(&self, expected: Sequence, snapshot: &Record) -> Result<(), JournalError> {
        self.inner.compact(expected, snapshot).await
    }
    async fn read(&self) -> Result<Recorded, JournalError> {
        self.inner.read().await
    }
}

#[async_trait]
impl Inbox for Holds<FileInbox> {
    async fn next(&self, after: Option<&CommandId>) -> Result<Envelope, InboxError> {
        self.inner.next(after).await
    }
    async fn answer(&self, id: &CommandId, answer: &Answer) -> Result<(), InboxError> {
        self.inner.answer(id, answer).await
    }
}

#[async_trait]
impl<T: Clock> Clock for Holds<T> {
    fn now(&self) -> Timestamp {
        self.inner.now()
    }
    fn elapsed(&self) -> Duration {
        self.inner.elapsed()
    }
    async fn sleep_until(&self, at: Timestamp) {
        self.inner.sleep_until(at).await;
    }
}

#[test]
fn a_secret_in_the_configuration_comes_out_nowhere() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("a.journal");
    let world = World::seeded(3)
        .stable("registry.example/app:1", 4)
        .requests_per_second(50)
        .build()
        .unwrap();
    let check = Check::new(Extension::new(FailureShare::KIND).with("limit", "1%"));
    let strategy = Canary::new()
        .stages([25, 100])
        .bake(Duration::from_secs(120))
        .check("errors", check)
        .hook(HookPlan::new(
            "smoke",
            HookPoint::Ready,
            Extension::new("http"),
        ))
        .gate_before("25%", Gate::external("freeze", Extension::new("calendar")));
    let release = Release::of([("app", "registry.example/app:2")]).unwrap();
    let clock = || holding(world.clock().clone());
    let inbox = FileInbox::open(FileInbox::beside(&path), Arc::new(clock())).unwrap();
    let driver = |journal: FileJournal| {
        Driver::on(holding(world.target()))
            .id("r1".parse().unwrap())
            .clock(clock())
            .analysis(FailureShare::KIND, holding(world.analysis()))
            .hook("http", holding(()))
            .gate("calendar", holding(()))
            .observer(holding(()))
            .inbox(holding(inbox.clone()))
            .journal(holding(journal))
    };
    let log = Log::default();
    let mut shown = Vec::new();
    let story = async {
        let driver_one = driver(FileJournal::create(&path).unwrap());
        shown.push(format!("{driver_one:?} {driver_one:#?}"));
        let planned = driver_one.plan(&strategy, release.clone()).await.unwrap();
        shown.push(format!("{planned:?} {}", planned.table()));
        let (handle, run) = driver_one.start(&strategy, release.clone()).await.unwrap();
        shown.push(format!("{handle:?} {run:?}"));
        let mut events = handle.events();
        let stop = async {
            let now = world.clock().now();
            world
                .clock()
                .sleep_until(now + Duration::from_secs(200))
                .await;
            handle.detach().await;
        };
        let (end, ()) = futures::join!(run, stop);
        let end = end.unwrap_err();
        shown.push(format!("{end:?} {end}"));
        let heard = async {
            let mut heard = String::new();
            while let Some(event) = events.next().await {
                heard.push_str(&format!("{event:?}"));
            }
            heard
        };
        shown.push(heard.await);
        shown.push(serde_json::to_string(&handle.status()).unwrap());
        let resumed = driver(FileJournal::open(&path).unwrap()).resume().await;
        let (handle, run) = resumed.unwrap();
        shown.push(format!("{:?} {:?}", run.await, handle.status()));
        let again = driver(FileJournal::open(&path).unwrap());
        let refused = again.start(&strategy, release).await.unwrap_err();
        shown.push(format!("{refused:?} {refused}"));
    };
    tracing::subscriber::with_default(log.clone(), || world.block_on(story).unwrap());
    let log = log.text();
    for said in [
        "failed in passing",
        "journal cannot be written",
        "panicked",
        "begun",
        "id=",
    ] {
        assert!(log.contains(said), "the log does not say `{said}`:\n{log}");
    }
    let journal = std::fs::read_to_string(&path).unwrap();
    assert!(journal.contains("decision"));
    // What cannot be found here could not be found at all.
    assert!(format!("{:?}", holding(())).contains(SECRET));
    for text in shown.iter().chain([&log, &journal]) {
        assert!(!text.contains(SECRET), "{text}");
    }
}
