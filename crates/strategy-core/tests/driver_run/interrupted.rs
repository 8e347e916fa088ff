//! Dropped at any await, and taken up again; every write in the journal before it is made.

use super::*;

/// What a world looks like in the end.
pub(super) fn picture(world: &World) -> String {
    let found = world
        .block_on(Target::discover(&world.target()))
        .unwrap()
        .unwrap();
    let images = |track| found.images(track).map(ToString::to_string);
    format!(
        "{:?} {:?} {:?} {:?} {:?}",
        images(Track::Stable),
        images(Track::Candidate),
        found.baseline(),
        found.observation.traffic.written,
        found.claim,
    )
}

/// Waits for a moment before and after every call, so that a run can be dropped there.
#[derive(Clone, Debug)]
pub(super) struct Hesitant<T>(pub(super) T);

async fn hesitate() {
    let mut once = false;
    poll_fn(|context| {
        if std::mem::replace(&mut once, true) {
            return Poll::Ready(());
        }
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

#[async_trait]
impl Journal for Hesitant<MemoryJournal> {
    async fn append(&self, expected: Sequence, records: &[Record]) -> Result<(), JournalError> {
        hesitate().await;
        self.0.append(expected, records).await?;
        hesitate().await;
        Ok(())
    }
    async fn compact(&self, expected: Sequence, snapshot: &Record) -> Result<(), JournalError> {
        hesitate().await;
        self.0.compact(expected, snapshot).await?;
        hesitate().await;
        Ok(())
    }
    async fn read(&self) -> Result<Recorded, JournalError> {
        self.0.read().await
    }
}

#[async_trait]
impl Target for Hesitant<InMemoryTarget> {
    async fn discover(&self) -> Result<Discovery, TargetError> {
        self.0.discover().await
    }
    async fn observe(&self, binding: &Binding) -> Result<Observation, TargetError> {
        hesitate().await;
        self.0.observe(binding).await
    }
    async fn apply(&self, request: &Apply) -> Result<Applied, TargetError> {
        hesitate().await;
        let applied = self.0.apply(request).await;
        hesitate().await;
        applied
    }
    async fn admit(
        &self,
        part: &Part,
        found: &Discovery,
        plan: &Plan,
    ) -> Result<Admission, TargetError> {
        self.0.admit(part, found, plan).await
    }
    async fn claim(
        &self,
        binding: &Binding,
        from: Option<&Claim>,
        to: Option<&Claim>,
    ) -> Result<(), TargetError> {
        hesitate().await;
        let claimed = self.0.claim(binding, from, to).await;
        hesitate().await;
        claimed
    }
    async fn changed(&self, binding: &Binding, after: &Version) {
        self.0.changed(binding, after).await;
    }
}

pub(super) fn hesitant(world: &World, journal: &MemoryJournal) -> Driver {
    Driver::on(Hesitant(world.target()))
        .clock(world.clock().clone())
        .analysis(FailureShare::KIND, world.analysis())
        .id("r1".parse().unwrap())
        .journal(Hesitant(journal.clone()))
}

/// Asserts on each write that the journal has what orders it.
#[derive(Debug)]
struct Witness {
    target: InMemoryTarget,
    journal: MemoryJournal,
    writes: Arc<AtomicU64>,
}

impl Witness {
    /// A decision names it, or a snapshot holds it whole, as the one that begins a journal does the first claim.
    fn finds(&self, kind: EffectKind, id: Option<EffectId>) {
        self.writes.fetch_add(1, Ordering::SeqCst);
        let records = read(&self.journal).records;
        // Named by a decision; or whole in a snapshot that was written in its place.
        let ordered = records.iter().any(|record| match record {
            Record::Decision(decision) => {
                let mut effects = decision.effects.iter();
                effects.any(|(one, of)| *of == kind && id.is_none_or(|id| id == *one))
            }
            Record::Snapshot(snapshot) => {
                let whole = serde_json::to_value(&snapshot.rollout).unwrap();
                let open = whole
                    .pointer("/decided/open")
                    .and_then(|open| open.as_object());
                open.is_some_and(|open| match id {
                    Some(id) => open.contains_key(&id.0.to_string()),
                    None => open.values().any(|effect| effect.get("claim").is_some()),
                })
            }
            Record::State(_) | _ => false,
        });
        assert!(ordered, "{kind:?} {id:?} before the journal had it");
    }
}

#[async_trait]
impl Target for Witness {
    async fn discover(&self) -> Result<Discovery, TargetError> {
        self.target.discover().await
    }
    async fn observe(&self, binding: &Binding) -> Result<Observation, TargetError> {
        self.target.observe(binding).await
    }
    async fn apply(&self, request: &Apply) -> Result<Applied, TargetError> {
        self.finds(EffectKind::Apply, Some(request.id));
        self.target.apply(request).await
    }
    async fn claim(
        &self,
        binding: &Binding,
        from: Option<&Claim>,
        to: Option<&Claim>,
    ) -> Result<(), TargetError> {
        self.finds(EffectKind::Claim, None);
        self.target.claim(binding, from, to).await
    }
}

#[test]
fn every_write_is_in_the_journal_before_it_is_made() {
    let (world, journal) = (world(), MemoryJournal::new());
    let writes = Arc::new(AtomicU64::new(0));
    let witness = Witness {
        target: world.target(),
        journal: journal.clone(),
        writes: Arc::clone(&writes),
    };
    let driver = Driver::on(witness)
        .clock(world.clock().clone())
        .analysis(FailureShare::KIND, world.analysis())
        .id("r1".parse().unwrap())
        // One that takes its time: with a journal that is ready at once, order would prove nothing.
        .journal(Hesitant(journal));
    assert_eq!(carry(&world, driver).unwrap(), Outcome::Promoted);
    assert!(writes.load(Ordering::SeqCst) > 5);
}

#[test]
fn dropped_at_any_await_and_resumed_it_ends_the_same() {
    let fails = |world: &World| {
        world.happen_after(
            Duration::from_secs(150),
            Happening::image_fails("registry.example/app:2", 0.2),
        );
    };
    for bad in [false, true] {
        let whole = world();
        if bad {
            fails(&whole);
        }
        let expected = carry(&whole, driver(&whole)).unwrap();
        let mut polls = 1;
        let mut interrupted = 0;
        loop {
            let (world, journal) = (world(), MemoryJournal::new());
            if bad {
                fails(&world);
            }
            let run = started(&world, hesitant(&world, &journal));
            if poll_at_most(&world, run, polls).is_some() {
                break;
            }
            interrupted += 1;
            let resumed = driver(&world).journal(journal.clone()).resume();
            let resumed = world.block_on(resumed).unwrap();
            let end = match resumed {
                Ok((_, run)) => world.block_on(run).unwrap().unwrap(),
                // Dropped before anything was written: nothing began.
                Err(DriverError::Recover(error)) if journal_is_empty(&journal) => {
                    assert!(error.to_string().contains("never began"), "{error}");
                    polls += 1;
                    continue;
                }
                // Dropped when all was done and written, before it could say so.
                Err(DriverError::Recover(RecoverError::Over { .. })) => {
                    assert_eq!(picture(&world), picture(&whole), "after {polls} polls");
                    polls += 1;
                    continue;
                }
                Err(error) => panic!("after {polls} polls: {error}"),
            };
            assert_eq!(
                std::mem::discriminant(&end),
                std::mem::discriminant(&expected),
                "after {polls} polls: {end}"
            );
            assert_eq!(picture(&world), picture(&whole), "after {polls} polls");
            polls += if bad { 3 } else { 1 };
        }
        assert!(interrupted > 30, "{interrupted}");
    }
}
