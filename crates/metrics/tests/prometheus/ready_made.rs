//! Ready-made metrics: what is asked for each exporter, as the page of sources has it.

use serde_json::{Value, json};
use strategy_core::{Part, Track};
use strategy_metrics::Shape;
use strategy_metrics::source::{MetricSource, Question, SourceError};

use crate::pages::{quoted, table};
use crate::server::{Reply, Server, window};

const SOURCES: &str = include_str!("../../../../docs/reference/sources.md");

fn question(metric: Value, shape: Shape, track: Track) -> Question {
    let mut question = Question::new(metric, shape, Part::main(), track);
    let deployment = match track {
        Track::Stable => "web",
        Track::Candidate => "web.canary",
    };
    question.labels = [("namespace", "shop"), ("deployment", deployment)]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into();
    question
}

/// What is said to be asked, held against what is.
async fn asked(metric: Value, shape: Shape, track: Track) -> Result<Vec<String>, SourceError> {
    let empty = || Reply::of("matrix", json!([]));
    let server = Server::answering([empty(), empty()]).await;
    let question = question(metric, shape, track);
    let admitted = server.source().admit(&question).await?;
    let server = Server::answering([empty(), empty()]).await;
    server.source().read(&question, window()).await?;
    for (asked, said) in server.asked().iter().zip(&admitted.asked) {
        let form = asked.lines().last().unwrap();
        let query = form
            .strip_prefix("query=")
            .unwrap()
            .split('&')
            .next()
            .unwrap();
        let bytes = query.replace('+', " ");
        assert_eq!(decoded(&bytes), format!("{said}[180000ms]"));
    }
    assert_eq!(server.asked().len(), admitted.asked.len());
    Ok(admitted.asked)
}

fn decoded(text: &str) -> String {
    let mut parts = text.split('%');
    let mut bytes = parts.next().unwrap().as_bytes().to_vec();
    for part in parts {
        bytes.push(u8::from_str_radix(&part[..2], 16).unwrap());
        bytes.extend(&part.as_bytes()[2..]);
    }
    String::from_utf8(bytes).unwrap()
}

/// The metric of a row of the page.
fn metric(exporter: &str) -> Value {
    let mut metric = json!({ "ready-made": exporter });
    if exporter == "ingress-nginx" {
        metric["ingress"] = json!("web");
    }
    metric
}

#[tokio::test]
async fn the_page_has_what_is_asked() {
    let rows = table(SOURCES, "### Ready-made metrics");
    assert_eq!(rows.len(), 4);
    for row in rows {
        let exporter = quoted(&row["ready-made"])[0];
        let [counter, more, histogram, status] =
            ["requests", "of a track", "histogram", "failed"].map(|column| quoted(&row[column]));
        for track in [Track::Stable, Track::Candidate] {
            let of_track = match (track, more.as_slice()) {
                (Track::Candidate, [_, candidate]) => candidate,
                (_, all) => all[0],
            };
            let deployment = match (track, exporter) {
                (Track::Stable, _) => "web",
                // Within a regular expression a dot is no dot.
                (Track::Candidate, "http" | "traefik") => "web\\\\.canary",
                (Track::Candidate, _) => "web.canary",
            };
            let filled = of_track
                .replace("{{namespace}}", "shop")
                .replace("{{deployment}}", deployment)
                .replace("INGRESS", "web");
            let events = asked(metric(exporter), Shape::Events, track).await.unwrap();
            let all = format!("{}{{{filled}}}", counter[0]);
            let failed = format!("{}{{{filled},{}}}", counter[0], status[0]);
            assert_eq!(events, [all, failed]);
            let buckets = asked(metric(exporter), Shape::Histogram, track)
                .await
                .unwrap();
            assert_eq!(buckets, [format!("{}{{{filled}}}", histogram[0])]);
        }
    }
}

#[tokio::test]
async fn what_a_check_says_of_an_exporter_is_heeded() {
    for (metric, expected) in [
        (
            json!({ "ready-made": "istio", "reporter": "source", "status": "code" }),
            "istio_requests_total{reporter=\"source\",destination_workload_namespace=\"shop\",\
             destination_workload=\"web\",code=~\"5..|499|0\"}",
        ),
        (
            json!({ "ready-made": "http", "abandoned": true }),
            "http_requests_total{namespace=\"shop\",pod=~\"web-([bcdfghjklmnpqrstvwxz2456789]{6,10}-\
             [bcdfghjklmnpqrstvwxz2456789]{5})\",code=~\"5..|499\"}",
        ),
        (
            json!({ "ready-made": "istio", "abandoned": false }),
            "istio_requests_total{reporter=\"destination\",destination_workload_namespace=\"shop\",\
             destination_workload=\"web\",response_code=~\"5..\"}",
        ),
        (
            json!({ "ready-made": "ingress-nginx", "ingress": "{{namespace}}-web", "exported": true }),
            "nginx_ingress_controller_requests{exported_namespace=\"shop\",ingress=\"shop-web\",canary=\"\",\
             status=~\"5..|499\"}",
        ),
        // Where no Ingress is a canary's, and one names another Service.
        (
            json!({ "ready-made": "ingress-nginx", "service": "{{deployment}}-http" }),
            "nginx_ingress_controller_requests{namespace=\"shop\",service=\"web-http\",status=~\"5..|499\"}",
        ),
        (
            json!({ "ready-made": "ingress-nginx", "service": "{{deployment}}", "ingress": "web", "exported": true }),
            "nginx_ingress_controller_requests{exported_namespace=\"shop\",exported_service=\"web\",\
             ingress=\"web\",status=~\"5..|499\"}",
        ),
        (
            json!({ "ready-made": "traefik", "service": "{{deployment}}@file", "exported": true }),
            "traefik_service_requests_total{exported_service=\"web@file\",code=~\"5..|499\"}",
        ),
    ] {
        let found = asked(metric, Shape::Events, Track::Stable).await.unwrap();
        assert_eq!(found[1], expected);
    }
}

#[tokio::test]
async fn what_means_nothing_is_refused() {
    for (metric, shape, field) in [
        (json!({ "ready-made": "envoy" }), Shape::Events, "metric"),
        (
            json!({ "ready-made": "ingress-nginx" }),
            Shape::Events,
            "metric.ingress",
        ),
        (
            json!({ "ready-made": "istio", "ingress": "web" }),
            Shape::Events,
            "metric.ingress",
        ),
        (
            json!({ "ready-made": "http", "service": "web" }),
            Shape::Events,
            "metric.service",
        ),
        (
            json!({ "ready-made": "http", "exported": true }),
            Shape::Events,
            "metric.exported",
        ),
        (
            json!({ "ready-made": "traefik", "reporter": "source" }),
            Shape::Events,
            "metric.reporter",
        ),
        (
            json!({ "ready-made": "istio", "reporter": "me\"" }),
            Shape::Events,
            "metric.reporter",
        ),
        (
            json!({ "ready-made": "http", "status": "a=\"\"" }),
            Shape::Events,
            "metric.status",
        ),
        // Its statuses are those of gRPC, 0 to 16: none begins with 5, and 0 is good.
        (
            json!({ "ready-made": "istio", "status": "grpc_response_status" }),
            Shape::Events,
            "metric.status",
        ),
        (
            json!({ "requests": "a", "failed": "b", "abandoned": false }),
            Shape::Events,
            "metric",
        ),
        (
            json!({ "ready-made": "http", "requests": "a" }),
            Shape::Events,
            "metric.requests",
        ),
        (
            json!({ "ready-made": "http" }),
            Shape::Units,
            "metric.ready-made",
        ),
        (
            json!({ "query": "a", "status": "code" }),
            Shape::Values,
            "metric",
        ),
    ] {
        let error = asked(metric.clone(), shape, Track::Stable)
            .await
            .unwrap_err();
        let SourceError::Invalid { field: found, .. } = &error else {
            panic!("{metric}: {error}");
        };
        assert_eq!(found, field, "{error}");
    }
    let mut nowhere = question(
        json!({ "ready-made": "http" }),
        Shape::Events,
        Track::Stable,
    );
    nowhere.labels.clear();
    let server = Server::answering([]).await;
    let error = server.source().admit(&nowhere).await.unwrap_err();
    assert!(
        error
            .to_string()
            .contains("`namespace` is no label of the track"),
        "{error}"
    );
}

#[tokio::test]
async fn pods_are_units_where_they_are_selected_by_name() {
    let pod = json!({
        "metric": { "pod": "web-5d4f-abcde", "instance": "a" },
        "values": [[990.0, "1"], [1005.0, "3"]],
    });
    let replies = || [json!([pod]), json!([])].map(|result| Reply::of("matrix", result));
    let server = Server::answering(replies()).await;
    let question = question(
        json!({ "ready-made": "http" }),
        Shape::Events,
        Track::Stable,
    );
    let admitted = server.source().admit(&question).await.unwrap();
    assert_eq!(admitted.units, Some(1));
}

#[tokio::test]
async fn a_wrong_name_is_told_where_it_stands() {
    for (metric, field) in [
        (
            json!({ "ready-made": "traefik", "service": "{{deploy}}@file" }),
            "metric.service",
        ),
        (
            json!({ "ready-made": "ingress-nginx", "service": "{{deploy}}" }),
            "metric.service",
        ),
        (
            json!({ "ready-made": "ingress-nginx", "ingress": "{{deploy}}" }),
            "metric.ingress",
        ),
    ] {
        let error = asked(metric, Shape::Events, Track::Stable).await;
        let SourceError::Invalid { field: found, .. } = error.unwrap_err() else {
            panic!("{field}");
        };
        assert_eq!(found, field);
    }
}

#[tokio::test]
async fn how_services_are_called_is_asked_where_no_name_was_written() {
    let named = json!({ "ready-made": "traefik", "service": "web@file" });
    for (metric, mend) in [
        (
            json!({ "ready-made": "traefik" }),
            "as `service` of the metric",
        ),
        (named, "correct the name and the labels"),
    ] {
        let question = question(metric, Shape::Events, Track::Stable);
        let server = Server::answering([(); 2].map(|()| Reply::of("matrix", json!([])))).await;
        let findings = server.source().admit(&question).await.unwrap().findings;
        assert!(findings[0].mend.contains(mend), "{findings:?}");
    }
}

/// As Kubernetes names them: `<deployment>-<hash>-` cut after 58 characters, and five more.
fn pod_of(deployment: &str, hash: &str) -> String {
    let base = format!("{deployment}-{hash}-");
    format!("{}x2x4z", &base[..base.len().min(58)])
}

/// What stands for the pods of a Deployment, as the server is asked for it.
async fn pods_of(deployment: &str) -> Result<String, SourceError> {
    let metric = json!({ "ready-made": "http" });
    let mut question = question(metric, Shape::Events, Track::Candidate);
    question
        .labels
        .insert("deployment".to_owned(), deployment.to_owned());
    let server = Server::answering([(); 2].map(|()| Reply::of("matrix", json!([])))).await;
    let asked = server.source().admit(&question).await?.asked.remove(0);
    let (_, pattern) = asked.split_once("pod=~\"").unwrap();
    Ok(pattern.trim_end_matches("\"}").to_owned())
}

/// Whether a pattern of this source matches all of a text, as the server holds it against labels.
fn matches(pattern: &str, text: &str) -> bool {
    let letters = "bcdfghjklmnpqrstvwxz2456789";
    let (name, either) = pattern.split_once('(').unwrap();
    let Some(rest) = text.strip_prefix(name) else {
        return false;
    };
    either.trim_end_matches(')').split('|').any(|pattern| {
        let parts: Vec<_> = pattern.split("}-").collect();
        let texts: Vec<_> = rest.split('-').collect();
        let fits = |(part, text): (&&str, &&str)| {
            let lengths = part.strip_prefix(&format!("[{letters}]{{")).unwrap();
            let lengths = lengths.trim_end_matches('}');
            let (least, most) = lengths.split_once(',').unwrap_or((lengths, lengths));
            let lengths = least.parse::<usize>().unwrap()..=most.parse().unwrap();
            lengths.contains(&text.len()) && text.chars().all(|letter| letters.contains(letter))
        };
        parts.len() == texts.len() && parts.iter().zip(&texts).all(fits)
    })
}

#[tokio::test]
async fn pods_are_found_however_long_the_name_of_their_deployment_is() {
    for length in 1..58 {
        let deployment = "a".repeat(length);
        let pattern = pods_of(&deployment).await.unwrap();
        for hash in ["7d9f8b5c4d", "9f8b5c4d7", "5c4d7x8z", "4d7x8zb", "b8zx7d"] {
            let pod = pod_of(&deployment, hash);
            assert!(matches(&pattern, &pod), "{pattern} of {pod}");
        }
        for other in ["db-x2x4z", "x2x4", "canary-7d9f8b5c4d-x2x4z"] {
            let other = format!("{deployment}-{other}");
            assert!(!matches(&pattern, &other), "{pattern} of {other}");
        }
    }
    let error = pods_of(&"a".repeat(58)).await.unwrap_err();
    assert!(error.to_string().contains("has 58 characters"), "{error}");
}
