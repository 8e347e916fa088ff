//! Files that are read, and those that are refused with place and mend.

use super::*;

const GOOD: &str = r"
version: 1
name: shop-api
target:
  kubernetes:
    namespace: shop
    workload: {slots: [api-blue, api-green]}
    router: {service-selector: {service: api, key: version}}
strategy:
  canary:
    stages:
      - 5%
      - weight: 25%
        bake: 10m
        gates:
          - approval: {roles: [sre]}
release:
  api: registry.example/shop/api:2.4.1
roles:
  sre: [ann]
";

fn problem(text: &str) -> String {
    RolloutFile::parse(Path::new("api.yaml"), text)
        .unwrap_err()
        .to_string()
}

#[test]
fn a_good_file_reads_and_its_json_reads_back() {
    let (file, _) = RolloutFile::parse(Path::new("api.yaml"), GOOD).unwrap();
    let json = serde_json::to_string(&file).unwrap();
    assert_eq!(serde_json::from_str::<RolloutFile>(&json).unwrap(), file);
}

#[test]
fn an_error_names_file_line_field_and_mend() {
    for (from, to, start, mend) in [
        ("name: shop-api", "nmae: shop-api", "3:1: nmae: ", "`name`"),
        (
            "5%",
            "5",
            "12:9: strategy.canary.stages[0]: ",
            "such as `5%`",
        ),
        (
            "10m",
            "ten",
            "14:15: strategy.canary.stages[1].bake: ",
            "such as `90s`",
        ),
        (
            "bake: 10m",
            "bkae: 10m",
            "14:9: strategy.canary.stages[1].bkae: ",
            "`bake`",
        ),
        (
            "approval: {roles: [sre]}",
            "aproval: {}",
            "16:13: strategy.canary.stages[1].gates[0].aproval: ",
            "`approval`",
        ),
        (
            "canary:",
            "canari:",
            "10:3: strategy.canari: ",
            "`blue-green`",
        ),
        (
            "service: api, ",
            "",
            "8:33: target.kubernetes.router.service-selector: ",
            "`service`",
        ),
        (
            "[api-blue, api-green]",
            "[api-blue]",
            "7:5: target.kubernetes.workload: ",
            "2",
        ),
        (
            "version: 1",
            "version: one",
            "2:10: version: ",
            "whole number",
        ),
    ] {
        let text = GOOD.replacen(from, to, 1);
        assert_ne!(text, GOOD, "{from}");
        let error = problem(&text);
        assert!(error.starts_with(&format!("api.yaml:{start}")), "{error}");
        assert!(error.contains(mend), "{error}");
        assert!(!error.contains('\n'), "{error}");
    }
}

#[test]
fn what_a_file_says_adds_no_line_to_a_message() {
    for name in [r#""na\nme""#, r#""na\e[2Jme""#, r#""\r\nerror""#] {
        for (from, to) in [
            ("name:", format!("{name}:")),
            ("api: registry", format!("{name}: [a]\n  api: registry")),
            ("bake: 10m", format!("bake: {name}")),
        ] {
            let error = problem(&GOOD.replacen(from, &to, 1));
            assert!(!error.contains(char::is_control), "{error:?}");
        }
    }
}

#[test]
fn a_field_named_twice_is_an_error() {
    let error = problem(&GOOD.replacen("name: shop-api", "name: a\nname: b", 1));
    assert!(error.starts_with("api.yaml:4:1: name: "), "{error}");
}

#[test]
fn a_huge_file_is_refused_unread() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("huge.yaml");
    let file = File::create(&path).unwrap();
    file.set_len(SIZE_LIMIT * 1024).unwrap();
    let error = RolloutFile::read(&path).unwrap_err().to_string();
    assert!(error.contains("more than 1 MiB"), "{error}");
}

#[cfg(unix)]
#[test]
fn a_pipe_or_a_folder_is_refused_unopened() {
    let folder = tempfile::tempdir().unwrap();
    let pipe = folder.path().join("pipe.yaml");
    let made = std::process::Command::new("mkfifo").arg(&pipe).status();
    assert!(made.unwrap().success());
    for path in [pipe.as_path(), folder.path()] {
        let error = RolloutFile::read(path).unwrap_err().to_string();
        assert!(error.contains("no regular file"), "{error}");
    }
}

#[test]
fn a_bomb_of_aliases_is_refused() {
    let mut text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..9 {
        let item = format!("*a{}", level - 1);
        text.push_str(&format!(
            "a{level}: &a{level} [{}]\n",
            [item.as_str(); 10].join(", ")
        ));
    }
    assert!(!problem(&text).is_empty());
}
