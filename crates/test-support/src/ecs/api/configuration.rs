//! What a deployment configuration and the load balancers of a service have to be.

use serde_json::Value;

use crate::ecs::rules::Rule;
use crate::ecs::wire::{Fields as _, Refusal};
use crate::ecs::world::World;

const STRATEGIES: [&str; 4] = ["ROLLING", "BLUE_GREEN", "LINEAR", "CANARY"];
/// Stages that a hook can be at.
const HOOK_STAGES: [&str; 8] = [
    "RECONCILE_SERVICE",
    "PRE_SCALE_UP",
    "POST_SCALE_UP",
    "TEST_TRAFFIC_SHIFT",
    "POST_TEST_TRAFFIC_SHIFT",
    "PRE_PRODUCTION_TRAFFIC_SHIFT",
    "PRODUCTION_TRAFFIC_SHIFT",
    "POST_PRODUCTION_TRAFFIC_SHIFT",
];
const MOST_HOOKS: usize = 10;

fn invalid(rule: Rule, message: impl Into<String>) -> Refusal {
    Refusal::by(rule, "InvalidParameterException", message)
}

/// A percentage in steps of a tenth.
fn is_percent(value: f64, least: f64) -> bool {
    let tenths = value * 10.0;
    value >= least && value <= 100.0 && (tenths - tenths.round()).abs() < 1e-6
}

fn is_bake_time(value: Option<i64>) -> bool {
    value.is_none_or(|minutes| (0..=1440).contains(&minutes))
}

/// Refuses a deployment configuration that ECS would refuse.
pub(crate) fn check(configuration: &Value, native_breaker: bool) -> Result<(), Refusal> {
    let strategy = configuration.text("strategy").unwrap_or("ROLLING");
    if !STRATEGIES.contains(&strategy) {
        return Err(invalid(
            Rule::Strategies,
            format!("Deployment strategy '{strategy}' is invalid"),
        ));
    }
    let is_rolling = strategy == "ROLLING";
    let (least, most) = (
        configuration.whole("minimumHealthyPercent").unwrap_or(100),
        configuration.whole("maximumPercent").unwrap_or(200),
    );
    if is_rolling && least >= 100 && most <= 100 {
        return Err(invalid(
            Rule::RoomToRoll,
            "Both maximumPercent and minimumHealthyPercent cannot be 100 as this will block deployments.",
        ));
    }
    let breaker = &configuration["deploymentCircuitBreaker"];
    if !is_rolling && !native_breaker && breaker.flag("enable") == Some(true) {
        return Err(invalid(
            Rule::BreakerIsForRolling,
            format!("The deployment circuit breaker cannot be used with the strategy {strategy}"),
        ));
    }
    check_early_success(&configuration["earlySuccessCriteria"], least, strategy)?;
    let bake = configuration.whole("bakeTimeInMinutes");
    if strategy == "BLUE_GREEN" && bake.is_none() {
        return Err(invalid(
            Rule::BlueGreenNamesItsBake,
            "bakeTimeInMinutes must be specified for the strategy BLUE_GREEN",
        ));
    }
    let threshold = &breaker["thresholdConfiguration"];
    let is_percent_of_tasks = threshold.text("type") != Some("COUNT");
    let value = threshold.whole("value");
    if is_percent_of_tasks && value.is_some_and(|value| !(1..=100).contains(&value)) {
        return Err(invalid(
            Rule::ThresholdRange,
            "The value of a percentage threshold must be between 1 and 100",
        ));
    }
    let (canary, linear) = (
        &configuration["canaryConfiguration"],
        &configuration["linearConfiguration"],
    );
    let is_canary = canary
        .real("canaryPercent")
        .is_none_or(|value| is_percent(value, 0.1));
    let is_linear = linear
        .real("stepPercent")
        .is_none_or(|value| is_percent(value, 3.0));
    if !is_canary || !is_bake_time(canary.whole("canaryBakeTimeInMinutes")) {
        return Err(invalid(
            Rule::CanaryRange,
            "canaryPercent must be a multiple of 0.1 from 0.1 to 100, its bake time 0 to 1440 minutes",
        ));
    }
    if !is_linear || !is_bake_time(linear.whole("stepBakeTimeInMinutes")) {
        return Err(invalid(
            Rule::LinearRange,
            "stepPercent must be a multiple of 0.1 from 3 to 100, its bake time 0 to 1440 minutes",
        ));
    }
    if (canary.is_object() && strategy != "CANARY") || (linear.is_object() && strategy != "LINEAR")
    {
        return Err(invalid(
            Rule::ConfigurationOfTheStrategy,
            format!("The configuration is not valid with the strategy {strategy}"),
        ));
    }
    check_hooks(configuration.items("lifecycleHooks"))
}

fn check_early_success(early: &Value, least: i64, strategy: &str) -> Result<(), Refusal> {
    if early.flag("enable") != Some(true) {
        return Ok(());
    }
    if strategy != "ROLLING" {
        return Err(invalid(
            Rule::EarlyIsForRolling,
            format!("earlySuccessCriteria cannot be used with the strategy {strategy}"),
        ));
    }
    let healthy = early.whole("healthyPercent");
    if healthy.is_none() || !early.has("sourceServiceRevisionCleanup") {
        return Err(invalid(
            Rule::EarlyIsGivenWhole,
            "healthyPercent and sourceServiceRevisionCleanup must be specified",
        ));
    }
    if healthy.is_some_and(|value| !(0..=100).contains(&value)) {
        return Err(invalid(
            Rule::EarlyRange,
            "healthyPercent must be between 0 and 100",
        ));
    }
    if healthy.is_some_and(|value| value < least) {
        return Err(invalid(
            Rule::EarlyIsNotBelowMinimum,
            "healthyPercent must be greater than or equal to minimumHealthyPercent",
        ));
    }
    Ok(())
}

fn check_hooks(hooks: &[Value]) -> Result<(), Refusal> {
    let is_pause = |hook: &Value| hook.text("targetType") == Some("PAUSE");
    let pauses = hooks.iter().filter(|hook| is_pause(hook)).count();
    if pauses > MOST_HOOKS || hooks.len() - pauses > MOST_HOOKS {
        return Err(invalid(
            Rule::MostHooks,
            format!("A service can have at most {MOST_HOOKS} hooks of each kind"),
        ));
    }
    for hook in hooks {
        let stages = hook.texts("lifecycleStages");
        if stages.is_empty() || stages.iter().any(|stage| !HOOK_STAGES.contains(stage)) {
            return Err(invalid(
                Rule::StagesOfHooks,
                format!("A lifecycle hook cannot be configured at {stages:?}"),
            ));
        }
        let is_shift =
            |stage: &&str| ["TEST_TRAFFIC_SHIFT", "PRODUCTION_TRAFFIC_SHIFT"].contains(stage);
        if is_pause(hook) && stages.iter().any(is_shift) {
            return Err(invalid(
                Rule::NoPauseWhileShifting,
                "PAUSE hooks cannot be configured at TEST_TRAFFIC_SHIFT or PRODUCTION_TRAFFIC_SHIFT",
            ));
        }
        if !is_pause(hook) && (!hook.has("hookTargetArn") || !hook.has("roleArn")) {
            return Err(invalid(
                Rule::FunctionOfAHook,
                "hookTargetArn and roleArn must be specified for an AWS_LAMBDA hook",
            ));
        }
        let minutes = hook["timeoutConfiguration"].whole("timeoutInMinutes");
        if minutes.is_some_and(|minutes| !(1..=20_160).contains(&minutes)) {
            return Err(invalid(
                Rule::HookTimeoutRange,
                "timeoutInMinutes must be between 1 and 20160",
            ));
        }
    }
    Ok(())
}

impl World {
    /// Refuses load balancers that do not fit the task definition, the listeners or the strategy.
    pub(crate) fn check_balancers(
        &self,
        balancers: &[Value],
        definition: &str,
        strategy: &str,
    ) -> Result<(), Refusal> {
        if balancers.is_empty() && ["LINEAR", "CANARY"].contains(&strategy) {
            return Err(invalid(
                Rule::StrategiesNeedTraffic,
                format!("The strategy {strategy} needs a load balancer"),
            ));
        }
        for balancer in balancers {
            let container = balancer.text("containerName").unwrap_or_default();
            let port = balancer.whole("containerPort").unwrap_or(0);
            let known = self.task_definition(definition);
            match known.and_then(|one| one.has_port(container, port)) {
                Some(true) => {}
                Some(false) => {
                    return Err(invalid(
                        Rule::ContainerAndPort,
                        format!(
                            "The container {container} did not have a container port {port} defined."
                        ),
                    ));
                }
                None => {
                    return Err(invalid(
                        Rule::ContainerAndPort,
                        format!("The container {container} does not exist in the task definition."),
                    ));
                }
            }
            let group = balancer.text("targetGroupArn").unwrap_or_default();
            if !self.target_groups.contains_key(group) {
                return Err(invalid(
                    Rule::GroupOfAService,
                    format!("The target group with targetGroupArn {group} does not exist."),
                ));
            }
            let advanced = &balancer["advancedConfiguration"];
            let alternate = advanced.text("alternateTargetGroupArn");
            for group in std::iter::once(group).chain(alternate) {
                if self.balancers_of(group).is_empty() {
                    return Err(invalid(
                        Rule::GroupOfAService,
                        format!(
                            "The target group with targetGroupArn {group} does not have an associated load balancer."
                        ),
                    ));
                }
            }
            let is_advanced = alternate.is_some()
                && advanced.has("productionListenerRule")
                && advanced.has("roleArn");
            if strategy != "ROLLING" && !is_advanced {
                return Err(invalid(
                    Rule::AdvancedConfiguration,
                    format!("advancedConfiguration must be specified for the strategy {strategy}"),
                ));
            }
        }
        Ok(())
    }
}
