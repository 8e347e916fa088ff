//! What is wrong with a file for Amazon ECS, with the options, or with the way to AWS.

use crate::cloud::{Cloud, FILE};

const AT: &str = "arn:aws:elasticloadbalancing:eu-central-1:123456789012";

fn good() -> String {
    format!(
        "version: 1
name: shop-web
target:
  ecs:
    cluster: shop
    workload:
      pair:
        - {{service: blue, target-group: \"{AT}:targetgroup/blue/a1\"}}
        - {{service: green, target-group: \"{AT}:targetgroup/green/a2\"}}
    rules:
      - rule: {AT}:listener-rule/app/shop/a1/b2/c3
      - listener-default: {AT}:listener/app/shop/a1/b2
strategy:
  blue-green: {{bake: 1s}}
release: {{web: \"registry.example/web:2\"}}
"
    )
}

#[test]
fn mistakes_are_told_with_their_place_and_mend() {
    let cloud = Cloud::closed();
    let good = good();
    for (from, to, start, mend) in [
        (
            "cluster: shop",
            "cluster: arn:a/b",
            "5:5: target.ecs.cluster: ",
            "use its name",
        ),
        (
            "    cluster: shop\n",
            "",
            "target.ecs: ",
            "`cluster` is missing; add it",
        ),
        (
            "    rules:",
            "    ruels:",
            "10:5: target.ecs.ruels: ",
            "`rules`",
        ),
        (
            "service: green",
            "service: blue",
            "6:5: target.ecs.workload: ",
            "name two services",
        ),
        (
            "service: green",
            "service: a/b",
            "9:12: target.ecs.workload.pair[1].service: ",
            "use its name",
        ),
        (
            ":targetgroup/green/a2",
            ":loadbalancer/a",
            "9:28: target.ecs.workload.pair[1].target-group: ",
            "by its ARN",
        ),
        (
            "      - rule:",
            "      - listener-default:",
            "11:9: target.ecs.rules[0]: ",
            "listener/app/NAME",
        ),
        (
            "eu-central-1:123456789012:targetgroup/green",
            "us-east-1:123456789012:targetgroup/green",
            "target.ecs.rules: ",
            "are in one",
        ),
        (
            "      - rule:",
            "      - ruel:",
            "11:9: target.ecs.rules[0].ruel: ",
            "`rule`",
        ),
        (
            "    workload:\n      pair:\n",
            "    parts:\n      pair:\n",
            "target.ecs.parts.pair: ",
            "settings",
        ),
        (
            "  ecs:",
            "  ecs:\n    region: eu-central-1",
            "5:5: target.ecs.region: ",
            "`cluster`",
        ),
    ] {
        assert!(good.contains(from), "{from}");
        cloud.write(&good.replacen(from, to, 1));
        let ended = cloud.call(&["plan", FILE, "--offline"]);
        ended.check(64, "", start);
        ended.check(64, "", mend);
    }
}

/// What is said of the traffic has no meaning where it is not ours to move.
#[test]
fn what_is_of_weights_alone_is_refused_beside_deployments_of_amazon_ecs_itself() {
    let cloud = Cloud::closed();
    let file = |workload: &str, field: &str| {
        format!(
            "version: 1
name: shop-web
target:
  ecs:
    cluster: shop
    workload:
      {workload}: {{service: web}}
    {field}
strategy:
  {}
release: {{web: \"registry.example/web:2\"}}
",
            if workload == "rolling" {
                "rolling: {}"
            } else {
                "canary: {stages: [10%, 100%]}"
            }
        )
    };
    for (workload, field, at) in [
        ("rolling", "drain: 5s", "8:5: target.ecs.drain: "),
        ("rolling", "previews: false", "8:5: target.ecs.previews: "),
        ("rolling", "settle: 5s", "8:5: target.ecs.settle: "),
        ("native-gated", "drain: 5s", "8:5: target.ecs.drain: "),
        (
            "native-gated",
            "rules: [{rule: a}]",
            "8:5: target.ecs.rules: ",
        ),
    ] {
        cloud.write(&file(workload, field));
        let ended = cloud.call(&["plan", FILE, "--offline"]);
        ended.check(64, "", at);
        ended.check(64, "", "leave");
    }
    cloud.write(&file("native-gated", "settle: 5s"));
    cloud
        .call(&["plan", FILE, "--offline"])
        .check(0, "canary of web", "");
}

#[test]
fn options_of_another_platform_are_refused() {
    let cloud = Cloud::closed();
    cloud.write(&good());
    for (option, value) in [
        ("--namespace", "shop"),
        ("--context", "a"),
        ("--kubeconfig", "b"),
    ] {
        for words in [
            &["plan"][..],
            &["plan", "--offline"],
            &["run"],
            &["permissions"],
        ] {
            let words = [words, &[FILE, option, value]].concat();
            cloud
                .call(&words)
                .check(64, "", &format!("{option} is of Kubernetes"));
        }
    }
    let kubernetes = "version: 1\nname: a\ntarget:\n  kubernetes:\n    workload: {canary: {stable: api}}\n    \
                      router: {istio: {virtual-service: api}}\nstrategy: {canary: {stages: [5%, 100%]}}\n\
                      release: {api: \"registry.example/a:1\"}\n";
    cloud.write(kubernetes);
    for words in [
        &["plan"][..],
        &["plan", "--offline"],
        &["run"],
        &["permissions"],
    ] {
        let words = [words, &[FILE, "--profile", "shop"]].concat();
        cloud.call(&words).check(64, "", "--profile is of AWS");
    }
}

#[test]
fn who_has_no_credentials_is_told_where_they_are_looked_for() {
    let cloud = Cloud::closed();
    cloud.write(&good());
    let ended = cloud.call_with(&["plan", FILE], &[]);
    ended.check(
        1,
        "",
        "found no credentials for AWS; name a profile with --profile",
    );
    let ended = cloud.call_with(&["plan", FILE, "--profile", "nobody"], &[]);
    ended.check(1, "", "with the profile `nobody`");
    let ended = cloud.call_with(&["plan", FILE], &[("AWS_PROFILE", "nobody")]);
    ended.check(1, "", "with the profile `nobody`");
}

#[test]
fn a_profile_that_gives_no_credentials_is_told_apart_from_none() {
    let cloud = Cloud::closed();
    cloud.write(&good());
    let config = "[profile shop]\ncredential_process = sh -c \"exit 3\"\n";
    let folder = cloud.folder.path().join(".aws");
    std::fs::create_dir(&folder).unwrap();
    std::fs::write(folder.join("config"), config).unwrap();
    let ended = cloud.call_with(&["plan", FILE, "--profile", "shop"], &[]);
    ended.check(1, "", "of the profile `shop` could not be had");
    assert!(!ended.err.contains("found no credentials"), "{ended:#?}");
}

#[test]
fn credentials_of_another_account_are_told_before_anything_is_asked() {
    let cloud = Cloud::closed();
    cloud.write(&good());
    let variables = [
        ("AWS_ACCESS_KEY_ID", "AKID"),
        ("AWS_SECRET_ACCESS_KEY", "secret"),
        ("AWS_ACCOUNT_ID", "999999999999"),
    ];
    let ended = cloud.call_with(&["plan", FILE], &variables);
    ended.check(1, "", "account 999999999999");
    ended.check(1, "", "are in 123456789012");
}

/// Keys in variables do not tell whose they are: then the ARNs of the services do.
#[test]
fn services_of_another_account_are_told_though_the_credentials_say_nothing() {
    let cloud = Cloud::of(&[("blue", 1), ("green", 0)]);
    cloud.forward_by_default(false);
    cloud.write(&good().replace("123456789012", "999999999999"));
    let ended = cloud.call(&["plan", FILE]);
    ended.check(1, "", "123456789012");
    ended.check(1, "", "999999999999");
    ended.check(1, "", "credentials");
}

/// A process that is named by a profile gives credentials, as those of single sign-on do.
#[test]
fn a_profile_is_used_that_an_option_names() {
    let cloud = Cloud::of(&[("blue", 1), ("green", 0)]);
    cloud.forward_by_default(false);
    let shop = &cloud.shop;
    let file = good()
        .replace(&format!("{AT}:targetgroup/blue/a1"), &shop.stable_group)
        .replace(&format!("{AT}:targetgroup/green/a2"), &shop.canary_group)
        .replace(&format!("{AT}:listener-rule/app/shop/a1/b2/c3"), &shop.rule)
        .replace(&format!("{AT}:listener/app/shop/a1/b2"), &shop.listener);
    cloud.write(&file);
    let config = "[profile shop]\ncredential_process = sh -c \"echo '{\\\"Version\\\": 1, \
                  \\\"AccessKeyId\\\": \\\"AKID\\\", \\\"SecretAccessKey\\\": \\\"secret\\\"}'\"\n";
    let folder = cloud.folder.path().join(".aws");
    std::fs::create_dir(&folder).unwrap();
    std::fs::write(folder.join("config"), config).unwrap();
    let ended = cloud.call_with(&["plan", FILE, "--profile", "shop"], &[]);
    ended.check(0, "main: live is service/shop/blue", "");
}

/// What AWS says against it is told, and what may be done.
#[test]
fn a_call_that_is_not_allowed_is_named() {
    let cloud = Cloud::of(&[("blue", 1)]);
    let shop = &cloud.shop;
    shop.fake.deny("ecs:DescribeServices");
    let file = good()
        .replace(&format!("{AT}:targetgroup/blue/a1"), &shop.stable_group)
        .replace(&format!("{AT}:targetgroup/green/a2"), &shop.canary_group)
        .replace(&format!("{AT}:listener-rule/app/shop/a1/b2/c3"), &shop.rule)
        .replace(&format!("{AT}:listener/app/shop/a1/b2"), &shop.listener);
    cloud.write(&file);
    let ended = cloud.call(&["plan", FILE]);
    ended.check(1, "", "ecs:DescribeServices");
}

/// A client without TLS would be built all the same, and fail with every real endpoint.
#[test]
fn aws_is_spoken_to_by_tls() {
    let cloud = Cloud::of(&[("blue", 1)]);
    cloud.write(&good());
    let endpoint = cloud.endpoint.replace("http:", "https:");
    let variables = [
        ("AWS_ACCESS_KEY_ID", "AKID"),
        ("AWS_SECRET_ACCESS_KEY", "secret"),
        ("AWS_ENDPOINT_URL", &endpoint),
    ];
    let ended = cloud.call_with(&["plan", FILE], &variables);
    ended.check(1, "", "tls handshake");
}

/// Without a look at AWS a plan is held to what its load balancer can do.
#[test]
fn shares_are_those_of_a_load_balancer_offline_too() {
    let cloud = Cloud::closed();
    let canary =
        |stages: &str| good().replace("blue-green: {bake: 1s}", &format!("canary: {stages}"));
    cloud.write(&canary("{stages: [0.1%, 100%]}"));
    let offline = ["plan", FILE, "--offline"];
    cloud.call(&offline).check(0, "0.1%", "");
    cloud.write(&canary("{stages: [0.05%, 100%]}"));
    cloud.call(&offline).check(64, "", "steps of 0.1%");
}
