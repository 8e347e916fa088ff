//! The rules that the fake keeps, each with where it is known from.
//!
//! `SDK` is the documentation inside the SDK crates, which is the API reference; `Docs` are pages of the developer and
//! user guides; the rest are public issues. Where no source says what happens, the source says `assumed`, and no
//! target should rest on it.

/// One rule with its source.
#[derive(Clone, Copy, Debug)]
pub struct RuleEntry {
    /// The rule.
    pub rule: Rule,
    /// Its name, as in the code.
    pub name: &'static str,
    /// Where it is known from.
    pub source: &'static str,
    /// What it says.
    pub statement: &'static str,
}

macro_rules! rules {
    ($($rule:ident: $statement:literal [$source:literal])*) => {
        /// A rule of the fake. `RULES` has the source of each.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Rule {
            $(#[doc = $statement] $rule,)*
        }

        /// Every rule.
        pub const RULES: &[RuleEntry] = &[
            $(RuleEntry {
                rule: Rule::$rule,
                name: stringify!($rule),
                source: $source,
                statement: $statement,
            },)*
        ];
    };
}

rules! {
    // Rules of listeners.
    WeightRange: "A weight is 0 to 999." ["Docs: Listeners for your Application Load Balancers, Forward actions"]
    DefaultWeight: "A weight that is not given is 1." ["getmoto/moto#9174, checked against AWS"]
    TargetGroupsPerAction: "A forward action has at most five target groups." ["Docs: Quotas for your Application Load Balancers; code assumed"]
    TargetGroupOnce: "A target group is in an action at most once." ["assumed"]
    TargetGroupExists: "A target group that is named exists." ["SDK: TargetGroupNotFoundException"]
    OneBalancerPerGroup: "A target group is behind one load balancer." ["SDK: TargetGroupAssociationLimitException"]
    OneWayToForward: "TargetGroupArn and ForwardConfig together name one target group, the same." ["SDK: Action.forward_config"]
    OneGroupBothWays: "A forward to one target group is described by TargetGroupArn and by ForwardConfig." ["SDK: Action; seen in aws elbv2 describe-rules"]
    AllZeroWeights: "Weights that are all zero are accepted and nobody is served, or they are refused: both can be set." ["assumed"]
    StickinessRange: "Stickiness of target groups is 1 to 604800 seconds, and has to be given when it is on." ["SDK: TargetGroupStickinessConfig.duration_seconds"]
    OrderOfActions: "Each of several actions has an order." ["SDK: Action.order"]
    LastAction: "Exactly one of forward, redirect and fixed-response, and it is the last." ["Docs: Action types for listener rules"]
    ListsAreReplaced: "A list of actions replaces the one that was: what is not in it is gone." ["SDK: modify_rule, modify_listener"]
    WhatIsOmittedStays: "A property that is not given stays as it was." ["SDK: modify_rule"]
    DefaultRuleByListener: "The default rule is changed through ModifyListener only." ["SDK: modify_rule; code and text FeLvi-zzz/tentez#32"]
    PriorityRange: "A priority is 1 to 50000." ["Docs: Listener rules, Rule priorities"]
    PriorityOnce: "A priority is used once in a listener." ["SDK: PriorityInUseException"]
    RulesPerBalancer: "A load balancer has at most 100 rules besides default rules." ["Docs: Quotas for your Application Load Balancers"]
    OneConditionPerField: "At most one condition of host-header, path-pattern, http-request-method and source-ip." ["Docs: Condition types for listener rules"]
    ConditionValues: "A rule has at most five condition values." ["Docs: Quotas for your Application Load Balancers"]
    ConditionWildcards: "A rule has at most five wildcards in its conditions." ["Docs: Quotas for your Application Load Balancers"]
    HeaderConditions: "The name of a header in a condition is 1 to 40 letters without wildcards and not host, a value at most 128." ["SDK: HttpHeaderConditionConfig"]
    HeadersIgnoreCase: "Values of a header are compared without regard to case, paths with it." ["SDK: HttpHeaderConditionConfig.values, RuleCondition.values"]
    ConditionOfARule: "A rule that is no default rule has a condition." ["SDK: CreateRuleInput.conditions; text assumed"]
    SecretOfANewRule: "A new rule that authenticates by OIDC brings the client secret, which no description tells; a rule that is changed can keep it." ["SDK: AuthenticateOidcActionConfig.client_secret, use_existing_client_secret; text assumed"]
    RulesComeAndGo: "A new rule takes requests, and one that was deleted leaves them, as the nodes of a load balancer learn of it." ["assumed, as changes of weights: argo-rollouts#2064"]
    FirstMatchWins: "Rules are looked at in the order of their priorities, the default rule last, and the first that matches takes the request." ["Docs: Listener rules, Rule priorities"]
    TagsOfARule: "A rule can be created with tags, which go with it." ["SDK: CreateRuleInput.tags"]
    OneWayToMatch: "A condition of host-header or path-pattern is given by Values or by its config, not by both." ["aws-controllers-k8s/community#2759; aws/aws-sdk#439"]
    ConditionsBothWays: "A condition of host-header or path-pattern is described by Values and by its config." ["aws/aws-sdk#439"]
    RuleExists: "A rule that is named exists." ["SDK: RuleNotFoundException"]
    ListenerExists: "A listener that is named exists." ["SDK: ListenerNotFoundException"]
    BalancerExists: "A load balancer that is named exists." ["SDK: LoadBalancerNotFoundException"]
    NamesOfBalancing: "Names of load balancers and target groups, and ports of listeners, are used once." ["SDK: Duplicate*Exception"]
    TransformsStay: "Transforms stay unless new ones are sent or ResetTransforms." ["SDK: ModifyRuleInput.reset_transforms"]

    // Target groups and targets.
    AttributeRanges: "Deregistration delay 0 to 3600 s, slow start 0 or 30 to 900 s." ["SDK: TargetGroupAttribute.key"]
    SlowStartNeedsRoundRobin: "Slow start goes with round robin only." ["Docs: Target groups for your Application Load Balancers, Slow start mode"]
    NoSlowStart: "Slow start is kept and described, and not applied: a new target has its full share at once." ["a simplification of the fake; Docs: Target groups for your Application Load Balancers, Slow start mode"]
    GroupInUse: "A target group that a rule forwards to is not deleted." ["SDK: delete_target_group"]
    NotInUse: "Targets of a group that no rule forwards to are unused, and are not checked." ["SDK: TargetHealth.reason"]
    NotRegistered: "A target that is asked for and is not there is unused." ["SDK: TargetHealth.reason"]
    FirstPassingCheck: "A new target is healthy after its first passing check." ["Docs: Health checks for your target groups"]
    UnhealthyAfterThreshold: "A target is unhealthy after as many failed checks in a row as the threshold says." ["Docs: Health checks for your target groups"]
    DeregistrationLags: "For a while new requests still reach a target that was deregistered; if it is gone they are lost." ["aws-load-balancer-controller#1064"]
    DrainsForTheDelay: "A deregistered target drains until the deregistration delay is over." ["SDK: TargetGroupAttribute.key; Docs: Deregistration delay"]

    // Requests.
    WeightsAreShares: "A target group gets its weight by the sum of weights." ["Docs: Forward actions"]
    PropagationTakesTime: "The nodes of a load balancer follow a change one after the other, and no call tells when." ["argo-rollouts#2064, argo-rollouts#4595"]
    EmptyGroupIsNotSkipped: "A target group without targets keeps its share: 503." ["argo-rollouts#4595; Docs: Troubleshoot, HTTP 503"]
    FailOpen: "With unhealthy targets only, requests go to all of them." ["Docs: Health checks for your target groups"]
    StickyToEmpty: "A client with a cookie stays with its target group though that has no targets: 503." ["re:Post QUugYm4uzWSI2af5mnmMjlZQ"]

    // Tags and pages.
    BatchOfTags: "Tags of at most 20 resources are described at once." ["Docs: API reference, DescribeTags"]
    MostTags: "A resource has at most 50 tags." ["SDK: TooManyTagsException, tag_resource"]
    TaggedThingExists: "What is tagged in ECS exists." ["SDK: tag_resource"]
    TagsIfAsked: "Tags of a service are told only with include TAGS." ["SDK: DescribeServicesInput.include"]
    PageSizes: "The size of a page is in range." ["SDK: max_results, page_size"]
    PageTokens: "A token comes from the answer before." ["SDK: next_token, marker"]
    Pages: "More than fits on a page is told in pages." ["SDK: next_token, marker"]

    // Clusters, task definitions, services.
    ClusterExists: "A cluster that is named exists." ["SDK: ClusterNotFoundException"]
    ContainersOfATask: "A task definition has containers with name and image." ["SDK: RegisterTaskDefinitionInput; text assumed"]
    EveryRegistrationIsARevision: "Every registration makes a new revision, also of what is equal." ["SDK: register_task_definition"]
    TaskDefinitionExists: "A task definition that is named exists." ["SDK: ClientException; text assumed"]
    TaskDefinitionIsActive: "A deregistered task definition cannot be given to a service." ["SDK: deregister_task_definition"]
    ServiceExists: "A service that is named exists." ["SDK: ServiceNotFoundException"]
    ServiceIsActive: "Only an active service is updated." ["SDK: ServiceNotActiveException"]
    ClientToken: "A creation with the token of the one before gives the same service; 36 ASCII characters." ["SDK: CreateServiceInput.client_token"]
    CreationIsNotIdempotent: "A name is used once in a cluster." ["SDK: delete_service; code and text hashicorp/terraform-provider-aws#2283"]
    NameOfADrainingService: "The name of a draining service is not yet free." ["SDK: delete_service; text assumed"]
    ContainerAndPort: "A load balancer of a service names a container and a port of its task definition." ["pulumi/pulumi-aws#3095"]
    GroupOfAService: "A target group of a service exists and is behind a load balancer." ["hashicorp/terraform#32908"]
    DeletedAtZero: "A service above zero is deleted by force only." ["SDK: DeleteServiceInput.force"]
    DeletedServicesDrain: "A deleted service drains until its tasks are stopping, unlisted, and then it is inactive." ["SDK: delete_service"]
    MissingIsAFailure: "A service that is not there is a failure MISSING, no error." ["Docs: API failure reasons"]
    BatchOfServices: "At most ten services are described at once." ["SDK: DescribeServicesInput.services"]
    BatchOfTasks: "At most 100 tasks are described at once." ["SDK: DescribeTasksInput.tasks"]
    BatchOfDeployments: "At most 20 service deployments or revisions are described at once." ["SDK: DescribeServiceDeploymentsInput"]
    PartOfAConfiguration: "What is left out of a configuration that UpdateService is given stays as it is, or goes: it can be set which." ["assumed: neither the SDK nor the documentation says"]
    OnlySomeChangesDeploy: "A count, a grace period or a configuration alone starts no deployment." ["SDK: update_service"]
    ForcedDeployment: "forceNewDeployment starts a deployment of what is there." ["SDK: UpdateServiceInput.force_new_deployment"]
    ControllerOwnsTheDefinition: "With another controller than ECS a service is not given a task definition." ["SDK: update_service"]
    IdentityOfDeployments: "Every deployment has an id, a service revision and a service deployment of its own." ["SDK: Deployment, ServiceDeployment"]
    NewerSupersedes: "A newer deployment stops one that is under way." ["SDK: DeploymentLifecycleHook, RECONCILE_SERVICE; STOP_REQUESTED and STOPPED assumed"]

    // Rolling.
    BeginsPending: "A service deployment is PENDING before it is IN_PROGRESS: it can be set how long." ["Docs: View service history using Amazon ECS service deployments"]
    RollbackCanFail: "A rollback may end in ROLLBACK_FAILED: everything stays as it is then." ["SDK: ServiceDeploymentStatus; what it leaves behind assumed"]
    BlueIsWhatWasCompleted: "After unfinished deployments everything begins from the revision that was completed last: its tasks come up, traffic goes to them, and then the others stop." ["SDK: ServiceDeployment.lifecycle_stage, RECONCILE_SERVICE; what it does, and that a rolling deployment does it after another strategy, assumed"]
    RoomToRoll: "minimumHealthyPercent and maximumPercent are not both 100." ["assumed; without it such a deployment could do nothing"]
    MaximumPercent: "No more tasks than maximumPercent of the desired count, rounded down." ["SDK: DeploymentConfiguration.maximum_percent"]
    MinimumHealthyPercent: "No fewer healthy tasks than minimumHealthyPercent, rounded up." ["SDK: DeploymentConfiguration.minimum_healthy_percent"]
    FortySeconds: "Without any health check a task counts 40 seconds after it was running." ["SDK: DeploymentConfiguration.minimum_healthy_percent"]
    CompletedWhenSteady: "A deployment is completed when its tasks are all healthy and the others have stopped." ["SDK: Deployment.rollout_state, DeploymentEarlySuccessCriteria.enable"]
    EarlySuccess: "With early success a deployment is completed at a part of its tasks." ["SDK: DeploymentEarlySuccessCriteria"]
    EarlyIsNotBelowMinimum: "healthyPercent is not below minimumHealthyPercent." ["SDK: DeploymentEarlySuccessCriteria.healthy_percent"]
    EarlyRange: "healthyPercent is 0 to 100." ["SDK: DeploymentEarlySuccessCriteria.healthy_percent"]
    EarlyIsGivenWhole: "Early success that is enabled has healthyPercent and sourceServiceRevisionCleanup." ["SDK: DeploymentEarlySuccessCriteria.enable"]
    EarlyIsForRolling: "Early success is for rolling only." ["SDK: DeploymentEarlySuccessCriteria"]
    EarlyBakes: "Early success comes when the bake time has passed since its part of the tasks was healthy." ["SDK: DeploymentEarlySuccessCriteria.healthy_percent; that it begins then assumed"]
    GracePeriod: "Failed checks do not stop a task within the grace period." ["SDK: CreateServiceInput.health_check_grace_period_seconds"]
    RunningTasksByDefault: "ListTasks gives tasks that are meant to run, unless asked for stopped ones." ["SDK: ListTasksInput.desired_status"]
    StoppedTasksAreKept: "A stopped task can be described for about an hour." ["SDK: describe_tasks"]

    // The circuit breaker.
    FailedTasks: "A task failed if it never ran, or was stopped for its checks." ["SDK: Deployment.failed_tasks"]
    CrashIsNoFailure: "A crash after RUNNING is no failed task." ["SDK: Deployment.failed_tasks; copilot-cli#1879"]
    FailuresInARow: "A task that becomes healthy sets failures back to zero; whether others count beside it can be set. While one is healthy failedTasks is 0." ["Docs: How the Amazon ECS deployment circuit breaker detects failures, which says both; SDK: Deployment.failed_tasks, DeploymentCircuitBreaker.reset_on_healthy_task"]
    FailuresAreKeptIfAsked: "With resetOnHealthyTask false the breaker goes on counting." ["SDK: DeploymentCircuitBreaker.reset_on_healthy_task"]
    BreakerThreshold: "Half of the desired count, at least 3 and at most 200; or a count; or a percentage without bounds." ["Docs: How the Amazon ECS deployment circuit breaker detects failures; SDK: ThresholdConfiguration"]
    BreakerRollsBack: "With rollback the revision that was completed last is deployed." ["SDK: DeploymentCircuitBreaker.rollback"]
    RollbackIsADeployment: "A rollback is a new primary deployment, which completes and leaves the service steady." ["aws-actions/amazon-ecs-deploy-task-definition#191"]
    FirstDeploymentStalls: "Without a completed deployment there is nothing to roll back to: it stalls." ["Docs: deployment circuit breaker"]
    RolledBackToOnce: "What a rollback goes to is in progress, and nothing else is rolled back to it until a deployment is completed." ["Docs: How the Amazon ECS deployment circuit breaker detects failures"]
    BreakerIsNamed: "The rollout state reason of a deployment names the circuit breaker if it was that, and no person, hook or alarm." ["SDK: Deployment.rollout_state_reason; texts assumed"]
    FailedStartsNothing: "A failed deployment starts no tasks." ["SDK: Deployment.rollout_state"]
    BreakerIsForRolling: "The circuit breaker is for rolling only: it is refused otherwise, unless it is set to work." ["SDK: DeploymentConfiguration.deployment_circuit_breaker; refusal assumed"]
    DetectionBeyondRolling: "Whether the circuit breaker and alarms end deployments by other strategies can be set: the breaker while they scale up." ["Docs: Amazon ECS deployment failure detection says blue/green too, the page of the circuit breaker does not; stages assumed"]
    AlarmsEndDeployments: "An alarm of its configuration that fires ends a deployment: it is rolled back, or fails if that is not asked for." ["SDK: DeploymentAlarms"]

    AlarmsOnAtTheStart: "If an alarm of its configuration is in ALARM when a deployment begins, none is heeded for that deployment." ["Docs: How CloudWatch alarms detect Amazon ECS deployment failures; AWS Copilot, deployment.rollback_alarms"]

    // Strategies of ECS.
    Strategies: "ROLLING, BLUE_GREEN, LINEAR or CANARY." ["SDK: DeploymentStrategy"]
    BlueGreenNamesItsBake: "BLUE_GREEN is given bakeTimeInMinutes." ["SDK: DeploymentConfiguration.bake_time_in_minutes"]
    ThresholdRange: "A threshold in percent is 1 to 100." ["Docs: How the Amazon ECS deployment circuit breaker detects failures; code assumed"]
    CanaryRange: "canaryPercent 0.1 to 100 by tenths, bake 0 to 1440 minutes." ["SDK: CanaryConfiguration"]
    LinearRange: "stepPercent 3 to 100 by tenths, bake 0 to 1440 minutes." ["SDK: LinearConfiguration"]
    ConfigurationOfTheStrategy: "The configuration of one strategy does not go with another." ["SDK: DeploymentConfiguration.linear_configuration"]
    StrategiesNeedTraffic: "LINEAR and CANARY need something that they shift." ["Docs: Amazon ECS canary deployments"]
    AdvancedConfiguration: "A load balancer under such a strategy names the alternate group, the rule and a role." ["SDK: LoadBalancer.advanced_configuration"]
    RuleIsWired: "The production and the test rule forward to both groups, or the deployment is rolled back; looked at before each shift." ["containers-roadmap#2853 and the text that ECS gives; when it looks assumed"]
    RollbackNeedsTheRule: "A rollback that has to shift traffic back in a rule which is not wired any more fails." ["assumed"]
    NoMixedActions: "A production or test rule with other actions is not shifted." ["Docs: Application Load Balancer resources for blue/green deployments"]
    WeightsOfEcs: "ECS writes weights that sum to 100 and drops TargetGroupArn." ["go-to-k/cdk-real-drift#1730; tenths assumed"]
    AllAtOnce: "BLUE_GREEN shifts everything at once." ["SDK: DeploymentConfiguration.strategy"]
    CanarySteps: "CANARY shifts in two steps with a bake between." ["SDK: CanaryConfiguration"]
    LinearSteps: "LINEAR shifts in equal steps with a bake after each but the last." ["SDK: LinearConfiguration"]
    BothRunInTheBake: "After the shift both revisions run for the bake time." ["SDK: DeploymentConfiguration.bake_time_in_minutes"]
    CleanUpEnds: "CLEAN_UP ends when the old tasks have stopped." ["SDK: ServiceDeployment.lifecycle_stage"]
    StopInCleanUp: "A stop in CLEAN_UP brings the old tasks up again before traffic goes back to them." ["assumed"]
    FirstDeploymentRolls: "Until a deployment of a service was completed every one rolls, whatever the strategy: without a weight and without stages." ["assumed"]
    BlueKeepsItsDeployment: "A rollback of a strategy that shifts traffic makes no new deployment: the old one is primary again, under its id." ["assumed; rolling is otherwise"]
    DefinitionGoesBackLast: "The task definition of a service is the new one until such a rollback is over." ["assumed"]
    RolloutStateOfNative: "rolloutState is told under strategies other than rolling, or not: both can be set." ["SDK: Deployment.rollout_state, for the rolling update (ECS) deployment type only; whether that means the controller or the strategy assumed"]
    HooksBeforeTheShift: "Hooks at TEST_TRAFFIC_SHIFT and PRODUCTION_TRAFFIC_SHIFT are resolved before traffic moves." ["assumed; SDK: DeploymentLifecycleHook.lifecycle_stages says that it is migrating"]
    SupersededHooks: "A hook that waits when its deployment is superseded or goes back is FAILED." ["assumed"]
    AnsweredHooks: "A pause that was answered is SUCCEEDED, whatever the answer." ["assumed"]
    DescribedWeightsLag: "Described weights are a snapshot and may be old." ["SDK: ServiceRevisionSummary"]
    RequestedIsWanted: "The requested count of a service revision is what it is to have, not what is there; none before SCALE_UP." ["SDK: ServiceRevisionSummary.requested_task_count; before SCALE_UP assumed"]
    WeightsSumToAHundred: "Described weights of the service revisions sum to 100: what neither the new one nor the one that serves has is 0." ["SDK: ServiceRevisionSummary; with several sources assumed"]
    StageLimit: "A SCALE_UP that takes more than 24 hours is rolled back; in other stages hooks and bakes have limits of their own." ["Docs: Amazon ECS blue/green service deployments workflow, which says it of every stage; the others assumed"]
    TrafficGoesBackFirst: "A rollback shifts traffic back before it stops tasks." ["Docs: Amazon ECS blue/green service deployments workflow"]

    // Lifecycle hooks.
    StagesOfHooks: "No hooks at SCALE_UP, BAKE_TIME and CLEAN_UP." ["SDK: DeploymentLifecycleHook.lifecycle_stages"]
    NoPauseWhileShifting: "No PAUSE at TEST_TRAFFIC_SHIFT and PRODUCTION_TRAFFIC_SHIFT." ["SDK: DeploymentLifecycleHook.lifecycle_stages"]
    FunctionOfAHook: "A hook that is no pause names a function and a role." ["SDK: DeploymentLifecycleHook.hook_target_arn"]
    HookTimeoutRange: "A hook waits 1 to 20160 minutes." ["Docs: Lifecycle hooks for Amazon ECS service deployments"]
    MostHooks: "At most ten pauses and ten functions a service." ["Docs: Lifecycle hooks for Amazon ECS service deployments"]
    HooksHoldTheStage: "A stage goes on when all its hooks are resolved." ["SDK: DeploymentLifecycleHook"]
    HooksWhileRolling: "Rolling deployments too wait for hooks: before tasks are started, and before success." ["SDK: DeploymentConfiguration.lifecycle_hooks; which stages assumed"]
    FreshHooksAtEachStep: "A hook before the shift comes again before every step, with another id." ["SDK: DeploymentLifecycleHook.lifecycle_stages"]
    AnyRollbackWins: "Any hook that says rollback rolls back." ["Docs: Lifecycle hooks for Amazon ECS service deployments"]
    HookTimesOut: "After its time a hook does its timeout action: rollback unless it says continue; 24 hours unless it says otherwise." ["SDK: DeploymentLifecycleHookTimeoutConfiguration"]
    ActiveHooks: "Hooks are described at their stage and step only, or for ever: both can be set." ["SDK: DeploymentLifecycleHookDetail; what active means assumed"]
    OpenHook: "Only a hook that waits, of a deployment in IN_PROGRESS, is continued." ["Docs: Continuing service deployments; code assumed"]
    StopMeansRollback: "StopServiceDeployment knows ROLLBACK only." ["SDK: StopServiceDeploymentInput.stop_type"]
    OnlyWhatRunsIsStopped: "Only a deployment that is not over, with something to go back to, is stopped." ["Docs: Stopping Amazon ECS service deployments; the code for the others, and with nothing to go back to, assumed"]
    StopGoesOn: "A stop of a deployment that already goes back is accepted and changes nothing." ["Docs: Stopping Amazon ECS service deployments"]
    StopRollsBack: "A stopped deployment goes back to what was there, whatever was configured." ["Docs: Stopping Amazon ECS service deployments"]
    ServiceDeploymentExists: "A service deployment that is named exists." ["SDK: ServiceDeploymentNotFoundException"]

    // Application Auto Scaling.
    ScalableServiceExists: "A scalable target is an active service of ECS." ["spinnaker/spinnaker#4371"]
    ScalingKnowsServicesLater: "A service that was just created may not yet be known: it can be set how long." ["spinnaker/spinnaker#4371"]
    ScalableTargetExists: "A scalable target that is removed exists." ["SDK: ObjectNotFoundException"]
    BoundsOfANewTarget: "A new scalable target has a minimum and a maximum." ["SDK: RegisterScalableTargetInput.min_capacity"]
    BoundsInOrder: "The minimum is not above the maximum." ["SDK: ValidationException; text assumed"]
    WhatIsNotRegisteredStays: "Bounds and suspensions that are not given stay." ["SDK: register_scalable_target"]
    SuspendedScaling: "Suspended scaling does nothing in that direction." ["SDK: RegisterScalableTargetInput.suspended_state"]
    NoScaleInWhileDeploying: "Scaling in waits while a deployment is in progress; scaling out goes on." ["Docs: Automatically scale your Amazon ECS service"]
    ScalesWithinBounds: "Scaling stays within the bounds." ["SDK: RegisterScalableTargetInput.min_capacity"]

    // Alarms of Amazon CloudWatch.
    BatchOfAlarms: "At most 100 alarms are asked for by name at once." ["Docs: API reference, DescribeAlarms"]
    MetricAlarmsByDefault: "Composite alarms are described only where AlarmTypes asks for them." ["SDK: DescribeAlarmsInput.alarm_types"]
    MissingAlarmsAreLeftOut: "An alarm that is asked for by name and is not there is in no answer, and that is no error." ["assumed, as for every filter of DescribeAlarms"]

    // Metrics of Amazon CloudWatch.
    RequestsByTheMinute: "The requests of a target group are counted by whole minutes and told of some time later; a minute without any has no datapoint." ["Docs: CloudWatch metrics for your Application Load Balancer; that it takes a minute assumed"]

    // Every call.
    ReadsLag: "A read of ECS shortly after a write may not yet show it, each write for as long: it can be set how long." ["spinnaker/spinnaker#4371"]
    BalancingReadsLag: "A read of rules, listeners and their tags shortly after a write, or after Amazon ECS shifted, may not yet show it: it can be set how long." ["hashicorp/terraform-provider-aws#20442, #6154; that a change lags as a creation does assumed"]
    TargetHealthLags: "Target health may be told as it was a while ago: it can be set how long." ["assumed"]
    ScalingReadsLag: "A read of scalable targets shortly after a write may not yet show it: it can be set how long." ["hashicorp/terraform-provider-aws#11811; that a change lags as a creation does assumed"]
    PublishedBuckets: "Calls of a category take tokens from a bucket, which come back each second; of an empty one they are refused: it can be set." ["Docs: Request throttling for the Amazon ECS API, for the Elastic Load Balancing API; CloudWatch service quotas"]
    ThrottlingCodes: "Too many calls: ThrottlingException, in the query protocol Throttling, with status 400." ["Docs: Request throttling for the Amazon ECS API, for the Elastic Load Balancing API"]
    RolesArePassed: "Whoever gives ECS a role, of tasks, load balancers or hooks, needs iam:PassRole." ["Docs: Grant permissions to pass a role to an AWS service; the code of the refusal assumed"]
    DeniedCodes: "Not allowed: AccessDeniedException, in the query protocol AccessDenied with status 403." ["SDK: AccessDeniedException; Docs: Common errors"]
}
