//! A cluster behind a load balancer, made through the SDK.

use aws_sdk_ecs::types::{
    AssignPublicIp, AwsVpcConfiguration, Compatibility, ContainerDefinition, LaunchType,
    LoadBalancer, NetworkConfiguration, NetworkMode, PortMapping, Service, ServiceField,
};
use aws_sdk_elasticloadbalancingv2::types::{
    Action, ActionTypeEnum, ForwardActionConfig, PathPatternConditionConfig, ProtocolEnum,
    RuleCondition, TargetGroupTuple, TargetTypeEnum,
};
use target_ecs::config::{Canary, Config, OwnedWeights, RuleConfig, Slot, WorkloadConfig};

use crate::server::{Clients, Moto, RUNNING};

/// On which port the container `web` listens.
pub(crate) const PORT: i32 = 8080;

/// A listener whose default rule and whose rule at priority 100 forward to stable's target group alone, and a service `web`
/// of two tasks behind it. Its name is that of its cluster, and begins those of everything else.
#[derive(Debug)]
pub(crate) struct Shop {
    pub(crate) name: &'static str,
    pub(crate) clients: Clients,
    subnets: Vec<String>,
    guard: String,
    pub(crate) listener: String,
    pub(crate) rule: String,
    pub(crate) stable_group: String,
    pub(crate) other_group: String,
}

/// An action that forwards to target groups with these weights.
pub(crate) fn forward(groups: &[(&str, i32)]) -> Action {
    let tuples = groups.iter().map(|(arn, weight)| {
        let tuple = TargetGroupTuple::builder().target_group_arn(*arn);
        tuple.weight(*weight).build()
    });
    let config = ForwardActionConfig::builder().set_target_groups(Some(tuples.collect()));
    Action::builder()
        .r#type(ActionTypeEnum::Forward)
        .forward_config(config.build())
        .build()
}

/// A condition that asks for a path.
pub(crate) fn path(pattern: &str) -> RuleCondition {
    let config = PathPatternConditionConfig::builder().values(pattern);
    RuleCondition::builder()
        .field("path-pattern")
        .path_pattern_config(config.build())
        .build()
}

/// What elements of this name hold.
fn texts(xml: &str, name: &str) -> Vec<String> {
    let start = format!("<{name}>");
    let parts = xml.split(&start).skip(1);
    let parts = parts.filter_map(|part| part.split('<').next());
    let texts: Vec<String> = parts.map(str::to_owned).collect();
    assert!(!texts.is_empty(), "{name} in {xml}");
    texts
}

impl Shop {
    /// In a server that others use too.
    pub(crate) async fn open(name: &'static str) -> Self {
        Self::open_in(Moto::shared(), name).await
    }

    pub(crate) async fn open_in(moto: &Moto, name: &'static str) -> Self {
        let clients = Clients::of(moto);
        let told = moto.ec2("DescribeSubnets");
        let (subnets, networks) = (texts(&told, "subnetId"), texts(&told, "vpcId"));
        let guards = texts(&moto.ec2("DescribeSecurityGroups"), "groupId");
        let mut shop = Self {
            name,
            clients,
            subnets,
            guard: guards[0].clone(),
            listener: String::new(),
            rule: String::new(),
            stable_group: String::new(),
            other_group: String::new(),
        };
        shop.stable_group = shop.group("stable", &networks[0]).await;
        shop.other_group = shop.group("other", &networks[0]).await;
        let balancers = &shop.clients.balancers;
        let balancer = balancers.create_load_balancer().name(name);
        let subnets = Some(shop.subnets.clone());
        let made = balancer.set_subnets(subnets).send().await.unwrap();
        let balancer = made.load_balancers()[0].load_balancer_arn().unwrap();
        let to_stable = forward(&[(&shop.stable_group, 1)]);
        let listener = balancers.create_listener().load_balancer_arn(balancer);
        let listener = listener.protocol(ProtocolEnum::Http).port(80);
        let made = listener.default_actions(to_stable.clone()).send().await;
        shop.listener = made.unwrap().listeners()[0]
            .listener_arn()
            .unwrap()
            .to_owned();
        shop.rule = shop.add_rule(100, path("/web/*"), to_stable).await;
        let cluster = shop.clients.ecs.create_cluster().cluster_name(name);
        cluster.send().await.unwrap();
        shop.register("web:1").await;
        shop.serve("web", &shop.stable_group, RUNNING).await;
        shop.clients.recorder.take();
        shop
    }

    /// A target group that nothing sends to.
    pub(crate) async fn group(&self, name: &str, network: &str) -> String {
        let group = self.clients.balancers.create_target_group();
        let group = group.name(format!("{}-{name}", self.name)).vpc_id(network);
        let group = group.protocol(ProtocolEnum::Http).port(PORT);
        let made = group.target_type(TargetTypeEnum::Ip).send().await.unwrap();
        let arn = made.target_groups()[0].target_group_arn().unwrap();
        arn.to_owned()
    }

    /// A rule with these things; gives its ARN.
    pub(crate) async fn add_rule(
        &self,
        priority: i32,
        condition: RuleCondition,
        action: Action,
    ) -> String {
        let rule = self.clients.balancers.create_rule();
        let rule = rule.listener_arn(&self.listener).priority(priority);
        let made = rule.conditions(condition).actions(action).send().await;
        made.unwrap().rules()[0].rule_arn().unwrap().to_owned()
    }

    /// A revision of the shop's family whose container `web` runs this image; gives its ARN.
    pub(crate) async fn register(&self, image: &str) -> String {
        let port = PortMapping::builder().container_port(PORT).build();
        let container = ContainerDefinition::builder().name("web").image(image);
        // moto runs no task of a container that says nothing of its memory.
        let container = container.memory(512).essential(true).port_mappings(port);
        let definition = self.clients.ecs.register_task_definition();
        let made = definition
            .family(self.name)
            .network_mode(NetworkMode::Awsvpc)
            .requires_compatibilities(Compatibility::Fargate)
            .cpu("256")
            .memory("512")
            .container_definitions(container.build())
            .send()
            .await;
        let made = made.unwrap().task_definition.unwrap();
        made.task_definition_arn.unwrap()
    }

    /// A service of the newest task definition.
    pub(crate) async fn serve(&self, name: &str, group: &str, desired: usize) {
        let balancer = LoadBalancer::builder().target_group_arn(group);
        let balancer = balancer.container_name("web").container_port(PORT);
        let service = self.clients.ecs.create_service().cluster(self.name);
        let made = service
            .service_name(name)
            .task_definition(self.name)
            .desired_count(i32::try_from(desired).unwrap())
            .launch_type(LaunchType::Fargate)
            .network_configuration(self.network())
            .load_balancers(balancer.build())
            .send()
            .await;
        made.unwrap();
    }

    pub(crate) fn network(&self) -> NetworkConfiguration {
        let of = AwsVpcConfiguration::builder().subnets(&self.subnets[0]);
        // moto makes no service without.
        let of = of.security_groups(&self.guard);
        let of = of.assign_public_ip(AssignPublicIp::Disabled);
        let of = of.build().unwrap();
        NetworkConfiguration::builder()
            .awsvpc_configuration(of)
            .build()
    }

    /// A candidate `web-canary` that is made beside `web`, and a rule that carries the traffic.
    pub(crate) fn canary(&self) -> Config {
        self.config(self.candidate(), [RuleConfig::Rule(self.rule.clone())])
    }

    pub(crate) fn candidate(&self) -> WorkloadConfig {
        let stable = Slot::new("web", &self.stable_group);
        Canary::new(stable, Slot::new("web-canary", &self.other_group)).into()
    }

    pub(crate) fn config(
        &self,
        workload: impl Into<WorkloadConfig>,
        rules: impl IntoIterator<Item = RuleConfig>,
    ) -> Config {
        Config::new(self.name, OwnedWeights::new(workload, rules))
    }

    /// The actions of the rule.
    pub(crate) async fn actions(&self) -> Vec<Action> {
        let rules = self.clients.balancers.describe_rules();
        let told = rules.rule_arns(&self.rule).send().await.unwrap();
        told.rules()[0].actions().to_vec()
    }

    /// As somebody else: the whole list.
    pub(crate) async fn set_actions(&self, actions: Vec<Action>) {
        let rule = self.clients.balancers.modify_rule().rule_arn(&self.rule);
        rule.set_actions(Some(actions)).send().await.unwrap();
        self.clients.recorder.take();
    }

    /// A service with its tags.
    pub(crate) async fn service(&self, name: &str) -> Service {
        let services = self.clients.ecs.describe_services().cluster(self.name);
        let told = services.services(name).include(ServiceField::Tags);
        told.send().await.unwrap().services()[0].clone()
    }

    /// How many task definitions of the shop's family there are.
    pub(crate) async fn definitions(&self) -> usize {
        let listed = self.clients.ecs.list_task_definitions();
        let listed = listed.family_prefix(self.name).send().await.unwrap();
        listed.task_definition_arns().len()
    }
}
