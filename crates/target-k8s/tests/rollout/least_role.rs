//! A whole rollout under exactly the Role that is printed, and what one verb less leads to.

use std::collections::BTreeSet;

use serde_json::Value;
use strategy_core::Timestamp;
use strategy_core::driver::Driver;
use strategy_core::rollout::Reason;
use target_k8s::{KubernetesTarget, Rule};

use crate::autoscaled::autoscale;
use crate::gateway::{carried, controller};
use crate::scene::{AGENT, Running, Scene, release};
use crate::story::Story;
use crate::terms::{Mode, Terms};

const USER: &str = "rollway-test-1";

/// The Role as it is printed.
fn printed(scene: &Scene) -> Value {
    let text = KubernetesTarget::permissions(&scene.config()).to_string();
    serde_saphyr::from_str(&text).unwrap()
}

/// A driver of a user who may do what was granted, and nothing else.
fn driver(scene: &Scene) -> (Driver, Story) {
    let client = scene.plane.client_for(USER, AGENT).unwrap();
    let story = Story::default();
    let target = KubernetesTarget::new(client, scene.config());
    (Driver::on(target).observer(story.clone()), story)
}

/// What is granted, as `verb resource`.
fn granted(scene: &Scene) -> BTreeSet<String> {
    let role = KubernetesTarget::permissions(&scene.config());
    let of = |rule: &Rule| -> Vec<String> {
        let verbs = rule.verbs.iter();
        let words =
            verbs.flat_map(|verb| rule.resources.iter().map(move |of| format!("{verb} {of}")));
        words.collect()
    };
    role.rules.iter().flat_map(of).collect()
}

/// Rolled back, then promoted, under the Role as it is printed; what was done with it.
async fn there_and_back(mode: Mode, is_autoscaled: bool) -> BTreeSet<String> {
    let scene = Scene::open(mode).await;
    if is_autoscaled {
        autoscale(&scene).await;
    }
    let _controller = (mode == Mode::Gateway).then(|| controller(&scene));
    if mode == Mode::Gateway {
        carried(&scene).await;
    }
    scene.shop.grant(USER, printed(&scene)).await;
    let before = scene.objects().await;
    let (back, story) = driver(&scene);
    let rollout = scene
        .start(back, story, "v2-late", &Terms::long_bake())
        .await;
    let reason = rollout.rolled_back().await;
    assert!(matches!(reason, Reason::Fatal { .. }), "{reason}");
    assert_eq!(scene.objects().await, before);
    let (there, story) = driver(&scene);
    let rollout = scene.start(there, story, "v3", &Terms::default()).await;
    rollout.promoted().await;
    assert_eq!(scene.objects().await, scene.promoted(&before, "v3"));
    let calls = scene.calls_between(Timestamp::from_millis(0), None, AGENT);
    println!("{mode:?}, autoscaled: {is_autoscaled}: {calls:?}");
    let used: BTreeSet<String> = calls.into_keys().collect();
    let granted = granted(&scene);
    assert!(used.is_subset(&granted), "{used:?}");
    used
}

/// What is granted and was used by none of these runs, with its reason.
async fn is_enough_and_not_too_much(mode: Mode, unused: &[(&str, &str)]) {
    let (plain, autoscaled) = tokio::join!(there_and_back(mode, false), there_and_back(mode, true));
    let used: BTreeSet<String> = plain.union(&autoscaled).cloned().collect();
    let scene = Scene::open(mode).await;
    let granted = granted(&scene);
    for call in granted.difference(&used) {
        let reason = unused.iter().find(|(expected, _)| expected == call);
        let Some((_, reason)) = reason else {
            panic!("{mode:?}: `{call}` is granted and nobody used it");
        };
        println!("{mode:?}: `{call}` was not used: {reason}");
    }
}

#[tokio::test]
#[ignore = "needs a control plane: cargo xtask test"]
async fn is_enough_to_be_rolled_back_and_to_be_promoted_and_not_too_much() {
    tokio::join!(
        is_enough_and_not_too_much(Mode::BlueGreen, &[]),
        is_enough_and_not_too_much(
            Mode::Ingress,
            &[(
                "get services",
                "they are read again with everything else after a conflict, and there was none"
            )],
        ),
        is_enough_and_not_too_much(
            Mode::Canary,
            &[(
                "get destinationrules",
                "it is read again with everything else after a conflict, and there was none"
            )],
        ),
        is_enough_and_not_too_much(
            Mode::Gateway,
            &[(
                "get gateways",
                "they are read again with everything else after a conflict, and there was none"
            )],
        ),
    );
}

/// What a rollout says when it may not do this; nothing of the user's is changed.
async fn without(mode: Mode, verb: &str, resource: &str) -> String {
    let scene = Scene::open(mode).await;
    let mut role = printed(&scene);
    let rules = role["rules"].as_array_mut().unwrap();
    let rule = rules
        .iter_mut()
        .find(|rule| rule["resources"][0] == resource);
    let verbs = rule.unwrap()["verbs"].as_array_mut().unwrap();
    let all = verbs.len();
    verbs.retain(|granted| granted != verb);
    assert_eq!(verbs.len(), all - 1);
    scene.shop.grant(USER, role).await;
    let before = scene.objects().await;
    let (driver, story) = driver(&scene);
    let strategy = Terms::default().strategy(mode);
    let said = match driver.start(&*strategy, release("v2")).await {
        Err(error) => error.to_string(),
        Ok((handle, run)) => Running::of(handle, run, story)
            .rolled_back()
            .await
            .to_string(),
    };
    println!("{mode:?} without {verb} {resource}: {said}");
    assert_eq!(scene.objects().await, before);
    said
}

async fn is_named(mode: Mode, verb: &str, resource: &str, object: &str) {
    let said = without(mode, verb, resource).await;
    assert!(said.contains(&format!("{verb} {object}")), "{said}");
    assert!(
        said.contains(&format!("cannot {verb} resource \"{resource}\"")),
        "{said}"
    );
}

#[tokio::test]
#[ignore = "needs a control plane: cargo xtask test"]
async fn less_one_verb_fails_and_says_which() {
    tokio::join!(
        is_named(Mode::BlueGreen, "list", "pods", "pods"),
        is_named(Mode::BlueGreen, "update", "deployments", "deployment/api-"),
        is_named(
            Mode::Canary,
            "create",
            "deployments",
            "deployment/api-canary"
        ),
        is_named(
            Mode::Canary,
            "update",
            "virtualservices",
            "virtualservice/api"
        ),
    );
}
