//! What can be set about the fake: delays, page sizes, and what AWS does not tell.

use std::time::Duration;

/// Whether a forward action with nothing but weights of zero is accepted. No documentation says; try both.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AllZeroWeights {
    /// Accepted; every request is answered with 503.
    #[default]
    Accepted,
    /// Refused as a `ValidationError`.
    Refused,
}

/// Which hooks `DescribeServiceDeployments` tells of. The SDK says "a hook that is active during a service deployment",
/// which may be read either way; try both.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DescribedHooks {
    /// Those of the stage, and the step, at which the deployment is; none when it goes back or is over.
    #[default]
    OfTheStage,
    /// All since it began.
    All,
}

/// What the circuit breaker does with failures beside a healthy task. The developer guide says both: "the failure count
/// resets to 0 each time a task reaches a healthy state", and "the scheduler ignores the failure criteria when a task in
/// the current deployment is in the RUNNING state"; try both.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum BesideAHealthyTask {
    /// They count; a task that becomes healthy sets the count to 0.
    #[default]
    FailuresCount,
    /// They do not count.
    FailuresAreIgnored,
}

/// How the fake behaves where AWS may behave one way or another.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// Draws ids; equal seeds and histories give equal ids. Default 1.
    pub seed: u64,
    /// From a change of a rule until the last node of the load balancer follows it. AWS promises nothing; 15 s by
    /// default, half a minute and more have been reported (argo-rollouts#2064, #4595).
    pub propagation: Duration,
    /// From the deregistration of a target until no new request reaches it any more. Default 25 s, as reported in
    /// aws-load-balancer-controller#1064.
    pub deregistration_lag: Duration,
    /// From a change of weights by ECS until `DescribeServiceDeployments` tells of it. Default 15 s.
    pub description_lag: Duration,
    /// How long a service deployment is `PENDING`, `ROLLBACK_REQUESTED` and, when a newer one takes its place,
    /// `STOP_REQUESTED`. Default none, so that nobody sees it so.
    pub transition_lag: Duration,
    /// From the creation of a service until Application Auto Scaling knows it. Default none.
    pub autoscaling_lag: Duration,
    /// How long reads of ECS may still tell what was before a write; of several writes each is seen so long after it was
    /// made. Default none. What happens meanwhile is told as it would have happened without the write, so that tasks may be
    /// told of that never were.
    pub read_lag: Duration,
    /// How long ago it was what reads of Elastic Load Balancing tell of rules, listeners, tags and target health, also
    /// of what Amazon ECS wrote; somewhat longer where there are no calls meanwhile. Default none.
    pub balancing_read_lag: Duration,
    /// How long reads of Application Auto Scaling may still tell what was before a write. Default none.
    pub scaling_read_lag: Duration,
    /// From the registration of a target until its first health check; at most the interval. Default 5 s.
    pub first_check: Duration,
    /// From the failure of a task until another is started. Default 10 s.
    pub restart_delay: Duration,
    /// From the end of draining until a task is `STOPPED`. Default 2 s.
    pub stop_time: Duration,
    /// How long a stopped task can be described. Default one hour.
    pub stopped_task_kept: Duration,
    /// Requests a second at each rule that was given no load of its own. Default 10.
    pub requests_per_second: f64,
    /// The part of all requests, 0 to 1, that bring a cookie where target groups are sticky. Default 0.5.
    pub returning_share: f64,
    /// At most this many things on a page, whatever is asked for. `None`: as many as AWS gives.
    pub page_size: Option<usize>,
    /// What the circuit breaker does with failures beside a healthy task, unless it never resets.
    pub beside_a_healthy_task: BesideAHealthyTask,
    /// Which hooks are described.
    pub described_hooks: DescribedHooks,
    /// Whether `rolloutState` is told of deployments by strategies other than rolling. The SDK can be read either way.
    /// Default true.
    pub native_rollout_state: bool,
    /// Whether the circuit breaker may be enabled with other strategies than rolling, and then watches them while they
    /// scale up. The SDK says that it cannot, the developer guide that it supports blue/green. Default false: refused.
    pub native_breaker: bool,
    /// Whether alarms of a deployment configuration end deployments by other strategies than rolling. AWS says both.
    /// Default true.
    pub native_alarms: bool,
    /// What is done with weights that are all zero.
    pub all_zero_weights: AllZeroWeights,
    /// How long a call hangs whose answer never comes. Default one minute.
    pub hang: Duration,
    /// From the time-out of a call that is done late until it is done. Default one minute.
    pub late: Duration,
    /// How long every call takes. Default none.
    pub latency: Duration,
    /// Whether an account makes no more calls than AWS publishes. Default no.
    pub published_buckets: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            seed: 1,
            propagation: Duration::from_secs(15),
            deregistration_lag: Duration::from_secs(25),
            description_lag: Duration::from_secs(15),
            transition_lag: Duration::ZERO,
            autoscaling_lag: Duration::ZERO,
            read_lag: Duration::ZERO,
            balancing_read_lag: Duration::ZERO,
            scaling_read_lag: Duration::ZERO,
            first_check: Duration::from_secs(5),
            restart_delay: Duration::from_secs(10),
            stop_time: Duration::from_secs(2),
            stopped_task_kept: Duration::from_secs(3600),
            requests_per_second: 10.0,
            returning_share: 0.5,
            page_size: None,
            native_rollout_state: true,
            native_breaker: false,
            native_alarms: true,
            beside_a_healthy_task: BesideAHealthyTask::FailuresCount,
            described_hooks: DescribedHooks::OfTheStage,
            all_zero_weights: AllZeroWeights::Accepted,
            hang: Duration::from_secs(60),
            late: Duration::from_secs(60),
            latency: Duration::ZERO,
            published_buckets: false,
        }
    }
}
