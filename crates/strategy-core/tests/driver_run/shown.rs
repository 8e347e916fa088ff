//! What a person is shown of a rollout: before it starts, in the log, and by a driver's own names.

use strategy_core::target::{Finding, TargetErrorKind};

use super::log::Log;
use super::plain_journal::PlainJournal;
use super::*;

/// A target that says of itself what a test wants: fenced or not, with findings, and with writes that fail.
#[derive(Clone, Debug)]
struct Says {
    inner: InMemoryTarget,
    fenced: bool,
    findings: Vec<Finding>,
    is_broken: Arc<AtomicBool>,
    /// How long a claim is on its way.
    claim_takes: Duration,
    world: World,
}

impl Says {
    fn of(world: &World) -> Self {
        Self {
            inner: world.target(),
            fenced: true,
            findings: Vec::new(),
            is_broken: Arc::default(),
            claim_takes: Duration::ZERO,
            world: world.clone(),
        }
    }

    fn fails(&self) -> Result<(), TargetError> {
        if self.is_broken.load(Ordering::SeqCst) {
            return Err(TargetError::new(
                TargetErrorKind::InvalidConfig,
                "service/api",
                "the schema says no",
            ));
        }
        Ok(())
    }
}

#[async_trait]
impl Target for Says {
    async fn discover(&self) -> Result<Discovery, TargetError> {
        let mut found = self.inner.discover().await?;
        found.capabilities.fenced = self.fenced;
        Ok(found)
    }
    async fn observe(&self, binding: &Binding) -> Result<Observation, TargetError> {
        self.inner.observe(binding).await
    }
    async fn apply(&self, request: &Apply) -> Result<Applied, TargetError> {
        self.fails()?;
        self.inner.apply(request).await
    }
    async fn admit(
        &self,
        part: &Part,
        found: &Discovery,
        plan: &Plan,
    ) -> Result<Admission, TargetError> {
        let mut admission = self.inner.admit(part, found, plan).await?;
        admission.findings.extend(self.findings.iter().cloned());
        Ok(admission)
    }
    async fn claim(
        &self,
        binding: &Binding,
        from: Option<&Claim>,
        to: Option<&Claim>,
    ) -> Result<(), TargetError> {
        let clock = self.world.clock();
        clock.sleep_until(clock.now() + self.claim_takes).await;
        self.inner.claim(binding, from, to).await
    }
}

fn on(world: &World, target: impl Target) -> Driver {
    Driver::on(target)
        .clock(world.clock().clone())
        .analysis(FailureShare::KIND, world.analysis())
        .id("r1".parse().unwrap())
}

fn notes(world: &World, driver: &Driver) -> Vec<String> {
    let planned = world.block_on(driver.plan(&canary(), release())).unwrap();
    planned.unwrap().notes
}

#[test]
fn a_journal_that_ends_with_the_process_is_noted_and_no_other() {
    let world = world();
    let is_noted = |driver: Driver| {
        let notes = notes(&world, &driver);
        notes.iter().any(|note| note.contains("cannot be resumed"))
    };
    assert!(is_noted(driver(&world)), "the default is in memory");
    assert!(is_noted(
        driver(&world).journal(Arc::new(MemoryJournal::new()))
    ));
    assert!(!is_noted(driver(&world).journal(PlainJournal::default())));
    assert!(!is_noted(
        driver(&world).journal(Arc::new(PlainJournal::default()))
    ));
    let folder = TempDir::new().unwrap();
    let file = FileJournal::create(folder.path().join("r1.journal")).unwrap();
    assert!(!is_noted(driver(&world).journal(file)));
}

#[test]
fn a_part_that_nothing_fences_is_noted_and_no_other() {
    let world = world();
    let noted = |fenced| {
        let target = Says {
            fenced,
            ..Says::of(&world)
        };
        let notes = notes(&world, &on(&world, target));
        notes
            .iter()
            .any(|note| note.contains("nothing fences main"))
    };
    assert!(noted(false));
    assert!(!noted(true));
}

#[test]
fn findings_and_notes_follow_the_plans_table_a_line_each() {
    let world = world();
    let target = Says {
        findings: vec![Finding::warns(
            "odd",
            "service/api",
            "it is odd",
            "look at it",
        )],
        ..Says::of(&world)
    };
    let planned = world.block_on(on(&world, target).plan(&canary(), release()));
    let planned = planned.unwrap().unwrap();
    let (plan, shown) = (planned.plan.table(), planned.table());
    let added = shown.strip_prefix(plan.as_str()).unwrap();
    assert_eq!(
        added,
        "warning [odd] service/api: it is odd; look at it\n\
         note: the journal is in memory: if this process ends, the rollout cannot be resumed\n\
         note: check `errors` has no bound on false alarms and takes no share of the budget\n"
    );
    assert!(!planned.is_blocked());
}

#[test]
fn everything_that_stands_in_the_way_is_told_a_line_each() {
    let world = world();
    let target = Says {
        findings: vec![
            Finding::blocks("one", "service/api", "it is one", "mend it"),
            Finding::warns("two", "service/api", "it is two", "look at it"),
            Finding::blocks("three", "service/web", "it is three", "mend that"),
        ],
        ..Says::of(&world)
    };
    let started = world.block_on(on(&world, target).start(&canary(), release()));
    let error = started.unwrap().err().unwrap();
    assert_eq!(
        error.to_string(),
        "the plan cannot run here:\n\
         blocked [one] service/api: it is one; mend it\n\
         blocked [three] service/web: it is three; mend that"
    );
}

/// Where there are several parts, what is found says of which; where there is one, it need not.
#[test]
fn what_is_found_names_its_part_where_there_are_several() {
    let (eu, us) = (world(), world());
    let says = |world: &World| Says {
        findings: vec![Finding::warns("odd", "service/api", "it is odd", "look")],
        ..Says::of(world)
    };
    let found = |driver: Driver, parts: &[&str]| {
        let image = [("app", "registry.example/app:2")];
        let images = || strategy_core::Images::parse(image).unwrap();
        let parts = parts
            .iter()
            .map(|part| (part.parse::<Part>().unwrap(), images()));
        let release = Release::parts(parts).unwrap();
        let driver = driver
            .clock(eu.clock().clone())
            .analysis(FailureShare::KIND, eu.analysis());
        let planned = eu.block_on(driver.plan(&canary(), release));
        let findings = planned.unwrap().unwrap().findings.into_iter();
        findings.map(|finding| finding.resource).collect::<Vec<_>>()
    };
    let both = Driver::parts([("eu", says(&eu)), ("us", says(&us))]);
    assert_eq!(
        found(both, &["eu", "us"]),
        ["eu: service/api", "us: service/api"]
    );
    assert_eq!(found(Driver::on(says(&eu)), &["main"]), ["service/api"]);
}

#[test]
fn a_rollout_without_a_name_gets_one_of_the_time_and_random_bits() {
    let name = || {
        let world = world();
        let nameless = Driver::on(world.target())
            .clock(world.clock().clone())
            .analysis(FailureShare::KIND, world.analysis());
        let (handle, _run) = world
            .block_on(nameless.start(&canary(), release()))
            .unwrap()
            .unwrap();
        let now = format!("{:x}", world.clock().now().as_millis());
        let name = handle.id().to_string();
        let (time, random) = name.split_once('-').unwrap();
        assert_eq!(time, now);
        assert_eq!(random.len(), 8, "{name}");
        random.to_owned()
    };
    let names: std::collections::BTreeSet<String> = (0..20).map(|_| name()).collect();
    assert!(names.len() > 18, "{names:?}");
}

#[test]
fn a_driver_and_its_run_are_shown_by_names() {
    let world = world();
    let driver = driver(&world);
    let shown = format!("{driver:?}");
    assert!(shown.contains("main") && shown.contains("r1"), "{shown}");
    let run = format!("{:?}", started(&world, driver));
    assert!(run.contains("r1"), "{run}");
}

#[test]
fn the_log_says_what_began_what_was_done_and_what_failed_and_why() {
    let (world, log) = (world(), Log::default());
    let target = Says::of(&world);
    let broken = Arc::clone(&target.is_broken);
    broken.store(true, Ordering::SeqCst);
    let story = async {
        let driver = on(&world, target).journal(MemoryJournal::new());
        driver.start(&canary(), release()).await.unwrap().1.await
    };
    let end = tracing::subscriber::with_default(log.clone(), || world.block_on(story).unwrap());
    assert!(matches!(end, Ok(Outcome::RolledBack { .. })), "{end:?}");
    let text = log.text();
    let lines = |word: &str| text.lines().filter(|line| line.contains(word)).count();
    assert!(lines("message=begun effect=look at main") > 0, "{text}");
    assert!(lines("message=done effect=look at main") > 0, "{text}");
    let failed = text.lines().find(|line| line.contains("message=failed"));
    let failed = failed.unwrap_or_else(|| panic!("no failure is logged\n{text}"));
    assert!(failed.contains("the schema says no"), "{failed}");
    assert!(failed.contains("effect="), "{failed}");
}

/// The outcome is known as soon as it is reached; the claim is given back after that.
#[test]
fn an_outcome_is_told_before_all_is_cleaned_up() {
    let world = world();
    let target = Says {
        claim_takes: Duration::from_secs(5),
        ..Says::of(&world)
    };
    let story = async {
        let driver = on(&world, target);
        let (handle, run) = driver.start(&canary(), release()).await.unwrap();
        let waits = async {
            let outcome = handle.outcome().await.unwrap();
            let at = world.clock().now();
            assert_ne!(handle.status().phase, Phase::Settled);
            assert_eq!(handle.settled().await.unwrap(), outcome);
            assert_eq!(world.clock().now(), at + Duration::from_secs(5));
        };
        futures::join!(run, waits).0.unwrap()
    };
    assert_eq!(world.block_on(story).unwrap(), Outcome::Promoted);
}
