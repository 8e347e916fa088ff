//! A target that breaks one promise, in whichever way it is told.
#![expect(
    clippy::wildcard_enum_match_arm,
    clippy::unwrap_used,
    reason = "an arm is about the one break that it names; a surprise fails the test"
)]

mod distortion;
pub(crate) mod table;

use std::future::{pending, poll_fn};
use std::sync::{Arc, Mutex};
use std::task::Poll;

use async_trait::async_trait;
use strategy_core::conformance::{InMemory, Subject};
use strategy_core::plan::Plan;
use strategy_core::target::{
    Admission, Applied, Apply, Binding, Claim, Discovery, ForeignField, Observation, PlatformState,
    TargetError, TargetErrorKind, Version,
};
use strategy_core::world::{Happening, InMemoryTarget, World};
use strategy_core::{Images, Part, Revision, Target, Track, Traffic, Weight};

/// How many pods stable has in every scenario here.
pub(crate) const STABLE: u32 = 3;

/// One way to break a promise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Break {
    Nothing,
    DiscoverWrites,
    ObserveWrites,
    AdmitWrites,
    NamesDrift,
    ObservesOtherwiseThanItDiscovers,
    ServesItsCacheAfterAWrite,
    WritesWhenAbandoned,
    RemembersInsteadOfBinding,
    TakesAnyBinding,
    ReportsWhatIsGone,
    ReportsWhatItCannotReach,
    WritesAgain,
    RefusesARepeatedWrite,
    WritesWhatIsThere,
    OverwritesTraffic,
    OverwritesCapacity,
    OverwritesRevision,
    RefusesAHalfLandedWrite,
    NeverScalesStableIn,
    KeepsWhatItCreated,
    RemovesWhatWasFound,
    GuessesARevision,
    IgnoresUnknownContainers,
    CapsCounts,
    HidesTheClaim,
    ClaimsByForce,
    RefusesTheClaimThatIsThere,
    LetsALateClaimIn,
    ScalesWhenClaimed,
    ClaimsOnTheWay,
    WritesForAnyHolder,
    WritesForAnyEpoch,
    TellsKnownNewsLate,
    KeepsNewsToItself,
    TellsNewsThatIsNone,
    TellsNewsOnlyOnce,
    RoundsWeights,
    NeverArrives,
    DropsHeaderRoutes,
    DropsCookieRoutes,
    DropsTheMirror,
    InfersRolesAgain,
    RemembersTheFirstDiscovery,
    BlamesOthers,
    HidesWhoMovedTraffic,
    HidesForeignChanges,
    InventsACandidate,
    MixesRevisions,
    ReportsNoImages,
    MiscountsReadyPods,
    LabelsBothTracksAlike,
    GoesOnWhenRepeated,
    AnswersWhateverIsAsked,
    SaysYesBeforeItIsAsked,
    WinsEarly,
}

#[derive(Debug, Default)]
struct Memory {
    discovered: Option<Discovery>,
    observed: Option<Observation>,
    is_cache_served: bool,
    discoveries: u32,
    desired: Option<strategy_core::target::Desired>,
    has_waited: bool,
    has_written: bool,
}

/// The in-memory target with one promise broken.
#[derive(Debug)]
pub(crate) struct Broken {
    world: World,
    inner: InMemoryTarget,
    how: Break,
    memory: Mutex<Memory>,
}

impl Broken {
    fn new(world: &World, how: Break) -> Self {
        Self {
            world: world.clone(),
            inner: world.target(),
            how,
            memory: Mutex::default(),
        }
    }

    fn is(&self, how: Break) -> bool {
        self.how == how
    }

    fn scale_stable(&self, count: u32) {
        self.world.happen(Happening::Scaled {
            part: Part::main(),
            track: Track::Stable,
            count,
            by: "the target".to_owned(),
        });
    }

    /// Writes what is there, which shows in what is stored and nowhere else.
    fn touch(&self) {
        self.scale_stable(STABLE);
    }

    fn conflict() -> TargetError {
        TargetError::new(TargetErrorKind::Conflict, "apply to", "a broken target")
    }

    /// Which failures this target passes off as an answer.
    fn hides(&self, error: &TargetError) -> bool {
        let gone = error.kind == TargetErrorKind::NotFound;
        let unreachable = error.kind == TargetErrorKind::Unavailable;
        (gone && self.is(Break::ReportsWhatIsGone))
            || (unreachable && self.is(Break::ReportsWhatItCannotReach))
    }
}

/// Writes when it is dropped before its work was done.
struct Unfinished<'a>(Option<&'a Broken>);

impl Drop for Unfinished<'_> {
    fn drop(&mut self) {
        if let Some(target) = self.0 {
            target.touch();
        }
    }
}

async fn pending_once() {
    let mut was_polled = false;
    poll_fn(|context| {
        if was_polled {
            return Poll::Ready(());
        }
        was_polled = true;
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

#[async_trait]
impl Target for Broken {
    async fn discover(&self) -> Result<Discovery, TargetError> {
        if self.is(Break::DiscoverWrites) {
            self.touch();
        }
        if self.is(Break::RemembersTheFirstDiscovery)
            && let Some(first) = self.memory.lock().unwrap().discovered.clone()
        {
            return Ok(first);
        }
        let mut found = match self.inner.discover().await {
            Err(error) if self.hides(&error) => {
                return Ok(self.memory.lock().unwrap().discovered.clone().unwrap());
            }
            answer => answer?,
        };
        found.observation = self.distorted(found.observation, true);
        let mut memory = self.memory.lock().unwrap();
        memory.discoveries += 1;
        if self.is(Break::NamesDrift) {
            found.names.candidate = format!("candidate {}", memory.discoveries);
        }
        if self.is(Break::HidesTheClaim) {
            found.claim = None;
        }
        memory.discovered = Some(found.clone());
        Ok(found)
    }

    async fn observe(&self, binding: &Binding) -> Result<Observation, TargetError> {
        let discovered = self.memory.lock().unwrap().discovered.clone();
        let mut binding = binding.clone();
        if self.is(Break::ObserveWrites) {
            self.touch();
        }
        if self.is(Break::WritesWhenAbandoned) {
            let mut guard = Unfinished(Some(self));
            pending_once().await;
            guard.0 = None;
        }
        if self.is(Break::RemembersInsteadOfBinding) && discovered.is_none() {
            return Err(Self::conflict());
        }
        if self.is(Break::TakesAnyBinding) && self.inner.observe(&binding).await.is_err() {
            binding = self.inner.discover().await?.binding;
        }
        if self.is(Break::InfersRolesAgain) {
            binding = self.inner.discover().await?.binding;
        }
        let seen = match self.inner.observe(&binding).await {
            Err(error) if self.hides(&error) => return Ok(discovered.unwrap().observation),
            answer => self.distorted(answer?, false),
        };
        let mut memory = self.memory.lock().unwrap();
        if std::mem::take(&mut memory.is_cache_served)
            && let Some(cached) = memory.observed.clone()
        {
            return Ok(cached);
        }
        memory.observed = Some(seen.clone());
        Ok(seen)
    }

    async fn apply(&self, request: &Apply) -> Result<Applied, TargetError> {
        let here = match self.inner.discover().await {
            Err(error) if self.hides(&error) => return Ok(Applied::default()),
            answer => answer?,
        };
        if self.is(Break::ClaimsOnTheWay) && here.claim.is_none() {
            self.inner
                .claim(&request.binding, None, Some(&request.claim))
                .await?;
        }
        if self.is(Break::RemovesWhatWasFound)
            && request.desired.stable.revision == Revision::Absent
        {
            self.world.happen(Happening::Deleted {
                part: Part::main(),
                track: Track::Stable,
                by: "the target".to_owned(),
            });
            return Ok(Applied::default());
        }
        let before = self.inner.observe(&request.binding).await?;
        let is_seen = before.owned == request.seen;
        let last = self
            .memory
            .lock()
            .unwrap()
            .desired
            .replace(request.desired.clone());
        let is_repeated = last.as_ref() == Some(&request.desired);
        if (self.is(Break::RefusesARepeatedWrite) && !is_seen)
            || (self.is(Break::RefusesAHalfLandedWrite) && !is_seen && !is_repeated)
        {
            return Err(Self::conflict());
        }
        let mut misread = self.misread(request, &here);
        if (self.is(Break::GoesOnWhenRepeated) && is_repeated && !is_seen)
            || self.is(Break::AnswersWhateverIsAsked)
        {
            misread.seen = before.owned.clone();
        }
        if self.is(Break::GoesOnWhenRepeated) && is_repeated && !is_seen {
            misread.desired.traffic = Traffic::weight(Weight::FULL);
        }
        let state = before.platform.as_ref().map(|platform| &platform.state);
        let at_work = state == Some(&PlatformState::InProgress);
        let applied = match self.inner.apply(&misread).await {
            Err(_) if self.is(Break::SaysYesBeforeItIsAsked) && at_work => Applied::default(),
            answer => answer?,
        };
        let after = self.inner.observe(&request.binding).await?;
        if before.owned == after.owned {
            let has_candidate = after.candidate.written.is_some();
            if (self.is(Break::WritesAgain) && has_candidate)
                || (self.is(Break::WritesWhatIsThere) && !has_candidate)
            {
                self.touch();
            }
        }
        let mut memory = self.memory.lock().unwrap();
        memory.has_written = true;
        memory.is_cache_served = self.is(Break::ServesItsCacheAfterAWrite);
        Ok(applied)
    }

    async fn admit(
        &self,
        part: &Part,
        found: &Discovery,
        plan: &Plan,
    ) -> Result<Admission, TargetError> {
        if self.is(Break::AdmitWrites) {
            self.touch();
        }
        self.inner.admit(part, found, plan).await
    }

    async fn claim(
        &self,
        binding: &Binding,
        from: Option<&Claim>,
        to: Option<&Claim>,
    ) -> Result<(), TargetError> {
        let here = self.inner.discover().await?.claim;
        if self.is(Break::RefusesTheClaimThatIsThere) && here.as_ref() == to {
            return Err(Self::conflict());
        }
        if self.is(Break::ClaimsByForce) {
            return self.inner.claim(binding, here.as_ref(), to).await;
        }
        if self.is(Break::LetsALateClaimIn) && here.is_none() && from.is_none() {
            let _ = self.inner.claim(binding, from, to).await;
            return Ok(());
        }
        self.inner.claim(binding, from, to).await?;
        if self.is(Break::ScalesWhenClaimed) && from.is_some() {
            self.scale_stable(STABLE + 1);
        }
        Ok(())
    }

    async fn changed(&self, binding: &Binding, after: &Version) {
        let has_waited = std::mem::replace(&mut self.memory.lock().unwrap().has_waited, true);
        if self.is(Break::TellsNewsOnlyOnce) && has_waited {
            pending::<()>().await;
        }
        if self.is(Break::TellsKnownNewsLate) {
            pending_once().await;
        }
        if self.is(Break::TellsNewsThatIsNone) {
            return;
        }
        let mut news = self.inner.changed(binding, after);
        if self.is(Break::KeepsNewsToItself) {
            let first = poll_fn(|context| Poll::Ready(news.as_mut().poll(context))).await;
            if first.is_pending() {
                pending::<()>().await;
            }
        } else {
            news.await;
        }
    }
}

/// The in-memory subject with a broken target.
#[derive(Debug)]
pub(crate) struct BrokenSubject {
    subject: InMemory,
    target: Arc<Broken>,
}

impl BrokenSubject {
    pub(crate) fn new(world: &World, how: Break) -> Self {
        Self {
            subject: InMemory::new(world.clone()),
            target: Arc::new(Broken::new(world, how)),
        }
    }
}

#[async_trait]
impl Subject for BrokenSubject {
    fn target(&self) -> Arc<dyn Target> {
        if self.target.is(Break::RemembersInsteadOfBinding) {
            return Arc::new(Broken::new(&self.target.world, self.target.how));
        }
        Arc::clone(&self.target) as Arc<dyn Target>
    }
    fn release(&self) -> Images {
        self.subject.release()
    }
    fn has_candidate(&self) -> bool {
        self.subject.has_candidate()
    }
    fn steps(&self) -> Vec<Weight> {
        self.subject.steps()
    }
    async fn settle(&self) {
        self.subject.settle().await;
    }
    async fn stored(&self) -> String {
        self.subject.stored().await
    }
    async fn somebody_writes(&self, field: ForeignField) -> Option<String> {
        self.subject.somebody_writes(field).await
    }
    async fn take_away(&self) -> bool {
        self.subject.take_away().await
    }
    async fn cut_off(&self) -> bool {
        self.subject.cut_off().await
    }
}
