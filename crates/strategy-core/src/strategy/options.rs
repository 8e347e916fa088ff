//! The builder methods that every strategy has.

/// The builder methods that every strategy has.
macro_rules! common_options {
    () => {
        /// Adds a check. It runs in every stage in which it can say something: requests reach the
        /// candidate and, if it compares, stable is as it was and has requests too.
        pub fn check(
            mut self,
            name: impl Into<crate::plan::CheckName>,
            check: crate::plan::Check,
        ) -> Self {
            self.settings.checks.insert(name.into(), check);
            self
        }

        /// Adds a hook to the first stage: the place for migrations and for smoke tests at the preview
        /// address.
        pub fn hook(mut self, hook: crate::plan::HookPlan) -> Self {
            self.settings.hooks.push(hook);
            self
        }

        /// Adds a hook to the stage of this name.
        pub fn hook_in(mut self, stage: impl Into<String>, hook: crate::plan::HookPlan) -> Self {
            self.settings.hooks_in.push((stage.into(), hook));
            self
        }

        /// Adds a gate before the stage of this name.
        pub fn gate_before(mut self, stage: impl Into<String>, gate: crate::plan::Gate) -> Self {
            self.settings.gates_before.push((stage.into(), gate));
            self
        }

        /// Asks people before the promotion: before stable is updated, or where roles are swapped,
        /// before all traffic moves. No roles: anyone counts. Default: nobody is asked, since the
        /// checks decide.
        pub fn approve_promotion(
            self,
            roles: impl IntoIterator<Item = impl Into<String>>,
            quorum: u32,
        ) -> Self {
            let roles = roles.into_iter().map(Into::into);
            self.gate_promotion(crate::plan::Gate::approval("promotion", roles, quorum))
        }

        /// Asks this before the promotion, as [`approve_promotion`](Self::approve_promotion) does:
        /// an approval with a limit of its own, or a condition.
        pub fn gate_promotion(mut self, gate: crate::plan::Gate) -> Self {
            self.settings.approve_promotion = Some(gate);
            self
        }

        /// Asks people before what is no longer needed is given up. Default: nobody is asked.
        pub fn approve_retirement(
            self,
            roles: impl IntoIterator<Item = impl Into<String>>,
            quorum: u32,
        ) -> Self {
            let roles = roles.into_iter().map(Into::into);
            self.gate_retirement(crate::plan::Gate::approval("retirement", roles, quorum))
        }

        /// Asks this before what is no longer needed is given up: an approval with a limit of its own,
        /// or a condition.
        pub fn gate_retirement(mut self, gate: crate::plan::Gate) -> Self {
            self.settings.approve_retirement = Some(gate);
            self
        }

        /// How the candidate becomes stable. Default: the first that the target names, which is the one
        /// it prefers.
        pub const fn promotion(mut self, promotion: crate::target::Promotion) -> Self {
            self.settings.promotion = Some(promotion);
            self
        }

        /// What becomes of the track that is no longer needed. Default: [`Retire::Restore`](super::Retire).
        pub const fn retire(mut self, retire: super::Retire) -> Self {
            self.settings.retire = retire;
            self
        }

        /// How long the stage before retirement is watched at least. Default: as long as it is baked
        /// anyway.
        pub const fn retire_after(mut self, after: std::time::Duration) -> Self {
            self.settings.retire_after = after;
            self
        }

        /// The built-in health checks of all stages. Default: all on.
        pub const fn health(mut self, health: crate::plan::Health) -> Self {
            self.settings.health = health;
            self
        }

        /// When a track counts as ready, in all stages. Default: when all of it is.
        pub const fn ready(mut self, ready: crate::plan::ReadyRule) -> Self {
            self.settings.ready = ready;
            self
        }

        /// Limit for the walking of each stage. Default: 10 minutes, as a Deployment's own.
        pub const fn deadline(mut self, deadline: std::time::Duration) -> Self {
            self.settings.deadline = deadline;
            self
        }

        /// What a failure means. Default: roll back, since the recorded start is what is known to work.
        pub const fn on_failure(mut self, on_failure: crate::plan::OnFailure) -> Self {
            self.settings.on_failure = on_failure;
            self
        }

        /// What a failure means once the release was judged good: while stable is updated, traffic
        /// returns, and what is left is retired. Default: as in all stages.
        pub const fn on_promotion_failure(mut self, on_failure: crate::plan::OnFailure) -> Self {
            self.settings.on_promotion_failure = Some(on_failure);
            self
        }

        /// Entering the stage of this name closes the way back; what would roll back from there on
        /// holds a day for a person instead. Default: there is no such stage.
        pub fn point_of_no_return(mut self, stage: impl Into<String>) -> Self {
            self.settings.no_return = Some(stage.into());
            self
        }

        /// One part after the other: every stage of the first, its promotion, then the next; retirement
        /// of all comes last. A failure takes all of them back, those too whose turn is over. Default:
        /// all parts move together.
        pub fn parts_in_order(
            mut self,
            parts: impl IntoIterator<Item = crate::release::Part>,
        ) -> Self {
            self.settings.order = Some(parts.into_iter().collect());
            self
        }

        /// What is to be done about what may come. Default: [`Policies::default`](crate::plan::Policies).
        pub fn policies(mut self, policies: crate::plan::Policies) -> Self {
            self.settings.policies = policies;
            self
        }
    };
}
pub(super) use common_options;
