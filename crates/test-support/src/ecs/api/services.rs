//! Services.

use serde_json::{Value, json};

use super::balancers::{merge, without};
use super::clusters::short;
use super::configuration;
use crate::ecs::rules::Rule;
use crate::ecs::wire::{Answer, Fields as _, Refusal};
use crate::ecs::world::World;
use crate::ecs::world::service::{Service, ServiceKey, Status};

const MOST_DESCRIBED: usize = 10;

/// Fields of an input that are kept elsewhere than among what was said besides.
const OWN: [&str; 12] = [
    "cluster",
    "service",
    "serviceName",
    "taskDefinition",
    "desiredCount",
    "deploymentConfiguration",
    "loadBalancers",
    "clientToken",
    "tags",
    "forceNewDeployment",
    "deploymentController",
    "status",
];

/// Properties whose change needs a deployment, besides the task definition and the load balancers.
const DEPLOYING: [&str; 7] = [
    "networkConfiguration",
    "platformVersion",
    "capacityProviderStrategy",
    "serviceConnectConfiguration",
    "serviceRegistries",
    "volumeConfigurations",
    "vpcLatticeConfigurations",
];

fn invalid(rule: Rule, message: impl Into<String>) -> Refusal {
    Refusal::by(rule, "InvalidParameterException", message)
}

fn count(input: &Value, default: usize) -> Result<usize, Refusal> {
    match input.whole("desiredCount") {
        None => Ok(default),
        Some(count) => usize::try_from(count).map_err(|_| {
            Refusal::plain(
                "InvalidParameterException",
                "desiredCount must not be negative",
            )
        }),
    }
}

impl World {
    /// The key of the service that an input names.
    pub(crate) fn service_of(&self, input: &Value, field: &str) -> Result<ServiceKey, Refusal> {
        let cluster = self.cluster_of(input)?;
        let name = short(input.need(field, "InvalidParameterException")?);
        let key = (cluster, name.to_owned());
        let found = self.services.get(&key);
        if found.is_some() {
            return Ok(key);
        }
        Err(Refusal::by(
            Rule::ServiceExists,
            "ServiceNotFoundException",
            "Service not found.",
        ))
    }

    pub(crate) fn create_service(&mut self, input: &Value) -> Answer {
        let cluster = self.cluster_of(input)?;
        let name = input.need("serviceName", "InvalidParameterException")?;
        let key = (cluster, name.to_owned());
        let token = input.text("clientToken").map(str::to_owned);
        let is_token = |token: &String| token.len() <= 36 && token.is_ascii();
        if token.as_ref().is_some_and(|token| !is_token(token)) {
            return Err(invalid(
                Rule::ClientToken,
                "clientToken must have at most 36 ASCII characters",
            ));
        }
        if let Some(existing) = self.services.get(&key) {
            match existing.status {
                Status::Active if token.is_some() && existing.client_token == token => {
                    self.note(Rule::ClientToken);
                    return Ok(json!({ "service": self.describe_service(&key) }));
                }
                Status::Active => {
                    return Err(invalid(
                        Rule::CreationIsNotIdempotent,
                        "Creation of service was not idempotent.",
                    ));
                }
                Status::Draining => {
                    return Err(invalid(
                        Rule::NameOfADrainingService,
                        "Unable to Start a service that is still Draining.",
                    ));
                }
                Status::Inactive => {}
            }
        }
        let definition = input.text("taskDefinition").unwrap_or_default();
        let definition = self.usable_definition(definition)?;
        let configuration = input
            .get("deploymentConfiguration")
            .filter(|one| one.is_object())
            .cloned()
            .unwrap_or_else(|| json!({}));
        configuration::check(&configuration, self.settings.native_breaker)?;
        let strategy = configuration.text("strategy").unwrap_or("ROLLING");
        self.check_balancers(input.items("loadBalancers"), &definition, strategy)?;
        let mut fields = without(input, &OWN);
        if let Some(controller) = input.get("deploymentController") {
            fields["deploymentController"] = controller.clone();
        }
        let arn = self.ecs_arn(&format!("service/{}/{}", key.0, key.1));
        let mut service = Service {
            key: key.clone(),
            arn: arn.clone(),
            status: Status::Active,
            desired: count(input, 0)?,
            task_definition: definition,
            deployment_configuration: configuration,
            load_balancers: input.items("loadBalancers").to_vec(),
            fields,
            client_token: token,
            created_at: self.now,
            deployments: Vec::new(),
            completed: None,
            completed_is_taken: false,
            current: None,
            events: Vec::new(),
            rollback_fails: false,
        };
        self.begin_deployment(&mut service);
        self.services.insert(key.clone(), service);
        self.tags.remove(&arn);
        self.add_new_tags(&arn, input.items("tags"));
        self.settle();
        Ok(json!({ "service": self.describe_service(&key) }))
    }

    pub(crate) fn update_service(&mut self, input: &Value) -> Answer {
        let key = self.service_of(input, "service")?;
        let Some(mut service) = self.services.get(&key).cloned() else {
            return Err(Refusal::plain("ServerException", "the service is gone"));
        };
        if service.status != Status::Active {
            return Err(Refusal::by(
                Rule::ServiceIsActive,
                "ServiceNotActiveException",
                "Service was not ACTIVE.",
            ));
        }
        let mut deploys = input.flag("forceNewDeployment") == Some(true);
        if let Some(controller) = input.get("deploymentController") {
            service.fields["deploymentController"] = controller.clone();
        }
        if let Some(name) = input.text("taskDefinition") {
            if service.controller() != "ECS" {
                return Err(invalid(
                    Rule::ControllerOwnsTheDefinition,
                    format!(
                        "Unable to update task definition on services with a {} deployment controller.",
                        service.controller()
                    ),
                ));
            }
            let definition = self.usable_definition(name)?;
            deploys |= definition != service.task_definition;
            service.task_definition = definition;
        }
        if let Some(update) = input.get("deploymentConfiguration") {
            let mut merged = if self.settings.replaces_configuration {
                json!({})
            } else {
                service.deployment_configuration.clone()
            };
            self.note(Rule::PartOfAConfiguration);
            if update.text("strategy").is_some() {
                // The parameters of another strategy do not outlive it.
                merged = without(&merged, &["canaryConfiguration", "linearConfiguration"]);
            }
            merge(&mut merged, update);
            configuration::check(&merged, self.settings.native_breaker)?;
            service.deployment_configuration = merged;
        }
        if let Some(balancers) = input.get("loadBalancers").and_then(Value::as_array) {
            deploys |= *balancers != service.load_balancers;
            service.load_balancers = balancers.clone();
        }
        self.check_balancers(
            &service.load_balancers,
            &service.task_definition,
            service.strategy(),
        )?;
        for name in DEPLOYING {
            deploys |= input.has(name) && input.get(name) != service.fields.get(name);
        }
        let was = service.desired;
        service.desired = count(input, was)?;
        merge(&mut service.fields, &without(input, &OWN));
        if deploys {
            self.begin_deployment(&mut service);
        } else {
            self.note(Rule::OnlySomeChangesDeploy);
        }
        if input.flag("forceNewDeployment") == Some(true) {
            self.note(Rule::ForcedDeployment);
        }
        self.services.insert(key.clone(), service);
        self.settle();
        Ok(json!({ "service": self.describe_service(&key) }))
    }

    pub(crate) fn delete_service(&mut self, input: &Value) -> Answer {
        let key = self.service_of(input, "service")?;
        let is_forced = input.flag("force") == Some(true);
        let now = self.now;
        let Some(service) = self.services.get_mut(&key) else {
            return Err(Refusal::plain("ServerException", "the service is gone"));
        };
        if service.status == Status::Inactive {
            return Err(Refusal::by(
                Rule::ServiceExists,
                "ServiceNotFoundException",
                "Service not found.",
            ));
        }
        if service.desired > 0 && !is_forced {
            return Err(invalid(
                Rule::DeletedAtZero,
                "The service cannot be stopped while it is scaled above 0.",
            ));
        }
        service.status = Status::Draining;
        service.desired = 0;
        let current = service.current.clone();
        if let Some(current) = current.and_then(|arn| self.service_deployment(&arn))
            && !current.status.is_over()
        {
            current.status = crate::ecs::world::deployment::Progress::Stopped;
            current.stopped_at = Some(now);
        }
        self.note(Rule::DeletedServicesDrain);
        let described = self.describe_service(&key);
        self.settle();
        Ok(json!({ "service": described }))
    }

    pub(crate) fn describe_services(&mut self, input: &Value) -> Answer {
        let cluster = self.cluster_of(input)?;
        let asked = input.texts("services");
        if asked.len() > MOST_DESCRIBED {
            return Err(invalid(
                Rule::BatchOfServices,
                "Services cannot have more than 10 elements.",
            ));
        }
        if asked.is_empty() {
            return Err(invalid(Rule::BatchOfServices, "Services cannot be empty."));
        }
        let with_tags = input.texts("include").contains(&"TAGS");
        let (mut found, mut failures) = (Vec::new(), Vec::new());
        for name in asked {
            let key = (cluster.clone(), short(name).to_owned());
            if self
                .services
                .get(&key)
                .is_some_and(|one| one.strategy() != "ROLLING")
            {
                self.note(Rule::RolloutStateOfNative);
            }
            if self.services.contains_key(&key) {
                let mut described = self.describe_service(&key);
                if !with_tags && let Some(fields) = described.as_object_mut() {
                    fields.remove("tags");
                    self.note(Rule::TagsIfAsked);
                }
                found.push(described);
            } else {
                self.note(Rule::MissingIsAFailure);
                let arn = self.ecs_arn(&format!("service/{cluster}/{}", short(name)));
                failures.push(json!({ "arn": arn, "reason": "MISSING" }));
            }
        }
        Ok(json!({ "services": found, "failures": failures }))
    }

    pub(crate) fn list_services(&mut self, input: &Value) -> Answer {
        let cluster = self.cluster_of(input)?;
        let services = self.services.values();
        let arns = services
            .filter(|one| one.key.0 == cluster && one.status == Status::Active)
            .map(|one| json!(one.arn))
            .collect();
        self.ecs_page(input, "serviceArns", arns)
    }
}
