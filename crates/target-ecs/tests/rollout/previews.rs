//! Requests with a header or a cookie reach the candidate by rules of our own, which are taken away again.

use std::cell::RefCell;
use std::time::Duration;

use futures::future::{Either, join, select};
use serde_json::{Value, json};
use strategy_core::Release;
use strategy_core::driver::{Driver, FileJournal, MemoryInbox};
use strategy_core::inbox::Envelope;
use strategy_core::rollout::{Command, Outcome, Wish};
use strategy_core::strategy::{Canary, CanaryStage};
use strategy_core::world::block_on;
use target_ecs::config::RuleConfig;
use test_support::ecs::{Fault, Request, Service};

use crate::scene::{Scene, blue_green};

/// At first requests with a header alone, then a tenth, then all.
pub(crate) fn header_first() -> Canary {
    Canary::new()
        .stage(CanaryStage::at(0).header_route("X-Preview", "yes"))
        .stages([10, 100])
        .bake(Duration::from_secs(60))
}

impl Scene {
    fn listener_rules(&self) -> Vec<Value> {
        let input = json!({"ListenerArn": self.shop.listener});
        let answer = self.ask(Service::LoadBalancing, "DescribeRules", input);
        answer["Rules"].as_array().unwrap().clone()
    }

    /// All rules of the listener but the one that carries the traffic.
    pub(crate) fn others(&self) -> Vec<Value> {
        let rules = self.listener_rules().into_iter();
        rules
            .filter(|rule| rule["RuleArn"] != self.shop.rule)
            .collect()
    }

    /// The rules that were made meanwhile.
    pub(crate) fn previews(&self) -> Vec<Value> {
        let tagged = |rule: &Value| {
            let input = json!({"ResourceArns": [rule["RuleArn"]]});
            let answer = self.ask(Service::LoadBalancing, "DescribeTags", input);
            let tags = answer["TagDescriptions"][0]["Tags"]
                .as_array()
                .unwrap()
                .clone();
            tags.iter().any(|tag| tag["Key"] == "rollway.dev/preview")
        };
        let rules = self.listener_rules().into_iter();
        rules.filter(tagged).collect()
    }

    /// The part of such requests that reaches the candidate, in percent.
    pub(crate) fn reached(&self, request: &Request) -> i64 {
        let shares = self.fake.reach(&self.shop.listener, request).into_iter();
        let to_candidate = shares.filter(|share| share.target_group == self.shop.canary_group);
        (to_candidate.map(|share| share.share).sum::<f64>() * 100.0).round() as i64
    }

    async fn until_preview(&self) {
        for _ in 0..3600 {
            if !self.previews().is_empty() {
                return;
            }
            self.after(1).await;
        }
        panic!("no rule was made");
    }
}

fn marked() -> Request {
    Request::default().with_header("x-preview", "yes")
}

#[test]
fn requests_with_the_header_reach_the_candidate_and_others_do_not() {
    let scene = Scene::canary();
    let (before, others) = (scene.rule(), scene.others());
    let watch = async {
        scene.until_preview().await;
        scene.after(20).await;
        assert_eq!(scene.weights(), (1, 0));
        assert_eq!(scene.reached(&marked()), 100);
        assert_eq!(scene.reached(&Request::default()), 0);
        let other = Request::default().with_header("x-preview", "no");
        assert_eq!(scene.reached(&other), 0);
        let previews = scene.previews();
        assert_eq!(previews.len(), 1, "{previews:?}");
        assert_eq!(previews[0]["Priority"], "9");
        scene.until_weight(100).await;
        assert_eq!(scene.previews(), [Value::Null; 0]);
    };
    let outcome = scene.roll_out_while(&header_first(), "web:2", watch);
    assert_eq!(outcome, Outcome::Promoted);
    assert_eq!((scene.rule(), scene.others()), (before, others));
    scene.nothing_is_left();
    scene.nobody_was_let_down();
}

#[test]
fn a_cookie_is_found_wherever_it_stands() {
    let scene = Scene::canary();
    let canary = Canary::new()
        .stages([10, 100])
        .cookie_route("canary", "1")
        .bake(Duration::from_secs(60));
    let cookie = |text: &str| scene.reached(&Request::default().with_header("Cookie", text));
    let watch = async {
        scene.until_preview().await;
        scene.after(20).await;
        for text in [
            "canary=1",
            "a=b; canary=1",
            "canary=1; a=b",
            "a=b; canary=1; c=d",
        ] {
            assert_eq!(cookie(text), 100, "{text}");
        }
        for text in ["canary=12", "xcanary=1", "a=b; xcanary=1", "canary=2"] {
            assert_eq!(cookie(text), 10, "{text}");
        }
    };
    let outcome = scene.roll_out_while(&canary, "web:2", watch);
    assert_eq!(outcome, Outcome::Promoted);
    assert_eq!(scene.previews(), [Value::Null; 0]);
    scene.nobody_was_let_down();
}

#[test]
fn it_is_taken_away_by_a_rollback() {
    let scene = Scene::canary();
    let (before, others) = (scene.rule(), scene.others());
    let person = async {
        scene.until_preview().await;
        scene.after(30).await;
        let arn = scene.shop.register("web:theirs");
        scene
            .fake
            .somebody_deploys("shop", "web-other", &arn)
            .unwrap();
    };
    let outcome = scene.roll_out_while(&header_first(), "web:2", person);
    assert!(matches!(outcome, Outcome::RolledBack { .. }), "{outcome}");
    assert_eq!((scene.rule(), scene.others()), (before, others));
    scene.nothing_is_left();
    scene.nobody_was_let_down();
}

/// A rule that somebody takes away is traffic that was moved towards stable.
#[test]
fn a_preview_rule_that_somebody_removes_is_heeded() {
    let scene = Scene::canary();
    let others = scene.others();
    let person = async {
        scene.until_preview().await;
        scene.after(40).await;
        let arn = scene.previews()[0]["RuleArn"].clone();
        scene.ask(
            Service::LoadBalancing,
            "DeleteRule",
            json!({"RuleArn": arn}),
        );
    };
    let outcome = scene.roll_out_while(&header_first(), "web:2", person);
    println!("{outcome}");
    assert!(matches!(outcome, Outcome::RolledBack { .. }), "{outcome}");
    assert_eq!(scene.others(), others);
    scene.nothing_is_left();
}

#[test]
fn it_asks_and_does_what_the_rule_does_before_it_forwards() {
    let scene = Scene::canary();
    let shop = &scene.shop;
    let actions = json!([
        { "Type": "authenticate-cognito", "Order": 1, "AuthenticateCognitoConfig": {
            "UserPoolArn": "arn:aws:cognito-idp:eu-west-1:123456789012:userpool/shop",
            "UserPoolClientId": "shop", "UserPoolDomain": "shop", "SessionTimeout": 300,
        } },
        { "Type": "forward", "Order": 7, "ForwardConfig": { "TargetGroups": [
            { "TargetGroupArn": shop.stable_group, "Weight": 1 },
        ] } },
    ]);
    let conditions = json!([
        { "Field": "host-header", "HostHeaderConfig": { "Values": ["*.example.org"] } },
        { "Field": "path-pattern", "PathPatternConfig": { "Values": ["/*"] } },
    ]);
    let input = json!({"RuleArn": shop.rule, "Actions": actions, "Conditions": conditions});
    scene.ask(Service::LoadBalancing, "ModifyRule", input);
    let seen = RefCell::new(Value::Null);
    let watch = async {
        scene.until_preview().await;
        *seen.borrow_mut() = scene.previews()[0].clone();
    };
    let outcome = scene.roll_out_while(&header_first(), "web:2", watch);
    assert_eq!(outcome, Outcome::Promoted);
    let (seen, rule) = (seen.into_inner(), scene.rule());
    let fields: Vec<_> = seen["Conditions"].as_array().unwrap().iter().collect();
    assert_eq!(
        fields[..2].to_vec(),
        rule["Conditions"]
            .as_array()
            .unwrap()
            .iter()
            .collect::<Vec<_>>()
    );
    assert_eq!(fields[2]["HttpHeaderConfig"]["HttpHeaderName"], "X-Preview");
    let cognito = &seen["Actions"][0]["AuthenticateCognitoConfig"];
    assert_eq!(cognito["UserPoolClientId"], "shop", "{seen}");
    let groups = &seen["Actions"][1]["ForwardConfig"]["TargetGroups"];
    assert_eq!(groups.as_array().unwrap().len(), 1);
    assert_eq!(groups[0]["TargetGroupArn"], scene.shop.canary_group);
}

#[test]
fn of_a_default_rule_it_comes_after_all_others() {
    let mut scene = Scene::pair();
    let listener = scene.shop.listener.clone();
    let actions = scene.rule()["Actions"].clone();
    let default = json!({"ListenerArn": listener, "DefaultActions": actions});
    scene.ask(Service::LoadBalancing, "ModifyListener", default);
    let host =
        json!({"Field": "host-header", "HostHeaderConfig": {"Values": ["else.example.org"]}});
    let answer = json!([{"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "200"}}]);
    let input = json!({"RuleArn": scene.shop.rule, "Conditions": [host], "Actions": answer});
    scene.ask(Service::LoadBalancing, "ModifyRule", input);
    scene.rules = vec![RuleConfig::ListenerDefault(listener)];
    let mut elsewhere = marked();
    elsewhere.host = "else.example.org".to_owned();
    let watch = async {
        scene.until_preview().await;
        scene.after(20).await;
        assert_eq!(scene.previews()[0]["Priority"], "50000");
        assert_eq!(scene.reached(&marked()), 100);
        assert_eq!(
            (
                scene.reached(&elsewhere),
                scene.reached(&Request::default())
            ),
            (0, 0)
        );
    };
    let strategy = blue_green().preview_header("x-preview", "yes");
    let outcome = scene.roll_out_while(&strategy, "web:2", watch);
    assert_eq!(outcome, Outcome::Promoted);
    assert_eq!(scene.previews(), [Value::Null; 0]);
    scene.nobody_was_let_down();
}

/// Two routes for two rules: four rules of our own, and a failure at each call that makes or removes one. Where the
/// answer to one of several calls is lost, what is left of the write may be waited for in vain: then it goes back.
#[test]
fn several_routes_and_rules_come_and_go_whatever_call_fails() {
    let mut promoted = 0;
    for operation in ["CreateRule", "DeleteRule"] {
        for (nth, fault) in [1, 3]
            .into_iter()
            .flat_map(|nth| [Fault::Throttled, Fault::ResetAfter].map(|fault| (nth, fault)))
        {
            let mut scene = Scene::canary();
            let second = scene.second_rule();
            scene.rules.push(RuleConfig::Rule(second));
            let others = scene.others();
            let both = CanaryStage::at(0)
                .header_route("X-Preview", "yes")
                .cookie_route("canary", "1");
            let canary = Canary::new()
                .stage(both)
                .stages([10, 100])
                .bake(Duration::from_secs(20));
            scene.fake.fault_nth(operation, nth, fault);
            let outcome = scene.roll_out(&canary, "web:2");
            println!("{operation} {nth} {fault:?}: {outcome}");
            let is_back = matches!(outcome, Outcome::RolledBack { .. });
            assert!(is_back || outcome == Outcome::Promoted, "{outcome}");
            promoted += usize::from(!is_back);
            assert_eq!(scene.others(), others, "{operation} {nth} {fault:?}");
            scene.nothing_is_left();
            scene.nobody_was_let_down();
        }
    }
    assert!(promoted >= 4, "{promoted}");
}

#[test]
fn it_survives_a_crash_at_any_moment() {
    for seconds in (0..500).step_by(83) {
        let scene = Scene::slow_canary(Duration::from_millis(200));
        let others = scene.others();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("web.journal");
        let process = |journal| {
            let driver = Driver::on(scene.target()).clock(scene.clock.clone());
            driver.id("release-2".parse().unwrap()).journal(journal)
        };
        let release = Release::of([("web", "web:2")]).unwrap();
        let first = process(FileJournal::create(&path).unwrap());
        let strategy = header_first();
        let started = first.start(&strategy, release);
        let (_, run) = block_on(&scene.clock, started).unwrap().unwrap();
        let crash = scene.clock.now() + Duration::from_millis(seconds * 1000 + 500);
        let both = select(Box::pin(run), Box::pin(scene.clock.sleep_until(crash)));
        let outcome = match block_on(&scene.clock, both).unwrap() {
            Either::Left((outcome, _)) => outcome.unwrap(),
            Either::Right((_, run)) => {
                drop(run);
                scene.wait(20);
                let second = process(FileJournal::open(&path).unwrap());
                let (_, run) = block_on(&scene.clock, second.resume()).unwrap().unwrap();
                block_on(&scene.clock, run).unwrap().unwrap()
            }
        };
        assert_eq!(outcome, Outcome::Promoted, "after {seconds} s");
        assert_eq!(scene.others(), others, "after {seconds} s");
        scene.nothing_is_left();
        scene.nobody_was_let_down();
    }
}

/// An abandoned rollout leaves all as it is; the next one says what is left, and what to do about it.
#[test]
fn what_an_abandoned_rollout_leaves_is_found_by_the_next() {
    let scene = Scene::canary();
    let inbox = MemoryInbox::new();
    let driver = Driver::on(scene.target())
        .clock(scene.clock.clone())
        .inbox(inbox.clone());
    let release = Release::of([("web", "web:2")]).unwrap();
    let person = async {
        scene.until_preview().await;
        scene.after(20).await;
        let abandon = Command::new("abandon", "vet", Wish::Abandon);
        inbox.send(Envelope::Command(abandon));
    };
    let whole = async {
        let (_, run) = driver
            .start(&header_first(), release.clone())
            .await
            .unwrap();
        join(run, person).await.0.unwrap()
    };
    let outcome = block_on(&scene.clock, whole).unwrap();
    assert!(matches!(outcome, Outcome::Abandoned { .. }), "{outcome}");
    assert_eq!(scene.previews().len(), 1);
    let driver = Driver::on(scene.target()).clock(scene.clock.clone());
    let strategy = header_first();
    let planned = block_on(&scene.clock, driver.plan(&strategy, release));
    let findings = planned.unwrap().unwrap().findings;
    let left = findings
        .iter()
        .find(|finding| finding.code == "preview-left");
    let arn = scene.previews()[0]["RuleArn"].as_str().unwrap().to_owned();
    assert!(left.unwrap().to_string().contains(&arn), "{left:?}");
}

/// Its removal is denied: the rollout holds on to it, and ends when it is allowed.
#[test]
fn it_is_not_forgotten_where_it_cannot_be_removed() {
    let scene = Scene::canary();
    let others = scene.others();
    scene.fake.deny("elasticloadbalancing:DeleteRule");
    let person = async {
        scene.until_preview().await;
        scene.after(7200).await;
        assert_eq!(scene.previews().len(), 1);
        scene.fake.allow("elasticloadbalancing:DeleteRule");
    };
    let driver = Driver::on(scene.target()).clock(scene.clock.clone());
    let release = Release::of([("web", "web:2")]).unwrap();
    let whole = async {
        let (_, run) = driver.start(&header_first(), release).await.unwrap();
        join(run, person).await.0.unwrap()
    };
    let outcome = block_on(&scene.clock, whole).unwrap();
    println!("{outcome}");
    assert_eq!(scene.others(), others);
    scene.nothing_is_left();
    scene.nobody_was_let_down();
}
