//! A target of expectations, for tests that ask "was it called so?".
//!
//! For "does my policy do right?" use a [`World`](crate::world::World): it behaves.

use async_trait::async_trait;

use crate::target::{Applied, Apply, Binding, Discovery, Observation, Target, TargetError};

mockall::mock! {
    /// A target of expectations (mockall). It names only the three required methods, so that
    /// `admit`, `claim` and `changed` do what their defaults say.
    ///
    /// ```
    /// use strategy_core::mock::MockTarget;
    /// use strategy_core::target::{Claim, Target};
    /// use strategy_core::world::{World, discovery_of, observed_track};
    /// use strategy_core::Images;
    ///
    /// let found = discovery_of(
    ///     observed_track(&Images::parse([("app", "app:v1")])?, 3),
    ///     Default::default(),
    /// );
    /// let mut target = MockTarget::new();
    /// target.expect_discover().times(1).returning(move || Ok(found.clone()));
    /// target.expect_apply().never();
    ///
    /// let world = World::seeded(0).build()?;
    /// world.block_on(async {
    ///     let found = target.discover().await?;
    ///     let claim = Claim { holder: "release-7".parse()?, epoch: 1 };
    ///     target.claim(&found.binding, None, Some(&claim)).await?;
    ///     assert_eq!(found.baseline(), 3);
    ///     Ok::<_, Box<dyn std::error::Error>>(())
    /// })??;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[derive(Debug)]
    pub Target {}

    #[async_trait]
    impl Target for Target {
        async fn discover(&self) -> Result<Discovery, TargetError>;
        async fn observe(&self, binding: &Binding) -> Result<Observation, TargetError>;
        async fn apply(&self, request: &Apply) -> Result<Applied, TargetError>;
    }
}
