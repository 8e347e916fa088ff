//! The Role that `permissions` prints: with it a whole rollout works, without a verb of it the error
//! names the verb and the resource.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::file::{FILE, rollout};
use crate::program::{Ended, Rollway};
use crate::shop::{Mode, Shop, pause};

const USER: &str = "rollway-test-2";

impl Shop {
    /// Lets the user do in this namespace what the Role says, and nothing else; from now on.
    pub(crate) async fn grant(&self, role: Value) {
        let name = role["metadata"]["name"].clone();
        let first = role["rules"][0].clone();
        self.create(role).await;
        let group = "rbac.authorization.k8s.io";
        self.create(json!({
            "apiVersion": format!("{group}/v1"),
            "kind": "RoleBinding",
            "metadata": {"name": name},
            "roleRef": {"apiGroup": group, "kind": "Role", "name": name},
            "subjects": [{"apiGroup": group, "kind": "User", "name": USER}],
        }))
        .await;
        self.until_may(&first, true).await;
    }

    /// Waits until the API server lets the user do what a rule says, or no longer: it learns of its own objects a
    /// little later than whoever writes them.
    pub(crate) async fn until_may(&self, rule: &Value, expected: bool) {
        let asked = json!({
            "apiVersion": "authorization.k8s.io/v1",
            "kind": "SubjectAccessReview",
            "spec": {"user": USER, "resourceAttributes": {
                "namespace": self.namespace,
                "group": rule["apiGroups"][0],
                "resource": rule["resources"][0],
                "verb": rule["verbs"][0],
                "name": rule["resourceNames"][0],
            }},
        });
        for _ in 0..1200 {
            let answer = self.create(asked.clone()).await;
            if answer["status"]["allowed"] == expected {
                return;
            }
            pause(Duration::from_millis(50)).await;
        }
        panic!("never as it was granted: {asked:#}");
    }
}

/// A shop, and the Role that the program prints for it.
pub(crate) async fn set_up(mode: Mode, bake: &str) -> (Shop, Rollway, Value) {
    let shop = Shop::open(mode).await;
    let rollway = Rollway::new(&shop, &rollout(mode, "v2", bake, ""));
    let rollway = rollway.by_user(&shop, USER);
    let printed = rollway.call_there(&["permissions", FILE]).await;
    printed.check(0, "kind: Role", "");
    let role: Value = serde_saphyr::from_str(&printed.out).unwrap();
    (shop, rollway, role)
}

async fn suffices(mode: Mode) {
    let (shop, rollway, role) = set_up(mode, "1s").await;
    shop.grant(role).await;
    let ended = rollway.run(&[]).ended().await;
    ended.check(0, "promoted", "");
}

#[tokio::test]
#[ignore = "needs a control plane: cargo xtask test"]
async fn a_blue_green_rollout_needs_no_more() {
    suffices(Mode::BlueGreen).await;
}

#[tokio::test]
#[ignore = "needs a control plane: cargo xtask test"]
async fn a_canary_needs_no_more() {
    suffices(Mode::Canary).await;
}

/// A blue-green rollout without one verb on one resource.
async fn without(resource: &str, verb: &str) -> Ended {
    let (shop, rollway, mut role) = set_up(Mode::BlueGreen, "1s").await;
    for rule in role["rules"].as_array_mut().unwrap() {
        if rule["resources"] == json!([resource]) {
            let verbs = rule["verbs"].as_array_mut().unwrap();
            let number = verbs.len();
            verbs.retain(|granted| granted != verb);
            assert_eq!(verbs.len(), number - 1, "{verb} {resource} was not granted");
        }
    }
    shop.grant(role).await;
    let before = shop.objects().await;
    let ended = rollway.run(&[]).ended().await;
    println!("without {verb} {resource}: {ended:#?}");
    assert_eq!(shop.objects().await, before, "{verb} {resource}");
    ended
}

#[tokio::test]
#[ignore = "needs a control plane: cargo xtask test"]
async fn without_one_verb_the_error_names_verb_and_resource() {
    let mut cases = JoinSet::new();
    for (resource, verb) in [
        ("services", "update"),
        ("services", "list"),
        ("deployments", "update"),
        ("deployments", "list"),
        ("pods", "list"),
        ("endpointslices", "list"),
    ] {
        cases.spawn(async move { (resource, verb, without(resource, verb).await) });
    }
    for (resource, verb, ended) in cases.join_all().await {
        assert!(!matches!(ended.status, Some(0)), "{ended:?}");
        let said = format!("{}{}", ended.out, ended.err);
        let singular = resource.trim_end_matches('s');
        let named = [format!("{verb} {singular}"), format!("{verb} {resource}")];
        assert!(named.iter().any(|named| said.contains(named)), "{said}");
    }
}
