//! What says nothing of the track is an error, and no failed request.

use std::io;
use std::sync::Arc;

use reqwest::dns::{Name, Resolve, Resolving};
use serde_json::json;
use strategy_metrics::Shape;
use strategy_metrics::source::{HttpProbe, MetricSource, SourceError};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpListener;

use crate::loopback::{Reply, Server, builder};
use crate::still_clock::{StillClock, metric, question_about, window};

/// A name server that knows nobody.
struct Nobody;

impl Resolve for Nobody {
    fn resolve(&self, _: Name) -> Resolving {
        let unknown = io::Error::other("no such name");
        Box::pin(async { Err(unknown.into()) })
    }
}

async fn error_of(probe: HttpProbe, candidate: &str) -> SourceError {
    let metric = json!({ "candidate": candidate, "requests": 3, "at-once": 1 });
    let question = question_about(metric, Shape::Events);
    let probe = probe.clock(StillClock::default());
    probe.read(&question, window()).await.unwrap_err()
}

#[tokio::test]
async fn a_name_that_is_not_resolved_may_pass() {
    let probe = HttpProbe::new(builder().dns_resolver(Arc::new(Nobody))).unwrap();
    let error = error_of(probe, "http://api.shop/health?a=b").await;
    assert!(matches!(error, SourceError::Passing { .. }), "{error:?}");
    assert_eq!(
        error.to_string(),
        "http probe could not be asked: http://api.shop/health: its name is not resolved"
    );
}

#[tokio::test]
async fn a_machine_without_a_network_may_pass() {
    let nowhere = "192.0.2.1".parse::<std::net::IpAddr>().unwrap();
    let probe = HttpProbe::new(builder().local_address(nowhere)).unwrap();
    let error = error_of(probe, "http://127.0.0.1:9/").await;
    assert!(matches!(error, SourceError::Passing { .. }), "{error:?}");
    assert!(
        error
            .to_string()
            .ends_with("http://127.0.0.1:9: no connection"),
        "{error}"
    );
}

#[tokio::test]
async fn what_speaks_no_tls_that_is_trusted_will_not_pass_by_itself() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("https://{}/", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
        }
    });
    let probe = HttpProbe::new(builder()).unwrap();
    let error = error_of(probe, &address).await;
    let SourceError::Permanent { mend, .. } = &error else {
        panic!("{error:?}");
    };
    assert!(mend.contains("roots of its certificate"), "{mend}");
}

/// A look is told whole or not at all: else how many requests it has would depend on the prober.
#[tokio::test]
async fn one_such_error_ends_the_look() {
    let server = Server::saying(|_| Reply::Body(500, String::new())).await;
    let here = server.address.trim_start_matches("http://").to_owned();
    let elsewhere = Server::saying(move |asked| {
        let location = if asked.starts_with("GET / ") {
            format!("http://{here}/")
        } else {
            "http://nobody.invalid/".to_owned()
        };
        Reply::Headed(302, format!("location: {location}\r\n"), String::new())
    })
    .await;
    let builder = || builder().dns_resolver(Arc::new(Nobody));
    for (path, is_told) in [("", true), ("/away", false)] {
        let candidate = format!("{}{path}", elsewhere.address);
        let more = json!({ "candidate": candidate, "redirects": 1 });
        let question = question_about(metric(&server, more), Shape::Events);
        let probe = HttpProbe::new(builder())
            .unwrap()
            .clock(StillClock::default());
        let answer = probe.read(&question, window()).await;
        assert_eq!(answer.is_ok(), is_told, "{path}: {answer:?}");
    }
}
