//! Sources of metrics other than Prometheus, asked by the program: what each is shown, and that it is heard.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use serde_json::{Value, json};

use crate::cloud::{Cloud, FILE};

const SECRET: &str = "open-sesame";

const VARIABLES: [(&str, &str); 3] = [
    ("AWS_ACCESS_KEY_ID", "AKID"),
    ("AWS_SECRET_ACCESS_KEY", "secret"),
    ("SECRET", SECRET),
];

/// A server on loopback that answers everything so, and remembers what it was asked.
#[derive(Clone)]
struct Server {
    url: String,
    status: u16,
    body: &'static str,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Server {
    fn answering(status: u16, body: &'static str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let server = Self {
            url: format!("http://{}", listener.local_addr().unwrap()),
            status,
            body,
            asked: Arc::default(),
        };
        let answering = server.clone();
        thread::spawn(move || {
            for stream in listener.incoming() {
                let (server, stream) = (answering.clone(), stream.unwrap());
                thread::spawn(move || server.converse(&stream));
            }
        });
        server
    }

    /// One question for each connection; `None`: it was closed before.
    fn converse(&self, mut stream: &TcpStream) -> Option<()> {
        let mut reader = BufReader::new(stream);
        let (mut text, mut length) = (String::new(), 0);
        loop {
            let mut line = String::new();
            if reader.read_line(&mut line).ok()? == 0 {
                return None;
            }
            if line.trim().is_empty() {
                break;
            }
            let line = line.to_lowercase();
            if let Some(given) = line.strip_prefix("content-length:") {
                length = given.trim().parse().unwrap();
            }
            text += &line;
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body).ok()?;
        self.asked.lock().unwrap().push(text);
        let answer = format!(
            "HTTP/1.1 {} x\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{}",
            self.status,
            self.body.len(),
            self.body
        );
        stream.write_all(answer.as_bytes()).ok()
    }

    fn asked(&self) -> String {
        self.asked.lock().unwrap().join("\n")
    }
}

/// A canary of half the traffic with one source and one check.
fn rollout(cloud: &Cloud, source: &Value, metric: &Value, judge: &Value) -> String {
    let slot = |name: &str, group: &str| json!({"service": name, "target-group": group});
    let shop = &cloud.shop;
    let file = json!({
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
            "bake": {"at-least": "2s", "at-most": "60s"},
            "bake-after-return": "1s",
        }},
        "retire-after": "1s",
        "metrics": {"shop": source},
        "checks": {"errors": {"metric": metric, "judge": judge, "interval": "1s"}},
        "release": {"web": "web:2"},
        "policies": {"resync": "1s"},
    });
    serde_json::to_string_pretty(&file).unwrap()
}

fn shop() -> Cloud {
    Cloud::of(&[("web", 2)])
}

/// With few events, since each look of a probe has ten.
fn slo() -> Value {
    json!({"kind": "slo", "tolerated": 0.1, "minimum-events": 10})
}

fn probed(status: u16) -> (Cloud, Server) {
    let cloud = shop();
    let server = Server::answering(status, "fine");
    let source = json!({"http-probe": {"headers": {
        "X-Key": {"env": "SECRET"}, "X-Shop": "web",
    }}});
    let metric = json!({"candidate": format!("{}/health", server.url)});
    cloud.write(&rollout(&cloud, &source, &metric, &slo()));
    (cloud, server)
}

#[test]
fn a_probe_sends_what_the_file_names_and_passes_what_answers() {
    let (cloud, server) = probed(200);
    let run = cloud.call_with(&["run", FILE], &VARIABLES);
    run.check(0, "promoted", "");
    assert!(!format!("{run:?}").contains(SECRET), "{run:#?}");
    let asked = server.asked();
    for shown in ["get /health http/1.1", "x-key: open-sesame", "x-shop: web"] {
        assert!(asked.contains(shown), "{shown}: {asked}");
    }
    let journals = std::fs::read_dir(cloud.folder.path().join(".rollway")).unwrap();
    let files = journals.map(|entry| entry.unwrap().path());
    let files: Vec<_> = files.filter(|path| path.is_file()).collect();
    assert!(files.len() > 1, "{files:?}");
    for file in files {
        let bytes = std::fs::read(file).unwrap();
        assert!(!String::from_utf8_lossy(&bytes).contains(SECRET));
    }
}

#[test]
fn a_probe_takes_back_what_does_not_answer() {
    let (cloud, _server) = probed(500);
    let run = cloud.call_with(&["run", FILE], &VARIABLES);
    run.check(2, "candidate's errors exceed 10 %", "");
    assert_eq!(cloud.image("web").as_deref(), Some("web:1"));
}

#[test]
fn datadog_is_shown_both_keys_and_its_answer_is_heard() {
    let cloud = shop();
    let empty = r#"{"data":{"id":"0","type":"timeseries_response","attributes":{"series":[],"times":[],"values":[]}}}"#;
    let server = Server::answering(200, empty);
    std::fs::write(cloud.folder.path().join("key"), "open-barley\n").unwrap();
    let source = json!({"datadog": {
        "url": server.url, "api-key": {"env": "SECRET"}, "application-key": {"file": "key"},
    }});
    let counted = |what: &str| {
        format!("sum:trace.http.request.{what}{{group:{{{{ServiceName}}}}}}.as_count()")
    };
    let metric = json!({"requests": counted("hits"), "failed": counted("errors")});
    let file = rollout(&cloud, &source, &metric, &slo());
    cloud.write(&file);
    let plan = cloud.call_with(&["plan", FILE], &VARIABLES);
    plan.check(0, "digest", "");
    let asked = server.asked();
    for shown in [
        "post /api/v2/query/timeseries http/1.1",
        "dd-api-key: open-sesame",
        "dd-application-key: open-barley",
    ] {
        assert!(asked.contains(shown), "{shown}: {asked}");
    }
    let unset = cloud.call(&["plan", FILE]);
    unset.check(
        1,
        "",
        "source `shop` of metrics: api-key: the environment variable SECRET is not set; set it",
    );
    let refusing = Server::answering(403, r#"{"errors":["Forbidden open-sesame"]}"#);
    cloud.write(&file.replace(&server.url, &refusing.url));
    let refused = cloud.call_with(&["plan", FILE], &VARIABLES);
    refused.check(1, "", "timeseries_query");
    for said in [&plan, &unset, &refused] {
        assert!(!format!("{said:?}").contains("open-"), "{said:#?}");
    }
}

#[test]
fn cloudwatch_is_asked_as_the_target_is_reached() {
    let cloud = shop();
    let balanced = json!({"application-load-balancer": {}});
    let file = |given: &Value| {
        let source = json!({"cloudwatch": given});
        cloud.write(&rollout(&cloud, &source, &balanced, &slo()));
    };
    file(&json!({}));
    let asked = || {
        let calls = cloud.shop.fake.calls().into_iter();
        calls
            .filter(|call| call.operation == "GetMetricData")
            .count()
    };
    cloud.call(&["plan", FILE]).check(0, "digest", "");
    // Of the candidate, and whether stable has any.
    assert_eq!(asked(), 2);
    // A profile of its own, by which it is asked in the region of the target.
    let aws = cloud.folder.path().join(".aws");
    std::fs::create_dir(&aws).unwrap();
    let keys = "aws_access_key_id = AKID\naws_secret_access_key = secret\n";
    let profiles = format!("[default]\n{keys}[metrics]\n{keys}");
    std::fs::write(aws.join("credentials"), profiles).unwrap();
    file(&json!({"profile": "metrics", "timeout": "5s"}));
    let plan = cloud.call_with(&["plan", FILE], &[]);
    plan.check(0, "digest", "");
    assert_eq!(asked(), 4);
    file(&json!({"profile": "nobody"}));
    let unknown = cloud.call_with(&["plan", FILE], &[]);
    unknown.check(1, "", "source `shop` of metrics: profile: ");
    assert!(unknown.err.contains("`nobody`"), "{unknown:#?}");
    file(&json!({}));
    cloud.shop.fake.deny("cloudwatch:GetMetricData");
    cloud
        .call(&["plan", FILE])
        .check(1, "", "cloudwatch:GetMetricData");
}

#[test]
fn a_region_of_its_own_is_told_in_the_name() {
    let cloud = shop();
    let source = json!({"cloudwatch": {"region": "us-east-1"}});
    let balanced = json!({"application-load-balancer": {}});
    cloud.write(&rollout(&cloud, &source, &balanced, &slo()));
    cloud.shop.fake.deny("cloudwatch:GetMetricData");
    let refused = cloud.call(&["plan", FILE]);
    refused.check(1, "", "cloudwatch in us-east-1");
}
