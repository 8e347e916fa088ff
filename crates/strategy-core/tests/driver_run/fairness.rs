//! A target that always has news: commands are heard all the same, and other futures of the task too.

use super::*;

/// A target that says at once that there is news, and shows a new version at every look.
#[derive(Clone, Debug)]
struct Restless {
    inner: InMemoryTarget,
    looks: Arc<AtomicU64>,
    /// After so many looks it is silent, so that a test ends also where nothing else is heard.
    most: u64,
    /// It shows the same version again and again.
    is_same: bool,
}

#[async_trait]
impl Target for Restless {
    async fn discover(&self) -> Result<Discovery, TargetError> {
        self.inner.discover().await
    }
    async fn observe(&self, binding: &Binding) -> Result<Observation, TargetError> {
        let look = self.looks.fetch_add(1, Ordering::SeqCst);
        if look >= self.most {
            std::future::pending::<()>().await;
        }
        let mut seen = self.inner.observe(binding).await?;
        if !self.is_same {
            seen.version = Version(look.to_string());
        }
        Ok(seen)
    }
    async fn apply(&self, request: &Apply) -> Result<Applied, TargetError> {
        self.inner.apply(request).await
    }
    async fn admit(
        &self,
        part: &Part,
        found: &Discovery,
        plan: &Plan,
    ) -> Result<Admission, TargetError> {
        self.inner.admit(part, found, plan).await
    }
    async fn claim(
        &self,
        binding: &Binding,
        from: Option<&Claim>,
        to: Option<&Claim>,
    ) -> Result<(), TargetError> {
        self.inner.claim(binding, from, to).await
    }
    async fn changed(&self, _: &Binding, _: &Version) {}
}

fn restless(world: &World, most: u64) -> (Driver, Arc<AtomicU64>) {
    let looks = Arc::<AtomicU64>::default();
    let target = Restless {
        inner: world.target(),
        looks: Arc::clone(&looks),
        most,
        is_same: false,
    };
    let driver = Driver::on(target)
        .clock(world.clock().clone())
        .analysis(FailureShare::KIND, world.analysis())
        .id("r1".parse().unwrap());
    (driver, looks)
}

#[test]
fn commands_are_heard_though_a_target_always_has_news() {
    let world = world();
    let (driver, looks) = restless(&world, 5_000);
    let inbox = MemoryInbox::new();
    let story = async {
        let driver = driver.inbox(inbox.clone());
        let (handle, run) = driver.start(&canary(), release()).await.unwrap();
        let people = async {
            // The run is polled first, and never waits: nothing here is reached unless it yields.
            let pause = Command::new("pause", "ann", Wish::Pause);
            assert_eq!(handle.command(pause).await.unwrap(), Answer::Recorded);
            let abort = Command::new("abort", "ann", Wish::Abort { force: false });
            inbox.send(Envelope::Command(abort));
            let answer = inbox.answer_to(&CommandId("abort".to_owned())).await;
            assert_eq!(answer, Answer::Recorded);
            let heard_after = looks.load(Ordering::SeqCst);
            handle.detach().await;
            heard_after
        };
        // Home or detached: both come fast here.
        futures::join!(run, people).1
    };
    let looked = world.block_on(story).unwrap();
    assert!(looked < 200, "heard after {looked} looks");
}

#[test]
fn a_target_without_an_await_point_leaves_a_runtime_to_others() {
    let world = world();
    let (driver, looks) = restless(&world, 5_000);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    runtime.block_on(async {
        let (handle, run) = driver.start(&canary(), release()).await.unwrap();
        let running = tokio::spawn(run);
        // One thread: the run has it whenever this waits.
        let pause = Command::new("pause", "ann", Wish::Pause);
        assert_eq!(handle.command(pause).await.unwrap(), Answer::Recorded);
        handle.detach().await;
        let looked = looks.load(Ordering::SeqCst);
        // A runtime of one thread looks after this task once in 61 turns.
        assert!(looked < 1_000, "heard after {looked} looks");
        let end = running.await.unwrap();
        assert!(matches!(end, Err(DriverError::Detached { .. })), "{end:?}");
    });
}

#[test]
fn observers_hear_though_a_target_always_has_news() {
    #[derive(Clone, Debug, Default)]
    struct Hears(Arc<AtomicU64>);
    impl Observer for Hears {
        fn event(&self, _: &Event) {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }
    let world = world();
    let (driver, looks) = restless(&world, 5_000);
    let hears = Hears::default();
    let run = started(&world, driver.observer(hears.clone()));
    assert!(poll_at_most(&world, run, 20).is_none());
    assert!(hears.0.load(Ordering::SeqCst) > 3);
    let looked = looks.load(Ordering::SeqCst);
    assert!(looked < 500, "heard after {looked} looks");
}

/// News of a state that was told already is no reason to look again and again: once a second is enough.
#[test]
fn a_target_that_tells_the_same_news_for_ever_is_looked_at_once_a_second() {
    let world = world();
    let looks = Arc::<AtomicU64>::default();
    let target = Restless {
        inner: world.target(),
        looks: Arc::clone(&looks),
        most: 5_000,
        is_same: true,
    };
    let driver = Driver::on(target)
        .clock(world.clock().clone())
        .analysis(FailureShare::KIND, world.analysis())
        .id("r1".parse().unwrap());
    let story = async {
        let (handle, run) = driver.start(&canary(), release()).await.unwrap();
        let waits = async {
            let clock = world.clock();
            let wait = |seconds| clock.sleep_until(clock.now() + Duration::from_secs(seconds));
            wait(80).await;
            let before = looks.load(Ordering::SeqCst);
            wait(40).await;
            let after = looks.load(Ordering::SeqCst);
            handle.detach().await;
            after - before
        };
        futures::join!(run, waits).1
    };
    let looked = world.block_on(story).unwrap();
    assert!(
        (35..=60).contains(&looked),
        "{looked} looks in forty seconds"
    );
}
