//! Rollouts that are judged by metrics: a good release is promoted and a bad one goes back, by what a server says that
//! speaks as Prometheus does.

use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

use crate::cloud::{Cloud, Ended, FILE};
use crate::prometheus::{Prometheus, Rates, Stream};

const TOKEN: &str = "open-sesame";

/// A canary of half the traffic, judged each second by what the server tells of the two target groups.
fn rollout(cloud: &Cloud, source: &Value) -> Value {
    let slot = |name: &str, group: &str| json!({"service": name, "target-group": group});
    let selector =
        |more: &str| format!("http_requests_total{{group=\"{{{{TargetGroup}}}}\"{more}}}");
    let shop = &cloud.shop;
    json!({
        "version": 1,
        "name": "shop-web",
        "target": {"ecs": {
            "cluster": "shop",
            "workload": {"canary": {
                "stable": slot("web", &shop.stable_group),
                "candidate": slot("web-canary", &shop.canary_group),
            }},
            "rules": [{"rule": shop.rule}],
            "settle": "1s",
            "drain": "1s",
        }},
        "strategy": {"canary": {
            "stages": ["50%", "100%"],
            "bake": {"at-least": "3s", "at-most": "60s"},
            "bake-after-return": "1s",
        }},
        "retire-after": "1s",
        "metrics": {"shop": {"prometheus": source}},
        "checks": {
            "errors": {
                "metric": {
                    "requests": selector(""),
                    "failed": selector(",code=~\"5..\""),
                    "unit": "pod",
                    "settle": "0s",
                },
                "judge": {"kind": "sequential-ratio", "gate": "never"},
                "interval": "1s",
            },
            "limit": {
                "metric": {
                    "requests": selector(""),
                    "failed": selector(",code=~\"5..\""),
                    "settle": "0s",
                },
                "judge": {"kind": "slo", "tolerated": 0.9},
                "interval": "1s",
            },
            "share": {
                "metric": {
                    "requests": selector(""),
                    "failed": selector(",code=~\"5..\""),
                    "settle": "0s",
                },
                "judge": {"kind": "threshold", "bound": {"absolute": {"max": 0.95}}},
                "interval": "1s",
            },
        },
        "release": {"web": "web:2"},
        "policies": {"resync": "1s"},
    })
}

/// 200 requests in each second on both tracks; of the candidate's this share fails, of stable's one in two hundred.
fn telling(cloud: &Cloud, failed: f64) -> impl Fn(&str) -> Option<Rates> + Send + Sync + 'static {
    let candidate = cloud
        .shop
        .canary_group
        .rsplit_once(':')
        .unwrap()
        .1
        .to_owned();
    move |query| {
        let failed = if query.contains(&candidate) {
            failed
        } else {
            0.005
        };
        Some(Rates {
            requests: 200.0,
            failed,
        })
    }
}

fn shop() -> Cloud {
    Cloud::of(&[("web", 2)])
}

/// As [`shop`], with a file that names the server and the token's file.
fn guarded(failed: f64) -> (Cloud, Prometheus) {
    let cloud = shop();
    let server = Prometheus::guarded(TOKEN, telling(&cloud, failed));
    let source = json!({"url": server.url, "bearer-token": {"file": "token"}});
    std::fs::write(cloud.folder.path().join("token"), format!("{TOKEN}\n")).unwrap();
    write(&cloud, &rollout(&cloud, &source));
    (cloud, server)
}

fn write(cloud: &Cloud, file: &Value) {
    cloud.write(&serde_json::to_string_pretty(file).unwrap());
}

/// The token is nowhere that the program wrote.
fn keeps_the_token(cloud: &Cloud, ended: &Ended) {
    let mut texts = vec![ended.out.clone(), ended.err.clone()];
    let files = std::fs::read_dir(cloud.folder.path().join(".rollway")).unwrap();
    let files = files.map(|entry| entry.unwrap().path());
    texts.extend(files.filter_map(|file| std::fs::read_to_string(file).ok()));
    assert!(texts.len() > 3, "{texts:?}");
    for text in texts {
        assert!(!text.contains(TOKEN), "{text}");
    }
}

#[test]
fn a_release_as_good_as_stable_is_promoted() {
    let (cloud, server) = guarded(0.005);
    let run = cloud.call(&["run", FILE]);
    run.check(0, "promoted", "");
    assert_eq!(cloud.image("web").as_deref(), Some("web:2"));
    assert!(server.asked().len() > 10, "{:?}", server.asked());
    keeps_the_token(&cloud, &run);
    cloud.everybody_was_served();
}

#[test]
fn a_release_that_fails_more_often_than_stable_goes_back() {
    let (cloud, _server) = guarded(0.2);
    let run = cloud.call(&["run", FILE]);
    run.check(2, "the candidate's errors exceed stable's", "");
    assert!(run.out.contains("check `errors`"), "{run:#?}");
    assert_eq!(cloud.image("web").as_deref(), Some("web:1"));
    keeps_the_token(&cloud, &run);
    cloud.everybody_was_served();
}

#[test]
fn a_plan_says_what_each_check_gets_of_the_budget_and_what_its_judge_takes_for_granted() {
    let (cloud, server) = guarded(0.005);
    let plan = cloud.call(&["plan", FILE]);
    plan.check(0, "digest", "");
    let found = plan.out.replace(&server.url, "http://127.0.0.1:9090");
    let path =
        std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/plan-metrics.txt");
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&path, &found).unwrap();
    }
    let expected = std::fs::read_to_string(&path).unwrap();
    assert!(found == expected, "{} differs:\n{found}", path.display());
    for said in [
        "shares the budget: 0.5%",
        "no bound on false alarms: share; the budget of 1%",
        "[assumes-independent-errors] check limit: ",
    ] {
        assert!(found.contains(said), "{said}:\n{found}");
    }
    // Nobody is asked offline: neither the server nor for its token.
    std::fs::remove_file(cloud.folder.path().join("token")).unwrap();
    let asked = server.asked().len();
    let offline = cloud.call(&["plan", FILE, "--offline"]);
    offline.check(
        0,
        "shares the budget: 0.5%",
        "no source of metrics was asked",
    );
    assert!(
        offline
            .out
            .contains("[assumes-independent-errors] check limit: "),
        "{offline:#?}"
    );
    assert_eq!(server.asked().len(), asked);
}

#[test]
fn what_a_source_is_shown_must_be_there_and_be_right() {
    let (cloud, server) = guarded(0.005);
    std::fs::write(cloud.folder.path().join("token"), "open-barley").unwrap();
    let refused = cloud.call(&["run", FILE]);
    refused.check(1, "", "give it a token or password that may query");
    std::fs::remove_file(cloud.folder.path().join("token")).unwrap();
    let missing = cloud.call(&["run", FILE]);
    missing.check(
        1,
        "",
        "source `shop` of metrics: bearer-token: cannot read token",
    );
    let source = json!({"url": server.url, "bearer-token": {"env": "PROMETHEUS_TOKEN"}});
    write(&cloud, &rollout(&cloud, &source));
    let unset = cloud.call(&["plan", FILE]);
    unset.check(
        1,
        "",
        "the environment variable PROMETHEUS_TOKEN is not set; set it",
    );
    let keys = [
        ("AWS_ACCESS_KEY_ID", "AKID"),
        ("AWS_SECRET_ACCESS_KEY", "secret"),
    ];
    let set = [&keys[..], &[("PROMETHEUS_TOKEN", TOKEN)]].concat();
    cloud
        .call_with(&["plan", FILE], &set)
        .check(0, "digest", "");
    assert!(!cloud.folder.path().join(".rollway").exists());
}

#[test]
fn a_label_that_the_target_does_not_tell_is_found_in_the_file() {
    let (cloud, _server) = guarded(0.005);
    let text = std::fs::read_to_string(cloud.folder.path().join(FILE)).unwrap();
    cloud.write(&text.replacen("{{TargetGroup}}", "{{group}}", 1));
    let plan = cloud.call(&["plan", FILE]);
    plan.check(
        64,
        "",
        "checks.errors.metric.failed: `group` is no label of the track",
    );
    assert!(
        plan.err
            .contains("use one of ClusterName, LoadBalancer, ServiceName, TargetGroup"),
        "{plan:#?}"
    );
    assert!(plan.err.starts_with("error: rollout.yaml:"), "{plan:#?}");
}

/// `rollway run` under way.
fn started(cloud: &Cloud) -> Child {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rollway"));
    command
        .args(["run", FILE])
        .current_dir(cloud.folder.path())
        .env_clear()
        .env("HOME", cloud.folder.path())
        .env("AWS_ENDPOINT_URL", &cloud.endpoint)
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .env("AWS_ACCESS_KEY_ID", "AKID")
        .env("AWS_SECRET_ACCESS_KEY", "secret")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command.spawn().unwrap()
}

/// Waits until the server was asked so often.
#[expect(
    clippy::disallowed_methods,
    reason = "what is waited for is another process"
)]
fn asked(server: &Prometheus, often: usize) {
    for _ in 0..1200 {
        if server.asked().len() >= often {
            return;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    panic!("asked {} times", server.asked().len());
}

/// Tokens of a service account are written anew each hour.
#[test]
fn a_token_that_is_renewed_in_its_file_is_shown_at_once() {
    let (cloud, server) = guarded(0.005);
    let mut file: Value =
        serde_json::from_str(&std::fs::read_to_string(cloud.folder.path().join(FILE)).unwrap())
            .unwrap();
    file["strategy"]["canary"]["bake"] = json!({"at-least": "6s", "at-most": "60s"});
    // No look may fail, not even once.
    for (_, check) in file["checks"].as_object_mut().unwrap() {
        check["limits"] = json!({"consecutive-errors": 0});
    }
    write(&cloud, &file);
    let run = started(&cloud);
    asked(&server, 20);
    server.let_in(&[TOKEN, "open-barley"]);
    std::fs::write(cloud.folder.path().join("new"), "open-barley").unwrap();
    std::fs::rename(
        cloud.folder.path().join("new"),
        cloud.folder.path().join("token"),
    )
    .unwrap();
    // Whoever read the old one has asked by then.
    asked(&server, server.asked().len() + 8);
    server.let_in(&["open-barley"]);
    let ended = run.wait_with_output().unwrap();
    let out = String::from_utf8(ended.stdout).unwrap();
    assert_eq!(ended.status.code(), Some(0), "{out}");
    assert!(out.contains("promoted"), "{out}");
}

#[test]
fn a_rollout_that_is_taken_up_again_is_judged_by_the_same_source() {
    let (cloud, server) = guarded(0.005);
    let mut file: Value =
        serde_json::from_str(&std::fs::read_to_string(cloud.folder.path().join(FILE)).unwrap())
            .unwrap();
    file["strategy"]["canary"]["bake"] = json!("10m");
    write(&cloud, &file);
    let run = started(&cloud);
    asked(&server, 20);
    let pid = Pid::from_raw(i32::try_from(run.id()).unwrap()).unwrap();
    kill_process(pid, Signal::TERM).unwrap();
    let ended = run.wait_with_output().unwrap();
    assert_eq!(ended.status.code(), Some(4), "{ended:?}");
    server.tell(telling(&cloud, 0.2));
    let resumed = cloud.call(&["resume"]);
    resumed.check(2, "the candidate's errors exceed stable's", "");
    keeps_the_token(&cloud, &resumed);
}

#[test]
fn a_server_is_shown_what_the_file_names_and_no_other_server_is() {
    let cloud = shop();
    let server = Prometheus::start(telling(&cloud, 0.005));
    let source = json!({
        "url": format!("{}/shop", server.url),
        "basic": {"user": "ann", "password": {"env": "PASSWORD"}},
        "headers": {"X-Scope-OrgID": "shop", "X-Key": {"env": "PASSWORD"}},
    });
    write(&cloud, &rollout(&cloud, &source));
    let keys = [
        ("AWS_ACCESS_KEY_ID", "AKID"),
        ("AWS_SECRET_ACCESS_KEY", "secret"),
        ("PASSWORD", TOKEN),
    ];
    let plan = cloud.call_with(&["plan", FILE], &keys);
    plan.check(0, "digest", "");
    assert!(!format!("{plan:?}").contains(TOKEN), "{plan:#?}");
    let heads = server.heads().join("\n");
    for shown in [
        "POST /shop/api/v1/query HTTP/1.1",
        "authorization: Basic YW5uOm9wZW4tc2VzYW1l",
        "x-scope-orgid: shop",
        "x-key: open-sesame",
        "user-agent: rollway/",
    ] {
        assert!(heads.contains(shown), "{shown}: {heads}");
    }
    // Whoever is asked may point to somebody else, who would be shown the same.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let elsewhere = format!("http://{}", listener.local_addr().unwrap());
    let (to, before) = (server.url.clone(), server.heads().len());
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            use std::io::{Read as _, Write as _};
            let mut stream = stream.unwrap();
            let _ = stream.read(&mut [0; 4096]);
            let answer = format!(
                "HTTP/1.1 307 x\r\nlocation: {to}/api/v1/query\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
            );
            let _ = stream.write_all(answer.as_bytes());
        }
    });
    let mut pointing = source;
    pointing["url"] = json!(elsewhere);
    write(&cloud, &rollout(&cloud, &pointing));
    let plan = cloud.call_with(&["plan", FILE], &keys);
    plan.check(
        1,
        "",
        "give the address under which `/api/v1/query` answers",
    );
    assert_eq!(server.heads().len(), before);
}

/// A certificate of its authority is shown by the server, and must be shown to it.
#[test]
fn a_server_that_wants_a_certificate_is_shown_one() {
    let pem = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/ecs/pem");
    let cloud = shop();
    let config = tls_config(&pem);
    let server = Prometheus::start_as("https", None, telling(&cloud, 0.005), move |stream| {
        let connection = rustls::ServerConnection::new(Arc::clone(&config)).unwrap();
        let stream: Box<dyn Stream> = Box::new(rustls::StreamOwned::new(connection, stream));
        Some(stream)
    });
    let path = |name: &str| pem.join(name).display().to_string();
    let known = json!({"ca": path("authority.pem"), "certificate": path("client.pem"), "key": path("client.key")});
    let source = |tls: &Value| json!({"url": server.url, "tls": tls});
    write(&cloud, &rollout(&cloud, &source(&known)));
    cloud.call(&["plan", FILE]).check(0, "digest", "");
    assert!(!server.asked().is_empty());
    let stranger = json!({"ca": path("authority.pem")});
    write(&cloud, &rollout(&cloud, &source(&stranger)));
    cloud
        .call(&["plan", FILE])
        .check(1, "", "could not be asked");
    let distrusting = json!({"certificate": path("client.pem"), "key": path("client.key")});
    write(&cloud, &rollout(&cloud, &source(&distrusting)));
    cloud
        .call(&["plan", FILE])
        .check(1, "", "could not be asked");
    let confused = json!({"ca": path("client.key")});
    write(&cloud, &rollout(&cloud, &source(&confused)));
    cloud.call(&["plan", FILE]).check(1, "", "tls.ca: ");
}

fn tls_config(pem: &std::path::Path) -> Arc<rustls::ServerConfig> {
    use rustls::pki_types::pem::PemObject as _;
    use rustls::pki_types::{CertificateDer, PrivateKeyDer};

    let certificates = |name: &str| -> Vec<CertificateDer<'static>> {
        let found = CertificateDer::pem_file_iter(pem.join(name)).unwrap();
        found.map(|certificate| certificate.unwrap()).collect()
    };
    let mut roots = rustls::RootCertStore::empty();
    for authority in certificates("authority.pem") {
        roots.add(authority).unwrap();
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let roots = Arc::new(roots);
    let verifier =
        rustls::server::WebPkiClientVerifier::builder_with_provider(roots, Arc::clone(&provider));
    let key = PrivateKeyDer::from_pem_file(pem.join("server.key")).unwrap();
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_client_cert_verifier(verifier.build().unwrap())
        .with_single_cert(certificates("server.pem"), key)
        .unwrap();
    Arc::new(config)
}
