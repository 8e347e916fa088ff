//! What a good file comes to, and what cannot be meant.

use std::path::Path;

use super::*;

const GOOD: &str = r#"
version: 1
name: shop-api
target:
  kubernetes:
    workload: {canary: {stable: api}}
    router: {istio: {virtual-service: api}}
strategy:
  canary:
    routes: [{header: x-canary, value: "true"}]
    stages:
      - weight: 25%
        checks: [errors]
        gates: [{approval: {roles: [sre]}}]
      - 100%
checks:
  errors: {failure-share: {limit: 1%, command: [./count]}}
hooks:
  promote: [{name: migrate, at: before, command: [./migrate]}]
approvals:
  promotion: {roles: [sre]}
roles: {sre: [ann]}
release: {api: "api:2"}
"#;

fn intent(text: &str, images: &[&str]) -> Result<Intent, String> {
    let (file, source) = RolloutFile::parse(Path::new("api.yaml"), text).unwrap();
    let images: Vec<_> = images.iter().map(|image| image.parse().unwrap()).collect();
    let located = |mistake| source.locate(mistake).to_string();
    file.intent(&images).map_err(located)
}

#[test]
fn a_good_file_is_a_release_a_strategy_and_its_counters() {
    let intent = intent(GOOD, &["api=api:3"]).unwrap();
    assert_eq!(intent.release.to_string(), "api=api:3");
    assert_eq!(intent.counters[&"errors".into()], ["./count"]);
    let text = format!("{:?}", intent.strategy);
    for word in ["Weight(2500)", "x-canary", "migrate", "errors", "sre"] {
        assert!(text.contains(word), "{word}: {text}");
    }
}

#[test]
fn approvals_have_limits_of_their_own_and_checks_may_compare() {
    for (from, to, means) in [
        (
            "promotion: {roles: [sre]}",
            "promotion: {roles: [sre], limit: 30m, then: abandon}",
            "limit: 1800s, then: Abandon",
        ),
        (
            "promotion: {roles: [sre]}",
            "retirement: {limit: 15m, then: go-on}",
            "limit: 900s, then: GoOn",
        ),
        (
            "errors: {",
            "errors: {compares-with-stable: true, ",
            "compares_with_stable: true",
        ),
    ] {
        let strategy = |text: &str| format!("{:?}", intent(text, &[]).unwrap().strategy);
        assert!(!strategy(GOOD).contains(means), "{means}");
        let text = strategy(&GOOD.replacen(from, to, 1));
        assert!(text.contains(means), "{means}: {text}");
    }
}

#[test]
fn what_cannot_be_meant_is_named_with_its_place() {
    for (from, to, start, mend) in [
        ("version: 1", "version: 2", "2:1: version: ", "`version: 1`"),
        ("name: shop-api", "name: Shop", "3:1: name: ", "a-z"),
        (
            "    router: {istio: {virtual-service: api}}\n",
            "",
            "5:3: target.kubernetes: ",
            "add `router`",
        ),
        (
            "{header: x-canary, value",
            "{value",
            "10:14: strategy.canary.routes[0]: ",
            "`cookie`",
        ),
        (
            "[errors]",
            "[errors, speed]",
            "13:26: strategy.canary.stages[0].checks[1]: ",
            "under `checks`",
        ),
        (
            "gates: [{approval: {roles: [sre]}}]",
            "gates: [{approval: {roles: [cto]}}]",
            "14:29: strategy.canary.stages[0].gates[0].approval.roles: ",
            "`roles.cto`",
        ),
        (
            "command: [./migrate]",
            "command: []",
            "19:41: hooks.promote[0].command: ",
            "names no program",
        ),
        (
            "  promotion: {roles: [sre]}",
            "  promotion: {roles: [cto]}",
            "21:15: approvals.promotion.roles: ",
            "`roles.cto`",
        ),
        (
            "api:2",
            "api",
            "23:11: release.api: ",
            "such as `api:2.4.1`",
        ),
    ] {
        let text = GOOD.replacen(from, to, 1);
        assert_ne!(text, GOOD, "{from}");
        let error = intent(&text, &[]).unwrap_err();
        assert!(error.starts_with(&format!("api.yaml:{start}")), "{error}");
        assert!(error.contains(mend), "{error}");
    }
}
